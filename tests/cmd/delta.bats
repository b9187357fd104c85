# git orch delta: what changed for an actor since its last good turn

load helper
setup() { orch_setup; loop_init; }

# A turn of an actor in which COMMAND runs.
turn() { git orch turn with "$1" -- sh -c "${2-true}" >/dev/null; }
delta() { exits 0 git orch delta --actor galph --json "$@"; }
files() { json '[.files[] | "\(.status) \(.added) \(.removed) \(.path)\(if .uncommitted then " u" else "" end)"] | join("; ")'; }

@test "the first turn has nothing to compare with" {
	delta
	json_is .version 1
	json_is .actor galph
	json_is .since '{"commit":null,"iteration":null}'
	json_is '"\(.commits | length) \(.files | length)"' "0 0"
	exits 0 git orch delta --actor galph
	is "$out" "galph has not finished a turn here: nothing to compare with"
	clean
}

@test "commits and files since the actor's last turn" {
	turn galph
	since=$(head_of)
	turn ralph "echo one >>input.md; git rm -q docs/index.md; printf '1\n2\n' >new; git add -A; git commit -qm 'ITEM-001: do it'"
	delta
	json_is .since "{\"commit\":\"$since\",\"iteration\":1}"
	json_is '[.commits[] | "\(.oid) \(.subject)"] | join(" ")' "$(head_of) ITEM-001: do it"
	is "$(files)" "D 0 1 docs/index.md; M 1 0 input.md; A 2 0 new"
	json_is '.files[0].old_path' null
	exits 0 git orch delta --actor ralph --json	# it was ralph's own turn
	json_is '.files | length' 0
}

@test "-z: files for scripts, as git diff --name-status -z has them" {
	seq 1 50 >long; commit "add long"
	turn galph
	since=$(head_of)
	git mv long $'mo\nved'; echo 51 >>$'mo\nved'
	put "ü.md" new; rm docs/index.md; echo more >>input.md
	commit "all of it"
	exits 0 git orch delta --actor galph --only files -z
	git diff --name-status -M -z "$since" | sed 's/R[0-9]*/R/' >../want
	cmp "$outfile" ../want
	put late x
	exits 0 git orch delta --actor galph -z --only files
	cmp "$outfile" ../want
	printf 'A\0late\0' >>../want
	exits 0 git orch delta --actor galph -z
	cmp "$outfile" ../want
	exits 0 git orch delta --actor ralph -z		# nothing to compare with
	is "$(wc -c <"$outfile")" 0
	for bad in --json --markdown --patch --only=plan --only=files,commits; do
		exits 129 git orch delta -z $bad
		one_error "-z"
	done
}

@test "renames are found" {
	seq 1 50 >long; commit "add long"
	turn galph
	git mv long moved; echo 51 >>moved; commit "move it"
	delta
	json_is '[.files[] | "\(.status) \(.old_path) \(.path) \(.added) \(.removed)"] | join(" ")' \
		"R long moved 1 0"
}

@test "what is not committed is marked and counted against HEAD" {
	turn galph
	echo two >>input.md
	printf 'a\nb\nc' >untracked
	printf '\0bin' >binary
	git mv docs/findings.md docs/found.md
	rm docs/index.md
	delta
	json_is '.commits | length' 0
	json_true '.files | all(.uncommitted)'
	json_is '[.files[] | select(.path == "input.md") | "\(.status) \(.added) \(.removed)"][0]' "M 1 0"
	json_is '[.files[] | select(.path == "untracked") | "\(.status) \(.added) \(.removed)"][0]' "A 3 0"
	json_is '[.files[] | select(.path == "binary") | "\(.status) \(.added) \(.removed)"][0]' "A null null"
	json_is '[.files[] | select(.path == "docs/found.md") | "\(.status) \(.old_path) \(.added) \(.removed)"][0]' \
		"R docs/findings.md 0 0"
	json_is '[.files[] | select(.path == "docs/index.md") | "\(.status) \(.added) \(.removed)"][0]' "D 0 1"
}

@test "as text" {
	turn galph
	since=$(git rev-parse --short=7 HEAD)
	turn ralph "echo one >>input.md; git commit -qam 'ITEM-001: do it'"
	echo x >loose
	exits 0 git orch delta --actor galph
	matches "^galph, since 1/galph \($since, [0-9]+s ago\): 1 commit, 2 files, 1 of them uncommitted$"
	matches "^commits +$(git rev-parse --short=7 HEAD)  ITEM-001: do it  A U Thor$"
	matches '^files +M  \+1  input.md$'
	matches '^ +A  \+1  loose  \(uncommitted\)$'
	exits 0 git orch delta --actor ralph
	has "0 commits, 1 file, 1 of them uncommitted"
}

