#!/usr/bin/env bats
# git orch run: turns are played, receipts left, and nothing else.
load helper
setup() {
	orch_setup
	loop_init
	git config orch.retryDelay 0
}

# An agent that commits one line; reads its prompt like a real one.
worker='cat >/dev/null; echo "$GIT_ORCH_ACTOR $GIT_ORCH_ITERATION" >>work.txt;
	git add work.txt; git commit -q -m "$GIT_ORCH_ACTOR $GIT_ORCH_ITERATION"'
both() { agent galph "$1"; agent ralph "$1"; }
# Wait for a line on a fifo, at most 20 s: an event, not a sleep.
await() { timeout 20 head -n 1 "$1" >/dev/null; }
state() { git orch turn status --json | jq -r "$1"; }

@test "three iterations of a ring of two: iteration 4, galph expected" {
	both "$worker"
	exits 0 git orch run -n 3
	matches '^1/galph +ok'
	matches '^3/ralph +ok'
	exits 0 git orch turn status --json
	json_is .iteration 4
	json_is .expected_actor galph
	json_is .status ok
	json_is .holder null
	json_is .step 0
	is "$(git log --reverse --format=%s HEAD~6..)" "$(printf '%s\n' 'galph 1' \
		'ralph 1' 'galph 2' 'ralph 2' 'galph 3' 'ralph 3')"
	clean
}

@test "everything of ours is under orch/ in the git dir and refs/orch" {
	both "$worker"
	(cd .git && find . -path ./objects -prune -o -path ./logs -prune -o -type f -print) |
		grep -v '^./orch/' | sort >"$BATS_TEST_TMPDIR/before"
	exits 0 git orch run
	(cd .git && find . -path ./objects -prune -o -path ./logs -prune -o -type f -print) |
		grep -vE '^./(orch/|refs/orch/)' | sort >"$BATS_TEST_TMPDIR/after"
	diff "$BATS_TEST_TMPDIR/before" "$BATS_TEST_TMPDIR/after" |
		{ ! grep '^>' | grep -v COMMIT_EDITMSG; }
	is "$(git for-each-ref --format='%(refname)' | grep -vE '^refs/(orch|heads)/')" ""
	clean
}

@test "the agent finds its prompt on stdin and by path, and who it is" {
	agent galph 'cat >"$OUT/stdin"; cp "$GIT_ORCH_PROMPT" "$OUT/prompt";
		cat "$GIT_ORCH_STATIC" "$GIT_ORCH_DYNAMIC" >"$OUT/parts"; pwd >"$OUT/pwd"
		env | grep ^GIT_ORCH_ | sort >"$OUT/env"'
	export OUT=$BATS_TEST_TMPDIR
	mkdir sub && cd sub
	exits 0 git orch run --actor galph
	cmp "$OUT/stdin" "$OUT/prompt"
	cmp "$OUT/parts" "$OUT/prompt"
	is "$(cat "$OUT/pwd")" "$repo"
	grep -q "You are galph. Plan the next step." "$OUT/stdin"
	grep -q "make needs -j2" "$OUT/stdin"
	for v in ACTOR=galph LOOP=main ITERATION=1 GENERATION=1 ATTEMPT=1; do
		grep -qx "GIT_ORCH_$v" "$OUT/env"
	done
	grep -qE '^GIT_ORCH_SESSION=[0-9a-f]{8}-[0-9a-f]{4}-4' "$OUT/env"
	exits 0 git orch show 1/galph --prompt
	cmp "$outfile" "$OUT/stdin"
}

@test "a prompt over 128 KiB, and an agent that does not read it" {
	head -c 300000 /dev/zero | tr '\0' x | fold >docs/index.md
	commit "large document"
	git config orch.budget 200000
	both 'test "$(wc -c <"$GIT_ORCH_PROMPT")" -gt 300000'
	exits 0 git orch run
	is "$(state .iteration)" 2
}

@test "what is over the budget is left out of the prompt, and the turn is played" {
	seq -f 'line %g of a large document, in which nothing is like anything else' 1 5000 >docs/index.md
	commit "large document"
	both 'cp "$GIT_ORCH_PROMPT" ../prompt'
	exits 0 git orch run
	is "$(state .iteration)" 2
	[ "$(stat -c %s ../prompt)" -lt 20000 ]
	grep -q '^  docs/index.md  .* bytes, .* tokens: git orch context get docs/index.md$' ../prompt
	exits 0 git orch context status --actor galph --json
	json_is '[.documents[] | select(.state == "new").path] | join(" ")' docs/index.md
}

