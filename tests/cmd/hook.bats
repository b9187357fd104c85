#!/usr/bin/env bats
# git orch hook. What all hook programs have in common is in hooks.bats.
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
