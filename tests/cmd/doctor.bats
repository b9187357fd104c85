# git orch doctor: a line for each thing that must be in order.
load helper

level_of() { json "[.checks[] | select(.name == \"$1\") | .level] | unique | join(\",\")"; }
details() { json "[.checks[] | select(.name == \"$1\") | .detail] | join(\"\\n\")"; }

@test "a loop that is in order: no fail, exit 0" {
	loop_init
	agent galph true
	agent ralph "cat >/dev/null"
	exits 0 git orch init --hooks-only
	exits 0 git orch doctor --json
	json_is .version 1
	json_true '.checks | all(.level == "ok")'
	json_is '[.checks[].name] | unique' \
		'["agent","config","directory","documents","git","holder","hook","hooks","prompt","receipts","repository","state"]'
	exits 0 git orch doctor
	matches '^ok +config +workflow galph ralph'
	clean
}

@test "no agent command is a warning, a missing program a failure" {
	loop_init
	exits 0 git orch doctor --json
	is "$(level_of agent)" warn
	[[ $(details agent) == *"git orch init --agent galph=claude"* ]]
	agent galph 'X=1 no-such-program --flag'
	exits 1 git orch doctor --json
	[[ $(details agent) == *"'no-such-program' is not found"* ]]
	is "$err" ""
	agent galph '"$HOME"/x; y'
	exits 0 git orch doctor
}

@test "a claude command that drops the static part is a warning" {
	loop_init
	git config orchactor.ralph.agent claude
	agent ralph 'cat'
	exits 0 git orch doctor --json
	[[ $(details agent) == *GIT_ORCH_STATIC* ]]
}

@test "a missing core file and one outside the tree are failures" {
	loop_init
	rm prompts/main.md
	exits 1 git orch doctor --json
	[[ $(details prompt) == *"prompts/main.md of ralph is missing"* ]]
	ln -s /etc/passwd prompts/main.md
	exits 1 git orch doctor --json
	[[ $(details prompt) == *"cannot be opened inside the work tree"* ]]
	rm prompts/main.md
	mkdir prompts/main.md
	exits 1 git orch doctor
}

@test "a prompt that run could not build is a failure" {
	loop_init
	put prompts/ctx.md "{{nosuch}}"
	git config orchactor.galph.context prompts/ctx.md
	agent galph true
	before=$(find .git | sort)
	exits 1 git orch doctor --json
	is "$(find .git | sort)" "$before"
	is "$(details prompt)" "galph: prompts/ctx.md:1: no variable 'nosuch'
ralph has 1 file"
	put prompts/ctx.md "{{actor}} {{#delta.changed_files}}{{path}}{{/delta.changed_files}}"
	exits 0 git orch doctor --json
	git config orchactor.ralph.budget 3
	exits 1 git orch doctor --json
	[[ $(details prompt) == *"ralph: prompt is "*"over orchactor.ralph.budget"* ]]
	is "$(find .git | sort)" "$before"
	git config orchactor.ralph.budget 40000
	put prompts/ctx.md "{{nosuch}}"
	exits 128 git orch run --dry-run
	err_has "prompts/ctx.md:1: no variable 'nosuch'"
}

@test "what is ignored in the configuration is listed with file and line" {
	loop_init
	printf '[orchactor "ralph"]\n\tcommand = evil\n[orch]\n\tnonsense = 1\n' >>.orchconfig
	exits 0 git orch doctor --json
	[[ $(details config) == *".orchconfig:13: orchactor.ralph.command is ignored"* ]]
	[[ $(details config) == *"orch.nonsense"* ]]
	is "$(level_of config)" ok,warn
}

@test "a configuration that cannot be read is a failure, not the end" {
	loop_init
	echo '[orch' >.orchconfig
	exits 1 git orch doctor --json
	is "$(level_of config)" fail
	is "$(level_of git)" ok
	git config orch.workflow ''
	rm .orchconfig
	exits 1 git orch doctor
}

@test "a broken state, a holder that is gone, receipts that cannot be read" {
	loop_init
	sh -c 'git orch turn acquire galph --pid $$ >/dev/null'
	exits 0 git orch doctor --json
	is "$(level_of holder)" warn
	[[ $(details holder) == *"is gone"* ]]
	echo nonsense >>.git/orch/receipts.jsonl
	exits 0 git orch doctor --json
	is "$(level_of receipts)" warn
	echo '{broken' >.git/orch/loops/main/turn.json
	exits 1 git orch doctor --json
	is "$(level_of state)" fail
}

