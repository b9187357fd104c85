/*
 * One item of all that was said about an id: the section counts, then what
 * stands below "Current Focus", then a row of an index, then a list line; what
 * the first does not say is taken from the others.
 */
#include "orch/plan_internal.h"

#include <strings.h>

void plan_builder_init(struct plan_builder *b, struct plan *p,
		       const struct plan_patterns *patterns)
{
	static const struct plan_patterns none = PLAN_PATTERNS_INIT;

	memset(b, 0, sizeof(*b));
	strbuf_init(&b->plain);
	b->p = p;
	b->patterns = patterns ? patterns : &none;
}

/* --- order --------------------------------------------------------------- */

static int compare_said(const void *a, const void *b, void *data)
{
	const struct plan_item *v = data;
	const struct plan_item *x = &v[*(const uint32_t *)a];
	const struct plan_item *y = &v[*(const uint32_t *)b];
	int c = strcmp(x->id, y->id);

	if (c)
		return c;
	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	return x < y ? -1 : x > y;
}

static uint32_t *sorted(const struct plan *p)
{
	uint32_t *order = xcalloc(p->nr + 1, sizeof(*order));

	for (size_t i = 0; i < p->nr; i++)
		order[i] = (uint32_t)i;
	qsort_r(order, p->nr, sizeof(*order), compare_said, p->v);
	return order;
}

/* --- one id -------------------------------------------------------------- */

static void append(struct plan_links *to, struct plan_links *from)
{
	if (!from->nr)
		return;
	if (to->last)
		to->last->next = from->first;
	else
		to->first = from->first;
	to->last = from->last;
	to->nr += from->nr;
	memset(from, 0, sizeof(*from));
}

static bool same_title(const char *a, const char *b)
{
	return !*a || !*b || strcasestr(a, b) || strcasestr(b, a);
}

static void disagree(struct plan *p, const struct plan_item *row,
		     const struct plan_item *section, const char *what,
		     const char *a, const char *b)
{
	plan_problem_add(p, PLAN_DISAGREES, row->file, row->line_start,
			 "%s of %s: '%.60s' here, '%.60s' at line %u", what, row->id,
			 a, b, section->line_start);
}

static void compare_row(struct plan *p, const struct plan_item *row,
			const struct plan_item *section)
{
	bool other = row->state != section->state ||
		     (row->state == PLAN_UNKNOWN && row->status && section->status &&
		      strcasecmp(row->status, section->status) != 0);

	if (row->status && section->status && other)
		disagree(p, row, section, "status", row->status, section->status);
	if (row->priority && section->priority && row->rank != section->rank)
		disagree(p, row, section, "priority", row->priority,
			 section->priority);
	if (!same_title(row->title, section->title))
		disagree(p, row, section, "title", row->title, section->title);
}

/* Take from `other` what `i` does not say. */
static void complete(struct plan_builder *b, size_t i, size_t other)
{
	struct plan_item *to = &b->p->v[i];
	const struct plan_item *from = &b->p->v[other];

	if (!*to->title)
		to->title = from->title;
	if (!to->status) {
		to->status = from->status;
		to->status_text = from->status_text;
		to->state = from->state;
	}
	if (!to->priority) {
		to->priority = from->priority;
		to->rank = from->rank;
	}
	if (!to->owner)
		to->owner = from->owner;
	if (!to->component)
		to->component = from->component;
	to->done += from->done;
	to->total += from->total;
	append(&b->drafts[i].depends, &b->drafts[other].depends);
	append(&b->drafts[i].files, &b->drafts[other].files);
}

