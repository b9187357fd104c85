/* A tree object, entry by entry as it is stored: nothing is copied. */
#include "git/tree_read.h"

#include "git/object.h"

int tree_reader_open(struct tree_reader *r, struct repo *repo, git_odb *odb,
		     const struct oid *oid)
{
	const struct oid *real = object_replaced(repo, oid);
	git_oid id;
	int rc;

	memset(r, 0, sizeof(*r));
	oid_to_git2(&id, real);
	rc = git_odb_read(&r->object, odb, &id);
	if (rc == GIT_ENOTFOUND && object_fetch_missing(repo, real))
		rc = git_odb_read(&r->object, odb, &id);
	if (rc == GIT_ENOTFOUND)
		return error_set(ORCH_ENOTFOUND, "no tree %s in this repository",
				 oid_hex(oid));
	if (rc < 0)
		return git2_error(rc, "cannot read the tree %s", oid_hex(oid));
	if (git_odb_object_type(r->object) != GIT_OBJECT_TREE) {
		tree_reader_close(r);
		return error_set(ORCH_EINVALID, "%s is not a tree", oid_hex(oid));
	}
	r->oid = *oid;
	r->at = git_odb_object_data(r->object);
	r->end = r->at + git_odb_object_size(r->object);
	return 0;
}

/* git writes five modes; old trees hold others, which it reads as these. */
static unsigned normal_mode(unsigned mode)
{
	switch (mode & 0170000u) {
	case 0040000u:
		return GIT_FILEMODE_TREE;
	case 0120000u:
		return GIT_FILEMODE_LINK;
	case 0160000u:
		return GIT_FILEMODE_COMMIT;
	default:
		return mode & 0100 ? GIT_FILEMODE_BLOB_EXECUTABLE : GIT_FILEMODE_BLOB;
	}
}

int tree_reader_next(struct tree_reader *r)
{
	const char *p = r->at, *nul;
	unsigned mode = 0;
	int digits;

	r->name = NULL;
	if (p == r->end)
		return 0;
	for (digits = 0; p < r->end && *p >= '0' && *p <= '7' && digits < 7; digits++)
		mode = mode * 8 + (unsigned)(*p++ - '0');
	if (!digits || p == r->end || *p++ != ' ')
		goto broken;
	nul = memchr(p, '\0', (size_t)(r->end - p));
	if (!nul || nul == p || r->end - nul <= OID_RAW)
		goto broken;
	r->name = p;
	r->mode = normal_mode(mode);
	memcpy(r->id.raw, nul + 1, OID_RAW);
	r->at = nul + 1 + OID_RAW;
	return 1;
broken:
	return error_set(ORCH_EINVALID, "the tree %s is broken", oid_hex(&r->oid));
}

void tree_reader_close(struct tree_reader *r)
{
	git_odb_object_free(r->object);
	r->object = NULL;
}
