#!/usr/bin/env bats
# A recorded loop replays itself under `git orch run`: real documents, real
# sizes, real commits. Skipped where the recording is not there.
load helper
bundle=$BATS_TEST_DIRNAME/../../../shared/data/loop-history.bundle

setup() {
	orch_setup
	[ -f "$bundle" ] || skip "no ../shared/data/loop-history.bundle"
	git clone -q -b main "$bundle" "$BATS_TEST_TMPDIR/loop" 2>/dev/null
	cd "$BATS_TEST_TMPDIR/loop"
	# From the tenth turn on: the recorded commits that are still to come.
	git rev-list --reverse --first-parent HEAD >"$BATS_TEST_TMPDIR/all"
	tenth=$(git log --reverse --first-parent --format='%H %s' |
		grep -E '^[0-9a-f]+ (SUPERVISOR|RALPH) AUTO' | sed -n '10s/ .*//p')
	sed "1,/^$tenth/d" "$BATS_TEST_TMPDIR/all" >"$BATS_TEST_TMPDIR/next"
	git reset -q --hard "$tenth"
	git config orch.workflow "galph ralph"
	git config --add orch.doc CLAUDE.md
	git config --add orch.doc docs/index.md
	git config --add orch.doc galph_memory.md
	# All of them whole in every prompt.
	git config orch.budget 1000000
	git config orch.keyframeEvery 1
}

# Brings the work tree to the next recorded commit and commits it, as recorded.
recorded_agent() {
	cat >"$BATS_TEST_TMPDIR/agent" <<-'END'
	#!/bin/sh
	set -e
	cat >"$SCRATCH/prompt.$GIT_ORCH_ITERATION.$GIT_ORCH_ACTOR"
	n=$(git rev-list --count "$START"..HEAD)
	next=$(sed -n "$((n + 1))p" "$SCRATCH/next")
	git read-tree -m -u HEAD "$next"
	git commit -q --allow-empty -C "$next"
	echo "replayed $next"
	END
	chmod +x "$BATS_TEST_TMPDIR/agent"
	export SCRATCH=$BATS_TEST_TMPDIR START=$tenth
	agent galph "$BATS_TEST_TMPDIR/agent"
	agent ralph "$BATS_TEST_TMPDIR/agent"
}

@test "six iterations of the recorded loop" {
	recorded_agent
	exits 0 git orch run -n 6
	exits 0 git orch turn status --json
	json_is .iteration 7
	json_is .expected_actor galph
	# The branch has the recorded trees, and no commit that no agent made.
	is "$(git rev-list --count "$tenth"..HEAD)" 12
	is "$(git log --reverse --format=%T "$tenth"..HEAD)" \
		"$(head -n 12 "$BATS_TEST_TMPDIR/next" | xargs -n 1 git log -1 --format=%T)"
	is "$(git log --format=%s | grep -c '\[SYNC')" 0
	clean
	exits 0 git orch log -n 0 --json
	json_is '.receipts | length' 12
	json_is '.receipts | map(.commits | length) | add' 12
	json_is '.receipts | map(.status) | unique | join(" ")' ok
	json_is '.receipts | map(.prompt.bytes > 20000) | all' true

	# What galph was shown, byte for byte: the plan as it was at that time.
	exits 0 git orch show 3/galph --prompt
	cmp "$outfile" "$BATS_TEST_TMPDIR/prompt.3.galph"
	git show "$(sed -n 4p "$BATS_TEST_TMPDIR/next"):docs/fix_plan.md" >plan.then
	[[ $out == *"$(cat plan.then)"* ]]
	rm plan.then

	# galph saw the documents at the start of iteration 6; ralph and galph
	# have since changed what the recording changed.
	exits 0 git orch context status --actor galph --json
	json_is .total "$(ls CLAUDE.md docs/findings.md docs/fix_plan.md docs/index.md galph_memory.md input.md 2>/dev/null | wc -l)"
	json_true '.hits >= 1 and .hits < .total'
	seen=$(sed -n 10p "$BATS_TEST_TMPDIR/next")
	for f in CLAUDE.md docs/findings.md docs/fix_plan.md docs/index.md galph_memory.md input.md; do
		[ -f "$f" ] || continue
		want=unchanged
		git diff --quiet "$seen" HEAD -- "$f" || want=changed
		json_is ".documents[] | select(.path == \"$f\") | .state" $want
	done
	exits 0 git orch delta --actor galph --json
	json_is '.commits | length' 1
	json_is .since.iteration 6
	is "$(json '.files | map(.path) | sort | join("\n")')" \
		"$(git diff --name-only HEAD~1 HEAD | sort)"

	# A small budget leaves documents out, and says so.
	git config orch.budget 8000
	exits 0 git orch prompt build galph --json
	json_true '.tokens <= 8000 and .tokens > 2000'
	matches 'git orch context get docs/fix_plan.md'
	json_true '.text | contains("<document path=\"docs/fix_plan.md\"") | not'
}
