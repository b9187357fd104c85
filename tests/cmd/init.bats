# git orch init: what it finds, what it writes, that it leaves alone what is
# not its own, and that it can be undone.
load helper

# A project as people have it: prompts, ledgers, documents, no configuration.
project() {
	put prompts/supervisor.md <<-'END'
	You are galph. Read docs/index.md and `specs/the api.md`.
	Keep notes in galph_memory.md. See [the guide](../docs/guide.md#start).
	Never git push before the tests pass.
	First run `git pull --rebase`.
	END
	put prompts/main.md <<-'END'
	You are ralph. Read docs/index.md, docs/guide.md and ./specs/the api.md.
	Look at src/main.c, docs/missing.md and plans/active/X/implementation.md.
	Also `specs/the api.md` and CLAUDE.md.
	When done: git add -A, then git push.
	END
	put prompts/debug.md "a prompt for another day"
	put docs/fix_plan.md <<-'END'
	# Plan
	## [A-1] One
	- [ ] a step
	## [A-2] Two
	END
	put docs/findings.md "# Findings"
	put docs/index.md "# Index"
	put docs/guide.md "# Guide"
	put "specs/the api.md" "# Api"
	put input.md "Focus: A-1"
	put galph_memory.md "notes"
	put CLAUDE.md "rules"
	put plans/active/X/implementation.md "- [ ] A1: x"
	put src/main.c "int main(void) { return 0; }"
	commit "a project"
}

@test "init finds prompts, ledgers and the documents that the prompts name" {
	project
	exits 0 git orch init --json
	json_is .workflow '["galph","ralph"]'
	json_is .plan docs/fix_plan.md
	json_is .findings docs/findings.md
	json_is .input input.md
	json_is '[.documents[] | [.path, .actor]] | sort' \
		'[["CLAUDE.md","ralph"],["docs/guide.md",null],["docs/index.md",null],["galph_memory.md","galph"],["specs/the api.md",null]]'
	json_is '.documents[] | select(.path == "docs/index.md") | [.bytes, .tokens]' '[8,3]'
	json_is '.actors[0] | [.name, .core, .context, .agent]' \
		'["galph",["prompts/supervisor.md"],null,"other"]'
	json_is '.left_out | map(.path) | sort' \
		'["plans/active/X/implementation.md","prompts/debug.md"]'
	json_is .written '[".orchconfig"]'
	json_is .dry_run false
	is "$(git config -f .orchconfig orch.workflow)" "galph ralph"
	is "$(git config -f .orchconfig orchactor.ralph.core)" prompts/main.md
	is "$(git config -f .orchconfig orchactor.galph.doc)" galph_memory.md
	is "$(git config -f .orchconfig --get-all orch.doc | sort | tr '\n' ,)" \
		"docs/guide.md,docs/index.md,specs/the api.md,"
	# what equals a default is a comment
	is "$(git config -f .orchconfig orch.plan || echo unset)" unset
	grep -q '# plan = docs/fix_plan.md' .orchconfig
	is "$(git status --porcelain)" '?? .orchconfig'
}

@test "the text says what was chosen, what was left out, what comes next" {
	project
	exits 0 git orch init
	matches '^workflow   galph ralph; plan docs/fix_plan.md \(2 items, '
	matches '^galph      prompts/supervisor.md [0-9]+ tok'
	matches '^documents  5 that the prompts name, '
	has 'galph_memory.md 2, only galph'
	has 'left out   prompts/debug.md (' 'plans/active/X/implementation.md ('
	matches '^written    \.orchconfig$'
	matches '^next       who plays them'
	matches '^           git orch init --agent galph=claude --agent ralph=claude$'
}

@test "items and tokens are those of every other command" {
	project
	put docs/fix_plan.md <<-'END'
	# Plan
	| ID | Title | Status |
	|---|---|---|
	| [A-1](#a-1) | Über allen Gipfeln ist Ruh’ | planned |
	| A-2 | in wässrigen Spiegeln — größer | planned |

	## [A-1] Über allen Gipfeln

	## [A-3] A section without a row
	END
	exits 0 git orch init --json
	docs=$(json '[.documents[] | select(.actor == null) | "\(.path) \(.tokens)"] | sort | join(",")')
	exits 0 git orch init
	text=$out
	exits 0 git orch plan list --json
	items=$(json '.items | length')
	is "$items" 3
	exits 0 git orch context status --actor galph --json
	plan=$(json '.documents[] | select(.path == "docs/fix_plan.md").tokens')
	out=$text
	has "plan docs/fix_plan.md ($items items, $plan tok)"
	exits 0 git orch context status --actor galph --json
	is "$(json '[.documents[] | select(.path | test("guide|index|api")) | "\(.path) \(.tokens)"] | sort | join(",")')" \
		"$(tr , '\n' <<<"$docs" | grep -E 'guide|index|api' | paste -sd,)"
	exits 0 git orch prompt build galph --json
	core=$(json '[.parts[] | select(.kind == "core").tokens] | add')
	out=$text
	has "prompts/supervisor.md $core tok"
}

@test "lines that tell an agent to pull or push are shown, forbidding ones are not" {
	project
	exits 0 git orch init --json
	json_is '[.prompt_hints[] | [.path, .line, .what]]' \
		'[["prompts/supervisor.md",4,"pulls"],["prompts/main.md",4,"pushes"]]'
}

@test "--dry-run writes nothing" {
	project
	exits 0 git orch init --dry-run --agent ralph=claude --json
	json_is .dry_run true
	json_is .written '[".orchconfig","git config orchactor.ralph"]'
	json_true '.next[0] | startswith("git orch init --agent ralph=claude")'
	[ ! -e .orchconfig ] && [ ! -e .git/orch ]
	is "$(git config --get-regexp '^orch' || echo none)" none
	clean
}

@test "a second init changes nothing" {
	project
	exits 0 git orch init --agent galph=codex
	touch -d '2020-01-01' .orchconfig
	before=$(stat -c %Y .orchconfig; cat .git/config)
	exits 0 git orch init --agent galph=codex
	has 'unchanged  .orchconfig'
	is "$(stat -c %Y .orchconfig; cat .git/config)" "$before"
}

@test "an edited .orchconfig is left alone and what differs is shown" {
	project
	exits 0 git orch init
	git config -f .orchconfig orch.workflow "galph ralph galph ralph reviewer"
	git config -f .orchconfig --unset orch.doc guide
	git config -f .orchconfig orch.plan other.md
	sum=$(sha1sum <.orchconfig)
	exits 0 git orch init --json
	json_is .written '[]'
	json_is .workflow '["galph","ralph","galph","ralph","reviewer"]'
	json_is .differs '["orch.plan is other.md, found docs/fix_plan.md","orch.doc = docs/guide.md is not set"]'
	is "$(sha1sum <.orchconfig)" "$sum"
	exits 0 git orch init
	has 'kept       .orchconfig'
}

@test "an unedited .orchconfig is renewed when there is more to find" {
	project
	exits 0 git orch init
	put docs/more.md "# More"
	echo "And docs/more.md." >>prompts/main.md
	echo "And docs/more.md." >>prompts/supervisor.md
	exits 0 git orch init
	has 'which nobody had edited'
	git config -f .orchconfig --get-all orch.doc | grep -qx docs/more.md
}

@test "--local writes git config, once, and keeps what is there" {
	project
	git config orch.input mine.md
	exits 0 git orch init --local
	[ ! -e .orchconfig ]
	is "$(git config --local orch.workflow)" "galph ralph"
	is "$(git config --local --get-all orch.doc | wc -l)" 3
	is "$(git config --local orch.input)" mine.md
	before=$(sha1sum <.git/config)
	exits 0 git orch init --local
	has 'orch.input is mine.md, found input.md'
	is "$(sha1sum <.git/config)" "$before"
	clean
}

@test "--agent writes the command to git config, without a permission flag" {
	project
	exits 0 git orch init --agent galph=codex --agent ralph=claude
	is "$(git config --local orchactor.galph.agent)" codex
	is "$(git config --local orchactor.galph.command)" "codex exec --json -"
	cmd=$(git config --local orchactor.ralph.command)
	[[ $cmd == 'claude -p '*'--append-system-prompt-file "$GIT_ORCH_STATIC"' ]]
	! grep -Eq 'permission|dangerous|sandbox|full-auto|yolo' .git/config .orchconfig
	has "git config orchactor.ralph.command 'claude -p --permission-mode"
	# What they need to commit, and to go on with a session, as README has it.
	n=0
	while IFS= read -r line; do
		has "$line"
		n=$((n + 1))
	done < <(sed -n 's/^\$ \(git config orchactor\..*\(claude\|codex\) .*\)/\1/p' "$TOP/README.md")
	[ "$n" = 4 ]
	# the file that claude loads by itself is not sent to it
	has 'CLAUDE.md (claude loads it itself)'
	matches '^next .*git orch prompt build galph'
	has 'git orch run'
}

@test "the lines that allow more can be typed, and are told until they were" {
	project
	exits 0 git orch init --agent galph=codex --agent ralph=claude
	exits 0 git orch init --agent ralph=claude
	has 'unchanged  git config orchactor.ralph' 'claude may only read'
	grep -o "git config orchactor.*'$" "$outfile" >../lines
	is "$(grep -c . ../lines)" 3		# codex: how to resume what it may do now
	sh -e ../lines
	is "$(git config orchactor.ralph.resume)" \
		"$(git config orchactor.ralph.command | sed 's/claude -p/& --resume "$GIT_ORCH_SESSION"/')"
	is "$(git config orchactor.galph.resume)" 'codex exec --json resume "$GIT_ORCH_SESSION" -'
	exits 0 git orch init --agent ralph=claude
	has 'acceptEdits'
	lacks 'may only read' 'fresh session'
	git config --unset orchactor.galph.resume
	git config orchactor.galph.command "codex exec --json --mine -"
	exits 0 git orch init --json
	json_true '.next | any(. == "git config orchactor.galph.resume '"'"'codex exec --json --mine resume \"$GIT_ORCH_SESSION\" -'"'"'")'
	git config orchactor.galph.command "my-codex"
	exits 0 git orch init
	lacks orchactor.galph.resume
	# The git directory of a linked work tree is another place.
	git config --remove-section orchactor.galph
	git add -A && git commit -q -m set
	git worktree add -q ../linked
	exits 0 git orch -C ../linked init --agent galph=codex
	has '--add-dir "$(git rev-parse --absolute-git-dir)" --add-dir "$(git rev-parse --path-format=absolute --git-common-dir)" -'
}

@test "--agent keeps a command that somebody has changed, and replaces another agent's" {
	project
	exits 0 git orch init --agent ralph=claude
	git config orchactor.ralph.command "claude -p --mine"
	exits 0 git orch init --agent ralph=claude
	is "$(git config orchactor.ralph.command)" "claude -p --mine"
	has 'orchactor.ralph.command is claude -p --mine'
	exits 0 git orch init --agent ralph=codex
	is "$(git config orchactor.ralph.command)" "codex exec --json -"
	has 'orchactor.ralph.command was claude -p --mine'
}

@test "misuse is 129 and changes nothing" {
	project
	for bad in --agent=galph --agent=nobody=claude --agent=galph=gpt \
		--agent=galph=other --agent==claude --purge --nonsense word; do
		exits 129 git orch init "$bad"
	done
	exits 129 git orch init --agent galph=claude --agent galph=codex
	exits 129 git orch init --remove --local
	[ ! -e .orchconfig ]
	clean
}

@test "cores and contexts, and a ring that the names make" {
	put prompts/galph_core.md "core; docs/a.md"
	put prompts/galph_context.md "{{task}}"
	put prompts/galph.md "the old form"
	put prompts/main.md "x"
	put prompts/reviewer_core.md "y"
	put docs/a.md "a"
	commit p
	exits 0 git orch init --json
	json_is .workflow '["galph","ralph","reviewer"]'
	json_is '.actors[0] | [.core, .context]' '[["prompts/galph_core.md"],"prompts/galph_context.md"]'
	json_is '.left_out[0].path' prompts/galph.md
	git rm -qr prompts .orchconfig 2>/dev/null || rm -rf prompts .orchconfig
	put prompts/coder.md "x"
	put prompts/planner.md "y"
	rm -f .orchconfig
	exits 0 git orch init --json
	json_is .workflow '["planner","coder"]'
	json_is '.actors[1].core' '["prompts/coder.md"]'
}

@test "without prompts CLAUDE.md says what to read; with nothing there is still a ring" {
	put CLAUDE.md "Read docs/index.md and docs/guide.md."
	put docs/index.md "i"
	put docs/guide.md "g"
	commit p
	exits 0 git orch init --dry-run --json
	json_is '.documents | map(.path) | sort' '["CLAUDE.md","docs/guide.md","docs/index.md"]'
	exits 0 git orch init --dry-run
	has 'that CLAUDE.md names' 'no prompt; write prompts/supervisor.md'
	git rm -qr CLAUDE.md docs
	exits 0 git orch init
	has 'no plan found' 'no further ones found'
	is "$(git config -f .orchconfig orch.workflow)" "galph ralph"
}

@test "the state of an old loop is mentioned" {
	project
	put sync/state.json '{"iteration":20,"expected_actor":"galph","status":"complete"}'
	exits 0 git orch init --dry-run
	has 'sync/state.json: iteration 20, galph next'
	put sync/state.json '{"step_index":41,"iteration":21,"status":"idle"}'
	exits 0 git orch init --dry-run --json
	json_is .old_loop 'sync/state.json: iteration 21, ralph next'
	put sync/state.json '{broken'
	exits 0 git orch init --dry-run
	has 'sync/state.json cannot be read'
}

@test "documents that would not fit into the budget are left out, the largest first" {
	project
	head -c 500000 /dev/zero | tr '\0' x >docs/guide.md
	exits 0 git orch init --json
	json_true '.left_out | any(.path == "docs/guide.md" and (.reason | test("orch.budget")))'
	json_true '.documents | all(.path != "docs/guide.md")'
}

@test "init works from a subdirectory, without a commit, detached, in a linked work tree" {
	project
	git worktree add -q "$BATS_TEST_TMPDIR/linked"
	cd docs
	exits 0 git orch init
	[ -f ../.orchconfig ] && [ ! -e .orchconfig ]
	cd "$BATS_TEST_TMPDIR/linked"
	git checkout -q --detach
	exits 0 git orch init
	[ -f .orchconfig ]
	git init -q "$BATS_TEST_TMPDIR/unborn"
	cd "$BATS_TEST_TMPDIR/unborn"
	put prompts/main.md "docs/x.md"
	put docs/x.md "x"
	exits 0 git orch init --json
	json_is '.documents[0].path' docs/x.md
}

@test "a bare repository and no repository: one clear line" {
	git init -q --bare "$BATS_TEST_TMPDIR/bare.git"
	cd "$BATS_TEST_TMPDIR/bare.git"
	exits 128 git orch init
	one_error 'bare'
	exits 0 git orch init --remove
	outside
	exits 128 git orch init
	one_error
	exits 0 git orch init -h
}

@test "a hostile .orchconfig is one clear error, or ignored with a warning" {
	project
	ln -s /etc/passwd .orchconfig
	exits 128 git orch init
	one_error .orchconfig
	rm .orchconfig
	mkdir .orchconfig
	exits 128 git orch init
	one_error .orchconfig
	rmdir .orchconfig
	head -c 2097152 /dev/zero | tr '\0' '#' >.orchconfig
	exits 128 git orch init
	one_error .orchconfig
	printf '[orch\n' >.orchconfig
	exits 128 git orch init
	one_error .orchconfig
	printf '[orch]\n\tworkflow =\n' >.orchconfig
	exits 128 git orch init
	one_error workflow
	printf '[include]\n\tpath = /etc/passwd\n[orchactor "ralph"]\n\tcommand = touch pwned\n' >.orchconfig
	exits 0 git orch init
	err_has 'command' 'include'
	[ ! -e pwned ]
}

@test "hostile prompts: huge, binary, odd names, links out of the tree" {
	project
	truncate -s 100M prompts/main.md
	printf 'docs/index.md\0docs/guide.md' >prompts/supervisor.md
	printf 'x' >"prompts/a"$'\n'"[core]"$'\033'"_core.md"
	mkdir prompts/dir.md
	mkfifo prompts/fifo_core.md
	ln -s /etc/passwd prompts/out_core.md
	ln -s ../../.. docs/up
	echo 'docs/up/x.md ../../etc/passwd.md .git/config.md /etc/x.md' >prompts/ralph.md
	exits 0 git orch init
	has 'prompts/main.md (' 'prompts/supervisor.md (binary)'
	! grep -q $'\033' "$outfile"
	git config -f .orchconfig --list >/dev/null
	exits 0 git orch init --json
	json_is '.actors | map(.core)' '[[],["prompts/ralph.md"]]'
	json_is '.documents | map(.path)' '["galph_memory.md"]'
}

@test "names that git-config must quote come back whole" {
	put 'prompts/main.md' 'Read `docs/a;b #c.md` and `docs/[x]*.md` and `docs/q"uote.md`.'
	put 'docs/a;b #c.md' a
	put 'docs/[x]*.md' b
	put 'docs/q"uote.md' c
	commit p
	exits 0 git orch init --json
	json_is '.documents | length' 3 || fail_with "documents"
	git config -f .orchconfig --get-all orch.doc | grep -qxF 'docs/a;b #c.md'
	git config -f .orchconfig --get-all orch.doc | grep -qxF 'docs/\[x]\*.md'
	git config -f .orchconfig --get-all orch.doc | grep -qxF 'docs/q"uote.md'
	exits 0 git orch init
	has unchanged
}

@test "--remove takes away what is ours, keeps receipts, twice is nothing" {
	project
	exits 0 git orch init --agent ralph=claude
	git config orchactor.galph.command true
	git config user.mine kept
	mkdir -p .git/orch/loops/main .git/orch/logs/main .git/orch/trash
	echo '{}' >.git/orch/receipts.jsonl
	git update-ref refs/orch/main/views/galph HEAD
	exits 0 git orch init --remove --dry-run --json
	json_is .dry_run true
	json_is '[.removed[] | select(contains("hooks") | not)] | length' 5
	[ -e .orchconfig ] && git rev-parse -q --verify refs/orch/main/views/galph >/dev/null
	exits 0 git orch init --remove
	has '.orchconfig' 'orchactor.ralph' 'refs/orch/main/views/galph' 'orch/receipts.jsonl: --purge'
	[ ! -e .orchconfig ] && [ -e .git/orch/receipts.jsonl ] && [ -d .git/orch/logs ]
	[ ! -e .git/orch/loops ] && [ -d .git/orch/trash ]
	is "$(git for-each-ref refs/orch | wc -l)" 0
	is "$(git config --get-regexp '^orch' || echo none)" none
	is "$(git config user.mine)" kept
	exits 0 git orch init --remove
	has 'nothing to remove'
	exits 0 git orch init --remove --purge
	[ ! -e .git/orch ]
	exits 0 git orch init --remove --purge
	clean
}

@test "--remove leaves an edited .orchconfig, and works with a broken one" {
	project
	exits 0 git orch init
	echo '# mine' >>.orchconfig
	exits 0 git orch init --remove
	has 'kept       .orchconfig: edited'
	[ -e .orchconfig ]
	printf '[orch\n' >.orchconfig
	git config orch.input x.md
	exits 0 git orch init --remove
	is "$(git config orch.input || echo gone)" gone
}

@test "--remove refuses while a turn is held" {
	project
	exits 0 git orch init
	git orch turn acquire galph --pid $$ >/dev/null
	exits 75 git orch init --remove
	one_error 'galph holds it (pid'
	[ -e .orchconfig ]
	exits 0 git orch turn release --generation 1
	exits 0 git orch turn acquire ralph --pid none
	exits 75 git orch init --remove
	one_error 'ralph holds it (by lease alone'
	exits 0 git orch turn release --generation 2
	: >.git/orch/loops/main/run.lock
	exits 75 flock .git/orch/loops/main/run.lock git orch init --remove
	one_error 'a runner is at work'
	[ -e .orchconfig ]
	exits 0 git orch init --remove
}

@test "an agent that is not installed is said to be missing" {
	mkdir bin
	ln -s "$(type -P true)" bin/codex
	echo /bin >.git/info/exclude
	PATH=$PWD/bin:$PATH exits 0 git orch init --agent galph=codex --agent ralph=claude
	has 'claude is not found in PATH'
	! grep 'codex is not found' "$outfile"
}
