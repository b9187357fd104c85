#ifndef GIT_REPO_H
#define GIT_REPO_H
/*
 * A repository, opened as git would open it: from the environment git gives
 * to hooks and commands (GIT_DIR, GIT_WORK_TREE, GIT_COMMON_DIR, ceilings),
 * else by searching upwards from the current directory. Main and linked work
 * trees, bare, submodules, separate git directories.
 *
 * What libgit2 1.5 cannot serve (SHA-256, reftable, unknown extensions) is
 * ORCH_EUNSUPPORTED with the reason in the message; where git accepts an owner
 * that libgit2 rejects (safe.directory=*), git is asked once.
 */
#include "base/compat.h"
#include "git/oid.h"
struct repo;	/* opaque; git/ sees through it by git/internal.h */

enum repo_flags {
	REPO_IN_HOOK = 1 << 0	/* git has already checked the owner */
};
/* ORCH_ENOTFOUND outside any repository. `dir` NULL: the current directory. */
int repo_open(struct repo **out, const char *dir, unsigned flags);
void repo_free(struct repo *repo);

/* Absolute paths without trailing slash; borrowed. */
const char *repo_git_dir(const struct repo *repo);	/* this work tree's own */
const char *repo_common_dir(const struct repo *repo);	/* shared by all */
const char *repo_work_tree(const struct repo *repo);	/* NULL when bare */
bool repo_is_linked_worktree(const struct repo *repo);
bool repo_is_shallow(const struct repo *repo);
/* From now on read objects as they are, whatever refs/replace/ says. */
void repo_ignore_replacements(struct repo *repo);

/*
 * HEAD: its commit (zero while unborn) and its branch without refs/heads/
 * (NULL when detached; free it). Either out-parameter may be NULL.
 */
int repo_head(struct repo *repo, struct oid *commit, char **branch);
/* Any revision expression to the object it names, peeled to a commit. */
int repo_resolve(struct repo *repo, struct oid *commit, const char *rev);
/* rebase, merge, am, ... in progress: its name, or NULL. Static string. */
const char *repo_operation(const struct repo *repo);

/* Whether an untracked path would be ignored (.gitignore, info/exclude). */
int repo_is_ignored(struct repo *repo, const char *path, bool *ignored);
/* Whether the index has the path. Asks git where libgit2 cannot read the
 * index (split, sparse). */
int repo_is_tracked(struct repo *repo, const char *path, bool *tracked);
#endif
