# git orch init --import: the state that other tools left behind, in all its
# forms, and what is wrong with it.
load helper

state() { put sync/state.json "$1"; }
# imports STATE ITERATION ACTOR STATUS: what becomes of a state file.
imports() {
	state "$1"
	exits 0 git orch init --import --json
	json_is '.import | [.source, .iteration, .actor] | @tsv' "$(printf 'sync/state.json\t%s\t%s' "$2" "$3")"
	exits 0 git orch turn status --json
	json_is '[.iteration, .expected_actor, .status, .holder, .generation] | @tsv' \
		"$(printf '%s\t%s\t%s\t\t0' "$2" "$3" "$4")"
}
# problem TEXT...: named in the last import; no_problem: none was.
problem() {
	local t

	for t; do
		json_true "[.import.problems[] | select(contains(\"$t\"))] | length == 1" || return 1
	done
}
no_problem() { json_is .import.problems '[]'; }

@test "the older schema: an expected actor" {
	imports '{"iteration":34,"expected_actor":"galph","status":"complete"}' 34 galph ok
	imports '{"iteration":2,"expected_actor":"ralph","status":"waiting-ralph"}' 2 ralph ok
	imports '{"iteration":7,"expected_actor":"ralph","status":"running-ralph"}' 7 ralph lost
	imports '{"iteration":7,"expected_actor":"galph","status":"failed"}' 7 galph failed
	imports '{"iteration":1,"expected_actor":"galph","status":"idle"}' 1 galph idle
	clean_but_ours
}
clean_but_ours() { is "$(git status --porcelain)" "$(printf '?? .orchconfig\n?? sync/')"; }

@test "the current schema: the parity of step_index" {
	imports '{"workflow_name":"standard","step_index":33,"iteration":34,"expected_step":"main.md","status":"waiting-next"}' 34 ralph ok
	imports '{"workflow_name":"standard","step_index":40,"iteration":41,"expected_step":"main.md","status":"complete"}' 41 galph ok
	imports '{"step_index":5,"status":"running"}' 6 ralph lost
	imports '{"step_index":4,"iteration":5,"status":"failed","expected_step":"supervisor.md"}' 5 galph failed
	state '{"step_index":41,"iteration":21,"status":"idle"}'
	exits 0 git orch init --import --json
	no_problem
}

@test "commits that exist become the last turns, others are named" {
	commit one
	one=$(head_of)
	commit two
	two=$(head_of)
	state "{\"iteration\":5,\"expected_actor\":\"ralph\",\"status\":\"waiting-ralph\",\"galph_commit\":\"${two:0:8}\",\"ralph_commit\":\"$one\",\"last_update\":\"2026-01-22T02:41:52Z\"}"
	exits 0 git orch init --import --json
	no_problem
	json_is '.import.commits | [.galph, .ralph] | @tsv' "$(printf '%s\t%s' "$two" "$one")"
	exits 0 git orch turn status --json
	json_is .head "$two"
	json_is .commits.ralph "$one"
	jq -e '.last.galph.ended_ms == 1769049712000 and .last.ralph.iteration == 4' \
		.git/orch/loops/main/turn.json
	tail -n 1 .git/orch/loops/main/turn-log.jsonl | jq -e '.event == "import"'

	# a rebase took the commit out of the branch: not asked of the next actor
	git reset -q --hard "$one"
	exits 0 git orch init --import --json
	problem "galph_commit: ${two:0:7} is not in this branch"
	exits 0 git orch turn status --json
	json_is .head null

	# neither a revision nor a branch that looks like a commit is followed
	git branch deadbeef
	state '{"iteration":5,"expected_actor":"ralph","galph_commit":"HEAD","ralph_commit":"deadbeef","bob_commit":"1234567"}'
	exits 0 git orch init --import --json
	problem "'HEAD' is no commit" "'deadbeef' is no commit" "no actor 'bob'"
	json_is .import.commits '{}'
}

