#!/bin/sh
# Estimating the tokens of 10 MB of source code and prose, beside counting its words.
# shellcheck disable=SC2034,SC2154
. "${0%/*}/lib.sh"
top=$(cd "${0%/*}/../.." && pwd)
scratch
bench_runs=20
: >text
while [ "$(wc -c <text)" -lt 10000000 ]; do
	cat "$top"/common/*/*.[ch] "$top"/man/* "$top"/tests/tokens/samples/* >>text
done
compare 'tokens of 10 MB' 4 "$BUILD/tests/helper/tokens text" 'wc -w text'
exit "$failed"
