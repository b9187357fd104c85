/*
 * Which artifacts may go.
 */
#include "orch/artifact_cleanup.h"

#include "base/error.h"
#include "base/text.h"
#include "git/gitproc.h"
#include "orch/artifact.h"
#include "orch/orch.h"
#include "orch/trash.h"

#define ASKED_AT_ONCE 200	/* paths on a command line of git */

/* --- the latest of each initiative ---------------------------------------- */

struct candidate {
	size_t i;		/* in the index */
	int64_t time_ms;
	char *initiative;
	bool tracked, latest;
};
struct candidates {
	struct candidate *v;
	size_t nr, alloc;
};

static int newest_first(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;
	int order = strcmp(x->initiative, y->initiative);

	if (order)
		return order;
	if (x->time_ms != y->time_ms)
		return x->time_ms > y->time_ms ? -1 : 1;
	return x->i > y->i ? -1 : x->i < y->i;
}

static int by_index(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	return (x->i > y->i) - (x->i < y->i);
}

static void mark_latest(struct candidates *c, int64_t keep)
{
	int64_t rank = 0;

	if (c->nr)
		qsort(c->v, c->nr, sizeof(*c->v), newest_first);
	for (size_t i = 0; i < c->nr; i++) {
		rank = i && str_eq(c->v[i - 1].initiative, c->v[i].initiative) ? rank + 1 : 0;
		c->v[i].latest = rank < keep;
	}
	if (c->nr)
		qsort(c->v, c->nr, sizeof(*c->v), by_index);
}

/* --- what git has ---------------------------------------------------------- */

static size_t candidate_of(struct artifacts *ix, const struct candidates *c, size_t from,
			   const char *path)
{
	for (size_t i = from; i < c->nr; i++) {
		const char *dir = artifacts_path(ix, c->v[i].i);
		size_t n = strlen(dir);

		if (str_starts(path, dir) && path[n] == '/')
			return i;
	}
	return SIZE_MAX;
}

/* What is added and not committed counts as well: git reads its own index. */
static int ask_index(struct artifacts *ix, struct orch *o, struct candidates *c, size_t from,
		     size_t to)
{
	const char *args[ASKED_AT_ONCE + 6] = {
		"--literal-pathspecs", "ls-files", "-z", "--"
	};
	struct strbuf out = STRBUF_INIT;
	size_t n = 4;
	int rc;

	for (size_t i = from; i < to; i++)
		args[n++] = artifacts_path(ix, c->v[i].i);
	args[n] = NULL;
	rc = gitproc_capture(o->repo, &out, args);
	/* Both are sorted, nearly: start where the last one was. */
	for (size_t at = 0, last = from; rc == 0 && at < out.len;
	     at += strlen(out.buf + at) + 1) {
		size_t i = candidate_of(ix, c, last, out.buf + at);

		if (i == SIZE_MAX)
			i = candidate_of(ix, c, from, out.buf + at);
		if (i != SIZE_MAX)
			c->v[last = i].tracked = true;
	}
	strbuf_release(&out);
	return rc;
}

/* --- choosing -------------------------------------------------------------- */

static int list_candidates(struct candidates *c, struct artifacts *ix,
			   const struct cleanup_request *req)
{
	struct artifact a = ARTIFACT_INIT;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < artifacts_count(ix); i++) {
		const char *initiative;

		if ((rc = artifacts_get(&a, ix, i, 0)) < 0 || !a.stamp)
			continue;
		initiative = a.initiative ? a.initiative : "";
		if (req->initiative && !str_eq(initiative, req->initiative))
			continue;
		ALLOC_GROW(c->v, c->nr + 1, c->alloc);
		c->v[c->nr++] = (struct candidate) {
			i, a.time_ms, xstrdup(initiative), a.tracked, false
		};
	}
	artifact_release(&a);
	return rc;
}

static void add_item(struct cleanup *out, const struct artifact *a)
{
	struct trash_item *item;

	ALLOC_GROW(out->v, out->nr + 1, out->alloc);
	item = &out->v[out->nr++];
	*item = (struct trash_item) {
		.path = xstrdup(a->path), .stamp = xstrdup(a->stamp),
		.initiative = xstrdup(a->initiative), .files = (int64_t)a->nr_files,
		.size = a->size
	};
	out->size += a->size;
}

static int choose(struct cleanup *out, struct artifacts *ix, const struct candidates *c,
		  const struct named *named, const struct cleanup_request *req)
{
	int64_t limit = time_now_ms() - req->older_than * 1000;
	struct artifact a = ARTIFACT_INIT;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < c->nr; i++) {
		if (c->v[i].time_ms > limit)
			continue;
		if ((rc = artifacts_get(&a, ix, c->v[i].i, ARTIFACT_SIZES)) < 0 ||
		    a.size <= req->larger_than)
			continue;
		if (c->v[i].latest)
			out->latest++;
		else if (named_has(named, a.path, a.stamp))
			out->named++;
		else if (c->v[i].tracked && !req->tracked)
			out->tracked++;
		else
			add_item(out, &a);
	}
	artifact_release(&a);
	return rc;
}

int cleanup_choose(struct cleanup *out, struct artifacts *ix, struct orch *o,
		   const struct cleanup_request *req)
{
	struct candidates c = { NULL, 0, 0 };
	struct named *named = NULL;
	int rc;

	if ((rc = named_load(&named, o, &out->no_plan)) < 0 ||
	    (rc = list_candidates(&c, ix, req)) < 0)
		goto out;
	mark_latest(&c, req->keep_latest);
	for (size_t i = 0; rc == 0 && i < c.nr; i += ASKED_AT_ONCE)
		rc = ask_index(ix, o, &c, i, i + ASKED_AT_ONCE < c.nr ? i + ASKED_AT_ONCE : c.nr);
	if (rc == 0)
		rc = choose(out, ix, &c, named, req);
out:
	for (size_t i = 0; i < c.nr; i++)
		free(c.v[i].initiative);
	free(c.v);
	named_free(named);
	return rc;
}

void cleanup_release(struct cleanup *c)
{
	for (size_t i = 0; i < c->nr; i++)
		trash_item_release(&c->v[i]);
	free(c->v);
	*c = (struct cleanup)CLEANUP_INIT;
}
