# git orch: the status page, and the way to the other commands.
load helper

@test "git orch X starts git-orch-X, options in front are passed on" {
	loop_init
	exits 0 git orch doctor -h
	has 'usage: git orch doctor'
	exits 0 git orch -C "$repo" --json doctor
	json_is .version 1
	outside
	exits 0 git orch -C "$repo" --json doctor
	json_is .version 1
}

@test "an unknown command is misuse, with near names" {
	exits 129 git orch iniit
	one_error "'iniit' is not a git-orch command; did you mean init?"
	exits 129 git orch doc
	one_error doctor
	exits 129 git orch xyzzyq
	one_error "git orch -h"
	exits 129 git orch ../../bin/sh
	exits 129 git orch help iniit
	one_error "did you mean init?"
	exits 129 git orch --nonsense
}

@test "-h, help, --version work outside a repository" {
	outside
	exits 0 git orch -h
	has 'usage: git orch' 'doctor' 'init'
	exits 0 git orch help
	has 'usage: git orch' 'doctor'
	exits 0 git orch --version
	matches '^git-orch [0-9]+\.[0-9]+'
	exits 129 git orch help xyzzyq
	exits 128 git orch
	one_error
}

@test "every command of ours is described where -h lists them" {
	local name

	exits 0 git orch -h
	for name in "$BUILD"/bin/git-orch-*; do
		matches "^    ${name##*/git-orch-} +[a-z]"
	done
}

@test "a command in PATH is found, too" {
	mkdir "$BATS_TEST_TMPDIR/bin"
	printf '#!/bin/sh\necho mine "$@"\nexit 7\n' >"$BATS_TEST_TMPDIR/bin/git-orch-mine"
	chmod +x "$BATS_TEST_TMPDIR/bin/git-orch-mine"
	PATH=$PATH:$BATS_TEST_TMPDIR/bin
	exits 7 git orch mine --x -h
	is "$out" "mine --x -h"
}

@test "before init: exit 1, what was found, what to type" {
	put docs/fix_plan.md "# Plan"
	put prompts/supervisor.md "galph"
	put prompts/main.md "ralph"
	commit p
	exits 1 git orch
	is "$err" ""
	has 'no loop on branch main. Found: docs/fix_plan.md, prompts/supervisor.md, prompts/main.md'
	has 'git orch init --dry-run'
	exits 1 git orch --json
	json_is .set_up false
	json_is .loop main
	json_is .receipts '[]'
	clean
	[ ! -e .git/orch ]
}

@test "before init in an empty, a bare and a detached repository" {
	exits 1 git orch
	has 'no plan and no prompts'
	git checkout -q --detach
	exits 1 git orch
	has 'no loop here'
	git init -q --bare "$BATS_TEST_TMPDIR/b.git"
	exits 1 git orch -C "$BATS_TEST_TMPDIR/b.git"
	has bare
}

@test "after init: the loop, head, and what comes next" {
	loop_init
	exits 0 git orch
	has "loop main, iteration 1: galph's turn, not begun"
	matches '^  head    [0-9a-f]{7} set up a loop'
	has 'git orch init --agent galph=claude --agent ralph=claude'
	exits 0 git orch --json
	json_is .version 1
	json_is .set_up true
	json_is .turn.expected_actor galph
	json_is .documents 5
	json_is .receipts '[]'
	clean
}

@test "after turns: receipts, the holder, the one that failed" {
	loop_init
	agent galph true
	agent ralph true
	exits 0 git orch turn with galph -- true
	exits 0 git orch
	has "iteration 1: ralph's turn, nobody holds it" '1/galph' 'see: git orch log, show 1/galph'
	git orch turn with ralph -- false || :
	exits 0 git orch
	has "ralph's turn, the last one failed" 'show 1/ralph'
	git orch turn acquire ralph --pid $$ >/dev/null
	exits 0 git orch
	has "ralph's turn, running" "pid $$"
	exits 0 git orch --json
	json_is '.receipts | length' 2
	json_is .turn.holder.actor ralph
}

# next_is TEXT: the page's line and its member say the same.
next_is() {
	exits 0 git orch "${@:2}"
	grep -Fxq -- "next: $1" <<<"$out" || fail_with "not next: $1" || return 1
	exits 0 git orch "${@:2}" --json &&
	json_is .next "$1"
}

@test "what to type next, wherever the loop stands" {
	loop_init
	next_is 'git orch init --agent galph=claude --agent ralph=claude   (or codex)'
	exits 0 git orch turn with galph -- true
	next_is 'git orch turn with ralph -- COMMAND   (or git orch init --agent galph=claude --agent ralph=claude)'
	agent galph true
	next_is 'git orch init --agent ralph=claude   (or codex)'
	agent ralph true
	next_is 'git orch run'
	exits 1 git orch turn with ralph -- false
	next_is 'git orch run   (ralph tries again)'
	exits 0 git orch turn acquire ralph --pid $$
	gen=$out
	next_is "git orch turn status --wait   (until ralph's turn is over)"
	exits 0 git orch turn release --generation "$gen"
	exits 0 git orch turn pause
	next_is 'git orch turn resume, then git orch run'
	exits 0 git orch turn resume
	git commit -q --allow-empty -m mine
	exits 0 git orch turn with galph -- true
	c=$(git rev-parse --short=7 HEAD)
	git reset -q --hard HEAD^
	next_is "git merge $c, then git orch run   (or git orch turn accept, to go on without it)"
}

@test "what to type next names the loop where another one would be meant" {
	loop_init
	agent galph true
	agent ralph true
	next_is 'git orch run --loop side' --loop side
	next_is 'git orch run' --loop main
	GIT_ORCH_LOOP=side next_is 'git orch run'
	next_is "git orch run --loop 'it'\\''s'" --loop "it's"
	git config orch.loop side
	next_is 'git orch run' --loop side
	next_is 'git orch run --loop main' --loop main
	exits 0 git orch --loop main
	has 'see: git orch --loop main prompt build galph'
	exits 0 git orch --loop main prompt build galph
	exits 0 git orch --loop main turn pause
	exits 75 git orch run --loop main
	one_error 'git orch turn resume --loop main'
}

@test "what to type next in a bare repository" {
	loop_init
	git clone -q --bare . ../bare.git
	cd ../bare.git
	next_is 'git worktree add DIR   (this repository is bare: agents need a work tree)'
}

@test "who types status is told where it is" {
	exits 129 git orch status
	one_error 'git orch alone'
}

@test "a detached HEAD needs a name, an option gives one" {
	loop_init
	git checkout -q --detach
	exits 128 git orch
	one_error 'detached'
	exits 0 git orch --loop side
	has 'loop side'
}

@test "a broken state is named with the command that repairs it" {
	loop_init
	mkdir -p .git/orch/loops/main
	echo '{broken' >.git/orch/loops/main/turn.json
	exits 128 git orch
	one_error turn.json
}

@test "a commit's escape sequences do not reach the terminal" {
	loop_init
	git commit -q --allow-empty -m $'evil \033[31mred\033]0;title\007'
	exits 0 git orch
	! grep -q $'\033' "$outfile"
}
