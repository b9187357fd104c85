# A long loop, as a stream for git fast-import: two actors, ledgers that grow to
# hundreds of KB, a brief that is written anew each turn. The dice are our own,
# so that every awk throws the same.
#	awk -v turns=1000 -v seed=1 -f long-loop.awk | git fast-import --quiet
function dice(n) { state = (state * 16807) % 2147483647; return state % n }
function words(n,   s, i) {
	s = word[dice(nword)]
	for (i = 1; i < n; i++) s = s " " word[dice(nword)]
	return s
}
function text(n,   s) {	# about n bytes in lines of some 90
	s = ""
	while (length(s) < n) s = s "- " words(8 + dice(8)) "\n"
	return s
}
function blob(path, s) { printf "M 100644 inline %s\ndata %d\n%s\n", path, length(s), s }
function plan(   s, i) {
	s = "# Plan\n\n"
	for (i = 0; i < nsec; i++) s = s sec[i]
	return s
}
function add_section(   i) {
	for (i = nsec; i > 0; i--) sec[i] = sec[i - 1]
	sec[0] = sprintf("## [TASK-%03d] %s\n- Status: in_progress\n- Priority: High\n%s\n", ++ntask, words(4), text(1500 + dice(2500)))
	nsec++; focus = 0
}
BEGIN {
	state = seed ? seed : 1
	nword = split("loader parity dtype shape kernel gradient scale beam axis crystal detector pixel mask cache batch tensor guard trace probe phase plan focus attempt result metric failing passes selector pytest fixture config bridge reader writer stream index header window offset stride layout device memory check report evidence summary artifact ledger review merge branch commit", w, " ")
	for (i = 1; i <= nword; i++) word[i - 1] = w[i]
	for (i = 0; i < 40; i++) add_section()
	memory = "# Memory\n\n" text(20000)
	findings = "# Findings\n\n" text(9000)
	spec = "# Spec\n\n" text(90000)
	guide = "# Guide\n\n" text(30000)
	first = 1
	for (t = 0; t < turns; t++) {
		galph = t % 2 == 0
		if (galph) {
			if (dice(5) == 0) add_section()
			else if (dice(3) == 0) focus = dice(12)
			sub(/- Priority: [A-Za-z]*/, "- Priority: " (dice(2) ? "High" : "Medium"), sec[focus])
			input = "Summary: " words(9) "\nFocus: TASK-" ntask " — " words(4) "\nDo Now:\n" text(3500 + dice(3000))
			memory = memory "## turn " t "\n" text(400 + dice(700))
		} else {
			sec[focus] = sec[focus] sprintf("  * Attempt #%d — Result: %s (%s)\n%s", t, dice(8) ? "success" : "failed", words(5), text(300 + dice(900)))
			if (dice(6) == 0) sub(/in_progress/, "done", sec[focus])
			if (dice(3) == 0) findings = findings "- F" t " " words(20) "\n"
		}
		if (dice(40) == 0) guide = guide "- " words(10) "\n"
		printf "commit refs/heads/main\ncommitter t <t@example.org> %d +0000\n", 1700000000 + 600 * t
		m = sprintf("%s AUTO (prompt=x) (iter=%05d): work", galph ? "SUPERVISOR" : "RALPH", int(t / 2) + 1)
		printf "data %d\n%s\n", length(m), m
		blob("docs/fix_plan.md", plan()); blob("input.md", input); blob("galph_memory.md", memory)
		blob("docs/findings.md", findings)
		if (first || guide != oldguide) blob("docs/guide.md", guide)
		if (first) blob("specs/spec.md", spec)
		first = 0; oldguide = guide
		print ""
	}
}
