#!/usr/bin/env bats
# The helper itself: an assertion that cannot fail is worse than none.
load helper

# refuses COMMAND...: the assertion must fail.
refuses() { ! "$@" 2>/dev/null; }

@test "a test starts in a clean repository with one commit" {
	clean
	is "$(git log --format=%s)" initial
	is "$(git symbolic-ref --short HEAD)" main
	is "$PWD" "$repo"
}

@test "exits insists on the code and keeps both streams" {
	exits 3 sh -c 'echo a; echo b >&2; exit 3'
	is "$out" a
	is "$err" b
	refuses exits 0 false
	refuses exits 1 true
}

@test "text assertions can fail" {
	exits 0 printf 'one\ntwo\n'
	has one two
	lacks three
	matches '^t.o$'
	refuses has one three
	refuses lacks one
	refuses matches '^ne$'
	refuses is a b
}

@test "json assertions can fail, and on bad JSON they do" {
	exits 0 echo '{"a":{"b":false},"l":[1,2]}'
	json_is .a.b false
	json_is .l '[1,2]'
	json_true '.l | length == 2'
	refuses json_is .a.b true
	refuses json_true .a.b
	refuses json_true .missing
	exits 0 echo '{"a":'
	refuses json_is .a ''
	refuses json_true true
	exits 0 true
	refuses json_true true
}

@test "one_error wants exactly one line of ours" {
	exits 1 sh -c 'echo "git orch x: no" >&2; exit 1'
	one_error no
	refuses one_error yes
	exits 1 sh -c 'printf "git orch x: no\nmore\n" >&2; exit 1'
	refuses one_error
	exits 0 true
	refuses one_error
}

@test "clean sees untracked and ignored files" {
	put junk x
	refuses clean
	echo junk >.git/info/exclude
	refuses clean
	rm junk
	clean
}

@test "loop_init commits a loop's documents" {
	loop_init
	clean
	is "$(git config -f .orchconfig orch.workflow)" "galph ralph"
	agent galph true
	is "$(git config orchactor.galph.command)" true
}