@test "a commit that no longer exists is a warning, and a first turn" {
	echo x >x; commit "to be lost"
	turn galph
	lost=$(head_of)
	git reset -q --hard HEAD~1
	delta
	json_is '.commits | length' 0
	is "$(files)" "D 0 1 x"
	rm -f ".git/objects/${lost:0:2}/${lost:2}"
	delta
	json_is .since '{"commit":null,"iteration":null}'
	err_matches "warning: .*${lost:0:7}"
}

@test "a failed turn does not count" {
	turn galph
	since=$(head_of)
	turn ralph
	turn galph "echo x >x; git add x; git commit -qm mine; exit 3" || :
	delta
	json_is .since.commit "$since"
	json_is '.commits[].subject' mine
}

@test "names and subjects with escapes" {
	turn galph
	put "$(printf 'a\033[31m\tb')" x
	commit "$(printf 'subject \033]0;evil\007 end')"
	exits 0 git orch delta --actor galph
	lacks $'\033' $'\007'
	has '"a\033[31m\tb"'
	delta
	json_is '.files[0].path' "$(printf 'a\033[31m\tb')"
}

@test "external diff programs are not run" {
	turn galph
	git config diff.evil.command "touch $BATS_TEST_TMPDIR/ran; false"
	git config diff.evil.textconv "touch $BATS_TEST_TMPDIR/ran; cat"
	echo 'input.md diff=evil' >.git/info/attributes
	echo x >>input.md
	GIT_EXTERNAL_DIFF="touch $BATS_TEST_TMPDIR/ran; false" delta
	is "$(files)" "M 1 0 input.md u"
	[ ! -e "$BATS_TEST_TMPDIR/ran" ]
}

@test "before the first commit" {
	git init -q -b main ../fresh && cd ../fresh
	turn galph
	echo one >a; git add a; printf 'x\ny\n' >b
	delta
	is "$(files)" "A 1 0 a u; A 2 0 b u"
	commit first
	delta
	json_is '.commits[].subject' first
	is "$(files)" "A 1 0 a; A 2 0 b"
}

@test "misuse" {
	exits 129 git orch delta extra
	exits 128 git orch delta --actor nobody
	one_error nobody
	outside
	exits 128 git orch delta
	one_error
	exits 0 git-orch-delta -h
	has "git orch delta [--actor <actor>] [--since <rev>|iteration:<n>]"
}

@test "trees that file systems cannot hold: as git names them, or an error" {
	blob=$(git hash-object -w input.md) link=$(printf there | git hash-object -w --stdin)
	other=$(printf other | git hash-object -w --stdin)
	sub=$(printf '100644 blob %s\tinside\n' "$(printf 1 | git hash-object -w --stdin)" | git mktree)
	sub2=$(printf '100644 blob %s\tinside\n' "$(printf 2 | git hash-object -w --stdin)" | git mktree)
	raw() { printf "$(sed 's/../\\x&/g' <<<"$1")"; }
	tree() { git mktree --missing | xargs git commit-tree -m tree; }
	a=$(tree <<-END
	100644 blob $blob	a
	100644 blob $blob	d-e
	040000 tree $sub	d
	100644 blob $blob	mode
	100644 blob $blob	type
	160000 commit $(head_of)	sub
	120000 blob $link	was-link
	END
	)
	b=$(tree <<-END
	040000 tree $sub2	a
	100644 blob $other	d
	100644 blob $link	d-e
	100755 blob $blob	mode
	120000 blob $link	type
	160000 commit $a	sub
	040000 tree $sub2	was-link
	END
	)
	delta --since "$a..$b" --only files
	is "$(json '.files[] | "\(.status) \(.path)"')" \
		"$(git diff-tree -r --no-renames --name-status "$a" "$b" | tr T M | tr '\t' ' ' | LC_ALL=C sort -k2,2 -k1,1r)"
	# An old mode is the same mode; the trees have other names.
	c=$( { printf '100664 f\0'; raw "$blob"; } | git hash-object -t tree -w --literally --stdin)
	d=$( printf '100644 blob %s\tf\n' "$blob" | git mktree)
	delta --since "$(git commit-tree -m c "$c")..$(git commit-tree -m d "$d")" --only files
	json_is '.files | length' 0
	for broken in '100644 f' '100644 f\0short' '100644 \0' '9 f\0' ' f\0' '100644'; do
		c=$( { printf "$broken"; raw "${blob%??}"; } | git hash-object -t tree -w --literally --stdin)
		e=$(printf 'tree %s\nauthor a <a@b> 1 +0000\ncommitter a <a@b> 1 +0000\n\nm\n' "$c" | git hash-object -t commit -w --literally --stdin)
		exits 128 git orch delta --actor galph --since "$e..$a" --only files
		[[ $err == *"tree"*"$c"* ]] || fail "$err"
	done
}
