# git orch context: what an actor's documents are, and what it has seen of them

load helper
setup() { orch_setup; loop_init; }

status() { exits 0 git orch context status --actor galph --json "$@"; }
states() { json '[.documents[] | "\(.path)=\(.state)"] | join(" ")'; }
# The id that `context pack` announced last.
pack_id() { sed -n 's/.*: pack \([^ ]*\); .*/\1/p' "$errfile"; }
pack() { exits 0 git orch context pack --actor galph "$@"; }
ack() { exits 0 git orch context ack --actor galph "$@"; }
# Stat data is only trusted once it is older than the cache.
age() { find . -path ./.git -prune -o -type f -exec touch -d '2026-01-01 00:00' {} +; }
ref=refs/orch/main/views/galph

@test "status: everything is new to an actor that has seen nothing" {
	status
	json_is .version 1
	json_is .actor galph
	json_is '[.documents[].path] | join(" ")' \
		"docs/fix_plan.md docs/findings.md input.md docs/index.md specs/one.md"
	json_is '[.documents[].state] | unique | join(" ")' new
	json_is '.documents[3].bytes' 8
	json_is '.documents[3].tokens' 3
	json_is '"\(.hits) \(.total) \(.hit_rate)"' "0 5 0"
	clean
}

@test "status: as text" {
	exits 0 git orch context status --actor galph
	matches '^galph has not seen any document yet$'
	matches '^document +state +tokens$'
	matches '^docs/index.md +new +3$'
	matches '^unchanged 0 of 5 files, 0% of bytes'
	pack
	exits 0 git orch context status --actor galph
	has "1 pack not acknowledged; if galph has seen the last: git orch context ack --actor galph"
	ack
	exits 0 git orch context status --actor galph
	matches '^galph last saw pack 1-[0-9a-f]{6} \('"$(git rev-parse --short=7 HEAD)"', [0-9]+s ago\), cache warm for [0-9ms]+$'
	matches '^unchanged 5 of 5 files, 100% of bytes'
	lacks "not acknowledged"
	# One that a later one has overtaken is no business of anybody.
	put input.md one; pack
	put input.md two; pack
	exits 0 git orch context status --actor galph
	has "2 packs not acknowledged"
	ack
	exits 0 git orch context status --actor galph
	lacks "not acknowledged"
}

@test "pack: whole documents, and only ack makes them seen" {
	pack
	has "complete as of commit $(git rev-parse --short=7 HEAD): they need not be read again" \
		"git orch context get PATH" \
		'<document path="docs/index.md" bytes="8">' "# Index"
	id=$(pack_id)
	[ "$(tail -n 1 "$errfile")" = "git orch context: pack $id; acknowledge with: git orch context ack --actor galph --pack $id" ] ||
		[ "$(tail -n 1 "$errfile")" = "git orch context pack: pack $id; acknowledge with: git orch context ack --actor galph --pack $id" ]
	status
	json_is '[.documents[].state] | unique | join(" ")' new
	ack --pack "$id"
	status
	json_is '[.documents[].state] | unique | join(" ")' unchanged
	json_is '"\(.hits) \(.total) \(.hit_rate)"' "5 5 1"
	clean
}

@test "pack: a turn that failed gets the same again" {
	pack; ack
	put docs/index.md "# Index, better"
	pack; cp "$outfile" first
	pack
	cmp first "$outfile"
	rm first
	has '<document path="docs/index.md" bytes="8">' '<document path="docs/index.md" bytes="16">'
	status
	json_is '.documents[] | select(.path == "docs/index.md").state' changed
	ack
	status
	json_is '.documents[] | select(.path == "docs/index.md").state' unchanged
}

@test "ack: exactly what the pack held, whatever came after" {
	pack; one=$(pack_id)
	put input.md "Focus: two"
	pack; two=$(pack_id)
	ack --pack "$one"
	status
	json_is '.documents[] | select(.path == "input.md").state' changed
	json_is .hits 4
	ack --pack "$one"	# once more is fine
	ack
	has "galph has seen pack $two"
	status
	json_is .hits 5
	exits 1 git orch context ack --actor galph
	one_error "no pack of galph is pending"
	exits 1 git orch context ack --actor galph --pack 99-abcdef
	one_error "no pack '99-abcdef'"
}

@test "ack: the default never goes back to an older pack" {
	pack; one=$(pack_id)
	put input.md "Focus: two"
	pack; two=$(pack_id)
	ack
	exits 1 git orch context ack --actor galph
	status
	json_is .hits 5
	ack --pack "$one"	# but it can be asked for by name
	status
	json_is .hits 4
}

