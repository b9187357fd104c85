/*
 * Reading a pack back as its agent does, and comparing.
 */
#include <fcntl.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/file.h"
#include "git/object.h"
#include "orch/orch.h"
#include "orch/pack.h"
#include "orch/packtext.h"
#include "orch/viewstore.h"

/* What the work tree has under that name now. */
static int hash_file(struct oid *out, struct orch *o, const char *path)
{
	int64_t max = config_get_int(o->config, "orch.maxDocument");
	struct strbuf text = STRBUF_INIT;
	struct stat st;
	int fd = -1, rc;

	rc = file_open_beneath(&fd, &st, repo_work_tree(o->repo), path, false);
	if (rc < 0)
		return rc;
	if (strbuf_read_fd(&text, fd, (size_t)max) < 0)
		rc = error_sys("cannot read '%s'", path);
	else
		blob_hash(text.buf, text.len, out);
	close(fd);
	strbuf_release(&text);
	return rc;
}

int pack_verify(struct pack *p, struct orch *o, const char *actor, size_t *checked)
{
	struct view_store store = VIEW_STORE_INIT;
	struct docset docs = DOCSET_INIT;
	int rc;

	*checked = 0;
	if (p->resumed) {	/* on top of what this session has */
		if ((rc = view_store_load(&store, o, actor)) < 0)
			goto out;
		docset_from_tree(&docs, o->repo, &store.seen);
	}
	if ((rc = packtext_apply(&docs, &p->texts, p->text.buf, p->text.len)) < 0) {
		rc = error_prefix(ORCH_ENO, "the pack cannot be read back");
		goto out;
	}
	for (size_t i = 0; i < docs.nr; i++) {
		const struct docver *d = &docs.v[i];
		struct oid oid;

		/* Left out by a budget: the session has it as it was. */
		if (p->resumed && docset_find(&p->now, d->path) &&
		    !oid_eq(&docset_find(&p->now, d->path)->oid, &d->oid) &&
		    docset_find(&p->whole, d->path) &&
		    oid_eq(&docset_find(&p->whole, d->path)->oid, &d->oid))
			continue;
		rc = hash_file(&oid, o, d->path);
		if (rc == ORCH_ENOTFOUND) {
			rc = error_set(ORCH_ENO, "'%s' is in the pack and not in the "
				       "work tree", d->path);
			goto out;
		}
		if (rc < 0)
			goto out;
		if (!oid_eq(&oid, &d->oid)) {
			rc = error_set(ORCH_ENO, "'%s' is not in the pack as it is in "
				       "the work tree", d->path);
			goto out;
		}
		++*checked;
	}
	/* And nothing is missing that is not named as left out. */
	for (size_t i = 0; i < p->now.nr && rc == 0; i++) {
		bool omitted = false;

		for (size_t k = 0; k < p->nr_omitted; k++)
			omitted |= str_eq(p->omitted[k].path, p->now.v[i].path);
		if (!omitted && !docset_find(&docs, p->now.v[i].path))
			rc = error_set(ORCH_ENO, "'%s' is missing in the pack",
				       p->now.v[i].path);
	}
out:
	docset_release(&docs);
	view_store_release(&store);
	return rc;
}
