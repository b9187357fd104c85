#!/bin/sh
# Hooks with nothing to do: the programs beside git itself, then through real
# commits, checkouts and pushes beside a shell hook that is `true`, and beside
# lefthook running one `true` (make hookmanagers).
. "${0%/*}/lib.sh"

hooks=$BUILD/libexec/git-orch/hooks
: "${HOOKMANAGERS:=$BUILD/hookmanagers}"
lefthook=$HOOKMANAGERS/node_modules/.bin/lefthook

scratch
git init -q --bare hub.git
# repository NAME: with a commit and a remote that has it.
repository() {
	git init -q -b main "$1"
	git -C "$1" commit -q --allow-empty -m x
	git -C "$1" remote add origin "$PWD/hub.git"
	git -C "$1" push -q origin "HEAD:refs/heads/$1"
}
repository none
repository true
repository ours
for h in post-commit post-checkout pre-push; do
	printf '#!/bin/sh\ntrue\n' >"true/.git/hooks/$h"
	chmod +x "true/.git/hooks/$h"
done
git-orch-init -C ours --hooks-only -q >/dev/null || exit 1

cd none || exit 1
head=$(git rev-parse HEAD)
compare "post-checkout, equal commits" 1.0 "$hooks/post-checkout $head $head 1" "git rev-parse HEAD"
compare "post-checkout, files only" 1.0 "$hooks/post-checkout $head $head 0" "git rev-parse HEAD"
if [ -x "$hooks/pre-push" ]; then
	zero=$(echo "$head" | tr '[:xdigit:]' 0)
	echo "(delete) $zero refs/heads/x $head" >../deletions
	bench_input=$bench_dir/deletions
	compare "pre-push, only a deletion" 1.0 "$hooks/pre-push origin url" "git rev-parse HEAD"
	bench_input=
fi
cd .. || exit 1

commit="commit -q --allow-empty -m x"
checkout="checkout -q main"
push="push -q --dry-run origin HEAD:refs/heads/new"
# beside NAME LIMIT: ours against the hooks of another repository here.
beside() {
	compare "git commit, our hooks" "$2" "git -C ours $commit" "git -C $1 $commit"
	compare "git checkout, our hooks" "$2" "git -C ours $checkout" "git -C $1 $checkout"
	compare "git push, our hooks" "$2" "git -C ours $push" "git -C $1 $push"
}
beside true 1.6
beside none 2.0
if [ -x "$lefthook" ]; then
	PATH=$HOOKMANAGERS/node_modules/.bin:$PATH
	repository lefthook
	for h in post-commit post-checkout pre-push; do
		printf '%s:\n  commands:\n    a: { run: "true" }\n' "$h"
	done >lefthook/lefthook.yml
	(cd lefthook && lefthook install >/dev/null 2>&1)
	bench_runs=20
	beside lefthook 0.5
else
	echo "hooks: lefthook is not installed: make hookmanagers"
fi
exit "${failed:-1}"
