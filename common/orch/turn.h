#ifndef ORCH_TURN_H
#define ORCH_TURN_H
/*
 * The turn: which actor may work now. The state is one small JSON file,
 * replaced durably under a lock that is held only for the length of one
 * transition; the turn itself is held by a process (and its child) under a
 * lease. Each change of holder raises the generation, and whoever gives the
 * turn back must present the generation that it holds.
 *
 * Calling sequence of a wrapper (turn with, run):
 *   turn_acquire()          claims, or waits for it
 *   turn_set_child()        names the child before it starts to work
 *   turn_renew()            every lease / 3
 *   turn_release()          hands over, or keeps the turn for the same actor
 */
#include "base/compat.h"
#include "base/strvec.h"
#include "git/oid.h"
struct orch;
struct json;
struct receipt;
struct strbuf;

enum turn_status {
	TURN_IDLE,		/* nobody has played yet */
	TURN_RUNNING,
	TURN_OK,		/* the last turn ended well: the ring moved on */
	TURN_FAILED,		/* all others: the same actor is expected */
	TURN_INTERRUPTED,
	TURN_LOST		/* its holder died, or it was broken */
};
const char *turn_status_name(enum turn_status s);

struct process_id {	/* a process, proof against reuse of its pid */
	int64_t pid;		/* 0: none (held by lease alone) */
	uint64_t start;		/* clock ticks since boot */
};

struct turn_holder {
	char *actor;		/* NULL: nobody holds the turn */
	struct process_id process, child;
	char *boot_id;
	char *pid_ns;
	char *host;		/* for display only */
	char *clone;		/* which clone recorded it; NULL: an older git-orch */
	char *claim;		/* the nonce of its claim; NULL: likewise */
	int64_t since_ms;	/* wall clock */
	struct oid head;	/* HEAD when the turn began; zero: unborn */
	int64_t attempt;	/* of this step, from 1 */
	int64_t ordinal;	/* of this actor's turns in this iteration, from 1 */
	int64_t waited_ms;	/* how long the claim had to wait */
};

struct turn_last {		/* the end of an actor's last turn that was ok */
	char *actor;
	struct oid commit;	/* HEAD then; zero: unborn */
	int64_t iteration;
	int64_t ended_ms;
};

struct turn_count {		/* turns begun in this iteration, per actor */
	char *actor;
	int64_t turns;
};

struct turn_value {		/* what `turn release --set` hands on */
	char *key, *value;
};

struct turn_sync {		/* how this clone stands to the remote; never published */
	char *remote;		/* whose turn this is a copy of; NULL: nobody's */
	struct oid base;	/* the published commit that this state follows */
	bool ahead;		/* changed here since, and not yet published... */
	bool owed;		/* ...although it should be */
	char *error;		/* why not; NULL */
	char *boot_id;		/* when `base` was published by us: the boot and... */
	int64_t boot_ms;	/* ...its clock; 0: not by us */
	char *void_claim;	/* a claim of this clone whose caller never learnt of it */
	int64_t floor;		/* the highest generation ever seen here */
	struct oid tried;	/* pushed, and not known whether it arrived; zero: none */
};

struct turn {
	int64_t generation;	/* 0: never claimed */
	int64_t iteration;	/* from 1 */
	int64_t step;		/* place in the ring, from 0 */
	int64_t attempts;	/* begun in this step */
	struct strvec workflow;	/* the ring this state was written under */
	char *expected;		/* the actor whose turn it is */
	enum turn_status status;
	struct turn_holder holder;
	int64_t lease_ms;	/* wall clock end of the lease; 0: none */
	int64_t lease_boot_ms;	/* the same on the boot clock of holder.boot_id */
	int64_t lease_seconds;
	struct oid head;	/* the commit the next actor must have */
	char *head_ref;		/* where a remote has it: our branch's name */
	char *head_from;	/* the work tree where it was made (turn_work_tree()) */
	char *reason;		/* why the last turn was not ok; NULL */
	char *nonce;		/* 128 random bits, new with each transition */
	char *paused;		/* why nobody may begin a turn; NULL: all may */
	char *paused_host;	/* where that was said, for display */
	int64_t paused_ms;
	struct turn_holder keeper;	/* free, but while the lease lasts only for its
				 * `clone`, where `process` plays on; NULL: for all */
	int64_t reserved;	/* generations up to this one may have been given out
				 * where the turn is held or kept, unpublished... */
	bool roams;		/* ...and to other processes there: that the one we know
				 * is gone proves nothing then */
	struct turn_value *value;
	size_t nr_value;
	struct turn_last *last;
	size_t nr_last;
	struct turn_count *count;
	size_t nr_count;
	struct turn_sync sync;
	/* Not stored: what reading the state here adds. */
	bool shared_fs;		/* other hosts may share the file */
	bool recorded_here;	/* holder or keeper were recorded by this very clone */
	int64_t seen_until_ms;	/* boot clock: when another machine's lease is over for
				 * us, who saw it unchanged for all of it; 0: n/a */
};
void turn_init(struct turn *t);		/* a valid empty value */
void turn_release_memory(struct turn *t);

