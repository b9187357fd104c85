#!/bin/sh
# For the scripts in tests/bench: `. "${0%/*}/lib.sh"`.
#
#	scratch                     cd into an empty directory that goes away
#	compare WHAT LIMIT COMMAND YARDSTICK
#
# COMMAND and YARDSTICK are run alternately in one measurement each, without a
# shell; medians are compared. $bench_runs (100) is how often, $bench_input the file
# that both get as standard input (none).

: "${BUILD:?is the build directory}"
failed=0	# the exit status of the script
export failed
export GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null
export GIT_AUTHOR_NAME=bench GIT_AUTHOR_EMAIL=bench@example.org
export GIT_COMMITTER_NAME=bench GIT_COMMITTER_EMAIL=bench@example.org
PATH=$BUILD/bin:$PATH

scratch() {
	bench_dir=$(mktemp -d "${TMPDIR:-/tmp}/git-orch-bench.XXXXXX") || exit 1
	trap 'rm -rf "$bench_dir"' EXIT
	trap 'exit 1' INT TERM
	cd "$bench_dir" || exit 1
}

compare() {
	json=$(mktemp "${TMPDIR:-/tmp}/git-orch-bench.XXXXXX") || exit 1
	# hyperfine gives no input.
	if [ -n "${bench_input-}" ]; then
		"$BUILD/tests/helper/alternate" "$bench_input" "${bench_runs:-100}" \
			"$3" "$4" >"$json" || { echo "$1: cannot be measured" >&2; failed=1; }
	else
		hyperfine -N --style none -w 10 -r "${bench_runs:-100}" --export-json "$json" \
			"$3" "$4" >/dev/null 2>&1 ||
			{ echo "$1: cannot be measured" >&2; failed=1; }
	fi
	[ -s "$json" ] && jq -r --arg what "$1" --arg limit "$2" --arg yard "$4" '
		def ms: . * 100000 | round / 100;
		.results | (.[0].median / .[1].median * 100 | round / 100) as $ratio |
		"\($what)  \(.[0].median | ms) ms  \($yard) \(.[1].median | ms) ms" +
		"  ratio \($ratio)  limit \($limit)" +
		(if $ratio > ($limit | tonumber) then "  EXCEEDED" else "" end)' \
		"$json" >"$json.line"
	cat "$json.line"
	grep -q EXCEEDED "$json.line" && failed=1
	rm -f "$json" "$json.line"
}
