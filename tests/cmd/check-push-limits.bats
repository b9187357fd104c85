#!/usr/bin/env bats
# The pre-push hook where it cannot judge, or not at once: it refuses, and says why.
load helper
load push
setup() { push_setup; }

@test "rules of the remote that cannot be read: refused, with the way around" {
	put .orchconfig "[orch"
	commit "broken"
	GIT_ORCH_SKIP=x passed main		# the rules of before are fine
	put .orchconfig "# mended"; commit "mended"
	push 1 main
	err_matches '^git-orch: pre-push: refused, because it cannot be judged: refs/heads/main: the rules that the remote has, in [0-9a-f]{7}, cannot be read: .*\(GIT_ORCH_SKIP=pre-push does without\)$'
	GIT_ORCH_SKIP=pre-push push 0 main
	commit "on" ok2
	passed main
}

@test "a SHA-256 repository: refused with the reason, and deleting is not" {
	git init -q --object-format=sha256 -b main ../sha256
	git init -q --object-format=sha256 --bare ../hub256
	cp .git/hooks/pre-push ../sha256/.git/hooks/
	cd ../sha256
	git remote add origin ../hub256
	git commit -q --allow-empty -m one
	push 1 main
	err_matches '^git-orch: pre-push: refused, because it cannot be judged: .*SHA-256'
	git push -q --no-verify origin main 2>&1
	passed :main
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
		is "$err" "git-orch: pre-push: refused, because it cannot be judged: line 2 of what git says about the push is malformed (GIT_ORCH_SKIP=pre-push does without)"
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
