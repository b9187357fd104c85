/*
 * Which two states are compared.
 */
#include "base/error.h"
#include "orch/delta_internal.h"
#include "orch/orch.h"
#include "orch/receipt.h"
#include "orch/turn.h"

/* The end of a turn, as its receipt has it. */
static void take_receipt(struct delta *d, const struct receipt *r)
{
	d->since = r->head_after;
	d->since_iteration = r->iteration;
	d->since_ms = r->ended_ms;
	free(d->since_turn);
	d->since_turn = xstrdup(r->id);
}

static void take_last(struct delta *d, const struct turn_last *last)
{
	d->since = last->commit;
	d->since_iteration = last->iteration;
	d->since_ms = last->ended_ms;
}

static int check_exists(const struct delta *d, struct orch *o)
{
	if (oid_is_zero(&d->since) || object_exists(o->repo, &d->since))
		return 0;
	return error_set(ORCH_ENOTFOUND, "%s, where %s ended, is not in this "
			 "repository%s", oid_short(&d->since), d->asked,
			 repo_is_shallow(o->repo) ? ": the clone is shallow, see "
			 "git fetch --unshallow" : " any more");
}

/*
 * The last turn of the iteration that ended well: from the receipts, else from
 * what the state remembers of each actor (receipts are not shared).
 */
static int since_iteration(struct delta *d, struct orch *o, const struct turn *t,
			   const char *number)
{
	struct receipt_list list = RECEIPT_LIST_INIT;
	const struct receipt *found = NULL;
	const struct turn_last *last = NULL;
	char *end;
	long long n;
	int rc;

	errno = 0;
	n = strtoll(number, &end, 10);
	if (*number < '0' || *number > '9' || *end || errno || n < 1)
		return error_set(ORCH_EUSAGE, "bad iteration '%s': --since iteration:<number>"
				 ", from 1", number);
	if (!t)
		return error_set(ORCH_ERROR, "iterations are counted in a loop, and HEAD "
				 "is detached: say which one with --loop");
	if ((rc = receipt_list(&list, o, 0)) < 0)
		goto out;
	/* In the order in which they ended: their times are whole seconds. */
	for (size_t i = 0; i < list.nr; i++)
		if (list.v[i].iteration == n && list.v[i].status == TURN_OK)
			found = &list.v[i];
	for (size_t i = 0; i < t->nr_last; i++)
		if (t->last[i].iteration == n &&
		    (!last || t->last[i].ended_ms > last->ended_ms))
			last = &t->last[i];
	/* The state may be a moment later than the receipt of the same turn. */
	if (found && (!last || str_eq(found->actor, last->actor) ||
		      found->ended_ms >= last->ended_ms))
		take_receipt(d, found);
	else if (last)
		take_last(d, last);
	else if (n > t->iteration)
		rc = error_set(ORCH_ENOTFOUND, "iteration %lld has not begun: the loop is in "
			       "iteration %" PRId64, n, t->iteration);
	else
		rc = error_set(ORCH_ENOTFOUND, "nothing is known here of the end of a turn in "
			       "iteration %lld; git orch log lists the turns", n);
	if (rc == 0)
		rc = check_exists(d, o);
out:
	receipt_list_release(&list);
	return rc;
}

/* A revision, else the id of a turn. */
static int since_commit(struct delta *d, struct orch *o, const char *rev)
{
	struct commit_info c = COMMIT_INFO_INIT;
	struct receipt r;
	int rc = repo_resolve(o->repo, &d->since, rev);

	if (rc < 0 && *rev >= '0' && *rev <= '9' && strchr(rev, '/') && o->loop) {
		receipt_init(&r);
		if (receipt_find(&r, o, rev) == 0) {
			take_receipt(d, &r);
			rc = check_exists(d, o);
		} else {
			rc = error_set(ORCH_ENOTFOUND, "'%s' is neither a revision nor a "
				       "turn with a receipt", rev);
		}
		receipt_release(&r);
		return rc;
	}
	if (rc == 0 && (rc = commit_read(o->repo, &d->since, &c)) == 0) {
		d->since_ms = c.time > 0 && c.time < INT64_MAX / 1000 ? c.time * 1000 : 0;
		commit_info_release(&c);
	}
	return rc;
}

/* "A..B"; what is missing is HEAD, as everywhere in git. */
static int since_range(struct delta *d, struct orch *o, const char *dots)
{
	char *from = xstrndup(d->asked, (size_t)(dots - d->asked));
	const char *to = dots + 2;
	int rc;

	d->between = true;
	if (*to == '.')
		rc = error_set(ORCH_EUSAGE, "'%s' has three dots: say --since <A>..<B>",
			       d->asked);
	else if ((rc = since_commit(d, o, *from ? from : "HEAD")) == 0)
		rc = repo_resolve(o->repo, &d->head, *to ? to : "HEAD");
	free(from);
	return rc;
}

/* Which of the actor's turns that was, if its receipt is here. */
static void name_turn(struct delta *d, struct orch *o)
{
	struct receipt_list list = RECEIPT_LIST_INIT;

	if (receipt_list_actor(&list, o, d->actor, 8) < 0)
		error_clear();
	for (size_t i = 0; i < list.nr; i++)
		if (list.v[i].status == TURN_OK && list.v[i].iteration == d->since_iteration &&
		    oid_eq(&list.v[i].head_after, &d->since)) {
			free(d->since_turn);
			d->since_turn = xstrdup(list.v[i].id);
		}
	receipt_list_release(&list);
}

static void since_last_turn(struct delta *d, struct orch *o, const struct turn *t)
{
	const struct turn_last *last = t && d->actor ? turn_last_of(t, d->actor) : NULL;

	if (last && !oid_is_zero(&last->commit) &&
	    !object_exists(o->repo, &last->commit)) {
		warn("%s, where the last turn of %s ended, is not in this "
		     "repository any more", oid_short(&last->commit), d->actor);
		last = NULL;
	}
	if (!last) {
		d->first = true;
		return;
	}
	take_last(d, last);
	if (d->parts & DELTA_SUMMARY)
		name_turn(d, o);
}

int delta_resolve(struct delta *d, struct orch *o, const struct turn *t,
		  const struct delta_request *req)
{
	const char *dots;
	int rc;

	d->actor = xstrdup(req->actor);
	d->asked = xstrdup(req->since);
	d->parts = req->parts;
	if ((rc = repo_head(o->repo, &d->head, NULL)) < 0)
		return rc;
	if (req->flags & DELTA_FULL) {
		d->full = true;
		return 0;
	}
	if (!req->since) {
		since_last_turn(d, o, t);
		return 0;
	}
	if (str_starts(req->since, "iteration:"))
		return since_iteration(d, o, t, req->since + strlen("iteration:"));
	dots = strstr(d->asked, "..");
	return dots ? since_range(d, o, dots) : since_commit(d, o, d->asked);
}
