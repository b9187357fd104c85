# git orch context get: one document as it is now, a section, what changed in it

load helper
setup() { orch_setup; loop_init; }

get() { exits 0 git orch context get "$@"; }
# pack and acknowledge everything, as a turn of galph does.
seen() { git orch context pack -q --actor galph >/dev/null && git orch context ack --actor galph >/dev/null; }
same() { cmp "$outfile" "$1" || fail_with "not the bytes of $1"; }
big() { # a document whose diff is smaller than itself
	printf '# Notes\n\n'
	for i in 1 2 3; do printf '## Part %d\n\n' $i; seq -f "part $i, line %g of it" 1 20; echo; done
}

@test "the content as it is now, whatever the actor has seen" {
	put docs/index.md "# not committed"
	get docs/index.md
	same docs/index.md
	is "$err" ""
	seen
	get docs/index.md
	same docs/index.md
	put untracked.txt "seen by nobody"
	get untracked.txt
	is "$out" "seen by nobody"
	printf 'caf\351\r\n\0no newline' >docs/index.md
	get docs/index.md
	same docs/index.md
	: >docs/index.md
	get docs/index.md
	is "$out" ""
}

@test "nothing is recorded" {
	seen
	touch docs/index.md
	big >docs/findings.md
	before=$(git rev-parse refs/orch/main/views/galph; git count-objects -v; cksum .git/orch/statcache)
	find .git -printf '%p %T@ %s\n' | sort >../before
	get docs/findings.md; get docs/findings.md --section "Part 2" --json
	get docs/findings.md --diff --actor galph; get docs/index.md --diff --actor galph
	get docs/findings.md --diff --actor ralph
	is "$(git rev-parse refs/orch/main/views/galph; git count-objects -v; cksum .git/orch/statcache)" "$before"
	find .git -printf '%p %T@ %s\n' | sort >../after
	cmp ../before ../after
}

@test "--json" {
	get docs/index.md --json
	json_is . '{"version":1,"path":"docs/index.md","section":null,"diff":false,"bytes":8,"tokens":3,"line_start":1,"line_end":1,"text":"# Index\n"}'
	printf 'one\ncaf\351' >docs/index.md
	get docs/index.md --json
	json_is '"\(.line_start) \(.line_end) \(.bytes)"' "1 2 8"
	jq -r .base64 "$outfile" | base64 -d | cmp - docs/index.md
	: >docs/index.md
	get docs/index.md --json
	json_is '"\(.line_start) \(.line_end) \(.bytes) \(.text)"' "1 0 0 "
	get docs/fix_plan.md --section ITEM-002 --json
	json_is '"\(.section) \(.line_start) \(.line_end)"' "## [ITEM-002] Second item 15 17"
	is "$(json -j .text; echo .)" "$(sed -n 15,17p docs/fix_plan.md; echo .)"
}

@test "where a path leads: from the top, from here, and absolute" {
	put docs/docs/index.md "# deeper"
	cd docs
	get index.md; is "$out" "# Index"
	get docs/index.md; is "$out" "# Index"	# the name that every page shows
	get ./docs/index.md; is "$out" "# deeper"
	get ../input.md; has "Mode: TDD"
	get "$PWD/index.md"; is "$out" "# Index"
	get "$repo/docs/../docs//./index.md"; is "$out" "# Index"
	ln -s "$repo" ../../alias
	get "$BATS_TEST_TMPDIR/alias/docs/index.md"; is "$out" "# Index"
	exits 0 git -C "$repo" orch context get -C specs one.md
	is "$out" "# Specification one"
}

