/*
 * A command run under the turn. We are its wrapper: the turn is recorded as
 * ours and, before the command starts to work, as the child's too; we stay in
 * the terminal's foreground group beside it, pass on the signals that reach
 * only us, keep the lease alive, and give the turn back when it has ended.
 */
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include "orch/turn.h"
#include "base/error.h"
#include "base/spawn.h"
#include "base/strbuf.h"
#include "base/text.h"
#include "orch/agent.h"
#include "orch/orch.h"
#include "orch/turn_guard.h"

#define GRACE_MS 10000	/* from TERM to KILL, once the turn is lost */

/* ---- signals, as records in a pipe ---- */

struct signal_record {
	int number;
	bool from_kernel;	/* the terminal's: the whole group got it */
};
static int signal_pipe[2] = { -1, -1 };
static pid_t signal_owner;

/* A handler, not a blocked mask with a signalfd: exec undoes it by itself. */
static void record_signal(int number, siginfo_t *info, void *context UNUSED)
{
	struct signal_record r = { number, info->si_code > 0 };
	int saved = errno;
	ssize_t unused;

	if (getpid() != signal_owner) {
		/* Forked, not yet exec'ed: as if we were not here. */
		signal(number, SIG_DFL);
		raise(number);
		return;
	}
	unused = write(signal_pipe[1], &r, sizeof(r));
	(void)unused;
	errno = saved;
}

static int catch_one(int number)
{
	struct sigaction sa = { 0 };

	sa.sa_sigaction = record_signal;
	sa.sa_flags = SA_SIGINFO | SA_RESTART | SA_NOCLDSTOP;
	sigemptyset(&sa.sa_mask);
	if (sigaction(number, &sa, NULL) < 0)
		return error_sys("cannot catch signal %d", number);
	return 0;
}

static int catch_signals(void)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction old;
	int rc;

	/* Ignored, it would take the exit status from us. */
	signal(SIGCHLD, SIG_DFL);
	if (pipe2(signal_pipe, O_CLOEXEC | O_NONBLOCK) < 0)
		return error_sys("cannot make a pipe");
	signal_owner = getpid();
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		/* What is ignored (nohup) stays so, for the child as well. */
		if (sigaction(numbers[i], NULL, &old) == 0 &&
		    old.sa_handler == SIG_IGN)
			continue;
		if ((rc = catch_one(numbers[i])) < 0)
			return rc;
	}
	return 0;
}

/* ---- finding the program before taking the turn for it ---- */

static int check_file(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return ORCH_ENOTFOUND;
	if (!S_ISREG(st.st_mode) || access(path, X_OK) < 0)
		return ORCH_EUNSUPPORTED;
	return 0;
}

static int check_program(const char *name, const char *search)
{
	int rc = ORCH_ENOTFOUND;

	if (strchr(name, '/')) {
		rc = check_file(name);
	} else {
		for (const char *p = search; rc && *name; p++) {
			size_t len = strcspn(p, ":");
			char *path = xstrfmt("%.*s/%s", len ? (int)len : 1,
					     len ? p : ".", name);
			int one = check_file(path);

			if (one == 0 || rc == ORCH_ENOTFOUND)
				rc = one;
			free(path);
			p += len;
			if (!*p)
				break;
		}
	}
	if (rc == ORCH_ENOTFOUND)
		return error_set(rc, "no such program: '%s'", name);
	if (rc < 0)
		return error_set(rc, "cannot be run: '%s'", name);
	return 0;
}

/* ---- running ---- */

struct wrapped {
	struct orch *o;
	struct spawn spawn;
	struct turn_guard guard;
	struct turn_renewer renewer;
	int64_t generation;	/* 0: the turn is not ours to tend */
	int64_t renew_ms;	/* how often; 0: never */
	int64_t renew_at, kill_at;	/* boot clock; -1: never */
	int status;
	int signal;		/* the last one that was meant to end us */
	bool lost;		/* so the command was ended; error_message() says why */
	char *branch;		/* of the work tree as it began, if the loop's name
				 * is that branch's; else NULL */
	char *strayed;		/* "the command left the work tree on ..." */
};

/* A signal from the terminal has reached the child already if it is still in
 * our group; all others were for us alone. */
static void pass_on(struct wrapped *w, const struct signal_record *r)
{
	w->signal = r->number;
	if (!r->from_kernel || getpgid(w->spawn.pid) != getpgrp())
		kill(w->spawn.pid, r->number);
}

