/*
 * One turn of the loop: claim, attempts until one succeeds, hand over.
 */
#include <poll.h>
#include <sys/random.h>
#include <sys/signalfd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "git/gitproc.h"
#include "orch/agent.h"
#include "orch/prompt.h"
#include "orch/run_internal.h"
#include "orch/turn_guard.h"
#include "orch/view.h"

#define QUICK_FAILURE_MS 5000

enum outcome {
	ATTEMPT_OK,
	ATTEMPT_FAILED,		/* worth another try */
	ATTEMPT_HOPELESS,	/* no such program, bad configuration */
	ATTEMPT_INTERRUPTED,
	ATTEMPT_LOST
};

struct attempt {
	struct run *run;
	struct run_attempt shown;
	struct receipt receipt;
	struct prompt prompt;
	struct agent_result result;
	struct turn_guard guard;
	int64_t renewed_ms;
	bool renew_warned;
	bool strayed;		/* it left the work tree on another branch */
	int error;		/* of a hopeless one: the code for main() */
	char *reason;
};

static void set_reason(struct attempt *a, const char *reason)
{
	free(a->reason);
	a->reason = xstrdup(reason);
}

/* --- keeping the turn ------------------------------------------------------ */

static int64_t renew_interval_ms(const struct turn *t)
{
	int64_t ms = t->lease_seconds * 1000 / 3;

	return ms > 1000 ? ms : 1000;
}

/*
 * Renew the lease when a third of it is over. Only a turn that is lost ends
 * the agent; a disk that is full does not.
 */
static int keep_turn(struct attempt *a)
{
	struct run *r = a->run;
	int64_t now = time_boot_ms();
	int rc;

	if (now - a->renewed_ms < renew_interval_ms(&r->turn))
		return 0;
	a->renewed_ms = now;
	rc = turn_renew(r->o, r->turn.generation);
	if (rc == ORCH_ENO)
		return rc;
	turn_renewer_tick(&r->renewer, r->o, r->turn.generation);
	if (rc < 0 && !a->renew_warned) {
		warn("the lease was not renewed: %s", error_message());
		a->renew_warned = true;
	}
	return 0;
}

/* An agent that gave the turn back itself is left alone. */
static int look_at_turn(void *data)
{
	struct attempt *a = data;

	return turn_guard_look(&a->guard, a->run->o) == ORCH_ENO ? ORCH_ENO : 0;
}

static int on_tick(void *data)
{
	struct attempt *a = data;
	int64_t due = turn_guard_due(&a->guard);

	if (a->run->events->tick)
		a->run->events->tick(&a->shown, a->run->events->data);
	if (due >= 0 && time_boot_ms() >= due && look_at_turn(a) < 0)
		return ORCH_ENO;
	return keep_turn(a);
}

static void on_text(const char *text, size_t len, bool tool, void *data)
{
	struct attempt *a = data;

	if (a->run->events->text)
		a->run->events->text(text, len, tool, a->run->events->data);
}

/* --- what the agent gets ------------------------------------------------------ */

/* A random (version 4) UUID: agents may take it as the id of a new session. */
static void add_session_id(struct strvec *env)
{
	unsigned char b[16];

	if (getrandom(b, sizeof(b), 0) != (ssize_t)sizeof(b))
		return;
	b[6] = (unsigned char)((b[6] & 0x0f) | 0x40);
	b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
	strvec_pushf(env, "GIT_ORCH_SESSION=%02x%02x%02x%02x-%02x%02x-%02x%02x-"
		     "%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1], b[2], b[3],
		     b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12],
		     b[13], b[14], b[15]);
}

/*
 * The prompt travels by path: a variable over 128 KiB makes execve fail. The
 * names are the same each turn, so that they do not change a cached prefix.
 */
