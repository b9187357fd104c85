/*
 * One function for each kind of rule. What they share: paths are matched as bytes by
 * expressions that have limits, and a limit that is hit ends the rule with
 * ORCH_EINVALID, never with a "no".
 */
#include "base/error.h"
#include "base/strbuf.h"
#include "orch/check.h"
#include "orch/checkinput.h"
#include "orch/checktext.h"
#include "orch/orch.h"
#include "orch/plan.h"

/* 1, 0 or an error. `when` that is not given means every path. */
static int is_about(const struct check_rule *rule, const char *path)
{
	size_t len = strlen(path);
	int yes = rule->when.code ? regex_find(&rule->when, path, len, 0, NULL) : 1;

	if (yes <= 0 || !rule->unless.code)
		return yes;
	yes = regex_find(&rule->unless, path, len, 0, NULL);
	return yes < 0 ? yes : !yes;
}

static bool is_there(const struct check_change *c)
{
	return c->status != 'D';
}

/* --- the net change ---------------------------------------------------------------- */

static int apply_pair(struct check_work *w)
{
	const struct check_change *first = NULL;
	int rc = check_input_changes(w->in);

	for (size_t i = 0; rc >= 0 && i < w->in->nr_changes; i++) {
		const struct check_change *c = &w->in->changes[i];

		if (!is_there(c))
			continue;
		rc = regex_find(&w->rule->needs, c->path, strlen(c->path), 0, NULL);
		if (rc > 0)
			return 0;
		if (rc == 0 && !first && (rc = is_about(w->rule, c->path)) > 0)
			first = c;
	}
	if (rc >= 0 && first)
		check_found(w, first->path, 0, NULL, "it changed without what has to change "
			    "with it");
	return rc < 0 ? rc : 0;
}

static int apply_place(struct check_work *w)
{
	int rc = check_input_changes(w->in);

	for (size_t i = 0; rc >= 0 && i < w->in->nr_changes; i++) {
		const struct check_change *c = &w->in->changes[i];

		if (c->status == 'A' && (rc = is_about(w->rule, c->path)) > 0)
			check_found(w, c->path, 0, NULL, "it belongs elsewhere");
	}
	return rc < 0 ? rc : 0;
}

/* --- each commit ------------------------------------------------------------------- */

struct commit_walk {
	struct check_work *w;
	const struct oid *commit;	/* NULL: not committed */
	int (*each)(struct commit_walk *, const struct check_change *);
};

static int on_change(const struct check_change *c, void *data)
{
	struct commit_walk *walk = data;

	return walk->each(walk, c);
}

static void note_truncated(struct check_work *w)
{
	if (w->in->commits.truncated)
		check_found(w, NULL, 0, NULL, "more than %d commits: older ones were not looked "
			    "into", CHECK_COMMITS_MAX);
}

/* What every commit changed, and what is not committed. */
static int walk_commits(struct check_work *w,
			int (*each)(struct commit_walk *, const struct check_change *))
{
	struct commit_walk walk = { w, NULL, each };
	struct check_input *in = w->in;
	int rc = check_input_commits(in);

	for (size_t i = 0; rc == 0 && i < in->commits.nr; i++) {
		struct commit_info c = COMMIT_INFO_INIT;

		walk.commit = &in->commits.v[i];
		rc = commit_read(in->o->repo, walk.commit, &c);
		if (rc == 0)
			rc = check_commit_changes(in, &c, on_change, &walk);
		commit_info_release(&c);
	}
	walk.commit = NULL;
	if (rc == 0 && in->work_tree)
		rc = check_input_changes(in);
	for (size_t i = 0; rc == 0 && in->work_tree && i < in->nr_changes; i++)
		if (in->changes[i].uncommitted)
			rc = each(&walk, &in->changes[i]);
	if (rc == 0)
		note_truncated(w);
	return rc;
}

static int on_forbidden(struct commit_walk *walk, const struct check_change *c)
{
	int yes = is_there(c) ? is_about(walk->w->rule, c->path) : 0;

	if (yes > 0)
		check_found(walk->w, c->path, 0, walk->commit, "this path is forbidden");
	return yes < 0 ? yes : 0;
}

static int on_size(struct commit_walk *walk, const struct check_change *c)
{
	struct check_work *w = walk->w;
	uint64_t size;
	int yes = is_there(c) ? is_about(w->rule, c->path) : 0;

	if (yes <= 0)
		return yes;
	if ((yes = check_change_size(w->in, c, &size)) < 0)
		return yes;
	if (size > (uint64_t)w->rule->size)
		check_found(w, c->path, 0, walk->commit, "%" PRIu64 " bytes, at most %" PRId64
			    " are allowed", size, w->rule->size);
	return 0;
}

