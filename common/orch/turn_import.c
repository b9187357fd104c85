/*
 * Starting a loop where another tool left it.
 */
#include "orch/turn_import.h"
#include "base/error.h"
#include "orch/orch.h"
#include "orch/turn_internal.h"

void turn_position_release(struct turn_position *at)
{
	for (size_t i = 0; i < at->nr_last; i++)
		free(at->last[i].actor);
	free(at->last);
	*at = (struct turn_position)TURN_POSITION_INIT;
}

static int refuse_played(const struct orch *o, const struct turn *t)
{
	if (!t->generation)
		return 0;
	return error_set(ORCH_ENO, "loop %s has been played already (iteration %" PRId64
			 ", %s's turn, generation %" PRId64 "): nothing is imported "
			 "over it", o->loop, t->iteration, t->expected, t->generation);
}

/* What else there is (a pause, what the remote has) stays. */
static void set_position(struct turn *t, const struct orch *o,
			 const struct turn_position *at)
{
	turn_adopt_ring(t, &o->workflow);
	if (at->step >= t->workflow.nr || at->status == TURN_RUNNING)
		BUG("no position: step %zu", at->step);
	t->iteration = at->iteration;
	t->step = (int64_t)at->step;
	t->attempts = 0;
	free(t->expected);
	t->expected = xstrdup(t->workflow.v[at->step]);
	t->status = at->status;
	t->head = at->head;
	free(t->head_ref);
	free(t->head_from);
	free(t->reason);
	t->head_ref = t->head_from = t->reason = NULL;
	for (size_t i = 0; i < t->nr_last; i++)
		free(t->last[i].actor);
	free(t->last);
	t->last = xcalloc(at->nr_last + 1, sizeof(*t->last));
	for (t->nr_last = 0; t->nr_last < at->nr_last; t->nr_last++) {
		t->last[t->nr_last] = at->last[t->nr_last];
		t->last[t->nr_last].actor = xstrdup(at->last[t->nr_last].actor);
	}
}

int turn_import(struct orch *o, const struct turn_position *at, bool dry_run)
{
	struct lock lock = LOCK_INIT;
	struct turn t;
	int rc;

	turn_init(&t);
	if (dry_run) {
		if ((rc = turn_read(&t, o)) == 0)
			rc = refuse_played(o, &t);
		goto out;
	}
	if ((rc = turn_lock(&lock, o)) < 0 || (rc = turn_load(&t, o)) < 0 ||
	    (rc = refuse_played(o, &t)) < 0)
		goto out;
	set_position(&t, o, at);
	rc = turn_store(o, &t, "import", 0);
out:
	turn_release_memory(&t);
	lock_release(&lock);
	return rc;
}