@test "what is not understood is named, the rest is imported" {
	imports '{"iteration":6,"expected_actor":"ralph","status":"blocked","ralph_commit":"<to_be_set>","weird":[1]}' 6 ralph idle
	exits 0 git orch init --import --json
	problem "status: 'blocked'" "'<to_be_set>' is no commit" "weird: not known"
	imports '{"iteration":"12","expected_actor":"bob","status":"waiting-ralph"}' 12 ralph ok
	exits 0 git orch init --import --json
	problem "no actor 'bob'"
	imports '{"iteration":-3,"step_index":7}' 8 ralph idle
	imports $'\xef\xbb\xbf{"step_index":7}' 8 ralph idle
	imports '{"iteration":1125899906842624,"step_index":7}' 8 ralph idle
	imports '{"iteration":1e99,"expected_actor":"ralph","status":7,"last_update":"soon"}' 1 ralph idle
	exits 0 git orch init --import --json
	problem "iteration: no number" "status: no text" "'soon' is no time" "iteration: not said"
	imports '{"iteration":9}' 9 galph idle
	exits 0 git orch init --import --json
	problem "galph begins"
	imports '{"iteration":9,"last_prompt_actor":"galph","status":"complete"}' 9 ralph ok
	imports '{"expected_actor":"galph","step_index":3,"status":"running-ralph"}' 4 galph lost
	exits 0 git orch init --import --json
	problem "step_index: 3 would be ralph" "status: running-ralph"
	state '{"iteration":3,"expected_actor":"galph","status":"running-galph","exit":true,"exit_reason":"\u001b[31mred","lease_expires_at":"2999-01-01T00:00:00Z"}'
	exits 0 git orch init --import
	has "may still be running" "told to stop: red"
	! grep -q $'\033' "$outfile" || false
}

@test "no JSON, or nothing in it: 128, and nothing has changed" {
	for bad in 'iteration=20' '[1]' '"x"' '{}' '{"status":"complete"}' '{"iteration":'; do
		state "$bad"
		exits 128 git orch init --import
		one_error sync/state.json
		exits 128 git orch init --import --dry-run
	done
	rm -r sync
	mkdir -p sync/state.json
	exits 128 git orch init --import
	rm -r sync
	put sync/real.json '{"iteration":2}'
	ln -s ../../outside/x sync/state.json
	exits 128 git orch init --import
	[ ! -e .orchconfig ] && [ ! -e .git/orch ]
}

@test "nothing to import, or a loop that was played: 1" {
	exits 1 git orch init --import
	one_error "nothing to import"
	[ ! -e .orchconfig ]
	state '{"iteration":20,"expected_actor":"ralph","status":"waiting-ralph"}'
	exits 0 git orch init --import
	exits 0 git orch turn with ralph -- true
	cp .git/orch/loops/main/turn.json "$BATS_TEST_TMPDIR/before"
	exits 1 git orch init --import
	one_error "played already" "iteration 21" "galph"
	exits 1 git orch init --import --dry-run
	cmp .git/orch/loops/main/turn.json "$BATS_TEST_TMPDIR/before"
	exits 0 git orch init
	lacks "old loop"
	# another loop of the repository was not
	exits 0 git orch init --import --loop other
	exits 0 git orch turn status --loop other --json
	json_is .iteration 20
}

@test "a dry run says the same and does nothing; without --import it is mentioned" {
	state '{"iteration":20,"expected_actor":"galph","status":"complete"}'
	exits 0 git orch init --import --dry-run
	has "to import  sync/state.json: iteration 20, galph next" "complete"
	[ ! -e .orchconfig ] && [ ! -e .git/orch ]
	exits 0 git orch init --dry-run
	has "old loop   sync/state.json: iteration 20, galph next; add --import"
	exits 129 git orch init --remove --import
	exits 129 git orch init --loop x
	git checkout -q --detach
	exits 128 git orch init --import
	one_error --loop
	[ ! -e .orchconfig ]
}

