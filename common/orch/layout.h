#ifndef ORCH_LAYOUT_H
#define ORCH_LAYOUT_H
/*
 * The layout of a fresh session's pack, turn by turn: a *key frame* (documents
 * whole), *sealed* changes after it, and the *open* changes since. Key frame
 * and sealed parts are the stable part: the same bytes in each pack, so that a
 * provider's prefix cache holds them and charges `read` for a byte instead of
 * 1; whatever is to be in the cache costs `write` once.
 *
 * Each turn is a choice, made for each document by what it did so far:
 *   open   send the change since the stable part again, at 1;
 *   seal   append it to the stable part, at `write`, and read it from then on:
 *          worth it for a document that grows, a waste for one that is written
 *          anew each turn, because the next version makes it old text that is
 *          carried along. `gain` is what a byte sealed a turn ago has saved
 *          since then, a running mean; a change is sealed when four more turns
 *          of it pay for the writing;
 *   renew  all documents whole, when what the layout has cost beyond an ideal
 *          one (everything old read, everything new sent once) exceeds what a
 *          new key frame costs (the rule of renting or buying: never more than
 *          twice the price of who knows the future).
 *
 * Everything here is a function of documents, prices and the layout before:
 * the same code plays a history (orch/replay.h) and packs for an actor.
 *
 *   layout_step(&l, &turn, now, &policy, texts);  // decide; l moves on
 *   ... turn.stable_new, turn.open: the texts that are new ...
 *   layout_turn_release(&turn);
 */
#include "base/compat.h"
#include "base/strbuf.h"
#include "orch/docset.h"
struct texts;

struct layout_policy {
	double read, write;	/* prices, relative to a byte sent uncached */
	bool appendable;	/* the cache holds a prefix of the stable part: else
				 * sealing writes all of it again */
	int64_t every;		/* a new key frame after so many turns; 0: by price */
	unsigned context;	/* lines around a change */
	int64_t now_ms;
	int64_t max_age_ms;	/* of a key frame; 0: any */
};

/* What stands in front of each kind of text. */
struct layout_words {
	struct strbuf frame, sealed, open;
	struct strbuf same;	/* in place of `open` where nothing has changed */
};
#define LAYOUT_WORDS_INIT { STRBUF_INIT, STRBUF_INIT, STRBUF_INIT, STRBUF_INIT }
/*
 * For `nr` documents. `as_of` says which commit they are complete as of:
 * "commit 8ba57f9".
 */
void layout_words(struct layout_words *out, const char *as_of, size_t nr);
void layout_words_release(struct layout_words *w);
/* One part of the stable text. */
struct layout_part {
	struct oid blob;	/* zero until it was stored */
	int64_t bytes, tokens;
};
/* What is known of one document; by path. */
struct layout_doc {
	char *path;
	struct oid base;	/* as the stable part has it; zero: not there */
	struct oid last;	/* as the last turn found it; zero: not there */
	struct oid before;	/* sealed last turn: the base before that */
	int64_t open;		/* bytes of the change from `before` or else
				 * `base` to `last` */
	int gain;		/* thousandths; see above */
	int changes;		/* thousandths of turns in which it changed: mean */
};
struct layout {
	struct layout_part *parts;	/* the key frame, then what was sealed */
	size_t nr_parts, alloc_parts;
	struct layout_doc *docs;	/* by path */
	size_t nr, alloc;
	struct oid commit;	/* HEAD at the key frame */
	char *turn;		/* "31/ralph" then, or NULL */
	int64_t made_ms;	/* when; by the clock on the wall */
	int64_t turns;		/* packed since then */
	int64_t overpaid;	/* bytes sent uncached, as a price */
	bool invalid;		/* the next turn makes a new key frame */
};
#define LAYOUT_INIT { .nr_parts = 0 }

enum layout_choice {
	LAYOUT_OPEN,		/* nothing was added to the stable part */
	LAYOUT_SEALED,
	LAYOUT_RENEWED
};
struct layout_turn {
	enum layout_choice choice;
	const char *why;	/* of a renewal; static */
	struct strbuf stable_new;	/* the new key frame, or what was sealed */
	struct strbuf open;
	int64_t stable_bytes;	/* key frame and sealed parts, new ones included */
	double price;		/* of the whole pack, in bytes sent uncached */
	size_t changed;		/* documents that are not as the stable part has them */
};
#define LAYOUT_TURN_INIT { LAYOUT_OPEN, NULL, STRBUF_INIT, STRBUF_INIT, 0, 0, 0 }

/*
 * One turn with the documents `now`, whose sizes are known. `force` (static
 * text, or NULL) is a reason to renew.
 */
int layout_step(struct layout *l, struct layout_turn *out, struct docset *now,
		const struct layout_policy *policy, struct texts *t,
		const struct layout_words *words, const char *force);
void layout_turn_release(struct layout_turn *t);

/* Bytes of the stable part. */
int64_t layout_stable_bytes(const struct layout *l);
/* What the stable part says a document is. */
void layout_base(struct docset *out, const struct layout *l);
const struct layout_doc *layout_find(const struct layout *l, const char *path);
/* The documents from the one that changes least to the one that changes most;
 * unknown ones between, equal ones as they come. */
void layout_sort(const struct layout *l, struct docset *docs);
void layout_release(struct layout *l);
#endif
