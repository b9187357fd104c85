#ifndef ORCH_CHECKRANGE_H
#define ORCH_CHECKRANGE_H
/* What `git orch check` is asked to judge: a turn, a push to come, or a range. */
#include "base/compat.h"
#include "orch/check.h"
struct orch;

struct check_request {
	enum check_stage stage;
	const char *range;	/* "A..B"; NULL: what the stage is about */
	const char *focus;	/* NULL: what the documents say */
	const char *actor;	/* NULL: who it is */
};
/*
 * Judge. Before a turn: the work tree. After one: the commits of the turn that is
 * held, and what changed in the work tree since it began; where none is held, of the
 * last one that has a receipt. Before a push: this branch, and where it would go. A
 * range: the commits of B that A has not, by the .orchconfig of A.
 *
 * *rules is what was applied. ORCH_ENOTFOUND names what is missing, and in a shallow
 * clone how to get it.
 */
int check_request(struct check_report *out, struct check_rules *rules, struct orch *o,
		  const struct check_request *req);
#endif
