/*
 * Claiming the turn: at once, or after waiting for it. Without a remote the
 * lock decides between the claims of this machine; with one, the push does.
 */
#include "orch/turn_remote.h"
#include "base/error.h"
#include "base/strbuf.h"
#include "base/text.h"
#include "orch/config.h"
#include "orch/orch.h"
#include "orch/receipt.h"

#define LEASE_ALONE (2 * 60 * 60)	/* a holder without a process, seconds */
#define BUSY_MS 1000			/* until the network is asked for again */

struct claim {
	const struct turn_request *req;
	struct process_id process;
	struct strvec ring;
	int64_t lease, began_ms, deadline;
	struct turn lost;	/* the turn whose holder was gone; generation 0: none */

	const char *remote;	/* NULL: none */
	struct turn_net net;
	bool fetched;		/* from the remote, at least once */
	char *nonce;		/* the local state at our last look at the remote */
	struct turn_rhythm rhythm;
	char *trouble;		/* why the remote could not be asked; NULL */
	bool in_trouble;	/* ...when it was last tried */
	bool in_use;		/* by another process of this clone */
	int64_t ours_ms;	/* boot clock: until then the remote need not be asked,
				 * as nobody elsewhere can have it; 0: it must */
	bool blocked;		/* no use in waiting: the work tree is in the way */
};

enum verdict { WAIT = 0, FREE = 1, OURS = 2 };

/* ---- deciding ---- */