@test "who holds the turn, and whether that is still true" {
	loop_init
	agent galph true
	agent ralph true
	# alive
	git orch turn acquire galph --pid $$ >/dev/null
	exits 0 git orch doctor --json
	is "$(level_of holder)" ok
	[[ $(details holder) == "galph "*" pid $$, host "*", alive" ]]
	git orch turn release --generation 1
	# by lease alone: to be trusted until it has run out
	git orch turn acquire ralph --pid none --lease 2h >/dev/null
	exits 0 git orch doctor --json
	is "$(level_of holder)" ok
	[[ $(details holder) == "ralph by lease alone, host "*", lease to "* ]]
	sed -i 's/"lease_boot_ms":[0-9]*/"lease_boot_ms":1/' .git/orch/loops/main/turn.json
	exits 0 git orch doctor --json
	is "$(level_of holder)" warn
	[[ $(details holder) == *"run out: the next claim replaces it" ]]
	clean
}

@test "a wrapper that was killed while its child works on" {
	local wrapper

	loop_init
	agent galph true
	agent ralph true
	mkfifo "$HOME/go" "$HOME/here"
	git orch turn with galph -- setpriv --pdeathsig clear sh -c \
		'echo >"$HOME/here"; read x <"$HOME/go"' 3>&- &
	read -r _ <"$HOME/here"
	wrapper=$(jq .holder.pid .git/orch/loops/main/turn.json)
	exits 0 git orch doctor --json
	is "$(level_of holder)" ok
	[[ $(details holder) == *" under "*" alive" ]]
	kill -KILL "$wrapper"
	wait $! || true
	exits 0 git orch doctor --json
	is "$(level_of holder)" ok,warn
	[[ $(details holder) == *"the wrapper of galph, pid $wrapper, is gone"* ]]
	echo x >"$HOME/go"
}

@test "a runner is named with what it plays" {
	loop_init
	agent galph 'echo >"$HOME/here"; read x <"$HOME/go"'
	agent ralph true
	mkfifo "$HOME/go" "$HOME/here"
	exits 0 git orch doctor --json
	is "$(details runner)" ""
	git orch run -n 1 >"$BATS_TEST_TMPDIR/run" 2>&1 3>&- &
	read -r _ <"$HOME/here"
	exits 0 git orch doctor --json
	is "$(level_of runner)" ok
	[[ $(details runner) == "galph ralph played by git orch run -n 1, pid "*": no second one beside it" ]]
	echo x >"$HOME/go"
	wait $!
	exits 0 git orch doctor --json
	is "$(details runner)" ""
}

@test "prompts that pull or push are warnings, also what the agent loads by itself" {
	loop_init
	printf 'a\nnow git push origin\n' >prompts/main.md
	printf 'x\n\nfirst, git pull\n' >AGENTS.md
	exits 0 git orch doctor --json
	[[ $(details prompt) == *"prompts/main.md:2 pushes"* ]]
	[[ $(details prompt) != *AGENTS.md* ]]
	git config orchactor.galph.agent codex
	git config orchactor.ralph.agent codex
	exits 0 git orch doctor --json
	is "$(details prompt | grep -c AGENTS.md:3)" 1
	for i in {1..30}; do echo "git push"; done >prompts/main.md
	exits 0 git orch doctor --json
	[[ $(details prompt) == *"prompts/main.md: and 10 more"* ]]
}

@test "the directory of the state is a file" {
	loop_init
	echo x >.git/orch
	exits 1 git orch doctor --json
	is "$(level_of directory)" fail
}

@test "detached, bare, before init, outside" {
	exits 0 git orch doctor --json
	[[ $(details config) == *"git orch init"* ]]
	git checkout -q --detach
	exits 0 git orch doctor --json
	is "$(level_of state)" warn
	git init -q --bare "$BATS_TEST_TMPDIR/b.git"
	exits 0 git orch -C "$BATS_TEST_TMPDIR/b.git" doctor
	outside
	exits 128 git orch doctor
	one_error
	exits 129 git orch doctor word
}

@test "a repository of another format is a failure that names the reason" {
	git init -q --object-format=sha256 "$BATS_TEST_TMPDIR/sha256"
	# libgit2 1.5 leaks where it refuses an extension.
	export ASAN_OPTIONS=detect_leaks=0:$ASAN_OPTIONS
	exits 1 git orch -C "$BATS_TEST_TMPDIR/sha256" doctor --json
	is "$(level_of repository)" fail
	[[ ${out,,} == *sha* ]]
}
