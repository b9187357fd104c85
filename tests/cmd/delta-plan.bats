# git orch delta: what changed in plan and findings, what the others said, since
# any revision; and everything that may stand in the way

load helper
setup() { orch_setup; loop_init; }

turn() { git orch turn with "$1" -- sh -c "${2-true}" >/dev/null; }
delta() { exits 0 git orch delta --json "$@"; }
# What of the plan changed: "new ID; completed ID; changed ID field from>to".
plan() {
	json '[(.plan | (.new[] | "new \(.id)"), (.completed[] | "completed \(.id)"),
		(.changed[] | "changed \(.id) \(.field) \(.from)>\(.to)"),
		(.gone[] | "gone \(.id)"))] | join("; ")'
}

add_item() { printf '\n## [%s] %s\n- Status: %s\n- Priority: High\n- Depends on: ITEM-001\n' "$@" >>docs/fix_plan.md; }

@test "new, completed and changed items with their lines" {
	base=$(head_of)
	sed -i 's/^- Status: in_progress/- Status: done/; s/| in_progress |/| done |/' docs/fix_plan.md
	sed -i '/## \[ITEM-002\]/,$ s/^- Priority: Low/- Priority: High/; s/| Low |/| High |/' docs/fix_plan.md
	add_item ITEM-003 "Third item" planned
	sed -i 's/^  \* \[2026-01-30\].*/&\n  * [2026-01-31] Attempt #2 — Result: failed (no)/' docs/fix_plan.md
	commit "move on"
	delta --since "$base..HEAD"
	is "$(plan)" "new ITEM-003; completed ITEM-001; changed ITEM-002 priority Low>High"
	line=$(grep -n '## \[ITEM-003\]' docs/fix_plan.md | cut -d: -f1)
	json_is '.plan.new[0] | "\(.path):\(.line) \(.line_start) \(.title) \(.depends_on[0])"' \
		"docs/fix_plan.md:$line $line Third item ITEM-001"
	json_is '.plan.changed[0] | "\(.path) \(.title)"' "docs/fix_plan.md Second item"
	json_is '.attempts | map("\(.id) \(.attempt) \(.result)") | join(";")' "ITEM-001 2 failed"
	line=$(grep -n 'Attempt #2' docs/fix_plan.md | cut -d: -f1)
	json_is '.attempts[0] | "\(.path):\(.line)"' "docs/fix_plan.md:$line"
	json_is '.plan.path' docs/fix_plan.md
	json_true '[.. | .uncommitted? // empty] == []'
	exits 0 git orch delta --since "$base..HEAD"
	matches "^plan +new +ITEM-003 Third item \(High, needs ITEM-001\) +docs/fix_plan.md:[0-9]+$"
	matches "^ +completed +ITEM-001 First item +docs/fix_plan.md:[0-9]+$"
	matches "^ +changed +ITEM-002 priority Low -> High +docs/fix_plan.md:[0-9]+$"
	matches "^attempts +ITEM-001 #2 failed +docs/fix_plan.md:$line$"
}

@test "an item that is gone is named where it was" {
	base=$(head_of)
	sed -i '/ITEM-002/,$d' docs/fix_plan.md
	commit "archive it"
	delta --since "$base"
	is "$(plan)" "gone ITEM-002"
	exits 0 git orch delta --since "$base"
	matches "^plan +gone +ITEM-002 Second item +${base:0:7}:docs/fix_plan.md:[0-9]+$"
}

