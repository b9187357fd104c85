#!/bin/sh
# The pre-push hook run alone, as git runs it, beside git; then what others cost.
. "${0%/*}/lib.sh"

scratch
git init -q -b main .
i=0
# 4,000 commits, 6,000 files: 50 of them are pushed.
{
	while [ $i -lt 4000 ]; do
		i=$((i + 1))
		printf 'commit refs/heads/main\ncommitter b <b@example.org> %d +0000\n' $((1700000000 + i))
		printf 'data <<E\nCommit %d\nE\n' $i
		[ $i = 1 ] && {
			f=0
			while [ $f -lt 6000 ]; do
				f=$((f + 1))
				printf 'M 100644 inline src/d%d/f%d.c\ndata <<E\n%d\nE\n' $((f % 100)) $f $f
			done
		}
		printf 'M 100644 inline src/d%d/f%d.c\ndata <<E\nnew %d\nE\n' $((i % 100)) $i $i
		printf 'M 100644 inline tests/t%d.c\ndata <<E\nnew %d\nE\n' $((i % 50)) $i
	done
} | git fast-import --quiet
git gc --quiet
git commit-graph write --reachable 2>/dev/null
head=$(git rev-parse main) old=$(git rev-parse main~50)
zero=0000000000000000000000000000000000000000
git update-ref refs/remotes/origin/main "$old"
echo "(delete) $zero refs/heads/x $old" >delete
echo "refs/heads/main $head refs/heads/main $old" >update

rule() { git config "orchcheck.$1.$2" "$3"; }
five() {
	for r in a b c; do
		rule $r kind pair; rule $r when "^src/d[0-9]*/f.*$r"; rule $r needs '^tests/'
	done
	rule d kind place; rule d when '^tmp/.*[.]log$'
	rule e kind pair; rule e when '^src/'; rule e needs '^tests/'; rule e level error
}
each() {
	rule f kind forbidden-path; rule f when '(^|/)[.]env$'; rule f level error
	rule g kind max-size; rule g size 10m; rule g level error
	rule h kind message; rule h pattern '^[A-Z]'; rule h level error
}

hook=$BUILD/libexec/git-orch/hooks/pre-push
bench_input=delete
compare "pre-push, only deletions" 1.0 "$hook origin url" "git rev-parse HEAD"
bench_input=update
five
compare "pre-push, 50 commits, 5 rules on the net change" 3.0 "$hook origin url" \
	"git rev-list --count HEAD~50..HEAD"
each
compare "pre-push, 50 commits, and 3 rules on each commit" 10 "$hook origin url" \
	"git rev-list --count HEAD~50..HEAD"

# A history that is pushed for the first time, with 3,000 tags: 4,000 commits are
# looked into, each once.
git rev-list main | head -n 3000 |
	awk -v z=$zero '{ print "refs/tags/t" NR, $1, "refs/tags/t" NR, z }' >mirror
echo "refs/heads/main $head refs/heads/main $zero" >>mirror
git update-ref -d refs/remotes/origin/main
bench_input=mirror bench_runs=5
compare "pre-push, 4,000 commits and 3,000 tags, none of them there" 60 "$hook origin url" \
	"git rev-list --count HEAD"
if [ -x /usr/bin/time ]; then
	kb=$(/usr/bin/time -f %M "$hook" origin url <mirror 2>&1 >/dev/null | tail -n 1)
	echo "the same, memory  $((kb / 1024)) MiB  limit 64"
	[ "$kb" -le 65536 ] || failed=1
fi
bench_input=update bench_runs=
git update-ref refs/remotes/origin/main "$old"

# No limits: what a hook of a shell or of lefthook costs in the same run.
printf '#!/bin/sh\ntrue\n' >true.sh
chmod +x true.sh
compare "a shell hook that does nothing (for comparison)" 1000 ./true.sh \
	"git rev-parse HEAD"
if command -v lefthook >/dev/null; then
	printf 'pre-push:\n  commands:\n    nothing:\n      run: "true"\n' >lefthook.yml
	compare "lefthook with one command, true (for comparison)" 1000 \
		"lefthook run pre-push" "git rev-parse HEAD"
fi
exit "${failed:-1}"
