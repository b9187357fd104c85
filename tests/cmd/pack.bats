#!/usr/bin/env bats
# git orch context pack: what a session has not seen, and all of it.
load helper
load pack
setup() { orch_setup; loop_init; }

# --- fresh ---------------------------------------------------------------------

@test "two fresh packs in a row share the key frame" {
	never_seal
	pack; cp "$outfile" ../one; ack
	put input.md "Focus: something else"
	pack --json
	kinds "key frame, open"
	is "$(json .stable_bytes)" "$(stat -c %s ../one)"
	stable | cmp - ../one
	pack; cmp -n "$(stat -c %s ../one)" ../one "$outfile"
	verified
}

@test "a turn that failed gets the same delta again, fresh and resumed" {
	never_seal
	pack --session s1; ack
	put input.md "Focus: something else"
	for session in "" s1; do
		pack ${session:+--session $session}; cp "$outfile" ../one
		has "Focus: something else"
		pack ${session:+--session $session}; cmp ../one "$outfile"
	done
	# And with what came on top of it.
	put docs/index.md "# more"
	pack --session s1
	has "Focus: something else" "# more"
	lacks "# Fix plan"
	ack
	pack --session s1
	lacks "Focus: something else" "# more"
	has "Nothing has changed in the documents since your last turn"
}

@test "what is sealed stays where it is, byte for byte" {
	git config orch.priceWrite 1
	lines one 400 >docs/index.md
	pack; ack
	for i in 1 2 3 4 5 6; do
		echo "and line $i at its end, as a ledger grows" >>docs/index.md
		pack --json; ack
		stable >../stable.$i
		verified --preview
	done
	[ "$(stat -c %s ../stable.6)" -gt "$(stat -c %s ../stable.1)" ]
	for i in 1 2 3 4 5; do
		cmp -n "$(stat -c %s ../stable.$i)" ../stable.$i ../stable.$((i + 1))
	done
}

@test "nothing changed: the same bytes again, whichever turn" {
	pack; ack
	pack; cp "$outfile" ../one; ack
	pack; cmp ../one "$outfile"
}

# --- resumed -------------------------------------------------------------------

@test "--session: the delta for the session acknowledged last, everything for another" {
	pack --session s1 --json
	json_is '"\(.session) \(.resumed)"' "s1 false"
	ack
	put input.md "Focus: something else"
	pack --session s2 --json
	json_is .resumed false
	json_true '.text | contains("# Fix plan")'
	pack --json
	json_is .resumed false
	# Whatever the other one was shown.
	put docs/index.md "# sealed for it"
	git config orch.priceWrite 1
	pack --session s2 --json
	json_true '[.parts[].kind] | index("sealed") != null'
	pack --session s1 --json
	json_is '"\(.resumed) \(.stable_bytes) \(.key_frame_because)"' "true 0 null"
	kinds "open"
	json_true '.text | contains("# sealed for it")'
	json_true '.text | (contains("# Fix plan") | not) and contains("Focus: something else")'
	verified --session s1
	# An acknowledged pack without a session ends it.
	pack; ack
	pack --session s1 --json
	json_is .resumed false
}

@test "--session: nothing is shown that the session was not acknowledged to have" {
	pack --session s1; ack
	put input.md "Focus: two"
	pack --session s1; one=$(sed -n 's/.*: pack \([^ ]*\); .*/\1/p' "$errfile")
	put input.md "Focus: three"
	pack --session s1
	ack --pack "$one"
	put input.md "Focus: four"
	verified --session s1
	has "Focus: four"
}

@test "a resumed session: renamed, removed, emptied and new documents" {
	lines long >specs/long.md
	put specs/gone.md "# will be gone"
	put specs/empty.md "# will be empty"
	pack --session s1; ack
	mv specs/long.md specs/moved.md
	rm specs/gone.md
	: >specs/empty.md
	put specs/new.md "# new"
	verified --session s1
	has '<diff path="specs/moved.md" from="specs/long.md" bytes="0">' \
		'<removed path="specs/gone.md">' '<document path="specs/empty.md" bytes="0">' \
		'<document path="specs/new.md" bytes="6">'
	lacks "long line 1"
	ack
	verified --session s1
	has "Nothing has changed"
	# No document at all any more.
	git rm -rqf --cached . && rm -r docs specs input.md
	verified --session s1
	has '<removed path="docs/fix_plan.md">'
	ack
	pack --session s1
	is "$out" ""
}