@test "pack --preview records nothing" {
	put docs/index.md "# not yet in git"
	before=$(git count-objects -v)
	pack --preview
	has "# not yet in git" "with what is uncommitted on top"
	err_lacks "acknowledge"
	is "$(git count-objects -v)" "$before"
	exits 1 git rev-parse -q --verify $ref
	pack; ack
	put docs/index.md "# changed"
	tree=$(git rev-parse $ref)
	pack --preview
	has 'Changed as of' "# changed"
	is "$(git rev-parse $ref)" "$tree"
}

@test "pack --json has every document" {
	printf 'no newline' >docs/index.md
	pack --json
	json_is .version 1
	json_is .actor galph
	json_is .commit "$(head_of)"
	json_is '.pack | test("^1-[0-9a-f]{6}$")' true
	json_is '.documents[] | select(.path == "docs/index.md") | "\(.state) \(.bytes) \(.whole)"' \
		"new 10 true"
	json_true '.text | contains("\n<document path=\"docs/index.md\" bytes=\"10\">\nno newline\n</document>\n")'
	json_is '[.parts[] | "\(.kind) \(.stable)"] | join(", ")' "key frame true"
	json_is '"\(.resumed) \(.session) \(.uncommitted) \(.omitted | length)"' "false null true 0"
	json_is .key_frame_because "it is the first one"
	json_is 'has("base64")' false
	json_true '.bytes == (.text | utf8bytelength) and .bytes == ([.parts[].bytes] | add)'
	json_true '.tokens == ([.parts[].tokens] | add) and .stable_bytes == .parts[0].bytes'
	exits 0 git orch context pack --actor galph --preview --json
	json_is .pack null
	exits 0 git orch context pack --actor galph --preview --format json
	json_is .version 1
	exits 0 git orch context pack --actor galph --preview --json --format text
	matches '^<document path='
}

@test "status: removed documents, and ones that come back" {
	pack; ack
	rm docs/index.md
	status
	json_is '.documents[-1] | "\(.path) \(.state) \(.bytes)"' "docs/index.md removed 0"
	json_is '"\(.hits) \(.total) \(.hit_rate)"' "4 4 1"
	pack
	has '<removed path="docs/index.md">'
	ack
	status
	lacks docs/index.md
	put docs/index.md "# Index"
	status
	json_is '.documents[] | select(.path == "docs/index.md").state' new
}

@test "status: nobody's documents is no error" {
	git rm -rq docs specs input.md
	status
	json_is '"\(.documents | length) \(.hits) \(.total) \(.hit_rate)"' "0 0 0 0"
	pack
	is "$out" ""
	ack
	exits 0 git orch context status --actor galph
	has "no documents; see orch.plan"
}

@test "actors and loops do not share what they have seen" {
	pack; ack
	exits 0 git orch context status --actor ralph --json
	json_is .hits 0
	status --loop other
	json_is .hits 0
	git checkout -q -b feature
	status
	json_is .hits 0
	git checkout -q main
	status
	json_is .hits 5
}

@test "the actor may be left out" {
	exits 0 git orch context status --json
	json_is .actor galph
	GIT_ORCH_ACTOR=ralph exits 0 git orch context status --json
	json_is .actor ralph
	exits 128 git orch context status --actor nobody
	one_error nobody
}

@test "unchanged documents are not opened" {
	sanitized && skip "strace and sanitizers do not mix"
	age
	pack; ack
	status
	for c in "status --json" "pack" "pack --json"; do
		traced -o trace -e trace=open,openat,openat2,creat git-orch-context $c --actor galph >/dev/null 2>&1
		out=$(grep -E 'index\.md|fix_plan|findings|input\.md|one\.md' trace || :)
		is "$out" ""
		grep -q statcache trace
	done
	# And the trace would have shown it:
	put docs/index.md "# other"
	traced -o trace -e trace=open,openat,openat2 git-orch-context status --actor galph >/dev/null
	grep -q 'index\.md' trace
}

@test "ignored directories are not walked" {
	git config orch.doc '**/*.md'
	put .gitignore node_modules/
	put node_modules/a/b/readme.md "no"
	put node_modules/tracked/keep.md "yes"
	git add -f node_modules/tracked/keep.md
	commit "keep one"
	status
	json_is '[.documents[].path | select(startswith("node_modules"))] | join(" ")' node_modules/tracked/keep.md
	sanitized && return
	traced -o trace -e trace=openat,openat2 git-orch-context status --actor galph >/dev/null
	is "$(grep -cE 'node_modules/a|"a"|"b"' trace)" 0
}

