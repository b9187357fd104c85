#ifndef GIT_INTERNAL_H
#define GIT_INTERNAL_H
/* Only for the files of common/git: what a repository really is. */
#include <git2.h>
#include "base/compat.h"
#include "base/error.h"
#include "git/oid.h"

struct repo {
	git_repository *git2;
	char *git_dir, *common_dir, *work_tree;
	bool linked, shallow;
};

/* Store libgit2's message behind ours; returns the code that fits. */
int git2_error(int rc, const char *fmt, ...) PRINTF_LIKE(2, 3);

static inline void oid_from_git2(struct oid *out, const git_oid *in)
{
	memcpy(out->raw, in->id, OID_RAW);
}
static inline void oid_to_git2(git_oid *out, const struct oid *in)
{
	memcpy(out->id, in->raw, OID_RAW);
}
#endif
