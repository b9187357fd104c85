/*
 * git-orch-init - set up a loop in this repository, or remove it
 *
 * orch/discover.h looks, orch/setup.h writes; this file only asks and prints.
 */
#include "base/command.h"
#include "base/file.h"
#include "base/output.h"
#include "base/text.h"
#include "base/tokens.h"
#include "git/repo.h"
#include "orch/config.h"
#include "orch/discover.h"
#include "orch/setup.h"

#define SHOWN_MAX 20

static bool dry_run, local, remove_it, purge;
static struct strvec agents;

static const char *const usage[] = {
	"git orch init [--dry-run] [--local] [--agent <actor>=<agent>]... [--json]",
	"git orch init --remove [--purge] [--dry-run] [--json]",
	NULL
};
static const struct opt opts[] = {
	OPT_FLAG('n', "dry-run", &dry_run, "only say what would be done"),
	OPT_FLAG(0, "local", &local, "write to git config instead of .orchconfig"),
	OPT_LIST(0, "agent", &agents, "actor=agent",
		 "let claude or codex play <actor>; may be repeated"),
	OPT_FLAG(0, "remove", &remove_it, "undo what init and the loop have written"),
	OPT_FLAG(0, "purge", &purge, "with --remove: receipts and logs, too"),
	OPT_END
};

static unsigned flags(void)
{
	return (dry_run ? SETUP_DRY_RUN : 0u) | (purge ? SETUP_PURGE : 0u);
}

/* --- removing ---------------------------------------------------------------- */

static void print_list(struct output *o, const char *key, const char *label,
		       const struct strvec *lines)
{
	struct json *array = json_add_array(output_json(o), key);

	for (size_t i = 0; i < lines->nr; i++) {
		json_add_string(array, NULL, lines->v[i]);
		output_field(o, i ? "" : label, "%s", lines->v[i]);
	}
}

static int run_remove(struct repo *repo)
{
	struct setup_removal r = SETUP_REMOVAL_INIT;
	struct output o;
	int rc = setup_remove(&r, repo, flags());

	if (rc == 0) {
		output_open(&o);
		json_add_bool(output_json(&o), "dry_run", dry_run);
		print_list(&o, "removed", dry_run ? "to remove" : "removed", &r.removed);
		if (!r.removed.nr)
			output_line(&o, "nothing to remove");
		print_list(&o, "kept", "kept", &r.kept);
		rc = output_close(&o);
	}
	setup_removal_release(&r);
	return rc;
}

/* --- setting up -------------------------------------------------------------- */

struct init {
	struct repo *repo;
	struct config *config;
	struct discovery found;
	struct setup_result config_result;
	struct setup_result *agent_results;	/* one for each --agent */
	enum agent_kind *kinds;
	struct strvec actors;			/* of each --agent */
	struct strvec written;
	struct strvec next, next_why;
};

/* The ring that a person has chosen; what an untouched file of ours says was
 * found by us, and is found again. */
static int chosen_ring(struct init *in, struct strvec *ring)
{
	enum config_level level = config_level_of(in->config, "orch.workflow");
	struct strbuf text = STRBUF_INIT;
	char *path;
	bool ours = level == CONFIG_DEFAULT;
	int rc = 0;

	if (level == CONFIG_TRACKED) {
		path = xstrfmt("%s/" SETUP_TRACKED_FILE, repo_work_tree(in->repo));
		rc = file_read(&text, path, 1024 * 1024, FILE_NOFOLLOW);
		ours = rc == 0 && setup_is_pristine(text.buf, text.len);
		free(path);
		strbuf_release(&text);
	}
	if (!ours)
		strvec_split(ring, config_get(in->config, "orch.workflow"));
	return rc;
}

static struct discovered_actor *find_actor(struct init *in, const char *name)
{
	for (size_t i = 0; i < in->found.nr_actors; i++)
		if (str_eq(in->found.actors[i].name, name))
			return &in->found.actors[i];
	return NULL;
}

