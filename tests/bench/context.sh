#!/bin/sh
# Documents that have not changed: ten of 800 KB together, packed for a session
# that has them and for one that has nothing. Every run records its pack, as for
# a user; a bundle of pending ones and a key frame that is renewed now and then
# are part of what is measured.
. "${0%/*}/lib.sh"

scratch
git init -q -b main .
mkdir docs
for i in 0 1 2 3 4 5 6 7 8 9; do
	seq -f "line %g of document $i" 1 3600 >docs/$i.md
done
git add -A
git commit -q -m documents
git config orch.doc 'docs/*.md'
sleep 0.1	# older than the stat cache's own clock can tell apart
for actor in galph ralph; do
	git-orch-context pack --actor $actor --session s1 >/dev/null 2>&1
	git-orch-context ack --actor $actor >/dev/null 2>&1
done
compare "context status, unchanged" 2.0 "git-orch-context status --actor galph" \
	"git rev-parse HEAD"
compare "context pack, resumed" 2.0 \
	"git-orch-context pack --actor galph --session s1" "git rev-parse HEAD"
compare "context pack, fresh" 4.0 "git-orch-context pack --actor ralph" \
	"git rev-parse HEAD"

# And no document is opened.
for how in "galph --session s1" "ralph"; do
	# shellcheck disable=SC2086
	opened=$(ASAN_OPTIONS=detect_leaks=0 strace -f -e trace=open,openat,openat2 \
		git-orch-context pack --actor $how 2>&1 >/dev/null | grep -c '[0-9]\.md"')
	echo "context pack --actor $how: $opened documents opened  limit 0"
	[ "$opened" = 0 ] || failed=1
done
exit "${failed:-1}"
