#!/usr/bin/env bats
# git orch replay: what delivering the documents of a history would have cost.
load helper
bundle=$BATS_TEST_DIRNAME/../../../shared/data/loop-history.bundle
recorded="--doc CLAUDE.md --doc docs/findings.md --doc docs/fix_plan.md --doc docs/index.md
	--doc galph_memory.md --doc input.md"

replay() { exits 0 git-orch-replay "$@"; }
# turns ACTOR: of the last --json.
turns() { json ".actors[] | select(.actor == \"$1\").turns"; }
lines() { seq -f "$1 line %g of a document that is long enough to be worth a change" 1 "${2-60}"; }
# history N: so many turns of two actors, as known loops name them; a ledger
# that grows and a brief that is written anew.
history_of() {
	local i who

	lines plan 100 >"${doc:=plan.md}"
	for ((i = 1; i <= $1; i++)); do
		who=SUPERVISOR
		[ $((i % 2)) = 1 ] || who=RALPH
		echo "- attempt $i" >>"$doc"
		lines "brief$i" 20 >input.md
		git add -A
		git commit -qm "$who AUTO (prompt=x.md) (iter=$(printf %05d $(((i + 1) / 2)))): work"
		[ $((i % 3)) != 0 ] || git commit -q --allow-empty -m "by hand"
	done
}

@test "known subjects, no setup, nothing written" {
	history_of 10
	before=$(git count-objects -v; find .git -newer plan.md -type f | sort)
	replay --doc plan.md --doc input.md --json
	json_is .version 1
	json_is '[.actors[] | "\(.actor) \(.turns)"] | sort | join(", ")' "galph 5, ralph 5"
	json_true '.actors | map(.price.full == 1 and .price.resumed < .price.fresh and
		.price.fresh < 1 and .file_hit_rate == 0 and .byte_hit_rate == 0 and
		.delta_bytes > 0 and .delta_bytes < .full_bytes) | all'
	json_is '.actors[0] | keys | sort | join(" ")' \
		"actor byte_hit_rate delta_bytes file_hit_rate full_bytes key_frames price price_read price_write sealed turns"
	json_is '.actors[0].price | keys_unsorted | join(" ")' "full fixed_order stable_order fresh resumed"
	is "$(git count-objects -v; find .git -newer plan.md -type f | sort)" "$before"
	clean
	replay --doc plan.md --doc input.md --verify
	has "all documents, uncached" "in a fixed order, prefix cached" \
		"ordered by stability, prefix cached" "git-orch, a fresh session each turn" \
		"git-orch, a resumed session" "first turn is left out" "within the cache's life"
	matches '^galph +5 '
	matches '^git-orch would have saved [0-9]+% with fresh sessions, [0-9]+% with resumed ones;$'
	matches '^against the better of the cached prefixes -?[0-9]+% and [0-9]+%\.$'
}

@test "nothing to compare is a sentence, not a table of zeros" {
	lines plan >plan.md
	commit "plan: what to do"
	commit "code: it is done"
	replay --doc plan.md --actor-subject 'coder=^plan:' --actor-subject 'planner=^code:'
	is "$out" "nothing to compare: no actor has taken a second turn (coder 1, planner 1)"
	replay --json --doc plan.md --actor-subject 'coder=^plan:'
	json_is '.actors[0] | "\(.turns) \(.full_bytes) \(.price.fresh)"' "1 0 0"
	commit "plan: more"
	replay --doc none.md --actor-subject 'coder=^plan:'
	is "$out" "nothing to compare: no document in these turns; name some with --doc (coder 2)"
	# An actor without figures beside one that has some.
	replay --doc plan.md --actor-subject 'coder=^plan:' --actor-subject 'planner=^code:'
	matches '^all documents, uncached +1.000 +-$'
}

@test "the sums are of all turns but the first, in bytes" {
	printf '12345678\n' >a.md
	commit "RALPH AUTO 1"
	printf '1234\n' >b.md
	commit "RALPH AUTO 2"
	printf '123\n' >b.md
	commit "RALPH AUTO 3"
	commit "RALPH AUTO 4"
	replay --doc '*.md' --json
	json_is '.actors | length' 1
	json_is '.actors[0] | "\(.actor) \(.turns) \(.full_bytes)"' "galph 4 $((14 + 13 + 13))"
	# a.md in all three, b.md in the last one: 4 of 6 documents.
	json_true '.actors[0] | (.file_hit_rate * 6 | round) == 4'
	json_true '.actors[0] | (.byte_hit_rate * 40 | round) == 31'
}

