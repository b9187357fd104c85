/*
 * The players: a critical section that says when it begins and ends, and a
 * holder without a wrapper, which calls acquire and release itself.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

#include "storm.h"

int64_t storm_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

void event_write(int fd, const struct event *e)
{
	char line[256];
	int n = snprintf(line, sizeof(line),
			 "%c %" PRId64 " %ld %d %d %" PRId64 " %" PRId64 " %s\n",
			 e->kind, e->time, e->run, e->actor, e->pid,
			 e->generation, e->iteration, e->word[0] ? e->word : "-");

	if (write(fd, line, (size_t)n) != n)
		_exit(99);	/* nothing that follows could be believed */
}

bool event_parse(struct event *e, const char *line)
{
	int end = 0;

	*e = (struct event){ 0 };
	return sscanf(line, "%c %" SCNd64 " %ld %d %d %" SCNd64 " %" SCNd64 " %31s%n",
		      &e->kind, &e->time, &e->run, &e->actor, &e->pid,
		      &e->generation, &e->iteration, e->word, &end) == 8 &&
	       line[end] == '\n';
}

static void nap(int64_t us)
{
	struct timespec t = { us / 1000000, us % 1000000 * 1000 };

	while (nanosleep(&t, &t) < 0 && errno == EINTR)
		;
}

/*
 * The lock on the witness ends when its process has given up its files, which
 * is before anybody can see it dead: found locked, two are inside. Returns the
 * pid of the other one, or 0. *lock is to be closed by who lives on.
 */
static int enter(int *lock, const char *witness)
{
	struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int fd = open(witness, O_RDWR | O_CREAT | O_CLOEXEC, 0666);

	if (fd < 0)
		_exit(99);
	*lock = fd;
	while (fcntl(fd, F_SETLK, &l) < 0) {
		struct flock other = l;

		if (fcntl(fd, F_GETLK, &other) == 0 && other.l_type != F_UNLCK)
			return other.l_pid;
	}
	return 0;
}

/* A process that nobody waits for, in a session of its own. */
static void leave_stray(void)
{
	pid_t pid = fork();

	if (pid > 0)
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
	if (pid != 0)
		return;
	setsid();
	if (fork() == 0)
		nap(30000);
	_exit(0);
}

static void say(const struct player *p, const struct event *e)
{
	event_write(p->log, e);
	event_write(p->events, e);
}

static void make_commit(long run)
{
	char message[32];
	const char *argv[] = { "git", "commit", "-q", "--allow-empty", "-m", message,
			       NULL };

	snprintf(message, sizeof(message), "run %ld", run);
	if (run_program(NULL, argv))
		fprintf(stderr, "storm: run %ld cannot commit\n", run);
}

int play_critical(const struct player *p, int64_t generation, int64_t iteration)
{
	int lock;

	struct event e = { .run = p->run, .actor = p->actor, .pid = getpid(),
			   .generation = generation, .iteration = iteration };

	if (p->manner == MANNER_GROUP)
		setpgid(0, 0);
	else if (p->manner != MANNER_PLAIN)
		setsid();
	snprintf(e.word, sizeof(e.word), "%d", enter(&lock, p->witness));
	e.kind = 'B';
	e.time = storm_now();
	say(p, &e);
	if (p->manner == MANNER_STRAY)
		leave_stray();
	nap(p->hold_us);
	if (p->commits)
		make_commit(p->run);
	e.kind = 'E';
	e.time = storm_now();
	snprintf(e.word, sizeof(e.word), "-");
	say(p, &e);
	return lock;
}

/*
 * Run one of git-orch's programs as our helper; with `kill_at` >= 0 it is
 * killed that many microseconds after its start. It must not outlive us: it
 * would ask for the turn in the name of a dead process.
 */
