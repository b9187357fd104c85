/*
 * Setting a loop up. orch/discover.h looks, orch/setup.h writes, this decides
 * what of both is wanted and what somebody should type next.
 */
#include "orch/init.h"

#include <sys/stat.h>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "git/object.h"
#include "git/repo.h"
#include "orch/config.h"
#include "orch/orch.h"
#include "orch/plan.h"

/*
 * The ring that a person has chosen; what an untouched file of ours says was
 * found by us, and is found again: by name, or where it was imported from.
 */
static int chosen_ring(struct init *in, struct strvec *ring)
{
	enum config_level level = config_level_of(in->config, "orch.workflow");
	struct strbuf text = STRBUF_INIT;
	bool ours = level == CONFIG_DEFAULT, imported;
	char *path;
	int rc;

	path = xstrfmt("%s/" SETUP_TRACKED_FILE, repo_work_tree(in->repo));
	rc = file_read(&text, path, 1024 * 1024, FILE_NOFOLLOW);
	if (rc < 0 && level != CONFIG_TRACKED) {
		error_clear();
		rc = 0;
	}
	imported = setup_is_imported(text.buf, text.len);
	if (level == CONFIG_TRACKED)
		ours = rc == 0 && setup_is_pristine(text.buf, text.len);
	free(path);
	strbuf_release(&text);
	if (rc == 0 && (in->req.import || imported))
		rc = import_settings(&in->import, in->repo);
	if (!ours)
		strvec_split(ring, config_get(in->config, "orch.workflow"));
	return rc;
}

/* Between what somebody has set and what a file says, the former stays. */
static void import_ring(struct init *in, struct strvec *ring)
{
	char *chosen = strvec_join(ring, " ");
	char *imported = strvec_join(&in->import.ring, " ");

	if (!ring->nr)
		for (size_t i = 0; i < in->import.ring.nr; i++)
			strvec_push(ring, in->import.ring.v[i]);
	else if (in->import.ring.nr && !str_eq(chosen, imported))
		import_problem(&in->import, "%s: the ring is %s there, but orch.workflow "
			       "is set to %s", in->import.settings, imported, chosen);
	free(chosen);
	free(imported);
}

static struct discovered_actor *find_actor(struct init *in, const char *name)
{
	for (size_t i = 0; i < in->found.nr_actors; i++)
		if (str_eq(in->found.actors[i].name, name))
			return &in->found.actors[i];
	return NULL;
}

/* --agent A=claude: misuse is found before anything is written. */
static int parse_agent(struct init *in, const char *arg)
{
	struct init_agent *new = &in->agents[in->nr_agents];
	const char *eq = strchr(arg, '=');
	struct discovered_actor *a;

	if (!eq)
		return error_set(ORCH_EUSAGE,
				 "--agent needs <actor>=<agent>, not '%s'", arg);
	in->nr_agents++;
	new->actor = xstrndup(arg, (size_t)(eq - arg));
	a = find_actor(in, new->actor);
	if (!a) {
		char *ring = strvec_join(&in->found.ring, " ");

		error_set(ORCH_EUSAGE, "no actor '%s' in the workflow (%s)",
			  new->actor, ring);
		free(ring);
		return ORCH_EUSAGE;
	}
	if (agent_kind_parse(&new->kind, eq + 1) < 0 || new->kind == AGENT_OTHER)
		return error_set(ORCH_EUSAGE, "unknown agent '%s': claude or codex",
				 eq + 1);
	for (const struct init_agent *old = in->agents; old < new; old++)
		if (str_eq(old->actor, new->actor))
			return error_set(ORCH_EUSAGE, "two agents for '%s'", new->actor);
	a->agent = new->kind;
	return 0;
}

static int parse_agents(struct init *in)
{
	const struct strvec *args = in->req.agents;
	int rc = 0;

	in->agents = xcalloc(args->nr + 1, sizeof(*in->agents));
	for (size_t i = 0; rc == 0 && i < args->nr; i++)
		rc = parse_agent(in, args->v[i]);
	return rc;
}

static const struct import_actor *imported_actor(const struct init *in, const char *name)
{
	for (size_t i = 0; i < in->import.nr_actors; i++)
		if (str_eq(in->import.actors[i].name, name))
			return &in->import.actors[i];
	return NULL;
}

