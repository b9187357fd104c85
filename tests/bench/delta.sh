#!/bin/sh
# What changed between two commits of a tree of 6,500 files: the files alone
# beside git's own list of them, and a plan of 400 KB, parsed twice.
. "${0%/*}/lib.sh"

scratch
git init -q --bare .
# Commit 1: the tree. 2: forty files in ten directories. 3: the plan.
awk 'function blob(path, text) {
	printf "M 100644 inline %s\ndata %d\n%s\n", path, length(text) + 1, text "\n"
}
function commit(n) {
	printf "commit refs/heads/main\ncommitter b <b@example.org> %d +0000\n", 1769904000 + n
	printf "data 2\nc%d\n", n
}
function plan(done,	i, k, t) {
	t = "# Fix plan\n"
	for (i = 1; i <= 480; i++) {
		t = t sprintf("\n## [ITEM-%03d] Work item number %d\n- Status: %s\n- Priority: %s\n",
			i, i, i <= done ? "done" : "planned", i % 3 ? "High" : "Low")
		if (i > 1)
			t = t sprintf("- Depends on: ITEM-%03d\n", i - 1)
		t = t "- Attempts History:\n"
		for (k = 1; k <= 7; k++)
			t = t sprintf("  * [2026-01-%02d] Attempt #%d - Result: success (see `src/d%d/f%d.c`, the numbers agree with the reference)\n", k, k, i % 65, k)
		t = t "- Next Actions: write the test that fails, then make it pass\n"
		t = t "- [x] first half\n- [ ] second half\n"
	}
	return t
}
BEGIN {
	commit(1)
	for (d = 0; d < 65; d++)
		for (f = 0; f < 100; f++)
			blob("src/d" d "/f" f ".c", "int f" f "_" d ";\n/* a line */\n")
	blob("docs/fix_plan.md", plan(10))
	commit(2)
	for (d = 0; d < 10; d++)
		for (f = 0; f < 4; f++)
			blob("src/d" d * 6 "/f" f ".c", "int f" f "_" d ";\n/* another line */\n")
	commit(3)
	blob("docs/fix_plan.md", plan(12))
}' | git fast-import --quiet || exit 1
git symbolic-ref HEAD refs/heads/main
a=$(git rev-parse main~2) b=$(git rev-parse main~1) c=$(git rev-parse main)
[ "$(git cat-file -s main:docs/fix_plan.md)" -gt 380000 ] || { echo "the plan is too small" >&2; exit 1; }
compare "delta, files alone" 1.0 "git-orch-delta --since $a..$b --only files" \
	"git diff --name-status $a $b"
compare "delta, a changed plan" 10 "git-orch-delta --since $b..$c" "git rev-parse HEAD"
exit "${failed:-1}"