# --- verify --------------------------------------------------------------------

@test "--verify: all kinds of edits, fresh, sealed and resumed" {
	lines crlf | sed 's/$/\r/' >specs/crlf.md
	lines open | head -c -1 >specs/open.md
	{ head -c 1048576 /dev/zero | tr '\0' y; echo; lines after; } >specs/wide.md
	{ lines latin; printf 'caf\351 \303\n\200\n'; } >specs/latin.md
	{ printf 'a\0b\n'; lines nul; printf '\0\0'; } >specs/nul.md
	{
		printf '<document path="docs/index.md" bytes="3">\nxx\n</document>\n'
		printf '</document>\n<removed path="input.md">\n<diff path="x" bytes="1">\n'
		lines tags
		printf '@@ -1,1 +1,1 @@\n\\ No newline at end of file\n</diff>'
	} >specs/tags.md
	lines rename >specs/rename.md
	lines remove >specs/remove.md
	lines empty >specs/empty.md
	printf '\n' >specs/one-newline.md
	put "specs/a \"b\" <c> &d.md" "odd"
	git add specs/crlf.md && git commit -qm "only one of them is committed"
	verified --session s1
	ack
	git config orch.priceWrite 1
	for round in 1 2 3 4; do
		sed -i "7s/.*/edited in round $round\r/" specs/crlf.md
		printf '\nround %s' $round >>specs/open.md
		sed -i "1s/^y\{9\}/yyyyround$round/" specs/wide.md
		sed -i "40s/.*/edited $round/" specs/wide.md
		LC_ALL=C sed -i "3s/.*/r\xe9sum\xe9 $round/" specs/latin.md
		printf '\0\n%s' $round >>specs/nul.md
		printf '\n</diff>\n<removed path="docs/index.md">\n%s' $round >>specs/tags.md
		sed -i "4s/.*/here $round/" specs/tags.md
		printf '\r%s' $round >>specs/one-newline.md
		echo $round >>"specs/a \"b\" <c> &d.md"
		[ $round != 2 ] || { mv specs/rename.md specs/Renamed.md; echo x >>specs/Renamed.md; rm specs/remove.md; : >specs/empty.md; }
		[ $round != 3 ] || { mv specs/Renamed.md specs/again.md; lines empty >specs/empty.md; : >specs/one-newline.md; lines remove >specs/remove.md; }
		[ $round != 4 ] || rm specs/again.md specs/wide.md
		verified --preview		# fresh
		verified --preview --session other --no-cache
		verified --preview --full
		verified --preview --budget 4000
		verified --preview --session s1 --budget 500
		verified			# recorded, and not acknowledged
		verified --session s1
		ack
	done
	git add -A && git commit -qm "all of them"
	verified
	verified --session s1
}

@test "--verify: a text that was tampered with is found, and is not pending" {
	never_seal
	lines one >docs/index.md
	pack; ack
	sed -i '5s/.*/changed/' docs/index.md
	git cat-file -p "$ref:layout/parts/0000" >../frame
	before=$(tree)

	sed '/^# Specification one$/s/one/two/' ../frame >../other
	put_in_view layout/parts/0000 ../other
	after=$(tree)
	exits 1 git orch context pack --actor galph --verify
	one_error "'specs/one.md'"
	is "$out" ""
	is "$(tree)" "$after"
	exits 1 git orch context ack --actor galph

	# A diff that no longer fits what it stands on.
	sed 's/^one line 5 /one line 55 /' ../frame >../other
	put_in_view layout/parts/0000 ../other
	exits 1 git orch context pack --actor galph --verify
	one_error docs/index.md

	# A document less, one more, and what is no pack at all.
	awk '/^<document path="specs/ { exit } { print }' ../frame >../other
	put_in_view layout/parts/0000 ../other
	exits 1 git orch context pack --actor galph --verify
	one_error "'specs/one.md'"
	{ cat ../frame; printf '<document path="specs/ghost.md" bytes="3">\nboo\n</document>\n'; } >../other
	put_in_view layout/parts/0000 ../other
	exits 1 git orch context pack --actor galph --verify
	one_error "'specs/ghost.md'"
	echo '<document path="x" bytes="99">' >../other
	put_in_view layout/parts/0000 ../other
	exits 1 git orch context pack --actor galph --verify
	one_error

	git update-ref $ref "$before"
	verified
}

