# git orch turn: who holds it, taking it, giving it back, losing it.

load helper

setup() {
	orch_setup
	state=.git/orch/loops/main/turn.json
	unset pids
}
teardown() {
	end_all
	if mountpoint -q "$repo/.git/orch" 2>/dev/null; then
		umount "$repo/.git/orch"
	fi
}
# end PID: kill it and see it gone.
end() { kill -KILL "$1"; wait "$1" 2>/dev/null || :; }
holds() { git orch turn status --json | jq -e ".holder.actor == \"$1\""; }

@test "status needs no init and writes nothing" {
	exits 0 git orch turn status --json
	json_is . '{"version":1,"loop":"main","generation":0,"iteration":1,"step":0,"workflow":["galph","ralph"],"expected_actor":"galph","status":"idle","holder":null,"lease_expires_at":null,"head":null,"commits":{}}'
	exits 0 git orch turn status
	has "loop       main (galph ralph), iteration 1, step 1 of 2, generation 0" "galph"
	[ ! -e .git/orch ]
	clean
}

@test "status --json of a held turn" {
	spawn_holder
	exits 0 git orch turn acquire --pid "$pid" galph
	exits 0 git orch turn status --json
	json_true '.status == "running" and .holder.actor == "galph" and
		(.holder | keys) == ["actor", "host", "pid", "since"] and
		(.holder.since | test("^[0-9T:-]+Z$")) and
		(.lease_expires_at | test("^[0-9T:-]+Z$")) and .head == null'
	json_is .holder.pid "$pid"
	json_is .generation 1
	exits 0 git orch turn status
	has "turn       galph, running" "sleep pid $pid, host" "alive" "lease      to"
}

@test "acquire prints the generation alone, and the ring goes round" {
	local i=1

	for actor in galph ralph galph; do
		exits 0 git orch turn acquire --pid $$ $actor
		is "$(cat "$outfile")" $i
		exits 0 git orch turn release --generation $i
		i=$((i + 1))
	done
	status_is '[.iteration, .step, .expected_actor, .status]' '[2,1,"ralph","ok"]'
	json_is .commits.galph "$(head_of)"
	json_is .head "$(head_of)"
	clean
	is "$(git rev-list --count HEAD)" 1
}

@test "a failed turn keeps its actor, --next hands over" {
	exits 0 git orch turn acquire --pid $$ galph
	exits 0 git orch turn release --status failed
	status_is '[.iteration, .step, .expected_actor, .status]' '[1,0,"galph","failed"]'
	json_is .commits '{}'
	exits 0 git orch turn acquire --pid $$ galph
	exits 0 git orch turn release --next galph
	status_is '[.iteration, .step, .expected_actor]' '[2,0,"galph"]'
	exits 0 git orch turn acquire --pid $$ galph
	exits 128 git orch turn release --next nobody
	one_error "'nobody'" "galph ralph"
	status_is .status running
}

@test "acquire finds its holder and says whom it chose" {
	# The shell is the nearest that is not among the go-betweens.
	put script <<-'END'
	echo $$ >pid
	env nice timeout 60 git orch turn acquire galph
	git orch turn status --json >status
	git orch turn acquire galph
	git orch turn release
	END
	exits 0 bash script
	is "$out" $'1\n1'
	err_has "bash (pid $(cat pid)) holds the turn"
	is "$(jq .holder.pid status)" "$(cat pid)"
	status_is .expected_actor ralph
}

@test "a turn held by nobody's child ends with its holder" {
	exits 0 sh -c 'x=$(git orch turn acquire galph || true); :'
	status_is '[.status, .holder]' '["lost",null]'
	exits 0 git orch turn status
	has "lost"
	exits 0 git orch turn acquire --timeout 0 --pid $$ galph
	is "$out" 2
	exits 0 git orch turn release --generation 2
	# The lost turn left its receipt, and so did the good one.
	is "$(jq -sc '[.[] | [.id, .status]]' .git/orch/receipts.jsonl)" \
		'[["1/galph","lost"],["1/galph.2","ok"]]'
}

@test "a turn held elsewhere is not to be had: 75 and the holder" {
	spawn_holder
	exits 0 git orch turn acquire --pid "$pid" galph
	exits 75 git orch turn acquire --timeout 0 --pid $$ galph
	one_error "galph holds it" "$pid"
	exits 75 git orch turn acquire --timeout 0 --pid $$ ralph
	one_error "galph holds it"
	exits 75 git orch turn with --timeout 0 galph -- touch ran
	one_error "galph holds it"
	exits 1 git orch turn release
	one_error "not ours" "galph holds it"
	exits 75 git orch turn with --timeout 1s ralph -- touch ran
	err_has "waiting: galph holds it"
	[ ! -e ran ]
	status_is .generation 1
}

