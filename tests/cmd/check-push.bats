#!/usr/bin/env bats
# The pre-push hook: every line that git writes, whose rules count, exceptions.
load helper
load push
setup() { push_setup; }

@test "an update, in order and by force" {
	commit "fine" ok
	passed main
	commit "leak" secret
	git rm -q secret; commit "removed"
	refused main
	git reset -q --hard HEAD~2
	git commit -q --amend -m "another"
	commit "more" more
	push 1 main			# not a fast-forward: git says so, after us
	err_lacks "git-orch"
	passed --force main
	git commit -q --amend -m "again"; commit "leak" secret
	refused --force main
	is "$(git -C ../hub.git log --format=%s -1 main)" "more"
}

@test "a new branch, from what the remote has; several refs; a delete; nothing" {
	git checkout -q -b topic
	commit "fine" ok
	passed topic
	passed topic			# up to date: empty input
	git checkout -q -b leak; commit "leak" secret
	refused leak
	refused main topic leak
	git checkout -q -b after leak
	git rm -q secret; commit "gone"
	refused after			# in its history all the same
	passed :topic
	refused :main leak		# a delete beside it saves nothing
}

@test "tags of both kinds, expressions with blanks" {
	git checkout -q -b side; commit "leak" secret
	git tag light; git tag -a -m "a tag" heavy
	refused light
	refused heavy
	refused 'HEAD@{0 seconds ago}:refs/heads/x'
	git tag -a -m "of a file" file HEAD:README
	passed file
	git checkout -q main; commit "fine" ok
	git tag fine
	passed fine main~0:refs/heads/y
}

@test "refs/orch/ is not judged" {
	git checkout -q -b side; commit "leak" secret
	passed HEAD:refs/orch/main/turn
	refused HEAD:refs/orchard
}

@test "a push cannot disarm its gate: rules are those that the remote has" {
	put .orchconfig "# nothing"; put secret x
	commit "disarm"
	refused main
	refused HEAD:refs/heads/new
	# By force: not those of where both parted, but of what is there now.
	git checkout -q -b forced HEAD~2
	[ ! -e .orchconfig ]
	commit "leak" secret
	refused --force HEAD:main
}

@test "without a base only git config counts" {
	git checkout -q --orphan lone; git add -A; put secret x; commit "lone"
	passed lone:refs/heads/lone
	git config orchcheck.mine.kind forbidden-path
	git config orchcheck.mine.when '^secret$'
	git config orchcheck.mine.level error
	git update-ref -d refs/remotes/origin/lone
	push 1 lone:refs/heads/lone2
	err_has "error mine: secret"
	git init -q --bare ../empty.git
	exits 1 git push ../empty.git main lone
	err_has "error mine: secret"
	err_lacks no-secret
}

@test "an Orch-Allow in any commit counts, is shown and recorded; GIT_ORCH_SKIP too" {
	commit "leak" secret
	commit "unrelated

Orch-Allow: no-secret it is a test vector" other
	push 0 main
	err_matches '^git-orch: pre-push: allowed no-secret: 1 finding, by commit [0-9a-f]{7}: it is a test vector$'
	is "$(jq -c '[.remote, .allowed, .exceptions[0].by, .exceptions[0].reason]' .git/orch/checks.jsonl)" \
		'["origin",1,"Orch-Allow","it is a test vector"]'
	put secret y; commit "again"
	refused main
	GIT_ORCH_SKIP=no-secret push 0 main
	err_has "git-orch: pre-push: skipped no-secret: by GIT_ORCH_SKIP"
	is "$(jq -c '.exceptions[0].by' .git/orch/checks.jsonl | tail -n 1)" '"GIT_ORCH_SKIP"'
}