@test "documents: as configured, by pattern, or what looks like one" {
	doc=docs/fix_plan.md
	mkdir docs
	history_of 6
	replay --json
	json_true '.actors[0].full_bytes > 10000'
	whole=$(json '.actors[0].full_bytes')
	replay --json --doc input.md
	json_true ".actors[0].full_bytes < $whole"
	replay --json --doc 'docs/*.md' --doc input.md --doc docs/fix_plan.md
	json_is '.actors[0].full_bytes' "$whole"
	replay --json --doc none.md --doc '../x' --doc '.git/config'
	json_is '.actors[0] | "\(.full_bytes) \(.price.full) \(.price.fresh)"' "0 0 0"
	# Those of .orchconfig, and an actor's own.
	put .orchconfig <<-'END'
	[orch]
		plan = docs/fix_plan.md
		input = ""
	END
	git config orchactor.ralph.doc input.md
	replay --json
	json_true ".actors[] | select(.actor == \"galph\").full_bytes < $whole"
	json_true '(.actors[] | select(.actor == "ralph").full_bytes) > (.actors[] | select(.actor == "galph").full_bytes)'
}

@test "ranges: A..B, A.., ..B, one revision" {
	history_of 8
	git tag end
	mid=$(git log --format='%H %s' | sed -n 's/ RALPH.*00002.*//p')
	replay --json --doc plan.md
	is "$(turns galph) $(turns ralph)" "4 4"
	replay --json --doc plan.md "$mid"
	is "$(turns galph) $(turns ralph)" "2 2"
	replay --json --doc plan.md "$mid..end"
	is "$(turns galph) $(turns ralph)" "2 2"
	replay --json --doc plan.md "$mid.."
	is "$(turns galph) $(turns ralph)" "2 2"
	git checkout -q "$mid"
	replay --json --doc plan.md "..end"
	is "$(turns galph) $(turns ralph)" "2 2"
	# What begins beside the line: all that cannot be reached from there.
	git checkout -q -b side "$mid" && git commit -q --allow-empty -m beside
	replay --json --doc plan.md side..end
	is "$(turns galph) $(turns ralph)" "2 2"
	exits 1 git orch replay --doc plan.md end..end
	one_error
	for r in nonsense nonsense..end end..nonsense; do
		exits 128 git orch replay --doc plan.md "$r"
		one_error nonsense
	done
	exits 129 git orch replay --doc plan.md "$mid...end"
	one_error "two dots"
	exits 129 git orch replay a b
	one_error "'b'"
}

@test "--actor-subject" {
	lines plan >plan.md
	for i in 1 2 3; do
		for what in plan review code; do
			echo "$what $i" >>plan.md
			commit "$what: $i"
		done
	done
	exits 1 git orch replay --doc plan.md
	one_error "--actor-subject"
	replay --json --doc plan.md --actor-subject 'coder=^(plan|review):' --actor-subject 'planner=^code: [23]$'
	is "$(turns coder) $(turns planner)" "6 2"
	# Two expressions for one actor: its turns stay in the order of the history.
	replay --json --doc plan.md --actor-subject 'coder=^plan:' --actor-subject 'coder=^review:' --verify
	is "$(turns coder)" 6
	delta=$(json '.actors[0].delta_bytes')
	replay --json --doc plan.md --actor-subject 'coder=^(plan|review):'
	is "$(json '.actors[0].delta_bytes')" "$delta"
	# A commit that both match is one turn.
	replay --json --doc plan.md --actor-subject 'coder=^plan:' --actor-subject 'coder=: '
	is "$(turns coder)" 9
	exits 1 git orch replay --actor-subject 'x=^never$'
	one_error "no subject"
	for bad in nothing =x 'UPPER=x' 'a b=x'; do
		exits 129 git orch replay --actor-subject "$bad"
		one_error "$bad"
	done
	exits 128 git orch replay --actor-subject 'x=('
	one_error
	exits 129 git orch replay --actor-subject
}

@test "an expression that never ends is stopped" {
	commit "$(printf 'a%.0s' $(seq 3000))b"
	got=0
	timeout 20 git orch replay --actor-subject 'x=^(a+)+$' >../out 2>../err || got=$?
	[ $got = 128 ] || [ $got = 1 ]
	is "$(wc -l <../err)" 1
}

@test "[SYNC ...] histories of both schemas" {
	for i in 1 2 3; do
		commit "[SYNC i=$i] actor=galph status=running" plan.md "g$i"
		commit "[SYNC i=$i] actor=galph → next=ralph status=ok galph_commit=4011577$i" plan.md "G$i"
		commit "[SYNC i=$i] actor=ralph status=running" plan.md "r$i"
		commit "[SYNC i=$i] actor=ralph → next=galph status=ok ralph_commit=4011577$i" plan.md "R$i"
	done
	replay --json --doc plan.md --verify
	is "$(turns galph) $(turns ralph)" "3 3"
	git checkout -q --orphan steps
	for i in 0 1 2 3 4; do
		commit "[SYNC i=$((i + 1))] step=$i status=running" plan.md "s$i"
		commit "[SYNC i=$((i + 1))] step=$i status=waiting-next" plan.md "S$i"
	done
	replay --json --doc plan.md
	is "$(turns galph) $(turns ralph)" "3 2"
	# Only the handing over.
	git checkout -q --orphan next
	for i in 1 2; do
		commit "[SYNC i=$i] actor=galph → next=ralph status=ok" plan.md "n$i"
		commit "[SYNC i=$i] actor=ralph → next=galph status=ok" plan.md "N$i"
	done
	replay --json --doc plan.md
	is "$(turns galph) $(turns ralph)" "2 2"
}

