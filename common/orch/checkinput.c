/*
 * What rules are applied to.
 */
#include "orch/checkinput.h"

#include <sys/stat.h>

#include "base/error.h"
#include "base/file.h"
#include "git/gitproc.h"
#include "orch/ledger.h"
#include "orch/ledgerid.h"
#include "orch/orch.h"
#include "orch/words.h"

/* The kernel's stamps may be a tick older than the clock that a turn began by. */
#define CLOCK_TICK_MS 10

void check_input_release(struct check_input *in)
{
	change_list_release(&in->committed);
	strbuf_release(&in->dirty);
	free(in->changes);
	commit_oids_release(&in->commits);
	check_allows_release(&in->allows);
	free(in->focus.id);
	free(in->focus.text);
	plan_release(&in->plan);
	*in = (struct check_input)CHECK_INPUT_INIT;
}

/* --- changes ------------------------------------------------------------------- */

static struct check_change *add_change(struct check_input *in, const char *path,
				       char status)
{
	struct check_change *c;

	ALLOC_GROW(in->changes, in->nr_changes + 1, in->alloc_changes);
	c = &in->changes[in->nr_changes++];
	memset(c, 0, sizeof(*c));
	c->path = path;
	c->status = status;
	return c;
}

/* Whether it is there and was last touched before the turn: somebody else's. The
 * time of the inode: a file that is moved keeps the time of its bytes. */
static bool is_older(const char *root, const char *path, int64_t ms)
{
	struct stat st;
	int64_t touched;
	int fd;

	if (file_open_beneath(&fd, &st, root, path, true) < 0) {
		error_clear();
		return false;
	}
	close(fd);
	touched = (int64_t)st.st_ctim.tv_sec * 1000 + st.st_ctim.tv_nsec / 1000000;
	return touched + CLOCK_TICK_MS < ms;
}

static int add_uncommitted(struct check_input *in)
{
	struct status_list list = STATUS_LIST_INIT;
	const char *root = repo_work_tree(in->o->repo);
	int rc;

	if (!root)
		return 0;
	if ((rc = worktree_status_recent(in->o->repo, &list)) < 0)
		goto out;
	for (size_t i = 0; i < list.nr; i++)
		if (!in->since_ms || !is_older(root, list.v[i].path, in->since_ms))
			strbuf_add(&in->dirty, list.v[i].path, strlen(list.v[i].path) + 1);
		else
			list.v[i].status = '\0';
	for (size_t i = 0, at = 0; i < list.nr; i++) {
		char status = list.v[i].status;

		if (!status)
			continue;
		add_change(in, in->dirty.buf + at, status == '?' || status == 'R' ? 'A' :
			   status)->uncommitted = true;
		at += strlen(list.v[i].path) + 1;
	}
out:
	status_list_release(&list);
	return rc;
}

int check_input_changes(struct check_input *in)
{
	int rc = 0;

	if (in->has_changes)
		return 0;
	if (!oid_eq(&in->base, &in->tip) &&
	    (rc = diff_trees(in->o->repo, &in->base, &in->tip, 0, &in->committed)) < 0)
		return rc;
	for (size_t i = 0; i < in->committed.nr; i++) {
		const struct change *c = &in->committed.v[i];
		struct check_change *x = add_change(in, c->path, c->status);

		x->blob = c->new_oid;
		x->mode = c->new_mode;
	}
	if (in->work_tree && (rc = add_uncommitted(in)) < 0)
		return rc;
	in->has_changes = true;
	return 0;
}

int check_change_size(struct check_input *in, const struct check_change *c, uint64_t *size)
{
	struct stat st;
	int fd;

	*size = 0;
	if (!c->uncommitted)
		return c->status == 'D' || (c->mode & S_IFMT) != S_IFREG ? 0 :
		       blob_size(in->o->repo, &c->blob, size);
	if (c->status == 'D')
		return 0;
	if (file_open_beneath(&fd, &st, repo_work_tree(in->o->repo), c->path, true) < 0) {
		error_clear();
		return 0;
	}
	close(fd);
	if (S_ISREG(st.st_mode))
		*size = (uint64_t)st.st_size;
	return 0;
}

/* --- commits ------------------------------------------------------------------- */

int check_input_commits(struct check_input *in)
{
	struct oid *known;
	size_t nr = 0;

	if (in->has_commits)
		return in->commits_rc;
	in->has_commits = true;
	if (!in->tips && (oid_is_zero(&in->tip) || oid_eq(&in->base, &in->tip)))
		return 0;
	known = xcalloc(in->nr_known + 1, sizeof(*known));
	if (!in->tips && !oid_is_zero(&in->base))
		known[nr++] = in->base;
	if (in->nr_known)
		memcpy(known + nr, in->known, in->nr_known * sizeof(*known));
	in->commits_rc = commits_outside(in->o->repo, known, nr + in->nr_known,
					 in->tips ? in->tips : &in->tip,
					 in->tips ? in->nr_tips : 1, CHECK_COMMITS_MAX,
					 &in->commits);
	free(known);
	return in->commits_rc;
}

int check_brought_commits(struct check_brought *b)
{
	if (!b->has_commits) {
		b->has_commits = true;
		b->commits_rc = commits_outside(b->repo, b->known, b->nr_known, b->tips,
						b->nr_tips, CHECK_BROUGHT_MAX, &b->commits);
	}
	return b->commits_rc;
}

