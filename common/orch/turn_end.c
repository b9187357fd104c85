/*
 * Giving the turn back: what the state becomes, whether others must be told at
 * once, and what is left to do where the remote does not take our commits or
 * cannot be reached.
 */
#include "orch/turn_remote.h"
#include "base/error.h"
#include "base/strbuf.h"
#include "base/text.h"
#include "git/object.h"
#include "git/refs.h"
#include "orch/config.h"
#include "orch/orch.h"
#include "orch/receipt.h"
#include "orch/runner.h"

/* ---- what the state becomes ---- */

static void set_last(struct turn *t)
{
	struct turn_last *l = (struct turn_last *)turn_last_of(t, t->holder.actor);

	if (!l) {
		t->last = xreallocarray(t->last, t->nr_last + 1, sizeof(*t->last));
		l = &t->last[t->nr_last++];
		l->actor = xstrdup(t->holder.actor);
	}
	l->commit = t->head;
	l->iteration = t->iteration;
	l->ended_ms = time_now_ms();
}

static void move_to(struct turn *t, int64_t step, bool next_iteration)
{
	if (next_iteration) {
		t->iteration++;
		for (size_t i = 0; i < t->nr_count; i++)
			free(t->count[i].actor);
		t->nr_count = 0;
	}
	t->step = step;
	t->attempts = 0;
	free(t->expected);
	t->expected = xstrdup(t->workflow.v[step]);
}

/* The ring's next place, or `next`'s next place in it. */
static int advance(struct turn *t, struct orch *o, const char *next)
{
	int64_t len, i;

	/* An actor that joined the ring during this turn. */
	if (next && !strvec_has(&t->workflow, next) &&
	    strvec_has(&o->workflow, next))
		turn_adopt_ring(t, &o->workflow);
	len = (int64_t)t->workflow.nr;
	for (i = 1; i <= len; i++) {
		int64_t step = (t->step + i) % len;

		if (!next || str_eq(t->workflow.v[step], next)) {
			move_to(t, step, t->step + i >= len);
			return 0;
		}
	}
	return error_set(ORCH_EINVALID, "the workflow does not name '%s'", next);
}

static int set_values(struct turn *t, const struct strvec *values)
{
	int rc = 0;

	for (size_t i = 0; values && !rc && i < values->nr; i++) {
		const char *eq = strchr(values->v[i], '=');
		char *key;

		if (!eq)
			return error_set(ORCH_EUSAGE, "'%.80s' is not KEY=VALUE",
					 values->v[i]);
		key = xstrfmt("%.*s", (int)(eq - values->v[i]), values->v[i]);
		rc = turn_set_value(t, key, eq + 1);
		free(key);
	}
	return rc;
}

/* The state after the turn. *t is held, in end->generation. */
static int end_turn(struct turn *t, struct orch *o, const struct turn_end *end)
{
	int rc;

	if ((rc = turn_check_generation(t, end->generation)) < 0 ||
	    (rc = set_values(t, end->values)) < 0)
		return rc;
	t->status = end->status;
	if (end->keep_head)
		t->head = t->holder.head;
	else
		turn_set_head(t, o);
	free(t->reason);
	t->reason = NULL;
	if (end->status == TURN_OK)
		set_last(t);
	else if (end->reason)
		t->reason = xstrfmt("%.1000s", end->reason);
	turn_clear_holder(t);
	if (end->status == TURN_OK || end->next)
		return advance(t, o, end->next);
	return 0;
}

/* ---- without a remote, or not now ---- */

static int release_here(struct turn *out, struct orch *o, const struct turn_end *end)
{
	struct lock lock = LOCK_INIT;
	struct turn t;
	int rc;

	turn_init(&t);
	if ((rc = turn_lock(&lock, o)) < 0 || (rc = turn_load(&t, o)) < 0 ||
	    (rc = end_turn(&t, o, end)) < 0)
		goto out;
	if (t.sync.remote)
		t.sync.ahead = true;
	if ((rc = turn_store(o, &t, "release", TURN_USE_SPARE)) < 0)
		goto out;
	turn_give(out, &t);
out:
	lock_release(&lock);
	turn_release_memory(&t);
	return rc;
}

/* ---- with a remote ---- */

/* Whether the actor that comes next is played from this clone; `other`: by
 * another process of it. */
