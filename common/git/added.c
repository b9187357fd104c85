/*
 * Which commit added a path.
 */
#include "git/added.h"

#include "git/internal.h"
#include "git/object.h"
#include "git/tree_read.h"

#define MAX_DEPTH 256

/* --- one tree ------------------------------------------------------------ */

struct name {
	const char *name;
	struct oid id;
	bool is_tree;
};
struct listing {
	struct tree_reader reader;	/* holds the names */
	struct name *v;
	size_t nr, alloc;
};

static int compare_names(const void *a, const void *b)
{
	return strcmp(((const struct name *)a)->name, ((const struct name *)b)->name);
}

static int list_tree(struct listing *l, struct repo *repo, git_odb *odb,
		     const struct oid *oid)
{
	bool sorted = true;
	int rc = tree_reader_open(&l->reader, repo, odb, oid);

	if (rc < 0)
		return rc;
	while ((rc = tree_reader_next(&l->reader)) > 0) {
		ALLOC_GROW(l->v, l->nr + 1, l->alloc);
		l->v[l->nr].name = l->reader.name;
		l->v[l->nr].id = l->reader.id;
		l->v[l->nr].is_tree = l->reader.mode == GIT_FILEMODE_TREE;
		/* git sorts directories as if a slash stood behind them. */
		sorted = sorted && (!l->nr || strcmp(l->v[l->nr - 1].name,
						     l->v[l->nr].name) < 0);
		l->nr++;
	}
	if (!sorted)
		qsort(l->v, l->nr, sizeof(*l->v), compare_names);
	return rc;
}

