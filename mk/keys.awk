# The keys of common/orch/keys.def as an mdoc list, for git-orch-config(5):
#	awk -f mk/keys.awk common/orch/keys.def
# `make man` puts the list into the page; tests/cmd/help.bats compares them.

function trim(s) { gsub(/^[ \t\n]+|[ \t\n]+$/, "", s); return s }

# Cut the arguments of one KEY(...) into field[]; strings may hold commas.
function cut(s,    n, i, c, quoted, cur) {
	n = 0; cur = ""; quoted = 0
	for (i = 1; i <= length(s); i++) {
		c = substr(s, i, 1)
		if (c == "\\" && quoted) { cur = cur substr(s, ++i, 1); continue }
		if (c == "\"") { quoted = !quoted; continue }
		if (!quoted && c == ",") { field[++n] = trim(cur); cur = ""; continue }
		if (!quoted && c ~ /[ \t\n]/) continue
		cur = cur c
	}
	field[++n] = trim(cur)
	return n
}
function type_text(t,    list, s) {
	list = sub(/_LIST$/, "", t)
	s = t == "STRING" ? "text" : t == "PATH" ? "path below the work tree" : \
	    t == "PATTERN" ? "path pattern" : t == "ACTORS" ? "names of actors" : \
	    t == "INT" ? "whole number" : t == "SIZE" ? "size (suffixes k, m, g)" : \
	    t == "BOOL" ? "yes or no" : t == "DURATION" ? "duration" : \
	    t == "AGENT" ? "claude, codex or other" : t == "COMMAND" ? "shell command" : \
	    t == "PRICE" ? "price of a token, relative to one sent uncached" : \
	    tolower(t)
	return s (list ? "; may stand several times" : "")
}
function mdoc(s) {
	gsub(/\\/, "\\e", s)
	sub(/^[.']/, "\\\\\\&&", s)
	return s
}
function sentence(s) {
	s = mdoc(s)
	while (match(s, /`[^`]*`/))
		s = substr(s, 1, RSTART - 1) "\\(lq" substr(s, RSTART + 1, RLENGTH - 2) \
		    "\\(rq" substr(s, RSTART + RLENGTH)
	if (s !~ /^(claude|codex|pair|pre-turn|off,|no:)/)	# names stay as they are typed
		s = toupper(substr(s, 1, 1)) substr(s, 2)
	return s "."
}
function emit(name, type, fallback, trust, env, help) {
	print ".It Va " name
	print sentence(help)
	print ".br"
	printf "Type: %s.\n", type_text(type)
	if (fallback != "NULL") printf "Default: %s.\n", mdoc(fallback)
	if (env != "NULL" && env != "") printf ".br\nEnvironment:\n.Ev %s .\n", env
	if (trust == "PRIVATE") {
		print ".br"
		print "Never read from"
		print ".Pa .orchconfig ."
	}
}

/^\/\*/ { comment = 1 }
!comment && /^(KEY|ACTOR_KEY|CHECK_KEY)\(/ { text = ""; inside = 1 }
inside { text = text $0 "\n" }
inside && /"\)[ \t]*$/ {
	inside = 0
	actor = text ~ /^ACTOR_KEY/
	check = text ~ /^CHECK_KEY/
	sub(/^[A-Z_]*\(/, "", text)
	sub(/\)[ \t\n]*$/, "", text)
	n = cut(text)
	if (check && n == 2)
		emit("orchcheck.\\*(Ltrule\\*(Gt." field[1], "STRING", "NULL", "TRACKED", "", field[2])
	else if (actor && n == 5)
		emit("orchactor.\\*(Ltname\\*(Gt." field[1], field[2], field[3], field[4], "", field[5])
	else if (!actor && !check && n == 7)
		emit(field[1] "." field[2], field[3], field[4], field[5], field[6], field[7])
	else {
		print "keys.awk: line " NR ": " n " arguments" > "/dev/stderr"
		exit 1
	}
	keys++
}
/\*\// { comment = 0 }
END { if (!keys) exit 1 }
