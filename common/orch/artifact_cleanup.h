#ifndef ORCH_ARTIFACT_CLEANUP_H
#define ORCH_ARTIFACT_CLEANUP_H
/*
 * Which artifacts may go. Only those with a stamp: an age that nobody wrote
 * down is no age. Never one that orch.input, the focus or an open item of the
 * plan names, by its stamp or the last part of its path.
 *
 *   cleanup_choose(&c, ix, &orch, &request);
 *   ... c.v[0..c.nr) may be moved: orch/trash.h
 *   cleanup_release(&c);
 */
#include "base/compat.h"
struct artifacts;
struct orch;
struct trash_item;

struct cleanup_request {
	int64_t older_than;	/* seconds since the time of the stamp */
	int64_t keep_latest;	/* of each initiative, whatever their age */
	int64_t larger_than;	/* bytes; < 0: any */
	const char *initiative;	/* NULL: all */
	bool tracked;		/* also what git has */
};
struct cleanup {
	struct trash_item *v;	/* path, stamp, initiative, files and size are set */
	size_t nr, alloc;
	int64_t size;
	/* Old enough, and kept nevertheless. */
	size_t latest, named, tracked;
	bool no_plan;		/* there is none: it names nothing */
};
#define CLEANUP_INIT { NULL, 0, 0, 0, 0, 0, 0, false }
/* A plan that is there but cannot be read is an error: it may name something. */
int cleanup_choose(struct cleanup *out, struct artifacts *ix, struct orch *o,
		   const struct cleanup_request *req);
void cleanup_release(struct cleanup *c);

/* --- artifact_named.c: those that are still of interest -------------------- */

struct named;
/* *no_plan: there is none. Free it with named_free(). */
int named_load(struct named **out, struct orch *o, bool *no_plan);
bool named_has(const struct named *n, const char *path, const char *stamp);
void named_free(struct named *n);
#endif
