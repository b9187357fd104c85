#ifndef BASE_COMPAT_H
#define BASE_COMPAT_H
/*
 * What every file of git-orch includes first: the C library headers that are
 * used everywhere, allocation that dies instead of failing, and a ban on the
 * string functions that cannot be used safely.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))
#define NORETURN __attribute__((noreturn))
#define UNUSED __attribute__((unused))

/* Out of memory ends the program with 128; callers never test for NULL. */
void *xmalloc(size_t size);
void *xcalloc(size_t count, size_t size);
void *xrealloc(void *ptr, size_t size);
void *xreallocarray(void *ptr, size_t count, size_t size);
char *xstrdup(const char *s);			/* NULL gives NULL */
/* Some megabytes will be allocated in small pieces: the heap grows at once and in
 * large pages, rather than by a thousand page faults. Only makes it faster. */
void heap_expect(size_t bytes);
char *xstrndup(const char *s, size_t len);
void *xmemdup(const void *p, size_t len);	/* a NUL is added behind it */
char *xstrfmt(const char *fmt, ...) PRINTF_LIKE(1, 2);

/* A fault of ours: prints file and line and aborts. */
#define BUG(...) bug_at(__FILE__, __LINE__, __VA_ARGS__)
NORETURN void bug_at(const char *file, int line, const char *fmt, ...)
	PRINTF_LIKE(3, 4);

/* Make room for `need` elements in a growing array. */
#define ALLOC_GROW(array, need, alloc)                                       \
	do {                                                                 \
		if ((need) > (alloc)) {                                      \
			(alloc) = (need) + (need) / 2 + 8;                   \
			(array) = xreallocarray((array), (alloc),            \
						sizeof(*(array)));           \
		}                                                            \
	} while (0)

static inline bool str_eq(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}
static inline bool str_starts(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}
static inline bool str_ends(const char *s, const char *suffix)
{
	size_t n = strlen(s), m = strlen(suffix);

	return n >= m && memcmp(s + n - m, suffix, m) == 0;
}

#undef strcpy
#undef strcat
#undef strncpy
#undef strncat
#undef sprintf
#undef vsprintf
#undef strtok
#undef gets
#define strcpy(...) banned_function_strcpy
#define strcat(...) banned_function_strcat
#define strncpy(...) banned_function_strncpy
#define strncat(...) banned_function_strncat
#define sprintf(...) banned_function_sprintf
#define vsprintf(...) banned_function_vsprintf
#define strtok(...) banned_function_strtok
#define gets(...) banned_function_gets
#endif
