# Who holds a turn and whether it is still there: clocks, pids, names, containers;
# and what a wrapper does with its command. turn.bats has the rules of the turn.

load helper

setup() {
	orch_setup
	state=.git/orch/loops/main/turn.json
	unset pids
}
teardown() {
	end_all
}
receipts_are() { is "$(jq -sc "[.[] | $1]" .git/orch/receipts.jsonl)" "$2"; }
# Wait for a line on a fifo, at most 20 s: an event, not a sleep.
await() { timeout 20 head -n 1 "$1"; }
# Until the file has that text.
await_line() { until_true grep -F -- "$1" "$2"; }
# Until the process is a zombie or nothing any more.
lives() { grep -q '^State:.[^ZX]' "/proc/$1/status" 2>/dev/null; }
await_end() { until_true eval "! lives $1"; }
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

# --- waiting and giving back -------------------------------------------------

@test "a waiter is told whether anybody plays the actor it waits for" {
	loop_init
	agent galph true
	background git-orch-turn with ralph -- true 2>err
	waiter=$pid
	await_line "waiting: galph's turn, which nobody plays: git orch run --actor galph" err
	exits 0 git orch turn acquire --pid $$ galph
	await_line "waiting: galph holds it (pid $$ on $(hostname)), and this very wait runs under it" err
	background git-orch-run --actor galph 2>run.err
	runner=$pid
	await_line "waiting: " run.err
	kill -STOP "$runner"
	exits 0 git orch turn release --status failed
	await_line "waiting: galph's turn: pid $runner will play it (git orch run --actor galph)" err
	kill -CONT "$runner"
	wait "$runner"
	wait "$waiter"
	# Each was said once.
	is "$(grep waiting: err | sort | uniq -d)" ""
	status_is '[.iteration, .expected_actor]' '[2,"galph"]'
}

@test "without room for inotify a waiter looks now and then" {
	unshare -Ur true 2>/dev/null || skip "unshare is not permitted"
	put script <<-'END'
	echo 0 >/proc/sys/user/max_inotify_instances || exit 99
	exec git-orch-turn with ralph -- true
	END
	exits 0 git orch turn acquire --pid none galph
	background unshare -Ur bash script 2>err
	await_line waiting err
	exits 0 git orch turn release --generation 1
	wait "$pid"
	status_is '[.generation, .iteration]' '[2,2]'
}

@test "a dirty tree: release works and says what stays" {
	exits 0 git orch turn acquire --pid $$ galph
	exits 0 git orch turn release
	err_lacks uncommitted
	exits 0 git orch turn acquire --pid $$ ralph
	echo x >>README
	echo y >new
	exits 0 git orch turn release
	err_has "2 uncommitted files stay in this work tree"
	git checkout -q README
	exits 0 git orch turn with galph -- true
	err_has "1 uncommitted file stays in this work tree"
	exits 0 git orch -q turn with ralph -- true
	receipts_are .uncommitted '[0,2,1,1]'
	is "$(git status --porcelain)" "?? new"
}

# --- what is the holder? ------------------------------------------------------

