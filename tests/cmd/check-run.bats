#!/usr/bin/env bats
# git orch run: the checks of its turns, in lines, receipts, and the next prompt.
load helper
setup() {
	orch_setup
	loop_init
	git config orch.retryDelay 0
	export OUT=$BATS_TEST_TMPDIR
	keep='cat >"$OUT/$GIT_ORCH_ACTOR.$GIT_ORCH_ITERATION"; '
	agent galph "$keep true"
	agent ralph "$keep true"
	sed -i 's/make needs -j2/the First thing/' docs/findings.md
	commit "a finding about the focus"
}

@test "a turn that the rules are content with is silent about them" {
	exits 0 git orch run
	lacks check warn
	is "$(jq -c .checks .git/orch/receipts.jsonl | sort -u)" null
	! grep -q "check in" "$OUT"/*.1
}

@test "warnings: on the line, in the summary, in receipt, log, show and the next prompts" {
	agent ralph "$keep mkdir -p src; echo \$GIT_ORCH_ITERATION >>src/a.c; git add .; git commit -qm x"
	exits 0 git orch run -n 2
	matches '^1/galph +ok [0-9a-z]+  0 commits$'
	matches '^1/ralph +ok [0-9a-z]+  1 commit  warn tests-with-code plan-attempt$'
	matches '^checks     4 warnings \(tests-with-code 2, plan-attempt 2\), 0 allowed, 0 skipped$'
	exits 0 git orch log --json
	json_is '[.receipts[].checks | select(.) | "\(.errors) \(.warnings) \(.findings[0].rule)"] | join("; ")' \
		"0 2 tests-with-code; 0 2 tests-with-code"
	exits 0 git orch log
	matches '^1/ralph .* 1  warn tests-with-code plan-attempt$'
	exits 0 git orch show 1/ralph
	has "check warn tests-with-code: src/a.c: source changed but no test changed"
	# The planner learns of it, and who did it does, too; the first turn of nobody.
	grep -q "^check in 1/ralph: warn plan-attempt: docs/fix_plan.md: the plan has no new attempt" "$OUT/galph.2"
	is "$(grep -c '^check in 1/ralph' "$OUT/ralph.2")" 2
	! grep -q "^check in" "$OUT/ralph.1"
	clean
}

@test "an error before the turn stops it: handed back, no agent, exit 1" {
	sed -i 's/^Focus: .*/Focus: ITEM-009 - nobody knows it/' input.md
	exits 1 git orch run
	matches '^1/galph +ok'
	matches '^1/ralph +failed .*error focus-in-plan: docs/fix_plan.md: nothing in it names the focus, ITEM-009'
	[ ! -e "$OUT/ralph.1" ]
	exits 0 git orch turn status --json
	json_is '[.holder, .expected_actor, .iteration, .status]' '[null,"ralph",1,"failed"]'
	exits 0 git orch show 1/ralph --json
	json_is '[.checks.errors, .agent]' '[1,null]'
	# Who can mend it does, and the loop goes on.
	printf '\n## [ITEM-009] Known now\n- Status: planned\n' >>docs/fix_plan.md
	exits 0 git orch run
	matches '^1/ralph.2 +ok'
	[ -e "$OUT/ralph.1" ]
}

@test "exceptions are recorded; what was dirty before is not the turn's" {
	put tmp/old.log x
	agent ralph "$keep mkdir -p src; echo 1 >src/a.c; git add src; git commit -qm x -m 'Orch-Allow: tests-with-code a stub'"
	GIT_ORCH_SKIP=plan-attempt exits 0 git orch run
	matches '^1/ralph +ok [0-9a-z]+  1 commit$'
	matches '^checks     0 warnings, 1 allowed, 1 skipped$'
	exits 0 git orch show 1/ralph
	has "check excepted tests-with-code by Orch-Allow: a stub" \
		"check excepted plan-attempt by GIT_ORCH_SKIP"
	exits 0 git orch show 1/ralph --json
	json_is '.checks.findings' '[]'
}

@test "an agent cannot disarm the checks of its own turn" {
	put .orchconfig <<-END
	$(cat .orchconfig)
	[orchcheck "no-bin"]
		kind = forbidden-path
		stage = post-turn
		when = ^bin/
		level = error
	END
	commit "a rule"
	agent galph "$keep mkdir -p bin; echo x >bin/x; echo '[orch]' >.orchconfig"
	agent ralph "$keep true"
	exits 0 git orch run --actor galph
	matches '^1/galph +ok .*error no-bin$'
}

@test "the variable in a template: a list, empty at first" {
	put t.mustache '{{#check_findings}}<{{turn}}|{{rule}}|{{level}}|{{stage}}|{{path}}|{{line}}|{{commit}}|{{message}}>{{/check_findings}}{{^check_findings}}none{{/check_findings}}'
	git config orchactor.galph.context t.mustache
	git config orchactor.ralph.context t.mustache
	put docs/findings.md "# F
| Finding ID | Keywords | Synopsis |
|---|---|---|
| F-1 | other | thing |"
	commit "nothing about the focus"
	exits 0 git orch run
	grep -q "<this turn|findings-consulted|warn|pre-turn|docs/findings.md|||nothing in it mentions ITEM-001" "$OUT/galph.1"
	# As a text, a line for each; without any it is empty.
	put t.mustache '<{{check_findings}}>'
	exits 0 git orch prompt build galph
	has "<1/galph: warn findings-consulted: docs/findings.md: nothing in it mentions ITEM-001"
	rm .git/orch/receipts.jsonl
	exits 0 git orch prompt build galph
	has "<>"
	put t.mustache "<{{delta.changed_files}}>{{delta.new_plan_items}}"
	exits 0 git orch prompt build galph
	has "<M t.mustache>"
}

@test "findings in receipts that anybody may have written" {
	put t.mustache '{{#check_findings}}<{{turn}}|{{rule}}|{{level}}|{{stage}}|{{path}}|{{line}}|{{commit}}|{{message}}>{{/check_findings}}'
	git config orchactor.galph.context t.mustache
	agent ralph "mkdir -p src; echo 1 >src/a.c; git add .; git commit -qm x"
	exits 0 git orch run
	exits 0 git orch prompt build ralph
	sed -i 's/"checks":{.*"exceptions":\[\]}/"checks":{"findings":[1,{"rule":2},null,{"rule":"r","message":"m","path":7,"line":"x"}]}/' .git/orch/receipts.jsonl
	grep -q '"checks":{"findings":\[1,' .git/orch/receipts.jsonl
	exits 0 git orch prompt build galph
	has "|r||||||m>"
	exits 0 git orch log
	exits 0 git orch show 1/ralph
}
