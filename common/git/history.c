/*
 * Commits and how they descend from each other. libgit2's walk serves normal
 * repositories; where it goes wrong (it does not know the border of a shallow
 * clone, nor replaced commits) the walk is ours.
 */
#include "git/object.h"

#include "base/file.h"
#include "git/internal.h"

#define NEAR_PARENTS 256

int commit_read(struct repo *repo, const struct oid *oid, struct commit_info *out)
{
	const struct oid *real = object_replaced(repo, oid);
	git_commit *commit = NULL;
	const char *s;
	unsigned i;
	git_oid id;
	int rc;

	oid_to_git2(&id, real);
	rc = git_commit_lookup(&commit, repo->git2, &id);
	if (rc == GIT_ENOTFOUND && object_fetch_missing(repo, real))
		rc = git_commit_lookup(&commit, repo->git2, &id);
	if (rc == GIT_ENOTFOUND)
		return error_set(ORCH_ENOTFOUND, "no commit %s in this repository",
				 oid_hex(oid));
	if (rc < 0)
		return git2_error(rc, "cannot read the commit %s", oid_hex(oid));
	out->oid = *oid;
	oid_from_git2(&out->tree, git_commit_tree_id(commit));
	out->nr_parents = git_commit_parentcount(commit);
	out->parents = xcalloc(out->nr_parents + 1, sizeof(*out->parents));
	for (i = 0; i < out->nr_parents; i++)
		oid_from_git2(&out->parents[i], git_commit_parent_id(commit, i));
	s = git_commit_summary(commit);
	out->subject = xstrdup(s ? s : "");
	s = git_commit_message(commit);
	out->message = xstrdup(s ? s : "");
	s = git_commit_author(commit) ? git_commit_author(commit)->name : NULL;
	out->author = xstrdup(s ? s : "");
	out->time = git_commit_time(commit);
	git_commit_free(commit);
	return 0;
}

void commit_info_release(struct commit_info *c)
{
	static const struct commit_info empty = COMMIT_INFO_INIT;

	free(c->parents);
	free(c->subject);
	free(c->message);
	free(c->author);
	*c = empty;
}

void commit_list_release(struct commit_list *l)
{
	size_t i;

	for (i = 0; i < l->nr; i++)
		commit_info_release(&l->v[i]);
	free(l->v);
	l->v = NULL;
	l->nr = l->alloc = 0;
	l->truncated = false;
}

static int list_add(struct commit_list *l, struct repo *repo,
		    const struct oid *oid)
{
	static const struct commit_info empty = COMMIT_INFO_INIT;
	int rc;

	ALLOC_GROW(l->v, l->nr + 1, l->alloc);
	l->v[l->nr] = empty;
	rc = commit_read(repo, oid, &l->v[l->nr]);
	if (rc == 0)
		l->nr++;
	return rc;
}

/* A set of object names: open addressing, at most half full. */
struct oid_set {
	struct oid *v;	/* zero: a free place */
	size_t nr, size;
};

static struct oid *set_place(const struct oid_set *s, const struct oid *oid)
{
	size_t at;

	memcpy(&at, oid->raw, sizeof(at));
	for (at &= s->size - 1; !oid_is_zero(&s->v[at]); at = (at + 1) & (s->size - 1))
		if (oid_eq(&s->v[at], oid))
			break;
	return &s->v[at];
}

static bool set_has(const struct oid_set *s, const struct oid *oid)
{
	return s->size && oid_eq(set_place(s, oid), oid);
}

/* Whether it was new. */
static bool set_add(struct oid_set *s, const struct oid *oid)
{
	struct oid *place;

	if (s->nr * 2 >= s->size) {
		struct oid_set bigger = { NULL, s->nr, s->size ? s->size * 2 : 256 };
		size_t i;

		bigger.v = xcalloc(bigger.size, sizeof(*bigger.v));
		for (i = 0; i < s->size; i++)
			if (!oid_is_zero(&s->v[i]))
				*set_place(&bigger, &s->v[i]) = s->v[i];
		free(s->v);
		*s = bigger;
	}
	place = set_place(s, oid);
	if (oid_eq(place, oid))
		return false;
	*place = *oid;
	s->nr++;
	return true;
}

