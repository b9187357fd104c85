/*
 * What we write ourselves: trees, and the commits that hold them.
 *
 * Building a tree from paths with slashes: the entries are sorted, and every
 * directory among them is one treebuilder. Trees that end up empty are left
 * out, as git's index would.
 */
#include "git/object.h"

#include <git2/sys/commit.h>
#include "base/file.h"
#include "git/internal.h"

/* By the name of the first component, then by the rest, so that the entries
 * of one directory lie side by side: '/' sorts before every other byte. */
static int by_path(const void *a, const void *b)
{
	const struct tree_entry *const *x = a, *const *y = b;
	const char *p = (*x)->path, *q = (*y)->path;

	while (*p && *p == *q)
		p++, q++;
	if (*p == *q)
		return 0;
	if (!*p || !*q)
		return *p ? 1 : -1;
	if (*p == '/' || *q == '/')
		return *p == '/' ? -1 : 1;
	return (unsigned char)*p < (unsigned char)*q ? -1 : 1;
}

static int build(struct repo *repo, git_tree *base,
		 const struct tree_entry *const *e, size_t nr, size_t skip,
		 git_oid *out, bool *empty);

/* The entries of one name: the file itself, if given, and what lies below. */
static int build_one(struct repo *repo, git_treebuilder *b, git_tree *base,
		     const struct tree_entry *const *e, size_t nr, size_t skip,
		     const char *name)
{
	const git_tree_entry *old = base ? git_tree_entry_byname(base, name) : NULL;
	bool removed = false, empty = true;
	git_tree *sub = NULL;
	struct oid id;
	git_oid git2_id;
	int rc = 0;

	if (!e[0]->path[skip + strlen(name)]) {
		if (!oid_is_zero(&e[0]->oid)) {
			if (nr > 1)
				return error_set(ORCH_EINVALID, "'%s' cannot be a file "
						 "and hold '%s'", e[0]->path,
						 e[1]->path);
			oid_to_git2(&git2_id, &e[0]->oid);
			rc = git_treebuilder_insert(NULL, b, name, &git2_id,
						    (git_filemode_t)e[0]->mode);
			return rc < 0 ? git2_error(rc, "cannot put '%s' into a tree",
						   e[0]->path) : 0;
		}
		removed = true;
		e++;
		nr--;
	}
	if (nr) {
		if (old && !removed &&
		    git_tree_entry_type(old) == GIT_OBJECT_TREE) {
			oid_from_git2(&id, git_tree_entry_id(old));
			if ((rc = tree_open(&sub, repo, &id)) < 0)
				return rc;
		}
		rc = build(repo, sub, e, nr, skip + strlen(name) + 1, &git2_id, &empty);
		git_tree_free(sub);
		if (rc < 0)
			return rc;
		if (!empty) {
			rc = git_treebuilder_insert(NULL, b, name, &git2_id,
						    GIT_FILEMODE_TREE);
			return rc < 0 ? git2_error(rc, "cannot put '%s' into a tree",
						   name) : 0;
		}
		/* Only removals below something that is no directory. */
		if (!sub && !removed)
			return 0;
	}
	if (old && (rc = git_treebuilder_remove(b, name)) < 0)
		return git2_error(rc, "cannot remove '%s' from a tree", name);
	return 0;
}

static int build(struct repo *repo, git_tree *base,
		 const struct tree_entry *const *e, size_t nr, size_t skip,
		 git_oid *out, bool *empty)
{
	git_treebuilder *b = NULL;
	size_t i, j;
	int rc;

	rc = git_treebuilder_new(&b, repo->git2, base);
	if (rc < 0)
		return git2_error(rc, "cannot start a tree");
	for (i = 0; rc == 0 && i < nr; i = j) {
		const char *at = e[i]->path + skip;
		size_t len = strcspn(at, "/");
		char *name = xstrndup(at, len);

		for (j = i + 1; j < nr; j++) {
			const char *p = e[j]->path + skip;

			if (strncmp(p, at, len) || (p[len] && p[len] != '/'))
				break;
		}
		rc = build_one(repo, b, base, e + i, j - i, skip, name);
		free(name);
	}
	if (rc == 0) {
		*empty = git_treebuilder_entrycount(b) == 0;
		rc = git_treebuilder_write(out, b);
		if (rc < 0)
			rc = git2_error(rc, "cannot write a tree");
	}
	git_treebuilder_free(b);
	return rc;
}

int tree_write(struct repo *repo, const struct oid *base,
	       const struct tree_entry *entries, size_t nr, struct oid *out)
{
	const struct tree_entry **sorted;
	git_tree *tree = NULL;
	git_oid id;
	bool empty;
	size_t i;
	int rc = 0;

	sorted = xcalloc(nr + 1, sizeof(const struct tree_entry *));
	for (i = 0; i < nr; i++) {
		sorted[i] = &entries[i];
		if (!path_is_safe(entries[i].path)) {
			rc = error_set(ORCH_EINVALID, "'%s' cannot be a path in a tree",
				       entries[i].path);
			goto out;
		}
	}
	qsort(sorted, nr, sizeof(*sorted), by_path);
	for (i = 1; i < nr; i++)
		if (str_eq(sorted[i]->path, sorted[i - 1]->path)) {
			rc = error_set(ORCH_EINVALID, "'%s' stands twice in a tree",
				       sorted[i]->path);
			goto out;
		}
	if (base && !oid_is_zero(base) && (rc = tree_open(&tree, repo, base)) < 0)
		goto out;
	rc = build(repo, tree, sorted, nr, 0, &id, &empty);
	if (rc == 0)
		oid_from_git2(out, &id);
out:
	git_tree_free(tree);
	free(sorted);
	return rc;
}

int commit_write(struct repo *repo, const struct oid *tree,
		 const struct oid *parents, size_t nr_parents,
		 const char *message, int64_t time, struct oid *out)
{
	git_signature *who = NULL;
	git_oid id, tree_id, *ids = xcalloc(nr_parents + 1, sizeof(*ids));
	const git_oid **list = xcalloc(nr_parents + 1, sizeof(*list));
	size_t i;
	int rc;

	oid_to_git2(&tree_id, tree);
	for (i = 0; i < nr_parents; i++) {
		oid_to_git2(&ids[i], &parents[i]);
		list[i] = &ids[i];
	}
	/* By name only: no user's identity, signature or encoding comes in, and
	 * a parent beyond the border of a shallow clone is fine. */
	rc = git_signature_new(&who, "git-orch", "git-orch@localhost", time, 0);
	if (rc == 0)
		rc = git_commit_create_from_ids(&id, repo->git2, NULL, who, who, NULL,
						message, &tree_id, nr_parents, list);
	if (rc == 0)
		oid_from_git2(out, &id);
	else
		rc = git2_error(rc, "cannot write a commit");
	git_signature_free(who);
	free(list);
	free(ids);
	return rc;
}
