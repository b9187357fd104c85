#!/bin/sh
# Large plans: 10 MB like the real loop's, and 120,000 short items, each listed
# in under a second and 64 MiB. Hashing the same bytes is the yardstick; for a
# plan of 400 KB it is a start of git.
. "${0%/*}/lib.sh"

scratch
git init -q -b main .
mkdir docs

# peak WHAT FILE: what listing takes at most. Without GNU time only whether it
# does with 64 MiB and what is mapped but never touched.
peak() {
	if [ -x /usr/bin/time ]; then
		kb=$(/usr/bin/time -f %M git-orch-plan list --plan "$2" 2>&1 >/dev/null)
		echo "$1, memory  $((kb / 1024)) MiB  limit 64"
		[ "$kb" -le 65536 ] || failed=1
	else
		(ulimit -v 131072 && exec git-orch-plan list --plan "$2") >/dev/null ||
			{ echo "$1: more than 64 MiB"; failed=1; }
	fi
}

# A section with attempts, as long as the real ones.
real=${0%/*}/../../../shared/data/loop-history.bundle
if [ -f "$real" ] && git clone -q -b main "$real" loop 2>/dev/null; then
	mv loop/docs/fix_plan.md one.md
	rm -rf loop
else
	awk 'BEGIN {
		print "# Fix plan\n"
		for (i = 1; i <= 40; i++) {
			printf "## [BENCH-%03d] Item %d\n- Status: in_progress\n", i, i
			print "- Attempts History:"
			for (k = 1; k <= 8; k++)
				printf "  * [2026-01-%02d] Attempt #%d - Result: success " \
				    "(`src/part%d.c` and tests/test_%d.py pass)\n" \
				    "    Metrics: %0200d\n", k, k, k, i, k
		}
	}' >one.md
fi
size=$(wc -c <one.md)
for i in $(seq $((10485760 / size + 1))); do cat one.md; done >docs/real.md
for i in $(seq $((409600 / size + 1))); do cat one.md; done >docs/small.md
awk 'BEGIN { for (i = 1; i <= 120000; i++)
	printf "## [ITEM-%06d] Do the thing number %d\n- Status: %s\n- Depends on: ITEM-%06d\n\n",
		i, i, (i % 3 ? "planned" : "done"), (i > 1 ? i - 1 : 1) }' >docs/short.md
awk 'BEGIN { for (i = 1; i <= 120000; i++)
	printf "- [ ] T%06d [P] Do the thing in src/part%d.c\n", i, i }' >docs/tasks.md

bench_runs=10
compare "plan list, 10 MB" 8.0 "git-orch-plan list --plan docs/real.md" \
	"git hash-object docs/real.md"
compare "plan list, 120,000 sections" 40.0 "git-orch-plan list --plan docs/short.md" \
	"git hash-object docs/short.md"
compare "plan list, 120,000 tasks" 40.0 "git-orch-plan list --plan docs/tasks.md" \
	"git hash-object docs/tasks.md"
bench_runs=50
compare "plan ready, 400 KB" 10.0 "git-orch-plan ready --plan docs/small.md" \
	"git hash-object docs/small.md"
peak "plan list, 10 MB" docs/real.md
peak "plan list, 120,000 sections" docs/short.md
peak "plan list, 120,000 tasks" docs/tasks.md
exit "${failed:-1}"
