#!/usr/bin/env bats
# Our hooks beside real hook managers: husky and lefthook of npm, pre-commit and
# git-lfs of Debian, where they are installed. `make hookmanagers` puts the two of
# npm into $HOOKMANAGERS (build/hookmanagers); that and Debian's are looked for.
load helper
load hooks
setup() {
	orch_setup
	: "${HOOKMANAGERS:=$BUILD/hookmanagers}"
	npm=$HOOKMANAGERS/node_modules/.bin
	stub_hooks
	hub
	hooks=.git/hooks
}
need() {
	[ ! -x "$npm/$1" ] || PATH=$npm:$PATH
	type -P "$1" >/dev/null || skip "$1 is not installed${2:+: $2}"
}
push() { exits 0 git push -q origin "HEAD:refs/heads/p$RANDOM"; }

@test "lefthook: its hook is left alone, one line in its configuration reaches ours" {
	need lefthook "make hookmanagers"
	put lefthook.yml <<-'END'
	pre-push:
	  commands:
	    theirs: { run: 'echo theirs >>"$log/order"' }
	END
	exits 0 lefthook install
	before=$(cksum <$hooks/pre-push)
	exits 0 git orch init --hooks-only --json
	is "$(state_of pre-push) $(state_of post-commit) $(state_of post-checkout)" "refused installed installed"
	is "$(reason_of pre-push)" "it is lefthook's"
	json_is '.hooks[] | select(.name == "pre-push") | "\(.owner) \(.add_to)"' \
		"lefthook lefthook.yml, below pre-push: commands:"
	is "$(cksum <$hooks/pre-push)" "$before"
	doctor_says 1
	echo "    $(exits 0 git orch init --hooks-only --json; line_of pre-push)" >>lefthook.yml
	doctor_says 0
	[[ $(hook_lines) == *"ok pre-push is run by lefthook.yml"* ]]
	commit "lefthook"
	forget
	push
	is "$(order | tr ' ' '\n' | grep -c .)" 3	# theirs, and "ours pre-push"
	is "$(cut -d' ' -f1,3 "$log/pre-push.in")" "HEAD refs/heads/$(git ls-remote origin | sed 's|.*/||')"
	is "$(head -n 1 "$log/pre-push.args")" origin
	exits 0 git orch doctor --live --json || fail_with "$(hook_lines)"
	is "$(hook_lines | grep -c '^ok a .* runs ')" 3
	# Without its input it would check nothing.
	sed -i 's/use_stdin: true, //' lefthook.yml
	doctor_says 1
	[[ $(hook_lines) == *"without its input: add use_stdin: true"* ]]
	# For a colleague without git-orch nothing breaks.
	PATH=${PATH/"$prefix/bin:"/} push
	# lefthook installs itself again: ours stay where they are.
	exits 0 lefthook install --force
	exits 0 git commit -q --allow-empty -m x
	grep -q 'ours post-commit' "$log/order"
	exits 0 git orch init --remove
	is "$(ls $hooks | grep -v sample)" pre-push
}

@test "lefthook that is configured and not installed yet is not forestalled" {
	put lefthook.yml $'pre-push:\n  commands:\n    a: { run: "true" }'
	exits 0 git orch init --hooks-only --json
	is "$(state_of pre-push)" refused
	[ ! -e $hooks/pre-push ]
}

@test "husky: the line goes into .husky, and is found by a real push" {
	need husky "make hookmanagers"
	type -P node >/dev/null || skip "node is not installed"
	put package.json '{"name":"x","version":"1.0.0"}'
	exits 0 husky
	is "$(git config core.hooksPath)" .husky/_
	exits 0 git orch init --hooks-only --json
	is "$(state_of pre-push)" refused
	[[ $(reason_of pre-push) == "the hooks are husky's: core.hooksPath = .husky/_ (local,"* ]]
	json_is '.hooks[] | select(.name == "pre-push") | .add_to' .husky/pre-push
	is "$(git config core.hooksPath)" .husky/_
	doctor_says 1
	for h in post-commit post-checkout pre-push; do
		exits 0 git orch init --hooks-only --json
		line_of $h >.husky/$h
	done
	sed -i '1i echo theirs >>"$log/order"' .husky/pre-push
	doctor_says 0
	is "$(hook_lines | grep -c 'is run by .husky/')" 3
	commit husky
	forget
	push
	is "$(order)" "theirs ours pre-push"
	is "$(wc -l <"$log/pre-push.in")" 1
	exits 0 git orch doctor --live --json
	is "$(hook_lines | grep -c '^ok a .* runs ')" 3
	PATH=${PATH/"$prefix/bin:"/} push
	# Another clone, where nobody has run husky: nothing is reached, and said.
	mv .husky/_ away
	doctor_says 1
	[[ $(hook_lines) == *"husky is not installed here: npx husky"* ]]
}

@test "A6.19 git-lfs: kept, runs first, and its objects arrive" {
	need git-lfs "apt-get install git-lfs"
	exits 0 git lfs install --local
	for h in pre-push post-commit post-checkout; do cp -p $hooks/$h "$BATS_TEST_TMPDIR/$h"; done
	all_installed
	json_is '[.hooks[].kept] | unique' '["git-lfs"]'
	[ -x $hooks/post-merge ] && ! grep -q git-orch-hook $hooks/post-merge
	git lfs track '*.bin' >/dev/null
	commit "a large file" data.bin "large"
	forget
	push
	is "$(order)" "ours pre-push"
	is "$(find ../hub.git/lfs/objects -type f | wc -l)" 1
	[ -s "$log/pre-push.in" ]
	doctor_says 0
	[[ $(hook_lines) == *"ok pre-push is git-orch's, after the hook of git-lfs"* ]]
	# Its failure is the push's: objects that cannot be sent are not lost in silence.
	commit "another" more.bin "more"
	rm -r ../hub.git/lfs .git/lfs/objects
	forget
	exits 1 git push -q origin HEAD:refs/heads/lost
	is "$(order)" ""
	exits 0 git orch init --remove
	for h in pre-push post-commit post-checkout; do cmp $hooks/$h "$BATS_TEST_TMPDIR/$h"; done
}

@test "pre-commit: kept and run; when it installs itself again, all still run" {
	need pre-commit "apt-get install pre-commit"
	put .pre-commit-config.yaml <<-'END'
	repos:
	- repo: local
	  hooks:
	  - { id: theirs, name: theirs, language: system, stages: [push], always_run: true, pass_filenames: false, entry: 'sh -c "echo theirs >>$log/order"' }
	END
	commit "pre-commit"
	exits 0 pre-commit install --hook-type pre-push
	cp -p $hooks/pre-push "$BATS_TEST_TMPDIR/theirs"
	all_installed
	json_is '[.hooks[] | select(.name == "pre-push") | .kept]' '["pre-commit"]'
	forget
	push
	is "$(order)" "theirs ours pre-push"
	[ -s "$log/pre-push.in" ]
	exits 0 pre-commit install --hook-type pre-push
	[ -e $hooks/pre-push.legacy ]
	git commit -q --allow-empty -m more
	forget
	exits 0 timeout 120 git push -q origin HEAD:refs/heads/again
	is "$(order)" "ours pre-push theirs"	# what it moved aside goes first
	exits 0 pre-commit uninstall --hook-type pre-push
	exits 0 git orch init --remove
	cmp $hooks/pre-push "$BATS_TEST_TMPDIR/theirs"
}