/*
 * Read the state; nothing is written and no `init` is needed: without a file
 * it is iteration 1, step 0, idle. A broken file is ORCH_EINVALID, naming the
 * file and the command that repairs it. With the ring changed in the
 * configuration, what is returned is what the next transition will count.
 */
int turn_read(struct turn *out, struct orch *o);
/* Whether the recorded holder is still there. False without a holder. */
bool turn_holder_alive(const struct turn *t);
/* Whether it is free, but another clone plays on and has it kept. */
bool turn_kept_elsewhere(const struct turn *t);
/* Where the state of this loop is. Borrowed until the next call. */
const char *turn_path(const struct orch *o);

struct turn_request {
	const char *actor;	/* NULL: whoever is expected */
	int64_t last_iteration;	/* in a later one ORCH_ENO; 0: any */
	int64_t timeout;	/* seconds to wait; -1 for ever, 0 not at all */
	int64_t lease;		/* seconds; 0: orch.lease */
	pid_t pid;		/* the holder; 0: nobody, by lease alone */
	/* Whom for: when waiting begins, and whenever it may have changed,
	 * so the same may come twice. May be NULL. */
	void (*waiting)(const struct turn *t, void *data);
	void *data;
	int interrupt_fd;	/* readable: give up (ORCH_EINTERRUPTED); -1: none */
	int64_t generation;	/* GIT_ORCH_GENERATION of the caller; 0: none */
	bool plays_on;		/* a runner: a pause ends its wait (ORCH_EBUSY), and with
				 * a remote it need not publish each of its claims */
	bool with_others;	/* ...but other runners of this clone play, too */
	bool *inside;		/* set when the caller runs inside this very turn: it
				 * may work, but the turn is not its own to give
				 * back. May be NULL */
};
#define TURN_REQUEST_INIT { .timeout = -1, .interrupt_fd = -1 }
/*
 * Claim the turn, waiting for it if needed. A holder that is gone is replaced
 * at once (its turn gets a receipt "lost"). The same holder claiming again
 * gets the same generation, and so does a caller inside the turn: its
 * `generation` is current and the holder is among its ancestors.
 * ORCH_EBUSY when the time is up, ORCH_EINTERRUPTED. On success *out is the
 * new state. The ring is read anew after each wait.
 */
int turn_acquire(struct turn *out, struct orch *o,
		 const struct turn_request *req);

/* All of these fail with ORCH_ENO, naming who holds it now and changing
 * nothing, when `generation` is no longer the current one. */
int turn_set_child(struct orch *o, int64_t generation, pid_t child);
int turn_renew(struct orch *o, int64_t generation);
/*
 * A retry within the same turn: attempt and ordinal go up by one; `since`,
 * `head` and `waited_ms` begin anew, as the retry gets a receipt of its own.
 */
int turn_next_attempt(struct turn *out, struct orch *o, int64_t generation);

