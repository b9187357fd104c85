/*
 * Packs: the documents for one turn, pending until they are acknowledged.
 */
#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "base/tokens.h"
#include "git/object.h"
#include "orch/orch.h"
#include "orch/turn.h"
#include "orch/view.h"
#include "orch/viewstore.h"

#define MAX_PENDING 8
#define MAX_PACK (256u << 20)
#define SWAP_TRIES 8

/* --- the text ------------------------------------------------------------ */

/*
 * A preview stores nothing, so a document that git does not have yet is read
 * from the work tree; should it have changed since it was compared, what was
 * read is what counts.
 */
static int read_from_disk(struct strbuf *out, struct orch *o,
			  struct view_document *d)
{
	int64_t max = config_get_int(o->config, "orch.maxDocument");
	size_t before = out->len;
	struct stat st;
	int fd = -1, rc;

	rc = file_open_beneath(&fd, &st, repo_work_tree(o->repo), d->path,
			       false);
	if (rc < 0)
		return rc;
	if (!S_ISREG(st.st_mode))
		rc = error_set(ORCH_ERROR, "'%s' was replaced while it was read",
			       d->path);
	else if (strbuf_read_fd(out, fd, (size_t)max) < 0)
		rc = error_sys("cannot read '%s'", d->path);
	close(fd);
	if (rc < 0)
		return rc;
	d->size = out->len - before;
	d->tokens = tokens_of_size(d->size);
	blob_hash(out->buf + before, d->size, &d->oid);
	return 0;
}

static int read_document(struct strbuf *out, struct orch *o,
			 struct view_document *d, bool preview)
{
	if (preview && !object_exists(o->repo, &d->oid))
		return read_from_disk(out, o, d);
	return blob_read(o->repo, &d->oid, MAX_PACK, out);
}

static void add_heading(struct strbuf *out, const struct view_document *d)
{
	struct strbuf quoted = STRBUF_INIT;

	text_add_quoted_path(&quoted, d->path, strlen(d->path));
	strbuf_addf(out, "<document path=%s%s%s bytes=\"%" PRIu64
		    "\" state=\"%s\"%s>\n",
		    quoted.buf[0] == '"' ? "" : "\"", quoted.buf,
		    quoted.buf[0] == '"' ? "" : "\"", d->size,
		    document_state_name(d->state),
		    d->state == DOCUMENT_REMOVED ? "/" : "");
	strbuf_release(&quoted);
}

static int add_text(struct strbuf *out, struct orch *o, struct view_document *d,
		    bool preview)
{
	struct strbuf bytes = STRBUF_INIT;
	int rc;

	if (d->state == DOCUMENT_REMOVED) {
		add_heading(out, d);
		d->text_at = out->len;
		return 0;
	}
	if ((rc = read_document(&bytes, o, d, preview)) < 0)
		goto out;
	if (!utf8_valid(bytes.buf, bytes.len) || memchr(bytes.buf, 0, bytes.len))
		warn_once("document '%s' is not UTF-8 text; its bytes are passed on as "
		     "they are", d->path);
	add_heading(out, d);
	d->text_at = out->len;
	strbuf_addbuf(out, &bytes);
	if (bytes.len && bytes.buf[bytes.len - 1] != '\n')
		strbuf_addch(out, '\n');
	strbuf_addstr(out, "</document>\n");
out:
	strbuf_release(&bytes);
	return rc;
}

/* Which commit the pack stands for, and whether it has more than that. */
static int find_commit(struct pack *p, struct orch *o)
{
	struct commit_info head = COMMIT_INFO_INIT;
	int rc;

	if ((rc = repo_head(o->repo, &p->commit, NULL)) < 0)
		return rc;
	if (oid_is_zero(&p->commit)) {
		p->uncommitted = p->status.total > 0;
		return 0;
	}
	if ((rc = commit_read(o->repo, &p->commit, &head)) < 0)
		return rc;
	for (size_t i = 0; i < p->status.nr && !p->uncommitted; i++) {
		const struct view_document *d = &p->status.v[i];
		struct oid oid;
		bool there = tree_lookup(o->repo, &head.tree, d->path, &oid,
					 NULL) == 0;

		p->uncommitted = d->state == DOCUMENT_REMOVED
				 ? there : !there || !oid_eq(&oid, &d->oid);
	}
	error_clear();
	commit_info_release(&head);
	return 0;
}

