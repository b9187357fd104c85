/*
 * One document as it is now. See docget.h.
 */
#include "orch/docget.h"

#include <sys/stat.h>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "git/object.h"
#include "orch/docset.h"
#include "orch/document.h"
#include "orch/orch.h"
#include "orch/packtext.h"
#include "orch/viewstore.h"

#define MAX_CONTEXT 1000

/* --- which file is meant --------------------------------------------------- */

/* Without ".", ".." and empty components; NULL if it leads above its start. */
static char *normalized(const char *path)
{
	struct strbuf out = STRBUF_INIT;

	for (const char *p = path; *p;) {
		size_t n = strcspn(p, "/");

		if (n == 2 && p[0] == '.' && p[1] == '.') {
			const char *slash = memrchr(out.buf, '/', out.len);

			if (!out.len) {
				strbuf_release(&out);
				return NULL;
			}
			strbuf_setlen(&out, slash ? (size_t)(slash - out.buf) : 0);
		} else if (n && !(n == 1 && p[0] == '.')) {
			if (out.len)
				strbuf_addch(&out, '/');
			strbuf_add(&out, p, n);
		}
		p += n + (p[n] == '/');
	}
	return strbuf_detach(&out, NULL);
}

/* What of an absolute path is below `dir`, or NULL. */
static const char *below(const char *path, const char *dir)
{
	size_t n = strlen(dir);

	return str_starts(path, dir) && path[n] == '/' ? path + n + 1 :
	       str_eq(path, dir) ? path + n : NULL;
}

/* The same with the symlinks above the work tree followed, as a shell may show
 * another name of it. */
static char *real_below(const char *path, const char *top)
{
	const char *slash = strrchr(path, '/');
	char *dir = xstrndup(path, slash == path ? 1 : (size_t)(slash - path));
	char *real = realpath(dir, NULL), *full, *out = NULL;

	if (real) {
		full = xstrfmt("%s/%s", real, slash + 1);
		out = xstrdup(below(full, top));
		free(full);
	}
	free(real);
	free(dir);
	return out;
}

static char *from_here(const char *path, const char *top)
{
	char *cwd = getcwd(NULL, 0), *joined, *out;
	const char *rest = cwd ? below(cwd, top) : NULL;

	joined = xstrfmt("%s/%s", rest ? rest : "", path);
	out = rest ? normalized(joined) : NULL;
	free(joined);
	free(cwd);
	return out;
}

static bool exists(struct orch *o, const char *path)
{
	char *full = xstrfmt("%s/%s", repo_work_tree(o->repo), path);
	struct stat st;
	bool yes = lstat(full, &st) == 0;

	free(full);
	return yes;
}

/*
 * Every page of ours names documents from the top of the work tree, whatever the
 * current directory is; who completes a name in a shell gives it from there.
 */
static char *meant(struct orch *o, const char *path)
{
	const char *top = repo_work_tree(o->repo), *rest;
	char *from_top, *here;

	if (*path == '/') {
		rest = below(path, top);
		here = rest ? normalized(rest) : real_below(path, top);
		return here;
	}
	here = from_here(path, top);
	if (str_starts(path, "./") || str_starts(path, "../"))
		return here;
	from_top = normalized(path);
	if (here && exists(o, here) && (!from_top || !exists(o, from_top))) {
		free(from_top);
		return here;
	}
	free(here);
	return from_top;
}

int docget_path(char **out, struct orch *o, const char *path)
{
	char *found = meant(o, path);

	/* A path with a component like .git is refused here already, so that it is
	 * the same whether the file is there or not. */
	if (!found || !*found || !path_is_safe(found)) {
		free(found);
		return error_set(ORCH_EINVALID, "'%s' is not a file below the work tree",
				 path);
	}
	*out = found;
	return 0;
}

/* --- whether it may be read --------------------------------------------------- */

static int is_document(struct orch *o, const char *path)
{
	int rc = 0;

	for (size_t i = 0; i < o->workflow.nr && rc == 0; i++) {
		struct strvec paths = STRVEC_INIT;

		rc = documents_resolve(&paths, o, o->workflow.v[i]);
		if (rc == 0)
			rc = strvec_has(&paths, path);
		strvec_release(&paths);
	}
	return rc;
}

