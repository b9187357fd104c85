#!/usr/bin/env bats
# git orch context pack: what a session has not seen, all of it, and no more than
# a budget.
load helper
bundle=$BATS_TEST_DIRNAME/../../../shared/data/loop-history.bundle

setup() { orch_setup; loop_init; }

pack() { exits 0 git orch context pack --actor galph "$@"; }
# Leaves $out as the pack left it.
ack() { git orch context ack --actor galph -q "$@" >/dev/null; }
status() { exits 0 git orch context status --actor galph --json; }
# Reading it back gives the work tree.
verified() { pack --verify "$@" && err_matches "verified: [0-9]+ documents? as in the work tree"; }
kinds() { json_is '[.parts[].kind] | join(", ")' "$1"; }
# The first bytes of the last --json pack, which are stable.
stable() { jq -j .text "$outfile" | head -c "$(json .stable_bytes)"; }
# Prices that leave all changes open, so that the stable part is the key frame.
never_seal() { git config orch.priceWrite 1000; }
ref=refs/orch/main/views/galph
tree() { git rev-parse "$ref^{tree}"; }
lines() { seq -f "$1 line %g of a document that is long enough to be worth a change" 1 "${2-60}"; }

# put_in_view PATH FILE: the view with these bytes under that path.
put_in_view() {
	local blob index=$BATS_TEST_TMPDIR/index

	blob=$(git hash-object -w --stdin <"$2")
	rm -f "$index"
	GIT_INDEX_FILE=$index git read-tree "$(tree)"
	GIT_INDEX_FILE=$index git update-index --add --cacheinfo "100644,$blob,$1"
	git update-ref $ref "$(GIT_INDEX_FILE=$index git write-tree)"
}
# An object that got lost, whether it is packed or not.
lose() {
	local p

	for p in .git/objects/pack/*.pack; do
		[ -e "$p" ] || continue
		mv "$p" "$BATS_TEST_TMPDIR/lost.pack"
		rm -f "${p%.pack}".*
		git unpack-objects -q <"$BATS_TEST_TMPDIR/lost.pack"
	done
	rm -f ".git/objects/${1:0:2}/${1:2}"
}

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

# --- budget --------------------------------------------------------------------

# Documents of all sizes, and the odd name.
big_documents() {
	for i in 1 2 3 4 5 6; do lines "s$i" $((i * i * 8)) >specs/s$i.md; done
	{ echo "# Big"; for i in $(seq 40); do echo "## Part $i"; lines "part$i" 12; done; } >docs/index.md
	put "specs/with blank.md" "$(lines blank 90)"
	put "specs/it's.md" "$(lines quote 90)"
}
# budget N [OPTION...]: 0 or a clear refusal; never over.
budget() {
	local n=$1 code=0

	shift
	git orch context pack --actor galph --json --verify --budget "$n" "$@" \
		>"$BATS_TEST_TMPDIR/.out" 2>"$BATS_TEST_TMPDIR/.err" || code=$?
	outfile=$BATS_TEST_TMPDIR/.out errfile=$BATS_TEST_TMPDIR/.err
	out=$(tr -d '\0' <"$outfile") err=$(tr -d '\0' <"$errfile")
	if [ $code = 128 ]; then
		one_error "a budget of $n tokens is too small"
		return
	fi
	[ $code = 0 ] || fail_with "exit code $code: --budget $n $*" || return 1
	json_true ".tokens <= $n and .tokens == ([.parts[].tokens] | add)" || return 1
	# Whatever is not whole is listed, with its size and a command.
	json_true '([.omitted[].path] | sort) ==
		([.documents[] | select(.state != "removed" and (.whole | not)) | .path] | sort)' || return 1
	json_true '. as $p | [.omitted[] | . as $o |
		($p.text | contains("\($o.bytes) bytes")) and ($p.text | contains("git orch context get"))] | all'
}

@test "--budget: never over it, and every omission is named" {
	big_documents
	refused=
	for n in 1 50 400 700 1000 1500 2000 3000 5000 8000 20000 100000; do
		budget $n
		[ -n "$out" ] || refused="$refused $n"
	done
	is "$refused" " 1 50"
	json_is '.omitted | length' 0
	# With changes on top, in fresh and resumed sessions.
	pack --session s1; ack
	for i in 1 2; do
		sed -i "3s/.*/changed $i/" specs/s*.md docs/index.md
		lines "anew$i" 150 >specs/s2.md
		for n in 1 50 400 1000 2000 8000; do
			budget $n --preview --session s1
			budget $n --preview --full
			budget $n
		done
		budget 2000 --session s1
		[ -z "$out" ] || ack
	done
}

