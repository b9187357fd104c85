#ifndef ORCH_CHECKUP_INTERNAL_H
#define ORCH_CHECKUP_INTERNAL_H
/*
 * What the files of the checkup share:
 *   checkup.c         git, repository, configuration, directory
 *   checkup_turn.c    state, holder, runners, receipts
 *   checkup_remote.c  the remote that shares the turn
 *   checkup_actors.c  documents, prompts, agents
 *   checkup_hooks.c   git's hooks
 *   checkup_live.c    the same, tried
 */
#include "base/compat.h"
#include "orch/checkup.h"
struct hooks;
struct orch;
struct repo;

void checkup_add(struct checkup *c, enum checkup_level level, const char *name,
		 const char *fmt, ...) PRINTF_LIKE(4, 5);
/* The stored error as a failed check. */
void checkup_add_error(struct checkup *c, const char *name);
/* From here on warnings of the modules belong to this check. */
void checkup_begin(const char *name);

void checkup_turn(struct checkup *c, struct orch *o);
void checkup_remote(struct checkup *c, struct orch *o);
void checkup_actors(struct checkup *c, struct orch *o);
void checkup_hooks(struct checkup *c, struct repo *repo, bool live);
void checkup_live(struct checkup *c, const struct hooks *h, struct repo *repo);
#endif