@test "never out of the tree, under .git, or what git ignores" {
	put ../secret.md "secret"
	ln -s ../secret.md out.md; ln -s .git/config config.md; ln -s docs/index.md fine.md
	for p in ../secret.md "$BATS_TEST_TMPDIR/secret.md" /etc/passwd .git/config .GIT/config docs/../.git/HEAD \
		docs/../../secret.md out.md config.md "$repo" . docs; do
		exits 128 git orch context get "$p"
		one_error
		is "$out" ""
		exits 128 git orch context get --diff "$p"
		is "$out" ""
	done
	get fine.md; is "$out" "# Index"
	printf 'build/\n*.key\n' >.gitignore
	put build/out.md "built"; put my.key "secret"; put build/kept.md "kept"
	git add -f build/kept.md
	exits 128 git orch context get my.key
	one_error "'my.key' is ignored by git"
	exits 128 git orch context get build/out.md
	get build/kept.md; is "$out" "kept"
	git config orchactor.ralph.doc build/out.md
	get build/out.md; is "$out" "built"
	mkfifo fifo
	exits 128 timeout 20 git orch context get fifo
	one_error "no regular file"
	git config orch.maxDocument 10
	exits 128 git orch context get input.md
	one_error orch.maxDocument
}

@test "--section: by heading" {
	put docs/index.md <<-'END'
	# Guide
	## Setup
	one
	### Deeper
	two
	## Set theory
	three
	```
	## Not a heading
	```
	## Setup and more
	## Notes
	## notes
	END
	get docs/index.md --section Setup; is "$out" $'## Setup\none\n### Deeper\ntwo'
	get docs/index.md --section "## Setup"; is "$out" $'## Setup\none\n### Deeper\ntwo'
	get docs/index.md --section "SETUP AND MORE"; is "$out" "## Setup and more"
	get docs/index.md --section deep; is "$out" $'### Deeper\ntwo'
	get docs/index.md --section theory; has three
	get docs/index.md --section Notes; is "$out" "## Notes"
	get docs/index.md --section guide; same docs/index.md
	get docs/index.md --section :5; is "$out" $'### Deeper\ntwo'
	exits 1 git orch context get docs/index.md --section set
	one_error "'set' names 3 sections of docs/index.md: line 2 '## Setup', line 6 '## Set theory', line 11 '## Setup and more'" "--section :2"
	is "$out" ""
	exits 1 git orch context get docs/index.md --section NOTES
	one_error "line 12 '## Notes', line 13 '## notes'"
	exits 1 git orch context get docs/index.md --section "Not a heading"
	one_error "no section 'Not a heading' in docs/index.md; near it: line"
	exits 1 git orch context get docs/index.md --section Setpu
	one_error "line 2 '## Setup'"
	exits 1 git orch context get docs/index.md --section xyzzy
	one_error "no section 'xyzzy' in docs/index.md; it begins with: line "
	exits 1 git orch context get docs/index.md --section :99
	one_error "no line 99"
	exits 1 git orch context get docs/index.md --section :x
	exits 1 git orch context get docs/index.md --section "##"
	exits 1 git orch context get README --section x
	one_error "which has no headings"
}

@test "--section: by id, in a heading, in front of an item, in a table" {
	get docs/fix_plan.md --section ITEM-001
	is "$out" "$(sed -n 8,13p docs/fix_plan.md)"
	get docs/fix_plan.md --section item-002
	has "## [ITEM-002] Second item"
	get docs/findings.md --section F-001
	is "$out" "$(sed -n 5p docs/findings.md)"
	put docs/index.md <<-'END'
	# Focus
	**TORCH-004 — Bridge**
	- Status: open

	  more of it
	**TORCH-0041 — Other**
	- TORCH-004 is only mentioned
	## Work
	- [ ] A1: first
	  with a second line
	- [x] A2: done
	- **B-7** bold
	  - inside

	  still B-7
	- [C.1] brackets
	| x | A3 |
	### About D-1-b and D-1
	END
	get docs/index.md --section TORCH-004
	is "$out" "$(sed -n 2,5p docs/index.md)"
	get docs/index.md --section A1
	is "$out" $'- [ ] A1: first\n  with a second line'
	get docs/index.md --section B-7 --json
	json_is '"\(.line_start) \(.line_end)"' "12 15"
	get docs/index.md --section C.1
	is "$out" "$(sed -n 16,17p docs/index.md | head -1)"
	get docs/index.md --section D-1
	has "About D-1-b"
	exits 1 git orch context get docs/index.md --section TORCH-00
	exits 1 git orch context get docs/index.md --section A3
	printf '# [X-1] one\ntext\n## X-1 attempts\n# [X-1] again\n' >docs/index.md
	exits 1 git orch context get docs/index.md --section X-1
	one_error "'X-1' names 2 sections" "line 1 '# [X-1] one', line 4 '# [X-1] again'"
}

