#ifndef ORCH_TURN_IMPORT_H
#define ORCH_TURN_IMPORT_H
/* Starting a loop where another tool left it. */
#include "base/compat.h"
#include "orch/turn.h"

struct turn_position {
	int64_t iteration;	/* from 1 */
	size_t step;		/* place in the ring: whose turn is next */
	enum turn_status status;	/* not TURN_RUNNING: nobody holds it */
	struct oid head;	/* what the next actor must have; zero: anything */
	struct turn_last *last;	/* actors of the ring, each once */
	size_t nr_last, alloc_last;
};
#define TURN_POSITION_INIT { .iteration = 1 }
void turn_position_release(struct turn_position *at);

/*
 * Make `at` the state of a loop that nobody has played: the generation stays
 * 0, so it can be done again until somebody plays. ORCH_ENO, saying where the
 * loop stands, once somebody has. With `dry_run` only that is found out.
 */
int turn_import(struct orch *o, const struct turn_position *at, bool dry_run);
#endif