static int add_file(struct strvec *env, const char *variable, const char *dir,
		    const char *actor, const char *what, const char *data, size_t len)
{
	char *path = xstrfmt("%s/%s.%s", dir, actor, what);
	int rc = file_replace_cache(path, data, len, 0600);

	if (!rc)
		strvec_pushf(env, "%s=%s", variable, path);
	free(path);
	return rc;
}

static int make_environment(struct attempt *a, struct strvec *env)
{
	struct run *r = a->run;
	const struct turn *t = &r->turn;
	const struct prompt *p = &a->prompt;
	char *dir = xstrfmt("%s/prompts", r->o->loop_dir);
	int rc;

	strvec_pushf(env, "GIT_ORCH_ACTOR=%s", t->holder.actor);
	strvec_pushf(env, "GIT_ORCH_LOOP=%s", r->o->loop);
	strvec_pushf(env, "GIT_ORCH_ITERATION=%" PRId64, t->iteration);
	strvec_pushf(env, "GIT_ORCH_GENERATION=%" PRId64, t->generation);
	turn_export_remote(env);
	strvec_pushf(env, "GIT_ORCH_ATTEMPT=%" PRId64, t->holder.attempt);
	add_session_id(env);
	if ((rc = dir_make(dir)) < 0 ||
	    (rc = add_file(env, "GIT_ORCH_PROMPT", dir, t->holder.actor, "prompt",
			   p->text.buf, p->text.len)) < 0 ||
	    (rc = add_file(env, "GIT_ORCH_STATIC", dir, t->holder.actor, "static",
			   p->text.buf, p->static_len)) < 0)
		goto out;
	rc = add_file(env, "GIT_ORCH_DYNAMIC", dir, t->holder.actor, "dynamic",
		      p->text.buf + p->static_len, p->text.len - p->static_len);
out:
	free(dir);
	return rc;
}

/* --- one attempt ------------------------------------------------------------------ */

/* claude reads the static part from a file, if its command says so. */
static bool core_travels_apart(struct orch *o, const char *actor)
{
	const char *command = config_actor(o->config, actor, "command");
	enum agent_kind kind;

	agent_kind_parse(&kind, config_actor(o->config, actor, "agent"));
	return kind == AGENT_CLAUDE && command && strstr(command, "GIT_ORCH_STATIC");
}

static int build(struct attempt *a)
{
	struct run *r = a->run;
	const char *actor = r->turn.holder.actor;
	struct strbuf notice = STRBUF_INIT;
	struct prompt_request req = {
		.actor = actor, .turn = &r->turn,
		.notice_after_core = core_travels_apart(r->o, actor),
	};
	int rc;

	if (r->refused) {
		turn_merge_advice(&notice, r->o, r->refused);
		req.notice = notice.buf;
	}
	rc = prompt_build(&a->prompt, r->o, &req);
	strbuf_release(&notice);

	if (rc < 0)
		return rc;
	a->receipt.pack = xstrdup(a->prompt.pack.id);
	if (receipt_keep_prompt(&a->receipt, r->o, &a->prompt) < 0)
		warn("the prompt is not kept: %s", error_message());
	return 0;
}

