# The turn between machines: who gets it, when, and what must be here first.
# remote.bats has giving it back.

load helper
load remote

setup() { remote_setup; }
teardown() { remote_teardown; }

# --- one wins -------------------------------------------------------------------

@test "equal clocks and identities: exactly one wins, the other waits and says for whom" {
	local i

	for i in 1 2 3; do
		claim a galph >a.gen 2>a.err &
		claim b galph >b.gen 2>b.err &
		wait
		cat a.gen b.gen >gens
		is "$(cat gens)" "$i"
		cat a.err b.err >errs
		[ "$(grep -c 'not to be had: galph holds it (by lease alone' errs)" = 1 ]
		published_is '.generation, .holder.actor' "$i
galph"
		exits 0 $([ -s a.gen ] && echo a || echo b) release --generation $i --status failed
	done
}

@test "a waiter in another clone takes the turn when it is released" {
	exits 0 claim a galph
	background b acquire --pid none --timeout 20 ralph >gen 2>err
	until_true grep -q "waiting: galph holds it" err
	exits 0 a release --generation 1
	wait "$pid"
	is "$(cat gen)" 2
}

# --- what is published counts ------------------------------------------------------

@test "an older state here is replaced before anybody is judged" {
	exits 0 claim a galph
	exits 0 a release --generation 1
	cp .git/orch/loops/main/turn.json old.json
	exits 0 claim b ralph
	exits 0 b release --generation 2
	exits 0 claim b galph
	# says that ralph is expected, in generation 1
	exits 75 claim a ralph
	err_has "galph holds it"
	is "$(state_of "$a" .generation)" 3
	exits 0 b release --generation 3
	exits 0 claim a ralph
	is "$out" 4
}

@test "generations grow although the reference was deleted, reset or is another's" {
	exits 0 claim a galph
	first=$(tip)
	exits 0 a release --generation 1
	exits 0 claim a ralph
	exits 0 a release --generation 2
	git -C "$hub" update-ref -d $ref
	exits 0 claim a galph
	is "$out" 3
	err_has "has no turn of loop main any more"
	published_is .generation 3
	exits 0 a release --generation 3
	# An older state, in which galph holds it by lease alone.
	git -C "$hub" update-ref $ref "$first"
	exits 75 claim a galph
	exits 0 a break --force
	published_is .generation 4
	exits 0 claim a galph
	is "$out" 5
	exits 0 a release --generation 5
	# a history that shares nothing with ours
	git -C "$hub" update-ref $ref "$(git -C "$hub" commit-tree -m x "$first^{tree}")"
	exits 0 a break --force
	published_is .generation 6
	is "$(git -C "$hub" rev-list --count $ref)" 2
}

@test "a clone that has never seen the loop follows it" {
	exits 0 claim a galph
	exits 0 a release --generation 1
	git clone -q "$hub" ../c
	cd ../c
	git config orch.remote origin
	exits 0 git-orch-turn acquire --pid none --timeout 0 ralph
	is "$out" 2
}

# --- the commit comes first ----------------------------------------------------------

# A turn of galph's in $a that leaves a commit to file f, for ralph in $b.
handed_over() {
	exits 0 claim a galph
	commit one f one
	exits 0 a release --generation 1
	before=$(tip)
}
# Not claimed, and nothing lost.
not_claimed() {
	is "$(tip)" "$before"
	exits 0 b status --json
	json_is .holder null
}

@test "local edits in the way: 75; elsewhere they stay" {
	commit file f zero
	git push -q origin main
	git -C "$b" pull -q
	handed_over
	echo edit >"$b/f"
	exits 75 claim b ralph
	err_has "local changes are in the way: 'f'"
	not_claimed
	is "$(cat "$b/f")" edit
	git -C "$b" checkout -q f
	echo edit >"$b/README"
	exits 0 claim b ralph
	is "$(cat "$b/f" "$b/README")" "one
edit"
}

@test "untracked files in the way: 75" {
	handed_over
	echo mine >"$b/f"
	exits 75 claim b ralph
	err_has "an untracked file is in the way: 'f'"
	not_claimed
	is "$(cat "$b/f")" mine
	rm "$b/f"
	exits 0 claim b ralph
}