@test "--diff: what changed since the actor's last pack" {
	big >docs/findings.md
	seen
	sed -i 's/part 1, line 7 .*/changed/; /part 3, line 9 /d' docs/findings.md
	get docs/findings.md --diff --actor galph
	is "$err" ""
	is "$out" "--- a/docs/findings.md
+++ b/docs/findings.md
@@ -10,3 +10,3 @@ ## Part 1
 part 1, line 6 of it
-part 1, line 7 of it
+changed
 part 1, line 8 of it
@@ -58,3 +58,2 @@ ## Part 3
 part 3, line 8 of it
-part 3, line 9 of it
 part 3, line 10 of it"
	git show HEAD:docs/index.md >/dev/null
	mkdir ../apply && big >../apply/f && sed 's,docs/findings.md,f,' "$outfile" >../p && (cd ../apply && git apply -C0 --unidiff-zero ../p)
	cmp ../apply/f docs/findings.md
	git config orch.diffContext 0
	get docs/findings.md --diff --actor galph
	has "@@ -11 +11 @@ ## Part 1"
	get docs/findings.md --diff --actor galph --section "Part 3"
	is "$(grep -c '^@@' "$outfile")" 1
	has "-part 3, line 9"
	get docs/findings.md --diff --actor galph --section "Part 2"
	is "$out" ""
	err_has "Part 2: nothing changed since 1-"
	get docs/findings.md --diff --actor galph --json
	json_is '"\(.diff) \(.state) \(.actor)"' "true changed galph"
	json_true '.since | test("^1-")'
	json_true '.text | startswith("--- a/docs/findings.md\n")'
}

@test "--diff: nothing changed, new, removed, lost" {
	seen
	get docs/index.md --diff --actor galph
	is "$out" ""
	err_has "'docs/index.md': nothing changed since 1-"
	get docs/index.md --diff --actor galph --json
	json_is '"\(.state) \(.bytes) \(.text)"' "unchanged 0 "
	get docs/index.md --diff --actor ralph
	is "$out" "# Index"
	err_has "new to ralph: this is the whole text"
	put specs/two.md "# Two"
	get specs/two.md --diff --actor galph
	is "$out" "# Two"
	rm docs/index.md
	get docs/index.md --diff --actor galph
	is "$out" $'--- a/docs/index.md\n+++ /dev/null\n@@ -1 +0,0 @@\n-# Index'
	err_has "was removed since"
	exits 1 git orch context get docs/index.md
	one_error "there is no file 'docs/index.md'"
	exits 1 git orch context get docs/nothing.md --diff --actor galph
	one_error "there is no file 'docs/nothing.md'"
	put docs/index.md "# Index"
	put specs/two.md "kept in the view only"
	seen
	blob=$(git rev-parse refs/orch/main/views/galph:known/specs/two.md)
	rm -f ".git/objects/${blob:0:2}/${blob:2}"
	put specs/two.md "other"
	get specs/two.md --diff --actor galph
	is "$out" other
	err_has "new to galph"
}

@test "--diff: a pack that was never acknowledged does not count" {
	seen
	put docs/index.md "# Two"
	git orch context pack -q --actor galph >/dev/null
	get docs/index.md --diff --actor galph
	has "-# Index" "+# Two"
}

@test "a detached HEAD has documents, too" {
	git checkout -q --detach
	get docs/index.md
	is "$out" "# Index"
	exits 128 git orch context get docs/index.md --diff
	one_error
}

@test "misuse" {
	exits 129 git orch context get
	exits 129 git orch context get a b
	exits 129 git orch context get docs/index.md --section ""
	exits 128 git orch context get docs/index.md --diff --actor nobody
	exits 128 git orch context get ""
	one_error
	git clone -q --bare . ../bare.git 2>/dev/null && cd ../bare.git
	exits 128 git orch context get docs/index.md
	one_error
}
