# shellcheck shell=sh
# What both scripted agents share: reading the prompt and editing the plan.
# They are started at the top of the work tree, the prompt on stdin.
set -eu
plan=docs/fix_plan.md
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 143' TERM
trap 'exit 130' INT
cat >"$work/prompt"
today=$(date +%Y-%m-%d)

# The last line of the prompt that begins with "KEY: ", without the key.
from_prompt() { sed -n "s/^$1: *//p" "$work/prompt" | tail -n 1; }

replace() { cat "$work/new" >"$1"; }	# keeps the file's mode

# set_status ID STATUS: in the table and in the item's section
set_status() {
	awk -v id="$1" -v status="$2" '
	index($0, "| [" id "]") == 1 { sub(/[a-z_]+ \|$/, status " |") }
	/^## / { inside = index($0, "## [" id "]") == 1 }
	inside && /^- Status:/ { $0 = "- Status: " status }
	{ print }' "$plan" >"$work/new"
	replace "$plan"
}
# add_attempt ID TEXT: one more line under its Attempts History
add_attempt() {
	awk -v id="$1" -v text="$2" -v day="$today" '
	/^## / { inside = index($0, "## [" id "]") == 1; n = 0; open = 0 }
	open && !/^[ \t]*\* / {
		print "  * [" day "] Attempt #" n + 1 " — Result: " text
		open = 0
	}
	open { n++ }
	{ print }
	inside && /^- Attempts History:/ { open = 1 }' "$plan" >"$work/new"
	replace "$plan"
}
# The first item of a status, by its place in the table.
first_with() {
	sed -n "s/^| \[\([A-Z]*-[0-9]*\)\].*| $1 |\$/\1/p" "$plan" | head -n 1
}
title_of() { sed -n "s/^## \[$1\] //p" "$plan"; }
attempts_of() { sed -n "/^## \[$1\]/,/^## /s/^  \* //p" "$plan"; }
