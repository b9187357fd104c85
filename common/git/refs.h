#ifndef GIT_REFS_H
#define GIT_REFS_H
/* References, moved by compare-and-swap only. */
#include "base/compat.h"
#include "git/oid.h"
struct repo;

/* ORCH_ENOTFOUND if there is none. Not peeled: the target as stored. */
int ref_read(struct repo *repo, const char *name, struct oid *out);
/*
 * Set `name` to `new_oid` if it still is `old_oid` (zero: must not exist).
 * ORCH_EMODIFIED when it is not; a held lock file is retried with jitter for
 * about a second; one that a killed process left on a reference of ours is
 * removed. No reflog, no hook.
 */
int ref_update(struct repo *repo, const char *name, const struct oid *new_oid,
	       const struct oid *old_oid);
/* Whether its file holds neither an object name nor another reference, as a crash
 * of the machine leaves it: then ref_read() fails with something else. */
bool ref_is_broken(struct repo *repo, const char *name);
/* Remove it, if it is that; nobody must be writing it. */
int ref_discard_broken(struct repo *repo, const char *name);
/* Same condition; deleting what is missing is fine when old_oid is zero. */
int ref_delete(struct repo *repo, const char *name, const struct oid *old_oid);
/* Names below a prefix ("refs/orch/"), sorted. A negative result ends it. */
typedef int ref_each(const char *name, const struct oid *oid, void *data);
int ref_list(struct repo *repo, const char *prefix, ref_each *each, void *data);
#endif