static bool is_played_here(struct orch *o, const struct turn *t,
			   const struct turn_end *end, bool *other)
{
	struct runner r = RUNNER_INIT;
	bool here;

	runner_read(&r, o, t->expected);
	*other = r.process.pid != getpid();
	here = r.command && (*other || end->plays_on);
	runner_release(&r);
	return here && !t->paused;
}

/* The turn is free, but only for us: who plays here plays on. */
static void keep(struct turn *t, struct orch *o, int64_t lease)
{
	if (process_identify(&t->keeper.process, getpid()) < 0)
		error_clear();
	turn_place_here(&t->keeper, o);
	if (!t->keeper.clone) {		/* without a name it would be anybody's */
		turn_clear_keeper(t);
		return;
	}
	turn_set_lease(t, lease);
}

/* The next actor's clone can do without being told: nobody else may begin. */
static int release_unpublished(struct turn *out, struct orch *o,
			       const struct turn_end *end, bool *done)
{
	struct lock lock = LOCK_INIT;
	struct turn t;
	int64_t iteration, lease;
	bool allowed, other;
	int rc;

	*done = false;
	turn_init(&t);
	if ((rc = turn_lock(&lock, o)) < 0 || (rc = turn_load(&t, o)) < 0)
		goto out;
	iteration = t.iteration;
	lease = t.lease_seconds;
	allowed = turn_may_stay_unpublished(&t) && end->status == TURN_OK;
	if ((rc = end_turn(&t, o, end)) < 0)
		goto out;
	if (!allowed || t.iteration != iteration ||
	    !is_played_here(o, &t, end, &other) || (other && !t.roams))
		goto out;
	keep(&t, o, lease);
	t.sync.ahead = true;
	if ((rc = turn_store(o, &t, "release", TURN_USE_SPARE)) < 0)
		goto out;
	*done = true;
	turn_give(out, &t);
out:
	lock_release(&lock);
	turn_release_memory(&t);
	return rc;
}

static void swap_head(struct turn *a, struct turn *b)
{
	struct oid head = a->head;
	char *ref = a->head_ref, *from = a->head_from;

	a->head = b->head;
	a->head_ref = b->head_ref;
	a->head_from = b->head_from;
	b->head = head;
	b->head_ref = ref;
	b->head_from = from;
}

/* Not reachable: the turn is over here all the same. Nobody elsewhere knows
 * until somebody publishes it. */
static int release_owed(struct turn *out, struct turn *t, struct turn_net *n, bool tell)
{
	struct lock lock = LOCK_INIT;
	struct turn now;
	int rc;

	turn_init(&now);
	turn_set_owed(t, n->remote.name, error_message());
	if ((rc = turn_lock(&lock, n->o)) == 0) {
		if (turn_load(&now, n->o) == 0)
			turn_take_owed_pause(t, &now);
		rc = turn_store(n->o, t, "release", TURN_USE_SPARE | TURN_KEEP_NONCE);
	}
	lock_release(&lock);
	turn_release_memory(&now);
	if (rc < 0)
		return rc;
	if (tell)
		warn("unpublished: %s; 'git orch turn sync' tries again", t->sync.error);
	error_clear();
	turn_give(out, t);
	return 0;
}

/* The branch is not taken: the turn is the same actor's again, about the
 * commit that it was about, and our commits stay here until they are merged. */