/* The commits that a shallow clone ends at. */
static int read_shallow(struct repo *repo, struct oid_set *out)
{
	char *path = xstrfmt("%s/shallow", repo->common_dir);
	struct strbuf sb = STRBUF_INIT;
	size_t pos;
	int rc = 0;

	if (repo->shallow)
		rc = file_read(&sb, path, (size_t)64 << 20, 0);
	for (pos = 0; rc == 0 && pos + OID_HEX <= sb.len; pos += OID_HEX + 1) {
		char hex[OID_HEX + 1] = "";
		struct oid oid;

		memcpy(hex, sb.buf + pos, OID_HEX);
		rc = oid_parse(&oid, hex);
		if (rc == 0)
			set_add(out, &oid);
		else
			error_prefix(rc, "%s", path);
	}
	strbuf_release(&sb);
	free(path);
	return rc;
}

/* Commits still to be visited, newest on top; equal ones in order of arrival. */
struct waiting {
	int64_t time;
	size_t arrival;
	struct oid oid;
};
struct queue {
	struct waiting *v;
	size_t nr, alloc, arrivals;
};

static bool comes_before(const struct waiting *a, const struct waiting *b)
{
	return a->time != b->time ? a->time > b->time : a->arrival < b->arrival;
}

static void queue_push(struct queue *q, const struct oid *oid, int64_t time)
{
	struct waiting w = { time, q->arrivals++, *oid };
	size_t at = q->nr;

	ALLOC_GROW(q->v, q->nr + 1, q->alloc);
	q->nr++;
	for (; at && comes_before(&w, &q->v[(at - 1) / 2]); at = (at - 1) / 2)
		q->v[at] = q->v[(at - 1) / 2];
	q->v[at] = w;
}

static struct oid queue_pop(struct queue *q)
{
	struct oid top = q->v[0].oid;
	struct waiting w = q->v[--q->nr];
	size_t at = 0, kid;

	for (; (kid = 2 * at + 1) < q->nr; at = kid) {
		if (kid + 1 < q->nr && comes_before(&q->v[kid + 1], &q->v[kid]))
			kid++;
		if (!comes_before(&q->v[kid], &w))
			break;
		q->v[at] = q->v[kid];
	}
	if (q->nr)
		q->v[at] = w;
	return top;
}

struct hand_walk {
	struct repo *repo;
	struct oid_set border, seen;
	struct queue queue;
	bool met_border;
};
#define HAND_WALK_INIT(repo) \
	{ (repo), { NULL, 0, 0 }, { NULL, 0, 0 }, { NULL, 0, 0, 0 }, false }

static void hand_walk_release(struct hand_walk *w)
{
	free(w->border.v);
	free(w->seen.v);
	free(w->queue.v);
}

static int hand_walk_push(struct hand_walk *w, const struct oid *oid)
{
	const struct oid *real = object_replaced(w->repo, oid);
	git_commit *commit = NULL;
	git_oid id;
	int rc;

	if (!set_add(&w->seen, oid))
		return 0;
	oid_to_git2(&id, real);
	rc = git_commit_lookup(&commit, w->repo->git2, &id);
	if (rc == GIT_ENOTFOUND)
		return error_set(ORCH_ENOTFOUND, "no commit %s in this repository",
				 oid_hex(oid));
	if (rc < 0)
		return git2_error(rc, "cannot read the commit %s", oid_hex(oid));
	queue_push(&w->queue, oid, git_commit_time(commit));
	git_commit_free(commit);
	return 0;
}

/* Take the newest one off the queue and put its parents on. */
static int hand_walk_next(struct hand_walk *w, struct oid *out)
{
	git_commit *commit = NULL;
	unsigned i;
	git_oid id;
	int rc;

	*out = queue_pop(&w->queue);
	if (set_has(&w->border, out)) {
		w->met_border = true;
		return 0;
	}
	oid_to_git2(&id, object_replaced(w->repo, out));
	rc = git_commit_lookup(&commit, w->repo->git2, &id);
	if (rc < 0)
		return git2_error(rc, "cannot read the commit %s", oid_hex(out));
	for (i = 0; rc == 0 && i < git_commit_parentcount(commit); i++) {
		struct oid parent;

		oid_from_git2(&parent, git_commit_parent_id(commit, i));
		rc = hand_walk_push(w, &parent);
	}
	git_commit_free(commit);
	return rc;
}

/* Everything that is reachable from these counts as seen, whatever the dates. */
static int hand_walk_hide(struct hand_walk *w, const struct oid *from, size_t nr)
{
	struct oid oid;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < nr; i++)
		rc = hand_walk_push(w, &from[i]);
	while (rc == 0 && w->queue.nr)
		rc = hand_walk_next(w, &oid);
	w->met_border = false;
	return rc;
}

