/*
 * What to type next.
 */
#include "orch/next_step.h"

#include "base/error.h"
#include "base/strbuf.h"
#include "base/text.h"
#include "orch/orch.h"
#include "orch/runner.h"
#include "orch/turn_internal.h"

static bool has_command(struct orch *o, const char *actor)
{
	return config_actor(o->config, actor, "command");
}

/* An actor that is played here: `only`, else the first that has a command. */
static const char *played_here(struct orch *o, const char *only)
{
	if (only)
		return has_command(o, only) ? only : NULL;
	for (size_t i = 0; i < o->workflow.nr; i++)
		if (has_command(o, o->workflow.v[i]))
			return o->workflow.v[i];
	return NULL;
}

/* " --agent galph=claude ..." for whoever has no command. */
static void add_agents(struct strbuf *out, struct orch *o, const char *only)
{
	struct strvec done = STRVEC_INIT;

	for (size_t i = 0; i < o->workflow.nr; i++) {
		const char *a = o->workflow.v[i];

		if (strvec_has(&done, a) || (only && !str_eq(a, only)))
			continue;
		strvec_push(&done, a);
		if (!has_command(o, a))
			strbuf_addf(out, " --agent %s=claude", a);
	}
	strvec_release(&done);
}

/* The loop, and the remote if it was only named on the command line. */
static void add_run(struct strbuf *out, struct orch *o, const char *actor)
{
	strbuf_addstr(out, "git orch run");
	if (actor)
		strbuf_addf(out, " --actor %s", actor);
	strbuf_addstr(out, orch_loop_arg(o));
	if (orch_remote_option && !config_get(o->config, "orch.remote"))
		strbuf_addf(out, " --sync-via-git%s%s", *orch_remote_option ? "=" : "",
			    orch_remote_option);
}

/* Lacks what nothing but a merge can bring here: see turn_bring_head(). */
static bool is_left_behind(struct orch *o, const struct turn *t)
{
	return !turn_is_shared(o) && turn_lacks_head(o, t) &&
	       (!t->head_from || str_eq(t->head_from, turn_work_tree(o)));
}

static void add_wait(struct strbuf *out, struct orch *o, const char *why)
{
	strbuf_addf(out, "git orch turn status --wait%s   (%s)", orch_loop_arg(o), why);
}

/* Nobody holds the turn, or whoever held it is gone. */
static void play(struct strbuf *out, struct orch *o, const struct turn *t, const char *only)
{
	const char *mine = played_here(o, only), *actor = t->expected;
	struct strbuf agents = STRBUF_INIT;

	add_agents(&agents, o, only ? actor : NULL);
	if (turn_is_shared(o) && !has_command(o, actor) && mine) {
		add_run(out, o, mine);
		strbuf_addf(out, "   (waits: %s has no command here, so it is played "
			    "elsewhere)", actor);
	} else if (!mine && t->generation) {
		strbuf_addf(out, "git orch turn with%s %s -- COMMAND   (or git orch init%s)",
			    orch_loop_arg(o), actor, agents.buf);
	} else if (agents.len && (!turn_is_shared(o) || !mine)) {
		strbuf_addf(out, "git orch init%s   (or codex)", agents.buf);
	} else {
		/* Without --actor it would insist on everybody's command. */
		add_run(out, o, only || agents.len ? actor : NULL);
		if (t->holder.actor)
			strbuf_addf(out, "   (%s's turn again, whose holder is gone)", actor);
		else if (t->status == TURN_FAILED)
			strbuf_addf(out, "   (%s tries again)", actor);
	}
	strbuf_release(&agents);
}

void next_step(struct strbuf *out, struct orch *o, const struct turn *t, const char *only)
{
	struct runner r = RUNNER_INIT;
	const char *loop = orch_loop_arg(o);
	char *message = xstrdup(error_message()), *why = NULL;

	runner_read(&r, o, t->expected);
	if (t->paused) {
		strbuf_addf(out, "git orch turn resume%s, then ", loop);
		add_run(out, o, only ? t->expected : NULL);
	} else if (t->sync.owed) {
		strbuf_addf(out, "git orch turn sync%s", loop);
	} else if (t->holder.actor && turn_holder_alive(t)) {
		why = xstrfmt("until %s's turn is over", t->holder.actor);
		add_wait(out, o, why);
	} else if (turn_kept_elsewhere(t)) {
		why = xstrfmt("it is kept for %s", t->keeper.host);
		add_wait(out, o, why);
	} else if (!repo_work_tree(o->repo)) {
		strbuf_addstr(out, "git worktree add DIR   (this repository is bare: agents "
			      "need a work tree)");
	} else if (is_left_behind(o, t)) {
		strbuf_addf(out, "git merge %s, then ", oid_short(&t->head));
		add_run(out, o, only ? t->expected : NULL);
		strbuf_addf(out, "   (or git orch turn accept%s, to go on without it)", loop);
	} else if (r.command) {
		why = xstrfmt("pid %" PRId64 " plays %s: %s", r.process.pid, t->expected,
			      r.command);
		add_wait(out, o, why);
	} else {
		play(out, o, t, only);
	}
	runner_release(&r);
	free(why);
	/* Why a run stopped is still to be told. */
	error_clear();
	if (*message)
		error_set(ORCH_ERROR, "%s", message);
	free(message);
}
