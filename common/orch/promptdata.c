/*
 * The variables that a context template can use, and the built-in template.
 */
#include "orch/promptdata.h"

#include <stdarg.h>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "orch/delta.h"
#include "orch/orch.h"
#include "orch/prompt.h"
#include "orch/receipt.h"
#include "orch/turn.h"
#include "orch/words.h"

#define MAX_INPUT (16u << 20)
#define MAX_FINDINGS 20		/* of checks */
#define RECEIPTS_SEEN 12

const char prompt_builtin_template[] =
"# Your turn\n"
"\n"
"You are {{actor}}, in iteration {{iteration_number}} of the loop {{loop}}.\n"
"{{#task}}\n"
"\n"
"## Task\n"
"\n"
"{{task}}\n"
"{{/task}}\n"
"{{#previous_focus_issue}}\n"
"\n"
"Focus so far: {{previous_focus_issue}}\n"
"{{/previous_focus_issue}}\n"
"{{#dependency_checklist}}\n"
"\n"
"It depends on:\n"
"\n"
"{{dependency_checklist}}\n"
"{{/dependency_checklist}}\n"
"\n"
"## What changed since your last turn\n"
"\n"
"{{git_diff_summary}}\n"
"{{#delta.new_plan_items}}\n"
"new in the plan: {{id}} {{title}} ({{path}}:{{line}})\n"
"{{/delta.new_plan_items}}\n"
"{{#delta.completed_tasks}}\n"
"completed: {{id}} {{title}} ({{path}}:{{line}})\n"
"{{/delta.completed_tasks}}\n"
"{{#delta.new_findings}}\n"
"new finding: {{id}} {{title}} ({{path}}:{{line}})\n"
"{{/delta.new_findings}}\n"
"{{#check_findings}}\n"
"check in {{turn}}: {{level}} {{rule}}: {{#path}}{{path}}: {{/path}}{{message}}\n"
"{{/check_findings}}\n"
"{{#summaries}}\n"
"\n"
"## What {{actor}} said last\n"
"\n"
"{{text}}\n"
"{{/summaries}}\n";

static void add_focus(struct json *out, struct orch *o)
{
	const char *input = config_get(o->config, "orch.input");
	struct strbuf text = STRBUF_INIT;
	char *focus;
	int fd;

	/* Whoever packs the documents reports what is wrong with one. */
	if (input && *input && file_open_beneath(&fd, NULL, repo_work_tree(o->repo),
						 input, false) == 0) {
		if (strbuf_read_fd(&text, fd, MAX_INPUT) < 0)
			strbuf_reset(&text);
		close(fd);
	}
	error_clear();
	focus = focus_of_input(text.buf, text.len);
	json_add_bytes(out, "previous_focus_issue", focus, strlen(focus));
	free(focus);
	strbuf_release(&text);
}

/* What stands for the whole in {{list}}. */
static void add_line(struct json *item, const char *fmt, ...) PRINTF_LIKE(2, 3);
static void add_line(struct json *item, const char *fmt, ...)
{
	struct strbuf text = STRBUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	strbuf_vaddf(&text, fmt, ap);
	va_end(ap);
	json_add_bytes(item, "", text.buf, text.len);
	strbuf_release(&text);
}

static void add_changed(struct json *files, const struct change_list *l,
			bool uncommitted)
{
	for (size_t i = 0; i < l->nr; i++) {
		const struct change *c = &l->v[i];
		const char status[] = { delta_status(c), '\0' };
		struct json *f = json_add_object(files, NULL);

		json_add_bytes(f, "path", c->path, strlen(c->path));
		json_add_string(f, "status", status);
		json_add_int(f, "added", c->added < 0 ? 0 : c->added);
		json_add_int(f, "removed", c->removed < 0 ? 0 : c->removed);
		json_add_bool(f, "uncommitted", uncommitted);
		add_line(f, "%s %s", status, c->path);
	}
}

/* --- plan and findings --------------------------------------------------- */

static void add_item(struct json *list, const struct delta *d,
		     const struct delta_plan_change *c)
{
	const struct plan_item *i = c->item;
	struct json *x = json_add_object(list, NULL);

	json_add_string(x, "id", i->id);
	json_add_string(x, "title", i->title);
	json_add_string(x, "status", i->status ? i->status : "");
	json_add_string(x, "priority", i->priority ? i->priority : "");
	json_add_string(x, "path", plan_path(&d->plan.now, i->file));
	json_add_int(x, "line", i->line_start);
	json_add_bool(x, "uncommitted", c->uncommitted);
	add_line(x, "%s %s (%s:%u)", i->id, i->title, plan_path(&d->plan.now, i->file),
		 i->line_start);
}

