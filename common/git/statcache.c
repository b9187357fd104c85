/*
 * Object names of work tree files without reading those that have not
 * changed. The file is a git index whose entries carry the stat data that
 * was seen when the file was hashed.
 */
#include "git/statcache.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>

#include "base/file.h"
#include "base/strbuf.h"
#include "git/internal.h"
#include "git/object.h"
#include "git/repo.h"

/*
 * File times come from a clock that may tick as seldom as every 10 ms: a
 * file that is younger than that may change again without showing it.
 */
#define RACY_NS (10 * 1000 * 1000)

struct statcache {
	struct repo *repo;
	git_index *index;
	bool changed;
};

int statcache_open(struct statcache **out, struct repo *repo, const char *path)
{
	struct statcache *c;

	if (!repo_work_tree(repo))
		return error_set(ORCH_EINVALID, "a bare repository has no work tree");
	c = xcalloc(1, sizeof(*c));
	c->repo = repo;
	if (git_index_open(&c->index, path) < 0) {
		/* Broken: begin anew. It can be computed again. */
		c->index = NULL;
		unlink(path);
		if (git_index_open(&c->index, path) < 0) {
			free(c);
			return git2_error(-1, "cannot open '%s'", path);
		}
	}
	*out = c;
	return 0;
}

static void fill_entry(git_index_entry *e, const struct stat *st, const char *rel)
{
	memset(e, 0, sizeof(*e));
	e->ctime.seconds = (int32_t)st->st_ctim.tv_sec;
	e->ctime.nanoseconds = (uint32_t)st->st_ctim.tv_nsec;
	e->mtime.seconds = (int32_t)st->st_mtim.tv_sec;
	e->mtime.nanoseconds = (uint32_t)st->st_mtim.tv_nsec;
	e->dev = (uint32_t)st->st_dev;
	e->ino = (uint32_t)st->st_ino;
	e->mode = GIT_FILEMODE_BLOB;
	e->uid = (uint32_t)st->st_uid;
	e->gid = (uint32_t)st->st_gid;
	e->file_size = (uint32_t)st->st_size;
	e->path = rel;
}

/* The device is left out, as git does: it changes with every mount. */
static bool same_stat(const git_index_entry *a, const git_index_entry *b)
{
	return a->ctime.seconds == b->ctime.seconds &&
	       a->ctime.nanoseconds == b->ctime.nanoseconds &&
	       a->mtime.seconds == b->mtime.seconds &&
	       a->mtime.nanoseconds == b->mtime.nanoseconds &&
	       a->ino == b->ino && a->uid == b->uid && a->gid == b->gid &&
	       a->file_size == b->file_size;
}

static int64_t to_ns(const struct timespec *t)
{
	return (int64_t)t->tv_sec * 1000000000 + t->tv_nsec;
}

/* Whether a change after now could leave the same times behind. */
static bool is_racy(const struct stat *st)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return to_ns(&st->st_mtim) + RACY_NS > to_ns(&now) ||
	       to_ns(&st->st_ctim) + RACY_NS > to_ns(&now);
}

static int check_kind(const char *rel, const struct stat *st, size_t max)
{
	if (S_ISDIR(st->st_mode))
		return error_set(ORCH_EINVALID, "'%s' is a directory", rel);
	if (!S_ISREG(st->st_mode))
		return error_set(ORCH_EINVALID, "'%s' is not a regular file", rel);
	if ((uint64_t)st->st_size > max)
		return error_set(ORCH_EINVALID, "'%s' has %jd bytes, more than %zu", rel,
				 (intmax_t)st->st_size, max);
	return 0;
}

/*
 * The stat data of `rel` without opening it: lstat for what is no symlink;
 * a symlink is resolved below the work tree.
 */
static int look(struct statcache *c, const char *rel, struct stat *st)
{
	const char *root = repo_work_tree(c->repo);
	char *path;
	int fd = -1, rc;

	if (!path_is_safe(rel))
		return error_set(ORCH_EINVALID, "'%s' is not a path inside the work tree",
				 rel);
	path = xstrfmt("%s/%s", root, rel);
	rc = lstat(path, st);
	free(path);
	if (rc < 0 && (errno == ENOENT || errno == ENOTDIR))
		return error_set(ORCH_ENOTFOUND, "no file '%s'", rel);
	if (rc == 0 && !S_ISLNK(st->st_mode))
		return 0;
	if ((rc = file_open_beneath(&fd, st, root, rel, true)) < 0)
		return rc;
	close(fd);
	return 0;
}

/* Read it, checking that it stays the same meanwhile. */
static int hash_file(struct statcache *c, const char *rel, size_t max, bool store,
		     git_index_entry *e, uint64_t *size)
{
	struct strbuf text = STRBUF_INIT;
	struct stat before, after;
	struct oid oid;
	int fd = -1, rc;

	rc = file_open_beneath(&fd, &before, repo_work_tree(c->repo), rel, false);
	if (rc < 0)
		return rc;
	if ((rc = check_kind(rel, &before, max)) < 0)
		goto out;
	if (strbuf_read_fd(&text, fd, max) < 0) {
		rc = errno == EFBIG ?
		     error_set(ORCH_EINVALID, "'%s' has more than %zu bytes", rel, max) :
		     error_sys("cannot read '%s'", rel);
		goto out;
	}
	if (store)
		rc = blob_write(c->repo, text.buf, text.len, &oid);
	else
		blob_hash(text.buf, text.len, &oid);
	if (rc < 0)
		goto out;
	*size = text.len;
	fill_entry(e, &before, rel);
	oid_to_git2(&e->id, &oid);
	if (is_racy(&before) || fstat(fd, &after) < 0 ||
	    to_ns(&before.st_mtim) != to_ns(&after.st_mtim) ||
	    before.st_size != after.st_size || (uint64_t)before.st_size != text.len)
		goto out;	/* right now, but not to be relied on later */
	if (git_index_add(c->index, e) == 0)
		c->changed = true;
out:
	close(fd);
	strbuf_release(&text);
	return rc;
}

int statcache_lookup(struct statcache *c, const char *rel, size_t max, bool store,
		     struct oid *oid, uint64_t *size, bool *hit)
{
	const git_index_entry *known;
	git_index_entry now;
	uint64_t length = 0;
	struct stat st;
	bool fresh;
	int rc;

	if ((rc = look(c, rel, &st)) < 0 || (rc = check_kind(rel, &st, max)) < 0)
		return rc;
	fill_entry(&now, &st, rel);
	known = git_index_get_bypath(c->index, rel, 0);
	fresh = known && same_stat(known, &now);
	if (fresh) {
		oid_from_git2(oid, &known->id);
		length = (uint64_t)st.st_size;
		fresh = !store || object_exists(c->repo, oid);
	}
	if (!fresh) {
		if ((rc = hash_file(c, rel, max, store, &now, &length)) < 0)
			return rc;
		oid_from_git2(oid, &now.id);
	}
	if (size)
		*size = length;
	if (hit)
		*hit = fresh;
	return 0;
}

int statcache_save(struct statcache *c)
{
	int rc = 0;

	if (c->changed)
		rc = git_index_write(c->index);
	c->changed = false;
	return rc < 0 ? git2_error(rc, "cannot write '%s'", git_index_path(c->index)) : 0;
}

void statcache_free(struct statcache *c)
{
	if (!c)
		return;
	git_index_free(c->index);
	free(c);
}