/* What git ignores is nobody's document: build results, secrets, other tools' state. */
static int may_read(struct orch *o, const char *path)
{
	bool ignored, tracked;
	int rc;

	if ((rc = repo_is_ignored(o->repo, path, &ignored)) < 0 || !ignored)
		return rc;
	if ((rc = repo_is_tracked(o->repo, path, &tracked)) < 0 || tracked)
		return rc;
	if ((rc = is_document(o, path)) != 0)
		return rc < 0 ? rc : 0;
	return error_set(ORCH_EINVALID, "'%s' is ignored by git, and no document", path);
}

/* ORCH_ENOTFOUND: it is not there. */
static int read_file(struct strbuf *out, struct orch *o, const char *path)
{
	int64_t max = config_get_int(o->config, "orch.maxDocument");
	struct stat st;
	int fd = -1, rc;

	if ((rc = file_open_beneath(&fd, &st, repo_work_tree(o->repo), path, false)) < 0)
		return rc;
	if (!S_ISREG(st.st_mode))
		rc = error_set(ORCH_EINVALID, "'%s' is no regular file", path);
	else if ((rc = may_read(o, path)) < 0)
		;
	else if (max > 0 && st.st_size > max)
		rc = error_set(ORCH_EINVALID, "'%s' has %" PRId64 " bytes, over "
			       "orch.maxDocument (%" PRId64 ")", path,
			       (int64_t)st.st_size, max);
	else if (strbuf_read_fd(out, fd, max > 0 ? (size_t)max : SIZE_MAX) < 0)
		rc = error_sys("cannot read '%s'", path);
	close(fd);
	return rc;
}

/* --- all of it, or a section ---------------------------------------------------- */

static unsigned count_lines(const struct strbuf *text)
{
	unsigned n = 0;

	for (size_t i = 0; i < text->len; n++) {
		const char *nl = memchr(text->buf + i, '\n', text->len - i);

		i = nl ? (size_t)(nl - text->buf) + 1 : text->len;
	}
	return n;
}

static int cut_section(struct docget *d, const char *name)
{
	int rc;

	d->first = 1;
	d->last = count_lines(&d->text);
	if (!name)
		return 0;
	if ((rc = section_find(&d->section, d->text.buf, d->text.len, name, d->path)) < 0)
		return rc;
	d->first = d->section.first;
	d->last = d->section.last;
	strbuf_setlen(&d->text, d->section.end);
	strbuf_remove(&d->text, 0, d->section.begin);
	return 0;
}

/* --- what changed ------------------------------------------------------------------ */

/* "@@ -3,2 +5 @@": the first line of the new text, less one where it has none. */
static unsigned first_new_line(const char *header, size_t len)
{
	const char *plus = memchr(header, '+', len), *p;
	unsigned line = 0;
	bool empty = false;

	if (!plus)
		return 0;
	for (p = plus + 1; *p >= '0' && *p <= '9' && line < UINT32_MAX / 10; p++)
		line = line * 10 + (unsigned)(*p - '0');
	if (p[0] == ',')
		empty = p[1] == '0' && (p[2] < '0' || p[2] > '9');
	return line + empty;	/* then it names the line before the place */
}

/* Whether a line is added in [first, last], or one taken away from there. */
static bool is_about(const char *hunk, size_t len, unsigned first, unsigned last)
{
	const char *eol = memchr(hunk, '\n', len);
	size_t pos = eol ? (size_t)(eol - hunk) + 1 : len;
	unsigned line = first_new_line(hunk, pos);

	for (; pos < len; pos += eol ? (size_t)(eol - hunk) + 1 - pos : len - pos) {
		eol = memchr(hunk + pos, '\n', len - pos);
		if (hunk[pos] == '+' && line >= first && line <= last)
			return true;
		if (hunk[pos] == '-' && line > first && line <= last + 1)
			return true;
		line += hunk[pos] == '+' || hunk[pos] == ' ';
	}
	return false;
}

/* Only the hunks that are about these lines. */
static void keep_hunks(struct strbuf *hunks, unsigned first, unsigned last)
{
	struct strbuf kept = STRBUF_INIT;

	for (size_t i = 0; i < hunks->len;) {
		const char *next = memmem(hunks->buf + i, hunks->len - i, "\n@@ ", 4);
		size_t n = next ? (size_t)(next - hunks->buf) + 1 - i : hunks->len - i;

		if (is_about(hunks->buf + i, n, first, last))
			strbuf_add(&kept, hunks->buf + i, n);
		i += n;
	}
	strbuf_release(hunks);
	*hunks = kept;
}