@test "patterns: not git's own, nested repositories, links to directories" {
	git config orch.doc '**'
	git init -q nested && put nested/inside.md "no"
	mkdir real && put real/a.md "yes"
	ln -s real linked
	put .GIT2/config.md "yes"
	put '*.md' "a star in its name"
	put untracked.txt "yes"
	status
	json_true '.documents | map(.path) | (index("real/a.md") and index("untracked.txt") and index(".GIT2/config.md") and index("*.md")) != null'
	json_is '[.documents[].path | select(test("nested|^linked/|^\\.git/"))] | length' 0
	json_is '[.documents[].path] | (length == (unique | length))' true
	json_is '[.documents[0:3][].path] | join(" ")' "docs/fix_plan.md docs/findings.md input.md"
}

@test "patterns: literal directories in front, and * stays in one" {
	put docs/a/deep.md "no"
	put docs/a/b/deeper.md "no"
	git config orch.doc 'docs/*.md'
	status
	json_is '[.documents[].path] | join(" ")' \
		"docs/fix_plan.md docs/findings.md input.md docs/index.md"
	git config orch.doc 'docs/**/deep*.md'
	status
	json_is '[.documents[].path] | join(" ")' \
		"docs/fix_plan.md docs/findings.md input.md docs/a/b/deeper.md docs/a/deep.md"
	git config orch.doc 'missing/*.md'
	status
	json_is .total 3
	is "$err" ""
}

@test "what the agent loads by itself is left out" {
	put CLAUDE.md "for claude"; put AGENTS.md "for codex"; put sub/CLAUDE.md "deeper"
	git config orch.doc '**/*.md'
	git config orchactor.galph.agent claude
	git config orchactor.ralph.agent codex
	status
	json_is '[.documents[].path | select(test("CLAUDE|AGENTS"))] | join(" ")' "AGENTS.md sub/CLAUDE.md"
	exits 0 git orch context status --actor ralph --json
	json_is '[.documents[].path | select(test("CLAUDE|AGENTS"))] | join(" ")' "CLAUDE.md sub/CLAUDE.md"
}

@test "what cannot be a document is left out with one warning each" {
	git config orch.maxDocument 1k
	git config --add orch.doc adirectory
	git config --add orch.doc afifo
	git config --add orch.doc outside
	git config --add orch.doc large
	git config --add orch.doc dangling
	git config --add orch.doc inside
	mkdir adirectory
	mkfifo afifo
	ln -s ../outside.md outside; put ../outside.md secret
	head -c 1025 /dev/zero >large
	ln -s nothing dangling
	ln -s docs/index.md inside
	exits 0 timeout 20 git orch context status --actor galph --json
	json_is '[.documents[].path] | join(" ")' \
		"docs/fix_plan.md docs/findings.md input.md inside"
	is "$(grep -c warning: "$errfile")" 4
	err_has adirectory afifo outside large
	err_lacks dangling
	exits 0 timeout 20 git orch context pack --actor galph
	lacks secret
}

@test "unsafe paths in git config are refused, in .orchconfig dropped" {
	for p in .git/config ../x /etc/passwd a/../../x; do
		git config orch.doc "$p"
		exits 128 git orch context status --actor galph
		one_error orch.doc "$p"
		git config --unset orch.doc
	done
	printf '[orch]\n\tdoc = .git/config\n\tdoc = .GIT/config\n\tdoc = docs/index.md\n\tplan = ../x\n' >.orchconfig
	status
	json_is '[.documents[].path | select(test("(?i)git/|x$"))] | length' 0
	json_true '.documents | map(.path) | index("docs/index.md") != null'
	err_has .orchconfig:2: .orchconfig:3: .orchconfig:5:
}

@test "bytes that are not UTF-8 stay as they are" {
	printf 'caf\351\r\n\0end' >docs/index.md
	pack
	LC_ALL=C grep -aqP 'caf\xe9\r$' "$outfile"
	is "$(grep -c 'warning:' "$errfile")" 1
	err_has docs/index.md "not UTF-8"
	pack --json
	json_is '.documents[] | select(.path == "docs/index.md").bytes' 10
	jq -j .base64 "$outfile" | base64 -d >../pack
	is "$(stat -c %s ../pack)" "$(json .bytes)"
	LC_ALL=C grep -aqP '^caf\xe9\r$' ../pack
}

