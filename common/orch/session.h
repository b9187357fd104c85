#ifndef ORCH_SESSION_H
#define ORCH_SESSION_H
/*
 * Whether an actor's next turn goes on in the agent session of its last one, and
 * what of its prompt the provider's cache should still hold.
 */
#include "base/compat.h"
struct json;
struct orch;
struct prompt;
struct receipt;

/* The longest gap between two turns of one session, seconds. */
#define SESSION_GAP 3600

/*
 * The id of the session to be resumed, yours to free; NULL for a fresh one:
 * there is no orchactor.<name>.resume, the last turn failed, was an hour ago
 * or had its session compacted, the session has taken orch.sessionTurns turns,
 * or its id is nothing to put on a command line.
 */
char *session_to_resume(struct orch *o, const char *actor);
/* A random (version 4) UUID, for an agent that takes the id of a new session. */
#define SESSION_ID_SIZE 37
bool session_new_id(char id[SESSION_ID_SIZE]);

/*
 * Tokens of this prompt that should be read from the cache: its leading parts
 * that the last prompt of the actor had as well, byte for byte, if that is not
 * longer ago than a cache lives. -1: nothing can be said (a resumed session).
 */
int64_t session_promise(struct orch *o, const char *actor, const struct prompt *p);
/*
 * For how many seconds the provider still keeps what was sent to the actor last:
 * counted from the end of its last turn or, if that is later, from `packed_ms`
 * (wall clock). 0: no longer.
 */
int64_t session_cache_left(struct orch *o, const char *actor, int64_t packed_ms);
#endif
