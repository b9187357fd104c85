/*
 * git-orch-plan - the work items of the plan, and what is wrong with it
 *
 * How a plan is read is in orch/plan.h.
 */
#include "base/command.h"
#include "base/error.h"
#include "base/output.h"
#include "base/text.h"
#include "orch/docget.h"
#include "orch/orch.h"
#include "orch/plan.h"
#include "orch/plan_page.h"

static const char *plan_option;
static bool open_option;

static const char *const usage[] = {
	"git orch plan list [--open] [--plan <path>] [--json]",
	"git orch plan show [--plan <path>] [--json] <id>",
	"git orch plan ready [--plan <path>] [--json]",
	"git orch plan lint [--plan <path>] [--json]",
	NULL
};
#define OPT_PLAN OPT_STRING('p', "plan", &plan_option, "path", \
			    "the plan to read (default: orch.plan)")

/* How each of them begins; they work before init and on a detached HEAD. */
static int begin(struct orch *o, struct plan *p)
{
	char *path = NULL;
	int rc;

	if ((rc = orch_open(o, ORCH_LOOP_OPTIONAL)) < 0)
		return rc;
	if (plan_option && repo_work_tree(o->repo))
		rc = docget_path(&path, o, plan_option);
	if (rc == 0)
		rc = plan_load(p, o, path ? path : plan_option);
	free(path);
	if (rc < 0)
		return rc;
	if (p->truncated)
		warn("%s has more than %zu items; the rest was not read",
		     plan_path(p, 0), PLAN_ITEMS);
	return 0;
}

/* --- list, ready --------------------------------------------------------- */

static int show_none(struct output *out, const struct plan *p, bool ready)
{
	if (!p->nr && p->loose)
		output_line(out, "no items in %s; %u tasks there have no id",
			    plan_path(p, 0), p->loose);
	else if (!p->nr)
		output_line(out, "no items in %s", plan_path(p, 0));
	else
		output_line(out, "nothing in %s is %s", plan_path(p, 0),
			    ready ? "ready" : "open");
	return 0;
}

static int list_items(int argc, const char **argv, bool ready)
{
	const struct plan_item **v = NULL;
	struct orch o = ORCH_INIT;
	struct plan p = PLAN_INIT;
	struct output out;
	size_t nr = 0;
	int rc;

	if (argc)
		return usage_error("unexpected argument '%s'", argv[0]);
	if ((rc = begin(&o, &p)) < 0)
		goto out;
	if (ready) {
		plan_ready(&p, &v, &nr);
	} else {
		v = xcalloc(p.nr + 1, sizeof(*v));
		for (size_t i = 0; i < p.nr; i++)
			if (!open_option || !plan_is_finished(&p.v[i]))
				v[nr++] = &p.v[i];
	}
	output_open(&out);
	plan_page(&out, &p, v, nr);
	if (!nr)
		show_none(&out, &p, ready);
	rc = output_close(&out);
out:
	free(v);
	plan_release(&p);
	orch_release(&o);
	return rc;
}

static int run_list(int argc, const char **argv)
{
	return list_items(argc, argv, false);
}

static int run_ready(int argc, const char **argv)
{
	return list_items(argc, argv, true);
}

static const struct opt list_opts[] = {
	OPT_FLAG(0, "open", &open_option, "only what is not finished"),
	OPT_PLAN,
	OPT_END
};
static const char *const list_usage[] = {
	"git orch plan list [--open] [--plan <path>] [--json]", NULL
};
static const struct command list_command = {
	.name = "list", .usage = list_usage, .opts = list_opts, .run = run_list,
	.summary = "show the items in the order of the plan",
	.flags = COMMAND_JSON,
};

static const struct opt ready_opts[] = { OPT_PLAN, OPT_END };
static const char *const ready_usage[] = {
	"git orch plan ready [--plan <path>] [--json]", NULL
};
static const struct command ready_command = {
	.name = "ready", .usage = ready_usage, .opts = ready_opts,
	.run = run_ready, .flags = COMMAND_JSON,
	.summary = "show what can be worked on, the most important first",
};

/* --- show ---------------------------------------------------------------- */