/* As every other command counts them. */
static void count_items(struct init *in)
{
	struct orch o = ORCH_INIT;
	struct plan p = PLAN_INIT;

	if (in->found.plan && orch_open(&o, ORCH_NEED_WORK_TREE | ORCH_LOOP_OPTIONAL) == 0 &&
	    plan_load(&p, &o, in->found.plan) == 0)
		in->plan_items = p.nr;
	error_clear();
	plan_release(&p);
	orch_release(&o);
}

static int discover(struct init *in)
{
	struct strvec ring = STRVEC_INIT;
	struct discover_request req = {
		.repo = in->repo,
		.ring = &ring,
		.max_document = (uint64_t)config_get_int(in->config, "orch.maxDocument"),
		.budget = config_get_int(in->config, "orch.budget"),
		.settings = &in->import,
	};
	int rc;

	if ((rc = chosen_ring(in, &ring)) < 0)
		goto out;
	import_ring(in, &ring);
	if ((rc = discovery_find(&in->found, &req)) < 0)
		goto out;
	for (size_t i = 0; i < in->found.nr_actors; i++) {
		struct discovered_actor *a = &in->found.actors[i];
		const char *agent = config_actor(in->config, a->name, "agent");

		if (agent && agent_kind_parse(&a->agent, agent) < 0)
			error_clear();
		if (a->agent == AGENT_OTHER && imported_actor(in, a->name))
			a->agent = imported_actor(in, a->name)->agent;
	}
	count_items(in);
	if ((rc = parse_agents(in)) == 0)
		discovery_own_files(&in->found);
out:
	strvec_release(&ring);
	return rc;
}

static bool has_command(struct init *in, const char *actor)
{
	for (size_t i = 0; i < in->nr_agents; i++)
		if (str_eq(in->agents[i].actor, actor))
			return true;
	return config_actor(in->config, actor, "command");
}

static void add_next(struct init *in, const char *why, char *command)
{
	strvec_take(&in->next, command);
	strvec_push(&in->next_why, why);
}

static bool has_changed(const struct setup_result *r)
{
	return r->state == SETUP_WRITTEN || r->state == SETUP_RENEWED;
}

/* A command of a file in the work tree is the user's to allow. */
static void add_imported_command(struct init *in, const struct import_actor *from)
{
	const char *there = config_actor(in->config, from->name, "command");
	struct strbuf line = STRBUF_INIT;

	if (there && str_eq(there, from->command))
		return;
	strbuf_addf(&line, "git config orchactor.%s.command ", from->name);
	import_quote(&line, from->command);
	add_next(in, "the old loop's command, if you trust it",
		 strbuf_detach(&line, NULL));
}

/*
 * A session that goes on gets what is new to it alone, so it costs least; but it
 * needs a command of its own, with the permissions of the other.
 */
static void add_resume(struct init *in, const struct discovered_actor *a)
{
	const char *there = config_actor(in->config, a->name, "command");
	char *command = NULL, *resume;

	if (config_actor(in->config, a->name, "resume"))
		return;
	for (size_t i = 0; i < in->nr_agents; i++)
		if (str_eq(in->agents[i].actor, a->name) && !in->agents[i].result.differs.nr)
			command = setup_agent_permission(in->repo, a->agent);
	if (!command)
		command = xstrdup(there ? there : "");
	resume = setup_agent_resume(a->agent, command);
	if (resume)
		add_next(in, "each turn is a fresh session; to let them go on",
			 xstrfmt("git config orchactor.%s.resume '%s'", a->name, resume));
	free(resume);
	free(command);
}

