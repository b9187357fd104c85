/*
 * post-commit - refresh the artifact index
 *
 * Called by git after a commit, without arguments. Looks at the times of the
 * directories that the index knows, reads those that changed, and notes what
 * HEAD has; commits and iterations are looked up by who asks for them. While a
 * rebase, am, merge or the like is under way there will be more commits: it
 * only leaves a mark. Waits for nobody, does little (the first reader of the
 * index does what is too much), and never fails.
 */
#include "base/command.h"
#include "orch/artifact.h"
#include "orch/hook.h"
#include "orch/orch.h"

static const char *const usage[] = { "post-commit", NULL };

static int refresh(struct orch *o)
{
	const char *operation = repo_operation(o->repo);
	struct artifacts *ix = NULL;
	int rc;

	if (operation && !str_eq(operation, "bisect"))
		return artifacts_mark_dirty(o);
	rc = artifacts_open(&ix, o, ARTIFACT_IN_HOOK);
	artifacts_free(ix);
	return rc == ORCH_EBUSY ? 0 : rc;	/* somebody else is at it */
}

static int run(int argc, const char **argv)
{
	struct orch o = ORCH_INIT;
	int rc;

	(void)argc;
	(void)argv;
	if (!hook_begin("post-commit"))
		return hook_end(0);
	if ((rc = orch_open(&o, ORCH_LOOP_OPTIONAL | ORCH_IN_HOOK)) == 0 &&
	    repo_work_tree(o.repo) && (rc = hook_enabled(o.repo)) > 0)
		rc = refresh(&o);
	orch_release(&o);
	return hook_end(rc);
}

const struct command orch_command = {
	.name = "post-commit", .summary = "Refresh the artifact index",
	.usage = usage, .run = run,
};
