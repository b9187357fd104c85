#!/bin/bash
# For the scripts in tests/faults: `. "${0%/*}/lib.sh"`.
#
#	script [-q] [-k EVERY] BUILD [CASE...]
#
# $cases are the cases asked for, $dir is scratch space that is kept if $bad.
# shellcheck disable=SC2034	# used by who sources this

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
cases=$*
PATH=$BUILD/bin:$PATH
export GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null LC_ALL=C TZ=UTC
export GIT_AUTHOR_NAME=faults GIT_AUTHOR_EMAIL=faults@example.org
export GIT_COMMITTER_NAME=faults GIT_COMMITTER_EMAIL=faults@example.org
unset GIT_DIR GIT_ORCH_GENERATION GIT_ORCH_LOOP GIT_ORCH_ACTOR

dir=$(mktemp -d "${TMPDIR:-/tmp}/faults.XXXXXX") || exit 128
trap '[ "$bad" != 0 ] || rm -rf "$dir"' EXIT
trap 'exit 130' INT TERM
tried=0 bad=0 missed=0 name="" fault="" code=0

turn() { git-orch-turn "$@"; }
complain() {
	bad=$((bad + 1))
	echo "BAD  $name $fault: $*"
	[ "$bad" -gt 5 ] || cp -a "$dir/try" "$dir/bad-$bad"
}
# Run our command with the fault that is to be met; its exit code is $code.
inject() {
	code=0
	{ timeout -k 1 100 strace -qq -y -o "$dir/trace" -e inject="$fault" \
		git-orch-turn "$@" >"$dir/out" 2>"$dir/err" </dev/null; } \
		2>/dev/null || code=$?
	[ $code != 124 ] || complain "it hangs"
	grep -q 'INJECTED\|killed by SIGKILL' "$dir/trace" || missed=$((missed + 1))
}
record() {
	strace -qq -y -o "$1" git-orch-turn "${@:2}" >/dev/null 2>"$dir/err" </dev/null &&
		return
	cat "$dir/err"
	exit 128
}
summary() {
	[ "$bad" = 0 ] || echo "the data is in $dir"
	echo "$tried faults, $bad bad, $missed not met"
	[ "$bad" = 0 ]
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
