/*
 * One turn of the loop: claim, attempts until one succeeds, hand over.
 */
#include "base/error.h"
#include "base/text.h"
#include "git/gitproc.h"
#include "orch/run_internal.h"

#define QUICK_FAILURE_MS 5000


static int64_t retry_delay(const struct run *r, int64_t failures)
{
	int64_t first = config_get_int(r->o->config, "orch.retryDelay");

	return failures == 1 ? first : first * 10;
}

static void add_to_result(struct run *r, const struct attempt *a)
{
	struct run_result *res = r->result;
	const struct receipt *rc = &a->receipt;
	int64_t took = rc->ended_ms - rc->started_ms;

	res->commits += (int64_t)rc->nr_commits;
	usage_add(&res->usage, &rc->usage);
	if (took > res->longest_ms || !res->longest_id) {
		res->longest_ms = took;
		free(res->longest_id);
		res->longest_id = xstrdup(rc->id);
	}
}

static int hand_over(struct run *r, const struct attempt *a, enum turn_status status)
{
	struct turn_end end = {
		.generation = r->turn.generation, .status = status, .reason = a->reason,
		.receipt = a->receipt.id ? &a->receipt : NULL,
		.plays_on = status == TURN_OK && !run_is_last_turn(r),
		.keep_head = a->strayed, .interrupt_fd = r->signal_fd,
		.timeout = r->opts->timeout > 0 ? r->opts->timeout : 0,
	};
	struct turn after;
	int rc;

	turn_init(&after);
	turn_renewer_stop(&r->renewer);	/* it has the network, and no more use */
	rc = turn_release(&after, r->o, &end);
	if (rc < 0) {
		turn_release_memory(&after);
		return rc;
	}
	turn_release_memory(&r->turn);
	r->turn = after;
	return 0;
}

/* The message of the last error says why. */
static int stop_lost(struct run *r, const struct attempt *a)
{
	const char *id = a->receipt.id ? a->receipt.id : "the turn";
	char *why = xstrdup(error_message());
	int rc;

	if (a->receipt.id && !turn_was_released(r->o, r->turn.generation))
		turn_warn_commits(r->o, &a->receipt.head_before);
	rc = run_stop(r, RUN_LOST, ORCH_ENO, "%s was lost: %s", id, why);
	free(why);
	return rc;
}

/* The turn ended badly: say so in the state and tell the loop why. */
static int give_up(struct run *r, const struct attempt *a, enum outcome out,
		   bool at_once)
{
	const char *id = a->receipt.id ? a->receipt.id : "the turn";
	int rc = 0;

	if (out != ATTEMPT_LOST)
		rc = hand_over(r, a, attempt_status(out));
	if (out == ATTEMPT_LOST)
		error_set(ORCH_ENO, "%s", a->reason);
	if (out == ATTEMPT_LOST || rc == ORCH_ENO)
		return stop_lost(r, a);
	if (rc < 0)
		return run_stop(r, RUN_ERROR, rc, "%s", error_message());
	if (out == ATTEMPT_INTERRUPTED)
		return run_stop(r, RUN_INTERRUPTED, ORCH_EINTERRUPTED, "interrupted in %s", id);
	r->result->turns_failed++;
	if (out == ATTEMPT_HOPELESS && a->error && a->error != ORCH_ENO)
		return run_stop(r, RUN_ERROR, a->error, "%s", a->reason);
	return run_stop(r, RUN_AGENT_FAILED, ORCH_ENO, "%s failed%s: %s", id,
			at_once ? " twice within 5 seconds" : "", a->reason);
}

static void on_waiting(const struct turn *t, void *data)
{
	struct run *r = data;

	if (r->events->waiting)
		r->events->waiting(t, r->events->data);
}

/* After a claim that failed, whose message stands. */
static bool is_paused(struct run *r)
{
	char *why = xstrdup(error_message());
	struct turn t;
	bool paused = turn_read(&t, r->o) == 0 && t.paused;

	if (paused) {
		turn_release_memory(&r->turn);
		r->turn = t;
	} else {
		turn_release_memory(&t);
	}
	error_set(ORCH_EBUSY, "%s", why);
	free(why);
	return paused;
}

