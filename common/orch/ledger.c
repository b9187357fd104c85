#include "orch/ledger.h"

#include <sys/stat.h>

#include "base/error.h"
#include "base/file.h"
#include "base/strbuf.h"
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
