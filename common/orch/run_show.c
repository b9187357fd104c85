/*
 * What `git orch run` lets people see.
 */
#include "orch/run_show.h"

#include "base/command.h"
#include "base/error.h"
#include "base/json.h"
#include "base/output.h"
#include "base/text.h"
#include "orch/next_step.h"
#include "orch/orch.h"
#include "orch/prompt.h"
#include "orch/runner.h"

static void add_usage(struct strbuf *line, const struct usage *u)
{
	if (u->has_tokens) {
		strbuf_addf(line, "  new %s", count_human(u->uncached));
		if (u->cache_write)
			strbuf_addf(line, " written %s", count_human(u->cache_write));
		strbuf_addf(line, " cached %s out %s", count_human(u->cache_read),
			    count_human(u->output));
	}
	if (u->has_cost)
		strbuf_addf(line, "  $%.2f", u->cost_usd);
}

/* Lines about turns are data: stdout, at once, so that a pipe sees them live. */
static void print(struct run_show *s, enum output_color color, const char *text)
{
	struct strbuf safe = STRBUF_INIT;
	bool paint = color != OUTPUT_PLAIN && output_wants_color(1);

	live_flush(&s->live);
	live_clear(&s->live);
	if (common.json)
		return;
	if (paint)
		strbuf_addstr(&safe, output_color_code(color));
	text_add_safe(&safe, text, strlen(text), true);
	if (paint)
		strbuf_addstr(&safe, "\033[m");
	printf("%s\n", safe.buf);
	fflush(stdout);
	strbuf_release(&safe);
}

/* On a terminal only the status line waits: each turn of a long night would
 * leave a line otherwise. */
static void on_waiting(const struct turn *t, void *data)
{
	struct run_show *s = data;
	struct strbuf line = STRBUF_INIT;

	if (common.quiet)
		return;
	strbuf_addf(&line, "waiting: iteration %" PRId64 ", ", t->iteration);
	runner_describe_wait(&line, s->o, t);
	if (s->live.is_terminal)
		live_status(&s->live, "%s", line.buf);
	else if (!str_eq(line.buf, s->waiting.buf))
		live_line(&s->live, "%s", line.buf);
	strbuf_reset(&s->waiting);
	strbuf_addbuf(&s->waiting, &line);
	strbuf_release(&line);
}

static void status(struct run_show *s, const struct run_attempt *a)
{
	struct strbuf line = STRBUF_INIT;

	strbuf_addf(&line, "> %s  %s", a->id, duration_human_ms(time_now_ms() - a->started_ms));
	if (s->last_tool.len)
		strbuf_addf(&line, "  %s", s->last_tool.buf);
	strbuf_addf(&line, "   %" PRId64, s->now_iteration - s->first_iteration + 1);
	if (s->opts->iterations)
		strbuf_addf(&line, " of %" PRId64, s->opts->iterations);
	strbuf_addf(&line, ", %s", duration_human_ms(time_now_ms() - s->begun_ms));
	if (s->cost_usd > 0)
		strbuf_addf(&line, ", $%.2f", s->cost_usd);
	if (s->last_result.len)
		strbuf_addf(&line, "; last %s", s->last_result.buf);
	live_status(&s->live, "%s", line.buf);
	strbuf_release(&line);
}

/* "34/ralph.2  fresh, 30.2k tok: core 3.4k, key frame 22.0k, open 2.3k, turn 0.6k" */
static void show_prompt(struct run_show *s, const char *id, const struct prompt *p)
{
	struct strbuf parts = STRBUF_INIT;
	const char *last = "";
	int64_t tokens = 0;

	for (size_t i = 0; i <= p->nr; i++) {
		const struct prompt_part *part = i < p->nr ? &p->parts[i] : NULL;

		if (part && p->pack.resumed && part->is_static)
			continue;
		if (tokens && (!part || !str_eq(part->kind, last))) {
			strbuf_addf(&parts, "%s %s %s", parts.len ? "," : ":", last,
				    count_human(tokens));
			tokens = 0;
		}
		if (part) {
			last = part->kind;
			tokens += part->tokens;
		}
	}
	live_line(&s->live, "%s  %s, %s tok%s%s%s", id,
		  p->pack.resumed ? "resumed" : "fresh", count_human(p->tokens), parts.buf,
		  p->pack.why && !p->pack.resumed ? "; new key frame: " : "",
		  p->pack.why && !p->pack.resumed ? p->pack.why : "");
	if (p->pack.nr_omitted)
		live_line(&s->live, "%s  %zu document%s left out by the budget of %s: git "
			  "orch show %s --prompt", id, p->pack.nr_omitted,
			  p->pack.nr_omitted == 1 ? "" : "s", count_human(p->budget), id);
	strbuf_release(&parts);
}

