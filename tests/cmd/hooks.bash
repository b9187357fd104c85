# For the tests of hooks: an installation of its own whose hook programs are
# stubs. Each writes what it was given to $log: <hook>.args, <hook>.in,
# <hook>.env, <hook>.pwd, and its name to "order"; STUB_EXIT is how it ends.
#
#	load helper
#	load hooks
#	setup() { orch_setup; stub_hooks; }

stub_hooks() {
	local b

	prefix=$BATS_FILE_TMPDIR/prefix
	stubs=$prefix/libexec/git-orch/hooks
	if [ ! -d "$prefix" ]; then
		mkdir -p "$prefix/bin" "$stubs"
		for b in git-orch git-orch-init git-orch-hook git-orch-doctor; do
			cp -l "$BUILD/bin/$b" "$prefix/bin/" 2>/dev/null ||
				cp "$BUILD/bin/$b" "$prefix/bin/"
		done
		write_stub "$stubs/pre-push"
		cp "$stubs/pre-push" "$stubs/post-commit"
		cp "$stubs/pre-push" "$stubs/post-checkout"
	fi
	log=$BATS_TEST_TMPDIR/log
	mkdir -p "$log"
	export log
	PATH=$prefix/bin:${PATH//"$BUILD/bin:"/}
	no_programs_elsewhere
}
# A kept hook is told from ours by the name that it notes.
write_stub() {
	put "$1" <<-'END'
	#!/bin/sh
	[ "$1" != -- ] || shift
	hook=${0##*/}
	echo "ours $hook" >>"$log/order"
	pwd >"$log/$hook.pwd"
	for a; do printf '%s\n' "$a"; done >"$log/$hook.args"
	env >"$log/$hook.env"
	[ "$hook" != pre-push ] || cat >"$log/$hook.in"
	if [ -n "${GIT_ORCH_HOOK_WITNESS-}" ]; then
		n=0
		[ ! -s "$log/$hook.in" ] || n=$(wc -c <"$log/$hook.in")
		echo "$hook $n" >>"$GIT_ORCH_HOOK_WITNESS"
	fi
	exit ${STUB_EXIT-0}
	END
	chmod +x "$1"
}
no_programs_elsewhere() { [ "$(type -P git-orch)" = "$prefix/bin/git-orch" ]; }
# foreign FILE [COMMANDS]: somebody's hook; notes what it sees as kept.*
foreign() {
	put "$1" <<-END
	#!/bin/sh
	# not ours
	echo "theirs ${1##*/}" >>"\$log/order"
	pwd >"\$log/kept.pwd"
	for a; do printf '%s\\n' "\$a"; done >"\$log/kept.args"
	env >"\$log/kept.env"
	cat >"\$log/kept.in"
	${2-}
	END
	chmod +x "$1"
}
# env_of WHO: what it had, without what a shell sets itself.
env_of() { grep -v '^_=' "$log/$1.env" | LC_ALL=C sort; }
order() { if [ -e "$log/order" ]; then tr '\n' ' ' <"$log/order" | sed 's/ $//'; fi; }
forget() { rm -f "$log"/*; }
# lines N: what git would write to pre-push for N refs.
lines() { seq "$1" | sed "s|.*|refs/heads/& $(head_of) refs/heads/& $(head_of HEAD)|"; }
hub() { git init -q --bare "$BATS_TEST_TMPDIR/hub.git"; git remote add origin "$BATS_TEST_TMPDIR/hub.git"; }
# state_of HOOK, reason_of HOOK: what init or doctor --json said of it.
state_of() { json ".hooks[] | select(.name == \"$1\") | .state"; }
reason_of() { json ".hooks[] | select(.name == \"$1\") | .reason"; }
line_of() { json ".hooks[] | select(.name == \"$1\") | .add"; }
# Every file of a directory with mode, mtime and content.
snapshot() { (cd "$1" && find . -printf '%p %y %m %T@ %l\n' | LC_ALL=C sort && find . -type f -print0 | LC_ALL=C sort -z | xargs -0r cat | cksum); }
all_installed() {
	exits 0 git orch init --hooks-only --json
	json_is '[.hooks[].state] | unique' '["installed"]'
}
# commit, checkout and push reach all three.
all_reached() {
	forget
	exits 0 git commit -q --allow-empty -m hooks
	exits 0 git checkout -q -b "hooks$RANDOM"
	exits 0 git push -q origin "HEAD:refs/heads/h$RANDOM"
	is "$(order)" "ours post-commit ours post-checkout ours pre-push"
}
doctor_says() { exits "$1" git orch doctor --json; }
hook_lines() { json '.checks[] | select(.name == "hook" or .name == "live") | "\(.level) \(.detail)"'; }
