#!/usr/bin/env bats
# git orch check: what configuration makes of rules, and what .orchconfig may not.
load helper
setup() { orch_setup; }

# judged CODE [ARGS]: the last commit, after a turn; .orchconfig is that of before.
judged() { exits "$1" git orch check post-turn --range HEAD~1..HEAD --json "${@:2}"; }
found() { json '[.findings[] | "\(.level) \(.rule)"] | join("; ")'; }
team() { put .orchconfig; commit "rules"; }
work() { commit "work" "$1"; }

@test ".orchconfig adds rules and adapts the patterns of built-in warnings" {
	team <<-'END'
	[orchcheck "no-bin"]
		kind = forbidden-path
		stage = post-turn
		when = ^bin/
		level = error
	[orchcheck "tests-with-code"]
		when = ^product/
	END
	put bin/x x; put src/a.c x; work product/readme.txt
	judged 1
	is "$(found)" "warn tests-with-code; error no-bin"
	json_is '.findings[0].path' product/readme.txt
}

@test ".orchconfig raises, and does not lower, what is built in" {
	team <<-'END'
	[orchcheck "tests-with-code"]
		level = error
		allow = no
	[orchcheck "artifact-place"]
		level = off
		stage = post-turn
	[orchcheck "focus-in-plan"]
		level = warn
		path = README
		actor = nobody
	END
	put tmp/x.log x; work src/a.c
	judged 1
	is "$(found)" "error tests-with-code; warn artifact-place; warn artifact-place"
	json_true '.findings[2].message | contains("only git config can")'
	exits 1 git orch check --range HEAD~1..HEAD --json	# stages are added, not taken away
	json_true '[.findings[].rule] | index("artifact-place") != null'
	put input.md "Focus: ITEM-001"; put docs/fix_plan.md "# Plan"; put README "ITEM-001"
	exits 1 git orch check pre-turn --actor ralph --json
	json_is '.findings[0] | "\(.level) \(.rule) \(.path)"' "error focus-in-plan docs/fix_plan.md"
}

@test "a gate of git config cannot be weakened by .orchconfig" {
	git config orchcheck.keys.kind forbidden-path
	git config orchcheck.keys.when '\.pem$'
	git config orchcheck.keys.level error
	git config orchcheck.keys.allow no
	git config orchcheck.tests-with-code.level error
	team <<-'END'
	[orchcheck "keys"]
		kind = message
		pattern = .
		unless = .
		when = ^never
		level = info
		stage = pre-turn
		actor = nobody
		allow = yes
	[orchcheck "tests-with-code"]
		when = ^never
		unless = .
		level = warn
	END
	put a.pem x; put src/a.c x
	git add -A
	git commit -q -m "work

Orch-Allow: keys please"
	judged 1
	json_is '[.findings[] | select(.level == "error") | "\(.rule) \(.path)"] | join("; ")' \
		"tests-with-code src/a.c; keys a.pem"
	json_true '[.findings[] | select(.level == "warn") | .message] | all(contains(".orchconfig cannot set"))'
}

@test "git config may lower, and is not raised again by .orchconfig" {
	git config orchcheck.tests-with-code.level info
	git config orchcheck.artifact-place.level off
	team <<-'END'
	[orchcheck "tests-with-code"]
		level = error
	[orchcheck "artifact-place"]
		level = error
	END
	put tmp/x.log x; work src/a.c
	judged 0 --strict
	is "$(found)" "info tests-with-code"
}

@test "many rules of .orchconfig do not push one of git config out" {
	git config orchcheck.mine.kind forbidden-path
	git config orchcheck.mine.when x
	git config orchcheck.mine.level error
	for ((i = 0; i < 400; i++)); do printf '[orchcheck "r%d"]\n\tkind = pair\n\twhen = ^q\n\tneeds = .\n' $i; done |
		team
	work x
	judged 1
	is "$(found)" "error mine"
	err_has "more than 200 rules"
}

@test "what makes no sense is reported, and is an error before a push only" {
	git config orchcheck.a.kind nokind
	git config orchcheck.b.kind pair
	git config orchcheck.c.kind message
	git config orchcheck.c.pattern .
	git config orchcheck.c.needs .
	git config orchcheck.d.kind place
	git config orchcheck.d.when x
	git config orchcheck.d.level eror
	git config orchcheck.e.when x
	git config orchcheck.f.kind max-size
	git config orchcheck.f.size many
	git config orchcheck.g.kind message
	git config orchcheck.g.pattern .
	git config orchcheck.g.stage "post-turn sometimes"
	git config orchcheck.tests-with-code.levle error
	work x
	judged 0
	json_is '[.findings[] | "\(.level) \(.rule)"] | join(" ")' \
		"warn tests-with-code warn a warn b warn c warn d warn e warn f warn g"
	for text in "unknown key" "unknown kind 'nokind'" "kind pair needs the key when" \
		"key needs means nothing to kind message" "level 'eror' is not" "it has no kind" \
		"size 'many'" "stage 'sometimes'"; do
		has "$text"
	done
	exits 1 git orch check --range HEAD~1..HEAD --json
	json_is .errors 6
	exits 0 git orch doctor
	matches "^warn  rules +tests-with-code: .*" || matches "levle"
	matches "^warn  rules +a cannot be judged: unknown kind 'nokind'$"
}