static int release_refused(struct turn *out, struct turn_net *n,
			   const struct turn_end *end)
{
	struct turn_end failed = *end;
	struct commit_list list = COMMIT_LIST_INIT;
	struct oid head, tip = OID_ZERO;
	char *reason = xstrdup(n->refusal), *ref;
	struct turn t;
	int rc;

	turn_init(&t);
	failed.status = TURN_FAILED;
	failed.reason = reason;
	failed.next = NULL;
	do {
		struct lock lock = LOCK_INIT;
		struct turn before;

		turn_release_memory(&t);
		if ((rc = turn_lock(&lock, n->o)) == 0)
			rc = turn_adopt(&t, n);
		lock_release(&lock);
		if (rc < 0)
			goto out;
		turn_copy(&before, &t);
		/* An earlier turn's commits stay here, too. */
		if (!turn_head_is_there(&t, n)) {
			struct turn p;

			if (turn_read_published(&p, n->o, &t.sync.base) == 0)
				swap_head(&before, &p);
			error_clear();
			turn_release_memory(&p);
		}
		rc = end_turn(&t, n->o, &failed);
		swap_head(&t, &before);
		turn_release_memory(&before);
		if (rc < 0)
			goto out;
		rc = turn_publish(&t, n, "release", end->receipt, false, TURN_USE_SPARE);
	} while (rc == 0);
	if (rc == ORCH_EBUSY || rc == ORCH_EINTERRUPTED)
		rc = release_owed(NULL, &t, n, true);	/* it is over all the same */
	if (rc < 0)
		goto out;
	/* What is in the way, so that it can be merged without more ado. */
	if (turn_net_fetch(n) < 0 || ref_read(n->o->repo, n->branch_here, &tip) < 0)
		error_clear();
	if (repo_head(n->o->repo, &head, NULL) < 0 ||
	    commits_between(n->o->repo, oid_is_zero(&tip) ? &t.head : &tip, &head, 10000,
			    &list) < 0)
		error_clear();
	ref = orch_ref(n->o, "branch");
	rc = error_set(ORCH_EBUSY, "%s; %zu commit%s up to %s stay%s here and %s has the "
		       "turn again: 'git merge %s', then take it", reason, list.nr,
		       list.nr == 1 ? "" : "s", oid_short(&head), list.nr == 1 ? "s" : "",
		       t.expected, ref);
	free(ref);
	turn_give(out, &t);
out:
	commit_list_release(&list);
	turn_release_memory(&t);
	free(reason);
	return rc;
}

/* What was owed may have arrived, and nothing else can be told before that is
 * known. */
static int look_again(struct turn_net *n)
{
	unsigned attempt = 0;
	int rc;

	while ((rc = turn_net_fetch(n)) == ORCH_EBUSY)
		if ((rc = turn_net_pause(n, attempt++)) < 0)
			return rc;
	return rc < 0 ? rc : turn_resolve_intent(n);
}

/* One try: the state after the turn, in *t, and its publication as
 * turn_publish() has it. */
static int publish_end(struct turn *t, struct turn_net *n, const struct turn_end *end,
		       bool reachable)
{
	struct lock lock = LOCK_INIT;
	char *trouble = xstrdup(error_message());
	int64_t lease, reserved;
	struct oid head;
	bool other;
	int rc;

	turn_release_memory(t);
	if ((rc = turn_lock(&lock, n->o)) == 0)
		rc = turn_adopt(t, n);
	lock_release(&lock);
	if (rc < 0)
		goto out;
	lease = t->lease_seconds;
	head = t->head;
	if ((rc = end_turn(t, n->o, end)) < 0)
		goto out;
	/* What others need is still what they have; what more was here stays
	 * here. */
	if (end->keep_head)
		t->head = head;
	reserved = t->reserved;
	t->reserved = 0;
	if (!reachable) {	/* what others know lasts */
		if (is_played_here(n->o, t, end, &other)) {
			keep(t, n->o, lease);
			t->reserved = other && !t->roams ? 0 : reserved;
		}
		turn_stamp(t);	/* another state than any that was published */
		rc = error_set(ORCH_EBUSY, "%s", trouble);
		goto out;
	}
	t->roams = false;
	if (is_played_here(n->o, t, end, &other)) {
		keep(t, n->o, lease);
		t->roams = other;
		t->reserved = t->generation + TURN_KEEP_ROUNDS * (int64_t)t->workflow.nr;
	}
	if ((rc = turn_close_here(t, n->o)) <= 0)
		goto out;
	rc = turn_publish(t, n, "release", end->receipt,
			  !end->keep_head && !turn_head_is_there(t, n), TURN_USE_SPARE);
	if (rc < 0 && t->reserved)
		t->reserved = other ? 0 : reserved;
out:
	free(trouble);
	return rc;
}