@test "what is not committed is marked, and only that" {
	turn galph
	add_item ITEM-003 "Third item" planned
	commit "a third one"
	add_item ITEM-004 "Fourth item" planned
	sed -i 's/^- Status: in_progress/- Status: done/' docs/fix_plan.md
	echo '| F-002 | 2026-02-01 | awk | gawk differs | x | active |' >>docs/findings.md
	delta --actor galph
	json_is '.plan.new | map("\(.id) \(.uncommitted // false)") | join(";")' \
		"ITEM-003 false;ITEM-004 true"
	json_is '.plan.completed | map("\(.id) \(.uncommitted)") | join(";")' "ITEM-001 true"
	json_is '.findings.new | map("\(.id) \(.path):\(.line) \(.uncommitted)") | join(";")' \
		"F-002 docs/findings.md:6 true"
	exits 0 git orch delta --actor galph
	matches '^findings +new +F-002 gawk differs +docs/findings.md:6  \(uncommitted\)$'
	exits 0 git orch delta --since HEAD..HEAD --json	# between commits: not at all
	is "$(plan)" ""
	json_is '.findings.new + .files | length' 0
}

@test "findings: new, changed and gone" {
	base=$(head_of)
	sed -i 's/ active |$/ closed |/' docs/findings.md
	echo '| F-002 | 2026-02-01 | awk | gawk differs | x | active |' >>docs/findings.md
	commit "learn"
	mid=$(head_of)
	delta --since "$base"
	json_is '.findings | "\(.new[].id) \(.changed[].id) \(.changed[].status) \(.gone | length)"' \
		"F-002 F-001 closed 0"
	git rm -q docs/findings.md; commit "forget"
	delta --since "$mid"
	json_is '.findings | "\(.path) \([.gone[] | "\(.id) \(.path):\(.line)"] | join(";"))"' \
		"null F-001 docs/findings.md:5;F-002 docs/findings.md:6"
}

@test "checklists and attempts in an item's own files count" {
	base=$(head_of)
	put plans/active/ITEM-001/implementation.md <<-'END'
	# Phase A
	- [x] A1 do it
	- [ ] A2 test it
	END
	commit "a phase"
	delta --since "$base"
	is "$(plan)" "changed ITEM-001 checklist >1/2"
	base=$(head_of)
	sed -i 's/\[ \]/[x]/' plans/active/ITEM-001/implementation.md
	for args in "--since $base" "--since $base --only plan"; do
		delta $args
		is "$(plan)" "changed ITEM-001 checklist 1/2>2/2"
		json_is '.plan.changed[0].uncommitted' true
	done
}

@test "a plan that was renamed is the same plan" {
	base=$(head_of)
	git mv docs/fix_plan.md docs/plan2.md
	sed -i 's/docs.fix_plan.md/docs\/plan2.md/' .orchconfig
	commit "rename it"
	for args in "--since $base" "--since $base --only plan"; do
		delta $args
		is "$(plan)" ""
		json_is .plan.path docs/plan2.md
	done
	git mv docs/plan2.md docs/plan3.md
	sed -i 's/docs.plan2.md/docs\/plan3.md/' .orchconfig
	delta --since "$base"
	is "$(plan)" ""
}

@test "a plan that appears, and one that disappears" {
	git rm -q docs/fix_plan.md; commit "no plan"
	delta --since HEAD~1
	is "$(plan)" "gone ITEM-001; gone ITEM-002"
	json_is .plan.path null
	git revert --no-edit HEAD >/dev/null
	delta --since HEAD~1
	is "$(plan)" "new ITEM-001; new ITEM-002"
	git orch delta --since HEAD~1	# nothing breaks on text
}

# --- since -----------------------------------------------------------------

