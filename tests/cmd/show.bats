# git orch show: one turn whole

load helper

# turn_of ID ACTOR [JQ]: a receipt with prompt, log and a commit, as `run`
# leaves it. The prompt is in ./prompt, the log in ./said, outside the tree.
turn_of() {
	local before blob
	before=$(head_of)
	commit "work of $1" "work" "$1"
	printf 'core\nthis turn \xff\x00\x1b[1m of %s' "$1" >../prompt
	printf 'said \x1b[31mred\x1b[0m \xff by %s\r\nno newline' "$1" >../said
	blob=$(git hash-object -w ../prompt)
	mkdir -p .git/orch/logs/main
	cp ../said ".git/orch/logs/main/${1//\//-}.log"
	jq -nc --arg id "$1" --arg actor "$2" --arg before "$before" \
		--arg after "$(head_of)" --arg blob "$blob" '{version: 1, id: $id,
		actor: $actor, loop: "main",
		iteration: ($id | split("/")[0] | tonumber), step: 0, attempt: 2,
		ordinal: 1, generation: 67, status: "ok", reason: null,
		started_at: "2026-01-30T20:52:00Z", ended_at: "2026-01-30T21:00:40Z",
		seconds: 520, waited_ms: 3000, host: "desk",
		agent: {kind: "claude", exit_code: 0}, session: "2e900001-aaaa",
		model: "claude-test-4", tokens: {uncached: 4100, cache_write: 37300,
			cache_read: 49700, output: 12200}, cost_usd: 1.02,
		reported: null, head_before: $before, head_after: $after,
		commits: [$after], files_changed: 1, uncommitted: 0, files: ["work"],
		prompt: {blob: $blob, bytes: 30, tokens: 8, static_bytes: 5, parts: [
			{kind: "core", name: "prompts/main.md", bytes: 13600,
			 blob: null, static: true},
			{kind: "turn", name: "built-in template", bytes: 400,
			 blob: null, static: false}]},
		pack: "p1", log: ("logs/main/" + ($id | sub("/"; "-")) + ".log")} | '"${3:-.}" \
		>>.git/orch/receipts.jsonl
}

@test "show: a page that says how it went" {
	turn_of 17/ralph ralph
	exits 0 git orch show 17/ralph
	has "17/ralph ok 20:52-21:00 (8m40s) on desk, claude 2e900001 (claude-test-4) exit 0, generation 67, attempt 2, waited 3s"
	has "usage new 4.1k, written 37.3k, cached 49.7k, out 12.2k, \$1.02"
	matches '^  core prompts/main\.md +3\.4k  static$'
	matches '^  turn built-in template +100'
	has "$(git rev-parse --short=7 HEAD) work of 17/ralph"
	is "$(tail -n 1 <<<"$out")" \
		"full text: --prompt, the agent's raw output: --log, its commits: --diff"
	clean
}

@test "show: --json is the receipt" {
	turn_of 17/ralph ralph
	exits 0 git orch show 17/ralph --json
	is "$(json -S 'del(.version)')" "$(jq -S 'del(.version)' .git/orch/receipts.jsonl)"
	json_is .version 1
}

@test "show: without an id it is the last turn of this loop" {
	turn_of 1/galph galph
	turn_of 1/ralph ralph
	turn_of 9/other other '.loop = "elsewhere"'
	exits 0 git orch show
	has "1/ralph ok"
	exits 0 git orch show --loop elsewhere
	has "9/other ok"
}

@test "show: --prompt byte for byte" {
	turn_of 17/ralph.2 ralph
	exits 0 git orch show 17/ralph.2 --prompt
	cmp "$outfile" ../prompt
	exits 0 git orch show --prompt
	cmp "$outfile" ../prompt
}

@test "show: --log byte for byte, without escapes on a terminal" {
	turn_of 17/ralph ralph
	exits 0 git orch show --log 17/ralph
	cmp "$outfile" ../said
	command -v script >/dev/null || skip "no script(1)"
	exits 0 script -qec "git orch show --log" /dev/null </dev/null
	has "said red"
	[[ $out != *$'\e'* ]] || fail_with "an escape sequence came through"
	# A log of more than a block, without any newline.
	head -c 3000000 /dev/zero | tr '\0' x >.git/orch/logs/main/17-ralph.log
	exits 0 git orch show --log
	is "$(wc -c <"$outfile")" 3000000
	script -qec "git orch show --log" /dev/null </dev/null >"$outfile"
	is "$(tr -d '\r\n' <"$outfile" | wc -c)" 3000000
}