@test "--budget: what is left out stays unseen and is offered again" {
	big_documents
	budget 2000
	left=$(json '[.omitted[].path] | join(" ")')
	[ -n "$left" ]
	kinds "key frame, outlines, omitted"
	ack
	status
	is "$(json '[.documents[] | select(.state == "new").path] | join(" ")')" "$left"
	budget 2000
	is "$(json '[.omitted[].path] | join(" ")')" "$left"
	pack --json
	json_is '.omitted | length' 0
	ack
	status
	json_is '[.documents[].state] | unique | join(" ")' unchanged
}

@test "--budget: what changed in a document that is not whole" {
	big_documents
	pack; ack
	sed -i '200s/.*/the one line that changed/' docs/index.md
	budget 3000
	json_true '.omitted | map(.path) | index("docs/index.md") != null'
	json_true '.text | contains("<change path=\"docs/index.md\"") and contains("+the one line that changed")'
	json_true '.text | contains("<outline path=\"docs/index.md\"")'
	# It stays changed for the actor: a change is not the document.
	ack
	status
	json_is '.documents[] | select(.path == "docs/index.md").state' new
}

@test "--budget: a resumed session keeps what it has of a document that is left out" {
	big_documents
	pack --session s1; ack
	lines anew 900 >specs/s6.md
	put input.md "Focus: small change"
	budget 1000 --session s1
	json_is .resumed true
	json_is '[.omitted[].path] | join(" ")' specs/s6.md
	json_true '.text | contains("Focus: small change")'
	ack
	status
	json_is '[.documents[] | select(.state != "unchanged") | "\(.path) \(.state)"] | join(" ")' "specs/s6.md changed"
	verified --session s1
	has 'anew line 900' '<document path="specs/s6.md"'
	lacks "small change"
}

@test "--budget: the commands of the list are for a shell" {
	big_documents
	budget 400
	jq -j .text "$outfile" | sed -n 's/^  .*: git orch context get \(.*\)/\1/p' >../names
	while read -r line; do
		eval "set -- $line"
		is $# 1
		[ -f "$1" ] || fail_with "no file: $line"
	done <../names
	grep -q "blank" ../names
	grep -q "it" ../names
	json '.omitted[].command' | sed 's/^git orch context get //' | while read -r line; do
		eval "set -- $line"
		[ -f "$1" ] || fail_with "no file: $line"
	done
}

@test "--budget: a small one does not throw the key frame away" {
	pack; ack
	cp "$outfile" ../one
	git config orch.priceWrite 1000
	budget 150	# only the list
	json_is .stable_bytes 0
	pack --json
	json_is .key_frame_because null
	stable | cmp - ../one
}

@test "--explain tells where the tokens go" {
	big_documents
	pack --budget 2000 --explain
	err_has "galph, a fresh session:" "key frame" "outlines" "omitted" "stable" "left out" "docs/index.md"
	pack --explain --full -q
	err_has "new key frame: it was asked for"
}

# --- key frames --------------------------------------------------------------------

@test "--full and --no-cache: all documents whole" {
	never_seal
	pack --session s1; ack
	put input.md "Focus: two"
	for how in --full --no-cache; do
		pack $how --session s1 --preview --json
		json_is '"\(.resumed) \(.key_frame_because)"' "false it was asked for"
		kinds "key frame"
		json_true '.text | contains("Focus: two")'
	done
	# --no-cache believes no stat data.
	touch -d '2026-01-01 00:00' input.md; pack; ack
	before=$(stat -c %Y input.md)
	sanitized && return
	traced -o ../trace -e trace=open,openat,openat2 git-orch-context pack --no-cache --actor galph >/dev/null 2>&1
	grep -q 'input\.md' ../trace
	traced -o ../trace -e trace=open,openat,openat2 git-orch-context pack --actor galph >/dev/null 2>&1
	! grep -q 'input\.md' ../trace
}

@test "--preview records nothing, not even a key frame" {
	pack; ack
	was=$(tree)
	before=$(git count-objects -v)
	put input.md "Focus: never stored"
	for how in "" --full --no-cache "--session s1" "--budget 300" --verify; do
		pack --preview $how
	done
	is "$(tree)" "$was"
	is "$(git count-objects -v)" "$before"
}

@test "orch.keyframeEvery" {
	never_seal
	git config orch.keyframeEvery 3
	because=
	for i in 1 2 3 4 5 6 7; do
		put input.md "Focus: $i"
		pack --json; ack
		because+="$(json '.key_frame_because != null') "
	done
	is "$because" "true false false true false false true "
	json_is .key_frame_because "orch.keyframeEvery turns have passed"
}

