/*
 * Sets of documents.
 */
#include "orch/docset.h"

#include "base/error.h"
#include "git/object.h"

/* --- by path ------------------------------------------------------------------ */

static int compare_paths(const void *a, const void *b, void *data)
{
	const struct docset *s = data;

	return strcmp(s->v[*(const size_t *)a].path, s->v[*(const size_t *)b].path);
}

static void sort_paths(struct docset *s)
{
	s->by_path = xreallocarray(NULL, s->alloc, sizeof(*s->by_path));
	for (size_t i = 0; i < s->nr; i++)
		s->by_path[i] = i;
	qsort_r(s->by_path, s->nr, sizeof(*s->by_path), compare_paths, s);
}

/* Where it stands, or would stand, among the sorted ones. */
static size_t place_of(const struct docset *s, const char *path, bool *found)
{
	size_t low = 0, high = s->nr;

	*found = false;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int order = strcmp(path, s->v[s->by_path[mid]].path);

		if (!order) {
			*found = true;
			return mid;
		}
		if (order < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return low;
}

struct docver *docset_add(struct docset *s, const char *path,
			  const struct oid *oid, uint64_t size)
{
	struct docver *d;
	size_t at, old = s->alloc;
	bool found;

	ALLOC_GROW(s->v, s->nr + 1, s->alloc);
	/* Kept sorted, as a pack that is read back finds and adds in turn. */
	if (s->by_path) {
		if (s->alloc != old)
			s->by_path = xreallocarray(s->by_path, s->alloc,
						   sizeof(*s->by_path));
		at = place_of(s, path, &found);
		memmove(&s->by_path[at + 1], &s->by_path[at],
			(s->nr - at) * sizeof(*s->by_path));
		s->by_path[at] = s->nr;
	}
	d = &s->v[s->nr++];
	d->path = xstrdup(path);
	d->oid = *oid;
	d->size = size;
	return d;
}

struct docver *docset_find(struct docset *s, const char *path)
{
	bool found;
	size_t at;

	if (!s->nr)
		return NULL;
	if (!s->by_path)
		sort_paths(s);
	at = place_of(s, path, &found);
	return found ? &s->v[s->by_path[at]] : NULL;
}

void docset_remove(struct docset *s, struct docver *d)
{
	size_t at = (size_t)(d - s->v), to = 0;

	for (size_t i = 0; s->by_path && i < s->nr; i++)
		if (s->by_path[i] != at)
			s->by_path[to++] = s->by_path[i] - (s->by_path[i] > at);
	free(d->path);
	s->nr--;
	memmove(d, d + 1, (s->nr - at) * sizeof(*d));
}

/* --- several -------------------------------------------------------------------- */

bool docset_equal(const struct docset *a, struct docset *b)
{
	bool same = a->nr == b->nr;

	for (size_t i = 0; i < a->nr && same; i++) {
		const struct docver *d = docset_find(b, a->v[i].path);

		same = d && oid_eq(&d->oid, &a->v[i].oid);
	}
	return same;
}

void docset_copy(struct docset *out, const struct docset *s)
{
	for (size_t i = 0; i < s->nr; i++)
		docset_add(out, s->v[i].path, &s->v[i].oid, s->v[i].size);
}

struct walk {
	struct docset *out;
	struct repo *repo;
};

static int add_entry(const char *path, const struct oid *oid, unsigned mode,
		     void *data)
{
	struct walk *w = data;
	uint64_t size;

	if ((mode & 0170000) != 0100000)
		return 0;
	if (blob_size(w->repo, oid, &size) == 0)
		docset_add(w->out, path, oid, size);
	else
		error_clear();
	return 0;
}

void docset_from_tree(struct docset *out, struct repo *repo,
		      const struct oid *tree)
{
	struct walk w = { out, repo };

	if (!oid_is_zero(tree) && tree_walk(repo, tree, add_entry, &w) < 0)
		error_clear();	/* the rest of it is missing */
}

int docset_to_tree(const struct docset *s, struct repo *repo, struct oid *tree)
{
	struct tree_entry *e;
	int rc;

	memset(tree, 0, sizeof(*tree));
	if (!s->nr)
		return 0;
	e = xcalloc(s->nr, sizeof(*e));
	for (size_t i = 0; i < s->nr; i++) {
		e[i].path = s->v[i].path;
		e[i].mode = 0100644;
		e[i].oid = s->v[i].oid;
	}
	rc = tree_write(repo, NULL, e, s->nr, tree);
	free(e);
	return rc;
}

void docset_release(struct docset *s)
{
	for (size_t i = 0; i < s->nr; i++)
		free(s->v[i].path);
	free(s->v);
	free(s->by_path);
	*s = (struct docset)DOCSET_INIT;
}
