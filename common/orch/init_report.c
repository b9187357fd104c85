/*
 * What `git orch init` says: what was found, what was written, what to type.
 */
#include "orch/agent.h"
#include "orch/init_report.h"

#include "base/output.h"
#include "base/text.h"
#include "orch/init.h"

#define SHOWN_MAX 20
#define HINTS_MAX 6

static void print_workflow(struct output *o, const struct init *in)
{
	const struct discovery *d = &in->found;
	struct json *j = output_json(o), *ring = json_add_array(j, "workflow");
	struct strbuf line = STRBUF_INIT;

	for (size_t i = 0; i < d->ring.nr; i++) {
		json_add_string(ring, NULL, d->ring.v[i]);
		strbuf_addf(&line, "%s%s", i ? " " : "", d->ring.v[i]);
	}
	json_add_string(j, "plan", d->plan);
	json_add_string(j, "findings", d->findings);
	json_add_string(j, "input", d->input);
	if (d->plan)
		strbuf_addf(&line, "; plan %s (%zu items, %s tok)", d->plan, in->plan_items,
			    count_human(d->plan_tokens));
	if (d->findings)
		strbuf_addf(&line, ", findings %s", d->findings);
	if (d->input)
		strbuf_addf(&line, ", input %s", d->input);
	if (!d->plan)
		strbuf_addstr(&line, "; no plan found: docs/fix_plan.md is where it would be");
	output_field(o, "workflow", "%s", line.buf);
	strbuf_release(&line);
}

static const char *prompt_name_of(const char *actor)
{
	return str_eq(actor, "galph") ? "supervisor" :
	       str_eq(actor, "ralph") ? "main" : actor;
}

static void print_actors(struct output *o, const struct discovery *d)
{
	struct json *array = json_add_array(output_json(o), "actors");

	for (size_t i = 0; i < d->nr_actors; i++) {
		const struct discovered_actor *a = &d->actors[i];
		struct json *j = json_add_object(array, NULL), *core;
		struct strbuf line = STRBUF_INIT;

		json_add_string(j, "name", a->name);
		core = json_add_array(j, "core");
		for (size_t k = 0; k < a->core.nr; k++) {
			json_add_bytes(core, NULL, a->core.v[k], strlen(a->core.v[k]));
			strbuf_addf(&line, "%s%s", k ? " " : "", a->core.v[k]);
		}
		json_add_string(j, "context", a->context);
		json_add_string(j, "agent", agent_kind_name(a->agent));
		if (a->core.nr)
			strbuf_addf(&line, " %s tok",
				    count_human(a->core_tokens));
		else
			strbuf_addstr(&line, "no prompt");
		if (a->context)
			strbuf_addf(&line, ", template %s", a->context);
		if (a->agent != AGENT_OTHER)
			strbuf_addf(&line, ", %s", agent_kind_name(a->agent));
		if (!a->core.nr)
			strbuf_addf(&line, "; write prompts/%s.md and run init again",
				    prompt_name_of(a->name));
		if (strlen(a->name) < 11)
			output_field(o, a->name, "%s", line.buf);
		else
			output_field(o, "actor", "%s: %s", a->name, line.buf);
		strbuf_release(&line);
	}
}

static void print_documents(struct output *o, const struct discovery *d)
{
	struct json *array = json_add_array(output_json(o), "documents");
	int64_t tokens = 0;
	size_t nr = 0, shown = 0;

	for (size_t i = 0; i < d->nr_docs; i++) {
		const struct discovered_document *doc = &d->docs[i];
		struct json *j;

		if (doc->self_loaded)
			continue;
		nr++;
		tokens += doc->tokens;
		j = json_add_object(array, NULL);
		json_add_bytes(j, "path", doc->path, strlen(doc->path));
		json_add_int(j, "bytes", (int64_t)doc->size);
		json_add_int(j, "tokens", doc->tokens);
		json_add_string(j, "actor", doc->actor);
	}
	if (!nr) {
		output_field(o, "documents", "no further ones found");
		return;
	}
	output_field(o, "documents", "%zu %s, %s tok", nr, d->named_by,
		     count_human(tokens));
	for (size_t i = 0; i < d->nr_docs && shown < SHOWN_MAX; i++) {
		const struct discovered_document *doc = &d->docs[i];

		if (doc->self_loaded)
			continue;
		output_field(o, "", "%s %s%s%s", doc->path,
			     count_human(doc->tokens),
			     doc->actor ? ", only " : "", doc->actor ? doc->actor : "");
		shown++;
	}
	if (nr > shown)
		output_field(o, "", "and %zu more", nr - shown);
}

static void print_left_out(struct output *o, const struct discovery *d)
{
	struct json *array = json_add_array(output_json(o), "left_out");

	for (size_t i = 0; i < d->nr_left; i++) {
		struct json *j = json_add_object(array, NULL);

		json_add_bytes(j, "path", d->left[i].path, strlen(d->left[i].path));
		json_add_string(j, "reason", d->left[i].reason);
		if (i < SHOWN_MAX)
			output_field(o, i ? "" : "left out", "%s (%s)",
				     d->left[i].path, d->left[i].reason);
	}
	if (d->nr_left > SHOWN_MAX)
		output_field(o, "", "and %zu more", d->nr_left - SHOWN_MAX);
}

