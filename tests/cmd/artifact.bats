#!/usr/bin/env bats
# The artifact index: what is found where, and that it is never out of date.
load helper

bundle=$BATS_TEST_DIRNAME/../../../shared/data/loop-history.bundle
index=.git/orch/artifacts.jsonl

# art INITIATIVE STAMP FILE...: an artifact of the first layout.
art() {
	local dir=plans/active/$1/reports/$2 f

	for f in "${@:3}"; do
		put "$dir/$f" "text of $f"
	done
}
# Times of long ago would not do: an index believes only directories that are
# older than itself. This waits until those here are.
settle() {
	until_true eval 'sleep 0.03; git orch artifact rebuild --json | jq -e ".read == 0"'
}
rebuilt() { exits 0 git orch artifact rebuild --json && json_is "$1" "$2"; }
listed() { git orch artifact list -z | tr '\0' '\n'; }

@test "both layouts, with and without phase and stamp" {
	art A-1 2026-01-22T024002Z summary.md logs/run.log
	put reports/B-2/phase_a/20251015T190350Z/runtime_profile.md x
	put reports/B-2/phase_a/notes.md x
	put reports/B-2/2026-01-22/table.csv x
	put reports/B-2/loose.txt x
	put plans/active/A-1/reports/phase_d/2025-10-17T184624Z/governance_decision.md x
	put plans/active/A-1/implementation.md "no artifact"
	put reports/README.md "no artifact"
	exits 0 git orch artifact list --json
	json_is '[.artifacts[] | [.path, .initiative, .phase, .stamp, .type, (.files | length)] | tojson] | .[]' \
'["plans/active/A-1/reports/2026-01-22T024002Z","A-1",null,"2026-01-22T024002Z","logs",2]
["plans/active/A-1/reports/phase_d/2025-10-17T184624Z","A-1","phase_d","2025-10-17T184624Z","governance_decision",1]
["reports/B-2","B-2",null,null,"notes",1]
["reports/B-2/2026-01-22","B-2",null,"2026-01-22","data",1]
["reports/B-2/phase_a","B-2","phase_a",null,"notes",1]
["reports/B-2/phase_a/20251015T190350Z","B-2","phase_a","20251015T190350Z","runtime_profile",1]'
	json_is '.artifacts[0] | [.time, .size, .tracked, .commit, .iteration, .files[1].path]' \
		'["2026-01-22T02:40:02Z",40,false,null,null,"summary.md"]'
	exits 0 git orch artifact list B-2 --type notes -z
	is "$(tr '\0' ' ' <"$outfile")" "reports/B-2 reports/B-2/phase_a "
	exits 0 git orch artifact list
	matches '^logs +- +2 +40 +no +plans/active/A-1/reports/2026-01-22T024002Z$'
	[[ $err == *"6 artifacts, 7 files"* ]]
	exits 0 git orch artifact list NONE --json
	json_is .artifacts '[]'
	exits 129 git orch artifact list --iteration 0
	git status --porcelain | grep -v '^?? \(plans\|reports\)/$' && return 1 || :
}

@test "patterns and types from the configuration; bad ones name themselves" {
	put work/x/out-2026-01-22T0240/a.dat x
	put .orchconfig <<-'END'
	[orch]
		artifactRoot = work/{initiative}/out-{stamp}
		artifactType = measurement *.dat *.raw
	END
	exits 0 git orch artifact list --json
	json_is '.artifacts[] | [.path, .stamp, .type]' \
		'["work/x/out-2026-01-22T0240","2026-01-22T0240","measurement"]'
	git config orch.artifactRoot ''
	exits 0 git orch artifact list --json
	json_is '.artifacts' '[]'
	git config orch.artifactRoot 'a/{stamp}/{nothing}'
	exits 128 git orch artifact list
	one_error "orch.artifactRoot: 'a/{stamp}/{nothing}' has a {...}"
	git config orch.artifactRoot '../{stamp}'
	exits 128 git orch artifact list
	one_error 'not a path inside the work tree'
	git config --unset orch.artifactRoot
	put .orchconfig $'[orch]\n\tartifactRoot = a/../../{stamp}\n\tartifactRoot = /etc/{stamp}'
	put ../2026-01-22/x x
	exits 0 git orch artifact list --json
	json_is '.artifacts' '[]'
	err_has 'orch.artifactroot is ignored: not a path inside the work tree'
}

