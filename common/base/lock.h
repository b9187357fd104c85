#ifndef BASE_LOCK_H
#define BASE_LOCK_H
/*
 * An advisory lock on a file of its own (flock): held by an open descriptor,
 * so it ends with the process, however that dies. Not inherited by children.
 */
#include "base/compat.h"

struct lock {
	int fd;	/* -1 when not held */
};
#define LOCK_INIT { -1 }

/* Wait for the lock. The file is created if missing. 0 or ORCH_ERROR. */
int lock_take(struct lock *lock, const char *path);
/* 0, or ORCH_EBUSY at once when somebody holds it. */
int lock_try(struct lock *lock, const char *path);
void lock_release(struct lock *lock);	/* safe on _INIT, and twice */
#endif
