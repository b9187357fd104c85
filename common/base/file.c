/*
 * Files: bounded reads, replacement that survives a crash, appending.
 * beneath.c opens below a directory.
 */
#include "base/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>

#include "base/error.h"
#include "base/strbuf.h"

/* A temporary this old (seconds) has nobody writing it any more. */
#define STALE_TEMPORARY 600
#define MAX_LOG ((size_t)64 << 20)	/* a log beyond that is not read to be cut */

int file_read(struct strbuf *out, const char *path, size_t max, unsigned flags)
{
	size_t before = out->len;
	struct stat st;
	int fd, rc = 0;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY |
		  (flags & FILE_NOFOLLOW ? O_NOFOLLOW : 0));
	if (fd < 0) {
		rc = error_sys("cannot read '%s'", path);
		if (errno == ENOENT || errno == ENOTDIR)
			return ORCH_ENOTFOUND;
		if (errno == ELOOP && flags & FILE_NOFOLLOW)
			return error_set(ORCH_EINVALID, "'%s' is a symlink", path);
		return errno == ELOOP || errno == ENXIO || errno == ENAMETOOLONG ?
			ORCH_EINVALID : rc;
	}
	if (fstat(fd, &st) < 0)
		rc = error_sys("cannot read '%s'", path);
	else if (!S_ISREG(st.st_mode))
		rc = error_set(ORCH_EINVALID, "'%s' is no regular file", path);
	else if ((uintmax_t)st.st_size > max)
		errno = EFBIG;
	else
		strbuf_grow(out, (size_t)st.st_size + 1);
	if (!rc && ((uintmax_t)st.st_size > max ||
		    strbuf_read_fd(out, fd, max) < 0))
		rc = errno == EFBIG ?
			error_set(ORCH_EINVALID,
				  "'%s' is larger than %zu bytes", path, max) :
			error_sys("cannot read '%s'", path);
	close(fd);
	if (rc)
		strbuf_setlen(out, before);
	return rc;
}

