/*
 * What the repository knows of artifacts: whether HEAD has something of them,
 * the commit that added them, and in which iteration that was. The log of the
 * turn is asked first; where that does not reach, the subjects of commits.
 */
#include <fcntl.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "git/added.h"
#include "git/object.h"
#include "orch/artifact_internal.h"
#include "orch/import.h"
#include "orch/orch.h"
#include "orch/turn_internal.h"

#define WALK_COMMITS 20000	/* to find what added something */
#define NEW_COMMITS 1000	/* since the index was made */

/* --- which iteration it was at a time ------------------------------------ */

struct moment {
	int64_t ms;		/* since when; an end is rounded down to a second */
	int64_t iteration;	/* 0: nobody had the turn any more */
};
struct timeline {
	struct moment *v;	/* newest first */
	size_t nr, alloc;
};

static bool add_moment(const struct json *entry, void *data)
{
	const struct json *state = json_get(entry, "state");
	struct timeline *t = data;
	struct moment m;

	if (!json_get_string(entry, "time") ||
	    time_parse_iso(&m.ms, json_get_string(entry, "time")) < 0 ||
	    json_get_int(state, "iteration", &m.iteration) < 0)
		return false;
	if (!json_get_string(json_get(state, "holder"), "actor"))
		m.iteration = 0;
	else
		json_get_int(json_get(state, "holder"), "since_ms", &m.ms);
	ALLOC_GROW(t->v, t->nr + 1, t->alloc);
	t->v[t->nr++] = m;
	return false;
}

static void timeline_read(struct timeline *t, struct orch *o)
{
	if (o->loop_dir && turn_log_back(o, add_moment, t) < 0)
		error_clear();
	error_clear();
}

/* That of the last turn which had begun, unless it had ended by then. */
static int64_t iteration_at(const struct timeline *t, int64_t ms)
{
	int64_t ended = INT64_MAX;

	for (size_t i = 0; i < t->nr; i++) {
		if (!t->v[i].iteration)
			ended = t->v[i].ms;
		else if (t->v[i].ms <= ms)
			return ms - 1000 < ended ? t->v[i].iteration : 0;
		else
			ended = INT64_MAX;
	}
	return 0;
}

/* When a directory came to be here. */
static int64_t birth_ms(const struct artifacts *ix, const char *path)
{
	struct statx st;
	const struct statx_timestamp *t;

	if (statx(ix->top, path, AT_SYMLINK_NOFOLLOW, STATX_BTIME | STATX_MTIME, &st) < 0)
		return 0;
	t = st.stx_mask & STATX_BTIME ? &st.stx_btime : &st.stx_mtime;
	return (int64_t)t->tv_sec * 1000 + t->tv_nsec / 1000000;
}

/* --- tracked ------------------------------------------------------------- */

static void set_tracked(struct artifacts *ix, struct slot *s, bool tracked)
{
	if (s->is.tracked == tracked)
		return;
	s->is.tracked = tracked;
	s->is.looked = false;
	memset(&s->is.commit, 0, sizeof(s->is.commit));
	ix->changed = true;
}

/* Of all artifacts when HEAD has moved, else of those that are new. */
static int find_tracked(struct artifacts *ix, const struct oid *head)
{
	bool all = !oid_eq(head, &ix->head);
	const char **paths = xcalloc(ix->slots.nr + 1, sizeof(*paths));
	size_t *which = xcalloc(ix->slots.nr + 1, sizeof(*which)), nr = 0;
	bool *has = xcalloc(ix->slots.nr + 1, sizeof(*has));
	int rc = 0;

	for (size_t i = 0; i < ix->slots.nr; i++)
		if (all || ix->slots.v[i]->fresh) {
			paths[nr] = ix->slots.v[i]->parts.path;
			which[nr++] = i;
		}
	if (!oid_is_zero(head))
		rc = tree_has_paths(ix->orch->repo, head, paths, nr, has);
	for (size_t i = 0; rc == 0 && i < nr; i++)
		set_tracked(ix, ix->slots.v[which[i]], has[i]);
	if (rc == 0 && all) {
		ix->head = *head;
		ix->changed = true;
	}
	free(paths);
	free(which);
	free(has);
	return rc;
}

/* --- HEAD has moved ------------------------------------------------------ */

static bool follows(struct repo *repo, const struct oid *before, const struct oid *head)
{
	struct commit_info c = COMMIT_INFO_INIT;
	bool yes = false;

	if (oid_is_zero(head))
		return false;
	if (commit_read(repo, head, &c) == 0 && c.nr_parents)
		yes = oid_eq(&c.parents[0], before);
	commit_info_release(&c);
	if (!yes && commit_is_ancestor(repo, before, head, &yes) < 0)
		yes = false;
	error_clear();
	return yes;
}

static void look_again(struct slot *s)
{
	s->is.looked = false;
	s->is.iteration = 0;
	memset(&s->is.commit, 0, sizeof(s->is.commit));
}