static void add_name(struct strbuf *out, const char *lead, const char *side,
		     const char *path)
{
	char *name = xstrfmt("%s%s", side, path);

	strbuf_addstr(out, lead);
	text_add_quoted_path(out, name, strlen(name));
	strbuf_addch(out, '\n');
	free(name);
}

/* The text becomes the difference to `old`. */
static int diff_with(struct docget *d, struct orch *o, const struct strbuf *old,
		     const char *section)
{
	int64_t context = config_get_int(o->config, "orch.diffContext");
	struct strbuf hunks = STRBUF_INIT;
	int rc;

	if ((rc = packtext_hunks(&hunks, old->buf, old->len, d->text.buf, d->text.len,
				 context > MAX_CONTEXT ? MAX_CONTEXT
						       : (unsigned)context)) < 0)
		goto out;
	if ((rc = cut_section(d, section)) < 0)
		goto out;
	if (section)
		keep_hunks(&hunks, d->first, d->last);
	strbuf_reset(&d->text);
	if (!hunks.len)
		goto out;
	add_name(&d->text, "--- ", "a/", d->path);
	if (d->state == DOCUMENT_REMOVED)
		strbuf_addstr(&d->text, "+++ /dev/null\n");
	else
		add_name(&d->text, "+++ ", "b/", d->path);
	strbuf_addbuf(&d->text, &hunks);
out:
	strbuf_release(&hunks);
	return rc;
}

/* The version that the actor's last acknowledged pack knew. 1, or 0: none. */
static int read_known(struct strbuf *out, struct docget *d, struct orch *o,
		      const char *actor)
{
	int64_t max = config_get_int(o->config, "orch.maxDocument");
	struct view_store store = VIEW_STORE_INIT;
	struct oid oid;
	unsigned mode;
	int rc;

	if ((rc = view_store_load(&store, o, actor)) < 0)
		goto out;
	view_store_seen(&d->since, &store, o);
	/* What gc or a shallow fetch took away nobody has seen. */
	if (oid_is_zero(&store.known) ||
	    tree_lookup(o->repo, &store.known, d->path, &oid, &mode) < 0 ||
	    (mode & 0170000) != 0100000 ||
	    blob_read_exact(o->repo, &oid, max > 0 ? (size_t)max : SIZE_MAX, out) < 0)
		error_clear();
	else
		rc = 1;
out:
	view_store_release(&store);
	return rc;
}

static int read_diff(struct docget *d, struct orch *o, const struct docget_request *req,
		     bool gone)
{
	struct strbuf old = STRBUF_INIT;
	int rc = read_known(&old, d, o, req->actor);

	if (rc < 0)
		goto out;
	d->state = !rc ? DOCUMENT_NEW : gone ? DOCUMENT_REMOVED :
		   old.len == d->text.len && !memcmp(old.buf, d->text.buf, old.len)
		   ? DOCUMENT_UNCHANGED : DOCUMENT_CHANGED;
	if (d->state != DOCUMENT_NEW)
		rc = diff_with(d, o, &old, gone ? NULL : req->section);
	else if (gone)
		rc = error_set(ORCH_ENO, "there is no file '%s'; the documents are listed "
			       "by git orch context status", d->path);
	else
		rc = cut_section(d, req->section);
out:
	strbuf_release(&old);
	return rc;
}

int docget_read(struct docget *out, struct orch *o, const struct docget_request *req)
{
	int rc;

	if ((rc = docget_path(&out->path, o, req->path)) < 0)
		return rc;
	rc = read_file(&out->text, o, out->path);
	if (req->diff && (rc == 0 || rc == ORCH_ENOTFOUND)) {
		error_clear();
		return read_diff(out, o, req, rc == ORCH_ENOTFOUND);
	}
	if (rc == ORCH_ENOTFOUND)
		return error_set(ORCH_ENO, "there is no file '%s'; the documents are listed "
				 "by git orch context status", out->path);
	return rc < 0 ? rc : cut_section(out, req->section);
}

void docget_release(struct docget *d)
{
	static const struct docget empty = DOCGET_INIT;

	free(d->path);
	strbuf_release(&d->text);
	section_release(&d->section);
	view_seen_release(&d->since);
	*d = empty;
}
