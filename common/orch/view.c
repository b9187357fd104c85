/*
 * Documents compared with what an actor has seen.
 */
#include "orch/view.h"

#include <search.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/strvec.h"
#include "base/tokens.h"
#include "git/object.h"
#include "git/statcache.h"
#include "orch/document.h"
#include "orch/orch.h"
#include "orch/viewstore.h"

#define MAX_PACK_JSON (4u << 20)

const char *document_state_name(enum document_state s)
{
	static const char *const names[] = {
		[DOCUMENT_UNCHANGED] = "unchanged",
		[DOCUMENT_CHANGED] = "changed",
		[DOCUMENT_NEW] = "new",
		[DOCUMENT_REMOVED] = "removed",
	};

	return names[s];
}

/* --- what was seen ------------------------------------------------------ */

struct seen {
	char *path;
	struct oid oid;
	bool present;	/* is a document now */
	int64_t tokens;
};
struct seen_list {
	struct orch *o;
	struct seen *v;	/* in tree order; sorted by path before it is searched */
	size_t nr, alloc;
};
#define SEEN_LIST_INIT { NULL, NULL, 0, 0 }

static int add_seen(const char *path, const struct oid *oid, unsigned mode,
		    void *data)
{
	struct seen_list *l = data;

	/* What gc or a shallow fetch took away has not been seen. */
	if ((mode & 0170000) != 0100000 || !object_exists(l->o->repo, oid))
		return 0;
	ALLOC_GROW(l->v, l->nr + 1, l->alloc);
	l->v[l->nr].path = xstrdup(path);
	l->v[l->nr].oid = *oid;
	l->v[l->nr].tokens = -1;
	l->v[l->nr++].present = false;
	return 0;
}

/* The same without asking whether the bytes are still there. */
static int add_known(const char *path, const struct oid *oid, unsigned mode,
		     void *data)
{
	struct seen_list *l = data;

	(void)mode;
	ALLOC_GROW(l->v, l->nr + 1, l->alloc);
	l->v[l->nr] = (struct seen){ .path = xstrdup(path), .oid = *oid, .tokens = -1 };
	l->nr++;
	return 0;
}

static int compare_seen(const void *a, const void *b)
{
	return strcmp(((const struct seen *)a)->path,
		      ((const struct seen *)b)->path);
}

static void sort_seen(struct seen_list *l)
{
	if (l->nr)
		qsort(l->v, l->nr, sizeof(*l->v), compare_seen);
}

/* How many tokens the documents had at the acknowledged pack. */
static void load_tokens(struct seen_list *known, struct orch *o,
			const struct view_store *store)
{
	struct strbuf text = STRBUF_INIT;
	struct json *json = NULL;
	const struct json *list, *j;

	known->o = o;
	if (oid_is_zero(&store->known) || oid_is_zero(&store->seen_json) ||
	    tree_walk(o->repo, &store->known, add_known, known) < 0 ||
	    blob_read(o->repo, &store->seen_json, MAX_PACK_JSON, &text) < 0 ||
	    json_parse(&json, text.buf, text.len, "seen.json") < 0)
		goto out;
	/* By their places in the tree: a path need not be text. */
	list = json_get(json, "tokens");
	if (json_count(list) == known->nr) {
		j = json_first(list);
		for (size_t i = 0; i < known->nr; i++, j = json_next(j))
			if (json_get_int(j, "n", &known->v[i].tokens) < 0)
				known->v[i].tokens = -1;
	}
	sort_seen(known);
out:
	error_clear();
	json_free(json);
	strbuf_release(&text);
}

static int load_seen(struct seen_list *l, struct seen_list *known, struct orch *o,
		     const char *actor)
{
	struct view_store store = VIEW_STORE_INIT;
	int rc;

	l->o = o;
	if ((rc = view_store_load(&store, o, actor)) < 0)
		return rc;
	if (!oid_is_zero(&store.seen) &&
	    tree_walk(o->repo, &store.seen, add_seen, l) < 0)
		error_clear();	/* the rest of it is unseen */
	sort_seen(l);
	load_tokens(known, o, &store);
	view_store_release(&store);
	return 0;
}

