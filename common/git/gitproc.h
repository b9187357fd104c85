#ifndef GIT_GITPROC_H
#define GIT_GITPROC_H
/*
 * git itself, started as a process, for what libgit2 cannot or should not do:
 * the network, status with all its rules, writing configuration.
 */
#include "base/compat.h"
#include "base/strbuf.h"
#include "base/spawn.h"
#include "git/oid.h"
struct repo;

/*
 * Prepare a git command for this repository: "git", the arguments (NULL-ended
 * list), the work tree (or git dir) as its directory, GIT_DIR and friends as
 * the repository was opened, GIT_TERMINAL_PROMPT=0, GIT_OPTIONAL_LOCKS=0.
 */
void gitproc_prepare(struct spawn *s, const struct repo *repo,
		     const char *const *args);
/* Run it to its end and capture stdout. A failure is ORCH_ERROR with git's
 * exit code in the message. */
int gitproc_capture(const struct repo *repo, struct strbuf *out,
		    const char *const *args);

/* The work tree against HEAD, as `git status` sees it (untracked included,
 * ignored not). */
struct status_entry {
	char *path;
	char *old_path;	/* of a rename; else NULL */
	char status;	/* A M D R T, ? untracked, U unmerged */
};
struct status_list {
	struct status_entry *v;
	size_t nr, alloc;
};
#define STATUS_LIST_INIT { NULL, 0, 0 }
int worktree_status(struct repo *repo, struct status_list *out);
/*
 * The same, but what git status said in this process at most a second ago,
 * with the same HEAD, is good enough: the end of a turn and the beginning of
 * the next one look at the same tree. A process that has let others work in
 * between calls worktree_status_forget() first.
 */
int worktree_status_recent(struct repo *repo, struct status_list *out);
void worktree_status_forget(struct repo *repo);
void status_list_release(struct status_list *l);
/*
 * A name for the state of the work tree (a recent one, as above): two calls
 * give the same only if `git status` says the same and no file it lists has
 * changed in between.
 */
int worktree_signature(struct repo *repo, struct oid *out);
#endif