@test "--since takes revisions, ranges, iterations and turns" {
	echo 1 >a; commit one
	turn galph "echo g >g; git add g; git commit -qm from-galph"
	turn ralph "echo r >r; git add r; git commit -qm from-ralph"
	turn galph
	delta --since iteration:1 --actor ralph
	json_is .since.iteration 1
	json_is .since_turn 1/ralph
	json_is '.commits | length' 0
	delta --since 1/galph
	json_is '[.commits[].subject] | join(";")' from-ralph
	json_is '"\(.since.iteration) \(.since_turn)"' "1 1/galph"
	delta --since HEAD~2..HEAD~1
	json_is '[.commits[].subject] | join(";")' from-galph
	json_is '.head' "$(head_of HEAD~1)"
	delta --since HEAD~1..
	json_is '[.commits[].subject] | join(";")' from-ralph
	echo x >x
	delta --since HEAD~2
	json_is '.files | map("\(.path) \(.uncommitted // false)") | join(";")' "g false;r false;x true"
	delta --since HEAD~2..HEAD
	json_is '.files | map(.path) | join(";")' "g;r"
	exits 0 git orch delta --since 1/galph --actor ralph
	matches '^ralph, since 1/galph \([0-9a-f]{7}, .* ago\): 1 commit, 2 files, 1 of them uncommitted$'
	exits 0 git orch delta --since HEAD~1..
	matches "^.*between $(git rev-parse --short=7 HEAD~1) and $(git rev-parse --short=7 HEAD): 1 commit, 1 file$"
}

@test "--since that means nothing is an error" {
	turn galph
	for bad in nonsense HEAD~99 1/ralph 7/galph nope..HEAD HEAD..nope iteration:9; do
		exits 128 git orch delta --since "$bad"
		one_error
	done
	err_has "iteration 9 has not begun"
	for bad in iteration: iteration:x iteration:0 iteration:-1 iteration:1x \
		iteration:99999999999999999999 HEAD...HEAD; do
		exits 129 git orch delta --since "$bad"
		one_error
	done
	exits 129 git orch delta --only plan,nonsense
	one_error "'nonsense'"
	exits 129 git orch delta --only ''
	exits 129 git orch delta --json --markdown
	exits 129 git orch delta --full --since HEAD
}

@test "the end of an iteration is where its last good turn ended" {
	turn galph
	turn ralph "echo 1 >a; git add a; git commit -qm one"
	end=$(head_of)
	turn galph "echo 2 >b; git add b; git commit -qm two"
	delta --since iteration:1
	json_is .since.commit "$end"
	rm .git/orch/receipts.jsonl	# the state knows as well
	delta --since iteration:1
	json_is .since.commit "$end"
	git update-ref -d refs/heads/main
	git reset -q --hard "$end~1"
	git reflog expire --expire=now --all; git gc -q --prune=now
	exits 128 git orch delta --since iteration:1
	one_error "is not in this repository any more"
}

@test "no loop, no work tree, no commit: what can be said is said" {
	base=$(head_of)
	add_item ITEM-003 "Third item" planned; commit third
	git checkout -q --detach
	delta --since HEAD~1
	is "$(plan)" "new ITEM-003"
	json_is .actor null
	exits 0 git orch delta --since HEAD~1
	matches '^since HEAD~1 \('
	exits 128 git orch delta	# whose turn, nobody knows
	one_error
	git checkout -q main
	git worktree add -q ../linked
	delta -C ../linked --since HEAD~1
	is "$(plan)" "new ITEM-003"
	git clone -q --bare . ../bare.git
	cd ../bare.git
	for range in "$base" "$base..HEAD"; do
		delta --since "$range"
		is "$(plan)" "new ITEM-003"
		json_is '.files | map("\(.status) \(.path)") | join(";")' "M docs/fix_plan.md"
	done
	exits 0 git orch delta --since "$base" --patch
	has "+## [ITEM-003] Third item"
	git init -q -b main ../unborn && cd ../unborn
	put docs/fix_plan.md "## [A-1] One"
	exits 128 git orch delta --since HEAD
	one_error
	delta --full
	is "$(plan)" "new A-1"
	json_is '.plan.new[0].uncommitted' true
	exits 0 git orch delta --full --patch --markdown
	has "+## [A-1] One"
}

@test "a shallow clone says at least" {
	for i in 1 2 3; do echo $i >f; commit "c$i"; done
	git clone -q --depth 2 "file://$repo" ../shallow && cd ../shallow
	delta --since HEAD~1
	json_is '[.commits[].subject] | join(";")' c3
	exits 128 git orch delta --since HEAD~2
	one_error
	exits 0 git orch delta --full
	has "at least"
}

