/*
 * A part of a Markdown text by its name.
 */
#include "base/section.h"

#include <ctype.h>
#include <strings.h>

#include "base/error.h"
#include "base/outline.h"
#include "base/strbuf.h"
#include "base/text.h"

#define MAX_TITLE 120		/* bytes of a title that are shown or compared loosely */
#define MAX_NAMED 8		/* candidates in a message */
#define MAX_NEAR 3
#define MAX_LOOKED_AT 4096	/* headings that are searched for near ones */
#define MAX_PLACES 256		/* of one id; more are as ambiguous */

struct place {
	const char *title;	/* in the text */
	size_t title_len;
	size_t begin, end;
	unsigned first, last;
	unsigned level;		/* of a heading; else 0 */
};
struct finder {
	const char *text;
	size_t len;
	const char *name, *what;
	size_t name_len;
	struct outline outline;
	struct place *v;	/* what was found */
	size_t nr, alloc;
};

static void add_place(struct finder *f, const struct place *p)
{
	if (f->nr >= MAX_PLACES)
		return;
	ALLOC_GROW(f->v, f->nr + 1, f->alloc);
	f->v[f->nr++] = *p;
}

static void add_heading(struct finder *f, const struct outline_heading *h)
{
	struct place p = { h->title, h->title_len, h->begin, h->end, h->line, h->last,
			   h->level };

	add_place(f, &p);
}

/* --- headings by their titles ---------------------------------------------- */

static bool same_case(const struct outline_heading *h, const struct finder *f)
{
	return h->title_len == f->name_len &&
	       memcmp(h->title, f->name, f->name_len) == 0;
}

static bool starts_so(const char *s, size_t len, const struct finder *f)
{
	return len >= f->name_len && strncasecmp(s, f->name, f->name_len) == 0;
}

static bool any_case(const struct outline_heading *h, const struct finder *f)
{
	return h->title_len == f->name_len && starts_so(h->title, h->title_len, f);
}

static bool begins(const struct outline_heading *h, const struct finder *f)
{
	return starts_so(h->title, h->title_len, f);
}

static bool contains(const struct outline_heading *h, const struct finder *f)
{
	for (size_t i = 0; i + f->name_len <= h->title_len; i++)
		if (starts_so(h->title + i, h->title_len - i, f))
			return true;
	return false;
}

static size_t find_headings(struct finder *f,
			    bool (*fits)(const struct outline_heading *h,
					 const struct finder *f))
{
	for (size_t i = 0; i < f->outline.nr; i++)
		if (fits(&f->outline.v[i], f))
			add_heading(f, &f->outline.v[i]);
	return f->nr;
}

/* --- ids ------------------------------------------------------------------- */

static bool looks_like_id(const char *s, size_t len)
{
	bool digit = false;

	for (size_t i = 0; i < len; i++) {
		if (!isalnum((unsigned char)s[i]) && !strchr("-_./#", s[i]))
			return false;
		digit |= isdigit((unsigned char)s[i]) != 0;
	}
	return digit;
}

/* Nothing goes on behind it: TORCH-004 is not in TORCH-0041, nor in TORCH-004-B. */
static bool ends_at(const char *s, size_t len)
{
	if (!len)
		return true;
	if (isalnum((unsigned char)*s) || *s == '_')
		return false;
	return len < 2 || !strchr("-.", *s) || !isalnum((unsigned char)s[1]);
}

/* Pass what an id is dressed in: [ID], **ID**, `ID`. */
static bool undress(const char **s, size_t *len)
{
	const char *start = *s;

	while (*len && **s && strchr("*_`[(~", **s)) {
		++*s;
		--*len;
	}
	return *s > start;
}

static bool leads(const char *s, size_t len, const struct finder *f)
{
	undress(&s, &len);
	return starts_so(s, len, f) && ends_at(s + f->name_len, len - f->name_len);
}

static bool heading_leads(const struct outline_heading *h, const struct finder *f)
{
	return leads(h->title, h->title_len, f);
}

static bool heading_has(const struct outline_heading *h, const struct finder *f)
{
	for (size_t i = 0; i + f->name_len <= h->title_len; i++) {
		char before = i ? h->title[i - 1] : ' ';

		if (!isalnum((unsigned char)before) && !strchr("-_", before) &&
		    starts_so(h->title + i, h->title_len - i, f) &&
		    ends_at(h->title + i + f->name_len, h->title_len - i - f->name_len))
			return true;
	}
	return false;
}

/* A line of text without what stands in front of it. */
struct line_start {
	const char *s;
	size_t len;
	size_t indent;
	bool item, box;
};

static struct line_start line_start(const struct md_line *line)
{
	struct line_start l = { line->text, line->len, 0, false, false };
	size_t digits = 0;