/* The items order[0..nr) have one id. into[] gets for each what it becomes. */
static void merge_id(struct plan_builder *b, const uint32_t *order, size_t nr,
		     uint32_t *into)
{
	struct plan *p = b->p;
	struct plan_item *first = &p->v[order[0]];
	const struct plan_item *before = first;	/* of the same kind */

	if (first->kind == PLAN_FOCUS && !first->status && b->plan_status)
		plan_set_status(b, first, (struct md_slice){
			b->plan_status, strlen(b->plan_status) });
	into[order[0]] = order[0];
	for (size_t k = 1; k < nr; k++) {
		struct plan_item *x = &p->v[order[k]];

		if (x->kind == before->kind && x->kind != PLAN_FOCUS)
			plan_problem_add(p, PLAN_DUPLICATE, x->file, x->line_start,
					 "%s again, first at line %u", x->id,
					 before->line_start);
		else
			before = x;
		if (x->kind == PLAN_ROW && first->kind == PLAN_SECTION)
			compare_row(p, x, first);
		into[order[k]] = x->kind == first->kind && x->kind != PLAN_FOCUS ?
				 order[k] : order[0];
		if (into[order[k]] == order[0])
			complete(b, order[0], order[k]);
	}
}

/* "- [ ] T003" is an item where items have no sections; beside sections only
 * if its id is one that is known outside of its list. */
static bool is_wanted(const struct plan_item *i, bool have_sections)
{
	return i->kind != PLAN_BOX || !have_sections || strchr(i->id, '-') ||
	       i->id[0] == '#';
}

/* --- all of them --------------------------------------------------------- */

/* by_id of those that stay, from the order of all. */
static void index_items(struct plan *p, const uint32_t *order, const uint32_t *place,
			size_t nr)
{
	size_t n = 0;

	p->by_id = xcalloc(p->nr + 1, sizeof(*p->by_id));
	for (size_t k = 0; k < nr; k++) {
		struct plan_item *x;

		if (place[order[k]] == PLAN_NO_ITEM)
			continue;
		x = &p->v[place[order[k]]];
		if (n && str_eq(p->v[p->by_id[n - 1]].id, x->id))
			x->copy = p->v[p->by_id[n - 1]].copy + 1;
		p->by_id[n++] = place[order[k]];
	}
}

void plan_builder_merge(struct plan_builder *b)
{
	struct plan *p = b->p;
	uint32_t *order = sorted(p), *into = xcalloc(p->nr + 1, sizeof(*into));
	uint32_t *place = xcalloc(p->nr + 1, sizeof(*place));
	bool have_sections = false;
	size_t i, n, kept = 0;

	for (i = 0; i < p->nr; i++)
		have_sections |= p->v[i].kind == PLAN_SECTION;
	for (i = 0; i < p->nr; i += n) {
		for (n = 1; i + n < p->nr && str_eq(p->v[order[i]].id,
						    p->v[order[i + n]].id); n++)
			;
		merge_id(b, order + i, n, into);
	}
	/* What an item becomes a part of may stand behind it, so all places are
	 * found before anything moves. */
	for (i = 0; i < p->nr; i++)
		place[i] = into[i] == i && is_wanted(&p->v[i], have_sections) ?
			   (uint32_t)kept++ : PLAN_NO_ITEM;
	for (i = 0; i < p->attempts_nr; i++) {
		uint32_t *at = &p->attempts[i].item;

		if (*at != PLAN_NO_ITEM)
			*at = place[into[*at]];
	}
	for (i = 0; i < p->nr; i++) {
		if (place[i] == PLAN_NO_ITEM)
			continue;
		p->v[place[i]] = p->v[i];
		b->drafts[place[i]] = b->drafts[i];
	}
	n = p->nr;
	p->nr = kept;
	index_items(p, order, place, n);
	free(order);
	free(into);
	free(place);
}

/* --- the end ------------------------------------------------------------- */

static uint32_t find_exact(const struct plan *p, const char *id, size_t len)
{
	size_t from = 0, to = p->nr;

	while (from < to) {
		size_t mid = from + (to - from) / 2;
		const char *x = p->v[p->by_id[mid]].id;
		int c = strncmp(x, id, len);

		if (c < 0)
			from = mid + 1;
		else
			to = mid;
	}
	/* Ids that only begin like this one stand behind it. */
	if (from < p->nr && strncmp(p->v[p->by_id[from]].id, id, len) == 0 &&
	    !p->v[p->by_id[from]].id[len])
		return p->by_id[from];
	return PLAN_NO_ITEM;
}

