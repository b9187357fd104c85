#!/bin/bash
# Each transition of the turn with one fault at a time.
#
#	tests/faults/faults.sh [-q] [-k EVERY] BUILD [CASE...]
#
# A transition is recorded once with strace. Then it is run again for each of
# its system calls on our files that writes, syncs, renames, opens, links or
# makes room, with ENOSPC and with EIO there; and for each system call from
# the first of these on, with SIGKILL there. After each run the state must be
# readable and the old or the new one, the proper next commands must work, and
# no temporary may stay for ever. EVERY takes every k-th fault only; -q kills
# only at calls that change something.
#
# The last line is "N faults, N bad, N not met"; the exit status 1 if any was
# bad. Data of the first bad ones is kept.
set -u
# shellcheck source=tests/faults/lib.sh
. "${0%/*}/lib.sh"
loop=.git/orch/loops/main

state_of() {
	turn status --json 2>"$dir/status.err" | jq -r '[.generation, .iteration,
		.step, .expected_actor, .status, .holder.actor | tostring] | join(" ")'
}
# Whose turn a release said it is: "it is X's turn (...)".
expected() { sed -n "s/.*it is \(.*\)'s turn .*/\1/p" "$1" | head -n 1; }
# A repository in which galph has had one turn.
fresh() {
	rm -rf "$1" && git init -q -b main "$1" && cd "$1" &&
		git commit -q --allow-empty -m base &&
		turn with galph -- true
}

# ---- the transitions: how to get there, and the command ----

has_command() { turn -h | grep -q "orch turn $1"; }
prepare() {
	case $1 in
	first) git init -q -b main "$2" && cd "$2" && git commit -q --allow-empty -m base ;;
	acquire|with) fresh "$2" ;;
	takeover) fresh "$2" && turn acquire --pid none ralph >/dev/null &&
		turn release --generation 2 && sh -c 'git-orch-turn acquire --pid $$ galph' >/dev/null ;;
	release|renew|failed|break|pause) fresh "$2" && turn acquire --pid none ralph >/dev/null ;;
	resume) fresh "$2" && turn pause faults ;;
	repair) fresh "$2" && echo '{' >$loop/turn.json ;;
	esac 2>/dev/null
}
command_of() {
	case $1 in
	first) echo acquire --pid $$ --timeout 5 galph ;;
	acquire) echo acquire --pid $$ --timeout 5 ralph ;;
	takeover) echo acquire --pid $$ --timeout 5 galph ;;
	with) echo with --timeout 5 ralph -- true ;;
	release) echo release --generation 2 ;;
	failed) echo release --status failed --generation 2 ;;
	renew) echo renew --generation 2 ;;
	break) echo break --force ;;
	*) echo "$1" ;;
	esac
}

# ---- one fault ----

# The state may be what it was, what it becomes, or in between: claimed by a
# process that is gone.
allowed() {
	[ "$1" = "$old" ] || [ "$1" = "$new" ] ||
		{ [ "$name" = with ] && [ "$1" = "2 1 1 ralph lost null" ]; } ||
		# What cannot be recorded is not started, and has failed.
		{ [ "$name" = with ] && [ "$1" = "2 1 1 ralph failed null" ] &&
			[ "$code" = 128 ] && grep -q "the command was not started" "$dir/err"; }
}
# What is in our directory now and will never go away.
litter() {
	if [ -n "$(find .git/orch -name '.orch-*')" ]; then
		find .git/orch -name '.orch-*' -exec touch -d '2 hours ago' {} +
		turn with "$1" -- true 2>/dev/null || echo "one more turn fails"
	fi
	find .git/orch \( -name '.orch-*' -o -name '*.tmp' \) -printf 'litter %f\n'
	find $loop -mindepth 1 -not -name 'turn*' -printf 'litter %f\n'
}
after() {
	local now generation actor text

	if ! now=$(state_of) || [ -z "$now" ]; then
		# Broken it was before: it may be broken still, and say how out.
		[ "$name" = repair ] && grep -q "git orch turn repair" "$dir/status.err" ||
			{ complain "status: $(cat "$dir/status.err")"; return; }
		turn repair >/dev/null 2>"$dir/next.err" ||
			{ complain "repair: $(cat "$dir/next.err")"; return; }
		now=$(state_of)
	fi
	allowed "$now" || { complain "neither old nor new: $now"; return; }
	# shellcheck disable=SC2086	# six words
	set -- $now
	generation=$1 actor=$4
	[ "$name" != pause ] && [ "$name" != resume ] || turn resume 2>/dev/null
	if [ "$6" != null ]; then
		turn release --generation "$generation" 2>"$dir/next.err" ||
			{ complain "release after it: $(cat "$dir/next.err")"; return; }
		actor=$(expected "$dir/next.err")
	fi
	next=$(turn acquire --timeout 5 --pid $$ "$actor" 2>"$dir/next.err") ||
		{ complain "acquire after it: $(cat "$dir/next.err")"; return; }
	[ "$next" -gt "$generation" ] ||
		{ complain "generation $next after $generation"; return; }
	turn release --generation "$next" 2>"$dir/next.err" ||
		{ complain "second release after it: $(cat "$dir/next.err")"; return; }
	text=$(litter "$(expected "$dir/next.err")")
	[ -z "$text" ] || complain "$text"
}
try() {
	tried=$((tried + 1))
	cp -a "$dir/base" "$dir/try" && cd "$dir/try" || exit 128
	# shellcheck disable=SC2046	# words without spaces
	inject $(command_of "$name")
	if [[ $fault == *error=* ]]; then
		case $code in
		0) ;;
		128) grep -q '^git orch' "$dir/err" || complain "128 without a word" ;;
		*) complain "exit $code: $(cat "$dir/err")" ;;
		esac
	fi
	after
	cd "$dir" && rm -rf "$dir/try"
}

number=0
for name in ${cases:-first acquire takeover release failed renew with repair \
	break pause resume}; do
	case $name in
	break|pause|resume) has_command "$name" || continue ;;
	esac
	prepare "$name" "$dir/base" || { echo "cannot prepare $name"; exit 128; }
	cd "$dir/base" && old=$(state_of)
	cp -a "$dir/base" "$dir/try" && cd "$dir/try" || exit 128
	# shellcheck disable=SC2046
	record "$dir/trace-$name" $(command_of "$name")
	new=$(state_of)
	cd "$dir" && rm -rf "$dir/try"
	before=$tried
	for fault in $(faults "$dir/trace-$name"); do
		number=$((number + 1))
		[ $((number % every)) = 0 ] && try
	done
	echo "$name: $((tried - before)) faults; $old -> $new"
	rm -rf "$dir/base"
done
summary
