#ifndef ORCH_CHECKRULE_H
#define ORCH_CHECKRULE_H
/*
 * The rules of git-orch-check(1), as data: the built-in ones (check_builtin[]) and
 * what [orchcheck "<rule>"] sections make of them or add.
 *
 * .orchconfig is not trusted. It may add rules and give built-in ones their
 * patterns, and it may raise: a level, further stages, allow = no. Nothing it says
 * lowers a rule that is built in or that git config proper has set.
 */
#include "base/compat.h"
#include "base/regex.h"
#include "base/strvec.h"
struct config;

enum check_stage {
	CHECK_PRE_TURN = 1 << 0,
	CHECK_POST_TURN = 1 << 1,
	CHECK_PRE_PUSH = 1 << 2,
	CHECK_ALL_STAGES = (1 << 3) - 1
};
enum check_level { CHECK_OFF, CHECK_INFO, CHECK_WARN, CHECK_ERROR };
enum check_kind {
	CHECK_PAIR,		/* these paths need those */
	CHECK_ADDED_TEXT,	/* a file needs an added line */
	CHECK_MENTIONS,		/* a file names the focus, or its keywords */
	CHECK_FORBIDDEN_PATH,
	CHECK_PLACE,		/* what was added belongs elsewhere */
	CHECK_MESSAGE,		/* of commits */
	CHECK_MAX_SIZE,
	CHECK_PLAN,		/* the lint of the plan */
	CHECK_KINDS
};

struct check_rule {
	char *name;
	enum check_kind kind;
	unsigned stages;	/* enum check_stage */
	enum check_level level;
	struct strvec actors;	/* empty: everybody's */
	struct regex when, unless, needs;	/* without code: not given */
	char *path, *pattern, *message;		/* NULL: not given */
	int64_t size;
	bool keywords, allow;
	char *fault;		/* why it cannot be judged; NULL */
	struct strvec notes;	/* what was said of it and does not count */
};
struct check_rules {
	struct check_rule *v;
	size_t nr, alloc;
};
#define CHECK_RULES_INIT { NULL, 0, 0 }

/* Never fails: a rule that makes no sense has a fault. Built-in rules first, in
 * their order; rules that are off are left out, unless with a fault. */
void check_rules_load(struct check_rules *out, const struct config *c);
/* The same without a note of unknown keys, which config_ignored() has. */
void check_rules_read(struct check_rules *out, const struct config *c);
void check_rules_release(struct check_rules *r);

const char *check_stage_name(enum check_stage s);	/* "post-turn" */
const char *check_level_name(enum check_level l);	/* "warn" */
const char *check_kind_name(enum check_kind k);
/* "post-turn", and "post-iteration" as the plan calls it. */
int check_stage_parse(enum check_stage *out, const char *s);

/* The built-in rules as configuration, for the manual's test: "" ends values. */
struct check_key_value {
	const char *key, *value;
};
struct check_builtin {
	const char *name;
	struct check_key_value values[10];
};
extern const struct check_builtin check_builtin[];	/* name NULL ends */
#endif
