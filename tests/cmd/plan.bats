#!/usr/bin/env bats
# git orch plan: items from every layout, what is ready, what is wrong; and
# plans that were written to do harm

load helper
setup() { orch_setup; }

plan() { put docs/fix_plan.md; }
list() { exits 0 git orch plan list --json; }
# item ID FILTER VALUE, of the last list
item() { json_is "[.items[] | select(.id == \"$1\")][0] | $2" "$3"; }
ids() { json '[.items[].id] | join(" ")'; }
# In little memory: 64 MiB and what is mapped but never touched.
in_little_memory() { (ulimit -v 131072; exec "$@"); }

@test "an index table and sections make one item each" {
	plan <<-'END'
	# Fix Plan

	| [ID](#anchor) | Title | Priority | Status | Depends On |
	|---|---|---|---|---|
	| [CORE-1](#core-1) | Parser | High | done | |
	| [CORE-2](#core-2) | Bridge | Critical | in_progress | CORE-1 |
	| CORE-9 | Only a row | 2 | open | CORE-2; CORE-1 |

	## [CORE-1] Parser
	- Status: ✅ done (2025-10-15)
	- Priority: High
	- Owner/Date: ralph / 2025-10-15
	- Attempts History:
	  * [2025-10-15] Attempt #12 — Result: ✅ success (all pass)
	  * [2025-10-16] Attempt #13 — Result: ❌ failed (oom)
	- Next Actions:
	  - [x] A1: do `src/parse.c`
	  - [ ] A2: do tests/test_parse.py::TestX

	## [CORE-2] Bridge
	**Status:** in_progress | **Priority:** P0 | **Component:** bridge
	END
	list
	is "$(ids)" "CORE-9 CORE-1 CORE-2"
	item CORE-1 '[.status, .status_text, .priority, .owner, .component]' \
		'["done","✅ done (2025-10-15)","High","ralph",null]'
	item CORE-1 '[.line_start, .line_end, .path]' '[9,19,"docs/fix_plan.md"]'
	item CORE-1 '[.checklist.done, .checklist.total, .attempts]' '[1,2,2]'
	item CORE-1 .files '["src/parse.c","tests/test_parse.py"]'
	item CORE-2 '[.priority, .component, .depends_on[0]]' '["P0","bridge","CORE-1"]'
	item CORE-9 '[.title, .status, .depends_on]' '["Only a row","planned",["CORE-2","CORE-1"]]'
	json_is .version 1
	exits 0 git orch plan list
	matches '^CORE-9  planned +2 +Only a row \(needs CORE-2\) +docs/fix_plan.md:7$'
	clean || git add -A
}

@test "a current focus, attempt sections, and the files of an item" {
	plan <<-'END'
	# Fix Plan

	## Status
	`in_progress`

	## Current Focus
	**BIG-ONE-001 — The big one**

	Some words.

	## Completed Items
	- [x] S1: Check `inbox/` — found `one.md`

	## Attempts History

	### 2026-01-22T02:40Z — BIG-ONE-001 (initial)
	**Action:** depends on S1, it seemed.

	### 2026-01-23T00:15Z — BIG-ONE-001.A1 (shipped)
	- [x] no step

	### 2026-01-23T00:35Z — seed S1–S2 (other)
	END
	put plans/active/BIG-ONE-001/implementation.md <<-'END'
	# BIG-ONE-001 — The big one, whole
	- **Owner:** Galph
	### Phase A
	- [x] A1: do it
	- [ ] A2: check it in `src/big.c`
	| ID | Task | State |
	|---|---|---|
	| B1 | more | [x] |
	END
	put plans/active/STRANGER/x.md "- [x] not ours"
	put input.md "Focus: BIG-ONE-001.A2 — check it"
	list
	is "$(ids)" "BIG-ONE-001 S1"
	item BIG-ONE-001 '[.status, .owner, .focus, .attempts, .depends_on]' \
		'["in_progress","Galph",true,2,[]]'
	item BIG-ONE-001 '[.checklist.done, .checklist.total, .files, .component]' \
		'[2,3,["src/big.c"],"src"]'
	item S1 '[.title, .status, .line_start]' '["Check inbox/","done",12]'
	json_is .focus BIG-ONE-001
	exits 0 git orch plan show BIG-ONE-001 --json
	json_is '[.history[] | "\(.id) \(.attempt) \(.result)"]' \
		'["BIG-ONE-001 2026-01-22T02:40Z initial","BIG-ONE-001.A1 2026-01-23T00:15Z shipped"]'
}

@test "task lists of other tools" {
	plan <<-'END'
	## Phase 1
	- [x] T001 Create the project
	- [ ] T002 [P] [US1] Add a linter in src/lint.c (depends on T001)
	- [ ] T003 [P1] Title
	  - [x] a
	  - [ ] b, blocked by T002 and T001
	- [ ] #7 An issue, requires #8
	- [~] #8 Another
	- [2026-01-29] a date
	- [ ] without an id
	END
	list
	is "$(ids)" "T001 T002 T003 #7 #8"
	item T002 '[.title, .files, .depends_on]' \
		'["Add a linter in src/lint.c (depends on T001)",["src/lint.c"],["T001"]]'
	item T003 '[.priority, .depends_on, .checklist.done, .checklist.total, .line_end]' \
		'["P1",["T002","T001"],1,2,6]'
	item '#8' .status in_progress
	item '#7' .depends_on '["#8"]'
}

@test "dependencies in all spellings" {
	local n=0 line

	while read -r line; do
		printf '## [X-%d] Item\n%s\n\n' $((++n)) "$line"
	done >body <<-'END'
	- Status: open
	- Depends on: X-1
	depends_on: [X-1, X-2]
	**Dependencies:** X-1; X-2 (soon), X-3
	- Blocked by: #1 and X-1
	Work here depends on X-1, X-2 and X-3 (all of it), unlike X-4.
	It is blocked by X-1.
	This requires X-1/X-2.
	It needs the code of X-1 first.
	It does not depend on X-1, and [2026-01-29] is a date.
	- Dependencies: none
	We need SHA-256, and it requires UTF-8.
	Waiting for X-99.
	END
	{ cat body; printf '## [X-20] List\n- Prerequisites:\n  - X-1\n  - X-2 because\n- Status: open\n'
	  printf '## [X-21] Heading\n### Dependencies\n- X-3\n'; } | plan
	list
	is "$(json '[.items[] | .depends_on | join(",")] | join(" ")')" \
		" X-1 X-1,X-2 X-1,X-2,X-3 X-1,#1 X-1,X-2,X-3 X-1 X-1,X-2 X-1    X-99 X-1,X-2 X-3"
}

@test "ready: unfinished, unblocked, by priority" {
	plan <<-'END'
	| ID | Title | Priority | Status | Depends on |
	|---|---|---|---|---|
	| A-1 | done | low | done | |
	| A-2 | low | low | planned | A-1 |
	| A-3 | waits | critical | planned | A-2 |
	| A-4 | high | P1 | todo | |
	| A-5 | first | P0 | in progress | A-1, B-9 |
	| A-6 | stuck | P0 | blocked | |
	| A-7 | none | | planned | |
	| A-8 | number | 1 | open | |
	| A-9 | over | P0 | cancelled | |
	END
	exits 0 git orch plan ready --json
	is "$(ids)" "A-5 A-4 A-8 A-2 A-7"
	exits 0 git orch plan list --open --json
	is "$(json '.items | length')" 7
	echo "| A-1 | x | |" >docs/fix_plan.md
	exits 0 git orch plan ready
	is "$out" "no items in docs/fix_plan.md"
}

@test "lint: each problem with its line" {
	plan <<-'END'
	| ID | Title | Priority | Status |
	|---|---|---|---|
	| L-1 | One | High | done |
	| L-2 | Two `a|b` | Low | planned |

	## [L-1] One
	- Status: planned
	- Depends on: L-2, L-77
	## [L-2] Two
	- Priority: Low
	- Depends on: L-1
	## [L-2] Two again
	```
	END
	{ head -c 10300 /dev/zero | tr '\0' x; echo; } >>docs/fix_plan.md
	exits 1 git orch plan lint
	is "$(cut -d: -f1-3 <<<"$out")" "docs/fix_plan.md:3: index-disagrees
docs/fix_plan.md:4: torn-table
docs/fix_plan.md:6: circular-dependency
docs/fix_plan.md:8: unknown-dependency
docs/fix_plan.md:12: duplicate-id
docs/fix_plan.md:13: unclosed
docs/fix_plan.md:14: long-line"
	is "$err" ""
	has "L-1, L-2, L-1" "L-1 depends on L-77" "first at line 9"
	exits 1 git orch plan lint --json
	json_is '.problems[0].kind' index-disagrees
	json_is '.problems | length' 7
	plan <<<"## [L-1] One"
	exits 0 git orch plan lint
	is "$out" ""
}

@test "show: the section, and near matches of an id" {
	plan <<-'END'
	## [TORCH-004] Title
	- Status: open
	### More
	text
	## [TORCH-005] Other
	END
	exits 0 git orch plan show TORCH-004
	is "$out" "## [TORCH-004] Title
- Status: open
### More
text"
	exits 0 git orch plan show TORCH-004 --json
	json_is '[.id, .line_start, .line_end]' '["TORCH-004",1,4]'
	json_is .text $'## [TORCH-004] Title\n- Status: open\n### More\ntext'
	exits 1 git orch plan show torch-4
	is "$err" "git orch plan show: no item 'torch-4' in docs/fix_plan.md; did you mean TORCH-004?"
	exits 1 git orch plan show nothing
	is "$err" "git orch plan show: no item 'nothing' in docs/fix_plan.md"
	exits 129 git orch plan show
	exits 129 git orch plan list x
}

@test "no plan, another plan, a plan of another name" {
	exits 128 git orch plan list
	one_error "there is no plan 'docs/fix_plan.md'" "orch.plan"
	put plan.md "## [A-1] Found"
	list
	json_is '[.path, .items[0].id]' '["plan.md","A-1"]'
	put notes/p.md "## [B-1] Named"
	exits 0 git orch plan list --plan notes/p.md --json
	is "$(ids)" B-1
	git config orch.plan nowhere.md
	exits 128 git orch plan list
	one_error "nowhere.md"
	cd notes	# as git and context get have it
	exits 0 git orch plan list --plan p.md --json
	json_is '[.path, .items[0].id]' '["notes/p.md","B-1"]'
	exits 0 git orch plan lint --plan ../notes/p.md
	exits 0 git orch plan list --plan notes/p.md
	cd ..
	exits 128 git orch plan list --plan ../x
	exits 128 git orch plan list --plan notes
	ln -s /etc/passwd link.md
	exits 128 git orch plan list --plan link.md
	outside
	exits 128 git orch plan list
}

@test "it works on a detached HEAD and says nothing of itself in the tree" {
	loop_init
	git checkout -q --detach
	list
	is "$(ids)" "ITEM-001 ITEM-002"
	item ITEM-001 '[.focus, .attempts]' '[true,1]'
	clean
}

@test "patterns are configurable" {
	plan <<-'END'
	## task/one Title
	- State: erledigt
	- Priority: dringend
	- braucht task/two
	## task/two Other
	- State: wartet
	- Priority: egal
	END
	git config orch.planItem 'task/[a-z]+'
	git config orch.planDone 'erledigt'
	git config orch.planBlocked '^WARTET'
	git config orch.planPriority 'dringend egal'
	git config orch.planDepends 'braucht '
	list
	item task/one '[.status, .depends_on]' '["done",["task/two"]]'
	item task/two .status blocked
	put own/task/one/x.md "- [x] a"
	git config orch.planPhases 'own/{id}'
	list	# an id with a slash has no directory of its own
	git config orch.planItem '('
	exits 128 git orch plan list
	one_error orch.planItem
	git config orch.planItem '(a+)+$'
	list
	# Each line would take a tenth of a second.
	git config --unset orch.planItem
	git config orch.planDone '^(a+)+$'
	for i in $(seq 5000); do
		printf '## [X-%d] T\n- Status: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!\n' "$i"
	done | plan
	list
	json_is '.items | length' 5000
	git config orch.planPhases 'own'
	exits 128 git orch plan list
	one_error orch.planPhases
}

# --- hostile plans --------------------------------------------------------

@test "escapes do not reach the terminal" {
	printf '## [X-1] \033]0;title\007Red \033[31mtext\n- Status: \033[5mopen\nbody \033[2J\n' | plan
	for cmd in list ready "show X-1" lint; do
		exits 0 git orch plan $cmd
		! grep -q $'\033\|\007' "$outfile" || fail_with "an escape in $cmd" || return 1
	done
	printf '| ID | Status |\n|---|---|\n| \033[2JX | open |\n' | plan
	exits 0 git orch plan list
	! grep -q $'\033' "$outfile"
}

@test "phase files stay in the tree" {
	plan <<<"## [X-1] One
## [..] Two"
	put "$BATS_TEST_TMPDIR/outside/a.md" "- [x] secret"
	mkdir -p plans/active
	ln -s "$BATS_TEST_TMPDIR/outside" plans/active/X-1
	list
	item X-1 .checklist.total 0
	rm plans/active/X-1 && mkdir plans/active/X-1
	ln -s "$BATS_TEST_TMPDIR/outside/a.md" plans/active/X-1/a.md
	mkfifo plans/active/X-1/b.md
	put plans/active/X-1/c.md "- [x] fine"
	list
	item X-1 .checklist.total 1
}

@test "a table that costs a whole-document parser 918 MiB costs nothing" {
	sanitized && skip "address space is what sanitizers eat"
	{ printf '|x%.0s' $(seq 250); echo; printf '|-%.0s' $(seq 250); echo
	  for i in $(seq 6500); do echo '|'; done; } | plan
	in_little_memory git-orch-plan list >/dev/null
	{ for i in $(seq 7000); do printf 'a|'; done; echo
	  for i in $(seq 7000); do printf -- '-|'; done; echo
	  for i in $(seq 100); do echo 'b|'; done; } | plan
	in_little_memory git-orch-plan list >/dev/null
	printf '%.0s[a](' $(seq 5000) | plan
	in_little_memory git-orch-plan list >/dev/null
}

@test "10 MB and 120,000 items in 64 MiB" {
	sanitized && skip "address space is what sanitizers eat"
	awk 'BEGIN { for (i = 1; i <= 120000; i++)
		printf "## [ITEM-%06d] Do the thing %d\n- Status: %s\n- Depends on: ITEM-%06d\n\n", \
			i, i, i % 3 ? "planned" : "done", (i > 1 ? i - 1 : 120000) }' | plan
	in_little_memory git-orch-plan list --json >"$BATS_TEST_TMPDIR/list"
	is "$(jq '.items | length' "$BATS_TEST_TMPDIR/list")" 120000
	in_little_memory git-orch-plan list >"$BATS_TEST_TMPDIR/list"
	is "$(wc -l <"$BATS_TEST_TMPDIR/list")" 120001	# and the header
	in_little_memory git-orch-plan ready >/dev/null
	# One circle through all of them.
	exits 1 in_little_memory git-orch-plan lint
	has "119991 more"
}

@test "a full disk is an error, also for a long list" {
	awk 'BEGIN { for (i = 1; i <= 3000; i++) printf "## [ITEM-%d] Title\n", i }' | plan
	exits 128 sh -c 'git orch plan list >/dev/full'
	exits 128 sh -c 'git orch plan list --json >/dev/full'
	git orch plan list --json | head -c 100 >/dev/null
}
