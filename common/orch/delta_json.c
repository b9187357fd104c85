/* A delta as JSON: git-orch-delta(1) lists the members. */
#include "base/json.h"
#include "base/strbuf.h"
#include "orch/delta_internal.h"
#include "orch/delta_parse.h"

static void add_text(struct json *out, const char *key, const char *s)
{
	if (s)
		json_add_bytes(out, key, s, strlen(s));
	else
		json_add_null(out, key);
}

static void add_count(struct json *out, const char *key, int64_t n)
{
	if (n < 0)
		json_add_null(out, key);
	else
		json_add_int(out, key, n);
}

static void add_mark(struct json *out, bool uncommitted)
{
	if (uncommitted)
		json_add_bool(out, "uncommitted", true);
}

static void add_files(struct json *files, const struct change_list *l,
		      bool uncommitted)
{
	for (size_t i = 0; i < l->nr; i++) {
		const struct change *c = &l->v[i];
		const char status[] = { delta_status(c), '\0' };
		struct json *f = json_add_object(files, NULL);

		add_text(f, "path", c->path);
		add_text(f, "old_path", c->old_path);
		json_add_string(f, "status", status);
		add_count(f, "added", c->added);
		add_count(f, "removed", c->removed);
		add_mark(f, uncommitted);
	}
}

static void add_plan(struct json *out, const struct delta *d)
{
	struct json *plan = json_add_object(out, "plan"), *lists[4], *attempts;
	static const char *const names[] = {
		[PLAN_NEW] = "new", [PLAN_COMPLETED] = "completed",
		[PLAN_CHANGED] = "changed", [PLAN_GONE] = "gone"
	};

	add_text(plan, "path", d->plan.path);
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		lists[i] = json_add_array(plan, names[i]);
	attempts = json_add_array(out, "attempts");
	for (size_t i = 0; i < d->plan.nr; i++) {
		const struct delta_plan_change *c = &d->plan.v[i];
		const struct plan *p = c->what == PLAN_GONE ? &d->plan.before : &d->plan.now;
		struct json *x;

		if (c->what == PLAN_ATTEMPT) {
			x = json_add_object(attempts, NULL);
			plan_attempt_to_json(x, p, c->attempt);
			add_mark(x, c->uncommitted);
			continue;
		}
		x = json_add_object(lists[c->what], NULL);
		if (c->what == PLAN_CHANGED) {
			json_add_string(x, "id", c->item->id);
			json_add_string(x, "title", c->item->title);
			json_add_string(x, "field", c->field);
			json_add_string(x, "from", c->from);
			json_add_string(x, "to", c->to);
			json_add_string(x, "path", plan_path(p, c->item->file));
		} else {
			plan_item_to_json(x, p, c->item);
		}
		json_add_int(x, "line", c->item->line_start);
		add_mark(x, c->uncommitted);
	}
}

static void add_findings(struct json *out, const struct delta *d)
{
	static const char *const names[] = {
		[FINDING_NEW] = "new", [FINDING_CHANGED] = "changed",
		[FINDING_GONE] = "gone"
	};
	struct json *findings = json_add_object(out, "findings"), *lists[3];

	add_text(findings, "path", d->findings.path);
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		lists[i] = json_add_array(findings, names[i]);
	for (size_t i = 0; i < d->findings.nr; i++) {
		const struct delta_finding_change *c = &d->findings.v[i];
		struct json *x = json_add_object(lists[c->what], NULL);

		finding_to_json(x, c->finding);
		add_text(x, "path", c->what == FINDING_GONE ? d->findings.old_path :
			 d->findings.path);
		json_add_int(x, "line", c->finding->line_start);
		add_mark(x, c->uncommitted);
	}
}

static void add_said(struct json *out, const struct delta *d)
{
	struct json *list = json_add_array(out, "summaries");

	for (size_t i = 0; i < d->nr_said; i++) {
		const struct delta_said *s = &d->said[i];
		struct json *x = json_add_object(list, NULL);

		json_add_string(x, "actor", s->actor);
		json_add_string(x, "turn", s->turn);
		json_add_string(x, "text", s->text);
		add_text(x, "source", s->source);
		json_add_int(x, "line", s->line);
	}
}

static void add_patch(struct json *out, const struct delta *d, const struct delta_patch *p)
{
	struct json *list = json_add_array(out, "patch");

	for (size_t i = 0; i < p->nr; i++) {
		const struct delta_patch_file *f = &p->v[i];
		struct json *x = json_add_object(list, NULL);
		char *command = delta_patch_command(d, f->path);

		add_text(x, "path", f->path);
		json_add_bytes(x, "text", p->text.buf + f->at, f->len);
		json_add_int(x, "lines_left", (int64_t)f->left);
		add_text(x, "command", command);
		free(command);
	}
	json_add_bool(out, "patch_truncated", p->full);
}

static void add_parts(struct json *out, unsigned parts)
{
	static const struct {
		unsigned part;
		const char *name;
	} names[] = {
		{ DELTA_FILES, "files" }, { DELTA_LINES, "lines" },
		{ DELTA_UNCOMMITTED, "uncommitted" }, { DELTA_COMMITS, "commits" },
		{ DELTA_PLAN, "plan" }, { DELTA_FINDINGS, "findings" },
		{ DELTA_SUMMARY, "summary" }
	};
	struct json *list = json_add_array(out, "parts");

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (parts & names[i].part)
			json_add_string(list, NULL, names[i].name);
}

void delta_to_json(struct json *out, const struct delta *d, const struct delta_patch *patch)
{
	struct json *since, *commits, *files;

	json_add_string(out, "actor", d->actor);
	since = json_add_object(out, "since");
	json_add_string(since, "commit",
			oid_is_zero(&d->since) ? NULL : oid_hex(&d->since));
	if (d->since_iteration)
		json_add_int(since, "iteration", d->since_iteration);
	else
		json_add_null(since, "iteration");
	json_add_string(out, "since_turn", d->since_turn);
	json_add_string(out, "head", oid_is_zero(&d->head) ? NULL : oid_hex(&d->head));
	add_parts(out, d->parts);
	commits = json_add_array(out, "commits");
	for (size_t i = 0; i < d->commits.nr; i++) {
		const struct commit_info *c = &d->commits.v[i];
		struct json *entry = json_add_object(commits, NULL);

		json_add_string(entry, "oid", oid_hex(&c->oid));
		add_text(entry, "subject", c->subject);
		add_text(entry, "author", c->author);
	}
	json_add_bool(out, "commits_truncated", d->commits.truncated);
	files = json_add_array(out, "files");
	add_files(files, &d->files, false);
	add_files(files, &d->uncommitted, true);
	add_plan(out, d);
	add_findings(out, d);
	add_said(out, d);
	if (patch)
		add_patch(out, d, patch);
}