@test "a merge brings its commits and its files" {
	git checkout -q -b side
	add_item ITEM-003 "Third item" planned; commit side
	git checkout -q main
	echo m >m; commit main
	turn galph
	git merge -q --no-edit side
	delta --actor galph
	json_is '.commits | map(.subject) | sort | join(";")' "Merge branch 'side';side"
	is "$(plan)" "new ITEM-003"
	git checkout -q -b conflict HEAD~1
	sed -i 's/second half/other half/' input.md; commit theirs
	git checkout -q main
	sed -i 's/second half/third half/' input.md; commit ours
	git merge -q conflict >/dev/null 2>&1 || :
	delta --since HEAD
	json_is '.files | map("\(.status) \(.path)") | join(";")' "M input.md"
	exits 0 git orch delta --since HEAD --patch
	has "<<<<<<<"
}

# --- parts, patch, markdown ------------------------------------------------

@test "--only computes what is named and nothing else" {
	base=$(head_of)
	add_item ITEM-003 "Third item" planned; commit third
	echo x >x
	delta --since "$base" --only files
	json_is '.parts | join(",")' files
	json_is '.files | map("\(.path) \(.added)") | join(";")' "docs/fix_plan.md null"
	is "$(plan)" ""
	exits 0 git orch delta --since "$base" --only files
	matches '^files +M  docs/fix_plan.md$'
	has "uncommitted ones left out"
	delta --since "$base" --only uncommitted,plan
	json_is '.files | map(.path) | join(";")' x
	is "$(plan)" "new ITEM-003"
	json_is '.commits | length' 0
	delta --since "$base" --only lines,commits
	json_is '.files[0].added' 5
	json_is '.commits | length' 1
	[ "$(command -v strace)" ] || skip "no strace"
	traced -qq -e trace=execve -o ../trace git-orch-delta --since "$base" --only files,plan,findings,commits,summary
	[ "$(grep -c execve ../trace)" -eq 1 ]
	traced -qq -e trace=openat -o ../trace git-orch-delta --since "$base..HEAD" --only files
	! grep -q 'fix_plan\|findings.md' ../trace
}

@test "--patch has committed, uncommitted and untracked files" {
	base=$(head_of)
	echo two >>docs/index.md; commit two
	echo three >>docs/index.md
	printf 'a\nb' >"un tracked"
	printf '\0' >binary
	git mv specs/one.md specs/uno.md
	exits 0 git orch delta --since "$base" --patch
	has "--- a/docs/index.md" "+two" "+three" "rename from specs/one.md" \
		"diff --git a/un tracked b/un tracked" "new file mode 100644" \
		"@@ -0,0 +1,2 @@" "+a" "+b" '\ No newline at end of file' \
		"Binary files /dev/null and b/binary differ"
	delta --since "$base" --patch
	json_is '.patch | map(.path) | join(";")' "docs/index.md;specs/uno.md;binary;un tracked"
	json_is '.patch[0].lines_left' 0
	json_is .patch_truncated false
	exits 0 git orch delta --since "$base..HEAD" --patch
	has "+two"; lacks "+three" tracked
	git config diff.noprefix true; git config diff.mnemonicPrefix true
	git config color.ui always; git config diff.external "false"
	exits 0 git -c color.ui=false orch delta --since "$base" --patch
	has "--- a/docs/index.md"
}

