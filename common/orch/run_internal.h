#ifndef ORCH_RUN_INTERNAL_H
#define ORCH_RUN_INTERNAL_H
/* Shared by run.c (the loop) and run_turn.c (one turn of it). */
#include "orch/orch.h"
#include "orch/run.h"

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

/* Whether the turn that is played now is the last one: nobody need keep the
 * next one for us. */
bool run_is_last_turn(const struct run *r);

/* Stop the loop with a reason; returns `rc`. */
int run_stop(struct run *r, enum run_stop stop, int rc, const char *fmt, ...)
	PRINTF_LIKE(4, 5);
/*
 * One turn of `actor`, from the claim to the hand-over. 0 when it ended well;
 * else the loop ends with the code returned, and the reason is stored.
 */
int run_turn(struct run *r, const char *actor);
#endif