static void print_hints(struct output *o, const struct discovery *d)
{
	struct json *array = json_add_array(output_json(o), "prompt_hints");
	struct strbuf line = STRBUF_INIT;

	for (size_t i = 0; i < d->nr_hints; i++) {
		const struct prompt_hint *h = &d->hints[i];
		const char *base = strrchr(h->path, '/');
		struct json *j = json_add_object(array, NULL);

		json_add_string(j, "path", h->path);
		json_add_int(j, "line", h->line);
		json_add_string(j, "what", h->what);
		if (i < HINTS_MAX)
			strbuf_addf(&line, "%s%s:%d %s", i ? ", " : "",
				    base ? base + 1 : h->path, h->line, h->what);
	}
	if (d->nr_hints > HINTS_MAX)
		strbuf_addf(&line, ", and %zu more", d->nr_hints - HINTS_MAX);
	if (line.len)
		output_field(o, "prompts", "%s: the hand-off needs neither", line.buf);
	strbuf_release(&line);
}

static void print_position(struct output *o, struct json *j, const struct init *in)
{
	const struct import *im = &in->import;
	struct strbuf line = STRBUF_INIT;
	struct json *commits;

	json_add_int(j, "iteration", im->at.iteration);
	json_add_string(j, "actor", im->next);
	json_add_string(j, "status", im->status);
	commits = json_add_object(j, "commits");
	import_describe(&line, im);
	if (im->status)
		strbuf_addf(&line, " (it says: %s)", im->status);
	output_field(o, in->req.dry_run ? "to import" : "imported", "%s", line.buf);
	strbuf_reset(&line);
	for (size_t i = 0; i < im->at.nr_last; i++) {
		const struct turn_last *l = &im->at.last[i];

		json_add_string(commits, l->actor, oid_hex(&l->commit));
		strbuf_addf(&line, "%s%s ended at %s", i ? ", " : "", l->actor,
			    oid_short(&l->commit));
	}
	if (line.len)
		output_field(o, "", "%s", line.buf);
	strbuf_release(&line);
}

static void print_published(struct output *o, const struct init *in)
{
	const struct turn *t = &in->published;
	struct json *j;

	if (!in->remote) {
		json_add_null(output_json(o), "published");
		return;
	}
	j = json_add_object(output_json(o), "published");
	json_add_string(j, "remote", in->remote);
	json_add_int(j, "generation", t->generation);
	json_add_int(j, "iteration", t->iteration);
	json_add_string(j, "expected_actor", t->expected);
	json_add_bool(j, "joined", in->joined);
	output_field(o, "published", "%s has this loop: iteration %" PRId64 ", %s's turn%s",
		     in->remote, t->iteration, t->expected, t->paused ? ", paused" : "");
}

static void print_import(struct output *o, const struct init *in)
{
	const struct import *im = &in->import;
	struct json *j, *problems;

	json_add_string(output_json(o), "old_loop", in->old_loop);
	if (in->old_loop)
		output_field(o, "old loop", "%s; add --import", in->old_loop);
	if (!in->req.import && !im->problems.nr) {
		json_add_null(output_json(o), "import");
		return;
	}
	j = json_add_object(output_json(o), "import");
	json_add_string(j, "settings", im->settings);
	json_add_string(j, "source", im->source);
	if (im->source)
		print_position(o, j, in);
	if (im->settings)
		output_field(o, im->source ? "" : in->req.dry_run ? "to import" : "imported",
			     "%s: ring, prompts and files%s", im->settings,
			     im->source || !in->req.import ? "" :
			     "; nothing says where its loop stands: iteration 1");
	problems = json_add_array(j, "problems");
	for (size_t i = 0; i < im->problems.nr; i++) {
		json_add_bytes(problems, NULL, im->problems.v[i],
			       strlen(im->problems.v[i]));
		if (i < SHOWN_MAX)
			output_field(o, i ? "" : "but", "%s", im->problems.v[i]);
	}
	if (im->problems.nr > SHOWN_MAX)
		output_field(o, "", "and %zu more", im->problems.nr - SHOWN_MAX);
}

static void print_config_result(struct output *o, const struct init *in)
{
	const struct setup_result *r = &in->result;
	const char *what = in->req.local ? "git config" : SETUP_TRACKED_FILE;
	struct json *differs = json_add_array(output_json(o), "differs");

	if (in->behind) {
		output_field(o, "left out", "%s: %s has commits that are not here, and it "
			     "may be in them", what, in->remote);
		return;
	}
	switch (r->state) {
	case SETUP_SAME:
		output_field(o, "unchanged", "%s says so already", what);
		break;
	case SETUP_WRITTEN:
		output_field(o, in->req.dry_run ? "to write" : "written", "%s", what);
		break;
	case SETUP_RENEWED:
		output_field(o, in->req.dry_run ? "to write" : "written",
			     "%s, which nobody had edited", what);
		break;
	case SETUP_KEPT:
		output_field(o, "kept", "%s as somebody edited it; what differs:", what);
	}
	for (size_t i = 0; i < r->differs.nr; i++) {
		json_add_string(differs, NULL, r->differs.v[i]);
		output_field(o, "", "%s", r->differs.v[i]);
	}
}

