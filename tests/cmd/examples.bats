#!/usr/bin/env bats
# What README.md and the pages tell people to type really works.
#
# In README.md a line of a fenced block that begins with "$ " is a command; in a page, an
# indented block of EXAMPLES is a little script. Those of one page run in
# order, in one prepared repository: a loop of galph and ralph whose first
# iteration has been played by agents that commit.
load helper

# What cannot be typed as it stands, each with its reason: "skip" does not run
# it, "as COMMAND" runs that instead. Everything else runs, and must exit 0.
exception() {
	case $1 in
	"./install.sh"*) echo "skip: builds everything, as --check does" ;;
	"git config orchactor."*" 'codex "* | "git config orchactor."*" 'claude "*)
		echo "skip: not installed; init.bats compares them with what init prints" ;;
	"git orch init --agent "*) echo "as git orch init --agent galph=codex --dry-run" ;; # not installed
	"git orch run -n 20 "*) echo "as git orch run -n 1 --until 30" ;; # time
	*"show 34/ralph.2 "*) echo "as ${1//34\/ralph.2/1/ralph}" ;; # only iteration 1 exists
	esac
}

prepare() {
	local dir=$BATS_TEST_TMPDIR/example a

	if [ ! -d "$dir.kept" ]; then
		git init -q -b main "$dir.kept"
		cd "$dir.kept"
		loop_init
		for a in galph ralph; do
			put "$a.sh" "date >>$a.log; cat >/dev/null; git add -A; git commit -q -m '$a works'"
			agent "$a" "sh ./$a.sh"
		done
		commit "agents for the examples"
		git orch run -n 1 >/dev/null 2>&1
	fi
	cd "$BATS_TEST_TMPDIR"
	rm -rf "$dir"
	cp -R "$dir.kept" "$dir"
	cd "$dir"
	rm -rf ../origin.git
	git init -q --bare ../origin.git
	git remote add origin "$BATS_TEST_TMPDIR/origin.git"
}

# run_example NAME SCRIPT
run_example() {
	local how script=$2 got=0

	how=$(exception "$script")
	case $how in
	"skip: "*) return 0 ;;
	"as "*) script=${how#as } ;;
	esac
	ran=$((${ran-0} + 1))
	out=$(timeout 60 bash -ec "$script" 2>&1 </dev/null) || got=$?
	[ "$got" = 0 ] || problems+="$1: $2: exit $got: $out"$'\n'
}

@test "the commands in README.md run" {
	local line

	prepare
	git rm -q .orchconfig
	commit "a repository that knows no loop yet"
	problems=
	while IFS= read -r line; do
		case $line in
		'$ '*) run_example README.md "${line#??}" ;;
		esac
	done <"$TOP/README.md"
	[ -z "$problems" ] || fail_with "$problems"
	[ "$ran" -ge 5 ]
}

@test "the examples of every page run" {
	local page line script before

	problems=
	for page in "$TOP"/man/*.1; do
		prepare
		script= before=${ran-0}
		while IFS= read -r line; do
			if [[ $line =~ ^\ {8,}(.*)$ ]]; then
				script+=${BASH_REMATCH[1]}$'\n'
			elif [ -n "$script" ]; then
				run_example "${page##*/}" "${script%?}"
				script=
			fi
		done < <(mandoc -Tascii -O width=900 "$page" | sed 's/.\x08//g' |
			sed -n '/^EXAMPLES/,/^[A-DF-Z]/p')
		[ "${ran-0}" -gt "$before" ] || problems+="${page##*/}: no example"$'\n'
	done
	[ -z "$problems" ] || fail_with "$problems"
}
