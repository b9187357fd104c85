#ifndef BASE_FILE_H
#define BASE_FILE_H
/*
 * Files: bounded reads, replacement that survives a crash, and opening below
 * a directory without leaving it.
 */
#include "base/compat.h"
struct strbuf;
struct stat;

enum file_flags {
	FILE_NOFOLLOW = 1 << 0	/* a symlink as last component is refused */
};

/*
 * Read a regular file of at most `max` bytes. ORCH_ENOTFOUND if there is none,
 * ORCH_EINVALID if it is too large, no regular file, or a refused symlink.
 */
int file_read(struct strbuf *out, const char *path, size_t max, unsigned flags);

/*
 * Replace `path` so that after a crash it holds the old or the new bytes:
 * a temporary beside it, fsync, rename, fsync of the directory. Parent
 * directories must exist. On failure the old file is untouched and no
 * temporary is left.
 */
int file_replace(const char *path, const void *data, size_t len, mode_t mode);
/* The same without the two fsyncs, for what can be computed again. */
int file_replace_cache(const char *path, const void *data, size_t len,
		       mode_t mode);
/*
 * Remove from `dir` the temporaries of file_replace() that a killed process
 * left: those that nobody can still be writing. Says nothing.
 */
void file_sweep(const char *dir);
/*
 * Append with one write(2) under O_APPEND; `data` should end in a newline.
 * A last line without newline (a crash) is ended first. The file is created
 * with `mode`. A symbolic link is not followed.
 */
int file_append(const char *path, const void *data, size_t len, mode_t mode);
/*
 * Shorten a log of lines that is larger than `large` bytes to its last `lines`
 * lines, and those to at most `keep` bytes. Who appends to it must be kept away
 * meanwhile. None, or one that cannot be read, is left alone.
 */
int file_cut_log(const char *path, size_t lines, size_t large, size_t keep);

/* mkdir -p with mode 0777 & ~umask. */
int dir_make(const char *path);
/* Make the directories above `path`. */
int dir_make_parent(const char *path);
/* Remove a directory and all below it, never following a symlink. */
int dir_remove_all(const char *path);

/*
 * Open `rel` below the directory `root`. Symlinks are followed as long as
 * they stay below it. Absolute paths, "..", and any component that equals
 * ".git" in any case are refused: ORCH_EINVALID. Missing: ORCH_ENOTFOUND.
 * Never blocks on a fifo. On success *fd is open for reading (or an O_PATH
 * descriptor with `path_only`) and `st` (may be NULL) is filled in.
 */
int file_open_beneath(int *fd, struct stat *st, const char *root,
		      const char *rel, bool path_only);
/* Whether `rel` could name a file below a root, by its text alone. */
bool path_is_safe(const char *rel);
#endif