/* --agent A=claude: misuse is found before anything is written. */
static int parse_agents(struct init *in)
{
	in->kinds = xcalloc(agents.nr + 1, sizeof(*in->kinds));
	in->agent_results = xcalloc(agents.nr + 1, sizeof(*in->agent_results));
	for (size_t i = 0; i < agents.nr; i++) {
		const char *eq = strchr(agents.v[i], '=');
		struct discovered_actor *a;

		if (!eq)
			return usage_error("--agent needs <actor>=<agent>, not '%s'",
					   agents.v[i]);
		strvec_pushn(&in->actors, agents.v[i], (size_t)(eq - agents.v[i]));
		a = find_actor(in, in->actors.v[i]);
		if (!a) {
			char *ring = strvec_join(&in->found.ring, " ");

			usage_error("no actor '%s' in the workflow (%s)",
				    in->actors.v[i], ring);
			free(ring);
			return ORCH_EUSAGE;
		}
		if (agent_kind_parse(&in->kinds[i], eq + 1) < 0 ||
		    in->kinds[i] == AGENT_OTHER)
			return usage_error("unknown agent '%s': claude or codex", eq + 1);
		for (size_t k = 0; k < i; k++)
			if (str_eq(in->actors.v[k], in->actors.v[i]))
				return usage_error("two agents for '%s'", in->actors.v[i]);
		a->agent = in->kinds[i];
	}
	return 0;
}

static int discover(struct init *in)
{
	struct strvec ring = STRVEC_INIT;
	struct discover_request req = {
		.repo = in->repo,
		.ring = &ring,
		.max_document = (uint64_t)config_get_int(in->config, "orch.maxDocument"),
		.budget = config_get_int(in->config, "orch.budget"),
	};
	int rc;

	if ((rc = chosen_ring(in, &ring)) < 0 ||
	    (rc = discovery_find(&in->found, &req)) < 0)
		goto out;
	for (size_t i = 0; i < in->found.nr_actors; i++) {
		struct discovered_actor *a = &in->found.actors[i];
		const char *agent = config_actor(in->config, a->name, "agent");

		if (agent && agent_kind_parse(&a->agent, agent) < 0)
			error_clear();
	}
	if ((rc = parse_agents(in)) == 0)
		discovery_own_files(&in->found);
out:
	strvec_release(&ring);
	return rc;
}

static bool has_command(struct init *in, const char *actor)
{
	return strvec_has(&in->actors, actor) ||
	       config_actor(in->config, actor, "command");
}

static void add_next(struct init *in, const char *why, char *command)
{
	strvec_take(&in->next, command);
	strvec_push(&in->next_why, why);
}

static void find_next(struct init *in)
{
	struct strbuf missing = STRBUF_INIT;

	for (size_t i = 0; i < in->found.nr_actors; i++)
		if (!has_command(in, in->found.actors[i].name))
			strbuf_addf(&missing, " --agent %s=%s",
				    in->found.actors[i].name,
				    in->found.actors[i].agent == AGENT_CODEX ?
				    "codex" : "claude");
	if (dry_run) {
		struct strbuf again = STRBUF_INIT;

		strbuf_addf(&again, "git orch init%s", local ? " --local" : "");
		for (size_t i = 0; i < agents.nr; i++)
			strbuf_addf(&again, " --agent %s", agents.v[i]);
		strbuf_addbuf(&again, &missing);
		add_next(in, "set it up", strbuf_detach(&again, NULL));
	} else if (missing.len) {
		add_next(in, "who plays them (claude or codex)",
			 xstrfmt("git orch init%s", missing.buf));
	}
	add_next(in, "what the first actor would be sent",
		 xstrfmt("git orch prompt build %s", in->found.ring.v[0]));
	if (!dry_run && !missing.len)
		add_next(in, "play one iteration", xstrdup("git orch run"));
	if (!dry_run && !local && in->config_result.state != SETUP_SAME &&
	    in->config_result.state != SETUP_KEPT)
		add_next(in, "share it with the team",
			 xstrdup("git add " SETUP_TRACKED_FILE));
	strbuf_release(&missing);
}

