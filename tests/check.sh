#!/bin/sh
# Everything that must hold: `./install.sh --check`.
#
# The last line is "N passed, N failed, N skipped" over all cmocka and bats
# tests of both builds and the checks of the sources, and the exit status is
# 0 only if something passed and nothing failed. How tests are counted, and
# why a crash cannot pass for a success, is told in tests/run.sh.
set -eu
unset CDPATH
cd -- "$(dirname -- "$0")/.."

jobs=2
while getopts j: o; do
	case $o in
	j) jobs=$OPTARG ;;
	*) exit 129 ;;
	esac
done
results=$(mktemp)
trap 'rm -f "$results" "$results.notes" "$results.log"' EXIT
trap 'exit 130' INT TERM HUP
: >"$results.notes"

# check NAME COMMAND...: one test, passed if the command succeeds.
check() {
	name=$1
	shift
	if "$@" >"$results.log" 2>&1; then
		set -- 1 0
	else
		tail -n 60 "$results.log"
		echo "FAILED  check $name" >>"$results.notes"
		set -- 0 1
	fi
	printf 'check\t%s\t%s\t%s\t0\n' "$name" "$1" "$2" >>"$results"
	if [ "$1" = 1 ]; then
		printf '%-8s %-28s passed\n' check "$name"
	else
		printf '%-8s %-28s FAILED\n' check "$name"
	fi
}
# suite LABEL BUILD FILE...: the test programs of one build and the bats files.
suite() {
	label=$1 build=$2
	shift 2
	for t in tests/unit/test_*.c; do
		t=${t##*/}
		set -- "$build/tests/unit/${t%.c}" "$@"
	done
	for t in tests/fuzz/fuzz_*.c; do
		t=${t##*/}
		set -- "$build/tests/fuzz/${t%.c}" "$@"
	done
	# Many tests of two processes sleep until something happens: two for
	# each processor keep it busy.
	tests/run.sh -j $((jobs * 2)) -t "$label" -o "$results" "$build" "$@" || :
}

check build make -s -j "$jobs" BUILD=build all units
suite plain build tests/cmd/*.bats
check layers make -s check-layers
check headers make -s check-headers
check clang make -s -j "$jobs" check-clang
check cppcheck make -s check-cppcheck JOBS="$jobs"
check scripts make -s check-scripts
check build-asan make -s -j "$jobs" BUILD=build-asan SANITIZE=address,undefined \
	CFLAGS='-O1 -g' all units
# Beside the units and the fuzz corpora: what meets strangers' input. `make
# BUILD=build-asan SANITIZE=address,undefined test` runs all, but this has a time
# limit.
under_asan=
for t in tests/cmd/*.bats; do
	case ${t##*/} in
	attack.bats|hostile.bats|turn-admin.bats|*-attack.bats)
		under_asan="$under_asan $t" ;;
	esac
done
# shellcheck disable=SC2086	# our own names, without spaces
suite asan build-asan $under_asan

echo
sort -u "$results.notes"
awk -F '\t' '{ p += $3; f += $4; s += $5 }
	END {
		printf "%d passed, %d failed, %d skipped\n", p, f, s
		exit !(p > 0 && f == 0)
	}' "$results"