@test "a failing agent is tried again in the same turn" {
	agent galph 'test "$GIT_ORCH_ATTEMPT" = 2 && echo fine'
	exits 0 git orch run --actor galph
	exits 0 git orch log --json
	json_is '.receipts | map(.id + " " + .status) | join(",")' "1/galph failed,1/galph.2 ok"
	json_is '.receipts | map(.generation) | unique | length' 1
	is "$(state .expected_actor)" ralph
}

@test "an agent that fails at once twice stops the loop; nothing is acknowledged" {
	both 'echo no luck; exit 3'
	exits 1 git orch run -n 5
	err_has "1/galph" "twice within 5 seconds" "exit 3"
	has "git orch run"
	is "$(state '.status + " " + .expected_actor')" "failed galph"
	is "$(state .iteration)" 1
	exits 0 git orch log --json
	json_is '.receipts | length' 2
	exits 0 git orch context status --actor galph --json
	json_is .hits 0
	exits 0 git orch show 1/galph.2 --log
	has "no luck"
}

@test "a failed turn's documents are offered again" {
	agent ralph true
	agent galph 'cat >"$OUT/$GIT_ORCH_ATTEMPT"; exit 1'
	export OUT=$BATS_TEST_TMPDIR
	exits 1 git orch run
	agent galph 'cat >"$OUT/again"'
	exits 0 git orch run --actor galph
	grep -q "make needs -j2" "$OUT/1"
	grep -q "make needs -j2" "$OUT/again"
}

@test "126 and 127 are never tried again" {
	agent galph 'no-such-agent-program'
	agent ralph true
	exits 1 git orch run
	err_has 127
	exits 0 git orch log --json
	json_is '.receipts | length' 1
	is "$(state .status)" failed
}

@test "no command for an actor: 128, the line to type, nothing changed" {
	agent galph true
	exits 128 git orch run
	one_error "git config orchactor.ralph.command"
	is "$(state .generation)" 0
	[ ! -e .git/orch/receipts.jsonl ]
}

@test "a tracked file cannot name a command" {
	agent ralph true
	git config -f .orchconfig orchactor.galph.command "touch $BATS_TEST_TMPDIR/pwned"
	exits 128 git orch run
	err_has "orchactor.galph.command is ignored"
	[ ! -e "$BATS_TEST_TMPDIR/pwned" ]
}

@test "a missing core file: 128 and the turn as it was" {
	both true
	git rm -q prompts/main.md && git commit -q -m gone
	exits 128 git orch run
	err_has prompts/main.md
	is "$(state .generation)" 0
}

@test "a prompt over the budget is refused with size and key" {
	both true
	exits 128 git -c orch.budget=10 orch run
	one_error "orch.budget"
	is "$(state .generation)" 0
}

# `$1` is the signal; the agent's whole group must get it.
interrupt() {
	agent ralph true
	mkfifo up
	agent galph 'trap "echo got-'"$1"' >>trapped; exit 0" '"$1"'; (echo up >up; sleep 100 & wait)
		sleep 100 & wait'
	env --default-signal="$1" git-orch-run >run.log 2>&1 &
	pid=$!
	await up
	kill -"$1" $pid
	rc=0; wait $pid || rc=$?
	is "$rc" 130
}

@test "Ctrl-C: the agent's group gets it, exit 130, the same actor is next" {
	echo '/up
/trapped
/run.log' >.git/info/exclude
	interrupt INT
	grep -q got-INT trapped
	is "$(state '.status + " " + .expected_actor')" "interrupted galph"
	! grep 'interrupted.*interrupted' run.log
	exits 0 git orch
	has "galph's turn, the last one was interrupted"
	! grep 'interrupted.*  interrupted' "$outfile"
	both true
	exits 0 git orch run
	is "$(state .iteration)" 2
	exits 0 git orch log --json
	json_is '.receipts[0].status' interrupted
}

@test "SIGTERM ends the turn the same way" {
	interrupt TERM
	is "$(state .status)" interrupted
}

