#!/usr/bin/env bats
# Bad input: one clear line, the right exit code, and the state as it was.
# Each row of the table is a way to break a repository and what must be said.
load helper

setup() {
	orch_setup
	loop_init
	agent galph true
	agent ralph true
}

state_of() { find .git/orch .git/refs/orch -type f 2>/dev/null | sort | xargs -r sha256sum; }

# refused CODE TEXT: every command that reads the configuration says TEXT.
refused() {
	local before code=$1 text=$2

	before=$(state_of)
	for c in "turn status" "context status --actor galph" "delta --actor galph" \
		"prompt build galph" "run" "turn acquire galph --pid none" "context pack --actor galph"; do
		exits "$code" git orch $c
		err_has "$text" || fail_with "$c" || return 1
		is "$(grep -c . <<<"$err")" 1
		is "$out" ""
	done
	is "$(state_of)" "$before"
}
# warned TEXT: it is said, and everything goes on.
warned() {
	exits 0 git orch turn status
	err_has "$1"
	exits 0 git orch prompt build galph
}

@test "no repository" {
	outside
	for c in "turn status" "context status" "delta" "log" "show" "run" "init" \
		"prompt build galph" "doctor"; do
		exits 128 git orch $c
		one_error "repository"
	done
}

@test ".orchconfig: broken syntax" {
	printf '[orch\n workflow = a\n' >.orchconfig
	refused 128 ".orchconfig:1"
}
@test ".orchconfig: a symlink" {
	mv .orchconfig real && ln -s real .orchconfig
	refused 128 .orchconfig
}
@test ".orchconfig: a directory" {
	rm .orchconfig && mkdir .orchconfig
	refused 128 .orchconfig
}
@test ".orchconfig: two MiB" {
	head -c 2097152 /dev/zero | tr '\0' '#' >>.orchconfig
	refused 128 .orchconfig
}
@test ".orchconfig: a NUL byte" {
	printf '[orch]\n\tplan = a\0b\n' >.orchconfig
	refused 128 ".orchconfig:2"
}
@test ".orchconfig: an include is not followed" {
	put "$BATS_TEST_TMPDIR/evil" '[orchactor "galph"]
	command = touch pwned'
	printf '[include]\n\tpath = %s\n' "$BATS_TEST_TMPDIR/evil" >>.orchconfig
	git config --unset orchactor.galph.command
	warned "include.path is ignored"
	exits 128 git orch run
	[ ! -e pwned ]
}
@test ".orchconfig: a command does not count" {
	printf '[orchactor "galph"]\n\tcommand = touch pwned\n' >>.orchconfig
	warned "orchactor.galph.command is ignored"
	exits 0 git orch run
	[ ! -e pwned ]
}
@test ".orchconfig: paths out of the work tree do not count" {
	for p in ../x /etc/passwd .git/config a/../../x .GIT/config 'sub/.git/x'; do
		git checkout -q .orchconfig
		git config -f .orchconfig --add orch.doc "$p"
		warned "orch.doc is ignored"
		lacks "root:"
	done
}
@test "git config: the same paths are an error" {
	for p in ../x /etc/passwd .git/config; do
		git config orch.plan "$p"
		exits 128 git orch prompt build galph
		one_error orch.plan "$p"
	done
}

@test "an empty workflow" {
	git config orch.workflow ""
	refused 128 orch.workflow
}
@test "a workflow with a bad name" {
	git config orch.workflow "galph Ralph"
	refused 128 orch.workflow
	git config orch.workflow 'galph ../x'
	refused 128 orch.workflow
}
@test "bad values name key and place" {
	while read -r key value; do
		git config "$key" "$value"
		exits 128 git orch turn status
		one_error "$key" "$value" config
		git config --unset "$key"
	done <<-'END'
	orch.budget many
	orch.budget -5
	orch.maxDocument 12q
	orch.lease soon
	orchactor.galph.agent gemini
	END
}
@test "a syntax error in .git/config" {
	echo "[broken" >>.git/config
	exits 128 git-orch-turn status
	one_error config
}

@test "an unknown actor" {
	for c in "context status --actor nobody" "delta --actor nobody" \
		"prompt build nobody" "turn acquire nobody --pid none" "run --actor nobody" \
		"context status --actor ../../x" "turn with nobody true"; do
		exits 128 git orch $c
		one_error "galph"
	done
	[ ! -e .git/orch/loops/main/turn.json ]
}

@test "documents that cannot be delivered are named and left out" {
	mkdir d && put d/x x
	ln -s /etc/passwd passwd
	ln -s /etc up
	truncate -s 100M big
	mkfifo pipe
	for p in d passwd up/passwd big pipe; do
		git config orch.doc "$p"
		exits 0 timeout 20 git orch prompt build galph
		err_has warning "${p%%/*}"
		lacks "root:"
		exits 0 timeout 20 git orch context status --actor galph --json
		is "$(json ".documents | map(select(.path == \"$p\")) | length")" 0
	done
}
@test "documents that are binary or not UTF-8" {
	printf 'a\0b\377\n' >docs/index.md
	printf 'caf\351\n' >specs/one.md
	exits 0 git orch context pack --actor galph --preview
	grep -qa $'caf\351' "$outfile"
	exits 0 git orch context pack --actor galph --preview --json
	json_true '.documents | length > 4'
	exits 0 git orch run
}
@test "file names with newlines and escapes" {
	put $'specs/a\nb.md' x
	put $'specs/\033[31mred.md' y
	exits 0 git orch context status --actor galph
	[[ $out != *$'\033'* ]]
	exits 0 git orch context status --actor galph --json
	json_true '.documents | map(.path) | index("specs/a\nb.md") != null'
	exits 0 git orch run
}

@test "state that agents have broken is reported with its remedy, and kept" {
	exits 0 git orch run
	for bad in '' 'nonsense' '{"version":1}' '{"version":99}' '[]' \
		'{"version":1,"generation":-1}' '{"version":1,"generation":"x","iteration":1}'; do
		printf %s "$bad" >.git/orch/loops/main/turn.json
		for c in "turn status" run "turn acquire galph --pid none" "delta"; do
			exits 128 git orch $c
			err_has turn.json
		done
		is "$(cat .git/orch/loops/main/turn.json)" "$bad"
	done
}
@test "receipts that are broken are skipped and counted" {
	exits 0 git orch run
	printf 'garbage\n{"version":1}\n{"id":' >>.git/orch/receipts.jsonl
	exits 0 git orch log --json
	json_is '.receipts | length' 2
	json_true '.broken >= 2'
	exits 0 git orch run
	exits 0 git orch log --json
	json_is '.receipts | length' 4
}

@test "stdout that cannot be written is an error" {
	for c in "turn status" "context status --actor galph" "log" "prompt build galph" "delta --actor galph"; do
		exits 128 sh -c "git-orch-$c >/dev/full"
		err_has "stdout"
	done
}
