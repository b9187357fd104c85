/*
 * Starting programs: fork and exec, with what happened in between reported
 * through a pipe that a successful exec closes.
 */
#include "base/spawn.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#include "base/error.h"
#include "base/strbuf.h"

extern char **environ;

enum stage { STAGE_SETUP, STAGE_CHDIR, STAGE_EXEC };
struct child_fault {
	enum stage stage;
	int error;
};

/*
 * Signals that were ignored when we were started (nohup, a background job of
 * a script): our children are meant to ignore them as well. Everything else
 * is reset, whatever we do with it ourselves.
 */
static const int inheritable[] = { SIGHUP, SIGINT, SIGQUIT };
static bool was_ignored[ARRAY_SIZE(inheritable)];

__attribute__((constructor)) static void note_ignored(void)
{
	struct sigaction old;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(inheritable); i++)
		was_ignored[i] = !sigaction(inheritable[i], NULL, &old) &&
			old.sa_handler == SIG_IGN;
}

/* A pipe whose ends are not 0-2, even if those are closed in ours. */
static int make_pipe(int ends[2])
{
	int raw[2], i;

	if (pipe2(raw, O_CLOEXEC) < 0)
		return -1;
	for (i = 0; i < 2; i++) {
		ends[i] = raw[i];
		if (raw[i] > 2)
			continue;
		ends[i] = fcntl(raw[i], F_DUPFD_CLOEXEC, 3);
		close(raw[i]);
	}
	if (ends[0] >= 0 && ends[1] >= 0)
		return 0;
	for (i = 0; i < 2; i++)
		if (ends[i] >= 0)
			close(ends[i]);
	return -1;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* The environment of the child; the strings are borrowed. */
static char **make_env(const struct strvec *changes)
{
	size_t count = 0, alloc = 0, i, k;
	char **env = NULL;

	for (i = 0; environ && environ[i]; i++) {
		ALLOC_GROW(env, count + 1, alloc);
		env[count++] = environ[i];
	}
	for (i = 0; i < changes->nr; i++) {
		size_t n = strcspn(changes->v[i], "=");

		for (k = 0; k < count; )
			if (!strncmp(env[k], changes->v[i], n) &&
			    env[k][n] == '=')
				env[k] = env[--count];
			else
				k++;
		if (!changes->v[i][n])
			continue;
		ALLOC_GROW(env, count + 1, alloc);
		env[count++] = changes->v[i];
	}
	ALLOC_GROW(env, count + 1, alloc);
	env[count] = NULL;
	return env;
}

/* ---- between fork and exec: system calls only ---- */

static void reset_signals(void)
{
	struct sigaction dfl = { .sa_handler = SIG_DFL };
	struct sigaction ign = { .sa_handler = SIG_IGN };
	sigset_t none;
	size_t i;
	int sig;

	for (sig = 1; sig < NSIG; sig++)
		sigaction(sig, &dfl, NULL);
	for (i = 0; i < ARRAY_SIZE(inheritable); i++)
		if (was_ignored[i])
			sigaction(inheritable[i], &ign, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Make `fds[i]` descriptor i. Two steps, since they may be 0-2 crossed. */
static int place_fds(const struct spawn *s)
{
	int fds[3] = { s->in, s->out, s->err }, i;

	if (s->flags & SPAWN_NO_STDIN)
		fds[0] = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (s->flags & SPAWN_NO_STDERR)
		fds[2] = open("/dev/null", O_WRONLY | O_CLOEXEC);
	if ((fds[0] < 0 && s->flags & SPAWN_NO_STDIN) ||
	    (fds[2] < 0 && s->flags & SPAWN_NO_STDERR))
		return -1;
	for (i = 0; i < 3; i++)
		if (fds[i] >= 0 && fds[i] <= 2 &&
		    (fds[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, 3)) < 0)
			return -1;
	for (i = 0; i < 3; i++)
		if (fds[i] >= 0 && dup2(fds[i], i) < 0)
			return -1;
	return 0;
}

static NORETURN void child_failed(int report, enum stage stage)
{
	struct child_fault fault = { stage, errno };
	ssize_t unused;

	if (report >= 0) {
		unused = write(report, &fault, sizeof(fault));
		(void)unused;
	}
	_exit(stage == STAGE_EXEC && fault.error == ENOENT ? 127 : 126);
}

static NORETURN void run_child(const struct spawn *s, char **env, pid_t parent,
			       int report, int gate)
{
	ssize_t n;
	char byte;

	if (s->flags & SPAWN_OWN_SESSION)
		setsid();
	else if (s->flags & SPAWN_OWN_GROUP)
		setpgid(0, 0);
	reset_signals();
	if (s->flags & (SPAWN_DIE_WITH_US | SPAWN_TERM_WITH_US)) {
		if (prctl(PR_SET_PDEATHSIG,
			  s->flags & SPAWN_DIE_WITH_US ? SIGKILL : SIGTERM) < 0)
			child_failed(report, STAGE_SETUP);
		/* It died before the call: nobody will send the signal. */
		if (getppid() != parent)
			_exit(126);
	}
	if (place_fds(s) < 0)
		child_failed(report, STAGE_SETUP);
	if (s->dir && chdir(s->dir) < 0)
		child_failed(report, STAGE_CHDIR);
	if (gate >= 0) {
		do
			n = read(gate, &byte, 1);
		while (n < 0 && errno == EINTR);
		if (n != 1)	/* our parent died, or gave us up */
			_exit(126);
	}
	environ = env;
	execvp(s->argv.v[0], s->argv.v);
	child_failed(report, STAGE_EXEC);
}

/* ---- the parent ---- */

static int wait_for(pid_t pid, int *status)
{
	int unused;

	while (waitpid(pid, status ? status : &unused, 0) < 0)
		if (errno != EINTR)
			return -1;
	return 0;
}

/* Wait until the child has become its program, or says why it cannot. */
static int read_report(struct spawn *s, int fd)
{
	struct child_fault fault;
	ssize_t n;

	do
		n = read(fd, &fault, sizeof(fault));
	while (n < 0 && errno == EINTR);
	if (n != sizeof(fault))
		return 0;
	wait_for(s->pid, NULL);
	s->pid = 0;
	errno = fault.error;
	switch (fault.stage) {
	case STAGE_CHDIR:
		return error_sys("cannot change to '%s'", s->dir);
	case STAGE_EXEC:
		error_sys("cannot run '%s'", s->argv.v[0]);
		return fault.error == ENOENT ? ORCH_ENOTFOUND : ORCH_ERROR;
	case STAGE_SETUP:
		break;
	}
	return error_sys("cannot prepare '%s'", s->argv.v[0]);
}

int spawn_start(struct spawn *s)
{
	bool gated = s->flags & SPAWN_GATED;
	int report[2] = { -1, -1 }, gate[2] = { -1, -1 };
	char **env = NULL;
	pid_t parent = getpid();
	sigset_t all, before;
	int rc = 0;

	if (!s->argv.nr || s->pid)
		BUG("spawn_start: %s", s->pid ? "runs already" : "no program");
	/*
	 * A gated child cannot report: we go on before it execs.
	 */
	if (make_pipe(gated ? gate : report) < 0) {
		rc = error_sys("cannot make a pipe");
		goto out;
	}
	env = make_env(&s->env);
	/* No handler of ours may run in the child. */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	s->pid = fork();
	if (!s->pid) {
		close_fd(&report[0]);
		close_fd(&gate[1]);
		run_child(s, env, parent, report[1], gate[0]);
	}
	if (s->pid < 0) {
		rc = error_sys("cannot fork");
		s->pid = 0;
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (rc)
		goto out;
	/* In both, so that it is true for either when it goes on. */
	if (s->flags & SPAWN_OWN_GROUP)
		setpgid(s->pid, s->pid);
	if (gated) {
		s->gate = gate[1];
		gate[1] = -1;
	} else {
		close_fd(&report[1]);
		rc = read_report(s, report[0]);
	}
out:
	close_fd(&report[0]);
	close_fd(&report[1]);
	close_fd(&gate[0]);
	close_fd(&gate[1]);
	free(env);
	return rc;
}

/* One byte without SIGPIPE, should the child be gone. */
static int write_quietly(int fd)
{
	const struct timespec now = { 0, 0 };
	sigset_t pipe_set, before, pending;
	bool was_pending;
	ssize_t n;
	int saved;

	sigemptyset(&pipe_set);
	sigaddset(&pipe_set, SIGPIPE);
	sigpending(&pending);
	was_pending = sigismember(&pending, SIGPIPE) == 1;
	sigprocmask(SIG_BLOCK, &pipe_set, &before);
	do
		n = write(fd, "", 1);
	while (n < 0 && errno == EINTR);
	saved = errno;
	if (n < 0 && saved == EPIPE && !was_pending)
		sigtimedwait(&pipe_set, NULL, &now);
	sigprocmask(SIG_SETMASK, &before, NULL);
	errno = saved;
	return n == 1 ? 0 : -1;
}

int spawn_go(struct spawn *s)
{
	int rc = 0;

	if (s->gate < 0)
		BUG("spawn_go: no gate");
	if (write_quietly(s->gate) < 0)
		rc = error_sys("'%s' ended before it began", s->argv.v[0]);
	close_fd(&s->gate);
	return rc;
}

int spawn_wait(struct spawn *s, int *status)
{
	if (!s->pid)
		BUG("spawn_wait: nothing runs");
	if (wait_for(s->pid, status) < 0)
		return error_sys("cannot wait for '%s'", s->argv.v[0]);
	/* The number is free for another process from now on. */
	s->pid = 0;
	return 0;
}

void spawn_release(struct spawn *s)
{
	/* Still before its gate: it has done nothing and never will. */
	if (s->gate >= 0 && s->pid > 0) {
		kill(s->pid, SIGKILL);
		wait_for(s->pid, NULL);
	}
	close_fd(&s->gate);
	s->pid = 0;
	strvec_release(&s->argv);
	strvec_release(&s->env);
}

int spawn_exit_code(int status)
{
	if (WIFSIGNALED(status))
		return 128 + WTERMSIG(status);
	return WEXITSTATUS(status);
}

void spawn_die_of(int number)
{
	struct rlimit none = { 0, 0 };
	sigset_t set;

	setrlimit(RLIMIT_CORE, &none);
	signal(number, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, number);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	raise(number);
}

/* A descriptor from which `len` bytes can be read. */
static int input_fd(const char *data, size_t len)
{
	int fd = memfd_create("input", MFD_CLOEXEC);

	while (fd >= 0 && len) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			close_fd(&fd);
			break;
		}
		data += n;
		len -= (size_t)n;
	}
	if (fd >= 0 && lseek(fd, 0, SEEK_SET) < 0)
		close_fd(&fd);
	return fd;
}

int spawn_capture(struct spawn *s, struct strbuf *out, size_t max,
		  const void *input, size_t input_len, int *status)
{
	int ends[2] = { -1, -1 }, in = -1, rc = 0, result = 0;
	int old_in = s->in, old_out = s->out;
	size_t before = out->len;

	/*
	 * The input is a file in memory and not a pipe: the child reads as it
	 * likes, nobody waits for anybody, and there is no SIGPIPE.
	 */
	if (input && (in = input_fd(input, input_len)) < 0) {
		rc = error_sys("cannot pass input to '%s'", s->argv.v[0]);
		goto out;
	}
	if (make_pipe(ends) < 0) {
		rc = error_sys("cannot make a pipe");
		goto out;
	}
	if (input)
		s->in = in;
	s->out = ends[1];
	rc = spawn_start(s);
	s->in = old_in;
	s->out = old_out;
	if (rc < 0)
		goto out;
	close_fd(&ends[1]);
	if (strbuf_read_fd(out, ends[0], max) < 0) {
		rc = errno == EFBIG ?
			error_set(ORCH_EINVALID,
				  "'%s' printed more than %zu bytes",
				  s->argv.v[0], max) :
			error_sys("cannot read from '%s'", s->argv.v[0]);
		kill(s->flags & SPAWN_OWN_GROUP ? -s->pid : s->pid, SIGKILL);
		spawn_wait(s, NULL);
		goto out;
	}
	rc = spawn_wait(s, &result);
	if (status)
		*status = result;
	if (!rc && spawn_exit_code(result))
		rc = error_set(ORCH_ENO, "'%s' ended with %d", s->argv.v[0],
			       spawn_exit_code(result));
out:
	if (rc < 0 && rc != ORCH_ENO)
		strbuf_setlen(out, before);
	close_fd(&in);
	close_fd(&ends[0]);
	close_fd(&ends[1]);
	return rc;
}
