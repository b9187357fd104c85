/*
 * The loop over turns: who plays next, and when to stop.
 */
#include "orch/run.h"

#include <poll.h>
#include <stdarg.h>
#include <sys/signalfd.h>

#include "base/error.h"
#include "base/text.h"
#include "git/gitproc.h"
#include "git/remote.h"
#include "orch/prompt.h"
#include "orch/run_internal.h"
#include "orch/runner.h"

#define IDLE_ITERATIONS 3

int run_stop(struct run *r, enum run_stop stop, int rc, const char *fmt, ...)
{
	struct strbuf reason = STRBUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	strbuf_vaddf(&reason, fmt, ap);
	va_end(ap);
	r->result->stop = stop;
	strbuf_release(&r->result->reason);
	r->result->reason = reason;
	return error_set(rc, "%s", reason.buf);
}

int run_stop_paused(struct run *r)
{
	const struct turn *t = &r->turn;

	return run_stop(r, RUN_PAUSED, ORCH_EBUSY, "the loop is paused%s%s: git orch turn "
			"resume%s", *t->paused ? ", " : "", t->paused,
			orch_loop_arg(r->o));
}

void run_result_release(struct run_result *r)
{
	strbuf_release(&r->reason);
	free(r->longest_id);
	usage_release(&r->usage);
	turn_release_memory(&r->turn);
}

/* --- before anything is claimed ------------------------------------------------ */

static int check_actor(struct orch *o, const struct turn *t, const char *actor)
{
	struct prompt_request req = {
		.actor = actor, .turn = t, .pack_flags = PACK_PREVIEW,
	};
	struct prompt p = PROMPT_INIT;
	int rc;

	if (!config_actor(o->config, actor, "command"))
		return error_set(ORCH_EINVALID, "%s has no command: git orch init "
				 "--agent %s=claude (or codex), or git config "
				 "orchactor.%s.command '...'", actor, actor, actor);
	rc = prompt_build(&p, o, &req);
	prompt_release(&p);
	return rc;
}

int run_check(struct orch *o, const char *only_actor)
{
	struct strvec done = STRVEC_INIT;
	struct turn t;
	int rc;

	turn_init(&t);
	rc = turn_read(&t, o);
	for (size_t i = 0; !rc && i < o->workflow.nr; i++) {
		const char *actor = o->workflow.v[i];

		if ((only_actor && !str_eq(actor, only_actor)) || strvec_has(&done, actor))
			continue;
		strvec_push(&done, actor);
		rc = check_actor(o, &t, actor);
	}
	turn_release_memory(&t);
	strvec_release(&done);
	return rc;
}

/* --- the loop --------------------------------------------------------------------- */

/*
 * The iteration in which `actor` (NULL: whoever is expected) plays next: this
 * one while the ring has not passed its last place.
 */
static int64_t next_iteration(const struct turn *t, const char *actor)
{
	if (!actor)
		return t->iteration;
	for (size_t i = (size_t)t->step; i < t->workflow.nr; i++)
		if (str_eq(t->workflow.v[i], actor))
			return t->iteration;
	return t->iteration + 1;
}

bool run_is_last_turn(const struct run *r)
{
	const struct turn *t = &r->turn;
	const char *only = r->opts->actor;
	int64_t next = t->iteration + 1;

	if (r->opts->until_ms && time_now_ms() >= r->opts->until_ms)
		return true;
	for (size_t i = (size_t)t->step + 1; i < t->workflow.nr; i++)
		if (!only || str_eq(t->workflow.v[i], only))
			next = t->iteration;
	return r->opts->iterations &&
	       next - r->result->first_iteration >= r->opts->iterations;
}

int run_reload(struct run *r)
{
	struct config *config = NULL;
	int rc = config_load(&config, r->o->repo);

	if (rc == 0)
		orch_use_config(r->o, config);
	return rc;
}

struct progress {
	struct oid head, tree;
	int64_t iteration;
	int idle;
};

static void observe(struct progress *p, struct orch *o, struct oid *head, struct oid *tree)
{
	if (repo_head(o->repo, head, NULL) < 0)
		*head = p->head;
	if (worktree_signature(o->repo, tree) < 0)
		*tree = p->tree;
}

/* Whether three iterations in a row left neither a commit nor a changed file. */
static bool is_stuck(struct progress *p, struct orch *o, int64_t iteration)
{
	struct oid head, tree;

	if (iteration == p->iteration)
		return false;
	p->iteration = iteration;
	observe(p, o, &head, &tree);
	p->idle = oid_eq(&head, &p->head) && oid_eq(&tree, &p->tree) ? p->idle + 1 : 0;
	p->head = head;
	p->tree = tree;
	return p->idle >= IDLE_ITERATIONS;
}

