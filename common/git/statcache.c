/*
 * The stat cache: a git index file of our own, read and written by libgit2
 * but filled by hand, because libgit2 only refreshes the repository's own.
 *
 * When may stat data be believed? A write gives a file a change time of "now",
 * in steps of the kernel's coarse clock. So if the change time already lay
 * behind that clock when we looked, every later write shows. If it did not,
 * the file might be written again within the same step without a trace: such
 * an answer is given but not remembered.
 */
#include "git/statcache.h"

#include <sys/stat.h>
#include <time.h>
#include "base/file.h"
#include "base/strbuf.h"
#include "git/internal.h"
#include "git/object.h"
#include "git/repo.h"

/* Longer than one step of any kernel's coarse clock (HZ=100). */
#define STEP_NS 20000000
/* A lock file this old (seconds) was left by a process that died. */
#define STALE_LOCK 600

struct statcache {
	struct repo *repo;
	git_index *index;
	char *path;	/* NULL: it cannot be saved */
	bool learnt;
};

int statcache_open(struct statcache **out, struct repo *repo, const char *path)
{
	struct statcache *c;
	git_index *index = NULL;
	bool writable = true;
	struct stat st;
	int rc = 0;

	/* libgit2 would wait for whoever writes into a fifo. */
	if (lstat(path, &st) == 0 && !S_ISREG(st.st_mode))
		rc = -1;
	if (rc == 0)
		rc = git_index_open(&index, path);
	if (rc == 0 && git_index_read(index, 0) < 0) {
		git_index_free(index);
		index = NULL;
		rc = -1;
	}
	if (rc < 0) {
		/* Broken, and only a cache. */
		writable = unlink(path) == 0;
		rc = writable ? git_index_open(&index, path) : git_index_new(&index);
	}
	if (rc < 0)
		return git2_error(rc, "cannot open the stat cache '%s'", path);
	c = xcalloc(1, sizeof(*c));
	c->repo = repo;
	c->index = index;
	c->path = writable ? xstrdup(path) : NULL;
	*out = c;
	return 0;
}

static void entry_from_stat(git_index_entry *e, const struct stat *st)
{
	e->ctime.seconds = (int32_t)st->st_ctim.tv_sec;
	e->ctime.nanoseconds = (uint32_t)st->st_ctim.tv_nsec;
	e->mtime.seconds = (int32_t)st->st_mtim.tv_sec;
	e->mtime.nanoseconds = (uint32_t)st->st_mtim.tv_nsec;
	e->dev = (uint32_t)st->st_dev;
	e->ino = (uint32_t)st->st_ino;
	e->mode = st->st_mode & 0100 ? GIT_FILEMODE_BLOB_EXECUTABLE : GIT_FILEMODE_BLOB;
	e->uid = st->st_uid;
	e->gid = st->st_gid;
	e->file_size = (uint32_t)st->st_size;
}

/* The device is left out: it changes with every mount of some systems. */
static bool unchanged(const git_index_entry *old, const struct stat *st)
{
	git_index_entry now;

	memset(&now, 0, sizeof(now));
	entry_from_stat(&now, st);
	return old->ctime.seconds == now.ctime.seconds &&
	       old->ctime.nanoseconds == now.ctime.nanoseconds &&
	       old->mtime.seconds == now.mtime.seconds &&
	       old->mtime.nanoseconds == now.mtime.nanoseconds &&
	       old->ino == now.ino && old->mode == now.mode && old->uid == now.uid &&
	       old->file_size == now.file_size;
}

/* Whether the file's last change lies safely in the past. */
static bool is_settled(const struct stat *st)
{
	struct timespec now;
	int64_t age;

	if (clock_gettime(CLOCK_REALTIME, &now) < 0)
		return false;
	if (now.tv_sec - st->st_ctim.tv_sec > 1)
		return true;
	age = (int64_t)(now.tv_sec - st->st_ctim.tv_sec) * 1000000000 +
	      (now.tv_nsec - st->st_ctim.tv_nsec);
	return age > STEP_NS;
}

static void remember(struct statcache *c, const char *rel, const struct stat *st,
		     const struct oid *oid)
{
	git_index_entry e;

	memset(&e, 0, sizeof(e));
	entry_from_stat(&e, st);
	e.path = rel;
	oid_to_git2(&e.id, oid);
	if (git_index_add(c->index, &e) == 0)
		c->learnt = true;
}

static int check_file(const char *rel, const struct stat *st, size_t max)
{
	if (!S_ISREG(st->st_mode))
		return error_set(ORCH_EINVALID, "'%s' is not a regular file", rel);
	if ((uintmax_t)st->st_size > max)
		return error_set(ORCH_EINVALID, "'%s' has %jd bytes; at most %zu are "
				 "read", rel, (intmax_t)st->st_size, max);
	return 0;
}