@test "what comes, goes, moves and grows is seen, without rebuilding all" {
	art A 2026-01-01 a.md b.md
	art A 2026-01-02 sub/deep/c.md
	art B 2026-01-03 d.md
	rebuilt '[.artifacts, .read, .kept, .gone]' '[3,3,0,0]'
	settle
	exits 0 git orch artifact rebuild --json
	json_is '[.artifacts, .read, .kept, .gone, .stored]' '[3,0,3,0,false]'
	art A 2026-01-02 sub/deep/new.md
	art C 2026-01-04 e.md
	exits 0 git orch artifact rebuild --json
	json_is '[.artifacts, .read, .kept, .gone, .stored]' '[4,2,2,0,true]'
	rm -r plans/active/B
	mv plans/active/A plans/active/Z
	exits 0 git orch artifact find .md
	is "$out" \
"plans/active/C/reports/2026-01-04/e.md
plans/active/Z/reports/2026-01-01/a.md
plans/active/Z/reports/2026-01-01/b.md
plans/active/Z/reports/2026-01-02/sub/deep/c.md
plans/active/Z/reports/2026-01-02/sub/deep/new.md"
	# A size changes without its directory changing.
	settle
	echo "much more text" >>plans/active/C/reports/2026-01-04/e.md
	exits 0 git orch artifact show 2026-01-04 --json
	json_is '[.size, .files[0].size]' '[28,28]'
	rm -r plans
	exits 0 git orch artifact list --json
	json_is .artifacts '[]'
}

@test "unchanged directories are not read, only looked at" {
	sanitized && skip "strace and sanitizers do not mix"
	art A 2026-01-01 a.md
	art A 2026-01-02 b.md
	settle
	exits 0 strace -f -o trace -e trace=openat,getdents64 git orch artifact find a.md
	is "$out" plans/active/A/reports/2026-01-01/a.md
	! grep -E 'getdents|2026-01' trace
}

@test "directories of one time that change places are told apart" {
	local i a=plans/active/A/reports b=plans/active/B/reports
	# One tick of the clock for all of them, as a checkout makes them.
	for ((i = 0; i < 200; i++)); do
		rm -rf plans
		mkdir -p $a/2026-01-01 $b/2026-01-01
		touch $a/2026-01-01/of_a $b/2026-01-01/of_b
		[ "$(stat -c %z $a $b | sort -u | wc -l)" -gt 1 ] ||
			[ "$(stat -c %z {$a,$b}/2026-01-01 | sort -u | wc -l)" -gt 1 ] || break
	done
	[ "$i" -lt 200 ] || skip "this file system has a finer clock"
	settle
	mv plans/active/A plans/active/C
	mv plans/active/B plans/active/A
	mv plans/active/C plans/active/B
	exits 0 git orch artifact find of_
	is "$out" "plans/active/A/reports/2026-01-01/of_b
plans/active/B/reports/2026-01-01/of_a"
}

@test "what could not be read is not forgotten" {
	sanitized && skip "strace and sanitizers do not mix"
	local n call count
	art A 2026-01-01 a.md sub/deep/b.md
	art B 2026-01-02 c.md
	settle
	for call in getdents64 openat; do
		rm $index
		count=$(strace -qq -e trace=$call git-orch-artifact rebuild 2>&1 | grep -c "^$call")
		[ "$count" -ge 5 ]
		for ((n = count; n > 0 && n > count - 14; n--)); do
			rm $index
			strace -qq -o trace -e trace=$call -e inject="$call:error=EIO:when=$n" \
				git-orch-artifact rebuild >/dev/null 2>&1 || :
			exits 0 git orch artifact find .md
			is "$(wc -l <"$outfile")" 3 || fail_with "$call $n"
		done
	done
}

@test "a directory as young as the index is read again" {
	art A 2026-01-01 a.md
	exits 0 git orch artifact rebuild
	# Its time as the index has it, but the index not younger: a change in the
	# same tick of the clock would leave no trace.
	rm -f "$BATS_TEST_TMPDIR/want"
	for i in 1 2 3 4 5 6 7 8; do
		art "R$i" 2026-01-01 a.md
		git orch artifact rebuild >/dev/null
		echo x >"plans/active/R$i/reports/2026-01-01/late.md"
		exits 0 git orch artifact find "R$i/reports/2026-01-01/late"
	done
}

@test "a broken, cut, foreign or older index is made anew" {
	art A 2026-01-01 a.md b.md
	settle
	cp $index good
	broken() {
		exits 0 git orch artifact find a.md
		is "$out$err" plans/active/A/reports/2026-01-01/a.md
		exits 0 git orch artifact list --json
		json_is '.artifacts | length' 1
	}
	: >$index; broken
	head -c 300 good >$index; broken
	sed 's/a\.md/x.md/' good >$index; broken
	sed 's/"version":1/"version":9/' good >$index; broken
	head -c 5000 /dev/urandom >$index; broken
	rm $index; mkdir $index; broken_dir=1
	exits 0 git orch artifact find a.md
	rmdir $index
	put ../elsewhere "not yours"
	ln -s ../../../elsewhere $index
	exits 0 git orch artifact find a.md
	is "$(cat ../elsewhere)" "not yours"
}

