#!/usr/bin/env bats
# Cleanup, restore and the trash: what goes, what stays, and that nothing is lost.
load helper
load artifact

moved() { jq -r '.moved[].path' "$outfile"; }
would() {
	exits 0 git orch artifact cleanup --older-than 30days --dry-run --json "$@"
	jq -r '.artifacts[].stamp' "$outfile" | tr '\n' ' '
}
id_of() { jq -r '.moved[0].id' "$outfile"; }

@test "old ones go, young ones and those without a stamp stay" {
	art A 2026-01-22T024002Z
	art A "$(date -u +%Y-%m-%dT%H%M%SZ)"
	put plans/active/A/reports/phase/loose.md x
	touch -d '3 years ago' plans/active/A/reports/phase/loose.md
	exits 0 git orch artifact cleanup --older-than 30days --yes
	matches '^1 file  *27  plans/active/A/reports/2026-01-22T024002Z$'
	matches '^moved 1 artifact, 27 bytes, to the trash$'
	[ ! -e "$(dir A 2026-01-22T024002Z)" ]
	exits 0 git orch artifact list --json
	json_is '.artifacts | length' 2
	[ -z "$(git status --porcelain | grep -v '^?? plans/$')" ]
	exits 0 git orch artifact cleanup --older-than 30days --yes
	is "$out" "moved 0 artifacts, 0 bytes, to the trash"
}

@test "--keep-latest, --initiative, --larger-than choose" {
	art A 2026-01-01; art A 2026-01-03; art A 2026-01-02
	art B 2026-01-01; art B 2026-01-04
	put reports/A/2026-01-05/x.log x
	is "$(would)" "2026-01-01 2026-01-02 2026-01-03 2026-01-01 2026-01-04 2026-01-05 "
	is "$(would --keep-latest 1)" "2026-01-01 2026-01-02 2026-01-03 2026-01-01 "
	is "$(would --keep-latest 2)" "2026-01-01 2026-01-02 "
	is "$(would --initiative B)" "2026-01-01 2026-01-04 "
	head -c 3000 /dev/zero >"$(dir A 2026-01-02)/big"
	is "$(would --larger-than 2k)" "2026-01-02 "
	[ ! -e .git/orch/trash ]
	exits 129 git orch artifact cleanup --yes
	exits 129 git orch artifact cleanup --older-than 1d --larger-than much --yes
	exits 129 git orch artifact cleanup --older-than 1d --dry-run --yes
}

@test "without a terminal it refuses, on one it asks" {
	art A 2026-01-01
	exits 128 git orch artifact cleanup --older-than 30days </dev/null
	err_has 'nobody can be asked here: add --yes'
	has plans/active/A/reports/2026-01-01
	[ -e "$(dir A 2026-01-01)" ]
	answer() {
		exits "$2" script -qec 'git orch artifact cleanup --older-than 30days' /dev/null <<<"$1"
	}
	answer n 1
	has 'Move 1 artifact, 19 bytes, to the trash? [y/N]' 'nothing was moved'
	[ -e "$(dir A 2026-01-01)" ]
	answer y 0
	[ ! -e "$(dir A 2026-01-01)" ]
}

@test "tracked ones only with --tracked: committed, or only added" {
	art A 2026-01-01; art A 2026-01-02; art A 2026-01-03
	echo '*.log' >.gitignore
	art A 2026-01-04 only.log
	git add .gitignore "$(dir A 2026-01-01)"
	git commit -q -m one
	git add "$(dir A 2026-01-02)"
	is "$(would)" "2026-01-03 2026-01-04 "
	exits 0 git orch artifact cleanup --older-than 30days --dry-run
	err_has '2 tracked (--tracked)'
	is "$(would --tracked)" "2026-01-01 2026-01-02 2026-01-03 2026-01-04 "
	exits 0 git orch artifact cleanup --older-than 30days --tracked --yes
	[ ! -e "$(dir A 2026-01-01)" ]
	git status --porcelain | grep -q '^ D plans/active/A/reports/2026-01-01/summary.md'
}

