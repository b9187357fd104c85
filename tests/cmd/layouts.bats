# Repositories of every layout: what common/git says equals what git says.

load helper

setup() {
	orch_setup
	facts=$BUILD/tests/helper/repo-facts
	# libgit2 1.5 matches extensions.* by a regex and forgets to free it.
	echo "leak:pcre2" >"$BATS_TEST_TMPDIR/lsan"
	export LSAN_OPTIONS=print_suppressions=0:suppressions=$BATS_TEST_TMPDIR/lsan
	history
}

# Five commits with a merge: a rename, a mode change, a symlink, a directory
# that becomes a file, an ignored file.
history() {
	local n=0 d=1769904000

	commit() {
		d=$((d + 60))
		GIT_AUTHOR_DATE="$d +0000" GIT_COMMITTER_DATE="$d +0000" \
			git commit -q -m "$1"
	}
	mkdir -p dir/deep
	seq 40 >dir/numbers; echo x >dir/deep/x; echo '*.log' >.gitignore
	printf 'a\0b' >binary; ln -s dir/numbers link
	git add .; commit one
	echo log >some.log
	git mv dir/numbers moved; seq 3 >>moved; chmod +x README; git add .; commit two
	git checkout -q -b side HEAD~1; echo side >side; git add .; commit side
	git checkout -q main; git rm -rq dir; echo file >dir; git add .; commit three
	d=$((d + 60))
	GIT_AUTHOR_DATE="$d +0000" GIT_COMMITTER_DATE="$d +0000" \
		git merge -q -m merge side
	echo "" >moved; printf 'a\0c' >binary; git rm -q link; git add .; commit four
}

# Every fact about the repository at hand, and the answers about its history.
agrees() {
	local a b p want got

	want=$(
		echo "git-dir $(git rev-parse --absolute-git-dir)"
		echo "common-dir $(git rev-parse --path-format=absolute --git-common-dir)"
		echo "work-tree $(git rev-parse --show-toplevel 2>/dev/null || echo -)"
		echo "head $(git rev-parse -q --verify HEAD || echo -)"
		echo "branch $(git symbolic-ref -q --short HEAD || echo -)"
	)
	exits 0 "$facts" facts
	got=$(grep -vE '^(linked|shallow|operation) ' <<<"$out")
	same "facts" "$want" "$got"
	for a in 0 HEAD~1 HEAD~3; do
		git rev-parse -q --verify "$a^{commit}" >/dev/null || [ "$a" = 0 ] || continue
		if [ "$a" = 0 ]; then want=$(git log --format='%H %s' HEAD)
		else want=$(git log --format='%H %s' "$a..HEAD"); fi
		exits 0 "$facts" between "$a" HEAD
		same "between $a" "$want" "$(grep -vx truncated <<<"$out")"
		[ "$a" = 0 ] && continue
		want=$(git diff --no-renames --name-status "$a" HEAD)
		exits 0 "$facts" diff - "$a" HEAD
		same "diff $a" "$want" "$out"
		want=$(git diff -M --name-status "$a" HEAD | sed 's/^R[0-9]*/R/' | sort)
		exits 0 "$facts" diff M "$a" HEAD
		same "renames $a" "$want" "$(sort <<<"$out")"
		want=$(git diff --no-renames --numstat "$a" HEAD | sed 's/^-	-/-1	-1/')
		exits 0 "$facts" diff n "$a" HEAD
		same "lines $a" "$want" "$out"
		exits 0 "$facts" ancestor "$a" HEAD
		exits 1 "$facts" ancestor HEAD "$a"
	done
	[ "$(git rev-parse --is-inside-work-tree)" = true ] || return 0
	for p in README moved dir/deep/x nothing side; do
		want=1; git ls-files --error-unmatch ":(top)$p" >/dev/null 2>&1 && want=0
		exits $want "$facts" tracked "$p"
	done
	want=1; git check-ignore -q --no-index "$(git rev-parse --show-toplevel)/some.log" && want=0
	exits $want "$facts" ignored some.log
	exits 1 "$facts" ignored README
}

same() {
	[ "$2" = "$3" ] && return 0
	printf '%s\n--- git says\n%s\n--- we say\n%s\n' "$1" "$2" "$3" >&2
	return 1
}