static void find_next(struct init *in)
{
	const struct init_request *req = &in->req;
	struct strbuf missing = STRBUF_INIT;

	if (in->behind)
		add_next(in, "what the loop has done so far", xstrdup("git pull"));
	if (in->remote && !in->joined)
		add_next(in, "take part in that loop",
			 xstrfmt("git config orch.remote %s", in->remote));
	for (size_t i = 0; i < in->found.nr_actors; i++) {
		const struct import_actor *from = imported_actor(in, in->found.actors[i].name);

		if (from && from->command)
			add_imported_command(in, from);
		else if (!has_command(in, in->found.actors[i].name))
			strbuf_addf(&missing, " --agent %s=%s",
				    in->found.actors[i].name,
				    in->found.actors[i].agent == AGENT_CODEX ?
				    "codex" : "claude");
	}
	if (req->dry_run) {
		struct strbuf again = STRBUF_INIT;

		strbuf_addf(&again, "git orch init%s%s%s%s", req->local ? " --local" : "",
			    req->import ? " --import" : "", req->no_hooks ? " --no-hooks" : "",
			    req->hook_config ? " --config" : "");
		for (size_t i = 0; i < req->agents->nr; i++)
			strbuf_addf(&again, " --agent %s", req->agents->v[i]);
		strbuf_addbuf(&again, &missing);
		add_next(in, "set it up", strbuf_detach(&again, NULL));
	} else if (missing.len) {
		add_next(in, "who plays them (claude or codex)",
			 xstrfmt("git orch init%s", missing.buf));
	}
	add_next(in, in->import.next ? "what the next actor would be sent" :
				       "what the first actor would be sent",
		 xstrfmt("git orch prompt build %s",
			 in->import.next ? in->import.next : in->found.ring.v[0]));
	if (!req->dry_run && !missing.len)
		add_next(in, "play one iteration", xstrdup("git orch run"));
	for (size_t i = 0; i < in->found.nr_actors && !req->dry_run; i++)
		add_resume(in, &in->found.actors[i]);
	if (!req->dry_run && !req->local && has_changed(&in->result))
		add_next(in, "share it with the team",
			 xstrdup("git add " SETUP_TRACKED_FILE));
	strbuf_release(&missing);
}

/*
 * A machine that joins may lack the commits that the loop has made, the one with
 * .orchconfig among them: a file of our own would be in their way ever after.
 */
static bool must_pull_first(const struct init *in)
{
	struct oid head;
	struct stat st;
	bool has = false;
	char *path;
	int there;

	if (!in->remote || in->req.local || oid_is_zero(&in->published.head))
		return false;
	path = xstrfmt("%s/%s", repo_work_tree(in->repo), SETUP_TRACKED_FILE);
	there = lstat(path, &st);
	free(path);
	if (there == 0)
		return false;
	if (object_exists(in->repo, &in->published.head) &&
	    repo_head(in->repo, &head, NULL) == 0 && !oid_is_zero(&head) &&
	    commit_is_ancestor(in->repo, &in->published.head, &head, &has) < 0)
		has = false;
	error_clear();
	return !has;
}

static int write_config(struct init *in, unsigned flags)
{
	if (in->req.local)
		return setup_write_local(&in->result, in->repo, &in->found, flags);
	in->behind = must_pull_first(in);
	return in->behind ? 0 :
	       setup_write_tracked(&in->result, in->repo, &in->found, flags);
}

static int write_all(struct init *in)
{
	unsigned flags = in->req.dry_run ? SETUP_DRY_RUN : 0u;
	int rc = write_config(in, flags);

	if (rc == 0 && has_changed(&in->result))
		strvec_push(&in->written, in->req.local ? "git config" :
			    SETUP_TRACKED_FILE);
	for (size_t i = 0; rc == 0 && i < in->nr_agents; i++) {
		struct init_agent *a = &in->agents[i];

		rc = setup_agent(&a->result, in->repo, a->actor, a->kind, flags);
		if (rc == 0 && a->result.state == SETUP_WRITTEN)
			strvec_pushf(&in->written, "git config orchactor.%s", a->actor);
	}
	return rc;
}

static int install_hooks(struct init *in)
{
	unsigned flags = (in->req.dry_run ? HOOKS_DRY_RUN : 0u) |
			 (in->req.hook_config ? HOOKS_CONFIG : 0u);

	return hooks_install(&in->hooks, in->repo, flags);
}

/* What is no place for a loop can have hooks: a bare repository. */
static int only_hooks(struct init *in)
{
	int rc = hooks_look(&in->hooks, in->repo);

	return rc < 0 ? rc : install_hooks(in);
}

/* ---- the loop of another tool ---- */

static int open_loop(struct orch *o, const struct init *in)
{
	int rc = orch_open(o, ORCH_NEED_WORK_TREE);

	if (rc < 0)
		return rc;
	/* As it will be when this is done. */
	strvec_release(&o->workflow);
	for (size_t i = 0; i < in->found.ring.nr; i++)
		strvec_push(&o->workflow, in->found.ring.v[i]);
	return 0;
}

