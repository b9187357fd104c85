#ifndef ORCH_RUN_H
#define ORCH_RUN_H
/*
 * The loop: take the turn, show the agent what changed, start it, write down
 * what happened, acknowledge what it has seen, hand the turn on. One process
 * plays every actor of the ring, or one of them.
 *
 * What there is to see is told by events, in this order for each attempt:
 * begin, text and tick while the agent runs, end; and retry between two.
 */
#include "base/compat.h"
#include "base/strbuf.h"
#include "orch/receipt.h"
#include "orch/turn.h"
struct orch;
struct prompt;

struct run_options {
	int64_t iterations;	/* 0: until stopped */
	int64_t until_ms;	/* wall clock; 0: no end */
	const char *actor;	/* NULL: all actors of the ring */
	const char *command;	/* what was typed, for who asks what runs */
	int64_t timeout;	/* seconds to wait for the turn; -1: for ever */
	int64_t turn_limit;	/* seconds an agent may run; 0: no limit */
	int64_t retries;	/* after a failed attempt, within the same turn */
};

/* What an attempt is and has to do with: borrowed for the call. */
struct run_attempt {
	const char *id;
	const struct turn *turn;
	const struct prompt *prompt;
	int64_t started_ms;
};
struct run_events {
	void (*waiting)(const struct turn *turn, void *data);
	void (*begin)(const struct run_attempt *a, void *data);
	void (*text)(const char *text, size_t len, bool tool, void *data);
	void (*tick)(const struct run_attempt *a, void *data);
	void (*end)(const struct receipt *r, void *data);
	/* Another attempt follows in `seconds`. */
	void (*retry)(const struct receipt *failed, int64_t seconds, void *data);
	void *data;
};

enum run_stop {
	RUN_DONE,		/* all iterations, or the time is up */
	RUN_AGENT_FAILED,	/* out of retries, or it failed twice at once */
	RUN_IDLE,		/* three iterations changed nothing */
	RUN_LOST,		/* the turn was taken from us */
	RUN_INTERRUPTED,
	RUN_NO_TURN,		/* not in time, or another runner */
	RUN_PAUSED,		/* somebody said so, or two pushes were refused */
	RUN_ERROR		/* see error_message() */
};
struct run_result {
	enum run_stop stop;
	struct strbuf reason;	/* one line; empty when done */
	int64_t first_iteration, iterations_done;
	int64_t turns_ok, turns_retried, turns_failed;
	int64_t commits;
	int64_t waited_ms, overhead_ms;
	int64_t pushes, fetches;	/* of this process and its helpers */
	int64_t started_ms, ended_ms;
	int64_t longest_ms;
	char *longest_id;
	struct usage usage;	/* the sum of all turns */
	struct oid head_before;
	struct oid detached;	/* HEAD at the end if it is detached, else zero */
	struct turn turn;	/* as it stands at the end */
};
void run_result_release(struct run_result *r);

/*
 * Run. Returns the code for main(): 0, ORCH_ENO, ORCH_EBUSY, ORCH_EINTERRUPTED
 * or another error; *out is filled in as far as it came. The caller has blocked
 * SIGINT, SIGTERM and SIGHUP and gives their signalfd.
 */
int run_loop(struct run_result *out, struct orch *o,
	     const struct run_options *opts, const struct run_events *events,
	     int signal_fd);
/* Whether every actor this would play has what it needs: command, prompt. */
int run_check(struct orch *o, const char *only_actor);
#endif
