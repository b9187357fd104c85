# The turn between machines: giving it back, and what people do to it.
# remote-claims.bats has who gets it.

load helper
load remote

setup() { remote_setup; }
teardown() { remote_teardown; }

# --- what travels, and what is the user's ------------------------------------

@test "a turn travels: own identity, unsigned, a nonce each, nothing on the branch" {
	local c

	for c in "$a" "$b"; do
		git -C "$c" config commit.gpgSign true
		git -C "$c" config gpg.program false
	done
	exits 0 claim a galph
	is "$out" 1
	git -c commit.gpgSign=false commit -q --allow-empty -m "by galph"
	exits 0 a release --generation 1
	exits 0 claim b ralph
	is "$out" 2
	is "$(head_of)" "$(git -C "$b" rev-parse HEAD)"
	git log --format=%an,%cn,%G? "$ref" >log
	is "$(sort -u log)" "git-orch,git-orch,N"
	git -C "$b" rev-list "$ref" | while read -r c; do
		git -C "$b" cat-file -p "$c:turn.json" | jq -r .nonce
	done >nonces
	is "$(sort -u nonces | grep -cE '^[0-9a-f]{32}$')" 3
	is "$(git log --format=%s main)" "by galph
initial"
	is "$(tip main)" "$(head_of)"
	git -C "$hub" cat-file -p "$ref~1:receipt.json" >r.json
	is "$(jq -r '.id, .status' r.json)" "1/galph
ok"
	rm -f log nonces r.json
	clean
}

@test "FETCH_HEAD, index, config, other branches, tags, stash and reflogs stay" {
	local before after

	facts() {
		cd "$b"
		md5sum .git/index .git/config .git/FETCH_HEAD
		git for-each-ref refs/tags refs/stash refs/remotes/origin/other
		git reflog
		ls .git | grep -v '^orch$'
	}
	git branch other && git tag v1 && git push -q origin other
	git -C "$b" fetch -q
	echo stashed >>"$b/README"
	git -C "$b" stash -q
	commit more && git push -q origin HEAD:other
	git tag v2 && git push -q --tags
	git reset -q --hard HEAD~1
	git -C "$b" push -q origin HEAD:main
	before=$(facts)
	exits 0 claim b galph
	exits 0 b release --generation 1
	after=$(facts)
	is "$after" "$before"
}

@test "no setting of the user's matters" {
	local c

	for c in "$a" "$b"; do
		cd "$c"
		git config merge.autoStash true; git config rebase.autoStash true
		git config pull.rebase true; git config merge.ff false
		git config fetch.prune true; git config fetch.pruneTags true
		git config push.followTags true; git config push.default nothing
		git config push.gpgSign if-asked; git config push.autoSetupRemote true
		git config remote.origin.mirror true
		git config remote.origin.prune true
		git config --add remote.origin.push "+refs/heads/*:refs/heads/stray/*"
		git config commit.gpgSign true; git config tag.gpgSign true
		git config tag.forceSignAnnotated true; git config gpg.program false
		git config push.recurseSubmodules only; git config submodule.recurse true
		git config branch.main.mergeOptions --squash
		git config transfer.advertiseAtomic false
		git config core.logAllRefUpdates always
		git update-ref "refs/tags/here-$(basename "$c")" HEAD
	done
	cd "$a"
	exits 0 claim a galph
	git -c commit.gpgSign=false commit -q --allow-empty -m one
	git -c tag.gpgSign=false -c tag.forceSignAnnotated=false tag -a -m t annotated
	echo edit >>"$b/README"
	exits 0 a release --generation 1
	exits 0 claim b ralph
	is "$(git -C "$b" log -1 --format=%s)" one
	is "$(git -C "$b" diff --name-only)" README
	is "$(git -C "$b" stash list)" ""
	exits 0 b release --generation 2
	is "$(git -C "$hub" for-each-ref --format='%(refname)')" "refs/heads/main
$ref"
	is "$(git -C "$b" tag)" here-b
}

