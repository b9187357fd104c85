#ifndef ORCH_RUN_SHOW_H
#define ORCH_RUN_SHOW_H
/*
 * What `git orch run` lets people see: a line for each turn on stdout, what
 * the agent says and a live status line on stderr, and a summary at the end.
 *
 *   run_show_open(&s, o, &opts);
 *   run_loop(&result, o, &opts, run_show_events(&s), fd);
 *   run_show_close(&s, &result);       // the summary, or the --json object
 */
#include "base/live.h"
#include "base/strbuf.h"
#include "orch/run.h"
struct json;
struct orch;

struct run_show {
	struct orch *o;
	const struct run_options *opts;
	struct run_events events;
	struct live live;
	struct strbuf last_tool;	/* the newest tool use, for the status */
	struct strbuf last_result;	/* how the turn before ended */
	struct strbuf waiting;	/* what was said last about it */
	struct json *receipts;		/* for --json */
	int64_t begun_ms, first_iteration, now_iteration;
	double cost_usd;
	struct run_rule {
		char *name;
		int64_t findings;
	} *rules;
	size_t nr_rules, alloc_rules;
	int64_t errors, warnings, allowed, skipped;	/* of all turns */
};
/* `o` and `opts` are borrowed until run_show_close(). */
void run_show_open(struct run_show *s, struct orch *o,
		   const struct run_options *opts);
const struct run_events *run_show_events(const struct run_show *s);
int run_show_close(struct run_show *s, const struct run_result *result);

/* --dry-run, by itself: who would play what, with the size of the prompt. */
int run_show_plan(struct orch *o, const struct run_options *opts);
#endif