@test "tracked, commit and iteration, by subjects; amended and moved" {
	art A 2026-01-01 a.md
	commit "work"
	added=$(head_of)
	exits 0 git orch artifact show 2026-01-01 --json
	json_is '[.tracked, .commit, .iteration]' "[true,\"$added\",null]"
	commit "RALPH AUTO (prompt=main.md) (iter=00007): done" other
	exits 0 git orch artifact show 2026-01-01 --json
	json_is '[.commit, .iteration]' "[\"$added\",7]"
	art A 2026-01-02 b.md
	exits 0 git orch artifact list --iteration 7 -z
	is "$(tr '\0' ' ' <"$outfile")" "plans/active/A/reports/2026-01-01 "
	commit "[SYNC i=8] actor=ralph status=running"
	exits 0 git orch artifact show 2026-01-02 --json
	json_is '[.commit, .iteration]' "[\"$(head_of)\",8]"
	git commit -q --amend -m "nothing said"
	exits 0 git orch artifact show 2026-01-02 --json
	json_is '[.commit, .iteration]' "[\"$(head_of)\",null]"
	# Not what ended a turn days later.
	export GIT_AUTHOR_DATE="1770100000 +0000" GIT_COMMITTER_DATE="1770100000 +0000"
	commit "RALPH AUTO (prompt=main.md) (iter=00009): late" late
	exits 0 git orch artifact show 2026-01-02 --json
	json_is '.iteration' null
	# Merged from a branch: the commit there, not the merge.
	git checkout -q -b side HEAD~2
	art A 2026-01-03 c.md
	commit "on the side"
	side=$(head_of)
	git checkout -q main
	git merge -q --no-ff -m merged side
	exits 0 git orch artifact show 2026-01-03 --json
	json_is '.commit' "$side"
	git rm -q -r --cached plans/active/A/reports/2026-01-03
	git commit -q -m "untracked again"
	exits 0 git orch artifact show 2026-01-03 --json
	json_is '[.tracked, .commit]' "[false,null]"
}

@test "the log of the turn says the iteration, tracked or not" {
	loop_init
	unset GIT_AUTHOR_DATE GIT_COMMITTER_DATE
	agent galph 'cat >/dev/null; mkdir -p plans/active/G/reports/2026-01-01 && echo x >plans/active/G/reports/2026-01-01/a.md && git add -A && git commit -q -m "(iter=99) galph"'
	agent ralph 'cat >/dev/null; mkdir -p plans/active/R/reports/2026-01-0$GIT_ORCH_ITERATION && echo x >plans/active/R/reports/2026-01-0$GIT_ORCH_ITERATION/b.md'
	exits 0 git orch run -n 2
	# What the second turn of galph commits was made in iteration 1.
	exits 0 git orch artifact list --json
	json_is '[.artifacts[] | [.initiative, .stamp, .iteration, .tracked]] | tojson' \
		'[["G","2026-01-01",1,true],["R","2026-01-01",1,true],["R","2026-01-02",2,false]]'
}

@test "find: text, path patterns, regular expressions, content" {
	art A 2026-01-01 runtime_profile.md logs/run.log
	art B 2026-01-02 other.md
	printf 'one\nrmse = 0.04\n' >plans/active/B/reports/2026-01-02/other.md
	printf 'rmse = 0.04\0\n' >plans/active/B/reports/2026-01-02/binary
	find_is() { exits 0 git orch artifact find "${@:2}" && is "$out" "$1"; }
	find_is plans/active/A/reports/2026-01-01/runtime_profile.md profile
	find_is plans/active/A/reports/2026-01-01/logs/run.log 'reports/2026-01-01/logs'
	find_is plans/active/A/reports/2026-01-01/logs/run.log '*.log'
	find_is plans/active/A/reports/2026-01-01/logs/run.log 'plans/**/l*/*'
	find_is plans/active/B/reports/2026-01-02/other.md --regex '/B/.*md$'
	find_is plans/active/B/reports/2026-01-02/other.md --content 'rmse = 0'
	find_is plans/active/B/reports/2026-01-02/other.md -ce '^rmse *= *[0-9.]+$'
	exits 0 git orch artifact find --content rmse --json
	json_is '.files[] | [.path, .line, .text, .artifact]' \
		'["plans/active/B/reports/2026-01-02/other.md",2,"rmse = 0.04","plans/active/B/reports/2026-01-02"]'
	exits 1 git orch artifact find nothing
	is "$out$err" ""
	exits 1 git orch artifact find '*.LOG' --json
	json_is .files '[]'
	exits 128 git orch artifact find --regex '('
	one_error "'('"
	exits 129 git orch artifact find
	# Too large to be searched, and said so.
	truncate -s 9M plans/active/B/reports/2026-01-02/large
	exits 0 git orch artifact find --content rmse
	err_has '1 file is larger than 8 MiB'
	# A pattern that would take for ever ends with an error, not with a no.
	printf 'a%.0s' {1..5000} >plans/active/A/reports/2026-01-01/evil.txt
	exits 128 git orch artifact find --content --regex '(a+)+$\d'
	one_error 'evil.txt'
}

