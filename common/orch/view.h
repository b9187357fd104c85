#ifndef ORCH_VIEW_H
#define ORCH_VIEW_H
/*
 * The view: what an actor has been shown. Documents are compared with it by
 * object name through a stat cache, so one that has not changed is not
 * opened. A pack shows documents and is *pending* under an id of its own;
 * acknowledging that id (a turn that ended well) makes it *seen*.
 *
 * One ref holds all of an actor's view, refs/orch/<loop>/views/<actor>, and
 * moves by compare-and-swap:
 *   seen/<path>                    documents as last acknowledged
 *   seen.json                      the pack.json that was acknowledged
 *   pending/<id>/documents/<path>  documents as last packed
 *   pending/<id>/pack.json         when and at which commit
 * What is missing there counts as unseen, never as an error.
 */
#include "base/compat.h"
#include "base/strbuf.h"
#include "git/oid.h"
struct orch;

enum document_state {
	DOCUMENT_UNCHANGED,
	DOCUMENT_CHANGED,
	DOCUMENT_NEW,
	DOCUMENT_REMOVED	/* seen, and gone now: no oid, size 0 */
};
const char *document_state_name(enum document_state s);

struct view_document {
	char *path;
	enum document_state state;
	struct oid oid, seen_oid;
	uint64_t size;
	int64_t tokens;
	bool hit;	/* the stat cache answered: the file was not opened */
	size_t text_at;	/* where its bytes begin in a pack's text */
};
struct view_status {
	struct view_document *v;
	size_t nr, alloc;
	size_t unchanged;	/* of the documents that exist now... */
	size_t total;		/* ...which are this many */
};
#define VIEW_STATUS_INIT { NULL, 0, 0, 0, 0 }
/*
 * Compare. Documents that cannot be delivered (a directory, too large, a
 * symlink out of the tree) are left out with a warning that names them.
 * With `store` changed ones are kept as blobs.
 */
int view_compare(struct view_status *out, struct orch *o, const char *actor,
		 bool store);
void view_status_release(struct view_status *s);

/* The pack that the actor acknowledged last. */
struct view_seen {
	char *id;		/* NULL: none */
	char *turn;		/* "17/ralph", NULL if it was packed outside a turn */
	struct oid commit;	/* HEAD when it was packed */
	int64_t packed_ms;
	size_t pending;		/* packs that wait for their acknowledgement */
};
#define VIEW_SEEN_INIT { NULL, NULL, OID_ZERO, 0, 0 }
int view_seen(struct view_seen *out, struct orch *o, const char *actor);
void view_seen_release(struct view_seen *s);

enum pack_flags {
	PACK_PREVIEW = 1 << 0,	/* record nothing */
	PACK_DEFER = 1 << 1	/* keep the blobs; view_record() does the rest */
};
struct pack {
	char *id;		/* NULL until recorded */
	struct strbuf text;	/* the documents, whole, each under a heading */
	struct view_status status;
	struct oid commit;	/* HEAD at the time; zero: unborn */
	bool uncommitted;	/* a document differs from that commit */
};
#define PACK_INIT { NULL, STRBUF_INIT, VIEW_STATUS_INIT, OID_ZERO, false }
int view_pack(struct pack *out, struct orch *o, const char *actor,
	      unsigned flags);
/* Make a pack that was deferred pending, which gives it its id. At most 8
 * are kept for each actor, the oldest is dropped. */
int view_record(struct pack *p, struct orch *o, const char *actor);
void pack_release(struct pack *p);
/*
 * Make pack `id` seen: exactly what it held. NULL is the latest one that is
 * newer than the last acknowledged. Once more for the same pack is fine.
 * ORCH_ENO: no such pack.
 */
int view_ack(struct orch *o, const char *actor, const char *id);
#endif
