#ifndef STORM_H
#define STORM_H
/*
 * The storm: actors in a ring, several processes each, and a driver that
 * kills them at random moments. What happened goes into one log, and the
 * checker says from the log alone whether the turn kept its promises.
 *
 *   storm.c       options, and a storm from its beginning to its end
 *   driver.c      the slots that start players, and the killer
 *   setup.c       the repositories to play in, and their state at the end
 *   chain.c       the checker of what several machines published
 *   player.c      what the players do: the critical section, a plain holder
 *   check.c       the checker; it knows nothing of the driver
 *
 * The log has one line per event, appended with one write:
 *
 *   KIND time run actor pid generation iteration word
 *
 *   S  a run has started; word: with or plain
 *   B  a critical section begins; word: the pid that is inside already, or 0
 *   E  it ends
 *   K  a signal was sent to pid; word: wrapper, child, helper or term
 *   D  the process of a critical section has been seen dead
 *   R  a run has ended; generation: its exit code as a shell has it
 *   X  the driver stops: runs without a turn are ended with SIGTERM
 *   F  the state at the end; actor: who is expected, word: the status
 *   Z  the end of the storm; generation: how many processes were left over
 *
 * Times are of the boot clock, in microseconds, and the same for all
 * processes. A run is one attempt of one process to have a turn.
 */
#include "base/compat.h"

struct event {
	char kind;
	int64_t time;
	long run;
	int actor;		/* place in the ring; -1: nobody's */
	int pid;
	int64_t generation, iteration;
	char word[32];
};

int64_t storm_now(void);
/* One line, one write, to `fd`. */
void event_write(int fd, const struct event *e);
/* Whether `line` is an event. */
bool event_parse(struct event *e, const char *line);

/* ---- driver.c ---- */

#define STORM_SLOTS 256		/* actors x procs, at most */
struct storm {
	int actors, procs, machines, kill_percent;
	long turns;		/* to begin; then everybody goes home */
	unsigned seed;
	int64_t hold_us;	/* the longest critical section */
	const char *dir;
	int log;		/* the log, open for appending */
	int events[2];		/* a pipe: what the players say to the driver */
	const char *self;	/* this program */
	char *witness;
	const char *const *clone;	/* a directory per machine */
};
/* Play. NULL, or why it could not be played to its end. */
const char *drive(const struct storm *s);
long drive_count(void);		/* turns that have begun */
/* End and count who is left over, as event Z. */
void drive_end(void);

/* ---- player.c ---- */

/* How a critical section behaves. */
enum manner {
	MANNER_PLAIN,
	MANNER_GROUP,		/* in a process group of its own */
	MANNER_SESSION,		/* in a session of its own */
	MANNER_STRAY,		/* and it leaves a process behind for a while */
	MANNERS
};
struct player {
	int log, events;	/* where lines go: the log, and the driver */
	char *witness;		/* locked by whoever is inside */
	long run;
	int actor;
	int64_t hold_us;
	bool commits;		/* one commit in each turn */
	enum manner manner;
	unsigned seed;		/* plain: when to kill its own helpers */
	int kill_percent;
};
/* The critical section of a run. The lock on the witness is returned: who
 * lives on after it closes that, or keeps everybody out. */
int play_critical(const struct player *p, int64_t generation, int64_t iteration);
/* Hold the turn without a wrapper: acquire --pid, play, release. The exit code. */
int play_plain(const struct player *p);
/* The player as environment of a `storm critical`, and back. */
void player_export(const struct player *p);
bool player_import(struct player *p);

/* ---- setup.c ---- */

/* Run a program to its end with stdout captured. Its exit code. */
int run_program(char **out, const char *const *argv);
/* Make what s->clone names, with the actors in the ring; several are clones of
 * `bare`, whose hook writes what is published to the file `updates`. Dies if
 * it cannot. We are in the first one afterwards. */
void make_repositories(const struct storm *s, const char *bare, const char *updates);
/* Who is expected, generation, iteration and status, from a state. */
struct json;
bool state_event(struct event *e, const struct json *state);
/* The state now, as an event of kind F. False if it cannot be read. */
bool read_state(struct event *e);

/* ---- chain.c ---- */

/* The chain of published states: how many faults. *final: the last of them. */
int check_chain(struct event *final, const char *bare, const char *updates);
/* How many commits on main of a repository are not the players', and, with
 * `want` >= 0, whether they made as many as that. */
int check_branch(const char *repo, long want);

/* ---- check.c ---- */

struct check {
	int actors;		/* in the ring */
	long turns;		/* that must have begun, at least */
	const char *receipts;	/* receipts.jsonl, or NULL */
	const char *turn_log;	/* turn-log.jsonl, or NULL */
};
/* How many faults; each is a line on stderr, the sum a line on stdout. */
int storm_check(const char *log, const struct check *c);
#endif