/* 1: others have played what there was to play. */
static int claim(struct run *r)
{
	const struct run_options *opts = r->opts;
	struct turn_request req = {
		.actor = opts->actor,
		.last_iteration = opts->iterations
			? r->result->first_iteration + opts->iterations - 1 : 0,
		.timeout = opts->timeout, .pid = getpid(),
		.waiting = on_waiting, .data = r, .interrupt_fd = r->signal_fd,
		.plays_on = true, .with_others = r->opts->actor != NULL,
	};
	int64_t begin = time_boot_ms();
	struct oid before = OID_ZERO;
	struct turn t;
	int rc;

	turn_init(&t);
	if (repo_head(r->o->repo, &before, NULL) < 0)
		error_clear();
	rc = turn_acquire(&t, r->o, &req);
	if (rc < 0) {
		turn_release_memory(&t);
		r->result->waited_ms += time_boot_ms() - begin;
		r->paused_ms += time_boot_ms() - begin;
		if (rc == ORCH_ENO && req.last_iteration)
			return 1;
		if (rc == ORCH_EBUSY && is_paused(r))
			return run_stop_paused(r);
		if (rc == ORCH_EINTERRUPTED)
			return run_stop(r, RUN_INTERRUPTED, rc,
					"interrupted while waiting for the turn");
		return run_stop(r, rc == ORCH_EBUSY ? RUN_NO_TURN : RUN_ERROR, rc, "%s",
				error_message());
	}
	turn_renewer_stop(&r->renewer);
	/* Somebody else has played since our last turn, or may have worked. */
	if (t.generation != r->turn.generation + 1 || t.holder.waited_ms > 100)
		worktree_status_forget(r->o->repo);
	/* The claim may have brought another .orchconfig with its commits. */
	if (!oid_eq(&before, &t.holder.head) && run_reload(r) < 0) {
		warn("going on with the configuration as it was: %s", error_message());
		error_clear();
	}
	turn_release_memory(&r->turn);
	r->turn = t;
	if (t.holder.waited_ms) {
		r->result->waited_ms += t.holder.waited_ms;
		r->paused_ms += time_boot_ms() - begin;
	}
	return 0;
}

/* After a failed attempt: wait and begin the next one in the same turn. */
static enum outcome next_attempt(struct attempt *a, int64_t failures)
{
	struct run *r = a->run;
	int64_t delay = retry_delay(r, failures);
	struct turn t;
	int rc;

	if (r->events->retry)
		r->events->retry(&a->receipt, delay, r->events->data);
	rc = attempt_pause(a, delay);
	if (rc == ORCH_EINTERRUPTED)
		return ATTEMPT_INTERRUPTED;
	turn_init(&t);
	if (!rc)
		rc = turn_next_attempt(&t, r->o, r->turn.generation);
	if (rc < 0) {
		attempt_set_reason(a, error_message());
		a->error = rc;
		turn_release_memory(&t);
		return rc == ORCH_ENO ? ATTEMPT_LOST : ATTEMPT_HOPELESS;
	}
	turn_release_memory(&r->turn);
	r->turn = t;
	return ATTEMPT_OK;
}

/* The turn has been offered to the others, and what came of it is its end. */
static void record_end(struct attempt *a, int rc)
{
	char *why = xstrdup(error_message());

	if (rc < 0)
		attempt_set_reason(a, why);
	attempt_record(a, rc == 0 ? TURN_OK : rc == ORCH_ENO ? TURN_LOST : TURN_FAILED);
	if (rc < 0)
		error_set(rc, "%s", why);
	free(why);
}

/*
 * The agent did its work, but the remote does not take it. Merging is work for
 * an agent, too: it gets the turn once more. If that does not help, people
 * have to look, and the other machines should not go on meanwhile.
 */
static int on_refusal(struct run *r)
{
	char *why = xstrdup(error_message());
	bool again = r->refused != NULL;
	int rc = 0;

	r->result->turns_failed++;
	if (again) {
		if (turn_pause(NULL, r->o, why) < 0 && *error_message())
			warn("%s", error_message());
		rc = run_stop(r, RUN_PAUSED, ORCH_EBUSY, "%s; the loop is paused", why);
	} else {
		warn("%s", why);
		error_clear();
		r->refused = xstrdup(why);
	}
	free(why);
	return rc;
}

static void on_success(struct run *r)
{
	r->result->turns_ok++;
	free(r->refused);
	r->refused = NULL;
}

int run_turn(struct run *r)
{
	bool was_quick = false, at_once = false;
	int64_t failures = 0;
	struct attempt a;
	enum outcome out;
	int rc;

	if ((rc = claim(r)) != 0)
		return rc < 0 ? rc : 0;
	attempt_init(&a, r);
	for (;;) {
		bool quick;

		out = attempt_play(&a);
		add_to_result(r, &a);
		if (out != ATTEMPT_FAILED)
			break;
		quick = a.result.duration_ms < QUICK_FAILURE_MS;
		at_once = quick && was_quick;
		was_quick = quick;
		if (at_once || failures >= r->opts->retries)
			break;
		failures++;
		if ((out = next_attempt(&a, failures)) != ATTEMPT_OK)
			break;
		r->result->turns_retried++;
		attempt_release(&a);
		attempt_init(&a, r);
	}
	if (out == ATTEMPT_OK) {
		rc = hand_over(r, &a, TURN_OK);
		record_end(&a, rc);
		if (rc == ORCH_ENO)
			stop_lost(r, &a);
		else if (rc == ORCH_EBUSY)
			rc = on_refusal(r);
		else if (rc < 0)
			run_stop(r, RUN_ERROR, rc, "%s", error_message());
		else
			on_success(r);
	} else {
		rc = give_up(r, &a, out, at_once);
	}
	if (receipt_prune(r->o) < 0)
		warn("old logs are not removed: %s", error_message());
	attempt_release(&a);
	return rc;
}