@test "the clock set an hour forward or back changes nothing on one host" {
	[ -e "$BUILD/tests/preload/clock.so" ] || skip "make units builds the clock"
	is "$(($(CLOCK_SHIFT=86400 LD_PRELOAD=$BUILD/tests/preload/clock.so date +%s) - $(date +%s) > 86000))" 1
	background sleep 1000
	holder=$pid
	for by in 3600 -3600; do
		# Seen to live, although its lease of a minute looks long over.
		exits 0 git orch turn acquire --lease 1m --pid "$holder" galph
		generation=$out
		exits 75 shifted $by git orch turn acquire --timeout 0 --pid $$ galph
		one_error "galph holds it"
		shifted $by git orch turn renew --generation "$generation"
		exits 75 git orch turn acquire --timeout 0 --pid $$ galph
		exits 0 shifted $by git orch turn release --status failed --generation "$generation"
		# By lease alone: neither over early nor kept for longer.
		exits 0 shifted $by git orch turn acquire --lease 30m --pid none galph
		generation=$out
		exits 75 git orch turn acquire --timeout 0 --pid none galph
		exits 0 git orch turn release --status failed --generation "$generation"
	done
	exits 0 shifted 3600 git orch turn acquire --lease 1 --pid none galph
	exits 0 git orch turn acquire --timeout 10 --pid none galph
	exits 0 git orch turn release --status failed --generation "$out"
	# Who was dead before is dead after.
	exits 0 git orch turn acquire --pid "$holder" galph
	generation=$out
	kill -KILL "$holder"
	await_end "$holder"
	exits 0 shifted -3600 git orch turn acquire --timeout 0 --pid $$ galph
	is "$out" $((generation + 1))
	exits 0 shifted 3600 git orch turn release
	status_is .expected_actor ralph
}

@test "a pid that has changed hands is not the holder" {
	# The same number, a few clock ticks later, and a process of its own to it.
	[ -w /proc/sys/kernel/ns_last_pid ] && unshare -pf --mount-proc true 2>/dev/null ||
		skip "needs a pid namespace of its own"
	put script <<-'END'
	sleep 1000 & old=$!
	git orch turn acquire --pid $old galph
	kill -KILL $old; wait $old 2>/dev/null
	sleep 0.05
	for i in 1 2 3 4 5 6 7 8 9; do
		echo $((old - 1)) >/proc/sys/kernel/ns_last_pid
		sleep 1000 & new=$!
		[ $new = $old ] && break
		kill $new
	done
	echo $old $new >pids
	git orch turn acquire --timeout 0 --pid $$ galph
	kill $new
	END
	exits 0 unshare -pf --mount-proc bash script
	read -r old new <pids
	[ "$old" = "$new" ] || skip "the pid did not come back"
	is "$out" $'1\n2'
	receipts_are '[.generation, .status]' '[[1,"lost"]]'
}

@test "another start time is another process, whoever waits" {
	background sleep 1000
	exits 0 git orch turn acquire --pid "$pid" galph
	exits 75 git orch turn acquire --timeout 0 --pid $$ galph
	background git-orch-turn with galph -- true 2>err
	await_line waiting err
	change_state '.holder.start += 1'
	wait "$pid"
	status_is '[.generation, .expected_actor]' '[2,"ralph"]'
}

@test "a host that is renamed keeps its turns" {
	unshare --uts true 2>/dev/null || skip "unshare is not permitted"
	background sleep 1000
	exits 0 git orch turn acquire --pid "$pid" galph
	holder=$pid
	exits 75 unshare --uts sh -c 'hostname elsewhere; git orch turn acquire --timeout 0 --pid $$ galph'
	exits 0 unshare --uts sh -c 'hostname elsewhere; git orch turn status'
	has ", alive"
	background unshare --uts sh -c 'hostname elsewhere; exec git-orch-turn with galph -- true' 2>err
	await_line waiting err
	kill -KILL "$holder"
	wait "$pid"
	status_is '[.generation, .expected_actor]' '[2,"ralph"]'
}