@test "bare repositories, shallow clones, unborn branches, no repository" {
	history_of 8
	git clone -q --bare . ../bare.git 2>/dev/null
	exits 0 git-orch-replay -C ../bare.git --json --doc plan.md --verify
	is "$(turns galph) $(turns ralph)" "4 4"
	exits 0 git-orch-replay -C ../bare.git --json
	git clone -q --depth 4 "file://$repo" ../shallow
	cd ../shallow
	replay --json --doc plan.md --verify
	is "$(($(turns galph) + $(turns ralph)))" 3
	clean
	git init -q ../unborn && cd ../unborn
	exits 1 git orch replay
	one_error "no commit yet"
	outside
	exits 128 git-orch-replay
	one_error
}

@test "merges: along first parents only" {
	history_of 4
	git checkout -q -b side HEAD~2
	for i in 1 2 3; do commit "RALPH AUTO side $i" side.md "$i"; done
	git checkout -q main
	git merge -q --no-ff -m "SUPERVISOR AUTO merged" side
	replay --json --doc plan.md --doc side.md --verify
	is "$(turns galph) $(turns ralph)" "2 3"
}

@test "renamed, removed, emptied, odd documents: every pack is read back" {
	mkdir specs
	lines one >specs/a.md; lines two >specs/b.md; lines three >specs/c.md
	commit "RALPH AUTO 1"
	git mv specs/a.md specs/z.md; echo more >>specs/z.md
	commit "RALPH AUTO 2"
	git rm -q specs/b.md; : >specs/c.md
	commit "RALPH AUTO 3"
	lines three >specs/c.md; printf 'caf\351\r\n\0 no newline' >>specs/z.md
	head -c 1048576 /dev/zero | tr '\0' w >specs/wide.md
	put specs/tags.md '<removed path="specs/c.md">'
	commit "RALPH AUTO 4"
	printf '\n</document>\n<document path="specs/c.md" bytes="1">\nx' >>specs/tags.md
	sed -i 's/^w/W/' specs/wide.md; git mv specs/c.md "specs/odd \"name\".md"
	commit "RALPH AUTO 5"
	git rm -rq specs
	commit "RALPH AUTO 6"
	mkdir specs; lines one >specs/a.md
	commit "RALPH AUTO 7"
	for w in 1 2 1000; do
		replay --verify --json --doc 'specs/*.md' --price-write $w
		is "$(turns galph)" 7
	done
	# Links, directories and what is larger than a document are none.
	ln -s a.md specs/link.md; mkdir specs/dir.md; echo x >specs/dir.md/f
	lines big 100000 >specs/big.md
	commit "RALPH AUTO 8"
	git config orch.maxDocument 1m
	replay --verify --json --doc 'specs/*.md'
}

@test "prices" {
	history_of 12
	replay --json --doc plan.md --doc input.md
	json_is '.actors[0] | "\(.price_read) \(.price_write)"' "0.1 1.25"
	replay --json --doc plan.md --price-read 0.5 --price-write 2
	json_is '.actors[0] | "\(.price_read) \(.price_write)"' "0.5 2"
	fixed=$(json '.actors[0].price.fixed_order')
	git config orch.priceRead 0.5
	git config orchactor.galph.priceWrite 2
	replay --json --doc plan.md
	json_is '.actors[] | select(.actor == "galph").price.fixed_order' "$fixed"
	json_is '.actors[] | select(.actor == "ralph").price_write' 1.25
	for bad in x -1 '' 1e99 nan 1,5; do
		exits 129 git orch replay --price-write "$bad"
		one_error "--price-write"
		exits 129 git orch replay --price-read="$bad"
	done
}

@test "the recorded loop: the figures of the design, every pack read back" {
	[ -f "$bundle" ] || skip "no ../shared/data/loop-history.bundle"
	git clone -q -b main "$bundle" ../loop 2>/dev/null
	cd ../loop
	replay --json --verify $recorded --price-write 1.0
	json_is '[.actors[] | .actor] | sort | join(" ")' "galph ralph"
	json_true '.actors | map(.turns > 30 and .price.fresh <= 0.42 and .price.resumed <= 0.19) | all'
	json_true '.actors | map(.price.fresh < .price.stable_order) | all'
	replay --json $recorded --price-write 2.0
	json_true '.actors | map(.price.fresh <= 0.65 and .price.resumed <= 0.19) | all'
	# What the documents are is found out, too.
	replay --json
	json_true '.actors | map(.full_bytes > 1000000) | all'
	clean
}