static int start_agent(struct attempt *a)
{
	struct run *r = a->run;
	const char *actor = r->turn.holder.actor;
	const char *command = config_actor(r->o->config, actor, "command");
	struct agent_request req = { 0 };
	struct agent *agent = NULL;
	char *log = NULL, *encoded = NULL, *name = NULL;
	size_t skip = 0;
	int rc;

	if (!command)
		return error_set(ORCH_EINVALID, "%s has no command: "
				 "git config orchactor.%s.command '...'", actor, actor);
	agent_kind_parse(&req.kind, config_actor(r->o->config, actor, "agent"));
	a->receipt.agent = req.kind;
	if ((rc = make_environment(a, &req.env)) < 0)
		goto out;
	if (core_travels_apart(r->o, actor))
		skip = a->prompt.static_len;
	encoded = orch_encode_name(r->o->loop);
	name = receipt_file_name(a->receipt.id);
	a->receipt.log = xstrfmt("logs/%s/%s.log", encoded, name);
	log = xstrfmt("%s/%s", r->o->dir, a->receipt.log);
	req.command = command;
	req.input = a->prompt.text.buf + skip;
	req.input_len = a->prompt.text.len - skip;
	req.dir = repo_work_tree(r->o->repo);
	req.log_path = log;
	req.turn_limit = r->opts->turn_limit;
	req.interrupt_fd = r->signal_fd;
	req.show = on_text;
	req.tick = on_tick;
	req.changed = look_at_turn;
	req.data = a;
	turn_guard_arm(&a->guard, r->o, &r->turn);
	req.watch_fd = turn_guard_fd(&a->guard);
	if ((rc = agent_start(&agent, &req)) < 0 ||
	    (rc = turn_set_child(r->o, r->turn.generation, agent_pid(agent))) < 0)
		goto out;
	a->receipt.has_agent = true;
	rc = agent_run(agent, &a->result);
out:
	agent_free(agent);
	strvec_release(&req.env);
	free(encoded);
	free(name);
	free(log);
	return rc;
}

/* An agent that leaves the work tree on another branch works elsewhere. */
static bool left_branch(struct attempt *a, const char *before)
{
	char *after = NULL, *reason;
	bool left;

	if (repo_head(a->run->o->repo, NULL, &after) < 0)
		return false;
	left = (before == NULL) != (after == NULL) || (before && !str_eq(before, after));
	if (left) {
		reason = xstrfmt("the agent left the work tree on %s%s",
				 after ? "branch " : "a detached HEAD", after ? after : "");
		set_reason(a, reason);
		free(reason);
	}
	free(after);
	return left;
}

static enum outcome judge(struct attempt *a)
{
	const struct agent_result *res = &a->result;
	char *reason = NULL;
	enum outcome out = ATTEMPT_FAILED;

	if (res->tick_rc == ORCH_ENO) {
		reason = xstrdup(error_message());
		out = ATTEMPT_LOST;
	} else if (res->interrupted) {
		reason = xstrdup("interrupted");
		out = ATTEMPT_INTERRUPTED;
	} else if (res->timed_out) {
		reason = xstrfmt("stopped at the turn limit of %s",
				 duration_human(a->run->opts->turn_limit));
	} else if (res->exit_code == 126 || res->exit_code == 127) {
		reason = xstrfmt("exit %d: the command cannot be run", res->exit_code);
		out = ATTEMPT_HOPELESS;
	} else if (res->exit_code > 128) {
		reason = xstrfmt("ended by signal %d", res->exit_code - 128);
	} else if (res->exit_code) {
		reason = xstrfmt("exit %d", res->exit_code);
	} else if (res->usage.is_error) {
		reason = xstrdup("the agent reported an error");
	} else {
		return ATTEMPT_OK;
	}
	if (res->usage.error && out == ATTEMPT_FAILED) {
		char *with_error = xstrfmt("%s: %s", reason, res->usage.error);

		free(reason);
		reason = with_error;
	}
	set_reason(a, reason);
	free(reason);
	return out;
}

static void take_usage(struct attempt *a)
{
	a->receipt.exit_code = a->result.exit_code;
	receipt_set_usage(&a->receipt, a->run->o, &a->result.usage);
}

static void finish(struct attempt *a, enum turn_status status)
{
	struct run *r = a->run;

	if (receipt_end(&a->receipt, r->o, status) < 0)
		warn("%s", error_message());
	if (status != TURN_OK && a->reason) {
		free(a->receipt.reason);
		a->receipt.reason = xstrdup(a->reason);
	}
	if (receipt_write(r->o, &a->receipt) < 0)
		warn("the receipt of %s is not written: %s", a->receipt.id,
		     error_message());
	if (status == TURN_OK && a->receipt.pack &&
	    view_ack(r->o, r->turn.holder.actor, a->receipt.pack) < 0)
		warn("what %s has seen is not recorded: %s", r->turn.holder.actor,
		     error_message());
	if (r->events->end)
		r->events->end(&a->receipt, r->events->data);
}

