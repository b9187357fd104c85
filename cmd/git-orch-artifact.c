/*
 * git-orch-artifact - what agents left as evidence: where it is, what it is
 *
 * The index is in orch/artifact.h, the trash in orch/trash.h; here and in
 * cmd/artifact/ arguments only become calls.
 */
#include "artifact/artifact.h"

#include "orch/artifact.h"
#include "orch/orch.h"

int artifact_begin(struct orch *o, struct artifacts **ix, unsigned flags)
{
	int rc = orch_open(o, ORCH_LOOP_OPTIONAL | ORCH_NEED_WORK_TREE);

	return rc < 0 ? rc : artifacts_open(ix, o, flags);
}

static const struct command *const subs[] = {
	&artifact_list_command, &artifact_find_command, &artifact_show_command,
	&artifact_export_command, &artifact_rebuild_command, &artifact_cleanup_command,
	&artifact_restore_command, &artifact_trash_command, NULL
};
static const char *const usage[] = {
	LIST_USAGE, FIND_USAGE, SHOW_USAGE, EXPORT_USAGE, REBUILD_USAGE, CLEANUP_USAGE,
	RESTORE_USAGE, TRASH_USAGE, EMPTY_USAGE, NULL
};
const struct command orch_command = {
	.name = "artifact", .usage = usage, .subs = subs,
	.summary = "what agents left as evidence: where it is, what it is",
};
