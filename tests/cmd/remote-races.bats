# The turn between machines at the moments that are short: who is stopped or
# killed there must not make two of one turn.

load helper
load remote

setup() {
	remote_setup
	git config orchactor.galph.command 'cat >/dev/null'
	loop_init
	git push -q origin main
	git -C "$b" pull -q
	for r in "$a" "$b"; do git -C "$r" config orch.retryDelay 0; done
}
teardown() { remote_teardown; }

@test "a runner killed behind the push of its release: its neighbours ask before they claim" {
	hub_hook post-receive <<-'END'
	#!/bin/sh
	while read old new ref; do
		case $ref in refs/orch/*/turn) ;; *) continue ;; esac
		git cat-file -e "$old" 2>/dev/null || continue
		pid=$(git cat-file -p "$old:turn.json" | jq '.holder.pid // empty')
		[ -z "$pid" ] || git cat-file -p "$new:turn.json" | jq -e .holder >/dev/null ||
			kill -KILL "$pid"
	done
	END
	exits 137 git-orch-run --actor galph -n 1
	rm "$hub/hooks/post-receive"
	published_is '.generation, .expected_actor' "1
ralph"
	exits 0 claim b ralph
	is "$out" 2
	exits 75 claim a galph
	err_has "ralph holds it"
}

@test "a neighbour that is stopped over the network does not keep a release for ever" {
	exits 0 claim a galph
	mkfifo ready
	background bash -c 'exec 9>>.git/orch/loops/main/network.lock; flock 9
		echo >ready; exec sleep 60'
	read -r <ready
	exits 0 a release --generation 1 --timeout 1
	err_has "unpublished: another process of this clone"
	published_is .holder.actor galph
	is "$(state_of "$a" '[.holder, .expected_actor, .sync.owed]')" '[null,"ralph",true]'
	kill "$pid"
	wait "$pid" || :
	exits 0 a sync
	published_is .expected_actor ralph
}

@test "a pause that could not be told is not forgotten because the others have moved on" {
	exits 0 claim a galph
	exits 75 claim b ralph
	unplug
	exits 0 b pause "look at this"
	err_has unpublished
	plug
	exits 0 a release --generation 1
	exits 0 b sync
	published_is '.paused.reason, .expected_actor' "look at this
ralph"
	exits 75 claim a ralph
	exits 0 a resume
	exits 75 claim b galph
	published_is .paused null
}
