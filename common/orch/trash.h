#ifndef ORCH_TRASH_H
#define ORCH_TRASH_H
/*
 * orch/trash/ in the common git directory: what cleanup took away, each item in
 * a directory of its own with a manifest, so that it can be put back as it was.
 *
 *   trash_open(&t, &orch, true);              // waits for others at work
 *   trash_move(&t, top, &item);  or  trash_list(&list, &t), trash_restore(...)
 *   trash_close(&t);
 *   trash_open(&t, &orch, false);             // to list only: writes nothing
 *
 * Moving is one rename. To another file system it is a copy, on the disk before
 * the original is removed. Whatever is interrupted leaves the artifact in one
 * of the two places, or in both, never in none.
 */
#include "base/compat.h"
#include "base/lock.h"
struct orch;

struct trash {
	int dir;		/* orch/trash; -1: there is none, and it is only read */
	char *path;
	char *work_tree, *common_dir;
	char *asked;		/* another work tree, which trash_is_elsewhere() looked for */
	bool is_there;
	char *run;		/* the beginning of ids that are given out now */
	unsigned count;
	struct lock lock;
};
#define TRASH_INIT { .dir = -1, .lock = LOCK_INIT }
int trash_open(struct trash *t, struct orch *o, bool writes);
void trash_close(struct trash *t);	/* safe on _INIT, and twice */

struct trash_item {
	char *id;		/* "20260122T024002Z.1" */
	char *path;		/* where it was, from the top of the work tree */
	char *work_tree;	/* of which one */
	char *stamp, *initiative;	/* may be NULL */
	int64_t moved_ms, files, size;
	int64_t mode, mtime_ns;	/* of the directory */
	bool copied;		/* from another file system */
};
void trash_item_release(struct trash_item *i);

/*
 * Move the directory `item->path` below `top`. In: path, stamp, initiative,
 * files, size; out: the rest. ORCH_EBUSY: it is not what it was any more, or
 * part of it changed meanwhile; ORCH_EINVALID: it holds a repository, or
 * something that cannot be copied. It is where it was then.
 */
int trash_move(struct trash *t, int top, struct trash_item *item);
/*
 * Whether it came from another work tree than this one, which is still there: it
 * should go back there. (One that was moved or removed is as good as this one.)
 */
bool trash_is_elsewhere(struct trash *t, const struct trash_item *item);
/* Back to where it was, in the work tree at `top`. ORCH_EEXISTS: there is
 * something. */
int trash_restore(struct trash *t, int top, const struct trash_item *item);
/* For ever. */
int trash_remove(struct trash *t, const struct trash_item *item);

struct trash_list {
	struct trash_item *v;	/* oldest first */
	size_t nr, alloc;
	size_t broken;		/* without a manifest that can be read: left alone */
};
#define TRASH_LIST_INIT { NULL, 0, 0, 0 }
int trash_list(struct trash_list *out, struct trash *t);
void trash_list_release(struct trash_list *l);
#endif
