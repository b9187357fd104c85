/*
 * How a view lies in its ref.
 */
#include "orch/viewstore.h"

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/strbuf.h"
#include "git/object.h"
#include "git/refs.h"
#include "orch/orch.h"

#define MAX_PACK_JSON (4u << 20)
#define SWAP_TRIES 8

int64_t view_pack_seq(const char *id)
{
	int64_t seq = 0;
	const char *p = id;

	for (; *p >= '0' && *p <= '9' && seq < INT32_MAX; p++)
		seq = seq * 10 + (*p - '0');
	if (p == id || *p++ != '-' || strspn(p, "0123456789abcdef") != strlen(p) ||
	    !*p || strlen(p) > 16 || seq >= INT32_MAX)
		return 0;
	return seq;
}

void view_store_add(struct view_store *s, const char *id, int64_t seq,
		    const struct oid *tree)
{
	size_t at = s->nr;

	ALLOC_GROW(s->pending, s->nr + 1, s->alloc);
	while (at > 0 && s->pending[at - 1].seq > seq)
		at--;
	memmove(&s->pending[at + 1], &s->pending[at],
		(s->nr - at) * sizeof(*s->pending));
	s->pending[at].id = xstrdup(id);
	s->pending[at].seq = seq;
	s->pending[at].tree = *tree;
	s->nr++;
}

void view_store_drop(struct view_store *s, size_t i)
{
	free(s->pending[i].id);
	s->nr--;
	memmove(&s->pending[i], &s->pending[i + 1],
		(s->nr - i) * sizeof(*s->pending));
}

struct load {
	struct view_store *store;
	struct orch *o;
	struct oid pending;
};

/* "<id>/pack.json" names a pack; what else lies there is of no interest. */
static int load_pending(const char *path, const struct oid *oid, unsigned mode,
			void *data)
{
	struct load *l = data;
	const char *slash = strchr(path, '/');
	struct oid tree;
	int64_t seq;
	char *id;

	(void)oid;
	(void)mode;
	if (!slash || !str_eq(slash, "/pack.json"))
		return 0;
	id = xstrndup(path, (size_t)(slash - path));
	seq = view_pack_seq(id);
	if (seq && tree_lookup(l->o->repo, &l->pending, id, &tree, NULL) == 0)
		view_store_add(l->store, id, seq, &tree);
	free(id);
	return 0;
}

static bool look_up(struct orch *o, const struct oid *root, const char *path,
		    unsigned want_mode, struct oid *out)
{
	unsigned mode = 0;
	struct oid oid;

	if (tree_lookup(o->repo, root, path, &oid, &mode) < 0 ||
	    (mode & 0170000) != want_mode || !object_exists(o->repo, &oid))
		return false;
	*out = oid;
	return true;
}

int view_store_load(struct view_store *out, struct orch *o, const char *actor)
{
	struct load l = { out, o, OID_ZERO };
	char *ref = orch_ref(o, "views/%s", actor);
	int rc;

	view_store_release(out);
	rc = ref_read(o->repo, ref, &out->ref);
	if (rc < 0 && rc != ORCH_ENOTFOUND && ref_is_broken(o->repo, ref)) {
		warn_once("%s is broken: what %s has seen counts as unseen", ref, actor);
		out->broken = true;
		rc = ORCH_ENOTFOUND;
	}
	free(ref);
	if (rc == ORCH_ENOTFOUND) {
		error_clear();
		return 0;
	}
	if (rc < 0)
		return rc;
	look_up(o, &out->ref, "seen", 0040000, &out->seen);
	look_up(o, &out->ref, "seen.json", 0100000, &out->seen_json);
	look_up(o, &out->ref, "known", 0040000, &out->known);
	look_up(o, &out->ref, "layout", 0040000, &out->layout);
	if (look_up(o, &out->ref, "pending", 0040000, &l.pending) &&
	    tree_walk(o->repo, &l.pending, load_pending, &l) < 0) {
		while (out->nr)
			view_store_drop(out, out->nr - 1);
	}
	error_clear();
	return 0;
}

