#!/usr/bin/env bats
# The pre-push hook: every line that git writes, whose rules count, its limits.
load helper
setup() {
	orch_setup
	if [ ! -d "$BATS_FILE_TMPDIR/made" ]; then
		make_push
	else
		cd ..; rm -rf "$repo"
		cp -a "$BATS_FILE_TMPDIR"/made/* .
		cd "$repo"
	fi
	hook=$BUILD/libexec/git-orch/hooks/pre-push
	zero=0000000000000000000000000000000000000000
}
# A remote that has one commit with a gate, and a clone that git calls us in.
make_push() {
	git init -q --bare -b main ../hub.git
	put .orchconfig <<-'END'
	[orchcheck "no-secret"]
		kind = forbidden-path
		when = secret
		level = error
	END
	commit "gate"
	git remote add origin ../hub.git
	git push -q -u origin main 2>/dev/null
	printf '#!/bin/sh\nexec "%s" "$@"\n' "$BUILD/libexec/git-orch/hooks/pre-push" >.git/hooks/pre-push
	chmod +x .git/hooks/pre-push
	mkdir "$BATS_FILE_TMPDIR/made"
	cp -a ../hub.git "$repo" "$BATS_FILE_TMPDIR/made"
}
# push CODE ARGS: stdout is git's alone.
push() {
	local want=$1

	shift
	exits "$want" git push --porcelain origin "$@"
	lacks "git-orch"
}
refused() { push 1 "$@"; err_has "git-orch: pre-push: error no-secret: secret: this path is forbidden (commit "; err_has "git-orch: pre-push: refused: 1 error; "; }
passed() { push 0 "$@"; err_lacks "git-orch"; }
# hook CODE [ARGS] with its input
hook() { local want=$1; shift; exits "$want" "$hook" "${@:-origin}"; is "$out" ""; }

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

@test "a rule that cannot be judged is an error, and can be skipped" {
	git config orchcheck.broken.kind pair
	git config orchcheck.broken.when '('
	git config orchcheck.broken.needs x
	git config orchcheck.slow.kind forbidden-path
	git config orchcheck.slow.when '^(a|aa)+$'
	commit "work" aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab
	push 1 main
	err_has "error broken: the rule cannot be judged: when: bad pattern"
	err_has "error slow: the rule cannot be judged: pattern gave up"
	GIT_ORCH_SKIP=broken,slow push 0 main
	exits 0 git orch check post-turn --range HEAD~1..HEAD --json
	json_is '[.findings[] | "\(.level) \(.rule)"] | join(" ")' "warn broken warn slow"
}

@test "malformed input is refused, whatever stands in it" {
	head=$(head_of)
	for line in "x" "refs/heads/a $head refs/heads/a" "a b c d" "refs/heads/a $head refs/heads/a ${head}0" \
		"refs/heads/a ${head%?}g refs/heads/a $zero" " $head refs/heads/a $zero" \
		"refs/heads/a $head heads/a $zero" "refs/heads/a  refs/heads/a $zero"; do
		printf '%s\n' "refs/heads/b $head refs/heads/b $zero" "$line" >in
		hook 1 <in
		err_matches '^git-orch: pre-push: line 2 of what git says about the push is malformed$'
	done
	printf 'refs/heads/b %s refs/heads/b %s' "$head" "$zero" >in
	hook 1 <in
	err_has "cut off"
	printf 'refs/heads/b %s refs/heads/b %s\0\n' "$head" "$zero" >in
	hook 1 <in
	hook 1 <<<"refs/heads/b 1234567890123456789012345678901234567890 refs/heads/b $zero"
	err_has "no object 1234567890"
	hook 0 </dev/null
	hook 0 <<<"(delete) $zero refs/heads/b $head"
	is "$err" ""
	outside
	hook 1 <<<"refs/heads/b $head refs/heads/b $zero"
	hook 0 <<<"(delete) $zero refs/heads/b $head"
}

@test "3,000 references at once; a zero of another length" {
	head=$(head_of)
	commit "leak" secret
	awk -v h="$head" -v z="$zero" 'BEGIN { for (i = 0; i < 3000; i++)
		print "refs/tags/t" i, h, "refs/tags/t" i, z }' >in
	hook 0 <in
	is "$err" ""
	echo "HEAD $(head_of) refs/heads/main $head" >>in
	hook 1 <in
	is "$(grep -c "error no-secret" <<<"$err")" 1
}

@test "the old side is not here: judged from what is known" {
	git clone -q ../hub.git ../other
	(cd ../other && commit "theirs" theirs && git push -q origin main)
	there=$(git -C ../hub.git rev-parse main)
	commit "fine" ok
	hook 0 <<<"refs/heads/main $(head_of) refs/heads/main $there"
	is "$err" ""
	commit "leak" secret
	hook 1 <<<"refs/heads/main $(head_of) refs/heads/main $there"
	err_has "error no-secret"
}

@test "in a shallow clone and a linked work tree" {
	commit "one" one; passed main
	git clone -q --depth 1 "file://$BATS_TEST_TMPDIR/hub.git" ../shallow
	git config orch.hookTimeout 30
	cp .git/hooks/pre-push ../shallow/.git/hooks/
	(
		cd ../shallow
		commit "fine" ok
		passed main
		git checkout -q -b topic; commit "leak" secret
		refused topic
	)
	git worktree add -q ../linked -b linked
	cd ../linked
	commit "leak" secret
	refused linked
}

@test "a partial clone, and a history too long to be looked into commit by commit" {
	git -C ../hub.git config uploadpack.allowFilter true
	git clone -q --filter=blob:none "file://$BATS_TEST_TMPDIR/hub.git" ../partial
	cp .git/hooks/pre-push ../partial/.git/hooks/
	(
		cd ../partial
		git config orchcheck.small.kind max-size
		git config orchcheck.small.size 100
		git config orchcheck.small.level error
		commit "fine" ok
		passed main
		head -c 200 /dev/zero >big; commit "big"
		push 1 main
		err_has "error small: big: 200 bytes, at most 100 are allowed"
	) || return 1
	awk 'BEGIN { for (i = 0; i < 10010; i++) printf "commit refs/heads/long\ncommitter " \
		"b <b@e> %d +0000\ndata 1\nx\n", 1700000000 + i }' | git fast-import --quiet
	git config orchcheck.mine.kind forbidden-path
	git config orchcheck.mine.when x
	git config orchcheck.mine.level error
	push 1 long
	err_has "error mine: more than 10000 commits: older ones were not looked into"
}

@test "what takes too long is refused, with the reason" {
	commit "work" ok
	git config orch.hookTimeout 1
	# A promisor that does not answer.
	git config orchcheck.big.kind max-size
	git config orchcheck.big.size 1k
	git config remote.origin.promisor true
	blob=$(git rev-parse HEAD:ok)
	rm -f ".git/objects/${blob:0:2}/${blob:2}"
	mkdir ../fake
	printf '#!/bin/sh\nexec sleep 5 >/dev/null 2>&1\n' >../fake/git
	chmod +x ../fake/git
	echo "refs/heads/x $(head_of) refs/heads/x $zero" >in
	PATH=$BATS_TEST_TMPDIR/fake:$PATH hook 1 <in
	err_matches '^git-orch: pre-push: not done after 1s \(orch.hookTimeout\): refused$'
}
