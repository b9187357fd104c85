/*
 * What `git orch check` is asked to judge.
 */
#include "orch/checkrange.h"

#include "base/error.h"
#include "base/strbuf.h"
#include "git/gitconfig.h"
#include "git/object.h"
#include "git/refs.h"
#include "orch/checkinput.h"
#include "orch/checkpush.h"
#include "orch/orch.h"
#include "orch/receipt.h"
#include "orch/turn.h"

/* --- a range ----------------------------------------------------------------------- */

static int shallow_error(struct orch *o, const char *range)
{
	struct commit_oids here = COMMIT_OIDS_INIT;
	struct oid head = OID_ZERO;
	size_t depth = 0;

	if (repo_head(o->repo, &head, NULL) == 0 && !oid_is_zero(&head) &&
	    commits_outside(o->repo, NULL, 0, &head, 1, CHECK_COMMITS_MAX, &here) == 0)
		depth = here.nr;
	commit_oids_release(&here);
	return error_set(ORCH_ENOTFOUND, "%s: this clone is shallow and ends %zu commit%s back: "
			 "git fetch --unshallow, or in CI a fetch depth (fetch-depth: 0) that "
			 "has the base", range, depth, depth == 1 ? "" : "s");
}

static int resolve(struct oid *out, struct orch *o, const char *rev, const char *range)
{
	int rc = repo_resolve(o->repo, out, *rev ? rev : "HEAD");

	if (rc < 0 && repo_is_shallow(o->repo))
		return shallow_error(o, range);
	return rc;
}

/* The net change from where B left A, and its commits. */
static int find_range(struct check_input *in, struct oid *from, struct orch *o,
		      const char *range)
{
	const char *dots = strstr(range, "..");
	bool reached;
	char *a, *b;
	int rc;

	if (!dots || dots[2] == '.' || strstr(dots + 2, ".."))
		return error_set(ORCH_EUSAGE, "--range is <a>..<b>, not '%s'", range);
	a = xstrndup(range, (size_t)(dots - range));
	b = xstrdup(dots + 2);
	if ((rc = resolve(from, o, a, range)) < 0 ||
	    (rc = resolve(&in->tip, o, b, range)) < 0 ||
	    (rc = commit_base(o->repo, from, 1, &in->tip, &in->base)) < 0)
		goto out;
	in->known = from;
	in->nr_known = 1;
	/* Where the clone ends in between, the base is no commit of A's history. */
	if (repo_is_shallow(o->repo) &&
	    (rc = commit_is_ancestor(o->repo, &in->base, from, &reached)) == 0 && !reached)
		rc = shallow_error(o, range);
out:
	free(a);
	free(b);
	return rc;
}

/* Rules as they were at A: what is judged cannot change them. */
static int use_config_of(struct orch *o, const struct oid *commit)
{
	struct config *config;
	int rc = config_load_at(&config, o->repo, commit);

	if (rc == 0)
		orch_use_config(o, config);
	return rc;
}

/* --- a turn ------------------------------------------------------------------------ */

/* An actor that is named, in the environment or as an argument; NULL: nobody. */
static int named_actor(struct orch *o, const char *arg, const char **actor)
{
	const char *name = arg ? arg : getenv("GIT_ORCH_ACTOR");

	*actor = NULL;
	return name && *name ? orch_actor(o, name, actor) : 0;
}

static int use_receipt(struct check_input *in, struct orch *o)
{
	struct receipt_list list = RECEIPT_LIST_INIT;
	int rc = in->actor ? receipt_list_actor(&list, o, in->actor, 1) :
		 receipt_list(&list, o, 1);

	if (rc == 0 && !list.nr)
		rc = error_set(ORCH_ENOTFOUND, "no turn is held, and none has a receipt here: "
			       "which commits are meant? --range <a>..<b>");
	if (rc == 0) {
		const struct receipt *r = &list.v[0];

		in->base = r->head_before;
		in->tip = r->head_after;
		if (!in->actor && orch_actor(o, r->actor, &in->actor) < 0)
			error_clear();	/* it has left the workflow */
	}
	receipt_list_release(&list);
	return rc;
}

