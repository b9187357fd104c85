/* git as a process, told which repository it is about. */
#include "git/gitproc.h"

#include "base/strbuf.h"
#include "git/internal.h"

/* The most that a git command may print: listings of very large trees fit. */
#define MAX_OUTPUT ((size_t)1 << 30)

void gitproc_prepare(struct spawn *s, const struct repo *repo,
		     const char *const *args)
{
	strvec_push(&s->argv, "git");
	strvec_pushv(&s->argv, args);
	strvec_push(&s->env, "GIT_TERMINAL_PROMPT=0");
	strvec_push(&s->env, "GIT_OPTIONAL_LOCKS=0");
	if (!repo)
		return;
	s->dir = repo->work_tree ? repo->work_tree : repo->git_dir;
	strvec_push(&s->env, "GIT_PREFIX");
	/*
	 * From the top of its work tree git finds a repository by itself. Only
	 * what the environment or a bare repository made special is repeated,
	 * as absolute paths because the directory changes.
	 */
	if (repo->explicit_dir || !repo->work_tree)
		strvec_pushf(&s->env, "GIT_DIR=%s", repo->git_dir);
	else
		strvec_push(&s->env, "GIT_DIR");
	if (repo->work_tree && (repo->explicit_tree || repo->explicit_dir))
		strvec_pushf(&s->env, "GIT_WORK_TREE=%s", repo->work_tree);
	else
		strvec_push(&s->env, "GIT_WORK_TREE");
	strvec_push(&s->env, "GIT_COMMON_DIR");
	if (repo->index_file)
		strvec_pushf(&s->env, "GIT_INDEX_FILE=%s", repo->index_file);
	else
		strvec_push(&s->env, "GIT_INDEX_FILE");
	if (!repo->from_environment) {
		strvec_push(&s->env, "GIT_OBJECT_DIRECTORY");
		strvec_push(&s->env, "GIT_ALTERNATE_OBJECT_DIRECTORIES");
		strvec_push(&s->env, "GIT_NAMESPACE");
	}
}

int gitproc_capture(const struct repo *repo, struct strbuf *out,
		    const char *const *args)
{
	struct spawn s = SPAWN_INIT;
	int rc, status = 0;

	gitproc_prepare(&s, repo, args);
	s.flags |= SPAWN_NO_STDIN;
	rc = spawn_capture(&s, out, MAX_OUTPUT, NULL, 0, &status);
	if (rc == ORCH_ENO)
		rc = error_set(ORCH_ERROR, "git %s failed with exit code %d", args[0],
			       spawn_exit_code(status));
	spawn_release(&s);
	return rc;
}
