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
 *   seen/<path>                    documents that were delivered whole, as last
 *                                  acknowledged
 *   seen.json                      the pack.json that was acknowledged
 *   known/<path>                   all documents as they were then
 *   layout/                        of packs for fresh sessions (layoutstore.h)
 *   pending/<id>/documents/<path>  what this pack delivered whole
 *   pending/<id>/known/<path>      all documents at that time
 *   pending/<id>/pack.json         when, at which commit, for which session
 * What is missing there counts as unseen, never as an error.
 */
#include "base/compat.h"
#include "base/strbuf.h"
#include "base/strvec.h"
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
	int64_t tokens;	/* of its text; -1: nobody has counted */
	bool hit;	/* the stat cache answered: the file was not opened */
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
 */
enum view_flags {
	VIEW_STORE = 1 << 0,	/* keep changed ones as blobs */
	VIEW_NO_CACHE = 1 << 1,	/* read every document, whatever its stat data says */
	VIEW_TOKENS = 1 << 2	/* count those that nobody has counted */
};
int view_compare(struct view_status *out, struct orch *o, const char *actor,
		 unsigned flags);
void view_status_release(struct view_status *s);

/* The pack that the actor acknowledged last. */
struct view_seen {
	char *id;		/* NULL: none */
	char *turn;		/* "17/ralph", NULL if it was packed outside a turn */
	struct oid commit;	/* HEAD when it was packed */
	int64_t packed_ms;
	char *session;		/* the agent session that it was for; NULL */
	int64_t session_turns;	/* acknowledged packs of that session, in a row */
	struct oid stable;	/* hash of the stable part it came with; zero: none */
	size_t pending;		/* packs that wait for their acknowledgement... */
	size_t pending_newer;	/* ...and are newer than the acknowledged one */
};
#define VIEW_SEEN_INIT { .id = NULL }
int view_seen(struct view_seen *out, struct orch *o, const char *actor);
void view_seen_release(struct view_seen *s);

/* What an actor is thought not to know any more. */
struct view_dropped {
	struct strvec documents;	/* paths: they count as unseen now */
	bool key_frame;		/* the next fresh session's pack has a new one */
	char *session;		/* cannot be resumed any more; NULL: there was none */
};
#define VIEW_DROPPED_INIT { STRVEC_INIT, false, NULL }
/*
 * All of an actor's view. With `before_ms` only if its last acknowledged pack or its
 * key frame was made before that time; 0: whatever its age. Nothing is written where
 * there is nothing to drop.
 */
int view_invalidate(struct view_dropped *out, struct orch *o, const char *actor,
		    int64_t before_ms);
/* Only these documents: paths or patterns. */
int view_invalidate_paths(struct view_dropped *out, struct orch *o, const char *actor,
			  const struct strvec *paths);
/*
 * After a switch of branches to `commit`: the loop's key frames whose documents are not
 * what the last turn found are made anew by the next fresh pack. What was seen stays.
 * Waits for nobody: a view that is being changed is left alone (ORCH_EBUSY).
 */
int view_drop_frames(struct orch *o, const struct oid *commit);
/* Whether one of them is the path or a pattern for it. */
bool view_is_named(const struct strvec *paths, const char *path);
bool view_dropped_any(const struct view_dropped *d);
void view_dropped_release(struct view_dropped *d);
/* The actors of the loop: those of the workflow, and whoever else has a view. */
int view_actors(struct strvec *out, struct orch *o);
#endif