/* Under its bare command an agent can neither edit nor commit. */
static void print_permission(struct output *o, const struct init *in,
			     const struct init_agent *a)
{
	char *command = setup_agent_permission(in->repo, a->kind);

	output_field(o, "", "%s may only read until you allow it more, which is yours "
		     "to do; to edit and commit:", agent_kind_name(a->kind));
	output_field(o, "", "git config orchactor.%s.command '%s'", a->actor, command);
	free(command);
}

static void print_agents(struct output *o, const struct init *in)
{
	for (size_t i = 0; i < in->nr_agents; i++) {
		const struct init_agent *a = &in->agents[i];
		const struct setup_result *r = &a->result;
		const char *name = agent_kind_name(a->kind);

		if (r->state == SETUP_WRITTEN)
			output_field(o, in->req.dry_run ? "to write" : "written",
				     "git config orchactor.%s: agent %s and its command",
				     a->actor, name);
		else
			output_field(o, "unchanged", "git config orchactor.%s", a->actor);
		for (size_t k = 0; k < r->differs.nr; k++)
			output_field(o, "", "%s", r->differs.v[k]);
		if (!r->differs.nr && !agent_can_run(NULL, name))
			output_field(o, "", "%s is not found in PATH: install it first", name);
		if (!r->differs.nr)
			print_permission(o, in, a);
	}
}

/* What stands, on one line; then, hook by hook, what somebody has to do. */
static void print_hooks(struct output *o, const struct init *in)
{
	const struct hooks *h = &in->hooks;
	struct strbuf line = STRBUF_INIT;
	bool refused = false, changed = false;

	if (in->req.no_hooks) {
		json_add_null(output_json(o), "hooks");
		return;
	}
	hooks_json(json_add_array(output_json(o), "hooks"), h);
	for (size_t i = 0; i < h->nr; i++) {
		char *more = hook_describe(&h->v[i]);

		if (h->v[i].standing == HOOK_REFUSED) {
			refused = true;
		} else {
			strbuf_addf(&line, "%s%s", line.len ? ", " : "", h->v[i].type->name);
			if (more)
				strbuf_addf(&line, " (%s)", more);
			changed |= h->v[i].changed;
		}
		free(more);
	}
	if (!h->nr)
		strbuf_addstr(&line, "none: their programs are not installed");
	else if (!line.len)
		strbuf_addstr(&line, "none installed");
	else if (!changed)
		strbuf_addstr(&line, ": in place");
	output_field(o, "hooks", "%s%s", line.buf, refused ? "; by hand:" : "");
	for (size_t i = 0; i < h->nr; i++) {
		const struct hook_report *r = &h->v[i];

		if (r->standing != HOOK_REFUSED)
			continue;
		output_field(o, "", "%s: %s%s%s", r->type->name, r->why,
			     r->where ? "; add to " : "", r->where ? r->where : "");
		if (r->where && r->add)
			output_field(o, "", "  %s", r->add);
	}
	strbuf_release(&line);
}

static void print_next(struct output *o, const struct init *in)
{
	struct json *array = json_add_array(output_json(o), "next");
	size_t width = 0;

	for (size_t i = 0; i < in->next.nr; i++)
		if (strlen(in->next.v[i]) > width && strlen(in->next.v[i]) < 48)
			width = strlen(in->next.v[i]);
	for (size_t i = 0; i < in->next.nr; i++) {
		json_add_string(array, NULL, in->next.v[i]);
		if (strlen(in->next.v[i]) <= width) {
			output_field(o, i ? "" : "next", "%-*s  %s", (int)width,
				     in->next.v[i], in->next_why.v[i]);
			continue;
		}
		output_field(o, i ? "" : "next", "%s:", in->next_why.v[i]);
		output_field(o, "", "%s", in->next.v[i]);
	}
}

void init_report(struct output *o, const struct init *in)
{
	struct json *array;

	if (!in->req.hooks_only) {
		print_workflow(o, in);
		print_actors(o, &in->found);
		print_documents(o, &in->found);
		print_left_out(o, &in->found);
		print_hints(o, &in->found);
		print_published(o, in);
		print_import(o, in);
		print_config_result(o, in);
		print_agents(o, in);
	}
	print_hooks(o, in);
	array = json_add_array(output_json(o), "written");
	for (size_t i = 0; i < in->written.nr; i++)
		json_add_string(array, NULL, in->written.v[i]);
	json_add_bool(output_json(o), "dry_run", in->req.dry_run);
	if (!in->req.hooks_only)
		print_next(o, in);
}