	for (; l.len && (*l.s == ' ' || *l.s == '\t'); l.s++, l.len--)
		l.indent++;
	while (digits < l.len && digits < 9 && isdigit((unsigned char)l.s[digits]))
		digits++;
	if (l.len > digits + 1 && (digits ? strchr(".)", l.s[digits])
					  : strchr("-*+", l.s[0])) &&
	    l.s[digits] && l.s[digits + 1] == ' ') {
		l.item = true;
		l.s += digits + 2;
		l.len -= digits + 2;
	}
	if (l.item && l.len >= 4 && l.s[0] == '[' && l.s[2] == ']' && l.s[3] == ' ' &&
	    strchr(" xX~-", l.s[1])) {
		l.box = true;
		l.s += 4;
		l.len -= 4;
	}
	return l;
}

/* Whether the line is about an item of its own: **ID ..., [ID] ..., - [ ] ID. */
static bool is_lead(const struct line_start *l)
{
	const char *s = l->s;
	size_t len = l->len;

	return undress(&s, &len) || l->box;
}

/*
 * How far what begins with this line goes: a list item as far as it is indented,
 * anything else to the next one of its kind. `s` stands behind the line.
 */
static void find_end(struct place *p, struct md_scan s, const struct line_start *start)
{
	struct md_line line;

	while (md_scan_next(&s, &line)) {
		struct line_start l = line_start(&line);

		if (line.kind == LINE_BLANK)
			continue;
		if (line.kind == LINE_HEADING || line.kind == LINE_RULE)
			return;
		if (line.kind != LINE_CODE &&
		    (start->item ? l.indent <= start->indent
				 : l.indent <= start->indent && is_lead(&l)))
			return;
		p->end = line.next;
		p->last = line.number;
	}
}

static bool row_leads(const struct line_start *l, const struct finder *f)
{
	struct table_cell cell;

	return l->len && *l->s == '|' && table_row(&cell, 1, l->s, l->len, 0) > 1 &&
	       leads(cell.text, cell.len, f);
}

/* Items and paragraphs (or else rows of tables) that the id stands in front of. */
static size_t find_lines(struct finder *f, bool rows)
{
	struct md_scan s;
	struct md_line line;

	md_scan_init(&s, f->text, f->len);
	while (f->nr < MAX_PLACES && md_scan_next(&s, &line)) {
		struct place p = { line.text, line.len, line.begin, line.next, line.number,
				   line.number, 0 };
		struct line_start l = line_start(&line);

		if (line.kind != LINE_TEXT)
			continue;
		if (rows ? !row_leads(&l, f) : !is_lead(&l) || !leads(l.s, l.len, f))
			continue;
		if (!rows)
			find_end(&p, s, &l);
		add_place(f, &p);
	}
	return f->nr;
}

/* What lies in another place that was found goes with that one. */
static void drop_nested(struct finder *f)
{
	size_t n = 0;

	for (size_t i = 0; i < f->nr; i++)
		if (!n || f->v[i].begin >= f->v[n - 1].end)
			f->v[n++] = f->v[i];
	f->nr = n;
}

static size_t find_id(struct finder *f)
{
	if (!looks_like_id(f->name, f->name_len))
		return 0;
	if (find_headings(f, heading_leads) || find_lines(f, false) ||
	    find_lines(f, true) || find_headings(f, heading_has))
		drop_nested(f);
	return f->nr;
}

/* --- what to say ----------------------------------------------------------------- */

static void add_title(struct strbuf *out, const struct place *p)
{
	size_t len = p->title_len < MAX_TITLE ? p->title_len : MAX_TITLE;

	while (len && len < p->title_len && ((unsigned char)p->title[len] & 0xc0) == 0x80)
		len--;		/* not in the middle of a character */
	if (p->level) {
		strbuf_addchars(out, '#', p->level);
		strbuf_addch(out, ' ');
	}
	text_add_safe(out, p->title, len, true);
}

static void add_names(struct strbuf *out, const struct place *v, size_t nr)
{
	for (size_t i = 0; i < nr && i < MAX_NAMED; i++) {
		strbuf_addf(out, "%sline %u '", i ? ", " : "", v[i].first);
		add_title(out, &v[i]);
		strbuf_addch(out, '\'');
	}
	if (nr > MAX_NAMED)
		strbuf_addf(out, " and %zu more", nr - MAX_NAMED);
}

static int ambiguous(struct finder *f)
{
	struct strbuf names = STRBUF_INIT;
	int rc;

	add_names(&names, f->v, f->nr);
	rc = error_set(ORCH_ENO, "'%s' names %zu sections of %s: %s; say which by its line: "
		       "--section :%u", f->name, f->nr, f->what, names.buf, f->v[0].first);
	strbuf_release(&names);
	return rc;
}

