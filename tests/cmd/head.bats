# Where the commits of a turn go, and that nobody loses them.
load helper
setup() {
	orch_setup
	loop_init
	git config orch.retryDelay 0
	agent galph "$worker"
	agent ralph "$worker"
}

worker='cat >/dev/null; echo "$GIT_ORCH_ACTOR $GIT_ORCH_ITERATION" >>work.txt;
	git add work.txt; git commit -q -m "$GIT_ORCH_ACTOR $GIT_ORCH_ITERATION"'

@test "commits on a detached HEAD: said, kept, and no turn begins without them" {
	git checkout -q --detach
	exits 0 git orch run --loop main
	err_has "HEAD is detached: commits made here are on no branch" "git switch -c NAME"
	made=$(head_of)
	has "2 commits, on no branch: git branch NAME ${made:0:7}"
	is "$(head_of refs/orch/main/head)" "$made"
	git checkout -q main
	main=$(head_of)
	# No reflog holds it: what we keep does.
	git reflog expire --expire=all --all
	git gc -q --prune=now
	git cat-file -e "$made"
	exits 128 git orch run
	one_error "this work tree (${main:0:7}) does not have ${made:0:7}" \
		"'git merge ${made:0:7}', then again" "'git orch turn accept'"
	exits 128 git orch turn acquire --timeout 0 --pid none galph
	is "$(head_of)" "$main"
	exits 0 git orch turn status
	has "this work tree does not have it" "git merge ${made:0:7}"
	git merge -q "${made:0:7}"
	exits 0 git orch run
	err_lacks "HEAD is detached"
	is "$(git log --format=%s | head -n 4 | xargs)" "ralph 2 galph 2 ralph 1 galph 1"
	# A branch has it all now.
	! git rev-parse -q --verify refs/orch/main/head
}

@test "a branch that somebody has reset: stopped, kept, accepted" {
	exits 0 git orch run
	made=$(head_of)
	git reset -q --hard HEAD~1
	exits 128 git orch run
	one_error "does not have ${made:0:7}" "git orch turn accept"
	is "$(head_of refs/orch/main/head)" "$made"
	exits 0 git orch turn accept
	err_has "${made:0:7} is left behind: git branch NAME ${made:0:7} keeps it"
	! git rev-parse -q --verify refs/orch/main/head
	exits 0 git orch turn status --json
	json_is '[.head, .iteration, .expected_actor]' "[\"$(head_of)\",2,\"galph\"]"
	exits 0 git orch run
	exits 1 git orch turn accept
	one_error "this work tree has"
}

@test "accept while somebody works: not now" {
	exits 0 git orch run
	git reset -q --hard HEAD~1
	exits 0 git orch turn accept
	exits 0 git orch turn acquire --pid $$ galph
	exits 75 git orch turn accept
	one_error "galph holds it"
}

@test "a commit that was only reworded is no loss; one that is gone cannot be waited for" {
	exits 0 git orch run
	git commit -q --amend -m "better said"
	exits 0 git orch run
	made=$(head_of)
	git reset -q --hard HEAD~1
	git reflog expire --expire=all --all
	git gc -q --prune=now
	! git cat-file -e "$made"
	exits 0 git orch run
	err_has "${made:0:7}, where the last turn ended, is not in this repository any more"
}

@test "a loop of a branch, played on another one, is said to be" {
	git checkout -q -b side
	exits 0 git orch run --loop main
	err_has "this work tree is on branch side: commits of loop main go there, not to branch main"
	exits 0 git orch turn with --loop main galph -- true
	err_has "on branch side"
	# A loop that is no branch's is played wherever one likes.
	exits 0 git orch run --loop team
	err_lacks "is on branch"
	exits 0 git orch run
	err_lacks "is on branch"
}

@test "a loop of another work tree: its branch is named before it is moved" {
	exits 0 git orch run
	git worktree add -q -b side ../tree main~1
	cd ../tree
	exits 0 git orch run --loop main
	err_has "on branch side" "this work tree is at $(git rev-parse --short=7 main) now (branch side)"
}
