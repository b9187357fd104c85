#include "orch/ledger.h"

#include <dirent.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/file.h"
#include "base/strbuf.h"
#include "base/strvec.h"
#include "git/object.h"
#include "orch/findings.h"
#include "orch/orch.h"

int ledger_read(struct strbuf *out, struct orch *o, const char *path)
{
	int64_t max = config_get_int(o->config, "orch.maxDocument");
	const char *top = repo_work_tree(o->repo);
	size_t before = out->len;
	struct stat st;
	int fd = -1, rc;

	if (!top)
		return error_set(ORCH_ENOTFOUND, "a bare repository has no '%s'", path);
	if ((rc = file_open_beneath(&fd, &st, top, path, false)) < 0)
		return rc;
	if (!S_ISREG(st.st_mode))
		rc = error_set(ORCH_EINVALID, "'%s' is not a file", path);
	else if (st.st_size > max)
		rc = error_set(ORCH_EINVALID, "'%s' is larger than orch.maxDocument",
			       path);
	else if (strbuf_read_fd(out, fd, (size_t)max) < 0)
		rc = error_sys("cannot read '%s'", path);
	close(fd);
	if (rc < 0)
		strbuf_setlen(out, before);
	return rc;
}

int ledger_read_at(struct strbuf *out, struct orch *o, const struct oid *commit,
		   const char *path)
{
	int64_t max = config_get_int(o->config, "orch.maxDocument");
	struct oid blob;
	unsigned mode;
	int rc;

	if (!commit)
		return ledger_read(out, o, path);
	if (oid_is_zero(commit))
		return error_set(ORCH_ENOTFOUND, "no '%s' before the first commit", path);
	if ((rc = tree_lookup(o->repo, commit, path, &blob, &mode)) < 0)
		return rc;
	if ((mode & S_IFMT) != S_IFREG)
		return error_set(ORCH_EINVALID, "'%s' is not a file in %s", path,
				 oid_short(commit));
	rc = blob_read(o->repo, &blob, (size_t)max, out);
	/* It is there, but not here: that is no missing file. */
	return rc == ORCH_ENOTFOUND ? error_prefix(ORCH_ERROR, "cannot read '%s'", path) : rc;
}

static void list_directory(struct strvec *names, struct orch *o, const char *path)
{
	struct dirent *e;
	struct stat st;
	DIR *dir;
	int fd;

	if (!repo_work_tree(o->repo) ||
	    file_open_beneath(&fd, &st, repo_work_tree(o->repo), path, false) < 0)
		return;
	dir = S_ISDIR(st.st_mode) ? fdopendir(fd) : NULL;
	if (!dir) {
		close(fd);
		return;
	}
	while ((e = readdir(dir)))
		if (e->d_name[0] != '.')
			strvec_push(names, e->d_name);
	closedir(dir);
}

void ledger_list_at(struct strvec *names, struct orch *o, const struct oid *commit,
		    const char *path)
{
	struct strvec all = STRVEC_INIT;

	if (!commit)
		list_directory(names, o, path);
	else if (!oid_is_zero(commit))
		tree_list(o->repo, commit, str_eq(path, ".") ? "" : path, &all);
	for (size_t i = 0; i < all.nr; i++)
		if (all.v[i][0] != '.')
			strvec_push(names, all.v[i]);
	strvec_sort(names);
	strvec_release(&all);
	error_clear();
}

int findings_load(struct findings *f, struct orch *o, struct strbuf *text)
{
	struct strbuf own = STRBUF_INIT;
	struct strbuf *t = text ? text : &own;
	int rc;

	findings_release(f);
	strbuf_reset(t);
	rc = ledger_read(t, o, config_get(o->config, "orch.findings"));
	if (rc == ORCH_ENOTFOUND)
		rc = 0;
	else if (rc == 0)
		findings_parse(f, t->buf, t->len);
	strbuf_release(&own);
	return rc;
}
