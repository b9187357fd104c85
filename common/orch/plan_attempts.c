/*
 * What was tried: lines and headings of an attempts history.
 */
#include "orch/plan_scan.h"

/* The last "(...)" of a line, or its text behind "Result:". */
static struct md_slice result_in(struct md_slice s)
{
	static const char *const words[] = { "Result:", "result:", "Outcome:",
					     "Status:" };
	const char *open, *close = s.len && s.text[s.len - 1] == ')' ?
				   s.text + s.len - 1 : NULL;

	for (size_t k = 0; k < ARRAY_SIZE(words); k++) {
		size_t n = strlen(words[k]);
		const char *at = memmem(s.text, s.len, words[k], n);

		if (at)
			return md_trim(slice(at + n, (size_t)(s.text + s.len - at) - n));
	}
	open = close ? memrchr(s.text, '(', s.len) : NULL;
	if (open)
		return md_trim(slice(open + 1, (size_t)(close - open) - 1));
	return slice("", 0);
}

static void add_attempt(struct scan *s, uint32_t item, struct md_slice id,
			struct md_slice name, struct md_slice rest, unsigned line)
{
	struct plan *p = s->p;
	struct plan_attempt *a;
	struct md_slice result;

	if (p->attempts_nr >= PLAN_ITEMS || s->phase)
		return;
	if (rest.len > 2000)
		rest.len = 2000;
	ALLOC_GROW(p->attempts, p->attempts_nr + 1, p->attempts_alloc);
	a = &p->attempts[p->attempts_nr++];
	memset(a, 0, sizeof(*a));
	a->item = item;
	a->id = item != PLAN_NO_ITEM && !id.len ? p->v[item].id :
		arena_strn(&p->memory, id.text, id.len);
	a->file = s->file;
	a->line = line;
	a->name = arena_strn(&p->memory, name.text, name.len);
	a->result = "";
	result = result_in(rest);
	if (result.len && !ledger_stamp(result.text, result.len))
		plan_attempt_result(s->b, a, result);
	rest = ledger_skip_separator(rest);
	a->title = plan_plain(s->b, rest.text, rest.len < 200 ? rest.len : 200);
}

/* "Attempt #12", "**Attempt 12**": *name gets the number. */
static bool attempt_number(struct md_slice *name, struct md_slice *rest,
			   struct md_slice s)
{
	size_t i;

	while (s.len && (s.text[0] == '*' || s.text[0] == '_' || s.text[0] == ' '))
		scan_skip(&s, 1);
	if (s.len < 8 || strncasecmp(s.text, "attempt", 7) != 0)
		return false;
	scan_skip(&s, 7);
	while (s.len && (s.text[0] == ' ' || s.text[0] == '#'))
		scan_skip(&s, 1);
	for (i = 0; i < s.len && i < 9 && s.text[i] >= '0' && s.text[i] <= '9'; i++)
		;
	if (!i)
		return false;
	*name = slice(s.text, i);
	scan_skip(&s, i);
	while (s.len && (s.text[0] == '*' || s.text[0] == '_'))
		scan_skip(&s, 1);
	*rest = s;
	return true;
}

/* "[2026-01-29] ...", "2026-01-29: ...": the stamp, and what follows. */
static bool dated(struct md_slice *stamp, struct md_slice *rest, struct md_slice s)
{
	bool bracket;
	size_t n;

	while (s.len && s.text[0] == '*')
		scan_skip(&s, 1);
	bracket = s.len && s.text[0] == '[';
	if (bracket)
		scan_skip(&s, 1);
	n = ledger_stamp(s.text, s.len);
	if (!n)
		return false;
	*stamp = slice(s.text, n);
	scan_skip(&s, n);
	if (bracket) {
		const char *end = memchr(s.text, ']', s.len < 40 ? s.len : 40);

		if (end)
			scan_skip(&s, (size_t)(end - s.text) + 1);
	}
	while (s.len && s.text[0] == '*')
		scan_skip(&s, 1);
	*rest = s;
	return true;
}

/* A list line of an attempts history. False if it is none. */
bool scan_attempt_line(struct scan *s, uint32_t item, struct md_slice line,
		       unsigned number)
{
	struct md_slice stamp = slice("", 0), name, rest = line;
	bool has_date = dated(&stamp, &rest, line);

	if (!attempt_number(&name, &rest, ledger_skip_separator(rest))) {
		if (!has_date || (s->list != PLAN_FIELD_ATTEMPTS &&
				  area_of(s) != AREA_ATTEMPTS))
			return false;
		name = stamp;
	}
	add_attempt(s, item, slice("", 0), name, rest, number);
	return true;
}

/* "2026-01-22T02:40Z — X-1.A2 (shipped)". False if it is none. */
bool scan_attempt_heading(struct scan *s, const struct md_line *l,
			  struct md_slice h)
{
	struct md_slice stamp = slice("", 0), name, rest = h, id = slice("", 0), t;
	uint32_t item = current(s);
	bool has_date = dated(&stamp, &rest, h);
	size_t n;

	if (attempt_number(&name, &t, ledger_skip_separator(rest))) {
		rest = t;
	} else if (has_date) {
		name = stamp;
		rest = ledger_skip_separator(rest);
		n = ledger_id(rest.text, 0, rest.len, s->pattern);
		if (n) {
			id = slice(rest.text, n);
		} else if (ledger_split(&id, &t, rest, s->pattern)) {
			n = (size_t)(t.text - rest.text);
		} else if (area_of(s) == AREA_ATTEMPTS && item == PLAN_NO_ITEM) {
			/* "seed S1-S2": the first word is the id. */
			while (n < rest.len && n < LEDGER_ID_MAX && rest.text[n] != ' ')
				n++;
			id = slice(rest.text, n);
		}
		scan_skip(&rest, n);
	} else {
		return false;
	}
	if (item == PLAN_NO_ITEM && !id.len && area_of(s) != AREA_ATTEMPTS)
		return false;
	add_attempt(s, item, id, name, rest, l->number);
	return true;
}

/* "Result: failed" below the heading of an attempt. */
void scan_attempt_field(struct scan *s, const struct md_line *l)
{
	struct plan_attempt *a;
	struct md_field f;

	if (area_of(s) != AREA_ATTEMPT || !s->p->attempts_nr)
		return;
	a = &s->p->attempts[s->p->attempts_nr - 1];
	if (!*a->result && a->file == s->file && md_field(&f, l->text, l->len) &&
	    md_key_is(f.key, "result|outcome|status") && f.value.len)
		plan_attempt_result(s->b, a, f.value);
}
