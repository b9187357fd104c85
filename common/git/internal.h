#ifndef GIT_INTERNAL_H
#define GIT_INTERNAL_H
/* Only for the files of common/git: what a repository really is. */
#include <git2.h>
#include "base/compat.h"
#include "base/error.h"
#include "base/strbuf.h"
#include "git/oid.h"

struct repo {
	git_repository *git2;
	char *git_dir, *common_dir, *work_tree;
	char *index_file;	/* GIT_INDEX_FILE, made absolute; else NULL */
	bool linked, shallow;
	bool explicit_dir;	/* GIT_DIR named it */
	bool explicit_tree;	/* GIT_WORK_TREE named the work tree */
	bool from_environment;	/* the GIT_* of this process are about it */
	int partial;		/* a promisor has the rest: -1 not yet known */
	struct replacements *replaced;	/* see git/history.h; NULL: not yet read */
	struct strbuf status_text;	/* what git status last said... */
	struct oid status_head;		/* ...with this HEAD... */
	int64_t status_ms;		/* ...at this boot time; 0: forgotten */
};

/* Start libgit2, once. repo_open() does it. */
int git2_start(void);
/* Store libgit2's message behind ours; returns the code that fits. */
int git2_error(int rc, const char *fmt, ...) PRINTF_LIKE(2, 3);

static inline void oid_from_git2(struct oid *out, const git_oid *in)
{
	memcpy(out->raw, in->id, OID_RAW);
}
static inline void oid_to_git2(git_oid *out, const struct oid *in)
{
	memcpy(out->id, in->raw, OID_RAW);
}

struct config_entries;
/* Append what `git -c` and GIT_CONFIG_COUNT say. */
int gitconfig_from_command(struct config_entries *out);

/* The tree of a tree, a commit or a tag. Free it with git_tree_free(). */
int tree_open(git_tree **out, struct repo *repo, const struct oid *oid);
/*
 * Ask git for an object that only the promisor of a partial clone has. True
 * if it is here now.
 */
bool object_fetch_missing(struct repo *repo, const struct oid *oid);

/*
 * Replaced objects (refs/replace/): libgit2 1.5 does not know them. The object
 * that git would read in place of `oid`; `oid` itself if there is none.
 */
const struct oid *object_replaced(struct repo *repo, const struct oid *oid);
bool object_any_replaced(struct repo *repo);
void replacements_free(struct replacements *r);
/* Between diff.c and diff_rename.c. The list is sorted by path, and stays so. */
struct change;
struct change_list;
int diff_find_renames(struct repo *repo, struct change_list *l);
bool diff_is_blob(unsigned mode);
void change_release(struct change *c);
#endif
