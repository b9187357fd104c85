/*
 * What an actor has seen and is thought not to know any more: after a compaction,
 * or because somebody says so. The next pack makes nothing of it.
 */
#include "base/error.h"
#include "base/glob.h"
#include "git/refs.h"
#include "orch/docset.h"
#include "orch/layoutstore.h"
#include "orch/orch.h"
#include "orch/view.h"
#include "orch/viewstore.h"

static void add_paths(struct view_dropped *out, const struct docset *s)
{
	for (size_t i = 0; i < s->nr; i++)
		strvec_push(&out->documents, s->v[i].path);
}

/* --- all of it ------------------------------------------------------------- */

struct all {
	struct view_dropped *out;
	int64_t before_ms;
};

static bool is_older(const struct view_seen *seen, const struct layout *l,
		     int64_t before_ms)
{
	return !before_ms || (seen->id && seen->packed_ms < before_ms) ||
	       (l->nr_parts && l->made_ms < before_ms);
}

static int invalidate_all(struct orch *o, const char *actor, void *data)
{
	struct all *all = data;
	struct view_store store = VIEW_STORE_INIT;
	struct view_seen last = VIEW_SEEN_INIT;
	struct docset seen = DOCSET_INIT;
	struct layout l = LAYOUT_INIT;
	int rc;

	view_dropped_release(all->out);
	if ((rc = view_store_load(&store, o, actor)) < 0)
		goto out;
	view_store_seen(&last, &store, o);
	layout_load(&l, o->repo, &store.layout);
	if (!is_older(&last, &l, all->before_ms))
		goto out;
	docset_from_tree(&seen, o->repo, &store.seen);
	add_paths(all->out, &seen);
	all->out->key_frame = l.nr_parts > 0;
	all->out->session = last.session;
	last.session = NULL;
	if (!view_dropped_any(all->out))
		goto out;
	memset(&store.seen, 0, sizeof(store.seen));
	memset(&store.layout, 0, sizeof(store.layout));
	/* The session has lost its memory, so it is none. */
	if ((rc = view_store_set_session(&store, o, NULL)) == 0 &&
	    (rc = view_store_forget_pending(&store, o)) == 0)
		rc = view_store_save(&store, o, actor);
out:
	layout_release(&l);
	docset_release(&seen);
	view_seen_release(&last);
	view_store_release(&store);
	return rc;
}

int view_invalidate(struct view_dropped *out, struct orch *o, const char *actor,
		    int64_t before_ms)
{
	struct all all = { out, before_ms };

	return view_store_change(o, actor, invalidate_all, &all);
}

/* --- some documents ---------------------------------------------------------- */

struct some {
	struct view_dropped *out;
	const struct strvec *paths;
};

bool view_is_named(const struct strvec *paths, const char *path)
{
	for (size_t i = 0; i < paths->nr; i++)
		if (str_eq(paths->v[i], path) || glob_match(paths->v[i], path))
			return true;
	return false;
}

static int invalidate_some(struct orch *o, const char *actor, void *data)
{
	struct some *some = data;
	struct view_store store = VIEW_STORE_INIT;
	struct view_seen last = VIEW_SEEN_INIT;
	struct docset seen = DOCSET_INIT, kept = DOCSET_INIT;
	struct layout l = LAYOUT_INIT;
	int rc;

	view_dropped_release(some->out);
	if ((rc = view_store_load(&store, o, actor)) < 0)
		goto out;
	docset_from_tree(&seen, o->repo, &store.seen);
	for (size_t i = 0; i < seen.nr; i++) {
		const struct docver *d = &seen.v[i];

		if (view_is_named(some->paths, d->path))
			strvec_push(&some->out->documents, d->path);
		else
			docset_add(&kept, d->path, &d->oid, d->size);
	}
	if (!some->out->documents.nr)
		goto out;
	/* The stable part says that they are known: it is of no use, nor is a
	 * session that begins with it. */
	view_store_seen(&last, &store, o);
	layout_load(&l, o->repo, &store.layout);
	l.invalid = true;
	some->out->key_frame = l.nr_parts > 0;
	if (l.nr_parts) {
		some->out->session = last.session;
		last.session = NULL;
	}
	if ((rc = docset_to_tree(&kept, o->repo, &store.seen)) < 0 ||
	    (l.nr_parts && (rc = layout_save(&l, o->repo, &store.layout)) < 0) ||
	    (rc = view_store_forget_pending(&store, o)) < 0)
		goto out;
	rc = view_store_save(&store, o, actor);
out:
	layout_release(&l);
	docset_release(&seen);
	docset_release(&kept);
	view_seen_release(&last);
	view_store_release(&store);
	return rc;
}

int view_invalidate_paths(struct view_dropped *out, struct orch *o, const char *actor,
			  const struct strvec *paths)
{
	struct some some = { out, paths };

	return view_store_change(o, actor, invalidate_some, &some);
}

bool view_dropped_any(const struct view_dropped *d)
{
	return d->documents.nr || d->key_frame || d->session;
}

void view_dropped_release(struct view_dropped *d)
{
	static const struct view_dropped empty = VIEW_DROPPED_INIT;

	strvec_release(&d->documents);
	free(d->session);
	*d = empty;
}

/* --- whose views there are --------------------------------------------------- */

static int add_actor(const char *name, const struct oid *oid, void *data)
{
	struct strvec *out = data;
	const char *actor = strrchr(name, '/') + 1;

	(void)oid;
	if (actor_name_valid(actor) && !strvec_has(out, actor))
		strvec_push(out, actor);
	return 0;
}

int view_actors(struct strvec *out, struct orch *o)
{
	char *prefix = orch_ref(o, "views/");
	int rc;

	for (size_t i = 0; i < o->workflow.nr; i++)
		if (!strvec_has(out, o->workflow.v[i]))
			strvec_push(out, o->workflow.v[i]);
	rc = ref_list(o->repo, prefix, add_actor, out);
	free(prefix);
	return rc;
}
