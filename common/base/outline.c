#include "base/outline.h"

static bool is_space(char c)
{
	return c == ' ' || c == '\t';
}

static size_t skip_space(const char *s, size_t i, size_t len)
{
	while (i < len && is_space(s[i]))
		i++;
	return i;
}

/* How many of `c` stand at `i`. */
static size_t run_of(const char *s, size_t i, size_t len, char c)
{
	size_t from = i;

	while (i < len && s[i] == c)
		i++;
	return i - from;
}

static void trim(const char **text, size_t *len)
{
	const char *s = *text;
	size_t from = skip_space(s, 0, *len), to = *len;

	while (to > from && is_space(s[to - 1]))
		to--;
	*text = s + from;
	*len = to - from;
}

/* --- lines --------------------------------------------------------------- */

/* Front matter that is not closed within this many bytes is none. */
#define FRONT_MATTER_MAX (64u << 10)

/* The line at `pos` without its end; *next is where the following begins. */
static size_t line_at(const char *text, size_t len, size_t pos, size_t *next)
{
	const char *end = memchr(text + pos, '\n', len - pos);
	size_t stop = end ? (size_t)(end - text) : len;

	*next = end ? stop + 1 : len;
	if (end && stop > pos && text[stop - 1] == '\r')
		stop--;
	return stop - pos;
}

static size_t front_matter(const char *text, size_t len)
{
	size_t pos, next, n;

	if (len > FRONT_MATTER_MAX)
		len = FRONT_MATTER_MAX;
	if (len < 4 || memcmp(text, "---", 3) != 0 ||
	    line_at(text, len, 0, &pos) != 3)
		return 0;
	for (; pos < len; pos = next) {
		n = line_at(text, len, pos, &next);
		if (n == 3 && (memcmp(text + pos, "---", 3) == 0 ||
			       memcmp(text + pos, "...", 3) == 0))
			return next;
	}
	return 0;
}

void md_scan_init(struct md_scan *s, const char *text, size_t len)
{
	memset(s, 0, sizeof(*s));
	s->text = text;
	s->len = len;
	s->front_end = front_matter(text, len);
}

static bool is_heading(struct md_line *l, size_t indent)
{
	const char *s = l->text;
	size_t level = run_of(s, indent, l->len, '#'), to = l->len, i;

	if (indent > 3 || level < 1 || level > 6)
		return false;
	if (indent + level < l->len && !is_space(s[indent + level]))
		return false;
	l->level = (unsigned)level;
	l->title = s + indent + level;
	l->title_len = to - indent - level;
	trim(&l->title, &l->title_len);
	/* Closing #s count only behind a space. */
	for (i = l->title_len; i && l->title[i - 1] == '#'; i--)
		;
	if (i < l->title_len && (!i || is_space(l->title[i - 1]))) {
		l->title_len = i;
		trim(&l->title, &l->title_len);
	}
	return true;
}

/* Of `c` alone, three at least, spaces between them allowed. */
static bool is_rule(const struct md_line *l, size_t indent)
{
	char c = l->text[indent];
	size_t i, count = 0;

	for (i = indent; i < l->len; i++) {
		if (l->text[i] == c)
			count++;
		else if (!is_space(l->text[i]))
			return false;
	}
	return count >= 3;
}

static bool is_underline(const struct md_line *l, size_t indent)
{
	size_t n = run_of(l->text, indent, l->len, l->text[indent]);

	return indent <= 3 &&
	       skip_space(l->text, indent + n, l->len) == l->len;
}

/* Past list markers ("- ", "2. "), which may stand before a fence. */
static size_t skip_markers(const struct md_line *l, size_t i)
{
	const char *s = l->text;
	size_t j;

	for (int depth = 0; depth < 4; depth++) {
		j = i;
		if (j < l->len && (s[j] == '-' || s[j] == '*' || s[j] == '+')) {
			j++;
		} else {
			while (j < l->len && j - i < 9 && s[j] >= '0' && s[j] <= '9')
				j++;
			if (j == i || j == l->len || (s[j] != '.' && s[j] != ')'))
				return i;
			j++;
		}
		if (j == l->len || !is_space(s[j]))
			return i;
		i = skip_space(s, j, l->len);
	}
	return i;
}

static bool opens_fence(struct md_scan *s, const struct md_line *l, size_t i)
{
	char c = i < l->len ? l->text[i] : '\0';
	size_t n;

	if (c != '`' && c != '~')
		return false;
	n = run_of(l->text, i, l->len, c);
	/* "```x```" is a code span. */
	if (n < 3 || (c == '`' && memchr(l->text + i + n, '`', l->len - i - n)))
		return false;
	s->fence = c;
	s->fence_len = n;
	s->open_line = l->number;
	return true;
}

static enum line_kind inside_fence(struct md_scan *s, const struct md_line *l,
				   size_t indent)
{
	size_t n = run_of(l->text, indent, l->len, s->fence);

	if (n < s->fence_len || skip_space(l->text, indent + n, l->len) < l->len)
		return LINE_CODE;
	s->fence = '\0';
	s->open_line = 0;
	return LINE_FENCE;
}

static bool ends_comment(const char *s, size_t len)
{
	return memmem(s, len, "-->", 3) != NULL;
}

static enum line_kind inside_comment(struct md_scan *s, const struct md_line *l)
{
	if (ends_comment(l->text, l->len)) {
		s->in_comment = false;
		s->open_line = 0;
	}
	return LINE_ASIDE;
}

