/*
 * refs/replace/: git reads another object in place of a replaced one; libgit2
 * 1.5 does not. The map is read once per repository, and only when there is
 * one: the usual price is two system calls.
 */
#include <dirent.h>
#include <sys/stat.h>
#include "base/file.h"
#include "base/strbuf.h"
#include "git/internal.h"
#include "git/refs.h"
#include "git/repo.h"

struct pair {
	struct oid from, to;
};
struct replacements {
	struct pair *v;
	size_t nr, alloc;
};

static int remember(const char *name, const struct oid *to, void *data)
{
	struct replacements *r = data;
	struct oid from;

	if (oid_parse(&from, name + strlen("refs/replace/")) < 0)
		return 0;
	ALLOC_GROW(r->v, r->nr + 1, r->alloc);
	r->v[r->nr].from = from;
	r->v[r->nr].to = *to;
	r->nr++;
	return 0;
}

static int by_from(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;

	return memcmp(x->from.raw, y->from.raw, OID_RAW);
}

/* Without going through libgit2's reference list, which reads everything. */
static bool may_have_any(const struct repo *repo)
{
	char *path = xstrfmt("%s/refs/replace", repo->common_dir);
	struct strbuf packed = STRBUF_INIT;
	struct stat st;
	bool yes = stat(path, &st) == 0;

	free(path);
	if (yes)
		return true;
	path = xstrfmt("%s/packed-refs", repo->common_dir);
	if (file_read(&packed, path, (size_t)256 << 20, 0) == 0)
		yes = memmem(packed.buf, packed.len, " refs/replace/", 14) != NULL;
	error_clear();
	strbuf_release(&packed);
	free(path);
	return yes;
}

static void load(struct repo *repo)
{
	git_config *config = NULL;
	int use = 1;

	repo->replaced = xcalloc(1, sizeof(*repo->replaced));
	if (getenv("GIT_NO_REPLACE_OBJECTS") || !may_have_any(repo))
		return;
	if (git_repository_config_snapshot(&config, repo->git2) == 0)
		git_config_get_bool(&use, config, "core.usereplacerefs");
	git_config_free(config);
	if (!use)
		return;
	if (ref_list(repo, "refs/replace/", remember, repo->replaced) < 0)
		warn("refs/replace cannot be read: %s", error_message());
	if (repo->replaced->nr)
		qsort(repo->replaced->v, repo->replaced->nr,
		      sizeof(*repo->replaced->v), by_from);
}

void repo_ignore_replacements(struct repo *repo)
{
	replacements_free(repo->replaced);
	repo->replaced = xcalloc(1, sizeof(*repo->replaced));
}

bool object_any_replaced(struct repo *repo)
{
	if (!repo->replaced)
		load(repo);
	return repo->replaced->nr > 0;
}

const struct oid *object_replaced(struct repo *repo, const struct oid *oid)
{
	const struct pair *hit;
	struct pair key = { .from = *oid };
	unsigned hops;

	/* A replacement may be replaced itself; git follows five. */
	for (hops = 0; hops < 5 && object_any_replaced(repo); hops++) {
		key.from = *oid;
		hit = bsearch(&key, repo->replaced->v, repo->replaced->nr,
			      sizeof(key), by_from);
		if (!hit)
			break;
		oid = &hit->to;
	}
	return oid;
}

void replacements_free(struct replacements *r)
{
	if (r)
		free(r->v);
	free(r);
}
