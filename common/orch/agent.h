#ifndef ORCH_AGENT_H
#define ORCH_AGENT_H
/*
 * Running one agent to its end: its command by sh -c at the top of the work
 * tree, in a session (so a process group) of its own without a terminal, the
 * prompt on stdin, its output shown and logged as it comes, stopped at the
 * turn's limit or when we are told to.
 *
 *   agent_start()   the child exists but waits: record it, then
 *   agent_run()     lets it go and returns when it has ended
 */
#include "base/compat.h"
#include "base/strvec.h"
#include "orch/usage.h"
struct orch;
struct prompt;

struct agent_request {
	const char *command;
	enum agent_kind kind;
	struct strvec env;	/* NAME=value, GIT_ORCH_*; added by the caller */
	const void *input;	/* what goes to stdin */
	size_t input_len;
	const char *dir;	/* top of the work tree */
	const char *log_path;	/* created 0600; a failure warns once */
	int64_t turn_limit;	/* seconds; 0: none */
	int interrupt_fd;	/* signalfd of the loop; -1: none */
	usage_show *show;	/* what to show of the output; NULL: nothing */
	/* Called about once a second, and must not block: live line, lease. A
	 * negative result ends the agent (the turn was lost). May be NULL. */
	int (*tick)(void *data);
	/* Called when watch_fd is readable, which it must undo; the same. NULL:
	 * nothing is watched. */
	int (*changed)(void *data);
	int watch_fd;
	void *data;		/* for show, tick and changed */
};
struct agent_result {
	int exit_code;		/* 128 + n for a signal */
	bool timed_out;		/* stopped at the turn's limit */
	bool interrupted;	/* stopped because interrupt_fd said so */
	int tick_rc;		/* the negative result of tick or changed that ended it */
	int64_t duration_ms;
	struct usage usage;
};
struct agent;
/* What the request points to is borrowed until agent_free(). */
int agent_start(struct agent **out, const struct agent_request *req);
pid_t agent_pid(const struct agent *a);
int agent_run(struct agent *a, struct agent_result *out);
void agent_free(struct agent *a);	/* an agent not yet let go is killed */

/* PATH without git's own exec-path, which `git orch` puts in front. */
char *agent_path(void);
/* Whether a shell in `dir` would find that program to start. */
bool agent_can_run(const char *dir, const char *program);
#endif