@test "the user's pre-push hook sees branch and turn together, and never the turn alone" {
	put .git/hooks/pre-push <<-'END'
	#!/bin/sh
	exec >>seen
	echo "$1"
	cat
	END
	chmod +x .git/hooks/pre-push
	echo seen >>.git/info/exclude
	exits 0 claim a galph
	[ ! -e seen ]
	git commit -q --allow-empty -m one
	exits 0 a release --generation 1
	is "$(wc -l <seen)" 3
	is "$(head -n 1 seen)" origin
	grep -q "$(head_of) refs/heads/main $(head_of HEAD~1)\$" seen
	grep -q " $ref " seen
	exits 0 a pause
	exits 0 a resume
	is "$(wc -l <seen)" 3
}

# --- a branch that is refused -------------------------------------------------

# What must hold after a release that was refused with $1 as the reason.
refused() {
	local before=$2

	exits 75 a release --generation 1
	err_has "$1" "1 commit up to $(git rev-parse --short HEAD)" \
		"git merge refs/orch/main/branch"
	published_is .status failed
	published_is .expected_actor galph
	published_is .holder null
	[[ $(published .reason) == *"$1"* ]]
	published_is .head "$before"
	is "$(git log -1 --format=%s)" mine
	exits 0 a status --json
	json_is .status failed
	[[ $(json .reason) == *"$1"* ]]
}

@test "somebody has pushed: the turn fails, the work stays, and a merge helps" {
	exits 0 claim a galph
	exits 0 a release --generation 1 --status failed
	exits 0 claim a galph
	was=$(published .head)
	commit mine mine
	commit_in "$b" theirs theirs
	git -C "$b" push -q origin main
	theirs=$(tip main)
	exits 75 a release --generation 2
	err_has "refused refs/heads/main" "1 commit up to $(git rev-parse --short HEAD)" \
		"git merge refs/orch/main/branch"
	published_is .status failed
	published_is .head "$was"
	is "$(tip main)" "$theirs"
	is "$(git log -1 --format=%s)" mine
	git merge -q -m merged refs/orch/main/branch
	exits 0 claim a galph
	is "$out" 3
	exits 0 a release --generation 3
	published_is .expected_actor ralph
	is "$(tip main)" "$(head_of)"
	exits 0 claim b ralph
	is "$(git -C "$b" rev-parse HEAD)" "$(head_of)"
	is "$(jq -r .status .git/orch/receipts.jsonl | tail -n 2 | xargs)" "failed ok"
}

