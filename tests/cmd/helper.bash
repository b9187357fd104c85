# What every command test loads: `load helper`.
#
# Each test starts in a fresh repository with one commit on branch main, a
# private HOME, a fixed identity and clock, and our programs first in PATH.
# A file that needs more defines its own setup() and calls orch_setup first:
#
#	load helper
#	setup() { orch_setup; loop_init; }
#
#	@test "turn status names who is expected" {
#		exits 0 git orch turn status --json
#		json_is .expected_actor galph
#	}
#
# $repo is the repository, $BATS_TEST_TMPDIR is scratch space of this test.

: "${BUILD:=$BATS_TEST_DIRNAME/../../build}"
BUILD=$(cd "$BUILD" && pwd) || exit 1
TOP=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
export BUILD TOP

orch_setup() {
	local v local_vars

	[ -e "$BATS_FILE_TMPDIR/local-env-vars" ] ||
		command git rev-parse --local-env-vars >"$BATS_FILE_TMPDIR/local-env-vars"
	mapfile -t local_vars <"$BATS_FILE_TMPDIR/local-env-vars"
	for v in "${local_vars[@]}" ${!GIT_ORCH_@} ${!GIT_TRACE@} \
		GIT_EXEC_PATH GIT_EDITOR GIT_PAGER PAGER XDG_CACHE_HOME \
		XDG_STATE_HOME XDG_DATA_HOME NO_COLOR; do
		unset "$v"
	done
	export HOME=$BATS_TEST_TMPDIR/home
	export XDG_CONFIG_HOME=$HOME/.config
	export GIT_CONFIG_NOSYSTEM=1 GIT_TERMINAL_PROMPT=0
	export GIT_CEILING_DIRECTORIES=$BATS_TEST_TMPDIR
	export GIT_AUTHOR_NAME="A U Thor" GIT_AUTHOR_EMAIL=author@example.org
	export GIT_COMMITTER_NAME="C O Mitter"
	export GIT_COMMITTER_EMAIL=committer@example.org
	export GIT_AUTHOR_DATE="1769904000 +0000" GIT_COMMITTER_DATE="1769904000 +0000"
	export TZ=UTC LC_ALL=C.UTF-8 TERM=dumb
	export PATH=$BUILD/bin:$PATH
	# A sanitizer's complaint must not look like one of our exit codes.
	export ASAN_OPTIONS=exitcode=99${ASAN_OPTIONS:+:$ASAN_OPTIONS}
	export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1:exitcode=99

	repo=$BATS_TEST_TMPDIR/repo
	mkdir -p "$XDG_CONFIG_HOME" "$BATS_TEST_TMPDIR/outside"
	from_template repo make_repo
	cd "$repo" || return 1
}
setup() { orch_setup; }

make_repo() {
	git init -q -b main .
	echo "a project" >README
	git add README
	git commit -q -m "initial"
}
# from_template NAME FUNCTION: what FUNCTION makes in an empty directory, into
# $repo. It runs once for a file of tests; each test gets a copy, which takes
# one process instead of thirty.
from_template() {
	local made=$BATS_FILE_TMPDIR/template-$1

	if [ ! -d "$made" ]; then
		mkdir "$made.new"
		(cd "$made.new" && "$2") || return 1
		mv "$made.new" "$made"
	fi
	mkdir -p "$repo"
	cp -a "$made/." "$repo"
}

# --- running and asserting ----------------------------------------------

# `git orch X` as a test types it starts three programs: git, git-orch, git-orch-X.
# Two of them are the same each time, and have tests of their own (git-orch.bats,
# install.bats, whatever says `command git` or sh -c): here the third starts at
# once, if it is the one that git would have found.
git() {
	if [ "${1-}" = orch ] && [[ $PATH == "$BUILD/bin:"* ]] &&
	   [ -x "$BUILD/bin/git-orch-${2:-}" ]; then
		"$BUILD/bin/git-orch-$2" "${@:3}"
	else
		command git "$@"
	fi
}

