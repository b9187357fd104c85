#ifndef ORCH_ORCH_H
#define ORCH_ORCH_H
/*
 * What almost every command opens first: repository, configuration, loop.
 *
 *   struct orch o = ORCH_INIT;
 *   if ((rc = orch_open(&o, 0)) < 0) goto out;
 *   ...
 *   orch_release(&o);
 */
#include "base/compat.h"
#include "base/options.h"
#include "base/strvec.h"
#include "git/repo.h"
#include "orch/config.h"

struct orch {
	struct repo *repo;
	struct config *config;
	struct strvec workflow;	/* the ring, at least one actor */
	char *loop;		/* NULL only with ORCH_LOOP_OPTIONAL */
	char *dir;		/* $GIT_COMMON_DIR/orch */
	char *loop_dir;		/* <dir>/loops/<loop, percent-encoded> */
	char *loop_arg;		/* see orch_loop_arg() */
};
#define ORCH_INIT { NULL, NULL, STRVEC_INIT, NULL, NULL, NULL, NULL }

enum orch_flags {
	ORCH_LOOP_OPTIONAL = 1 << 0,	/* detached HEAD is fine */
	ORCH_NEED_WORK_TREE = 1 << 1,
	ORCH_IN_HOOK = 1 << 2,
	ORCH_NO_TRACKED = 1 << 3	/* only git config proper: see config_load_at() */
};
/* Detached HEAD without a loop's name is ORCH_ERROR with the command to use. */
int orch_open(struct orch *o, unsigned flags);
void orch_release(struct orch *o);
/* Go on with another configuration, or with the same read anew; it is o's now. */
void orch_use_config(struct orch *o, struct config *config);

/* --loop NAME, for the tables of commands that work on a loop. */
extern const char *orch_loop_option;
#define OPT_LOOP OPT_STRING('\0', "loop", &orch_loop_option, "name", \
			    "the loop to work on (default: the current branch)")

/*
 * Which actor is meant: `arg` if given, else GIT_ORCH_ACTOR, else whose turn it
 * is. ORCH_EINVALID when the workflow does not name it. *actor is borrowed
 * from the workflow.
 */
int orch_actor(struct orch *o, const char *arg, const char **actor);

/* For commands that we tell people to type: " --loop NAME" where a plain one
 * would mean another loop, else "". Borrowed. */
const char *orch_loop_arg(const struct orch *o);

/* "refs/orch/<loop>/<rest>": yours to free. */
char *orch_ref(const struct orch *o, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Percent-encode what cannot stand in one file name. */
char *orch_encode_name(const char *name);
#endif
