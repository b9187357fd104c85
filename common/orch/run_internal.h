#ifndef ORCH_RUN_INTERNAL_H
#define ORCH_RUN_INTERNAL_H
/*
 * Shared by run.c (the loop), run_turn.c (one turn of it) and run_attempt.c (an
 * agent's attempt at a turn).
 */
#include "orch/agent.h"
#include "orch/check.h"
#include "orch/orch.h"
#include "orch/prompt.h"
#include "orch/run.h"
#include "orch/turn_guard.h"

struct run {
	struct orch *o;
	const struct run_options *opts;
	const struct run_events *events;
	struct run_result *result;
	int signal_fd;
	struct turn turn;	/* as last read or changed by us */
	int64_t paused_ms;	/* waiting for a turn or a retry, agents at work */
	struct turn_renewer renewer;
	char *refused;		/* why the remote did not take the last turn's commits */
};

/* The configuration may have changed: agents edit files, others' commits come. */
int run_reload(struct run *r);
/* Whether the turn that is played now is the last one: nobody need keep the
 * next one for us. */
bool run_is_last_turn(const struct run *r);

/* Stop the loop with a reason; returns `rc`. */
int run_stop(struct run *r, enum run_stop stop, int rc, const char *fmt, ...)
	PRINTF_LIKE(4, 5);
/* ---- run_attempt.c ---- */
enum outcome {
	ATTEMPT_OK,
	ATTEMPT_FAILED,		/* worth another try */
	ATTEMPT_HOPELESS,	/* no such program, bad configuration */
	ATTEMPT_INTERRUPTED,
	ATTEMPT_LOST
};
enum turn_status attempt_status(enum outcome out);

struct attempt {
	struct run *run;
	struct run_attempt shown;
	struct receipt receipt;
	struct prompt prompt;
	struct agent_result result;
	struct turn_guard guard;
	struct check_report checks;
	int64_t renewed_ms;
	bool renew_warned;
	bool recorded;		/* its receipt is written */
	bool strayed;		/* it left the work tree on another branch */
	int error;		/* of a hopeless one: the code for main() */
	char *reason;
	char *session;		/* to be resumed, or a new id */
};
void attempt_init(struct attempt *a, struct run *r);
/*
 * Begin to end; the turn is still held then. The receipt is written, but for
 * one that says ok where a remote may refuse the commits: see attempt_record().
 */
enum outcome attempt_play(struct attempt *a);
/* Write the receipt, if that is still to be done, and tell of the end. */
void attempt_record(struct attempt *a, enum turn_status status);
/* Wait before a retry: 0, ORCH_EINTERRUPTED or ORCH_ENO (the turn is lost). */
int attempt_pause(struct attempt *a, int64_t seconds);
void attempt_set_reason(struct attempt *a, const char *reason);
void attempt_release(struct attempt *a);

/* ---- run_checks.c ---- */
/* ORCH_ENO: a rule says that the turn must not begin; the attempt's reason says
 * which. What is found goes into the receipt. */
int run_checks_before(struct attempt *a);
void run_checks_after(struct attempt *a);

/* ---- run_turn.c ---- */
/* The loop is paused, as r->turn says. */
int run_stop_paused(struct run *r);
/*
 * One turn of whoever we play that is expected next, from the claim to the
 * hand-over. 0 when it ended well;
 * else the loop ends with the code returned, and the reason is stored.
 */
int run_turn(struct run *r);
#endif
