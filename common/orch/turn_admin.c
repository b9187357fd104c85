/*
 * What people do to a turn from outside: break it, pause the loop, watch it.
 */
#include "orch/turn_remote.h"
#include "base/error.h"
#include "base/strbuf.h"
#include "base/text.h"
#include "orch/orch.h"
#include "orch/receipt.h"

/* ---- break ---- */

struct broken {
	const struct turn_break *how;
	struct turn was;	/* with its holder */
};

static int make_broken(struct turn *t, struct orch *o UNUSED, void *data)
{
	struct broken *b = data;
	struct strbuf who = STRBUF_INIT;
	bool alive = turn_holder_alive(t) || turn_kept_elsewhere(t);
	int rc = 0;

	if (!t->holder.actor && !t->keeper.clone)
		return error_set(ORCH_ENO, "nobody holds the turn: it is %s's", t->expected);
	if (alive && !b->how->force) {
		turn_describe(&who, t);
		rc = error_set(ORCH_EBUSY, "%s and is alive; --force takes it away all the "
			       "same", who.buf);
		strbuf_release(&who);
		return rc;
	}
	turn_release_memory(&b->was);
	turn_copy(&b->was, t);
	/* Whoever had it must not come back with its number. */
	t->generation = t->sync.floor > t->generation ? t->sync.floor : t->generation;
	if (t->reserved > t->generation)
		t->generation = t->reserved;
	t->generation++;
	t->reserved = 0;
	if (t->holder.actor) {
		t->status = TURN_LOST;
		free(t->reason);
		t->reason = b->how->reason ? xstrfmt("%.1000s", b->how->reason) : NULL;
	}
	turn_clear_holder(t);
	turn_clear_keeper(t);
	return 1;
}

static void write_receipt(struct orch *o, const struct broken *b)
{
	struct receipt r;

	receipt_init(&r);
	if (receipt_begin(&r, o, &b->was) == 0 && receipt_end(&r, o, TURN_LOST) == 0) {
		r.reason = xstrfmt("broken%s%s", b->how->reason ? ": " : "",
				   b->how->reason ? b->how->reason : "");
		if (receipt_write(o, &r) == 0)
			goto out;
	}
	warn("no receipt of the broken turn: %s", error_message());
	error_clear();
out:
	receipt_release(&r);
}

int turn_break(struct turn *out, struct orch *o, const struct turn_break *how)
{
	struct broken b = { .how = how };
	struct turn_change c = { .event = "break", .make = make_broken, .data = &b };
	int rc;

	turn_init(&b.was);
	rc = turn_change(out, o, &c);
	if (rc == 0 && b.was.holder.actor)
		write_receipt(o, &b);
	turn_release_memory(&b.was);
	return rc;
}

/* ---- pause and resume ---- */

static void set_paused(struct turn *t, const char *reason)
{
	free(t->paused);
	free(t->paused_host);
	t->paused = reason ? xstrfmt("%.1000s", reason) : NULL;
	t->paused_host = reason ? xstrdup(turn_here()->host) : NULL;
	t->paused_ms = reason ? time_now_ms() : 0;
}

static int make_paused(struct turn *t, struct orch *o UNUSED, void *data)
{
	if (t->paused)
		return error_set(ORCH_ENO, "the loop is paused already%s%s",
				 *t->paused ? ": " : "", t->paused);
	set_paused(t, data);
	return 1;
}

static int make_resumed(struct turn *t, struct orch *o UNUSED, void *data UNUSED)
{
	if (!t->paused)
		return error_set(ORCH_ENO, "the loop is not paused");
	set_paused(t, NULL);
	return 1;
}

int turn_pause(struct turn *out, struct orch *o, const char *reason)
{
	char *copy = xstrdup(reason ? reason : "");
	struct turn_change c = { .event = "pause", .make = make_paused, .data = copy,
			    .may_be_owed = true, .same_turn = true };
	int rc = turn_change(out, o, &c);

	free(copy);
	return rc;
}

int turn_resume(struct turn *out, struct orch *o)
{
	struct turn_change c = { .event = "resume", .make = make_resumed,
			    .may_be_owed = true, .same_turn = true };

	return turn_change(out, o, &c);
}

/* ---- watching ---- */

static bool differs(const struct turn *a, const struct turn *b)
{
	return a->generation != b->generation || a->iteration != b->iteration ||
	       a->step != b->step || a->status != b->status ||
	       (a->paused == NULL) != (b->paused == NULL) ||
	       turn_holder_alive(a) != turn_holder_alive(b);
}

/* While somebody watches, what other machines do must show here. One that
 * cannot be asked now is asked again later. */
static int look_there(struct turn_net *n, struct turn_rhythm *rhythm)
{
	struct lock lock = LOCK_INIT;
	bool changed = false;
	struct turn t;
	int rc;

	if (time_boot_ms() < rhythm->look_ms)
		return 0;
	turn_init(&t);
	rc = turn_net_lock(n, 0);
	if (rc == 0)
		rc = turn_net_look(n, &changed);
	if (rc == 0 && changed)
		rc = turn_net_fetch(n);
	if (rc == 0 && changed && (rc = turn_lock(&lock, n->o)) == 0)
		rc = turn_adopt(&t, n);
	lock_release(&lock);
	turn_net_unlock(n);
	turn_release_memory(&t);
	turn_rhythm_next(rhythm, changed);
	return rc == ORCH_EBUSY ? 0 : rc;
}

int turn_wait_change(struct turn *t, struct orch *o, int64_t timeout, int interrupt_fd)
{
	struct turn_watch watch = TURN_WATCH_INIT;
	struct turn_rhythm rhythm = { 0, 0 };
	struct turn_net n = TURN_NET_INIT;
	int64_t deadline = timeout < 0 ? -1 : time_boot_ms() + timeout * 1000;
	bool was_alive = turn_holder_alive(t), changed = false;
	const char *remote;
	struct turn now;
	int rc;

	if ((rc = turn_remote_name(&remote, o, NULL)) < 0 ||
	    (remote && (rc = turn_net_open(&n, o, remote)) < 0))
		goto out;
	n.remote.interrupt_fd = interrupt_fd;
	turn_watch_arm(&watch, o);
	while (rc == 0 && !changed) {
		if ((remote && (rc = look_there(&n, &rhythm)) < 0) ||
		    (rc = turn_read(&now, o)) < 0)
			break;
		changed = differs(&now, t) || turn_holder_alive(&now) != was_alive;
		if (changed) {
			turn_release_memory(t);
			turn_give(t, &now);
		} else if (deadline >= 0 && time_boot_ms() >= deadline) {
			rc = error_set(ORCH_EBUSY, "the turn is as it was");
		} else {
			if (!was_alive)
				turn_clear_holder(&now);	/* nothing to wait for */
			turn_clear_keeper(&now);
			watch.look_ms = rhythm.look_ms;
			rc = turn_watch_wait(&watch, o, &now, deadline, interrupt_fd);
		}
		turn_release_memory(&now);
	}
out:
	turn_watch_close(&watch);
	turn_net_close(&n);
	return rc;
}
