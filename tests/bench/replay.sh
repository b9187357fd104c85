#!/bin/sh
# What a turn's documents cost by `git orch replay`, relative to sending all of
# them uncached: on a long loop with large ledgers, and on the recorded one.
# These are prices, not times. (DESIGN 10; $turns may make it shorter.)
. "${0%/*}/lib.sh"
here=$(cd "${0%/*}" && pwd)

# prices WHAT FRESH RESUMED OPTION...: the worst actor's, with limits.
prices() {
	what=$1 fresh=$2 resumed=$3
	shift 3
	git-orch-replay --json "$@" >replay.json || { failed=1; return; }
	jq -r --arg what "$what" --arg fresh "$fresh" --arg resumed "$resumed" '
		def line($name; $limit): ([.actors[].price[$name]] | max) as $p |
			"\($what), \($name)  \($p * 1000 | round / 1000)  limit \($limit)" +
			(if $p > ($limit | tonumber) then "  EXCEEDED" else "" end);
		line("fresh"; $fresh), line("resumed"; $resumed)' replay.json >lines
	cat lines
	grep -q EXCEEDED lines && failed=1
}

scratch
git init -q --bare -b main .
awk -v turns="${turns:-1000}" -v seed=1 -f "$here/long-loop.awk" |
	git -c core.compression=1 fast-import --quiet --depth=10 || exit 1
set -- --doc docs/fix_plan.md --doc docs/findings.md --doc docs/guide.md \
	--doc input.md --doc galph_memory.md --doc specs/spec.md
prices "long loop, write 1.0" 0.18 0.02 --price-write 1.0 "$@"
prices "long loop, write 2.0" 0.22 0.02 --price-write 2.0 "$@"

bundle=$here/../../../shared/data/loop-history.bundle
if [ -f "$bundle" ]; then
	git clone -q --bare -b main "$bundle" recorded
	set -- -C recorded --doc CLAUDE.md --doc docs/findings.md --doc docs/fix_plan.md \
		--doc docs/index.md --doc galph_memory.md --doc input.md
	prices "recorded loop, write 1.0" 0.42 0.19 --price-write 1.0 "$@"
	prices "recorded loop, write 2.0" 0.65 0.19 --price-write 2.0 "$@"
else
	echo "recorded loop: no ../shared/data/loop-history.bundle"
fi
exit "${failed:-1}"