@test "show: --diff is what git says" {
	turn_of 17/ralph ralph
	turn_of 18/ralph ralph
	exits 0 git orch show 17/ralph --diff
	cmp "$outfile" <(git diff HEAD~2 HEAD~1)
	has "+17/ralph"
	mkdir -p sub && cd sub
	exits 0 git orch show 18/ralph --diff
	cmp "$outfile" <(git diff HEAD~1 HEAD)
	cd ..
	turn_of 19/ralph ralph '.head_before = null'
	exits 0 git orch show --diff
	has "+a project"
	turn_of 20/ralph ralph '.head_after = .head_before | .commits = []'
	exits 0 git orch show --diff
	is "$out" ""
	err_has "made no commit"
}

@test "show: no such turn is 1, and names those that come near" {
	exits 1 git orch show
	one_error "no turns yet on loop main"
	turn_of 17/ralph ralph
	turn_of 17/ralph.2 ralph
	exits 1 git orch show 17/galph
	one_error "17/ralph.2, 17/ralph"
	exits 1 git orch show 3/galph
	one_error "the last is 17/ralph.2"
	for id in 17 ralph 17/ /ralph 17/ralph. 17/ralph.x 17/../x '' '*'; do
		exits 1 git orch show "$id"
		one_error "not the id of a turn"
	done
	exits 0 git orch show 17/ralph.1
	has "17/ralph ok"
}

@test "show: what is no longer kept is said so" {
	turn_of 17/ralph ralph
	rm .git/orch/logs/main/17-ralph.log
	rm -f ".git/objects/$(git hash-object ../prompt | sed 's|^..|&/|')"
	exits 1 git orch show --log
	one_error orch.keepTurns
	exits 1 git orch show --prompt
	one_error orch.keepTurns
	exits 0 git orch show
	is "$(tail -n 1 <<<"$out")" "its commits: --diff"
	turn_of 18/ralph ralph '.prompt = null | .log = null |
		.tokens = null | .cost_usd = null'
	exits 1 git orch show --log
	exits 1 git orch show --prompt
	exits 0 git orch show
	has "prompt not kept" "usage not reported"
}

@test "show: a forged receipt reads nothing outside" {
	echo secret >.git/secret
	turn_of 1/a a '.log = "../secret"'
	exits 128 git orch show --log
	lacks secret
	turn_of 2/a a '.log = "/etc/passwd"'
	exits 128 git orch show --log
	is "$out" ""
	turn_of 3/a a
	ln -sf ../../../secret .git/orch/logs/main/3-a.log
	exits 128 git orch show --log
	lacks secret
	turn_of 4/a a '.prompt.blob = "--exec=x"'
	exits 1 git orch show --prompt
	turn_of 5/a a '.host = "\u001b[2Jx" | .prompt.parts = [7, {"kind": 5}] |
		.prompt.tokens = -1 | .files = ["a\u001b[31mb\nc"]'
	exits 0 git orch show
	lacks $'\e'
}

@test "show: misuse" {
	exits 129 git orch show 1/a 2/b
	exits 129 git orch show --prompt --log
	exits 129 git orch show --json --diff
	outside
	exits 128 git orch show
	one_error "git repository"
	exits 0 git orch show -h
	has "usage: git orch show"
}

@test "show: a file that was left uncommitted is marked" {
	turn_of 30/ralph ralph '.files = ["work", "left"] | .files_changed = 1 | .uncommitted = 1'
	exits 0 git orch show 30/ralph
	matches '^  work$'
	matches '^  left   \(uncommitted\)$'
}

@test "show: a turn without an agent names nothing that is not there" {
	exits 0 git orch turn with galph -- true
	exits 0 git orch show
	has "no prompt: git-orch started no agent"
	lacks "--prompt" "--log" "--diff" "usage"
	exits 1 git orch show --log
	one_error "has no log"
}

@test "show: a failed turn is told in words, the raw stream is at --log" {
	loop_init
	git config orchactor.galph.agent claude
	put ../stream '{"type":"assistant","message":{"content":[{"type":"text","text":"First this.\n\nThe disk\nis full."}]}}'
	agent galph 'cat ../stream; exit 3'
	exits 1 git orch run --actor galph --retries 0
	has "(git orch show 1/galph)"
	exits 0 git orch show
	has "reason exit 3" "the last that it said:" "the agent's raw output: --log"
	matches '^  The disk$'
	matches '^  is full\.$'
	lacks "First this" '"type"'
	exits 0 git orch show --log
	has '"type"'
	put ../stream '{"type":"result","is_error":true,"result":"API Error: overloaded"}'
	agent galph 'cat ../stream; exit 1'
	exits 1 git orch run --actor galph --retries 0
	exits 0 git orch show
	has "reason exit 1: API Error: overloaded"
	lacks "the last that it said"
}

@test "show: a turn has one duration, wherever it is told" {
	loop_init
	turn_of 1/galph galph '.started_at = "2026-01-30T20:52:00.000Z" | .ended_at = "2026-01-30T20:52:01.777Z" | .seconds = 1.777'
	exits 0 git orch show
	has "(2s)"
	exits 0 git orch log
	matches '^1/galph +ok +2s '
	exits 0 git orch
	matches '^1/galph +ok +2s '
}
