/*
 * post-checkout - drop what a branch switch makes useless
 *
 * Called by git with the old HEAD, the new HEAD, and 1 for a switch of
 * branches or 0 for a checkout of files. Where the commit changed it drops this
 * work tree's stat cache, and the loop's key frames whose documents are others
 * now; what an actor has seen is never touched. With nothing to do it costs
 * about as much as starting. It never fails a checkout: git would pass its exit
 * code on.
 */
#include "base/command.h"
#include "git/oid.h"
#include "git/repo.h"
#include "orch/hook.h"
#include "orch/orch.h"
#include "orch/view.h"

static const char *const usage[] = {
	"post-checkout <old-head> <new-head> <flag>",
	NULL
};

/* Whether there is anything to do: decided before the repository is opened. */
static bool is_switch(const char *old_hex, const char *new_hex, const char *flag)
{
	struct oid old_oid, new_oid;

	if (!str_eq(flag, "1") || oid_parse(&old_oid, old_hex) < 0 ||
	    oid_parse(&new_oid, new_hex) < 0)
		return false;
	return !oid_is_zero(&old_oid) && !oid_eq(&old_oid, &new_oid);
}

static void drop_statcache(const struct repo *repo)
{
	char *path = xstrfmt("%s/orch/statcache", repo_git_dir(repo));

	unlink(path);
	free(path);
}

/* The loop may be another one now: that of the new branch. */
static int drop_key_frames(const char *commit_hex)
{
	struct orch o = ORCH_INIT;
	struct oid commit;
	int rc;

	if ((rc = orch_open(&o, ORCH_IN_HOOK | ORCH_LOOP_OPTIONAL)) == 0 && o.loop &&
	    (rc = oid_parse(&commit, commit_hex)) == 0)
		rc = view_drop_frames(&o, &commit);
	orch_release(&o);
	return rc;
}

static int run(int argc, const char **argv)
{
	struct repo *repo = NULL;
	int rc;

	if (!hook_begin("post-checkout") || argc != 3 ||
	    !is_switch(argv[0], argv[1], argv[2]))
		return hook_end(0);
	if ((rc = repo_open(&repo, NULL, REPO_IN_HOOK)) == 0 && !repo_operation(repo) &&
	    (rc = hook_enabled(repo)) > 0) {
		drop_statcache(repo);
		rc = drop_key_frames(argv[1]);
	}
	repo_free(repo);
	return hook_end(rc);
}

const struct command orch_command = {
	.name = "post-checkout", .summary = "Drop what a branch switch makes useless",
	.usage = usage, .run = run,
};