@test "a long patch is cut, and the command for the rest works" {
	base=$(head_of)
	seq 1 20000 >"it's long"
	for i in 1 2 3 4 5 6 7 8 9; do seq 1 10000 >"f$i"; done
	commit long
	exits 0 git orch delta --since "$base..HEAD" --patch
	[ "$(wc -c <"$outfile")" -lt 310000 ]
	matches "^\.\.\. [0-9]+ more lines: git diff ${base:0:7} $(git rev-parse --short=7 HEAD) -- f1$"
	matches "^\.\.\. and more files: git diff ${base:0:7} "
	delta --since "$base..HEAD" --patch
	json_is .patch_truncated true
	rm f?; commit short
	exits 0 git orch delta --since "$base..HEAD" --patch
	command=$(sed -n 's/^\.\.\. [0-9]* more lines: //p' "$outfile")
	[ "$(eval "$command" | grep -c '^+[0-9]')" -eq 20000 ]
}

@test "--markdown is for a prompt, and nothing in it breaks out" {
	base=$(head_of)
	add_item ITEM-003 'A `title` ## x' planned
	printf '```\n# not a heading\n```\n' >code.md
	put "$(printf 'a\n## b')" x
	commit "$(printf 'subject # one')"
	exits 0 git orch delta --since "$base" --markdown --patch
	matches "^## Changes: .*since ${base} "
	matches '^- new: ITEM-003 A title ## x \(High, needs ITEM-001\), docs/fix_plan.md:[0-9]+$'
	matches '^- A code.md, \+3$'
	has '"a\n## b"'
	[ "$(grep -c '^## ' "$outfile")" -eq 1 ]
	matches '^````diff$'
	[ "$(grep -c '^````' "$outfile")" -eq 2 ]
	exits 0 git orch delta --since HEAD --markdown
	has "Nothing has changed."
	exits 0 git orch delta --markdown
	has "first turn of galph"
}

@test "--full is everything, as if nothing had been seen" {
	turn galph
	echo x >x
	delta --actor galph --full
	is "$(plan)" "new ITEM-001; new ITEM-002"
	json_is '.findings.new[].id' F-001
	json_is '.commits | length' 2
	json_true '.files | map(.path) | index("README") != null and index("x") != null'
	json_is .since.commit null
	exits 0 git orch delta --actor galph --full
	matches '^galph, everything: 2 commits, '
}

# --- what the others said ---------------------------------------------------

@test "the end of the other actor's log" {
	turn galph
	agent ralph "printf 'thinking\n\nI did it:\n- \033[31mone\033[m\n- two\n\n'"
	git config orch.workflow "galph ralph"
	exits 0 git orch run --actor ralph -n 1
	delta --actor galph
	json_is '.summaries | length' 1
	json_is '.summaries[0] | "\(.actor) \(.turn) \(.line)"' "ralph 1/ralph 3"
	json_is '.summaries[0].text' $'I did it:\n- one\n- two'
	json_is '.summaries[0].source' .git/orch/logs/main/1-ralph.log
	exits 0 git orch delta --actor galph
	matches '^ralph +"I did it: - one - two"  \.git/orch/logs/main/1-ralph.log:3$'
	exits 0 git orch delta --actor galph --markdown
	has "### What ralph said, .git/orch/logs/main/1-ralph.log:3" "> - two"
	exits 0 git orch delta --actor ralph --json
	json_is '.summaries | map(.actor) | join(";")' ""	# galph's was before
	delta --actor galph --only files
	json_is '.summaries | length' 0
}

@test "claude's and codex's logs are read as what they say" {
	turn galph
	git config orchactor.ralph.agent claude
	cat >../claude.sh <<-'END'
	cat <<'X'
	{"type":"system","subtype":"init","session_id":"s"}
	{"type":"assistant","message":{"id":"1","content":[{"type":"text","text":"Looking."}]}}
	{"type":"assistant","message":{"id":"2","content":[{"type":"tool_use","name":"Edit","input":{"file_path":"x"}}]}}
	{"type":"assistant","message":{"id":"3","content":[{"type":"text","text":"Long story.\n\nAll done, see x."}]}}
	{"type":"result","subtype":"success","result":"Long story.\n\nAll done, see x.","session_id":"s"}
	X
	END
	agent ralph "sh $BATS_TEST_TMPDIR/claude.sh"
	exits 0 git orch run --actor ralph -n 1
	delta --actor galph
	json_is '.summaries[0] | "\(.text) \(.line)"' "All done, see x. 4"
}

