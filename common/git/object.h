#ifndef GIT_OBJECT_H
#define GIT_OBJECT_H
/* Blobs, trees and commits. Missing objects are ORCH_ENOTFOUND. */
#include "base/compat.h"
#include "base/strbuf.h"
#include "git/oid.h"
struct repo;

/* Append the blob's bytes. More than `max`: ORCH_EINVALID. */
int blob_read(struct repo *repo, const struct oid *oid, size_t max,
	      struct strbuf *out);
/* The very bytes of that name, whatever git reads in their place (refs/replace). */
int blob_read_exact(struct repo *repo, const struct oid *oid, size_t max,
		    struct strbuf *out);
int blob_size(struct repo *repo, const struct oid *oid, uint64_t *size);
int blob_write(struct repo *repo, const void *data, size_t len,
	       struct oid *out);
void blob_hash(const void *data, size_t len, struct oid *out);
bool object_exists(struct repo *repo, const struct oid *oid);

/* The entry at `path` below a tree. ORCH_ENOTFOUND if there is none. `mode`
 * (may be NULL) is git's: 0100644, 040000, ... */
int tree_lookup(struct repo *repo, const struct oid *tree, const char *path,
		struct oid *out, unsigned *mode);
/* The names directly below `path` of a tree ("": of its root), in git's order;
 * ORCH_ENOTFOUND if it is no directory there. */
struct strvec;
int tree_list(struct repo *repo, const struct oid *tree, const char *path,
	      struct strvec *names);
/* Every blob below a tree in path order, without submodules. A negative
 * result of `each` ends the walk and is returned. */
typedef int tree_each(const char *path, const struct oid *oid, unsigned mode,
		      void *data);
int tree_walk(struct repo *repo, const struct oid *tree, tree_each *each,
	      void *data);
/* Build a tree from paths with slashes. `base` (may be NULL) gives the rest;
 * a zero oid removes a path. */
struct tree_entry {
	const char *path;
	struct oid oid;
	unsigned mode;	/* 0100644, 0100755, 0120000, 040000 */
};
int tree_write(struct repo *repo, const struct oid *base,
	       const struct tree_entry *entries, size_t nr, struct oid *out);

/*
 * Write a commit of our own: author and committer are always git-orch, at
 * `time` (seconds, UTC); it is never signed, and no reference moves.
 */
int commit_write(struct repo *repo, const struct oid *tree,
		 const struct oid *parents, size_t nr_parents,
		 const char *message, int64_t time, struct oid *out);

struct commit_info {
	struct oid oid, tree;
	struct oid *parents;
	size_t nr_parents;
	char *subject;
	char *message;
	char *author;		/* name */
	int64_t time;		/* committer, seconds */
};
#define COMMIT_INFO_INIT { OID_ZERO, OID_ZERO, NULL, 0, NULL, NULL, NULL, 0 }
int commit_read(struct repo *repo, const struct oid *oid,
		struct commit_info *out);
void commit_info_release(struct commit_info *c);

struct commit_list {
	struct commit_info *v;	/* newest first, as git log */
	size_t nr, alloc;
	bool truncated;		/* more than `max`, or a shallow border */
};
#define COMMIT_LIST_INIT { NULL, 0, 0, false }
/*
 * Commits reachable from `to` and not from `from` (zero oid: no bound), at
 * most `max`; also in shallow clones.
 */
int commits_between(struct repo *repo, const struct oid *from,
		    const struct oid *to, size_t max, struct commit_list *out);
void commit_list_release(struct commit_list *l);

/* The same without reading them, for several bounds and several tips. */
struct commit_oids {
	struct oid *v;		/* newest first */
	size_t nr, alloc;
	bool truncated;		/* more than `max` */
	bool cut;		/* it ends at the border of a shallow clone */
};
#define COMMIT_OIDS_INIT { NULL, 0, 0, false, false }
int commits_outside(struct repo *repo, const struct oid *from, size_t nr,
		    const struct oid *to, size_t nr_to, size_t max,
		    struct commit_oids *out);
void commit_oids_release(struct commit_oids *l);
/*
 * Where `to` left the history of the commits `from`, as git merge-base says: the
 * best one, `to` itself if they have it, zero if they have nothing in common.
 * In a shallow clone what lies at its border counts as theirs.
 */
int commit_base(struct repo *repo, const struct oid *from, size_t nr,
		const struct oid *to, struct oid *base);
/* The commit that a tag (of a tag...) leads to. ORCH_EINVALID: it leads to none;
 * ORCH_ENOTFOUND: there is no such object. */
int commit_peel(struct repo *repo, const struct oid *oid, struct oid *commit);
/* Whether `ancestor` is `commit` or reachable from it. Missing: false. */
int commit_is_ancestor(struct repo *repo, const struct oid *ancestor,
		       const struct oid *commit, bool *yes);
#endif