static const enum turn_status status_of[] = {
	[ATTEMPT_OK] = TURN_OK,
	[ATTEMPT_FAILED] = TURN_FAILED,
	[ATTEMPT_HOPELESS] = TURN_FAILED,
	[ATTEMPT_INTERRUPTED] = TURN_INTERRUPTED,
	[ATTEMPT_LOST] = TURN_LOST,
};

static enum outcome play(struct attempt *a)
{
	struct run *r = a->run;
	enum outcome out;
	char *branch = NULL;
	int rc;

	repo_head(r->o->repo, NULL, &branch);
	if ((rc = receipt_begin(&a->receipt, r->o, &r->turn)) < 0 ||
	    (rc = build(a)) < 0)
		goto failed;
	a->shown.id = a->receipt.id;
	a->shown.turn = &r->turn;
	a->shown.prompt = &a->prompt;
	a->shown.started_ms = a->receipt.started_ms;
	if (r->events->begin)
		r->events->begin(&a->shown, r->events->data);
	if ((rc = start_agent(a)) < 0)
		goto failed;
	out = judge(a);
	r->paused_ms += a->result.duration_ms;
	take_usage(a);
	if ((out == ATTEMPT_OK || out == ATTEMPT_FAILED) && left_branch(a, branch)) {
		a->error = error_set(ORCH_ENO, "%s", a->reason);
		a->strayed = true;
		out = ATTEMPT_HOPELESS;
	}
	goto out;
failed:
	a->error = rc;
	set_reason(a, error_message());
	out = rc == ORCH_ENO ? ATTEMPT_LOST : ATTEMPT_HOPELESS;
out:
	finish(a, status_of[out]);
	free(branch);
	return out;
}

/* --- between attempts ---------------------------------------------------------------- */

/* Wait before a retry: 0, ORCH_EINTERRUPTED or ORCH_ENO (the turn is lost). */
static int pause_before_retry(struct attempt *a, int64_t seconds)
{
	struct run *r = a->run;
	int64_t begin = time_boot_ms(), end = begin + seconds * 1000;
	int rc = 0;

	for (;;) {
		struct pollfd pfd[2] = {
			{ .fd = r->signal_fd, .events = POLLIN },
			{ .fd = turn_guard_fd(&a->guard), .events = POLLIN }
		};
		int64_t left = end - time_boot_ms();
		int64_t slice = renew_interval_ms(&r->turn);
		struct signalfd_siginfo info;

		if (left <= 0)
			break;
		poll(pfd, ARRAY_SIZE(pfd), (int)(left < slice ? left : slice));
		if (pfd[0].revents) {
			if (read(r->signal_fd, &info, sizeof(info)) > 0)
				rc = ORCH_EINTERRUPTED;
			break;
		}
		if ((pfd[1].revents && (rc = look_at_turn(a)) < 0) ||
		    (rc = keep_turn(a)) < 0)
			break;
	}
	r->paused_ms += time_boot_ms() - begin;
	return rc;
}

static int64_t retry_delay(const struct run *r, int64_t failures)
{
	int64_t first = config_get_int(r->o->config, "orch.retryDelay");

	return failures == 1 ? first : first * 10;
}

static void add_to_result(struct run *r, const struct attempt *a)
{
	struct run_result *res = r->result;
	const struct receipt *rc = &a->receipt;
	int64_t took = rc->ended_ms - rc->started_ms;

	res->commits += (int64_t)rc->nr_commits;
	usage_add(&res->usage, &rc->usage);
	if (took > res->longest_ms || !res->longest_id) {
		res->longest_ms = took;
		free(res->longest_id);
		res->longest_id = xstrdup(rc->id);
	}
}

