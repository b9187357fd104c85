/*
 * One attempt of an agent: its prompt and environment, its run, what became of
 * it, and the turn that is kept meanwhile.
 */
#include <poll.h>
#include <sys/signalfd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "git/gitproc.h"
#include "orch/agent.h"
#include "orch/prompt.h"
#include "orch/run_internal.h"
#include "orch/session.h"
#include "orch/pack.h"

void attempt_init(struct attempt *a, struct run *r)
{
	memset(a, 0, sizeof(*a));
	a->run = r;
	receipt_init(&a->receipt);
	a->prompt = (struct prompt)PROMPT_INIT;
	a->guard = (struct turn_guard)TURN_GUARD_INIT;
	a->checks = (struct check_report)CHECK_REPORT_INIT;
	a->renewed_ms = time_boot_ms();
}

void attempt_release(struct attempt *a)
{
	turn_guard_close(&a->guard);
	receipt_release(&a->receipt);
	prompt_release(&a->prompt);
	check_report_release(&a->checks);
	usage_release(&a->result.usage);
	free(a->reason);
	free(a->session);
	memset(a, 0, sizeof(*a));
}

void attempt_set_reason(struct attempt *a, const char *reason)
{
	free(a->reason);
	a->reason = xstrdup(reason);
}

/* --- keeping the turn ------------------------------------------------------ */

static int64_t renew_interval_ms(const struct turn *t)
{
	int64_t ms = turn_renew_interval_ms(t);

	return ms > 1000 ? ms : 1000;
}

/*
 * Renew the lease when it is time. Only a turn that is lost ends
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
	if (a->session)
		strvec_pushf(env, "GIT_ORCH_SESSION=%s", a->session);
	strvec_pushf(env, "GIT_ORCH_RESUMED=%d", p->pack.resumed);
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

/* What starts this attempt: the session may be one that goes on. */
static const char *command_of(struct orch *o, const char *actor, bool resumed)
{
	return config_actor(o->config, actor, resumed ? "resume" : "command");
}

/* claude reads the static part from a file, if its command says so. */
static bool static_travels_apart(struct orch *o, const char *actor, bool resumed)
{
	const char *command = command_of(o, actor, resumed);
	enum agent_kind kind;

	agent_kind_parse(&kind, config_actor(o->config, actor, "agent"));
	return kind == AGENT_CLAUDE && command && strstr(command, "GIT_ORCH_STATIC");
}

/* The session of the last turn, or the id that a new one may take. A failed
 * attempt is not gone on with. */
static void choose_session(struct attempt *a)
{
	const struct turn *t = &a->run->turn;
	char id[SESSION_ID_SIZE];

	if (t->holder.attempt <= 1)
		a->session = session_to_resume(a->run->o, t->holder.actor);
	if (!a->session && session_new_id(id))
		a->session = xstrdup(id);
}

static int build(struct attempt *a)
{
	struct run *r = a->run;
	const char *actor = r->turn.holder.actor;
	struct strbuf notice = STRBUF_INIT;
	struct prompt_request req = { .actor = actor, .turn = &r->turn };
	int rc;

	choose_session(a);
	req.session = a->session;
	req.checks = a->receipt.checks;
	req.notice_after_core = static_travels_apart(r->o, actor, false);
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
	bool resumed = a->prompt.pack.resumed;
	const char *command = command_of(r->o, actor, resumed);
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
	if (resumed || static_travels_apart(r->o, actor, false))
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
		attempt_set_reason(a, reason);
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
	attempt_set_reason(a, reason);
	free(reason);
	return out;
}

static void take_usage(struct attempt *a)
{
	a->receipt.exit_code = a->result.exit_code;
	receipt_set_usage(&a->receipt, a->run->o, &a->result.usage);
}

void attempt_record(struct attempt *a, enum turn_status status)
{
	struct run *r = a->run;

	if (a->recorded)
		return;
	a->recorded = true;
	a->receipt.status = status;
	if (status != TURN_OK && a->reason) {
		free(a->receipt.reason);
		a->receipt.reason = xstrdup(a->reason);
	}
	if (receipt_write(r->o, &a->receipt) < 0)
		warn("the receipt of %s is not written: %s", a->receipt.id,
		     error_message());
	if (status == TURN_OK && a->receipt.pack &&
	    pack_ack(r->o, a->receipt.actor, a->receipt.pack, a->receipt.usage.session) < 0)
		warn("what %s has seen is not recorded: %s", a->receipt.actor,
		     error_message());
	if (r->events->end)
		r->events->end(&a->receipt, r->events->data);
}

static void finish(struct attempt *a, enum turn_status status)
{
	if (receipt_end(&a->receipt, a->run->o, status) < 0)
		warn("%s", error_message());
	if (status == TURN_OK)
		run_checks_after(a);
	if (status != TURN_OK || !turn_is_shared(a->run->o))
		attempt_record(a, status);
}

enum turn_status attempt_status(enum outcome out)
{
	static const enum turn_status status_of[] = {
		[ATTEMPT_OK] = TURN_OK,
		[ATTEMPT_FAILED] = TURN_FAILED,
		[ATTEMPT_HOPELESS] = TURN_FAILED,
		[ATTEMPT_INTERRUPTED] = TURN_INTERRUPTED,
		[ATTEMPT_LOST] = TURN_LOST,
	};

	return status_of[out];
}

enum outcome attempt_play(struct attempt *a)
{
	struct run *r = a->run;
	enum outcome out;
	char *branch = NULL;
	int rc;

	repo_head(r->o->repo, NULL, &branch);
	if ((rc = receipt_begin(&a->receipt, r->o, &r->turn)) < 0)
		goto failed;
	if ((a->error = run_checks_before(a)) < 0) {
		out = ATTEMPT_HOPELESS;
		goto out;
	}
	if ((rc = build(a)) < 0)
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
	attempt_set_reason(a, error_message());
	out = rc == ORCH_ENO ? ATTEMPT_LOST : ATTEMPT_HOPELESS;
out:
	finish(a, attempt_status(out));
	free(branch);
	return out;
}

/* --- between attempts ---------------------------------------------------------------- */

int attempt_pause(struct attempt *a, int64_t seconds)
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