@test "--pid none holds by lease alone" {
	exits 0 git orch turn acquire --pid none galph
	status_is '[.holder.pid, .status]' '[null,"running"]'
	exits 0 git orch turn status
	has "by lease alone"
	exits 75 git orch turn acquire --timeout 0 --pid none galph
	exits 1 git orch turn release
	one_error "--generation"
	GIT_ORCH_GENERATION=1 exits 0 git orch turn acquire --timeout 0 --pid none galph
	is "$out" 1
	exits 0 git orch turn renew --generation 1
	GIT_ORCH_GENERATION=1 exits 0 git orch turn release
	exits 0 git orch turn acquire --pid none --lease 1 ralph
	exits 0 git orch turn acquire --pid $$ ralph	# one second later
	is "$out" 3
}

@test "an old generation: 1, who holds it, nothing changed" {
	exits 0 git orch turn acquire --pid none galph
	exits 0 git orch turn release --generation 1
	spawn_holder
	exits 0 git orch turn acquire --pid "$pid" ralph
	cp $state before
	exits 1 git orch turn release --generation 1
	one_error "generation 1 is not current" "ralph holds it" "$pid"
	exits 1 git orch turn renew --generation 1
	GIT_ORCH_GENERATION=1 exits 1 git orch turn release
	cmp $state before
}

@test "a waiter gets the turn at its release, and at its holder's death" {
	exits 0 git orch turn acquire --pid none galph
	git orch turn with ralph -- sh -c 'echo $GIT_ORCH_GENERATION >ralph' 2>ralph.err 3>&- &
	pids+=($!)
	until_true grep -q "waiting: galph holds it" ralph.err
	exits 0 git orch turn release --generation 1
	wait $!
	is "$(cat ralph)" 2

	spawn_holder
	exits 0 git orch turn acquire --pid "$pid" galph
	holder=$pid
	git orch turn with galph -- true 2>galph.err 3>&- &
	pids+=($!) waiter=$!
	until_true grep -q waiting galph.err
	end "$holder"
	wait "$waiter"
	status_is '[.generation, .expected_actor]' '[4,"ralph"]'
}

@test "who waits for a process that ends gives up, and takes no turn for it" {
	exits 0 git orch turn acquire --pid none galph
	spawn_holder
	git-orch-turn acquire --pid "$pid" ralph >out 2>err 3>&- &
	pids+=($!)
	until_true grep -q waiting err
	end "$pid"
	got=0; wait "${pids[-1]}" || got=$?
	is $got 128
	grep -q "process $pid, which was to hold the turn, has ended" err
	exits 0 git orch turn release --generation 1
	status_is '[.generation, .expected_actor, .status]' '[1,"ralph","ok"]'
}

@test "an idle waiter makes no system call" {
	command -v strace >/dev/null || skip "no strace"
	sanitized && skip "sanitizers and strace do not mix"
	spawn_holder
	exits 0 git orch turn acquire --pid "$pid" galph
	strace -f -o trace "$BUILD/bin/git-orch-turn" with ralph -- true 2>err 3>&- &
	pids+=($!)
	until_true grep -q "^.*poll(.*" trace
	until_true grep -q waiting err
	sleep 0.2	# let it fall asleep
	before=$(wc -l <trace)
	sleep 2
	is "$(wc -l <trace)" "$before"
	tail -n 1 trace | grep -q 'poll(.*-1' || tail -n 1 trace | grep -q 'poll('
	pkill -KILL -P $!
}

@test "with: environment, status, receipt" {
	exits 0 git orch turn with galph sh -c 'env | grep ^GIT_ORCH_ | sort'
	is "$out" "GIT_ORCH_ACTOR=galph
GIT_ORCH_GENERATION=1
GIT_ORCH_ITERATION=1
GIT_ORCH_LOOP=main"
	exits 7 git orch turn with --timeout 5 ralph -- sh -c 'exit 7'
	status_is '[.expected_actor, .status]' '["ralph","failed"]'
	exits 0 git orch turn with ralph -- sh -c 'echo x >f; git add f; git commit -qm f'
	status_is '[.iteration, .expected_actor, .status]' '[2,"galph","ok"]'
	json_is .head "$(head_of)"
	is "$(jq -sc '[.[] | [.id, .status, .reason, (.commits | length)]]' .git/orch/receipts.jsonl)" \
		'[["1/galph","ok",null,0],["1/ralph","failed","exit 7",0],["1/ralph.2","ok",null,1]]'
	# Options of the command are its own.
	exits 0 git orch turn with galph echo --timeout -x
	is "$out" "--timeout -x"
	clean
}

