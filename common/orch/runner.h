#ifndef ORCH_RUNNER_H
#define ORCH_RUNNER_H
/*
 * One `git orch run` per actor and loop: a lock for each actor that it plays,
 * whose file says who holds it.
 */
#include "base/lock.h"
#include "orch/turn.h"
struct orch;

struct runner {		/* who plays an actor now */
	char *command;	/* NULL: nobody */
	struct process_id process;
	int64_t since_ms;
};
#define RUNNER_INIT { NULL, { 0, 0 }, 0 }
/* Never fails: what cannot be read, or was left by a dead process, is nobody. */
void runner_read(struct runner *out, const struct orch *o, const char *actor);
/* "git orch run -n 20, pid 40991, since 19:50" */
void runner_describe(struct strbuf *out, const struct runner *r);
void runner_release(struct runner *r);
/*
 * For who waits: whom for, and whether anybody plays that actor. "galph holds
 * it (pid 41237 on desk)", "ralph's turn: pid 40991 will play it (git orch run)",
 * "ralph's turn, which nobody plays: git orch run --actor ralph".
 */
void runner_describe_wait(struct strbuf *out, const struct orch *o,
			  const struct turn *t);

struct runner_locks {
	struct lock *v;
	size_t nr;
};
/*
 * Become the runner of `only` (NULL: of every actor of the workflow);
 * `command` is what was typed, for others to read. ORCH_EBUSY names the other.
 */
int runner_lock(struct runner_locks *l, const struct orch *o, const char *only,
		const char *command);
void runner_unlock(struct runner_locks *l);
#endif