static void add_news(struct json *out, const struct delta *d)
{
	struct json *items = json_add_array(out, "new_plan_items");
	struct json *done = json_add_array(out, "completed_tasks");
	struct json *findings = json_add_array(out, "new_findings");

	for (size_t i = 0; i < d->plan.nr; i++)
		if (d->plan.v[i].what == PLAN_NEW)
			add_item(items, d, &d->plan.v[i]);
		else if (d->plan.v[i].what == PLAN_COMPLETED)
			add_item(done, d, &d->plan.v[i]);
	for (size_t i = 0; i < d->findings.nr; i++) {
		const struct delta_finding_change *c = &d->findings.v[i];
		struct json *x;

		if (c->what != FINDING_NEW)
			continue;
		x = json_add_object(findings, NULL);
		json_add_string(x, "id", c->finding->id);
		json_add_string(x, "title", c->finding->title);
		json_add_string(x, "keywords", c->finding->keywords);
		json_add_string(x, "status", c->finding->status);
		json_add_bytes(x, "path", d->findings.path, strlen(d->findings.path));
		json_add_int(x, "line", c->finding->line_start);
		json_add_bool(x, "uncommitted", c->uncommitted);
		add_line(x, "%s %s (%s:%u)", c->finding->id, c->finding->title,
			 d->findings.path, c->finding->line_start);
	}
}

/* "- [x] ITEM-001 Title", what the focus of the plan depends on. */
static void add_checklist(struct json *out, const struct plan *p)
{
	const struct plan_item *focus = p->focus ? plan_find_part(p, p->focus) : NULL;
	struct strbuf text = STRBUF_INIT;

	for (uint32_t i = 0; focus && i < focus->depends_nr; i++) {
		const struct plan_item *on = plan_find_part(p, focus->depends_on[i]);

		/* What is not there any more was archived. */
		strbuf_addf(&text, "- [%c] %s", !on || plan_is_finished(on) ? 'x' : ' ',
			    focus->depends_on[i]);
		if (!on)
			strbuf_addstr(&text, " (not in the plan)");
		else if (*on->title)
			strbuf_addf(&text, " %s", on->title);
		if (on && on->status && !plan_is_finished(on))
			strbuf_addf(&text, " (%s)", on->status);
		strbuf_addch(&text, '\n');
	}
	strbuf_rtrim(&text);
	json_add_bytes(out, "dependency_checklist", text.buf, text.len);
	strbuf_release(&text);
}

static void add_dependencies(struct json *out, struct orch *o, const struct delta *d,
			     bool wanted)
{
	struct plan p = PLAN_INIT;

	/* Where it has changed it has been read. A plan that cannot be read, or
	 * is not there, is no reason to have no prompt. */
	if (d->plan.now.nr) {
		add_checklist(out, &d->plan.now);
		return;
	}
	if (wanted && repo_work_tree(o->repo) && plan_load(&p, o, NULL) < 0)
		error_clear();
	add_checklist(out, &p);
	plan_release(&p);
}

/* --- what the others said ------------------------------------------------ */

static void add_said(struct json *out, struct orch *o, const struct delta *d)
{
	struct json *list = json_add_array(out, "summaries");
	const char *input = config_get(o->config, "orch.input");

	for (size_t i = 0; i < o->workflow.nr; i++) {
		char *key = xstrfmt("%s_summary", o->workflow.v[i]);
		const char *text = "";

		for (size_t k = 0; k < d->nr_said; k++)
			if (str_eq(d->said[k].actor, o->workflow.v[i]))
				text = d->said[k].text;
		if (!json_get(out, key))
			json_add_string(out, key, text);
		free(key);
	}
	for (size_t k = 0; k < d->nr_said; k++) {
		const struct delta_said *s = &d->said[k];
		struct json *x;

		/* That is a document, which the prompt has anyway. */
		if (input && str_eq(s->source, input))
			continue;
		x = json_add_object(list, NULL);
		json_add_string(x, "actor", s->actor);
		json_add_string(x, "text", s->text);
		json_add_bytes(x, "source", s->source, strlen(s->source));
		json_add_int(x, "line", s->line);
		add_line(x, "%s: %s", s->actor, s->text);
	}
}

/* What the template names is worth its price; the rest stays empty. */
static unsigned parts_of(const char *template)
{
	static const struct {
		const char *name;
		unsigned parts;
	} needs[] = {
		{ "git_diff_summary", DELTA_FILES | DELTA_LINES | DELTA_UNCOMMITTED |
				      DELTA_COMMITS },
		{ "changed_files", DELTA_FILES | DELTA_LINES | DELTA_UNCOMMITTED },
		{ "new_plan_items", DELTA_PLAN },
		{ "completed_tasks", DELTA_PLAN },
		{ "new_findings", DELTA_FINDINGS },
		{ "_summary", DELTA_SUMMARY },
		{ "summaries", DELTA_SUMMARY },
	};
	unsigned parts = 0;

	for (size_t i = 0; i < ARRAY_SIZE(needs); i++)
		if (strstr(template, needs[i].name))
			parts |= needs[i].parts;
	return parts;
}