@test "two containers are two hosts: leases count, waiting works" {
	unshare -pf --mount-proc true 2>/dev/null || skip "unshare is not permitted"
	mkfifo up down
	local container=(unshare -pf --mount-proc --kill-child)
	# Nobody there, as far as a look at its pid can tell.
	background "${container[@]}" sh -c '
		git orch turn acquire --lease 1h --pid $$ galph; echo >up; sleep 1000'
	await up
	exits 75 git orch turn acquire --timeout 0 --pid $$ galph
	exits 75 "${container[@]}" git orch turn acquire --timeout 0 --pid none galph
	exits 0 git orch turn status
	has "not visible from here"
	exits 0 git orch turn release --status failed --generation 1
	# Its lease is over: now it is.
	background "${container[@]}" sh -c '
		git orch turn acquire --lease 1 --pid $$ galph; echo >up; sleep 1000'
	await up
	exits 0 git orch turn acquire --timeout 20 --pid $$ galph
	is "$out" 3
	# A release here wakes the waiter there, and the other way round.
	background "${container[@]}" git-orch-turn with ralph -- sh -c 'echo >up; read x <down' 2>err
	there=$pid
	await_line waiting err
	exits 0 git orch turn release
	await up
	background git-orch-turn with galph -- true 2>err
	here=$pid
	await_line "waiting: ralph holds it" err
	echo >down
	wait "$there"
	wait "$here"
	status_is '[.generation, .iteration, .expected_actor]' '[5,2,"ralph"]'
}

# --- where the work tree is -------------------------------------------------------

@test "a detached HEAD: the loop must be named, and then all works" {
	loop_init
	git checkout -q --detach
	for words in "acquire galph" "release" "renew" "with galph -- touch ran"; do
		exits 128 git orch turn $words || return 1
		one_error "--loop NAME"
	done
	[ ! -e ran ]
	exits 0 git orch turn acquire --loop x --pid $$ galph
	exits 0 git orch turn release --loop x
	agent ralph 'git commit -q --allow-empty -m "$GIT_ORCH_LOOP"'
	exits 0 git orch run --loop x --actor ralph
	is "$(git log -1 --format=%s)" x
	exits 0 git orch turn status --loop x --json
	json_is '[.generation, .iteration, .head]' "[2,2,\"$(head_of)\"]"
}

@test "a command that leaves the tree on another branch fails its turn by name" {
	main=$(head_of)
	exits 1 git orch turn with galph -- sh -c '
		git checkout -q -b elsewhere; git commit -q --allow-empty -m x'
	err_has "left the work tree on branch elsewhere instead of main"
	git checkout -q main
	# The next actor needs what main has, not what is elsewhere.
	status_is '[.status, .expected_actor, .head]' "[\"failed\",\"galph\",\"$main\"]"
	exits 3 git orch turn with galph -- sh -c 'git checkout -q --detach; exit 3'
	err_has "left the work tree on a detached HEAD"
	git checkout -q main
	# There and back is nobody's business, nor is it when the loop has a name.
	exits 0 git orch turn with galph -- sh -c 'git checkout -q elsewhere; git checkout -q main'
	exits 0 git orch turn with --loop x galph -- git checkout -q elsewhere
	# The same of an agent.
	git checkout -q main
	loop_init
	agent ralph 'git checkout -q elsewhere; git commit -q --allow-empty -m y'
	before=$(head_of)
	exits 1 git orch run --actor ralph
	err_has "branch elsewhere"
	git checkout -q main
	status_is '[.status, .expected_actor, .head]' "[\"failed\",\"ralph\",\"$before\"]"
}

@test "linked work trees with one loop each do not meet" {
	mkfifo up down
	git worktree add -q ../linked -b side
	exits 0 git orch turn acquire --pid $$ galph
	background git-orch-turn with ralph -- sh -c 'echo >up; read x <down' 2>err
	waiter=$pid
	await_line waiting err
	# There the first turn is to be had, and goes round, while we wait here.
	exits 0 git -C ../linked orch turn with --timeout 0 galph -- true
	exits 0 git -C ../linked orch turn with --timeout 0 ralph -- git commit -q --allow-empty -m there
	exits 0 git -C ../linked orch turn status --json
	json_is '[.loop, .generation, .iteration, .head]' "[\"side\",2,2,\"$(head_of side)\"]"
	status_is '[.loop, .generation, .holder.actor, .head]' '["main",1,"galph",null]'
	is "$(grep -c waiting err)" 1
	exits 0 git orch turn release
	await up
	exits 1 git -C ../linked orch turn release
	echo >down
	wait "$waiter"
	status_is '[.generation, .iteration]' '[2,2]'
}

