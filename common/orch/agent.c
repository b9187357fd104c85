/*
 * One agent, from its start to its end: a single poll loop over its three
 * pipes, its process, the clock and the signals meant for us.
 *
 * The child is reaped last: as long as it is a zombie its pid, and so the
 * name of its group, cannot become somebody else's.
 */
#include "orch/agent.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "base/error.h"
#include "base/text.h"
#include "base/file.h"
#include "base/spawn.h"
#include "base/strbuf.h"

#define CHUNK (64u * 1024)
#define KILL_AFTER_MS 10000	/* from TERM to KILL */
#define DRAIN_MS 200		/* for what a pipeline's tail still writes */
#define TICK_MS 1000
#define NEVER INT64_MAX

struct agent {
	struct agent_request req;
	struct spawn spawn;
	int in, out, err;	/* our ends; -1 when closed */
	int pidfd;		/* -1: this kernel has none */
	int log;
	size_t written;		/* of the input */
	bool gone;		/* the child has ended; it is reaped later */
	bool reaped;
	bool stopping;
	int64_t kill_at, limit_at, tick_at, drain_until;
	struct usage_parser *parser;
	struct strbuf err_line;
	char *buf;
};

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

char *agent_path(void)
{
	const char *path = getenv("PATH"), *own = getenv("GIT_EXEC_PATH");

	while (path && *path) {
		size_t n = strcspn(path, ":"), m = n;
		bool core;

		while (m && path[m - 1] == '/')
			m--;
		core = m >= 9 && !memcmp(path + m - 9, "/git-core", 9);
		if (!core && !(own && *own && strlen(own) == n && !memcmp(own, path, n)))
			break;
		path += n + (path[n] == ':');
	}
	return xstrdup(path && *path ? path : "/usr/local/bin:/usr/bin:/bin");
}

bool agent_can_run(const char *dir, const char *program)
{
	char *path, *file;
	bool found = false;

	if (strchr(program, '/')) {
		file = *program == '/' ? xstrdup(program) :
					 xstrfmt("%s/%s", dir ? dir : ".", program);
		found = access(file, X_OK) == 0;
		free(file);
		return found;
	}
	path = agent_path();
	for (const char *s = path; s && *s && !found; s += *s == ':') {
		size_t n = strcspn(s, ":");

		file = xstrfmt("%.*s/%s", (int)n, s, program);
		found = access(file, X_OK) == 0;
		free(file);
		s += n;
	}
	free(path);
	return found;
}

/* The child's end first; ours does not block. */
static int make_pipe(int *theirs, int *ours, bool we_read)
{
	int fds[2], flags;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return error_sys("cannot make a pipe");
	*ours = fds[we_read ? 0 : 1];
	*theirs = fds[we_read ? 1 : 0];
	flags = fcntl(*ours, F_GETFL);
	if (flags < 0 || fcntl(*ours, F_SETFL, flags | O_NONBLOCK) < 0)
		return error_sys("cannot set up a pipe");
	return 0;
}

static void open_log(struct agent *a)
{
	const char *path = a->req.log_path;

	if (!path)
		return;
	if (dir_make_parent(path) < 0) {
		warn("no log of this turn: %s", error_message());
		error_clear();
		return;
	}
	a->log = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW |
		      O_NONBLOCK, 0600);
	if (a->log < 0)
		warn("no log of this turn: cannot write '%s': %s", path,
		     strerror(errno));
}

int agent_start(struct agent **out, const struct agent_request *req)
{
	struct agent *a = xcalloc(1, sizeof(*a));
	struct spawn s = SPAWN_INIT;
	char *path = agent_path();
	int in = -1, output = -1, err = -1, rc;
	size_t i;

	a->req = *req;
	a->spawn = s;
	a->in = a->out = a->err = a->pidfd = a->log = -1;
	strbuf_init(&a->err_line);
	a->buf = xmalloc(CHUNK);
	a->parser = usage_parser_new(req->kind, req->show, req->data);

	if ((rc = make_pipe(&in, &a->in, false)) < 0 ||
	    (rc = make_pipe(&output, &a->out, true)) < 0 ||
	    (rc = make_pipe(&err, &a->err, true)) < 0)
		goto out;
	strvec_push(&a->spawn.argv, "/bin/sh");
	strvec_push(&a->spawn.argv, "-c");
	strvec_push(&a->spawn.argv, req->command);
	strvec_pushf(&a->spawn.env, "PATH=%s", path);
	for (i = 0; i < req->env.nr; i++)
		strvec_push(&a->spawn.env, req->env.v[i]);
	a->spawn.dir = req->dir;
	a->spawn.in = in;
	a->spawn.out = output;
	a->spawn.err = err;
	/*
	 * In a background group of our terminal, a program that asks for a
	 * password there would be stopped and never heard of again. Without a
	 * terminal it fails at once.
	 */
	a->spawn.flags = SPAWN_OWN_SESSION | SPAWN_DIE_WITH_US | SPAWN_GATED;
	rc = spawn_start(&a->spawn);
	if (rc == 0)
		a->pidfd = (int)syscall(SYS_pidfd_open, a->spawn.pid, 0);
out:
	close_fd(&in);
	close_fd(&output);
	close_fd(&err);
	a->spawn.in = a->spawn.out = a->spawn.err = -1;
	free(path);
	if (rc < 0) {
		agent_free(a);
		return rc;
	}
	*out = a;
	return 0;
}

