#!/usr/bin/env bats
# git orch hook, and what all hook programs have in common (orch/hook.h).
load helper
load hooks
setup() { orch_setup; }

@test "runs a hook program with arguments and input, and passes its status on" {
	stub_hooks
	STUB_EXIT=1 exits 1 git orch hook pre-push origin "a b" <<<"x y"
	is "$(cat "$log/pre-push.args" "$log/pre-push.in")" "$(printf 'origin\na b\nx y')"
	exits 0 git orch hook post-checkout -- 2>/dev/null || :
	exits 0 git orch hook post-commit
	is "$(order | tr ' ' '\n' | tail -n 1)" post-commit
}

@test "a name is needed, and one of ours" {
	exits 129 git orch hook
	err_has "a subcommand is needed: post-commit, post-checkout, pre-push"
	exits 129 git orch hook pre-commit
	err_has "unknown subcommand 'pre-commit'"
	exits 129 git orch hook ../hooks/pre-push
	exits 129 git orch hook $'pre-push\n'
	is "$(wc -l <"$errfile")" 2
}

@test "a program that is not there is said to be missing" {
	stub_hooks
	prefix=$BATS_TEST_TMPDIR/p
	mkdir -p "$prefix/bin"
	cp "$BUILD/bin/git-orch" "$BUILD/bin/git-orch-hook" "$BUILD/bin/git-orch-init" "$prefix/bin"
	PATH=$prefix/bin:$PATH
	exits 128 git orch hook pre-push
	one_error "the program of pre-push is not installed"
	exits 0 git orch init --hooks-only
	has "none: their programs are not installed"
	is "$(ls .git/hooks | grep -v sample)" ""
}

@test "A6.9 each skip is one line: GIT_ORCH=0, GIT_ORCH_SKIP, git -c" {
	local old new

	loop_init
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

@test "A6.13 a hook that follows ends with 0, whatever it meets" {
	local old new

	loop_init
	old=$(head_of HEAD~1) new=$(head_of)
	exits 0 git -c orch.post-checkout.enabled=maybe orch hook post-checkout $old $new 1
	err_has "git-orch: post-checkout: command line:0: bad value 'maybe'"
	is "$(wc -l <"$errfile")" 1
	echo '[core' >>.git/config
	exits 0 "$BUILD/libexec/git-orch/hooks/post-checkout" $old $new 1
	outside
	exits 0 git orch hook post-checkout $old $new 1
	is "$out$err" ""
	git init -q --object-format=sha256 s
	exits 0 git -C s orch hook post-checkout ${old}000000000000000000000000 ${new}000000000000000000000000 1
	exits 0 git orch hook post-checkout $old $new 1 2>&-
	(git orch hook post-checkout $old $new 1 >&-)
}
