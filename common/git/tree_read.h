#ifndef GIT_TREE_READ_H
#define GIT_TREE_READ_H
/*
 * Only for the files of common/git: read a tree without building a list of its
 * entries. Calling sequence: tree_reader_open(), tree_reader_next() while it
 * returns 1, tree_reader_close(). The name lives until the reader is closed.
 */
#include "git/internal.h"

struct tree_reader {
	const char *name;	/* of the current entry; NULL: none (any more) */
	unsigned mode;		/* one of GIT_FILEMODE_* */
	struct oid id;
	struct oid oid;		/* the tree itself */
	git_odb_object *object;
	const char *at, *end;
};

/*
 * Open the tree `oid` (replaced ones are followed, missing ones are fetched).
 * Fails with ORCH_ENOTFOUND, and ORCH_EINVALID if it is no tree. Needs no
 * tree_reader_close() after a failure; a zeroed reader may be closed.
 */
int tree_reader_open(struct tree_reader *r, struct repo *repo, git_odb *odb,
		     const struct oid *oid);
/* 1 and the next entry, 0 at the end, or ORCH_EINVALID for a broken tree. */
int tree_reader_next(struct tree_reader *r);
void tree_reader_close(struct tree_reader *r);
#endif
