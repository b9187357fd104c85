#!/usr/bin/env bats
# git orch context pack: budgets, prices, key frames, and the recorded loop.
load helper
load pack
bundle=$BATS_TEST_DIRNAME/../../../shared/data/loop-history.bundle
setup() { orch_setup; loop_init; }

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

@test "--budget: a resumed session does without as few changes as will do" {
	for i in $(seq 24); do lines "d$i" $((20 + i)) >"specs/d$i.md"; done
	pack --session s1; ack
	for i in $(seq 24); do lines "anew$i" $((20 + i)) >"specs/d$i.md"; done
	for n in 4000 8000 12000; do
		budget $n --session s1
		json_true '.resumed and (.omitted | length | . > 0 and . < 24)'
		# The largest are left out, and there is no room for one more.
		json_true '. as $p | ([.omitted[].bytes] | min) >= ([.documents[] |
			select(.whole and .state == "changed").bytes] | max)'
		json_true "$n - .tokens < ([.omitted[].tokens] | min) + 100"
	done
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