pid_t agent_pid(const struct agent *a)
{
	return a->spawn.pid;
}

/*
 * ESRCH: they have all ended, or the child has not become a leader yet. A
 * stopped group must wake up to die.
 */
static void signal_group(const struct agent *a, int sig)
{
	if (kill(-a->spawn.pid, sig) < 0)
		kill(a->spawn.pid, sig);
	if (sig != SIGKILL)
		kill(-a->spawn.pid, SIGCONT);
}

static void stop(struct agent *a, int sig)
{
	if (a->stopping)
		sig = SIGKILL;
	signal_group(a, sig);
	a->stopping = true;
	a->kill_at = sig == SIGKILL ? NEVER : time_awake_ms() + KILL_AFTER_MS;
}

static void feed_input(struct agent *a)
{
	const char *bytes = a->req.input;
	size_t left = a->req.input_len - a->written;
	ssize_t n = 0;

	if (left)
		n = write(a->in, bytes + a->written, left);
	if (n > 0)
		a->written += (size_t)n;
	/* EPIPE: it does not read its stdin, or not to the end. Its business. */
	if ((n < 0 && errno != EAGAIN && errno != EINTR) ||
	    a->written == a->req.input_len)
		close_fd(&a->in);
}

static void write_log(struct agent *a, const char *bytes, size_t len)
{
	while (a->log >= 0 && len) {
		ssize_t n = write(a->log, bytes, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			warn("the log of this turn ends here: cannot write '%s': %s",
			     a->req.log_path, strerror(errno));
			close_fd(&a->log);
			return;
		}
		bytes += n;
		len -= (size_t)n;
	}
}

/* Whole lines, so that they do not tear what comes on stdout. */
static void show_err(struct agent *a, const char *bytes, size_t len, bool last)
{
	const char *nl = memrchr(bytes, '\n', len);
	size_t n = nl ? (size_t)(nl - bytes) + 1 : 0;

	if (!a->req.show)
		return;
	if (last || a->err_line.len + len > CHUNK)
		n = len;
	strbuf_add(&a->err_line, bytes, n);
	if (n || last) {
		if (a->err_line.len)
			a->req.show(a->err_line.buf, a->err_line.len, false,
				    a->req.data);
		strbuf_reset(&a->err_line);
	}
	strbuf_add(&a->err_line, bytes + n, len - n);
}

/* True as long as there was something. */
static bool read_output(struct agent *a, int *fd)
{
	ssize_t n = read(*fd, a->buf, CHUNK);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return errno == EINTR;
	if (n <= 0) {
		close_fd(fd);
		return false;
	}
	write_log(a, a->buf, (size_t)n);
	if (fd == &a->out)
		usage_parser_feed(a->parser, a->buf, (size_t)n);
	else
		show_err(a, a->buf, (size_t)n, false);
	return true;
}

static void take_interrupt(struct agent *a, struct agent_result *out)
{
	struct signalfd_siginfo info;
	ssize_t n = read(a->req.interrupt_fd, &info, sizeof(info));

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	out->interrupted = true;
	stop(a, n == (ssize_t)sizeof(info) ? (int)info.ssi_signo : SIGTERM);
}

static void check_child(struct agent *a)
{
	siginfo_t info;

	memset(&info, 0, sizeof(info));
	if (waitid(P_PID, (id_t)a->spawn.pid, &info,
		   WEXITED | WNOHANG | WNOWAIT) < 0 && errno != EINTR)
		a->gone = true;
	else if (info.si_pid)
		a->gone = true;
	if (a->gone) {
		close_fd(&a->in);
		a->drain_until = time_awake_ms() + DRAIN_MS;
	}
}

/* What tick or changed had to say: a negative result ends the agent, once. */
static void take_verdict(struct agent *a, struct agent_result *out, int rc)
{
	if (rc >= 0 || out->tick_rc)
		return;
	out->tick_rc = rc;
	a->tick_at = NEVER;
	a->req.changed = NULL;
	if (!a->stopping)
		stop(a, SIGTERM);
}

/* What the clock demands. */
static void check_time(struct agent *a, struct agent_result *out)
{
	int64_t now = time_awake_ms();

	if (now >= a->limit_at) {
		a->limit_at = NEVER;
		if (!a->gone && !a->stopping) {
			out->timed_out = true;
			stop(a, SIGTERM);
		}
	}
	if (now >= a->kill_at) {
		signal_group(a, SIGKILL);
		a->kill_at = NEVER;
	}
	if (now >= a->tick_at) {
		int rc = a->gone ? 0 : a->req.tick(a->req.data);

		a->tick_at = time_awake_ms() + TICK_MS;
		take_verdict(a, out, rc);
	}
}