@test "names that need quoting" {
	put "$(printf 'specs/a "b"\t\033[31m.md')" "odd"
	exits 0 git orch context status --actor galph
	has 'specs/a \"b\"\t\033[31m.md'
	status
	json_is '[.documents[].path | select(startswith("specs/a"))][0]' "$(printf 'specs/a "b"\t\033[31m.md')"
	pack
	has '<document path="specs/a \"b\"\t\033[31m.md" bytes='
}

@test "what was seen survives git gc --prune=now, and a loss counts as unseen" {
	put docs/index.md "# never committed"
	pack; ack
	put docs/index.md "# and changed since"
	git gc -q --prune=now
	blob=$(git rev-parse "$ref:seen/docs/index.md")
	is "$(git cat-file -p "$blob")" "# never committed"
	put docs/index.md "# never committed"
	git -c gc.auto=0 cat-file -e "$blob"
	status
	json_is .hits 5
	# Lose that one object.
	pack=$(ls .git/objects/pack/*.pack); mv "$pack" lost.pack; rm -f .git/objects/pack/*
	git unpack-objects -q <lost.pack; rm lost.pack
	rm -f ".git/objects/${blob:0:2}/${blob:2}"
	status
	json_is '.documents[] | select(.path == "docs/index.md").state' new
	json_is .hits 4
	pack; ack
	status
	json_is .hits 5
	# Lose the whole tree.
	tree=$(git rev-parse "$ref^{tree}"); rm -f ".git/objects/${tree:0:2}/${tree:2}"
	status
	json_is .hits 0
	pack; ack
	status
	json_is .hits 5
}

@test "a view that somebody made up counts for nothing" {
	blob=$(echo '{"version":1,"id":"zz\u001b[31m","at":"x"}' | git hash-object -w --stdin)
	sub=$(printf '100644 blob %s\tpack.json\n' $blob | git mktree)
	pend=$(printf '040000 tree %s\t1-zz\n040000 tree %s\tx\n' $sub $sub | git mktree)
	root=$(printf '100644 blob %s\tseen\n100644 blob %s\tseen.json\n040000 tree %s\tpending\n' $blob $blob $pend | git mktree)
	git update-ref $ref $root
	status
	json_is '"\(.hits) \(.pending) \(.last)"' "0 0 null"
	exits 1 git orch context ack --actor galph
	pack; ack
	status
	json_is .hits 5
}

@test "at most 8 packs of an actor are pending" {
	pack; first=$(pack_id)
	for i in 1 2 3 4 5 6 7 8 9; do pack -q; done
	status
	json_is .pending 8
	exits 1 git orch context ack --actor galph --pack "$first"
	ack
	has "galph has seen pack 10-"
}

@test "packs made at the same time all count" {
	for i in 1 2 3 4 5 6; do
		git orch context pack --actor galph >/dev/null 2>../err.$i &
	done
	wait
	for i in 1 2 3 4 5 6; do
		id=$(sed -n 's/.*: pack \([^ ]*\); .*/\1/p' ../err.$i)
		[ -n "$id" ]
		git rev-parse -q --verify "$ref:pending/$id/documents/input.md"
	done
	status
	json_is .pending 6
}

@test "linked work trees share what was seen" {
	pack; ack
	git worktree add -q -b other ../wt
	cd ../wt
	status --loop main
	json_is .hits 5
	put input.md "Focus: here"
	status --loop main
	json_is .hits 4
	[ -f "$(git rev-parse --git-dir)/orch/statcache" ]
	cd "$repo"
	status
	json_is .hits 5
}

@test "before the first commit, and without a work tree" {
	git init -q -b main ../fresh && cd ../fresh
	put input.md "Focus: begin"
	pack
	has "nothing is committed yet" "Focus: begin"
	ack
	status
	json_is .hits 1
	git clone -q --bare "$repo" ../bare.git 2>/dev/null && cd ../bare.git
	exits 128 git orch context status --actor galph
	one_error
}

@test "misuse" {
	exits 129 git orch context
	exits 129 git orch context nonsense
	exits 129 git orch context status extra
	exits 129 git orch context pack --pack x
	outside
	exits 128 git orch context status
	one_error
	exits 0 git-orch-context -h
	has "git orch context pack" "git orch context status" "git orch context ack"
}