static int read_brought_allows(struct check_brought *b)
{
	if (!b->has_allows) {
		b->has_allows = true;
		if ((b->allows_rc = check_brought_commits(b)) == 0)
			b->allows_rc = check_allows_read(&b->allows, b->repo, &b->commits);
	}
	return b->allows_rc;
}

void check_brought_release(struct check_brought *b)
{
	commit_oids_release(&b->commits);
	check_allows_release(&b->allows);
}

int check_input_allow(struct check_input *in, const char *rule,
		      const struct check_allow **out)
{
	int rc;

	*out = NULL;
	if (!in->has_allows) {
		in->has_allows = true;
		if ((in->allows_rc = check_input_commits(in)) == 0)
			in->allows_rc = check_allows_read(&in->allows, in->o->repo,
							  &in->commits);
	}
	if (in->allows_rc < 0)
		return in->allows_rc;
	*out = check_allows_find(&in->allows, rule);
	if (*out || !in->brought)
		return 0;
	if ((rc = read_brought_allows(in->brought)) == 0)
		*out = check_allows_find(&in->brought->allows, rule);
	return rc;
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct change *)a)->path, ((const struct change *)b)->path);
}

/* Whether a path of the first list is in the others, too. */
static bool in_all(const struct change *c, const struct change_list *others, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		if (!others[i].nr || !bsearch(c, others[i].v, others[i].nr,
					      sizeof(*others[i].v), by_path))
			return false;
	return true;
}

int check_commit_changes(struct check_input *in, const struct commit_info *commit,
			 check_each_change *each, void *data)
{
	size_t nr = commit->nr_parents ? commit->nr_parents : 1;
	struct change_list *lists;
	static const struct oid zero = OID_ZERO;
	int rc = 0;

	/* At the border of a shallow clone: it came from a remote as it is. */
	for (size_t i = 0; repo_is_shallow(in->o->repo) && i < commit->nr_parents; i++)
		if (!object_exists(in->o->repo, &commit->parents[i]))
			return 0;
	lists = xcalloc(nr, sizeof(*lists));
	for (size_t i = 0; rc == 0 && i < nr; i++)
		rc = diff_trees(in->o->repo, commit->nr_parents ? &commit->parents[i] : &zero,
				&commit->tree, 0, &lists[i]);
	for (size_t i = 0; rc == 0 && i < lists[0].nr; i++) {
		const struct change *c = &lists[0].v[i];
		struct check_change x = { .path = c->path, .status = c->status,
					  .blob = c->new_oid, .mode = c->new_mode };

		if (in_all(c, lists + 1, nr - 1))
			rc = each(&x, data);
	}
	for (size_t i = 0; i < nr; i++)
		change_list_release(&lists[i]);
	free(lists);
	return rc;
}

/* --- documents ----------------------------------------------------------------- */

int check_input_text(struct check_input *in, const char *path, struct strbuf *out)
{
	bool here = in->work_tree && repo_work_tree(in->o->repo);

	return ledger_read_at(out, in->o, here ? NULL : &in->tip, path);
}

int check_input_before(struct check_input *in, const char *path, struct strbuf *out)
{
	return ledger_read_at(out, in->o, &in->base, path);
}

int check_input_plan(struct check_input *in)
{
	bool here = in->work_tree && repo_work_tree(in->o->repo);

	if (!in->has_plan) {
		in->has_plan = true;
		in->plan_rc = !config_get(in->o->config, "orch.plan") ? ORCH_ENOTFOUND :
			      plan_load_at(&in->plan, in->o, NULL, here ? NULL : &in->tip);
	}
	return in->plan_rc;
}

/* The id that the text begins with. What is no id of an item may still be one
 * that the plan knows: that is left to whoever looks. */
static char *id_of(struct check_input *in, const char *text)
{
	struct plan_patterns patterns = PLAN_PATTERNS_INIT;
	struct md_slice id, title, all = { text, strlen(text) };
	char *out = NULL;

	if (plan_patterns_load(&patterns, in->o) < 0)
		error_clear();
	if (ledger_split(&id, &title, all, patterns.item.code ? &patterns.item : NULL))
		out = xstrndup(id.text, id.len);
	plan_patterns_release(&patterns);
	return out;
}

int check_input_focus(struct check_input *in)
{
	const char *path = config_get(in->o->config, "orch.input");
	struct strbuf text = STRBUF_INIT;
	int rc = ORCH_ENOTFOUND;

	if (in->has_focus)
		return 0;
	in->has_focus = true;
	if (in->focus_id) {
		in->focus.id = xstrdup(in->focus_id);
		in->focus.text = xstrdup(in->focus_id);
		return 0;
	}
	/* What a turn was about was said before it; it may say what is next. */
	if (path && in->stage == CHECK_POST_TURN)
		rc = check_input_before(in, path, &text);
	if (path && rc < 0)
		rc = check_input_text(in, path, &text);
	if (rc < 0)
		strbuf_reset(&text);
	error_clear();
	in->focus.text = focus_of_input(text.buf, text.len);
	in->focus.id = *in->focus.text ? id_of(in, in->focus.text) : NULL;
	if (!*in->focus.text && check_input_plan(in) == 0 && in->plan.focus)
		in->focus.id = xstrdup(in->plan.focus);
	error_clear();
	strbuf_release(&text);
	return 0;
}

const char *check_executor(const struct orch *o)
{
	const char *name = config_get(o->config, "orch.executor");

	for (size_t i = 0; name && i < o->workflow.nr; i++)
		if (str_eq(o->workflow.v[i], name))
			return o->workflow.v[i];
	return o->workflow.nr ? o->workflow.v[o->workflow.nr - 1] : "";
}