@test "without a log the input document speaks, if it is news" {
	turn galph
	delta --actor ralph	# ralph's first turn: what galph left
	json_is '.summaries | map("\(.actor) \(.text) \(.source):\(.line)") | join(";")' \
		"galph do the second half of ITEM-001 input.md:1"
	turn ralph
	delta --actor galph	# ralph has not written it
	json_is '.summaries | length' 0
	printf 'Do Now:\n- run it\n- fix it\n\nElse: x\n' >input.md; commit "next"
	delta --actor galph
	json_is '.summaries | map("\(.actor) \(.text) \(.source):\(.line)") | join(";")' \
		$'ralph - run it\n- fix it input.md:1'
}

@test "a log that is hostile, huge or gone" {
	turn galph
	agent ralph 'head -c 3000000 /dev/zero | tr "\0" x; printf "\n\nthe end\n"'
	exits 0 git orch run -q --actor ralph -n 1
	delta --actor galph
	json_is '.summaries[0] | "\(.text) \(.line)"' "the end 3"
	log=.git/orch/logs/main/1-ralph.log
	head -c 100000 /dev/urandom >"$log"
	exits 0 git orch delta --actor galph
	lacks $'\033' $'\007'
	ln -sf /etc/passwd "$log"
	delta --actor galph
	json_true '[.summaries[].text] | all(contains("root") | not)'
	rm "$log"; mkfifo "$log"
	delta --actor galph
	rm "$log"
	delta --actor galph
	json_is '.summaries | length' 0
}

# --- hostile ----------------------------------------------------------------

@test "names with newlines and bytes that are no text" {
	base=$(head_of)
	put "$(printf 'a\nb')" x
	put "$(printf 'caf\351')" y
	commit "$(printf 'odd names')"
	put "$(printf 'new\nline')" z
	exits 0 git orch delta --since "$base" --patch
	has '"a\nb"' '"caf\351"' '"new\nline"  (uncommitted)'
	[ "$(grep -c 'files\|^ *A ' "$outfile")" -ge 3 ]
	delta --since "$base" --patch
	json_true '[.files[].path] | index("a\nb") != null'
	exits 0 git orch delta --since "$base" --markdown
	has '- A "new\nline", +1 (uncommitted)'
}

@test "titles, attempts and findings with escapes" {
	base=$(head_of)
	printf '\n## [ITEM-003] Red \033[31mtitle\033]0;x\007\n- Status: \033[1mplanned\n' >>docs/fix_plan.md
	printf '| F-9 | | | a \033[2J b | | |\n' >>docs/findings.md
	commit odd
	for format in "" --markdown; do
		exits 0 git orch delta --since "$base" --patch $format
		lacks $'\033' $'\007'
		has ITEM-003 F-9
	done
}

@test "a plan that is no file, too large or broken hides nothing else" {
	base=$(head_of)
	rm docs/fix_plan.md; mkdir docs/fix_plan.md; echo x >x
	delta --since "$base"
	err_has "the plan is left out"
	json_true '.files | map(.path) | index("x") != null'
	rmdir docs/fix_plan.md; ln -s /etc/passwd docs/fix_plan.md
	delta --since "$base"
	lacks root:
	rm docs/fix_plan.md; git checkout -q docs/fix_plan.md
	git config orch.maxDocument 10
	echo >>docs/fix_plan.md
	delta --since "$base"
	err_has "the plan is left out" "the document of findings is left out" || err_has "the plan is left out"
	git config --unset orch.maxDocument
	head -c 300000 /dev/urandom >docs/fix_plan.md
	delta --since "$base"
	is "$(plan)" "gone ITEM-001; gone ITEM-002"
}

