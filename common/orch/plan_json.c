/*
 * Items, attempts and problems as JSON.
 */
#include "base/json.h"
#include "orch/plan.h"

void plan_item_to_json(struct json *object, const struct plan *p,
		       const struct plan_item *i)
{
	struct json *list;

	json_add_string(object, "id", i->id);
	json_add_string(object, "title", i->title);
	json_add_string(object, "status", i->status);
	json_add_string(object, "status_text", i->status_text);
	json_add_string(object, "priority", i->priority);
	json_add_string(object, "owner", i->owner);
	list = json_add_array(object, "depends_on");
	for (uint32_t k = 0; k < i->depends_nr; k++)
		json_add_string(list, NULL, i->depends_on[k]);
	list = json_add_array(object, "files");
	for (uint32_t k = 0; k < i->files_nr; k++)
		json_add_string(list, NULL, i->files[k]);
	json_add_string(object, "component", i->component);
	json_add_string(object, "path", plan_path(p, i->file));
	json_add_int(object, "line_start", i->line_start);
	json_add_int(object, "line_end", i->line_end);
	list = json_add_object(object, "checklist");
	json_add_int(list, "done", i->done);
	json_add_int(list, "total", i->total);
	json_add_int(object, "attempts", i->attempts);
	json_add_bool(object, "focus", i->focus);
}

void plan_attempt_to_json(struct json *object, const struct plan *p,
			  const struct plan_attempt *a)
{
	json_add_string(object, "id", a->id);
	json_add_string(object, "item",
			a->item == PLAN_NO_ITEM ? NULL : p->v[a->item].id);
	json_add_string(object, "attempt", a->name);
	json_add_string(object, "result", a->result);
	json_add_string(object, "title", a->title);
	json_add_string(object, "path", plan_path(p, a->file));
	json_add_int(object, "line", a->line);
}

void plan_problem_to_json(struct json *object, const struct plan *p,
			  const struct plan_problem *x)
{
	json_add_string(object, "kind",
			plan_problem_name((enum plan_problem_kind)x->kind));
	json_add_string(object, "path", plan_path(p, x->file));
	json_add_int(object, "line", x->line);
	json_add_string(object, "text", x->text);
}
