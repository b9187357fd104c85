/*
 * The transitions of the turn. Each is: lock, read, decide, write durably,
 * unlock; nothing that can take long (the network, git, a receipt) happens
 * under the lock.
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

#define LEASE_ALONE (2 * 60 * 60)	/* a holder without a process, seconds */

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

	if (!h->actor)
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

static int64_t *count_of(struct turn *t, const char *actor)
{
	for (size_t i = 0; i < t->nr_count; i++)
		if (str_eq(t->count[i].actor, actor))
			return &t->count[i].turns;
	t->count = xreallocarray(t->count, t->nr_count + 1, sizeof(*t->count));
	t->count[t->nr_count].actor = xstrdup(actor);
	t->count[t->nr_count].turns = 0;
	return &t->count[t->nr_count++].turns;
}

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

/* HEAD of this work tree. Not being able to tell must not cost the turn. */
static void set_head(struct oid *out, struct orch *o)
{
	struct oid head;

	if (repo_head(o->repo, &head, NULL) == 0) {
		*out = head;
	} else {
		warn("%s", error_message());
		error_clear();
	}
}

static void set_lease(struct turn *t)
{
	int64_t ms = t->lease_seconds * 1000;

	t->lease_ms = ms ? time_now_ms() + ms : 0;
	t->lease_boot_ms = ms ? time_boot_ms() + ms : 0;
}

/* Give the state to the caller, if it wants it. */
static void give(struct turn *out, struct turn *t)
{
	if (!out)
		return;
	*out = *t;
	turn_init(t);
}

/* ---- claiming ---- */

struct claim {
	const struct turn_request *req;
	struct process_id process;
	struct strvec ring;
	int64_t lease;
	int64_t began_ms;
	struct turn lost;	/* the turn whose holder was gone; generation 0: none */
};

/* The turn as it stands now: whoever is gone holds nothing. */
static void settle(struct turn *t, const struct strvec *ring, bool *lost)
{
	*lost = t->holder.actor && !turn_holder_alive(t);
	if (*lost) {
		turn_clear_holder(t);
		t->status = TURN_LOST;
	}
	if (!t->holder.actor)
		turn_adopt_ring(t, ring);
}

static bool is_same_holder(const struct turn *t, const struct claim *c)
{
	const struct turn_holder *h = &t->holder;

	return h->process.pid && h->process.pid == c->process.pid &&
	       h->process.start == c->process.start && turn_holder_is_local(t);
}

/* Whether the caller works in this turn already. */
static bool is_inside(const struct turn *t, const struct claim *c)
{
	const struct turn_request *req = c->req;

	return req->generation && req->generation == t->generation &&
	       (!t->holder.process.pid || turn_holder_is_ancestor(t));
}

static void take(struct turn *t, struct orch *o, const struct claim *c)
{
	const struct turn_here *here = turn_here();
	struct turn_holder *h = &t->holder;
	int64_t *count = count_of(t, c->req->actor);

	t->generation++;
	t->status = TURN_RUNNING;
	h->actor = xstrdup(c->req->actor);
	h->process = c->process;
	h->boot_id = xstrdup(here->boot_id);
	h->pid_ns = xstrdup(here->pid_ns);
	h->host = xstrdup(here->host);
	h->clone = *turn_clone(o, true) ? xstrdup(turn_clone(o, true)) : NULL;
	h->since_ms = time_now_ms();
	h->attempt = ++t->attempts;
	h->ordinal = ++*count;
	h->waited_ms = time_boot_ms() - c->began_ms;
	set_head(&h->head, o);
	t->lease_seconds = c->lease;
	set_lease(t);
	turn_observe(t, o);
}