@test "doctor lists what .orchconfig cannot make of rules, and nothing else" {
	exits 0 git orch doctor
	lacks rules
	team <<-'END'
	[orchcheck "tests-with-code"]
		level = off
	[orchcheck "mine"]
		kind = place
		when = ^x
		nokey = 1
	END
	exits 0 git orch doctor
	is "$(grep -c '^warn  rules' <<<"$out")" 1
	matches "^warn  rules +tests-with-code: .orchconfig cannot set orchcheck.tests-with-code.level: only git config can$"
	is "$(grep -c 'nokey' <<<"$out")" 1
}

@test "the files of rules stay inside the tree" {
	put ../secret "root:x"; ln -s ../secret link; put .git/x "root:x"
	exits 0 git orch turn acquire galph --pid $$ --timeout 5
	for path in ../secret "$PWD/../secret" link .git/x docs/../../secret; do
		team <<-END
		[orchcheck "r"]
			kind = added-text
			stage = post-turn
			path = $path
			pattern = ^root
			level = error
		[orchcheck "m"]
			kind = mentions
			path = $path
			keywords = no
		END
		put work "$path"
		exits 0 git orch check post-turn --json
		json_is '[.findings[] | select(.rule == "r") | .message | startswith("the rule cannot be judged: ")]' '[true]'
		exits 0 git orch check pre-turn --focus root --json
		json_is '[.findings[] | select(.rule == "m") | .message | startswith("the rule cannot be judged: ")]' '[true]'
	done
}

@test "more findings than one can read are counted" {
	team <<-'END'
	[orchcheck "x"]
		kind = forbidden-path
		when = ^x/
		level = error
	END
	for ((i = 0; i < 60; i++)); do put x/$i x; done
	work y
	judged 1
	json_is '[.errors, (.findings | length), .findings[-1].message, .findings[-1].level]' \
		'[51,51,"10 more like that","error"]'
}

@test "a range is judged by its beginning, whatever .orchconfig has become" {
	team <<-'END'
	[orchcheck "no-x"]
		kind = forbidden-path
		when = ^x
		level = error
	END
	for text in "[orch" $'[orch]\n\tbudget = lots'; do
		put .orchconfig "$text"; put x "$text"; commit "broken"
		exits 1 git orch check --range HEAD~1..HEAD --json
		is "$(found)" "error no-x"
		is "$err" ""
		git reset -q --hard HEAD~1
	done
}

@test "A's .orchconfig judges A..B, and the executor is the last of its workflow" {
	team <<-'END'
	[orch]
		workflow = galph ralph reviewer
	END
	put docs/fix_plan.md "# Plan"; commit "plan"
	put .orchconfig "[orch]"; work notes
	judged 0 --actor reviewer
	is "$(found)" "warn plan-attempt"
	judged 0 --actor ralph
	is "$(found)" ""
	exits 128 git orch check post-turn --range HEAD~1..HEAD --actor nobody
	one_error "no actor 'nobody' in the workflow (galph ralph reviewer)"
}

@test "SARIF: valid by the published schema, with and without findings" {
	for python in /usr/bin/python3 python3; do
		"$python" -c 'import jsonschema' 2>/dev/null && break
		python=
	done
	[ -n "$python" ] || skip "python3-jsonschema is missing"
	valid() {
		"$python" - "$TOP/tests/fixtures/sarif/sarif-2.1.0-rtm.5.json" "$1" <<-'END'
		import json, sys, jsonschema
		schema, log = (json.load(open(f)) for f in sys.argv[1:])
		jsonschema.Draft4Validator.check_schema(schema)
		for e in jsonschema.Draft4Validator(schema).iter_errors(log):
		    sys.exit("%s: %s" % (list(e.absolute_path), e.message))
		END
	}
	git config orchcheck.lint.kind plan
	git config orchcheck.bad.kind forbidden-path
	git config orchcheck.bad.when '^x'
	git config orchcheck.bad.level error
	git config orchcheck.fine.kind message
	git config orchcheck.fine.pattern '^\(a\)'
	git config orchcheck.fine.level info
	printf '# Plan\n\n## [A-1] A\n- Status: planned\n' | put docs/fix_plan.md
	commit "plan"
	printf '\n## [A-1] Again\n- Status: planned\n' >>docs/fix_plan.md
	put $'x \e[31m\xff%' x; work src/a.c
	exits 1 git orch check post-turn --range HEAD~1..HEAD --format sarif
	cp "$outfile" good
	json_is '.runs[0].results | map("\(.level) \(.ruleId)") | join(" ")' \
		"warning tests-with-code warning lint error bad note fine"
	json_true '.runs[0] as $r | $r.results | all(.ruleId == $r.tool.driver.rules[.ruleIndex].id)'
	json_is '.runs[0].results[1].locations[0].physicalLocation.region.startLine' 6
	# GitHub takes none without: a message is where the rules stand.
	json_is '.runs[0].results[3].locations[0].physicalLocation.artifactLocation.uri' .orchconfig
	json_true '.runs[0].results | all(.locations | length == 1)'
	exits 0 valid good
	exits 0 git orch check --range HEAD..HEAD --format sarif
	json_is '.runs[0].results' '[]'
	cp "$outfile" empty
	exits 0 valid empty
	# The validator can say no.
	for broken in '.version = "2.0.0"' '.runs[0].results[0].level = "bad"' \
		'.runs[0].results[0].message = {}' '.runs[0].extra = 1'; do
		jq "$broken" good >broken
		exits 1 valid broken
	done
}
