#ifndef ORCH_REPLAY_H
#define ORCH_REPLAY_H
/*
 * A history played with the code that makes packs: what documents each actor
 * met at the start of its turns, and what delivering them would have cost. No
 * checkout, no loop, no setup; reads only.
 *
 *   replay_find(&r, o, &opts);       // the turns, by the subjects of commits
 *   for each actor: replay_play(&r, actor, progress, data);
 *   replay_release(&r);
 */
#include "base/compat.h"
#include "base/strvec.h"
#include "git/oid.h"
#include "orch/layout.h"
struct orch;

struct replay_options {
	const char *range;		/* "A..B", "B"; NULL: HEAD */
	const struct strvec *subjects;	/* "actor=regex": commits that the actor
					 * finds at the start of a turn; empty: the
					 * subjects that known loops write */
	const struct strvec *docs;	/* paths and patterns; empty: as configured,
					 * else what looks like one in the last commit */
	double read, write;		/* prices; negative: as configured */
	bool verify;			/* read every pack back and compare */
};

/* Sums over all turns of an actor but its first; bytes. */
struct replay_sums {
	size_t turns;			/* all of them */
	int64_t documents, documents_hit;
	int64_t full, hit, delta;
	double fixed_order, stable_order, fresh, resumed;	/* prices, in bytes */
	size_t frames, sealed;		/* turns with a new key frame, with a seal */
};
struct replay_actor {
	char *name;
	struct oid *turns;		/* oldest first */
	size_t nr, alloc;
	struct replay_sums sums;
	double read, write;		/* the prices it is played with */
};
struct replay {
	struct orch *o;
	struct replay_options opts;
	struct replay_actor *actors;
	size_t nr, alloc;
	size_t commits;			/* looked at */
	struct strvec docs;		/* patterns that count */
};
#define REPLAY_INIT { .nr = 0, .docs = STRVEC_INIT }

/* ORCH_ENO: no commit of the range begins a turn. */
int replay_find(struct replay *r, struct orch *o, const struct replay_options *opts);
/*
 * Play all turns of r->actors[i]. `each` (may be NULL) is called after each. With
 * opts.verify ORCH_ENO names the first document of a pack that is not as it
 * should be, and the commit.
 */
int replay_play(struct replay *r, size_t i, void (*each)(size_t turn, void *data),
		void *data);
void replay_release(struct replay *r);
#endif