/* 1: it is ours, *t is the state. 0: wait, *t says for whom. */
static int try_claim(struct turn *t, struct orch *o, struct claim *c)
{
	struct lock lock = LOCK_INIT;
	bool lost;
	int rc;

	/* Waiters only look; the lock is for who can have the turn. */
	if ((rc = turn_load(t, o)) < 0)
		return rc;
	if (t->holder.actor && str_eq(t->holder.actor, c->req->actor) &&
	    turn_holder_alive(t)) {
		if (is_same_holder(t, c))
			return 1;
		if (is_inside(t, c)) {
			if (c->req->inside)
				*c->req->inside = true;
			note("this is %s's turn already (generation %" PRId64 ")",
			     t->holder.actor, t->generation);
			return 1;
		}
	}
	settle(t, &c->ring, &lost);
	if (t->holder.actor || !str_eq(t->expected, c->req->actor)) {
		if (!strvec_has(&c->ring, c->req->actor))
			return error_set(ORCH_EINVALID, "the workflow does not name "
					 "'%s' any more", c->req->actor);
		return 0;
	}

	if ((rc = turn_lock(&lock, o)) < 0)
		return rc;
	turn_release_memory(t);
	if ((rc = turn_load(t, o)) < 0)
		goto out;
	settle(t, &c->ring, &lost);
	if (t->holder.actor || !str_eq(t->expected, c->req->actor))
		goto out;	/* somebody was quicker: 0 */
	if (lost && (rc = turn_load(&c->lost, o)) < 0)
		goto out;
	take(t, o, c);
	rc = turn_store(o, t, lost ? "takeover" : "acquire", TURN_MAKE_SPARE);
	if (rc < 0) {
		turn_release_memory(&c->lost);
		goto out;
	}
	rc = 1;
out:
	lock_release(&lock);
	return rc;
}

/* A waiter may outlive a change of the configuration. */
static void read_ring(struct claim *c, struct orch *o)
{
	struct config *config = NULL;

	if (config_load(&config, o->repo) == 0) {
		strvec_release(&c->ring);
		config_get_list(config, "orch.workflow", &c->ring);
	} else {
		error_clear();	/* the ring as we know it, then */
	}
	config_free(config);
}

static int busy(const struct turn *t)
{
	struct strbuf text = STRBUF_INIT;
	int rc;

	turn_describe(&text, t);
	rc = error_set(ORCH_EBUSY, "the turn is not to be had: %s", text.buf);
	strbuf_release(&text);
	return rc;
}

/* The next actor must have `head`. Bringing it here is for later: for now
 * say that it is missing. */
static void compare_head(struct orch *o, const struct turn *t)
{
	bool contained = true;

	if (oid_is_zero(&t->head) || oid_eq(&t->head, &t->holder.head))
		return;
	if (oid_is_zero(&t->holder.head))
		contained = false;
	else if (commit_is_ancestor(o->repo, &t->head, &t->holder.head,
				    &contained) < 0)
		error_clear();
	if (!contained)
		note("this work tree does not have %s, where the last turn ended",
		     oid_short(&t->head));
}

/* A turn whose holder died leaves a receipt, too; only its successor can
 * write it. `old` is the state as the dead holder left it. */
static void receipt_of_lost(struct orch *o, const struct turn *old)
{
	struct receipt r;

	receipt_init(&r);
	if (receipt_begin(&r, o, old) < 0 ||
	    receipt_end(&r, o, TURN_LOST) < 0 || receipt_write(o, &r) < 0) {
		warn("no receipt of the lost turn: %s", error_message());
		error_clear();
	}
	receipt_release(&r);
}

int turn_acquire(struct turn *out, struct orch *o, const struct turn_request *req)
{
	struct claim c = { .req = req, .ring = STRVEC_INIT };
	struct turn_watch watch = TURN_WATCH_INIT;
	struct turn t;
	int64_t deadline = -1;
	bool armed = false;
	int rc;

	turn_init(&t);
	turn_init(&c.lost);
	if (req->inside)
		*req->inside = false;
	c.began_ms = time_boot_ms();
	c.lease = req->lease ? req->lease : req->pid
		? config_get_int(o->config, "orch.lease") : LEASE_ALONE;
	for (size_t i = 0; i < o->workflow.nr; i++)
		strvec_push(&c.ring, o->workflow.v[i]);
	if (req->timeout >= 0)
		deadline = c.began_ms + req->timeout * 1000;
	if (!strvec_has(&c.ring, req->actor)) {
		char *ring = strvec_join(&c.ring, " ");

		rc = error_set(ORCH_EINVALID, "no actor '%s' in the workflow (%s)",
			       req->actor, ring);
		free(ring);
		goto out;
	}
	if (req->pid && (rc = process_identify(&c.process, req->pid)) < 0)
		goto out;

	for (;;) {
		turn_release_memory(&t);
		rc = try_claim(&t, o, &c);
		if (rc)
			break;
		if (deadline >= 0 && time_boot_ms() >= deadline) {
			rc = busy(&t);
			break;
		}
		if (!armed) {
			/* Look again: what changed before this is not told. */
			turn_watch_arm(&watch, o);
			armed = true;
			continue;
		}
		if (req->waiting)
			req->waiting(&t, req->data);
		rc = turn_watch_wait(&watch, o, &t, deadline, req->interrupt_fd);
		if (rc < 0)
			break;
		read_ring(&c, o);
	}
	if (rc < 0)
		goto out;
	rc = 0;
	if (c.lost.generation)
		receipt_of_lost(o, &c.lost);
	compare_head(o, &t);
	give(out, &t);
out:
	turn_watch_close(&watch);
	strvec_release(&c.ring);
	turn_release_memory(&c.lost);
	turn_release_memory(&t);
	return rc;
}

