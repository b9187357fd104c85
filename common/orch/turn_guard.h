#ifndef ORCH_TURN_GUARD_H
#define ORCH_TURN_GUARD_H
/*
 * For who works under a turn: to know at once when it is lost, and to say
 * what is at stake then.
 *
 *   turn_guard_arm()    before the child is recorded: then nothing is missed
 *   poll() on turn_guard_fd(), until turn_guard_due()
 *   turn_guard_look()   whenever one of them says so
 */
#include "orch/turn.h"
#include "orch/turn_internal.h"

struct turn_guard {
	struct turn_watch watch;
	int64_t generation;	/* 0: nothing is guarded */
	int64_t due_ms;		/* boot clock; -1: only when the watch says so */
	bool shared_fs;
};
#define TURN_GUARD_INIT { TURN_WATCH_INIT, 0, -1, false }
void turn_guard_arm(struct turn_guard *g, struct orch *o, const struct turn *t);
/* Readable when the state may have changed; -1: nothing will say so. */
int turn_guard_fd(const struct turn_guard *g);
/* When to look without being told; -1: never. Boot clock, ms. */
int64_t turn_guard_due(const struct turn_guard *g);
/*
 * 0: the turn is ours, or nothing says that it is not. ORCH_ENO: it is lost,
 * and the message says who has it. ORCH_ENOTFOUND: it has been given back.
 */
int turn_guard_look(struct turn_guard *g, struct orch *o);
void turn_guard_close(struct turn_guard *g);

/*
 * Record the turn `held` as lost, with the last error's message as the reason,
 * unless its successor has done so, and warn of the commits that were made
 * under it and are on no remote and no other branch. Keeps the message.
 */
void turn_record_lost(struct orch *o, const struct turn *held);
/* Only the warning; `before` is HEAD as the turn began. */
void turn_warn_commits(struct orch *o, const struct oid *before);
#endif
