#!/usr/bin/env bats
# Escape attempts: links, hostile names, races, faults. Nothing outside is
# touched, and nothing is lost.
load helper
load artifact

@test "a root that is a symlink, a stamped symlink, a repository inside: left alone" {
	mkdir -p ../outside/A/reports/2026-01-01
	echo precious >../outside/A/reports/2026-01-01/x
	mkdir plans
	ln -s ../../outside plans/active
	exits 0 git orch artifact cleanup --older-than 0 --yes
	err_has "plans/active is a symlink"
	rm plans/active
	mkdir -p plans/active/A/reports
	ln -s ../../../../../outside/A/reports/2026-01-01 plans/active/A/reports/2026-01-01
	exits 0 git orch artifact cleanup --older-than 0 --yes
	has 'moved 0 artifacts'
	art B 2026-01-02
	git init -q "$(dir B 2026-01-02)/deep/repo"
	exits 128 git orch artifact cleanup --older-than 0 --yes
	err_has 'holds a repository: left alone'
	[ -d "$(dir B 2026-01-02)/deep/repo/.git" ]
	# Nor what lies in one: what that tracks we do not know.
	rm -rf "$(dir B 2026-01-02)"
	git init -q plans/active/S
	art S 2026-01-02
	exits 128 git orch artifact cleanup --older-than 0 --yes
	err_has "$(dir S 2026-01-02) lies in another repository: left alone"
	git -C plans/active/S add .
	git -C plans/active/S commit -q -m s
	git -c protocol.file.allow=always submodule --quiet add ./plans/active/S plans/active/S
	exits 128 git orch artifact cleanup --older-than 0 --yes --tracked
	[ -f "$(dir S 2026-01-02)/summary.md" ]
	git rm -q -f --cached plans/active/S .gitmodules
	rm -rf plans/active/S .gitmodules .git/modules
	# Links inside an artifact go with it, and what they lead to stays.
	art C 2026-01-03
	ln -s ../../../../../../outside "$(dir C 2026-01-03)/out"
	exits 0 git orch artifact cleanup --older-than 0 --yes
	exits 0 git orch artifact trash empty --older-than 0
	is "$(cat ../outside/A/reports/2026-01-01/x)" precious
	# The trash itself may not be one.
	rm -rf .git/orch/trash
	art D 2026-01-04
	ln -s ../../../outside .git/orch/trash
	exits 128 git orch artifact cleanup --older-than 0 --yes
	[ -f "$(dir D 2026-01-04)/summary.md" ]
	is "$(ls ../outside)" A
}

@test "names with newlines, escapes and bad UTF-8: found, shown safely, moved and back" {
	local i=$'evil\n\e[31mred\377' d
	d="plans/active/$i/reports/2026-01-01"
	put "$d/"$'a\n\e]0;x\a.md' text
	exits 0 git orch artifact list
	! grep -q $'\e' "$outfile"
	is "$(wc -l <"$outfile")" 2
	exits 0 git orch artifact list -z
	is "$(tr '\0' '@' <"$outfile" | base64)" "$(printf '%s@' "$d" | base64)"
	exits 0 git orch artifact find .md
	is "$out" '"plans/active/evil\n\033[31mred\377/reports/2026-01-01/a\n\033]0;x\a.md"'
	exits 0 git orch artifact find --regex '2026-01-01/a$'
	exits 0 git orch artifact show 2026-01-01
	! grep -q $'\e' "$outfile"
	exits 0 git orch artifact list --json
	is "$(jq -r '.artifacts[0].path_base64' "$outfile" | base64 -d | base64)" "$(printf %s "$d" | base64)"
	exits 0 git orch artifact export --yaml
	! grep -q $'\e' "$outfile"
	exits 0 git orch artifact cleanup --older-than 30days --yes
	! grep -q $'\e' "$outfile" "$errfile"
	exits 0 git orch artifact trash
	! grep -q $'\e' "$outfile"
	exits 0 git orch artifact restore 2026-01-01
	is "$(cat "$d/"$'a\n\e]0;x\a.md')" text
}

# cleanup_paused SYSCALL: a cleanup that stands still before its first SYSCALL
# until the test has done something; wait_for says how it went.
cleanup_paused() {
	git orch artifact rebuild >/dev/null
	background strace -f -o trace -e trace="$1" -e inject="$1:delay_enter=2000000:when=1" \
		git orch artifact cleanup --older-than 0 --yes >paused.out 2>paused.err
	until_true eval 'ls .git/orch/trash/*/manifest.json'
}

@test "swapped for a symlink while it is being moved: put back, nothing outside touched" {
	sanitized && skip "strace and sanitizers do not mix"
	mkdir -p ../outside/reports/2026-01-01
	echo precious >../outside/reports/2026-01-01/summary.md
	art A 2026-01-01
	cleanup_paused renameat2
	mv "$(dir A 2026-01-01)" kept
	ln -s ../../../../../outside/reports/2026-01-01 "$(dir A 2026-01-01)"
	wait "$pid" && return 1
	grep -q 'changed while it was moved: left alone' paused.err
	[ -L "$(dir A 2026-01-01)" ]
	[ -f kept/summary.md ]
	[ -z "$(ls .git/orch/trash)" ]
	# The directory above it, in whose place the link leads to one of the same name.
	rm "$(dir A 2026-01-01)"
	mv kept "$(dir A 2026-01-01)"
	cleanup_paused renameat2
	mv plans/active/A/reports kept
	ln -s ../../../../outside/reports plans/active/A/reports
	wait "$pid" || :
	is "$(cat ../outside/reports/2026-01-01/summary.md)" precious
	# It was the directory that had been looked at: it is in the trash.
	is "$(cat .git/orch/trash/*/tree/summary.md)" "text of 2026-01-01"
}

