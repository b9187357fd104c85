/* Renames among what was added and deleted. */
#include "git/diff.h"

#include "git/internal.h"
#include "git/object.h"

static int by_path(const void *a, const void *b)
{
	const struct change *x = a, *y = b;

	return strcmp(x->path, y->path);
}

bool diff_is_blob(unsigned mode)
{
	return mode != GIT_FILEMODE_TREE && mode != GIT_FILEMODE_COMMIT;
}

static struct change *find_change(struct change_list *l, const char *path,
				  char status)
{
	struct change key = { .path = (char *)(uintptr_t)path };
	struct change *c = bsearch(&key, l->v, l->nr, sizeof(*l->v), by_path);

	return c && c->status == status ? c : NULL;
}

static int index_put(git_index *index, struct repo *repo, const char *path,
		     const struct oid *oid, unsigned mode)
{
	git_index_entry e;

	if (!object_exists(repo, oid))
		object_fetch_missing(repo, oid);
	memset(&e, 0, sizeof(e));
	e.path = path;
	e.mode = mode;
	oid_to_git2(&e.id, oid);
	return git_index_add(index, &e);
}

/* The deletion is dropped later: pointers into the list must last. */
static void join(struct change *from, struct change *into)
{
	into->status = 'R';
	into->old_path = xstrdup(from->path);
	into->old_oid = from->old_oid;
	into->old_mode = from->old_mode;
	from->status = '\0';
}

/* Turn each pair that libgit2 found into one change. */
static void join_renames(struct change_list *l, git_diff *diff)
{
	size_t i;

	for (i = 0; i < git_diff_num_deltas(diff); i++) {
		const git_diff_delta *d = git_diff_get_delta(diff, i);
		struct change *from, *into;

		if (d->status != GIT_DELTA_RENAMED)
			continue;
		from = find_change(l, d->old_file.path, 'D');
		into = find_change(l, d->new_file.path, 'A');
		if (from && into)
			join(from, into);
	}
}

/* --- the same bytes ------------------------------------------------------ */

struct candidate {
	struct change *change;
	const struct oid *oid;
	const char *base;	/* the last part of its path */
	unsigned type;
};

static int by_content(const struct candidate *a, const struct candidate *b)
{
	int order = memcmp(a->oid->raw, b->oid->raw, sizeof(a->oid->raw));

	return order ? order : (a->type > b->type) - (a->type < b->type);
}

static int by_content_and_name(const void *x, const void *y)
{
	const struct candidate *a = x, *b = y;
	int order = by_content(a, b);

	if (!order)
		order = strcmp(a->base, b->base);
	return order ? order : strcmp(a->change->path, b->change->path);
}

static size_t collect(struct candidate *v, struct change_list *l, char status)
{
	size_t nr = 0;

	for (size_t i = 0; i < l->nr; i++) {
		struct change *c = &l->v[i];
		unsigned mode = status == 'D' ? c->old_mode : c->new_mode;
		const char *slash = strrchr(c->path, '/');

		if (c->status != status || !diff_is_blob(mode))
			continue;
		v[nr++] = (struct candidate){ c, status == 'D' ? &c->old_oid : &c->new_oid,
					      slash ? slash + 1 : c->path,
					      mode & 0170000u };
	}
	if (nr)
		qsort(v, nr, sizeof(*v), by_content_and_name);
	return nr;
}

/*
 * Files that only moved are found by their names, however many: first those
 * that are called the same, then the others in order, as git does it.
 */
static void join_identical(struct change_list *l)
{
	struct candidate *from = xcalloc(l->nr + 1, sizeof(*from));
	struct candidate *into = xcalloc(l->nr + 1, sizeof(*into));

	for (int same_name = 1; same_name >= 0; same_name--) {
		size_t n = collect(from, l, 'D'), m = collect(into, l, 'A'), i = 0, j = 0;

		while (i < n && j < m) {
			int order = by_content(&from[i], &into[j]);

			if (!order && same_name)
				order = strcmp(from[i].base, into[j].base);
			if (!order)
				join(from[i].change, into[j].change);
			i += order <= 0;
			j += order >= 0;
		}
	}
	free(from);
	free(into);
}

/* --- the whole ----------------------------------------------------------- */

static void drop_joined(struct change_list *l)
{
	size_t to = 0;

	for (size_t i = 0; i < l->nr; i++) {
		if (l->v[i].status)
			l->v[to++] = l->v[i];
		else
			change_release(&l->v[i]);
	}
	l->nr = to;
}

/*
 * Among what was added and deleted only: two indexes in memory that hold
 * nothing else are compared, so the size of the trees does not matter.
 */
static int find_similar(struct repo *repo, struct change_list *l)
{
	git_diff_find_options opts;
	git_index *before = NULL, *after = NULL;
	git_diff *diff = NULL;
	size_t i, added = 0, deleted = 0;
	int rc;

	for (i = 0; i < l->nr; i++) {
		added += l->v[i].status == 'A' && diff_is_blob(l->v[i].new_mode);
		deleted += l->v[i].status == 'D' && diff_is_blob(l->v[i].old_mode);
	}
	/* git's own limit (diff.renameLimit): beyond it only identical files
	 * are paired. */
	if (!added || !deleted || added * deleted > (size_t)1000 * 1000)
		return 0;
	rc = git_index_new(&before);
	if (rc == 0)
		rc = git_index_new(&after);
	for (i = 0; rc == 0 && i < l->nr; i++) {
		const struct change *c = &l->v[i];

		if (c->status == 'D' && diff_is_blob(c->old_mode))
			rc = index_put(before, repo, c->path, &c->old_oid, c->old_mode);
		else if (c->status == 'A' && diff_is_blob(c->new_mode))
			rc = index_put(after, repo, c->path, &c->new_oid, c->new_mode);
	}
	if (rc == 0)
		rc = git_diff_index_to_index(&diff, repo->git2, before, after, NULL);
	git_diff_find_options_init(&opts, GIT_DIFF_FIND_OPTIONS_VERSION);
	opts.flags = GIT_DIFF_FIND_RENAMES;
	opts.rename_threshold = 50;
	opts.rename_limit = 1000;
	if (rc == 0)
		rc = git_diff_find_similar(diff, &opts);
	if (rc == 0)
		join_renames(l, diff);
	else if (rc == GIT_ENOTFOUND)
		rc = 0;		/* a blob is elsewhere: no renames, still true */
	else
		rc = git2_error(rc, "cannot look for renames");
	git_diff_free(diff);
	git_index_free(before);
	git_index_free(after);
	return rc;
}

int diff_find_renames(struct repo *repo, struct change_list *l)
{
	int rc;

	join_identical(l);
	drop_joined(l);
	rc = find_similar(repo, l);
	drop_joined(l);
	return rc;
}
