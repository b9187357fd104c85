#ifndef ORCH_TURN_INTERNAL_H
#define ORCH_TURN_INTERNAL_H
/*
 * What the files of the turn share, and nobody else needs:
 *   turn_state.c   the state as a value: the ring, the holder
 *   turn_json.c    the state as JSON, and what makes it valid
 *   turn_store.c   the files: state, spare, log
 *   turn_repair.c  rebuilding a state that is broken
 *   turn_holder.c  processes: who holds, is it still there, is it us
 *   turn_wait.c    sleeping until something may have changed
 *   turn_guard.c   noticing, while at work, that the turn is lost
 *   turn_clone.c   who we are, and what other clones' states mean here
 *   turn.c         reading and holding the turn
 *   turn_claim.c   claiming it
 *   turn_end.c     giving it back
 *   turn_admin.c   what people do to it from outside
 *   turn_remote.h  and what belongs to it: the turn between machines
 *   turn_with.c    a command run under the turn
 */
#include "base/compat.h"
#include "base/lock.h"
#include "orch/turn.h"
struct strbuf;
struct strvec;

/* ---- turn_state.c ---- */
#define TURN_STATE_VERSION 2
#define TURN_STATE_MAX ((size_t)1 << 20)	/* bytes of a state */
#define TURN_NONCE 32	/* hex digits */
#define TURN_KEEP_ROUNDS 64	/* of the ring that a runner may play unpublished */
#define TURN_KEY_MAX 64			/* bytes of a value's key */
#define TURN_VALUE_MAX 4096
#define TURN_VALUES 64
#define TURN_NUMBER_MAX ((int64_t)1 << 50)	/* of any number in it */

void turn_clear_holder(struct turn *t);
void turn_clear_keeper(struct turn *t);
void turn_clear_sync(struct turn *t);
bool turn_status_parse(enum turn_status *out, const char *name);
/* A new nonce for a new transition. */
void turn_stamp(struct turn *t);
/* Set or, with an empty value, remove. ORCH_EINVALID: not such a key or value. */
int turn_set_value(struct turn *t, const char *key, const char *value);
/* Count by another ring from now on; only while nobody holds the turn. */
void turn_adopt_ring(struct turn *t, const struct strvec *ring);
/* The start of a loop that nobody has played yet. */
void turn_start(struct turn *t, const struct strvec *ring);

/* ---- turn_json.c ---- */
/* Read a state. ORCH_EINVALID with what is wrong, without a file's name. */
int turn_from_json(struct turn *out, const struct json *in);
/* The state as it is stored, one object; without what only concerns this
 * clone if it is to be published. */
struct json *turn_state_json(const struct turn *t, bool published);
void turn_copy(struct turn *out, const struct turn *t);

/* ---- turn_clone.c ---- */
/*
 * The random name of this clone: another one for a copy of the directory.
 * "" where it has none yet; `make` gives it one. Borrowed, read once.
 */
const char *turn_clone(struct orch *o, bool make);
/* The same for this work tree of it. Borrowed. */
const char *turn_work_tree(struct orch *o);
/*
 * Fill in what `t` means here: recorded_here and, for a lease that
 * only another machine can renew, seen_until_ms, for which it is remembered
 * (in seen.json) since when this very state has been seen.
 */
void turn_observe(struct turn *t, struct orch *o);

/* ---- turn_store.c ---- */
enum turn_store_flags {
	TURN_USE_SPARE = 1 << 0,	/* write into what acquire set aside */
	TURN_MAKE_SPARE = 1 << 1,	/* set it aside; failing that, change nothing */
	TURN_KEEP_NONCE = 1 << 2,	/* it has been published under this one */
	TURN_SAME_TURN = 1 << 3		/* turn_publish(): whose turn it is does not change */
};
int turn_lock(struct lock *lock, struct orch *o);
/* The state as stored; without a file, the start of the loop. */
int turn_load(struct turn *out, struct orch *o);
/* Make it the state, durably, with a new nonce, and log it as `event`. Under
 * the lock. */