uint32_t plan_index_of(const struct plan *p, const char *id, bool or_whole)
{
	size_t len = strlen(id);
	uint32_t at = find_exact(p, id, len);

	while (at == PLAN_NO_ITEM && or_whole) {
		const char *dot = memrchr(id, '.', len);

		if (!dot || dot == id)
			break;
		len = (size_t)(dot - id);
		at = find_exact(p, id, len);
	}
	return at;
}

/* An attempt at a part counts for the whole as well. */
static void count_attempts(struct plan *p)
{
	for (size_t i = 0; i < p->attempts_nr; i++) {
		struct plan_attempt *a = &p->attempts[i];
		const char *dot;
		uint32_t at;

		if (a->item == PLAN_NO_ITEM)
			a->item = plan_index_of(p, a->id, true);
		if (a->item == PLAN_NO_ITEM)
			continue;
		p->v[a->item].attempts++;
		dot = strrchr(p->v[a->item].id, '.');
		if (!dot || dot == p->v[a->item].id)
			continue;
		at = find_exact(p, p->v[a->item].id,
				(size_t)(dot - p->v[a->item].id));
		if (at != PLAN_NO_ITEM)
			p->v[at].attempts++;
	}
}

/* The directory that all files have in common, if it is one. */
static void guess_component(struct plan_builder *b, struct plan_item *i)
{
	const char *slash = i->files_nr ? strchr(i->files[0], '/') : NULL;
	size_t n = slash ? (size_t)(slash - i->files[0]) + 1 : 0;

	if (i->component || !n)
		return;
	for (uint32_t k = 1; k < i->files_nr; k++)
		if (strncmp(i->files[k], i->files[0], n) != 0)
			return;
	i->component = arena_strn(&b->p->memory, i->files[0], n - 1);
}

void plan_builder_finish(struct plan_builder *b)
{
	struct plan *p = b->p;
	uint32_t focus;

	plan_depends_resolve(b);
	count_attempts(p);
	for (size_t k = 0; k < p->nr; k++) {
		struct plan_item *i = &p->v[k];

		guess_component(b, i);
		if (!i->status && b->drafts[k].state != PLAN_UNKNOWN) {
			i->state = (uint8_t)b->drafts[k].state;
			i->status = plan_state_name(b->drafts[k].state);
		}
		if (!i->status && i->total && i->done == i->total) {
			i->state = PLAN_DONE;
			i->status = plan_state_name(PLAN_DONE);
		}
	}
	focus = p->focus ? plan_index_of(p, p->focus, true) : PLAN_NO_ITEM;
	if (focus != PLAN_NO_ITEM) {
		p->focus = p->v[focus].id;
		p->v[focus].focus = true;
	}
	free(b->drafts);
	arena_release(&b->scratch);
	strbuf_release(&b->plain);
	memset(b, 0, sizeof(*b));
}

void plan_parse(struct plan *p, const char *text, size_t len, const char *path,
		const struct plan_patterns *patterns)
{
	struct plan_builder b;

	plan_release(p);
	plan_builder_init(&b, p, patterns);
	plan_scan(&b, text, len, path);
	plan_builder_merge(&b);
	plan_builder_finish(&b);
}

void plan_release(struct plan *p)
{
	static const struct plan empty = PLAN_INIT;

	free(p->v);
	free(p->by_id);
	free(p->attempts);
	free(p->problems);
	free(p->files);
	strbuf_release(&p->text);
	arena_release(&p->memory);
	*p = empty;
}

const struct plan_item *plan_find(const struct plan *p, const char *id)
{
	uint32_t at = plan_index_of(p, id, false);

	return at == PLAN_NO_ITEM ? NULL : &p->v[at];
}

const struct plan_item *plan_find_part(const struct plan *p, const char *id)
{
	uint32_t at = plan_index_of(p, id, true);

	return at == PLAN_NO_ITEM ? NULL : &p->v[at];
}

const char *plan_path(const struct plan *p, unsigned file)
{
	return file < p->files_nr ? p->files[file] : "";
}
