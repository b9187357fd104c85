#!/usr/bin/env bats
# Attacks that once worked: a repository that floods or misleads, a process
# that dies, a disk that is full, an environment that lies.
load helper

setup() {
	orch_setup
	loop_init
	agent galph true
	agent ralph true
}

@test "a tracked file cannot flood the terminal with warnings" {
	for i in $(seq 300); do
		printf '[orchactor "a%d"]\n\tcommand = x\n' "$i"
	done >>.orchconfig
	exits 0 git orch turn status
	[ "$(wc -l <"$errfile")" -lt 12 ] || fail_with "too many warnings"
	err_has "more keys are ignored: 'git orch doctor' lists them"
	exits 0 git orch doctor
	has orchactor.a300.command
}
@test "a loop says once what its configuration ignores" {
	printf '[orchactor "galph"]\n\tcommand = touch pwned\n' >>.orchconfig
	exits 0 git orch run -n 2
	is "$(grep -c 'galph.command is ignored' <<<"$err")" 1
}
@test "who waits for a turn held by lease alone hears of no pid 0" {
	exits 0 git orch turn acquire --pid none galph
	exits 75 git orch run --timeout 1
	err_lacks "pid 0"
	lacks "pid 0"
	exits 0 git orch doctor
	lacks "pid 0"
}
