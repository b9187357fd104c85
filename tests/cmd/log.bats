# git orch log: the turns that were taken, one line each

load helper

# receipt ID ACTOR STATUS [JQ]: a receipt of loop main as a turn leaves it,
# changed by a jq program.
receipt() {
	mkdir -p .git/orch
	jq -nc --arg id "$1" --arg actor "$2" --arg status "$3" '{version: 1,
		id: $id, actor: $actor, loop: "main",
		iteration: ($id | split("/")[0] | tonumber), step: 0, attempt: 1,
		ordinal: 1, generation: 7, status: $status, reason: null,
		started_at: "2026-01-30T20:52:00Z", ended_at: "2026-01-30T20:58:13Z",
		seconds: 373.25, waited_ms: 0, host: "desk",
		agent: {kind: "claude", exit_code: 0}, session: "7f3c0001-aa",
		model: "claude-test-4", tokens: {uncached: 14000, cache_write: 900,
			cache_read: 402700, output: 12400}, cost_usd: 0.8312,
		reported: null, head_before: null, head_after: null,
		commits: ["1111111111111111111111111111111111111111"],
		files_changed: 1, uncommitted: 0, files: ["a"], prompt: null,
		pack: null, log: null} | '"${4:-.}" >>.git/orch/receipts.jsonl
}

@test "log: no turns yet is an answer, and needs no init" {
	exits 0 git orch log
	is "$out" "no turns yet on loop main"
	is "$err" ""
	exits 0 git orch log --json
	json_is . '{"version":1,"loop":"main","receipts":[],"broken":0}'
	clean
	[ ! -e .git/orch ]
}

@test "log: one line a turn, the newest last" {
	receipt 33/ralph ralph ok
	receipt 34/galph galph ok '.cost_usd = null | .tokens.cache_read = 512'
	receipt 34/ralph ralph failed '.tokens = null | .cost_usd = null |
		.seconds = 40 | .commits = [] | .reason = "API 529: Overloaded"'
	exits 0 git orch log
	is "$(sed 's/  *$//' <<<"$out")" \
"turn      result   time    new  cached    out   cost  commits
33/ralph  ok      6m13s  14.9k  402.7k  12.4k  \$0.83  1
34/galph  ok      6m13s  14.9k     512  12.4k      -  1
34/ralph  failed    40s      -       -      -      -  0  API 529: Overloaded"
}

@test "log: -n takes the last, --actor one actor's" {
	for i in $(seq 1 25); do
		receipt "$i/galph" galph ok
		receipt "$i/ralph" ralph ok
	done
	exits 0 git orch log
	is "$(grep -c / <<<"$out")" 20
	exits 0 git orch log -n 3
	is "$(awk 'NR > 1 { print $1 }' <<<"$out" | xargs)" "24/ralph 25/galph 25/ralph"
	exits 0 git orch log -n 2 --actor galph
	is "$(awk 'NR > 1 { print $1 }' <<<"$out" | xargs)" "24/galph 25/galph"
	exits 0 git orch log -n 0 --json
	json_is '.receipts | length' 50
	exits 128 git orch log --actor reviewer
	one_error "no actor 'reviewer' in the workflow (galph ralph)"
	receipt 26/reviewer reviewer ok		# one who has left the workflow
	exits 0 git orch log --actor reviewer
	has 26/reviewer
}

@test "log: --json has each receipt as it was written" {
	receipt 2/ralph.2 ralph interrupted '.agent.exit_code = 130 | .attempt = 2 |
		.ordinal = 2 | .prompt = {blob: "b", bytes: 9, tokens: 3,
			static_bytes: 4, parts: []} |
		.reported = {uncached: 20000, cache_write: 900, cache_read: 500000,
			output: 20000, cost_usd: 2.5}'
	exits 0 git orch log --json
	is "$(json -S '.receipts[0]')" "$(jq -S 'del(.version)' .git/orch/receipts.jsonl)"
}

@test "log: loops do not mix, --loop names another" {
	receipt 1/galph galph ok
	receipt 1/ralph ralph ok '.loop = "feature/x"'
	exits 0 git orch log
	has 1/galph
	lacks 1/ralph
	exits 0 git orch log --loop feature/x
	has 1/ralph
	lacks 1/galph
	git checkout -q -b feature/x
	exits 0 git orch log
	has 1/ralph
}

@test "log: lines that cannot be read are skipped and counted" {
	receipt 1/galph galph ok
	printf '%s\n' 'nonsense' '{"version":1,"id":"1/x"}' '{"version":9}' \
		$'\xff\xfe' >>.git/orch/receipts.jsonl
	receipt 2/galph galph ok
	printf '{"version":1,"id":"3/ga' >>.git/orch/receipts.jsonl
	exits 0 git orch log
	has 1/galph 2/galph
	err_has "5 lines" receipts.jsonl
	exits 0 git orch log --json
	json_is '[.receipts[].id] | join(" ")' "1/galph 2/galph"
	json_is .broken 5
}

@test "log: what an agent said cannot draw on the terminal" {
	receipt 1/galph galph failed '.reason = "\u001b[31mred\u001b]0;title\u0007\nsecond"'
	exits 0 git orch log
	has "1  red"
	lacks $'\e' title second
}

@test "log: misuse and places where there is no loop" {
	exits 129 git orch log extra
	err_has "'extra'"
	exits 129 git orch log -n -1
	exits 129 git orch log -n x
	exits 129 git orch log --actor 'No Good'
	git checkout -q --detach
	exits 128 git orch log
	one_error "HEAD is detached"
	outside
	exits 128 git orch log
	one_error "git repository"
	exits 0 git orch log -h
	has "usage: git orch log"
	mkdir -p "$repo/.git/orch/receipts.jsonl"
	cd "$repo"
	git checkout -q main
	exits 128 git orch log
	one_error receipts.jsonl
}
