# What a program loads before it does anything: no TLS, SSH or Kerberos
# library, no CA bundle, neither while it starts nor when it opens a repository.

load helper

setup() {
	orch_setup
	[ "$(cat "$BUILD/link-mode")" != "shared libgit2" ] ||
		skip "libgit2 could only be linked as a shared library here"
	shopt -s nullglob
	programs=("$BUILD"/bin/* "$BUILD"/libexec/git-orch/hooks/* \
		"$BUILD/tests/helper/repo-facts")
}

@test "no network library is linked" {
	for p in "${programs[@]}"; do
		libs=$(ldd "$p")
		if grep -E 'lib(git2|mbed|ssl|ssh|crypto|gssapi|krb5|curl|http)' <<<"$libs"; then
			echo "$p loads what it never uses" >&2
			return 1
		fi
	done
}

@test "opening a repository reads no certificates and starts no program" {
	ASAN_OPTIONS=detect_leaks=0 strace -f -qq -e trace=openat,open,execve -o trace \
		"$BUILD/tests/helper/repo-facts" facts >/dev/null
	grep -q '"[^"]*/repo/.git/HEAD"' trace
	! grep -E 'certs|\.pem|\.crt|ssl|krb5' trace
	[ "$(grep -c execve trace)" = 1 ]
}

@test "a command that opens a repository reads no certificates" {
	[ -x "$BUILD/bin/git-orch-turn" ] || skip "git-orch-turn is not built yet"
	ASAN_OPTIONS=detect_leaks=0 strace -f -qq -e trace=openat,open -o trace git-orch-turn status >/dev/null 2>&1 || :
	grep -q '/repo/.git' trace
	! grep -E 'certs|\.pem|\.crt|ssl|krb5' trace
}