/* Whether the child has ended; also when it was not SIGCHLD. */
static bool handle_signals(struct wrapped *w)
{
	struct signal_record r;

	while (read(signal_pipe[0], &r, sizeof(r)) == (ssize_t)sizeof(r))
		if (r.number != SIGCHLD)
			pass_on(w, &r);
	return waitpid(w->spawn.pid, &w->status, WNOHANG) == w->spawn.pid;
}

/* A command that leads a group of its own takes it along; else the group is
 * ours. What is stopped must wake up to end. */
static void end_command(struct wrapped *w, int number)
{
	pid_t pid = w->spawn.pid;

	if (getpgid(pid) == pid)
		pid = -pid;
	kill(pid, number);
	kill(pid, SIGCONT);
}

static void turn_is_lost(struct wrapped *w)
{
	warn("the turn is lost; ending the command");
	w->lost = true;
	w->renew_at = -1;
	end_command(w, SIGTERM);
	w->kill_at = time_boot_ms() + GRACE_MS;
}

/* The command has given it back itself: there is nothing to tend. */
static void turn_is_given_back(struct wrapped *w)
{
	w->generation = 0;
	w->renew_at = -1;
	turn_guard_close(&w->guard);
	error_clear();
	note("the command gave the turn back itself");
}

static void renew(struct wrapped *w)
{
	int rc = turn_renew(w->o, w->generation);

	w->renew_at = time_boot_ms() + w->renew_ms;
	if (rc == 0) {
		turn_renewer_tick(&w->renewer, w->o, w->generation);
	} else if (rc == ORCH_ENO && turn_was_released(w->o, w->generation)) {
		turn_is_given_back(w);
	} else if (rc == ORCH_ENO) {
		turn_is_lost(w);
	} else if (rc < 0) {
		warn("cannot renew the lease: %s", error_message());
		error_clear();
	}
}

static void look(struct wrapped *w)
{
	int rc = turn_guard_look(&w->guard, w->o);

	if (rc == ORCH_ENO)
		turn_is_lost(w);
	else if (rc == ORCH_ENOTFOUND)
		turn_is_given_back(w);
}

static bool is_due(int64_t when)
{
	return when >= 0 && time_boot_ms() >= when;
}

static int poll_timeout(const struct wrapped *w)
{
	int64_t when[] = { w->kill_at, w->renew_at,
			   w->lost ? -1 : turn_guard_due(&w->guard) };
	int64_t next = -1;

	for (size_t i = 0; i < ARRAY_SIZE(when); i++)
		if (when[i] >= 0 && (next < 0 || when[i] < next))
			next = when[i];
	if (next < 0)
		return -1;
	next -= time_boot_ms();
	return next < 0 ? 0 : next > INT_MAX - 1 ? INT_MAX : (int)next + 1;
}

static void tend(struct wrapped *w)
{
	w->kill_at = -1;
	w->renew_at = w->generation && w->renew_ms ? time_boot_ms() + w->renew_ms : -1;
	while (!handle_signals(w)) {
		struct pollfd p[2] = {
			{ .fd = signal_pipe[0], .events = POLLIN },
			{ .fd = w->lost ? -1 : turn_guard_fd(&w->guard), .events = POLLIN }
		};

		poll(p, ARRAY_SIZE(p), poll_timeout(w));
		/* It may have ended before its turn was lost. */
		if (p[0].revents && handle_signals(w))
			break;
		if (is_due(w->kill_at)) {
			end_command(w, SIGKILL);
			w->kill_at = -1;
		}
		if (!w->lost && (p[1].revents || is_due(turn_guard_due(&w->guard))))
			look(w);
		if (is_due(w->renew_at))
			renew(w);
	}
	w->spawn.pid = 0;
	turn_renewer_stop(&w->renewer);
}

/* The loop is the branch's, so on another branch it worked for another loop. */
static void note_branch(struct wrapped *w)
{
	if (repo_head(w->o->repo, NULL, &w->branch) < 0)
		error_clear();
	if (w->branch && !str_eq(w->branch, w->o->loop)) {
		free(w->branch);
		w->branch = NULL;
	}
}

static void compare_branch(struct wrapped *w)
{
	char *now = NULL;

	if (!w->branch)
		return;
	if (repo_head(w->o->repo, NULL, &now) < 0)
		error_clear();
	else if (!now || !str_eq(now, w->branch))
		w->strayed = xstrfmt("the command left the work tree on %s%s instead of %s",
				     now ? "branch " : "a detached HEAD", now ? now : "",
				     w->branch);
	free(now);
}

