/*
 * What is wrong with a plan. Most is noticed while it is read; circles need the
 * whole of it.
 */
#include "orch/plan_internal.h"

#include <stdarg.h>

#include "base/strbuf.h"

#define CIRCLES 100	/* more are not reported: the graph is nonsense */
#define CIRCLE_IDS 8	/* named of one circle */

void plan_problem_add(struct plan *p, enum plan_problem_kind kind, unsigned file,
		      unsigned line, const char *fmt, ...)
{
	struct strbuf text = STRBUF_INIT;
	struct plan_problem *x;
	va_list ap;

	if (p->problems_nr >= PLAN_PROBLEMS)
		return;
	va_start(ap, fmt);
	strbuf_vaddf(&text, fmt, ap);
	va_end(ap);
	ALLOC_GROW(p->problems, p->problems_nr + 1, p->problems_alloc);
	x = &p->problems[p->problems_nr++];
	x->kind = (uint8_t)kind;
	x->file = (uint16_t)file;
	x->line = line;
	x->text = arena_strn(&p->memory, text.buf, text.len);
	strbuf_release(&text);
}

const char *plan_problem_name(enum plan_problem_kind kind)
{
	static const char *const names[] = {
		[PLAN_DUPLICATE] = "duplicate-id",
		[PLAN_UNKNOWN_ID] = "unknown-dependency",
		[PLAN_CIRCLE] = "circular-dependency",
		[PLAN_DISAGREES] = "index-disagrees",
		[PLAN_TORN] = "torn-table",
		[PLAN_LONG_LINE] = "long-line",
		[PLAN_OPEN] = "unclosed",
	};

	return names[kind];
}

/* --- circles ------------------------------------------------------------- */

/* A walk in depth over the dependencies, on a stack of our own: a chain of
 * 100,000 items must not need 100,000 frames. */
struct walk {
	struct plan *p;
	uint32_t *stack;	/* items from the root to here */
	uint32_t *next;		/* of each on the stack: its next dependency */
	size_t depth;
	uint32_t *place;	/* of each item: where on the stack, from 1; 0 */
	bool *seen;
	size_t circles;
};

static void report_circle(struct walk *w, size_t from)
{
	const struct plan_item *first = &w->p->v[w->stack[from]];
	struct strbuf text = STRBUF_INIT;

	for (size_t i = from; i < w->depth; i++) {
		if (i - from == CIRCLE_IDS && w->depth - i > 1) {
			strbuf_addf(&text, "%zu more, ", w->depth - i - 1);
			i = w->depth - 1;
		}
		strbuf_addf(&text, "%s, ", w->p->v[w->stack[i]].id);
	}
	plan_problem_add(w->p, PLAN_CIRCLE, first->file, first->line_start,
			 "each depends on the next: %s%s", text.buf, first->id);
	strbuf_release(&text);
	w->circles++;
}

static void push(struct walk *w, uint32_t item)
{
	w->seen[item] = true;
	w->stack[w->depth] = item;
	w->next[w->depth++] = 0;
	w->place[item] = (uint32_t)w->depth;
}

static void walk_from(struct walk *w, uint32_t root)
{
	push(w, root);
	while (w->depth) {
		uint32_t item = w->stack[w->depth - 1], on;
		uint32_t k = w->next[w->depth - 1]++;

		if (k == w->p->v[item].depends_nr) {
			w->place[item] = 0;
			w->depth--;
			continue;
		}
		on = plan_index_of(w->p, w->p->v[item].depends_on[k], false);
		if (on == PLAN_NO_ITEM)
			continue;
		if (w->place[on] && w->circles < CIRCLES)
			report_circle(w, w->place[on] - 1);
		else if (!w->seen[on])
			push(w, on);
	}
}

static void find_circles(struct plan *p)
{
	struct walk w = { .p = p };

	w.stack = xcalloc(p->nr + 1, sizeof(*w.stack));
	w.next = xcalloc(p->nr + 1, sizeof(*w.next));
	w.place = xcalloc(p->nr + 1, sizeof(*w.place));
	w.seen = xcalloc(p->nr + 1, sizeof(*w.seen));
	for (size_t i = 0; i < p->nr; i++)
		if (!w.seen[i])
			walk_from(&w, (uint32_t)i);
	free(w.stack);
	free(w.next);
	free(w.place);
	free(w.seen);
}

/* --- the list ------------------------------------------------------------ */

static int compare_problems(const void *a, const void *b)
{
	const struct plan_problem *x = a, *y = b;

	if (x->file != y->file)
		return x->file < y->file ? -1 : 1;
	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	return strcmp(x->text, y->text);
}

void plan_lint(struct plan *p)
{
	find_circles(p);
	if (p->problems_nr)
		qsort(p->problems, p->problems_nr, sizeof(*p->problems),
		      compare_problems);
}
