/*
 * Allocation that dies instead of failing, and BUG().
 */
#include "base/compat.h"

#include <limits.h>
#include <malloc.h>
#include <stdarg.h>
#include <sys/mman.h>

#define LARGE_PAGE ((uintptr_t)2 << 20)

static NORETURN void out_of_memory(void)
{
	static const char text[] = "git-orch: out of memory\n";
	ssize_t unused = write(2, text, sizeof(text) - 1);

	(void)unused;
	_exit(128);
}

void *xmalloc(size_t size)
{
	void *p = malloc(size ? size : 1);

	if (!p)
		out_of_memory();
	return p;
}

void *xcalloc(size_t count, size_t size)
{
	void *p = calloc(count ? count : 1, size ? size : 1);

	if (!p)
		out_of_memory();
	return p;
}

void *xrealloc(void *ptr, size_t size)
{
	void *p = realloc(ptr, size ? size : 1);

	if (!p)
		out_of_memory();
	return p;
}

void *xreallocarray(void *ptr, size_t count, size_t size)
{
	void *p = reallocarray(ptr, count ? count : 1, size ? size : 1);

	if (!p)
		out_of_memory();
	return p;
}

void *xmemdup(const void *p, size_t len)
{
	char *copy = xmalloc(len + 1);

	if (len)
		memcpy(copy, p, len);
	copy[len] = '\0';
	return copy;
}

char *xstrdup(const char *s)
{
	return s ? xmemdup(s, strlen(s)) : NULL;
}

char *xstrndup(const char *s, size_t len)
{
	return xmemdup(s, strnlen(s, len));
}

char *xstrfmt(const char *fmt, ...)
{
	va_list ap;
	char *s;

	va_start(ap, fmt);
	if (vasprintf(&s, fmt, ap) < 0)
		out_of_memory();
	va_end(ap);
	return s;
}

void heap_expect(size_t bytes)
{
	uintptr_t from = ((uintptr_t)sbrk(0) + LARGE_PAGE - 1) / LARGE_PAGE * LARGE_PAGE, to;
	void *volatile p;	/* else the compiler sees that nobody needs it */

	if (bytes > INT_MAX || !mallopt(M_TOP_PAD, (int)bytes))
		return;
	p = malloc(100000);	/* more than is left of the heap, less than gets a mapping */
	free(p);
	to = (uintptr_t)sbrk(0) / LARGE_PAGE * LARGE_PAGE;
	if (to > from)
		madvise((void *)from, to - from, MADV_HUGEPAGE);
}

void bug_at(const char *file, int line, const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "BUG: %s:%d: ", file, line);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	abort();
}