static int run_helper(const struct player *p, char **out,
		      const char *const *argv, int64_t kill_at)
{
	pid_t us = getpid(), pid;
	int ends[2], status;
	char buf[4096];
	size_t len = 0;
	ssize_t n;

	if (pipe2(ends, O_CLOEXEC) < 0 || (pid = fork()) < 0)
		_exit(99);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != us)
			_exit(99);
		dup2(ends[1], 1);
		execvp(argv[0], (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	close(ends[1]);
	if (kill_at >= 0) {
		struct event e = { .kind = 'K', .run = p->run, .actor = p->actor,
				   .pid = pid, .word = "helper" };

		nap(kill_at);
		e.time = storm_now();
		event_write(p->log, &e);
		kill(pid, SIGKILL);
	}
	while ((n = read(ends[0], buf + len, sizeof(buf) - 1 - len)) > 0)
		len += (size_t)n;
	buf[len] = '\0';
	close(ends[0]);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			_exit(99);
	if (out)
		*out = xstrdup(buf);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int play_plain(const struct player *p)
{
	char actor[16], pid[16], generation[32], *out = NULL;
	const char *acquire[] = { "git-orch-turn", "acquire", "--pid", pid,
				  actor, NULL };
	const char *release[] = { "git-orch-turn", "release", "--generation",
				  generation, NULL };
	unsigned seed = p->seed;
	bool helper_killed = false;
	struct event state;
	int rc;

	prctl(PR_SET_NAME, "storm-plain");
	snprintf(actor, sizeof(actor), "a%d", p->actor);
	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	/* The same holder asking again gets the same generation. */
	for (;;) {
		bool shoot = rand_r(&seed) % 100 < p->kill_percent;

		free(out);
		rc = run_helper(p, &out, acquire, shoot ? rand_r(&seed) % 6000 : -1);
		if (rc == 0)
			break;
		if (!shoot || rc != 128 + SIGKILL) {
			fprintf(stderr, "storm: acquire of run %ld: exit %d\n",
				p->run, rc);
			return 1;
		}
	}
	snprintf(generation, sizeof(generation), "%.20s", out);
	generation[strcspn(generation, "\n")] = '\0';
	free(out);
	if (!read_state(&state))
		return 1;
	close(play_critical(p, strtoll(generation, NULL, 10), state.iteration));
	for (;;) {
		bool shoot = rand_r(&seed) % 100 < p->kill_percent;

		rc = run_helper(p, NULL, release, shoot ? rand_r(&seed) % 6000 : -1);
		if (rc == 0)
			return 0;
		/* The one that was killed may have done its work. */
		if (rc == 1 && helper_killed)
			return 0;
		if (!shoot || rc != 128 + SIGKILL) {
			fprintf(stderr, "storm: release of run %ld: exit %d\n",
				p->run, rc);
			return 1;
		}
		helper_killed = true;
	}
}

static void export_number(const char *name, int64_t n)
{
	char text[32];

	snprintf(text, sizeof(text), "%" PRId64, n);
	setenv(name, text, 1);
}

void player_export(const struct player *p)
{
	export_number("STORM_LOG", p->log);
	export_number("STORM_EVENTS", p->events);
	setenv("STORM_WITNESS", p->witness, 1);
	export_number("STORM_RUN", p->run);
	export_number("STORM_ACTOR", p->actor);
	export_number("STORM_HOLD", p->hold_us);
	export_number("STORM_MANNER", p->manner);
	export_number("STORM_COMMITS", p->commits);
}

static bool import_number(const char *name, int64_t *n)
{
	const char *text = getenv(name);

	*n = text ? strtoll(text, NULL, 10) : 0;
	return text != NULL;
}

bool player_import(struct player *p)
{
	int64_t log, events, run, actor, manner, commits;

	*p = (struct player){ 0 };
	p->witness = getenv("STORM_WITNESS");
	if (!p->witness || !import_number("STORM_LOG", &log) ||
	    !import_number("STORM_EVENTS", &events) ||
	    !import_number("STORM_RUN", &run) ||
	    !import_number("STORM_ACTOR", &actor) ||
	    !import_number("STORM_HOLD", &p->hold_us) ||
	    !import_number("STORM_MANNER", &manner) ||
	    !import_number("STORM_COMMITS", &commits))
		return false;
	p->log = (int)log;
	p->events = (int)events;
	p->run = (long)run;
	p->actor = (int)actor;
	p->manner = (enum manner)manner;
	p->commits = commits != 0;
	return true;
}