static int add_delta(struct json *out, struct orch *o,
		     const struct prompt_request *req, const char *template)
{
	const struct delta_request what = { .actor = req->actor,
					    .parts = parts_of(template) };
	struct delta d = DELTA_INIT;
	struct strbuf summary = STRBUF_INIT;
	struct json *json, *files;
	int rc;

	if ((rc = delta_compute(&d, o, req->turn, &what)) < 0)
		goto out;
	delta_summary(&summary, &d);
	strbuf_rtrim(&summary);
	json_add_bytes(out, "git_diff_summary", summary.buf, summary.len);
	json = json_add_object(out, "delta");
	files = json_add_array(json, "changed_files");
	add_changed(files, &d.files, false);
	add_changed(files, &d.uncommitted, true);
	add_news(json, &d);
	add_said(out, o, &d);
	add_dependencies(out, o, &d, strstr(template, "dependency_checklist"));
out:
	strbuf_release(&summary);
	delta_release(&d);
	return rc;
}

/* --- what the checks found ------------------------------------------------- */

static bool is_listed(const struct json *list, const char *rule, const char *message,
		      const char *path)
{
	for (const struct json *x = json_first(list); x; x = json_next(x))
		if (str_eq(json_get_string(x, "rule"), rule) &&
		    str_eq(json_get_string(x, "message"), message) &&
		    str_eq(json_get_string(x, "path"), path))
			return true;
	return false;
}

/* Receipts are files that agents can write: every member may be anything. */
static void add_findings(struct json *list, const struct json *checks, const char *turn)
{
	static const char *const texts[] = { "level", "stage", "commit" };

	for (const struct json *f = json_first(json_get(checks, "findings"));
	     f && json_count(list) < MAX_FINDINGS; f = json_next(f)) {
		const char *rule = json_get_string(f, "rule");
		const char *message = json_get_string(f, "message");
		const char *path = json_get_string(f, "path");
		struct json *x;

		path = path ? path : "";
		if (!rule || !message || is_listed(list, rule, message, path))
			continue;
		x = json_add_object(list, NULL);
		json_add_string(x, "turn", turn);
		json_add_string(x, "rule", rule);
		json_add_string(x, "message", message);
		json_add_string(x, "path", path);
		for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
			const char *s = json_get_string(f, texts[i]);

			json_add_string(x, texts[i], s ? s : "");
		}
		if (json_get_count(f, "line"))
			json_add_int(x, "line", json_get_count(f, "line"));
		else
			json_add_string(x, "line", "");
		add_line(x, "%s: %s %s: %s%s%s", turn, json_get_string(x, "level"), rule, path,
			 *path ? ": " : "", message);
	}
}

/* Of the turns since this actor's last good one, and of that; then what was found
 * before this one. */
static void add_checks(struct json *out, struct orch *o, const struct prompt_request *req,
		       const char *template)
{
	struct json *list = json_add_array(out, "check_findings");
	struct receipt_list receipts = RECEIPT_LIST_INIT;
	size_t first;

	if (!strstr(template, "check_findings") || !o->loop)
		return;
	if (receipt_list(&receipts, o, RECEIPTS_SEEN) < 0)
		error_clear();
	for (first = receipts.nr; first > 0; first--)
		if (first < receipts.nr && receipts.v[first].status == TURN_OK &&
		    str_eq(receipts.v[first].actor, req->actor))
			break;
	for (size_t i = first; i < receipts.nr; i++)
		add_findings(list, receipts.v[i].checks, receipts.v[i].id);
	receipt_list_release(&receipts);
	add_findings(list, req->checks, "this turn");
}

/* What `turn release --set` handed on. Which keys there are is up to the
 * agents: one that nobody has set is empty. */
static void add_values(struct json *out, const struct turn *t)
{
	struct json *values = json_add_object(out, "values");

	json_add_string(values, "", "");
	for (size_t i = 0; i < t->nr_value; i++)
		json_add_bytes(values, t->value[i].key, t->value[i].value,
			       strlen(t->value[i].value));
}

/* Objects are merged, anything else is replaced. */
static void merge(struct json *into, const struct json *from)
{
	for (const struct json *m = json_first(from); m; m = json_next(m)) {
		const char *key = json_key(m);
		const struct json *old = json_get(into, key);

		if (json_is_object(old) && json_is_object(m)) {
			struct json *both = json_copy(old);

			merge(both, m);
			json_set(into, key, both);
		} else {
			json_set(into, key, json_copy(m));
		}
	}
}

int prompt_data(struct json **out, struct orch *o, const struct prompt_request *req,
		const char *template)
{
	struct json *json = json_new_object();
	struct oid head;
	int rc;

	if ((rc = repo_head(o->repo, &head, NULL)) < 0)
		goto failed;

	json_add_int(json, "iteration_number", req->turn->iteration);
	json_add_string(json, "actor", req->actor);
	json_add_string(json, "loop", o->loop ? o->loop : "");
	json_add_string(json, "head", oid_is_zero(&head) ? "" : oid_hex(&head));
	json_add_string(json, "task", req->task ? req->task : "");
	json_add_string(json, "route", "");
	add_checks(json, o, req, template);
	add_values(json, req->turn);
	add_focus(json, o);
	if ((rc = add_delta(json, o, req, template)) < 0)
		goto failed;
	if (req->data)
		merge(json, req->data);
	*out = json;
	return 0;
failed:
	json_free(json);
	return rc;
}