/* What became of the turn. ORCH_ENO if it was no longer ours. */
static int give_back(struct wrapped *w)
{
	struct turn_end end = { .generation = w->generation, .status = TURN_FAILED };
	char *reason = NULL;
	int rc;

	compare_branch(w);
	end.keep_head = w->strayed != NULL;
	if (w->signal) {
		end.status = TURN_INTERRUPTED;
		reason = xstrfmt("signal %d", w->signal);
	} else if (WIFSIGNALED(w->status)) {
		reason = xstrfmt("killed by signal %d", WTERMSIG(w->status));
	} else if (WEXITSTATUS(w->status)) {
		reason = xstrfmt("exit %d", WEXITSTATUS(w->status));
	} else if (w->strayed) {
		reason = xstrdup(w->strayed);
	} else {
		end.status = TURN_OK;
	}
	end.reason = reason;
	rc = turn_finish(NULL, w->o, &end);
	if (rc == ORCH_ENO && turn_was_released(w->o, w->generation)) {
		error_clear();
		note("the command gave the turn back itself");
		rc = 0;
	}
	free(reason);
	return rc;
}

static int start(struct wrapped *w, const struct turn *t,
		 const char *const *argv, const char *path)
{
	struct spawn *s = &w->spawn;
	int rc;

	strvec_pushv(&s->argv, argv);
	strvec_pushf(&s->env, "PATH=%s", path);
	strvec_pushf(&s->env, "GIT_ORCH_ACTOR=%s", t->holder.actor);
	strvec_pushf(&s->env, "GIT_ORCH_LOOP=%s", w->o->loop);
	strvec_pushf(&s->env, "GIT_ORCH_ITERATION=%" PRId64, t->iteration);
	strvec_pushf(&s->env, "GIT_ORCH_GENERATION=%" PRId64, t->generation);
	turn_export_remote(&s->env);
	s->flags = SPAWN_GATED | SPAWN_DIE_WITH_US;
	if ((rc = catch_one(SIGCHLD)) < 0 || (rc = spawn_start(s)) < 0)
		return rc;
	if (w->generation) {
		turn_guard_arm(&w->guard, w->o, t);
		rc = turn_set_child(w->o, w->generation, s->pid);
		/* Not recorded, it could outlive a turn that looks free. */
		if (rc < 0)
			return rc == ORCH_ENO ? rc :
			       error_set(ORCH_ERROR, "the command was not started: %s",
					 error_message());
	}
	return spawn_go(s);
}

int turn_with(int *status, struct orch *o, const struct turn_request *req,
	      const char *const *argv)
{
	struct turn_request mine = *req;
	struct wrapped w = { .o = o, .spawn = SPAWN_INIT, .guard = TURN_GUARD_INIT };
	struct turn t;
	char *path = agent_path();
	bool inside = false, found = false;
	int rc;

	turn_init(&t);
	*status = 0;
	if (!path)
		path = xstrdup("/usr/local/bin:/usr/bin:/bin");
	if ((rc = check_program(argv[0], path)) < 0 || (rc = catch_signals()) < 0)
		goto out;
	found = true;
	mine.pid = getpid();
	mine.interrupt_fd = signal_pipe[0];
	mine.inside = &inside;
	if ((rc = turn_acquire(&t, o, &mine)) < 0)
		goto out;
	w.generation = inside ? 0 : t.generation;
	if (!inside)
		turn_warn_place(o);
	w.renew_ms = turn_renew_interval_ms(&t);
	note_branch(&w);
	rc = start(&w, &t, argv, path);
	if (rc < 0) {
		struct turn_end end = { .generation = t.generation,
					.status = TURN_FAILED };
		char *why = xstrdup(error_message());

		end.reason = why;
		if (w.spawn.pid) {
			int unused;

			kill(w.spawn.pid, SIGKILL);
			spawn_wait(&w.spawn, &unused);
		}
		if (rc == ORCH_ENO)
			turn_record_lost(o, &t);
		else if (w.generation)
			turn_finish(NULL, o, &end);
		error_set(rc, "%s", why);
		free(why);
		goto out;
	}
	tend(&w);
	*status = w.lost ? 0 : w.status;
	if (w.lost)
		rc = error_set(ORCH_ENO, "the turn was lost while the command ran: %s",
			       error_message());
	else if (w.generation)
		rc = give_back(&w);
	if (rc == ORCH_ENO)
		turn_record_lost(o, &t);
	else if (rc == 0 && w.strayed)
		rc = error_set(ORCH_ENO, "%s: the turn failed", w.strayed);
out:
	/* A remote that does not exist is no program that does not. */
	if (found && (rc == ORCH_ENOTFOUND || rc == ORCH_EUNSUPPORTED))
		rc = ORCH_ERROR;
	turn_guard_close(&w.guard);
	free(w.branch);
	free(w.strayed);
	spawn_release(&w.spawn);
	turn_release_memory(&t);
	free(path);
	return rc;
}
