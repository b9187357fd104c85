#ifndef ORCH_TEXTS_H
#define ORCH_TEXTS_H
/*
 * The bytes of documents by object name, each read once while it is at hand:
 * the same version is compared with several others. What was lent stays valid
 * until texts_trim() or texts_release().
 */
#include "base/compat.h"
#include "git/oid.h"
struct repo;
struct strbuf;

struct text {
	struct oid oid;
	char *buf;
	size_t len;
	uint64_t used;		/* when it was last lent */
	bool pinned;		/* the repository may not have it */
};
struct texts {
	struct repo *repo;
	struct text *v;
	size_t nr, alloc, bytes;
	uint64_t clock;
};
#define TEXTS_INIT(repo) { repo, NULL, 0, 0, 0, 0 }

/* *buf is borrowed; NUL-terminated. ORCH_ENOTFOUND: the repository does not
 * have it. */
int texts_get(struct texts *t, const struct oid *oid, const char **buf,
	      size_t *len);
/* How many bytes it has, without reading it. */
int texts_size(struct texts *t, const struct oid *oid, uint64_t *size);
/* Bytes that may not be in the repository; they are copied, and stay. */
void texts_put(struct texts *t, const struct oid *oid, const void *data,
	       size_t len);
bool texts_has(const struct texts *t, const struct oid *oid);
/* Forget what was not used for longest, down to `bytes`. */
void texts_trim(struct texts *t, size_t bytes);
void texts_release(struct texts *t);
#endif
