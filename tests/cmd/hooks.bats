#!/usr/bin/env bats
# The checklist of a hook toolkit that can be trusted (GIT.md A6), point by
# point; the layouts of its last point are in hooks-layouts.bats, real hook
# managers in hooks-managers.bats.
load helper
load hooks
setup() { orch_setup; stub_hooks; hooks=.git/hooks; }
# Not the stubs: the programs themselves, at work in a loop.
programs=$BUILD/libexec/git-orch/hooks
real_programs() { PATH=$BUILD/bin:${PATH/"$prefix/bin:"/}; loop_init; }

@test "A6.1 the directory is git's answer, shared by linked work trees" {
	hub
	git worktree add -q ../linked
	cd ../linked
	all_installed
	json_is '.hooks[0].path' "$repo/.git/hooks/post-commit"
	all_reached
	cd "$repo"
	all_reached
}

@test "A6.2 core.hooksPath by scope: ours to use, or refused with the remedy" {
	local dir=$BATS_TEST_TMPDIR/mine

	# local, outside of every work tree
	mkdir "$dir"
	git config core.hooksPath "$dir"
	all_installed
	[ -x "$dir/pre-push" ] && [ ! -e $hooks/pre-push ]
	exits 0 git orch init --remove
	is "$(ls -A "$dir")" ""
	# equal to the default
	git config core.hooksPath .git/hooks
	all_installed
	exits 0 git orch init --remove
	# inside the work tree
	mkdir tracked
	git config core.hooksPath tracked
	exits 0 git orch init --hooks-only --json
	is "$(state_of pre-push)" refused
	[[ $(reason_of pre-push) == "core.hooksPath = tracked (local, $repo/.git/config:"*") is inside the work tree $repo" ]]
	json_is '.hooks[] | select(.name == "pre-push") | .add_to' "$repo/tracked/pre-push"
	is "$(line_of pre-push)" '! command -v git-orch >/dev/null || git orch hook pre-push "$@"'
	is "$(ls -A tracked)$(git config core.hooksPath)" tracked
	git config --unset core.hooksPath
	# global: others use it, too
	git config --global core.hooksPath "$dir"
	exits 0 git orch init --hooks-only --json
	is "$(state_of pre-push)" refused
	[[ $(reason_of pre-push) == *"$dir (global, $HOME/.gitconfig:2) serves other repositories, too" ]]
	is "$(ls -A "$dir")" ""
	git config --global --unset core.hooksPath
	exits 0 git -c core.hooksPath="$dir" orch init --hooks-only --json
	is "$(state_of pre-push)" refused
	[[ $(reason_of pre-push) == *" holds for one command" ]]
	is "$(ls -A "$dir")" ""
	# hooks are switched off: no line would help
	for off in /dev/null ''; do
		git config core.hooksPath "$off"
		exits 0 git orch init --hooks-only --json
		is "$(state_of pre-push) $(line_of pre-push)" "refused null"
		[[ $(reason_of pre-push) == "git runs no hooks: core.hooksPath = $off (local,"*") is no directory" ]]
	done
	doctor_says 1
	[[ $(hook_lines) == *"fail pre-push: git runs no hooks"* ]]
}

