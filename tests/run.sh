#!/bin/sh
# Run test files and count what they really did.
#
#	tests/run.sh [-j JOBS] [-t LABEL] [-o RESULTS] BUILD FILE...
#
# A FILE is a bats script or a cmocka program. Both speak TAP, and TAP says
# beforehand how many tests there are: what was announced and not reported, a
# program that died or hung, and a file without tests are failures. RESULTS
# gets a line per file ("LABEL FILE passed failed skipped", tab between), and
# RESULTS.notes the reasons of skips and failures.
set -eu

limit=600	# seconds for one file

# The TAP of one file, its exit status, its name -> "passed failed skipped",
# and a line for every skip and failure.
count='
/^1\.\.[0-9]+/ { planned += substr($1, 4) }
/^(not )?ok / && /# [Ss][Kk][Ii][Pp]/ {
	skipped++; sub(/^(not )?ok [0-9]* *(- )?/, ""); print "skipped " f ": " $0; next
}
/^ok / { passed++ }
/^not ok / { failed++; sub(/^not ok [0-9]* *(- )?/, ""); print "FAILED  " f ": " $0 }
END {
	done = passed + failed + skipped
	if (planned == 0 && !done) { print "FAILED  " f ": no test ran"; failed++ }
	else if (done < planned) {
		print "FAILED  " f ": " planned - done " of " planned " tests did not report"
		failed += planned - done
	} else if (done > planned) {
		print "FAILED  " f ": more results than the plan announced"; failed++
	}
	if (status == 124 || status == 137) {
		print "FAILED  " f ": stopped after " limit " seconds"; failed++
	} else if (status && !failed) {
		print "FAILED  " f ": exit status " status; failed++
	}
	printf "%d %d %d\n", passed, failed, skipped >sum
}'

# Runs in a process of its own, several at a time.
one() {
	out=$1 label=$2 file=$3 status=0
	base=$(basename -- "$file")
	case $file in
	*.bats) set -- bats --tap "$file" ;;
	*) set -- "$file" ;;
	esac
	CMOCKA_MESSAGE_OUTPUT=TAP timeout -k 10 "$limit" "$@" \
		>"$out/$base.tap" 2>"$out/$base.err" </dev/null &
	trap 'kill "$!" 2>/dev/null; exit 130' INT TERM HUP
	wait "$!" || status=$?
	awk -v f="$base" -v status="$status" -v limit="$limit" \
		-v sum="$out/$base.new" "$count" "$out/$base.tap" >"$out/$base.notes"
	read -r passed failed skipped <"$out/$base.new"
	{
		if [ "$failed" -gt 0 ]; then
			# what bats and cmocka had to say
			grep -v '^ok ' "$out/$base.tap" | head -n 200 || :
			head -n 60 "$out/$base.err"
			cat "$out/$base.notes"
		fi
		text="$passed passed"
		[ "$failed" = 0 ] || text="$text, $failed FAILED"
		[ "$skipped" = 0 ] || text="$text, $skipped skipped"
		printf '%-8s %-28s %s\n' "$label" "$base" "$text"
	} >"$out/$base.say"
	cat "$out/$base.say"
	mv "$out/$base.new" "$out/$base.sum"
}
if [ "${1-}" = --one ]; then
	shift
	one "$@"
	exit 0
fi

jobs=2 label=test results=
while getopts j:t:o: o; do
	case $o in
	j) jobs=$OPTARG ;;
	t) label=$OPTARG ;;
	o) results=$OPTARG ;;
	*) exit 129 ;;
	esac
done
shift $((OPTIND - 1))
[ $# -ge 2 ] || { sed -n '2,5s/^# *//p' "$0" >&2; exit 129; }
BUILD=$(cd -- "$1" && pwd)
export BUILD
# A sanitizer stops at the first fault, with a status that nothing else has.
export ASAN_OPTIONS="exitcode=99${ASAN_OPTIONS:+:$ASAN_OPTIONS}"
export UBSAN_OPTIONS="halt_on_error=1:print_stacktrace=1${UBSAN_OPTIONS:+:$UBSAN_OPTIONS}"
shift

# Thousands of small repositories are made in memory where there is room for them
# and programs may be run there (a container's /dev/shm is small, or noexec).
roomy() {
	[ -w "$1" ] && [ "$(df -Pk "$1" | awk 'NR == 2 { print $4 }')" -gt 2000000 ] || return 1
	probe=$(mktemp "$1/orch-probe.XXXXXX") || return 1
	printf '#!/bin/sh\n' >"$probe"
	chmod +x "$probe"
	works=1
	"$probe" 2>/dev/null || works=0
	rm -f "$probe"
	[ $works = 1 ]
}
if [ -z "${TMPDIR-}" ] && roomy /dev/shm; then
	export TMPDIR=/dev/shm
fi

out=$(mktemp -d "${TMPDIR:-/tmp}/orch-tests.XXXXXX")
trap 'rm -rf "$out"' EXIT
trap 'kill "$!" 2>/dev/null; wait; exit 130' INT TERM HUP
# Scripts before programs and the largest first: no long one is left for the end.
ls -S -- "$@" | awk '/\.bats$/ { print; next } { rest = rest $0 "\n" }
	END { printf "%s", rest }' | tr '\n' '\0' |
	xargs -0 -r -n 1 -P "$jobs" sh "$0" --one "$out" "$label" &
wait "$!" || :

bad=0
for file; do
	base=$(basename -- "$file")
	if [ -f "$out/$base.sum" ]; then
		read -r passed failed skipped <"$out/$base.sum"
	else
		passed=0 failed=1 skipped=0
		echo "FAILED  $base: the runner did not finish it" |
			tee "$out/$base.notes"
	fi
	[ "$failed" = 0 ] || bad=1
	if [ -n "$results" ]; then
		printf '%s\t%s\t%s\t%s\t%s\n' "$label" "$base" "$passed" \
			"$failed" "$skipped" >>"$results"
		sed "s|^\([a-zA-Z]* *\)|\1$label |" "$out/$base.notes" >>"$results.notes"
	fi
done
exit "$bad"