static void oids_add(struct commit_oids *l, const struct oid *oid)
{
	ALLOC_GROW(l->v, l->nr + 1, l->alloc);
	l->v[l->nr++] = *oid;
}

static int outside_by_hand(struct repo *repo, const struct oid *from, size_t nr,
			   const struct oid *to, size_t nr_to, size_t max,
			   struct commit_oids *out)
{
	struct hand_walk w = HAND_WALK_INIT(repo);
	struct oid oid;
	int rc;

	if ((rc = read_shallow(repo, &w.border)) < 0 ||
	    (rc = hand_walk_hide(&w, from, nr)) < 0)
		goto out;
	for (size_t i = 0; rc == 0 && i < nr_to; i++)
		rc = hand_walk_push(&w, &to[i]);
	while (rc == 0 && w.queue.nr) {
		if (out->nr == max) {
			out->truncated = true;
			break;
		}
		rc = hand_walk_next(&w, &oid);
		if (rc == 0)
			oids_add(out, &oid);
	}
	out->cut = w.met_border;
out:
	hand_walk_release(&w);
	return rc;
}

int commits_outside(struct repo *repo, const struct oid *from, size_t nr,
		    const struct oid *to, size_t nr_to, size_t max,
		    struct commit_oids *out)
{
	git_revwalk *walk = NULL;
	git_oid id;
	int rc;

	if (repo->shallow || object_any_replaced(repo))
		return outside_by_hand(repo, from, nr, to, nr_to, max, out);
	rc = git_revwalk_new(&walk, repo->git2);
	if (rc < 0)
		return git2_error(rc, "cannot walk the history");
	for (size_t i = 0; rc == 0 && i < nr_to; i++) {
		oid_to_git2(&id, &to[i]);
		rc = git_revwalk_push(walk, &id);
	}
	for (size_t i = 0; rc == 0 && i < nr; i++) {
		oid_to_git2(&id, &from[i]);
		rc = git_revwalk_hide(walk, &id);
	}
	if (rc < 0) {
		rc = rc == GIT_ENOTFOUND ?
			error_set(ORCH_ENOTFOUND, "no commit %s in this repository",
				  git_oid_tostr_s(&id)) :
			git2_error(rc, "cannot walk from %s", git_oid_tostr_s(&id));
		goto out;
	}
	while ((rc = git_revwalk_next(&id, walk)) == 0) {
		struct oid oid;

		if (out->nr == max) {
			out->truncated = true;
			break;
		}
		oid_from_git2(&oid, &id);
		oids_add(out, &oid);
	}
	rc = rc < 0 && rc != GIT_ITEROVER ?
		git2_error(rc, "cannot walk the history") : 0;
out:
	git_revwalk_free(walk);
	return rc;
}

void commit_oids_release(struct commit_oids *l)
{
	free(l->v);
	*l = (struct commit_oids)COMMIT_OIDS_INIT;
}

int commits_between(struct repo *repo, const struct oid *from,
		    const struct oid *to, size_t max, struct commit_list *out)
{
	struct commit_oids oids = COMMIT_OIDS_INIT;
	int rc = commits_outside(repo, from, !oid_is_zero(from), to, 1, max, &oids);

	for (size_t i = 0; rc == 0 && i < oids.nr; i++)
		rc = list_add(out, repo, &oids.v[i]);
	out->truncated = oids.truncated || oids.cut;
	commit_oids_release(&oids);
	return rc;
}

/* The newest commit of `to`'s history that is in theirs, too; where that ends at
 * the border of a shallow clone, the commit there. */
static int base_by_hand(struct repo *repo, const struct oid *from, size_t nr,
			const struct oid *to, struct oid *base)
{
	struct hand_walk known = HAND_WALK_INIT(repo), w = HAND_WALK_INIT(repo);
	struct oid oid, at_border = OID_ZERO;
	bool found = false;
	int rc;

	if ((rc = read_shallow(repo, &known.border)) < 0 ||
	    (rc = read_shallow(repo, &w.border)) < 0 ||
	    (rc = hand_walk_hide(&known, from, nr)) < 0)
		goto out;
	rc = hand_walk_push(&w, to);
	while (rc == 0 && w.queue.nr && !found) {
		rc = hand_walk_next(&w, &oid);
		found = rc == 0 && set_has(&known.seen, &oid);
		if (rc == 0 && !found && oid_is_zero(&at_border) && w.met_border)
			at_border = oid;
	}
	*base = found ? oid : at_border;
out:
	hand_walk_release(&known);
	hand_walk_release(&w);
	return rc;
}

