# For the tests of the pre-push hook: a remote, and a clone that git calls it in.
#
#	load helper
#	load push
#	setup() { push_setup; }
#
# $hook is the program, $zero the name of no object.

push_setup() {
	orch_setup
	if [ ! -d "$BATS_FILE_TMPDIR/made" ]; then
		make_push
	else
		cd ..; rm -rf "$repo"
		cp -a "$BATS_FILE_TMPDIR"/made/* .
		cd "$repo"
	fi
	hook=$BUILD/libexec/git-orch/hooks/pre-push
	zero=0000000000000000000000000000000000000000
}
# A remote that has one commit with a gate, and a clone that git calls us in.
make_push() {
	git init -q --bare -b main ../hub.git
	put .orchconfig <<-'END'
	[orchcheck "no-secret"]
		kind = forbidden-path
		when = secret
		level = error
	END
	commit "gate"
	git remote add origin ../hub.git
	git push -q -u origin main 2>/dev/null
	printf '#!/bin/sh\nexec "%s" "$@"\n' "$BUILD/libexec/git-orch/hooks/pre-push" >.git/hooks/pre-push
	chmod +x .git/hooks/pre-push
	mkdir "$BATS_FILE_TMPDIR/made"
	cp -a ../hub.git "$repo" "$BATS_FILE_TMPDIR/made"
}
# push CODE ARGS: stdout is git's alone.
push() {
	local want=$1

	shift
	exits "$want" git push --porcelain origin "$@"
	lacks "git-orch"
}
refused() { push 1 "$@"; err_has "git-orch: pre-push: error no-secret: secret: this path is forbidden (commit "; [[ $(grep '^git-orch' <<<"$err" | tail -n 1) == "git-orch: pre-push: refused by no-secret: 1 error; an exception is a commit trailer"* ]]; }
passed() { push 0 "$@"; err_lacks "git-orch"; }
# hook CODE [ARGS] with its input
hook() { local want=$1; shift; exits "$want" "$hook" "${@:-origin}"; is "$out" ""; }