static void on_begin(const struct run_attempt *a, void *data)
{
	struct run_show *s = data;

	strbuf_reset(&s->last_tool);
	strbuf_reset(&s->waiting);
	if (!s->first_iteration)
		s->first_iteration = a->turn->iteration;
	s->now_iteration = a->turn->iteration;
	if (common.verbose && a->prompt)
		show_prompt(s, a->id, a->prompt);
	status(s, a);
}

static void on_text(const char *text, size_t len, bool tool, void *data)
{
	struct run_show *s = data;

	if (tool) {
		strbuf_reset(&s->last_tool);
		text_add_safe(&s->last_tool, text, len, true);
	}
	if (common.quiet)
		return;
	if (tool)
		live_flush(&s->live);
	live_text(&s->live, tool ? "  " : "", tool ? 2 : 0);
	live_text(&s->live, text, len);
	if (tool)
		live_text(&s->live, "\n", 1);
}

static void on_tick(const struct run_attempt *a, void *data)
{
	status(data, a);
}

static void count_rule(struct run_show *s, const char *rule)
{
	for (size_t i = 0; i < s->nr_rules; i++)
		if (str_eq(s->rules[i].name, rule)) {
			s->rules[i].findings++;
			return;
		}
	ALLOC_GROW(s->rules, s->nr_rules + 1, s->alloc_rules);
	s->rules[s->nr_rules].name = xstrdup(rule);
	s->rules[s->nr_rules++].findings = 1;
}

static void count_checks(struct run_show *s, const struct json *checks)
{
	s->errors += json_get_count(checks, "errors");
	s->warnings += json_get_count(checks, "warnings");
	s->allowed += json_get_count(checks, "allowed");
	s->skipped += json_get_count(checks, "skipped");
	for (const struct json *f = json_first(json_get(checks, "findings")); f;
	     f = json_next(f)) {
		const char *rule = json_get_string(f, "rule");
		const char *level = json_get_string(f, "level");

		if (rule && level && !str_eq(level, "info"))
			count_rule(s, rule);
	}
}

/* "1 error, 3 warnings (tests-with-code 2, plan-attempt 2), 0 allowed, 0 skipped" */
static void add_checks(struct strbuf *line, const struct run_show *s)
{
	const char *before = " (";

	if (s->errors)
		strbuf_addf(line, "%" PRId64 " error%s, ", s->errors, s->errors == 1 ? "" : "s");
	strbuf_addf(line, "%" PRId64 " warning%s", s->warnings, s->warnings == 1 ? "" : "s");
	for (size_t i = 0; i < s->nr_rules; i++) {
		strbuf_addf(line, "%s%s %" PRId64, before, s->rules[i].name,
			    s->rules[i].findings);
		before = ", ";
	}
	strbuf_addf(line, "%s, %" PRId64 " allowed, %" PRId64 " skipped",
		    str_eq(before, ", ") ? ")" : "", s->allowed, s->skipped);
}

static void on_end(const struct receipt *r, void *data)
{
	struct run_show *s = data;
	struct strbuf line = STRBUF_INIT, checks = STRBUF_INIT;
	bool ok = r->status == TURN_OK;

	if (common.json)
		receipt_to_json(json_add_object(s->receipts, NULL), r);
	s->cost_usd += r->usage.has_cost ? r->usage.cost_usd : 0;
	strbuf_addf(&line, "%-12s%s %s", r->id ? r->id : "-", turn_status_name(r->status),
		    duration_human_ms(r->ended_ms - r->started_ms));
	if (r->reason && !str_eq(r->reason, turn_status_name(r->status)))
		strbuf_addf(&line, "  %s", r->reason);
	strbuf_addf(&line, "  %zu commit%s", r->nr_commits, r->nr_commits == 1 ? "" : "s");
	add_usage(&line, &r->usage);
	receipt_describe_checks(&checks, r);
	if (ok && checks.len)
		strbuf_addf(&line, "  %s", checks.buf);
	count_checks(s, r->checks);
	if (!ok && r->id)
		strbuf_addf(&line, "  (git orch show %s)", r->id);
	print(s, ok ? OUTPUT_PLAIN : OUTPUT_RED, line.buf);
	strbuf_reset(&s->last_result);
	strbuf_addf(&s->last_result, "%s %s %s", r->id ? r->id : "-",
		    turn_status_name(r->status), duration_human_ms(r->ended_ms - r->started_ms));
	strbuf_release(&line);
	strbuf_release(&checks);
}

