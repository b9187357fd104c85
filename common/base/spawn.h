#ifndef BASE_SPAWN_H
#define BASE_SPAWN_H
/*
 * Starting programs: argv arrays, never a string for a shell that we compose.
 *
 *   struct spawn s = SPAWN_INIT;
 *   strvec_push(&s.argv, "git"); ...
 *   rc = spawn_start(&s);                // s.pid runs
 *   rc = spawn_wait(&s, &status);        // status as from waitpid
 *   spawn_release(&s);
 *
 * Descriptors other than 0-2 are closed on exec by the convention that
 * everything we open is O_CLOEXEC.
 */
#include "base/compat.h"
#include "base/strvec.h"
struct strbuf;

enum spawn_flags {
	SPAWN_OWN_GROUP = 1 << 0,	/* a process group of its own */
	SPAWN_DIE_WITH_US = 1 << 1,	/* PR_SET_PDEATHSIG(SIGKILL) */
	SPAWN_GATED = 1 << 2,		/* exec only after spawn_go() */
	SPAWN_NO_STDIN = 1 << 3,	/* /dev/null */
	SPAWN_NO_STDERR = 1 << 4,	/* /dev/null */
	SPAWN_OWN_SESSION = 1 << 5,	/* a group of its own, without terminal */
	SPAWN_TERM_WITH_US = 1 << 6	/* the same with SIGTERM: it can clean up */
};

struct spawn {
	struct strvec argv;
	struct strvec env;	/* "NAME=value" sets, "NAME" unsets */
	const char *dir;	/* chdir there first; NULL: stay */
	int in, out, err;	/* descriptors to use as 0-2; -1: ours. Borrowed */
	unsigned flags;
	pid_t pid;		/* 0 until started */
	int gate;		/* internal: write end of the gate */
};
#define SPAWN_INIT { STRVEC_INIT, STRVEC_INIT, NULL, -1, -1, -1, 0, 0, -1 }

/* 0; ORCH_ENOTFOUND (no such program), ORCH_ERROR. With SPAWN_GATED an exec
 * failure shows as exit status 127 or 126 instead. */
int spawn_start(struct spawn *s);
/* Let a gated child go on. */
int spawn_go(struct spawn *s);
int spawn_wait(struct spawn *s, int *status);	/* retries EINTR */
void spawn_release(struct spawn *s);

/* The shell's view of a wait status: exit code, or 128 + signal. */
int spawn_exit_code(int status);
/* Die of a signal that a child died of: without its handler, or a core dump
 * of our own. Returns only if the signal does not end a process. */
void spawn_die_of(int number);

/*
 * Run argv to its end with stdout captured (at most `max` bytes; more is an
 * error). Exit status other than 0 gives ORCH_ENO with *status filled in; stderr
 * passes through unless SPAWN_NO_STDERR. `input` may be NULL.
 */
int spawn_capture(struct spawn *s, struct strbuf *out, size_t max,
		  const void *input, size_t input_len, int *status);
#endif