@test "with: 126 and 127 as env, and the turn is not touched" {
	exits 127 git orch turn with galph -- no-such-program
	is "$err" "git orch turn with: no such program: 'no-such-program'"
	put script "true"
	exits 126 git orch turn with galph -- ./script
	is "$err" "git orch turn with: cannot be run: './script'"
	exits 127 git orch turn with -q galph -- no-such-program
	one_error "no-such-program"
	exits 126 git orch turn with galph -- /
	exits 127 git orch turn with galph -- ''
	[ ! -e .git/orch ]
}

@test "with: 126 and 127 speak of the program alone" {
	exits 128 git orch turn with --sync-via-git=nowhere galph -- true
	one_error "no remote 'nowhere'"
	exits 0 git orch turn with galph -- true
	jq -c '.version = 99' $state >new
	cp new $state
	exits 128 git orch turn with ralph -- true
	one_error "newer git-orch"
}

@test "with dies of what its command died of, after the release" {
	exits 143 git-orch-turn with galph -- sh -c 'kill -TERM $$'
	status_is '[.status, .expected_actor]' '["failed","galph"]'
	exits 137 git-orch-turn with galph -- sh -c 'kill -KILL $$'
	# Really by the signal, not by an exit code that looks like it.
	exits 0 perl -e 'system("git-orch-turn", @ARGV); exit(($? & 127) == 15 ? 0 : 1)' \
		with galph -- sh -c 'kill -TERM $$'
}

@test "with passes signals on, and the turn ends interrupted" {
	git-orch-turn with galph -- sh -c '
		trap "echo got TERM >got; exit 3" TERM
		echo ready >ready
		while :; do sleep 0.05; done' 3>&- &
	pids+=($!)
	until_true test -s ready
	kill -TERM $!
	got=0; wait $! || got=$?
	is $got 3
	is "$(cat got)" "got TERM"
	status_is '[.status, .expected_actor, .holder]' '["interrupted","galph",null]'
}

@test "interrupted while waiting: 130, nothing changed" {
	spawn_holder
	exits 0 git orch turn acquire --pid "$pid" galph
	git-orch-turn with ralph -- touch ran 2>err 3>&- &
	pids+=($!)
	until_true grep -q waiting err
	kill -TERM $!
	got=0; wait $! || got=$?
	is $got 130
	[ ! -e ran ]
	status_is '[.status, .generation]' '["running",1]'
}

@test "a killed wrapper takes its command with it" {
	git-orch-turn with galph -- sh -c 'echo $$ >child; exec sleep 1000' 3>&- &
	pids+=($!)
	until_true test -s child
	# The child was named in the state before it started.
	is "$(jq .holder.child_pid $state)" "$(cat child)"
	is "$(jq .holder.pid $state)" $!
	kill -KILL $!
	wait $! 2>/dev/null || :
	exits 0 git orch turn acquire --timeout 10 --pid $$ galph
	is "$out" 2
	# Ended, if perhaps not yet reaped by whoever inherited it.
	[ ! -e "/proc/$(cat child)" ] ||
		grep -q '^State:.Z' "/proc/$(cat child)/status"
}

@test "a killed child is a failed turn" {
	exits 137 git-orch-turn with galph -- sh -c 'kill -9 $$'
	status_is .status failed
}

@test "a turn lost at its very end: 1 when the command succeeded, its own status else" {
	# Somebody replaces the holder by force, and the wrapper sleeps until the
	# command has ended.
	steal='f=.git/orch/loops/main/turn.json
		kill -STOP $PPID
		jq -c ".generation = 9" $f >$f.new && mv $f.new $f
		(until grep -q "^State:.Z" /proc/$$/status; do sleep 0.02; done
		kill -CONT $PPID) 3>&- &'
	exits 1 git orch turn with galph -- sh -c "$steal"
	err_has "generation 1 is not current"
	rm -r .git/orch
	exits 5 git orch turn with galph -- sh -c "$steal exit 5"
	err_has "generation 1 is not current"
	err_lacks "ending the command"
	is "$(jq -c '[.generation, .status]' .git/orch/receipts.jsonl)" '[1,"lost"]'
}

@test "a command that ends its own turn" {
	exits 0 git orch turn with galph -- git orch turn release
	err_has "gave the turn back itself"
	status_is '[.expected_actor, .status]' '["ralph","ok"]'
	is "$(jq -sc length .git/orch/receipts.jsonl)" 1
}