static void on_retry(const struct receipt *failed, int64_t wait, void *data)
{
	struct run_show *s = data;

	live_line(&s->live, "%s again in %s", failed->actor, duration_human(wait));
}

void run_show_open(struct run_show *s, struct orch *o, const struct run_options *opts)
{
	memset(s, 0, sizeof(*s));
	s->o = o;
	s->opts = opts;
	strbuf_init(&s->last_tool);
	strbuf_init(&s->last_result);
	strbuf_init(&s->waiting);
	live_open(&s->live, 2);
	s->receipts = json_new_array();
	s->begun_ms = time_now_ms();
	s->events = (struct run_events){
		.waiting = on_waiting, .begin = on_begin, .text = on_text,
		.tick = on_tick, .end = on_end, .retry = on_retry, .data = s,
	};
}

const struct run_events *run_show_events(const struct run_show *s)
{
	return &s->events;
}

static const char *const stop_names[] = {
	[RUN_DONE] = "done",
	[RUN_AGENT_FAILED] = "failed",
	[RUN_IDLE] = "idle",
	[RUN_LOST] = "lost",
	[RUN_INTERRUPTED] = "interrupted",
	[RUN_NO_TURN] = "no-turn",
	[RUN_PAUSED] = "paused",
	[RUN_ERROR] = "error",
};

static void add_next(struct strbuf *out, const struct run_show *s,
		     const struct run_result *r)
{
	if (r->turn.expected)
		strbuf_addf(out, "%s, iteration %" PRId64 ": ", r->turn.expected,
			    r->turn.iteration);
	if (r->turn.expected)
		next_step(out, s->o, &r->turn, s->opts->actor);
	if (r->commits && !oid_is_zero(&r->head_before))
		strbuf_addf(out, "    review: git log -p %s..", oid_short(&r->head_before));
}

static void show_commits(struct output *o, const struct run_result *r)
{
	const char *plural = r->commits == 1 ? "" : "s";

	if (r->commits && !oid_is_zero(&r->detached))
		output_field(o, "result", "%" PRId64 " commit%s, on no branch: git branch "
			     "NAME %s", r->commits, plural, oid_short(&r->detached));
	else
		output_field(o, "result", "%" PRId64 " commit%s", r->commits, plural);
}

static void summary(struct run_show *s, struct output *o, const struct run_result *r)
{
	struct strbuf line = STRBUF_INIT, next = STRBUF_INIT;
	char begin[TIME_ISO_SIZE], end[TIME_ISO_SIZE];

	if (s->opts->iterations)
		strbuf_addf(&line, "%" PRId64 " of %" PRId64 " iterations",
			    r->iterations_done, s->opts->iterations);
	else
		strbuf_addf(&line, "after %" PRId64 " iterations", r->iterations_done);
	strbuf_addf(&line, ", %s-%s", time_clock(begin, r->started_ms),
		    time_clock(end, r->ended_ms));
	output_field(o, "stopped", "%s", line.buf);
	/* On a terminal it is the error below, the last line. */
	if (r->reason.len && !(isatty(1) && isatty(2)))
		output_field(o, "reason", "%s", r->reason.buf);
	strbuf_reset(&line);
	strbuf_addf(&line, "%" PRId64 " ok", r->turns_ok);
	if (r->turns_retried)
		strbuf_addf(&line, ", %" PRId64 " retried", r->turns_retried);
	if (r->turns_failed)
		strbuf_addf(&line, ", %" PRId64 " failed", r->turns_failed);
	if (r->longest_id)
		strbuf_addf(&line, "; longest %s %s", r->longest_id, duration_human_ms(r->longest_ms));
	strbuf_addf(&line, "; waiting %.1fs in all", (double)r->waited_ms / 1000);
	output_field(o, "turns", "%s", line.buf);
	show_commits(o, r);
	strbuf_reset(&line);
	add_checks(&line, s);
	if (s->errors || s->warnings || s->allowed || s->skipped)
		output_field(o, "checks", "%s", line.buf);
	strbuf_reset(&line);
	add_usage(&line, &r->usage);
	strbuf_trim(&line);
	if (line.len)
		output_field(o, "tokens", "%s", line.buf);
	strbuf_reset(&line);
	if (turn_is_shared(s->o))
		strbuf_addf(&line, ", %" PRId64 " push%s, %" PRId64 " fetch%s", r->pushes,
			    r->pushes == 1 ? "" : "es", r->fetches,
			    r->fetches == 1 ? "" : "es");
	output_field(o, "git-orch", "%.1fs of overhead, 0 bookkeeping commits%s",
		     (double)r->overhead_ms / 1000, line.buf);
	if (r->turn.sync.owed)
		output_field(o, "unpublished", "%s",
			     r->turn.sync.error ? r->turn.sync.error : "not reachable");
	add_next(&next, s, r);
	output_field(o, "next", "%s", next.buf);
	strbuf_release(&line);
	strbuf_release(&next);
}