struct turn_end {
	int64_t generation;
	enum turn_status status;	/* OK moves the ring on */
	const char *next;	/* hand over to this actor instead; NULL: the ring's */
	const char *reason;	/* why it failed, for the receipt; may be NULL */
	bool keep_head;		/* HEAD is not where this turn should have worked:
				 * what it was as the turn began stays `head` */
	const struct strvec *values;	/* "KEY=VALUE" to hand on; may be NULL */
	const struct receipt *receipt;	/* to be published with it; may be NULL */
	bool plays_on;		/* a runner that goes on: see the request */
	int64_t timeout;	/* seconds to try to reach the remote; 0: some, < 0: once */
	int interrupt_fd;	/* as in the request; 0: none */
};
/*
 * Give the turn back. The state afterwards is in *out (may be NULL). Works on
 * a full disk: acquire has set aside what it needs. Writes no receipt; see
 * turn_finish().
 */
int turn_release(struct turn *out, struct orch *o, const struct turn_end *end);
/*
 * turn_release() with the receipt that every turn leaves, for who has none
 * under way. A receipt that cannot be written is a warning only.
 */
int turn_finish(struct turn *out, struct orch *o, const struct turn_end *end);

/*
 * --sync-via-git[=<remote>], for the tables of commands that change the turn:
 * publish it there, whatever orch.remote says. "": the usual remote.
 */
extern const char *orch_remote_option;
#define OPT_SYNC OPT_OPTARG('\0', "sync-via-git", &orch_remote_option, "remote", \
			    "share the turn through <remote> (default: origin)")

/* Whether there is a remote at all. */
bool turn_is_shared(struct orch *o);
/* How many seconds ago this clone last heard from the remote: all that *t says of
 * others is as old. -1: not since this machine started, or never. */
int64_t turn_heard_seconds(struct orch *o, const struct turn *t);
/* So that commands under the turn use the same. */
void turn_export_remote(struct strvec *env);

/* GIT_ORCH_GENERATION if it is this loop's, else 0. ORCH_EINVALID for nonsense. */
int turn_env_generation(int64_t *out, const struct orch *o);
/*
 * Which generation a caller without one may end: that of the recorded holder
 * if the caller is it or its descendant, else ORCH_ENO saying who holds it.
 */
int turn_own_generation(int64_t *out, struct orch *o);
#define TURN_NOT_GIVEN INT64_MIN
/* `given` (--generation or TURN_NOT_GIVEN), else the environment's, else our own. */
int turn_choose_generation(int64_t *out, struct orch *o, int64_t given);
/*
 * The process that a plain `turn acquire` holds the turn for. `arg` is --pid:
 * a number, or "none" (*pid is 0: by lease alone). NULL: our nearest ancestor
 * that is none of git, git-orch*, env, timeout, nice, nohup, sudo, setsid,
 * stdbuf, time, and a note says which; ORCH_ENOTFOUND if there is none.
 */
int turn_choose_holder(pid_t *pid, const char *arg);

/*
 * What people do from outside. All of them publish, if there is a remote;
 * where it cannot be reached, pause and resume stand here and are `owed`.
 *
 * Take the turn from its holder: its generation is over. One that is alive
 * only with `force`, else ORCH_EBUSY; ORCH_ENO when nobody holds it.
 */
struct turn_break {
	bool force;
	const char *reason;	/* for its receipt; may be NULL */
};
int turn_break(struct turn *out, struct orch *o, const struct turn_break *how);
/* Nobody begins a turn any more, on any machine. ORCH_ENO: paused already. */
int turn_pause(struct turn *out, struct orch *o, const char *reason);
int turn_resume(struct turn *out, struct orch *o);	/* ORCH_ENO: not paused */
/*
 * The next turn begins from this work tree's HEAD, whatever commit the last one
 * handed over, which is put into *left. ORCH_ENO when HEAD has that one,
 * ORCH_EBUSY while somebody works.
 */
int turn_accept(struct turn *out, struct orch *o, struct oid *left);
/*
 * Learn what is published, and publish what is owed. ORCH_ENO without a
 * remote; ORCH_EBUSY when it cannot be reached or refuses the branch.
 */
int turn_sync(struct turn *out, struct orch *o);
/* A runner stops: what was kept for it is everybody's again. */
int turn_stop_playing(struct orch *o);
/* Publish the lease of a held turn anew if two thirds of it are over since it
 * was published last; 0 also when there is nothing to do. */