@test "without a state file the commit subjects tell" {
	commit "[SYNC i=510] actor=galph status=running"
	exits 0 git orch init --import --json
	json_is '.import | [.iteration, .actor, .status] | @tsv' "$(printf '510\tgalph\trunning')"
	sha=$(head_of)
	commit "[SYNC i=510] actor=galph → next=ralph status=ok galph_commit=${sha:0:8}"
	exits 0 git orch init --import --json
	no_problem
	json_is '.import | [.iteration, .actor, .commits.galph] | @tsv' "$(printf '510\tralph\t%s' "$sha")"
	commit "[SYNC i=510] actor=ralph status=running"
	commit "work that says nothing"
	commit "[SYNC i=510] actor=ralph status=fail ralph_commit=<to_be_set>"
	exits 0 git orch init --import --json
	problem "'<to_be_set>' is no commit"
	json_is '.import | [.iteration, .actor] | @tsv' "$(printf '510\tralph')"
	# tools differ in the number at the end of the last actor's turn
	commit "[SYNC i=511] actor=ralph → next=galph status=ok"
	exits 0 git orch init --import --json
	json_is '.import | [.iteration, .actor] | @tsv' "$(printf '511\tgalph')"
	git commit -q --amend --allow-empty -m "[SYNC i=510] actor=ralph → next=galph status=ok"
	exits 0 git orch init --import --json
	json_is '.import | [.iteration, .actor] | @tsv' "$(printf '511\tgalph')"
	commit "[SYNC i=511] actor=galph status=blocked"
	commit "[SYNC i=99999999999999999999] actor=ralph status=ok"
	commit "[SYNC i=512] hello"
	exits 0 git orch init --import --json
	json_is '.import | [.iteration, .actor] | @tsv' "$(printf '511\tgalph')"
	problem "'blocked'" "says not whose turn"
}

@test "subjects with steps, and those of automatic commits" {
	commit "SUPERVISOR AUTO (prompt=supervisor.md) (iter=00033): reports"
	exits 0 git orch init --import --json
	json_is '.import | [.iteration, .actor, .commits.galph] | @tsv' "$(printf '33\tralph\t%s' "$(head_of)")"
	commit "RALPH AUTO (prompt=main.md) (iter=00033): reports"
	exits 0 git orch init --import --json
	json_is '.import | [.iteration, .actor] | @tsv' "$(printf '34\tgalph')"
	commit "[SYNC i=6] step=5 status=running"
	exits 0 git orch init --import --json
	json_is '.import | [.iteration, .actor] | @tsv' "$(printf '6\tralph')"
	commit "[SYNC i=7] step=6 status=ok ralph_commit=1234567"
	exits 0 git orch init --import --json
	json_is '.import | [.iteration, .actor] | @tsv' "$(printf '7\tgalph')"
}

yaml() { put orchestration.yaml; }

@test "orchestration.yaml: ring, prompts, files, agents; commands are only shown" {
	put agents/plan.md "plan"
	put agents/supervisor.md "supervise"
	put agents/build.md "build"
	put notes/found.md "# F"
	yaml <<-'END'
	workflow:
	  - actor: supervisor
	    prompt: supervisor.md
	    command: claude -p --dangerously-skip-permissions 'it''s'
	  - {name: planner, prompt: agents/plan.md, agent: codex}
	  - role: builder
	    prompt: build
	    command: [codex, exec, "a b"]
	prompts_dir: ./agents
	findings_file: notes/found.md
	state_file: sync/turn.json
	router: {enabled: true}
	surprise: 1
	END
	put sync/turn.json '{"iteration":4,"expected_actor":"builder","status":"failed"}'
	exits 0 git orch init --import --json
	json_is .workflow '["galph","planner","builder"]'
	json_is '.import | [.settings, .source, .iteration, .actor] | @tsv' \
		"$(printf 'orchestration.yaml\tsync/turn.json\t4\tbuilder')"
	problem "router" "surprise: not known"
	is "$(git config -f .orchconfig orch.workflow)" "galph planner builder"
	is "$(git config -f .orchconfig orchactor.builder.core)" agents/build.md
	is "$(git config -f .orchconfig orchactor.galph.core)" agents/supervisor.md
	is "$(git config -f .orchconfig orch.findings)" notes/found.md
	# what is printed, typed, is the command
	eval "$(json '.next[] | select(startswith("git config orchactor.galph"))')"
	is "$(git config orchactor.galph.command)" "claude -p --dangerously-skip-permissions 'it''s'"
	eval "$(json '.next[] | select(startswith("git config orchactor.builder"))')"
	is "$(git config orchactor.builder.command)" "'codex' 'exec' 'a b'"
	! git config orchactor.planner.command || false
	json_true '.next | any(contains("--agent planner=codex"))'
	exits 0 git orch turn status --json
	json_is '[.workflow, .expected_actor, .step]' '[["galph","planner","builder"],"builder",2]'

	# a second init keeps what was imported
	cp .orchconfig "$BATS_TEST_TMPDIR/before"
	exits 0 git orch init
	has "unchanged"
	cmp .orchconfig "$BATS_TEST_TMPDIR/before"
	# and what somebody has set, stays
	printf '[orch]\n\tworkflow = a b\n' >.orchconfig
	exits 0 git orch init --import
	has "orch.workflow is set to a b"
}

