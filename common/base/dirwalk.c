/*
 * Directories below a directory, by descriptors.
 */
#include "base/dirwalk.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#define DIR_FLAGS (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)

/* The directory of the first `len` bytes of `rel`. */
static int open_part(int root, const char *rel, size_t len)
{
	const char *end = rel + len;
	int fd = openat(root, ".", DIR_FLAGS);

	while (fd >= 0 && rel < end) {
		const char *slash = memchr(rel, '/', (size_t)(end - rel));
		size_t n = (size_t)((slash ? slash : end) - rel);
		char name[256];
		int next = -1, saved;

		if (n >= sizeof(name)) {
			errno = ENAMETOOLONG;
		} else {
			memcpy(name, rel, n);
			name[n] = '\0';
			next = openat(fd, name, DIR_FLAGS);
		}
		saved = errno;
		close(fd);
		errno = saved;
		fd = next;
		rel += n + (rel + n < end);
	}
	return fd;
}

int dir_open_beneath(int root, const char *rel)
{
	return open_part(root, rel, strlen(rel));
}

int dir_open_parent(int root, const char *rel, const char **name)
{
	const char *slash = strrchr(rel, '/');

	*name = slash ? slash + 1 : rel;
	return open_part(root, rel, slash ? (size_t)(slash - rel) : 0);
}

int file_open_nofollow(int root, const char *rel)
{
	const char *name;
	int dir = dir_open_parent(root, rel, &name), fd, saved;
	struct stat st;

	if (dir < 0)
		return -1;
	fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	saved = errno;
	if (fd >= 0 && (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))) {
		saved = EINVAL;
		close(fd);
		fd = -1;
	}
	close(dir);
	errno = saved;
	return fd;
}

/* --- reading one --------------------------------------------------------- */

static unsigned char type_of(int fd, const char *name)
{
	struct stat st;

	if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return DT_UNKNOWN;
	return (unsigned char)IFTODT(st.st_mode);
}

static const char *sorted_text;	/* qsort has no room for it */

static int compare_names(const void *a, const void *b)
{
	const struct dir_name *x = a, *y = b;

	return strcmp(sorted_text + x->at, sorted_text + y->at);
}

static void add_name(struct dir_names *out, int fd, const char *name, unsigned char type)
{
	if (name[0] == '.' && (!name[1] || (name[1] == '.' && !name[2])))
		return;
	if (type == DT_UNKNOWN && (type = type_of(fd, name)) == DT_UNKNOWN)
		return;		/* gone meanwhile */
	ALLOC_GROW(out->v, out->nr + 1, out->alloc);
	out->v[out->nr].at = out->text.len;
	out->v[out->nr++].type = type;
	strbuf_add(&out->text, name, strlen(name) + 1);
}

int dir_names_read(struct dir_names *out, int fd)
{
	static _Alignas(struct dirent64) char block[32768];
	ssize_t n;

	strbuf_reset(&out->text);
	out->nr = 0;
	if (lseek(fd, 0, SEEK_SET) < 0)
		return -1;
	while ((n = getdents64(fd, block, sizeof(block))) > 0)
		for (ssize_t at = 0; at < n;) {
			const struct dirent64 *e = (const void *)(block + at);

			add_name(out, fd, e->d_name, e->d_type);
			at += e->d_reclen;
		}
	sorted_text = out->text.buf;
	if (out->nr > 1)
		qsort(out->v, out->nr, sizeof(*out->v), compare_names);
	return n < 0 ? -1 : 0;
}

const char *dir_name_text(const struct dir_names *d, size_t i)
{
	return d->text.buf + d->v[i].at;
}

void dir_names_release(struct dir_names *d)
{
	strbuf_release(&d->text);
	free(d->v);
	d->v = NULL;
	d->nr = d->alloc = 0;
}

int64_t stat_mtime_ns(const struct stat *st)
{
	return (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec;
}

int64_t stat_ctime_ns(const struct stat *st)
{
	return (int64_t)st->st_ctim.tv_sec * 1000000000 + st->st_ctim.tv_nsec;
}