# --- a wrapper and its command -----------------------------------------------------

@test "with: options end at the first word after the actor that is none" {
	exits 0 git orch turn with galph --timeout 5 --lease 1h echo --lease -x -- y
	is "$out" "--lease -x -- y"
	exits 0 git orch turn with --timeout 5 ralph --loop=main -- echo --loop
	is "$out" "--loop"
	exits 129 git orch turn with galph --no-such-option echo
	exits 129 git orch turn with galph --timeout
	status_is .generation 2
}

@test "a turn is free only when wrapper and command are both gone" {
	setpriv --pdeathsig clear true 2>/dev/null || skip "no setpriv"
	mkfifo up
	# A command that does not die with its wrapper.
	background git-orch-turn with galph -- setpriv --pdeathsig clear sh -c '
		echo $$ >up; exec sleep 1000'
	wrapper=$pid
	child=$(await up)
	pids+=("$child")
	kill -KILL "$wrapper"
	await_end "$wrapper"
	exits 75 git orch turn acquire --timeout 0 --pid $$ galph
	background git-orch-turn with galph -- true 2>err
	await_line "waiting: galph holds it" err
	kill -KILL "$child"
	wait "$pid"
	receipts_are '[.generation, .status]' '[[1,"lost"],[2,"ok"]]'
}

@test "a command in a session of its own dies with its wrapper, and gets its signals" {
	mkfifo up
	background git-orch-turn with galph -- setsid sh -c 'echo $$ >up; exec sleep 1000'
	child=$(await up)
	kill -KILL "$pid"
	await_end "$child"
	exits 0 git orch turn acquire --timeout 20 --pid $$ galph
	is "$out" 2
	exits 0 git orch turn release --status failed
	background git-orch-turn with galph -- setsid sh -c '
		trap "exit 5" INT TERM; echo $$ >up; while :; do sleep 0.02; done'
	child=$(await up)
	kill -TERM "$pid"
	got=0; wait "$pid" || got=$?
	is $got 5
	status_is .status interrupted
}

@test "with dies of the command's signal only after it gave the turn back" {
	put script <<-'END'
	git-orch-turn with galph -- sh -c 'kill -HUP $$'
	echo $? $(git orch turn status --json | jq -c "[.status, .holder, .generation]")
	END
	exits 0 bash script
	is "$out" '129 ["failed",null,1]'
	receipts_are .reason '["killed by signal 1"]'
}

# --- a plain acquire --------------------------------------------------------------

@test "a plain acquire finds its holder behind every go-between" {
	put script <<-'END'
	# stdbuf puts a library in front of ours, a sanitizer's too
	export ASAN_OPTIONS=verify_asan_link_order=0:$ASAN_OPTIONS
	echo $$ >pid
	for words in "" "git" env "timeout 60" "nice -n 1" nohup setsid "setsid -w" \
		"stdbuf -oL" "env nice timeout 60"; do
		command -v ${words:-true} >/dev/null || continue
		case $words in git) words="git orch turn";; *) words="$words git-orch-turn";; esac
		$words acquire galph || echo "failed: $words"
	done
	git orch turn release
	END
	exits 0 bash script
	is "$(sort -u <<<"$out")" 1
	is "$(grep -c "bash (pid $(cat pid)) holds the turn" "$errfile")" \
		"$(grep -c holds "$errfile")"
	receipts_are '[.generation, .status]' '[[1,"ok"]]'
	# The same actor, another holder: not the same turn.
	exits 0 git orch turn acquire --pid $$ ralph
	background sleep 1000
	exits 75 git orch turn acquire --timeout 0 --pid "$pid" ralph
	exits 0 git orch turn acquire --timeout 0 --pid $$ ralph
	is "$out" 2
	exits 1 env GIT_ORCH_GENERATION=1 git orch turn release
	exits 0 git orch turn release
}
