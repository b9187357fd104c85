#!/usr/bin/env bats
# The built-in rules on a real loop: how often each would have fired. A rule that
# fires most of the time is one that nobody reads.
# The table stays in the test's directory, and is shown when it is too high.
load helper

@test "no built-in rule fires on more than 65 % of the turns of a real loop" {
	bundle=$TOP/../shared/data/loop-history.bundle
	[ -e "$bundle" ] || skip "shared/data is not here"
	git clone -q -b main "$bundle" loop
	cd loop
	# A turn ends where the next one of the other actor starts.
	git log --first-parent --reverse --format='%H %s' | awk '
		NR == 1 { print "-", $1 }
		$2 == "SUPERVISOR" && $3 == "AUTO" { actor = "galph" }
		$2 == "RALPH" && $3 == "AUTO" { actor = "ralph" }
		$3 == "AUTO" { if (actor == last) n--; v[n++] = actor " " $1; last = actor }
		END { for (i = 0; i < n; i++) print v[i] }' >turns
	[ "$(grep -c ralph turns)" -ge 32 ]
	while read -r actor commit; do
		[ "$actor" = - ] || {
			git-orch-check pre-turn --actor "$actor" --range "$before..$before" \
				--json || [ $? -eq 1 ]
			git-orch-check post-turn --actor "$actor" --range "$before..$commit" --json
		} >>both || return 1
		before=$commit
	done <turns
	jq -cs '[range(0; length; 2) as $i | {findings: (.[$i].findings + .[$i + 1].findings)}][]' \
		both >found
	n=$(wc -l <found)
	[ "$n" -ge 65 ]
	# Of all turns, then of one actor's: a rule may be about that one alone.
	jq -rn --rawfile turns turns '
		[$turns | split("\n")[1:] | .[] | select(. != "") | split(" ")[0]] as $actors |
		[inputs] | to_entries | map({actor: $actors[.key], rules: [.value.findings[].rule] | unique}) |
		. as $all | ("galph|ralph", "galph", "ralph") as $who |
		[$all[] | select(.actor | test("^(" + $who + ")$"))] as $t |
		("findings-consulted", "focus-in-plan", "tests-with-code", "plan-attempt",
		 "artifact-place") as $rule |
		[$rule, $who, ([$t[] | select(.rules | index($rule))] | length), ($t | length)] | @tsv' \
		found >table
	[ "$(wc -l <table)" -eq 15 ]
	awk '$4 < 32 || $3 > 0.65 * $4 { bad = 1 } END { exit bad }' table ||
		fail_with "$(cat table)"
	# None of them did not fire because it could not be judged.
	! grep -q "cannot be judged" found
}