@test "thousands of files, all of them moved" {
	mkdir src; for i in $(seq 3000); do echo "$i" >"src/f$i"; done
	commit many
	git mv src lib; commit moved
	delta --since HEAD~1
	json_is '[.files[].status] | group_by(.) | map("\(.[0])\(length)") | join(";")' "R3000"
	json_true '.files | all(.old_path == (.path | sub("lib"; "src")))'
}

# --- prompts ----------------------------------------------------------------

@test "prompts have the news as variables" {
	put ctx.md <<-'END'
	new:{{#delta.new_plan_items}} {{id}}@{{path}}:{{line}}{{/delta.new_plan_items}}
	done:{{#delta.completed_tasks}} {{id}}{{/delta.completed_tasks}}
	findings:{{#delta.new_findings}} {{id}} {{title}}{{/delta.new_findings}}
	galph: {{galph_summary}}
	needs:
	{{dependency_checklist}}
	END
	git config orchactor.ralph.context ctx.md
	add_item ITEM-003 "Third item" planned
	commit base
	turn galph; turn ralph
	sed -i 's/^- Status: in_progress/- Status: done/; s/| in_progress |/| done |/' docs/fix_plan.md
	add_item ITEM-004 "Fourth item" planned
	echo '| F-002 | 2026-02-01 | awk | gawk differs | x | active |' >>docs/findings.md
	printf 'Summary: go on\nFocus: ITEM-003 — Third item\n' >input.md
	turn galph "git commit -qam work"
	exits 0 git orch prompt build ralph
	line=$(grep -n '## \[ITEM-004\]' docs/fix_plan.md | cut -d: -f1)
	has "new: ITEM-004@docs/fix_plan.md:$line" "done: ITEM-001" \
		"findings: F-002 gawk differs" "galph: go on" "- [x] ITEM-001 First item"
	sed -i 's/^- Status: done/- Status: in_progress/; s/| done |/| in_progress |/' docs/fix_plan.md
	exits 0 git orch prompt build ralph
	has "- [ ] ITEM-001 First item (in_progress)"
}

@test "the built-in template has the news, too" {
	agent ralph "echo; echo 'built the bridge'"
	turn galph
	exits 0 git orch run -q --actor ralph -n 1
	add_item ITEM-003 "Third item" planned; commit third
	exits 0 git orch prompt build galph
	has "new in the plan: ITEM-003 Third item (docs/fix_plan.md:" \
		"## What ralph said last" "built the bridge"
}

@test "the recorded history: each turn's news is what its commits added" {
	bundle=$TOP/../shared/data/loop-history.bundle
	[ -f "$bundle" ] || skip "no recorded history"
	git clone -q -b main "$bundle" ../history && cd ../history
	# galph's turn of iteration 23 to ralph's, and so on: the attempts that
	# delta reports are the lines that the diff adds.
	delta --since bee7b7c..5d1d469 --only plan
	json_is '.plan.new | length' 0
	n=0
	for c in $(git rev-list --first-parent -n 60 HEAD); do
		delta --since "$c~1..$c" --only plan,findings
		json -r '.attempts[] | "\(.path):\(.line)"' >../places
		git diff -U0 "$c~1" "$c" -- docs plans/active | grep '^+' >../added || :
		while IFS=: read -r path line; do
			text=$(git show "$c:$path" | sed -n "${line}p")
			grep -qxF -- "+$text" ../added || fail_with "$c: $path:$line is not new: $text" || return 1
			n=$((n + 1))
		done <../places
		json -r '.findings.new[] | .id' >../ids
		while read -r id; do
			git show "$c~1:docs/findings.md" | grep -qF -- "$id" &&
				{ fail_with "$c: $id is not new"; return 1; }
			n=$((n + 1))
		done <../ids
	done
	[ "$n" -ge 20 ] || fail_with "only $n"
}
