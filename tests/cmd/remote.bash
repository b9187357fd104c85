# For the tests of the turn between machines: `load helper; load remote`.
#
# $a and $b are two clones of the bare repository $hub, which both share the
# turn through it. `a ARGS`, `b ARGS` run git-orch-turn there.

remote_setup() {
	local made=$BATS_FILE_TMPDIR/made

	orch_setup
	hub=$BATS_TEST_TMPDIR/hub.git a=$repo b=$BATS_TEST_TMPDIR/b
	ref=refs/orch/main/turn
	unset pids
	if [ ! -d "$made" ]; then
		git init -q --bare -b main --template= "$hub"
		mkdir "$hub/hooks"
		git remote add origin ../hub.git
		git push -q -u origin main 2>&1
		git clone -q --template= "$hub" "$b"
		mkdir -p "$b/.git/info" "$b/.git/hooks"
		git -C "$b" remote set-url origin ../hub.git
		git config orch.remote origin
		git -C "$b" config orch.remote origin
		mkdir "$made"
		cp -a "$hub" "$a" "$b" "$made"
		return
	fi
	cd ..
	rm -rf "$a"
	cp -a "$made"/* .
	cd "$a"
}
remote_teardown() {
	end_all
}
a() { (cd "$a" && git-orch-turn "$@"); }
b() { (cd "$b" && git-orch-turn "$@"); }
# claim CLONE ACTOR [OPTION...]: by lease alone, without waiting for others.
claim() {
	local who=$1

	shift
	"$who" acquire --pid none --timeout 0 "$@"
}
# What the remote has of the turn.
tip() { git -C "$hub" rev-parse "${1:-$ref}"; }
published() { git -C "$hub" cat-file -p "$ref:turn.json" | jq -rc "$1"; }
published_is() { is "$(published "$1")" "$2"; }
state_of() { jq -rc "$2" "$1/.git/orch/loops/main/turn.json"; }
# commit_in CLONE SUBJECT [FILE [TEXT]]
commit_in() { (cd "$1" && shift && commit "$@"); }
# publish FILE: put it there as turn.json, as a stranger with rights might.
publish() {
	local blob tree

	blob=$(git -C "$hub" hash-object -w --stdin <"$1")
	tree=$(printf '100644 blob %s\tturn.json\n' "$blob" | git -C "$hub" mktree)
	git -C "$hub" update-ref $ref "$(git -C "$hub" commit-tree -m x -p "$(tip)" "$tree")"
}
# publish_changed FILTER: the same, made from what is there.
publish_changed() {
	git -C "$hub" cat-file -p "$ref:turn.json" | jq -c "$1" >"$BATS_TEST_TMPDIR/state"
	publish "$BATS_TEST_TMPDIR/state"
}
# The remote goes away, and comes back.
unplug() { mv "$hub" "$hub.away"; }
plug() { mv "$hub.away" "$hub"; }
# hub_hook NAME: a hook of the remote, from stdin.
hub_hook() { put "$hub/hooks/$1" && chmod +x "$hub/hooks/$1"; }
