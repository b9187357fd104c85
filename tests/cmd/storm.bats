# The turn under a killer (tests/storm/storm.c), and whether its checker can
# fail at all. The long form is `make storm`.

load helper

setup() {
	orch_setup
	storm=$BUILD/tests/storm/storm
	cd "$BATS_TEST_TMPDIR"
}
# A log in which two turns of a ring of two went well: $1 is a sed script that
# spoils it, the rest is what the checker must say about it.
forged() {
	local script=$1

	shift
	sed "$script" >log <<-'END'
	S 10 1 0 101 0 0 with
	S 11 2 1 102 0 0 with
	S 12 3 1 103 0 0 with
	B 20 1 0 111 1 1 0
	E 30 1 0 111 1 1 -
	B 40 2 1 112 2 1 0
	D 41 1 0 111 0 0 -
	R 42 1 0 101 0 0 -
	K 50 2 1 112 9 0 child
	D 51 2 1 112 0 0 -
	R 52 2 1 102 137 0 -
	B 60 3 1 113 3 1 0
	E 70 3 1 113 3 1 -
	D 71 3 1 113 0 0 -
	R 72 3 1 103 0 0 -
	X 80 0 -1 0 0 0 -
	Z 90 0 -1 0 0 0 -
	F 91 0 0 0 3 2 ok
	END
	if [ $# -eq 0 ]; then
		exits 0 "$storm" check --actors 2 --turns 3 log
	else
		exits 1 "$storm" check --actors 2 --turns 3 log
		err_has "$@"
	fi
}

@test "the checker is content with a good log" {
	forged ''
	has "3 turns, generation 3, 3 runs, 1 killed, 1 in their critical section; 0 faults"
}

@test "the checker sees two at once" {
	forged 's/^B 40 \(.*\) 0$/B 40 \1 111/' "two at once" "process 111 is inside"
	forged 's/^B 40/B 29/' "two at once: run 1"
	forged 's/^K 50/K 61/' "two at once: run 2"
}

@test "the checker sees a generation that is used again, or goes back" {
	forged '/ 3 1 113 /s/ 3 1 0$/ 2 1 0/' "generation 2 is used by run 2 and run 3"
	forged '/ 2 1 112 /s/ 2 1 0$/ 7 1 0/' "generation 3 of run 3 comes after 7"
	forged '/^F/s/ 3 2 ok/ 2 2 ok/' "at the end the generation is 2, after 3"
	forged '/^F/s/ 3 2 ok/ 5 2 ok/' "2 generations had no critical section, and only 0 runs"
}

@test "the checker sees a turn that was lost, and an actor that was skipped" {
	forged '/^[BE]/s/ 2 1 112 2 1/ 2 0 112 2 1/' "turn lost: run 1"
	forged '/^[BE]/s/ 3 1 113 3 1/ 3 0 113 3 2/' "actor skipped: run 2"
	forged '/^[BE]/s/ 3 1 113 3 1/ 3 0 113 3 3/' "actor skipped: after a1"
	forged '/^F/s/ 0 0 3 2 ok/ 1 0 3 1 ok/' "turn lost: run 3"
}

@test "the checker sees what did not end" {
	forged '/^K/d' "run 2 began and did not end, and nobody" "came back with 137"
	forged '/^R 72/d' "run 3 did not come back"
	forged '/^D 51/d' "run 2 was not seen dead"
	forged '/^Z/s/ 0 0 -$/ 4 0 -/' "4 processes were left over"
	forged '/^Z/d' "did not end"
	forged '/^F/d' "state at the end cannot be read"
	forged '/^F/s/ok/running/' "somebody holds the turn"
	forged '/^E 70/d' "run 3 came back with 0 and has no end"
	forged 's/^E 70.*/E 70/' "is none"
}

@test "a storm: never two, nothing lost, it ends" {
	local turns=100 procs=4

	sanitized && turns=40 procs=2
	mkdir storm
	exits 0 "$storm" run --turns $turns --procs $procs --dir storm
	has "; 0 faults"
	[ "$(git -C storm/m0 rev-list --count HEAD)" -eq 1 ]
	[ -z "$(git -C storm/m0 status --porcelain --ignored)" ]
	# It can go on from there.
	exits 0 git -C storm/m0 orch turn status --json
	exits 0 git -C storm/m0 orch turn with "$(json .expected_actor)" -- true
}

@test "a storm between machines: one wins each generation, nothing published is lost" {
	mkdir storm
	exits 0 "$storm" run --machines 2 --actors 3 --procs 2 --turns 6 --kill-percent 0 \
		--dir storm
	matches "^chain: [0-9]+ published states; 0 faults"
	matches "^check: .*; 0 faults"
	# Each turn's commit has arrived, and nothing of ours.
	turns=$(sed -n 's/^check: \([0-9]*\) turns.*/\1/p' <<<"$out")
	[ "$turns" -ge 6 ]
	is "$(git -C storm/origin.git rev-list --count main)" $((turns + 1))
}
