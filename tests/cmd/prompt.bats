# git orch prompt build: core files, documents, and the part of the turn

load helper
setup() { orch_setup; loop_init; }

build() { exits 0 git orch prompt build "$@"; }
turn() { git orch turn with "$1" -- sh -c "${2-true}" >/dev/null; }
# Use this text as galph's context template.
template() { printf "$@" >prompts/context.md; git config orchactor.galph.context prompts/context.md; }
# What the template became.
rendered() { jq -j .text "$outfile" | tail -c "$(json '.parts[-1].bytes')"; }

@test "core first and byte for byte, then documents, then the turn" {
	printf 'core {{not.rendered}} \r\n\n\n' >prompts/supervisor.md
	printf 'second, no newline' >prompts/two.md
	git config orchactor.galph.core prompts/supervisor.md
	git config --add orchactor.galph.core prompts/two.md
	build galph
	{ cat prompts/supervisor.md prompts/two.md; echo; } >want
	cmp -n "$(stat -c %s want)" want "$outfile"
	rm want
	git orch context pack --actor galph --preview >pack
	grep -qF "$(head -n 1 pack)" "$outfile"
	has "You are galph, in iteration 1 of the loop main." "This is the first turn of galph" \
		"Focus so far: ITEM-001 — First item"
	rm pack
	build galph --json
	json_is '[.parts[] | "\(.kind) \(.name) \(.static)"] | join("; ")' \
		"core prompts/supervisor.md true; core prompts/two.md true; key frame documents true; turn built-in template false"
	json_is '.parts[0].blob' "$(git hash-object --no-filters prompts/supervisor.md)"
	json_is '.parts[0].bytes' "$(stat -c %s prompts/supervisor.md)"
	json_is '"\(.version) \(.actor) \(.budget)"' "1 galph 40000"
	json_true '.tokens == ([.parts[].tokens] | add)'
}

@test "building marks nothing seen and writes nothing" {
	put docs/index.md "# uncommitted"
	before=$(git count-objects)
	build galph
	is "$(git count-objects)" "$before"
	is "$(git for-each-ref refs/orch)" ""
}

@test "--static and --dynamic are the prompt in two files" {
	build galph
	cp "$outfile" ../whole
	build galph --static ../static --dynamic ../dynamic
	is "$out" ""
	cat ../static ../dynamic | cmp - ../whole
	git orch context pack --actor galph --preview >../pack
	cat prompts/supervisor.md ../pack | cmp - ../static
	# What changed since the key frame is not static.
	git orch context pack --actor galph >/dev/null 2>&1
	sed -i 's/Mode: TDD/Mode: none/' input.md
	git config orch.priceWrite 1000		# never worth a cached byte
	build galph --static ../static --dynamic ../dynamic
	cat prompts/supervisor.md ../pack | cmp - ../static
	grep -q "Mode: none" ../dynamic
}

@test "every variable exists, empty while nothing is known" {
	git config orch.workflow "galph ralph code-review"
	template '{{iteration_number}}|{{actor}}|{{task}}|{{route}}|{{previous_focus_issue}}|{{galph_summary}}|{{ralph_summary}}|{{code-review_summary}}|{{dependency_checklist}}|{{loop}}|{{head}}|{{#check_findings}}x{{/check_findings}}{{#delta.changed_files}}x{{/delta.changed_files}}{{#delta.new_plan_items}}x{{/delta.new_plan_items}}{{#delta.completed_tasks}}x{{/delta.completed_tasks}}{{#delta.new_findings}}x{{/delta.new_findings}}{{#task}}x{{/task}}|{{^route}}no route{{/route}}'
	build galph --json
	is "$(rendered)" "1|galph|||ITEM-001 — First item|||||main|$(head_of)||no route"
	template '{{git_diff_summary}}'
	build galph --json
	is "$(rendered)" "This is the first turn of galph: there is nothing to compare with."
}

@test "what the turn before handed on, and empty what it did not" {
	git orch turn acquire galph --pid none >/dev/null
	exits 0 git orch turn release --generation 1 --set plan=P-7 --set a.b='x {{y}}'
	template '{{values.plan}}|{{values.a.b}}|{{values.no}}|{{values.no.such}}|{{#values.plan}}set{{/values.plan}}{{^values.no}}unset{{/values.no}}'
	build galph --json
	is "$(rendered)" "P-7|x {{y}}|||setunset"
}

@test "what changed since the last turn" {
	turn galph
	turn ralph "echo one >>input.md; git commit -qam 'ITEM-001: do it'"
	echo x >loose
	template '{{iteration_number}}\n{{#delta.changed_files}}\n{{status}} {{added}} {{removed}} {{path}}{{#uncommitted}} u{{/uncommitted}}\n{{/delta.changed_files}}\n'
	git add prompts && git commit -qm template -- prompts
	build galph --json
	is "$(rendered)" "$(printf '2\nM 1 0 input.md\nA 4 0 prompts/context.md\nA 1 0 loose u')"
	template '{{git_diff_summary}}'
	build galph --json
	rendered >../r
	grep -q "ITEM-001: do it" ../r
	grep -qE '^M +\+1 +input.md$' ../r
	grep -qE '^A +\+1 +loose +\(uncommitted\)$' ../r
}

