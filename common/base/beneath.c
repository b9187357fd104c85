/*
 * Opening below a directory without leaving it (file.h). The kernel does it
 * for plain paths (openat2); as soon as a symlink is met, or the kernel is too
 * old, each component is walked here, so that a symlink cannot lead under
 * .git either.
 */
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/error.h"
#include "base/file.h"
#include "base/strbuf.h"

#define WALK_DEPTH 128	/* directories held open at a time */
#define WALK_LINKS 40	/* as the kernel allows */

/* ".git" in every spelling that some file system takes for it. */
static bool is_git_dir(const char *name, size_t len)
{
	size_t i;

	if (len < 4 || (strncasecmp(name, ".git", 4) != 0 &&
			strncasecmp(name, "git~", 4) != 0))
		return false;
	if (name[0] != '.') {	/* git~1, a short name on FAT and NTFS */
		for (i = 4; i < len && name[i] >= '0' && name[i] <= '9'; i++)
			;
		return len > 4 && i == len;
	}
	for (i = 4; i < len && (name[i] == '.' || name[i] == ' '); i++)
		;
	return i == len || name[i] == ':';
}

bool path_is_safe(const char *rel)
{
	for (;;) {
		size_t len = strcspn(rel, "/");

		if (!len || (len == 1 && rel[0] == '.') ||
		    (len == 2 && rel[0] == '.' && rel[1] == '.') ||
		    is_git_dir(rel, len))
			return false;
		if (!rel[len])
			return true;
		rel += len + 1;
	}
}

static int open_flags(bool path_only)
{
	return O_CLOEXEC | O_NOCTTY | O_NONBLOCK |
		(path_only ? O_PATH : O_RDONLY);
}

struct walk {
	int dirs[WALK_DEPTH];
	size_t depth;		/* dirs[depth - 1] is where we are */
	struct strbuf todo;	/* components still to come */
	int links;
};

static int refuse(const char *rel, const char *why)
{
	return error_set(ORCH_EINVALID, "'%s' %s", rel, why);
}

static int failed(const char *rel)
{
	int rc = error_sys("cannot open '%s'", rel);

	switch (errno) {
	case ENOENT:
	case ENOTDIR:
		return ORCH_ENOTFOUND;
	case ELOOP:
	case ENXIO:	/* a socket */
	case ENAMETOOLONG:
		return ORCH_EINVALID;
	}
	return rc;
}

/* Put the target of the symlink `fd` before what is still to come. */
static int follow(struct walk *w, int fd, const char *rel)
{
	char target[4096];
	ssize_t n = readlinkat(fd, "", target, sizeof(target));

	if (n < 0)
		return failed(rel);
	if (++w->links > WALK_LINKS || n == sizeof(target))
		return refuse(rel, "goes through too many symlinks");
	if (!n || target[0] == '/')
		return refuse(rel, "is a symlink to an absolute path");
	strbuf_insert(&w->todo, 0, "/", 1);
	strbuf_insert(&w->todo, 0, target, (size_t)n);
	return 0;
}

/* Go one component on. *found is the end of the way, -1 before. */
static int step(struct walk *w, int *found, const char *rel, bool path_only)
{
	size_t len = strcspn(w->todo.buf, "/");
	size_t next = len + strspn(w->todo.buf + len, "/");
	bool last = next == w->todo.len;
	int here = w->dirs[w->depth - 1], fd, rc = 0;
	char *name = xstrndup(w->todo.buf, len);
	struct stat st;

	strbuf_remove(&w->todo, 0, next);
	if (str_eq(name, "..") && w->depth == 1) {
		rc = refuse(rel, "leads out of its directory");
	} else if (is_git_dir(name, len)) {
		rc = refuse(rel, "leads into a git directory");
	} else if (str_eq(name, "..")) {
		close(here);
		w->depth--;
	} else if (len && !str_eq(name, ".")) {
		fd = openat(here, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
		if (fd < 0 || fstat(fd, &st) < 0) {
			rc = failed(rel);
			if (fd >= 0)
				close(fd);
		} else if (S_ISLNK(st.st_mode)) {
			rc = follow(w, fd, rel);
			close(fd);
			last = false;
		} else if (last && !S_ISDIR(st.st_mode)) {
			/* What was swapped for a symlink by now gives ELOOP. */
			close(fd);
			*found = openat(here, name,
					open_flags(path_only) | O_NOFOLLOW);
			if (*found < 0)
				rc = failed(rel);
			last = false;
		} else if (w->depth == WALK_DEPTH) {
			close(fd);
			rc = refuse(rel, "is too deep");
		} else {
			w->dirs[w->depth++] = fd;
		}
	}
	if (!rc && last) {
		*found = openat(w->dirs[w->depth - 1], ".",
				open_flags(path_only));
		if (*found < 0)
			rc = failed(rel);
	}
	free(name);
	return rc;
}

static int walk(int *found, int root, const char *rel, bool path_only)
{
	struct walk w = { .depth = 1, .todo = STRBUF_INIT };
	int rc = 0;

	w.dirs[0] = root;
	strbuf_addstr(&w.todo, rel);
	while (!rc && *found < 0)
		rc = step(&w, found, rel, path_only);
	while (w.depth > 1)
		close(w.dirs[--w.depth]);
	strbuf_release(&w.todo);
	return rc;
}

int file_open_beneath(int *fd, struct stat *st, const char *root,
		      const char *rel, bool path_only)
{
	struct open_how how = {
		.flags = (unsigned)open_flags(path_only),
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS |
			RESOLVE_NO_SYMLINKS
	};
	int dir, rc = 0;
	struct stat ours;

	*fd = -1;
	if (!path_is_safe(rel))
		return refuse(rel, "is no path inside the work tree");
	dir = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return failed(root);
	/* O_PATH knows only a few other flags, and openat2 minds. */
	if (path_only)
		how.flags = O_PATH | O_CLOEXEC;
	*fd = (int)syscall(SYS_openat2, dir, rel, &how, sizeof(how));
	if (*fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		rc = failed(rel);
	else if (*fd < 0)	/* a symlink, no such call, anything else */
		rc = walk(fd, dir, rel, path_only);
	if (!rc && fstat(*fd, st ? st : &ours) < 0) {
		rc = failed(rel);
		close(*fd);
		*fd = -1;
	}
	close(dir);
	return rc;
}
