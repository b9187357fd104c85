#ifndef BASE_COMMAND_H
#define BASE_COMMAND_H
/*
 * A command is one file in cmd/ that defines `orch_command`; base/main.c owns
 * main(). It parses the options, calls run(), prints the one error line,
 * checks that stdout reached the disk, and exits with one of the codes below.
 *
 * run() returns 0, a negative enum orch_err, or a positive exit status of its
 * own (turn with passes on its child's).
 */
#include "base/compat.h"
#include "base/error.h"
#include "base/options.h"

struct strbuf;

enum exit_code {
	EXIT_YES = 0,		/* yes, done */
	EXIT_NO = 1,		/* the answer is no */
	EXIT_NOT_NOW = 75,	/* held elsewhere, moved, paused: try again */
	EXIT_FAILED = 128,
	EXIT_MISUSE = 129,
	EXIT_INTERRUPTED = 130
};

/*
 * For run(): the stored message is said as that of any failure, but the exit
 * status is this one.
 */
#define COMMAND_FAILS_WITH(status) (-1000 - (status))

enum command_flags {
	COMMAND_JSON = 1 << 0,	/* understands --json */
	COMMAND_NUL = 1 << 1	/* understands -z */
};

struct command {
	const char *name;		/* "turn", or "acquire" for a part of it */
	const char *summary;		/* one line, no full stop */
	const char *const *usage;	/* "git orch turn [--x]", NULL-ended */
	const struct opt *opts;		/* may be NULL */
	int (*run)(int argc, const char **argv);	/* NULL: needs a subcommand */
	const struct command *const *subs;	/* NULL-ended; may be NULL */
	unsigned flags;
	int stop_after;			/* see struct options_parser */
	/* What -h says beyond usage and options; may be NULL. */
	void (*more_help)(struct strbuf *out);
};
#define COMMAND_STOP_AT_FIRST -1	/* .stop_after: the first argument ends options */

extern const struct command orch_command;

/* What every command understands: filled in before run(). */
struct common_options {
	bool json;	/* --json: one documented object on stdout */
	bool nul;	/* -z */
	bool quiet;	/* -q: no notes */
	bool verbose;	/* -v */
};
extern struct common_options common;

/* Misuse: stores the message; is ORCH_EUSAGE. */
#define usage_error(...) error_set(ORCH_EUSAGE, __VA_ARGS__)
#endif