@test "a rebase under way: 75" {
	commit_in "$b" base g 0
	git -C "$b" push -q origin main
	git pull -q
	handed_over
	(
		cd "$b"
		git checkout -q -b side HEAD~1
		commit side g 1
		git checkout -q main
		git rebase side
	) >/dev/null 2>&1 || :
	git -C "$b" config orch.loop main
	exits 75 claim b ralph
	err_has "rebase"
	not_claimed
	git -C "$b" rebase --abort
	git -C "$b" reset -q --hard origin/main
	exits 0 claim b ralph
}

@test "diverged: 128, with the commands that help" {
	handed_over
	commit_in "$b" theirs g theirs
	exits 128 claim b ralph
	one_error "diverged" "git merge"
	advice=$(grep -oE "rebase [0-9a-f]+" <<<"$err")
	not_claimed
	is "$(git -C "$b" log -1 --format=%s)" theirs
	git -C "$b" $advice -q
	exits 0 claim b ralph
	exits 0 b release --generation 2
	exits 0 claim a galph
	is "$(git log -1 --format=%s)" theirs
}

@test "commits that users have pushed meanwhile are taken along" {
	handed_over
	git clone -q "$hub" ../user
	commit_in ../user theirs g theirs
	git -C ../user push -q origin main
	exits 0 claim b ralph
	is "$(git -C "$b" log --format=%s | xargs)" "theirs one initial"
	exits 0 b release --generation 2
}

@test "a detached HEAD with --loop; a shared loop on two branches" {
	git checkout -q --detach
	exits 128 claim a galph
	err_has "--loop NAME"
	exits 0 claim a galph --loop team
	commit one f one
	exits 0 a release --generation 1 --loop team
	is "$(tip refs/orch/team/head)" "$(head_of)"
	is "$(git -C "$hub" for-each-ref --format='%(refname)' refs/heads)" refs/heads/main
	git -C "$b" checkout -q -b topic
	exits 0 claim b ralph --loop team
	is "$(git -C "$b" rev-parse HEAD)" "$(head_of)"
	commit_in "$b" two f two
	exits 0 b release --generation 2 --loop team
	is "$(tip refs/heads/topic)" "$(git -C "$b" rev-parse HEAD)"
	exits 0 claim a galph --loop team
	is "$(git log --format=%s | xargs)" "two one initial"
	is "$(git rev-parse --abbrev-ref HEAD)" HEAD
	is "$(tip main)" "$(git rev-parse main)"
}

@test "linked work trees that share a loop hand head over without a remote" {
	git config --unset orch.remote
	git config orch.loop team
	git worktree add -q -b topic ../tree
	exits 0 claim a galph
	commit one f one
	exits 0 a release --generation 1
	cd ../tree
	exits 0 git-orch-turn acquire --pid none --timeout 0 ralph
	err_has "this work tree is at"
	is "$(head_of)" "$(head_of main)"
	commit two f two
	exits 0 git-orch-turn release --generation 2
	commit_in "$a" mine g mine
	exits 128 claim a galph
	one_error "diverged"
	exits 0 a status --json
	json_is .holder null
	git -C "$a" merge -q -m merged topic
	exits 0 claim a galph
	is "$out" 3
}

# --- whose holder is gone --------------------------------------------------------------

@test "two clones on one host: a dead holder is replaced at once, whatever the clock says" {
	sleep 1000 3>&- &
	dead=$!
	exits 0 a acquire --pid $dead --timeout 0 --lease 10h galph
	exits 75 claim b galph
	err_has "galph holds it (pid $dead on"
	CLOCK_SHIFT=36000 LD_PRELOAD=$BUILD/tests/preload/clock.so exits 75 claim b galph
	background b acquire --pid none --timeout 20 galph >gen 2>err
	until_true grep -q waiting err
	kill -KILL $dead
	wait "$pid"
	is "$(cat gen)" 2
	published_is .generation 2
	is "$(jq -r .status "$b/.git/orch/receipts.jsonl")" lost
}

# A holder that nobody here can look at.
elsewhere='.holder.boot_id = "00000000-0000-0000-0000-000000000001"
	| .holder.clone = "00000000000000000000000000000001"'

@test "another machine's lease ends when it was seen unchanged for all of it" {
	exits 0 a acquire --pid $$ --timeout 0 --lease 1 galph
	publish_changed "$elsewhere | .lease_ms = 1"
	exits 75 claim b galph
	err_has "galph holds it"
	# by the time of day it is long over
	CLOCK_SHIFT=36000 LD_PRELOAD=$BUILD/tests/preload/clock.so exits 75 claim b galph
	until_true b acquire --pid none --timeout 0 galph
	published_is .generation 2
}

