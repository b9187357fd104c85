#include "orch/findings.h"

#include "base/json.h"
#include "base/markdown.h"
#include "base/outline.h"
#include "base/strbuf.h"
#include "orch/ledgerid.h"

/* What a text is made of while it is read. */
struct reader {
	struct findings *f;
	const char *text;
	struct strbuf plain;
	/* Of the table at work; TABLE_COLUMNS where it has no such column. */
	size_t id, title, keywords, status;
	/* The section at work: a finding once it is known to be one. */
	struct finding open;
	struct md_slice heading;
	unsigned level;		/* 0: none is open */
	bool known;
};

static const char *plain(struct reader *r, const char *text, size_t len)
{
	strbuf_reset(&r->plain);
	md_plain(&r->plain, text, len);
	return arena_strn(&r->f->memory, r->plain.buf, r->plain.len);
}

/* FNV-1a: against accidents, not against enemies. */
static uint64_t hash_bytes(const char *s, size_t len)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	while (len--)
		h = (h ^ (unsigned char)*s++) * UINT64_C(0x100000001b3);
	return h;
}

static void keep(struct reader *r, struct finding *x)
{
	struct findings *f = r->f;

	if (f->nr >= FINDINGS_MAX)
		return;
	if (!x->title)
		x->title = "";
	if (!x->keywords)
		x->keywords = "";
	if (!x->status)
		x->status = "";
	x->hash = hash_bytes(r->text + x->begin, x->end - x->begin);
	ALLOC_GROW(f->v, f->nr + 1, f->alloc);
	f->v[f->nr++] = *x;
}

/* --- tables -------------------------------------------------------------- */

#define NO_COLUMN ((size_t)TABLE_COLUMNS)

static size_t find_column(const struct md_table *t, const char *names)
{
	for (size_t i = 0; i < t->columns; i++)
		if (md_key_is(md_unwrap((struct md_slice){ t->head[i].text,
							   t->head[i].len }), names))
			return i;
	return NO_COLUMN;
}

static void read_head(struct reader *r, const struct md_table *t)
{
	r->id = find_column(t, "finding id|finding|id|key|nr|no|#");
	r->title = find_column(t, "synopsis|summary|title|description|lesson|what");
	r->keywords = find_column(t, "keywords|keyword|tags|topics|topic|area");
	r->status = find_column(t, "status|state");
	if (r->title == NO_COLUMN && r->keywords == NO_COLUMN &&
	    r->status == NO_COLUMN)
		r->id = NO_COLUMN;
}

static const char *cell(struct reader *r, const struct md_table *t, size_t i)
{
	if (i >= t->columns)
		return "";
	return plain(r, t->cells[i].text, t->cells[i].len);
}

static void read_row(struct reader *r, const struct md_table *t,
		     const struct md_line *l)
{
	struct md_slice id = md_unwrap((struct md_slice){ t->cells[r->id].text,
							  t->cells[r->id].len });
	struct finding x = { .begin = l->begin, .end = l->next,
			     .line_start = l->number, .line_end = l->number };
	struct md_slice rest;

	/* "[F-1](#f-1)"; otherwise whatever the cell says is the id. */
	if (id.len && id.text[0] == '[')
		ledger_split(&id, &rest, id, NULL);
	if (!id.len || id.len > LEDGER_ID_MAX)
		return;
	x.id = plain(r, id.text, id.len);
	if (!*x.id)
		return;
	x.title = cell(r, t, r->title);
	x.keywords = cell(r, t, r->keywords);
	x.status = cell(r, t, r->status);
	keep(r, &x);
}

/* --- sections ------------------------------------------------------------ */

static void end_section(struct reader *r, size_t at, unsigned last)
{
	if (r->level && r->known) {
		r->open.end = at;
		r->open.line_end = last;
		if (!r->open.id)
			r->open.id = plain(r, r->heading.text, r->heading.len);
		if (*r->open.id)
			keep(r, &r->open);
	}
	r->level = 0;
}

static void begin_section(struct reader *r, size_t begin, unsigned line,
			  unsigned level, struct md_slice heading)
{
	struct md_slice id, title;
	bool named = level > 1 && ledger_split(&id, &title, heading, NULL);

	/* What lies deeper and has no id is a part of the finding above it. */
	if (r->level && r->known && level > r->level && !named)
		return;
	end_section(r, begin, line - 1);
	memset(&r->open, 0, sizeof(r->open));
	r->open.begin = begin;
	r->open.line_start = line;
	r->heading = heading;
	r->level = level;
	r->known = named;
	if (named) {
		r->open.id = plain(r, id.text, id.len);
		r->open.title = plain(r, title.text, title.len);
	} else {
		r->open.title = plain(r, heading.text, heading.len);
	}
}

