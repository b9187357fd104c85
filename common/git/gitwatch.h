#ifndef GIT_GITWATCH_H
#define GIT_GITWATCH_H
/*
 * Only for the files of common/git: git as a process whose stdout and stderr
 * are read while it runs, which nobody can be asked by, and which is ended
 * when it stays silent for too long or when we are interrupted.
 *
 *   struct gitwatch w = GITWATCH_INIT;
 *   w.silence_ms = ...;
 *   strvec_push(&w.env, ...);
 *   rc = gitwatch_run(&w, repo, args);	// 0: it came to its end, see w.code
 *   gitwatch_release(&w);
 */
#include "base/compat.h"
#include "base/strbuf.h"
#include "base/strvec.h"
struct repo;

struct gitwatch {
	struct strvec env;	/* as in struct spawn */
	int64_t silence_ms;	/* end it after that much of it; 0: never */
	int interrupt_fd;	/* end it when this is readable; -1: none */
	bool outlives_us;	/* it changes files: do not break it off */
	/* filled in */
	struct strbuf out, err;	/* the last MiB or two of each */
	bool cut;		/* there was more */
	int code;		/* exit code, or 128 + signal */
};
#define GITWATCH_INIT { STRVEC_INIT, 0, -1, false, STRBUF_INIT, STRBUF_INIT, false, 0 }

/*
 * 0 whatever its exit code. ORCH_EBUSY: it was silent and has been ended (the
 * message begins with "no sign of life"). ORCH_EINTERRUPTED: ended, too.
 */
int gitwatch_run(struct gitwatch *w, const struct repo *repo,
		 const char *const *args);
void gitwatch_release(struct gitwatch *w);

/*
 * The lines of what a git has said. Carriage returns end a line as well, so
 * that progress is many short lines; spaces at the end are not part of it.
 */
struct said_line {
	const char *s;
	size_t len;
	size_t next;	/* where to go on; begin with 0 */
};
bool said_next(struct said_line *line, const struct strbuf *said);
bool said_starts(const struct said_line *line, const char *prefix);
bool said_has(const struct said_line *line, const char *part);
/* Progress, hints, empty lines: nothing that explains anything. */
bool said_is_noise(const struct said_line *line);
/*
 * The line that tells best why it failed, without "fatal: ", for a message:
 * one line, printable, short. If there is none: "git ended with 128".
 */
char *gitwatch_reason(const struct gitwatch *w);
/* Bytes of others for a message: one line, printable, short. */
char *said_clean(const char *s, size_t len);
#endif