int view_store_save(const struct view_store *s, struct orch *o,
		    const char *actor)
{
	const struct {
		const char *name;
		const struct oid *oid;
		unsigned mode;
	} parts[] = {
		{ "seen", &s->seen, 0040000 },
		{ "seen.json", &s->seen_json, 0100644 },
		{ "known", &s->known, 0040000 },
		{ "layout", &s->layout, 0040000 },
	};
	struct tree_entry *e = xcalloc(s->nr + ARRAY_SIZE(parts), sizeof(*e));
	char *ref = orch_ref(o, "views/%s", actor);
	struct oid root;
	size_t n = 0;
	int rc;

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		if (oid_is_zero(parts[i].oid))
			continue;
		e[n].path = parts[i].name;
		e[n].mode = parts[i].mode;
		e[n++].oid = *parts[i].oid;
	}
	for (size_t i = 0; i < s->nr; i++) {
		e[n].path = xstrfmt("pending/%s", s->pending[i].id);
		e[n].mode = 0040000;
		e[n++].oid = s->pending[i].tree;
	}
	if ((rc = tree_write(o->repo, NULL, e, n, &root)) == 0 && s->broken)
		rc = ref_discard_broken(o->repo, ref);
	if (rc == 0)
		rc = ref_update(o->repo, ref, &root, &s->ref);
	for (size_t i = n - s->nr; i < n; i++)
		free((char *)(uintptr_t)e[i].path);
	free(ref);
	free(e);
	return rc;
}

void view_store_release(struct view_store *s)
{
	static const struct view_store empty = VIEW_STORE_INIT;

	for (size_t i = 0; i < s->nr; i++)
		free(s->pending[i].id);
	free(s->pending);
	*s = empty;
}

static int lock_view(struct lock *lock, struct orch *o, const char *actor,
		     int (*take)(struct lock *lock, const char *path))
{
	char *path = xstrfmt("%s/view-%s.lock", o->loop_dir, actor);
	int rc;

	if ((rc = dir_make(o->loop_dir)) == 0)
		rc = take(lock, path);
	free(path);
	return rc;
}

int view_lock(struct lock *lock, struct orch *o, const char *actor)
{
	return lock_view(lock, o, actor, lock_take);
}

int view_try_lock(struct lock *lock, struct orch *o, const char *actor)
{
	return lock_view(lock, o, actor, lock_try);
}

int view_store_change(struct orch *o, const char *actor, view_change *change, void *data)
{
	struct lock lock = LOCK_INIT;
	int rc;

	if ((rc = view_lock(&lock, o, actor)) < 0)
		return rc;
	for (int i = 0; i < SWAP_TRIES; i++)
		if ((rc = change(o, actor, data)) != ORCH_EMODIFIED)
			break;
	lock_release(&lock);
	return rc;
}

int view_store_set_session(struct view_store *s, struct orch *o, const char *session)
{
	struct strbuf text = STRBUF_INIT;
	struct json *json = NULL;
	int rc;

	if (oid_is_zero(&s->seen_json))
		return 0;
	if ((rc = blob_read(o->repo, &s->seen_json, MAX_PACK_JSON, &text)) < 0 ||
	    (rc = json_parse(&json, text.buf, text.len, "pack.json")) < 0)
		goto out;
	if (json_get_bool(json, "forgotten", false))
		session = NULL;
	json_set(json, "session", json_new_string(session));
	strbuf_reset(&text);
	json_print(&text, json);
	rc = blob_write(o->repo, text.buf, text.len, &s->seen_json);
out:
	json_free(json);
	strbuf_release(&text);
	return rc;
}

static int forget_pack(struct view_pending *p, struct orch *o)
{
	struct tree_entry e = { .path = "pack.json", .mode = 0100644 };
	struct strbuf text = STRBUF_INIT;
	struct json *json = NULL;
	int rc;

	if ((rc = tree_lookup(o->repo, &p->tree, e.path, &e.oid, NULL)) < 0 ||
	    (rc = blob_read(o->repo, &e.oid, MAX_PACK_JSON, &text)) < 0 ||
	    (rc = json_parse(&json, text.buf, text.len, e.path)) < 0)
		goto out;
	json_set(json, "session", json_new_string(NULL));
	if (!json_get(json, "forgotten"))
		json_add_bool(json, "forgotten", true);
	strbuf_reset(&text);
	json_print(&text, json);
	if ((rc = blob_write(o->repo, text.buf, text.len, &e.oid)) == 0)
		rc = tree_write(o->repo, &p->tree, &e, 1, &p->tree);
out:
	json_free(json);
	strbuf_release(&text);
	return rc;
}

int view_store_forget_pending(struct view_store *s, struct orch *o)
{
	int rc = 0;

	for (size_t i = 0; i < s->nr && rc == 0; i++)
		rc = forget_pack(&s->pending[i], o);
	return rc;
}
