# git orch context status: what the next pack would bring

load helper
setup() { orch_setup; loop_init; }

lines() { seq -f "$1 line %g of a document that is long enough to be worth a change" 1 "${2-60}"; }
seen() { git orch context pack -q --actor galph "$@" >/dev/null && git orch context ack --actor galph >/dev/null; }
status() { exits 0 git orch context status --actor galph "$@"; }
doc() { json_is ".documents[] | select(.path == \"$1\") | $2" "$3"; }

@test "states with lines, tokens to send, hunks and headings" {
	{ echo "# Plan"; lines a; echo "## [T-1] Bridge"; lines b; } >docs/fix_plan.md
	lines c >docs/findings.md
	put specs/gone.md "# Gone"
	seen --session 0123456789abc
	sed -i '/^b line 7 /d; s/^b line 40 .*/&, changed/; s/^a line 3 .*/&, changed/' docs/fix_plan.md
	put input.md "Focus: other"
	put specs/two.md "# Two"
	rm specs/gone.md
	mv docs/findings.md specs/found.md
	status
	matches '^galph last saw pack 1-[0-9a-f]+ \([0-9a-f]{7}, [0-9]+s ago\); session 01234567, turn 1 of 6, cache warm for [0-9ms]+$'
	matches '^document +state +tokens +to send$'
	matches '^docs/fix_plan.md +\+2 -3 +[0-9.]+k +[0-9]+  3 hunks: Plan, \[T-1\] Bridge$'
	matches '^input.md +changed +[0-9]+ +[0-9]+  whole, no larger than its diff$'
	matches '^specs/two.md +new +3 +[0-9]+$'
	matches '^specs/found.md +new +[0-9.k]+ +[0-9]+  renamed from docs/findings.md$'
	matches '^specs/gone.md +removed +- +[0-9]+$'
	matches '^docs/index.md +unchanged +3 +0$'
	matches '^resumed now [0-9]+; fresh [0-9.]+k \((new )?key frame'
	exits 0 git orch context status --actor galph --json
	doc docs/fix_plan.md '"\(.added) \(.removed) \(.hunks) \(.whole) \(.headings | join("|"))"' "2 3 3 false Plan|[T-1] Bridge"
	doc input.md .whole true
	doc specs/found.md .from docs/findings.md
	json_is '.last.cache_left | . > 200 and . <= 300' true
	json_is '.last | "\(.session) \(.turn_of_session.turn) \(.turn_of_session.of)"' "0123456789abc 1 6"
	sum=$(json '[.documents[].to_send] | add') now=$(json .resumed.tokens) fresh=$(json .fresh.tokens)
	[ "$now" -gt "$sum" ] && [ "$now" -lt $((sum + 60)) ]
	exits 0 git orch context pack --preview --actor galph --session 0123456789abc --json
	json_is .tokens "$now"
	exits 0 git orch context pack --preview --actor galph --json
	json_is .tokens "$fresh"
}

@test "nothing changed: the layout tells, and says what pack does" {
	lines a 200 >docs/fix_plan.md
	seen --session s1
	status --json
	json_is '"\(.resumed.tokens) \(.omitted | length) \(.fresh.key_frame_is_new)"' "0 0 false"
	fresh=$(json .fresh.tokens)
	exits 0 git orch context pack --preview --actor galph --json
	json_true ".tokens - $fresh | . >= 0 and . < 20"	# but for what is uncommitted
	status
	matches '^resumed now nothing; fresh [0-9.]+k \(key frame [0-9.]+k'
	git orch context invalidate --actor galph >/dev/null
	status --json
	json_is .resumed null
}

@test "a session is shown as resumed only where something resumes it" {
	git config orchactor.galph.agent claude
	agent galph 'cat >/dev/null; echo "{\"type\":\"result\",\"session_id\":\"01a20289-aa\",\"usage\":{\"input_tokens\":1,\"output_tokens\":1}}"'
	agent ralph 'cat >/dev/null'
	git orch run -q >/dev/null 2>&1
	for change in no yes; do
		[ $change = no ] || put input.md "Focus: other"
		git config --unset orchactor.galph.resume || :
		status
		lacks 01a20289 "resumed now"
		matches '^fresh '
		has "each turn is a fresh session; orchactor.galph.resume would let it go on"
		status --json
		json_is '"\(.resumed) \(.last.session)"' "null 01a20289-aa"
		git config orchactor.galph.resume "cat >/dev/null"
		status
		has "; session 01a20289, turn 1 of 6"
		matches '^resumed now [0-9a-z]+; fresh '
		lacks "each turn is a fresh session"
	done
	# What is not known to have sessions is not told how to resume them.
	git config orchactor.galph.agent other
	git config --unset orchactor.galph.resume
	status
	lacks "resumed now" "fresh session"
}

@test "nothing is recorded" {
	seen
	put docs/index.md "# never seen by git"
	before=$(git rev-parse refs/orch/main/views/galph; git count-objects -v)
	status
	is "$(git rev-parse refs/orch/main/views/galph; git count-objects -v)" "$before"
}

@test "what a budget leaves out, with the command that reads it" {
	lines a 400 >"docs/big one.md"
	git config orch.doc 'docs/*.md'
	git config orch.budget 2000
	status
	matches "^left out \(budget 2.0k\): docs/big one.md [0-9.]+k; git orch context get 'docs/big one.md'\$"
	status --json
	json_is '.omitted | map(.path) | join(" ")' "docs/big one.md"
	json_true '.budget == 2000 and .fresh.tokens <= 2000'
	git config orch.budget 5
	status
	err_has "warning:" "too small"
	matches '^fresh '
	git config orch.budget 200000
	status
	lacks "left out"
}

@test "documents that are another actor's only" {
	put memory.md "mine"
	git config orchactor.ralph.doc memory.md
	status
	matches "^unchanged 0 of 5 files, 0% of bytes; .* tokens in all; memory.md is ralph's only\$"
	exits 0 git orch context status --actor ralph --json
	json_is '.others_only | length' 0
}

@test "how long the provider still has what was sent" {
	[ -e "$BUILD/tests/preload/clock.so" ] || skip "make units builds the clock"
	seen
	git config orch.priceWrite 2
	status --json
	json_is '.last.cache_left | . > 3500 and . <= 3600' true
	exits 0 shifted 4000 git orch context status --actor galph
	matches '^galph last saw pack 1-[0-9a-f]+ \([0-9a-f]{7}, 1h[0-9]+m ago\)$'
}