@test "main work tree, from its top and from below" {
	agrees
	mkdir sub; cd sub
	agrees
}

@test "linked work tree, on a branch and detached" {
	git worktree add -q ../linked -b linked
	cd ../linked
	agrees
	exits 0 "$facts" facts
	grep -x "linked 1" <<<"$out"
	git checkout -q --detach
	agrees
}

@test "bare, and a work tree of a bare repository" {
	git clone -q --bare . ../bare.git
	cd ../bare.git
	agrees
	git worktree add -q ../of-bare main
	cd ../of-bare
	agrees
}

@test "unborn branch" {
	git init -q -b fresh ../fresh
	cd ../fresh
	exits 0 "$facts" facts
	grep -x "head -" <<<"$out"
	grep -x "branch fresh" <<<"$out"
}

@test "submodule" {
	git init -q ../super; cd ../super
	git -c protocol.file.allow=always submodule --quiet add "$repo" sub
	git commit -q -m sub
	exits 0 "$facts" diff n 0 HEAD
	grep -x "0	0	sub" <<<"$out"
	cd sub
	agrees
}

@test "separate git directory, symlinked .git, path with spaces" {
	git clone -q --separate-git-dir=../sep.git . ../sep
	(cd ../sep && agrees)
	mkdir "../with space"
	git clone -q . "../with space/a b"
	cd "../with space/a b"
	agrees
	mv .git ../elsewhere
	ln -s ../elsewhere .git
	exits 0 "$facts" facts
	exits 0 "$facts" between HEAD~1 HEAD
}

@test "from the environment of hooks" {
	git worktree add -q ../linked -b linked
	printf '#!/bin/sh\n"%s" --hook facts >"%s/hook-facts"\n' "$facts" \
		"$BATS_TEST_TMPDIR" >.git/hooks/post-commit
	chmod +x .git/hooks/post-commit
	for d in . ../linked; do
		(cd $d && git commit -q --allow-empty -m x)
		grep -x "work-tree $(cd $d && pwd -P)" "$BATS_TEST_TMPDIR/hook-facts"
		grep -x "head $(git -C $d rev-parse HEAD)" "$BATS_TEST_TMPDIR/hook-facts"
		grep -x "git-dir $(git -C $d rev-parse --absolute-git-dir)" \
			"$BATS_TEST_TMPDIR/hook-facts"
	done
}

@test "GIT_DIR, GIT_WORK_TREE, GIT_COMMON_DIR, GIT_INDEX_FILE" {
	mkdir ../tree
	(cd ../tree && GIT_DIR=$repo/.git agrees)
	(cd "$BATS_TEST_TMPDIR" && GIT_DIR=repo/.git GIT_WORK_TREE=repo agrees)
	(GIT_WORK_TREE=$BATS_TEST_TMPDIR/tree; export GIT_WORK_TREE; exits 0 "$facts" facts
		grep -x "work-tree $BATS_TEST_TMPDIR/tree" <<<"$out")
	git worktree add -q ../linked -b linked
	(cd ../linked; GIT_DIR=$repo/.git/worktrees/linked GIT_COMMON_DIR=$repo/.git agrees)
	(cd ../linked; export GIT_DIR=$repo/.git/worktrees/linked GIT_COMMON_DIR=/tmp
		exits 128 "$facts" facts
		grep GIT_COMMON_DIR <<<"$err")
	cp .git/index ../other-index
	GIT_INDEX_FILE=../other-index git rm -q --cached README
	(export GIT_INDEX_FILE=../other-index
		exits 1 "$facts" tracked README
		exits 0 "$facts" status
		grep -x "D README" <<<"$out")
	exits 0 "$facts" tracked README
	export GIT_DIR=$BATS_TEST_TMPDIR/nowhere
	exits 128 "$facts" facts
	grep "not a git repository: .*nowhere" <<<"$err"
}

@test "alternates and index version 4" {
	git clone -q --shared . ../shared
	(cd ../shared && agrees)
	git update-index --index-version 4
	agrees
}

@test "shallow clone" {
	git clone -q --depth 2 "file://$repo" ../shallow
	cd ../shallow
	agrees
	exits 0 "$facts" between 0 HEAD
	[ "$(tail -n 1 <<<"$out")" = truncated ]
	git worktree add -q ../of-shallow
	cd ../of-shallow
	agrees
	exits 0 "$facts" facts
	grep -x "shallow 1" <<<"$out"
}

