#ifndef BASE_ARENA_H
#define BASE_ARENA_H
/*
 * Memory for many small things that end together: what a parser makes of one
 * text. Nothing is freed alone; arena_release() frees all.
 */
#include "base/compat.h"

struct arena_block;
struct arena {
	struct arena_block *last;
	size_t used, size;	/* of the last block */
};
#define ARENA_INIT { NULL, 0, 0 }

/* Aligned for pointers and whole numbers, not cleared. */
void *arena_alloc(struct arena *a, size_t size);
/* A copy with a NUL behind it; the bytes may have NULs of their own. */
char *arena_strn(struct arena *a, const char *s, size_t len);
/* Forget all, and keep memory for the next one to use this arena. */
void arena_reset(struct arena *a);
void arena_release(struct arena *a);	/* valid and empty after */
#endif
