/*
 * Moving a directory with all below it.
 */
#include "base/treemove.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/dirwalk.h"
#include "base/error.h"
#include "base/text.h"

#define DIR_FLAGS (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)
#define MAX_DEPTH 128

/* --- renaming ------------------------------------------------------------ */

/* Some file systems do not know the flag. */
static int rename_new(int from, const char *name, int to, const char *to_name)
{
	struct stat st;

	if (renameat2(from, name, to, to_name, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -1;
	if (fstatat(to, to_name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
		errno = EEXIST;
		return -1;
	}
	return renameat(from, name, to, to_name);
}

int tree_rename(int from, const char *name, int to, const char *to_name,
		const struct stat *is)
{
	struct stat st;

	if (rename_new(from, name, to, to_name) < 0)
		return -1;
	if (!is)
		return 0;
	if (fstatat(to, to_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_dev == is->st_dev &&
	    st.st_ino == is->st_ino && S_ISDIR(st.st_mode))
		return 0;
	/* Whatever took its place while we looked goes back there. */
	rename_new(to, to_name, from, name);
	errno = ESTALE;
	return -1;
}

/* --- copying ------------------------------------------------------------- */

static int failed(const char *what, const char *shown, const char *name)
{
	struct strbuf path = STRBUF_INIT;
	int saved = errno;

	strbuf_addf(&path, "%s%s%s", shown, *name ? "/" : "", name);
	errno = saved;
	error_sys("cannot %s '%s'", what, path.buf);
	strbuf_release(&path);
	return ORCH_ERROR;
}

static int set_times(int fd, const struct stat *st)
{
	struct timespec times[2] = { st->st_atim, st->st_mtim };

	return fchmod(fd, st->st_mode & 07777) < 0 || futimens(fd, times) < 0 ? -1 : 0;
}

static int copy_bytes(int in, int out)
{
	static char block[65536];
	ssize_t n;

	while ((n = read(in, block, sizeof(block))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		for (ssize_t done = 0, m; done < n; done += m) {
			m = write(out, block + done, (size_t)(n - done));
			if (m < 0 && errno == EINTR)
				m = 0;
			if (m < 0)
				return -1;
		}
	}
	return 0;
}

static bool same_file(const struct stat *a, const struct stat *b)
{
	return (a->st_mode & S_IFMT) == (b->st_mode & S_IFMT) && a->st_size == b->st_size &&
	       stat_mtime_ns(a) == stat_mtime_ns(b);
}

static int copy_file(int from, const char *name, int to, const char *shown)
{
	struct stat before, after;
	int in = openat(from, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK), out = -1;
	int rc = 0;

	if (in < 0 || fstat(in, &before) < 0)
		rc = failed("read", shown, name);
	else if (!S_ISREG(before.st_mode))
		rc = error_set(ORCH_EINVALID, "'%s/%s' is no regular file", shown, name);
	if (rc == 0) {
		out = openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		if (out < 0 || copy_bytes(in, out) < 0 || set_times(out, &before) < 0 ||
		    fsync(out) < 0)
			rc = failed("copy", shown, name);
	}
	if (rc == 0 && (fstat(in, &after) < 0 || !same_file(&before, &after)))
		rc = error_set(ORCH_EBUSY, "'%s/%s' changed while it was copied", shown, name);
	if (out >= 0 && close(out) < 0 && rc == 0)
		rc = failed("copy", shown, name);
	if (in >= 0)
		close(in);
	return rc;
}

static int copy_link(int from, const char *name, int to, const char *shown)
{
	char target[4096];
	ssize_t n = readlinkat(from, name, target, sizeof(target) - 1);
	struct timespec times[2];
	struct stat st;

	if (n < 0 || fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return failed("read", shown, name);
	target[n] = '\0';
	times[0] = st.st_atim;
	times[1] = st.st_mtim;
	if (symlinkat(target, to, name) < 0 ||
	    utimensat(to, name, times, AT_SYMLINK_NOFOLLOW) < 0)
		return failed("copy", shown, name);
	return 0;
}

static int copy_dir(int from, const char *name, int to, const char *to_name,
		    const char *shown, int depth)
{
	struct dir_names names = DIR_NAMES_INIT;
	int in = openat(from, name, DIR_FLAGS), out = -1, rc = 0;
	struct stat st;

	if (in < 0 || fstat(in, &st) < 0 || dir_names_read(&names, in) < 0)
		rc = failed("read", shown, "");
	else if (depth == MAX_DEPTH)
		rc = error_set(ORCH_EINVALID, "'%s' is too deep", shown);
	else if (mkdirat(to, to_name, 0700) < 0 ||
		 (out = openat(to, to_name, DIR_FLAGS)) < 0)
		rc = failed("copy", shown, "");
	for (size_t i = 0; rc == 0 && i < names.nr; i++) {
		const char *child = dir_name_text(&names, i);
		char *path;

		switch (names.v[i].type) {
		case DT_DIR:
			path = xstrfmt("%s/%s", shown, child);
			rc = copy_dir(in, child, out, child, path, depth + 1);
			free(path);
			break;
		case DT_LNK:
			rc = copy_link(in, child, out, shown);
			break;
		case DT_REG:
			rc = copy_file(in, child, out, shown);
			break;
		default:
			rc = error_set(ORCH_EINVALID, "'%s/%s' is no file, directory or "
				       "symlink: it cannot be copied", shown, child);
		}
	}
	if (rc == 0 && (set_times(out, &st) < 0 || fsync(out) < 0))
		rc = failed("copy", shown, "");
	if (in >= 0)
		close(in);
	if (out >= 0)
		close(out);
	dir_names_release(&names);
	return rc;
}

int tree_copy(int from, const char *name, int to, const char *to_name, const char *shown)
{
	int rc = copy_dir(from, name, to, to_name, shown, 0);

	if (rc == 0 && fsync(to) < 0 && errno != EINVAL)
		rc = failed("copy", shown, "");
	if (rc < 0)
		tree_remove(to, to_name);
	return rc;
}

/* --- removing ------------------------------------------------------------ */

static bool same_link(int a, const char *name, int b)
{
	char x[4096], y[4096];
	ssize_t n = readlinkat(a, name, x, sizeof(x)), m = readlinkat(b, name, y, sizeof(y));

	return n >= 0 && n == m && !memcmp(x, y, (size_t)n);
}

static int remove_copied(int from, const char *name, int copy, const char *copy_name,
			 bool *left, int depth)
{
	struct dir_names names = DIR_NAMES_INIT;
	int a = openat(from, name, DIR_FLAGS), b = openat(copy, copy_name, DIR_FLAGS), rc = 0;

	if (a < 0 || b < 0 || dir_names_read(&names, a) < 0)
		rc = -1;
	for (size_t i = 0; rc == 0 && i < names.nr; i++) {
		const char *child = dir_name_text(&names, i);
		struct stat x, y;

		if (fstatat(b, child, &y, AT_SYMLINK_NOFOLLOW) < 0) {
			*left = true;
			continue;
		}
		if (names.v[i].type == DT_DIR) {
			if (!S_ISDIR(y.st_mode) || depth == MAX_DEPTH)
				*left = true;
			else
				rc = remove_copied(a, child, b, child, left, depth + 1);
			continue;
		}
		if (fstatat(a, child, &x, AT_SYMLINK_NOFOLLOW) < 0)
			rc = errno == ENOENT ? 0 : -1;
		else if (!same_file(&x, &y) || (S_ISLNK(x.st_mode) && !same_link(a, child, b)))
			*left = true;
		else
			rc = unlinkat(a, child, 0);
	}
	if (rc == 0 && unlinkat(from, name, AT_REMOVEDIR) < 0) {
		*left = true;
		rc = errno == ENOTEMPTY || errno == EEXIST ? 0 : -1;
	}
	if (a >= 0)
		close(a);
	if (b >= 0)
		close(b);
	dir_names_release(&names);
	return rc;
}

int tree_remove_copied(int from, const char *name, int copy, const char *copy_name,
		       const char *shown, bool *left)
{
	*left = false;
	return remove_copied(from, name, copy, copy_name, left, 0) < 0 ?
		failed("remove", shown, "") : 0;
}

/* One that its owner may not read or change, too. */
static int open_to_empty(int from, const char *name)
{
	int dir = openat(from, name, DIR_FLAGS);
	struct stat st;

	if (dir < 0 && errno == EACCES &&
	    fchmodat(from, name, 0700, AT_SYMLINK_NOFOLLOW) == 0)
		return openat(from, name, DIR_FLAGS);
	if (dir >= 0 && fstat(dir, &st) == 0 && (st.st_mode & 0300) != 0300)
		fchmod(dir, 0700);	/* without success removing will say why */
	return dir;
}

static int remove_below(int from, const char *name, int depth)
{
	struct dir_names names = DIR_NAMES_INIT;
	int dir = open_to_empty(from, name), rc = 0;

	if (dir < 0 || dir_names_read(&names, dir) < 0)
		rc = -1;
	if (rc == 0 && depth == MAX_DEPTH) {
		errno = ENAMETOOLONG;
		rc = -1;
	}
	for (size_t i = 0; rc == 0 && i < names.nr; i++) {
		const char *child = dir_name_text(&names, i);

		rc = names.v[i].type == DT_DIR ? remove_below(dir, child, depth + 1) :
						 unlinkat(dir, child, 0);
	}
	if (rc == 0)
		rc = unlinkat(from, name, AT_REMOVEDIR);
	if (dir >= 0)
		close(dir);
	dir_names_release(&names);
	return rc;
}

int tree_remove(int from, const char *name)
{
	struct stat st;

	if (fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -1;
	return S_ISDIR(st.st_mode) ? remove_below(from, name, 0) : unlinkat(from, name, 0);
}

static bool has_repository(int dir, int depth)
{
	struct dir_names names = DIR_NAMES_INIT;
	bool found = false;

	if (depth > MAX_DEPTH || dir_names_read(&names, dir) < 0)
		return false;
	for (size_t i = 0; !found && i < names.nr; i++) {
		const char *name = dir_name_text(&names, i);
		int child;

		found = str_eq(name, ".git");
		if (found || names.v[i].type != DT_DIR)
			continue;
		child = openat(dir, name, DIR_FLAGS);
		if (child >= 0) {
			found = has_repository(child, depth + 1);
			close(child);
		}
	}
	dir_names_release(&names);
	return found;
}

bool tree_has_repository(int dir)
{
	return has_repository(dir, 0);
}
