#!/bin/sh
# Start-up: open the repository, read its configuration and HEAD, exit.
. "${0%/*}/lib.sh"

scratch
git init -q .
git commit -q --allow-empty -m x
compare "start-up" 1.0 "$BUILD/tests/helper/repo-facts config orch" "git rev-parse HEAD"
if [ -x "$BUILD/bin/git-orch-turn" ]; then
	git-orch-turn status >/dev/null 2>&1
	[ $? -eq 128 ] || compare "turn status" 1.5 "$BUILD/bin/git-orch-turn status" \
		"git rev-parse HEAD"
fi
exit "${failed:-1}"