static void add_opening(struct pack *p)
{
	strbuf_addf(&p->text, "The %zu document%s below %s complete as of ",
		    p->status.total, p->status.total == 1 ? "" : "s",
		    p->status.total == 1 ? "is" : "are");
	if (oid_is_zero(&p->commit))
		strbuf_addstr(&p->text, "now (nothing is committed yet)");
	else
		strbuf_addf(&p->text, "commit %s%s", oid_short(&p->commit),
			    p->uncommitted ? " with what is uncommitted on top" : "");
	strbuf_addf(&p->text, ": %s need not be read again.\n",
		    p->status.total == 1 ? "it" : "they");
}

static int compose(struct pack *p, struct orch *o, bool preview)
{
	uint64_t total = 0;
	int rc;

	for (size_t i = 0; i < p->status.nr; i++)
		total += p->status.v[i].size;
	if (total > MAX_PACK)
		return error_set(ORCH_EINVALID, "the documents are %" PRIu64
				 " MiB together, more than %u MiB; narrow orch.doc",
				 total >> 20, MAX_PACK >> 20);
	if ((rc = find_commit(p, o)) < 0)
		return rc;
	if (!p->status.nr)
		return 0;
	add_opening(p);
	for (size_t i = 0; i < p->status.nr; i++)
		if ((rc = add_text(&p->text, o, &p->status.v[i], preview)) < 0)
			return rc;
	return 0;
}

int view_pack(struct pack *out, struct orch *o, const char *actor,
	      unsigned flags)
{
	bool preview = flags & PACK_PREVIEW;
	int rc;

	if ((rc = view_compare(&out->status, o, actor, !preview)) < 0 ||
	    (rc = compose(out, o, preview)) < 0)
		return rc;
	return flags & (PACK_PREVIEW | PACK_DEFER) ? 0
						   : view_record(out, o, actor);
}

void pack_release(struct pack *p)
{
	static const struct pack empty = PACK_INIT;

	free(p->id);
	strbuf_release(&p->text);
	view_status_release(&p->status);
	*p = empty;
}

/* --- pending ------------------------------------------------------------- */

/* Newer than every pack of this view, acknowledged ones included. */
static int64_t next_seq(const struct view_store *s, const struct view_seen *seen)
{
	int64_t last = seen->id ? view_pack_seq(seen->id) : 0;

	if (s->nr && s->pending[s->nr - 1].seq > last)
		last = s->pending[s->nr - 1].seq;
	return last + 1;
}

/* The turn that the pack is made in, if it is this actor's. */
static char *current_turn(struct orch *o, const char *actor)
{
	struct turn t;
	char *id = NULL;

	turn_init(&t);
	if (turn_read(&t, o) < 0)
		error_clear();	/* turn status reports it */
	else if (t.holder.actor && str_eq(t.holder.actor, actor))
		id = turn_id(&t);
	turn_release_memory(&t);
	return id;
}

/* The pending tree: documents/<path> and pack.json. */
static int write_pack(const struct pack *p, struct orch *o, const char *actor,
		      const char *id, struct oid *tree)
{
	struct json *json = json_new_object();
	struct strbuf text = STRBUF_INIT;
	struct tree_entry *e = xcalloc(p->status.nr + 1, sizeof(*e));
	char *turn = current_turn(o, actor);
	size_t n = 0;
	int rc;

	json_add_int(json, "version", 1);
	json_add_string(json, "id", id);
	json_add_string(json, "actor", actor);
	json_add_int(json, "at", time_now_ms());
	json_add_string(json, "turn", turn);
	json_add_string(json, "commit",
			oid_is_zero(&p->commit) ? NULL : oid_hex(&p->commit));
	json_print(&text, json);
	for (size_t i = 0; i < p->status.nr; i++) {
		if (p->status.v[i].state == DOCUMENT_REMOVED)
			continue;
		e[n].path = xstrfmt("documents/%s", p->status.v[i].path);
		e[n].mode = 0100644;
		e[n++].oid = p->status.v[i].oid;
	}
	e[n].path = "pack.json";
	e[n].mode = 0100644;
	if ((rc = blob_write(o->repo, text.buf, text.len, &e[n].oid)) == 0)
		rc = tree_write(o->repo, NULL, e, n + 1, tree);
	for (size_t i = 0; i < n; i++)
		free((char *)(uintptr_t)e[i].path);
	free(e);
	free(turn);
	strbuf_release(&text);
	json_free(json);
	return rc;
}

