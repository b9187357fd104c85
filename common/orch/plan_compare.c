/*
 * What differs between two versions of a plan.
 */
#include "orch/plan_internal.h"

struct comparison {
	plan_reporter *report;
	void *data;
	struct strbuf from, to;
};

static void changed(struct comparison *c, const struct plan_item *a,
		    const struct plan_item *b, const char *field, const char *from,
		    const char *to)
{
	struct plan_report r = { .what = PLAN_CHANGED, .before = a, .now = b,
				 .field = field, .from = from ? from : "",
				 .to = to ? to : "" };

	if (!str_eq(r.from, r.to))
		c->report(&r, c->data);
}

static const char *depends(struct strbuf *out, const struct plan_item *i)
{
	strbuf_reset(out);
	for (uint32_t k = 0; k < i->depends_nr; k++)
		strbuf_addf(out, "%s%s", k ? ", " : "", i->depends_on[k]);
	return out->buf;
}

static const char *checklist(struct strbuf *out, const struct plan_item *i)
{
	strbuf_reset(out);
	if (i->total)
		strbuf_addf(out, "%u/%u", i->done, i->total);
	return out->buf;
}

static void compare_item(struct comparison *c, const struct plan_item *a,
			 const struct plan_item *b)
{
	struct plan_report r = { .what = PLAN_COMPLETED, .before = a, .now = b };

	changed(c, a, b, "title", a->title, b->title);
	if (a->state != PLAN_DONE && b->state == PLAN_DONE)
		c->report(&r, c->data);
	else
		changed(c, a, b, "status", a->status, b->status);
	changed(c, a, b, "priority", a->priority, b->priority);
	changed(c, a, b, "owner", a->owner, b->owner);
	changed(c, a, b, "depends_on", depends(&c->from, a), depends(&c->to, b));
	changed(c, a, b, "checklist", checklist(&c->from, a), checklist(&c->to, b));
}

static void compare_items(struct comparison *c, const struct plan *before,
			  const struct plan *now)
{
	size_t i = 0, j = 0;

	while (i < before->nr || j < now->nr) {
		const struct plan_item *a = i < before->nr ?
					    &before->v[before->by_id[i]] : NULL;
		const struct plan_item *b = j < now->nr ? &now->v[now->by_id[j]] : NULL;
		int order = !a ? 1 : !b ? -1 : strcmp(a->id, b->id);

		if (!order)
			order = a->copy < b->copy ? -1 : a->copy > b->copy;
		if (!order) {
			compare_item(c, a, b);
		} else {
			struct plan_report r = { .what = order < 0 ? PLAN_GONE : PLAN_NEW,
						 .before = order < 0 ? a : NULL,
						 .now = order < 0 ? NULL : b };

			c->report(&r, c->data);
			r.what = PLAN_COMPLETED;
			if (order > 0 && b->state == PLAN_DONE)
				c->report(&r, c->data);
		}
		i += order <= 0;
		j += order >= 0;
	}
}

/* --- attempts ------------------------------------------------------------ */

static int compare_keys(const struct plan_attempt *a, const struct plan_attempt *b)
{
	int c = strcmp(a->id, b->id);

	if (!c)
		c = strcmp(a->name, b->name);
	return c ? c : strcmp(a->title, b->title);
}

static int compare_attempts(const void *x, const void *y)
{
	const struct plan_attempt *a = *(const struct plan_attempt *const *)x;
	const struct plan_attempt *b = *(const struct plan_attempt *const *)y;
	int c = compare_keys(a, b);

	if (c)
		return c;
	return a < b ? -1 : a > b;
}

static const struct plan_attempt **sorted(const struct plan *p)
{
	const struct plan_attempt **v = xcalloc(p->attempts_nr + 1, sizeof(*v));

	for (size_t i = 0; i < p->attempts_nr; i++)
		v[i] = &p->attempts[i];
	qsort(v, p->attempts_nr, sizeof(*v), compare_attempts);
	return v;
}

static void compare_histories(struct comparison *c, const struct plan *before,
			      const struct plan *now)
{
	const struct plan_attempt **a = sorted(before), **b = sorted(now);
	bool *is_new = xcalloc(now->attempts_nr + 1, sizeof(*is_new));
	size_t i = 0, j = 0;

	while (j < now->attempts_nr) {
		int order = i < before->attempts_nr ? compare_keys(a[i], b[j]) : 1;

		if (order > 0)
			is_new[b[j] - now->attempts] = true;
		i += order <= 0;
		j += order >= 0;
	}
	for (j = 0; j < now->attempts_nr; j++) {
		struct plan_report r = { .what = PLAN_ATTEMPT,
					 .attempt = &now->attempts[j] };

		if (r.attempt->item != PLAN_NO_ITEM)
			r.now = &now->v[r.attempt->item];
		if (is_new[j])
			c->report(&r, c->data);
	}
	free(is_new);
	free(a);
	free(b);
}

void plan_compare(const struct plan *before, const struct plan *now,
		  plan_reporter *report, void *data)
{
	struct comparison c = { report, data, STRBUF_INIT, STRBUF_INIT };

	compare_items(&c, before, now);
	compare_histories(&c, before, now);
	strbuf_release(&c.from);
	strbuf_release(&c.to);
}