static int write_all(struct init *in)
{
	int rc = local ? setup_write_local(&in->config_result, in->repo, &in->found, flags()) :
		 setup_write_tracked(&in->config_result, in->repo, &in->found, flags());

	if (rc == 0 && (in->config_result.state == SETUP_WRITTEN ||
			in->config_result.state == SETUP_RENEWED))
		strvec_push(&in->written, local ? "git config" : SETUP_TRACKED_FILE);
	for (size_t i = 0; rc == 0 && i < agents.nr; i++) {
		rc = setup_agent(&in->agent_results[i], in->repo, in->actors.v[i],
				 in->kinds[i], flags());
		if (rc == 0 && in->agent_results[i].state == SETUP_WRITTEN)
			strvec_pushf(&in->written, "git config orchactor.%s",
				     in->actors.v[i]);
	}
	return rc;
}

/* --- printing ---------------------------------------------------------------- */

static void print_workflow(struct output *o, const struct discovery *d)
{
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
		strbuf_addf(&line, "; plan %s (%zu items, %s tok)", d->plan, d->plan_items,
			    count_human(tokens_of_size(d->plan_size)));
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
				    count_human(tokens_of_size(a->core_size)));
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
	uint64_t bytes = 0;
	size_t nr = 0, shown = 0;

	for (size_t i = 0; i < d->nr_docs; i++) {
		const struct discovered_document *doc = &d->docs[i];
		struct json *j;

		if (doc->self_loaded)
			continue;
		nr++;
		bytes += doc->size;
		j = json_add_object(array, NULL);
		json_add_bytes(j, "path", doc->path, strlen(doc->path));
		json_add_int(j, "bytes", (int64_t)doc->size);
		json_add_int(j, "tokens", tokens_of_size(doc->size));
		json_add_string(j, "actor", doc->actor);
	}
	if (!nr) {
		output_field(o, "documents", "no further ones found");
		return;
	}
	output_field(o, "documents", "%zu %s, %s tok", nr, d->named_by,
		     count_human(tokens_of_size(bytes)));
	for (size_t i = 0; i < d->nr_docs && shown < SHOWN_MAX; i++) {
		const struct discovered_document *doc = &d->docs[i];

		if (doc->self_loaded)
			continue;
		output_field(o, "", "%s %s%s%s", doc->path,
			     count_human(tokens_of_size(doc->size)),
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
		if (i < 6)
			strbuf_addf(&line, "%s%s:%d %s", i ? ", " : "",
				    base ? base + 1 : h->path, h->line, h->what);
	}
	if (d->nr_hints > 6)
		strbuf_addf(&line, ", and %zu more", d->nr_hints - 6);
	if (line.len)
		output_field(o, "prompts", "%s: the hand-off needs neither", line.buf);
	strbuf_release(&line);
	json_add_string(output_json(o), "old_loop", d->old_loop);
	if (d->old_loop)
		output_field(o, "old loop", "%s", d->old_loop);
}