@test "sparse checkout, sparse index" {
	mkdir in out; echo in >in/f; echo out >out/f; git add .; git commit -q -m dirs
	git sparse-checkout set --cone in
	agrees
	exits 0 "$facts" status
	[ -z "$out" ]
	git sparse-checkout reapply --sparse-index
	agrees
	exits 0 "$facts" tracked out/f
	exits 1 "$facts" tracked out
	exits 0 "$facts" status
	[ -z "$out" ]
}

@test "split index" {
	git update-index --split-index
	echo new >new; git add new
	agrees
	exits 0 "$facts" tracked new
	exits 0 "$facts" status
	[ "$out" = "A new" ]
}

@test "partial clone: a missing blob is fetched by git" {
	git config uploadpack.allowFilter true
	git clone -q --no-checkout --filter=blob:none "file://$repo" ../partial
	cd ../partial
	git rev-list --objects --missing=print HEAD | grep -q '^?'
	exits 0 "$facts" blob HEAD~1 moved
	[ "$out" = "$(git -C "$repo" show HEAD~1:moved)" ]
	agrees
}

@test "version 1 with worktreeConfig, preciousObjects" {
	git config core.repositoryFormatVersion 1
	git config extensions.worktreeConfig true
	git config --worktree orch.test fromtree
	git config extensions.preciousObjects true
	agrees
	exits 0 "$facts" config-levels orch.test
	[ "$out" = "worktree	orch.test
fromtree" ]
}

@test "replaced objects" {
	git replace HEAD~1 HEAD~3
	agrees
	echo replaced >other
	git replace "$(git rev-parse HEAD:README)" "$(git hash-object -w other)"
	exits 0 "$facts" blob HEAD README
	[ "$out" = replaced ]
	git pack-refs --all
	agrees
	export GIT_NO_REPLACE_OBJECTS=1
	agrees
}

@test "a foreign owner: safe.directory decides" {
	[ "$(id -u)" = 0 ] || skip "only root can give a repository away"
	chown -R 12345 "$repo"
	exits 128 "$facts" facts
	grep "safe.directory" <<<"$err"
	exits 0 "$facts" --hook facts
	git config --global safe.directory '*'
	agrees
	git config --global --unset-all safe.directory
	exits 0 git -c "safe.directory=$repo" -c "alias.f=!'$facts' facts" f
}

@test "SHA-256 and unknown extensions are named" {
	git init -q --object-format=sha256 ../sha256
	(cd ../sha256; exits 128 "$facts" facts
		grep "SHA-256" <<<"$err"; [ "$(wc -l <<<"$err")" = 1 ])
	git config core.repositoryFormatVersion 1
	git config extensions.refstorage reftable
	exits 128 "$facts" facts
	grep "extensions.refstorage" <<<"$err"
}

@test "no repository, a broken configuration, a broken HEAD" {
	cd "$BATS_TEST_TMPDIR/outside"
	exits 128 "$facts" facts
	[ "$err" = "not a git repository (or any of the parent directories): .git" ]
	cd "$repo"
	echo '[core' >>.git/config
	exits 128 "$facts" facts
	grep "$repo/.git/config" <<<"$err"
}

@test "revisions: git answers where libgit2 does not" {
	git tag -a -m t annotated
	for rev in HEAD main annotated HEAD~2 HEAD^2 main@{0} HEAD^{/two} :/three \
		"$(git rev-parse --short HEAD)" 'main@{1 minute ago}'; do
		want=$(git rev-parse -q --verify "$rev^{commit}") || continue
		exits 0 "$facts" resolve "$rev"
		same "$rev" "$want" "$out"
	done
	exits 128 "$facts" resolve no-such-thing
	[ "$err" = "unknown revision 'no-such-thing'" ]
	exits 128 "$facts" resolve HEAD:README
	exits 128 "$facts" resolve --all
}

@test "the search stops at the ceiling" {
	mkdir -p below/it; cd below/it
	export GIT_CEILING_DIRECTORIES=$repo/below
	exits 128 "$facts" facts
}