static int read_and_hash(struct statcache *c, const char *root, const char *rel,
			 size_t max, bool store, struct oid *oid, uint64_t *size)
{
	struct strbuf sb = STRBUF_INIT;
	struct stat before, after;
	bool settled;
	int fd = -1, rc;

	if ((rc = file_open_beneath(&fd, &before, root, rel, false)) < 0 ||
	    (rc = check_file(rel, &before, max)) < 0)
		goto out;
	settled = is_settled(&before);
	if (strbuf_read_fd(&sb, fd, max) < 0) {
		rc = errno == EFBIG ?
			error_set(ORCH_EINVALID, "'%s' grew over %zu bytes", rel, max) :
			error_sys("cannot read '%s'", rel);
		goto out;
	}
	if (!store)
		blob_hash(sb.buf, sb.len, oid);
	else if ((rc = blob_write(c->repo, sb.buf, sb.len, oid)) < 0)
		goto out;
	*size = sb.len;
	if (settled && fstat(fd, &after) == 0 &&
	    after.st_ctim.tv_sec == before.st_ctim.tv_sec &&
	    after.st_ctim.tv_nsec == before.st_ctim.tv_nsec &&
	    after.st_size == (off_t)sb.len)
		remember(c, rel, &before, oid);
out:
	if (fd >= 0)
		close(fd);
	strbuf_release(&sb);
	return rc;
}

/* lstat; behind a symlink that stays in the tree, its target. */
static int stat_beneath(const char *root, const char *rel, struct stat *st)
{
	char *path = xstrfmt("%s/%s", root, rel);
	int fd, rc = lstat(path, st) < 0 ? -errno : 0;

	free(path);
	if (rc == -ENOENT || rc == -ENOTDIR)
		return error_set(ORCH_ENOTFOUND, "no file '%s'", rel);
	if (rc < 0) {
		errno = -rc;
		return error_sys("cannot look at '%s'", rel);
	}
	if (!S_ISLNK(st->st_mode))
		return 0;
	if ((rc = file_open_beneath(&fd, st, root, rel, true)) < 0)
		return rc;
	close(fd);
	return 0;
}

int statcache_lookup(struct statcache *c, const char *rel, size_t max, bool store,
		     struct oid *oid, uint64_t *size, bool *hit)
{
	const char *root = c->repo->work_tree;
	const git_index_entry *e;
	uint64_t len = 0;
	struct stat st;
	int rc;

	if (hit)
		*hit = false;
	if (!root)
		return error_set(ORCH_EINVALID, "a bare repository has no work tree");
	if (!path_is_safe(rel))
		return error_set(ORCH_EINVALID, "'%s' is not a path below the work tree",
				 rel);
	if ((rc = stat_beneath(root, rel, &st)) == ORCH_ENOTFOUND &&
	    git_index_remove(c->index, rel, 0) == 0)
		c->learnt = true;
	if (rc < 0 || (rc = check_file(rel, &st, max)) < 0)
		return rc;
	e = git_index_get_bypath(c->index, rel, 0);
	if (e && unchanged(e, &st)) {
		oid_from_git2(oid, &e->id);
		if (!store || object_exists(c->repo, oid)) {
			if (size)
				*size = (uint64_t)st.st_size;
			if (hit)
				*hit = true;
			return 0;
		}
	}
	rc = read_and_hash(c, root, rel, max, store, oid, &len);
	if (rc == 0 && size)
		*size = len;
	return rc;
}

/* A lock that nobody can still be holding. */
static bool remove_stale_lock(const char *path)
{
	char *lock = xstrfmt("%s.lock", path);
	struct stat st;
	bool gone = stat(lock, &st) == 0 && time(NULL) - st.st_mtime > STALE_LOCK &&
		    unlink(lock) == 0;

	free(lock);
	return gone;
}

void statcache_forget(struct statcache *c, const char *rel)
{
	if (git_index_get_bypath(c->index, rel, 0)) {
		git_index_remove(c->index, rel, 0);
		c->learnt = true;
	}
}

int statcache_save(struct statcache *c)
{
	int rc;

	if (!c->learnt || !c->path)
		return 0;
	c->learnt = false;
	if (dir_make_parent(c->path) < 0) {
		warn("the stat cache is not saved: %s", error_message());
		return 0;
	}
	rc = git_index_write(c->index);
	if (rc == GIT_ELOCKED && remove_stale_lock(c->path))
		rc = git_index_write(c->index);
	/* Locked: somebody else is saving, and has learnt as much. */
	if (rc < 0 && rc != GIT_ELOCKED) {
		git2_error(rc, "the stat cache '%s' is not saved", c->path);
		warn("%s", error_message());
	}
	return 0;
}

void statcache_free(struct statcache *c)
{
	if (!c)
		return;
	git_index_free(c->index);
	free(c->path);
	free(c);
}
