/*
 * Reading the turn, and holding it. Each transition is: lock, read, decide,
 * write durably, unlock; nothing that can take long (the network, git, a
 * receipt) happens under the lock. Claiming is in turn_claim.c, giving back in
 * turn_end.c, what people do to a turn from outside in turn_admin.c.
 */
#include "orch/turn.h"
#include "base/error.h"
#include "base/strbuf.h"
#include "base/text.h"
#include "git/object.h"
#include "orch/config.h"
#include "orch/orch.h"
#include "orch/receipt.h"
#include "orch/turn_internal.h"

int turn_read(struct turn *out, struct orch *o)
{
	int rc = turn_load(out, o);

	if (rc == 0 && !out->holder.actor)
		turn_adopt_ring(out, &o->workflow);
	return rc;
}

const struct turn_last *turn_last_of(const struct turn *t, const char *actor)
{
	for (size_t i = 0; i < t->nr_last; i++)
		if (str_eq(t->last[i].actor, actor))
			return &t->last[i];
	return NULL;
}

char *turn_id(const struct turn *t)
{
	const char *actor = t->holder.actor ? t->holder.actor : t->expected;

	if (t->holder.ordinal > 1)
		return xstrfmt("%" PRId64 "/%s.%" PRId64, t->iteration, actor,
			       t->holder.ordinal);
	return xstrfmt("%" PRId64 "/%s", t->iteration, actor);
}

void turn_describe(struct strbuf *out, const struct turn *t)
{
	const struct turn_holder *h = &t->holder;

	if (!h->actor && t->paused) {
		strbuf_addf(out, "the loop is paused%s", *t->paused ? ": " : "");
		text_add_safe(out, t->paused, strlen(t->paused), true);
	} else if (!h->actor && turn_kept_elsewhere(t)) {
		strbuf_addf(out, "it is %s's turn, kept for ", t->expected);
		text_add_safe(out, t->keeper.host, strlen(t->keeper.host), true);
	} else if (!h->actor)
		strbuf_addf(out, "nobody holds it, it is %s's turn", t->expected);
	else if (h->process.pid)
		strbuf_addf(out, "%s holds it (pid %" PRId64 " on ", h->actor,
			    h->process.pid);
	else
		strbuf_addf(out, "%s holds it (by lease alone, from ", h->actor);
	if (h->actor) {
		text_add_safe(out, h->host, strlen(h->host), true);
		strbuf_addch(out, ')');
	}
}

int64_t *turn_count_of(struct turn *t, const char *actor)
{
	for (size_t i = 0; i < t->nr_count; i++)
		if (str_eq(t->count[i].actor, actor))
			return &t->count[i].turns;
	t->count = xreallocarray(t->count, t->nr_count + 1, sizeof(*t->count));
	t->count[t->nr_count].actor = xstrdup(actor);
	t->count[t->nr_count].turns = 0;
	return &t->count[t->nr_count++].turns;
}

/* Not being able to tell must not cost the turn. */
void turn_set_head(struct turn *t, struct orch *o)
{
	char *branch = NULL;
	struct oid head;

	if (repo_head(o->repo, &head, &branch) == 0) {
		t->head = head;
		free(t->head_from);
		t->head_from = xstrdup(turn_work_tree(o));
		free(t->head_ref);
		t->head_ref = branch ? xstrfmt("refs/heads/%s", branch)
				     : orch_ref(o, "head");
	} else {
		warn("%s", error_message());
		error_clear();
	}
	free(branch);
}

void turn_set_lease(struct turn *t, int64_t seconds)
{
	t->lease_seconds = seconds;
	t->lease_ms = seconds ? time_now_ms() + seconds * 1000 : 0;
	t->lease_boot_ms = seconds ? time_boot_ms() + seconds * 1000 : 0;
}

bool turn_may_stay_unpublished(const struct turn *t)
{
	const struct turn_sync *s = &t->sync;
	const struct turn_holder *h = t->holder.actor ? &t->holder : &t->keeper;

	/* Others on this host look whether the published process lives, so
	 * nobody else may take its place unpublished; unless it says so. */
	return (t->roams || h->process.pid == getpid()) && t->recorded_here &&
	       t->reserved > t->generation && s->boot_ms && s->boot_id &&
	       turn_here()->boot_id[0] && str_eq(s->boot_id, turn_here()->boot_id) &&
	       time_boot_ms() < s->boot_ms + turn_renewal_ms(t->lease_seconds);
}

void turn_give(struct turn *out, struct turn *t)
{
	if (!out)
		return;
	*out = *t;
	turn_init(t);
}

/* ---- holding ---- */

int turn_check_generation(const struct turn *t, int64_t generation)
{
	struct strbuf text = STRBUF_INIT;
	int rc;

	if (t->generation == generation && t->holder.actor)
		return 0;
	turn_describe(&text, t);
	if (t->generation == generation)
		rc = error_set(ORCH_ENO, "generation %" PRId64 " has been given back "
			       "already: %s", generation, text.buf);
	else
		rc = error_set(ORCH_ENO, "generation %" PRId64 " is not current, %"
			       PRId64 " is: %s", generation, t->generation, text.buf);
	strbuf_release(&text);
	return rc;
}

/* Lock and read a turn that must still be held in `generation`. */
static int begin_change(struct turn *t, struct lock *lock, struct orch *o,
			int64_t generation)
{
	int rc;

	turn_init(t);
	if ((rc = turn_lock(lock, o)) < 0 || (rc = turn_load(t, o)) < 0)
		return rc;
	return turn_check_generation(t, generation);
}

int turn_set_child(struct orch *o, int64_t generation, pid_t child)
{
	struct lock lock = LOCK_INIT;
	struct turn t;
	int rc;

	if ((rc = begin_change(&t, &lock, o, generation)) < 0)
		goto out;
	t.holder.child = (struct process_id){ 0, 0 };
	if (child && (rc = process_identify(&t.holder.child, child)) < 0)
		goto out;
	rc = turn_store(o, &t, "child", 0);
out:
	lock_release(&lock);
	turn_release_memory(&t);
	return rc;
}

int turn_renew(struct orch *o, int64_t generation)
{
	struct lock lock = LOCK_INIT;
	struct turn t;
	int rc;

	if ((rc = begin_change(&t, &lock, o, generation)) < 0)
		goto out;
	turn_set_lease(&t, t.lease_seconds);
	rc = turn_store(o, &t, "renew", 0);
out:
	lock_release(&lock);
	turn_release_memory(&t);
	return rc;
}

int turn_next_attempt(struct turn *out, struct orch *o, int64_t generation)
{
	struct lock lock = LOCK_INIT;
	struct turn t;
	int rc;

	if ((rc = begin_change(&t, &lock, o, generation)) < 0)
		goto out;
	t.holder.attempt = ++t.attempts;
	t.holder.ordinal = ++*turn_count_of(&t, t.holder.actor);
	t.holder.since_ms = time_now_ms();
	t.holder.waited_ms = 0;
	t.holder.child = (struct process_id){ 0, 0 };
	if (repo_head(o->repo, &t.holder.head, NULL) < 0)
		error_clear();
	turn_set_lease(&t, t.lease_seconds);
	if ((rc = turn_store(o, &t, "attempt", 0)) < 0)
		goto out;
	turn_give(out, &t);
out:
	lock_release(&lock);
	turn_release_memory(&t);
	return rc;
}