static void read_field(struct reader *r, const struct md_line *l)
{
	struct md_field f;
	const char **where;

	if (!r->level || !md_field(&f, l->text, l->len))
		return;
	if (md_key_is(f.key, "keywords|keyword|tags"))
		where = &r->open.keywords;
	else if (md_key_is(f.key, "status|state"))
		where = &r->open.status;
	else if (md_key_is(f.key, "synopsis|summary"))
		where = &r->open.title;
	else if (r->level > 1 && !r->open.id &&
		 md_key_is(f.key, "finding id|id"))
		where = &r->open.id;
	else
		return;
	/* The title of the whole text is no finding, whatever follows it. */
	if (r->level > 1)
		r->known = true;
	if (where == &r->open.title || !*where)
		*where = plain(r, f.value.text, f.value.len);
}

/* --- the whole ----------------------------------------------------------- */

static int compare_copies(const struct finding *a, const struct finding *b)
{
	int c = strcmp(a->id, b->id);

	if (c)
		return c;
	return a->line_start < b->line_start ? -1 : a->line_start > b->line_start;
}

static int compare_index(const void *a, const void *b, void *data)
{
	const struct finding *v = data;

	return compare_copies(&v[*(const size_t *)a], &v[*(const size_t *)b]);
}

static void sort_by_id(struct findings *f)
{
	f->by_id = xcalloc(f->nr + 1, sizeof(*f->by_id));
	for (size_t i = 0; i < f->nr; i++)
		f->by_id[i] = i;
	qsort_r(f->by_id, f->nr, sizeof(*f->by_id), compare_index, f->v);
	for (size_t i = 1; i < f->nr; i++) {
		struct finding *x = &f->v[f->by_id[i]];
		const struct finding *before = &f->v[f->by_id[i - 1]];

		if (str_eq(x->id, before->id))
			x->copy = before->copy + 1;
	}
}

static void read_line(struct reader *r, struct md_table *t,
		      const struct md_line *l, const struct md_line *before)
{
	if (l->kind == LINE_HEADING) {
		begin_section(r, l->begin, l->number, l->level,
			      (struct md_slice){ l->title, l->title_len });
	} else if (l->kind == LINE_UNDERLINE) {
		begin_section(r, before->begin, before->number, l->level,
			      md_trim((struct md_slice){ before->text, before->len }));
	}
	switch (md_table_feed(t, l)) {
	case TABLE_HEAD:
		read_head(r, t);
		break;
	case TABLE_ROW:
		if (r->id < t->columns)
			read_row(r, t, l);
		break;
	case TABLE_NONE:
		if (l->kind == LINE_TEXT)
			read_field(r, l);
		break;
	}
}

void findings_parse(struct findings *f, const char *text, size_t len)
{
	struct reader r = { .f = f, .text = text, .plain = STRBUF_INIT };
	struct md_table *table = xmalloc(sizeof(*table));
	struct md_line l, before;
	struct md_scan scan;

	findings_release(f);
	memset(&before, 0, sizeof(before));
	md_table_init(table);
	for (md_scan_init(&scan, text, len); md_scan_next(&scan, &l); before = l)
		read_line(&r, table, &l, &before);
	end_section(&r, len, scan.number);
	sort_by_id(f);
	strbuf_release(&r.plain);
	free(table);
}

void findings_release(struct findings *f)
{
	free(f->v);
	free(f->by_id);
	arena_release(&f->memory);
	memset(f, 0, sizeof(*f));
}

const struct finding *findings_find(const struct findings *f, const char *id)
{
	size_t from = 0, to = f->nr;

	while (from < to) {
		size_t mid = from + (to - from) / 2;

		if (strcmp(f->v[f->by_id[mid]].id, id) < 0)
			from = mid + 1;
		else
			to = mid;
	}
	if (from == f->nr || !str_eq(f->v[f->by_id[from]].id, id))
		return NULL;
	return &f->v[f->by_id[from]];
}

/* The hash covers all of it, but could be forged; what is shown could not. */
static bool differs(const struct finding *a, const struct finding *b)
{
	return a->hash != b->hash || !str_eq(a->title, b->title) ||
	       !str_eq(a->status, b->status) || !str_eq(a->keywords, b->keywords);
}

void findings_compare(const struct findings *before, const struct findings *now,
		      findings_report *report, void *data)
{
	size_t i = 0, j = 0;

	while (i < before->nr || j < now->nr) {
		const struct finding *a = i < before->nr ?
					  &before->v[before->by_id[i]] : NULL;
		const struct finding *b = j < now->nr ? &now->v[now->by_id[j]] : NULL;
		int c = !a ? 1 : !b ? -1 : strcmp(a->id, b->id);

		if (!c)
			c = a->copy < b->copy ? -1 : a->copy > b->copy;
		if (c < 0)
			report(FINDING_GONE, a, NULL, data);
		else if (c > 0)
			report(FINDING_NEW, NULL, b, data);
		else if (differs(a, b))
			report(FINDING_CHANGED, a, b, data);
		i += c <= 0;
		j += c >= 0;
	}
}

void finding_to_json(struct json *object, const struct finding *f)
{
	json_add_string(object, "id", f->id);
	json_add_string(object, "title", f->title);
	json_add_string(object, "keywords", f->keywords);
	json_add_string(object, "status", f->status);
	json_add_int(object, "line_start", f->line_start);
	json_add_int(object, "line_end", f->line_end);
}
