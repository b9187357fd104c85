#ifndef ORCH_PACK_INTERNAL_H
#define ORCH_PACK_INTERNAL_H
/*
 * Shared by pack.c (what is in a pack), pack_budget.c (what fits) and pack_focus.c
 * (what the focus needs).
 */
#include "orch/pack.h"
#include "orch/orch.h"

/* A piece of a document that is worth showing when the whole does not fit. */
struct focus_piece {
	const struct docver *doc;	/* one of p->now */
	size_t at, len;			/* in its text */
	unsigned first, last;		/* lines */
	char *why;			/* "TORCH-004", "F-12" */
	bool in_change;			/* all of it is new since the actor's last turn */
};
struct focus {
	struct focus_piece *v;		/* the most important first */
	size_t nr, alloc;
};
#define FOCUS_INIT { NULL, 0, 0 }

struct pack_work {
	struct pack *p;
	struct orch *o;
	const struct pack_request *req;
	struct layout_policy policy;
	struct layout_words words;
	char *as_of;		/* "commit 8ba57f9" */
	struct oid layout;	/* tree: the layout before this turn */
	struct docset seen;	/* resumed: as the session has them */
	struct oid seen_tree;
	struct docset known;	/* with a budget: as they were when the actor
				 * acknowledged last */
	int64_t *tokens;	/* of each document of p->now */
};

/* ---- pack.c ---- */
/*
 * Set the text to the stable part and the open change of the documents in
 * `members`, which are some of p->now; or in a resumed session to what changed
 * in them. What was composed before is thrown away.
 */
int pack_compose(struct pack_work *w, struct docset *members, const char *force);
/* Append one part to the text; nothing if it is empty. */
void pack_add_part(struct pack *p, enum pack_part_kind kind, const char *text,
		   size_t len, int64_t tokens);

/* ---- pack_budget.c ---- */
/* Compose so that the pack has at most w->req->budget tokens. */
int pack_fit(struct pack_work *w);

/* ---- pack_focus.c ---- */
int focus_find(struct focus *out, struct pack_work *w);
void focus_release(struct focus *f);
#endif
