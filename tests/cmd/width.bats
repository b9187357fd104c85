#!/usr/bin/env bats
# Tables on a terminal: rows fit, and into a pipe nothing is cut.
load helper
setup() { orch_setup; loop_init; }

# on COLUMNS COMMAND: what a terminal of that width shows, in $out.
on() {
	script -qec "stty cols $1; $2" /dev/null </dev/null >"$BATS_TEST_TMPDIR/tty" || return 1
	out=$(tr -d '\r' <"$BATS_TEST_TMPDIR/tty")
}
widest() { wc -L <<<"$out"; }
words() { printf 'word%.0s ' $(seq "$1"); }

@test "plan list and ready: a header, and titles give way" {
	for i in 1 2 3; do
		printf '## [ITEM-00%s] Title %s of %s\n- Status: planned\n- Priority: High\n\n' \
			$i $i "$(words 20)"
	done >docs/fix_plan.md
	echo "- Depends on: ITEM-001" >>docs/fix_plan.md
	exits 0 git orch plan list
	matches '^id +status +priority +title +where$'
	matches '^ITEM-003 .* \(needs ITEM-001\)  docs/fix_plan.md:9$'
	[ "$(widest)" -gt 100 ]
	exits 0 git orch plan ready
	matches '^id +status'
	on 80 "git orch plan list"
	is "$(grep -c . <<<"$out")" 4
	[ "$(widest)" -le 80 ]
	matches '^ITEM-001  planned  High      Title 1 of word.*\.\.\. +:1$'
	matches '^ITEM-003  planned  High      Title 3 .*\.\.\. \(needs ITEM-001\)  :9$'
	on 200 "git orch plan list"
	has docs/fix_plan.md:9
	on 40 "git orch plan list"
	matches '^ITEM-001  planned  High      Title .*\.\.\. +:1$'
}

@test "delta and doctor: subjects are shortened, details wrapped" {
	git orch turn with galph -- true >/dev/null
	commit "$(words 30)" new
	exits 0 git orch delta --actor galph
	[ "$(widest)" -gt 150 ]
	on 80 "git orch delta --actor galph"
	[ "$(widest)" -le 80 ]
	matches '^commits +[0-9a-f]{7}  word word .*\.\.\.  A U Thor$'
	exits 0 git orch doctor
	whole=$(grep '^warn  agent .*galph' <<<"$out")
	on 60 "git orch doctor"
	is "$(grep -A1 '^warn  agent .*galph' <<<"$out" | sed '2,$s/^ */ /' | tr -d '\n')" "$whole"
	[ "$(grep -A2 '^warn  agent .*galph' <<<"$out" | wc -L)" -le 60 ]
}

@test "check: messages are wrapped" {
	commit "code" src/a.c
	git config orchcheck.tests-with-code.message "$(words 30)end"
	exits 0 git orch check --range HEAD~1..HEAD
	[ "$(widest)" -gt 150 ]
	on 60 "git orch check --range HEAD~1..HEAD"
	[ "$(widest)" -le 60 ]
	matches '^warn  tests-with-code  src/a.c: word'
	matches '^ +word .*end$'
}
