/*
 * What changed for an actor since the end of its last good turn: commits and
 * files by libgit2's trees, what is not committed by git itself, which alone
 * knows all the rules of a work tree.
 */
#include "orch/delta.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/file.h"
#include "base/strbuf.h"
#include "git/gitproc.h"
#include "orch/delta_internal.h"
#include "orch/delta_parse.h"
#include "orch/orch.h"

#define MAX_COUNTED (16u << 20)	/* larger untracked files are not counted */

static const struct {
	const char *name;
	unsigned parts;
} part_names[] = {
	{ "files", DELTA_FILES },
	{ "lines", DELTA_FILES | DELTA_LINES },
	{ "uncommitted", DELTA_UNCOMMITTED },
	{ "commits", DELTA_COMMITS },
	{ "plan", DELTA_PLAN },
	{ "findings", DELTA_FINDINGS },
	{ "summary", DELTA_SUMMARY },
};

int delta_parts_parse(unsigned *parts, const char *list)
{
	unsigned found = 0;

	for (const char *p = list; ; p++) {
		size_t n = strcspn(p, ","), i;

		for (i = 0; i < ARRAY_SIZE(part_names); i++)
			if (strlen(part_names[i].name) == n &&
			    memcmp(part_names[i].name, p, n) == 0)
				break;
		if (i == ARRAY_SIZE(part_names))
			return error_set(ORCH_EUSAGE, "bad part '%.*s': files, lines, "
					 "uncommitted, commits, plan, findings or summary",
					 (int)n, p);
		found |= part_names[i].parts;
		p += n;
		if (!*p)
			break;
	}
	*parts = found;
	return 0;
}

/* --- uncommitted --------------------------------------------------------- */

static int compare_changes(const void *a, const void *b)
{
	return strcmp(((const struct change *)a)->path,
		      ((const struct change *)b)->path);
}

static void take_count(const char *path, int64_t added, int64_t removed, void *data)
{
	const struct change_list *l = data;
	struct change key = { .path = (char *)(uintptr_t)path }, *c;

	c = bsearch(&key, l->v, l->nr, sizeof(*l->v), compare_changes);
	if (c) {
		c->added = added;
		c->removed = removed;
	}
}

/* Fill in the lines of tracked files. */
static int count_tracked(struct delta *d, struct orch *o)
{
	const char *args[] = { "diff", "--numstat", "-z", "-M", "--no-ext-diff",
			       "--no-textconv", "--ignore-submodules=dirty",
			       oid_is_zero(&d->head) ? OID_EMPTY_TREE : "HEAD", "--",
			       NULL };
	struct strbuf out = STRBUF_INIT;
	int rc = gitproc_capture(o->repo, &out, args);

	if (rc == 0)
		delta_parse_numstat(&out, take_count, &d->uncommitted);
	strbuf_release(&out);
	return rc;
}

/* Lines of a file that git does not know, -1 if it is no text. */
static int64_t count_untracked(struct orch *o, const char *path)
{
	struct strbuf text = STRBUF_INIT;
	struct stat st;
	int64_t n = -1;
	int fd = -1;

	if (file_open_beneath(&fd, &st, repo_work_tree(o->repo), path,
			      false) < 0) {
		error_clear();
		return -1;
	}
	if (S_ISREG(st.st_mode) && st.st_size <= (off_t)MAX_COUNTED &&
	    strbuf_read_fd(&text, fd, MAX_COUNTED) == 0 &&
	    !memchr(text.buf, 0, text.len)) {
		n = 0;
		for (size_t i = 0; i < text.len; i++)
			n += text.buf[i] == '\n';
		n += text.len && text.buf[text.len - 1] != '\n';
	}
	close(fd);
	strbuf_release(&text);
	return n;
}

static int find_uncommitted(struct delta *d, struct orch *o)
{
	struct status_list status = STATUS_LIST_INIT;
	bool tracked = false;
	int rc;

	if (!repo_work_tree(o->repo))
		return 0;
	if ((rc = worktree_status_recent(o->repo, &status)) < 0)
		goto out;
	for (size_t i = 0; i < status.nr; i++) {
		const struct status_entry *e = &status.v[i];
		struct change_list *l = &d->uncommitted;
		struct change *c;

		ALLOC_GROW(l->v, l->nr + 1, l->alloc);
		c = &l->v[l->nr++];
		memset(c, 0, sizeof(*c));
		c->path = xstrdup(e->path);
		c->old_path = xstrdup(e->old_path);
		c->status = e->status;
		c->added = c->removed = -1;
		if (c->status == '?') {
			c->added = count_untracked(o, c->path);
			c->removed = c->added < 0 ? -1 : 0;
		} else {
			tracked = true;
		}
	}
	if (d->uncommitted.nr)
		qsort(d->uncommitted.v, d->uncommitted.nr,
		      sizeof(*d->uncommitted.v), compare_changes);
	if (tracked)
		rc = count_tracked(d, o);
out:
	status_list_release(&status);
	return rc;
}

/* --- the whole ----------------------------------------------------------- */

static int find_committed(struct delta *d, struct orch *o, unsigned parts)
{
	unsigned flags = DIFF_RENAMES | (parts & DELTA_LINES && !d->full ? DIFF_LINES : 0);
	int rc = 0;

	if (oid_is_zero(&d->head) || oid_eq(&d->since, &d->head))
		return 0;
	if ((parts & DELTA_COMMITS) || ((parts & DELTA_SUMMARY) && delta_said_by_commits(d)))
		rc = commits_between(o->repo, &d->since, &d->head, DELTA_COMMITS_MAX,
				     &d->commits);
	if (rc == 0 && (parts & DELTA_FILES))
		rc = diff_trees(o->repo, &d->since, &d->head, flags, &d->files);
	for (size_t i = 0; rc == 0 && !(flags & DIFF_LINES) && i < d->files.nr; i++)
		d->files.v[i].added = d->files.v[i].removed = DELTA_NOT_COUNTED;
	return rc;
}

int delta_compute(struct delta *out, struct orch *o, const struct turn *t,
		  const struct delta_request *req)
{
	int rc = delta_resolve(out, o, t, req);

	if (rc < 0)
		return rc;
	if (req->flags & DELTA_NO_CACHE)
		worktree_status_forget(o->repo);
	if (!out->first) {
		if ((rc = find_committed(out, o, req->parts)) < 0)
			return rc;
		if ((req->parts & DELTA_UNCOMMITTED) && !out->between &&
		    (rc = find_uncommitted(out, o)) < 0)
			return rc;
		if ((req->parts & DELTA_PLAN) && (rc = delta_find_plan(out, o)) < 0)
			return rc;
		if ((req->parts & DELTA_FINDINGS) && (rc = delta_find_findings(out, o)) < 0)
			return rc;
	}
	if ((req->parts & DELTA_SUMMARY) && t && (rc = delta_find_said(out, o, t)) < 0)
		return rc;
	if (!(req->parts & DELTA_COMMITS))
		commit_list_release(&out->commits);
	return 0;
}

void delta_release(struct delta *d)
{
	static const struct delta empty = DELTA_INIT;

	free(d->actor);
	free(d->asked);
	free(d->since_turn);
	commit_list_release(&d->commits);
	change_list_release(&d->files);
	change_list_release(&d->uncommitted);
	delta_plan_release(&d->plan);
	delta_findings_release(&d->findings);
	for (size_t i = 0; i < d->nr_said; i++) {
		free(d->said[i].actor);
		free(d->said[i].turn);
		free(d->said[i].text);
		free(d->said[i].source);
	}
	free(d->said);
	*d = empty;
}
