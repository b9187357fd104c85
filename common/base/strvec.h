#ifndef BASE_STRVEC_H
#define BASE_STRVEC_H
/* A growing array of owned strings, always ended by NULL: argv, lists. */
#include "base/compat.h"

struct strvec {
	char **v;	/* never NULL after the first push; v[nr] is NULL */
	size_t nr;
	size_t alloc;
};
#define STRVEC_INIT { NULL, 0, 0 }

const char *strvec_push(struct strvec *sv, const char *s);
const char *strvec_pushn(struct strvec *sv, const char *s, size_t len);
const char *strvec_pushf(struct strvec *sv, const char *fmt, ...)
	PRINTF_LIKE(2, 3);
void strvec_take(struct strvec *sv, char *s);	/* becomes the vector's */
void strvec_pushv(struct strvec *sv, const char *const *list);	/* NULL-ended */
void strvec_pop(struct strvec *sv);
bool strvec_has(const struct strvec *sv, const char *s);
void strvec_sort(struct strvec *sv);		/* by byte */
/* Cut `s` at runs of white space and push each word. */
void strvec_split(struct strvec *sv, const char *s);
char *strvec_join(const struct strvec *sv, const char *separator);
void strvec_release(struct strvec *sv);		/* frees; valid and empty after */
#endif