# exits CODE COMMAND...: run it and insist on its exit code. Leaves its stdout
# in $out, its stderr in $err (trailing newlines and NUL bytes dropped) and the
# exact bytes in the files $outfile and $errfile.
exits() {
	local want=$1 got=0

	shift
	outfile=$BATS_TEST_TMPDIR/.out errfile=$BATS_TEST_TMPDIR/.err
	"$@" >"$outfile" 2>"$errfile" || got=$?
	# bash drops NUL bytes itself, but not in silence.
	{ out=$(<"$outfile"); err=$(<"$errfile"); } 2>/dev/null
	[ "$got" -eq "$want" ] && return 0
	fail_with "exit code $got instead of $want: $*"
}

# Say what went wrong together with the last command's output.
fail_with() {
	{
		echo "# $*"
		echo "# stdout:"; printf '%s\n' "${out-}" | head -n 60
		echo "# stderr:"; printf '%s\n' "${err-}" | head -n 60
	} >&2
	return 1
}

# The value of a jq filter on $out; fails if $out is not JSON.
json() { printf '%s\n' "$out" | jq -r "$@"; }
# json_is FILTER VALUE: the value, as jq -r prints it, compact.
json_is() {
	local got

	got=$(printf '%s\n' "$out" | jq -rc "$1") || fail_with "no JSON" || return 1
	[ "$got" = "$2" ] || fail_with "$1 is '$got', not '$2'"
}
# json_true FILTER: one JSON value on stdout, and the filter gives true.
json_true() {
	[ "$(printf '%s\n' "$out" | jq -sc "length == 1 and (.[0] | ($1) == true)")" = true ] ||
		fail_with "not true: $1"
}