static struct seen *find_seen(const struct seen_list *l, const char *path)
{
	struct seen key = { .path = (char *)(uintptr_t)path };

	return l->nr ? bsearch(&key, l->v, l->nr, sizeof(*l->v), compare_seen)
		     : NULL;
}

static void seen_list_release(struct seen_list *l)
{
	for (size_t i = 0; i < l->nr; i++)
		free(l->v[i].path);
	free(l->v);
}

/* --- counting tokens ------------------------------------------------------- */

/* The text of a document that is perhaps not in the repository yet. */
static int count_tokens(struct view_document *d, struct orch *o)
{
	int64_t max = config_get_int(o->config, "orch.maxDocument");
	struct strbuf text = STRBUF_INIT;
	struct stat st;
	int fd = -1, rc;

	rc = file_open_beneath(&fd, &st, repo_work_tree(o->repo), d->path, false);
	if (rc < 0)
		return rc;
	if (strbuf_read_fd(&text, fd, (size_t)max) < 0)
		rc = error_sys("cannot read '%s'", d->path);
	else
		d->tokens = tokens_of_text(text.buf, text.len);
	close(fd);
	strbuf_release(&text);
	return rc;
}

/* --- comparing ----------------------------------------------------------- */

static struct view_document *add_document(struct view_status *s,
					  const char *path)
{
	struct view_document *d;

	ALLOC_GROW(s->v, s->nr + 1, s->alloc);
	d = &s->v[s->nr++];
	memset(d, 0, sizeof(*d));
	d->path = xstrdup(path);
	return d;
}

struct comparison {
	struct orch *o;
	struct statcache *cache;
	struct seen_list seen, known;
	unsigned flags;
};

static int compare_one(struct view_status *out, struct comparison *c,
		       const char *path)
{
	struct seen *before = find_seen(&c->seen, path);
	struct seen *counted = find_seen(&c->known, path);
	struct orch *o = c->o;
	int64_t max = config_get_int(o->config, "orch.maxDocument");
	struct view_document *d;
	struct oid oid;
	uint64_t size;
	bool hit;
	int rc;

	if (c->flags & VIEW_NO_CACHE)
		statcache_forget(c->cache, path);
	rc = statcache_lookup(c->cache, path, max > 0 ? (size_t)max : 0,
			      c->flags & VIEW_STORE, &oid, &size, &hit);
	if (rc == ORCH_ENOTFOUND) {	/* deleted in between, or a dangling link */
		error_clear();
		return 0;
	}
	if (before)
		before->present = true;
	if (rc == ORCH_EINVALID) {
		warn_once("document left out: %s", error_message());
		error_clear();
		return 0;
	}
	if (rc < 0)
		return rc;
	d = add_document(out, path);
	d->oid = oid;
	d->size = size;
	d->tokens = counted && oid_eq(&counted->oid, &oid) ? counted->tokens : -1;
	d->hit = hit;
	d->state = DOCUMENT_NEW;
	out->total++;
	if (d->tokens < 0 && c->flags & VIEW_TOKENS && (rc = count_tokens(d, o)) < 0)
		return rc;
	if (!before)
		return 0;
	d->seen_oid = before->oid;
	d->state = DOCUMENT_CHANGED;
	if (oid_eq(&d->oid, &d->seen_oid)) {
		d->state = DOCUMENT_UNCHANGED;
		out->unchanged++;
	}
	return 0;
}

/* Seen and no document now: reported only if the file itself is gone, since
 * a document that the configuration dropped is still there to be read. */
static void add_removed(struct view_status *out, struct orch *o,
			const struct seen_list *seen)
{
	for (size_t i = 0; i < seen->nr; i++) {
		struct view_document *d;
		struct stat st;
		char *full;
		bool gone;

		if (seen->v[i].present)
			continue;
		full = xstrfmt("%s/%s", repo_work_tree(o->repo), seen->v[i].path);
		gone = lstat(full, &st) < 0;
		free(full);
		if (!gone)
			continue;
		d = add_document(out, seen->v[i].path);
		d->state = DOCUMENT_REMOVED;
		d->seen_oid = seen->v[i].oid;
	}
}

