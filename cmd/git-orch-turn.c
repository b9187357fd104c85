/*
 * git-orch-turn - show whose turn it is, take it, give it back
 *
 * The rules of the turn are in orch/turn.h; here and in cmd/turn/ arguments
 * only become calls.
 */
#include "turn/turn.h"

static const struct command *const subs[] = {
	&turn_status_command, &turn_acquire_command, &turn_release_command,
	&turn_renew_command, &turn_with_command, &turn_break_command,
	&turn_pause_command, &turn_resume_command, &turn_accept_command,
	&turn_sync_command, &turn_repair_command, NULL
};
static const char *const usage[] = {
	STATUS_USAGE, ACQUIRE_USAGE, RELEASE_USAGE, RENEW_USAGE, WITH_USAGE, BREAK_USAGE,
	PAUSE_USAGE, RESUME_USAGE, ACCEPT_USAGE, SYNC_USAGE, REPAIR_USAGE, NULL
};

const struct command orch_command = {
	.name = "turn", .summary = "show whose turn it is, take it, give it back",
	.usage = usage, .subs = subs,
};
