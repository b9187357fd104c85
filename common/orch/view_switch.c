/*
 * What a switch of branches does to views: a key frame shows documents, and where
 * the new branch has others, a new one is due. What was seen stays seen.
 */
#include <sys/stat.h>

#include "base/error.h"
#include "git/object.h"
#include "git/statcache.h"
#include "orch/layoutstore.h"
#include "orch/orch.h"
#include "orch/view.h"
#include "orch/viewstore.h"

/*
 * Whether a document is not what the last turn found. The commit's blob says so
 * without a read; where it differs, the file may be an edit that was carried
 * along, or have other line ends.
 */
static bool differs(struct orch *o, struct statcache *files, const struct oid *tree,
		    const struct layout_doc *d)
{
	size_t max = (size_t)config_get_int(o->config, "orch.maxDocument");
	struct oid now;
	unsigned mode;
	int rc = tree_lookup(o->repo, tree, d->path, &now, &mode);

	error_clear();
	if (rc == 0 && oid_eq(&now, &d->last))
		return false;
	rc = files ? statcache_lookup(files, d->path, max, false, &now, NULL, NULL) : rc;
	error_clear();
	if (rc < 0)
		return !oid_is_zero(&d->last);
	return !oid_eq(&now, &d->last);
}

static bool any_differs(struct orch *o, const struct oid *tree, const struct layout *l)
{
	char *path = xstrfmt("%s/orch/none", repo_git_dir(o->repo));
	struct statcache *files = NULL;
	bool found = false;

	/* A cache of nothing: what git just wrote is too young to be known. */
	if (statcache_open(&files, o->repo, path) < 0)
		error_clear();
	for (size_t i = 0; i < l->nr && !found; i++)
		found = differs(o, files, tree, &l->docs[i]);
	statcache_free(files);
	free(path);
	return found;
}

/* With the view's lock, or not at all: a checkout waits for nobody. */
static int drop(struct orch *o, const char *actor, const struct oid *tree)
{
	struct view_store store = VIEW_STORE_INIT;
	struct layout l = LAYOUT_INIT;
	struct lock lock = LOCK_INIT;
	int rc;

	if ((rc = view_store_load(&store, o, actor)) < 0 || oid_is_zero(&store.layout) ||
	    (rc = view_try_lock(&lock, o, actor)) < 0)
		goto out;
	layout_load(&l, o->repo, &store.layout);
	if (!l.nr_parts || l.invalid || !any_differs(o, tree, &l))
		goto out;
	l.invalid = true;
	if ((rc = layout_save(&l, o->repo, &store.layout)) == 0)
		rc = view_store_save(&store, o, actor);
out:
	lock_release(&lock);
	layout_release(&l);
	view_store_release(&store);
	return rc;
}

int view_drop_frames(struct orch *o, const struct oid *commit)
{
	struct commit_info info = COMMIT_INFO_INIT;
	struct strvec actors = STRVEC_INIT;
	int rc, first = 0;

	if ((rc = commit_read(o->repo, commit, &info)) == 0)
		rc = view_actors(&actors, o);
	for (size_t i = 0; rc == 0 && i < actors.nr; i++) {
		int one = drop(o, actors.v[i], &info.tree);

		if (one < 0 && first == 0)
			first = one;
	}
	strvec_release(&actors);
	commit_info_release(&info);
	return rc < 0 ? rc : first;
}
