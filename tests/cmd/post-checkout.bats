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
	ref=refs/orch/main/views/galph
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

@test "outside a repository it still succeeds" {
	outside
	exits 0 "$hook" "$old" "$new" 1
}

seen() { git orch context pack -q --actor galph >/dev/null && git orch context ack --actor galph >/dev/null; }
why() { exits 0 git orch context pack --preview --actor galph --json && json .key_frame_because; }
# other: a branch with another docs/index.md; same: one with the same documents.
branches() {
	git branch -q same
	git checkout -q -b other
	commit "other documents" docs/index.md "# Another index"
	git checkout -q main
	git config orch.loop main
}

@test "a key frame whose documents are others is made anew, what was seen stays" {
	local before

	branches
	seen
	is "$(why)" null
	before=$(git rev-parse $ref:seen $ref:known $ref:seen.json)
	git checkout -q same
	commit "code only" src.c
	exits 0 "$hook" "$new" "$(head_of)" 1
	is "$(why)" null
	git checkout -q other
	exits 0 "$hook" "$(head_of same)" "$(head_of)" 1
	is "$out$err" ""
	is "$(why)" "it was invalidated"
	is "$(git rev-parse $ref:seen $ref:known $ref:seen.json)" "$before"
	# Once is enough: nothing is written again.
	before=$(git rev-parse $ref)
	exits 0 "$hook" "$(head_of same)" "$(head_of)" 1
	is "$(git rev-parse $ref)" "$before"
}

@test "an edit that is carried along is no reason, nor the loop of another branch" {
	branches
	echo "more" >>docs/findings.md
	seen
	git checkout -q same
	exits 0 "$hook" "$(head_of other)" "$(head_of)" 1
	is "$(why)" null
	# Each branch a loop of its own: main's is as it was left.
	git config --unset orch.loop
	git checkout -q -f other
	exits 0 "$hook" "$(head_of same)" "$(head_of)" 1
	git checkout -q main
	echo "more" >>docs/findings.md
	exits 0 "$hook" "$(head_of other)" "$(head_of)" 1
	is "$(why)" null
}

@test "a view that is being changed is left alone, at once" {
	local before

	branches
	seen
	git checkout -q other
	before=$(git rev-parse $ref)
	exits 0 flock .git/orch/loops/main/view-galph.lock "$hook" "$new" "$(head_of)" 1
	is "$out$err" ""
	is "$(git rev-parse $ref)" "$before"
}

@test "a configuration or a view that cannot be read: the cache goes, nothing fails" {
	branches
	seen
	echo '[orch' >.orchconfig
	exits 0 "$hook" "$old" "$new" 1
	[ ! -e $cache ]
	err_has "git-orch: post-checkout: .orchconfig:"
	is "$(wc -l <"$errfile")" 1
	git checkout -q .orchconfig
	git update-ref $ref "$(git hash-object -w README)"
	exits 0 "$hook" "$old" "$new" 1
}
