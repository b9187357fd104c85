/*
 * What doctor says of the remote that machines share the turn through: can it
 * be reached, does it take our references, is it up to date.
 */
#include "orch/checkup_internal.h"
#include "base/error.h"
#include "base/text.h"
#include "orch/config.h"
#include "orch/orch.h"
#include "orch/turn.h"

static void check_published(struct checkup *c, struct orch *o, const char *remote)
{
	struct turn t;
	int rc = turn_look_published(&t, o, remote);

	if (rc == 0)
		checkup_add(c, CHECKUP_OK, "remote", "%s has generation %" PRId64
			    ", iteration %" PRId64 ", %s expected%s", remote,
			    t.generation, t.iteration, t.expected,
			    t.paused ? ", paused" : "");
	else if (rc == ORCH_ENO)
		checkup_add(c, CHECKUP_OK, "remote", "%s has no turn of this loop yet",
			    remote);
	else
		checkup_add_error(c, "remote");
	turn_release_memory(&t);
	if (rc < 0 && rc != ORCH_ENO)
		return;
	if (turn_probe_remote(o, remote) < 0)
		checkup_add_error(c, "remote");
	else
		checkup_add(c, CHECKUP_OK, "remote", "%s takes refs/orch/*", remote);
}

/* Something happened here that nobody else knows of. */
static void check_owed(struct checkup *c, struct orch *o)
{
	struct turn t;

	if (turn_read(&t, o) < 0)
		error_clear();	/* the state has a line of its own */
	else if (t.sync.owed)
		checkup_add(c, CHECKUP_WARN, "remote", "the turn is unpublished (%s): git "
			    "orch turn sync", t.sync.error ? t.sync.error : "no reason");
	turn_release_memory(&t);
}

void checkup_remote(struct checkup *c, struct orch *o)
{
	const char *remote = config_get(o->config, "orch.remote");

	if (!o->loop)
		return;
	checkup_begin("remote");
	check_owed(c, o);
	if (remote && *remote)
		check_published(c, o, remote);
}
