/*
 * Over the lines of a plan, once. A heading, a table row or a list line starts
 * an item; the lines that follow say something about the innermost item whose
 * section is open.
 */
#include "orch/plan_scan.h"

/* --- items --------------------------------------------------------------- */

uint32_t scan_add_item(struct scan *s, enum plan_kind kind, struct md_slice id,
		       struct md_slice title, const struct md_line *l)
{
	struct plan *p = s->p;
	struct plan_item *i;

	if (p->nr >= PLAN_ITEMS) {
		p->truncated = true;
		return PLAN_NO_ITEM;
	}
	ALLOC_GROW(p->v, p->nr + 1, p->alloc);
	ALLOC_GROW(s->b->drafts, p->nr + 1, s->b->drafts_alloc);
	i = &p->v[p->nr];
	memset(i, 0, sizeof(*i));
	memset(&s->b->drafts[p->nr], 0, sizeof(s->b->drafts[0]));
	s->b->drafts[p->nr].state = s->level[s->depth].state;
	i->id = arena_strn(&p->memory, id.text, id.len);
	i->title = plan_plain(s->b, title.text, title.len);
	i->rank = PLAN_NO_PRIORITY;
	i->kind = (uint8_t)kind;
	i->file = s->file;
	i->begin = l->begin;
	i->end = l->next;
	i->line_start = i->line_end = l->number;
	return (uint32_t)p->nr++;
}

void scan_close_sections(struct scan *s, unsigned level, size_t at, unsigned last)
{
	for (; s->depth >= level && s->depth; s->depth--) {
		struct open_section *x = &s->level[s->depth];

		/* A line that turned out to be a heading may have been an item. */
		if (!x->starts || x->item == PLAN_NO_ITEM ||
		    s->p->v[x->item].begin >= at)
			continue;
		s->p->v[x->item].end = at;
		s->p->v[x->item].line_end = last;
	}
}

void scan_count_step(struct scan *s, uint32_t item, bool done)
{
	struct plan_item *i = &s->p->v[item];

	i->total++;
	i->done += done;
}

/* --- the whole ----------------------------------------------------------- */

static void scan_line(struct scan *s, struct md_table *t, const struct md_line *l,
		      const struct md_line *before)
{
	if (l->len > PLAN_LINE_MAX)
		plan_problem_add(s->p, PLAN_LONG_LINE, s->file, l->number,
				 "a line of %zu bytes", l->len);
	if (l->kind == LINE_HEADING)
		scan_open_heading(s, l, l->level, slice(l->title, l->title_len));
	else if (l->kind == LINE_UNDERLINE)
		scan_open_heading(s, before, l->level,
				  md_trim(slice(before->text, before->len)));
	switch (md_table_feed(t, l)) {
	case TABLE_HEAD:
		scan_table_head(s, t);
		if (t->torn)
			plan_problem_add(s->p, PLAN_TORN, s->file, l->number,
					 "the header of this table has other columns "
					 "than the line below it");
		break;
	case TABLE_ROW:
		if (t->torn)
			plan_problem_add(s->p, PLAN_TORN, s->file, l->number,
					 "a row with more cells than its table has "
					 "columns: a pipe needs a backslash");
		scan_table_row(s, t, l);
		break;
	case TABLE_NONE:
		if (l->kind == LINE_TEXT)
			scan_text_line(s, l);
		else if (l->kind == LINE_BLANK && s->list == PLAN_FIELD_DEPENDS)
			s->list = PLAN_FIELD_OTHER;
		break;
	}
}

static void scan_text(struct scan *s, const char *text, size_t len,
		      const char *path)
{
	struct md_table *table = xmalloc(sizeof(*table));
	struct plan *p = s->p;
	struct md_line l, before;
	struct md_scan scan;

	ALLOC_GROW(p->files, p->files_nr + 1, p->files_alloc);
	s->file = (uint16_t)p->files_nr;
	p->files[p->files_nr++] = arena_strn(&p->memory, path, strlen(path));
	s->box = PLAN_NO_ITEM;
	memset(&before, 0, sizeof(before));
	md_table_init(table);
	for (md_scan_init(&scan, text, len); md_scan_next(&scan, &l); before = l)
		scan_line(s, table, &l, &before);
	scan_close_sections(s, 1, len, scan.number);
	if (scan.open_line)
		plan_problem_add(p, PLAN_OPEN, s->file, scan.open_line,
				 "a fence or comment that is never closed");
	free(table);
}

void plan_scan(struct plan_builder *b, const char *text, size_t len,
	       const char *path)
{
	struct scan s = { .b = b, .p = b->p, .pattern = plan_item_pattern(b) };

	s.level[0].item = PLAN_NO_ITEM;
	scan_text(&s, text, len, path);
}

void plan_scan_phase(struct plan_builder *b, const char *text, size_t len,
		     const char *path, uint32_t item)
{
	struct scan s = { .b = b, .p = b->p, .pattern = plan_item_pattern(b) };

	if (b->p->files_nr >= UINT16_MAX)
		return;
	s.level[0].item = item;
	s.phase = true;
	scan_text(&s, text, len, path);
}
