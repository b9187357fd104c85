#!/usr/bin/env bats
# install.sh and what it leaves behind. Packages, compiler and make are stubs.
load helper

setup() {
	orch_setup
	built="$BATS_TEST_TMPDIR/built"
	prefix="$BATS_TEST_TMPDIR/a prefix"
	put "$built/bin/git-orch" "one"
	put "$built/bin/git-orch-turn" "two"
	put "$built/libexec/git-orch/hooks/pre-push" "hook"
	chmod +x "$built"/bin/* "$built"/libexec/git-orch/hooks/*
}
place() { (cd "$TOP" && sh mk/place.sh "$@"); }
everything() { (cd "$prefix" && find . | LC_ALL=C sort); }

# A PATH of stubs and the few tools that install.sh uses. uid and what
# pkg-config says come from the environment; every call is noted in $calls.
stubs() {
	local t

	calls=$BATS_TEST_TMPDIR/calls
	bin=$BATS_TEST_TMPDIR/stubs
	mkdir -p "$bin"
	: >"$calls"
	for t in sh dirname cat mktemp rm env tail sed uname; do
		ln -s "$(type -P $t)" "$bin/$t"
	done
	put "$bin/id" '#!/bin/sh
echo "${STUB_UID-0}"'
	put "$bin/cc" '#!/bin/sh
cat >/dev/null'
	for t in make apt-get; do
		put "$bin/$t" "#!/bin/sh
echo \"$t: \$PWD: \$*\" >>'$calls'
case \$1 in -q) case \"\$*\" in *\"\${STUB_APT_FAILS-never}\"*) exit 100 ;; esac
	: >'$BATS_TEST_TMPDIR/installed' ;; esac"
	done
	put "$bin/pkg-config" "#!/bin/sh
[ -e '$BATS_TEST_TMPDIR/installed' ]"
	chmod +x "$bin"/*
}
installer() { exits "$1" env PATH="$bin" "${@:2}"; }

@test "install puts files in place, uninstall takes away exactly those" {
	put "$prefix/bin/mine" "not yours"
	mkdir -p "$prefix/share/man/man1"
	put "$prefix/share/fish/vendor_conf.d/other.fish" "x"
	everything >before
	exits 0 place install "$built" "$prefix"
	[ -x "$prefix/bin/git-orch-turn" ]
	[ -x "$prefix/libexec/git-orch/hooks/pre-push" ]
	[ -f "$prefix/share/man/man5/git-orch-config.5" ]
	[ -x "$prefix/share/git-orch/demo/demo.sh" ]
	[ -f "$prefix/share/bash-completion/completions/git-orch" ]
	[ -f "$prefix/share/fish/vendor_conf.d/git-orch.fish" ]
	[ -f "$prefix/share/zsh/site-functions/_git-orch" ]
	[ ! -e "$prefix/.git-orch-new" ]
	exits 0 place uninstall "$built" "$prefix"
	everything >after
	diff before after
}

@test "a second installation replaces, drops what is gone, and still uninstalls" {
	mkdir -p "$prefix"
	everything >before
	exits 0 place install "$built" "$prefix"
	rm "$built/bin/git-orch-turn"
	put "$built/bin/git-orch" "newer"
	exits 0 place install "$built" "$prefix"
	[ ! -e "$prefix/bin/git-orch-turn" ]
	is "$(cat "$prefix/bin/git-orch")" newer
	exits 0 place uninstall "$built" "$prefix"
	everything >after
	diff before after
}

@test "an installation that broke off can be uninstalled" {
	mkdir -p "$prefix"
	everything >before
	mkdir -p "$prefix/share/man/man1/git-orch-config.1"
	put "$prefix/share/man/man5" "a file where a directory must be"
	exits 1 place install "$built" "$prefix"
	[ -e "$prefix/bin/git-orch" ]
	exits 0 place uninstall "$built" "$prefix"
	rm "$prefix/share/man/man5"
	rmdir -p --ignore-fail-on-non-empty "$prefix/share/man/man1/git-orch-config.1"
	mkdir -p "$prefix"
	everything >after
	diff before after
}

@test "uninstall without a manifest, or with a bad one, removes nothing" {
	exits 1 place uninstall "$built" "$prefix"
	err_has "not installed below"
	put "$BATS_TEST_TMPDIR/precious" x
	put "$prefix/share/git-orch/manifest" "$(printf 'f\t../precious')"
	exits 1 place uninstall "$built" "$prefix"
	[ -e "$BATS_TEST_TMPDIR/precious" ]
}

@test "a prefix that cannot be written is named" {
	put "$BATS_TEST_TMPDIR/file" x
	exits 1 place install "$built" "$BATS_TEST_TMPDIR/file/x"
	err_has "cannot write below" "--prefix"
}

@test "install.sh refuses what it does not know" {
	stubs
	installer 129 "$TOP/install.sh" --nonsense
	err_has "'--nonsense'" --help
	installer 129 "$TOP/install.sh" --prefix
	installer 129 "$TOP/install.sh" --demo --check
	installer 0 "$TOP/install.sh" --help
	has --uninstall --no-deps
	is "$(cat "$calls")" ""
}

@test "nothing missing: apt is not called" {
	stubs
	touch "$BATS_TEST_TMPDIR/installed"
	installer 0 "$TOP/install.sh" --prefix "$prefix"
	lacks_call apt-get
	grep -q "^make: .* PREFIX=$prefix install" "$calls"
}
lacks_call() { ! grep "^$1:" "$calls"; }

@test "missing packages are installed, after a refresh if need be" {
	stubs
	installer 0 "$TOP/install.sh" --prefix "$prefix"
	grep -q '^apt-get: .* install -y --no-install-recommends .*libgit2-dev' "$calls"
	! grep -q '^apt-get: .* update' "$calls" || false
	rm "$BATS_TEST_TMPDIR/installed"
	: >"$calls"
	STUB_APT_FAILS=install installer 1 "$TOP/install.sh" --prefix "$prefix"
	err_has "apt-get install -y --no-install-recommends libgit2-dev"
	grep -q '^apt-get: .* update' "$calls"
	lacks_call make
}

@test "neither root nor sudo: the exact line to run, and nothing done" {
	stubs
	STUB_UID=1000 installer 1 "$TOP/install.sh"
	err_has "  apt-get install -y --no-install-recommends libgit2-dev libpcre2-dev"
	is "$(cat "$calls")" ""
}

@test "a user's sudo is used, and the default prefix is the home" {
	stubs
	put "$bin/sudo" "#!/bin/sh
echo \"sudo: \$*\" >>'$calls'
exec \"\$@\""
	chmod +x "$bin/sudo"
	STUB_UID=1000 installer 0 "$TOP/install.sh"
	grep -q '^sudo: env .*apt-get' "$calls"
	grep -q "^make: .* PREFIX=$HOME/.local install" "$calls"
}

@test "--no-deps looks for nothing" {
	stubs
	installer 0 "$TOP/install.sh" --no-deps --prefix "$prefix"
	lacks_call apt-get
}

@test "from another directory, out of a path with spaces, to a relative prefix" {
	stubs
	mkdir -p "$BATS_TEST_TMPDIR/my sources"
	cp "$TOP/install.sh" "$BATS_TEST_TMPDIR/my sources/"
	cd "$BATS_TEST_TMPDIR/outside"
	installer 0 "../my sources/install.sh" --no-deps --prefix=here
	grep -q "^make: $BATS_TEST_TMPDIR/my sources: .* PREFIX=$PWD/here install" "$calls"
}
