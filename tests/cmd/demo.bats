#!/usr/bin/env bats
# The demo: three iterations, and nothing in the history that no agent made.
load helper

@test "the demo plays three iterations and leaves a clean project" {
	local project

	outside
	export TMPDIR="$BATS_TEST_TMPDIR/a scratch"
	mkdir "$TMPDIR"
	exits 0 sh "$TOP/share/demo/demo.sh" "$BUILD"
	has '$ git orch run -n 3' '$ git orch log' 'git orch show 3/ralph'
	project=$(sed -n 's/^The project is in //p' <<<"$out")
	cd "$project"
	clean
	is "$(git log --format=%s | grep -c '^TALLY-')" 6
	is "$(git rev-list --count HEAD)" 8
	is "$(grep -c '^  \* .*Attempt #1' docs/fix_plan.md)" 3
	is "$(sh tests/run)" "12 passed, 0 failed"
	exits 0 git orch turn status --json
	json_is .expected_actor galph
	json_is .iteration 4
	exits 0 git orch show 3/ralph --prompt
	has "You are ralph" "Focus: TALLY-003"
}

@test "the line that throws the demo away asks nothing and takes all" {
	local line scratch

	outside
	export TMPDIR="$BATS_TEST_TMPDIR/a scratch"
	mkdir "$TMPDIR"
	mkdir -p "$TMPDIR/x/objects"
	line=$(sed -n 's/^To throw it away: //p' "$TOP/share/demo/demo.sh")
	scratch=$TMPDIR/x line=${line/\$scratch/$TMPDIR/x}
	echo object >"$scratch/objects/one"
	chmod a-w "$scratch/objects/one"
	[[ $line == "rm -rf "* ]]
	eval "$line"
	[ ! -e "$scratch" ]
}