static const struct name *find_name(const struct listing *l, const char *text, size_t len)
{
	size_t low = 0, high = l->nr;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int order = strncmp(l->v[mid].name, text, len);

		if (!order && l->v[mid].name[len])
			order = 1;
		if (!order)
			return &l->v[mid];
		if (order < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

static void listing_release(struct listing *l)
{
	tree_reader_close(&l->reader);
	free(l->v);
}

/* --- two trees ----------------------------------------------------------- */

struct comparison {
	struct repo *repo;
	git_odb *odb;
	const char *const *paths;
	bool *gone;		/* by place in `paths` */
};

/*
 * Which of paths[which[0..nr)], whose first `at` bytes lead here, are not in the
 * tree `old`. `now` has all of them (NULL: nothing is known of another tree).
 */
static int compare(struct comparison *c, const struct oid *now, const struct oid *old,
		   const size_t *which, size_t nr, size_t at, int depth)
{
	struct listing a = { .nr = 0 }, b = { .nr = 0 };
	size_t i, end;
	int rc = 0;

	if ((now && oid_eq(now, old)) || depth == MAX_DEPTH)
		return 0;
	if ((rc = list_tree(&b, c->repo, c->odb, old)) < 0 ||
	    (now && (rc = list_tree(&a, c->repo, c->odb, now)) < 0))
		goto out;
	for (i = 0; rc == 0 && i < nr; i = end) {
		const char *text = c->paths[which[i]] + at;
		size_t len = strcspn(text, "/"), from = i;
		const struct name *here = find_name(&b, text, len);
		const struct name *there = now ? find_name(&a, text, len) : NULL;

		for (end = i; end < nr; end++) {
			const char *other = c->paths[which[end]] + at;

			if (strncmp(other, text, len) != 0 ||
			    (other[len] && other[len] != '/'))
				break;
			if (!here || (other[len] && !here->is_tree))
				c->gone[which[end]] = true;
			if (!other[len] && end == from)
				from++;	/* the path ends here, and so it is known */
		}
		if (here && here->is_tree && from < end)
			rc = compare(c, there && there->is_tree ? &there->id : NULL,
				     &here->id, which + from, end - from, at + len + 1,
				     depth + 1);
	}
out:
	listing_release(&a);
	listing_release(&b);
	return rc;
}

static int compare_start(struct comparison *c, struct repo *repo)
{
	int rc = git_repository_odb(&c->odb, repo->git2);

	c->repo = repo;
	return rc < 0 ? git2_error(rc, "cannot read objects") : 0;
}

int tree_has_paths(struct repo *repo, const struct oid *commit,
		   const char *const *paths, size_t nr, bool *has)
{
	struct comparison c = { .paths = paths };
	git_tree *tree = NULL;
	struct oid oid;
	size_t *which;
	int rc;

	if (!nr)
		return 0;
	if ((rc = tree_open(&tree, repo, commit)) < 0 || (rc = compare_start(&c, repo)) < 0) {
		git_tree_free(tree);
		return rc;
	}
	oid_from_git2(&oid, git_tree_id(tree));
	git_tree_free(tree);
	c.gone = xcalloc(nr, sizeof(*c.gone));
	which = xcalloc(nr, sizeof(*which));
	for (size_t i = 0; i < nr; i++)
		which[i] = i;
	rc = compare(&c, NULL, &oid, which, nr, 0, 0);
	for (size_t i = 0; i < nr; i++)
		has[i] = !c.gone[i];
	free(c.gone);
	free(which);
	git_odb_free(c.odb);
	return rc;
}

/* --- history ------------------------------------------------------------- */

struct task {		/* follow these from a commit on */
	struct oid commit;
	size_t *which;
	size_t nr;
	int64_t mark, mark_time;
	struct task *next;
};
struct walk {
	struct comparison c;
	struct task *tasks;
	struct path_added *out;
	added_mark *mark;
	void *data;
	size_t left;	/* commits that may still be read */
};

static void found(struct walk *w, const struct task *t, size_t path,
		  const struct commit_info *c)
{
	struct path_added *p = &w->out[path];

	p->commit = c->oid;
	p->time = c->time;
	p->mark = t->mark_time - c->time <= ADDED_MARK_REACH ? t->mark : 0;
}

/* Those of which[0..nr) that a parent does not have go to the front of `which`,
 * in order, the others behind them, in order; *gone is how many. */
static int split(struct walk *w, const struct commit_info *c, const struct oid *parent_tree,
		 size_t *which, size_t nr, size_t *gone)
{
	size_t *there = xcalloc(nr, sizeof(*there)), kept = 0, i;
	int rc;

	for (i = 0; i < nr; i++)
		w->c.gone[which[i]] = false;
	rc = compare(&w->c, &c->tree, parent_tree, which, nr, 0, 0);
	*gone = 0;
	for (i = 0; i < nr; i++)
		if (w->c.gone[which[i]])
			which[(*gone)++] = which[i];
		else
			there[kept++] = which[i];
	memcpy(which + *gone, there, kept * sizeof(*which));
	free(there);
	return rc;
}

static void push_task(struct walk *w, const struct task *from, const struct oid *commit,
		      const size_t *which, size_t nr)
{
	struct task *t;

	if (!nr)
		return;
	t = xcalloc(1, sizeof(*t));
	*t = *from;
	t->commit = *commit;
	t->which = xmemdup(which, nr * sizeof(*which));
	t->nr = nr;
	t->next = w->tasks;
	w->tasks = t;
}

/* A commit that is not here ends its way: a shallow clone. */
static int read_commit(struct walk *w, const struct oid *oid, struct commit_info *out)
{
	int rc;

	if (!w->left)
		return ORCH_ENOTFOUND;
	w->left--;
	rc = commit_read(w->c.repo, oid, out);
	if (rc == ORCH_ENOTFOUND)
		error_clear();
	return rc;
}

/* What the first parent lacks may have come by another one. */
static int other_parents(struct walk *w, const struct task *t, const struct commit_info *c,
			 size_t nr)
{
	for (size_t i = 1; i < c->nr_parents && nr; i++) {
		struct commit_info p = COMMIT_INFO_INIT;
		size_t gone = nr;
		int rc = read_commit(w, &c->parents[i], &p);

		if (rc == 0)
			rc = split(w, c, &p.tree, t->which, nr, &gone);
		commit_info_release(&p);
		if (rc < 0)
			return rc;
		push_task(w, t, &c->parents[i], t->which + gone, nr - gone);
		nr = gone;
	}
	for (size_t i = 0; i < nr; i++)
		found(w, t, t->which[i], c);
	return 0;
}

static int follow(struct walk *w, struct task *t)
{
	struct commit_info c = COMMIT_INFO_INIT;
	int rc = read_commit(w, &t->commit, &c);

	while (rc == 0 && t->nr) {
		struct commit_info p = COMMIT_INFO_INIT;
		int64_t mark = w->mark ? w->mark(&c, w->data) : 0;
		size_t gone = t->nr;

		if (mark > 0) {
			t->mark = mark;
			t->mark_time = c.time;
		}
		if (c.nr_parents)
			rc = read_commit(w, &c.parents[0], &p);
		if (rc == 0 && c.nr_parents)
			rc = split(w, &c, &p.tree, t->which, t->nr, &gone);
		if (rc == 0)
			rc = other_parents(w, t, &c, gone);
		memmove(t->which, t->which + gone, (t->nr - gone) * sizeof(*t->which));
		t->nr -= gone;
		commit_info_release(&c);
		c = p;
	}
	commit_info_release(&c);
	return rc == ORCH_ENOTFOUND ? 0 : rc;
}

int paths_added(struct repo *repo, const struct oid *head, const char *const *paths,
		size_t nr, size_t max, added_mark *mark, void *data,
		struct path_added *out)
{
	struct walk w = { .c = { .paths = paths }, .out = out, .mark = mark, .data = data,
			  .left = max };
	struct task first = { .commit = *head };
	struct task *t;
	size_t *all;
	int rc;

	memset(out, 0, nr * sizeof(*out));
	if ((rc = compare_start(&w.c, repo)) < 0)
		return rc;
	w.c.gone = xcalloc(nr + 1, sizeof(*w.c.gone));
	all = xcalloc(nr + 1, sizeof(*all));
	for (size_t i = 0; i < nr; i++)
		all[i] = i;
	push_task(&w, &first, head, all, nr);
	while ((t = w.tasks) != NULL) {
		w.tasks = t->next;
		if (rc == 0)
			rc = follow(&w, t);
		free(t->which);
		free(t);
	}
	free(all);
	free(w.c.gone);
	git_odb_free(w.c.odb);
	return rc;
}
