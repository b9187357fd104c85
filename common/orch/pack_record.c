/*
 * Packs pending, acknowledged, and read back.
 */
#include <sys/random.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "git/object.h"
#include "orch/layoutstore.h"
#include "orch/orch.h"
#include "orch/pack.h"
#include "orch/packlog.h"
#include "orch/packtext.h"
#include "orch/turn.h"
#include "orch/viewstore.h"

#define MAX_PENDING 8

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

static int64_t tokens_of(const struct pack *p, const char *path)
{
	for (size_t i = 0; i < p->status.nr; i++)
		if (str_eq(p->status.v[i].path, path))
			return p->status.v[i].tokens;
	return -1;
}

static int add_tokens(const char *path, const struct oid *oid, unsigned mode,
		      void *data)
{
	void **both = data;
	struct json *j = json_add_object(both[0], NULL);

	(void)oid, (void)mode;
	json_add_int(j, "n", tokens_of(both[1], path));
	return 0;
}

static void print_pack(struct strbuf *out, const struct pack *p, struct orch *o,
		       const char *actor, const char *id, const struct oid *known)
{
	struct json *json = json_new_object();
	char *turn = current_turn(o, actor);
	void *both[2];

	json_add_int(json, "version", 2);
	json_add_string(json, "id", id);
	json_add_string(json, "actor", actor);
	json_add_int(json, "at", time_now_ms());
	json_add_string(json, "turn", turn);
	json_add_string(json, "commit",
			oid_is_zero(&p->commit) ? NULL : oid_hex(&p->commit));
	json_add_string(json, "session", p->session);
	json_add_int(json, "session_turns", p->session_turns);
	json_add_string(json, "stable",
			oid_is_zero(&p->stable) ? NULL : oid_hex(&p->stable));
	json_add_bool(json, "resumed", p->resumed);
	packlog_figures(json, p);
	/* In the order of the tree: a path need not be text. */
	both[0] = json_add_array(json, "tokens");
	both[1] = (void *)(uintptr_t)p;
	if (!oid_is_zero(known) && tree_walk(o->repo, known, add_tokens, both) < 0)
		error_clear();
	json_print(out, json);
	json_free(json);
	free(turn);
}

/* All documents; mostly they are the same as those that are given whole. */
static int known_tree(struct pack *p, struct orch *o, const struct oid *whole,
		      struct oid *tree)
{
	if (!docset_equal(&p->now, &p->whole))
		return docset_to_tree(&p->now, o->repo, tree);
	*tree = *whole;
	return 0;
}

/* The pending tree: documents/, known/ and pack.json. */
static int write_pack(struct pack *p, struct orch *o, const char *actor,
		      const char *id, struct oid *tree)
{
	struct tree_entry e[3] = {
		{ .path = "documents", .mode = 0040000 },
		{ .path = "known", .mode = 0040000 },
		{ .path = "pack.json", .mode = 0100644 },
	};
	struct strbuf text = STRBUF_INIT;
	size_t n = 0;
	int rc;

	e[0].oid = p->whole_tree;
	if ((oid_is_zero(&e[0].oid) &&
	     (rc = docset_to_tree(&p->whole, o->repo, &e[0].oid)) < 0) ||
	    (rc = known_tree(p, o, &e[0].oid, &e[1].oid)) < 0)
		goto out;
	print_pack(&text, p, o, actor, id, &e[1].oid);
	if ((rc = blob_write(o->repo, text.buf, text.len, &e[2].oid)) < 0)
		goto out;
	for (size_t i = 0; i < ARRAY_SIZE(e); i++)
		if (!oid_is_zero(&e[i].oid))
			e[n++] = e[i];
	rc = tree_write(o->repo, NULL, e, n, tree);
out:
	strbuf_release(&text);
	return rc;
}

static int write_layout(struct pack *p, struct orch *o, const char *actor,
			struct oid *tree)
{
	struct layout *l = &p->layout;
	int rc;

