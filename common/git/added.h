#ifndef GIT_ADDED_H
#define GIT_ADDED_H
/*
 * Which commit added a path (a file or a directory), for many paths in one walk
 * through history. Trees are compared only where paths are asked for and where
 * they differ.
 */
#include "base/compat.h"
#include "git/oid.h"
struct commit_info;
struct repo;

/* Which of `paths` (sorted by byte) a commit or tree has. */
int tree_has_paths(struct repo *repo, const struct oid *commit,
		   const char *const *paths, size_t nr, bool *has);

struct path_added {
	struct oid commit;	/* zero: not found */
	int64_t time;		/* of the commit, seconds */
	int64_t mark;		/* see below; 0: none */
};
/*
 * A number for a commit, or 0 for none: a path gets that of the commit that
 * added it or, if it has none, of the nearest one above it that is at most
 * ADDED_MARK_REACH seconds younger. May be NULL.
 */
#define ADDED_MARK_REACH 86400
typedef int64_t added_mark(const struct commit_info *c, void *data);
/*
 * From `head`, which has all of `paths` (sorted by byte), back through at most
 * `max` commits. What is not found by then, or lies beyond the border of a
 * shallow clone, stays zero.
 */
int paths_added(struct repo *repo, const struct oid *head, const char *const *paths,
		size_t nr, size_t max, added_mark *mark, void *data,
		struct path_added *out);
#endif
