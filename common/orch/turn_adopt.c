/*
 * Making the local state follow the published one. Whatever the remote says
 * counts, except for what only this clone can know: its processes, and turns
 * that it played under a published claim without telling anybody yet.
 */
#include "orch/turn_remote.h"
#include "base/error.h"
#include "base/json.h"
#include "base/strbuf.h"
#include "base/text.h"
#include "git/object.h"
#include "git/refs.h"
#include "orch/orch.h"

static int check_counts(const struct turn *t)
{
	int64_t top = t->generation;
	const int64_t n[] = { t->iteration, t->attempts, t->reserved, t->lease_seconds,
			      t->holder.attempt, t->holder.ordinal };

	for (size_t i = 0; i < ARRAY_SIZE(n); i++)
		top = n[i] > top ? n[i] : top;
	for (size_t i = 0; i < t->nr_count; i++)
		top = t->count[i].turns > top ? t->count[i].turns : top;
	return top <= TURN_COUNT_MAX ? 0 :
	       error_set(ORCH_EINVALID, "%" PRId64 " is out of range", top);
}

int turn_read_published(struct turn *out, struct orch *o, const struct oid *commit)
{
	struct strbuf text = STRBUF_INIT;
	struct json *in = NULL;
	struct oid blob;
	int rc;

	turn_init(out);
	if ((rc = tree_lookup(o->repo, commit, "turn.json", &blob, NULL)) < 0 ||
	    (rc = blob_read(o->repo, &blob, TURN_STATE_MAX, &text)) < 0 ||
	    (rc = json_parse(&in, text.buf, text.len, "turn.json")) < 0)
		goto out;
	if ((rc = turn_from_json(out, in)) < 0)
		goto out;
	turn_clear_sync(out);	/* nobody can tell us that */
	if ((rc = check_counts(out)) < 0)
		turn_release_memory(out);
out:
	json_free(in);
	strbuf_release(&text);
	return rc;
}

static bool same(const char *a, const char *b)
{
	return a && b ? str_eq(a, b) : a == b;
}

/* ---- what this clone may do without asking ---- */

int turn_close_here(const struct turn *t, struct orch *o)
{
	struct lock lock = LOCK_INIT;
	struct turn now;
	int rc;

	turn_init(&now);
	if ((rc = turn_lock(&lock, o)) < 0 || (rc = turn_load(&now, o)) < 0)
		goto out;
	if (!same(now.nonce, t->nonce))
		goto out;
	if (now.recorded_here && now.reserved > now.generation) {
		now.reserved = 0;
		rc = turn_store(o, &now, "close", TURN_KEEP_NONCE);
	}
	if (rc == 0)
		rc = 1;
out:
	lock_release(&lock);
	turn_release_memory(&now);
	return rc;
}

/* ---- following ---- */

bool turn_same(const struct turn *a, const struct turn *b)
{
	return a->generation == b->generation && a->iteration == b->iteration &&
	       a->step == b->step && a->status == b->status &&
	       same(a->holder.claim, b->holder.claim) &&
	       same(a->holder.actor, b->holder.actor) && same(a->keeper.clone, b->keeper.clone);
}

static bool same_pause(const struct turn *a, const struct turn *b)
{
	return same(a->paused, b->paused) && a->paused_ms == b->paused_ms;
}

/* What others said of a pause since `base`; else what was said here counts. */
static void take_pause(struct turn *t, struct turn *from, const struct turn *base)
{
	if (same_pause(from, base))
		return;
	free(t->paused);
	free(t->paused_host);
	t->paused = from->paused;
	t->paused_host = from->paused_host;
	t->paused_ms = from->paused_ms;
	from->paused = from->paused_host = NULL;
}

static void set_base(struct turn *t, const struct turn_net *n, const struct oid *base)
{
	free(t->sync.remote);
	t->sync.remote = xstrdup(n->remote.name);
	t->sync.base = *base;
}

/* Whether a pause, or its end, was said here and is still to be told, and
 * nobody else has said anything of it since. */
static bool owes_pause(const struct turn *t, const struct turn *p, struct orch *o)
{
	struct turn b;
	bool owes;

	turn_init(&b);
	if (!oid_is_zero(&t->sync.base) && turn_read_published(&b, o, &t->sync.base) < 0)
		error_clear();
	owes = t->sync.owed && !same_pause(t, &b) && same_pause(p, &b);
	turn_release_memory(&b);
	return owes;
}