static bool signal_arrived(const struct run *r)
{
	struct pollfd pfd = { .fd = r->signal_fd, .events = POLLIN };
	struct signalfd_siginfo info;

	return r->signal_fd >= 0 && poll(&pfd, 1, 0) > 0 &&
	       read(r->signal_fd, &info, sizeof(info)) > 0;
}

static int play_all(struct run *r)
{
	const struct run_options *opts = r->opts;
	bool watch = !opts->iterations || opts->until_ms;
	struct progress p = { .idle = 0 };
	int rc;

	r->result->first_iteration = next_iteration(&r->turn, opts->actor);
	p.iteration = r->result->first_iteration;
	if (watch)
		observe(&p, r->o, &p.head, &p.tree);
	for (;;) {
		int64_t next = next_iteration(&r->turn, opts->actor);

		r->result->iterations_done = next - r->result->first_iteration;
		if (opts->iterations && r->result->iterations_done >= opts->iterations)
			return 0;
		if (opts->until_ms && time_now_ms() >= opts->until_ms)
			return 0;
		if (watch && is_stuck(&p, r->o, next))
			return run_stop(r, RUN_IDLE, ORCH_ENO,
					"%d iterations without a commit or a changed file",
					IDLE_ITERATIONS);
		/* With a remote the claim asks whether that is still so. */
		if (r->turn.paused && !turn_is_shared(r->o))
			return run_stop_paused(r);
		if (signal_arrived(r))
			return run_stop(r, RUN_INTERRUPTED, ORCH_EINTERRUPTED, "interrupted");
		if ((rc = run_turn(r)) < 0)
			return rc;
		if ((rc = run_reload(r)) == 0) {
			turn_release_memory(&r->turn);
			rc = turn_read(&r->turn, r->o);
		}
		if (rc < 0)
			return run_stop(r, RUN_ERROR, rc, "%s", error_message());
	}
}

/* What was kept for us while we played is everybody's again. Our result
 * stands, whatever comes of it; so does its message. */
static void stop_playing(struct run *r)
{
	char *message = xstrdup(error_message()), *branch = NULL;
	struct oid head;
	struct turn t;

	if (repo_head(r->o->repo, &head, &branch) == 0 && !branch)
		r->result->detached = head;
	free(branch);
	if (turn_stop_playing(r->o) < 0)
		warn("%s", error_message());
	if (turn_read(&t, r->o) == 0) {
		turn_release_memory(&r->turn);
		r->turn = t;
	} else {
		turn_release_memory(&t);
	}
	if (*message)
		error_set(ORCH_ERROR, "%s", message);
	else
		error_clear();
	free(message);
}

int run_loop(struct run_result *out, struct orch *o, const struct run_options *opts,
	     const struct run_events *events, int signal_fd)
{
	struct run r = {
		.o = o, .opts = opts, .events = events, .result = out,
		.signal_fd = signal_fd,
	};
	struct runner_locks locks = { NULL, 0 };
	int64_t begin = time_boot_ms();
	int rc;

	memset(out, 0, sizeof(*out));
	strbuf_init(&out->reason);
	turn_init(&out->turn);
	turn_init(&r.turn);
	out->started_ms = time_now_ms();
	if ((rc = runner_lock(&locks, o, opts->actor, opts->command)) < 0) {
		run_stop(&r, rc == ORCH_EBUSY ? RUN_NO_TURN : RUN_ERROR, rc, "%s",
			 error_message());
		goto out;
	}
	if ((rc = repo_head(o->repo, &out->head_before, NULL)) < 0 ||
	    (rc = run_check(o, opts->actor)) < 0 ||
	    (rc = turn_read(&r.turn, o)) < 0) {
		run_stop(&r, RUN_ERROR, rc, "%s", error_message());
		goto out;
	}
	turn_warn_place(o);
	rc = play_all(&r);
	turn_renewer_stop(&r.renewer);
	stop_playing(&r);
out:
	free(r.refused);
	out->turn = r.turn;
	out->pushes = remote_counts.pushes;
	out->fetches = remote_counts.fetches;
	out->ended_ms = time_now_ms();
	out->overhead_ms = time_boot_ms() - begin - r.paused_ms;
	runner_unlock(&locks);
	return rc;
}