static void attempt_init(struct attempt *a, struct run *r)
{
	memset(a, 0, sizeof(*a));
	a->run = r;
	receipt_init(&a->receipt);
	a->prompt = (struct prompt)PROMPT_INIT;
	a->guard = (struct turn_guard)TURN_GUARD_INIT;
	a->renewed_ms = time_boot_ms();
}

static void attempt_release(struct attempt *a)
{
	turn_guard_close(&a->guard);
	receipt_release(&a->receipt);
	prompt_release(&a->prompt);
	usage_release(&a->result.usage);
	free(a->reason);
	memset(a, 0, sizeof(*a));
}

static int hand_over(struct run *r, const struct attempt *a, enum turn_status status)
{
	struct turn_end end = {
		.generation = r->turn.generation, .status = status, .reason = a->reason,
		.receipt = a->receipt.id ? &a->receipt : NULL,
		.plays_on = !run_is_last_turn(r), .keep_head = a->strayed,
	};
	struct turn after;
	int rc;

	turn_init(&after);
	rc = turn_release(&after, r->o, &end);
	if (rc < 0) {
		turn_release_memory(&after);
		return rc;
	}
	turn_release_memory(&r->turn);
	r->turn = after;
	return 0;
}

/* The message of the last error says why. */
static int stop_lost(struct run *r, const struct attempt *a)
{
	const char *id = a->receipt.id ? a->receipt.id : "the turn";
	char *why = xstrdup(error_message());
	int rc;

	if (a->receipt.id && !turn_was_released(r->o, r->turn.generation))
		turn_warn_commits(r->o, &a->receipt.head_before);
	rc = run_stop(r, RUN_LOST, ORCH_ENO, "%s was lost: %s", id, why);
	free(why);
	return rc;
}

/* The turn ended badly: say so in the state and tell the loop why. */
static int give_up(struct run *r, const struct attempt *a, enum outcome out,
		   bool at_once)
{
	const char *id = a->receipt.id ? a->receipt.id : "the turn";
	int rc = 0;

	if (out != ATTEMPT_LOST)
		rc = hand_over(r, a, status_of[out]);
	if (out == ATTEMPT_LOST)
		error_set(ORCH_ENO, "%s", a->reason);
	if (out == ATTEMPT_LOST || rc == ORCH_ENO)
		return stop_lost(r, a);
	if (rc < 0)
		return run_stop(r, RUN_ERROR, rc, "%s", error_message());
	if (out == ATTEMPT_INTERRUPTED)
		return run_stop(r, RUN_INTERRUPTED, ORCH_EINTERRUPTED, "interrupted in %s", id);
	r->result->turns_failed++;
	if (out == ATTEMPT_HOPELESS && a->error && a->error != ORCH_ENO)
		return run_stop(r, RUN_ERROR, a->error, "%s", a->reason);
	return run_stop(r, RUN_AGENT_FAILED, ORCH_ENO, "%s failed%s: %s", id,
			at_once ? " twice within 5 seconds" : "", a->reason);
}

static void on_waiting(const struct turn *t, void *data)
{
	struct run *r = data;

	if (r->events->waiting)
		r->events->waiting(t, r->events->data);
}

static int claim(struct run *r, const char *actor)
{
	struct turn_request req = {
		.actor = actor, .timeout = r->opts->timeout, .pid = getpid(),
		.waiting = on_waiting, .data = r, .interrupt_fd = r->signal_fd,
		.plays_on = true,
	};
	int64_t begin = time_boot_ms();
	struct turn t;
	int rc;

	turn_init(&t);
	rc = turn_acquire(&t, r->o, &req);
	if (rc < 0) {
		turn_release_memory(&t);
		r->result->waited_ms += time_boot_ms() - begin;
		r->paused_ms += time_boot_ms() - begin;
		if (rc == ORCH_EINTERRUPTED)
			return run_stop(r, RUN_INTERRUPTED, rc,
					"interrupted while waiting for the turn");
		return run_stop(r, rc == ORCH_EBUSY ? RUN_NO_TURN : RUN_ERROR, rc, "%s",
				error_message());
	}
	turn_renewer_stop(&r->renewer);
	/* Somebody else has played since our last turn, or may have worked. */
	if (t.generation != r->turn.generation + 1 || t.holder.waited_ms > 100)
		worktree_status_forget(r->o->repo);
	turn_release_memory(&r->turn);
	r->turn = t;
	if (t.holder.waited_ms) {
		r->result->waited_ms += t.holder.waited_ms;
		r->paused_ms += time_boot_ms() - begin;
	}
	return 0;
}

