# Who holds a turn and whether it is still there: clocks, pids, names, containers;
# and what a wrapper does with its command. turn.bats has the rules of the turn.

load helper

setup() {
	orch_setup
	state=.git/orch/loops/main/turn.json
	unset pids
}
teardown() {
	local p

	for p in "${pids[@]}"; do
		kill -KILL "$p" 2>/dev/null || :
	done
}
# background COMMAND...: $pid, ended with the test if it has not by itself.
background() { "$@" 3>&- & pid=$! pids+=("$!"); }
status_is() { exits 0 git orch turn status --json && json_is "$1" "$2"; }
receipts_are() { is "$(jq -sc "[.[] | $1]" .git/orch/receipts.jsonl)" "$2"; }
# Wait for a line on a fifo, at most 20 s: an event, not a sleep.
await() { timeout 20 head -n 1 "$1"; }
# Until the file has that text.
await_line() { timeout 20 grep -qF -- "$1" <(tail -n +1 -F "$2" 2>/dev/null); }
# Until the process is a zombie or nothing any more.
await_end() {
	local i

	for ((i = 0; i < 1000; i++)); do
		grep -q '^State:.[^ZX]' "/proc/$1/status" 2>/dev/null || return 0
		sleep 0.01
	done
	fail_with "process $1 does not end"
}
# change_state FILTER: what nobody but a breaker does.
change_state() { jq -c "$1" $state >$state.new && mv $state.new $state; }

# --- a wrapper whose turn is lost ------------------------------------------

@test "with ends its command at once when the turn is lost" {
	mkfifo up
	git init -q --bare ../origin.git
	git remote add origin ../origin.git
	background git-orch-turn with --lease 1h galph -- sh -c '
		git commit -q --allow-empty -m "is there"
		git push -q origin main
		git commit -q --allow-empty -m "is only here"
		echo $$ >up; exec sleep 1000' 2>err
	child=$(await up)
	change_state '.generation = 9'
	got=0; wait "$pid" || got=$?
	is $got 1
	await_end "$child"
	err=$(cat err)
	err_has "ending the command" "generation 1 is not current, 9 is: galph holds it" \
		"no remote or other branch: $(git rev-parse --short HEAD) is only here"
	err_lacks "is there"
	receipts_are '[.id, .generation, .status, (.commits | length)]' '[["1/galph",1,"lost",2]]'
	# Nothing of what is not ours any more was changed.
	is "$(jq .generation $state)" 9
}

@test "a lost turn is lost whatever the command makes of the signal" {
	mkfifo up
	background git-orch-turn with galph -- sh -c '
		trap "exit 0" TERM; echo >up; while :; do sleep 0.02; done' 2>err
	await up
	change_state '.generation = 2'
	got=0; wait "$pid" || got=$?
	is $got 1
	# A process group of its own ends as a whole.
	rm -r .git/orch
	background git-orch-turn with galph -- setsid sh -c '
		sleep 1000 & echo $! >up; wait' 2>err
	child=$(await up)
	change_state '.generation = 2'
	wait "$pid" && fail_with "exit 0"
	await_end "$child"
}

@test "run ends its agent at once when the turn is lost" {
	loop_init
	agent galph 'git commit -q --allow-empty -m mine; echo $$ >up; sleep 1000'
	mkfifo up
	background git-orch-run --actor galph >out 2>err
	child=$(await up)
	change_state '.generation = 9'
	got=0; wait "$pid" || got=$?
	is $got 1
	await_end "$child"
	err=$(cat err)
	err_has "1/galph was lost: generation 1 is not current" \
		"$(git rev-parse --short HEAD) mine"
	receipts_are '[.id, .status]' '[["1/galph","lost"]]'
	status_is '[.generation, .iteration]' '[9,1]'
}

@test "a wrapper at work sleeps" {
	command -v strace >/dev/null || skip "no strace"
	sanitized && skip "sanitizers and strace do not mix"
	mkfifo up
	background strace -o trace git-orch-turn with galph -- sh -c 'echo >up; exec sleep 1000'
	await up
	# It looks once at what it wrote itself: the child's name.
	await_line 'poll(' trace
	before=0
	until [ "$before" = "$(wc -l <trace)" ]; do
		before=$(wc -l <trace)
		sleep 0.3
	done
	sleep 1.5
	is "$(wc -l <trace)" "$before"
	pkill -KILL -P "$pid"
}