@test "an exception in the commits of one reference counts for the whole push" {
	commit "leak" secret
	git tag -a -m "before the exception" v1
	refused v1
	git commit -q --allow-empty -m "said

Orch-Allow: no-secret it is a test vector"
	push 0 main v1
	err_matches '^git-orch: pre-push: allowed no-secret: 1 finding, by commit [0-9a-f]{7}: it is a test vector$'
	err_lacks "error"
	# In what the remote has already it does not count.
	git checkout -q -b later; put secret other; commit "again"
	refused later
}

@test "allow = no closes both exceptions, which is said" {
	git config orchcheck.no-secret.allow no
	commit "leak

Orch-Allow: no-secret please" secret
	GIT_ORCH_SKIP=no-secret push 1 main
	err_has "(GIT_ORCH_SKIP does not count: orchcheck.no-secret.allow = no)" \
		"(the Orch-Allow of $(git rev-parse --short=7 HEAD) does not count: orchcheck.no-secret.allow = no)"
	err_matches '^git-orch: pre-push: refused by no-secret: 1 error$'
	[ ! -e .git/orch/checks.jsonl ]
}

@test "many tags: those that the remote has bring nothing, the others are judged" {
	for i in 1 2 3 4 5 6 7 8 9; do
		commit "c $i" f$i
		git tag t$i
	done
	passed main
	passed --tags
	for i in 1 2 3 4 5 6 7 8 9; do git tag u$i t$i; done
	git tag old HEAD~9
	git checkout -q -b side; commit "leak" secret; git tag leak
	push 1 --tags
	is "$(grep -c "error no-secret: secret: " <<<"$err")" 1
	# Where something was, the change of that counts: the remote has these commits.
	git push -q --no-verify origin side
	git checkout -q main
	put .orchconfig "$(printf '[orchcheck "both"]\n\tkind = pair\n\twhen = ^secret\n\tneeds = ^tests/\n\tlevel = error\n')"
	commit "another rule"; git push -q --no-verify origin main
	git checkout -q -b merged; git merge -q --no-edit side
	git push -q --no-verify origin merged
	push 1 --tags merged:main
	err_has "error both: secret: "
	err_lacks "no-secret"
}

@test "what is pushed is judged, not what git reads in its place" {
	commit "fine" ok
	fine=$(head_of)
	git reset -q --hard HEAD~1; commit "leak" secret
	git replace "$(head_of)" "$fine"
	refused main
	refused HEAD:refs/heads/new
	exits 1 git orch check pre-push --json
	json_is '.findings[0] | "\(.rule) \(.path)"' "no-secret secret"
}

@test "a release of a turn that the gate refuses names the rule" {
	git config orch.remote origin
	exits 0 git orch turn acquire galph --pid $$ --timeout 5
	commit "leak" secret
	exits 75 git orch turn release
	err_has "refused by no-secret: 1 error"
	exits 0 git orch turn status --json
	json_true '.reason | contains("refused by no-secret")'
	is "$(git -C ../hub.git log --format=%s -1 main)" "gate"
}

@test "skipped whole: GIT_ORCH=0, GIT_ORCH_SKIP=pre-push, git -c; each a line" {
	commit "leak" secret
	GIT_ORCH=0 push 0 main:a
	is "$(grep -c ^git-orch <<<"$err")" 1
	GIT_ORCH_SKIP=pre-push push 0 main:b
	is "$(grep -c ^git-orch <<<"$err")" 1
	exits 0 git -c orch.pre-push.enabled=false push -q origin main:c
	is "$(grep -c ^git-orch <<<"$err")" 1
	exits 0 git push -q --no-verify origin main:d
	err_lacks git-orch
}

@test "warnings do not refuse; no built-in rule is an error" {
	put src/a.c x; put tmp/a.log x; put input.md "Focus: X-1 - nowhere"
	commit "everything wrong"
	push 0 main
	err_matches '^git-orch: pre-push: warn tests-with-code: src/a.c: source changed but no test changed$'
	err_has "git-orch: pre-push: warn artifact-place: tmp/a.log"
	is "$(grep -c ^git-orch <<<"$err")" 2
}
