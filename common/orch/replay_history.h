#ifndef ORCH_REPLAY_HISTORY_H
#define ORCH_REPLAY_HISTORY_H
/* What a history says: where turns begin, which documents there were. Only
 * replay.c needs this. */
#include "orch/replay.h"

/* The documents of a commit for an actor. `before` (sizes that are known) may be
 * the set of the turn before. */
int replay_documents(struct docset *out, struct replay *r, const char *actor,
		     const struct oid *commit, struct docset *before);
#endif
