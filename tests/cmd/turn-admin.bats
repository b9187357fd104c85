# git orch turn: what people do from outside: break, pause, resume, watch.

load helper

setup() { orch_setup; unset pids; }
teardown() {
	end_all
}

@test "break: nobody, somebody alive, by force, somebody gone" {
	exits 1 git orch turn break
	one_error "nobody holds the turn: it is galph's"
	spawn_holder
	exits 0 git orch turn acquire --pid "$pid" galph
	exits 75 git orch turn break
	one_error "galph holds it (pid $pid on " "--force"
	status_is .generation 1
	exits 0 git orch turn break --force --reason "went home"
	exits 0 git orch turn status --json
	json_true '.generation == 2 and .holder == null and .status == "lost" and
		.expected_actor == "galph" and .reason == "went home"'
	exits 0 git orch log --json
	json_true '.receipts | length == 1 and .[0].status == "lost" and
		.[0].reason == "broken: went home"'
	# Its number is worth nothing any more.
	exits 1 git orch turn release --generation 1
	exits 0 git orch turn acquire --pid "$pid" galph
	is "$out" 3
	kill -KILL "$pid"
	wait "$pid" || :
	exits 0 git orch turn break
	status_is .status lost
	exits 1 git orch turn break --force
}

@test "break --force ends the command under the turn at once" {
	mkfifo started
	git orch turn with galph -- sh -c 'echo >started; exec sleep 1000' 2>with.err 3>&- &
	pids+=("$!")
	read -r _ <started
	exits 0 git orch turn break --force
	got=0
	wait "${pids[0]}" || got=$?
	# TERM, which the command died of; the turn was lost.
	[ "$got" = 143 ] || [ "$got" = 1 ]
	grep -q "the turn is lost" with.err
	status_is .generation 2
}

@test "a pause lets the turn end and nobody begin one" {
	spawn_holder
	exits 0 git orch turn acquire --pid "$pid" galph
	exits 0 git orch turn pause "looking at it"
	exits 1 git orch turn pause
	one_error "paused already: looking at it"
	exits 0 git orch turn status --json
	json_true '.paused.reason == "looking at it" and (.paused.since | length == 20) and
		.paused.host != "" and .holder.actor == "galph"'
	exits 0 git orch turn status
	has "paused     looking at it, " "s ago on "
	exits 0 git orch turn release --generation 1
	exits 75 git orch turn acquire --timeout 0 --pid none ralph
	one_error "the loop is paused: looking at it"
	git orch turn acquire --pid none ralph >gen 2>acquire.err 3>&- &
	pids+=("$!")
	until_true grep -q "waiting: the loop is paused" acquire.err
	exits 0 git orch turn resume
	wait "${pids[1]}"
	is "$(cat gen)" 2
	exits 1 git orch turn resume
	one_error "the loop is not paused"
	exits 0 git orch turn status --json
	json_is .paused null
}

@test "a pause ends runners: one that waits, one that begins" {
	loop_init
	agent galph true
	agent ralph true
	commit "a loop"
	spawn_holder
	exits 0 git orch turn acquire --pid "$pid" galph
	git orch run -n 2 >run.out 2>run.err 3>&- &
	pids+=("$!")
	until_true grep -q "galph holds it" run.err
	exits 0 git orch turn pause "for the night"
	got=0
	wait "${pids[1]}" || got=$?
	is "$got" 75
	grep -q "the loop is paused" run.out run.err
	exits 75 git orch run
	exits 0 git orch turn release --generation 1
	exits 75 git orch run --json
	json_is .stopped paused
	exits 0 git orch turn resume
	exits 0 git orch run -n 1
}

@test "status --wait returns with the next change" {
	exits 75 git orch turn status --wait --timeout 0
	git-orch-turn status --wait --json >seen.json 3>&- &
	pids+=("$!")
	# It watches: so it has read the state that it compares with.
	# shellcheck disable=SC2016
	until_true sh -c 'grep -q inotify /proc/$0/fdinfo/*' "${pids[0]}"
	exits 0 git orch turn acquire --pid none galph
	wait "${pids[0]}"
	is "$(jq -r .holder.actor seen.json)" galph
}

@test "release --set hands values on, an empty one takes one away" {
	exits 0 git orch turn acquire --pid none galph
	exits 129 git orch turn release --generation 1 --set nonsense
	one_error "'nonsense' is not KEY=VALUE"
	exits 128 git orch turn release --generation 1 --set "a b=c"
	one_error "'a b' is no key"
	exits 128 git orch turn release --generation 1 --set "k=$(printf '%5000s' x)"
	status_is .holder.actor galph
	exits 0 git orch turn release --generation 1 --set plan=docs/p.md --set "why=a = b"
	exits 0 git orch turn status --json
	json_is .values '{"plan":"docs/p.md","why":"a = b"}'
	exits 0 git orch turn status
	has "values     plan=docs/p.md" "           why=a = b"
	exits 0 git orch turn acquire --pid none ralph
	exits 0 git orch turn release --generation 2 --set plan= --set why=2
	exits 0 git orch turn status --json
	json_is .values '{"why":"2"}'
}

@test "sync needs a remote" {
	exits 1 git orch turn sync
	one_error "no remote shares the turn: git config orch.remote NAME"
	git config orch.remote nowhere
	exits 128 git orch turn sync
	one_error "nowhere"
	exits 128 git orch turn acquire --timeout 0 --pid none galph
	git config --unset orch.remote
	exits 128 git orch turn acquire --sync-via-git --timeout 0 --pid none galph
	one_error "no remote is configured"
}
