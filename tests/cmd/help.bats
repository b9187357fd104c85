#!/usr/bin/env bats
# Every program has a help, a page and a test, and they say the same.
load helper

setup() {
	orch_setup
	outside
	bins=("$BUILD"/bin/git-orch*)
	[ -x "${bins[0]}" ]
	problems=
}
# Collected, so that one run names everything that is wrong.
problem() { problems+="$*"$'\n'; }
no_problems() { [ -z "$problems" ] || fail_with "$problems"; }

page_of() { echo "$TOP/man/${1##*/}.1"; }
page_text() { mandoc -Tascii -O width=900 "$1" | sed 's/.\x08//g'; }
# A section of a page, one line a line, blanks squeezed.
section() {
	page_text "$1" | awk -v name="$2" '
	/^[A-Z]/ { inside = $0 == name; next }
	inside && NF { $1 = $1; print }'
}
# Long ones are continued on indented lines.
usage_lines() {
	sed '/^$/,$d' <<<"$out" | awk '
	sub(/^usage: |^   or: /, "") { if (NR > 1) print line; line = $0; next }
	{ $1 = $1; line = line " " $0 }
	END { print line }'
}
# <arg> in the help is arg, underlined, in the page.
plain() { tr -d '<>' | sed 's/  */ /g; s/ *$//; s/ \.\.\./.../g' | sort; }

@test "-h works outside a repository, for programs and their subcommands" {
	local b s

	for b in "${bins[@]}"; do
		exits 0 "$b" -h || problem "$b -h: exit code"
		[ -z "$err" ] || problem "$b -h: talks on stderr"
		[[ $out == "usage: git orch"* ]] || problem "$b -h: no usage"
		for s in $("$b" --completion-helper | grep -v '^-'); do
			exits 0 "$b" "$s" -h || problem "$b $s -h: exit code"
			[[ $out == "usage: git orch ${b##*/git-orch-} $s"* ]] ||
				problem "$b $s -h: no usage"
		done
		exits 0 "$b" --self-check || problem "$b: option tables: $err"
	done
	no_problems
}

@test "the help fits a terminal of 80 columns" {
	local b s

	for b in "${bins[@]}"; do
		for s in '' $("$b" --completion-helper | grep -v '^-'); do
			exits 0 "$b" $s -h
			s=$(awk 'length > 80' "$outfile")
			[ -z "$s" ] || problem "${b##*/}: $s"
		done
	done
	no_problems
}

@test "without its subcommand a command names them" {
	exits 129 git orch turn
	err_has 'subcommand is needed: status, acquire, release'
	exits 129 git orch turn stat
	err_has "unknown subcommand 'stat'; there are: status, acquire"
}

@test "misuse exits with 129 and points at the help" {
	local b

	for b in "${bins[@]}"; do
		exits 129 "$b" --bogus-option || problem "$b"
		[ -z "$out" ] || problem "$b: misuse talks on stdout"
		[[ $err == *bogus-option*" -h'"* ]] || problem "$b: $err"
	done
	no_problems
}

@test "a full disk behind stdout is an error" {
	local b

	for b in "${bins[@]}"; do
		("$b" -h >/dev/full) 2>/dev/null && problem "$b"
	done
	no_problems
}

@test "every program has a page whose SYNOPSIS is its usage" {
	local b page

	for b in "${bins[@]}"; do
		page=$(page_of "$b")
		[ -f "$page" ] || { problem "$page is missing"; continue; }
		exits 0 "$b" -h
		diff <(usage_lines | plain) <(section "$page" SYNOPSIS | plain) >"$BATS_TEST_TMPDIR/diff" ||
			problem "${page##*/}: usage (<) and SYNOPSIS (>) differ: $(cat "$BATS_TEST_TMPDIR/diff")"
	done
	no_problems
}

@test "every option is in the page" {
	local b page o text

	for b in "${bins[@]}"; do
		page=$(page_of "$b")
		text=$(page_text "$page")
		for o in $({
			"$b" --completion-helper
			for s in $("$b" --completion-helper | grep -v '^-'); do
				"$b" "$s" --completion-helper
			done
		} | sed -n 's/=$//; /^-/p' | sort -u); do
			case $o in
			--help | --quiet | --verbose) continue ;; # git-orch.1 tells
			esac
			[[ $text == *"$o"* ]] || problem "${page##*/}: $o"
		done
		[[ $text == *"EXIT STATUS"* ]] || problem "${page##*/}: no EXIT STATUS"
		[[ $text == *EXAMPLES* ]] || problem "${page##*/}: no EXAMPLES"
	done
	text=$(page_text "$TOP/man/git-orch.1")
	for o in --help --quiet --verbose -C --json -z; do
		[[ $text == *"$o"* ]] || problem "git-orch.1: $o"
	done
	no_problems
}

@test "every page belongs to a program, and mandoc finds no fault" {
	local page name

	for page in "$TOP"/man/*.1; do
		name=${page##*/}
		[ -x "$BUILD/bin/${name%.1}" ] || problem "$name: no such program"
	done
	for page in "$TOP"/man/*.[157]; do
		exits 0 mandoc -Tlint -Wwarning "$page" || problem "$out"
	done
	no_problems
}

@test "every program has a bats file" {
	local b name

	for b in "${bins[@]}"; do
		name=${b##*/git-orch-}
		name=${name##*/}
		[ -f "$TOP/tests/cmd/$name.bats" ] || problem "tests/cmd/$name.bats"
	done
	no_problems
}

@test "git-orch-config.5 has every key of the table, as declared" {
	awk -f "$TOP/mk/keys.awk" "$TOP/common/orch/keys.def" >want
	grep -q 'orch.workflow' want
	sed -n '/keys: begin/,/keys: end/p' "$TOP/man/git-orch-config.5" | sed '1d;$d' >have
	diff want have || fail_with "renew the page with: make man"
}

@test "git-orch.1 lists every command" {
	local b text

	text=$(section "$TOP/man/git-orch.1" COMMANDS)
	for b in "${bins[@]}"; do
		[ "${b##*/}" = git-orch ] && continue
		[[ $text == *"${b##*/}"* ]] || problem "${b##*/}"
	done
	no_problems
}

@test "completion in bash offers commands, subcommands and options" {
	source "$TOP/share/completions/git-orch.bash"
	try() {
		local words=(git orch "$@") cword=$(($# + 1)) cur=${!#}
		local __git_cmd_idx=1

		COMPREPLY=()
		_git_orch
		out=$(printf '%s\n' "${COMPREPLY[@]}")
	}
	try t
	is "$out" "turn "
	try turn acq
	is "$out" "acquire "
	try turn -C x acquire --tim
	is "$out" "--timeout="
	try --he
	is "$out" "--help "
	try turn '$(touch pwned)' -
	[ ! -e pwned ]
}

@test "the command that CONTRIBUTING.md shows compiles" {
	awk '/^       \/\*/ { p = 1 } /^   `main/ { p = 0 } p' "$TOP/CONTRIBUTING.md" >hello.c
	grep -q orch_command hello.c
	exits 0 "${CC:-cc}" -std=c11 -D_GNU_SOURCE -Wall -Wextra -Wconversion -Werror \
		-I"$TOP/common" -fsyntax-only hello.c
}