static int record_once(struct pack *p, struct orch *o, const char *actor)
{
	struct view_store store = VIEW_STORE_INIT;
	struct view_seen seen = VIEW_SEEN_INIT;
	unsigned noise = 0;
	struct oid tree;
	int64_t seq;
	char *id = NULL;
	int rc;

	if (getrandom(&noise, sizeof(noise), 0) != sizeof(noise))
		return error_sys("cannot get random bytes");
	if ((rc = view_seen(&seen, o, actor)) < 0 ||
	    (rc = view_store_load(&store, o, actor)) < 0)
		goto out;
	seq = next_seq(&store, &seen);
	id = xstrfmt("%" PRId64 "-%06x", seq, noise & 0xffffff);
	if ((rc = write_pack(p, o, actor, id, &tree)) < 0)
		goto out;
	while (store.nr >= MAX_PENDING)
		view_store_drop(&store, 0);
	view_store_add(&store, id, seq, &tree);
	if ((rc = view_store_save(&store, o, actor)) < 0)
		goto out;
	free(p->id);
	p->id = id;
	id = NULL;
out:
	free(id);
	view_seen_release(&seen);
	view_store_release(&store);
	return rc;
}

int view_record(struct pack *p, struct orch *o, const char *actor)
{
	struct lock lock = LOCK_INIT;
	int rc;

	if ((rc = view_lock(&lock, o, actor)) < 0)
		return rc;
	for (int i = 0; i < SWAP_TRIES; i++)
		if ((rc = record_once(p, o, actor)) != ORCH_EMODIFIED)
			break;
	lock_release(&lock);
	return rc;
}

/* --- acknowledged -------------------------------------------------------- */

static int no_such_pack(const char *actor, const char *id)
{
	if (id)
		return error_set(ORCH_ENO, "no pack '%s' of %s is pending", id,
				 actor);
	return error_set(ORCH_ENO, "no pack of %s is pending", actor);
}

/* Index of the pack that is meant, or -1. */
static int choose(const struct view_store *s, const struct view_seen *seen,
		  const char *id)
{
	int64_t acked = seen->id ? view_pack_seq(seen->id) : 0;

	if (!id)
		return s->nr && s->pending[s->nr - 1].seq > acked
		       ? (int)(s->nr - 1) : -1;
	for (size_t i = 0; i < s->nr; i++)
		if (str_eq(s->pending[i].id, id))
			return (int)i;
	return -1;
}

static int ack_once(struct orch *o, const char *actor, const char *id)
{
	struct view_store store = VIEW_STORE_INIT;
	struct view_seen seen = VIEW_SEEN_INIT;
	struct view_pending *p;
	int rc, i;

	if ((rc = view_seen(&seen, o, actor)) < 0 ||
	    (rc = view_store_load(&store, o, actor)) < 0)
		goto out;
	if (id && seen.id && str_eq(id, seen.id))
		goto out;
	if ((i = choose(&store, &seen, id)) < 0) {
		rc = no_such_pack(actor, id);
		goto out;
	}
	p = &store.pending[i];
	if ((rc = tree_lookup(o->repo, &p->tree, "pack.json", &store.seen_json,
			      NULL)) < 0)
		goto out;
	/* A pack without documents has no such directory: nothing is seen. */
	memset(&store.seen, 0, sizeof(store.seen));
	rc = tree_lookup(o->repo, &p->tree, "documents", &store.seen, NULL);
	if (rc == ORCH_ENOTFOUND) {
		error_clear();
		rc = 0;
	}
	if (rc < 0)
		goto out;
	view_store_drop(&store, (size_t)i);
	rc = view_store_save(&store, o, actor);
out:
	view_seen_release(&seen);
	view_store_release(&store);
	return rc;
}

int view_ack(struct orch *o, const char *actor, const char *id)
{
	struct lock lock = LOCK_INIT;
	int rc;

	if ((rc = view_lock(&lock, o, actor)) < 0)
		return rc;
	for (int i = 0; i < SWAP_TRIES; i++)
		if ((rc = ack_once(o, actor, id)) != ORCH_EMODIFIED)
			break;
	lock_release(&lock);
	return rc;
}