# is ACTUAL EXPECTED
is() { [ "$1" = "$2" ] || fail_with "got '$1', expected '$2'"; }
# has TEXT..., lacks TEXT...: fixed strings in $out; err_has, err_lacks: in $err.
has() { _texts "${out-}" yes stdout "$@"; }
lacks() { _texts "${out-}" no stdout "$@"; }
err_has() { _texts "${err-}" yes stderr "$@"; }
err_lacks() { _texts "${err-}" no stderr "$@"; }
_texts() {
	local text=$1 want=$2 where=$3 t found

	shift 3
	for t in "$@"; do
		found=no
		[[ $text == *"$t"* ]] && found=yes
		[ $found = "$want" ] ||
			fail_with "'$t' in $where: $found" || return 1
	done
}
# matches REGEX: an extended regex against any line of $out.
matches() { grep -Eq -- "$1" <<<"$out" || fail_with "no line matches '$1'"; }
err_matches() { grep -Eq -- "$1" <<<"$err" || fail_with "no line matches '$1'"; }
# The one clear line of an error: "git orch...: text", and nothing else but,
# after misuse, the line that points at -h.
one_error() {
	[ "$(grep -vc ": see '.* -h'\$" "$errfile")" -eq 1 ] && [[ $err == "git orch"* ]] ||
		fail_with "not one error line" || return 1
	[ $# -eq 0 ] || err_has "$@"
}
# Nothing of ours in the work tree or in git status.
clean() {
	local s

	s=$(git status --porcelain --ignored) && [ -z "$s" ] ||
		fail_with "work tree not clean: $s"
}
# Whether $BUILD was made with a sanitizer (strace and leak checks do not mix).
sanitized() { grep -q -- -fsanitize "$BUILD/flags" 2>/dev/null; }
# strace without the leak checker, which cannot run under ptrace.
traced() { ASAN_OPTIONS=detect_leaks=0:$ASAN_OPTIONS strace -f "$@"; }

# --- making things -------------------------------------------------------

# put FILE [TEXT]: write a file (from stdin without TEXT), with directories.
put() {
	case $1 in */*) mkdir -p -- "${1%/*}" ;; esac
	if [ $# -gt 1 ]; then printf '%s\n' "$2" >"$1"; else cat >"$1"; fi
}
# commit SUBJECT [FILE [TEXT]]: everything that changed, as one commit.
commit() {
	[ $# -lt 2 ] || put "$2" "${3-$1}"
	git add -A && git commit -q --allow-empty -m "$1"
}
head_of() { git rev-parse "${1:-HEAD}"; }

# A loop of galph and ralph with documents and prompts, all committed.
loop_init() {
	# What orch_setup has made, and nothing else yet.
	if [ "$PWD" = "$repo" ] && [ "$(echo .[!.]* *)" = ".git README" ] &&
	   cmp -s .git/config "$BATS_FILE_TMPDIR/template-repo/.git/config"; then
		from_template loop make_repo_and_loop
	else
		make_loop
	fi
}
make_repo_and_loop() { make_repo && make_loop; }
make_loop() {
	put .orchconfig <<-'END'
	[orch]
		workflow = galph ralph
		plan = docs/fix_plan.md
		findings = docs/findings.md
		input = input.md
		doc = docs/index.md
		doc = specs/*.md
	[orchactor "galph"]
		core = prompts/supervisor.md
	[orchactor "ralph"]
		core = prompts/main.md
	END
	put docs/fix_plan.md <<-'END'
	# Fix plan

	| ID | Title | Priority | Status |
	|---|---|---|---|
	| [ITEM-001](#item-001) | First item | High | in_progress |
	| [ITEM-002](#item-002) | Second item | Low | pending |

	## [ITEM-001] First item
	- Status: in_progress
	- Priority: High
	- Attempts History:
	  * [2026-01-30] Attempt #1 — Result: ✅ success (it works)
	- Next Actions: write the second half

	## [ITEM-002] Second item
	- Status: pending
	- Priority: Low
	END
	put docs/findings.md <<-'END'
	# Findings

	| Finding ID | Date | Keywords | Synopsis | Evidence Pointer | Status |
	|---|---|---|---|---|---|
	| F-001 | 2026-01-30 | build | make needs -j2 | Makefile | active |
	END
	put docs/index.md "# Index"
	put specs/one.md "# Specification one"
	put input.md <<-'END'
	Summary: do the second half of ITEM-001
	Mode: TDD
	Focus: ITEM-001 — First item
	Do Now: write the second half
	END
	put prompts/supervisor.md "You are galph. Plan the next step."
	put prompts/main.md "You are ralph. Do what input.md says."
	commit "set up a loop"
}
# agent ACTOR SHELL: the command that plays an actor (in git config proper).
agent() { git config "orchactor.$1.command" "$2"; }
# A second work tree's worth of nothing: go outside every repository.
outside() { cd "$BATS_TEST_TMPDIR/outside"; }

# --- processes of a test --------------------------------------------------
# Those in $pids are ended with the test: setup unsets it, teardown calls
# end_all.

# background COMMAND...: $pid.
background() {
	[ "$1" != git ] || set -- command "$@"	# a program, so that $pid is its own
	"$@" 3>&- & pid=$! pids+=("$!")
}
# A process that lives until it is killed: $pid.
spawn_holder() { sleep 1000 3>&- & pid=$! pids+=("$!"); }
end_all() {
	local p

	for p in "${pids[@]}"; do
		kill -KILL "$p" 2>/dev/null || :
	done
}
# until_true COMMAND...: for what other processes bring about where nothing
# tells us.
until_true() {
	local i

	for ((i = 0; i < 1000; i++)); do
		"$@" >/dev/null 2>&1 && return 0
		sleep 0.02
	done
	fail_with "never true: $*"
}
# status_is FILTER VALUE, of turn status --json
status_is() { exits 0 git orch turn status --json && json_is "$1" "$2"; }

# shifted SECONDS COMMAND...: with the time of day as if somebody had set it.
shifted() {
	local by=$1

	shift
	CLOCK_SHIFT=$by LD_PRELOAD=$BUILD/tests/preload/clock.so \
		ASAN_OPTIONS=verify_asan_link_order=0:$ASAN_OPTIONS "$@"
}
