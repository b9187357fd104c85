#!/bin/sh
# The artifact index: 100,000 files in 10,000 directories beside find, which
# prints what the index holds (path, size, time); and a commit with an index of
# 3,000 files.
. "${0%/*}/lib.sh"

# WHAT LIMIT PREPARE COMMAND YARDSTICK: PREPARE runs before each of both.
compare_prepared() {
	json=$bench_dir/result.json
	hyperfine -N --style none -w 2 -r "$bench_runs" --prepare "$3" --export-json "$json" \
		"$4" "$5" >/dev/null 2>&1 || { echo "$1: cannot be measured" >&2; failed=1; }
	jq -r --arg what "$1" --arg limit "$2" --arg yard "$5" '
		def ms: . * 100000 | round / 100;
		.results | (.[0].median / .[1].median * 100 | round / 100) as $ratio |
		"\($what)  \(.[0].median | ms) ms  \($yard) \(.[1].median | ms) ms" +
		"  ratio \($ratio)  limit \($limit)" +
		(if $ratio > ($limit | tonumber) then "  EXCEEDED" else "" end)' "$json" |
		tee "$json.line"
	grep -q ratio "$json.line" && ! grep -q EXCEEDED "$json.line" || failed=1
}
memory() {
	what=$1
	shift
	kb=$(/usr/bin/time -f %M "$@" 2>&1 >/dev/null | tail -n 1)
	echo "$what, memory  $((kb / 1024)) MiB  limit 64"
	[ "$kb" -le 65536 ] || { echo "$what: more than 64 MiB"; failed=1; }
}
# INITIATIVES DIRECTORIES: so many of each, with ten files.
make_tree() {
	awk -v n="$1" -v m="$2" 'BEGIN {
		split("summary.md pytest_a.log runtime_profile.md findings.md metrics.json " \
		      "plot.png notes.txt parity.csv run.log trace.jsonl", name, " ")
		for (i = 0; i < n; i++)
			for (d = 0; d < m; d++)
				for (f = 1; f <= 10; f++)
					printf "plans/active/INIT-%03d/reports/2026-%02d-%02dT%02d%02d00Z/%s\n",
						i, 1 + d / 28 % 12, 1 + d % 28, i % 24, d % 60, name[f]
	}' >"$bench_dir/names"
	sed 's,/[^/]*$,,' "$bench_dir/names" | uniq | xargs mkdir -p
	xargs touch <"$bench_dir/names"
}

scratch
git init -q many && cd many || exit 1
make_tree 100 100
git commit -q --allow-empty -m x
bench_runs=${bench_runs:-9}
git-orch-artifact rebuild >/dev/null
yard='find plans -printf %p_%s_%T@\n'
compare_prepared "artifact, full scan" 1.5 true "git-orch-artifact rebuild --full" "$yard"
cat >../new <<'END'
#!/bin/sh
exec mkdir "plans/active/INIT-050/reports/2027-01-01T000000Z_$(date +%s%N)"
END
chmod +x ../new
compare_prepared "artifact, refresh after one new directory" 0.3 ../new \
	"git-orch-artifact rebuild" "$yard"
git-orch-artifact rebuild >/dev/null
compare_prepared "artifact, find by name" 0.2 true "git-orch-artifact find INIT-050" "$yard"
compare_prepared "artifact, find by name, 10,000 hits" 0.2 true \
	"git-orch-artifact find runtime_profile.md" "$yard"
memory "artifact rebuild" git-orch-artifact rebuild --full
memory "artifact find" git-orch-artifact find runtime_profile.md
memory "artifact list" git-orch-artifact list
memory "artifact list --json" git-orch-artifact list --json
memory "artifact export" git-orch-artifact export --json
memory "artifact cleanup" git-orch-artifact cleanup --older-than 1 --dry-run

cd .. && git init -q few && cd few || exit 1
make_tree 10 30
git add . && git commit -q -m x
git-orch-artifact rebuild >/dev/null
cat >../commit <<'END'
#!/bin/sh
dir=plans/active/INIT-005/reports/2027-01-01T000000Z_$(date +%s%N)
mkdir "$dir" && echo x >"$dir/a.md" &&
git update-ref HEAD "$(git commit-tree -p HEAD -m x "HEAD^{tree}")"
END
chmod +x ../commit
bench_runs=40
compare_prepared "post-commit, 3,000 files and a new directory" 2.0 ../commit \
	"$BUILD/libexec/git-orch/hooks/post-commit" "git rev-parse HEAD"
[ "$(grep -c 2027-01-01 .git/orch/artifacts.jsonl)" -ge $bench_runs ] ||
	{ echo "post-commit: the index has not been refreshed"; failed=1; }
exit "$failed"
