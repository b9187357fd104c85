# Agent sessions: which turn goes on in the session of the one before, and what
# it gets then.

load helper
setup() {
	orch_setup
	loop_init
	git config orch.retryDelay 0
	export OUT=$BATS_TEST_TMPDIR
	git config orchactor.ralph.agent claude
	agent galph 'cat >/dev/null; echo "$GIT_ORCH_ITERATION" >>docs/index.md; git commit -qam "galph $GIT_ORCH_ITERATION"'
	# A turn of ralph: keeps what it got, and says which session that was.
	put "$OUT/ralph" <<-'END'
	#!/bin/sh
	# usage: ralph new|resumed
	cat >"$OUT/stdin.$GIT_ORCH_ITERATION"
	cp "$GIT_ORCH_STATIC" "$OUT/static.$GIT_ORCH_ITERATION"
	echo "$GIT_ORCH_ITERATION $1 ${GIT_ORCH_SESSION:-none} $GIT_ORCH_RESUMED" >>"$OUT/turns"
	session=${SESSION:-$GIT_ORCH_SESSION}
	[ ! -e "$OUT/fail.$GIT_ORCH_ITERATION" ] || { rm "$OUT/fail.$GIT_ORCH_ITERATION"; exit 1; }
	[ ! -e "$OUT/forget.$GIT_ORCH_ITERATION" ] || git orch context invalidate >/dev/null
	[ ! -e "$OUT/compact.$GIT_ORCH_ITERATION" ] ||
		printf '{"type":"system","subtype":"compact_boundary","session_id":"%s"}\n' "$session"
	printf '{"type":"result","subtype":"success","is_error":false,"result":"done","session_id":"%s","total_cost_usd":0.1,"usage":{"input_tokens":11,"cache_creation_input_tokens":20,"cache_read_input_tokens":30,"output_tokens":4}}\n' "$session"
	echo "$GIT_ORCH_ITERATION" >>work.txt; git add work.txt; git commit -qm "ralph $GIT_ORCH_ITERATION"
	END
	chmod +x "$OUT/ralph"
	agent ralph '"$OUT/ralph" new'
}
resume() { git config orchactor.ralph.resume '"$OUT/ralph" resumed'; }
# "new resumed ...": how ralph's turns were started, in order.
started() { awk '{ printf "%s%s", sep, $2; sep = " " }' "$OUT/turns"; }

@test "without orchactor.<name>.resume each turn is a fresh session" {
	exits 0 git orch run -n 3
	is "$(started)" "new new new"
	is "$(awk '{ print $3 }' "$OUT/turns" | sort -u | wc -l)" 3
	is "$(awk '{ print $4 }' "$OUT/turns" | sort -u)" 0
}

@test "a resumed session gets what changed, and nothing twice" {
	resume
	exits 0 git orch run -n 3
	is "$(started)" "new resumed resumed"
	is "$(awk '{ print $3 }' "$OUT/turns" | sort -u | wc -l)" 1
	grep -q 'make needs -j2' "$OUT/stdin.1"
	! grep -q 'make needs -j2' "$OUT/stdin.2"
	! grep -q 'You are ralph' "$OUT/stdin.2"
	grep -q 'Changed since your last turn' "$OUT/stdin.2"
	grep -q 'path="docs/index.md"' "$OUT/stdin.2"
	# Whoever wants the stable part again gets the same bytes.
	cmp "$OUT/static.1" "$OUT/static.2"
	cmp "$OUT/static.1" "$OUT/static.3"
	exits 0 git orch show 2/ralph --json
	json_is .prompt.resumed true
	json_is '[.prompt.parts[] | select(.static | not).kind] | join(" ")' "open turn"
	exits 0 git orch show 2/ralph
	has "the session was resumed"
	exits 0 git orch show 2/ralph --prompt
	has "You are ralph"
}

@test "the id is the one that the agent names" {
	resume
	export SESSION=0a1b-claude.7
	exits 0 git orch run -n 2
	is "$(awk 'NR == 2 { print $2, $3 }' "$OUT/turns")" "resumed 0a1b-claude.7"
}

@test "an id that is no plain word is not resumed" {
	resume
	export SESSION='x;touch pwned'
	exits 0 git orch run -n 2
	is "$(started)" "new new"
	export SESSION='--dangerous'
	exits 0 git orch run -n 2
	is "$(started)" "new new new new"
}

@test "a fresh session after orch.sessionTurns, or the actor's own number of turns" {
	resume
	git config orch.sessionTurns 2
	exits 0 git orch run -n 5
	is "$(started)" "new resumed new resumed new"
	git config orchactor.ralph.sessionTurns 1
	exits 0 git orch run -n 2
	is "$(started)" "new resumed new resumed new new new"
}

@test "a fresh session after a failed attempt, and the documents again" {
	resume
	: >"$OUT/fail.2"
	exits 0 git orch run -n 3
	is "$(started)" "new resumed new resumed"
	grep -q 'make needs -j2' "$OUT/stdin.2"
}

@test "a fresh session after a compaction" {
	resume
	: >"$OUT/compact.2"
	exits 0 git orch run -n 3
	is "$(started)" "new resumed new"
}

@test "a fresh session after an hour's gap" {
	resume
	exits 0 git orch run
	# The receipt of a turn that ended two hours ago.
	then=$(date -u -d '2 hours ago' +%Y-%m-%dT%H:%M:%S)
	sed -i -E "s/\"ended_at\":\"[^\"]*\"/\"ended_at\":\"${then}Z\"/;
		s/\"started_at\":\"[^\"]*\"/\"started_at\":\"${then}Z\"/" .git/orch/receipts.jsonl
	exits 0 git orch run
	is "$(started)" "new new"
}

@test "a fresh session after context invalidate" {
	resume
	exits 0 git orch run
	exits 0 git orch context invalidate --actor ralph
	exits 0 git orch run
	is "$(started)" "new new"
	grep -q 'make needs -j2' "$OUT/stdin.2"
}

@test "an agent that says in its turn what it forgot: a new session, under a new id" {
	resume
	: >"$OUT/forget.2"
	exits 0 git orch run -n 3
	is "$(started)" "new resumed new"
	is "$(awk '{ print $3 }' "$OUT/turns" | sort -u | wc -l)" 2
	is "$(awk '{ print $4 }' "$OUT/turns" | tr -d '\n')" 010
	grep -q 'make needs -j2' "$OUT/stdin.3" || grep -q 'make needs -j2' "$OUT/static.3"
}

@test "a receipt sets what the cache gave against what the layout promised" {
	git config orchactor.ralph.agent other
	git config orch.priceWrite 2
	seq -f 'line %g of a document that does not change, however long the loop goes on' 1 800 >docs/index.md
	commit "a long document"
	agent galph 'cat >/dev/null'
	exits 0 git orch run -n 2
	exits 0 git orch show 1/ralph --json
	json_is .prompt.promised 0
	exits 0 git orch show 2/ralph --json
	json_true '.prompt.promised > 1024 and .prompt.promised < .prompt.tokens'
	git config orchactor.ralph.agent claude
	git config orchactor.ralph.command '"$OUT/ralph" "$GIT_ORCH_STATIC"'
	exits 0 git orch run -n 2
	exits 0 git orch show 4/ralph
	matches '^cache promised [0-9.]+k, read 30: the prefix was not found'
}