/* After a failed attempt: wait and begin the next one in the same turn. */
static enum outcome next_attempt(struct attempt *a, int64_t failures)
{
	struct run *r = a->run;
	int64_t delay = retry_delay(r, failures);
	struct turn t;
	int rc;

	if (r->events->retry)
		r->events->retry(&a->receipt, delay, r->events->data);
	rc = pause_before_retry(a, delay);
	if (rc == ORCH_EINTERRUPTED)
		return ATTEMPT_INTERRUPTED;
	turn_init(&t);
	if (!rc)
		rc = turn_next_attempt(&t, r->o, r->turn.generation);
	if (rc < 0) {
		set_reason(a, error_message());
		a->error = rc;
		turn_release_memory(&t);
		return rc == ORCH_ENO ? ATTEMPT_LOST : ATTEMPT_HOPELESS;
	}
	turn_release_memory(&r->turn);
	r->turn = t;
	return ATTEMPT_OK;
}

/*
 * The agent did its work, but the remote does not take it. Merging is work for
 * an agent, too: it gets the turn once more. If that does not help, people
 * have to look, and the other machines should not go on meanwhile.
 */
static int on_refusal(struct run *r)
{
	char *why = xstrdup(error_message());
	bool again = r->refused != NULL;
	int rc = 0;

	r->result->turns_failed++;
	if (again) {
		if (turn_pause(NULL, r->o, why) < 0 && *error_message())
			warn("%s", error_message());
		rc = run_stop(r, RUN_PAUSED, ORCH_EBUSY, "%s; the loop is paused", why);
	} else {
		warn("%s", why);
		error_clear();
		r->refused = xstrdup(why);
	}
	free(why);
	return rc;
}

static void on_success(struct run *r)
{
	r->result->turns_ok++;
	free(r->refused);
	r->refused = NULL;
}

int run_turn(struct run *r, const char *actor)
{
	bool was_quick = false, at_once = false;
	int64_t failures = 0;
	struct attempt a;
	enum outcome out;
	int rc;

	if ((rc = claim(r, actor)) < 0)
		return rc;
	attempt_init(&a, r);
	for (;;) {
		bool quick;

		out = play(&a);
		add_to_result(r, &a);
		if (out != ATTEMPT_FAILED)
			break;
		quick = a.result.duration_ms < QUICK_FAILURE_MS;
		at_once = quick && was_quick;
		was_quick = quick;
		if (at_once || failures >= r->opts->retries)
			break;
		failures++;
		if ((out = next_attempt(&a, failures)) != ATTEMPT_OK)
			break;
		r->result->turns_retried++;
		attempt_release(&a);
		attempt_init(&a, r);
	}
	if (out == ATTEMPT_OK) {
		rc = hand_over(r, &a, TURN_OK);
		if (rc == ORCH_ENO)
			stop_lost(r, &a);
		else if (rc == ORCH_EBUSY)
			rc = on_refusal(r);
		else if (rc < 0)
			run_stop(r, RUN_ERROR, rc, "%s", error_message());
		else
			on_success(r);
	} else {
		rc = give_up(r, &a, out, at_once);
	}
	if (receipt_prune(r->o) < 0)
		warn("old logs are not removed: %s", error_message());
	attempt_release(&a);
	return rc;
}
