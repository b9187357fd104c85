/*
 * Bringing the work tree to the commit that the turn is about, before the turn
 * is claimed: an agent must not start on files that its predecessor has
 * already changed.
 */
#include "orch/turn_remote.h"
#include "base/error.h"
#include "base/text.h"
#include "git/object.h"
#include "git/refs.h"
#include "orch/orch.h"

static bool contains(struct orch *o, const struct oid *commit, const struct oid *what)
{
	bool yes = false;

	if (oid_is_zero(commit))
		return false;
	if (commit_is_ancestor(o->repo, what, commit, &yes) < 0)
		error_clear();
	return yes;
}

/* What the remote's branch has beyond the turn's head is the users' own work:
 * taken along now, it does not refuse our push later. */
static void prefer_branch(struct oid *to, struct turn_net *n, const struct oid *head)
{
	struct oid tip;

	if (ref_read(n->o->repo, n->branch_here, &tip) < 0) {
		error_clear();
		return;
	}
	if (contains(n->o, &tip, to) && !contains(n->o, head, &tip) &&
	    (oid_is_zero(head) || contains(n->o, &tip, head)))
		*to = tip;
}

/*
 * The branch was refused when the turn was over already, and its commits have
 * been merged here since: the merge is what the next actor must have.
 */
void turn_take_merge(struct turn *t, struct turn_net *n)
{
	struct oid tip, head;

	if (t->head_ref && str_eq(t->head_ref, n->branch) &&
	    ref_read(n->o->repo, n->branch_here, &tip) == 0 &&
	    repo_head(n->o->repo, &head, NULL) == 0 &&
	    !contains(n->o, &t->head, &tip) && contains(n->o, &head, &tip) &&
	    contains(n->o, &head, &t->head))
		t->head = head;
	error_clear();
}

/* It was pushed somewhere else than to our branch. */
static int fetch_head(const struct turn *t, struct turn_net *n)
{
	char *here = orch_ref(n->o, "head");
	struct remote_fetch ref = { t->head_ref, here, OID_ZERO };
	int rc = 0;

	if (t->head_ref && str_starts(t->head_ref, "refs/"))
		rc = remote_fetch(&n->remote, &ref, 1);
	free(here);
	if (rc == 0 && !object_exists(n->o->repo, &t->head))
		rc = error_set(ORCH_ERROR, "the turn is about commit %s, which neither "
			       "this repository nor %s has: push it from where the last "
			       "turn ended", oid_short(&t->head), n->remote.name);
	return rc;
}

int turn_bring_head(struct orch *o, const struct turn *t, struct turn_net *n)
{
	struct oid head, to = t->head;
	bool moved = false;
	char *why;
	int rc;

	if (!repo_work_tree(o->repo))
		return 0;
	if ((rc = repo_head(o->repo, &head, NULL)) < 0)
		return rc;
	if (!oid_is_zero(&to) && !oid_eq(&head, &to) && !object_exists(o->repo, &to) && n &&
	    (rc = fetch_head(t, n)) < 0)
		return rc;
	if (n)
		prefer_branch(&to, n, &head);
	if (oid_is_zero(&to) || oid_eq(&head, &to) || contains(o, &head, &to))
		return 0;
	if (!n && (!t->head_from || str_eq(t->head_from, turn_work_tree(o)))) {
		/* It was here and somebody moved away from it. */
		note("this work tree does not have %s any more, where the last turn "
		     "ended", oid_short(&to));
		return 0;
	}
	rc = worktree_fast_forward(o->repo, &to, &moved);
	if (rc == 0 && moved)
		note("this work tree is at %s now, where the last turn ended",
		     oid_short(&to));
	if (rc == ORCH_ENO)
		return error_set(ORCH_ERROR, "this work tree (%s) and the turn's commit %s "
				 "have diverged: 'git merge %s' or 'git rebase %s', then "
				 "again", oid_is_zero(&head) ? "unborn" : oid_short(&head),
				 oid_short(&to), oid_short(&to), oid_short(&to));
	if (rc == ORCH_ENOTFOUND)
		return error_set(ORCH_ERROR, "the turn is about commit %s, which is not "
				 "here: git fetch", oid_short(&to));
	if (rc == ORCH_EBUSY) {
		why = xstrdup(error_message());
		error_set(rc, "the turn's commit %s cannot be brought here: %s",
			  oid_short(&to), why);
		free(why);
	}
	return rc;
}