int turn_store(struct orch *o, struct turn *t, const char *event, unsigned flags);
/*
 * Entries of the log from the newest back, until `each` returns true: 1 then,
 * 0 when none did, ORCH_ERROR when the log cannot be read.
 */
int turn_log_back(struct orch *o, bool (*each)(const struct json *entry, void *data),
		  void *data);
/* "<loop directory>/<name>": borrowed, for the next three calls. */
const char *turn_file(const struct orch *o, const char *name);

/* ---- turn_holder.c ---- */
/* Where we are: borrowed, read once. Empty strings where the kernel will not say. */
struct turn_here {
	char boot_id[64], pid_ns[64], host[256];
};
const struct turn_here *turn_here(void);
/* Name a living process. ORCH_ENOTFOUND. */
int process_identify(struct process_id *out, pid_t pid);
/* No such process, another start time, or dead and not yet reaped. What
 * cannot be read counts as alive. */
bool process_gone(const struct process_id *id);
/* Whether pid and start time of the holder mean anything here. */
bool turn_holder_is_local(const struct turn *t);
int64_t turn_lease_left_ms(const struct turn *t);	/* -1: no lease */
/* Whether the holder is this process or one of its ancestors. */
bool turn_holder_is_ancestor(const struct turn *t);
/* A pidfd, or -1. */
int process_fd(pid_t pid);

/* ---- turn.c ---- */
/* HEAD of this work tree as the turn's. */
void turn_set_head(struct turn *t, struct orch *o);
void turn_set_lease(struct turn *t, int64_t seconds);
/* How long after it was published a lease is to be published anew. */
static inline int64_t turn_renewal_ms(int64_t lease_seconds)
{
	return lease_seconds * 1000 / 3 * 2;
}
/*
 * How often a wrapper renews it here. Where others must be told, too, more
 * often: the last third of the lease has to be enough to reach them in, also
 * for a turn that began just before.
 */
static inline int64_t turn_renew_interval_ms(const struct turn *t)
{
	return t->lease_seconds * 1000 / (t->sync.remote ? 12 : 3);
}
/*
 * Whether this clone may change hands without publishing it: what is
 * published says that the turn is ours or kept for us, and others will not
 * doubt it for at least a third of the lease.
 */
bool turn_may_stay_unpublished(const struct turn *t);
/* ORCH_ENO, naming who holds it, unless `generation` is held. */
int turn_check_generation(const struct turn *t, int64_t generation);
int64_t *turn_count_of(struct turn *t, const char *actor);
/* Give the state to the caller, if it wants it. */
void turn_give(struct turn *out, struct turn *t);

/* ---- turn_head.c ---- */
/*
 * After a turn: a commit that HEAD has and no branch is kept from gc, as
 * refs/orch/<loop>/head, until a branch that is checked out has it.
 */
void turn_keep_head(struct orch *o);

/* ---- turn_claim.c ---- */
/* This process as holder or keeper: where it is, not what it plays. */
void turn_place_here(struct turn_holder *h, struct orch *o);

/* ---- turn_wait.c ---- */
struct turn_watch {
	int inotify, wd;
	bool poll;	/* nothing tells us of changes: look now and then */
	struct process_id also;	/* wake up at the end of this one, too; pid 0: none */
	struct process_id caller;	/* and of this one, for whom we wait; likewise */
	int64_t look_ms;	/* boot clock: wake up then, too; 0: no */
};
#define TURN_WATCH_INIT { .inotify = -1, .wd = -1 }
/* From here on no change goes unnoticed: read the state after this. */
void turn_watch_arm(struct turn_watch *w, struct orch *o);
/*
 * Sleep until the state may differ from `t`, its holder may be gone, its
 * lease is over, or `deadline` (boot clock, ms; -1: none) has come. 0, or
 * ORCH_EINTERRUPTED when `interrupt_fd` became readable.
 */
int turn_watch_wait(struct turn_watch *w, struct orch *o, const struct turn *t,
		    int64_t deadline, int interrupt_fd);
/* Read what inotify has to say: whether the state or a runner may have
 * changed. */
bool turn_watch_drain(struct turn_watch *w);
void turn_watch_close(struct turn_watch *w);
#endif
