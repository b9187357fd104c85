# common/git against git: configuration from every source, its grammar,
# references under contention, the stat cache, the work tree's state.

load helper

setup() { orch_setup; facts=$BUILD/tests/helper/repo-facts; }

# All that git sees equals all that we see, in git's order.
config_agrees() {
	git config --list -z >"$BATS_TEST_TMPDIR/want"
	"$facts" config "" >"$BATS_TEST_TMPDIR/got"
	cmp "$BATS_TEST_TMPDIR/want" "$BATS_TEST_TMPDIR/got" ||
		diff <(tr '\0' '\n' <"$BATS_TEST_TMPDIR/want") \
			<(tr '\0' '\n' <"$BATS_TEST_TMPDIR/got")
}

@test "configuration of every level, in git's order" {
	unset GIT_CONFIG_NOSYSTEM
	printf '[a]\n\tsystem = 1\n' >sys; export GIT_CONFIG_SYSTEM=$PWD/sys
	git config --global a.home 1
	mkdir -p "$XDG_CONFIG_HOME/git"; printf '[a "X.y"]\n\tXdg\n' >"$XDG_CONFIG_HOME/git/config"
	git config a.local 'some # value "quoted"'
	git config --add a.local second
	config_agrees
	GIT_CONFIG_GLOBAL=/dev/null config_agrees
	GIT_CONFIG_GLOBAL=$PWD/sys config_agrees
	GIT_CONFIG_NOSYSTEM=1 config_agrees
	GIT_CONFIG_COUNT=2 GIT_CONFIG_KEY_0=A.B GIT_CONFIG_VALUE_0=x \
		GIT_CONFIG_KEY_1=a.Sub.C GIT_CONFIG_VALUE_1= config_agrees
	GIT_CONFIG_PARAMETERS="'a.old=v w' 'A.New'='it'\\''s' 'a.bare'= 'a.alone'" config_agrees
	git -c core.x=1 -c "Core.Y.z=a'b!c" -c core.empty= -c core.flag \
		-c "alias.f=!'$facts' config core. >ours; git config -z --get-regexp ^core >theirs" f
	cmp ours theirs
	exits 0 "$facts" config-levels a.home
	grep "^global	a.home" <<<"$out"
	cd /; "$facts" global-config a.home | grep -q a.home
}

@test "includes, and their conditions" {
	git config include.path ../inc1
	printf '[inc]\n\tone = 1\n[include]\n\tpath = deeper/inc2\n\tpath = missing\n' >inc1
	mkdir deeper; printf '[inc]\n\ttwo = 2\n' >deeper/inc2
	for c in "gitdir:$repo/" "gitdir:~/" "gitdir:repo/.git" "gitdir:nowhere/" \
		"gitdir/i:REPO/" "onbranch:main" "onbranch:ma*" "onbranch:x/" \
		"gitdir:./" "gitdir:../" 'hasconfig:remote.*.url:https://*/**' 'unknown:x'; do
		n=$((${n:-0} + 1))
		printf '[if]\n\tnr%d = yes\n' $n >cond$n
		git config --add "includeIf.$c.path" ../cond$n
	done
	git remote add origin https://example.org/x/y
	config_agrees
	git switch -qc x/y
	config_agrees
	git config include.path ../.git/config
	exits 128 "$facts" config if
	grep -i "includ" <<<"$err"
}