/* ---- holding ---- */

/* Lock and read a turn that must still be held in `generation`. */
static int begin_change(struct turn *t, struct lock *lock, struct orch *o,
			int64_t generation)
{
	struct strbuf text = STRBUF_INIT;
	int rc;

	turn_init(t);
	if ((rc = turn_lock(lock, o)) < 0 || (rc = turn_load(t, o)) < 0)
		return rc;
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
	set_lease(&t);
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
	t.holder.ordinal = ++*count_of(&t, t.holder.actor);
	t.holder.since_ms = time_now_ms();
	t.holder.waited_ms = 0;
	t.holder.child = (struct process_id){ 0, 0 };
	set_head(&t.holder.head, o);
	set_lease(&t);
	if ((rc = turn_store(o, &t, "attempt", 0)) < 0)
		goto out;
	give(out, &t);
out:
	lock_release(&lock);
	turn_release_memory(&t);
	return rc;
}

/* ---- giving back ---- */

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

int turn_release(struct turn *out, struct orch *o, const struct turn_end *end)
{
	struct lock lock = LOCK_INIT;
	struct turn t;
	int rc;

	if (end->status == TURN_IDLE || end->status == TURN_RUNNING)
		BUG("a turn cannot end as %s", turn_status_name(end->status));
	if ((rc = begin_change(&t, &lock, o, end->generation)) < 0)
		goto out;
	t.status = end->status;
	if (end->keep_head)
		t.head = t.holder.head;
	else
		set_head(&t.head, o);
	if (end->status == TURN_OK)
		set_last(&t);
	turn_clear_holder(&t);
	if ((end->status == TURN_OK || end->next) &&
	    (rc = advance(&t, o, end->next)) < 0)
		goto out;
	if ((rc = turn_store(o, &t, "release", TURN_USE_SPARE)) < 0)
		goto out;
	give(out, &t);
out:
	lock_release(&lock);
	turn_release_memory(&t);
	return rc;
}

/* What the turn committed is looked up while it is still ours, so that the
 * next actor's first commit is not taken for our last. The rest takes a git
 * process: nobody should have to wait for it. */
int turn_finish(struct turn *out, struct orch *o, const struct turn_end *end)
{
	struct receipt r;
	struct turn t;
	bool ours;
	int rc;

	receipt_init(&r);
	if ((rc = turn_load(&t, o)) < 0)
		goto out;
	ours = t.holder.actor && t.generation == end->generation &&
	       receipt_begin(&r, o, &t) == 0 &&
	       receipt_end_commits(&r, o, end->status) == 0;
	if (ours)
		r.reason = xstrdup(end->reason);
	if ((rc = turn_release(out, o, end)) < 0)
		goto out;
	if (!ours)
		goto out;
	receipt_end_files(&r, o);
	if (r.uncommitted)
		note("%" PRId64 " uncommitted file%s in this work tree", r.uncommitted,
		     r.uncommitted == 1 ? " stays" : "s stay");
	if (receipt_write(o, &r) < 0) {
		warn("no receipt: %s", error_message());
		error_clear();
	}
out:
	turn_release_memory(&t);
	receipt_release(&r);
	return rc;
}