@test "show: by stamp, beginning, name, path, a file in it" {
	art A 2026-01-01T0000Z-first a.md sub/b.md
	art B 2026-01-02 c.md
	art C 2026-01-02 d.md
	for what in 2026-01-01T0000Z 2026-01-01 2026-01-01T0000Z-first \
		plans/active/A/reports/2026-01-01T0000Z-first/sub/b.md \
		"$PWD/plans/active/A/reports/2026-01-01T0000Z-first/"; do
		exits 0 git orch artifact show "$what"
		matches '^stamp +2026-01-01T0000Z \(2026-01-01T00:00:00Z\)$'
		matches '^ *[0-9]+  sub/b.md$'
	done
	cd plans/active/B/reports
	exits 0 git orch artifact show ./2026-01-02 --json
	json_is .initiative B
	exits 1 git orch artifact show 2026-01-02
	one_error '2 artifacts are' plans/active/B/reports/2026-01-02 plans/active/C/reports/2026-01-02
	exits 1 git orch artifact show 2031-01-01
	one_error "no artifact '2031-01-01'"
	exits 1 git orch artifact show ../../../../../outside
	exits 129 git orch artifact show
}

@test "export: YAML and JSON say the same" {
	art TEST-1 2025-10-17T184624Z governance_decision.md phase_f/findings.md
	art TEST-1 20251018 summary.md
	put reports/TEST-1/2025-10-19/x.log x
	truncate -s 5000 plans/active/TEST-1/reports/20251018/summary.md
	exits 0 git orch artifact export --yaml
	is "$out" 'TEST-1:
- timestamp: "2025-10-17T184624Z"
  type: governance_decision
  files:
  - governance_decision.md
  - phase_f/findings.md
  size_kb: 0
  iteration: null
- timestamp: "20251018"
  type: notes
  files:
  - summary.md
  size_kb: 4
  iteration: null
- timestamp: "2025-10-19"
  type: logs
  files:
  - x.log
  size_kb: 0
  iteration: null'
	if python3 -c 'import yaml' 2>/dev/null; then
		python3 -c 'import json, sys, yaml; print(json.dumps(yaml.safe_load(open(sys.argv[1]))))' \
			"$outfile" >yaml.json
		exits 0 git orch artifact export --json
		is "$(jq -S .artifacts "$outfile")" "$(jq -S . yaml.json)"
	fi
	exits 129 git orch artifact export
	exits 129 git orch artifact export --yaml --json
	rm -r plans reports
	exits 0 git orch artifact export --yaml
	is "$out" '{}'
}

@test "the recorded history: all 35 stamped directories, with their iterations" {
	[ -f "$bundle" ] || skip "no ../shared/data/loop-history.bundle"
	git clone -q -b main "$bundle" ../h
	cd ../h
	exits 0 git orch artifact list --json
	json_is '.artifacts | length' 35
	is "$(jq -r '.artifacts[].path' "$outfile")" \
		"$(git ls-files 'plans/active/*/reports/*' | sed -E 's,(/reports/[^/]*)/.*,\1,' | sort -u)"
	json_is '[.artifacts[] | select(.tracked and .commit != null)] | length' 35
	# Each commit is the one that added the directory, by git's own word.
	jq -r '.artifacts[] | .path + " " + .commit' "$outfile" | while read -r path commit; do
		is "$commit" "$(git log --format=%H --diff-filter=A -- "$path" | tail -n 1)"
	done
	json_is '[.artifacts[] | .iteration] | [length, min, max, (map(select(. == null)) | length)]' \
		'[35,1,33,0]'
}

@test "linked work trees have an index each, a bare repository none" {
	art A 2026-01-01 a.md
	git worktree add -q ../linked
	(cd ../linked && put plans/active/L/reports/2026-01-05/x.md x)
	is "$(listed)" plans/active/A/reports/2026-01-01
	is "$(cd ../linked && listed)" plans/active/L/reports/2026-01-05
	[ -f .git/worktrees/linked/orch/artifacts.jsonl ]
	git init -q --bare ../bare.git
	cd ../bare.git
	exits 128 git orch artifact list
	one_error 'is bare'
}
