#ifndef BASE_OPTIONS_H
#define BASE_OPTIONS_H
/*
 * The options of a command, declared once. The same table is parsed, printed
 * by -h, offered by the shells' completion and compared with the manual.
 *
 * Long options take "--name=value" or "--name value", may be shortened to an
 * unambiguous prefix, and flags may be negated ("--no-name"). Options may
 * stand behind arguments; "--" ends them.
 */
#include "base/compat.h"
#include "base/strvec.h"

enum opt_kind {
	OPT_KIND_END,
	OPT_KIND_FLAG,		/* bool *: true, or false by --no-... */
	OPT_KIND_COUNT,		/* int *: one more each time */
	OPT_KIND_STRING,	/* const char **: borrowed from argv */
	OPT_KIND_OPTARG,	/* const char **: "--x" gives "", "--x=V" gives V */
	OPT_KIND_INT,		/* int64_t *: a whole number */
	OPT_KIND_DURATION,	/* int64_t *: seconds, from 90, 15m, 2h, 30days */
	OPT_KIND_LIST		/* struct strvec *: each use pushes one value */
};
enum opt_flags {
	OPT_HIDDEN = 1 << 0	/* works, but -h and completion leave it out */
};

struct opt {
	enum opt_kind kind;
	char letter;		/* 0: no short form */
	const char *name;	/* long name without dashes; NULL: letter only */
	void *value;
	const char *arg;	/* what stands for the value in -h: "actor" */
	const char *help;	/* one line without full stop */
	unsigned flags;
};
#define OPT_FLAG(l, n, v, h)		{ OPT_KIND_FLAG, l, n, v, NULL, h, 0 }
#define OPT_COUNT(l, n, v, h)		{ OPT_KIND_COUNT, l, n, v, NULL, h, 0 }
#define OPT_STRING(l, n, v, a, h)	{ OPT_KIND_STRING, l, n, v, a, h, 0 }
#define OPT_OPTARG(l, n, v, a, h)	{ OPT_KIND_OPTARG, l, n, v, a, h, 0 }
#define OPT_INT(l, n, v, a, h)		{ OPT_KIND_INT, l, n, v, a, h, 0 }
#define OPT_DURATION(l, n, v, a, h)	{ OPT_KIND_DURATION, l, n, v, a, h, 0 }
#define OPT_LIST(l, n, v, a, h)		{ OPT_KIND_LIST, l, n, v, a, h, 0 }
#define OPT_END				{ OPT_KIND_END, 0, NULL, NULL, NULL, NULL, 0 }

struct options_parser {
	const struct opt *tables[3];	/* searched in order; NULL ends */
	int stop_after;	/* > 0: the first argument after that many ends options;
			 * < 0: the very first one does */
};

/*
 * Take the options out of argv[1..argc-1]. What remains is moved to the front
 * of argv (argv[0] is the first argument then) and counted in *left.
 * 0, or ORCH_EUSAGE with the fault named.
 */
int options_parse(const struct options_parser *p, int argc, const char **argv,
		  int *left);
/* One "    -x, --name <arg>    help" line for each visible option. */
struct strbuf;
void options_help(struct strbuf *out, const struct opt *table);
/* The visible long options as completion words: "--name", "--value=". */
void options_complete(struct strbuf *out, const struct opt *table);
/* Abort when two options share a letter or a name, or a help is missing. */
void options_check(const struct options_parser *p);
#endif
