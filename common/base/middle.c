#include "base/middle.h"

static size_t line_breaks(const char *s, size_t len)
{
	const char *end = s + len;
	size_t n = 0;

	for (; s < end && (s = memchr(s, '\n', (size_t)(end - s))); s++)
		n++;
	return n;
}

size_t text_lines(const char *s, size_t len)
{
	return len ? line_breaks(s, len) + (s[len - 1] != '\n') : 0;
}

/* The begin of the line that lies `lines` before the one that begins at `at`. */
static size_t lines_back(const char *s, size_t at, unsigned lines)
{
	for (; at && lines; lines--) {
		const char *nl = memrchr(s, '\n', at - 1);

		at = nl ? (size_t)(nl - s) + 1 : 0;
	}
	return at;
}

/* The end of `lines` lines from `at` on. */
static size_t lines_on(const char *s, size_t at, size_t len, unsigned lines)
{
	for (; at < len && lines; lines--) {
		const char *nl = memchr(s + at, '\n', len - at);

		at = nl ? (size_t)(nl - s) + 1 : len;
	}
	return at;
}

static bool begins_line(const char *s, size_t at)
{
	return !at || s[at - 1] == '\n';
}

void text_middle_find(struct text_middle *m, const char *a, size_t na, const char *b,
		      size_t nb, unsigned context)
{
	size_t same = 0, most, tail = 0;
	const char *nl;

	while (same < na && same < nb && a[same] == b[same])
		same++;
	nl = same ? memrchr(a, '\n', same) : NULL;
	m->from = nl ? (size_t)(nl - a) + 1 : 0;
	most = (na < nb ? na : nb) - m->from;
	while (tail < most && a[na - tail - 1] == b[nb - tail - 1])
		tail++;
	/* From where a line begins in both. */
	if (tail && !(begins_line(a, na - tail) && begins_line(b, nb - tail))) {
		nl = memchr(a + na - tail, '\n', tail);
		tail = nl ? na - (size_t)(nl - a) - 1 : 0;
	}
	m->end_a = na - tail;
	m->end_b = nb - tail;
	m->shown = lines_back(a, m->from, context);
	m->shown_a = lines_on(a, m->end_a, na, context);
	m->shown_b = m->end_b + (m->shown_a - m->end_a);
	m->lines = line_breaks(a, m->shown);
	m->too_long = text_lines(a + m->shown, m->shown_a - m->shown) +
		      text_lines(b + m->shown, m->shown_b - m->shown) > TEXT_LINES_MAX;
}
