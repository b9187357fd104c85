/*
 * The driver: slots that are always played, and a killer. It sees each
 * critical section begin and end through a pipe, whoever dies through pidfds
 * and SIGCHLD, and keeps to its dice.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "storm.h"

#define STALL_US (60 * 1000000LL)	/* nothing begun for so long: stuck */

enum { KILL_WRAPPER = 1, KILL_CHILD = 2 };

struct slot {		/* one process of one actor, again and again */
	int actor;
	const char *clone;	/* where it plays */
	pid_t wrapper, child;	/* 0: none; `child` has begun */
	int child_fd;		/* its pidfd, -1 */
	long run;
	bool killed, began, told_to_stop;
	bool prey;		/* stays inside until it is killed there */
};

struct plan {		/* whom to kill, and when */
	int64_t due;		/* 0: nobody */
	int slot;
	long run;
	unsigned victims;
};

static const struct storm *st;
static struct slot slots[STORM_SLOTS];
static int nr_slots;
static struct plan plans[64];
static int signals;
static long runs, begun, failures;
static bool stopping;
static unsigned dice;
static int64_t last_end, last_begin, gap_us = 8000;	/* from an end to a begin */
static bool at_release;	/* the next one that ends is killed while it releases */

static int roll(int sides)
{
	return rand_r(&dice) % sides;
}

static void note_event(char kind, const struct slot *s, int pid,
		       int64_t number, const char *word)
{
	struct event e = { .kind = kind, .time = storm_now(), .pid = pid,
			   .run = s ? s->run : 0, .actor = s ? s->actor : -1,
			   .generation = number };

	snprintf(e.word, sizeof(e.word), "%s", word);
	event_write(st->log, &e);
}

/* ---- the players ---- */