static int find_turn(struct check_input *in, struct orch *o)
{
	struct turn t;
	int rc;

	turn_init(&t);
	if (!o->loop)
		rc = error_set(ORCH_ERROR, "HEAD is detached: name the loop with --loop, or "
			       "the commits with --range");
	else
		rc = turn_read(&t, o);
	if (rc < 0)
		goto out;
	if (t.holder.actor && (!in->actor || str_eq(in->actor, t.holder.actor))) {
		rc = orch_actor(o, t.holder.actor, &in->actor);
		in->base = t.holder.head;
		in->work_tree = true;
		in->since_ms = t.holder.since_ms;
		if (rc == 0)
			rc = repo_head(o->repo, &in->tip, NULL);
	} else {
		rc = use_receipt(in, o);
	}
out:
	turn_release_memory(&t);
	return rc;
}

/* --- a push to come ------------------------------------------------------------------ */

/* Where `git push` of the branch goes: pushRemote, pushDefault, remote, origin. */
static char *find_remote(struct orch *o, const char *branch)
{
	char *keys[3] = { xstrfmt("branch.%s.pushremote", branch),
			  xstrdup("remote.pushdefault"),
			  xstrfmt("branch.%s.remote", branch) };
	static const char *const prefixes[] = { "branch.", "remote.", NULL };
	struct config_entries e = CONFIG_ENTRIES_INIT;
	char *remote = NULL;

	if (gitconfig_read(&e, o->repo, prefixes) < 0)
		error_clear();
	for (size_t k = 0; k < ARRAY_SIZE(keys); k++) {
		for (size_t i = e.nr; !remote && i > 0; i--)
			if (e.v[i - 1].value && str_eq(e.v[i - 1].key, keys[k]))
				remote = xstrdup(e.v[i - 1].value);
		free(keys[k]);
	}
	config_entries_release(&e);
	return remote ? remote : xstrdup("origin");
}

static int judge_push(struct check_report *out, struct orch *o, const char *actor,
		      const char *focus)
{
	struct push_line line = { NULL, NULL, OID_ZERO, OID_ZERO };
	struct push push = { .v = &line, .nr = 1 };
	char *branch = NULL, *remote = NULL, *tracking = NULL;
	int rc = repo_head(o->repo, &line.tip, &branch);

	if (rc < 0)
		return rc;
	if (oid_is_zero(&line.tip))
		goto out;
	remote = find_remote(o, branch ? branch : "");
	tracking = xstrfmt("refs/remotes/%s/%s", remote, branch ? branch : "HEAD");
	line.local = line.remote = branch ? xstrfmt("refs/heads/%s", branch) :
			    xstrdup("HEAD");
	if (ref_read(o->repo, tracking, &line.old) < 0)
		error_clear();
	rc = push_judge(out, &push, o->repo, remote, actor, focus);
out:
	free(line.local);
	free(branch);
	free(remote);
	free(tracking);
	return rc;
}

/* --- all of it ----------------------------------------------------------------------- */

int check_request(struct check_report *out, struct check_rules *rules, struct orch *o,
		  const struct check_request *req)
{
	struct check_input in = CHECK_INPUT_INIT;
	struct oid from = OID_ZERO;
	int rc;

	in.o = o;
	in.stage = req->stage;
	in.focus_id = req->focus;
	if (req->range && ((rc = find_range(&in, &from, o, req->range)) < 0 ||
			   (rc = use_config_of(o, &from)) < 0))
		goto out;
	if ((rc = named_actor(o, req->actor, &in.actor)) < 0)
		goto out;
	check_rules_load(rules, o->config);
	if (!req->range && req->stage == CHECK_PRE_PUSH) {
		rc = judge_push(out, o, in.actor, req->focus);
		goto out;
	}
	if (!req->range && req->stage == CHECK_PRE_TURN) {
		in.work_tree = true;
		if (!in.actor && o->loop && (rc = orch_actor(o, NULL, &in.actor)) < 0)
			goto out;
		rc = repo_head(o->repo, &in.tip, NULL);
		in.base = in.tip;
	} else if (!req->range) {
		rc = find_turn(&in, o);
	}
	if (rc == 0)
		rc = check_judge(out, &in, rules);
out:
	check_input_release(&in);
	return rc;
}
