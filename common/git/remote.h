#ifndef GIT_REMOTE_H
#define GIT_REMOTE_H
/*
 * A remote repository, spoken to by git itself as a process: it never asks,
 * reads none of the user's fetch.* and push.* settings (nor remote.<n>.mirror,
 * .prune, .push, .fetch, .tagOpt), follows no tags, and is given up when it
 * shows no sign of life for a while. What is pushed and fetched is said in full
 * names of references; nothing else moves (but a push takes git's own tracking
 * reference along, as ever). Of several push URLs the first one decides, and
 * the others are copies: what they refuse is a warning.
 *
 * Every function returns
 *   0                  done
 *   ORCH_EBUSY         not reachable, or broken off: for a push the outcome is
 *                      unknown, and only remote_ls() can tell
 *   ORCH_EINTERRUPTED  interrupt_fd became readable; as unknown as the above
 *   ORCH_ENO           (pushes) refused; the results say which, and why
 *   ORCH_ENOTFOUND     no such remote is configured
 */
#include "base/compat.h"
#include "git/oid.h"
struct repo;

struct remote {
	struct repo *repo;
	const char *name;	/* "origin", a URL or a path. Borrowed */
	int64_t stall;		/* seconds without a sign of life; 0: 60 */
	int interrupt_fd;	/* readable: give up; -1: none */
};

/* How often this process has started git for the network. */
struct remote_counts {
	int64_t pushes, fetches, looks;
};
extern struct remote_counts remote_counts;

/* Whether `name` can be spoken to at all: a configured remote, a URL or a
 * path; never an option. ORCH_ENOTFOUND names the remotes that exist. */
int remote_check(const struct remote *r);
/* The remotes that are configured, in git's order, appended. */
struct strvec;
int remote_names(struct repo *repo, struct strvec *out);

struct remote_ref {
	const char *name;	/* in full: refs/heads/main. Borrowed */
	struct oid oid;		/* filled in; zero: it has none of that name */
};
/* Look references up, in one round trip. */
int remote_ls(const struct remote *r, struct remote_ref *refs, size_t nr);

struct remote_fetch {
	const char *from;	/* there, in full. Borrowed */
	const char *to;		/* here, in full: set to it even backwards, and
				 * removed when the remote has no `from` */
	struct oid oid;		/* filled in; zero: it has none of that name */
};
/* Bring references and what they need, in one fetch (a second one, after a
 * look, only when the remote lacks some of them). */
int remote_fetch(const struct remote *r, struct remote_fetch *refs, size_t nr);

enum push_result {
	PUSH_NOT_TRIED,		/* another one was refused */
	PUSH_DONE,		/* it is there now, or was already: git does not
				 * look at `expected` when it is (two pushers of
				 * the same commit both succeed) */
	PUSH_MOVED,		/* it was not what was expected; for one without
				 * `expected`: not a fast-forward */
	PUSH_REFUSED		/* a hook here or there, a rule, missing rights */
};
struct remote_push {
	struct oid oid;		/* what to put there; zero: remove it */
	const char *ref;	/* there, in full. Borrowed */
	const struct oid *expected;	/* only if this is there now; zero: only if
					 * nothing is. NULL: only by fast-forward */
	enum push_result result;
	char *reason;		/* one line; NULL unless MOVED or REFUSED. Free it:
				 * remote_push_release() */
};
enum remote_push_flags {
	REMOTE_RUN_HOOKS = 1 << 0	/* the user's pre-push hook; else --no-verify */
};
/*
 * Put all of them there or none. A remote that cannot do that gets them one by
 * one, in the order given, up to the first that is refused. ORCH_ENO when any
 * was not done.
 */
int remote_push(const struct remote *r, struct remote_push *v, size_t nr,
		unsigned flags);
void remote_push_release(struct remote_push *v, size_t nr);

/*
 * Move HEAD's branch (or a detached HEAD) forward to `to`, with its files.
 * Not a network matter, but the same git. Nothing changes unless it is 0:
 *   ORCH_ENO        neither contains the other: they have diverged
 *   ORCH_EBUSY      a rebase or merge is under way, or files are in the way:
 *                   the message names the first and how many
 *   ORCH_ENOTFOUND  there is no such commit here
 * 0 also when HEAD contains it already. *moved says whether anything moved.
 */
int worktree_fast_forward(struct repo *repo, const struct oid *to, bool *moved);
#endif