/* The longest run of bytes that both have, in any case. */
static size_t common_run(const char *a, size_t na, const char *b, size_t nb)
{
	size_t best = 0;

	for (size_t i = 0; i + best < na; i++)
		for (size_t k = 0; k + best < nb; k++) {
			size_t n = 0;

			while (i + n < na && k + n < nb &&
			       tolower((unsigned char)a[i + n]) ==
			       tolower((unsigned char)b[k + n]))
				n++;
			if (n > best)
				best = n;
		}
	return best;
}

static struct place place_of(const struct outline_heading *h)
{
	return (struct place){ h->title, h->title_len, h->begin, h->end, h->line, h->last,
			       h->level };
}

static int none(struct finder *f)
{
	struct strbuf names = STRBUF_INIT;
	size_t runs[MAX_NEAR] = { 0 };
	struct place near[MAX_NEAR];
	bool near_any;
	size_t n = 0, len = f->name_len < MAX_TITLE ? f->name_len : MAX_TITLE;
	int rc;

	for (size_t i = 0; i < f->outline.nr && i < MAX_LOOKED_AT; i++) {
		const struct outline_heading *h = &f->outline.v[i];
		size_t run = common_run(f->name, len, h->title,
					h->title_len < MAX_TITLE ? h->title_len : MAX_TITLE);
		size_t at = n;

		if (run < 3)
			continue;
		while (at > 0 && runs[at - 1] < run)
			at--;
		if (at >= MAX_NEAR)
			continue;
		n = n < MAX_NEAR ? n + 1 : n;
		memmove(&runs[at + 1], &runs[at], (n - at - 1) * sizeof(*runs));
		memmove(&near[at + 1], &near[at], (n - at - 1) * sizeof(*near));
		runs[at] = run;
		near[at] = place_of(h);
	}
	near_any = n > 0;
	strbuf_addstr(&names, n ? "; near it: " : "; it begins with: ");
	for (size_t i = 0; !near_any && i < f->outline.nr && n < MAX_NEAR; i++)
		near[n++] = place_of(&f->outline.v[i]);
	add_names(&names, near, n);
	rc = error_set(ORCH_ENO, "no section '%s' in %s%s", f->name, f->what,
		       f->outline.nr ? names.buf : ", which has no headings");
	strbuf_release(&names);
	return rc;
}

/* --- all together ------------------------------------------------------------------ */

static int find_line(struct finder *f)
{
	const struct outline_heading *h;
	unsigned line = 0;

	for (const char *p = f->name + 1; *p; p++) {
		if (!isdigit((unsigned char)*p) || line > UINT32_MAX / 10 - 1)
			return error_set(ORCH_ENO, "'%s' is no line of %s", f->name, f->what);
		line = line * 10 + (unsigned)(*p - '0');
	}
	if (!line || line > f->outline.lines)
		return error_set(ORCH_ENO, "%s has %u lines, no line %u", f->what,
				 f->outline.lines, line);
	if (!(h = outline_heading_at(&f->outline, line)))
		return error_set(ORCH_ENO, "line %u of %s is above its first heading", line,
				 f->what);
	add_heading(f, h);
	return 0;
}

static int find(struct finder *f)
{
	if (f->name[0] == ':' && f->name[1])
		return find_line(f);
	if (!find_headings(f, same_case) && !find_headings(f, any_case) && !find_id(f) &&
	    !find_headings(f, begins))
		find_headings(f, contains);
	return f->nr == 1 ? 0 : f->nr ? ambiguous(f) : none(f);
}

int section_find(struct section *out, const char *text, size_t len,
		 const char *name, const char *what)
{
	struct finder f = { .text = text, .len = len, .what = what };
	struct strbuf title = STRBUF_INIT, plain = STRBUF_INIT;
	int rc;

	strbuf_addstr(&plain, name + strspn(name, "#"));
	strbuf_trim(&plain);
	if (!plain.len) {	/* every heading has that */
		strbuf_release(&plain);
		return error_set(ORCH_ENO, "'%s' names no section", name);
	}
	f.name = plain.buf;
	f.name_len = plain.len;
	outline_parse(&f.outline, text, len);
	if ((rc = find(&f)) == 0) {
		out->begin = f.v[0].begin;
		out->end = f.v[0].end;
		out->first = f.v[0].first;
		out->last = f.v[0].last;
		add_title(&title, &f.v[0]);
		free(out->title);
		out->title = strbuf_detach(&title, NULL);
	}
	outline_release(&f.outline);
	strbuf_release(&plain);
	free(f.v);
	return rc;
}

void section_release(struct section *s)
{
	static const struct section empty = SECTION_INIT;

	free(s->title);
	*s = empty;
}