@test "raced by a process that swaps directories for links: nothing outside, nothing lost" {
	raced 25
}

@test "the same to another file system" {
	elsewhere || skip "no other file system"
	git init -q --separate-git-dir "$other/git" ../far
	cd ../far
	raced 15
}

# raced TIMES: cleanups while a directory above what they move changes places with
# a link to a directory that looks the same.
raced() {
	local i n trash=$(git rev-parse --git-dir)/orch/trash
	mkdir -p ../outside
	for i in 10 11 12 13 14 15 16 17 18 19; do
		art A "2026-01-$i"
		mkdir "../outside/2026-01-$i"
		echo precious >"../outside/2026-01-$i/summary.md"
	done
	(
		cd plans/active/A
		while [ ! -e ../../../stop ]; do
			mv reports real 2>/dev/null && ln -s ../../../../outside reports
			rm -f reports
			mv real reports 2>/dev/null
		done
	) 3>&- 2>/dev/null &
	pids+=($!)
	for ((n = 0; n < $1; n++)); do
		git orch artifact cleanup --older-than 0 --yes >/dev/null 2>&1 || :
	done
	touch stop
	wait $! || :
	[ -d plans/active/A/real ] && mv plans/active/A/real/* plans/active/A/reports
	is "$(cat ../outside/*/summary.md | sort | uniq -c | tr -s ' ')" " 10 precious"
	is "$(cat plans/active/A/reports/*/summary.md "$trash"/*/tree/summary.md 2>/dev/null |
		sort -u | wc -l)" 10
}

@test "killed at any step, or no room, or read-only: in one of the two places" {
	sanitized && skip "strace and sanitizers do not mix"
	local n call fault
	art A 2026-01-01
	git orch artifact rebuild >/dev/null
	state "$(dir A 2026-01-01)" >before
	for fault in mkdir:signal=KILL:when=1 mkdirat:signal=KILL:when=1 fsync:signal=KILL:when=1 \
		rename:signal=KILL:when=1 renameat2:signal=KILL:when=1 renameat2:error=EROFS \
		mkdirat:error=ENOSPC mkdir:error=EROFS fsync:error=EIO openat:error=ENOSPC:when=40+ \
		write:error=ENOSPC:when=1 renameat2:error=EACCES close:signal=KILL:when=30; do
		strace -qq -o trace -e inject="$fault" git-orch-artifact cleanup --older-than 0 \
			--yes >"$BATS_TEST_TMPDIR/.out" 2>"$BATS_TEST_TMPDIR/.err" && code=0 || code=$?
		[ "$code" != 0 ] || [ ! -e "$(dir A 2026-01-01)" ] || fail_with "$fault: $code"
		# Whatever happened: the next command finds it, and brings it back.
		if [ ! -e "$(dir A 2026-01-01)" ]; then
			exits 0 git orch artifact restore 2026-01-01 || fail_with "$fault"
		fi
		state "$(dir A 2026-01-01)" | diff before - || fail_with "$fault"
		exits 0 git orch artifact trash
		is "$out" ""
		exits 0 git orch artifact trash empty --older-than 1h
		[ -z "$(ls .git/orch/trash)" ] || fail_with "$fault: $(ls -R .git/orch/trash)"
	done
}

@test "a disk that is full, and one that is read-only" {
	unshare -rm mount -t tmpfs x "$BATS_TEST_TMPDIR/outside" 2>/dev/null ||
		skip "no mounting here"
	exits 0 unshare -rm bash -eu -s <<-'END'
	cd ..
	mount -t tmpfs -o size=1m x outside
	git init -q --separate-git-dir "$PWD/outside/git" far
	cd far
	mkdir -p plans/active/A/reports/2026-01-01
	head -c 2000000 /dev/urandom >plans/active/A/reports/2026-01-01/large
	echo text >plans/active/A/reports/2026-01-01/small
	git orch artifact list >../list 2>&1
	sha1sum plans/active/A/reports/2026-01-01/* >../sums
	! git orch artifact cleanup --older-than 0 --yes >../out 2>../err
	grep -q 'No space left on device' ../err
	sha1sum -c --quiet ../sums
	[ -z "$(ls ../outside/git/orch/trash)" ]
	# The index cannot be kept either, and is not needed.
	head -c 2000000 /dev/zero >../outside/fill || :
	touch plans/active/A/reports/2026-01-01/more
	git orch artifact find more >../out 2>../err
	[ "$(cat ../out)" = plans/active/A/reports/2026-01-01/more ]
	mount -o remount,ro ../outside
	mkdir plans/active/A/reports/2026-01-02
	touch plans/active/A/reports/2026-01-02/newer
	git orch artifact find newer >../out 2>../err
	[ "$(cat ../out)" = plans/active/A/reports/2026-01-02/newer ]
	grep -q 'the artifact index cannot be stored' ../err
	! git orch artifact cleanup --older-than 0 --yes >../out 2>../err
	grep -q 'Read-only file system' ../err
	sha1sum -c --quiet ../sums
	git orch artifact trash >../out 2>../err
	"$BUILD/libexec/git-orch/hooks/post-commit"
	END
}
