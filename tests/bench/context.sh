#!/bin/sh
# Documents that have not changed: ten of 800 KB together. (The targets of a
# resumed session, 2.0, and of a fresh one, 4.0.)
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
git-orch-context pack --actor galph >/dev/null 2>&1
git-orch-context ack --actor galph >/dev/null 2>&1
compare "context status, unchanged" 2.0 "git-orch-context status --actor galph" \
	"git rev-parse HEAD"
compare "context pack, whole" 4.0 "git-orch-context pack --preview --actor galph" \
	"git rev-parse HEAD"
exit "${failed:-1}"