static int open_cache(struct statcache **cache, struct orch *o)
{
	char *path = xstrfmt("%s/orch/statcache", repo_git_dir(o->repo));
	int rc;

	/* A git dir that cannot be written to can still be read. */
	if (dir_make_parent(path) < 0)
		error_clear();
	rc = statcache_open(cache, o->repo, path);
	free(path);
	return rc;
}

int view_compare(struct view_status *out, struct orch *o, const char *actor,
		 unsigned flags)
{
	struct comparison c = { o, NULL, SEEN_LIST_INIT, SEEN_LIST_INIT, flags };
	struct strvec paths = STRVEC_INIT;
	int rc;

	if ((rc = documents_resolve(&paths, o, actor)) < 0 ||
	    (rc = load_seen(&c.seen, &c.known, o, actor)) < 0 ||
	    (rc = open_cache(&c.cache, o)) < 0)
		goto out;
	for (size_t i = 0; i < paths.nr; i++)
		if ((rc = compare_one(out, &c, paths.v[i])) < 0)
			goto out;
	add_removed(out, o, &c.seen);
	if (statcache_save(c.cache) < 0)	/* costs time at the next run, no more */
		error_clear();
out:
	statcache_free(c.cache);
	seen_list_release(&c.seen);
	seen_list_release(&c.known);
	strvec_release(&paths);
	return rc;
}

void view_status_release(struct view_status *s)
{
	static const struct view_status empty = VIEW_STATUS_INIT;

	for (size_t i = 0; i < s->nr; i++)
		free(s->v[i].path);
	free(s->v);
	*s = empty;
}

/* --- the last acknowledged pack ----------------------------------------- */

void view_store_seen(struct view_seen *out, const struct view_store *s, struct orch *o)
{
	struct strbuf text = STRBUF_INIT;
	struct json *json = NULL;
	const char *id, *commit, *stable;

	out->pending = out->pending_newer = s->nr;
	if (oid_is_zero(&s->seen_json) ||
	    blob_read(o->repo, &s->seen_json, MAX_PACK_JSON, &text) < 0 ||
	    json_parse(&json, text.buf, text.len, "seen.json") < 0)
		goto unseen;
	id = json_get_string(json, "id");
	if (!id || !view_pack_seq(id))
		goto unseen;
	out->id = xstrdup(id);
	for (size_t i = 0; i < s->nr; i++)
		out->pending_newer -= s->pending[i].seq < view_pack_seq(id);
	out->turn = xstrdup(json_get_string(json, "turn"));
	commit = json_get_string(json, "commit");
	if (!commit || oid_parse(&out->commit, commit) < 0)
		memset(&out->commit, 0, sizeof(out->commit));
	if (json_get_int(json, "at", &out->packed_ms) < 0)
		out->packed_ms = 0;
	out->session = xstrdup(json_get_string(json, "session"));
	if (json_get_int(json, "session_turns", &out->session_turns) < 0)
		out->session_turns = 0;
	stable = json_get_string(json, "stable");
	if (!stable || oid_parse(&out->stable, stable) < 0)
		memset(&out->stable, 0, sizeof(out->stable));
unseen:
	error_clear();
	json_free(json);
	strbuf_release(&text);
}

int view_seen(struct view_seen *out, struct orch *o, const char *actor)
{
	struct view_store store = VIEW_STORE_INIT;
	int rc = view_store_load(&store, o, actor);

	if (rc == 0)
		view_store_seen(out, &store, o);
	view_store_release(&store);
	return rc;
}

void view_seen_release(struct view_seen *s)
{
	static const struct view_seen empty = VIEW_SEEN_INIT;

	free(s->id);
	free(s->turn);
	free(s->session);
	*s = empty;
}
