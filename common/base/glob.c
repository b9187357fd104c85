/*
 * Path patterns. A pattern becomes a list of tokens, and matching follows all
 * of its places at once through the path: no backtracking, so no pattern can
 * make it slow.
 */
#include "base/glob.h"

#include "base/text.h"

/* No path is longer, so no longer pattern is worth its time. */
#define GLOB_MAX 4096

enum token_kind {
	TOKEN_CHAR,	/* this character */
	TOKEN_ANY,	/* one, not a slash */
	TOKEN_CLASS,	/* one of a class, not a slash */
	TOKEN_STAR,	/* any number of them, no slash */
	TOKEN_DIRS,	/* any number of whole "name/" */
	TOKEN_IN_DIRS,	/* the same, within a name */
	TOKEN_ONE,	/* one of whatever */
	TOKEN_REST,	/* any number of them */
	TOKEN_END
};

struct token {
	enum token_kind kind;
	uint32_t c;		/* TOKEN_CHAR */
	const char *class, *class_end;	/* between the brackets */
};

bool glob_is_pattern(const char *s)
{
	return s[strcspn(s, "*?[")] != '\0';
}

size_t glob_literal_dirs(const char *pattern)
{
	size_t len = strcspn(pattern, "*?[\\");

	while (len && pattern[len - 1] != '/')
		len--;
	return len;
}

/* One character; bytes that are not UTF-8 count as one each. */
static uint32_t take(const char **s, const char *end)
{
	uint32_t c;
	size_t n = utf8_next(&c, *s, (size_t)(end - *s));

	if (c == UTF8_INVALID) {
		c = 0x110000 + (unsigned char)**s;
		n = 1;
	}
	*s += n;
	return c;
}

/* The "]" of the class whose "[" is before `s`, NULL if there is none. */
static const char *class_end(const char *s, const char *end)
{
	if (s < end && (*s == '!' || *s == '^'))
		s++;
	if (s < end && *s == ']')	/* the first is a member */
		s++;
	for (; s < end && *s != ']'; s++)
		if (*s == '\\' && s + 1 < end)
			s++;
	return s < end ? s : NULL;
}

static uint32_t take_member(const char **s, const char *end)
{
	if (**s == '\\' && *s + 1 < end)
		(*s)++;
	return take(s, end);
}

static bool in_class(const struct token *t, uint32_t c)
{
	const char *s = t->class, *end = t->class_end;
	bool negated = *s == '!' || *s == '^', found = false;
	uint32_t low, high;

	if (negated)
		s++;
	while (s < end) {
		low = high = take_member(&s, end);
		if (end - s >= 2 && *s == '-') {
			s++;
			high = take_member(&s, end);
		}
		found = found || (c >= low && c <= high);
	}
	return found != negated;
}

/* Cut `pattern` into tokens; there is room for one more than its bytes. */
static size_t tokenize(struct token *tokens, const char *pattern, size_t len)
{
	const char *p = pattern, *end = pattern + len, *close;
	size_t n = 0;

	while (p < end) {
		struct token *t = &tokens[n++];
		bool starts = p == pattern || p[-1] == '/';

		t->kind = TOKEN_CHAR;
		if (p[0] == '*' && p + 1 < end && p[1] == '*' && starts &&
		    (p + 2 == end || p[2] == '/')) {
			if (p + 2 == end) {	/* what is below, not "" */
				t->kind = TOKEN_ONE;
				tokens[n++].kind = TOKEN_REST;
				p += 2;
			} else {
				t->kind = TOKEN_DIRS;
				tokens[n++].kind = TOKEN_IN_DIRS;
				p += 3;
			}
		} else if (*p == '*') {
			t->kind = TOKEN_STAR;
			p += strspn(p, "*");
		} else if (*p == '?') {
			t->kind = TOKEN_ANY;
			p++;
		} else if (*p == '[' && (close = class_end(p + 1, end))) {
			t->kind = TOKEN_CLASS;
			t->class = p + 1;
			t->class_end = close;
			p = close + 1;
		} else {
			if (*p == '\\' && p + 1 < end)
				p++;
			t->c = take(&p, end);
		}
	}
	tokens[n++].kind = TOKEN_END;
	return n;
}

/* Be at place `i`, and where one gets from there without a character. */
static void enter(bool *at, const struct token *tokens, size_t i)
{
	for (;;) {
		at[i] = true;
		if (tokens[i].kind == TOKEN_STAR || tokens[i].kind == TOKEN_REST)
			i++;
		else if (tokens[i].kind == TOKEN_DIRS)
			i += 2;
		else
			return;
		if (at[i])
			return;
	}
}

/* Take `c` at place `i`: enter the places behind it. */
static void advance(bool *next, const struct token *tokens, size_t i,
		    uint32_t c)
{
	bool slash = c == '/';

	switch (tokens[i].kind) {
	case TOKEN_CHAR:
		if (tokens[i].c == c)
			enter(next, tokens, i + 1);
		break;
	case TOKEN_ANY:
		if (!slash)
			enter(next, tokens, i + 1);
		break;
	case TOKEN_CLASS:
		if (!slash && in_class(&tokens[i], c))
			enter(next, tokens, i + 1);
		break;
	case TOKEN_STAR:
		if (!slash)
			enter(next, tokens, i);
		break;
	case TOKEN_ONE:
		enter(next, tokens, i + 1);
		break;
	case TOKEN_REST:
		enter(next, tokens, i);
		break;
	case TOKEN_DIRS:
		if (!slash)
			enter(next, tokens, i + 1);
		break;
	case TOKEN_IN_DIRS:
		enter(next, tokens, slash ? i - 1 : i);
		break;
	case TOKEN_END:
		break;
	}
}

bool glob_match(const char *pattern, const char *path)
{
	size_t len = strlen(pattern), prefix = strcspn(pattern, "*?[\\");
	const char *end = path + strlen(path);
	struct token *tokens;
	bool *at, *next, *swap, matches;
	size_t count, i;

	/* Most paths fail here. */
	if (strncmp(pattern, path, prefix) != 0)
		return false;
	if (prefix == len)
		return !path[prefix];
	if (len > GLOB_MAX)
		return false;
	tokens = xcalloc(len + 2, sizeof(*tokens));
	count = tokenize(tokens, pattern, len);
	at = xcalloc(count, sizeof(*at));
	next = xcalloc(count, sizeof(*next));
	enter(at, tokens, 0);
	while (path < end) {
		uint32_t c = take(&path, end);

		memset(next, 0, count * sizeof(*next));
		for (i = 0; i < count; i++)
			if (at[i])
				advance(next, tokens, i, c);
		swap = at;
		at = next;
		next = swap;
	}
	matches = at[count - 1];
	free(tokens);
	free(at);
	free(next);
	return matches;
}
