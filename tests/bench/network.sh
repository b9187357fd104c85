#!/bin/sh
# What the turn costs between machines, counted from git's own trace: pushes,
# fetches and looks (ls-remote).
. "${0%/*}/lib.sh"

scratch
git init -q --bare -b main hub.git
git init -q -b main seed
git -C seed commit -q --allow-empty -m seed
git -C seed push -q ../hub.git main
for c in a b; do
	git clone -q hub.git $c
	git -C $c config orch.remote origin
	git -C $c config orch.workflow "galph ralph"
done
trace=$PWD/trace
mkdir "$trace"

# count NAME: of what was traced. Those that git starts for itself, and the
# other side, have a slash in their session's name.
count() {
	cat "$trace"/* 2>/dev/null | jq -r --arg name "$1" 'select(.event == "cmd_name" and
		.name == $name and (.sid | contains("/") | not)) | .name' | wc -l
}
forget() { rm -rf "${trace:?}"/*; }
# row WHAT TURNS NAME LIMIT: how often for each turn.
row() {
	n=$(count "$3")
	awk -v what="$1" -v n="$n" -v turns="$2" -v name="$3" -v limit="$4" 'BEGIN {
		r = n / turns
		printf "%s  %s %.2f  limit %s%s\n", what, name, r, limit,
			(r > limit ? "  EXCEEDED" : "") }' >line
	cat line
	if grep -q EXCEEDED line; then failed=1; fi
}
# play CLONE ACTOR: one turn with a commit.
play() {
	(
		cd "$1" || exit 1
		GIT_TRACE2_EVENT=$trace git-orch-turn with "$2" \
			env -u GIT_TRACE2_EVENT git commit -q --allow-empty -m "$2"
	) 2>>log || failed=1
}

play a galph	# the first one finds nothing there, and looks twice
forget
for i in 1 2 3; do
	play b ralph
	play a galph
done
row "turn between machines" 6 push 2
row "turn between machines" 6 fetch 1
row "turn between machines" 6 ls-remote 0

# Who waits looks now and then, and fetches once for each thing that happens:
# here a claim and a release.
mkdir waiter
(cd b && GIT_TRACE2_EVENT=$PWD/../waiter exec git-orch-turn acquire --pid none \
	--timeout 60 galph) >gen 2>waits &
pid=$!
until grep -q waiting waits; do sleep 0.1; done
rm -f waiter/*
play a ralph
wait $pid || failed=1
forget
mv waiter/* "$trace"
row "waiting through two foreign transitions" 2 fetch 1
(cd b && git-orch-turn release --generation "$(cat ../gen)") 2>>log || failed=1

# Both actors from one clone: what two more iterations cost.
of_2=0 of_4=0
for n in 2 4; do
	forget
	for actor in galph ralph; do
		git -C a config orchactor.$actor.command \
			"env -u GIT_TRACE2_EVENT git commit -q --allow-empty -m x"
	done
	(cd a && git-orch-turn sync && GIT_TRACE2_EVENT=$trace \
		timeout 60 git-orch-run -q -n $n) >>log 2>&1 || failed=1
	eval "of_$n=$(count push)"
done
forget
i=$of_2
while [ "$i" -lt "$of_4" ]; do
	echo '{"event":"cmd_name","name":"push","sid":"x"}' >>"$trace/more"
	i=$((i + 1))
done
row "actors on one machine, per iteration" 2 push 1
[ $failed = 0 ] || cat log >&2
exit $failed