@test "--task, --var and --data" {
	template '{{task}} {{x}} {{a.b}} {{a.c}} {{route}} {{delta.more}}{{#delta.changed_files}}x{{/delta.changed_files}}'
	echo '{"x":"data","a":{"b":"data","c":"kept"},"delta":{"more":"m"}}' >../data
	build galph --json --task "do it" --data ../data --var x=1=2 --var a.b=var --var route=simple
	is "$(rendered)" "do it 1=2 var kept simple m"
	exits 0 sh -c 'git orch prompt build galph --json --data - <../data'
	is "$(rendered)" " data data kept  m"
	exits 129 git orch prompt build galph --var nothing
	exits 129 git orch prompt build galph --var =x
	exits 129 git orch prompt build galph --var a.=x
	echo '[1]' >../data
	exits 128 git orch prompt build galph --data ../data
	one_error "not a JSON object"
	echo '{"a":' >../data
	exits 128 git orch prompt build galph --data ../data
	one_error ../data
	exits 128 git orch prompt build galph --data ../none
	one_error ../none
}

@test "an unknown variable names template, line and variable" {
	template 'one\ntwo {{actor}}\n{{nonsense}}\n'
	exits 128 git orch prompt build galph
	one_error prompts/context.md:3 nonsense
	template '{{#delta}}{{wrong}}{{/delta}}'
	exits 128 git orch prompt build galph
	one_error prompts/context.md:1 wrong
	template '{{#actor}}never closed'
	exits 128 git orch prompt build galph
	one_error prompts/context.md
}

@test "the focus comes from the input document" {
	template '<{{previous_focus_issue}}>'
	printf 'Summary: x\n- **Focus:** B-2 \xe2\x80\x94 two  \r\nFocus: later\n' >input.md
	build galph --json
	is "$(rendered)" "<B-2 — two>"
	printf 'nothing here\nFocus:' >input.md
	build galph --json
	is "$(rendered)" "<>"
	rm input.md
	build galph --json
	is "$(rendered)" "<>"
}

@test "core files and templates that cannot be read" {
	git config orchactor.galph.core prompts/missing.md
	exits 128 git orch prompt build galph
	one_error orchactor.galph.core prompts/missing.md
	git config orchactor.galph.core prompts
	exits 128 git orch prompt build galph
	one_error orchactor.galph.core prompts "a directory"
	mkfifo pipe
	git config orchactor.galph.core pipe
	exits 128 timeout 20 git orch prompt build galph
	one_error orchactor.galph.core pipe
	rm pipe
	ln -s ../secret prompts/link; echo secret >../secret
	git config orchactor.galph.core prompts/link
	exits 128 git orch prompt build galph
	one_error orchactor.galph.core prompts/link
	git config orchactor.galph.core ../secret
	exits 128 git orch prompt build galph
	one_error orchactor.galph.core ../secret
	git config --unset orchactor.galph.core
	git config orchactor.galph.context prompts/none
	exits 128 git orch prompt build galph
	one_error orchactor.galph.context prompts/none
}

@test "without core files the prompt begins with the documents" {
	git config --file .orchconfig --unset orchactor.galph.core
	build galph --json
	json_is '.parts[0].kind' "key frame"
	err_has orchactor.galph.core
	git rm -rqf docs specs input.md
	build galph --json
	json_is '[.parts[].kind] | join(" ")' turn
}

@test "a document that does not fit the budget is left out and named" {
	head -c 40000 /dev/zero | tr '\0' x >docs/index.md
	git config orch.budget 2000
	build galph --json
	json_true '.tokens <= 2000 and .tokens == ([.parts[].tokens] | add)'
	json_is '[.parts[].kind] | join(", ")' "core, key frame, omitted, turn"
	json_true '.text | contains("git orch context get docs/index.md\n")'
	json_true '.text | contains("<document path=\"docs/index.md\"") | not'
	git config orchactor.galph.budget 20000
	build galph --json
	json_is .budget 20000
	json_is '[.parts[].kind] | join(", ")' "core, key frame, turn"
	json_true '.text | contains("<document path=\"docs/index.md\"")'
	is "$(git for-each-ref refs/orch)" ""
}

@test "larger than the budget even without documents is refused" {
	yes 'plan the work and work the plan' | head -c 39700 >prompts/supervisor.md
	git config orch.budget 5000
	exits 128 git orch prompt build galph
	one_error "over orch.budget (5.0k)" "prompts/supervisor.md 10.0k"
	err_matches 'prompt is 10\.[0-9]k tokens'
	git config orchactor.galph.budget 9000
	exits 128 git orch prompt build galph
	one_error "over orchactor.galph.budget (9.0k)"
	git config orchactor.galph.budget 20000
	build galph
	# Room for the rest, and none for the list of what is left out.
	git config orchactor.galph.budget 10080
	exits 128 git orch prompt build galph
	one_error orchactor.galph.budget "too small"
	is "$(git for-each-ref refs/orch)" ""
}

@test "binary and large parts" {
	printf 'a\0b\377' >prompts/supervisor.md
	build galph
	cmp -n 4 prompts/supervisor.md "$outfile"
	build galph --json
	json_is '.parts[0].bytes' 4
	head -c 20000000 /dev/zero >prompts/supervisor.md
	exits 128 git orch prompt build galph
	one_error orchactor.galph.core prompts/supervisor.md orch.maxDocument
}

@test "the actor may be left out, and misuse" {
	build --json
	json_is .actor galph
	GIT_ORCH_ACTOR=ralph build --json
	json_is .actor ralph
	json_is '.parts[0].name' prompts/main.md
	exits 128 git orch prompt build nobody
	one_error nobody
	exits 129 git orch prompt build galph ralph
	exits 129 git orch prompt
	outside
	exits 128 git orch prompt build
	one_error
	exits 0 git-orch-prompt build -h
	has "git orch prompt build"
}
