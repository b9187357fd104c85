/*
 * What an actor has seen: status.
 */
#include "context.h"

#include "base/output.h"
#include "orch/forecast.h"
#include "orch/orch.h"
#include "orch/view_page.h"

/* --- status -------------------------------------------------------------- */

static int run_status(int argc, const char **argv)
{
	struct orch o = ORCH_INIT;
	struct forecast f = FORECAST_INIT;
	struct output out;
	const char *actor = NULL;
	int rc;

	if ((rc = context_begin(&o, &actor, argc, argv)) < 0 ||
	    (rc = forecast_make(&f, &o, actor)) < 0)
		goto out;
	output_open(&out);
	view_page(&out, &f, actor);
	rc = output_close(&out);
out:
	forecast_release(&f);
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
