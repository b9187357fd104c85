#!/usr/bin/env bats
# The post-commit hook: refreshes the artifact index, and never gets in the way.
load helper
setup() {
	orch_setup
	hook=$BUILD/libexec/git-orch/hooks/post-commit
	index=.git/orch/artifacts.jsonl
}
silent() { exits 0 "$hook" && is "$out$err" ""; }
art() { put "plans/active/$1/reports/$2/$3" x; }

@test "the index is made and kept up to date, and says what HEAD has" {
	art A 2026-01-01 a.md
	silent
	grep -q '"tracked":false' $index
	commit one
	silent
	grep -q '"tracked":true' $index
	art A 2026-01-02 b.md
	silent
	is "$(grep -c '^{"path"' $index)" 2
	# What it leaves to readers: commits and iterations.
	exits 0 git orch artifact show 2026-01-01 --json
	json_is .commit "$(head_of)"
}

@test "called by git, in main and linked work trees" {
	printf '#!/bin/sh\nexec "%s" "$@"\n' "$hook" >.git/hooks/post-commit
	chmod +x .git/hooks/post-commit
	art A 2026-01-01 a.md
	exits 0 git commit -q --allow-empty -m one
	is "$out$err" ""
	grep -q '2026-01-01' $index
	git worktree add -q ../linked
	(cd ../linked && art L 2026-01-02 b.md && git commit -q --allow-empty -m two)
	grep -q '2026-01-02' .git/worktrees/linked/orch/artifacts.jsonl
}

@test "during a rebase, am or merge it only leaves a mark, which a reader takes away" {
	art A 2026-01-01 a.md
	silent
	cp $index before
	for state in rebase-merge rebase-apply; do
		mkdir .git/$state
		art A "2026-01-0${#state}" b.md
		silent
		cmp $index before
		[ -e .git/orch/artifacts.dirty ]
		exits 0 git orch artifact find b.md
		[ -e .git/orch/artifacts.dirty ]	# there is more to come
		rmdir .git/$state
		exits 0 git orch artifact find b.md
		[ ! -e .git/orch/artifacts.dirty ]
		cp $index before
	done
	git rev-parse HEAD >.git/MERGE_HEAD
	silent
	[ -e .git/orch/artifacts.dirty ]
	rm .git/MERGE_HEAD
	silent
	[ ! -e .git/orch/artifacts.dirty ]
}

@test "somebody has the lock: it does not wait, and changes nothing" {
	art A 2026-01-01 a.md
	silent
	cp $index before
	art A 2026-01-02 b.md
	exec 7>.git/orch/artifacts.lock
	flock 7
	silent
	cmp $index before
	# A reader sees the new one all the same, and warns of nothing.
	exits 0 git orch artifact find b.md
	is "$err" ""
	cmp $index before
	exec 7>&-
	silent
	grep -q 2026-01-02 $index
}

@test "no repository, bare, unborn, broken configuration, no place: 0, a line at most" {
	outside
	silent
	git init -q --bare bare.git
	cd bare.git
	silent
	git init -q ../unborn
	cd ../unborn
	art A 2026-01-01 a.md
	silent
	[ -s .git/orch/artifacts.jsonl ]
	git config orch.artifactRoot 'x/{what}'
	exits 0 "$hook"
	is "$out" ""
	is "$err" "git-orch: post-commit: orch.artifactRoot: 'x/{what}' has a {...} that is not {initiative}, {phase} or {stamp}"
	git config --unset orch.artifactRoot
	rm -r .git/orch
	echo "a file in the way" >.git/orch
	exits 0 "$hook"
	is "$out" ""
	is "$(wc -l <"$errfile")" 1
	is "$(cat .git/orch)" "a file in the way"
}

@test "GIT_ORCH=0, GIT_ORCH_SKIP and orch.post-commit.enabled skip it, and say so" {
	art A 2026-01-01 a.md
	GIT_ORCH=0 exits 0 "$hook"
	is "$out$(wc -l <"$errfile")" 1
	GIT_ORCH_SKIP=post-commit exits 0 "$hook"
	is "$out$(wc -l <"$errfile")" 1
	git config orch.post-commit.enabled false
	exits 0 "$hook"
	is "$out$(wc -l <"$errfile")" 1
	[ ! -e $index ]
}

@test "more work than a hook may do is left to a reader" {
	mkdir -p plans/active/A/reports/2026-01-01
	(cd plans/active/A/reports/2026-01-01 && seq -f 'f%g' 20001 | xargs touch)
	silent
	[ ! -e $index ]
	exits 0 git orch artifact show 2026-01-01 --json
	json_is '.files | length' 20001
	[ -e $index ]
}
