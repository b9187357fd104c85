/*
 * Looking after what is published: what is owed, what was kept for a runner
 * that stops, the lease, and what to do when the remote refuses our commits.
 */
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include "orch/turn_remote.h"
#include "base/error.h"
#include "base/strbuf.h"
#include "base/text.h"
#include "git/object.h"
#include "git/refs.h"
#include "orch/orch.h"

#define MAX_NAMED 20	/* commits in the advice */

static int make_synced(struct turn *t, struct orch *o UNUSED, void *data UNUSED)
{
	return t->sync.owed || (t->sync.ahead && !t->holder.actor && !t->keeper.clone);
}

int turn_sync(struct turn *out, struct orch *o)
{
	struct turn_change c = { .event = "sync", .make = make_synced, .branch = true,
			    .same_turn = true };
	const char *remote;
	int rc;

	if ((rc = turn_remote_name(&remote, o, NULL)) < 0)
		return rc;
	if (!remote)
		return error_set(ORCH_ENO, "no remote shares the turn: git config "
				 "orch.remote NAME, or --sync-via-git");
	return turn_change(out, o, &c);
}

static int make_free(struct turn *t, struct orch *o UNUSED, void *data UNUSED)
{
	if (t->holder.actor || !t->keeper.clone || !t->recorded_here)
		return 0;
	turn_clear_keeper(t);
	turn_clear_holder(t);
	t->reserved = 0;
	return 1;
}

int turn_stop_playing(struct orch *o)
{
	struct turn_change c = { .event = "free", .make = make_free, .branch = true,
			    .may_be_owed = true };
	struct turn t;
	bool kept;
	int rc = turn_load(&t, o);

	kept = rc == 0 && !t.holder.actor && t.keeper.clone && t.recorded_here;
	turn_release_memory(&t);
	return kept ? turn_change(NULL, o, &c) : rc;
}

bool turn_renewal_due(const struct turn *t)
{
	const struct turn_sync *s = &t->sync;

	if (!t->holder.actor || !s->remote || oid_is_zero(&s->base) || !t->lease_seconds)
		return false;
	/* Ours, but we were not told when it had arrived. */
	if (!s->boot_ms)
		return t->recorded_here;
	return time_boot_ms() >= s->boot_ms + turn_renewal_ms(t->lease_seconds);
}

static int make_renewed(struct turn *t, struct orch *o UNUSED, void *data)
{
	int rc = turn_check_generation(t, *(int64_t *)data);

	if (rc < 0)
		return rc;
	if (!turn_renewal_due(t))
		return 0;
	turn_set_lease(t, t->lease_seconds);
	return 1;
}

int turn_renew_published(struct orch *o, int64_t generation)
{
	struct turn_change c = { .event = "renew", .make = make_renewed, .data = &generation,
			    .same_turn = true };
	const char *remote;
	struct turn t;
	bool due;
	int rc = turn_load(&t, o);

	due = rc == 0 && turn_renewal_due(&t) &&
	      turn_remote_name(&remote, o, &t) == 0 && remote;
	turn_release_memory(&t);
	return due ? turn_change(NULL, o, &c) : rc;
}

/* ---- the lease, beside other work ---- */

void turn_renewer_tick(struct turn_renewer *r, struct orch *o, int64_t generation)
{
	struct turn t;
	int status = -1;
	bool due;

	if (r->pid && waitpid(r->pid, &status, WNOHANG) == 0)
		return;
	if (r->pid && !status) {	/* what it did for us */
		remote_counts.fetches++;
		remote_counts.pushes++;
	}
	r->pid = 0;
	due = turn_load(&t, o) == 0 && t.generation == generation && turn_renewal_due(&t);
	turn_release_memory(&t);
	error_clear();
	if (!due)
		return;
	r->pid = fork();
	if (r->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		_exit(turn_renew_published(o, generation) < 0);
	}
	if (r->pid < 0)
		r->pid = 0;	/* the next tick tries again */
}

void turn_renewer_stop(struct turn_renewer *r)
{
	if (!r->pid)
		return;
	kill(r->pid, SIGKILL);
	waitpid(r->pid, NULL, 0);
	r->pid = 0;
}

/* ---- a branch that was refused ---- */

void turn_merge_advice(struct strbuf *out, struct orch *o, const char *refusal)
{
	struct commit_list list = COMMIT_LIST_INIT;
	struct oid head = OID_ZERO, tip = OID_ZERO;
	char *ref = orch_ref(o, "branch");

	strbuf_addstr(out, "Your last commits are not accepted yet: ");
	text_add_safe(out, refusal, strlen(refusal), true);
	strbuf_addstr(out, "\n");
	if (ref_read(o->repo, ref, &tip) < 0 || repo_head(o->repo, &head, NULL) < 0 ||
	    commits_between(o->repo, &head, &tip, MAX_NAMED, &list) < 0)
		error_clear();
	if (list.nr) {
		strbuf_addf(out, "Before anything else, merge what others have pushed: git "
			    "merge %s\n", ref);
		for (size_t i = 0; i < list.nr; i++) {
			strbuf_addf(out, "  %s ", oid_short(&list.v[i].oid));
			text_add_safe(out, list.v[i].subject, strlen(list.v[i].subject),
				      true);
			strbuf_addch(out, '\n');
		}
		if (list.truncated)
			strbuf_addstr(out, "  ...\n");
		strbuf_addstr(out, "Resolve conflicts, run the tests, commit the merge. Do "
			      "not push: the loop does.\n\n");
	} else {
		strbuf_addstr(out, "Before anything else, do what that asks for; commit "
			      "it. Do not push: the loop does.\n\n");
	}
	commit_list_release(&list);
	free(ref);
}