static int apply_message(struct check_work *w)
{
	struct check_input *in = w->in;
	struct regex re = REGEX_INIT;
	int rc = check_pattern(w, &re, REGEX_UTF | REGEX_MULTILINE);

	if (rc <= 0)
		return rc;
	rc = check_input_commits(in);
	for (size_t i = 0; rc >= 0 && i < in->commits.nr; i++) {
		struct commit_info c = COMMIT_INFO_INIT;

		rc = commit_read(in->o->repo, &in->commits.v[i], &c);
		/* git wrote the message of a merge. */
		if (rc == 0 && c.nr_parents < 2) {
			rc = regex_find(&re, c.message, strlen(c.message), 0, NULL);
			if (rc == 0)
				check_found(w, NULL, 0, &c.oid, "the message does not match "
					    "'%s'", w->rule->pattern);
		}
		commit_info_release(&c);
	}
	if (rc >= 0)
		note_truncated(w);
	regex_release(&re);
	return rc < 0 ? rc : 0;
}

/* --- added text -------------------------------------------------------------------- */

/* Whether something else changed, that the rule is about. */
static int is_triggered(struct check_work *w, const char *path)
{
	int rc = check_input_changes(w->in);

	for (size_t i = 0; rc == 0 && i < w->in->nr_changes; i++)
		if (!str_eq(w->in->changes[i].path, path))
			rc = is_about(w->rule, w->in->changes[i].path);
	return rc;
}

static int apply_added_text(struct check_work *w)
{
	struct strbuf before = STRBUF_INIT, now = STRBUF_INIT;
	char *path = check_path(w, "{plan}");
	bool given = w->rule->path && w->rule->path[0] != '{';
	int rc = 0;

	if (!*path || (rc = is_triggered(w, path)) <= 0 || (rc = check_input_focus(w->in)) < 0)
		goto out;
	rc = check_input_before(w->in, path, &before);
	if (rc < 0 && rc != ORCH_ENOTFOUND)
		goto out;
	error_clear();
	rc = check_input_text(w->in, path, &now);
	if (rc < 0 && rc != ORCH_ENOTFOUND)
		goto out;
	error_clear();
	/* A loop without such a ledger keeps none. */
	if (!given && !before.len && !now.len)
		rc = 0;
	else if (w->rule->pattern)
		rc = check_added_line(w, &before, &now);
	else
		rc = check_added_attempt(w, path, &before, &now);
	if (rc == 1)
		check_found(w, path, 0, NULL, "it has no added line that matches '%s'",
			    w->rule->pattern ? w->rule->pattern : "an attempt");
out:
	strbuf_release(&before);
	strbuf_release(&now);
	free(path);
	return rc < 0 ? rc : 0;
}

/* --- the plan ---------------------------------------------------------------------- */

/* Their lines move with what is written above them. */
static size_t without_line(const char *text)
{
	const char *at = strstr(text, " at line ");

	return at ? (size_t)(at - text) : strlen(text);
}

static bool has_problem(const struct plan *p, const struct plan_problem *x)
{
	size_t len = without_line(x->text);

	for (size_t i = 0; i < p->problems_nr; i++)
		if (p->problems[i].kind == x->kind &&
		    without_line(p->problems[i].text) == len &&
		    !memcmp(p->problems[i].text, x->text, len))
			return true;
	return false;
}

static bool is_changed(const struct check_input *in, const char *path)
{
	for (size_t i = 0; i < in->nr_changes; i++)
		if (str_eq(in->changes[i].path, path))
			return true;
	return false;
}

/* What is wrong with it, and was not before. */
static int apply_plan(struct check_work *w)
{
	struct check_input *in = w->in;
	struct plan before = PLAN_INIT;
	int rc;

	if ((rc = check_input_changes(in)) < 0 || !in->nr_changes ||
	    (rc = check_input_plan(in)) < 0)
		goto out;
	if (!is_changed(in, plan_path(&in->plan, 0)))
		goto out;
	rc = plan_load_at(&before, in->o, plan_path(&in->plan, 0), &in->base);
	if (rc < 0 && rc != ORCH_ENOTFOUND)
		goto out;
	rc = 0;
	plan_lint(&before);
	plan_lint(&in->plan);
	for (size_t i = 0; i < in->plan.problems_nr; i++) {
		const struct plan_problem *x = &in->plan.problems[i];

		if (!has_problem(&before, x))
			check_found(w, plan_path(&in->plan, x->file), x->line, NULL, "%s: %s",
				    plan_problem_name(x->kind), x->text);
	}
out:
	plan_release(&before);
	if (rc == ORCH_ENOTFOUND) {
		error_clear();
		rc = 0;
	}
	return rc;
}

int check_apply(struct check_work *w)
{
	switch (w->rule->kind) {
	case CHECK_PAIR:
		return apply_pair(w);
	case CHECK_ADDED_TEXT:
		return apply_added_text(w);
	case CHECK_MENTIONS:
		return check_mentions(w);
	case CHECK_FORBIDDEN_PATH:
		return walk_commits(w, on_forbidden);
	case CHECK_PLACE:
		return apply_place(w);
	case CHECK_MESSAGE:
		return apply_message(w);
	case CHECK_MAX_SIZE:
		return walk_commits(w, on_size);
	case CHECK_PLAN:
		return apply_plan(w);
	case CHECK_KINDS:
		break;
	}
	BUG("check: kind %d", w->rule->kind);
}
