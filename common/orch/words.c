/* What a text is about. */
#include "orch/words.h"

#include <ctype.h>

#include "base/strbuf.h"

#define WORD_MIN 5
#define MAX_WORDS 64
#define MAX_FOCUS 500

void words_add(struct strvec *out, const char *s)
{
	while (*s && out->nr < MAX_WORDS) {
		struct strbuf word = STRBUF_INIT;

		while (*s && !isalnum((unsigned char)*s))
			s++;
		while (isalnum((unsigned char)*s) || *s == '_')
			strbuf_addch(&word, tolower((unsigned char)*s++));
		if (word.len >= WORD_MIN && !strvec_has(out, word.buf))
			strvec_push(out, word.buf);
		strbuf_release(&word);
	}
}

size_t words_shared(const struct strvec *words, const char *text)
{
	struct strvec own = STRVEC_INIT;
	size_t n = 0;

	words_add(&own, text);
	for (size_t i = 0; i < own.nr; i++)
		n += strvec_has(words, own.v[i]);
	strvec_release(&own);
	return n;
}

char *focus_of_input(const char *text, size_t len)
{
	const char *end = text + len;

	for (const char *line = text; line < end;) {
		const char *eol = memchr(line, '\n', (size_t)(end - line));
		const char *p = line, *stop = eol ? eol : end;

		while (p < stop && strchr(" -*#", *p) && *p)
			p++;
		if ((size_t)(stop - p) > 6 && memcmp(p, "Focus:", 6) == 0) {
			p += 6;
			while (p < stop && (*p == ' ' || *p == '*' || *p == '\t'))
				p++;
			while (stop > p && strchr(" \t\r*", stop[-1]) && stop[-1])
				stop--;
			if ((size_t)(stop - p) > MAX_FOCUS)
				stop = p + MAX_FOCUS;
			return xstrndup(p, (size_t)(stop - p));
		}
		line = eol ? eol + 1 : end;
	}
	return xstrdup("");
}
