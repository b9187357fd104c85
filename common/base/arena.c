#include "base/arena.h"

#include <stdalign.h>

#define BLOCK ((size_t)64 << 10)

struct arena_block {
	struct arena_block *before;
	uint64_t data[];
};

/* `size` bytes at a multiple of `align`. */
static char *take(struct arena *a, size_t size, size_t align)
{
	size_t at = (a->used + align - 1) & ~(align - 1);
	struct arena_block *b;

	if (!a->last || at > a->size || size > a->size - at) {
		size_t room = size > BLOCK ? size : BLOCK;

		if (room > SIZE_MAX - sizeof(*b))
			BUG("arena of %zu bytes", size);
		b = xmalloc(sizeof(*b) + room);
		b->before = a->last;
		a->last = b;
		a->size = room;
		at = 0;
	}
	a->used = at + size;
	return (char *)a->last->data + at;
}

void *arena_alloc(struct arena *a, size_t size)
{
	return take(a, size, alignof(uint64_t));
}

char *arena_strn(struct arena *a, const char *s, size_t len)
{
	char *copy = take(a, len + 1, 1);

	if (len)
		memcpy(copy, s, len);
	copy[len] = '\0';
	return copy;
}

void arena_reset(struct arena *a)
{
	struct arena_block *b = a->last ? a->last->before : NULL, *before;

	for (; b; b = before) {
		before = b->before;
		free(b);
	}
	if (a->last)
		a->last->before = NULL;
	a->used = 0;
}

void arena_release(struct arena *a)
{
	struct arena_block *b = a->last, *before;

	for (; b; b = before) {
		before = b->before;
		free(b);
	}
	memset(a, 0, sizeof(*a));
}
