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

every=1 quick=0
while getopts qk: o; do
	case $o in
	q) quick=1 ;;
	k) every=$OPTARG ;;
	*) exit 129 ;;
	esac
done
shift $((OPTIND - 1))
BUILD=$(cd -- "${1:?which build}" && pwd) || exit 129
shift
PATH=$BUILD/bin:$PATH
export GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null LC_ALL=C TZ=UTC
export GIT_AUTHOR_NAME=faults GIT_AUTHOR_EMAIL=faults@example.org
export GIT_COMMITTER_NAME=faults GIT_COMMITTER_EMAIL=faults@example.org
unset GIT_DIR GIT_ORCH_GENERATION GIT_ORCH_LOOP GIT_ORCH_ACTOR

dir=$(mktemp -d "${TMPDIR:-/tmp}/faults.XXXXXX") || exit 128
trap '[ "$bad" != 0 ] || rm -rf "$dir"' EXIT
trap 'exit 130' INT TERM
tried=0 bad=0 missed=0 loop=.git/orch/loops/main

turn() { git-orch-turn "$@"; }
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

# ---- which system calls ----

# "NAME INDEX LINE" of each call in a trace, INDEX counting calls of its name.
calls() {
	awk '/^[a-z_0-9]+\(/ { name = $0; sub(/\(.*/, "", name); print name, ++n[name], $0 }' "$1"
}
# "NAME:error=E:when=N" or "NAME:signal=KILL:when=N" for each fault to try.
faults() {
	calls "$1" | awk -v quick="$quick" '
	/\/orch[\/"]/ { ours = 1 }
	!ours { next }
	# Between two of these nothing changes that others could see.
	{ changing = /\/orch[\/"]/ && $1 ~ /^(write|pwrite64|openat|fallocate|mkdir|link|rename|ftruncate|unlink|fsync|flock|close)$/ ||
		$1 ~ /^(clone|clone3|fork|wait4|exit_group)$/ }
	quick && !changing { next }
	{ kills[++nk] = $1 ":signal=KILL:when=" $2 }
	!/\/orch[\/"]/ { next }
	$1 ~ /^(write|pwrite64|fallocate|mkdir|link|linkat|rename|renameat|renameat2|ftruncate)$/ ||
	$1 ~ /^open(at)?$/ && /O_CREAT|O_WRONLY|O_RDWR/ {
		print $1 ":error=ENOSPC:when=" $2
		print $1 ":error=EIO:when=" $2
	}
	$1 ~ /^(fsync|fdatasync|flock|read|pread64|close|unlink)$/ { print $1 ":error=EIO:when=" $2 }
	END { for (i = 1; i <= nk; i++) print kills[i] }'
}

# ---- one fault ----

complain() {
	bad=$((bad + 1))
	echo "BAD  $name $fault: $*"
	[ "$bad" -gt 5 ] || cp -a "$dir/try" "$dir/bad-$bad"
}
# The state may be what it was, what it becomes, or in between: claimed by a
# process that is gone.
allowed() {
	[ "$1" = "$old" ] || [ "$1" = "$new" ] ||
		{ [ "$name" = with ] && [ "$1" = "2 1 1 ralph lost null" ]; }
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
	local code=0

	tried=$((tried + 1))
	cp -a "$dir/base" "$dir/try" && cd "$dir/try" || exit 128
	# shellcheck disable=SC2046	# words without spaces
	{ strace -qq -y -o "$dir/trace" -e inject="$fault" \
		git-orch-turn $(command_of "$name") >"$dir/out" 2>"$dir/err" </dev/null; } \
		2>/dev/null || code=$?
	if ! grep -q 'INJECTED\|killed by SIGKILL' "$dir/trace"; then
		missed=$((missed + 1))
	elif [[ $fault == *error=* ]]; then
		case $code in
		0) ;;
		128) grep -q '^git orch' "$dir/err" || complain "128 without a word" ;;
		*) complain "exit $code: $(cat "$dir/err")" ;;
		esac
	fi
	after
	cd "$dir" && rm -rf "$dir/try"
}

[ $# -gt 0 ] || set -- first acquire takeover release failed renew with repair \
	break pause resume
number=0
for name; do
	case $name in
	break|pause|resume) has_command "$name" || continue ;;
	esac
	prepare "$name" "$dir/base" || { echo "cannot prepare $name"; exit 128; }
	cd "$dir/base" && old=$(state_of)
	cp -a "$dir/base" "$dir/try" && cd "$dir/try" || exit 128
	# shellcheck disable=SC2046
	strace -qq -y -o "$dir/trace" git-orch-turn $(command_of "$name") \
		>/dev/null 2>"$dir/err" </dev/null || { cat "$dir/err"; exit 128; }
	new=$(state_of)
	cp "$dir/trace" "$dir/trace-$name"
	cd "$dir" && rm -rf "$dir/try"
	before=$tried
	for fault in $(faults "$dir/trace-$name"); do
		number=$((number + 1))
		[ $((number % every)) = 0 ] && try
	done
	echo "$name: $((tried - before)) faults; $old -> $new"
	rm -rf "$dir/base"
done
[ "$bad" = 0 ] || echo "the data is in $dir"
echo "$tried faults, $bad bad, $missed not met"
[ "$bad" = 0 ]
