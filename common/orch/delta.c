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
#include "base/json.h"
#include "base/strbuf.h"
#include "git/gitproc.h"
#include "orch/orch.h"
#include "orch/turn.h"

#define MAX_COMMITS 1000
#define MAX_SHOWN 100
#define MAX_COUNTED (16u << 20)	/* larger untracked files are not counted */

/* --- uncommitted --------------------------------------------------------- */

static int64_t count_field(const char *s)
{
	char *end;
	long long n;

	if (*s == '-')
		return -1;	/* binary */
	n = strtoll(s, &end, 10);
	return end == s || n < 0 ? -1 : n;
}

static int compare_changes(const void *a, const void *b)
{
	return strcmp(((const struct change *)a)->path,
		      ((const struct change *)b)->path);
}

static struct change *find_change(struct change_list *l, const char *path)
{
	struct change key = { .path = (char *)(uintptr_t)path };

	return bsearch(&key, l->v, l->nr, sizeof(*l->v), compare_changes);
}

/*
 * Fill in the lines of tracked files. One record is "added TAB removed TAB
 * path NUL"; a rename has an empty path and then two more names.
 */
static int count_tracked(struct delta *d, struct orch *o)
{
	static const char empty_tree[] = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
	const char *args[] = { "diff", "--numstat", "-z", "-M", "--no-ext-diff",
			       "--no-textconv", "--ignore-submodules=dirty",
			       oid_is_zero(&d->head) ? empty_tree : "HEAD", "--",
			       NULL };
	struct strbuf out = STRBUF_INIT;
	const char *p, *end;
	int rc;

	if ((rc = gitproc_capture(o->repo, &out, args)) < 0)
		goto out;
	end = out.buf + out.len;
	for (p = out.buf; p < end;) {
		const char *added = p, *removed = strchr(p, '\t'), *path;
		struct change *c;

		if (!removed || !(path = strchr(++removed, '\t')))
			break;
		p = ++path;
		p += strlen(p) + 1;
		if (!*path && p < end) {	/* old name, new name */
			p += strlen(p) + 1;
			if (p >= end)
				break;
			path = p;
			p += strlen(p) + 1;
		}
		c = find_change(&d->uncommitted, path);
		if (c) {
			c->added = count_field(added);
			c->removed = count_field(removed);
		}
	}
out:
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

/* --- committed ----------------------------------------------------------- */

int delta_compute(struct delta *out, struct orch *o, const struct turn *t,
		  const char *actor)
{
	const struct turn_last *last = turn_last_of(t, actor);
	int rc;

	out->actor = xstrdup(actor);
	if ((rc = repo_head(o->repo, &out->head, NULL)) < 0)
		return rc;
	if (last && !oid_is_zero(&last->commit) &&
	    !object_exists(o->repo, &last->commit)) {
		warn("%s, where the last turn of %s ended, is not in this "
		     "repository any more", oid_short(&last->commit), actor);
		last = NULL;
	}
	if (!last) {
		out->first = true;
		return 0;
	}
	out->since = last->commit;
	out->since_iteration = last->iteration;
	out->since_ms = last->ended_ms;
	if (!oid_is_zero(&out->head) && !oid_eq(&out->since, &out->head) &&
	    ((rc = commits_between(o->repo, &out->since, &out->head, MAX_COMMITS,
				   &out->commits)) < 0 ||
	     (rc = diff_trees(o->repo, &out->since, &out->head,
			      DIFF_RENAMES | DIFF_LINES, &out->files)) < 0))
		return rc;
	return find_uncommitted(out, o);
}

void delta_release(struct delta *d)
{
	static const struct delta empty = DELTA_INIT;

	free(d->actor);
	commit_list_release(&d->commits);
	change_list_release(&d->files);
	change_list_release(&d->uncommitted);
	*d = empty;
}

/* --- shown --------------------------------------------------------------- */

char delta_status(const struct change *c)
{
	switch (c->status) {
	case '?':
		return 'A';
	case 'T':
	case 'U':
		return 'M';
	default:
		return c->status;
	}
}

char *delta_lines(const struct change *c)
{
	if (c->added < 0 || c->removed < 0)
		return xstrdup("binary");
	if (!c->removed)
		return xstrfmt("+%" PRId64, c->added);
	if (!c->added)
		return xstrfmt("-%" PRId64, c->removed);
	return xstrfmt("+%" PRId64 " -%" PRId64, c->added, c->removed);
}

static void add_count(struct json *out, const char *key, int64_t n)
{
	if (n < 0)
		json_add_null(out, key);
	else
		json_add_int(out, key, n);
}

static void add_files(struct json *files, const struct change_list *l,
		      bool uncommitted)
{
	for (size_t i = 0; i < l->nr; i++) {
		const struct change *c = &l->v[i];
		const char status[] = { delta_status(c), '\0' };
		struct json *f = json_add_object(files, NULL);

		json_add_bytes(f, "path", c->path, strlen(c->path));
		if (c->old_path)
			json_add_bytes(f, "old_path", c->old_path,
				       strlen(c->old_path));
		else
			json_add_null(f, "old_path");
		json_add_string(f, "status", status);
		add_count(f, "added", c->added);
		add_count(f, "removed", c->removed);
		if (uncommitted)
			json_add_bool(f, "uncommitted", true);
	}
}

void delta_to_json(struct json *out, const struct delta *d)
{
	struct json *since, *commits, *files;

	json_add_string(out, "actor", d->actor);
	since = json_add_object(out, "since");
	json_add_string(since, "commit",
			oid_is_zero(&d->since) ? NULL : oid_hex(&d->since));
	if (d->first)
		json_add_null(since, "iteration");
	else
		json_add_int(since, "iteration", d->since_iteration);
	commits = json_add_array(out, "commits");
	for (size_t i = 0; i < d->commits.nr; i++) {
		const struct commit_info *c = &d->commits.v[i];
		struct json *entry = json_add_object(commits, NULL);

		json_add_string(entry, "oid", oid_hex(&c->oid));
		json_add_bytes(entry, "subject", c->subject, strlen(c->subject));
	}
	files = json_add_array(out, "files");
	add_files(files, &d->files, false);
	add_files(files, &d->uncommitted, true);
}

static void summarize_files(struct strbuf *out, const struct change_list *l,
			    const char *mark)
{
	for (size_t i = 0; i < l->nr && i < MAX_SHOWN; i++) {
		const struct change *c = &l->v[i];
		char *lines = delta_lines(c);

		strbuf_addf(out, "%c  %-9s  ", delta_status(c), lines);
		if (c->old_path)
			strbuf_addf(out, "%s -> ", c->old_path);
		strbuf_addf(out, "%s%s\n", c->path, mark);
		free(lines);
	}
}

void delta_summary(struct strbuf *out, const struct delta *d)
{
	if (d->first) {
		strbuf_addf(out, "This is the first turn of %s: there is nothing "
			    "to compare with.\n", d->actor);
		return;
	}
	if (!d->commits.nr && !d->files.nr && !d->uncommitted.nr)
		strbuf_addstr(out, "Nothing has changed.\n");
	for (size_t i = 0; i < d->commits.nr && i < MAX_SHOWN; i++)
		strbuf_addf(out, "%s %s\n", oid_short(&d->commits.v[i].oid),
			    d->commits.v[i].subject);
	if (d->commits.nr > MAX_SHOWN)
		strbuf_addf(out, "... and %s%zu older: git log %s..%s\n",
			    d->commits.truncated ? "more than " : "",
			    d->commits.nr - MAX_SHOWN, oid_short(&d->since),
			    oid_short(&d->head));
	summarize_files(out, &d->files, "");
	if (d->files.nr > MAX_SHOWN)
		strbuf_addf(out, "... and %zu more files: git diff --stat %s..%s\n",
			    d->files.nr - MAX_SHOWN, oid_short(&d->since),
			    oid_short(&d->head));
	summarize_files(out, &d->uncommitted, "  (uncommitted)");
	if (d->uncommitted.nr > MAX_SHOWN)
		strbuf_addf(out, "... and %zu more uncommitted: git status\n",
			    d->uncommitted.nr - MAX_SHOWN);
}
