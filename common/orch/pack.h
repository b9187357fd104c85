#ifndef ORCH_PACK_H
#define ORCH_PACK_H
/*
 * A pack: the documents for one turn of an actor, as its agent needs them.
 *
 * A fresh session has seen nothing. It gets the key frame and the sealed changes
 * behind it (the stable part, the same bytes as last time), then the open
 * change to now (orch/layout.h). A resumed session, one whose id was
 * acknowledged last, gets only what changed since then.
 *
 *   pack_build(&p, o, &req);          // pending under p.id, unless a preview
 *   ... p.text, of which p.stable_len bytes are stable ...
 *   pack_ack(o, actor, p.id, NULL);   // the turn ended well
 *   pack_release(&p);
 *
 * With a budget: the change since the actor's last turn first, then what the
 * focus needs, then whole documents by stability, then outlines. What is left
 * out stays unseen, is named with the command that reads it, and is offered
 * again.
 */
#include "base/compat.h"
#include "base/strbuf.h"
#include "git/oid.h"
#include "orch/layout.h"
#include "orch/texts.h"
#include "orch/view.h"
struct orch;

enum pack_flags {
	PACK_PREVIEW = 1 << 0,	/* record nothing */
	PACK_DEFER = 1 << 1,	/* keep the blobs; pack_record() does the rest */
	PACK_FULL = 1 << 2,	/* all documents whole: a new key frame */
	PACK_NO_CACHE = 1 << 3	/* read every document; believe no stat data */
};
struct pack_request {
	const char *actor;
	const char *session;	/* NULL: a fresh one without a name */
	int64_t budget;		/* tokens of the pack; 0: unbounded */
	unsigned flags;
};

enum pack_part_kind {
	PACK_KEY_FRAME,
	PACK_SEALED,
	PACK_OPEN,		/* the change to now */
	PACK_CHANGES,		/* of documents that are not here whole */
	PACK_SECTIONS,		/* of the focus item */
	PACK_OUTLINES,
	PACK_OMITTED		/* the list of what was left out */
};
const char *pack_part_name(enum pack_part_kind kind);
/* Append the command that reads a document, or what changed in it; for a shell. */
void pack_add_command(struct strbuf *out, const char *path, bool diff);
struct pack_part {
	enum pack_part_kind kind;
	size_t at, len;		/* in the text */
	int64_t tokens;
};
/* A document that is not delivered whole. */
struct pack_omission {
	char *path;
	uint64_t bytes;
	int64_t tokens;
	bool change_too;	/* not even what changed in it */
};

struct pack {
	char *id;		/* NULL until recorded */
	struct strbuf text;
	size_t stable_len;	/* the first bytes of text; 0 in a resumed session */
	int64_t tokens;		/* of text */
	struct pack_part *parts;
	size_t nr_parts, alloc_parts;
	struct pack_omission *omitted;
	size_t nr_omitted, alloc_omitted;
	struct view_status status;
	struct oid commit;	/* HEAD at the time; zero: unborn */
	bool uncommitted;	/* a document differs from that commit */
	bool resumed;
	char *session;		/* as requested */
	enum layout_choice choice;	/* of a fresh session's pack */
	const char *why;	/* a new key frame; static */
	double price;		/* relative to all documents uncached; bytes */
	int64_t full_bytes;	/* of all documents */
	/* What is recorded: */
	struct docset now;	/* all documents */
	struct docset whole;	/* those that the session has whole now */
	struct oid whole_tree;	/* the tree of them, where there is one; or zero */
	struct layout layout;	/* fresh: the next layout */
	struct strbuf stable_new;	/* the text of its last part, if that is new */
	struct oid stable;	/* hash of the stable part; zero: none */
	int64_t session_turns;
	struct texts texts;
};
#define PACK_INIT { .id = NULL, .text = STRBUF_INIT, .stable_new = STRBUF_INIT }
int pack_build(struct pack *out, struct orch *o, const struct pack_request *req);
/* Whether a pack for this session would be that of a resumed one. */
bool pack_resumes(struct orch *o, const char *actor, const char *session);
/* Make a pack that was deferred pending, which gives it its id. At most 8
 * are kept for each actor, the oldest is dropped. */
int pack_record(struct pack *p, struct orch *o, const char *actor);
/* What was recorded could not be delivered: it is not pending any more. */
int pack_withdraw(struct orch *o, const char *actor, const char *id);
void pack_release(struct pack *p);
/* The stable part that a resumed session has got already; for agents whose
 * command wants it again. */
int pack_stable_text(struct strbuf *out, struct orch *o, const char *actor);
/*
 * Make pack `id` seen: exactly what it held. NULL is the latest one that is
 * newer than the last acknowledged. Once more for the same pack is fine.
 * `session` (may be NULL) is the id that the agent gave itself. ORCH_ENO: no such
 * pack.
 */
int pack_ack(struct orch *o, const char *actor, const char *id, const char *session);

/*
 * Read the pack back as its agent does and compare: each document that it
 * claims to give whole, with the work tree. ORCH_ENO names the first that is
 * not the same. *checked: documents that were the same.
 */
int pack_verify(struct pack *p, struct orch *o, const char *actor, size_t *checked);
#endif
