#ifndef BASE_ERROR_H
#define BASE_ERROR_H
/*
 * How the library fails: a function returns 0 or one of these negative codes,
 * and the lowest level that knows what happened has stored one line of text.
 * Callers pass the code up untouched. Only main() prints the text and turns
 * the code into an exit status; the library itself never prints or exits.
 */
#include "base/compat.h"

enum orch_err {
	ORCH_OK = 0,
	ORCH_ERROR = -1,	/* failed (exit 128) */
	ORCH_EUSAGE = -2,	/* misuse of the command line (129) */
	ORCH_ENO = -3,		/* the answer is no (1) */
	ORCH_EBUSY = -4,	/* not now: held elsewhere, moved, paused (75) */
	ORCH_EINTERRUPTED = -5,	/* a signal asked us to stop (130) */
	ORCH_ENOTFOUND = -6,	/* what was asked for does not exist (128) */
	ORCH_EEXISTS = -7,	/* it exists already (128) */
	ORCH_EMODIFIED = -8,	/* a compare-and-swap lost its race (128) */
	ORCH_EINVALID = -9,	/* input that breaks the rules (128) */
	ORCH_EUNSUPPORTED = -10	/* a repository or kernel we cannot serve (128) */
};

/* Store the message and return `code`. */
int error_set(int code, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* The same with ": <strerror(errno)>" appended; returns ORCH_ERROR. */
int error_sys(const char *fmt, ...) PRINTF_LIKE(1, 2);
/* Put "<prefix>: " before the stored message and return `code`. */
int error_prefix(int code, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* The stored message, "" when none. Borrowed until the next error_*(). */
const char *error_message(void);
void error_clear(void);

/*
 * Talk that is not failure. Both go to the sink, which main() points at
 * stderr ("git orch X: warning: ..."); without a sink they are dropped.
 * `note` is silenced by -q, `warn` never is.
 */
typedef void error_sink(bool is_warning, const char *text);
void error_set_sink(error_sink *sink);
void warn(const char *fmt, ...) PRINTF_LIKE(1, 2);
/*
 * For what a repository's content can cause again and again: the same text
 * is said once in a process, and after 100 texts no more are said.
 */
void warn_once(const char *fmt, ...) PRINTF_LIKE(1, 2);
void note(const char *fmt, ...) PRINTF_LIKE(1, 2);
#endif
