#!/bin/bash
# The publication of a turn with one fault at a time: two clones of one remote.
#
#	tests/faults/publish.sh [-q] [-k EVERY] BUILD [CASE...]
#
# As faults.sh does: each system call of ours fails, or kills us; and the
# remote's receiving side is killed before and after it has taken what was
# pushed. Afterwards the remote's chain has grown by our transition or not at
# all, this clone goes on with its turn, and then the other clone, and then
# this one again.
set -u
# shellcheck source=tests/faults/lib.sh
. "${0%/*}/lib.sh"

published() {
	git -C "$dir/try/origin.git" show refs/orch/main/turn:turn.json 2>/dev/null |
		jq -r '[.generation, .expected_actor, .status, .holder.actor | tostring] | join(" ")'
}
chain() { git -C "$dir/try/origin.git" rev-list refs/orch/main/turn; }

# Clones a and b; galph has had one turn, in a.
prepare() {
	rm -rf "$dir/try" && mkdir "$dir/try" && cd "$dir/try" || return
	git init -q --bare -b main origin.git && git init -q -b main a && cd a &&
		git commit -q --allow-empty -m base &&
		git remote add origin ../origin.git && git push -q origin main &&
		git config orch.remote origin && cp -a ../a ../b &&
		turn with --timeout 20 galph -- true || return
	case $1 in
	release|with-release) turn acquire --timeout 20 --pid $$ ralph >/dev/null ;;
	esac 2>/dev/null
}
command_of() {
	case $1 in
	acquire) echo acquire --pid $$ --timeout 20 ralph ;;
	with) echo with --timeout 20 ralph -- true ;;
	release) echo release --generation 2 ;;
	*) echo "$1" ;;
	esac
}

# The turn that a clone has, or can have, is played there to its end.
go_on() {
	local actor generation

	cd "$dir/try/$1" || exit 128
	turn status --json >"$dir/status" 2>"$dir/next.err" ||
		{ complain "$1: status: $(cat "$dir/next.err")"; return 1; }
	turn sync >/dev/null 2>&1	# what others published; 1 if we owe nothing
	actor=$(turn status --json | jq -r .expected_actor)
	generation=$(turn acquire --timeout 20 --pid $$ "$actor" 2>"$dir/next.err") ||
		{ complain "$1: acquire after it: $(cat "$dir/next.err")"; return 1; }
	[ "$generation" -ge "$last" ] ||
		{ complain "$1: generation $generation after $last"; return 1; }
	last=$generation
	turn release --generation "$generation" 2>"$dir/next.err" ||
		{ complain "$1: release after it: $(cat "$dir/next.err")"; return 1; }
	[ "$(published | cut -d ' ' -f 1,4)" = "$generation null" ] ||
		{ complain "$1: published is $(published) after generation $generation"; return 1; }
	last=$((generation + 1))
}
allowed() {
	[ "$1" = "$old" ] || [ "$1" = "$new" ] ||
		{ [ "$name" = with ] && [ "$1" = "2 ralph running ralph" ]; } ||
		# What cannot be recorded is not started, and has failed.
		{ [ "$name" = with ] && [ "$1" = "2 ralph failed null" ] &&
			[ "$code" = 128 ] && grep -q "the command was not started" "$dir/err"; }
}
after() {
	local now last=2

	now=$(published)
	if ! allowed "$now"; then
		complain "neither old nor new is published: $now"
		return
	fi
	go_on a && go_on b && go_on a || return
	chain >"$dir/chain"
	grep -q "^$old_tip" "$dir/chain" || complain "the old state is not in the chain"
	[ -z "$(git -C "$dir/try/origin.git" log --format=%s main | grep -v '^base$')" ] ||
		complain "the branch has commits of ours"
}
try() {
	tried=$((tried + 1))
	rm -rf "$dir/try" && cp -a "$dir/base" "$dir/try" && cd "$dir/try/a" || exit 128
	case $fault in
	pre-receive|post-receive)	# once
		cat >"$dir/try/origin.git/hooks/$fault" <<-'END'
			#!/bin/sh
			rm -f "$0"
			kill -KILL $PPID
		END
		chmod +x "$dir/try/origin.git/hooks/$fault"
		code=0
		# shellcheck disable=SC2046
		turn $(command_of "$name") >"$dir/out" 2>"$dir/err" || code=$?
		[ ! -e "$dir/try/origin.git/hooks/$fault" ] || missed=$((missed + 1))
		;;
	*)
		# shellcheck disable=SC2046
		inject $(command_of "$name") ;;
	esac
	if [[ $fault != *signal* ]]; then
		case $code in
		0|75|128) ;;
		*) complain "exit $code: $(cat "$dir/err")" ;;
		esac
	fi
	after
}

number=0
for name in ${cases:-acquire release with}; do
	prepare "$name" || { echo "cannot prepare $name"; exit 128; }
	old=$(published) old_tip=$(chain | head -n 1)
	rm -rf "$dir/base" && cp -a "$dir/try" "$dir/base"
	cd "$dir/try/a" || exit 128
	# shellcheck disable=SC2046
	record "$dir/trace-$name" $(command_of "$name")
	new=$(published)
	before=$tried
	for fault in pre-receive post-receive; do
		try
	done
	# The counts differ a little from run to run, so an error might meet a
	# pipe, which never fails to close and hangs when it is not closed.
	for fault in $(faults "$dir/trace-$name" | grep -v close:error); do
		number=$((number + 1))
		[ $((number % every)) = 0 ] && try
	done
	echo "$name: $((tried - before)) faults; $old -> $new"
done
summary