@test "a key frame older than 7 days is renewed" {
	[ -e "$BUILD/tests/preload/clock.so" ] || skip "make units builds the clock"
	never_seal
	pack; ack
	shifted() {
		local by=$1

		shift
		CLOCK_SHIFT=$by LD_PRELOAD=$BUILD/tests/preload/clock.so \
			ASAN_OPTIONS=verify_asan_link_order=0:$ASAN_OPTIONS "$@"
	}
	put input.md "Focus: later"
	exits 0 shifted $((7 * 86400 - 600)) git-orch-context pack --actor galph --preview --json
	json_is .key_frame_because null
	exits 0 shifted $((7 * 86400 + 600)) git-orch-context pack --actor galph --preview --json
	json_is .key_frame_because "it was too old"
	# A clock that was set back by years is no reason to keep it for ever.
	exits 0 shifted $((-8 * 86400)) git-orch-context pack --actor galph --preview --json
	json_is .key_frame_because "it was too old"
}

@test "prices decide: open, sealed, a new key frame" {
	lines one 400 >docs/index.md
	git config orch.priceWrite 1
	pack; ack
	cp -r .git ../saved
	echo "a line more" >>docs/index.md
	pack --json
	kinds "key frame, sealed, open"
	for i in 1 2 3; do
		rm -rf .git && cp -r ../saved .git
		git config orch.priceWrite 1000
		pack --json
		kinds "key frame, open"
		json_true '.text | contains("+a line more")'
	done
	# Written anew each time: no reason to keep any of it.
	rm -rf .git && cp -r ../saved .git
	for i in 1 2 3 4 5; do
		lines "anew$i" 300 >docs/index.md
		pack --json; ack
	done
	json_true '[.parts[].kind] | index("sealed") == null'
	# The actor's own prices win; claude's cache takes nothing behind what it has.
	git config orchactor.galph.agent claude
	pack --full -q; ack
	echo "a line more" >>docs/index.md
	pack --json
	kinds "key frame, open"
	git config orchactor.galph.priceWrite nonsense
	exits 128 git orch context pack --actor galph
	one_error orchactor.galph.priceWrite
}

@test "carrying changes that cost as much as a key frame renews it" {
	git config orch.priceWrite 1
	lines one 300 >docs/index.md
	pack; ack
	renewed=no
	for i in $(seq 12); do
		lines "anew$i" 300 >docs/index.md
		pack --json; ack
		case $(json .key_frame_because) in
		*"a new one"*) renewed=yes ;;
		esac
	done
	is $renewed yes
	verified
}

# --- misuse ------------------------------------------------------------------------

@test "misuse" {
	exits 129 git orch context pack --budget 0
	one_error "--budget"
	exits 129 git orch context pack --budget -3
	exits 129 git orch context pack --budget many
	exits 129 git orch context pack --format yaml
	one_error "--format is text or json"
	exits 129 git orch context pack --session
	exits 129 git orch context pack docs/index.md
}

# --- the recorded loop ---------------------------------------------------------------

# every_turn OPTION...: pack --verify at each turn of the recording.
every_turn() {
	local h s a n=0

	[ -f "$bundle" ] || skip "no ../shared/data/loop-history.bundle"
	git clone -q -b main "$bundle" "$BATS_TEST_TMPDIR/loop" 2>/dev/null
	cd "$BATS_TEST_TMPDIR/loop"
	git config orch.loop main
	for s in CLAUDE.md docs/index.md galph_memory.md; do git config --add orch.doc $s; done
	while read -r h s; do
		case $s in
		"RALPH AUTO"*) a=galph ;;
		"SUPERVISOR AUTO"*) a=ralph ;;
		*) continue ;;
		esac
		git read-tree -m -u HEAD "$h" && git update-ref --no-deref HEAD "$h"
		git-orch-context pack --actor $a --verify "${@//ACTOR/$a}" >"$BATS_TEST_TMPDIR/.out" 2>"$BATS_TEST_TMPDIR/.err" ||
			fail_with "$h: $(cat "$BATS_TEST_TMPDIR/.err")" || return 1
		git-orch-context ack --actor $a >/dev/null
		n=$((n + 1))
	done < <(git log --first-parent --reverse --format='%H %s')
	[ $n -gt 60 ]
}

@test "the recorded loop: verified at every turn, fresh" { every_turn; }
@test "the recorded loop: verified at every turn, resumed" { every_turn --session s-ACTOR; }