/* An amended commit or another branch: what added a file may be history no more. */
static void drop_commits(struct artifacts *ix, const struct oid *head)
{
	struct commit_list gone = COMMIT_LIST_INIT;
	bool all = oid_is_zero(head) ||
		commits_between(ix->orch->repo, head, &ix->history, NEW_COMMITS,
				&gone) < 0 || gone.truncated;

	error_clear();
	for (size_t i = 0; i < ix->slots.nr; i++) {
		struct slot *s = ix->slots.v[i];
		bool drop = all;

		for (size_t k = 0; !drop && k < gone.nr; k++)
			drop = oid_eq(&s->is.commit, &gone.v[k].oid);
		if (drop && !oid_is_zero(&s->is.commit))
			look_again(s);
	}
	commit_list_release(&gone);
}

static int64_t mark_commit(const struct commit_info *c, void *data)
{
	(void)data;
	return import_subject_iteration(c->subject);
}

/* Whether a commit is not more than a day older than `time`. */
static bool is_recent(struct repo *repo, const struct oid *commit, int64_t time)
{
	struct commit_info c = COMMIT_INFO_INIT;
	bool yes = commit_read(repo, commit, &c) == 0 && time - c.time <= ADDED_MARK_REACH;

	commit_info_release(&c);
	return yes;
}

/* The end of a turn names the iteration of what was committed before it. */
static void learn_iterations(struct artifacts *ix, const struct oid *head)
{
	struct commit_list list = COMMIT_LIST_INIT;
	int64_t iteration = 0, time = 0;

	if (commits_between(ix->orch->repo, &ix->history, head, NEW_COMMITS, &list) == 0 &&
	    !list.truncated)
		for (size_t i = list.nr; i > 0 && !iteration; i--) {
			iteration = mark_commit(&list.v[i - 1], NULL);
			time = list.v[i - 1].time;
		}
	for (size_t i = 0; iteration && i < ix->slots.nr; i++) {
		struct line_state *is = &ix->slots.v[i]->is;

		if (is->looked && !is->iteration && !oid_is_zero(&is->commit) &&
		    is_recent(ix->orch->repo, &is->commit, time))
			is->iteration = iteration;
	}
	error_clear();
	commit_list_release(&list);
}

static void heed_head(struct artifacts *ix, const struct oid *head)
{
	if (oid_eq(head, &ix->history))
		return;
	if (!oid_is_zero(&ix->history)) {
		if (follows(ix->orch->repo, &ix->history, head))
			learn_iterations(ix, head);
		else
			drop_commits(ix, head);
	}
	ix->history = *head;
	ix->changed = true;
}

/* --- commits and iterations ---------------------------------------------- */

/* When it was made here, if it was; a checkout is younger than the commit. */
static int64_t iteration_of(const struct artifacts *ix, const struct timeline *t,
			    const char *path, const struct path_added *a)
{
	int64_t birth = t->nr ? birth_ms(ix, path) : 0, iteration = 0;

	if (t->nr && (!a || birth / 1000 <= a->time))
		iteration = iteration_at(t, birth);
	if (!iteration && a)
		iteration = iteration_at(t, a->time * 1000);
	return iteration || !a ? iteration : a->mark;
}

static int look_for(struct artifacts *ix, const struct oid *head, const size_t *which,
		    size_t nr)
{
	struct path_added *added = xcalloc(nr + 1, sizeof(*added));
	const char **paths = xcalloc(nr + 1, sizeof(*paths));
	struct timeline timeline = { NULL, 0, 0 };
	size_t asked = 0, i, k;
	int rc = 0;

	for (i = 0; i < nr; i++)
		if (ix->slots.v[which[i]]->is.tracked)
			paths[asked++] = ix->slots.v[which[i]]->parts.path;
	if (asked)
		rc = paths_added(ix->orch->repo, head, paths, asked, WALK_COMMITS,
				 mark_commit, NULL, added);
	if (rc == 0)
		timeline_read(&timeline, ix->orch);
	for (i = k = 0; rc == 0 && i < nr; i++) {
		struct slot *s = ix->slots.v[which[i]];
		const struct path_added *a = s->is.tracked ? &added[k++] : NULL;
		bool found = a && !oid_is_zero(&a->commit);

		if (found)
			s->is.commit = a->commit;
		s->is.iteration = iteration_of(ix, &timeline, s->parts.path,
					       found ? a : NULL);
		s->is.looked = true;
	}
	free(added);
	free(paths);
	free(timeline.v);
	return rc;
}

int artifacts_history(struct artifacts *ix)
{
	struct oid head;
	size_t *which, nr = 0;
	int rc;

	if ((rc = repo_head(ix->orch->repo, &head, NULL)) < 0 ||
	    (rc = find_tracked(ix, &head)) < 0)
		return rc;
	if (!(ix->flags & ARTIFACT_HISTORY))
		return 0;
	heed_head(ix, &head);
	which = xcalloc(ix->slots.nr + 1, sizeof(*which));
	for (size_t i = 0; i < ix->slots.nr; i++)
		if (!ix->slots.v[i]->is.looked)
			which[nr++] = i;
	if (nr) {
		rc = look_for(ix, &head, which, nr);
		ix->changed = true;
	}
	free(which);
	return rc;
}