/* The turn as it stands now: whoever is gone holds nothing. */
static void settle(struct turn *t, const struct strvec *ring, bool *lost)
{
	*lost = t->holder.actor && !turn_holder_alive(t);
	if (*lost) {
		turn_clear_holder(t);
		t->status = TURN_LOST;
	}
	if (!turn_kept_elsewhere(t))
		turn_clear_keeper(t);
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

static bool is_ours(const struct turn *t, struct claim *c)
{
	if (!t->holder.actor || !turn_holder_alive(t) ||
	    (c->req->actor && !str_eq(t->holder.actor, c->req->actor)))
		return false;
	if (is_same_holder(t, c))
		return true;
	if (!is_inside(t, c))
		return false;
	if (c->req->inside)
		*c->req->inside = true;
	note("this is %s's turn already (generation %" PRId64 ")", t->holder.actor,
	     t->generation);
	return true;
}

/* WAIT, FREE, OURS, or ORCH_EINVALID: it will never be. */
static int judge(struct turn *t, struct claim *c, bool *lost)
{
	*lost = false;
	if (is_ours(t, c))
		return OURS;
	settle(t, &c->ring, lost);
	if (t->paused && c->req->plays_on)
		return error_set(ORCH_EBUSY, "the loop is paused%s%s", *t->paused ? ": " : "",
				 t->paused);
	if (c->req->last_iteration && t->iteration > c->req->last_iteration)
		return error_set(ORCH_ENO, "iteration %" PRId64 " is over",
				 c->req->last_iteration);
	if (!t->holder.actor && !t->paused && !turn_kept_elsewhere(t) &&
	    (!c->req->actor || str_eq(t->expected, c->req->actor)))
		return FREE;
	if (c->req->actor && !strvec_has(&c->ring, c->req->actor))
		return error_set(ORCH_EINVALID, "the workflow does not name '%s' any "
				 "more", c->req->actor);
	return WAIT;
}

/* ---- taking ---- */

void turn_place_here(struct turn_holder *h, struct orch *o)
{
	const struct turn_here *here = turn_here();
	const char *clone = turn_clone(o, true);

	h->boot_id = xstrdup(here->boot_id);
	h->pid_ns = xstrdup(here->pid_ns);
	h->host = xstrdup(here->host);
	h->clone = *clone ? xstrdup(clone) : NULL;
}

/* A generation that nobody has had: not here, not as published, and not
 * unpublished by a clone that the turn was kept for. */
static int64_t new_generation(const struct turn *t, bool was_ours)
{
	int64_t top = t->generation;

	if (t->sync.floor > top)
		top = t->sync.floor;
	if (!was_ours && t->reserved > top)
		top = t->reserved;
	return top + 1;
}

static void take(struct turn *t, struct orch *o, const struct claim *c, bool publish)
{
	struct turn_holder *h = &t->holder;
	const char *actor = c->req->actor ? c->req->actor : t->expected;
	int64_t *count = turn_count_of(t, actor);
	struct turn random;

	t->generation = new_generation(t, t->recorded_here);
	if (publish || !c->remote)
		t->roams = publish && c->req->plays_on && c->req->with_others;
	if (publish || !c->remote)
		t->reserved = publish && c->req->plays_on
			? t->generation + TURN_KEEP_ROUNDS * (int64_t)t->workflow.nr : 0;
	turn_clear_keeper(t);
	t->status = TURN_RUNNING;
	h->actor = xstrdup(actor);
	h->process = c->process;
	turn_place_here(h, o);
	turn_init(&random);
	turn_stamp(&random);
	h->claim = random.nonce;
	h->since_ms = time_now_ms();
	h->attempt = ++t->attempts;
	h->ordinal = ++*count;
	h->waited_ms = time_boot_ms() - c->began_ms;
	if (repo_head(o->repo, &h->head, NULL) < 0) {
		warn("%s", error_message());
		error_clear();
	}
	turn_set_lease(t, c->lease);
	if (t->sync.remote && !publish)
		t->sync.ahead = true;
	turn_observe(t, o);
}

/* ---- by the lock ---- */

static int claim_here(struct turn *t, struct orch *o, struct claim *c)
{
	struct lock lock = LOCK_INIT;
	struct oid head;
	bool lost, may;
	int rc;

	/* Waiters only look; the lock is for who can have the turn. */
	if ((rc = turn_load(t, o)) < 0 || (rc = judge(t, c, &lost)) != FREE)
		return rc;
	head = t->head;
	if ((rc = turn_bring_head(o, t, c->fetched ? &c->net : NULL)) < 0) {
		c->blocked = true;
		return rc;
	}
	if ((rc = turn_lock(&lock, o)) < 0)
		return rc;
	turn_release_memory(t);
	if ((rc = turn_load(t, o)) < 0)
		goto out;
	may = !c->remote || turn_may_stay_unpublished(t);
	if ((rc = judge(t, c, &lost)) != FREE)
		goto out;	/* somebody was quicker: WAIT */
	if (!may) {
		rc = WAIT;	/* others may doubt it by now: ask the remote */
		goto out;
	}
	if (!oid_eq(&head, &t->head)) {
		rc = WAIT;	/* what was brought is not it any more: again */
		goto out;
	}
	if (lost && (rc = turn_load(&c->lost, o)) < 0)
		goto out;
	take(t, o, c, false);
	rc = turn_store(o, t, lost ? "takeover" : "acquire", TURN_MAKE_SPARE);
	if (rc < 0) {
		turn_release_memory(&c->lost);
		goto out;
	}
	rc = OURS;
out:
	lock_release(&lock);
	return rc;
}

/* ---- by the remote ---- */

static int adopt(struct turn *t, struct turn_net *n)
{
	struct lock lock = LOCK_INIT;
	int rc;

	turn_release_memory(t);
	if ((rc = turn_lock(&lock, n->o)) == 0)
		rc = turn_adopt(t, n);
	lock_release(&lock);
	return rc;
}

/* What was released here and could not be published is published by whoever
 * comes next, even if it is not his turn. */
static int publish_owed(struct turn *t, struct turn_net *n)
{
	int rc;

	turn_take_merge(t, n);
	rc = turn_publish(t, n, "sync", NULL, true, TURN_SAME_TURN);
	if (rc == ORCH_ENO)
		rc = error_set(ORCH_EBUSY, "%s: merge refs/orch/%s/branch, then again",
			       n->refusal, n->o->loop);
	return rc;
}

/* Claim what is free as far as we know; the push tells. WAIT also when it has
 * moved: the state has been fetched, and is judged again. */
static int claim_there(struct turn *t, struct orch *o, struct claim *c)
{
	struct turn_net *n = &c->net;
	bool lost;
	int rc;

	for (;;) {
		if ((rc = adopt(t, n)) < 0)
			return rc;
		if (t->sync.owed && !t->holder.actor) {
			rc = publish_owed(t, n);
			if (rc < 0) {
				c->blocked = n->refusal != NULL;
				return rc;
			}
			continue;
		}
		if ((rc = judge(t, c, &lost)) != FREE)
			return rc;
		if ((rc = turn_close_here(t, o)) < 0)
			return rc;
		if (rc == 0)
			continue;
		if ((rc = turn_bring_head(o, t, n)) < 0) {
			c->blocked = true;
			return rc;
		}
		turn_release_memory(&c->lost);
		if (lost && (rc = turn_load(&c->lost, o)) < 0)
			return rc;
		take(t, o, c, true);
		/* Others must find the commit that they are told of. */
		rc = turn_publish(t, n, lost ? "takeover" : "acquire", NULL,
				  !turn_head_is_there(t, n), TURN_MAKE_SPARE);
		if (rc == ORCH_ENO && n->refusal) {
			c->blocked = true;
			rc = error_set(ORCH_EBUSY, "%s: 'git merge %s', then again",
				       n->refusal, n->branch_here);
		}
		if (rc > 0)
			return OURS;
		turn_release_memory(&c->lost);
		if (rc < 0)
			return rc;
	}
}

/* Whether the remote is to be asked now: at first, when a look is due, and
 * when the state here has changed. */
static bool is_due(const struct turn *t, const struct claim *c)
{
	return !c->fetched || time_boot_ms() >= c->rhythm.look_ms || !c->nonce || !t->nonce ||
	       !str_eq(c->nonce, t->nonce);
}

/* With the network in hand: look, and go for the turn if it is to be had. */
static int ask_remote(struct turn *t, struct orch *o, struct claim *c)
{
	struct turn_net *n = &c->net;
	bool changed = true, lost;
	int rc;

	/* Others of this clone need the network, too: not for ever. */
	n->deadline = time_boot_ms() + TURN_REACH_SECONDS * 1000;
	if (c->deadline >= 0 && c->deadline < n->deadline)
		n->deadline = c->deadline;
	if (c->fetched) {
		/* A neighbour may have asked for all of us a moment ago. */
		if (n->contact_ms + c->rhythm.interval_ms / 2 > time_boot_ms())
			changed = false;
		else if ((rc = turn_net_look(n, &changed)) < 0)
			return rc;
		turn_rhythm_next(&c->rhythm, changed);
		if (!changed) {
			if ((rc = adopt(t, n)) < 0 || (rc = judge(t, c, &lost)) != FREE)
				return rc;
		}
	}
	if ((rc = turn_net_fetch(n)) < 0)
		return rc;
	c->fetched = true;
	turn_rhythm_next(&c->rhythm, true);
	if ((rc = turn_resolve_intent(n)) < 0)
		return rc;
	return claim_there(t, o, c);
}

static void tell_trouble(struct claim *c)
{
	if (!c->trouble || !str_eq(c->trouble, error_message())) {
		free(c->trouble);
		c->trouble = xstrdup(error_message());
		warn("%s; trying again", c->trouble);
	}
	error_clear();
}

/* A runner goes on under what is published already. What others have pushed
 * to the branch meanwhile is taken along once an iteration. */
static int claim_unpublished(struct turn *t, struct orch *o, struct claim *c)
{
	if (t->step == 0 && !t->holder.actor && !t->sync.owed && !c->fetched) {
		int rc = turn_net_lock(&c->net, TURN_NET_WAIT_MS);

		if (rc == 0)
			rc = turn_net_fetch(&c->net);
		if (rc == 0) {
			c->fetched = true;
			rc = adopt(t, &c->net);
		}
		turn_net_unlock(&c->net);
		if (rc == ORCH_EBUSY)
			tell_trouble(c);
		else if (rc < 0)
			return rc;
	}
	turn_release_memory(t);
	return claim_here(t, o, c);
}

/* As the remote cannot be asked now: what to wait for. Whoever is gone must
 * not be waited for again. */
static int judge_here(struct turn *t, struct orch *o, struct claim *c)
{
	bool lost;
	int rc;

	turn_release_memory(t);
	if ((rc = turn_load(t, o)) < 0)
		return rc;
	rc = judge(t, c, &lost);
	return rc == FREE ? WAIT : rc;
}

static int try_claim(struct turn *t, struct orch *o, struct claim *c)
{
	bool lost;
	int rc;

	if (!c->remote)
		return claim_here(t, o, c);
	if ((rc = turn_load(t, o)) < 0)
		return rc;
	if (is_ours(t, c))
		return OURS;
	if (t->paused && c->req->plays_on && c->fetched)
		return judge(t, c, &lost);
	c->ours_ms = 0;
	if (turn_may_stay_unpublished(t)) {
		c->ours_ms = t->sync.boot_ms + turn_renewal_ms(t->lease_seconds);
		return claim_unpublished(t, o, c);
	}
	if (!is_due(t, c)) {
		rc = judge(t, c, &lost);
		/* Whoever has died, or let his lease run out, since the last
		 * look is replaced at once. */
		if (rc != FREE || c->in_trouble)
			return rc == FREE ? WAIT : rc;
	}
	rc = turn_net_lock(&c->net, 0);
	c->in_use = rc == ORCH_EBUSY;
	if (c->in_use) {
		error_clear();
		return judge_here(t, o, c);	/* wait until its user has done */
	}
	if (rc < 0)
		return rc;
	c->net.user = (struct process_id){ 0, 0 };
	rc = ask_remote(t, o, c);
	turn_net_unlock(&c->net);
	free(c->nonce);
	c->nonce = xstrdup(t->nonce);
	c->in_trouble = rc == ORCH_EBUSY && !c->blocked &&
			!(t->paused && c->req->plays_on);
	if (c->in_trouble) {
		tell_trouble(c);
		turn_rhythm_next(&c->rhythm, false);
		rc = judge_here(t, o, c);
	}
	return rc;
}

/* ---- waiting ---- */

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

static int busy(const struct turn *t, const struct claim *c)
{
	struct strbuf text = STRBUF_INIT;
	int rc;

	turn_describe(&text, t);
	rc = error_set(ORCH_EBUSY, "the turn is not to be had: %s%s%s", text.buf,
		       c->trouble ? "; " : "", c->trouble ? c->trouble : "");
	strbuf_release(&text);
	return rc;
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

static int begin(struct claim *c, struct orch *o)
{
	const struct turn_request *req = c->req;
	int rc;

	c->began_ms = time_boot_ms();
	c->lease = req->lease ? req->lease : req->pid
		? config_get_int(o->config, "orch.lease") : LEASE_ALONE;
	c->deadline = req->timeout >= 0 ? c->began_ms + req->timeout * 1000 : -1;
	for (size_t i = 0; i < o->workflow.nr; i++)
		strvec_push(&c->ring, o->workflow.v[i]);
	if (req->actor && !strvec_has(&c->ring, req->actor)) {
		char *ring = strvec_join(&c->ring, " ");

		rc = error_set(ORCH_EINVALID, "no actor '%s' in the workflow (%s)",
			       req->actor, ring);
		free(ring);
		return rc;
	}
	if (req->pid && (rc = process_identify(&c->process, req->pid)) < 0)
		return rc;
	if ((rc = turn_remote_name(&c->remote, o, NULL)) < 0 || !c->remote)
		return rc;
	if ((rc = turn_net_open(&c->net, o, c->remote)) < 0)
		return rc;
	c->net.remote.interrupt_fd = req->interrupt_fd;
	return 0;
}

static void watch_remote(struct turn_watch *w, const struct claim *c)
{
	if (!c->remote)
		return;
	w->also = c->net.user;
	/* Its end is not always to be seen from here: look again soon. */
	w->look_ms = c->ours_ms ? c->ours_ms :
		     c->in_use ? time_boot_ms() + BUSY_MS : c->rhythm.look_ms;
}

int turn_acquire(struct turn *out, struct orch *o, const struct turn_request *req)
{
	struct claim c = { .req = req, .ring = STRVEC_INIT, .net = TURN_NET_INIT };
	struct turn_watch watch = TURN_WATCH_INIT;
	struct turn t;
	bool armed = false;
	int rc;

	turn_init(&t);
	turn_init(&c.lost);
	if (req->inside)
		*req->inside = false;
	if ((rc = begin(&c, o)) < 0)
		goto out;
	if (req->pid != getpid())
		watch.caller = c.process;
	for (;;) {
		turn_release_memory(&t);
		/* Nobody would ever give this turn back. */
		if (watch.caller.pid && process_gone(&watch.caller)) {
			rc = error_set(ORCH_ENOTFOUND, "process %d, which was to hold "
				       "the turn, has ended", (int)req->pid);
			break;
		}
		rc = try_claim(&t, o, &c);
		if (rc)
			break;
		if (c.deadline >= 0 && time_boot_ms() >= c.deadline) {
			rc = busy(&t, &c);
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
		watch_remote(&watch, &c);
		rc = turn_watch_wait(&watch, o, &t, c.deadline, req->interrupt_fd);
		if (rc < 0)
			break;
		read_ring(&c, o);
	}
	if (rc < 0)
		goto out;
	rc = 0;
	if (c.lost.generation)
		receipt_of_lost(o, &c.lost);
	turn_give(out, &t);
out:
	turn_watch_close(&watch);
	turn_net_close(&c.net);
	strvec_release(&c.ring);
	free(c.nonce);
	free(c.trouble);
	turn_release_memory(&c.lost);
	turn_release_memory(&t);
	return rc;
}
