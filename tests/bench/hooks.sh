#!/bin/sh
# Hooks with nothing to do.
. "${0%/*}/lib.sh"

scratch
git init -q .
git commit -q --allow-empty -m x
head=$(git rev-parse HEAD)
hook=$BUILD/libexec/git-orch/hooks/post-checkout
compare "post-checkout, equal commits" 1.0 "$hook $head $head 1" "git rev-parse HEAD"
compare "post-checkout, files only" 1.0 "$hook $head $head 0" "git rev-parse HEAD"
exit "${failed:-1}"
