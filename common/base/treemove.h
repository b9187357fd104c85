#ifndef BASE_TREEMOVE_H
#define BASE_TREEMOVE_H
/*
 * Moving a directory with all below it, by descriptors of the directories that
 * hold it: what stands above it may be swapped for a symlink meanwhile, and
 * nothing else is touched. All names are single components.
 */
#include "base/compat.h"
struct stat;

/*
 * Rename `name` in `from` to `to_name` in `to`, which must not be there. 0, or
 * -1 with errno: EXDEV between file systems, EEXIST. `is` (may be NULL) is what
 * it must be: if something else has been moved it is put back, and errno is
 * ESTALE.
 */
int tree_rename(int from, const char *name, int to, const char *to_name,
		const struct stat *is);
/*
 * Copy it, between file systems: modes and times are kept, and all is on the
 * disk when this returns. Files, directories and symlinks only. On failure
 * nothing is left at `to_name`. `shown` names it in messages.
 */
int tree_copy(int from, const char *name, int to, const char *to_name,
	      const char *shown);
/*
 * Remove from `name` what is the same in its copy: what was changed or added
 * since stays, and *left says so. 0 or ORCH_ERROR.
 */
int tree_remove_copied(int from, const char *name, int copy, const char *copy_name,
		       const char *shown, bool *left);
/* Remove it with all below, never following a symlink. -1 with errno. */
int tree_remove(int from, const char *name);
/* Whether there is something called .git in it, however deep (128 at most). */
bool tree_has_repository(int dir);
#endif