@test "the turn limit ends the agent's group" {
	agent ralph true
	agent galph 'sleep 300 & echo $! >kid; echo /kid >>.git/info/exclude; wait'
	exits 1 git orch run --turn-limit 1 --retries 0
	err_has "turn limit"
	# gone, or a zombie that nobody has collected
	state=$(sed 's/.*) //; s/ .*//' "/proc/$(cat kid)/stat" 2>/dev/null || echo gone)
	[[ $state == gone || $state == Z ]]
	is "$(state .status)" failed
}

@test "a second runner exits 75 and names the first" {
	mkfifo up down
	agent galph 'echo up >up; read x <down'
	agent ralph true
	git-orch-run >/dev/null 2>&1 &
	pid=$!
	await up
	exits 75 git orch run
	err_has "pid $pid"
	err_has 'git orch run, pid'
	exits 75 git orch run --actor galph --timeout 0
	exits 0 git orch
	matches "^  runner  git orch run, pid $pid, since [0-2][0-9]:"
	is "$(grep -c '  runner  ' <<<"$out")" 1
	exits 0 git orch --json
	json_is '.runners | map(.actor) | join(" ")' 'galph ralph'
	json_is '.runners[0].pid' "$pid"
	echo go >down
	wait $pid
	is "$(state .iteration)" 2
	exits 0 git orch
	! grep runner "$outfile"
}

@test "a killed runner is not shown as one" {
	mkfifo up
	agent galph 'echo up >up; sleep 100'
	agent ralph true
	setsid git-orch-run -n 7 --until 2h >/dev/null 2>&1 &
	pid=$!
	await up
	exits 0 git orch
	has "  runner  git orch run -n 7 --until 2h, pid $pid"
	kill -KILL -- -$pid
	wait $pid || :
	exits 0 git orch
	! grep runner "$outfile"
	exits 0 git orch --json
	json_is .runners '[]'
}

# Until the file has that text.
await_line() {
	timeout 20 grep -qF "$1" <(tail -n +1 -f "$2")
}

@test "who waits for nobody is told what to type, who waits for a runner is not" {
	mkfifo up down
	agent galph 'echo up >up; read x <down; git commit -q --allow-empty -m galph'
	agent ralph 'git commit -q --allow-empty -m ralph'
	exits 75 git orch run --actor ralph --timeout 0
	git-orch-run --actor galph >galph.log 2>&1 &
	pid=$!
	await up
	git-orch-run --actor ralph -n 2 >ralph.log 2>&1 &
	ralph=$!
	await_line "waiting: iteration 1, galph holds it (pid $pid" ralph.log
	echo go >down
	wait $pid
	await_line "waiting: iteration 2, galph's turn, which nobody plays: git orch run --actor galph" \
		ralph.log
	# A runner that comes and goes meanwhile is seen to do so.
	git orch turn acquire galph --pid $$ >/dev/null
	await_line "waiting: iteration 2, galph holds it (pid $$" ralph.log
	exits 75 git orch run --actor galph --timeout 0
	kill $ralph
	wait $ralph || :
	is "$(grep -c 'galph holds it (pid '$$ ralph.log)" 1
}

@test "a negative count is misuse" {
	both true
	exits 129 git orch run -n -1
	exits 129 git orch run --retries -1
	exits 129 git orch run -n -2
	is "$(state .generation)" 0
}

@test "two runners, one side each, work together" {
	both "$worker"
	git-orch-run --actor ralph -n 3 >ralph.log 2>&1 &
	pid=$!
	exits 0 git orch run --actor galph -n 3
	wait $pid
	is "$(state '"\(.iteration) \(.expected_actor)"')" "4 galph"
	is "$(git log --format=%s | grep -c galph)" 3
	is "$(git log --format=%s | grep -c ralph)" 3
}

@test "no turn in time: 75" {
	both true
	exits 75 git orch run --actor ralph --timeout 0
	err_has galph
	is "$(state .generation)" 0
}

@test "three iterations that change nothing stop an endless loop" {
	both 'cat >/dev/null'
	exits 1 git orch run -n 0
	err_has "3 iterations without a commit or a changed file"
	is "$(state .iteration)" 4
}

@test "--until in the past plays nothing; a bad time is misuse" {
	both "$worker"
	exits 0 git orch run --until 0
	is "$(state .generation)" 0
	exits 129 git orch run --until 25:00
	exits 129 git orch run --until soon
	exits 129 git orch run -n -3
	exits 129 git orch run --retries x
	exits 129 git orch run galph
}