@test "the grammar: what git reads, and what it refuses" {
	while IFS= read -r text; do
		printf "$text" >sample
		if git config -f sample --no-includes --list -z >want 2>/dev/null; then
			"$facts" parse <sample >got
			cmp want got || { echo "differs: $text" >&2; return 1; }
		else
			exits 128 "$facts" parse <sample
			grep -q '^stdin:[0-9]*: ' <<<"$err"
		fi
	done <<-'END'
	[a]\nb=c
	\357\273\277[a]\r\n  B = c d \r\n
	[A.B]\nc=1\n[a "B \\"q\\" \\\\x"]\nd\n
	[a]b=c ; comment\n#x\n;y\nd=e#f\n
	[a]\nb = "  kept # ; "  tail \n c = one\\\n  two\n
	[a]\nb = x\\ty\\nz\\bq\\\\r\\"s\n
	[a]\nb = x\\qy\n
	[a]\nb = "open\n
	[a\nb=c\n
	[a "b]\nc=1\n
	[a "b" ]\nc=1\n
	[a_b]\nc=1\n
	[a]\nb_c=1\n
	[a]\nb c\n
	[a]\n1b=c\n
	[a]\nb-2=c\nb-2\n
	[a]\nb =\n c = ""\n
	[]\nb=1\n
	[ "x"]\nb=1\n
	[a]\nb=a\\
	= x\n
	[a]\nb = a \t  b\n
	END
	printf '[a]\nb=\0c\n' | { exits 128 "$facts" parse; grep "NUL" <<<"$err"; }
}

@test "references move by compare-and-swap only" {
	a=$(git rev-parse HEAD); git commit -q --allow-empty -m two; b=$(git rev-parse HEAD)
	exits 0 "$facts" update-ref refs/orch/x "$a" 0
	exits 128 "$facts" update-ref refs/orch/x "$b" 0
	grep moved <<<"$err"
	exits 128 "$facts" update-ref refs/orch/x "$b" "$b"
	git pack-refs --all
	exits 0 "$facts" update-ref refs/orch/x "$b" "$a"
	exits 128 "$facts" update-ref refs/orch/none "$b" "$a"
	exits 128 "$facts" update-ref refs/orch/x/y "$b" 0
	exits 128 "$facts" update-ref 'refs/orch/..' "$b" 0
	exits 0 "$facts" refs refs/orch/
	[ "$out" = "$b refs/orch/x" ]
	exits 128 "$facts" update-ref refs/orch/x 0 "$a"
	: >.git/refs/orch/x.lock
	exits 128 "$facts" update-ref refs/orch/x 0 "$b"
	grep "lock" <<<"$err"
	rm .git/refs/orch/x.lock
	exits 0 "$facts" update-ref refs/orch/x 0 "$b"
	exits 0 "$facts" update-ref refs/orch/x 0 0
	exits 1 git rev-parse -q --verify refs/orch/x
}

@test "the stat cache: a hit is no read, a change always shows" {
	for f in a b; do echo $f >$f; done
	touch -d '1 hour ago' a b
	# Settled means: the change time lies behind the clock by two steps.
	until "$facts" statcache cache a b | grep -q .; do :; done
	for i in 1 2 3 4 5 6 7 8 9 10; do
		"$facts" statcache cache a b >last
		grep -q read last || break
	done
	! grep read last
	# LeakSanitizer does not work under strace.
	ASAN_OPTIONS=detect_leaks=0 strace -qq -e trace=openat,open -o trace "$facts" statcache cache a b >last
	! grep -E 'repo/[ab]"' trace
	grep -x "hit $(git hash-object b) b" last
	touch -r a stamp; echo c >a; touch -r stamp a
	"$facts" statcache cache a | grep -x "read $(git hash-object a) a"
	git cat-file -e "$(git hash-object a)"
	echo broken >cache
	exits 0 "$facts" statcache cache a
	ln -s "$HOME" out; mkdir d
	for p in ../x /etc/passwd out/.bashrc d .git/config out missing; do
		exits 128 "$facts" statcache cache "$p"
	done
	ln -s b link
	exits 0 "$facts" statcache cache link
	grep "$(git hash-object b)" <<<"$out"
}

@test "the work tree against HEAD, and a name for its state" {
	echo 1 >kept; echo 2 >gone; seq 20 >old; git add .; git commit -q -m files
	s=$("$facts" signature)
	[ "$s" = "$("$facts" signature)" ]
	rm gone; git mv old new; echo x >>kept; echo u >'un tracked
name'; echo '*.o' >.gitignore; touch x.o
	exits 0 "$facts" status
	[ "$out" = "? .gitignore
D gone
M kept
R old -> new
? un tracked
name" ]
	t=$("$facts" signature); [ "$s" != "$t" ]
	echo y >>'un tracked
name'
	[ "$t" != "$("$facts" signature)" ]
}
