#!/bin/sh
# The turn from one process to another: from the start of release until the
# waiting acquire has returned. And what waiting costs: nothing.
. "${0%/*}/lib.sh"

scratch
git init -q .
git commit -q --allow-empty -m x
git config orch.workflow "galph ralph"

"$BUILD/tests/helper/handoff" "${bench_rounds:-60}" >medians || failed=1
awk '{ r = $1 / $2
	printf "hand-off  %.2f ms  git rev-parse HEAD + durable rename  %.2f ms", $1 / 1000, $2 / 1000
	printf "  ratio %.2f  limit 2%s\n", r, (r > 2 ? "  EXCEEDED" : "") }' medians >line
cat line
grep -q EXCEEDED line && failed=1

# An idle waiter makes no system call in ten seconds.
if command -v strace >/dev/null; then
	git-orch-turn acquire --loop idle --pid none galph >/dev/null
	strace -f -o trace git-orch-turn acquire --loop idle --pid none ralph \
		>/dev/null 2>err &
	until grep -q waiting err; do sleep 0.1; done
	sleep 0.5
	before=$(wc -l <trace)
	sleep 10
	calls=$(($(wc -l <trace) - before))
	git-orch-turn release --loop idle --generation 1 2>/dev/null
	wait $! || failed=1
	excess=
	[ "$calls" -eq 0 ] || { failed=1 excess="  EXCEEDED"; }
	echo "idle waiter  $calls system calls in 10 s  limit 0$excess"
fi
exit "${failed:-1}"
