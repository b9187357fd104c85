/*
 * Bringing the work tree to the commit that the turn is about, before the turn
 * is claimed: an agent must not start on files that its predecessor has
 * already changed. And keeping that commit, where no branch does.
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

/* ---- a commit that no branch may have ---- */

/* Make refs/orch/<loop>/head `to`; zero: remove it. It only keeps gc away, so
 * the turn does not fail by it. */
static void set_kept(struct orch *o, const struct oid *to)
{
	char *ref = orch_ref(o, "head");
	struct oid now = OID_ZERO;
	int rc;

	if (ref_read(o->repo, ref, &now) < 0)
		error_clear();
	rc = oid_eq(&now, to) ? 0 : oid_is_zero(to) ? ref_delete(o->repo, ref, &now) :
						      ref_update(o->repo, ref, to, &now);
	if (rc < 0) {
		warn("%s stays as it is: %s", ref, error_message());
		error_clear();
	}
	free(ref);
}

void turn_keep_head(struct orch *o)
{
	const struct oid none = OID_ZERO;
	struct oid head, kept = OID_ZERO;
	char *branch = NULL, *ref = orch_ref(o, "head");

	if (!repo_work_tree(o->repo) || repo_head(o->repo, &head, &branch) < 0)
		goto out;
	if (!branch && !oid_is_zero(&head))
		set_kept(o, &head);
	else if (branch && ref_read(o->repo, ref, &kept) == 0 && contains(o, &head, &kept))
		set_kept(o, &none);
out:
	error_clear();
	free(branch);
	free(ref);
}

void turn_warn_place(struct orch *o)
{
	char *branch = NULL, *ref = xstrfmt("refs/heads/%s", o->loop);
	struct oid tip;

	if (!repo_work_tree(o->repo) || repo_head(o->repo, NULL, &branch) < 0)
		goto out;
	if (!branch)
		warn("HEAD is detached: commits made here are on no branch; 'git switch -c "
		     "NAME' names one");
	else if (!str_eq(branch, o->loop) && ref_read(o->repo, ref, &tip) == 0)
		warn("this work tree is on branch %s: commits of loop %s go there, not to "
		     "branch %s", branch, o->loop, o->loop);
out:
	error_clear();
	free(branch);
	free(ref);
}

bool turn_lacks_head(struct orch *o, const struct turn *t)
{
	struct commit_info want = COMMIT_INFO_INIT, have = COMMIT_INFO_INIT;
	struct oid head;
	bool lacks;

	if (oid_is_zero(&t->head) || !repo_work_tree(o->repo) ||
	    repo_head(o->repo, &head, NULL) < 0 || oid_eq(&head, &t->head) ||
	    contains(o, &head, &t->head)) {
		error_clear();
		return false;
	}
	/* Reworded or squashed, it says the same. */
	lacks = oid_is_zero(&head) || contains(o, &t->head, &head) ||
		commit_read(o->repo, &t->head, &want) < 0 ||
		commit_read(o->repo, &head, &have) < 0 || !oid_eq(&want.tree, &have.tree);
	error_clear();
	commit_info_release(&want);
	commit_info_release(&have);
	return lacks;
}

static int make_accepted(struct turn *t, struct orch *o, void *data)
{
	struct strbuf who = STRBUF_INIT;
	struct oid head, *left = data;
	int rc;

	if (t->holder.actor && turn_holder_alive(t)) {
		turn_describe(&who, t);
		rc = error_set(ORCH_EBUSY, "not while there is work: %s", who.buf);
		strbuf_release(&who);
		return rc;
	}
	if ((rc = repo_head(o->repo, &head, NULL)) < 0)
		return rc;
	if (oid_is_zero(&head))
		return error_set(ORCH_ERROR, "there is no commit yet to go on from");
	if (oid_is_zero(&t->head) || contains(o, &head, &t->head))
		return error_set(ORCH_ENO, "nothing to accept: this work tree has %s",
				 oid_is_zero(&t->head) ? "all there is" :
				 oid_short(&t->head));
	*left = t->head;
	turn_set_head(t, o);
	return 1;
}

int turn_accept(struct turn *out, struct orch *o, struct oid *left)
{
	struct turn_change c = { .event = "accept", .make = make_accepted, .data = left,
			    .branch = true, .same_turn = true };
	const struct oid none = OID_ZERO;
	int rc = turn_change(out, o, &c);

	if (rc == 0)
		set_kept(o, &none);
	return rc;
}

/* ---- before a claim ---- */

/* Without a remote there is nowhere to get it from but this repository. */
static int refuse_lack(struct orch *o, const struct turn *t, const struct oid *head)
{
	if (!turn_lacks_head(o, t))
		return 0;
	set_kept(o, &t->head);
	return error_set(ORCH_ERROR, "this work tree (%s) does not have %s, where the last "
			 "turn ended: 'git merge %s', then again, or 'git orch turn "
			 "accept%s' to go on without it",
			 oid_is_zero(head) ? "unborn" : oid_short(head),
			 oid_short(&t->head), oid_short(&t->head), orch_loop_arg(o));
}

int turn_bring_head(struct orch *o, const struct turn *t, struct turn_net *n)
{
	struct oid head, to = t->head;
	bool moved = false;
	char *why, *branch = NULL;
	int rc;

	if (!repo_work_tree(o->repo))
		return 0;
	if ((rc = repo_head(o->repo, &head, &branch)) < 0)
		return rc;
	if (!oid_is_zero(&to) && !oid_eq(&head, &to) && !object_exists(o->repo, &to) && n &&
	    (rc = fetch_head(t, n)) < 0)
		goto out;
	if (n)
		prefer_branch(&to, n, &head);
	if (oid_is_zero(&to) || oid_eq(&head, &to) || contains(o, &head, &to))
		goto out;
	if (!n && !object_exists(o->repo, &to)) {
		note("%s, where the last turn ended, is not in this repository any more",
		     oid_short(&to));
		goto out;
	}
	if (!n && (!t->head_from || str_eq(t->head_from, turn_work_tree(o)))) {
		/* It was here and somebody moved away from it. */
		rc = refuse_lack(o, t, &head);
		goto out;
	}
	rc = worktree_fast_forward(o->repo, &to, &moved);
	if (rc == 0 && moved)
		note("this work tree is at %s now (%s%s), where the last turn ended",
		     oid_short(&to), branch ? "branch " : "detached", branch ? branch : "");
	if (rc == ORCH_ENO)
		rc = error_set(ORCH_ERROR, "this work tree (%s) and the turn's commit %s "
			       "have diverged: 'git merge %s' or 'git rebase %s', then "
			       "again", oid_is_zero(&head) ? "unborn" : oid_short(&head),
			       oid_short(&to), oid_short(&to), oid_short(&to));
	else if (rc == ORCH_ENOTFOUND)
		rc = error_set(ORCH_ERROR, "the turn is about commit %s, which is not "
			       "here: git fetch", oid_short(&to));
	else if (rc == ORCH_EBUSY) {
		why = xstrdup(error_message());
		error_set(rc, "the turn's commit %s cannot be brought here: %s",
			  oid_short(&to), why);
		free(why);
	}
out:
	free(branch);
	return rc;
}