/*
 * Whether `from` is `to` or a near first parent of it, as in most pushes. libgit2
 * would check the whole commit-graph file first, which takes longer than to read
 * some commits.
 */
static bool is_near_parent(struct repo *repo, const struct oid *from, const struct oid *to)
{
	git_oid want, at;

	oid_to_git2(&want, from);
	oid_to_git2(&at, to);
	for (int i = 0; i < NEAR_PARENTS && !git_oid_equal(&at, &want); i++) {
		git_commit *commit;
		bool more;

		if (git_commit_lookup(&commit, repo->git2, &at) < 0)
			return false;
		more = git_commit_parentcount(commit) > 0;
		if (more)
			git_oid_cpy(&at, git_commit_parent_id(commit, 0));
		git_commit_free(commit);
		if (!more)
			return false;
	}
	return git_oid_equal(&at, &want);
}

int commit_base(struct repo *repo, const struct oid *from, size_t nr,
		const struct oid *to, struct oid *base)
{
	git_oid *ids, found;
	int rc;

	memset(base, 0, sizeof(*base));
	if (repo->shallow || object_any_replaced(repo))
		return base_by_hand(repo, from, nr, to, base);
	if (!nr)
		return 0;
	if (nr == 1 && is_near_parent(repo, &from[0], to)) {
		*base = from[0];
		return 0;
	}
	ids = xcalloc(nr + 1, sizeof(*ids));
	oid_to_git2(&ids[0], to);
	for (size_t i = 0; i < nr; i++)
		oid_to_git2(&ids[i + 1], &from[i]);
	rc = git_merge_base_many(&found, repo->git2, nr + 1, ids);
	free(ids);
	if (rc == GIT_ENOTFOUND && object_exists(repo, to))
		return 0;
	if (rc < 0)
		return git2_error(rc, "cannot find what %s and others have in common",
				  oid_short(to));
	oid_from_git2(base, &found);
	return 0;
}

int commit_peel(struct repo *repo, const struct oid *oid, struct oid *commit)
{
	git_object *object = NULL, *peeled = NULL;
	git_oid id;
	int rc;

	oid_to_git2(&id, oid);
	rc = git_object_lookup(&object, repo->git2, &id, GIT_OBJECT_ANY);
	if (rc == GIT_ENOTFOUND)
		return error_set(ORCH_ENOTFOUND, "no object %s in this repository",
				 oid_hex(oid));
	if (rc == 0)
		rc = git_object_peel(&peeled, object, GIT_OBJECT_COMMIT);
	if (rc == 0)
		oid_from_git2(commit, git_object_id(peeled));
	git_object_free(peeled);
	git_object_free(object);
	if (rc == GIT_EPEEL || rc == GIT_EINVALIDSPEC || rc == GIT_EAMBIGUOUS)
		return error_set(ORCH_EINVALID, "%s leads to no commit", oid_hex(oid));
	return rc < 0 ? git2_error(rc, "cannot read the object %s", oid_hex(oid)) : 0;
}

static int is_ancestor_by_hand(struct repo *repo, const struct oid *ancestor,
			       const struct oid *commit, bool *yes)
{
	struct hand_walk w = HAND_WALK_INIT(repo);
	struct oid oid;
	int rc = read_shallow(repo, &w.border);

	if (rc == 0)
		rc = hand_walk_push(&w, commit);
	while (rc == 0 && w.queue.nr && !*yes) {
		rc = hand_walk_next(&w, &oid);
		*yes = oid_eq(&oid, ancestor);
	}
	hand_walk_release(&w);
	return rc;
}

int commit_is_ancestor(struct repo *repo, const struct oid *ancestor,
		       const struct oid *commit, bool *yes)
{
	git_oid a, c;
	int rc;

	*yes = false;
	if (!object_exists(repo, ancestor) || !object_exists(repo, commit))
		return 0;
	if (oid_eq(ancestor, commit)) {
		*yes = true;
		return 0;
	}
	if (repo->shallow || object_any_replaced(repo))
		return is_ancestor_by_hand(repo, ancestor, commit, yes);
	oid_to_git2(&a, ancestor);
	oid_to_git2(&c, commit);
	rc = git_graph_descendant_of(repo->git2, &c, &a);
	if (rc < 0)
		return git2_error(rc, "cannot compare %s and %s", oid_hex(ancestor),
				  oid_hex(commit));
	*yes = rc == 1;
	return 0;
}