static void to_json(struct run_show *s, struct json *out, const struct run_result *r)
{
	struct strbuf step = STRBUF_INIT;
	struct json *next;

	json_add_string(out, "loop", s->o->loop);
	json_add_string(out, "stopped", stop_names[r->stop]);
	json_add_string(out, "reason", r->reason.len ? r->reason.buf : NULL);
	json_add_int(out, "iterations", r->iterations_done);
	json_add_int(out, "turns_ok", r->turns_ok);
	json_add_int(out, "turns_retried", r->turns_retried);
	json_add_int(out, "turns_failed", r->turns_failed);
	json_add_int(out, "commits", r->commits);
	json_add_int(out, "waited_ms", r->waited_ms);
	json_add_int(out, "overhead_ms", r->overhead_ms);
	json_add_int(out, "pushes", r->pushes);
	json_add_int(out, "fetches", r->fetches);
	json_add_bool(out, "unpublished", r->turn.sync.owed);
	json_add(out, "turns", s->receipts);
	s->receipts = NULL;
	next = json_add_object(out, "next");
	json_add_string(next, "actor", r->turn.expected);
	json_add_int(next, "iteration", r->turn.iteration);
	if (r->turn.expected)
		next_step(&step, s->o, &r->turn, s->opts->actor);
	json_add_string(next, "command", step.buf);
	strbuf_release(&step);
}

int run_show_close(struct run_show *s, const struct run_result *result)
{
	bool nothing_done = !result->turns_ok && !result->turns_failed &&
			    !result->longest_id;
	struct output o;
	int rc = 0;

	live_close(&s->live);
	output_open(&o);
	to_json(s, output_json(&o), result);
	/* A run that could not begin has only its one error line to say. */
	if (nothing_done && result->stop != RUN_DONE && !common.json) {
		output_discard(&o);
	} else {
		summary(s, &o, result);
		rc = output_close(&o);
	}
	json_free(s->receipts);
	for (size_t i = 0; i < s->nr_rules; i++)
		free(s->rules[i].name);
	free(s->rules);
	strbuf_release(&s->last_tool);
	strbuf_release(&s->last_result);
	strbuf_release(&s->waiting);
	return rc;
}

static void describe_plan(struct output *out, const struct orch *o, const struct turn *t,
			  const char *actor, const struct prompt *p)
{
	const char *command = config_actor(o->config, actor, "command");
	struct json *json = output_json(out);

	output_field(out, "loop", "%s, iteration %" PRId64 ": %s's turn", o->loop,
		     t->iteration, t->expected);
	output_field(out, "command", "%s", command);
	output_field(out, "prompt", "%s tokens (orch.budget %s); git orch prompt build %s",
		     count_human(p->tokens), count_human(p->budget), actor);
	json_add_string(json, "loop", o->loop);
	json_add_int(json, "iteration", t->iteration);
	json_add_string(json, "actor", actor);
	json_add_string(json, "command", command);
	json_add_int(json, "tokens", p->tokens);
	json_add_int(json, "budget", p->budget);
}

int run_show_plan(struct orch *o, const struct run_options *opts)
{
	struct prompt_request req = { .pack_flags = PACK_PREVIEW };
	struct prompt p = PROMPT_INIT;
	struct output out;
	struct turn t;
	int rc;

	turn_init(&t);
	output_open(&out);
	if ((rc = run_check(o, opts->actor)) < 0 || (rc = turn_read(&t, o)) < 0)
		goto out;
	req.actor = opts->actor ? opts->actor : t.expected;
	req.turn = &t;
	if ((rc = prompt_build(&p, o, &req)) < 0)
		goto out;
	describe_plan(&out, o, &t, req.actor, &p);
out:
	if (rc < 0)
		output_discard(&out);
	else
		rc = output_close(&out);
	prompt_release(&p);
	turn_release_memory(&t);
	return rc;
}