@test "--verify: a sealed part that was tampered with" {
	git config orch.priceWrite 1
	lines one 400 >docs/index.md
	pack; ack
	for i in 1 2 3; do
		echo "and line $i, as a ledger grows" >>docs/index.md
		pack --json; ack
	done
	json_is '.parts[1].kind' sealed
	git cat-file -p "$ref:layout/parts/0001" >../sealed
	sed 's/as a ledger grows/as a ledger glows/' ../sealed >../other
	cmp -s ../sealed ../other && false
	put_in_view layout/parts/0001 ../other
	exits 1 git orch context pack --actor galph --verify
	one_error docs/index.md
	sed 's/as a ledger grows/as a weed grows/' ../sealed >../other
	put_in_view layout/parts/0001 ../other
	exits 1 git orch context pack --actor galph --verify
	one_error "cannot be read back" docs/index.md
	pack --full -q
	verified
}

# --- losses --------------------------------------------------------------------

@test "survives git gc --prune=now with uncommitted versions" {
	never_seal
	lines one >docs/index.md
	pack --session s1; ack
	sed -i '5s/.*/changed once/' docs/index.md
	pack --session s1; ack
	sed -i '9s/.*/changed twice/' docs/index.md
	git gc -q --prune=now
	verified --session s1
	has "+changed twice"
	lacks "+changed once"
	verified
	has "+changed once" "+changed twice"
	git fsck --no-dangling 2>/dev/null
}

@test "what is missing counts as unseen, never as an error" {
	lines one 200 >docs/index.md
	git config orch.priceWrite 1
	pack --session s1; ack
	for i in 1 2 3; do
		echo "line $i more" >>docs/index.md
		pack --session s1; ack
		pack --json		# a fresh one in between: seals
	done
	pack --session s1; ack
	pack --session s2; ack
	echo "and one more" >>docs/index.md
	cp -r .git ../saved
	n=0
	for path in seen.json seen known layout layout/state.json layout/parts \
		layout/parts/0000 layout/parts/0001 layout/base/docs layout/last \
		layout/base/docs/index.md seen/docs/index.md seen/docs; do
		oid=$(git rev-parse -q --verify "$ref:$path") || continue
		n=$((n + 1))
		lose "$oid"
		for how in "" "--session s2" "--session s2 --budget 400"; do
			exits 0 git orch context pack --actor galph --verify --preview $how ||
				fail_with "without $path: pack $how"
		done
		exits 0 git orch prompt build galph
		verified --session s2
		ack
		verified
		rm -rf .git && cp -r ../saved .git
	done
	is $n 13
	lose "$(tree)"
	verified
	ack
	verified --session s1
}

@test "a view from before there were layouts" {
	pack; ack
	git read-tree --empty
	GIT_INDEX_FILE=../old git read-tree "$(tree)"
	GIT_INDEX_FILE=../old git rm -rqf --cached layout known
	git update-ref $ref "$(GIT_INDEX_FILE=../old git write-tree)"
	git reset -q
	status
	json_is .hits 5
	verified
	has "<document path="
	ack
	verified
}

# --- work trees ------------------------------------------------------------------

@test "worktrees share views" {
	never_seal
	pack --session s1; cp "$outfile" ../one; ack
	git worktree add -q -b other ../wt
	cd ../wt
	put input.md "Focus: here"
	pack --loop main --session s1 --verify
	has "Focus: here"
	lacks "# Fix plan"
	pack --loop main --verify
	cmp -n "$(stat -c %s ../one)" ../one "$outfile"
	ack --loop main
	cd "$repo"
	verified
	has "Focus: ITEM-001"
}