/* Put *p, published as `commit`, in the place of *t. */
static void replace(struct turn *t, struct turn *p, const struct turn_net *n,
		    const struct oid *commit)
{
	int64_t floor = t->sync.floor > t->generation ? t->sync.floor : t->generation;
	char *void_claim = t->sync.void_claim, *error = t->sync.error;
	bool knew = !oid_is_zero(&t->sync.base);
	bool owes = owes_pause(t, p, n->o);

	if (owes) {		/* it holds for whatever turn there is */
		struct turn swap = { .paused = p->paused, .paused_host = p->paused_host };

		p->paused = t->paused;
		p->paused_host = t->paused_host;
		p->paused_ms = t->paused_ms;
		t->paused = swap.paused;
		t->paused_host = swap.paused_host;
		t->sync.error = NULL;
	} else if (t->sync.owed)
		warn("%s has moved on without what was not published from here",
		     n->remote.name);
	t->sync.void_claim = NULL;
	turn_release_memory(t);
	*t = *p;
	turn_init(p);
	set_base(t, n, commit);
	/* Who has forgotten everything has forgotten, too, which generations it
	 * gave out under this very claim without publishing them. */
	turn_observe(t, n->o);
	if (!knew && t->recorded_here && t->reserved > floor)
		floor = t->reserved;
	t->sync.floor = floor;
	t->sync.void_claim = void_claim;
	if (owes) {
		turn_stamp(t);
		t->sync.ahead = t->sync.owed = true;
		t->sync.error = error;
	}
}

/* What this clone had changed since `base` stands if nothing but a pause or a
 * renewal has been published in between. */
static bool base_stands(struct turn *t, struct turn *p, struct orch *o,
			const struct oid *base)
{
	struct turn b;
	bool stands = turn_read_published(&b, o, base) == 0 && turn_same(&b, p);

	error_clear();
	if (stands)
		take_pause(t, p, &b);
	turn_release_memory(&b);
	return stands;
}

/* Whether we know more of this turn than was published as `base`. Anybody
 * else's renewal must replace what we have: it is a sign of life. */
static bool is_more(const struct turn *t)
{
	return !oid_is_zero(&t->sync.base) && (t->sync.ahead || t->recorded_here);
}

/* A push whose outcome was not known, and after which this clone went on. */
static void resolve_tried(struct turn *t, struct turn_net *n, const struct oid *commit)
{
	bool arrived = false;

	if (oid_is_zero(&t->sync.tried))
		return;
	if (commit_is_ancestor(n->o->repo, &t->sync.tried, commit, &arrived) < 0)
		error_clear();
	if (arrived)
		t->sync.base = t->sync.tried;
	t->sync.tried = (struct oid)OID_ZERO;
}

int turn_blame_published(int rc, const struct turn_net *n)
{
	char *why;

	/* Written by a newer git-orch: there is nothing to repair. */
	if (rc == ORCH_EUNSUPPORTED)
		return error_prefix(rc, "%s at %s", n->ref, n->remote.name);
	why = xstrdup(error_message());
	rc = error_set(ORCH_EINVALID, "%s at %s is no state of a turn (%s): "
		       "'git orch turn repair' replaces it", n->ref, n->remote.name, why);
	free(why);
	return rc;
}

static int follow(struct turn *t, struct turn_net *n, const struct oid *commit)
{
	struct turn p;
	int rc = turn_read_published(&p, n->o, commit);

	if (rc < 0) {
		rc = turn_blame_published(rc, n);
		goto out;
	}
	resolve_tried(t, n, commit);
	if (t->nonce && p.nonce && str_eq(t->nonce, p.nonce)) {
		/* Ours, although we were not told that it had arrived. */
		set_base(t, n, commit);
		t->sync.ahead = t->sync.owed = false;
		free(t->sync.error);
		t->sync.error = NULL;
	} else if (is_more(t) && base_stands(t, &p, n->o, &t->sync.base)) {
		set_base(t, n, commit);
	} else {
		replace(t, &p, n, commit);
	}
out:
	turn_release_memory(&p);
	return rc;
}

/* Whether the reference here has not been told of what this clone published:
 * it was killed, or could not write it. Only a fetch may lead backwards. */
static bool lags_behind(const struct turn *t, const struct turn_net *n,
			const struct oid *commit)
{
	bool behind = false;

	if (n->fetched || oid_is_zero(commit) || oid_is_zero(&t->sync.base))
		return false;
	if (commit_is_ancestor(n->o->repo, commit, &t->sync.base, &behind) < 0)
		error_clear();
	return behind;
}

int turn_adopt(struct turn *t, struct turn_net *n)
{
	struct oid commit = OID_ZERO;
	int rc;

	if ((rc = turn_load(t, n->o)) < 0)
		return rc;
	rc = ref_read(n->o->repo, n->ref, &commit);
	if (rc == ORCH_ENOTFOUND)
		error_clear();
	else if (rc < 0)
		return rc;
	if (oid_eq(&commit, &t->sync.base) || lags_behind(t, n, &commit))
		return 0;
	if (oid_is_zero(&commit)) {
		warn("%s has no turn of loop %s any more: the next transition publishes "
		     "it again", n->remote.name, n->o->loop);
		t->sync.base = commit;
	} else if ((rc = follow(t, n, &commit)) < 0) {
		return rc;
	}
	if ((rc = turn_store(n->o, t, "adopt", TURN_KEEP_NONCE)) < 0)
		return rc;
	turn_observe(t, n->o);
	return 0;
}
