/*
 * A change of the state by somebody who does not play: here, on top of what is
 * published, or here for now because nobody could be told.
 */
#include "orch/turn_remote.h"
#include "base/error.h"
#include "base/text.h"
#include "orch/orch.h"

static int change_here(struct turn *out, struct orch *o, const struct turn_change *c)
{
	struct lock lock = LOCK_INIT;
	struct turn t;
	int rc;

	turn_init(&t);
	if ((rc = turn_lock(&lock, o)) < 0 || (rc = turn_load(&t, o)) < 0 ||
	    (rc = c->make(&t, o, c->data)) < 0)
		goto out;
	if (rc > 0) {
		if (t.sync.remote)
			t.sync.ahead = true;
		rc = turn_store(o, &t, c->event, 0);
	}
	if (rc == 0)
		turn_give(out, &t);
out:
	lock_release(&lock);
	turn_release_memory(&t);
	return rc;
}

static int change_owed(struct turn *out, struct orch *o, const struct turn_change *c,
		       const char *remote)
{
	struct lock lock = LOCK_INIT;
	char *why = xstrdup(error_message());
	struct turn t;
	int rc;

	turn_init(&t);
	if ((rc = turn_lock(&lock, o)) < 0 || (rc = turn_load(&t, o)) < 0 ||
	    (rc = c->make(&t, o, c->data)) < 0)
		goto out;
	turn_set_owed(&t, remote, why);
	if ((rc = turn_store(o, &t, c->event, 0)) < 0)
		goto out;
	warn("unpublished: %s; 'git orch turn sync' tries again", why);
	error_clear();
	turn_give(out, &t);
out:
	lock_release(&lock);
	turn_release_memory(&t);
	free(why);
	return rc;
}

static int change_there(struct turn *out, struct orch *o, const struct turn_change *c,
			const char *remote)
{
	struct turn_net n = TURN_NET_INIT;
	struct turn t;
	bool with_branch = false;
	int rc;

	turn_init(&t);
	if ((rc = turn_net_open(&n, o, remote)) < 0 ||
	    (rc = turn_net_lock(&n, TURN_NET_WAIT_MS)) < 0)
		goto out;
	n.deadline = time_boot_ms() + TURN_REACH_SECONDS * 1000;
	if ((rc = turn_net_fetch(&n)) < 0 || (rc = turn_resolve_intent(&n)) < 0)
		goto out;
	do {
		struct lock lock = LOCK_INIT;

		turn_release_memory(&t);
		if ((rc = turn_lock(&lock, o)) == 0)
			rc = turn_adopt(&t, &n);
		lock_release(&lock);
		if (rc < 0 || (rc = c->make(&t, o, c->data)) < 0)
			goto out;
		if (rc == 0) {
			turn_give(out, &t);
			goto out;
		}
		if (!c->same_turn && (rc = turn_close_here(&t, o)) <= 0)
			continue;
		if (c->branch && t.sync.owed && !t.holder.actor)
			turn_take_merge(&t, &n);
		/* Others must find the commit that they are told of. */
		with_branch = c->branch || (!n.refusal && !turn_head_is_there(&t, &n));
		rc = turn_publish(&t, &n, c->event, NULL, with_branch,
				  c->same_turn ? TURN_SAME_TURN : 0);
	} while (rc == 0 || (rc == ORCH_ENO && n.refusal && with_branch && !c->branch));
	if (rc > 0) {
		turn_give(out, &t);
		rc = 0;
	} else if (rc == ORCH_ENO && n.refusal) {
		rc = error_set(ORCH_EBUSY, "%s: merge refs/orch/%s/branch, then 'git orch "
			       "turn sync'", n.refusal, o->loop);
	}
out:
	turn_net_close(&n);
	turn_release_memory(&t);
	if (rc == ORCH_EBUSY && c->may_be_owed)
		rc = change_owed(out, o, c, remote);
	return rc;
}

int turn_change(struct turn *out, struct orch *o, const struct turn_change *c)
{
	const char *remote;
	struct turn t;
	char *name;
	int rc;

	turn_init(&t);
	if ((rc = turn_load(&t, o)) < 0 || (rc = turn_remote_name(&remote, o, &t)) < 0)
		goto out;
	if (!remote) {
		rc = change_here(out, o, c);
		goto out;
	}
	name = xstrdup(remote);
	rc = change_there(out, o, c, name);
	free(name);
out:
	turn_release_memory(&t);
	return rc;
}
