# The turn's transitions with one fault each: an error of the disk, a full
# disk, a kill at a system call. Afterwards the state is the old or the new
# one, it can be read, and the next command works. The long form, which tries
# every system call, is `make faults`.

load helper

setup() {
	orch_setup
	command -v strace >/dev/null || skip "no strace"
	sanitized && skip "sanitizers and strace do not mix"
	strace -o /dev/null true 2>/dev/null || skip "ptrace is not permitted"
}

@test "the first transition comes while somebody looks" {
	# A reader that finds no state, and then the log of the first turn.
	strace -f -o trace -e trace=newfstatat,stat -P .git/orch/loops/main/turn-log.jsonl \
		-P "$PWD/.git/orch/loops/main/turn-log.jsonl" \
		-e inject=newfstatat,stat:delay_enter=1500000:when=1 \
		git-orch-turn status --json >out 2>err 3>&- &
	reader=$!
	for i in {1..100}; do
		grep -qs turn-log trace && break
		sleep 0.01
	done
	grep -q turn-log trace || fail_with "the log is not looked at"
	exits 0 git orch turn acquire --pid none galph
	wait $reader || fail_with "$(cat err)"
	is "$(jq .generation out)" 1
}

@test "a few of all faults: the old state or the new one, and on it goes" {
	exits 0 "$TOP/tests/faults/faults.sh" -q -k 71 "$BUILD"
	has " 0 bad, 0 not met"
	[ "$(tail -n 1 <<<"$out" | cut -d ' ' -f 1)" -ge 8 ]
}

@test "repair does not begin at 1 again because the log cannot be read now" {
	state=$PWD/.git/orch/loops/main/turn.json
	log=${state%turn.json}turn-log.jsonl
	exits 0 git orch turn with galph -- true
	echo '{' >"$state"
	exits 128 strace -qq -o trace -P "$log" -e trace=read -e inject=read:error=EIO \
		git-orch-turn repair
	one_error "turn-log.jsonl" "Input/output error"
	is "$(cat "$state")" "{"
	exits 0 git orch turn repair
	has "ralph, iteration 1, generation 2"
}

# A loop that is shared through ../origin.git; galph has had one turn.
share() {
	git init -q --bare -b main ../origin.git
	git remote add origin ../origin.git
	git push -q origin main
	git config orch.remote origin
	exits 0 git orch turn with --timeout 20 galph -- true
}

@test "a lock that a killed process left on our reference goes away" {
	share
	: >.git/refs/orch/main/turn.lock
	exits 0 git orch turn acquire --timeout 20 --pid $$ ralph
	is "$out" 2
	[ ! -e .git/refs/orch/main/turn.lock ]
	is "$(git -C ../origin.git rev-parse refs/orch/main/turn)" \
		"$(git rev-parse refs/orch/main/turn)"
}

@test "a reference that was not written does not lead the state back" {
	share
	exits 0 git orch turn acquire --timeout 20 --pid $$ ralph
	git update-ref refs/orch/main/turn refs/orch/main/turn~1
	exits 0 git orch turn release --generation 2
	err_has "it is galph's turn"
	is "$(git rev-list --count refs/orch/main/turn)" 4
	is "$(git -C ../origin.git rev-parse refs/orch/main/turn)" \
		"$(git rev-parse refs/orch/main/turn)"
}

@test "a few of the faults of a publication: both clones play on" {
	exits 0 "$TOP/tests/faults/publish.sh" -q -k 100 "$BUILD" with
	has " 0 bad, "
}

@test "with: a command that cannot be recorded is not started, and the turn is given back" {
	state=$PWD/.git/orch/loops/main/turn.json
	exits 0 git orch turn with galph -- true
	exits 128 strace -qq -o trace -e trace=rename -e inject=rename:error=EIO:when=2 \
		git-orch-turn with ralph -- touch ran
	one_error "the command was not started" "Input/output error"
	[ ! -e ran ]
	is "$(jq -c '[.holder, .status, .generation]' "$state")" '[null,"failed",2]'
}