@test "another machine's renewal counts, and a new observer begins anew" {
	exits 0 a acquire --pid $$ --timeout 0 --lease 2 galph
	publish_changed "$elsewhere"
	exits 75 claim b galph
	since=$(jq .since_ms "$b/.git/orch/loops/main/seen.json")
	publish_changed '.nonce = "00000000000000000000000000000002" | .lease_ms += 1000'
	exits 75 claim b galph
	is "$(state_of "$b" .nonce)" 00000000000000000000000000000002
	[ "$(jq .since_ms "$b/.git/orch/loops/main/seen.json")" -gt "$since" ]
	exits 75 claim a galph
	exits 0 b acquire --pid none --timeout 20 galph
	is "$out" 2
}

@test "another boot: gone only for a holder that this clone has recorded" {
	exits 0 a acquire --pid $$ --timeout 0 galph
	publish_changed '.holder.boot_id = "00000000-0000-0000-0000-000000000001"'
	# A copy of the clone is another one.
	cp -a "$a" ../copy
	(cd ../copy && exits 75 git-orch-turn acquire --pid none --timeout 0 galph)
	exits 75 claim b galph
	is "$(state_of "$b" .holder.boot_id)" 00000000-0000-0000-0000-000000000001
	git fetch -q origin "+$ref:$ref"
	jq -c '.holder.boot_id = "00000000-0000-0000-0000-000000000001"' \
		.git/orch/loops/main/turn.json >t && mv t .git/orch/loops/main/turn.json
	exits 0 claim a galph
	is "$out" 2
}

@test "renewal is published after two thirds of the lease" {
	exits 0 a acquire --pid $$ --timeout 0 --lease 3600 galph
	was=$(tip)
	exits 0 a renew --generation 1
	is "$(tip)" "$was"
	exits 0 a release --generation 1
	exits 0 a acquire --pid $$ --timeout 0 --lease 2 ralph
	was=$(tip)
	until_true sh -c "cd '$a' && git-orch-turn renew --generation 2 && [ $was != \$(git -C '$hub' rev-parse $ref) ]"
	published_is .generation 2
	is "$(git -C "$hub" log -1 --format=%s $ref)" "renew 1/ralph"
}

# --- processes that die on the way ----------------------------------------------------------

# A git before the real one that kills whoever called it to push, after the push.
killer() {
	mkdir -p ../bin
	put ../bin/git <<-END
	#!/bin/sh
	case " \$* " in *" push "*) ;; *) exec $(type -P git) "\$@" ;; esac
	$(type -P git) "\$@"
	rm -f $BATS_TEST_TMPDIR/bin/git
	kill -KILL \$PPID
	END
	chmod +x ../bin/git
}
killed() { PATH=$BATS_TEST_TMPDIR/bin:$PATH exits 137 "$@"; }

@test "killed behind the push of a claim: the same process has it, once" {
	killer
	killed a acquire --pid $$ --timeout 0 galph
	published_is .generation 1
	is "$(ls .git/orch/loops/main/turn.json 2>&1 | grep -c 'No such')" 1
	exits 0 a acquire --pid $$ --timeout 0 galph
	is "$out" 1
	# When others saw it is not known, so its lease is published anew.
	was=$(tip)
	exits 0 a renew --generation 1
	[ "$(tip)" != "$was" ]
	was=$(tip)
	exits 0 a renew --generation 1
	is "$(tip)" "$was"
	exits 0 a release --generation 1
}

@test "killed behind the push of a claim by lease alone: the next may take it at once" {
	killer
	killed claim a galph
	published_is '.generation, .holder.pid' "1
0"
	exits 75 claim b galph
	exits 0 claim a galph
	is "$out" 2
	exits 75 claim b galph
	exits 0 a release --generation 2
	exits 0 claim b ralph
	is "$out" 3
}

@test "killed behind the push of a release, a pause, a break: adopted" {
	exits 0 claim a galph
	commit one f one
	killer
	killed a release --generation 1
	published_is .expected_actor ralph
	is "$(state_of "$a" .holder.actor)" galph
	exits 0 claim a ralph
	is "$out" 2
	killer
	killed a pause why
	exits 1 a pause
	err_has "paused already: why"
	exits 0 a resume
	killer
	killed a break --force
	exits 1 a release --generation 2
	exits 0 claim a ralph
	is "$out" 4
}

# --- a remote that lies ---------------------------------------------------------------------------

