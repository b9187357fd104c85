#ifndef BASE_DIRWALK_H
#define BASE_DIRWALK_H
/*
 * Directories below a directory, by descriptors. No symlink is followed, not
 * on the way and not at its end: what is one fails with ELOOP or ENOTDIR.
 */
#include "base/compat.h"
#include "base/strbuf.h"

/*
 * Open the directory `rel` below `root` ("" is `root` itself, opened again).
 * The descriptor, or -1 with errno.
 */
int dir_open_beneath(int root, const char *rel);
/* The same of the directory above the last component of `rel`, whose name
 * *name then is (it points into `rel`). */
int dir_open_parent(int root, const char *rel, const char **name);
/* A regular file, for reading; one that is none is EINVAL. */
int file_open_nofollow(int root, const char *rel);

struct dir_name {
	size_t at;		/* in dir_names.text */
	unsigned char type;	/* DT_REG, DT_DIR, ...; never DT_UNKNOWN */
};
struct dir_names {
	struct strbuf text;
	struct dir_name *v;	/* sorted by byte, without . and .. */
	size_t nr, alloc;
};
#define DIR_NAMES_INIT { STRBUF_INIT, NULL, 0, 0 }
/* Fill `out` anew with what is in the directory `fd`. 0 or -1 with errno. */
int dir_names_read(struct dir_names *out, int fd);
const char *dir_name_text(const struct dir_names *d, size_t i);
void dir_names_release(struct dir_names *d);

/* Times of a status in nanoseconds since 1970. */
struct stat;
int64_t stat_mtime_ns(const struct stat *st);
int64_t stat_ctime_ns(const struct stat *st);
#endif