@test "A6.2 the remedy works, and doctor sees it" {
	hub
	mkdir tracked
	git config core.hooksPath tracked
	exits 0 git orch init --hooks-only --json
	for h in post-commit post-checkout pre-push; do
		{ echo '#!/bin/sh'; line_of $h; } >tracked/$h
		chmod +x tracked/$h
	done
	all_reached
	doctor_says 0
	is "$(hook_lines | grep -c '^ok .* is run by ')" 3
	# without git-orch, colleagues are not broken
	PATH=${PATH#"$prefix/bin:"} exits 0 git push -q origin HEAD:refs/heads/colleague
	chmod -x tracked/pre-push
	doctor_says 1
	[[ $(hook_lines) == *"git ignores a hook that is not executable"* ]]
}

@test "A6.3 nothing in the tracked tree, core.hooksPath never set, nothing from inside a hook" {
	local before

	before=$(git config --list)
	all_installed
	clean
	is "$(git config --list)" "$before"
	before=$(snapshot $hooks)
	git commit -q --allow-empty -m x
	git checkout -q -b y
	is "$(snapshot $hooks)" "$before"
}

@test "A6.4 a foreign hook runs first: the same arguments, directory, environment, input" {
	hub
	mkdir sub
	foreign $hooks/pre-push
	cp -p $hooks/pre-push "$BATS_TEST_TMPDIR/before"
	all_installed
	cmp $hooks/pre-push.git-orch-kept "$BATS_TEST_TMPDIR/before"
	cd sub
	exits 0 git -c orch.x=1 push -q origin HEAD:refs/heads/a HEAD:refs/heads/b
	is "$(order)" "theirs pre-push ours pre-push"
	for what in pwd args in; do cmp "$log/kept.$what" "$log/pre-push.$what"; done
	is "$(wc -l <"$log/kept.in")" 2
	is "$(cat "$log/kept.pwd")" "$repo"
	diff <(env_of kept) <(env_of pre-push)
	grep -q "^GIT_CONFIG_PARAMETERS='orch.x'='1'" "$log/kept.env"
	# exactly what it would have seen without us
	env_of kept >"$BATS_TEST_TMPDIR/env"
	cd "$repo"
	git orch init --remove >/dev/null
	cd sub
	exits 0 git -c orch.x=1 push -q origin HEAD:refs/heads/c HEAD:refs/heads/d
	diff "$BATS_TEST_TMPDIR/env" <(env_of kept)
}

@test "A6.4 its failure fails the gate and a checkout, not a commit" {
	hub
	for h in pre-push post-checkout post-commit; do foreign $hooks/$h 'exit 7'; done
	all_installed
	exits 1 git push -q origin HEAD:refs/heads/a
	is "$(order)" "theirs pre-push"
	is "$(git ls-remote origin)" ""
	exits 1 git checkout -q -b other	# git's own word for 7
	exits 0 git commit -q --allow-empty -m x
	is "$(order)" "theirs pre-push theirs post-checkout ours post-checkout theirs post-commit ours post-commit"
}

@test "A6.4 a backup is never overwritten; one that acts by its name is not renamed" {
	foreign $hooks/pre-push
	put $hooks/pre-push.git-orch-kept precious
	exits 0 git orch init --hooks-only --json
	is "$(state_of pre-push)" refused
	[[ $(reason_of pre-push) == *"pre-push.git-orch-kept exists already"* ]]
	is "$(cat $hooks/pre-push.git-orch-kept)" precious
	grep -q 'not ours' $hooks/pre-push
	rm $hooks/pre-push.git-orch-kept
	printf '#!/bin/sh\nexec ./hooks.d/$(basename "$0") "$@"\n' >$hooks/pre-push
	exits 0 git orch init --hooks-only --json
	is "$(state_of pre-push)" refused
	[[ $(reason_of pre-push) == *"acts by the name it is called by"* ]]
	# It has the line by hand: nothing to install, nothing to complain about.
	line_of pre-push >>$hooks/pre-push
	exits 0 git orch init --hooks-only --json
	is "$(state_of pre-push)" by-other
}

@test "A6.5 one marker line; a second installation changes nothing, an edited shim is left alone" {
	local before

	foreign $hooks/post-commit
	all_installed
	is "$(grep -c '^# git-orch-hook 1 pre-push [0-9a-f]*$' $hooks/pre-push)" 1
	before=$(snapshot $hooks)
	all_installed
	json_is '[.hooks[].changed] | unique' '[false]'
	is "$(snapshot $hooks)" "$before"
	echo 'echo mine' >>$hooks/pre-push
	before=$(snapshot $hooks)
	all_installed
	is "$(snapshot $hooks)" "$before"
	exits 0 git orch init --hooks-only
	has 'pre-push (edited by somebody, and left alone)'
	exits 0 git orch init --remove
	has 'pre-push.git-orch-edited: somebody had edited it'
	grep -q 'echo mine' $hooks/pre-push.git-orch-edited
	# Another version's, unedited, is renewed.
	all_installed
	sed -i "s|^own=.*|own='/elsewhere/pre-push'|" $hooks/pre-push
	sum=$(sed 1,2d $hooks/pre-push | git hash-object --stdin)
	sed -i "2s/[0-9a-f]*\$/${sum:0:16}/" $hooks/pre-push
	doctor_says 0
	[[ $(hook_lines) == *"pre-push was installed by another git-orch"* ]]
	all_installed
	json_is '[.hooks[] | select(.changed) | .name]' '["pre-push"]'
	grep -qF "$stubs/pre-push" $hooks/pre-push
}

@test "A6.6 the mode is umask's or core.sharedRepository's, and the end state is asked for" {
	mode() { exits 0 git orch init --hooks-only && stat -c %a $hooks/pre-push && git orch init --remove >/dev/null; }
	umask 077
	is "$(mode)" 700
	umask 022
	is "$(mode)" 755
	for x in group:775 all:775 0640:750 0660:770 umask:755; do
		git config core.sharedRepository ${x%:*}
		is "$(mode)" ${x#*:}
	done
	git config --unset core.sharedRepository
	[ -z "$(ls $hooks | grep -E 'git-orch|tmp')" ]
	all_installed
	chmod -x $hooks/pre-push
	doctor_says 1
	[[ $(hook_lines) == *"fail pre-push: git does not run"* ]]
	all_installed
	[ -x $hooks/pre-push ]
}

@test "A6.7 --remove gives everything back as it was, twice, and takes no other's" {
	local before

	mkdir elsewhere
	printf '#!/bin/sh\n\377\0' >$hooks/pre-push
	chmod 4751 $hooks/pre-push
	ln -s ../../elsewhere/post-commit $hooks/post-commit
	put $hooks/post-checkout "not executable"
	before=$(snapshot $hooks)
	all_installed
	[ "$(snapshot $hooks)" != "$before" ]
	touch -r README $hooks
	exits 0 git orch init --remove --dry-run
	has "$hooks/pre-push: the hook that was there has its place again"
	exits 0 git orch init --remove
	is "$(snapshot $hooks | grep -v '^\. ')" "$(grep -v '^\. ' <<<"$before")"
	exits 0 git orch init --remove
	has "nothing to remove"
	# Somebody else has put a hook over ours.
	all_installed
	foreign $hooks/pre-push
	exits 0 git orch init --remove
	has "pre-push.git-orch-kept: pre-push is not ours any more"
	grep -q 'not ours' $hooks/pre-push
}

@test "A6.7 a hooks directory that init made goes, also where git looks elsewhere by now" {
	rm -r $hooks
	all_installed
	git config core.hooksPath /nowhere
	exits 0 git orch init --remove
	[ ! -e $hooks ]
}

@test "A6.8 sh only, no links; an uninstalled gate says how to go on, the others pass" {
	local own=$BATS_TEST_TMPDIR/gone

	hub
	foreign $hooks/post-commit
	foreign $hooks/pre-push
	all_installed
	for h in pre-push post-commit post-checkout; do
		[ ! -h $hooks/$h ]
		is "$(head -n 1 $hooks/$h)" "#!/bin/sh"
		dash -n $hooks/$h
		grep -qF "own='$stubs/$h'" $hooks/$h
	done
	is "$(ls $hooks | grep -v sample)" "post-checkout
post-commit
post-commit.git-orch-kept
pre-push
pre-push.git-orch-kept"
	# Moved elsewhere: found in PATH.
	sed -i "s|^own=.*|own=/nowhere/x|" $hooks/*[a-z]
	exits 0 git push -q origin HEAD:refs/heads/a
	is "$(order)" "theirs pre-push ours pre-push"
	# Nowhere at all.
	PATH=${PATH#"$prefix/bin:"}
	forget
	exits 0 git commit -q --allow-empty -m x
	exits 0 git checkout -q -b y
	is "$(order)" "theirs post-commit"
	exits 1 git push -q origin HEAD:refs/heads/b
	err_has "git-orch is not installed any more: install it again" \
		"mv '$repo/.git/hooks/pre-push.git-orch-kept' '$repo/.git/hooks/pre-push'"
	GIT_ORCH=0 exits 0 git push -q origin HEAD:refs/heads/c
	is "$err" "git-orch: pre-push: skipped (GIT_ORCH=0)"
	mv .git/hooks/pre-push.git-orch-kept .git/hooks/pre-push
	exits 0 git push -q origin HEAD:refs/heads/b
}

@test "A6.8 without a kept hook the cure is to remove the shim" {
	hub
	all_installed
	sed -i "s|^own=.*|own=/nowhere/x|" $hooks/pre-push
	PATH=${PATH#"$prefix/bin:"}
	exits 1 git push -q origin HEAD:refs/heads/b
	err_has "rm '$repo/.git/hooks/pre-push'"
	is "$(grep -vc '^git-orch: \|^error: ' "$errfile")" 0
}

@test "A6.9 each skip is one line: GIT_ORCH=0, GIT_ORCH_SKIP, git -c" {
	local old new

	real_programs
	exits 0 git orch context status --actor galph
	old=$(head_of HEAD~1) new=$(head_of)
	GIT_ORCH=0 exits 0 git orch hook post-checkout $old $new 1
	is "$out$err" "git-orch: post-checkout: skipped (GIT_ORCH=0)"
	GIT_ORCH_SKIP="x, post-checkout ,y" exits 0 git orch hook post-checkout $old $new 1
	is "$out$err" "git-orch: post-checkout: skipped (GIT_ORCH_SKIP)"
	exits 0 git -c orch.post-checkout.enabled=false orch hook post-checkout $old $new 1
	is "$out$err" "git-orch: post-checkout: skipped (orch.post-checkout.enabled is false)"
	[ -e .git/orch/statcache ]
	# A tracked file switches nothing off.
	printf '[orch "post-checkout"]\n\tenabled = false\n' >>.orchconfig
	GIT_ORCH_SKIP=post-check GIT_ORCH=1 exits 0 git orch hook post-checkout $old $new 1
	is "$out$err" ""
	[ ! -e .git/orch/statcache ]
	exits 0 git orch doctor --json
	json_true '[.checks[] | select(.detail | contains("orch.post-checkout.enabled is ignored: only git config"))] | length == 1'
	git config orch.post-checkout.enabled true
	exits 0 git orch doctor --json
	json_true '[.checks[] | select(.detail | contains("unknown key"))] | length == 0'
}

@test "A6.10 all of stdin, for both: 3,000 refs, none, no last newline" {
	local n

	foreign $hooks/pre-push
	all_installed
	for n in 3000 1 0; do
		lines $n >input
		exits 0 $hooks/pre-push origin url <input
		cmp input "$log/kept.in"
		cmp input "$log/pre-push.in"
	done
	printf 'a\n\n\n  b\\c %%s\n\nno end' >input
	exits 0 $hooks/pre-push "a b" '' '*' <input
	cmp input "$log/kept.in"
	cmp input "$log/pre-push.in"
	is "$(cat "$log/pre-push.args")" "$(printf 'a b\n\n*')"
	cmp "$log/kept.args" "$log/pre-push.args"
	# The gate itself: only deletions, nothing, and what is no list.
	exits 0 "$programs/pre-push" origin url <<<"(delete) $(printf %040d 0) refs/heads/x $(head_of)"
	exits 0 "$programs/pre-push" origin url </dev/null
	is "$out$err" ""
	exits 1 "$programs/pre-push" origin url <<<"no list"
	is "$(wc -l <"$errfile") ${err%%: *}" "1 git-orch"
}

@test "A6.11 nothing on stdout of ours, one prefix on stderr, silent when content" {
	hub
	all_installed
	exits 0 git push --porcelain origin HEAD:refs/heads/a
	is "$(sed -n 1p <<<"$out")" "To $BATS_TEST_TMPDIR/hub.git"
	exits 0 git checkout -q -b b
	is "$out$err" ""
	# The same with the programs themselves.
	real_programs
	all_installed
	exits 0 git push --porcelain origin HEAD:refs/heads/b
	is "$(sed -n 1p <<<"$out")" "To $BATS_TEST_TMPDIR/hub.git"
	is "$err" ""
	exits 0 git checkout -q HEAD~1
	is "$out$err" ""
	exits 0 git commit -q --allow-empty -m x
	is "$out$err" ""
}

@test "A6.12 no terminal is opened, nobody is asked" {
	foreign $hooks/pre-push
	all_installed
	exits 0 strace -f -o "$BATS_TEST_TMPDIR/trace" -e trace=open,openat \
		$hooks/pre-push origin url </dev/null
	! grep -E '/dev/(tty|pts|console)' "$BATS_TEST_TMPDIR/trace" || false
	exits 0 setsid -w $hooks/pre-push origin url </dev/null
}

@test "A6.13 a hook that follows ends with 0, whatever it meets" {
	local old new

	real_programs
	old=$(head_of HEAD~1) new=$(head_of)
	exits 0 git -c orch.post-checkout.enabled=maybe orch hook post-checkout $old $new 1
	err_has "git-orch: post-checkout: command line:0: bad value 'maybe'"
	is "$(wc -l <"$errfile")" 1
	echo '[core' >>.git/config
	exits 0 "$programs/post-checkout" $old $new 1
	outside
	exits 0 git orch hook post-checkout $old $new 1
	is "$out$err" ""
	git init -q --object-format=sha256 s
	exits 0 git -C s orch hook post-checkout ${old}000000000000000000000000 ${new}000000000000000000000000 1
	exits 0 git orch hook post-checkout $old $new 1 2>&-
	(git orch hook post-checkout $old $new 1 >&-)
}

@test "A6.14 post-checkout: files, the same commit, a new work tree are nothing to it" {
	real_programs
	all_installed
	warm() { exits 0 git orch context status --loop x --actor galph && [ -e "$1" ]; }
	warm .git/orch/statcache
	exits 0 git checkout -q HEAD~1 -- README
	exits 0 git checkout -q -b same
	exits 0 git worktree add -q ../linked HEAD~1
	[ -e .git/orch/statcache ]
	# What it drops is the work tree's own.
	cd ../linked
	git checkout -q --detach same
	warm "$repo/.git/worktrees/linked/orch/statcache"
	exits 0 git checkout -q --detach HEAD~1
	[ ! -e "$repo/.git/worktrees/linked/orch/statcache" ] && [ -e "$repo/.git/orch/statcache" ]
	cd "$repo"
	exits 0 git checkout -q --detach HEAD~1
	[ ! -e .git/orch/statcache ]
}

@test "A6.15 during a rebase post-checkout does nothing, post-commit leaves a mark" {
	real_programs
	git branch base
	put plans/active/A/reports/2026-01-01/a.md x
	commit "one" a
	git checkout -q -b side base
	commit "two" b
	all_installed
	exits 0 git orch context status --actor galph
	exits 0 git rebase -q main
	is "$(git log --format=%s -1)" "two"
	[ -e .git/orch/statcache ]
	[ ! -x "$programs/post-commit" ] || [ -e .git/orch/artifacts.dirty ]
}

@test "A6.16 doctor inside a hook's environment leaves this repository alone" {
	local before

	all_installed
	before=$(git for-each-ref; git status --porcelain; cat .git/config .git/HEAD)
	exits 0 env GIT_DIR="$repo/.git" GIT_INDEX_FILE="$repo/.git/index" GIT_PREFIX= \
		git orch doctor --live --json
	is "$(git for-each-ref; git status --porcelain; cat .git/config .git/HEAD)" "$before"
	is "$(hook_lines | grep -c '^ok a .* runs ')" 3
	is "$(ls "${TMPDIR:-/tmp}" | grep -c git-orch-doctor || :)" 0
}

@test "A6.17 doctor: where git looks, by whom, whose each hook is" {
	foreign $hooks/pre-push
	echo 'command -v git-lfs; git lfs pre-push "$@"' >>$hooks/pre-push
	doctor_says 0
	[[ $(hook_lines) == "warn none is installed: git orch init --hooks-only" ]]
	exits 0 git orch init --no-hooks --json
	json_is .hooks null
	[ ! -e $hooks/post-commit ]
	all_installed
	doctor_says 0
	json_is '[.checks[] | select(.name == "hooks") | .detail]' "[\"$repo/.git/hooks: the default\"]"
	[[ $(hook_lines) == *"ok pre-push is git-orch's, after the hook of git-lfs, kept as pre-push.git-orch-kept"* ]]
	rm $hooks/post-commit
	doctor_says 1
	[[ $(hook_lines) == *"fail post-commit is not installed any more"* ]]
	git config orch.pre-push.enabled false
	doctor_says 1
	[[ $(hook_lines) == *"warn orch.pre-push.enabled = false (local)"* ]]
	git config core.hooksPath /nowhere
	git config --global core.hooksPath "$HOME"
	doctor_says 1
	[[ $(json '.checks[] | select(.name == "hooks") | .detail') == "/nowhere: core.hooksPath = /nowhere (local, $repo/.git/config:"* ]]
}

# A git that says it is 2.54 and lists hooks as that does.
newer_git() {
	mkdir -p "$BATS_TEST_TMPDIR/new"
	put "$BATS_TEST_TMPDIR/new/git" <<-END
	#!/bin/sh
	case "\$1 \$2" in
	"--version ") echo "git version 2.54.0" ;;
	"hook list") $(type -P git) config --get-regexp "^hook\\..*\\.event\$" "^\$3\$" |
		sed 's/^hook\\.\\(.*\\)\\.event .*/\\1/' ;;
	*) exec $(type -P git) "\$@" ;;
	esac
	END
	chmod +x "$BATS_TEST_TMPDIR/new/git"
	PATH=$BATS_TEST_TMPDIR/new:$PATH
}

@test "A6.18 --config: refused by an old git, and never beside a file" {
	exits 128 git orch init --hooks-only --config
	one_error "git 2." "ignores hooks in its configuration"
	foreign $hooks/pre-push
	all_installed
	newer_git
	exits 0 git-orch init --hooks-only --config --json
	json_is '[.hooks[].state] | unique' '["by-config"]'
	is "$(git config hook.git-orch-pre-push.event)" pre-push
	is "$(ls $hooks | grep -v sample)" pre-push
	grep -q 'not ours' $hooks/pre-push
	exits 0 git-orch init --hooks-only --json
	json_is '[.hooks[].state] | unique' '["by-config"]'
	exits 0 git-orch doctor --json
	is "$(hook_lines | grep -c '^ok .* is in git config$')" 3
	# Both, by hand: said.
	printf '#!/bin/sh\ngit orch hook post-commit\n' >$hooks/post-commit
	chmod +x $hooks/post-commit
	exits 1 git-orch doctor --json
	[[ $(hook_lines) == *"post-commit is in git config and a file as well"* ]]
	rm $hooks/post-commit
	# The commands do what they must, by sh: git puts "$@" behind one with arguments.
	by_sh() { sh -c "$(git config hook.git-orch-$1.command)${2+ \"\$@\"}" x "${@:2}"; }
	PATH=/usr/bin:/bin exits 0 by_sh pre-push origin "a url" <<<"line"
	PATH=/usr/bin:/bin exits 0 by_sh post-commit
	is "$(order)" "ours pre-push ours post-commit"
	is "$(cat "$log/pre-push.args" "$log/pre-push.in")" $'origin\na url\nline'
	sed -i "s/own=[^;]*/own=gone/" .git/config
	exits 0 by_sh post-checkout a b 1
	is "$(order)" "ours pre-push ours post-commit ours post-checkout"
	PATH=/usr/bin:/bin exits 1 by_sh pre-push origin url
	is "$(wc -l <"$errfile")" 1
	err_has "install it again, or: git config --remove-section hook.git-orch-pre-push"
	GIT_ORCH=0 PATH=/usr/bin:/bin exits 0 by_sh pre-push origin url
	is "$err" "git-orch: pre-push: skipped (GIT_ORCH=0)"
	PATH=/usr/bin:/bin exits 0 by_sh post-commit
	is "$out$err" ""
	exits 0 git-orch init --remove
	is "$(git config --get-regexp '^hook' || echo none)" none
	# An old git with what a newer one has installed.
	exits 0 git-orch init --hooks-only --config
	PATH=${PATH#"$BATS_TEST_TMPDIR/new:"}
	doctor_says 1
	[[ $(hook_lines) == *"fail pre-push is in git config, which git 2."*"ignores"* ]]
	all_installed
	is "$(git config --get-regexp '^hook' || echo none)" none
}