static void show_item(struct output *out, const struct plan *p,
		      const struct plan_item *i)
{
	struct json *list, *j = output_json(out);
	const char *text = p->text.buf + i->begin;
	size_t len = i->end - i->begin;
	struct strbuf safe = STRBUF_INIT;

	plan_item_to_json(j, p, i);
	list = json_add_array(j, "history");
	for (size_t k = 0; k < p->attempts_nr; k++)
		if (p->attempts[k].item != PLAN_NO_ITEM &&
		    &p->v[p->attempts[k].item] == i)
			plan_attempt_to_json(json_add_object(list, NULL), p,
					     &p->attempts[k]);
	json_add_bytes(j, "text", text, len);
	text_add_safe(&safe, text, len, false);
	strbuf_rtrim(&safe);
	strbuf_addch(&safe, '\n');
	output_raw(out, safe.buf, safe.len);
	strbuf_release(&safe);
}

static int no_item(const struct plan *p, const char *id)
{
	struct strbuf near = STRBUF_INIT;
	int rc;

	plan_suggest(&near, p, id);
	rc = error_set(ORCH_ENO, "no item '%s' in %s%s", id, plan_path(p, 0),
		       near.buf);
	strbuf_release(&near);
	return rc;
}

static int run_show(int argc, const char **argv)
{
	struct orch o = ORCH_INIT;
	struct plan p = PLAN_INIT;
	const struct plan_item *i;
	struct output out;
	int rc;

	if (argc != 1)
		return usage_error(argc ? "unexpected argument '%s'" :
				   "which item? Name its id%s", argc ? argv[1] : "");
	if ((rc = begin(&o, &p)) < 0)
		goto out;
	i = plan_find(&p, argv[0]);
	if (!i) {
		rc = no_item(&p, argv[0]);
		goto out;
	}
	output_open(&out);
	show_item(&out, &p, i);
	rc = output_close(&out);
out:
	plan_release(&p);
	orch_release(&o);
	return rc;
}

static const struct opt show_opts[] = { OPT_PLAN, OPT_END };
static const char *const show_usage[] = {
	"git orch plan show [--plan <path>] [--json] <id>", NULL
};
static const struct command show_command = {
	.name = "show", .usage = show_usage, .opts = show_opts, .run = run_show,
	.summary = "print the section of one item", .flags = COMMAND_JSON,
};

/* --- lint ---------------------------------------------------------------- */

static int run_lint(int argc, const char **argv)
{
	struct orch o = ORCH_INIT;
	struct plan p = PLAN_INIT;
	struct output out;
	struct json *list;
	int rc;

	if (argc)
		return usage_error("unexpected argument '%s'", argv[0]);
	if ((rc = begin(&o, &p)) < 0)
		goto out;
	plan_lint(&p);
	output_open(&out);
	json_add_string(output_json(&out), "path", plan_path(&p, 0));
	json_add_int(output_json(&out), "items", (int64_t)p.nr);
	list = json_add_array(output_json(&out), "problems");
	for (size_t i = 0; i < p.problems_nr; i++) {
		const struct plan_problem *x = &p.problems[i];

		plan_problem_to_json(json_add_object(list, NULL), &p, x);
		output_line(&out, "%s:%u: %s: %s", plan_path(&p, x->file), x->line,
			    plan_problem_name((enum plan_problem_kind)x->kind),
			    x->text);
	}
	rc = output_close(&out);
	if (rc == 0 && p.problems_nr) {
		error_clear();	/* the answer is no, and there is no more to say */
		rc = ORCH_ENO;
	}
out:
	plan_release(&p);
	orch_release(&o);
	return rc;
}

static const struct opt lint_opts[] = { OPT_PLAN, OPT_END };
static const char *const lint_usage[] = {
	"git orch plan lint [--plan <path>] [--json]", NULL
};
static const struct command lint_command = {
	.name = "lint", .usage = lint_usage, .opts = lint_opts, .run = run_lint,
	.summary = "report what is wrong with the plan, each with its line",
	.flags = COMMAND_JSON,
};

static const struct command *const subs[] = {
	&list_command, &show_command, &ready_command, &lint_command, NULL
};
const struct command orch_command = {
	.name = "plan", .usage = usage, .subs = subs,
	.summary = "the work items of the plan, and what is wrong with it",
};
