#ifndef ORCH_VIEWSTORE_H
#define ORCH_VIEWSTORE_H
/*
 * How a view lies in its ref (see view.h): read whole, changed in memory,
 * written back by compare-and-swap. Only the files of the view and of packs need this.
 *
 *   do {
 *           view_store_load(&s, o, actor);   // never fails on bad content
 *           ... change s ...
 *           rc = view_store_save(&s, o, actor);
 *   } while (rc == ORCH_EMODIFIED && --tries);
 */
#include "base/compat.h"
#include "base/lock.h"
#include "git/oid.h"
struct orch;
struct strbuf;

struct view_pending {
	char *id;
	int64_t seq;		/* grows by one with each pack of the actor */
	struct oid tree;	/* pending/<id> */
};
struct view_store {
	struct oid ref;		/* what the ref holds; zero: there is none */
	bool broken;		/* it holds nonsense, and goes when it is saved */
	struct oid seen;	/* tree; zero: nothing seen */
	struct oid seen_json;	/* blob; zero: nothing acknowledged */
	struct oid known;	/* tree: all documents at the acknowledged pack */
	struct oid layout;	/* tree, see layoutstore.h; zero: no key frame */
	struct view_pending *pending;	/* by seq */
	size_t nr, alloc;
};
#define VIEW_STORE_INIT { .pending = NULL }

/* What cannot be read is left out: it counts as unseen. Fails only when the
 * ref itself cannot be read. */
struct view_seen;
/* view_seen() of what was loaded. */
void view_store_seen(struct view_seen *out, const struct view_store *s, struct orch *o);
int view_store_load(struct view_store *out, struct orch *o, const char *actor);
/* ORCH_EMODIFIED: the ref moved since it was loaded. */
int view_store_save(const struct view_store *s, struct orch *o,
		    const char *actor);
void view_store_release(struct view_store *s);
void view_store_add(struct view_store *s, const char *id, int64_t seq,
		    const struct oid *tree);
void view_store_drop(struct view_store *s, size_t i);

/* The number in front of a pack's id, "12-5f0e2a"; 0: no id of ours. */
int64_t view_pack_seq(const char *id);
/* Held while a view changes. */
int view_lock(struct lock *lock, struct orch *o, const char *actor);
int view_try_lock(struct lock *lock, struct orch *o, const char *actor);	/* or ORCH_EBUSY */
/*
 * Change an actor's view: `change` loads, changes and saves it, under its lock, and
 * is called again when somebody was faster.
 */
typedef int view_change(struct orch *o, const char *actor, void *data);
int view_store_change(struct orch *o, const char *actor, view_change *change, void *data);
/* What was forgotten may be in packs that wait: they can be acknowledged, but the
 * sessions that they were for are over. */
int view_store_forget_pending(struct view_store *s, struct orch *o);
/* Under which id the session that was acknowledged can be resumed; NULL: it
 * cannot. */
int view_store_set_session(struct view_store *s, struct orch *o, const char *session);
#endif
