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
@test "temporaries of killed processes are swept, no others" {
	exits 0 git orch run
	for d in .git/orch/loops/main .git/orch/loops/main/prompts; do
		touch -d '1 hour ago' $d/.orch-1-0.tmp $d/other.tmp
		touch $d/.orch-1-1.tmp
	done
	exits 0 git orch run
	for d in .git/orch/loops/main .git/orch/loops/main/prompts; do
		[ ! -e $d/.orch-1-0.tmp ]
		[ -e $d/.orch-1-1.tmp ] && [ -e $d/other.tmp ]
	done
}
@test "what is wrong with a document is said once" {
	ln -s /etc/passwd specs/a.md
	exits 0 git orch run -n 2
	is "$(grep -c "specs/a.md" <<<"$err")" 1
	for i in $(seq 300); do ln -s /etc/passwd "specs/$i.md"; done
	exits 0 git orch context status --actor galph
	[ "$(wc -l <"$errfile")" -le 101 ]
	err_has "further warnings like these are not shown"
}
@test "a full disk leaves no half receipt and a turn that can go on" {
	exits 0 git orch run
	mkdir mnt
	cat >"$BATS_TEST_TMPDIR/full" <<-'END'
	mount -t tmpfs -o size=2m tmpfs mnt && cp -r .git .orchconfig docs input.md prompts specs mnt/ &&
		cd mnt || exit 77
	# A line of ours, so that the next receipt crosses a page.
	size=$(stat -c %s .git/orch/receipts.jsonl)
	printf "%$((8000 - size))d\n" 0 >>.git/orch/receipts.jsonl
	git config orchactor.galph.command 'cat >/dev/null; cat /dev/zero >fill; cat /dev/zero >fill2; true'
	for i in 1 2; do
		git orch run >/dev/null
		echo "run $?"
		cp /dev/null fill
		cp /dev/null fill2
	done
	git orch log -n 0 --json | jq .broken
	git orch turn status --json | jq -r .status
	END
	unshare -rm true 2>/dev/null || skip "no user namespaces"
	exits 0 unshare -rm sh "$BATS_TEST_TMPDIR/full"
	has "run 128
run 0
1
ok"
	is "$(grep -c 'receipt of .* is not written' <<<"$err")" 1
}

# --- views ---------------------------------------------------------------------

@test "a reference that a crash of the machine emptied counts as unseen" {
	ref=.git/refs/orch/main/views/ralph
	exits 0 git orch context pack --actor ralph
	exits 0 git orch context ack --actor ralph
	for text in "" "garbage"; do
		printf %s "$text" >$ref
		exits 0 git orch context status --actor ralph
		err_has "refs/orch/main/views/ralph is broken: what ralph has seen counts as unseen"
		exits 0 git orch context pack --actor ralph --verify
		has "Specification one"
		exits 0 git orch context ack --actor ralph
		exits 0 git orch context status --actor ralph --json
		is "$err" ""
		json_is '[.documents[].state] | unique | join(" ")' unchanged
	done
}
@test "a lock that a killed process left on a view goes away" {
	exits 0 git orch context pack --actor ralph
	lock=.git/refs/orch/main/views/ralph.lock
	: >$lock
	exits 75 git orch context ack --actor ralph
	one_error "cannot lock 'refs/orch/main/views/ralph'"
	[ -e $lock ]
	touch -d '1 minute ago' $lock
	exits 0 git orch context ack --actor ralph
	[ ! -e $lock ]
}
@test "a pack that could not be written is not pending" {
	exits 0 git orch context pack --actor ralph
	exits 0 git orch context ack --actor ralph
	head -c 1000000 /dev/zero | tr '\0' x >specs/one.md
	for json in "" --json; do
		exits 128 sh -c "git orch context pack --actor ralph $json >/dev/full"
		one_error "cannot write to stdout"
		exits 0 sh -c "{ git-orch-context pack --actor ralph $json; echo \$? >&2; } | head -c 1 >/dev/null"
		is "$err" 141
		exits 1 git orch context ack --actor ralph
	done
	exits 0 git orch context pack --actor ralph
	exits 0 git orch context ack --actor ralph
}
@test "a replaced object does not get into a pack in a document's place" {
	blob=$(git rev-parse HEAD:specs/one.md)
	git replace "$blob" "$(echo something else | git hash-object -w --stdin)"
	exits 0 git orch context pack --actor ralph --verify --session s
	has "# Specification one"
	lacks "something else"
	exits 0 git orch context ack --actor ralph
	echo more >>specs/one.md
	exits 0 git orch context pack --actor ralph --verify --session s
	has "# Specification one" more
	lacks "something else"
}
@test "a fifo in place of the stat cache keeps nobody waiting" {
	mkdir -p .git/orch
	mkfifo .git/orch/statcache
	exits 0 timeout 20 git orch context pack --actor ralph
	[ -f .git/orch/statcache ]
}
@test "a document of a million line breaks is compared in little memory" {
	sanitized && skip "address space is what sanitizers eat"
	head -c 1048576 /dev/zero | tr '\0' '\n' >specs/one.md
	exits 0 git orch context pack --actor ralph --session s
	exits 0 git orch context ack --actor ralph
	commit "a million lines"
	echo "the last one" >>specs/one.md
	little="ulimit -v 131072; exec"
	exits 0 sh -c "$little git-orch-context pack --actor ralph --session s --verify"
	has "@@ -1048576 +1048576,2 @@" "+the last one"
	exits 0 sh -c "$little git-orch-context get --diff --actor ralph specs/one.md"
	has "+the last one"
	commit "one more"
	exits 0 sh -c "$little git-orch-delta --since HEAD~1 --json"
	json_is '.files[0] | "\(.added) \(.removed)"' "1 0"
	exits 0 sh -c "$little git-orch-delta --since HEAD~2 --json"
	json_is '.files[0] | "\(.added) \(.removed)"' "1048577 1"
}