@test "inside a turn, asking for it again returns at once" {
	exits 0 git orch turn with galph -- git orch turn acquire galph
	is "$out" 1
	err_has "this is galph's turn already"
	exits 0 git orch turn with ralph -- git orch turn with ralph -- git orch turn status --json
	json_is '[.generation, .status]' '[2,"running"]'
	status_is '[.iteration, .expected_actor]' '[2,"galph"]'
	# The variable of another loop says nothing here.
	GIT_ORCH_GENERATION=2 GIT_ORCH_LOOP=other exits 1 git orch turn release
}

@test "the ring may change while nobody holds the turn" {
	exits 0 git orch turn with galph -- true
	git config orch.workflow "reviewer galph ralph"
	status_is '[.iteration, .step, .expected_actor]' '[1,2,"ralph"]'
	git config orch.workflow "planner doer"
	status_is '[.iteration, .step, .expected_actor]' '[1,0,"planner"]'
	exits 128 git orch turn acquire --timeout 0 ralph
	one_error "no actor 'ralph' in the workflow (planner doer)"
	git config orch.workflow ""
	exits 128 git orch turn status
	one_error
}

@test "a waiter minds a change of the ring" {
	exits 0 git orch turn acquire --pid none galph
	git orch turn with ralph -- true 2>err 3>&- &
	pids+=($!)
	until_true grep -q waiting err
	git config orch.workflow "galph reviewer"
	exits 0 git orch turn release --generation 1
	got=0; wait $! || got=$?
	is $got 128
	grep -q "does not name 'ralph'" err
	status_is .expected_actor galph
}

@test "a broken state is refused, kept and repaired" {
	exits 0 git orch turn with galph -- true
	exits 0 git orch turn acquire --pid none ralph
	cp $state good
	for text in "" "{" "[]" '{"version":1}' "$(jq -c '.step = 5' good)" \
		"$(jq -c '.expected_actor = "../x"' good)" \
		"$(jq -c '.generation = -1' good)" "$(jq -c '.iteration = "x"' good)"; do
		printf %s "$text" >$state
		exits 128 git orch turn status
		one_error "turn.json" "git orch turn repair"
		exits 128 git orch turn release --generation 2
		exits 128 git orch turn acquire --timeout 0 ralph
		is "$(cat $state)" "$text"
	done
	head -c 1100000 /dev/zero >$state
	exits 128 git orch turn status
	one_error "1 MiB" "git orch turn repair"
	printf '{' >$state
	exits 0 git orch turn repair
	has "kept"
	is "$(cat $state.broken-*)" "{"
	# A lease that has not run out is a holder that lives.
	status_is '[.generation, .holder.actor]' '[2,"ralph"]'
	exits 0 git orch turn release --generation 2
	rm $state
	exits 128 git orch turn status
	one_error "gone" "git orch turn repair"
	exits 0 git orch turn repair
	status_is '[.generation, .iteration, .expected_actor]' '[3,2,"galph"]'
	exits 1 git orch turn repair
	one_error "nothing to repair"
	exits 0 git orch turn with galph -- true
}

@test "a newer state is refused by name" {
	exits 0 git orch turn with galph -- true
	printf '{"version":4}' >$state
	exits 128 git orch turn status
	one_error "written by a newer git-orch (version 4)"
	exits 128 git orch turn repair
	is "$(cat $state)" '{"version":4}'
}

@test "loops: --loop, environment, configuration, branch" {
	exits 0 git orch turn with galph -- true
	git checkout -q -b feature/x
	status_is '[.loop, .generation]' '["feature/x",0]'
	exits 0 git orch turn status --loop main --json
	json_is .generation 1
	git config orch.loop main
	status_is .loop main
	GIT_ORCH_LOOP=third exits 0 git orch turn status --json
	json_is .loop third
	GIT_ORCH_LOOP=third exits 0 git orch turn status --json --loop feature/x
	json_is .loop feature/x
	exits 0 git orch turn with --loop a/b galph -- sh -c 'echo $GIT_ORCH_LOOP'
	is "$out" a/b
	[ -f .git/orch/loops/a%2Fb/turn.json ]
	for bad in ../x /x x/ 'a b' x..y '-x' x.lock ''; do
		exits 128 git orch turn status --loop="$bad" || return 1
		one_error "cannot be a loop's name"
	done
}

@test "a detached HEAD needs a loop's name" {
	git checkout -q --detach
	exits 128 git orch turn status
	one_error "--loop NAME" "git config orch.loop NAME"
	exits 0 git orch turn with --loop x galph -- true
}

