# git orch context stats: what packs have cost and saved

load helper
setup() { orch_setup; loop_init; }

turn() { git orch context pack -q --actor "$1" --session "s-$1" >/dev/null && git orch context ack --actor "$1" >/dev/null; }
stats() { exits 0 git orch context stats "$@"; }
log=.git/orch/loops/main/context-log.jsonl

@test "no pack yet" {
	stats
	is "$out" "no pack was acknowledged yet on loop main"
	stats --json
	json_is '"\(.actors | length) \(.turns | length) \(.total.turns) \(.total.price)"' "0 0 0 0"
	git orch context pack -q --actor galph >/dev/null	# nobody saw it
	stats --actor galph
	is "$out" "no pack of galph was acknowledged yet on loop main"
}

@test "a line for each acknowledgement, with the pack's figures" {
	exits 0 git orch context pack --actor galph --session s1 --json
	want=$(json '"\(.documents | map(.bytes) | add) \(.documents | map(.tokens) | add) \(.bytes) \(.tokens) \(.pack)"')
	id=$(json .pack)
	git orch context ack --actor galph --pack "$id"
	git orch context ack --actor galph --pack "$id"	# once more is no second one
	is "$(wc -l <$log)" 1
	out=$(cat $log)
	json_is '"\(.full_bytes) \(.full_tokens) \(.pack_bytes) \(.pack_tokens) \(.pack)"' "$want"
	json_is '"\(.version) \(.actor) \(.turn) \(.resumed) \(.documents) \(.unchanged) \(.omitted)"' "1 galph null false 5 0 0"
	json_true '.at | test("^20..-..-..T")'
	put docs/index.md "# Index, changed"
	exits 0 git orch context pack --actor galph --session s1
	git orch context ack --actor galph
	stats --json
	json_is '.turns | map("\(.resumed) \(.documents) \(.hits)") | join(", ")' "false 5 0, true 5 4"
	json_true '.turns[1] | .sent_tokens < 100 and .saved_tokens == .whole_tokens - .sent_tokens and .price < 0.3'
	json_true '.total.turns == 2 and .total.documents == 10 and .total.file_hit_rate == 0.4'
	json_true '.total.saved_tokens == ([.turns[].saved_tokens] | add)'
	is "$(git status --porcelain)" " M docs/index.md"
}

@test "savings are net: a turn that cost more counts against" {
	turn galph
	stats --json
	json_true '.total.saved_tokens < 0 and .total.saved_by_price < 0 and .total.price > 1.2'
	stats
	matches '^galph +1 +0% +0% .* -[0-9]+$'
}

@test "by actor with a total, and the last turns" {
	turn galph; turn ralph; turn galph; turn galph
	git orch turn acquire --pid none galph -q
	stats
	matches '^actor +turns +files +bytes +whole +sent +price +saved$'
	matches '^galph +3 +67% '
	matches '^ralph +1 +0% '
	matches '^total +4 +50% '
	lacks fresh
	stats -n 2
	matches '^galph, pack 3-[0-9a-f]+ +resumed +100% +100% '
	is "$(grep -c resumed "$outfile")" 2
	lacks total
	stats -n 0 --actor ralph
	is "$(grep -c fresh "$outfile")" 1
	lacks galph total
	stats -n 1 --json
	json_is '"\(.turns | length) \(.total.turns)"' "1 1"
	turn galph
	stats -n 1
	matches '^1/galph +resumed'
}

@test "what cannot be read is skipped and counted" {
	turn galph; turn galph
	{ echo nonsense; echo '{"version":9}'; echo; sed 's/"documents":5/"documents":-1/;q' $log; head -c 40 $log; } >>$log.new
	cat $log.new >>$log
	stats --json
	json_is '"\(.broken) \(.total.turns)"' "4 2"
	err_matches 'warning: 4 lines of .*/context-log.jsonl cannot be read'
	turn galph	# behind the torn line
	stats --json
	json_is '"\(.broken) \(.total.turns)"' "4 3"
}

@test "an acknowledgement does not fail because of the log" {
	mkdir -p $log
	git orch context pack -q --actor galph >/dev/null
	exits 0 git orch context ack --actor galph
	err_has "warning: not in the statistics"
	exits 0 git orch context status --actor galph --json
	json_is .hits 5
	exits 128 git orch context stats
	one_error
}

@test "the log is bounded, and at least 1,000 turns are kept" {
	turn galph
	line=$(cat $log)
	yes "$line" | head -n 6000 >$log
	turn galph
	is "$(wc -l <$log)" 1000
	stats --json
	json_is '"\(.broken) \(.total.turns)"' "0 1000"
}

@test "stats: misuse" {
	exits 129 git orch context stats x
	exits 129 git orch context stats -n -3
	exits 129 git orch context stats --actor '../x'
	exits 0 git orch context stats --actor nobody
}
