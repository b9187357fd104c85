#!/bin/sh
# What a turn costs beyond its agent: ten turns with the agent `true`, on the
# recorded history where it is there, else on a generated tree.
. "${0%/*}/lib.sh"

here=$(cd "$(dirname "$0")" && pwd)
bundle=$here/../../../shared/data/loop-history.bundle
scratch
if [ -f "$bundle" ]; then
	git clone -q -b main "$bundle" loop 2>/dev/null
	cd loop || exit 1
	git config --add orch.doc docs/index.md
	git config --add orch.doc galph_memory.md
else
	git init -q -b main loop
	cd loop || exit 1
	mkdir docs
	i=0
	while [ $i -lt 500 ]; do echo "file $i" >"f$i"; i=$((i + 1)); done
	seq 1 20000 >docs/fix_plan.md
	git add -A
	git commit -q -m tree
fi
git config orch.workflow "galph ralph"
git config orchactor.galph.command true
git config orchactor.ralph.command true
bench_runs=20
# Ten turns in one process: 20 x rev-parse for each of them.
compare "loop overhead, 10 turns" 200 "git-orch-run -q -n 5" "git rev-parse HEAD"
exit "${failed:-1}"