static int release_there(struct turn *out, struct orch *o, const struct turn_end *end,
			 const struct turn *now, const char *remote)
{
	struct turn_net n = TURN_NET_INIT;
	bool was_owed = now->sync.owed, goes_on = end->plays_on && now->reserved;
	struct turn t;
	int rc;

	turn_init(&t);
	if ((rc = turn_net_open(&n, o, remote)) < 0)
		goto out;
	/* Who plays on need not wait: the next end of an iteration tries again. */
	n.deadline = time_boot_ms() + (goes_on || end->timeout < 0 ? 0 : end->timeout ?
				       end->timeout : TURN_REACH_SECONDS) * 1000;
	n.remote.interrupt_fd = end->interrupt_fd ? end->interrupt_fd : -1;
	rc = turn_net_lock(&n, end->timeout > 0 ? end->timeout * 1000 : TURN_NET_WAIT_MS);
	if (rc == 0 && was_owed)
		rc = look_again(&n);
	if (rc < 0 && rc != ORCH_EBUSY && rc != ORCH_EINTERRUPTED)
		goto out;
	do
		rc = publish_end(&t, &n, end, rc == 0);
	while (rc == 0);
	if (rc > 0) {
		turn_give(out, &t);
		rc = 0;
	} else if (rc == ORCH_ENO && n.refusal) {
		rc = release_refused(out, &n, end);
	} else if (rc == ORCH_EBUSY || rc == ORCH_EINTERRUPTED) {
		rc = release_owed(out, &t, &n, !was_owed || !goes_on);
	} else if (n.turn_refused) {
		char *why = xstrdup(error_message());

		/* Nobody could ever give it back there. */
		if (release_owed(NULL, &t, &n, false) == 0)
			error_set(rc, "%s; the turn is over here, but nobody elsewhere is "
				  "told", why);
		free(why);
	}
out:
	turn_net_close(&n);
	turn_release_memory(&t);
	return rc;
}

int turn_release(struct turn *out, struct orch *o, const struct turn_end *end)
{
	const char *remote = NULL;
	char *name = NULL;
	struct turn t;
	bool done;
	int rc;

	if (end->status == TURN_IDLE || end->status == TURN_RUNNING)
		BUG("a turn cannot end as %s", turn_status_name(end->status));
	turn_init(&t);
	if ((rc = turn_load(&t, o)) < 0 ||
	    (rc = turn_check_generation(&t, end->generation)) < 0 ||
	    (rc = turn_remote_name(&remote, o, &t)) < 0)
		goto out;
	if (!remote) {
		rc = release_here(out, o, end);
		goto out;
	}
	name = xstrdup(remote);
	rc = release_unpublished(out, o, end, &done);
	if (rc == 0 && !done)
		rc = release_there(out, o, end, &t, name);
out:
	free(name);
	turn_release_memory(&t);
	if (rc == 0)		/* whoever waited for the turn has it already */
		turn_keep_head(o);
	return rc;
}

/*
 * What the turn committed is looked up while it is still ours, so that the
 * next actor's first commit is not taken for our last. The rest takes a git
 * process: nobody should have to wait for it.
 */
int turn_finish(struct turn *out, struct orch *o, const struct turn_end *end)
{
	struct turn_end with_receipt = *end;
	struct receipt r;
	char *why = NULL;
	struct turn t;
	bool ours;
	int rc;

	receipt_init(&r);
	if ((rc = turn_load(&t, o)) < 0)
		goto out;
	ours = t.holder.actor && t.generation == end->generation &&
	       receipt_begin(&r, o, &t) == 0 &&
	       receipt_end_commits(&r, o, end->status) == 0;
	if (ours) {
		r.reason = xstrdup(end->reason);
		with_receipt.receipt = &r;
	}
	rc = turn_release(out, o, &with_receipt);
	why = xstrdup(error_message());
	if (rc == ORCH_EBUSY) {		/* refused: it ended all the same */
		r.status = TURN_FAILED;
		free(r.reason);
		r.reason = xstrdup(why);
	} else if (rc < 0 && !(rc == ORCH_ERROR && turn_was_released(o, end->generation))) {
		goto out;
	}
	if (!ours)
		goto out;
	receipt_end_files(&r, o);
	if (r.uncommitted)
		note("%" PRId64 " uncommitted file%s in this work tree", r.uncommitted,
		     r.uncommitted == 1 ? " stays" : "s stay");
	if (receipt_write(o, &r) < 0)
		warn("no receipt: %s", error_message());
	if (rc < 0)
		error_set(rc, "%s", why);
	else
		error_clear();
out:
	free(why);
	turn_release_memory(&t);
	receipt_release(&r);
	return rc;
}
