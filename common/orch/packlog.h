#ifndef ORCH_PACKLOG_H
#define ORCH_PACKLOG_H
/*
 * What acknowledged packs have cost and saved: one line of JSON for each in
 * <loop>/context-log.jsonl, of which at least the last 1,000 are kept. The figures
 * stand in the pack.json of a pack (orch/view.h) from the time it was made, and are
 * copied when it is acknowledged: one that nobody saw has saved nothing.
 *
 * The measure is all documents of the actor, whole and uncached, in every turn.
 */
#include "base/compat.h"
#include "git/oid.h"
struct orch;
struct json;
struct pack;

struct packlog_entry {
	char *actor, *pack;
	char *turn;		/* "33/ralph"; NULL: packed outside a turn */
	int64_t at_ms;		/* acknowledged */
	bool resumed;
	int64_t documents, unchanged;	/* files */
	int64_t bytes, unchanged_bytes;	/* of documents */
	int64_t full_tokens;	/* of all documents whole */
	int64_t pack_bytes, pack_tokens;
	int64_t price;		/* of the pack, in bytes sent uncached */
	int64_t omitted;	/* documents that a budget left out */
};
struct packlog {
	struct packlog_entry *v;	/* oldest first */
	size_t nr, alloc;
	size_t broken;		/* lines that could not be read */
};
#define PACKLOG_INIT { NULL, 0, 0, 0 }

/* A pack's figures, into its pack.json. */
void packlog_figures(struct json *out, const struct pack *p);
/* Append the line of the pack whose pack.json this is. That the log cannot be
 * written is warned about: it must not undo an acknowledgement. */
void packlog_append(struct orch *o, const struct oid *pack_json);
/* The last `max` (0: all) of this actor (NULL: of all). */
int packlog_read(struct packlog *out, struct orch *o, const char *actor, size_t max);
void packlog_release(struct packlog *l);

struct packlog_sums {
	int64_t turns, resumed;
	int64_t documents, unchanged, bytes, unchanged_bytes, omitted;
	int64_t full_tokens, pack_tokens;
	double price;		/* bytes, as above */
	double saved;		/* tokens, by the price of each turn; may be negative */
};
void packlog_add(struct packlog_sums *sums, const struct packlog_entry *e);
#endif
