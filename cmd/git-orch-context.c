/*
 * git-orch-context - the documents of an actor: what it has seen of them
 *
 * What is in a pack and what counts as seen is in orch/pack.h and orch/view.h;
 * here and in cmd/context/ arguments only become calls.
 */
#include "context/context.h"

#include "orch/orch.h"

const char *context_actor_option;

int context_begin(struct orch *o, const char **actor, int argc, const char **argv)
{
	int rc;

	if (argc)
		return usage_error("unexpected argument '%s'", argv[0]);
	if ((rc = orch_open(o, ORCH_NEED_WORK_TREE)) < 0)
		return rc;
	return orch_actor(o, context_actor_option, actor);
}

static const struct command *const subs[] = {
	&context_pack_command, &context_get_command, &context_status_command,
	&context_ack_command, &context_invalidate_command,
	&context_stats_command, NULL
};
static const char *const usage[] = {
	PACK_USAGE, GET_USAGE, STATUS_USAGE, ACK_USAGE, INVALIDATE_USAGE, STATS_USAGE, NULL
};
const struct command orch_command = {
	.name = "context", .usage = usage, .subs = subs,
	.summary = "the documents of an actor, and what it has seen of them",
};