@test "orchestration.yaml as the tool documents it" {
	put prompts/supervisor.md "s"
	put prompts/main.md "m"
	put prompts/extra.md "e"
	yaml <<-'END'
	# Workflow sequencing
	workflow:
	  name: review_cadence        # standard | review_cadence
	  review_every_n: 2
	prompts_dir: prompts
	supervisor_prompt: supervisor.md
	main_prompt: extra.md
	reviewer_prompt: reviewer.md
	state_file: sync/state.json
	doc_whitelist:
	  - plans/**/*.md
	input_file: input.md
	agent:
	  default: auto
	  roles: {supervisor: claude, loop: codex}
	END
	exits 0 git orch init --import --json
	json_is .workflow '["galph","ralph"]'
	json_is '[.actors[] | [.name, .core[0], .agent]]' \
		'[["galph","prompts/supervisor.md","claude"],["ralph","prompts/extra.md","codex"]]'
	problem "a review every 2 rounds" "input_file: no file"
	exits 0 git orch init --import
	has "iteration 1"
}

@test "hostile or broken settings: one error, or a name for each fault" {
	local bad

	for bad in 'a: [1' '- x' 'just text' $'a: 1\na: 2' $'a: \xff'; do
		yaml <<<"$bad"
		exits 128 git orch init --import
		one_error orchestration.yaml
	done
	{
		echo 'l0: &l0 [x, x, x, x, x, x, x, x, x, x]'
		for i in 1 2 3 4 5 6 7 8 9; do
			k=$((i - 1))
			echo "l$i: &l$i [*l$k, *l$k, *l$k, *l$k, *l$k, *l$k, *l$k, *l$k, *l$k, *l$k]"
		done
	} | yaml
	exits 128 git orch init --import
	one_error
	[ ! -e .orchconfig ] && [ ! -e .git/orch ]
	put "$BATS_TEST_TMPDIR/outside/p.md" secret
	yaml <<-'END'
	actors:
	  "../x y": {prompt: a.md}
	  galph: {prompt: ../outside/p.md, command: "true\nrm -rf x"}
	  ralph: {prompt: /etc/passwd, agent: gpt}
	plan_file: ../../outside/p.md
	state_file: .git/config
	END
	exits 0 git orch init --import --json
	problem "no actor's name" "no file '../outside/p.md'" "no command on one line" \
		"no file '/etc/passwd'" "'gpt' is neither" "plan_file: no file" "state_file: no file"
	json_is '[.actors[].core]' '[[],[]]'
	json_true '.next | all(contains("orchactor") | not)'
}

@test "a real loop: at each of its hand-offs, what history says came next" {
	local data=$TOP/../shared/data/loop-history.bundle c next n=0 iter actor

	[ -f "$data" ] || skip "no ../shared/data"
	cd "$BATS_TEST_TMPDIR"
	git clone -q -b main "$data" real
	cd real
	git config orch.loop old
	# every seventh commit that stamped the state, and the one after it
	mapfile -t stamps < <(git rev-list --reverse HEAD -- sync/state.json)
	for ((i = 4; i + 1 < ${#stamps[@]}; i += 7)); do
		c=${stamps[i]} next=$(git log -1 --format=%s "${stamps[i + 1]}")
		iter=$((10#$(sed 's/.*(iter=\([0-9]*\)).*/\1/' <<<"$next")))
		actor=ralph
		[[ $next != SUPERVISOR* ]] || actor=galph
		git checkout -q "$c"
		exits 0 git orch init --import --dry-run --json
		json_is '.import | [.source, .iteration, .actor] | @tsv' \
			"$(printf 'sync/state.json\t%s\t%s' "$iter" "$actor")"
		git rm -q --cached sync/state.json && rm sync/state.json
		exits 0 git orch init --import --dry-run --json
		json_is '.import | [.iteration, .actor] | @tsv' "$(printf '%s\t%s' "$iter" "$actor")"
		git reset -q --hard
		n=$((n + 1))
	done
	[ "$n" -ge 8 ]
}
