/*
 * The tables of outline.h.
 */
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

/* Longer runs of backticks open no code span here. */
#define BACKTICKS 32

/* Where the last run of each length begins, so that an opening run without a
 * closing one is known without looking for it. */
static void last_backticks(size_t last[BACKTICKS + 1], const char *s, size_t len)
{
	const char *p = s, *end = s + len;
	size_t n;

	for (n = 0; n <= BACKTICKS; n++)
		last[n] = 0;
	while ((p = memchr(p, '`', (size_t)(end - p)))) {
		n = run_of(p, 0, (size_t)(end - p), '`');
		if (n <= BACKTICKS)
			last[n] = (size_t)(p - s);
		p += n;
	}
}

/* Behind the code span that the run at `i` opens; or behind the run. */
static size_t skip_code_span(const size_t last[BACKTICKS + 1], const char *s,
			     size_t i, size_t len)
{
	size_t n = run_of(s, i, len, '`'), m;

	i += n;
	if (n > BACKTICKS || last[n] < i)
		return i;
	while (i < len) {
		if (s[i] != '`') {
			i++;
			continue;
		}
		m = run_of(s, i, len, '`');
		i += m;
		if (m == n)
			break;
	}
	return i;
}

size_t table_row(struct table_cell *cells, size_t max, const char *line,
		 size_t len, unsigned flags)
{
	size_t last[BACKTICKS + 1], i = 0, from, nr = 0;
	bool spans = flags & TABLE_CODE_SPANS;

	trim(&line, &len);
	if (len && line[0] == '|')
		i = 1;
	if (len > 1 && line[len - 1] == '|' && line[len - 2] != '\\')
		len--;
	if (spans)
		last_backticks(last, line, len);
	for (from = i; i <= len;) {
		if (i < len && line[i] == '\\') {
			i += i + 1 < len ? 2 : 1;
			continue;
		}
		if (i < len && line[i] == '`' && spans) {
			i = skip_code_span(last, line, i, len);
			continue;
		}
		if (i < len && line[i] != '|') {
			i++;
			continue;
		}
		if (nr < max) {
			cells[nr].text = line + from;
			cells[nr].len = i - from;
			trim(&cells[nr].text, &cells[nr].len);
		}
		nr++;
		from = ++i;
	}
	return nr;
}

size_t table_delimiter(const char *line, size_t len)
{
	size_t i = 0, nr = 0, dashes;

	trim(&line, &len);
	if (!len || !memchr(line, '|', len) || !strchr("|-:", line[0]))
		return 0;
	if (line[0] == '|')
		i = 1;
	while (i < len) {
		i = skip_space(line, i, len);
		i += i < len && line[i] == ':';
		dashes = run_of(line, i, len, '-');
		i += dashes;
		i += i < len && line[i] == ':';
		i = skip_space(line, i, len);
		if (!dashes || (i < len && line[i] != '|') ||
		    ++nr > TABLE_COLUMNS)
			return 0;
		i++;
	}
	return nr;
}

bool table_row_fit(struct table_cell *cells, size_t columns, const char *line,
		   size_t len)
{
	size_t nr = table_row(cells, columns, line, len, 0);
	bool fits = nr <= columns;

	if (!fits && memchr(line, '`', len)) {
		nr = table_row(cells, columns, line, len, TABLE_CODE_SPANS);
		if (nr > columns)
			nr = table_row(cells, columns, line, len, 0);
	}
	for (; nr < columns; nr++) {
		cells[nr].text = "";
		cells[nr].len = 0;
	}
	return fits;
}

void md_table_init(struct md_table *t)
{
	t->columns = 0;
	t->torn = false;
	t->before = NULL;
	t->before_len = 0;
}

enum table_part md_table_feed(struct md_table *t, const struct md_line *l)
{
	size_t columns, nr;

	if (l->kind != LINE_TEXT || !memchr(l->text, '|', l->len)) {
		md_table_init(t);
		return TABLE_NONE;
	}
	if (t->columns) {
		t->torn = !table_row_fit(t->cells, t->columns, l->text, l->len);
		return TABLE_ROW;
	}
	columns = t->before ? table_delimiter(l->text, l->len) : 0;
	if (columns) {
		nr = table_row(t->head, TABLE_COLUMNS, t->before, t->before_len, 0);
		t->torn = nr != columns;
		t->columns = nr < TABLE_COLUMNS ? nr : TABLE_COLUMNS;
		t->head_line = l->number - 1;
		return TABLE_HEAD;
	}
	t->before = l->text;
	t->before_len = l->len;
	return TABLE_NONE;
}