@test "what the focus, an open item, input.md or nobody's text names stays" {
	loop_init
	cat >>docs/fix_plan.md <<-'END'
	- Artifacts: plans/active/A/reports/2026-01-02T000000Z/summary.md

	## [ITEM-003] Third item
	- Status: done
	- Attempts History:
	  * [2026-01-05] Attempt #1 — see `reports/2026-01-03T000000Z/`, 2026-01-05T000000Z

	## [ITEM-004] Fourth item
	- Status: in_progress
	  * [2026-01-06] Attempt #1 — [log](plans/active/A/reports/2026-01-04/x.log) 2026-01-07
	END
	echo 'Artifacts: plans/active/ITEM-001/reports/2026-01-08T000000Z/' >>input.md
	put plans/active/ITEM-004/implementation.md 'see 2026-01-09T000000Z.'
	put plans/active/ITEM-003/implementation.md 'see 2026-01-10T000000Z.'
	for s in 2026-01-02T000000Z 2026-01-03T000000Z 2026-01-04 2026-01-05T000000Z 2026-01-07 \
		2026-01-08T000000Z 2026-01-09T000000Z 2026-01-10T000000Z; do
		art A $s
	done
	is "$(would)" "2026-01-03T000000Z 2026-01-05T000000Z 2026-01-07 2026-01-10T000000Z "
	is "$(jq -c .kept "$BATS_TEST_TMPDIR/.out")" '{"latest":0,"named":4,"tracked":0}'
	# The focus counts though it is done.
	sed -i 's/^Focus:.*/Focus: ITEM-003 — Third item/' input.md
	is "$(would)" "2026-01-07 "
	# By the name of the directory, where the stamp alone is a date; and as a
	# part of a path that has no more than that.
	echo 'Focus: ITEM-003 x; profiles are in 2026-02-01_run7—_2026-02-05_b_, 2026-02-02/profile.md, on 2026-02-03' >input.md
	art A 2026-02-01_run7; art A 2026-02-05_b; art A 2026-02-01_run8; art A 2026-02-02; art A 2026-02-03
	is "$(would --initiative A | tr ' ' '\n' | grep 2026-02 | tr '\n' ' ')" "2026-02-01 2026-02-03 "
	is "$(jq -r '.artifacts[].path' "$BATS_TEST_TMPDIR/.out" | grep run)" "$(dir A 2026-02-01_run8)"
	# A plan that is there and cannot be read may name anything.
	rm docs/fix_plan.md
	mkfifo docs/fix_plan.md
	exits 128 git orch artifact cleanup --older-than 30days --yes
	[ -e "$(dir A 2026-01-07)" ]
	rm docs/fix_plan.md
	exits 0 git orch artifact cleanup --older-than 30days --dry-run
	err_has 'there is no plan'
}

@test "restore: exactly as it was, by id, run, stamp or path; never over anything" {
	art A 2026-01-01 sub/a.txt
	art A 2026-01-02
	local d=$(dir A 2026-01-01)
	ln -s nowhere "$d/link"
	printf x >"$d/"$'new\nline\377'
	chmod 0640 "$d/sub/a.txt"
	chmod 0710 "$d"
	find "$d" -exec touch -h -d '2025-05-05T05:05:05.123456789Z' {} +
	state "$d" >before
	exits 0 git orch artifact cleanup --older-than 30days --yes --json
	json_is '.moved | length' 2
	run=$(id_of); run=${run%.*}
	exits 0 git orch artifact trash
	matches "^$run\.1  3 files  .*  plans/active/A/reports/2026-01-01$"
	exits 0 git orch artifact restore "$run.1"
	state "$d" | diff before -
	exits 0 git orch artifact cleanup --older-than 30days --yes --initiative A
	art A 2026-01-01 other
	exits 128 git orch artifact restore 2026-01-01
	one_error 'is there already'
	is "$(cat "$d/other")" "text of 2026-01-01"
	rm -r plans
	exits 0 git orch artifact restore "./$d"
	state "$d" | diff before -
	exits 0 git orch artifact restore 2026-01-02 --json
	json_is '.restored[0].path' "$(dir A 2026-01-02)"
	[ -z "$(ls .git/orch/trash)" ]
	exits 1 git orch artifact restore 2026-01-02
	one_error 'nothing in the trash'
	exits 129 git orch artifact restore
}

