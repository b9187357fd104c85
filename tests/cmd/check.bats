#!/usr/bin/env bats
# git orch check: the kinds of rules, exceptions, and what is judged.
load helper
setup() { orch_setup; loop_init; }

# rule NAME KEY VALUE...: in git config proper.
rule() {
	local name=$1

	shift
	while [ $# -gt 0 ]; do
		git config "orchcheck.$name.$1" "$2"
		shift 2
	done
}
# Without the rules that are built in.
only() {
	local r

	for r in findings-consulted focus-in-plan tests-with-code plan-attempt artifact-place; do
		git config orchcheck.$r.level off
	done
}
# found: "level rule path" of each finding, joined.
found() { json '[.findings[] | "\(.level) \(.rule) \(.path // "-")"] | join("; ")'; }
range() { exits "$1" git orch check --range "$2" --json "${@:3}"; }

@test "without rules that fire: nothing found, and a page that says so" {
	base=$(head_of)
	commit "docs" docs/index.md
	range 0 "$base..HEAD"
	json_is . '{"version":1,"findings":[],"errors":0,"warnings":0,"allowed":0,"skipped":0,"rules":2,"exceptions":[]}'
	exits 0 git orch check --range "$base..HEAD"
	is "$out" "pre-push: 2 rules, nothing found"
	is "$err" ""
	clean
}

@test "misuse: no stage, an unknown one, a range that is none, a format that is none" {
	exits 129 git orch check
	err_has "say when: pre-turn, post-turn or pre-push"
	exits 129 git orch check post
	err_has "'post' is not pre-turn, post-turn or pre-push"
	for r in HEAD HEAD...HEAD a..b..c; do
		exits 129 git orch check --range $r
		err_has "--range is <a>..<b>"
	done
	exits 129 git orch check pre-turn --format xml
	exits 129 git orch check pre-turn --format text --json
	exits 128 git orch check --range nosuch..HEAD
	one_error "unknown revision 'nosuch'"
	outside
	exits 128 git orch check pre-turn
}

@test "pair: source without a test is a warning, and --strict makes it count" {
	base=$(head_of)
	commit "code" src/a.c
	range 0 "$base..HEAD"
	is "$(found)" "warn tests-with-code src/a.c"
	json_is '.findings[0]' '{"rule":"tests-with-code","level":"warn","stage":"pre-push","message":"source changed but no test changed","path":"src/a.c","line":null,"commit":null}'
	json_is '"\(.errors) \(.warnings)"' "0 1"
	range 1 "$base..HEAD" --strict
	exits 0 git orch check --range "$base..HEAD"
	matches '^warn  tests-with-code  src/a.c: source changed but no test changed$'
	matches '^pre-push: 2 rules, 0 errors, 1 warning$'
	commit "test" tests/test_a.c
	range 0 "$base..HEAD"
	is "$(found)" ""
	# What is no product needs no test; what was deleted neither.
	base=$(head_of)
	for f in docs/x.py plans/active/X/bin/run.py examples/e.go test_b.py; do put $f x; done
	git rm -q src/a.c tests/test_a.c
	commit "others"
	range 0 "$base..HEAD"
	is "$(found)" ""
}

@test "forbidden-path and max-size look into each commit, and at what a merge adds" {
	only
	rule no-env kind forbidden-path when '(^|/)\.env$' unless '^examples/' level error
	rule small kind max-size size 1k level error
	base=$(head_of)
	git checkout -q -b side
	commit "side" side.txt
	git checkout -q main
	put sub/.env secret; put examples/.env fine
	commit "oops"
	bad=$(head_of)
	git rm -q sub/.env; commit "remove it"
	head -c 2000 /dev/zero >big; commit "big"
	git rm -q big; commit "not big"
	git merge -q --no-commit --no-ff side; put .env evil; git add -A; git commit -q -m merge
	range 1 "$base..HEAD"
	is "$(found)" "error no-env .env; error no-env sub/.env; error small big"
	json_is '.findings[1].commit' "$bad"
	json_is '.findings[2].message' "2000 bytes, at most 1024 are allowed"
	exits 1 git orch check --range "$base..HEAD"
	matches "^error  no-env  sub/.env: this path is forbidden \(commit ${bad:0:7}\)\$"
}

@test "message: of every commit but merges" {
	only
	rule subject kind message pattern '^[a-z]+: ' level error message "say where"
	base=$(head_of)
	git checkout -q -b side; commit "a: one" one
	git checkout -q main; commit "two" two
	bad=$(head_of)
	git merge -q --no-ff -m "Merge it" side
	range 1 "$base..HEAD"
	json_is '[.findings[] | "\(.commit) \(.message)"] | join(" ")' "$bad say where"
}

@test "added-text: a line that was added, not one that was there or went elsewhere" {
	only
	rule log kind added-text path CHANGES pattern '^- ' when '^src/' level error
	put CHANGES <<<$'- old\ntext'
	commit "changes"
	base=$(head_of)
	commit "code" src/a.c
	range 1 "$base..HEAD"
	is "$(found)" "error log CHANGES"
	put CHANGES <<<$'text\n- old'; commit "moved"
	range 1 "$base..HEAD"
	put CHANGES <<<$'text\n- old\n- new'; commit "said"
	range 0 "$base..HEAD"
	base=$(head_of)
	commit "no code" README
	range 0 "$base..HEAD"
}

@test "added-text with {focus}; its dots are no wildcards" {
	only
	rule named kind added-text path CHANGES pattern '^{focus} ' level error
	put input.md "Focus: ITEM-001.A2 - second half"
	commit "input"
	base=$(head_of)
	put CHANGES "ITEM-001xA2 done"; commit "wrong" src/a.c
	range 1 "$base..HEAD"
	put CHANGES "ITEM-001.A2 done"; commit "right"
	range 0 "$base..HEAD"
	range 1 "$base..HEAD" --focus ITEM-002
	# Without a focus there is nothing to ask for.
	put input.md "Summary: nothing"; put docs/fix_plan.md "# Plan"; commit "no focus"
	range 0 "$base..HEAD"
}

@test "plan-attempt: what the plan parser calls one, for the executor and the focus" {
	base=$(head_of)
	commit "work" notes.txt
	exits 0 git orch check post-turn --range "$base..HEAD" --actor ralph --json
	is "$(found)" "warn plan-attempt docs/fix_plan.md"
	exits 0 git orch check post-turn --range "$base..HEAD" --actor galph --json
	is "$(found)" ""
	# The word alone is no attempt, nor is one at another item.
	echo "We should Attempt #2 some day" >>docs/fix_plan.md
	sed -i 's/^- Priority: Low$/&\n- Attempts History:\n  * [2026-01-31] Attempt #1 - Result: ok/' docs/fix_plan.md
	commit "noise"
	exits 0 git orch check post-turn --range "$base..HEAD" --actor ralph --json
	is "$(found)" "warn plan-attempt docs/fix_plan.md"
	sed -i 's/^  \* \[2026-01-30\].*/&\n  * [2026-01-31] Attempt #2 - Result: ok/' docs/fix_plan.md
	commit "attempt"
	exits 0 git orch check post-iteration --range "$base..HEAD" --actor ralph --json
	is "$(found)" ""
	# Who executes can be said.
	base=$(head_of)
	commit "more work" notes.txt again
	git config orch.executor galph
	exits 0 git orch check post-turn --range "$base..HEAD" --actor galph --json
	is "$(found)" "warn plan-attempt docs/fix_plan.md"
	git config orch.executor nobody
	exits 0 git orch check post-turn --range "$base..HEAD" --actor ralph --json
	is "$(found)" "warn plan-attempt docs/fix_plan.md"
}

@test "place: artifacts that were added to tmp/" {
	base=$(head_of)
	put tmp/run.log x; put tmp/supervisorlog.txt x; put tmp/a.py x; put x/tmp/run.log x
	commit "artifacts"
	range 0 "$base..HEAD"
	is "$(found)" "warn artifact-place tmp/run.log"
}

@test "plan: what is wrong with it now and was not before" {
	only
	rule lint kind plan level warn
	sed -i 's/^- Priority: Low$/&\n- Depends on: NOPE-9/' docs/fix_plan.md
	commit "old problem"
	base=$(head_of)
	sed -i '1a\\nA paragraph.' docs/fix_plan.md
	printf '\n## [ITEM-001] Again\n- Status: planned\n' >>docs/fix_plan.md
	commit "new problem"
	range 0 "$base..HEAD"
	json_is '[.findings[] | "\(.rule) \(.path) \(.line > 20) \(.message | split(":")[0])"] | join("; ")' \
		"lint docs/fix_plan.md true duplicate-id"
}

@test "pre-turn: the focus is in the plan, and findings that know of it were consulted" {
	exits 0 git orch check pre-turn --actor ralph --json
	is "$(found)" "warn findings-consulted docs/findings.md"
	json_true '.findings[0].message | contains("ITEM-001") and contains("first")'
	sed -i 's/make needs -j2/the First thing/' docs/findings.md
	exits 0 git orch check pre-turn --actor ralph
	is "$out" "pre-turn: 2 rules, nothing found"
	put docs/findings.md "# Findings"	# nothing was learnt yet
	exits 0 git orch check pre-turn --actor ralph --json
	is "$(found)" ""
	put input.md "Focus: ITEM-009 - new"
	exits 1 git orch check pre-iteration --actor ralph --json
	is "$(found)" "error focus-in-plan docs/fix_plan.md"
	exits 0 git orch check pre-turn --actor galph --json	# who can mend it
	exits 1 git orch check pre-turn --actor ralph --focus ITEM-00
	exits 0 git orch check pre-turn --actor ralph --focus item-002
	put input.md "Focus: tidy things up"		# names no item
	exits 0 git orch check pre-turn --actor ralph
	put input.md "Focus: ITEM-009"; rm docs/fix_plan.md	# no ledger is kept
	exits 0 git orch check pre-turn --actor ralph
}

@test "Orch-Allow with a reason excepts a rule; without, or elsewhere, it does not" {
	base=$(head_of)
	commit "code" src/a.c
	git commit -q --allow-empty -m "x

Orch-Allow: tests-with-code

Signed-off-by: x"
	range 0 "$base..HEAD"
	is "$(found)" "warn tests-with-code src/a.c"
	git commit -q --allow-empty -m "y

Orch-Allow: tests-with-code generated code

Not the last paragraph"
	range 0 "$base..HEAD"
	json_is .allowed 0
	git commit -q --allow-empty -m "z

Signed-off-by: x
orch-allow: tests-with-code   generated code "
	range 0 "$base..HEAD"
	json_is '[.findings, .allowed, .warnings]' '[[],1,0]'
	json_is '.exceptions[0]' "{\"rule\":\"tests-with-code\",\"by\":\"Orch-Allow\",\"reason\":\"generated code\",\"findings\":1,\"commit\":\"$(head_of)\"}"
	exits 0 git orch check --range "$base..HEAD"
	matches "^allowed  tests-with-code  1 finding, by commit .*: generated code\$"
	git config orchcheck.tests-with-code.allow no
	range 0 "$base..HEAD"
	json_true '.findings[0].message | contains("does not count: orchcheck.tests-with-code.allow = no")'
}

@test "GIT_ORCH_SKIP skips rules by name, unless allow = no" {
	base=$(head_of)
	commit "code" src/a.c
	export GIT_ORCH_SKIP=x,tests-with-code
	range 0 "$base..HEAD"
	is "$(found)" ""
	json_is '[.skipped, .exceptions[0].by]' '[1,"GIT_ORCH_SKIP"]'
	exits 0 git orch check --range "$base..HEAD"
	matches '^skipped  tests-with-code  by GIT_ORCH_SKIP$'
	git config orchcheck.tests-with-code.allow no
	range 0 "$base..HEAD"
	is "$(found)" "warn tests-with-code src/a.c"
}

@test "post-turn: the turn that is held, with what it left in the work tree" {
	exits 0 git orch turn with galph -- true
	put tmp/before.log before
	exits 0 git orch turn acquire ralph --pid $$ --timeout 5
	put tmp/now.log x; put src/a.c x
	exits 0 git orch check post-turn --json
	is "$(found)" "warn tests-with-code src/a.c; warn plan-attempt docs/fix_plan.md; warn artifact-place tmp/now.log"
	commit "code"
	exits 0 git orch check post-turn --json
	is "$(found)" "warn tests-with-code src/a.c; warn plan-attempt docs/fix_plan.md; warn artifact-place tmp/before.log; warn artifact-place tmp/now.log"
	exits 0 git orch turn release
	exits 0 git orch check post-turn --json		# by its receipt
	json_is '.warnings' 4
	exits 128 git orch check post-turn --loop other
	one_error "none has a receipt here"
}

@test "a shallow clone without A exits with 128 and names the fetch depth" {
	for i in 1 2 3 4; do commit "c $i" f$i; done
	base=$(head_of HEAD~3)
	git clone -q --depth 2 "file://$repo" ../shallow
	cd ../shallow
	exits 128 git orch check --range "$base..HEAD"
	one_error "this clone is shallow and ends 2 commits back" "fetch-depth"
	range 0 HEAD~1..HEAD
	json_is .rules 2
	git fetch -q --unshallow
	range 0 "$base..HEAD"
}

@test "no init is needed, and a bare repository will do" {
	git init -q -b main ../plain; cd ../plain
	commit "one" README
	base=$(head_of)
	commit "code" src/a.c
	git clone -q --bare . ../bare.git
	cd ../bare.git
	range 0 "$base..main"
	is "$(found)" "warn tests-with-code src/a.c"
	range 1 "$base..main" --strict
}

@test "hostile names are safe in every format" {
	only
	rule bad kind forbidden-path when '^x' level error
	base=$(head_of)
	put $'x\e[31m\n\xff"' x; commit "names"
	exits 1 git orch check --range "$base..HEAD"
	is "$(tr -d '\n -~' <"$outfile" | wc -c)" 0
	has '"x\033[31m\n\377\""'
	range 1 "$base..HEAD"
	json_is '.findings | length' 1
	exits 1 git orch check --range "$base..HEAD" --format sarif
	json_is '.runs[0].results[0].locations[0].physicalLocation.artifactLocation.uri' 'x%1B%5B31m%0A%FF%22'
}
