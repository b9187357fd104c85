#include "orch/ledgerid.h"

#include "base/regex.h"

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t';
}

static bool is_word(char c)
{
	return is_digit(c) || is_upper(c) || (c >= 'a' && c <= 'z') || c == '_';
}

/* strchr() would find the NUL that a hostile text may hold. */
static bool one_of(char c, const char *set)
{
	return c && strchr(set, c);
}

static char at_or(const char *s, size_t i, size_t len)
{
	return i < len ? s[i] : ' ';
}

/* "C1/C2" is a list of ids, "X-1/reports/a.log" a path. */
static bool starts_path(const char *s, size_t slash, size_t len)
{
	size_t i;

	for (i = slash + 1; i < len && i - slash < LEDGER_ID_MAX; i++) {
		if (one_of(s[i], "/.:"))
			return is_word(at_or(s, i + 1, len)) || s[i] == '/';
		if (!is_word(s[i]) && s[i] != '-')
			break;
	}
	return i == slash + 1;
}

/* Not glued to something on its left or right: words and paths are no ids. */
static bool stands_alone(const char *s, size_t at, size_t end, size_t len)
{
	char before = at ? s[at - 1] : ' ', after = at_or(s, end, len);
	char next = at_or(s, end + 1, len);

	if (is_word(before) || one_of(before, "-.\\@$%="))
		return false;
	if (is_word(after) || one_of(after, "\\@="))
		return false;
	if (after == '/')
		return !starts_path(s, end, len);
	if (before == '/' && at > 1 && !is_word(s[at - 2]))
		return false;
	/* "a.b" and "a-b" go on; "a." and "a:" end a sentence. */
	if (after == ':')
		return next != ':' && next != '/';
	return !(one_of(after, "-.") && is_word(next));
}

static size_t number_id(const char *s, size_t at, size_t len)
{
	size_t i = at + 1;

	while (i < len && i - at < LEDGER_ID_MAX && is_digit(s[i]))
		i++;
	return i - at > 1 && stands_alone(s, at, i, len) ? i - at : 0;
}

static size_t word_id(const char *s, size_t at, size_t len)
{
	bool digit = false, hyphen = false, lower = false;
	size_t i = at;

	for (; i < len && i - at <= LEDGER_ID_MAX; i++) {
		char c = s[i];

		if ((c == '-' || c == '.') && is_word(at_or(s, i + 1, len))) {
			hyphen |= c == '-';
			continue;
		}
		if (!is_word(c))
			break;
		digit |= is_digit(c);
		lower |= c >= 'a' && c <= 'z';
	}
	if (i - at > LEDGER_ID_MAX || i - at < 2 || (!digit && (!hyphen || lower)))
		return 0;
	return stands_alone(s, at, i, len) ? i - at : 0;
}

static size_t pattern_id(const char *s, size_t at, size_t len,
			 const struct regex *pattern)
{
	struct regex_match m;
	size_t max = len - at < 4 * LEDGER_ID_MAX ? len - at : 4 * LEDGER_ID_MAX;

	if (at && (is_word(s[at - 1]) || s[at - 1] == '-'))
		return 0;
	if (regex_find(pattern, s + at, max, 0, &m) != 1 || m.begin[0] != 0 ||
	    m.end[0] > LEDGER_ID_MAX)
		return 0;
	return m.end[0];
}

size_t ledger_id(const char *s, size_t at, size_t len,
		 const struct regex *pattern)
{
	if (at >= len)
		return 0;
	if (pattern)
		return pattern_id(s, at, len, pattern);
	if (s[at] == '#')
		return number_id(s, at, len);
	if (!is_word(s[at]) || is_digit(s[at]) || s[at] == '_')
		return 0;
	return word_id(s, at, len);
}

size_t ledger_stamp(const char *s, size_t len)
{
	static const char *const forms[] = { "dddd-dd-dd", "ddddddddTdddd" };
	size_t i;

	if (len < 10 || !is_digit(s[0]))
		return 0;
	for (size_t f = 0; f < ARRAY_SIZE(forms); f++) {
		for (i = 0; forms[f][i] && i < len; i++)
			if (forms[f][i] == 'd' ? !is_digit(s[i]) : s[i] != forms[f][i])
				break;
		if (forms[f][i])
			continue;
		/* The time of day, whatever its spelling. */
		while (i < len && i < 40 &&
		       (is_digit(s[i]) || one_of(s[i], "T:.Z+")))
			i++;
		while (s[i - 1] == ':' || s[i - 1] == '.')
			i--;
		return i;
	}
	return 0;
}

