#ifndef GIT_DIFF_H
#define GIT_DIFF_H
/*
 * What changed between two trees. The walk descends only where the trees
 * differ (libgit2's own tree diff reads both whole); renames are found among
 * what remains, at git's default similarity of 50 %.
 */
#include "base/compat.h"
#include "git/oid.h"
struct repo;
struct strbuf;

struct change {
	char *path;
	char *old_path;		/* of a rename; else NULL */
	char status;		/* A M D R T */
	struct oid old_oid, new_oid;	/* zero where there is none */
	unsigned old_mode, new_mode;
	int64_t added, removed;	/* lines; -1: binary */
};
struct change_list {
	struct change *v;	/* by path */
	size_t nr, alloc;
};
#define CHANGE_LIST_INIT { NULL, 0, 0 }

enum diff_flags {
	DIFF_RENAMES = 1 << 0,
	DIFF_LINES = 1 << 1	/* count added and removed lines */
};
/* `a` and `b` are commits or trees; a zero oid is the empty tree. */
int diff_trees(struct repo *repo, const struct oid *a, const struct oid *b,
	       unsigned flags, struct change_list *out);
void change_list_release(struct change_list *l);

/*
 * The hunks of a unified diff of two texts, without file headers; nothing if
 * they are equal. Where `heading` is given it appends what stands behind the
 * second @@: the section in which line `line` (from 1) of the new text lies.
 */
typedef void diff_heading(struct strbuf *out, size_t line, void *data);
int diff_hunks(struct strbuf *out, const void *a, size_t na, const void *b,
	       size_t nb, unsigned context, diff_heading *heading, void *data);
/* A unified diff of two texts with a/path and b/path headers; "" if equal. */
int diff_text(struct strbuf *out, const char *path, const void *a, size_t na,
	      const void *b, size_t nb, unsigned context);
#endif
