#!/usr/bin/env bats
# git orch run where the turn is shared through a remote: what is pushed and
# when, what other machines see of it, and what happens when it is refused.
load helper
setup() {
	orch_setup
	loop_init
	bare=$BATS_TEST_TMPDIR/bare.git a=$repo b=$BATS_TEST_TMPDIR/b
	git init -q --bare -b main "$bare"
	git remote add origin "$bare"
	git push -q origin main
	git clone -q "$bare" "$b"
	for r in "$a" "$b"; do
		git -C "$r" config orch.remote origin
		git -C "$r" config orch.retryDelay 0
	done
}
teardown() {
	local p

	for p in ${started-}; do kill -9 "$p" 2>/dev/null || :; done
}

# An agent that commits one line; a file of its own, so that nothing conflicts.
worker='cat >/dev/null; echo "$GIT_ORCH_ITERATION" >>"$GIT_ORCH_ACTOR.txt"; git add .;
	git commit -q -m "$GIT_ORCH_ACTOR $GIT_ORCH_ITERATION"'
agents() { local r; for r in "$a" "$b"; do
	git -C "$r" config orchactor.galph.command "$1"
	git -C "$r" config orchactor.ralph.command "${2-$1}"; done; }
# Wait for a line on a fifo, at most 20 s: an event, not a sleep.
fifo() { mkfifo "$BATS_TEST_TMPDIR/$1"; }
await() { timeout 20 head -n 1 "$BATS_TEST_TMPDIR/$1"; }
tell() { timeout 20 sh -c 'echo "$2" >"$1"' - "$BATS_TEST_TMPDIR/$1" "${2-go}"; }
# One field of what is published, or of what stands in clone $1.
published() { git -C "$bare" show refs/orch/main/turn:turn.json | jq -rc "$1"; }
state() { git -C "$1" orch turn status --json | jq -rc "$2"; }
# Count what git spoke to the network while COMMAND ran: $pushes and $fetches.
counting() {
	local t=$BATS_TEST_TMPDIR/trace

	rm -rf "$t"; mkdir "$t"
	GIT_TRACE2_EVENT=$t "$@" || return
	pushes=$(count push) fetches=$(count fetch) looks=$(count ls-remote)
}
count() { cat "$BATS_TEST_TMPDIR/trace"/* | grep -c "\"cmd_name\",.*\"name\":\"$1\"" || :; }
# Start `git orch run ARGS` in clone $1; $! is it. Its output: run-NAME.{out,err}.
start() {
	local dir=$1 name=$2

	shift 2
	(cd "$dir" && exec git-orch-run "$@") >"$BATS_TEST_TMPDIR/$name.out" \
		2>"$BATS_TEST_TMPDIR/$name.err" 3>&- &
	started="${started-} $!"
}
# Its end: `ended CODE NAME PID`, with what it said in $out and $err.
ended() {
	local got=0

	wait "$3" || got=$?
	out=$(cat "$BATS_TEST_TMPDIR/$2.out") err=$(cat "$BATS_TEST_TMPDIR/$2.err")
	[ "$got" -eq "$1" ] || fail_with "exit code $got instead of $1"
}
subjects() { git -C "$1" log --format=%s --reverse "${2-main}" | tail -n +3 | paste -sd,; }

# What the remote is told, one line a push, in $bare/pushed.
record_pushes() {
	put "$bare/hooks/post-receive" <<-'END'
	#!/bin/sh
	git show refs/orch/main/turn:turn.json | jq -rc '"\(.iteration) \(.expected_actor) " +
		if .holder then "held" elif .kept then "kept" else "free" end' >>pushed
	END
	chmod +x "$bare/hooks/post-receive"
}
is_free() { is "$(published '[.holder, .kept]')" '[null,null]'; }

@test "one machine plays all actors: a claim, then one push and one fetch an iteration" {
	agents "$worker"
	record_pushes
	counting exits 0 git orch run -n 2
	is "$pushes" 3
	is "$(paste -sd, "$bare/pushed")" "1 galph held,2 galph kept,3 galph free"
	is "$(subjects "$bare")" "galph 1,ralph 1,galph 2,ralph 2"
	has "3 pushes" "0 bookkeeping commits"
	counting exits 0 git orch run -n 2
	is "$pushes $fetches $looks" "3 2 0"
	has "3 pushes, 2 fetches"
	is_free
	is "$(head_of main)" "$(git -C "$bare" rev-parse main)"
	is "$(git -C "$bare" log --format=%s main | grep -vcE '^(galph|ralph) [0-9]$')" 2
	clean
}

@test "--json counts, and --dry-run asks no remote" {
	agents "$worker"
	exits 0 git orch run --json
	json_true '.stopped == "done" and .pushes == 2 and .fetches >= 1 and .unpublished == false'
	counting exits 0 git orch run --dry-run
	is "$pushes $fetches $looks" "0 0 0"
}

@test "in between the turn is kept: another clone waits; killed, it may take over at once" {
	fifo go; fifo ready
	agents "$worker" "$worker; echo ready >$BATS_TEST_TMPDIR/ready; read x <$BATS_TEST_TMPDIR/go"
	start "$a" run -n 3; runner=$!
	await ready; tell go			# 1/ralph
	await ready				# 2/ralph: galph's turn here was not published
	is "$(published '.iteration, .holder, .kept.host' | paste -sd,)" "2,null,$(hostname)"
	cd "$b"
	exits 75 git orch turn acquire galph --timeout 0
	err_has "kept for $(hostname)"
	exits 75 git orch run --timeout 0
	exits 0 git orch turn status
	has "kept for $(hostname)"
	kill -9 "$runner"
	exits 0 git orch turn acquire galph --timeout 10 --pid none
	[ "$out" -gt 4 ]
	is "$(published .holder.actor)" galph
	# The killed one's clone follows.
	cd "$a"
	exits 75 git orch turn acquire ralph --timeout 0 --pid none
	is "$(state "$a" .generation)" "$(published .generation)"
}

@test "a killed runner's own clone goes on, and what was not published is published" {
	fifo go; fifo ready
	agents "$worker" "$worker; echo ready >$BATS_TEST_TMPDIR/ready; read x <$BATS_TEST_TMPDIR/go"
	start "$a" run -n 3; runner=$!
	await ready; tell go
	await ready
	kill -9 "$runner"
	agents "$worker"
	exits 0 git orch run
	is_free
	is "$(head_of main)" "$(git -C "$bare" rev-parse main)"
	is "$(published .iteration)" 3
	exits 0 git orch log
	matches '2/ralph +lost'
}

@test "however the runner ends, the turn is free for all" {
	fifo ready
	# a failed agent, in the middle of an iteration
	agents "$worker" 'exit 3'
	exits 1 git orch run --retries 0
	is_free
	is "$(published '.expected_actor, .status' | paste -sd,)" ralph,failed
	# the turn limit
	agents "$worker" 'sleep 60'
	exits 1 git orch run --retries 0 --turn-limit 1
	is_free
	# nothing to do
	agents true
	exits 1 git orch run -n 0
	has "without a commit"
	is_free
	# signals: while an agent works
	for s in INT TERM; do
		agents "echo ready >$BATS_TEST_TMPDIR/ready; sleep 60"
		start "$a" run -n 5; runner=$!
		await ready
		kill -s $s "$runner"
		ended 130 run "$runner"
		is_free
		is "$(published .status)" interrupted
	done
	is "$(head_of main)" "$(git -C "$bare" rev-parse main)"
}

@test "two machines, one actor each: they alternate, two pushes a turn" {
	agents "$worker"
	mkdir "$BATS_TEST_TMPDIR/trace"
	export GIT_TRACE2_EVENT=$BATS_TEST_TMPDIR/trace
	start "$a" ga --actor galph -n 2; ga=$!
	start "$b" rb --actor ralph -n 2; rb=$!
	ended 0 ga "$ga"
	ended 0 rb "$rb"
	unset GIT_TRACE2_EVENT
	all="galph 1,ralph 1,galph 2,ralph 2"
	is "$(subjects "$bare")" "$all"
	is "$(subjects "$b")" "$all"
	is "$(subjects "$a")" "${all%,ralph 2}"
	[ "$(count push)" -le 8 ]
	is_free
	for r in "$a" "$b"; do
		is "$(git -C "$r" orch log --json | jq -r '.receipts | map(.status) | join(",")')" \
			"ok,ok"
	done
	cd "$a"
	exits 0 git orch turn sync
	exits 0 git orch turn status
	has "iteration 3" "does not have it"
}

@test "two runners in one clone: the hand-over between them is local" {
	agents "$worker"
	mkdir "$BATS_TEST_TMPDIR/trace"
	export GIT_TRACE2_EVENT=$BATS_TEST_TMPDIR/trace
	start "$a" r --actor ralph -n 2; r=$!
	timeout 20 sh -c 'until test -s .git/orch/loops/main/*ralph*; do sleep 0.05; done'
	start "$a" g --actor galph -n 2; g=$!
	ended 0 g "$g"
	ended 0 r "$r"
	unset GIT_TRACE2_EVENT
	is "$(subjects "$bare")" "galph 1,ralph 1,galph 2,ralph 2"
	[ "$(count push)" -le 5 ]
	is_free
}

@test "two runners in one clone: the end of one does not free the other's turn for others" {
	fifo ready; fifo go
	agents "$worker" "$worker; echo ready >$BATS_TEST_TMPDIR/ready; read x <$BATS_TEST_TMPDIR/go"
	start "$a" r --actor ralph -n 1; r=$!
	timeout 20 sh -c 'until test -s .git/orch/loops/main/*ralph*; do sleep 0.05; done'
	start "$a" g --actor galph -n 2; g=$!
	await ready
	kill -9 "$g"
	cd "$b"
	exits 75 git orch turn acquire ralph --timeout 0 --pid none
	err_has "not to be had"
	tell go
	ended 0 r "$r"
	is "$(subjects "$bare")" "galph 1,ralph 1"
}

@test "both machines play all actors: each turn is played once, no commit is lost" {
	agents "$worker"
	start "$a" a -n 3; one=$!
	start "$b" b -n 3; two=$!
	ended 0 a "$one"
	ended 0 b "$two"
	is "$(published .holder)" null
	is "$(published '.iteration, .expected_actor' | paste -sd,)" 4,galph
	is "$(subjects "$bare")" "$(for i in 1 2 3; do
		echo "galph $i"; echo "ralph $i"; done | paste -sd,)"
	cat "$a/.git/orch/receipts.jsonl" "$b/.git/orch/receipts.jsonl" |
		jq -r 'select(.status == "ok") | .id' | sort | uniq -d >"$BATS_TEST_TMPDIR/twice"
	is "$(cat "$BATS_TEST_TMPDIR/twice")" ""
}

# Somebody pushes a commit while galph works: to a file of his own, or to $1.
intruder() {
	git clone -q "$bare" "$BATS_TEST_TMPDIR/person"
	cat >"$BATS_TEST_TMPDIR/intrude" <<-END
	cd "$BATS_TEST_TMPDIR/person" && test ! -e done && touch done &&
	git pull -q && echo person >>${1:-person.txt} && git add ${1:-person.txt} &&
	git commit -q -m "a person's work" && git push -q || :
	END
}

@test "the branch was pushed to: one more attempt, whose prompt begins with what to merge" {
	intruder
	export BATS_TEST_TMPDIR
	agents 'cat >"$BATS_TEST_TMPDIR/prompt.$GIT_ORCH_GENERATION"
		if git rev-parse -q --verify refs/orch/main/branch >/dev/null &&
			! git merge-base --is-ancestor refs/orch/main/branch HEAD
		then git merge -q -m merged refs/orch/main/branch
		else echo x >>"$GIT_ORCH_ACTOR.txt"; git add .
			git commit -q -m "$GIT_ORCH_ACTOR $GIT_ORCH_ITERATION"; fi
		test $GIT_ORCH_ACTOR != ralph || sh "$BATS_TEST_TMPDIR/intrude"'
	exits 0 git orch run -n 2
	matches '^1/ralph +failed .*origin refused refs/heads/main'
	matches '^1/ralph.2 +ok'
	p=$(ls -v prompt.* ../prompt.* 2>/dev/null | sed -n 3p)
	is "$(head -c 41 "$p")" "Your last commits are not accepted yet: o"
	grep -q "git merge refs/orch/main/branch" "$p"
	grep -q "a person's work" "$p"
	grep -q "You are ralph" "$p"
	git -C "$bare" log --format=%s main >"$BATS_TEST_TMPDIR/log"
	grep -q "a person's work" "$BATS_TEST_TMPDIR/log"
	grep -q "merged" "$BATS_TEST_TMPDIR/log"
	grep -q "ralph 2" "$BATS_TEST_TMPDIR/log"
	! grep -l "not accepted" $(ls -v ../prompt.* | sed 3d)
	exits 0 git orch log --json
	json_is '.receipts | map(.id + " " + .status) | .[0:3] | join(",")' \
		"1/galph ok,1/ralph failed,1/ralph.2 ok"
}

@test "a static part that travels apart: stdin begins with what to merge" {
	intruder
	export BATS_TEST_TMPDIR
	git config orchactor.galph.agent claude
	agent galph ': "$GIT_ORCH_STATIC"; cat >"$BATS_TEST_TMPDIR/stdin"
		cp "$GIT_ORCH_STATIC" "$BATS_TEST_TMPDIR/static"
		echo x >>g.txt; git add .; git commit -q -m g; sh "$BATS_TEST_TMPDIR/intrude"'
	exits 75 git orch run --actor galph
	is "$(head -c 40 "$BATS_TEST_TMPDIR/stdin")" "Your last commits are not accepted yet: "
	is "$(head -n 1 "$BATS_TEST_TMPDIR/static")" "You are galph. Plan the next step."
	grep -q '^<document path="docs/index.md"' "$BATS_TEST_TMPDIR/static"
	! grep -q '^<document path="docs/index.md"' "$BATS_TEST_TMPDIR/stdin"
}

@test "the branch is refused again: paused for all machines, resumed once merged" {
	intruder galph.txt
	export BATS_TEST_TMPDIR
	agents "$worker"'; sh "$BATS_TEST_TMPDIR/intrude"'
	exits 75 git orch run -n 3
	matches '^1/ralph +failed'
	matches '^1/ralph.2 +failed'
	has "the loop is paused" "next       ralph, iteration 1: git orch turn resume"
	is "$(published .paused.reason | cut -c 1-30)" "origin refused refs/heads/main"
	exits 75 git orch run
	one_error "the loop is paused" "origin refused" "git orch turn resume"
	exits 0 git orch
	has "paused" "origin refused"
	cd "$b"
	exits 75 git orch run
	one_error "the loop is paused" "origin refused"
	cd "$a"
	git merge -q refs/orch/main/branch >/dev/null || :
	git checkout -q --ours galph.txt; git commit -qam "merged by hand"
	exits 0 git orch turn resume
	exits 0 git orch run
	is "$(published .iteration)" 2
	is "$(head_of main)" "$(git -C "$bare" rev-parse main)"
}

@test "a protected branch" {
	agents "$worker"
	put "$bare/hooks/update" <<-'END'
	#!/bin/sh
	test "$1" != refs/heads/main || { echo "main is protected" >&2; exit 1; }
	END
	chmod +x "$bare/hooks/update"
	exits 75 git orch run --json
	json_is .stopped paused
	json_is '.turns | map(.id + " " + .status) | join(",")' "1/galph ok,1/ralph failed,1/ralph.2 failed"
	json_true '.turns[1].reason | contains("main is protected")'
	json_true '.reason | contains("main is protected")'
	is "$(git -C "$bare" log --format=%s main | wc -l)" 2
	git -C "$bare" show refs/orch/main/turn~1:receipt.json | jq -e '.status == "failed"'
}

@test "paused by another machine while an agent works: stops after this turn" {
	fifo ready; fifo go
	agents "$worker; echo ready >$BATS_TEST_TMPDIR/ready; read x <$BATS_TEST_TMPDIR/go"
	start "$a" run --actor galph -n 3; runner=$!
	await ready
	exits 0 git -C "$b" orch turn pause "look at it"
	tell go
	ended 75 run "$runner"
	has "1/galph     ok"
	err_has "the loop is paused, look at it: git orch turn resume"
	is_free
	exits 75 git orch run
	one_error "look at it"
	# resumed elsewhere, and what this clone remembers does not count
	exits 0 git -C "$b" orch turn resume
	agents "$worker"
	exits 0 git orch run --actor ralph
}

@test "paused while the turn is kept: noticed at the end of the iteration" {
	fifo ready; fifo go
	agents "$worker" "$worker; echo ready >$BATS_TEST_TMPDIR/ready; read x <$BATS_TEST_TMPDIR/go"
	start "$a" run -n 5; runner=$!
	await ready; tell go; await ready
	exits 0 git -C "$b" orch turn pause ""
	tell go
	ended 75 run "$runner"
	has "2/ralph     ok"
	lacks "3/galph"
	err_has "the loop is paused: git orch turn resume"
	is_free
	is "$(head_of main)" "$(git -C "$bare" rev-parse main)"
}

@test "paused in the same clone, in the middle of an iteration" {
	fifo ready; fifo go
	agents "$worker; echo ready >$BATS_TEST_TMPDIR/ready; read x <$BATS_TEST_TMPDIR/go" "$worker"
	start "$a" run -n 5; runner=$!
	await ready
	exits 0 git orch turn pause "wait"
	tell go
	ended 75 run "$runner"
	has "1/galph     ok"
	lacks "ralph "
	is_free
	is "$(head_of main)" "$(git -C "$bare" rev-parse main)"
}

@test "a waiting runner stops when the loop is paused" {
	fifo waits
	agents "$worker"
	(cd "$b" && exec git-orch-run --actor ralph) 2>"$BATS_TEST_TMPDIR/waits" \
		>/dev/null 3>&- & runner=$!
	started=$!
	exec 5<"$BATS_TEST_TMPDIR/waits"
	read -r line <&5
	exits 0 git orch turn pause now
	code=0; wait "$runner" || code=$?
	exec 5<&-
	is "$code" 75
}

@test "the remote goes away: the loop goes on, says so once, and brings it all later" {
	fifo ready; fifo go
	agents "$worker" "$worker; echo ready >$BATS_TEST_TMPDIR/ready; read x <$BATS_TEST_TMPDIR/go"
	start "$a" run -n 3; runner=$!
	await ready
	mv "$bare" "$bare.away"
	tell go; await ready; tell go; await ready	# two ends of an iteration
	is "$(state "$a" .remote.unpublished)" true
	mv "$bare.away" "$bare"
	tell go
	ended 0 run "$runner"
	is "$(grep -c warning: <<<"$err")" 1
	err_has "unpublished"
	is "$(subjects "$bare")" \
		"galph 1,ralph 1,galph 2,ralph 2,galph 3,ralph 3"
	is_free
	is "$(state "$a" .remote.unpublished)" false
}

@test "a push that arrived without our knowing, after which the loop went on" {
	# At the end of iteration 1 the remote takes it, and is gone.
	put "$bare/hooks/reference-transaction" <<-END
	#!/bin/sh
	test "\$1" = committed || exit 0
	git show refs/orch/main/turn:turn.json | jq -e .kept >/dev/null || exit 0
	rm hooks/reference-transaction; mv "$bare" "$bare.away"; kill -9 \$PPID
	END
	chmod +x "$bare/hooks/reference-transaction"
	agents "$worker" "$worker; test \$GIT_ORCH_ITERATION != 2 || mv $bare.away $bare"
	exits 0 git orch run -n 3
	err_has "unpublished"
	err_lacks "moved on"
	is "$(subjects "$bare")" "galph 1,ralph 1,galph 2,ralph 2,galph 3,ralph 3"
	is "$(published '.iteration, .generation' | paste -sd,)" 4,6
	is_free
}

@test "the remote is away at the end: done, unpublished, and sync publishes" {
	agents "$worker" "$worker; test ! -e $bare || mv $bare $bare.away"
	exits 0 git orch run -n 2 --timeout 1
	has "unpublished" "git orch turn sync"
	exits 0 git orch turn status
	has "not yet at origin"
	exits 75 git orch turn sync
	mv "$bare.away" "$bare"
	exits 0 git orch turn sync
	is "$(subjects "$bare")" "galph 1,ralph 1,galph 2,ralph 2"
	is "$(published .iteration)" 3
	is_free
}

@test "the lease is renewed while an agent works; broken elsewhere, the agent is ended" {
	fifo ready; fifo pushed
	git config orch.lease 3
	agents "$worker; echo ready >$BATS_TEST_TMPDIR/ready; exec sleep 60"
	start "$a" run; runner=$!
	await ready
	put "$bare/hooks/post-receive" <<-END
	#!/bin/sh
	echo pushed >$BATS_TEST_TMPDIR/pushed
	END
	chmod +x "$bare/hooks/post-receive"
	g=$(published .lease_ms)
	await pushed
	[ "$(published .lease_ms)" -gt "$g" ]
	is "$(published .holder.actor)" galph
	rm "$bare/hooks/post-receive"
	exits 0 git -C "$b" orch turn break --force
	ended 1 run "$runner"
	has "1/galph     lost"
	err_has "1/galph was lost" "on no remote" "galph 1"
	is "$(published .holder)" null
	is "$(git -C "$bare" log --format=%s main | wc -l)" 2
}

@test "the first turn plays with the configuration that came with the claim" {
	agents "$worker" 'cat >.git/prompt; git commit -q --allow-empty -m done'
	exits 0 git -C "$b" orch turn status
	has "published  origin has not been asked yet; git orch turn sync"
	put prompts/new.md "You are ralph, by the new prompt."
	git config -f .orchconfig --replace-all orchactor.ralph.core prompts/new.md
	commit "another prompt for ralph"
	exits 0 git orch run --actor galph -n 1
	cd "$b"
	exits 0 git orch run --actor ralph -n 1
	grep -q "by the new prompt" .git/prompt
}