@test "a branch that the remote protects" {
	hub_hook update <<-'END'
	#!/bin/sh
	case $1 in refs/heads/*) echo "main is protected"; exit 1 ;; esac
	END
	exits 0 claim a galph
	commit mine mine
	refused "main is protected" null
	is "$(tip main)" "$(head_of HEAD~1)"
	rm "$hub/hooks/update"
	exits 0 claim a galph
	exits 0 a release --generation 2
	is "$(tip main)" "$(head_of)"
}

@test "a local pre-push hook that says no" {
	put .git/hooks/pre-push <<-'END'
	#!/bin/sh
	echo "tests fail" >&2
	exit 1
	END
	chmod +x .git/hooks/pre-push
	exits 0 claim a galph
	commit mine mine
	refused "tests fail" null
	rm .git/hooks/pre-push
	exits 0 claim a galph
	exits 0 a release --generation 2
	is "$(tip main)" "$(head_of)"
}

@test "a remote without atomic pushes gets the branch first" {
	git -C "$hub" config receive.advertiseAtomic false
	hub_hook update <<-'END'
	#!/bin/sh
	echo "$1" >>pushed
	END
	exits 0 claim a galph
	commit mine mine
	exits 0 a release --generation 1
	is "$(tail -n 2 "$hub/pushed" | xargs)" "refs/heads/main $ref"
	exits 0 claim b ralph
	commit_in "$b" theirs theirs
	git -C "$b" push -q origin main~0:main
	commit mine2 mine2
	git push -q -f origin main 2>&1
	exits 75 b release --generation 2
	published_is .status failed
	published_is .expected_actor ralph
}

@test "a remote that refuses refs/orch/*" {
	hub_hook update <<-'END'
	#!/bin/sh
	case $1 in refs/orch/*) echo "no such names here"; exit 1 ;; esac
	END
	exits 1 git -C "$a" orch doctor
	matches "^fail +remote +origin refuses .*no such names here"
	lacks "takes refs/orch/*"
	exits 128 claim a galph
	one_error "origin refuses $ref" "no such names here"
	exits 0 a status --json
	json_is '.holder, .generation' "null
0"
	mv "$hub/hooks/update" "$hub/hooks/was"
	exits 0 claim a galph
	commit mine mine
	mv "$hub/hooks/was" "$hub/hooks/update"
	exits 128 a release --generation 1
	one_error "origin refuses $ref" "the turn is over here"
	exits 0 a status --json
	json_is '.holder, .expected_actor, .remote.unpublished' "null
ralph
true"
	is "$(jq -r .status .git/orch/receipts.jsonl)" ok
	exits 128 claim a ralph
	one_error "origin refuses $ref"
	rm "$hub/hooks/update"
	exits 0 claim b galph 2>/dev/null || exits 75 claim b ralph
	exits 0 a sync
	published_is .expected_actor ralph
	is "$(tip main)" "$(head_of)"
}

@test "ssh never asks, unless the user has said how to run it" {
	mkdir bin
	put bin/ssh <<-END
	#!/bin/sh
	echo "\$*" >>"$PWD/asked"
	exit 255
	END
	cp bin/ssh bin/mine
	chmod +x bin/ssh bin/mine
	git remote set-url origin ssh://host/x
	PATH=$PWD/bin:$PATH exits 75 claim a galph
	grep -q -- "BatchMode=yes" asked || fail_with "$(cat asked)"
	grep -q -- "ConnectTimeout=" asked || fail_with "$(cat asked)"
	rm asked
	git config core.sshCommand "$PWD/bin/mine"
	PATH=$PWD/bin:$PATH exits 75 claim a galph
	! grep -q -- "BatchMode" asked || fail_with "$(cat asked)"
}

@test "a claim whose remote is gone from the configuration can be given back" {
	exits 0 claim a galph
	git config --unset orch.remote
	git remote remove origin
	exits 0 a release --generation 1
	exits 0 a status --json
	json_is .expected_actor ralph
}

# --- what is not asked is as old as it is said to be -------------------------------

@test "what was last heard from the remote is told with its age" {
	exits 0 a status
	has "origin has not been asked yet"
	exits 0 claim a galph
	exits 75 claim b ralph
	exits 0 b status
	matches '^published +origin has it, as of [0-9]+s ago$'
	exits 0 b status --json
	json_true '.remote_as_of | test("^20[0-9-]+T[0-9:]+Z$")'
	exits 0 git -C "$b" orch
	matches '^  remote  origin, as of [0-9]+s ago$'
	# Another boot: the clock that it was noted by is gone.
	sed -i 's/[^ ]*$/another-boot/' "$b/.git/orch/loops/main/network.lock"
	exits 0 b status
	matches '^published +origin has it, not asked since this machine started$'
	exits 0 git -C "$b" orch --json
	json_true '.turn | has("remote_as_of") and .remote_as_of == null'
	exits 0 b sync
	exits 0 b status
	matches '^published +origin has it, as of [0-9]+s ago$'
}

# --- a remote that is not there ------------------------------------------------

@test "not reachable at release: over here, a warning, and sync publishes" {
	exits 0 claim a galph
	commit mine mine
	unplug
	exits 0 a release --generation 1 --timeout 0
	err_has "warning" "unpublished" "git orch turn sync"
	exits 0 a status
	matches '^published +not yet at origin: .*git orch turn sync'
	exits 0 git -C "$a" orch
	has "origin does not know yet: "
	matches '^next: git orch turn sync$'
	exits 0 a status --json
	json_is '.remote.unpublished, .expected_actor' "true
ralph"
	exits 75 a sync
	plug
	published_is .status running
	exits 0 a sync
	published_is .status ok
	published_is .head "$(head_of)"
	is "$(tip main)" "$(head_of)"
	exits 0 a status --json
	json_is .remote.unpublished false
	before=$(tip)
	exits 0 a sync
	is "$(tip)" "$before"
}

@test "not reachable at release: the next transition publishes, whoever makes it" {
	exits 0 claim a galph
	commit mine mine
	unplug
	exits 0 a release --generation 1 --timeout 0
	plug
	exits 75 claim a galph
	published_is .expected_actor ralph
	exits 0 claim b ralph
	is "$out" 2
	is "$(git -C "$b" log -1 --format=%s)" mine
}

@test "not reachable, and somebody has pushed: merge, and sync publishes the merge" {
	exits 0 claim a galph
	commit mine mine
	unplug
	exits 0 a release --generation 1 --timeout 0
	plug
	commit_in "$b" theirs theirs
	git -C "$b" push -q origin main
	exits 75 a sync
	err_has "refs/orch/main/branch"
	exits 75 claim a ralph
	err_has "refs/orch/main/branch"
	git merge -q -m merged refs/orch/main/branch
	exits 0 a sync
	published_is .head "$(head_of)"
	is "$(tip main)" "$(head_of)"
	exits 0 claim b ralph
	is "$(git -C "$b" rev-parse HEAD)" "$(head_of)"
}

@test "not reachable before the first contact: pause and release are owed" {
	unplug
	exits 0 a pause "no network"
	err_has unpublished
	exits 0 a status --json
	json_is '.paused.reason, .remote.unpublished, .remote.name' "no network
true
origin"
	plug
	exits 0 a sync
	published_is .paused.reason "no network"
	exits 75 claim b galph
	err_has "paused: no network"
}

@test "not reachable at acquire: tries until the time is up" {
	unplug
	exits 75 claim a galph
	err_has "trying again" "the turn is not to be had"
	exits 75 a acquire --pid none --timeout 1 galph
	[ ! -e .git/orch/loops/main/turn.json ]
	background a acquire --pid none --timeout 30 galph >gen 2>err
	until_true grep -q "trying again" err
	plug
	wait "$pid"
	is "$(cat gen)" 1
	published_is .generation 1
}

# --- from outside ----------------------------------------------------------------

@test "pause and resume hold everywhere, also in a turn that is under way" {
	exits 0 claim a galph
	exits 0 b pause "look at it"
	exits 0 a release --generation 1
	published_is .paused.reason "look at it"
	exits 75 claim b ralph
	err_has "the loop is paused: look at it"
	err_lacks "nobody plays"
	exits 1 a pause
	exits 0 a resume
	published_is .paused null
	exits 0 claim b ralph
	is "$out" 2
}

@test "break takes a turn from another clone, whose release then says so" {
	exits 0 claim a galph
	commit mine mine
	exits 75 b break
	err_has "is alive"
	exits 0 b break --force --reason "took too long"
	published_is .generation 2
	published_is .status lost
	exits 1 a release --generation 1
	err_has "generation 1 is not current, 2 is"
	published_is .generation 2
	is "$(tip main)" "$(head_of HEAD~1)"
	exits 0 claim b galph
	is "$out" 3
}

@test "values travel" {
	exits 0 claim a galph
	exits 0 a release --generation 1 --set plan=abc --set "Note.x=two words"
	exits 0 claim b ralph
	exits 0 b status
	matches '^values +plan=abc$'
	matches '^ +Note.x=two words$'
	exits 0 b status --json
	json_is .values '{"plan":"abc","Note.x":"two words"}'
	exits 0 b release --generation 2 --set plan=
	published_is .values '{"Note.x":"two words"}'
	exits 0 claim a galph
	before=$(tip)
	exits 129 a release --generation 3 --set novalue
	exits 128 a release --generation 3 --set "no key=1"
	exits 128 a release --generation 3 --set "k=$(printf '%05000d' 0)"
	is "$(tip)" "$before"
	exits 0 a release --generation 3 --set "k=$(printf '%04096d' 0)"
	exits 0 claim b ralph
	is "$(state_of "$b" '.values.k | length')" 4096
}

# --- which remote ------------------------------------------------------------------

@test "--sync-via-git without a name: origin, or the only one" {
	git config --unset orch.remote
	exits 0 claim a galph --sync-via-git
	published_is .generation 1
	# claimed there, given back there
	exits 0 a release --generation 1
	published_is .expected_actor ralph
	git remote rename origin hub
	exits 0 claim a ralph --sync-via-git
	exits 0 a release --generation 2
	published_is .iteration 2
	git remote add other "$BATS_TEST_TMPDIR/other.git"
	exits 129 claim a galph --sync-via-git
	one_error "several remotes" "--sync-via-git=NAME"
	exits 128 claim a galph --sync-via-git=nosuch
	one_error "no remote 'nosuch'" "hub" "other"
	exits 0 claim a galph --sync-via-git=hub
	is "$out" 3
	git remote remove hub && git remote remove other
	exits 128 a pause --sync-via-git
	one_error "no remote is configured"
	exits 1 a sync
	one_error "orch.remote"
}

@test "with passes the remote on to what runs under it" {
	git config --unset orch.remote
	exits 0 a with --sync-via-git galph sh -c \
		'echo "$GIT_ORCH_REMOTE"; git commit -q --allow-empty -m x; git orch turn release --set k=v'
	is "$out" origin
	published_is .expected_actor ralph
	published_is .values.k v
	is "$(tip main)" "$(head_of)"
	git remote add up "$hub"
	exits 0 a with --sync-via-git=up ralph sh -c 'echo "$GIT_ORCH_REMOTE"'
	is "$out" up
	published_is .iteration 2
}

@test "with: a command that leaves the branch fails its turn, and nothing is pushed" {
	exits 1 a with galph git checkout -q -b other
	err_has "on branch other instead of main"
	is "$(git -C "$hub" for-each-ref --format='%(refname)' refs/heads)" refs/heads/main
	published_is '.status, .head, .expected_actor' "failed
null
galph"
	git checkout -q main
	exits 0 claim b galph
}

@test "with: a turn that is broken elsewhere ends the command; a refused branch is 75" {
	background a with --lease 3 galph sh -c 'echo >up; exec sleep 1000' 2>err
	until_true [ -e up ]
	exits 0 b break --force
	got=0; wait "$pid" || got=$?
	is $got 1
	err=$(cat err)
	err_has "the turn is lost"
	rm -f up err
	hub_hook update <<-'END'
	#!/bin/sh
	case $1 in refs/heads/*) exit 1 ;; esac
	END
	exits 75 a with galph git commit -q --allow-empty -m mine
	published_is .status failed
	git reset -q --hard origin/main
	exits 3 a with galph sh -c 'exit 3'
	published_is .reason "exit 3"
}

@test "a machine that joins is told to pull, and writes nothing that is in the way then" {
	put "$a/.orchconfig" "[orch] workflow = galph ralph"
	git -C "$a" add .orchconfig && git -C "$a" commit -qm "set up"
	exits 0 a with galph -- true
	git -C "$b" config --unset orch.remote
	cd "$b"
	exits 0 git orch init
	matches '^left out   \.orchconfig: origin has commits that are not here'
	matches '^next  *git pull '
	matches '^  *git config orch\.remote origin '
	[ ! -e .orchconfig ]
	git pull -q --ff-only origin main
	exits 0 git orch init
	matches '^next  *git config orch\.remote origin '
	git config orch.remote origin
	exits 0 b acquire --pid none ralph
	is "$(git status --porcelain)" ""
}
