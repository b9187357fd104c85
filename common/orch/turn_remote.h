#ifndef ORCH_TURN_REMOTE_H
#define ORCH_TURN_REMOTE_H
/*
 * The turn between machines; for the turn's own files only.
 *
 * The remote's refs/orch/<loop>/turn decides who holds the turn; the ref of
 * the same name here is what we last saw of it, and turn.json follows that. A
 * transition is published by pushing a commit whose parent is the value we
 * expect there: of several, one wins. Whoever uses the network for a loop
 * holds network.lock for that long, never turn.lock.
 *
 *   turn_net.c      which remote; the lock, looking, fetching
 *   turn_adopt.c    making turn.json follow what is published
 *   turn_publish.c  the commit, the intent, the push and its outcome
 *   turn_change.c   changes other than claim and release
 *   turn_head.c     bringing this work tree to the turn's commit
 */
#include "base/lock.h"
#include "git/remote.h"
#include "orch/turn_internal.h"

#define TURN_REACH_SECONDS 15	/* how long to try when nobody waits for a turn */

struct turn_net {
	struct orch *o;
	struct remote remote;
	char *ref;		/* refs/orch/<loop>/turn, there and here */
	char *branch;		/* refs/heads/<branch>, where our commits go; with a
				 * detached HEAD refs/orch/<loop>/head */
	char *branch_here;	/* what the remote has of it: refs/orch/<loop>/branch */
	struct lock lock;
	struct process_id user;	/* who has the network, when it was not to be had */
	int64_t contact_ms;	/* boot clock: when this clone last spoke to it; 0: never */
	bool fetched;		/* our references are what the remote has, or had */
	int64_t deadline;	/* boot clock, for retries; -1: none */
	char *refusal;		/* why a push of the branch was refused */
	bool turn_refused;	/* it does not take the turn's reference */
};
#define TURN_NET_INIT { .remote = { NULL, NULL, 0, -1 }, .lock = LOCK_INIT, \
			.deadline = -1 }

int turn_net_open(struct turn_net *n, struct orch *o, const char *remote);
void turn_net_close(struct turn_net *n);

/* Take network.lock. ORCH_EBUSY when it was not to be had for `wait_ms`, and
 * n->user says who has it. */
#define TURN_NET_WAIT_MS (TURN_REACH_SECONDS * 1000)
int turn_net_lock(struct turn_net *n, int64_t wait_ms);
void turn_net_unlock(struct turn_net *n);
/* Whether the remote's turn is another one than we know. One `ls-remote`. */
int turn_net_look(struct turn_net *n, bool *changed);
/* When to look next, while nothing happens: later each time, from 1 to 10 s. */
struct turn_rhythm {
	int64_t look_ms;	/* boot clock */
	int64_t interval_ms;
};
void turn_rhythm_next(struct turn_rhythm *r, bool changed);
/* Bring branch and turn. One fetch. */
int turn_net_fetch(struct turn_net *n);
/* Sleep before another try of the network, longer each time. ORCH_EBUSY when
 * the deadline has come, with the message that was stored before. */
int turn_net_pause(const struct turn_net *n, unsigned attempt);

/*
 * Load the state into *t after making it follow what is published, as the
 * last fetch brought it. Under turn.lock.
 */
int turn_adopt(struct turn *t, struct turn_net *n);
/* Whether both are the same turn, held or free in the same way: then what
 * differs is a pause, a lease, or what was handed on. */
bool turn_same(const struct turn *a, const struct turn *b);
/*
 * From now on who wants the turn in this clone must ask the remote, too: said
 * before it is offered to others there, as we may not live to tell what came
 * of it. 1; 0 when the state here is not *t any more.
 */
int turn_close_here(const struct turn *t, struct orch *o);
/* Whether the remote's branch, as last seen, has the turn's commit already. */
bool turn_head_is_there(const struct turn *t, struct turn_net *n);
/* The state that a published commit holds. Its counters are far below what we
 * can store, so that one more is always possible. */
#define TURN_COUNT_MAX ((int64_t)1 << 40)
int turn_read_published(struct turn *out, struct orch *o, const struct oid *commit);
/* What turn_read_published() found wrong, with the reference's name and the way
 * out. Returns the code to pass on. */
int turn_blame_published(int rc, const struct turn_net *n);

struct receipt;
/*
 * Publish *t, which follows what turn_adopt() gave, and then store it. With
 * `branch`, t->head travels with it to t->head_ref, or neither does.
 *   1           done; *t is the state (or was: others may have moved on)
 *   0           the remote's turn has moved: it has been fetched, begin again
 *   ORCH_ENO    the branch was refused: n->refusal says why
 *   ORCH_EBUSY  not reachable until the deadline: whether it was published is
 *               not known; the intent remains
 *   others      it cannot be published at all
 */
int turn_publish(struct turn *t, struct turn_net *n, const char *event,
		 const struct receipt *receipt, bool branch, unsigned store_flags);
/* It should be published there, and cannot be: `why`. */
void turn_set_owed(struct turn *t, const char *remote, const char *why);
/* To *t, which is to replace *now, what was said there of a pause meanwhile and
 * is still to be told. */
void turn_take_owed_pause(struct turn *t, struct turn *now);
/* What a publication that was cut short left behind; under network.lock,
 * after a fetch. */
int turn_resolve_intent(struct turn_net *n);

/* ---- turn_change.c ---- */
/*
 * One change of the state: under the lock or, with a remote, on top of what is
 * published. `make` turns *t into its successor and returns 1, or 0 when there
 * is nothing to do; it may be called several times, each time with the newest
 * state.
 */
struct turn_change {
	const char *event;
	int (*make)(struct turn *t, struct orch *o, void *data);
	void *data;
	bool branch;		/* the turn's commit travels with it */
	bool may_be_owed;	/* without the remote it is made here, for later */
	bool same_turn;		/* it does not change whose turn it is */
};
int turn_change(struct turn *out, struct orch *o, const struct turn_change *c);

/*
 * Bring this work tree to t->head, or to the remote's branch if that is
 * further on. `n` is NULL without a remote.
 *   ORCH_ERROR  it has diverged; the message says what helps
 *   ORCH_EBUSY  files in the way, a rebase under way
 */
int turn_bring_head(struct orch *o, const struct turn *t, struct turn_net *n);
/* Before what is owed is published: the commits may have been merged since. */
void turn_take_merge(struct turn *t, struct turn_net *n);
#endif