bool ledger_bracket_id(struct md_slice w)
{
	/* What people put in brackets that is no name. */
	static const char words[] =
		"done|todo|wip|complete|completed|closed|open|blocked|pending|"
		"planned|active|high|medium|low|critical|urgent|p|in progress|"
		"deferred|cancelled|optional|new|fixed|resolved|unreleased";
	bool digit = false;

	if (w.len < 2 || w.len > LEDGER_ID_MAX || ledger_stamp(w.text, w.len))
		return false;
	if (w.len == 2 && (w.text[0] == 'P' || w.text[0] == 'p') &&
	    is_digit(w.text[1]))
		return false;
	for (size_t i = 0; i < w.len; i++) {
		if (!is_word(w.text[i]) && !one_of(w.text[i], "-._/#:"))
			return false;
		digit |= is_digit(w.text[i]);
	}
	if (!digit && md_key_is(w, words))
		return false;
	return w.text[0] == '#' || is_word(w.text[0]);
}

static bool is_dash(struct md_slice s)
{
	return s.len >= 3 && memcmp(s.text, "\xe2\x80", 2) == 0 &&
	       (s.text[2] == '\x93' || s.text[2] == '\x94');
}

struct md_slice ledger_skip_separator(struct md_slice s)
{
	for (;;) {
		if (s.len && one_of(s.text[0], " \t-:|.)")) {
			s.text++;
			s.len--;
		} else if (is_dash(s)) {
			s.text += 3;
			s.len -= 3;
		} else {
			return md_trim(s);
		}
	}
}

/* "[ID]..." or "[ID](#anchor)...": the end of all that, or 0. */
static size_t bracket(struct md_slice *id, struct md_slice s)
{
	size_t max = s.len < LEDGER_ID_MAX + 8 ? s.len : LEDGER_ID_MAX + 8;
	const char *end = memchr(s.text, ']', max), *paren;
	size_t i;

	if (!end)
		return 0;
	*id = md_unwrap((struct md_slice){ s.text + 1,
					   (size_t)(end - s.text) - 1 });
	if (!ledger_bracket_id(*id))
		return 0;
	i = (size_t)(end - s.text) + 1;
	if (i < s.len && s.text[i] == '(' &&
	    (paren = memchr(s.text + i, ')', s.len - i)))
		i = (size_t)(paren - s.text) + 1;
	return i;
}

/* Whether what follows an id that stands bare makes it the name of the rest:
 * the end, a dash, a colon, a bracket. */
static bool names_the_rest(struct md_slice s, struct md_slice id)
{
	bool spaced = s.len && is_space(s.text[0]);

	if (!s.len || one_of(s.text[0], ":)") || is_dash(s))
		return true;
	if (s.text[0] == '.' && (s.len == 1 || is_space(s.text[1])))
		return true;
	s = md_trim(s);
	if (!s.len || one_of(s.text[0], ":([|") || is_dash(s) ||
	    (spaced && s.text[0] == '-'))
		return true;
	/* "TORCH-004 Title", but not "Python3 Title". */
	return spaced && (memchr(id.text, '-', id.len) || id.text[0] == '#');
}

static size_t marks_at(struct md_slice s, size_t max)
{
	size_t n = 0;

	while (n < s.len && n < max && one_of(s.text[n], "*`_~"))
		n++;
	return n;
}

static void skip(struct md_slice *s, size_t n)
{
	s->text += n;
	s->len -= n;
}

bool ledger_split(struct md_slice *id, struct md_slice *title,
		  struct md_slice s, const struct regex *pattern)
{
	size_t n, marks;
	bool named;

	s = md_trim(s);
	marks = marks_at(s, s.len);
	skip(&s, marks);
	if (!s.len)
		return false;
	named = s.text[0] == '[';
	if (named) {
		n = bracket(id, s);
	} else {
		n = ledger_id(s.text, 0, s.len, pattern);
		*id = (struct md_slice){ s.text, n };
	}
	if (!n)
		return false;
	skip(&s, n);
	/* "**ID** Title", "`ID`: Title"; of "**ID: Title**" the marks behind
	 * are left for md_plain(). */
	n = marks_at(s, marks);
	skip(&s, n);
	if (!named && !n && !names_the_rest(s, *id) &&
	    !(pattern && s.len && is_space(s.text[0])))
		return false;
	*title = ledger_skip_separator(s);
	return true;
}