int turn_renew_published(struct orch *o, int64_t generation);
/* Whether that would have something to do. */
bool turn_renewal_due(const struct turn *t);
/*
 * The same beside other work: a process of its own, as the network may take
 * its time. What it finds out shows in the state.
 */
struct turn_renewer {
	pid_t pid;		/* 0: none under way */
};
void turn_renewer_tick(struct turn_renewer *r, struct orch *o, int64_t generation);
void turn_renewer_stop(struct turn_renewer *r);
/* After a release that was refused: what to merge, for who has to do it. */
void turn_merge_advice(struct strbuf *out, struct orch *o, const char *refusal);
/* Wait until the turn is no longer as in *t, which is replaced. */
int turn_wait_change(struct turn *t, struct orch *o, int64_t timeout, int interrupt_fd);

/*
 * Looking at a remote without joining it: nothing here changes, and a remote
 * that does not answer is given up after a few seconds (ORCH_EBUSY).
 * turn_look_published(): the turn of this loop there; ORCH_ENO: none.
 * turn_probe_remote(): whether it takes references like ours, by pushing one
 * and removing it again; ORCH_ENO says why not.
 */
int turn_look_published(struct turn *out, struct orch *o, const char *remote);
int turn_probe_remote(struct orch *o, const char *remote);
/*
 * The remote that transitions of `t` (may be NULL) are published to:
 * --sync-via-git, else orch.remote, else where the turn that is held was
 * claimed. *name is NULL when there is none. Borrowed.
 */
int turn_remote_name(const char **name, struct orch *o, const struct turn *t);
/* What was published when this clone last spoke to the remote; ORCH_ENO: nothing. */
int turn_read_base(struct turn *out, struct orch *o, const struct turn *t);
/* orch.remote, else origin if there is one; NULL. Borrowed. */
const char *turn_likely_remote(struct orch *o);

/*
 * Rebuild a broken state from the log; the broken file is kept beside it, its
 * path in *kept (yours to free; NULL: there was none). A holder that is still
 * there keeps its turn; otherwise the generation goes up. With a remote, what
 * is published counts more than the log, and if that cannot be read, our state
 * takes its place. ORCH_ENO when there is nothing to repair.
 */
int turn_repair(struct turn *out, struct orch *o, char **kept);

/*
 * Run a command under the turn: acquire for ourselves (`pid` and
 * `interrupt_fd` of the request are filled in), run it with GIT_ORCH_* set,
 * renew the lease, give the turn back: ok if it exits with 0, interrupted if a signal
 * was passed on, else failed. *status is as from waitpid.
 * ORCH_ENO: it ran, but the turn was lost, or failed because it left the work
 * tree on another branch than the loop's. ORCH_ENOTFOUND, ORCH_EUNSUPPORTED:
 * no such program, or it cannot be run; then the turn was not taken. Signal
 * handlers stay changed: for a process that ends soon after.
 */
int turn_with(int *status, struct orch *o, const struct turn_request *req,
	      const char *const *argv);
/* Whether the log has `generation` as released, rather than lost. */
bool turn_was_released(struct orch *o, int64_t generation);

/* Whether this work tree has neither the commit that the next actor must have
 * nor its files. */
bool turn_lacks_head(struct orch *o, const struct turn *t);
/* One warning before somebody works here, if that will not be on the loop's
 * branch: with a detached HEAD, or on another branch. */
void turn_warn_place(struct orch *o);

/* For messages: "galph holds it (pid 41237 on desk)", "nobody holds it, ..." */
void turn_describe(struct strbuf *out, const struct turn *t);
/* "claude pid 41237 under git-orch-turn pid 40991, host desk, alive" */
void turn_describe_holder(struct strbuf *out, const struct turn *t);

/* The record of an actor's last good turn, or NULL. */
const struct turn_last *turn_last_of(const struct turn *t, const char *actor);
/* "17/ralph", "17/ralph.2": yours to free. */
char *turn_id(const struct turn *t);
/* The public form (turn status --json), added to `out`. */
void turn_to_json(struct json *out, const struct turn *t, const char *loop);
#endif