/* Whether a line that is text could be a setext heading's. */
static bool starts_paragraph(const struct md_line *l, size_t i)
{
	return i <= 3 && l->text[i] != '|' && l->text[i] != '>' &&
	       skip_markers(l, i) == i;
}

static enum line_kind classify(struct md_scan *s, struct md_line *l)
{
	size_t i = skip_space(l->text, 0, l->len), behind;
	bool first = s->paragraph;

	if (l->begin < s->front_end)
		return LINE_ASIDE;
	if (s->in_comment)
		return inside_comment(s, l);
	if (s->fence)
		return inside_fence(s, l, i);
	s->paragraph = false;
	if (i == l->len) {
		s->in_paragraph = false;
		return LINE_BLANK;
	}
	switch (l->text[i]) {
	case '#':
		if (is_heading(l, i)) {
			s->in_paragraph = false;
			return LINE_HEADING;
		}
		break;
	case '=':
	case '-':
		if (first && is_underline(l, i)) {
			s->in_paragraph = false;
			l->level = l->text[i] == '=' ? 1 : 2;
			return LINE_UNDERLINE;
		}
		if (l->text[i] == '=')
			break;
		/* fall through */
	case '*':
	case '_':
		if (is_rule(l, i)) {
			s->in_paragraph = false;
			return LINE_RULE;
		}
		break;
	case '<':
		if (i <= 3 && l->len - i >= 4 &&
		    memcmp(l->text + i, "<!--", 4) == 0) {
			s->in_comment = !ends_comment(l->text + i, l->len - i);
			s->open_line = s->in_comment ? l->number : 0;
			return LINE_ASIDE;
		}
		break;
	default:
		break;
	}
	behind = skip_markers(l, i);
	if (opens_fence(s, l, behind)) {
		s->in_paragraph = false;
		return LINE_FENCE;
	}
	s->paragraph = !s->in_paragraph && starts_paragraph(l, i);
	s->in_paragraph = true;
	return LINE_TEXT;
}

bool md_scan_next(struct md_scan *s, struct md_line *l)
{
	if (s->pos >= s->len)
		return false;
	l->text = s->text + s->pos;
	l->begin = s->pos;
	l->len = line_at(s->text, s->len, s->pos, &l->next);
	l->number = ++s->number;
	l->level = 0;
	l->title = NULL;
	l->title_len = 0;
	s->pos = l->next;
	l->kind = classify(s, l);
	return true;
}

/* --- headings ------------------------------------------------------------ */

/* `at` (and line `last` before it) ends every open heading of `level` or
 * below; each level has at most one. */
static void end_sections(struct outline *o, size_t open[7], unsigned level,
			 size_t at, unsigned last)
{
	for (; level <= 6; level++) {
		if (open[level] == SIZE_MAX)
			continue;
		o->v[open[level]].end = at;
		o->v[open[level]].last = last;
		open[level] = SIZE_MAX;
	}
}

static void end_own(struct outline *o, size_t at, unsigned last)
{
	if (!o->nr)
		return;
	o->v[o->nr - 1].own_end = at;
	o->v[o->nr - 1].own_last = last;
}

static void add_heading(struct outline *o, size_t open[7],
			const struct outline_heading *h)
{
	if (o->nr == OUTLINE_HEADINGS)
		return;
	end_own(o, h->begin, h->line - 1);
	end_sections(o, open, h->level, h->begin, h->line - 1);
	ALLOC_GROW(o->v, o->nr + 1, o->alloc);
	open[h->level] = o->nr;
	o->v[o->nr++] = *h;
}

void outline_parse(struct outline *o, const char *text, size_t len)
{
	size_t open[7], before = 0, i;
	struct outline_heading h;
	struct md_scan scan;
	struct md_line l;

	outline_release(o);
	for (i = 0; i < ARRAY_SIZE(open); i++)
		open[i] = SIZE_MAX;
	for (md_scan_init(&scan, text, len); md_scan_next(&scan, &l);
	     before = l.begin) {
		memset(&h, 0, sizeof(h));
		h.level = l.level;
		h.body = l.next;
		if (l.kind == LINE_HEADING) {
			h.title = l.title;
			h.title_len = l.title_len;
			h.begin = l.begin;
			h.line = l.number;
		} else if (l.kind == LINE_UNDERLINE) {
			size_t next;

			h.title = text + before;
			h.title_len = line_at(text, len, before, &next);
			trim(&h.title, &h.title_len);
			h.begin = before;
			h.line = l.number - 1;
		} else {
			continue;
		}
		add_heading(o, open, &h);
	}
	end_own(o, len, scan.number);
	end_sections(o, open, 1, len, scan.number);
	o->lines = scan.number;
	o->open_line = scan.open_line;
}

void outline_release(struct outline *o)
{
	free(o->v);
	memset(o, 0, sizeof(*o));
}

const struct outline_heading *outline_heading_at(const struct outline *o,
						 unsigned line)
{
	size_t from = 0, to = o->nr;

	while (from < to) {
		size_t mid = from + (to - from) / 2;

		if (o->v[mid].line <= line)
			from = mid + 1;
		else
			to = mid;
	}
	return from ? &o->v[from - 1] : NULL;
}

const struct outline_heading *outline_parent(const struct outline *o, size_t i)
{
	unsigned level = o->v[i].level;

	while (i--)
		if (o->v[i].level < level)
			return &o->v[i];
	return NULL;
}
