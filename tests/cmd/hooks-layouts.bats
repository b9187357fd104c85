#!/usr/bin/env bats
# GIT.md A6.19: every layout of a repository, and what attackers make of it.
load helper
load hooks
setup() { orch_setup; stub_hooks; hooks=.git/hooks; }

@test "A6.19 main, and a linked work tree that installs for both" {
	hub
	all_installed
	all_reached
	git worktree add -q ../linked
	cd ../linked
	all_reached
}

@test "A6.19 a bare repository, and a work tree of it" {
	hub
	git clone -q --bare . ../bare.git
	cd ../bare.git
	exits 128 git orch init
	one_error "bare"
	all_installed
	json_is '.hooks[0].path' "$PWD/hooks/post-commit"
	git remote add up "$BATS_TEST_TMPDIR/hub.git" 2>/dev/null ||
		git remote set-url origin "$BATS_TEST_TMPDIR/hub.git"
	exits 0 git push -q "$BATS_TEST_TMPDIR/hub.git" HEAD:refs/heads/bare
	is "$(order)" "ours pre-push"
	doctor_says 0
	git remote set-url origin "$BATS_TEST_TMPDIR/hub.git"
	git worktree add -q ../of-bare main
	cd ../of-bare
	all_reached
	cd ../bare.git
	exits 0 git orch init --remove
	is "$(ls hooks | grep -v sample)" ""
}

@test "A6.19 a submodule has hooks of its own" {
	git clone -q --bare . ../hub.git
	git init -q ../super
	cd ../super
	git -c protocol.file.allow=always submodule --quiet add "$BATS_TEST_TMPDIR/hub.git" sub
	git commit -q -m sub
	forget
	cd sub
	all_installed
	json_is '.hooks[0].path' "$BATS_TEST_TMPDIR/super/.git/modules/sub/hooks/post-commit"
	all_reached
	forget
	git -C .. commit -q --allow-empty -m x
	is "$(order)" ""
}

@test "A6.19 --separate-git-dir, and a path with spaces and quotes" {
	local dir="../it's a \"dir\""

	hub
	git clone -q --separate-git-dir=../sep.git ../hub.git ../sep 2>/dev/null
	(cd ../sep && all_installed && all_reached)
	forget
	mkdir "$dir"
	cp -a "$prefix" "$dir/the prefix"
	git clone -q ../hub.git "$dir/a clone" 2>/dev/null
	cd "$dir/a clone"
	PATH="$(cd ../the\ prefix && pwd)/bin:$PATH"
	foreign .git/hooks/pre-push
	all_installed
	forget
	exits 0 git commit -q --allow-empty -m hooks
	exits 0 git push -q origin HEAD:refs/heads/spaces
	is "$(order)" "ours post-commit theirs pre-push ours pre-push"
	grep -qF "it'\\''s a \"dir\"/the prefix/libexec" .git/hooks/pre-push
	doctor_says 0
	exits 0 git orch init --remove
	is "$(ls .git/hooks | grep -v sample)" pre-push
}

@test "A6.19 a relative hooksPath: each work tree has its own, and doctor says who has none" {
	hub
	mkdir ../myhooks
	git config core.hooksPath ../myhooks
	all_installed
	all_reached
	mkdir ../deeper
	git worktree add -q ../deeper/linked
	doctor_says 0
	json_true '[.checks[] | select(.detail | contains("1 of 2 work trees have no such directory"))] | length == 1'
	[ -x ../myhooks/pre-push ]
	exits 0 git orch init --remove
	is "$(ls ../myhooks)" ""
}

@test "A6.19 worktree scope" {
	hub
	git config extensions.worktreeConfig true
	git worktree add -q ../linked
	mkdir ../only
	git -C ../linked config --worktree core.hooksPath "$BATS_TEST_TMPDIR/only"
	(cd ../linked && all_installed && all_reached)
	[ -x ../only/pre-push ] && [ ! -e $hooks/pre-push ]
	# Removed from wherever it was, also from the other work tree.
	exits 0 git orch init --remove
	is "$(ls ../only)" ""
}

@test "A6.19 SHA-256: our installer says why not" {
	git init -q --object-format=sha256 ../s
	cd ../s
	exits 128 git orch init --hooks-only
	one_error SHA-256
	is "$(ls .git/hooks | grep -v sample)" ""
}

