#ifndef ORCH_DOCSET_H
#define ORCH_DOCSET_H
/*
 * A set of documents at one moment: which path had which bytes. Where it comes
 * from does not matter: the work tree, a view's tree, a commit of long ago.
 */
#include "base/compat.h"
#include "git/oid.h"
struct repo;

struct docver {
	char *path;
	struct oid oid;
	uint64_t size;		/* bytes; 0 where nobody has asked */
};
struct docset {
	struct docver *v;	/* in the order in which they were added */
	size_t nr, alloc;
	size_t *by_path;	/* docset_find()'s index; NULL until it is needed */
};
#define DOCSET_INIT { NULL, 0, 0, NULL }

struct docver *docset_add(struct docset *s, const char *path,
			  const struct oid *oid, uint64_t size);
/* NULL if it has none of that path. */
struct docver *docset_find(struct docset *s, const char *path);
/* `d` is one of its own; the order of the others stays. */
void docset_remove(struct docset *s, struct docver *d);
/* Whether both have the same versions of the same documents. */
bool docset_equal(const struct docset *a, struct docset *b);
void docset_copy(struct docset *out, const struct docset *s);
/*
 * Every regular file below a tree, without those whose bytes are gone (gc, a
 * shallow fetch). A zero oid, or a tree that cannot be read, is the empty set.
 */
void docset_from_tree(struct docset *out, struct repo *repo,
		      const struct oid *tree);
/* The tree that keeps them from being collected; zero for the empty set. */
int docset_to_tree(const struct docset *s, struct repo *repo, struct oid *tree);
void docset_release(struct docset *s);
#endif
