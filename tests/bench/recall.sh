#!/bin/sh
# Recall of a budgeted pack on a recorded loop: is the section of the plan that a
# turn then edits (or behind which it inserts one) in the pack that the turn began
# with? Prints a figure; nothing is timed.
. "${0%/*}/lib.sh"

budget=${RECALL_BUDGET:-8000}
bundle=${ORCH_SHARED:-$(cd "${0%/*}/../../../shared" 2>/dev/null && pwd)}/data/loop-history.bundle
[ -f "$bundle" ] || { echo "recall: no recorded loop here"; exit 0; }
scratch
git clone -q -b main "$bundle" loop 2>/dev/null
cd loop || exit 1
git config orch.loop main
for d in CLAUDE.md docs/index.md galph_memory.md; do
	git config --add orch.doc $d
done
plan=docs/fix_plan.md

# The lines of the pack's plan: "first last", whole or in pieces.
shown() {
	if jq -e --arg p $plan 'any(.omitted[]; .path == $p) | not' ../pack.json >/dev/null; then
		echo 1 1000000000
	else
		echo 0 0
		jq -r .text ../pack.json | awk -v plan="$plan" '
			/^<section / && index($0, "path=\"" plan "\"") {
				split($3, l, /["-]/); print l[2], l[3]
			}
			/^<change / { change = index($0, "path=\"" plan "\"") }
			/^<.change>/ { change = 0 }
			change && /^@@ / {
				split(substr($3, 2), n, ",")
				print n[1], n[1] + ($3 ~ /,/ ? n[2] : 1) - 1
			}'
	fi
}
# The sections that the turn edits: "first last" of each section's own lines.
edited() {
	git show "$1:$plan" >../plan 2>/dev/null || return 0
	git diff -U0 "$1" "$2" -- $plan | awk '
		NR == FNR {
			if (/^```/) code = !code
			if (!code && /^#+ /) { begin[++n] = FNR; if (n > 1) end[n - 1] = FNR - 1 }
			lines = FNR; next
		}
		/^@@ / {
			end[n] = lines
			split(substr($2, 2), o, ",")
			from = o[1]; count = $2 ~ /,/ ? o[2] : 1
			to = count ? from + count - 1 : from
			for (i = 1; i <= n; i++)
				if (begin[i] <= to && end[i] >= from && !(i in done)) {
					done[i] = 1; print begin[i], end[i]
				}
		}' ../plan -
}

git log --first-parent --reverse --format='%H %s' >../log
awk '$2 == "RALPH" && $3 == "AUTO" { print $1, "galph" }
     $2 == "SUPERVISOR" && $3 == "AUTO" { print $1, "ralph" }' ../log >../turns
tail -n +2 ../turns | paste -d' ' ../turns - | awk 'NF == 4' >../pairs
while read -r from actor to _; do
	git checkout -q -f "$from" 2>/dev/null
	git-orch-context pack --actor "$actor" --budget "$budget" --json >../pack.json 2>/dev/null || exit 1
	git-orch-context ack --actor "$actor" >/dev/null 2>&1
	grep -q '^[ *-]*\**Focus:' input.md 2>/dev/null || continue
	edited "$from" "$to" >../edited
	[ -s ../edited ] || continue
	shown >../shown
	awk -v turn="$from" 'NR == FNR { a[NR] = $1; b[NR] = $2; n = NR; next }
		{ hit = 0; for (i = 1; i <= n; i++) if (a[i] <= $1 && $2 <= b[i]) hit = 1
		  all++; hits += hit; if (!hit) missing = missing " " $1 "-" $2 }
		END { print turn, (hits > 0), (hits == all), all, missing }' ../shown ../edited
done <../pairs >../recall
[ -z "$RECALL_VERBOSE" ] || cat ../recall
awk -v budget="$budget" '{ n++; any += $2; every += $3 }
	END {
		if (!n) exit 1
		printf "recall, budget %d  the section is there in %d of %d turns, %.1f %%  limit 90 %%", budget, any, n, 100 * any / n
		printf "  (all sections that the turn edits: %.1f %%)\n", 100 * every / n
		exit any < 0.9 * n
	}' ../recall