@test "A6.19 a hooks directory that cannot be written: the rest is done, the line printed" {
	[ "$(id -u)" = 0 ] && ! type -P setpriv >/dev/null && skip "needs setpriv as root"
	hub
	chmod 555 $hooks
	as=()
	if [ "$(id -u)" = 0 ]; then
		chmod -R a+rX "$BATS_TEST_TMPDIR" "$prefix"
		as=(setpriv --inh-caps=-all --bounding-set=-dac_override)
	fi
	exits 0 "${as[@]}" git orch init --json
	json_is .written '[".orchconfig"]'
	is "$(state_of pre-push)" refused
	[[ $(reason_of pre-push) == *"cannot write 'pre-push.git-orch-"* ]]
	is "$(line_of pre-push)" '! command -v git-orch >/dev/null || git orch hook pre-push "$@"'
	[ -e .orchconfig ]
	exits 0 "${as[@]}" git orch init
	has "by hand:" 'git orch hook pre-push "$@"'
	is "$(ls $hooks | grep -v sample)" ""
	doctor_says 1
	chmod 755 $hooks
}

@test "A6.19 3,000 refs in one push" {
	hub
	foreign $hooks/pre-push
	all_installed
	seq -f 'create refs/heads/r%g HEAD' 3000 | git update-ref --stdin
	exits 0 git push -q --dry-run origin 'refs/heads/r*:refs/heads/r*'
	is "$(order)" "theirs pre-push ours pre-push"
	is "$(wc -l <"$log/pre-push.in")" 3000
	cmp "$log/kept.in" "$log/pre-push.in"
}