	if (p->stable_new.len &&
	    (rc = blob_write(o->repo, p->stable_new.buf, p->stable_new.len,
			     &l->parts[l->nr_parts - 1].blob)) < 0)
		return rc;
	if (p->choice == LAYOUT_RENEWED && !l->turn)
		l->turn = current_turn(o, actor);
	return layout_save(l, o->repo, tree);
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
	if ((rc = view_store_load(&store, o, actor)) < 0)
		goto out;
	view_store_seen(&seen, &store, o);
	seq = next_seq(&store, &seen);
	id = xstrfmt("%" PRId64 "-%06x", seq, noise & 0xffffff);
	if ((rc = write_pack(p, o, actor, id, &tree)) < 0 ||
	    (!p->resumed && p->layout.nr_parts &&
	     (rc = write_layout(p, o, actor, &store.layout)) < 0))
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

static int record_pack(struct orch *o, const char *actor, void *data)
{
	return record_once(data, o, actor);
}

int pack_record(struct pack *p, struct orch *o, const char *actor)
{
	return view_store_change(o, actor, record_pack, p);
}

static int withdraw_once(struct orch *o, const char *actor, void *data)
{
	struct view_store store = VIEW_STORE_INIT;
	const char *id = data;
	int rc = view_store_load(&store, o, actor);

	for (size_t i = 0; rc == 0 && i < store.nr; i++)
		if (str_eq(store.pending[i].id, id)) {
			view_store_drop(&store, i);
			rc = view_store_save(&store, o, actor);
			break;
		}
	view_store_release(&store);
	return rc;
}

int pack_withdraw(struct orch *o, const char *actor, const char *id)
{
	return view_store_change(o, actor, withdraw_once, (void *)(uintptr_t)id);
}

/* --- acknowledged -------------------------------------------------------- */

struct ack {
	const char *id, *session;
	struct oid json;	/* of the pack that is seen now; zero: it was before */
};

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

/* The tree of that name, zero if there is none. */
static int subtree(struct orch *o, const struct oid *tree, const char *name,
		   struct oid *out)
{
	int rc = tree_lookup(o->repo, tree, name, out, NULL);

	if (rc != ORCH_ENOTFOUND)
		return rc;
	error_clear();
	memset(out, 0, sizeof(*out));
	return 0;
}

static int ack_once(struct orch *o, const char *actor, void *data)
{
	struct ack *ack = data;
	struct view_store store = VIEW_STORE_INIT;
	struct view_seen seen = VIEW_SEEN_INIT;
	struct view_pending *p;
	int rc, i;

	if ((rc = view_store_load(&store, o, actor)) < 0)
		goto out;
	view_store_seen(&seen, &store, o);
	if (ack->id && seen.id && str_eq(ack->id, seen.id))
		goto out;
	if ((i = choose(&store, &seen, ack->id)) < 0) {
		rc = no_such_pack(actor, ack->id);
		goto out;
	}
	p = &store.pending[i];
	/* A pack without documents has no such directory: nothing is seen. */
	if ((rc = tree_lookup(o->repo, &p->tree, "pack.json", &store.seen_json,
			      NULL)) < 0 ||
	    (rc = subtree(o, &p->tree, "documents", &store.seen)) < 0 ||
	    (rc = subtree(o, &p->tree, "known", &store.known)) < 0 ||
	    (ack->session &&
	     (rc = view_store_set_session(&store, o, ack->session)) < 0))
		goto out;
	view_store_drop(&store, (size_t)i);
	if ((rc = view_store_save(&store, o, actor)) == 0)
		ack->json = store.seen_json;
out:
	view_seen_release(&seen);
	view_store_release(&store);
	return rc;
}

int pack_ack(struct orch *o, const char *actor, const char *id, const char *session)
{
	struct ack ack = { id, session, OID_ZERO };
	int rc = view_store_change(o, actor, ack_once, &ack);

	if (rc == 0 && !oid_is_zero(&ack.json))
		packlog_append(o, &ack.json);
	return rc;
}