@test "unborn branch, linked work trees, bare repository" {
	git init -q -b main ../unborn
	cd ../unborn
	exits 0 git orch turn with galph -- true
	status_is '[.head, .commits.galph, .expected_actor]' '[null,null,"ralph"]'
	cd "$repo"
	git worktree add -q ../linked -b side
	cd ../linked
	exits 0 git orch turn with --loop main galph -- true
	cd "$repo"
	status_is .expected_actor ralph
	git clone -q --bare . ../bare.git
	cd ../bare.git
	exits 0 git orch turn with galph -- true
	status_is .expected_actor ralph
}

@test "a work tree without the last turn's commit gets no turn" {
	exits 0 git orch turn with galph -- git commit -q --allow-empty -m galph
	made=$(head_of)
	git reset -q --hard HEAD~1
	exits 128 git orch turn with ralph -- touch ran
	one_error "does not have ${made:0:7}" "git merge ${made:0:7}"
	[ ! -e ran ]
	git merge -q "${made:0:7}"
	exits 0 git orch turn with ralph -- true
}

@test "misuse" {
	for args in "" "frobnicate" "acquire a b" "status x" "with" "with galph" \
		"release --status lost" "release --generation x" "release --generation -1" \
		"release --generation 0" "renew --generation 0" \
		"release --set word" "release --set =x" \
		"acquire --pid x galph" "acquire --pid -4 galph" "acquire --timeout x galph" \
		"acquire --lease 0 galph" "with --lease 0 galph true" "status --timeout 1"; do
		exits 129 git orch turn $args || return 1
		err_has "git orch turn"
	done
	exits 128 git orch turn acquire --timeout 0 nobody
	one_error "no actor 'nobody' in the workflow (galph ralph)"
	exits 128 git orch turn acquire --pid 99999999 galph
	one_error "no process 99999999"
	GIT_ORCH_GENERATION=x exits 128 git orch turn release
	one_error "GIT_ORCH_GENERATION"
	[ ! -e .git/orch ] || fail_with "something was written"
	outside
	exits 128 git orch turn status
	one_error
	exits 0 git orch turn acquire -h
	has "usage: git orch turn acquire"
}

@test "a full disk does not keep the turn" {
	[ "$(id -u)" = 0 ] || skip "needs root to mount a small file system"
	mkdir .git/orch
	mount -t tmpfs -o size=256k tmpfs .git/orch 2>/dev/null || skip "mount is not permitted"
	exits 0 git orch turn acquire --pid none galph
	cat /dev/zero >.git/orch/filler 2>/dev/null || :
	exits 0 git orch turn release --generation 1
	status_is '[.expected_actor, .status]' '["ralph","ok"]'
	cat /dev/zero >>.git/orch/filler 2>/dev/null || :
	cp $state before
	# What could not be given back cannot be taken.
	exits 128 git orch turn acquire --pid none ralph
	one_error "No space left"
	cmp $state before
	rm .git/orch/filler
	exits 0 git orch turn with ralph -- sh -c 'cat /dev/zero >.git/orch/filler 2>/dev/null; true'
	rm .git/orch/filler
	status_is '[.iteration, .expected_actor]' '[2,"galph"]'
}

@test "nothing but a file serves as spare, and nobody waits for it" {
	local spare=${state%/*}/turn.json.spare what

	exits 0 git orch turn with galph -- true
	for what in "mkfifo $spare" "ln -s $PWD/elsewhere $spare" "mkdir $spare"; do
		rm -rf "$spare"
		$what
		exits 0 timeout -k 1 20 git-orch-turn with --timeout 0 ralph -- true
		rm -rf "$spare"
		exits 0 git orch turn acquire --pid none galph
		rm -rf "$spare"
		$what
		exits 0 timeout -k 1 20 git-orch-turn release --generation "$out"
	done
	[ ! -e elsewhere ] || fail_with "a link was followed"
	rm -rf "$spare"
	mkdir -p "$spare/full"
	exits 128 git orch turn acquire --pid none ralph
	one_error "turn.json.spare"
}

@test "many at once: never two, nothing lost" {
	put worker <<-'END'
	for i in 1 2 3 4 5; do
		git orch turn with "$1" -- sh -c '
			mkdir busy 2>/dev/null || echo two >>bad
			echo "$GIT_ORCH_GENERATION" >>turns
			rmdir busy' 2>/dev/null || echo failed >>bad
	done
	END
	for actor in galph ralph galph ralph; do
		bash worker $actor 3>&- &
		pids+=($!)
	done
	for p in "${pids[@]}"; do wait "$p"; done
	[ ! -e bad ] || fail_with "$(sort bad | uniq -c)"
	is "$(cat turns)" "$(seq 20)"
	status_is '[.generation, .iteration, .status]' '[20,11,"ok"]'
}