# $1 is what must be said; then the way out works, and nothing was lost.
mended() {
	exits 128 claim b ralph
	one_error "$@"
	exits 128 claim a ralph
	is "$(state_of "$a" .generation)" 1
	exits 0 a repair
	published_is .expected_actor ralph
	exits 0 claim b ralph
	[ "$out" -ge 2 ]
	exits 0 b release --generation "$out"
	exits 0 claim a galph
}
lie() {
	exits 0 claim a galph
	exits 0 a release --generation 1
	publish_changed "$1"
}

@test "published: no JSON, too large, no file" {
	exits 0 claim a galph
	exits 0 a release --generation 1
	good=$(tip)
	put nonsense '{"version":2,'
	publish nonsense
	mended "$ref at origin" "git orch turn repair"
	head -c 2000000 /dev/zero | tr '\0' ' ' >nonsense
	git -C "$hub" update-ref $ref "$good"
	publish nonsense
	exits 128 claim b ralph
	one_error "$ref at origin" "git orch turn repair"
	# Who has never seen the loop finds what lies below.
	git clone -q "$hub" ../c
	git -C ../c config orch.remote origin
	exits 0 git -C ../c orch turn repair
	published_is .expected_actor ralph
	git -C "$hub" update-ref $ref "$(git -C "$hub" commit-tree -m x \
		"$(git -C "$hub" mktree </dev/null)")"
	exits 128 claim b ralph
	one_error "$ref at origin" "git orch turn repair"
	exits 0 b repair
	exits 0 claim b "$(published .expected_actor)"
}

@test "published: a blob, a tree, a tag" {
	local what

	exits 0 claim a galph
	exits 0 a release --generation 1
	git -C "$hub" tag -a -m x v1 main
	for what in "$(echo x | git -C "$hub" hash-object -w --stdin)" \
		"$(tip 'main^{tree}')" "$(tip v1)"; do
		git -C "$hub" update-ref --no-deref $ref "$what"
		exits 128 claim b ralph
		one_error "$ref at origin" "git orch turn repair"
		exits 1 git -C "$a" orch doctor
		has "fail  remote      $ref at origin is no state" "git orch turn repair"
		exits 0 a repair
		published_is .expected_actor ralph
	done
	exits 0 claim b ralph
	exits 0 b release --generation "$out"
}

@test "published: a newer version is left alone" {
	lie '.version = 99'
	before=$(tip)
	exits 128 claim b ralph
	one_error "$ref at origin" "newer git-orch"
	err_lacks repair
	exits 128 a repair
	one_error "newer git-orch"
	is "$(tip)" "$before"
}

@test "published: numbers that nobody can have counted to" {
	lie '.generation = 1125899906842624'
	mended "$ref at origin" "out of range" "git orch turn repair"
	publish_changed '.generation = -1'
	exits 128 claim b galph
	one_error "out of range"
}

@test "published: escapes do not reach the terminal" {
	exits 0 claim a galph
	publish_changed '.holder.host = "h\u001b[31m\u0007" | .holder.clone = null
		| .paused = {reason: "p\u001b]0;x\u0007\n", host: "q\u001b[1m", since_ms: 1}
		| .reason = "r\u001b[1m" | .values = {k: "v\u001b[1m"}'
	exits 75 claim b galph
	! grep -q $'[\033\007]' "$errfile"
	exits 0 b status
	! grep -q $'[\033\007]' "$outfile"
	has "paused" "k=v"
	exits 0 b status --json
	exits 1 b pause
	! grep -q $'[\033\007]' "$errfile"
	exits 0 git -C "$b" orch
	! grep -q $'[\033\007]' "$outfile"
}

# --- what it costs ----------------------------------------------------------------------------------

@test "a turn costs a fetch and two pushes, however it is looked at" {
	exits 0 claim a galph
	commit one
	exits 0 a release --generation 1
	mkdir ../trace
	export GIT_TRACE2_EVENT=$BATS_TEST_TMPDIR/trace
	exits 0 claim b ralph
	commit_in "$b" two
	exits 0 b release --generation 2
	unset GIT_TRACE2_EVENT
	# those that git starts for itself have a slash in their session's name
	jq -r 'select(.event == "cmd_name" and (.sid | contains("/") | not)) | .name' \
		../trace/* | sort | uniq -c | grep -E 'fetch|push|ls-remote|pull' | xargs >cost
	is "$(cat cost)" "1 fetch 2 push"
}
