#ifndef GIT_STATCACHE_H
#define GIT_STATCACHE_H
/*
 * Object names of work tree files without reading those that have not
 * changed: a git index file of our own whose entries carry stat data. A hit
 * costs one lstat. Files as young as the cache itself are read again (git's
 * "racily clean" rule, in nanoseconds). Bytes are hashed as they are: no filters.
 *
 *   statcache_open(&c, repo, path);      // a missing or broken file is empty
 *   statcache_lookup(c, rel, ...);       // for each file
 *   statcache_save(c);                   // only if something was learnt
 *   statcache_free(c);
 */
#include "base/compat.h"
#include "git/oid.h"
struct repo;
struct statcache;

int statcache_open(struct statcache **out, struct repo *repo, const char *path);
/*
 * The blob of the work tree file `rel`. Reads and hashes it when the stat
 * data does not prove it unchanged, then also stores it as a blob in the
 * repository if `store`. *hit says whether no read was needed; `size` and
 * `hit` may be NULL. A hit whose blob is not in the repository counts as a miss when `store`.
 * ORCH_ENOTFOUND: no such file. ORCH_EINVALID: unsafe path, leaves the tree,
 * no regular file, or over `max` bytes; the message says which.
 */
int statcache_lookup(struct statcache *c, const char *rel, size_t max,
		     bool store, struct oid *oid, uint64_t *size, bool *hit);
/* What is remembered of this file does not count. */
void statcache_forget(struct statcache *c, const char *rel);
int statcache_save(struct statcache *c);
void statcache_free(struct statcache *c);
#endif