@test "an agent that leaves the tree on another branch: the turn fails by name" {
	agent galph 'git checkout -q -b elsewhere'
	agent ralph true
	exits 1 git orch run
	err_has "branch elsewhere"
}

@test "--dry-run says what would be played and changes nothing" {
	both true
	exits 0 git orch run --dry-run --json
	json_is .actor galph
	json_is .command true
	json_true '.tokens > 0'
	exits 0 git orch run --dry-run
	has "galph's turn"
	[ ! -e .git/orch/loops/main/turn.json ] && [ ! -e .git/orch/receipts.jsonl ]
	is "$(git for-each-ref refs/orch)" ""
}

@test "--json is one object with the receipts" {
	both "$worker"
	exits 0 git orch run --json
	json_is .version 1
	json_is .stopped done
	json_is '.turns | map(.id) | join(" ")' "1/galph 1/ralph"
	json_is .commits 2
	json_is '.next | [.actor, .iteration, .command]' '["galph",2,"git orch run"]'
	json_is '.turns[0].commits | length' 1
	exits 0 git orch run --loop side --actor galph --json
	json_is .next.command 'git orch run --actor ralph --loop side'
}

@test "usage of claude and codex reaches the receipt; a resumed total counts once" {
	git config orchactor.galph.agent codex
	git config orchactor.ralph.agent claude
	put "$BATS_TEST_TMPDIR/codex" <<-'END'
	{"type":"thread.started","thread_id":"thread-1"}
	{"type":"turn.started"}
	{"type":"item.completed","item":{"id":"i","type":"agent_message","text":"planned"}}
	{"type":"turn.completed","usage":{"input_tokens":900,"cached_input_tokens":500,"cache_write_input_tokens":100,"output_tokens":7,"reasoning_output_tokens":0}}
	END
	put "$BATS_TEST_TMPDIR/claude1" <<-'END'
	{"type":"result","subtype":"success","is_error":false,"result":"done","session_id":"s-1","total_cost_usd":0.5,"usage":{"input_tokens":11,"cache_creation_input_tokens":200,"cache_read_input_tokens":30,"output_tokens":4},"modelUsage":{"claude-x":{"inputTokens":11,"outputTokens":4}}}
	END
	sed 's/"input_tokens":11/"input_tokens":21/; s/"output_tokens":4/"output_tokens":9/; s/0\.5/0.75/' \
		"$BATS_TEST_TMPDIR/claude1" >"$BATS_TEST_TMPDIR/claude2"
	agent galph "cat '$BATS_TEST_TMPDIR/codex'"
	agent ralph "cat '$BATS_TEST_TMPDIR/claude'\$GIT_ORCH_ITERATION"
	exits 0 git orch run -n 2
	err_has planned
	exits 0 git orch log --json
	json_is '.receipts[0].tokens' \
		'{"uncached":300,"cache_write":100,"cache_read":500,"output":7}'
	json_is '.receipts[0].session' thread-1
	json_is '.receipts[1].tokens' \
		'{"uncached":11,"cache_write":200,"cache_read":30,"output":4}'
	json_is '.receipts[1].model' claude-x
	json_is '.receipts[1].cost_usd' 0.5
	json_is '.receipts[3].tokens' \
		'{"uncached":10,"cache_write":0,"cache_read":0,"output":5}'
	json_is '.receipts[3].cost_usd' 0.25
}

@test "agents find git where the user has it, not in git's exec-path" {
	both 'case $PATH in *git-core*) exit 9;; esac'
	exits 0 git orch run
}

@test "a failed receipt or log warns and fails no turn" {
	both "$worker"
	mkdir -p .git/orch/receipts.jsonl .git/orch/logs
	: >.git/orch/logs/main
	exits 0 git orch run
	err_has warning receipt
	is "$(state .iteration)" 2
}

@test "detached HEAD: 128 with the command to use" {
	both true
	git checkout -q --detach
	exits 128 git orch run
	one_error "--loop"
	exits 0 git orch run --loop mine
}

@test "outside a repository, and in a bare one" {
	outside
	exits 128 git orch run
	one_error
	git init -q --bare bare.git && cd bare.git
	exits 128 git orch run
	one_error
}
