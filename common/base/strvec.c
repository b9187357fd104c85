/*
 * A growing, NULL-ended array of owned strings.
 */
#include "base/strvec.h"

#include <stdarg.h>

#include "base/strbuf.h"

void strvec_take(struct strvec *sv, char *s)
{
	ALLOC_GROW(sv->v, sv->nr + 2, sv->alloc);
	sv->v[sv->nr++] = s;
	sv->v[sv->nr] = NULL;
}

const char *strvec_push(struct strvec *sv, const char *s)
{
	strvec_take(sv, xstrdup(s));
	return sv->v[sv->nr - 1];
}

const char *strvec_pushn(struct strvec *sv, const char *s, size_t len)
{
	strvec_take(sv, xmemdup(s, len));
	return sv->v[sv->nr - 1];
}

const char *strvec_pushf(struct strvec *sv, const char *fmt, ...)
{
	struct strbuf sb = STRBUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	strbuf_vaddf(&sb, fmt, ap);
	va_end(ap);
	strvec_take(sv, strbuf_detach(&sb, NULL));
	return sv->v[sv->nr - 1];
}

void strvec_pushv(struct strvec *sv, const char *const *list)
{
	for (; *list; list++)
		strvec_push(sv, *list);
}

void strvec_pop(struct strvec *sv)
{
	if (!sv->nr)
		return;
	free(sv->v[--sv->nr]);
	sv->v[sv->nr] = NULL;
}

bool strvec_has(const struct strvec *sv, const char *s)
{
	for (size_t i = 0; i < sv->nr; i++)
		if (str_eq(sv->v[i], s))
			return true;
	return false;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void strvec_sort(struct strvec *sv)
{
	if (sv->nr)
		qsort(sv->v, sv->nr, sizeof(*sv->v), compare);
}

void strvec_split(struct strvec *sv, const char *s)
{
	static const char space[] = " \t\r\n\v\f";

	for (;;) {
		size_t n;

		s += strspn(s, space);
		n = strcspn(s, space);
		if (!n)
			return;
		strvec_pushn(sv, s, n);
		s += n;
	}
}

char *strvec_join(const struct strvec *sv, const char *separator)
{
	struct strbuf sb = STRBUF_INIT;

	for (size_t i = 0; i < sv->nr; i++) {
		if (i)
			strbuf_addstr(&sb, separator);
		strbuf_addstr(&sb, sv->v[i]);
	}
	return strbuf_detach(&sb, NULL);
}

void strvec_release(struct strvec *sv)
{
	for (size_t i = 0; i < sv->nr; i++)
		free(sv->v[i]);
	free(sv->v);
	*sv = (struct strvec)STRVEC_INIT;
}
