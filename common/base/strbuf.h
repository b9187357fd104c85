#ifndef BASE_STRBUF_H
#define BASE_STRBUF_H
/*
 * A growing byte string. `buf` is never NULL and always has a NUL behind the
 * last byte, but may contain NULs: `len` is the truth. The bytes leave a
 * strbuf only by strbuf_detach(), which makes them the caller's to free.
 */
#include <stdarg.h>
#include "base/compat.h"

struct strbuf {
	size_t alloc;	/* 0: buf is the shared empty string */
	size_t len;
	char *buf;
};
extern char strbuf_empty[1];
#define STRBUF_INIT { 0, 0, strbuf_empty }

void strbuf_init(struct strbuf *sb);
void strbuf_release(struct strbuf *sb);		/* frees; valid and empty after */
char *strbuf_detach(struct strbuf *sb, size_t *len);	/* `len` may be NULL */
void strbuf_grow(struct strbuf *sb, size_t extra);
void strbuf_reset(struct strbuf *sb);		/* empty, keeps its memory */
void strbuf_setlen(struct strbuf *sb, size_t len);	/* only to shorten */

void strbuf_add(struct strbuf *sb, const void *data, size_t len);
void strbuf_addstr(struct strbuf *sb, const char *s);
void strbuf_addch(struct strbuf *sb, int c);
void strbuf_addchars(struct strbuf *sb, int c, size_t count);
void strbuf_addbuf(struct strbuf *sb, const struct strbuf *other);
void strbuf_addf(struct strbuf *sb, const char *fmt, ...) PRINTF_LIKE(2, 3);
void strbuf_vaddf(struct strbuf *sb, const char *fmt, va_list ap)
	PRINTF_LIKE(2, 0);
void strbuf_insert(struct strbuf *sb, size_t pos, const void *data, size_t len);
void strbuf_remove(struct strbuf *sb, size_t pos, size_t len);
void strbuf_trim(struct strbuf *sb);		/* white space, both ends */
void strbuf_rtrim(struct strbuf *sb);
/* Append everything up to end of file. 0 or -1 with errno. */
int strbuf_read_fd(struct strbuf *sb, int fd, size_t max);
#endif
