# git orch context invalidate: what an actor has seen and does not know any more

load helper
setup() { orch_setup; loop_init; }

# pack and acknowledge everything, as a turn does.
seen() { git orch context pack -q --actor "$1" --session "s-$1" >/dev/null && git orch context ack --actor "$1" >/dev/null; }
invalidate() { exits 0 git orch context invalidate "$@"; }
hits() { exits 0 git orch context status --actor "$1" --json && json_is .hits "$2"; }
resumed() { exits 0 git orch context pack --preview --actor "$1" --session "s-$1" --json && json_is .resumed "$2"; }
ref() { git rev-parse -q --verify "refs/orch/main/views/$1"; }
# older FILE KEY DAYS: a time in galph's view, so many days ago.
older() {
	local json blob index=$BATS_TEST_TMPDIR/index ref=refs/orch/main/views/galph

	json=$(git cat-file -p "$ref:$1" | jq -c ".$2 -= $3 * 86400000")
	blob=$(git hash-object -w --stdin <<<"$json")
	rm -f "$index"
	GIT_INDEX_FILE=$index git read-tree $ref
	GIT_INDEX_FILE=$index git update-index --cacheinfo "100644,$blob,$1"
	git update-ref $ref "$(GIT_INDEX_FILE=$index git write-tree)"
}

@test "all that one actor has seen" {
	seen galph; seen ralph
	resumed galph true
	invalidate
	is "$out" "galph: 5 documents unseen, a new key frame next, session s-galph is over
  docs/findings.md
  docs/fix_plan.md
  docs/index.md
  input.md
  specs/one.md"
	hits galph 0
	hits ralph 5
	resumed galph false
	resumed ralph true
	is "$(jq -r .key_frame_because <<<"$out")" null
	exits 0 git orch context pack --preview --actor galph --session s-galph --json
	json_is '"\(.resumed) \(.key_frame_because)"' "false it is the first one"
	invalidate --actor ralph --json
	json_is '.actors[] | "\(.actor) \(.documents | length) \(.key_frame) \(.session)"' "ralph 5 true s-ralph"
	clean
}

@test "nothing to invalidate is a no, and nothing is written" {
	exits 1 git orch context invalidate
	one_error "nothing that galph had seen was there to invalidate"
	! ref galph
	seen galph
	invalidate
	before=$(ref galph)
	exits 1 git orch context invalidate --json
	json_is '.actors' '[]'
	exits 1 git orch context invalidate docs/index.md
	is "$(ref galph)" "$before"
}

@test "--all: every actor, one that left the workflow too" {
	seen galph; seen ralph
	git update-ref refs/orch/main/views/gone "$(ref ralph)"
	invalidate --all --json
	json_is '[.actors[].actor] | join(" ")' "galph ralph gone"
	hits galph 0; hits ralph 0
	exits 1 git orch context invalidate --all
	one_error "galph, ralph, gone"
}

@test "a loop does not touch the views of another" {
	seen galph
	exits 1 git orch context invalidate --all --loop other
	hits galph 5
}

@test "paths and patterns" {
	seen galph
	invalidate docs/index.md 'specs/*.md' --json
	json_is '.actors[0].documents | join(" ")' "docs/index.md specs/one.md"
	hits galph 3
	exits 0 git orch context status --actor galph --json
	json_is '.documents[] | select(.path == "docs/index.md").state' new
	resumed galph false
	exits 0 git orch context pack --actor galph --session s-galph --verify
	has '<document path="docs/index.md" bytes="8">'
	git orch context ack --actor galph
	hits galph 5
	(cd docs && invalidate index.md && has "galph: 1 document unseen" "  docs/index.md")
	rm specs/one.md
	invalidate specs/one.md docs/fix_plan.md docs/typo.md
	has "2 documents unseen"
	err_has "'docs/typo.md' had not been seen"
	exits 1 git orch context invalidate docs/typo.md
	one_error
	invalidate --all 'docs/**'
	has docs/findings.md
}

@test "--older-than: an old pack, or an old key frame" {
	seen galph; seen ralph
	exits 1 git orch context invalidate --older-than 7days
	one_error "so long ago"
	older seen.json at 8
	exits 1 git orch context invalidate --older-than 7days --actor ralph
	exits 1 git orch context invalidate --older-than 9days
	invalidate --older-than 7days --json
	json_is '[.actors[].actor] | join(" ")' galph
	hits galph 0; hits ralph 5
	seen galph
	older layout/state.json made_at 8
	invalidate --older-than 7days --actor galph
	hits galph 0
}

@test "a pack that waits may still be acknowledged, and the next is whole" {
	seen galph
	put docs/index.md "# Two"
	git orch context pack -q --actor galph --session s-galph >/dev/null
	invalidate
	git orch context ack --actor galph
	resumed galph false
	json_is '[.parts[].kind] | join(" ")' "key frame"
}

@test "a session that is over stays over, whatever is acknowledged and packed behind it" {
	for what in "" docs/index.md; do
		seen galph
		git orch context pack -q --actor galph --session s-galph >/dev/null
		invalidate --actor galph $what
		git orch context ack -q --actor galph >/dev/null
		# The same key frame as before, and nobody got it.
		git orch context pack -q --actor galph >/dev/null
		resumed galph false
	done
}

@test "invalidate: misuse" {
	exits 129 git orch context invalidate --all --actor galph
	exits 129 git orch context invalidate --older-than 7days docs/index.md
	exits 129 git orch context invalidate --older-than soon
	exits 128 git orch context invalidate --actor nobody
	exits 128 git orch context invalidate ../x
	one_error
	exits 128 git orch context invalidate .git/config
}