/* What is wrong with the import is found before anything is written. */
static int prepare_import(struct init *in, struct orch *o)
{
	int rc;

	if ((rc = import_position(&in->import, in->repo, &in->found.ring)) < 0)
		return rc;
	if (!in->import.source && !in->import.settings)
		return error_set(ORCH_ENO, "nothing to import: no orchestration.yaml, no "
				 IMPORT_STATE_FILE ", and no commit says where a loop "
				 "stands");
	if ((rc = open_loop(o, in)) < 0)
		return rc;
	return turn_import(o, &in->import.at, true);
}

/* Worth a word as long as it could be imported. */
static void mention_old_loop(struct init *in)
{
	struct import look = IMPORT_INIT;
	struct strbuf text = STRBUF_INIT;
	struct orch o = ORCH_INIT;

	if (import_look(&look, in->repo, &in->found.ring) < 0)
		strbuf_addstr(&text, IMPORT_STATE_FILE " cannot be read");
	else if (look.source && open_loop(&o, in) == 0 &&
		 turn_import(&o, &look.at, true) == 0)
		import_describe(&text, &look);
	error_clear();
	if (text.len)
		in->old_loop = strbuf_detach(&text, NULL);
	strbuf_release(&text);
	orch_release(&o);
	import_release(&look);
}

/* Somebody plays this loop elsewhere: a second machine joins by one command.
 * A remote that does not answer is no reason to fail. */
static int look_at_remote(struct init *in)
{
	struct orch o = ORCH_INIT;
	const char *remote = NULL;
	int rc = open_loop(&o, in);

	if (rc == 0 && o.loop)
		remote = turn_likely_remote(&o);
	if (remote && turn_look_published(&in->published, &o, remote) == 0) {
		in->remote = xstrdup(remote);
		in->joined = config_get(o.config, "orch.remote") != NULL;
	}
	error_clear();
	if (in->remote && in->req.import && in->published.generation)
		rc = error_set(ORCH_ENO, "%s publishes this loop already (iteration %"
			       PRId64 ", %s's turn, generation %" PRId64 "): nothing is "
			       "imported over it", remote, in->published.iteration,
			       in->published.expected, in->published.generation);
	else
		rc = 0;
	orch_release(&o);
	return rc;
}

int init_run(struct init *in, struct repo *repo, const struct init_request *req)
{
	struct orch o = ORCH_INIT;
	int rc;

	in->req = *req;
	in->repo = repo;
	turn_init(&in->published);
	if (req->hooks_only)
		return only_hooks(in);
	if (!repo_work_tree(repo))
		return error_set(ORCH_EUNSUPPORTED, "this repository is bare: run init in a "
				 "work tree, or init --hooks-only here");
	if (!req->no_hooks && (rc = hooks_look(&in->hooks, repo)) < 0)
		return rc;
	if (req->hook_config && (rc = hooks_check_config(&in->hooks)) < 0)
		return rc;
	if ((rc = config_load(&in->config, repo)) < 0 ||
	    (rc = discover(in)) < 0)
		goto out;
	if ((rc = look_at_remote(in)) < 0)
		goto out;
	if (!req->import)
		mention_old_loop(in);
	else if ((rc = prepare_import(in, &o)) < 0)
		goto out;
	if ((rc = write_all(in)) < 0)
		goto out;
	if (in->import.source && !req->dry_run &&
	    (rc = turn_import(&o, &in->import.at, false)) < 0)
		goto out;
	if (!req->no_hooks && (rc = install_hooks(in)) < 0)
		goto out;
	find_next(in);
out:
	orch_release(&o);
	return rc;
}

void init_release(struct init *in)
{
	for (size_t i = 0; i < in->nr_agents; i++) {
		setup_result_release(&in->agents[i].result);
		free(in->agents[i].actor);
	}
	free(in->agents);
	setup_result_release(&in->result);
	discovery_release(&in->found);
	import_release(&in->import);
	hooks_release(&in->hooks);
	free(in->old_loop);
	free(in->remote);
	turn_release_memory(&in->published);
	strvec_release(&in->written);
	strvec_release(&in->next);
	strvec_release(&in->next_why);
	config_free(in->config);
}