/* Who is being stopped has until the KILL to close the pipes. */
static int64_t patience(const struct agent *a)
{
	return !a->gone || (a->stopping && a->kill_at != NEVER) ? NEVER :
	       a->drain_until;
}

static int poll_timeout(const struct agent *a)
{
	int64_t next = a->kill_at, left;

	if (a->limit_at < next)
		next = a->limit_at;
	if (a->tick_at < next)
		next = a->tick_at;
	if (patience(a) < next)
		next = patience(a);
	if (a->pidfd < 0 && !a->gone && next > time_awake_ms() + 50)
		next = time_awake_ms() + 50;
	if (next == NEVER)
		return -1;
	left = next - time_awake_ms();
	return left < 0 ? 0 : left > 60000 ? 60000 : (int)left;
}

/*
 * It is over when the child has ended and its output has been read: to the
 * end of the pipes, or, when something that it left behind keeps them open,
 * to what they hold. Who is being stopped takes the whole group along.
 */
static bool is_over(const struct agent *a)
{
	if (!a->gone)
		return false;
	return (a->out < 0 && a->err < 0) || time_awake_ms() >= patience(a);
}

static int wait_for_end(struct agent *a, struct agent_result *out)
{
	while (!is_over(a)) {
		bool watched = a->req.changed && !a->gone;
		struct pollfd p[6] = {
			{ a->in, POLLOUT, 0 },
			{ a->out, POLLIN, 0 },
			{ a->err, POLLIN, 0 },
			{ a->gone ? -1 : a->pidfd, POLLIN, 0 },
			{ a->req.interrupt_fd, POLLIN, 0 },
			{ watched ? a->req.watch_fd : -1, POLLIN, 0 }
		};

		if (poll(p, ARRAY_SIZE(p), poll_timeout(a)) < 0 && errno != EINTR)
			return error_sys("cannot wait for the agent");
		if (p[0].revents)
			feed_input(a);
		if (p[1].revents)
			read_output(a, &a->out);
		if (p[2].revents)
			read_output(a, &a->err);
		if (!a->gone && (p[3].revents || a->pidfd < 0))
			check_child(a);
		if (p[4].revents & (POLLERR | POLLNVAL))
			a->req.interrupt_fd = -1;
		else if (p[4].revents)
			take_interrupt(a, out);
		if (p[5].revents & (POLLERR | POLLNVAL))
			a->req.changed = NULL;
		else if (p[5].revents && !a->gone)
			take_verdict(a, out, a->req.changed(a->req.data));
		check_time(a, out);
	}
	return 0;
}

int agent_run(struct agent *a, struct agent_result *out)
{
	struct sigaction ignore, old;
	int64_t began = time_awake_ms();
	int status = 0, rc;

	memset(out, 0, sizeof(*out));
	open_log(a);
	memset(&ignore, 0, sizeof(ignore));
	ignore.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &ignore, &old);

	a->kill_at = a->drain_until = NEVER;
	a->tick_at = a->req.tick ? began + TICK_MS : NEVER;
	a->limit_at = a->req.turn_limit > 0 ? began + a->req.turn_limit * 1000 : NEVER;
	if (!a->req.input_len)
		close_fd(&a->in);
	rc = spawn_go(&a->spawn);
	if (rc == 0)
		rc = wait_for_end(a, out);

	/* What is left in the pipes, bounded: somebody may be filling them. */
	if (rc == 0) {
		size_t rounds;

		for (rounds = 0; rounds < 256 && a->out >= 0 &&
		     read_output(a, &a->out); rounds++)
			;
		for (rounds = 0; rounds < 256 && a->err >= 0 &&
		     read_output(a, &a->err); rounds++)
			;
	}
	if (a->stopping || rc < 0)
		signal_group(a, SIGKILL);
	else if (a->out >= 0 || a->err >= 0)
		note("the agent has ended, but left something running that keeps "
		     "its output open");
	close_fd(&a->in);
	close_fd(&a->out);
	close_fd(&a->err);
	close_fd(&a->log);
	if (spawn_wait(&a->spawn, &status) == 0)
		a->reaped = true;
	else if (rc == 0)
		rc = ORCH_ERROR;
	show_err(a, "", 0, true);
	usage_parser_finish(a->parser, &out->usage);
	out->exit_code = spawn_exit_code(status);
	out->duration_ms = time_awake_ms() - began;
	sigaction(SIGPIPE, &old, NULL);
	return rc;
}

void agent_free(struct agent *a)
{
	int status;

	if (!a)
		return;
	if (a->spawn.pid > 0 && !a->reaped) {
		kill(a->spawn.pid, SIGKILL);
		spawn_wait(&a->spawn, &status);
	}
	close_fd(&a->in);
	close_fd(&a->out);
	close_fd(&a->err);
	close_fd(&a->pidfd);
	close_fd(&a->log);
	usage_parser_free(a->parser);
	strbuf_release(&a->err_line);
	spawn_release(&a->spawn);
	free(a->buf);
	free(a);
}
