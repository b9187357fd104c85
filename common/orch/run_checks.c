/*
 * The checks of a turn: before its agent starts, and when it has ended well.
 */
#include "base/error.h"
#include "base/json.h"
#include "base/strbuf.h"
#include "orch/checkinput.h"
#include "orch/run_internal.h"

#define KEPT_FINDINGS 50	/* in the receipt */

static int judge(struct attempt *a, enum check_stage stage)
{
	const struct turn *t = &a->run->turn;
	struct orch *o = a->run->o;
	struct check_input in = CHECK_INPUT_INIT;
	struct check_rules rules = CHECK_RULES_INIT;
	int rc;

	in.o = o;
	in.stage = stage;
	in.actor = t->holder.actor;
	in.base = t->holder.head;
	in.work_tree = true;
	in.since_ms = t->holder.since_ms;
	check_rules_load(&rules, o->config);
	rc = repo_head(o->repo, &in.tip, NULL);
	if (rc == 0)
		rc = check_judge(&a->checks, &in, &rules);
	if (rc < 0)
		warn("%s: the %s checks were not made: %s", a->receipt.id,
		     check_stage_name(stage), error_message());
	error_clear();
	check_rules_release(&rules);
	check_input_release(&in);
	if (a->checks.nr || a->checks.nr_exceptions) {
		json_free(a->receipt.checks);
		a->receipt.checks = json_new_object();
		check_report_to_json(a->receipt.checks, &a->checks, KEPT_FINDINGS);
	}
	return rc;
}

int run_checks_before(struct attempt *a)
{
	struct strbuf line = STRBUF_INIT;

	if (judge(a, CHECK_PRE_TURN) < 0 || !a->checks.errors)
		return 0;
	for (size_t i = 0; i < a->checks.nr && !line.len; i++)
		if (a->checks.v[i].level == CHECK_ERROR)
			check_finding_line(&line, &a->checks.v[i]);
	if (a->checks.errors > 1)
		strbuf_addf(&line, ", and %zu more", a->checks.errors - 1);
	strbuf_addstr(&line, " (git orch check pre-turn)");
	attempt_set_reason(a, line.buf);
	strbuf_release(&line);
	return error_set(ORCH_ENO, "%s", a->reason);
}

void run_checks_after(struct attempt *a)
{
	judge(a, CHECK_POST_TURN);
}
