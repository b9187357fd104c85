/*
 * A lock that ends with its process.
 */
#include "base/lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/error.h"

static int take(struct lock *lock, const char *path, int operation)
{
	struct stat held, named;
	int fd, rc;

	if (lock->fd >= 0)
		BUG("lock '%s' is held already", path);
	for (;;) {
		fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW |
			  O_NONBLOCK | O_NOCTTY, 0666);
		if (fd < 0)
			return error_sys("cannot open lock '%s'", path);
		while (flock(fd, operation) < 0) {
			if (errno == EINTR)
				continue;
			rc = errno == EWOULDBLOCK ?
				error_set(ORCH_EBUSY, "'%s' is locked", path) :
				error_sys("cannot lock '%s'", path);
			close(fd);
			return rc;
		}
		/* The file may have been removed while we waited for it. */
		if (!fstat(fd, &held) && !stat(path, &named) &&
		    held.st_dev == named.st_dev && held.st_ino == named.st_ino)
			break;
		close(fd);
	}
	lock->fd = fd;
	return 0;
}

int lock_take(struct lock *lock, const char *path)
{
	return take(lock, path, LOCK_EX);
}

int lock_try(struct lock *lock, const char *path)
{
	return take(lock, path, LOCK_EX | LOCK_NB);
}

void lock_release(struct lock *lock)
{
	if (lock->fd < 0)
		return;
	/* A child between fork and exec shares the lock: unlock for all. */
	flock(lock->fd, LOCK_UN);
	close(lock->fd);
	lock->fd = -1;
}
