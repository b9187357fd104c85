/*
 * What an actor has seen: status.
 */
#include "context.h"

#include "base/output.h"
#include "orch/orch.h"
#include "orch/view.h"
#include "orch/view_page.h"

/* --- status -------------------------------------------------------------- */

static int run_status(int argc, const char **argv)
{
	struct orch o = ORCH_INIT;
	struct view_status s = VIEW_STATUS_INIT;
	struct view_seen seen = VIEW_SEEN_INIT;
	struct output out;
	const char *actor = NULL;
	int rc;

	if ((rc = context_begin(&o, &actor, argc, argv)) < 0 ||
	    (rc = view_compare(&s, &o, actor, VIEW_TOKENS)) < 0 ||
	    (rc = view_seen(&seen, &o, actor)) < 0)
		goto out;
	output_open(&out);
	view_page(&out, &s, &seen, actor);
	rc = output_close(&out);
out:
	view_seen_release(&seen);
	view_status_release(&s);
	orch_release(&o);
	return rc;
}

static const struct opt status_opts[] = { OPT_ACTOR, OPT_LOOP, OPT_END };
static const char *const status_usage[] = { STATUS_USAGE, NULL };
const struct command context_status_command = {
	.name = "status", .usage = status_usage, .opts = status_opts,
	.run = run_status, .flags = COMMAND_JSON,
	.summary = "show which documents an actor has not seen as they are now",
};