static void print_config_result(struct output *o, const struct init *in)
{
	const struct setup_result *r = &in->config_result;
	const char *what = local ? "git config" : SETUP_TRACKED_FILE;
	struct json *differs = json_add_array(output_json(o), "differs");

	switch (r->state) {
	case SETUP_SAME:
		output_field(o, "unchanged", "%s says so already", what);
		break;
	case SETUP_WRITTEN:
		output_field(o, dry_run ? "to write" : "written", "%s", what);
		break;
	case SETUP_RENEWED:
		output_field(o, dry_run ? "to write" : "written",
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

static void print_agents(struct output *o, const struct init *in)
{
	for (size_t i = 0; i < agents.nr; i++) {
		const struct setup_result *r = &in->agent_results[i];
		const char *actor = in->actors.v[i], *name = agent_kind_name(in->kinds[i]);

		if (r->state == SETUP_WRITTEN)
			output_field(o, dry_run ? "to write" : "written",
				     "git config orchactor.%s: agent %s and its command",
				     actor, name);
		else
			output_field(o, "unchanged", "git config orchactor.%s", actor);
		for (size_t k = 0; k < r->differs.nr; k++)
			output_field(o, "", "%s", r->differs.v[k]);
		if (r->state != SETUP_WRITTEN || r->differs.nr)
			continue;
		output_field(o, "", "%s may only read until you allow it more, which is yours to do:",
			     name);
		output_field(o, "", "git config orchactor.%s.command '%s'", actor,
			     setup_agent_permission(in->kinds[i]));
	}
}

static int print(const struct init *in)
{
	struct json *array;
	struct output o;
	size_t width = 0;

	output_open(&o);
	print_workflow(&o, &in->found);
	print_actors(&o, &in->found);
	print_documents(&o, &in->found);
	print_left_out(&o, &in->found);
	print_hints(&o, &in->found);
	print_config_result(&o, in);
	print_agents(&o, in);
	array = json_add_array(output_json(&o), "written");
	for (size_t i = 0; i < in->written.nr; i++)
		json_add_string(array, NULL, in->written.v[i]);
	json_add_bool(output_json(&o), "dry_run", dry_run);
	array = json_add_array(output_json(&o), "next");
	for (size_t i = 0; i < in->next.nr; i++)
		if (strlen(in->next.v[i]) > width && strlen(in->next.v[i]) < 48)
			width = strlen(in->next.v[i]);
	for (size_t i = 0; i < in->next.nr; i++) {
		json_add_string(array, NULL, in->next.v[i]);
		output_field(&o, i ? "" : "next", "%-*s  %s", (int)width,
			     in->next.v[i], in->next_why.v[i]);
	}
	return output_close(&o);
}

static void init_release(struct init *in)
{
	for (size_t i = 0; in->agent_results && i < agents.nr; i++)
		setup_result_release(&in->agent_results[i]);
	free(in->agent_results);
	free(in->kinds);
	setup_result_release(&in->config_result);
	discovery_release(&in->found);
	strvec_release(&in->actors);
	strvec_release(&in->written);
	strvec_release(&in->next);
	strvec_release(&in->next_why);
	config_free(in->config);
	repo_free(in->repo);
}

static int run(int argc, const char **argv)
{
	struct init in = { .found = DISCOVERY_INIT };
	int rc;

	if (argc)
		rc = usage_error("unexpected argument '%s'", argv[0]);
	else if (purge && !remove_it)
		rc = usage_error("--purge goes with --remove");
	else if (remove_it && (local || agents.nr))
		rc = usage_error("--remove goes with --purge and --dry-run only");
	else
		rc = repo_open(&in.repo, NULL, 0);
	if (rc < 0)
		goto out;
	if (remove_it) {
		rc = run_remove(in.repo);
		goto out;
	}
	if (!repo_work_tree(in.repo)) {
		rc = error_set(ORCH_EUNSUPPORTED,
			       "this repository is bare: run init in a work tree");
		goto out;
	}
	if ((rc = config_load(&in.config, in.repo)) < 0 ||
	    (rc = discover(&in)) < 0 || (rc = write_all(&in)) < 0)
		goto out;
	find_next(&in);
	rc = print(&in);
out:
	init_release(&in);
	strvec_release(&agents);
	return rc;
}

const struct command orch_command = {
	.name = "init", .summary = "set up a loop in this repository, or remove it",
	.usage = usage, .opts = opts, .run = run, .flags = COMMAND_JSON,
};
