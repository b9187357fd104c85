#!/usr/bin/env bats
# The post-checkout hook: drops the stat cache on a real switch, else nothing.
load helper
setup() {
	orch_setup
	loop_init
	hook=$BUILD/libexec/git-orch/hooks/post-checkout
	exits 0 git orch context status --actor galph
	cache=.git/orch/statcache
	[ -e $cache ]
	new=$(head_of) old=$(head_of HEAD~1)
	zero=0000000000000000000000000000000000000000
}

@test "a switch of branches drops the stat cache, and only that" {
	exits 0 git orch context pack --actor galph
	before=$(git for-each-ref)
	exits 0 "$hook" "$old" "$new" 1
	is "$out$err" ""
	[ ! -e $cache ]
	is "$(git for-each-ref)" "$before"
}

@test "flag 0, equal commits, a zero old oid, nonsense: nothing" {
	for args in "$old $new 0" "$new $new 1" "$zero $new 1" "x y 1" "$old $new" ""; do
		exits 0 "$hook" $args
		is "$out$err" ""
		[ -e $cache ]
	done
}

@test "a running rebase: nothing" {
	mkdir .git/rebase-merge
	exits 0 "$hook" "$old" "$new" 1
	[ -e $cache ]
}

@test "called by git, in main and linked work trees" {
	printf '#!/bin/sh\nexec "%s" "$@"\n' "$hook" >.git/hooks/post-checkout
	chmod +x .git/hooks/post-checkout
	git branch other HEAD~1
	exits 0 git worktree add -q ../linked other
	(cd ../linked && git checkout -q --detach main && git orch context status --loop x --actor galph >/dev/null)
	[ -e .git/worktrees/linked/orch/statcache ]
	(cd ../linked && git checkout -q other)
	[ ! -e .git/worktrees/linked/orch/statcache ]
	[ -e $cache ]
	exits 0 git checkout -q --detach HEAD~1
	[ ! -e $cache ]
}

@test "outside a repository it still succeeds" {
	outside
	exits 0 "$hook" "$old" "$new" 1
}
