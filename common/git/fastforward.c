/*
 * Moving the work tree forward: `git merge --ff-only`, which knows filters,
 * sparse checkouts and everything else about files, with none of the settings
 * that could make it do more than that.
 */
#include "git/remote.h"

#include "base/error.h"
#include "base/strvec.h"
#include "git/gitproc.h"
#include "git/gitwatch.h"
#include "git/internal.h"
#include "git/object.h"
#include "git/repo.h"

/*
 * What was in the way: git lists the files below a line that says how, one on
 * each line behind a tab; in an unborn branch it names just one.
 */
static int in_the_way(const struct gitwatch *w)
{
	static const char one_end[] = "' would be overwritten by merge";
	struct said_line line = { NULL, 0, 0 }, first = line;
	bool untracked = false, listing = false;
	size_t nr = 0;
	char *name;
	int rc;

	while (said_next(&line, &w->err)) {
		if (said_starts(&line, "error: ") && !nr)
			untracked = said_has(&line, "ntracked");
		if (said_starts(&line, "error: "))
			listing = said_has(&line, " would ") &&
				line.s[line.len - 1] == ':';
		if (listing && said_starts(&line, "\t")) {
			if (!nr++) {
				first = line;
				first.s++;
				first.len--;
			}
		} else if (!nr && said_starts(&line, "error: ") &&
			   said_has(&line, one_end)) {
			first.s = memchr(line.s, '\'', line.len);
			first.s++;
			first.len = (size_t)((char *)memmem(line.s, line.len, one_end,
					strlen(one_end)) - first.s);
			nr = 1;
		}
	}
	if (!nr)
		return 0;
	name = said_clean(first.s, first.len);
	if (nr > 1)
		rc = error_set(ORCH_EBUSY, "%s in the way: '%s' and %zu more",
			       untracked ? "untracked files are" :
			       "local changes are", name, nr - 1);
	else
		rc = error_set(ORCH_EBUSY, "%s in the way: '%s'",
			       untracked ? "an untracked file is" :
			       "local changes are", name);
	free(name);
	return rc;
}

static int merge_failed(const struct gitwatch *w, const struct oid *to)
{
	static const char *const passing[] = {
		".lock': File exists", "unmerged files", "not concluded",
		"cannot lock ref", "not up to date", "not uptodate", NULL
	};
	struct said_line line = { NULL, 0, 0 };
	const char *const *p;
	char *reason;
	int rc = in_the_way(w);

	if (rc < 0)
		return rc;
	rc = ORCH_ERROR;
	while (rc == ORCH_ERROR && said_next(&line, &w->err)) {
		for (p = passing; *p; p++)
			if (said_has(&line, *p))
				rc = ORCH_EBUSY;
		if (said_has(&line, "Not possible to fast-forward") ||
		    said_has(&line, "unrelated histories"))
			rc = ORCH_ENO;
		if (rc == ORCH_EBUSY) {
			if (said_starts(&line, "error: ") || said_starts(&line, "fatal: "))
				line.s += 7, line.len -= 7;
			reason = said_clean(line.s, line.len);
			error_set(rc, "cannot move to %s now: %s", oid_short(to),
				  reason);
			free(reason);
			return rc;
		}
	}
	reason = gitwatch_reason(w);
	error_set(rc, "cannot move to %s: %s", oid_short(to), reason);
	free(reason);
	return rc;
}

static int merge(struct repo *repo, const struct oid *to, const char *branch)
{
	static const char *const fixed[] = {
		"-c", "pull.twohead=recursive", "-c", "submodule.recurse=false",
		"-c", "maintenance.auto=false", "-c", "gc.auto=0",
		"-c", "credential.interactive=false", NULL
	};
	/* An ignored file in the way is somebody's file, too. */
	static const char *const options[] = {
		"merge", "--ff-only", "--no-autostash", "--no-verify-signatures",
		"--no-squash", "--commit", "--no-edit", "--no-stat", "--quiet",
		"--no-overwrite-ignore", NULL
	};
	struct strvec args = STRVEC_INIT;
	struct gitwatch w = GITWATCH_INIT;
	int rc;

	strvec_pushv(&args, fixed);
	/* git looks for a branch called HEAD when there is none. */
	strvec_pushf(&args, "--config-env=branch.%s.mergeOptions=ORCH_EMPTY",
		     branch ? branch : "HEAD");
	strvec_push(&w.env, "ORCH_EMPTY=");
	strvec_pushv(&args, options);
	strvec_push(&args, oid_hex(to));
	strvec_push(&w.env, "GIT_REFLOG_ACTION=git orch");
	w.outlives_us = true;
	rc = gitwatch_run(&w, repo, (const char *const *)args.v);
	if (rc == 0 && w.code)
		rc = merge_failed(&w, to);
	worktree_status_forget(repo);
	strvec_release(&args);
	gitwatch_release(&w);
	return rc;
}

int worktree_fast_forward(struct repo *repo, const struct oid *to, bool *moved)
{
	struct oid head, now;
	const char *operation;
	char *branch = NULL;
	bool yes = false;
	int rc;

	*moved = false;
	if ((rc = repo_head(repo, &head, &branch)) < 0)
		goto out;
	if (!object_exists(repo, to)) {
		rc = error_set(ORCH_ENOTFOUND, "there is no commit %s here",
			       oid_hex(to));
		goto out;
	}
	if (!oid_is_zero(&head) &&
	    ((rc = commit_is_ancestor(repo, to, &head, &yes)) < 0 || yes))
		goto out;
	if (!repo->work_tree) {
		rc = error_set(ORCH_ERROR, "a bare repository has no files to move");
		goto out;
	}
	if ((operation = repo_operation(repo)) != NULL) {
		rc = error_set(ORCH_EBUSY, "a %s is under way in '%s'", operation,
			       repo->work_tree);
		goto out;
	}
	if (!oid_is_zero(&head) &&
	    (rc = commit_is_ancestor(repo, &head, to, &yes)) < 0)
		goto out;
	if (!oid_is_zero(&head) && !yes) {
		rc = error_set(ORCH_ENO, "%s and %s have diverged", oid_short(&head),
			       oid_short(to));
		goto out;
	}
	if ((rc = merge(repo, to, branch)) < 0)
		goto out;
	/* What git says counts less than where HEAD is. */
	if ((rc = repo_head(repo, &now, NULL)) == 0)
		*moved = !oid_eq(&now, &head);
out:
	free(branch);
	return rc;
}
