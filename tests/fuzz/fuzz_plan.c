/*
 * Any text as a plan, and as findings: offsets stay inside, items and lookups
 * agree, nothing differs from itself, and half of it read before the whole can
 * be compared with the whole.
 */
#include "base/json.h"
#include "orch/findings.h"
#include "orch/plan.h"

#include "fuzz.h"

static void check_item(const struct plan *p, const struct plan_item *i, size_t size)
{
	const struct plan_item *found = plan_find(p, i->id);

	if (i->begin >= i->end || i->end > size || i->line_start > i->line_end)
		BUG("'%s' is outside of its text", i->id);
	if (!found || !str_eq(found->id, i->id) || found->copy)
		BUG("'%s' is not found", i->id);
	if (i->done > i->total)
		BUG("more steps done than there are");
	for (uint32_t k = 0; k < i->depends_nr; k++)
		if (str_eq(i->depends_on[k], i->id))
			BUG("'%s' depends on itself", i->id);
}

static void no_change(const struct plan_report *r, void *data)
{
	(void)data;
	BUG("a plan differs from itself (%d)", r->what);
}

static void count(const struct plan_report *r, void *data)
{
	(void)r;
	++*(size_t *)data;
}

static void fuzz_plan(const char *text, size_t size)
{
	struct plan p = PLAN_INIT, half = PLAN_INIT;
	const struct plan_item **ready;
	size_t nr, changes = 0;
	struct json *j;

	plan_parse(&p, text, size, "plan.md", NULL);
	for (size_t i = 0; i < p.nr; i++) {
		check_item(&p, &p.v[i], size);
		j = json_new_object();
		plan_item_to_json(j, &p, &p.v[i]);
		json_free(j);
	}
	plan_ready(&p, &ready, &nr);
	if (nr > p.nr)
		BUG("more is ready than there is");
	free(ready);
	plan_lint(&p);
	plan_compare(&p, &p, no_change, NULL);
	plan_parse(&half, text, size / 2, "plan.md", NULL);
	plan_compare(&half, &p, count, &changes);
	plan_release(&half);
	plan_release(&p);
}

static void no_finding(enum findings_change what, const struct finding *before,
		       const struct finding *now, void *data)
{
	(void)before;
	(void)now;
	(void)data;
	BUG("findings differ from themselves (%d)", what);
}

static void fuzz_findings(const char *text, size_t size)
{
	struct findings f = FINDINGS_INIT;

	findings_parse(&f, text, size);
	for (size_t i = 0; i < f.nr; i++) {
		const struct finding *found = findings_find(&f, f.v[i].id);

		if (f.v[i].begin >= f.v[i].end || f.v[i].end > size)
			BUG("'%s' is outside of its text", f.v[i].id);
		if (!found || !str_eq(found->id, f.v[i].id))
			BUG("'%s' is not found", f.v[i].id);
	}
	findings_compare(&f, &f, no_finding, NULL);
	findings_release(&f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_plan((const char *)data, size);
	fuzz_findings((const char *)data, size);
	return 0;
}