@test "A6.19 git-orch is uninstalled: commits and checkouts go on, a push names both cures" {
	place() { (cd "$TOP" && sh mk/place.sh "$@"); }
	prefix=$BATS_TEST_TMPDIR/installed
	mkdir "$BATS_TEST_TMPDIR/built"
	cp -R "$stubs/../../../bin" "$stubs/../../../libexec" "$BATS_TEST_TMPDIR/built"
	exits 0 place install "$BATS_TEST_TMPDIR/built" "$prefix"
	PATH=$prefix/bin:${PATH#*:}	# instead of the stubs' own
	hub
	foreign $hooks/pre-push
	all_installed
	exits 0 git commit -q --allow-empty -m x
	exits 0 git push -q origin HEAD:refs/heads/x
	is "$(order)" "ours post-commit theirs pre-push ours pre-push"
	exits 0 place uninstall "$BATS_TEST_TMPDIR/built" "$prefix"
	has "pre-push refuses"
	exits 0 git commit -q --allow-empty -m x
	exits 0 git checkout -q -b y
	is "$out$err" ""
	exits 1 git push -q origin y
	err_has "install it again" "mv '$repo/.git/hooks/pre-push.git-orch-kept' '$repo/.git/hooks/pre-push'"
	# Installed again, all is as it was.
	cp -R "$BATS_TEST_TMPDIR"/built/* "$prefix"
	exits 0 git push -q origin y
}

@test "a hook that is a directory, a fifo, a dangling link" {
	mkdir $hooks/pre-push
	mkfifo $hooks/post-commit
	ln -s nowhere $hooks/post-checkout
	exits 0 git orch init --hooks-only --json
	is "$(state_of pre-push) $(state_of post-commit) $(state_of post-checkout)" "refused refused installed"
	[[ $(reason_of pre-push) == *"is no file: git hangs at it" ]]
	is "$(readlink $hooks/post-checkout.git-orch-kept)" nowhere
	exits 0 git checkout -q -b x
	is "$(order)" "ours post-checkout"
	doctor_says 1
	exits 0 git orch init --remove
	is "$(readlink $hooks/post-checkout)" nowhere
	[ -d $hooks/pre-push ] && [ -p $hooks/post-commit ]
}

@test "attack: the hooks directory is a link into the work tree, or elsewhere" {
	mkdir tracked
	rm -r $hooks
	ln -s ../tracked $hooks
	exits 0 git orch init --hooks-only --json
	is "$(state_of pre-push)" refused
	[[ $(reason_of pre-push) == *"is a symbolic link to $repo/tracked" ]]
	is "$(ls tracked)" ""
	ln -sfn ../../outside $hooks
	exits 0 git orch init --hooks-only --json
	is "$(state_of pre-push)" refused
	is "$(ls ../outside)" ""
	exits 0 git orch init --remove
}

@test "attack: hooksPath through a link, or in another repository's work tree" {
	mkdir tracked
	ln -s "$repo/tracked" ../innocent
	git config core.hooksPath "$BATS_TEST_TMPDIR/innocent/sub"
	exits 0 git orch init --hooks-only --json
	[[ $(reason_of pre-push) == *"is inside the work tree $repo" ]]
	git init -q ../victim
	git config core.hooksPath "$BATS_TEST_TMPDIR/victim/hooks"
	exits 0 git orch init --hooks-only --json
	[[ $(reason_of pre-push) == *"is inside the work tree $BATS_TEST_TMPDIR/victim" ]]
	[ ! -e tracked/sub ] && [ ! -e ../victim/hooks ]
}

@test "attack: files of the repository make init run nothing" {
	put lefthook.yml <<-'END'
	pre-push:
	  commands:
	    evil: { run: touch pwned }
	END
	put package.json '{"scripts":{"prepare":"touch pwned","postinstall":"touch pwned"}}'
	put .husky/pre-push 'touch pwned'
	put .pre-commit-config.yaml 'repos: [{repo: local, hooks: [{id: x, entry: touch pwned, language: system}]}]'
	put .orchconfig <<-'END'
	[core]
		hooksPath = evil
	[hook "git-orch-pre-push"]
		command = touch pwned
		event = pre-push
	[orch "pre-push"]
		enabled = false
	END
	ln -s /etc/passwd .lefthook.yml
	mkfifo lefthook-local.yml
	exits 0 git orch init --hooks-only --json
	is "$(state_of pre-push)" refused
	is "$(state_of post-commit)" installed
	[ ! -e pwned ] && [ ! -e evil ]
	exits 1 git orch doctor
	[ ! -e pwned ]
	rm lefthook.yml .lefthook.yml lefthook-local.yml
}

@test "attack: names with newlines and escapes stay on one safe line" {
	local dir=$BATS_TEST_TMPDIR/$'a\nb\033[31m'

	mkdir "$dir"
	git clone -q . "$dir/clone"
	cd "$dir/clone"
	foreign .git/hooks/pre-push
	all_installed
	exits 0 .git/hooks/pre-push origin x </dev/null
	is "$(order)" "theirs pre-push ours pre-push"
	mkdir sub
	git config core.hooksPath sub
	exits 0 git orch init --hooks-only
	! grep -q $'\033' "$outfile" || false
	doctor_says 1
	exits 1 git orch doctor
	! grep -q $'\033' "$outfile" || false
	git config --unset core.hooksPath
	exits 0 git orch init --remove
	is "$(ls .git/hooks | grep -v sample)" pre-push
}

@test "a kept hook that reads nothing, or dies, or leaves a child behind" {
	local many

	many=$(lines 3000)
	printf '#!/bin/sh\necho theirs >>"$log/order"\nexit 0\n' >$hooks/pre-push
	chmod +x $hooks/pre-push
	all_installed
	exits 0 $hooks/pre-push origin url <<<"$many"
	is "$err" ""
	is "$(order)" "theirs ours pre-push"
	is "$(cat "$log/pre-push.in")" "$many"
	# The same where a broken pipe kills nobody, as under git push.
	exits 0 sh -c 'trap "" PIPE; exec "$@"' sh $hooks/pre-push origin url <<<"$many"
	is "$err" ""
	printf '#!/bin/sh\nkill -9 $$\n' >$hooks/pre-push.git-orch-kept
	forget
	exits 137 $hooks/pre-push origin url <<<"$many"
	is "$(order)" ""
}

@test "another tool moves the shim aside and calls it: each hook runs once, none for ever" {
	# What pre-commit does when it installs itself again.
	printf '#!/bin/sh\necho theirs >>"$log/order"\n"${0%%/*}/pre-push.legacy" "$@"\n' >$hooks/pre-push
	chmod +x $hooks/pre-push
	sed -i 's|"${0%/\*}/pre-push.legacy" "$@"|[ ! -x "${0%/*}/pre-push.legacy" ] \|\| "${0%/*}/pre-push.legacy" "$@"|' $hooks/pre-push
	all_installed
	mv $hooks/pre-push $hooks/pre-push.legacy
	cp -p $hooks/pre-push.git-orch-kept $hooks/pre-push
	exits 0 timeout 20 $hooks/pre-push origin url </dev/null
	is "$(order)" "theirs theirs ours pre-push ours pre-push"
}

@test "an installation that was killed half-way goes on" {
	foreign $hooks/pre-push
	ln $hooks/pre-push $hooks/pre-push.git-orch-kept
	put $hooks/pre-push.git-orch-999999999.tmp "half"
	exits 0 git orch init --hooks-only --json
	is "$(state_of pre-push)" installed
	grep -q 'not ours' $hooks/pre-push.git-orch-kept
	exits 0 git orch init --remove
	grep -q 'not ours' $hooks/pre-push
	is "$(ls $hooks | grep -v sample)" pre-push
}