static int write_all(int fd, const char *data, size_t len)
{
	while (len) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

/* The length of the directory part of `path`, its slash included. */
static size_t dir_length(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? (size_t)(slash - path) + 1 : 0;
}

static int sync_dir(const char *path)
{
	size_t len = dir_length(path);
	char *dir = len ? xstrndup(path, len) : xstrdup(".");
	int fd, rc = 0;

	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	/* Some file systems cannot sync a directory, and say EINVAL. */
	if (fd < 0 || (fsync(fd) < 0 && errno != EINVAL))
		rc = error_sys("cannot sync directory '%s'", dir);
	if (fd >= 0)
		close(fd);
	free(dir);
	return rc;
}

/* A new file in the directory of `path`; *name is its path. */
static int open_temporary(char **name, const char *path, mode_t mode)
{
	static unsigned counter;
	size_t len = dir_length(path);
	int fd, tries;

	/*
	 * A name of its own length, so that no name is too long to replace.
	 * One that exists was left by a crash under our pid: take the next.
	 */
	for (tries = 0; tries < 1000; tries++) {
		*name = xstrfmt("%.*s.orch-%ld-%u.tmp", (int)len, path,
				(long)getpid(), counter++);
		fd = open(*name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
		if (fd >= 0 || errno != EEXIST)
			break;
		free(*name);
		*name = NULL;
	}
	return fd;
}

static int replace(const char *path, const void *data, size_t len, mode_t mode,
		   bool durable)
{
	char *name = NULL;
	int fd, rc = 0;

	fd = open_temporary(&name, path, mode);
	if (fd < 0) {
		rc = error_sys("cannot create a temporary beside '%s'", path);
		goto out;
	}
	if (write_all(fd, data, len) < 0 || (durable && fsync(fd) < 0))
		rc = error_sys("cannot write '%s'", path);
	if (close(fd) < 0 && !rc)
		rc = error_sys("cannot close '%s'", path);
	if (!rc && rename(name, path) < 0)
		rc = error_sys("cannot replace '%s'", path);
	if (rc)
		unlink(name);
	else if (durable)
		rc = sync_dir(path);
out:
	free(name);
	return rc;
}

void file_sweep(const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	struct stat st;

	if (!d)
		return;
	while ((e = readdir(d)))
		if (str_starts(e->d_name, ".orch-") && str_ends(e->d_name, ".tmp") &&
		    fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    S_ISREG(st.st_mode) && time(NULL) - st.st_mtime > STALE_TEMPORARY)
			unlinkat(dirfd(d), e->d_name, 0);
	closedir(d);
}

int file_replace(const char *path, const void *data, size_t len, mode_t mode)
{
	return replace(path, data, len, mode, true);
}

int file_replace_cache(const char *path, const void *data, size_t len,
		       mode_t mode)
{
	return replace(path, data, len, mode, false);
}

int file_append(const char *path, const void *data, size_t len, mode_t mode)
{
	struct strbuf line = STRBUF_INIT;
	struct stat st;
	char last;
	ssize_t n;
	int fd, rc = 0;

	fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW |
		  O_NONBLOCK | O_NOCTTY, mode);
	if (fd < 0)
		return error_sys("cannot append to '%s'", path);
	if (fstat(fd, &st) < 0) {
		rc = error_sys("cannot append to '%s'", path);
		goto out;
	}
	if (!S_ISREG(st.st_mode)) {
		rc = error_set(ORCH_EINVALID, "'%s' is no regular file", path);
		goto out;
	}
	if (st.st_size && pread(fd, &last, 1, st.st_size - 1) == 1 &&
	    last != '\n')
		strbuf_addch(&line, '\n');
	strbuf_add(&line, data, len);
	/* On a full disk rather nothing than the beginning of a line. */
	if (fallocate(fd, FALLOC_FL_KEEP_SIZE, st.st_size, (off_t)line.len) < 0 &&
	    (errno == ENOSPC || errno == EDQUOT)) {
		rc = error_sys("cannot append to '%s'", path);
		goto out;
	}
	do
		n = write(fd, line.buf, line.len);
	while (n < 0 && errno == EINTR);
	if (n >= 0 && (size_t)n < line.len) {
		n = -1;
		errno = ENOSPC;	/* what a short write to a file means */
	}
	if (n < 0)
		rc = error_sys("cannot append to '%s'", path);
out:
	if (close(fd) < 0 && !rc)
		rc = error_sys("cannot close '%s'", path);
	strbuf_release(&line);
	return rc;
}

/* The start of the line behind `lines` lines counted from the end. */
static size_t last_lines(const struct strbuf *text, size_t lines, size_t max)
{
	size_t pos = text->len, best = text->len;

	while (pos > 0 && lines > 0 && text->len - best <= max) {
		const char *nl = pos > 1 ? memrchr(text->buf, '\n', pos - 1) : NULL;

		pos = nl ? (size_t)(nl - text->buf) + 1 : 0;
		if (text->len - pos > max)
			break;
		best = pos;
		lines--;
	}
	return best;
}

int file_cut_log(const char *path, size_t lines, size_t large, size_t keep)
{
	struct strbuf text = STRBUF_INIT;
	struct stat st;
	size_t from;
	int rc = 0;

	if (stat(path, &st) < 0 || (uintmax_t)st.st_size <= large)
		return 0;
	if (file_read(&text, path, MAX_LOG, FILE_NOFOLLOW) == 0) {
		from = last_lines(&text, lines, keep);
		rc = file_replace_cache(path, text.buf + from, text.len - from, 0666);
	} else {
		error_clear();
	}
	strbuf_release(&text);
	return rc;
}

int dir_make(const char *path)
{
	char *copy = xstrdup(path), *p = copy;
	struct stat st;
	int rc = 0;

	for (;;) {
		char end;

		p += strspn(p, "/");
		p += strcspn(p, "/");
		end = *p;
		*p = '\0';
		if (mkdir(copy, 0777) < 0) {
			int saved = errno;

			/* Not only EEXIST: a read-only "/" says EROFS. */
			if (stat(copy, &st) < 0 || !S_ISDIR(st.st_mode)) {
				errno = saved;
				rc = error_sys("cannot make directory '%s'", copy);
				break;
			}
		}
		if (!end)
			break;
		*p = end;
		if (!p[strspn(p, "/")])
			break;
	}
	free(copy);
	return rc;
}

int dir_make_parent(const char *path)
{
	size_t len = dir_length(path);
	char *dir;
	int rc;

	while (len > 1 && path[len - 1] == '/')
		len--;
	if (!len || (len == 1 && *path == '/'))
		return 0;
	dir = xstrndup(path, len);
	rc = dir_make(dir);
	free(dir);
	return rc;
}

/*
 * Directories nested deeper than this are moved to the top before they are
 * emptied: neither descriptors nor stack run out, whatever somebody built.
 */
#define REMOVE_DEPTH 64

static int open_dir_at(int parent, const char *name)
{
	return openat(parent, name,
		      O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* Empty the directory behind `fd`, which is closed. 0 or -1 with errno. */
static int empty_dir(int fd, int top, int depth)
{
	static unsigned counter;
	DIR *dir = fdopendir(fd);
	struct dirent *e;
	char moved[64];
	int rc = 0, child, saved;

	if (!dir) {
		saved = errno;
		close(fd);
		errno = saved;
		return -1;
	}
	while (!rc && (errno = 0, e = readdir(dir))) {
		if (str_eq(e->d_name, ".") || str_eq(e->d_name, ".."))
			continue;
		if (e->d_type != DT_DIR && e->d_type != DT_UNKNOWN) {
			rc = unlinkat(fd, e->d_name, 0);
			continue;
		}
		child = open_dir_at(fd, e->d_name);
		if (child < 0) {
			/* Not one after all, or changed under our feet. */
			rc = errno == ENOTDIR || errno == ELOOP ?
				unlinkat(fd, e->d_name, 0) : -1;
			continue;
		}
		if (depth == REMOVE_DEPTH) {
			close(child);
			snprintf(moved, sizeof(moved), ".orch-%ld-%u.deep",
				 (long)getpid(), counter++);
			rc = renameat(fd, e->d_name, top, moved);
			continue;
		}
		if ((rc = empty_dir(child, top, depth + 1)) == 0)
			rc = unlinkat(fd, e->d_name, AT_REMOVEDIR);
	}
	if (!rc && errno)
		rc = -1;
	saved = errno;
	closedir(dir);
	errno = saved;
	return rc;
}

int dir_remove_all(const char *path)
{
	int top, again, rc;

	top = open_dir_at(AT_FDCWD, path);
	if (top < 0)
		return errno == ENOENT ? 0 :
			error_sys("cannot remove '%s'", path);
	/* Again while something was moved to the top behind the reader. */
	do {
		again = open_dir_at(top, ".");
		rc = again < 0 ? -1 : empty_dir(again, top, 0);
		if (!rc && !(rc = unlinkat(AT_FDCWD, path, AT_REMOVEDIR)))
			break;
	} while (errno == ENOTEMPTY || errno == EEXIST);
	if (rc < 0)
		rc = error_sys("cannot remove '%s'", path);
	close(top);
	return rc;
}
