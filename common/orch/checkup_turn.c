/*
 * What doctor says of the turn: the state, who holds it, who plays, and what
 * is left of the turns before.
 */
#include "orch/checkup_internal.h"
#include "base/error.h"
#include "base/strbuf.h"
#include "base/text.h"
#include "orch/orch.h"
#include "orch/receipt.h"
#include "orch/runner.h"
#include "orch/turn_internal.h"

/* Only a holder that somebody has to know about is a warning: one that is gone
 * holds up nothing, but its turn did not end. */
static void check_holder(struct checkup *c, const struct turn *t)
{
	const struct turn_holder *h = &t->holder;
	struct strbuf who = STRBUF_INIT;
	char clock[TIME_ISO_SIZE];

	if (!h->actor) {
		checkup_add(c, CHECKUP_OK, "holder", "nobody holds the turn");
		return;
	}
	turn_describe_holder(&who, t);
	if (turn_holder_alive(t) && (!h->process.pid || !turn_holder_is_local(t)))
		checkup_add(c, CHECKUP_OK, "holder", "%s %s, lease to %s", h->actor, who.buf,
			    time_clock(clock, t->lease_ms));
	else if (turn_holder_alive(t))
		checkup_add(c, CHECKUP_OK, "holder", "%s %s", h->actor, who.buf);
	else if (h->process.pid && turn_holder_is_local(t))
		checkup_add(c, CHECKUP_WARN, "holder", "%s pid %" PRId64
			    " is gone: the next claim replaces it", h->actor,
			    h->process.pid);
	else
		checkup_add(c, CHECKUP_WARN, "holder", "%s %s: the next claim replaces it",
			    h->actor, who.buf);
	if (turn_holder_alive(t) && turn_holder_is_local(t) && h->child.pid &&
	    process_gone(&h->process))
		checkup_add(c, CHECKUP_WARN, "holder", "the wrapper of %s, pid %" PRId64
			    ", is gone; the turn is held until pid %" PRId64 " ends",
			    h->actor, h->process.pid, h->child.pid);
	strbuf_release(&who);
}

static void check_state(struct checkup *c, struct orch *o)
{
	struct turn t;

	turn_init(&t);
	if (!o->loop) {
		checkup_add(c, CHECKUP_WARN, "state",
			    "HEAD is detached: name the loop with --loop or orch.loop");
	} else if (turn_read(&t, o) < 0) {
		checkup_add_error(c, "state");
	} else {
		checkup_add(c, CHECKUP_OK, "state", "loop %s, iteration %" PRId64
			    ", generation %" PRId64 ", %s expected", o->loop,
			    t.iteration, t.generation, t.expected);
		check_holder(c, &t);
	}
	turn_release_memory(&t);
}

/* Why a `run` would say 75. One runner plays several actors: a line each run. */
static void check_runners(struct checkup *c, struct orch *o)
{
	struct strvec done = STRVEC_INIT;

	for (size_t i = 0; o->loop && i < o->workflow.nr; i++) {
		struct strbuf who = STRBUF_INIT, actors = STRBUF_INIT;
		struct runner r = RUNNER_INIT;

		runner_read(&r, o, o->workflow.v[i]);
		if (r.command && !strvec_has(&done, o->workflow.v[i])) {
			for (size_t k = i; k < o->workflow.nr; k++) {
				struct runner other = RUNNER_INIT;

				runner_read(&other, o, o->workflow.v[k]);
				if (other.command && other.process.pid == r.process.pid &&
				    !strvec_has(&done, o->workflow.v[k])) {
					strvec_push(&done, o->workflow.v[k]);
					strbuf_addf(&actors, "%s%s", actors.len ? " " : "",
						    o->workflow.v[k]);
				}
				runner_release(&other);
			}
			runner_describe(&who, &r);
			checkup_add(c, CHECKUP_OK, "runner", "%s played by %s: no second "
				    "one beside it", actors.buf, who.buf);
		}
		runner_release(&r);
		strbuf_release(&who);
		strbuf_release(&actors);
	}
	strvec_release(&done);
}

static void check_receipts(struct checkup *c, struct orch *o)
{
	struct receipt_list l = RECEIPT_LIST_INIT;

	if (!o->loop)
		return;
	if (receipt_list(&l, o, 200) < 0)
		checkup_add_error(c, "receipts");
	else if (l.broken)
		checkup_add(c, CHECKUP_WARN, "receipts", "%zu lines of "
			    "%s/receipts.jsonl cannot be read", l.broken, o->dir);
	else
		checkup_add(c, CHECKUP_OK, "receipts", "%zu%s", l.nr,
			    l.nr == 200 ? " and more" : "");
	receipt_list_release(&l);
}

void checkup_turn(struct checkup *c, struct orch *o)
{
	checkup_begin("state");
	check_state(c, o);
	check_runners(c, o);
	checkup_begin("receipts");
	check_receipts(c, o);
}
