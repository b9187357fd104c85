/* A git process under watch: its output, its silence, its end. */
#include "git/gitwatch.h"

#include <ctype.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "base/error.h"
#include "base/spawn.h"
#include "base/text.h"
#include "git/gitproc.h"

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif

#define KEEP ((size_t)1 << 20)	/* of each stream: what explains stands last */
#define REASON_MAX 240

enum grace { TERM_GRACE_MS = 5000, KILL_GRACE_MS = 5000, POLL_MS = 20 };

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* Ended, and still a zombie: its number and group are not anybody else's. */
static bool has_ended(const struct spawn *s)
{
	siginfo_t info;

	memset(&info, 0, sizeof(info));
	if (waitid(P_PID, (id_t)s->pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0)
		return errno == ECHILD;
	return info.si_pid != 0;
}

/*
 * Read what is there. *fd becomes -1 at its end; whether anything came. Not
 * for ever: who writes without end must not keep us from looking elsewhere.
 */
static bool drain(struct gitwatch *w, struct strbuf *sb, int *fd)
{
	char buf[16384];
	bool any = false;
	ssize_t n;
	int i;

	for (i = 0; *fd >= 0 && i < 64; i++) {
		n = read(*fd, buf, sizeof(buf));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			break;
		if (n <= 0) {
			*fd = -1;
			break;
		}
		any = true;
		if (sb->len > 2 * KEEP) {
			strbuf_remove(sb, 0, sb->len - KEEP);
			w->cut = true;
		}
		strbuf_add(sb, buf, (size_t)n);
	}
	return any;
}

static bool ends_within(const struct spawn *s, int pidfd, int64_t ms)
{
	int64_t end = time_awake_ms() + ms, left;
	struct pollfd p = { pidfd, POLLIN, 0 };

	while (!has_ended(s)) {
		if ((left = end - time_awake_ms()) <= 0)
			return false;
		poll(&p, 1, (int)(pidfd < 0 && left > POLL_MS ? POLL_MS : left));
	}
	return true;
}

/* With all it has started: a hook, ssh, a remote helper. */
static void end_it(const struct spawn *s, int pidfd)
{
	kill(-s->pid, SIGTERM);
	ends_within(s, pidfd, TERM_GRACE_MS);
	kill(-s->pid, SIGKILL);
	ends_within(s, pidfd, KILL_GRACE_MS);
}

static int watch(struct gitwatch *w, const struct spawn *s, int out, int err,
		 int pidfd)
{
	int64_t deadline = time_awake_ms() + w->silence_ms, left, wait;
	bool ended = false, heard;

	while (!ended) {
		struct pollfd p[] = {
			{ out, POLLIN, 0 }, { err, POLLIN, 0 },
			{ pidfd, POLLIN, 0 }, { w->interrupt_fd, POLLIN, 0 },
		};

		left = w->silence_ms ? deadline - time_awake_ms() : 3600 * 1000;
		wait = left < 0 ? 0 : left > 3600 * 1000 ? 3600 * 1000 : left;
		if (pidfd < 0 && wait > POLL_MS)
			wait = POLL_MS;
		if (poll(p, ARRAY_SIZE(p), (int)wait) < 0) {
			if (errno != EINTR)
				return error_sys("cannot wait for git");
			memset(p, 0, sizeof(p));
		}
		/*
		 * Its end is not the end of the pipes: what it has left behind
		 * (ssh's master connection, somebody's gc) may hold them on.
		 */
		ended = (pidfd < 0 || p[2].revents) && has_ended(s);
		heard = drain(w, &w->out, &out);
		heard = drain(w, &w->err, &err) || heard;
		if (heard)
			deadline = time_awake_ms() + w->silence_ms;
		if (ended)
			break;
		if (p[3].revents)
			return error_set(ORCH_EINTERRUPTED, "interrupted");
		if (w->silence_ms && time_awake_ms() >= deadline)
			return error_set(ORCH_EBUSY, "no sign of life for %lld s",
					 (long long)(w->silence_ms / 1000));
	}
	return 0;
}

/*
 * What could ask somebody. The empty GIT_ASKPASS hides core.askPass and
 * SSH_ASKPASS from git, and being a session of its own hides the terminal;
 * credential helpers and ssh-agent answer as ever.
 */
static void silence(struct spawn *s)
{
	static const char *const env[] = {
		"GIT_ASKPASS=", "SSH_ASKPASS", "SSH_ASKPASS_REQUIRE=never",
		"GCM_INTERACTIVE=never", "GIT_MERGE_AUTOEDIT=no",
		/* We read what it says. UTF-8, for the sake of hooks. */
		"LC_ALL=C.UTF-8", "LANGUAGE", NULL
	};

	strvec_pushv(&s->env, env);
}

int gitwatch_run(struct gitwatch *w, const struct repo *repo,
		 const char *const *args)
{
	int out[2] = { -1, -1 }, err[2] = { -1, -1 }, pidfd = -1, status = 0, rc;
	struct spawn s = SPAWN_INIT;

	strbuf_reset(&w->out);
	strbuf_reset(&w->err);
	w->cut = false;
	if (pipe2(out, O_CLOEXEC) < 0 || pipe2(err, O_CLOEXEC) < 0 ||
	    fcntl(out[0], F_SETFL, O_NONBLOCK) < 0 ||
	    fcntl(err[0], F_SETFL, O_NONBLOCK) < 0) {
		rc = error_sys("cannot make a pipe");
		goto out;
	}
	gitproc_prepare(&s, repo, args);
	silence(&s);
	if (w->env.nr)
		strvec_pushv(&s.env, (const char *const *)w->env.v);
	s.flags = SPAWN_OWN_SESSION | SPAWN_NO_STDIN |
		(w->outlives_us ? 0 : SPAWN_TERM_WITH_US);
	s.out = out[1];
	s.err = err[1];
	if ((rc = spawn_start(&s)) < 0)
		goto out;
	close_fd(&out[1]);
	close_fd(&err[1]);
	pidfd = (int)syscall(SYS_pidfd_open, s.pid, 0);
	rc = watch(w, &s, out[0], err[0], pidfd);
	if (rc < 0)
		end_it(&s, pidfd);
	/* One that even SIGKILL cannot reach (a dead disk) is left behind. */
	if (rc == 0 || has_ended(&s)) {
		int waited = spawn_wait(&s, &status);

		rc = rc < 0 ? rc : waited;
	}
	w->code = spawn_exit_code(status);
out:
	close_fd(&pidfd);
	close_fd(&out[0]);
	close_fd(&out[1]);
	close_fd(&err[0]);
	close_fd(&err[1]);
	spawn_release(&s);
	return rc;
}

void gitwatch_release(struct gitwatch *w)
{
	strvec_release(&w->env);
	strbuf_release(&w->out);
	strbuf_release(&w->err);
}

/* ---- what it has said ---- */

bool said_next(struct said_line *line, const struct strbuf *said)
{
	size_t at = line->next, end;

	if (at >= said->len)
		return false;
	for (end = at; end < said->len; end++)
		if (said->buf[end] == '\n' || said->buf[end] == '\r')
			break;
	line->s = said->buf + at;
	line->next = end + 1;
	while (end > at && (said->buf[end - 1] == ' ' || said->buf[end - 1] == '\t'))
		end--;
	line->len = end - at;
	return true;
}

bool said_starts(const struct said_line *line, const char *prefix)
{
	size_t len = strlen(prefix);

	return line->len >= len && !memcmp(line->s, prefix, len);
}

bool said_has(const struct said_line *line, const char *part)
{
	return memmem(line->s, line->len, part, strlen(part)) != NULL;
}

static bool starts_any(const struct said_line *line, const char *const *list)
{
	for (; *list; list++)
		if (said_starts(line, *list))
			return true;
	return false;
}

bool said_is_noise(const struct said_line *line)
{
	static const char *const noise[] = {
		"hint:", "warning:", "Warning:", "From ", "Total ",
		"Delta compression using", "Enumerating objects:",
		"Counting objects:", "Compressing objects:", "Writing objects:",
		"Receiving objects:", "Resolving deltas:", "Unpacking objects:",
		"Checking connectivity:", "Everything up-to-date", " * ", "   ",
		/* the rest of what git says about an option of ours, and
		 * about a lock that it has named just before */
		"but that check has been disabled", "flag or run 'git config",
		"Another git process seems to be running", "an editor opened by",
		"are terminated then try again", "may have crashed in this",
		"remove the file manually", NULL
	};
	struct said_line inner = *line;
	size_t i;

	if (said_starts(line, "remote:")) {
		inner.s += strlen("remote:");
		inner.len -= strlen("remote:");
		if (inner.len && *inner.s == ' ') {
			inner.s++;
			inner.len--;
		}
	}
	/* Rules and boxes are decoration. */
	for (i = 0; i < inner.len; i++)
		if (isalnum((unsigned char)inner.s[i]) || (inner.s[i] & 0x80))
			return starts_any(&inner, noise);
	return true;
}

char *said_clean(const char *s, size_t len)
{
	struct strbuf sb = STRBUF_INIT;

	text_add_safe(&sb, s, len < 4 * REASON_MAX ? len : 4 * REASON_MAX, true);
	strbuf_trim(&sb);
	if (sb.len > REASON_MAX) {
		size_t end = REASON_MAX;

		while (end && (sb.buf[end] & 0xc0) == 0x80)
			end--;
		strbuf_setlen(&sb, end);
		strbuf_addstr(&sb, "...");
	}
	return strbuf_detach(&sb, NULL);
}

char *gitwatch_reason(const struct gitwatch *w)
{
	/* Said at every failure, behind the line that names its cause. */
	static const char *const vague[] = {
		"fatal: Could not read from remote repository.",
		"Please make sure you have the correct access rights",
		"and the repository exists.",
		"error: failed to push some refs to",
		"fatal: the remote end hung up unexpectedly",
		"send-pack: unexpected disconnect",
		"fatal: early EOF", "Aborting", NULL
	};
	static const char *const prefixes[] = {
		"remote: ", "fatal: ", "error: ", "ERROR: ", NULL
	};
	struct said_line line = { NULL, 0, 0 }, best = line, second = line;
	const char *const *p;

	while (said_next(&line, &w->err)) {
		if (said_is_noise(&line))
			continue;
		if (!starts_any(&line, vague))
			best = line;
		else if (!second.len)
			second = line;
	}
	if (!best.len)
		best = second;
	for (p = prefixes; *p; p++)
		if (said_starts(&best, *p)) {
			best.s += strlen(*p);
			best.len -= strlen(*p);
		}
	if (!best.len)
		return xstrfmt("git ended with %d", w->code);
	return said_clean(best.s, best.len);
}