static void start_run(struct slot *s)
{
	char actor[16];
	const char *argv[] = { "git-orch-turn", "with", actor, "--",
			       st->self, "critical", NULL };
	struct player p = {
		.log = st->log, .events = st->events[1], .witness = st->witness,
		.run = ++runs, .actor = s->actor,
		.hold_us = st->hold_us ? roll((int)st->hold_us) : 0,
		.manner = (enum manner)roll(MANNERS),
		/* A killed one's would keep its clone from going on. */
		.commits = st->machines > 1 && !st->kill_percent,
		.seed = (unsigned)rand_r(&dice), .kill_percent = st->kill_percent,
	};
	bool plain = roll(4) == 0;
	pid_t driver = getpid();

	s->prey = roll(200) < st->kill_percent;
	if (s->prey)
		p.hold_us = 1000000;
	s->run = runs;
	s->child = 0;
	s->killed = s->began = s->told_to_stop = false;
	s->wrapper = fork();
	if (s->wrapper < 0) {
		perror("storm: fork");
		exit(128);
	}
	if (s->wrapper == 0) {
		sigset_t none;

		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != driver || chdir(s->clone) < 0)
			_exit(99);
		if (plain)
			_exit(play_plain(&p));
		snprintf(actor, sizeof(actor), "a%d", s->actor);
		player_export(&p);
		execvp(argv[0], (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	note_event('S', s, s->wrapper, 0, plain ? "plain" : "with");
}

static struct slot *slot_of_run(long run)
{
	for (int i = 0; i < nr_slots; i++)
		if (slots[i].run == run)
			return &slots[i];
	return NULL;
}

/* Nobody is left who could be in the critical section. */
static void child_is_dead(struct slot *s)
{
	note_event('D', s, s->child, 0, "-");
	if (s->child_fd >= 0)
		close(s->child_fd);
	s->child_fd = -1;
	s->child = 0;
}

/* ---- the killer ---- */

static void shoot(struct slot *s, pid_t pid, int sig, const char *word)
{
	note_event('K', s, pid, sig, word);
	s->killed = true;
	kill(pid, sig);
}

static void carry_out(const struct plan *p)
{
	struct slot *s = &slots[p->slot];
	bool child_first = roll(2);

	if (s->run != p->run || !s->wrapper)
		return;
	for (int i = 0; i < 2; i++) {
		if ((i == 0) == child_first) {
			/* By its pidfd: the pid may belong to another by now. */
			if ((p->victims & KILL_CHILD) && s->child &&
			    s->child != s->wrapper && s->child_fd >= 0) {
				note_event('K', s, s->child, SIGKILL, "child");
				s->killed = true;
				syscall(SYS_pidfd_send_signal, s->child_fd,
					SIGKILL, NULL, 0);
			}
		} else if ((p->victims & KILL_WRAPPER) && s->wrapper) {
			shoot(s, s->wrapper, SIGKILL, "wrapper");
		}
	}
}

static void plan_kill(const struct slot *s, int64_t within_us, unsigned victims)
{
	for (size_t i = 0; i < ARRAY_SIZE(plans); i++) {
		if (plans[i].due)
			continue;
		plans[i] = (struct plan){
			.due = storm_now() + roll((int)within_us + 1),
			.slot = (int)(s - slots), .run = s->run,
			.victims = victims,
		};
		return;
	}
}

/* What is to happen to the turn that comes after this one has ended. */
static void draw(const struct slot *ended)
{
	int next = (ended->actor + 1) % st->actors, one = roll(st->procs);

	at_release = false;
	if (stopping || roll(200) >= st->kill_percent)
		return;
	if (roll(3) == 0) {
		at_release = true;
		return;
	}
	/* Who gets it is not known yet: one of them, or all. */
	if (roll(3))
		one = -1;
	for (int i = 0, n = 0; i < nr_slots; i++)
		if (slots[i].actor == next && slots[i].wrapper &&
		    (n++ == one || one < 0))
			plan_kill(&slots[i], gap_us * 5 / 4, KILL_WRAPPER);
}

/* Ours still, and not somebody else who got the pid. */
static bool is_player(pid_t pid)
{
	char path[64], exe[4096];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
	n = readlink(path, exe, sizeof(exe) - 1);
	exe[n > 0 ? n : 0] = '\0';
	return str_eq(exe, st->self);
}

static void begin(struct slot *s, const struct event *e)
{
	last_begin = e->time;
	if (last_end)
		gap_us += (e->time - last_end - gap_us) / 8;
	if (gap_us < 1000)
		gap_us = 1000;
	if (gap_us > 200000)
		gap_us = 200000;
	last_end = 0;
	begun++;
	s->began = true;
	s->child = e->pid;
	s->child_fd = (int)syscall(SYS_pidfd_open, e->pid, 0);
	if (s->child_fd < 0) {
		child_is_dead(s);
		return;
	}
	fcntl(s->child_fd, F_SETFD, FD_CLOEXEC);
	if (!is_player(e->pid)) {	/* dead already, or somebody else's pid */
		child_is_dead(s);
		return;
	}
	if (s->prey)
		plan_kill(s, st->hold_us, (unsigned)(1 + roll(3)));
}

/*
 * It began, was killed, and its wrapper has been reaped before we read that it
 * had begun: the slot plays another run by now. What is left of it is dying.
 */
static void late_begin(const struct event *e)
{
	struct slot gone = { .actor = e->actor, .run = e->run, .child = e->pid,
			     .child_fd = -1 };
	struct pollfd p = { .events = POLLIN };

	begun++;
	p.fd = (int)syscall(SYS_pidfd_open, e->pid, 0);
	if (p.fd >= 0 && is_player(e->pid))
		poll(&p, 1, 10000);
	gone.child_fd = p.fd;
	child_is_dead(&gone);
}

static void handle_event(const char *line)
{
	struct slot *s;
	struct event e;

	if (!event_parse(&e, line))
		return;
	s = slot_of_run(e.run);
	if (!s && e.kind == 'B')
		late_begin(&e);
	if (!s)
		return;
	if (e.kind == 'B') {
		begin(s, &e);
	} else if (e.kind == 'E') {
		last_end = e.time;
		if (at_release)
			plan_kill(s, gap_us, KILL_WRAPPER);
		draw(s);
	}
}

static void read_events(void)
{
	static char buf[65536];
	static size_t len;
	ssize_t n = read(st->events[0], buf + len, sizeof(buf) - 1 - len);
	char *p = buf, *nl;

	if (n <= 0)
		return;
	len += (size_t)n;
	buf[len] = '\0';
	while ((nl = strchr(p, '\n'))) {
		char rest = nl[1];

		nl[1] = '\0';
		handle_event(p);
		nl[1] = rest;
		p = nl + 1;
	}
	len -= (size_t)(p - buf);
	memmove(buf, p, len);
}

static int alive(void)
{
	int n = 0;

	for (int i = 0; i < nr_slots; i++)
		n += slots[i].wrapper != 0;
	return n;
}

static void reap(void)
{
	struct signalfd_siginfo info;
	int status, code;
	pid_t pid;

	while (read(signals, &info, sizeof(info)) > 0)
		;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		struct slot *s = NULL;

		for (int i = 0; i < nr_slots; i++)
			if (slots[i].wrapper == pid)
				s = &slots[i];
		if (!s)
			continue;	/* the orphan of a killed wrapper */
		code = WIFSIGNALED(status) ? 128 + WTERMSIG(status)
					   : WEXITSTATUS(status);
		note_event('R', s, pid, code, "-");
		failures += code && !s->killed;
		s->wrapper = 0;
		/* An orphan that is still there is watched by its pidfd. */
		if (s->child == pid)
			child_is_dead(s);
	}
}

/* ---- the storm ---- */

static void stop(void)
{
	stopping = true;
	note_event('X', NULL, 0, 0, "-");
	memset(plans, 0, sizeof(plans));
}

/* Those that have no turn, and will not get one. */
static void end_waiters(void)
{
	for (int i = 0; i < nr_slots; i++) {
		struct slot *s = &slots[i];

		if (!s->wrapper || s->told_to_stop || s->began)
			continue;
		s->told_to_stop = true;
		shoot(s, s->wrapper, SIGTERM, "term");
	}
}

static int64_t next_due(void)
{
	int64_t due = storm_now() + 1000000;

	for (size_t i = 0; i < ARRAY_SIZE(plans); i++)
		if (plans[i].due && plans[i].due < due)
			due = plans[i].due;
	return due;
}

static void prepare(void)
{
	sigset_t chld;

	/* Orphans come to us, so that we see whether somebody is left. */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	sigprocmask(SIG_BLOCK, &chld, NULL);
	signals = signalfd(-1, &chld, SFD_CLOEXEC | SFD_NONBLOCK);
	if (signals < 0) {
		perror("storm: signalfd");
		exit(128);
	}
	dice = st->seed;
	/* The processes of one actor are on different machines. */
	for (int i = 0; i < st->actors * st->procs; i++) {
		int actor = i % st->actors, place = actor + i / st->actors;

		slots[nr_slots++] = (struct slot){
			.actor = actor, .child_fd = -1,
			.clone = st->clone[place % st->machines],
		};
	}
}

const char *drive(const struct storm *s)
{
	struct pollfd p[STORM_SLOTS + 2];

	st = s;
	prepare();
	for (last_begin = storm_now(); !stopping || alive();) {
		int64_t wait = next_due() - storm_now();
		struct timespec t;
		nfds_t n = 2;

		for (int i = 0; i < nr_slots && !stopping; i++)
			if (!slots[i].wrapper && !slots[i].child)
				start_run(&slots[i]);
		p[0] = (struct pollfd){ .fd = st->events[0], .events = POLLIN };
		p[1] = (struct pollfd){ .fd = signals, .events = POLLIN };
		for (int i = 0; i < nr_slots; i++)
			p[n++] = (struct pollfd){ .fd = slots[i].child
				? slots[i].child_fd : -1, .events = POLLIN };
		if (wait < 0)
			wait = 0;
		t = (struct timespec){ wait / 1000000, wait % 1000000 * 1000 };
		ppoll(p, n, &t, NULL);
		if (p[0].revents)
			read_events();
		for (int i = 0; i < nr_slots; i++)
			if (p[2 + i].revents && slots[i].child &&
			    slots[i].child_fd == p[2 + i].fd)
				child_is_dead(&slots[i]);
		if (p[1].revents)
			reap();
		for (size_t i = 0; i < ARRAY_SIZE(plans); i++)
			if (plans[i].due && plans[i].due <= storm_now()) {
				struct plan due = plans[i];

				plans[i].due = 0;
				carry_out(&due);
			}
		if (!stopping && begun >= st->turns)
			stop();
		if (stopping)
			end_waiters();
		if (failures > 20)
			return "too much fails";
		if (storm_now() - last_begin > STALL_US)
			return "nothing has begun for a minute";
	}
	return NULL;
}

long drive_count(void)
{
	return begun;
}

static void name_leftover(int pid)
{
	char path[64], name[64] = "";
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	if ((f = fopen(path, "r"))) {
		if (!fgets(name, sizeof(name), f))
			name[0] = '\0';
		fclose(f);
	}
	name[strcspn(name, "\n")] = '\0';
	fprintf(stderr, "storm: process %d (%s) is left over\n", pid, name);
}

/* Strays end by themselves; what is there after five seconds is a fault, and
 * is ended. */
void drive_end(void)
{
	struct timespec t = { 0, 10000000 };
	char path[64];
	int64_t n = 0;
	FILE *f;
	int pid;

	for (int i = 0; i < nr_slots; i++)
		if (slots[i].wrapper)
			kill(slots[i].wrapper, SIGKILL);
	for (int i = 0; i < 500; i++) {
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
		if (waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD)
			goto out;
		nanosleep(&t, NULL);
	}
	snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
	f = fopen(path, "r");
	for (; f && fscanf(f, "%d", &pid) == 1; n++) {
		name_leftover(pid);
		kill(pid, SIGKILL);
	}
	if (f)
		fclose(f);
	while (waitpid(-1, NULL, 0) > 0)
		;
out:
	note_event('Z', NULL, 0, n, "-");
}