@test "of two with one path the younger is restored; each work tree has its own" {
	art A 2026-01-01 first.md
	exits 0 git orch artifact cleanup --older-than 30days --yes
	art A 2026-01-01 second.md
	exits 0 git orch artifact cleanup --older-than 30days --yes
	exits 0 git orch artifact restore 2026-01-01
	err_has '1 older of the same path stays'
	is "$(ls "$(dir A 2026-01-01)")" second.md
	git worktree add -q ../linked
	cd ../linked
	exits 0 git orch artifact trash
	matches "  $repo/plans/active/A/reports/2026-01-01\$"
	exits 0 git orch artifact trash --json
	json_is '.items[].work_tree' "$repo"
	exits 1 git orch artifact restore 2026-01-01
	one_error "came from another work tree: restore it there, $repo"
	art L 2026-01-02
	exits 0 git orch artifact cleanup --older-than 30days --yes
	# One that is no more cannot have it back.
	cd "$repo"
	git worktree remove --force ../linked
	exits 0 git orch artifact restore 2026-01-02
	[ -e "$(dir L 2026-01-02)/summary.md" ]
}

@test "a whole cleanup is restored by its run" {
	for i in 1 2 3 4 5 6 7 8 9 10 11; do art A "2026-01-$((i + 10))"; done
	find plans -type f | sort >before
	exits 0 git orch artifact cleanup --older-than 30days --yes
	run=$(sed -n 's/.*git orch artifact restore //p' "$errfile")
	exits 0 git orch artifact restore "$run"
	find plans -type f | sort | diff before -
}

@test "trash empty: by age, for ever, and init --remove leaves the trash alone" {
	art A 2026-01-01
	exits 0 git orch artifact cleanup --older-than 30days --yes
	exits 129 git orch artifact trash empty
	exits 0 git orch artifact trash empty --older-than 1h --json
	json_is '.removed' '[]'
	exits 0 git orch artifact trash empty --older-than 0 --dry-run
	has 'would remove 1 artifact'
	exits 0 git orch init --remove
	[ -n "$(ls .git/orch/trash)" ]
	exits 0 git orch artifact trash empty --older-than 0
	has 'removed 1 artifact, 19 bytes'
	[ -z "$(ls .git/orch/trash)" ]
	exits 0 git orch artifact trash
	err_has 'the trash is empty'
	# What has no manifest is not ours to remove.
	put .git/orch/trash/x/tree/file mine
	put .git/orch/trash/mine/file mine
	exits 0 git orch artifact trash empty --older-than 0
	err_has '2 items without a manifest'
	is "$(cat .git/orch/trash/*/file .git/orch/trash/x/tree/file | wc -l)" 2
	# Looking writes nothing.
	rm -r .git/orch
	exits 0 git orch artifact trash
	[ ! -e .git/orch ]
}

@test "another file system: a copy, and the same back" {
	elsewhere || skip "no other file system"
	git init -q --separate-git-dir "$other/git" ../far
	cd ../far
	art A 2026-01-01 sub/a.txt
	art A 2026-01-02
	local d=$(dir A 2026-01-01)
	ln -s ../outside "$d/link"
	chmod 0444 "$d/sub/a.txt"
	find "$d" -exec touch -h -d '2025-05-05T05:05:05.123456789Z' {} +
	state "$d" >before
	mkfifo "$(dir A 2026-01-02)/pipe"
	exits 128 git orch artifact cleanup --older-than 30days --yes --json
	is "$(moved)" "$d"
	json_is '.failed[0].path' "$(dir A 2026-01-02)"
	[ -p "$(dir A 2026-01-02)/pipe" ] && [ -f "$(dir A 2026-01-02)/summary.md" ]
	[ ! -e "$d" ]
	state "$other"/git/orch/trash/*.1/tree | diff before -
	# As if it had been killed while the original was being removed.
	mkdir -p "$d/sub"
	cp -p "$other"/git/orch/trash/*.1/tree/sub/a.txt "$d/sub"
	exits 0 git orch artifact restore 2026-01-01
	state "$d" | diff before -
	[ -z "$(ls "$other/git/orch/trash")" ]
}
