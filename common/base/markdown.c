#include "base/markdown.h"

#define KEY_MAX 48

static bool is_space(char c)
{
	return c == ' ' || c == '\t';
}

static bool is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

struct md_slice md_trim(struct md_slice s)
{
	while (s.len && is_space(s.text[0])) {
		s.text++;
		s.len--;
	}
	while (s.len && is_space(s.text[s.len - 1]))
		s.len--;
	return s;
}

static struct md_slice rest_of(const char *line, size_t from, size_t len)
{
	return md_trim((struct md_slice){ line + from, len - from });
}

/* --- list items ---------------------------------------------------------- */

static size_t skip_indent(const char *s, size_t len, unsigned *columns)
{
	size_t i;

	*columns = 0;
	for (i = 0; i < len && is_space(s[i]); i++)
		*columns += s[i] == '\t' ? 4 - *columns % 4 : 1;
	return i;
}

/* Behind "- " or "12. " at `i`; 0 if there is no marker. */
static size_t skip_marker(const char *s, size_t i, size_t len)
{
	size_t from = i;

	if (i < len && (s[i] == '-' || s[i] == '*' || s[i] == '+')) {
		i++;
	} else {
		while (i < len && i - from < 9 && is_digit(s[i]))
			i++;
		if (i == from || i == len || (s[i] != '.' && s[i] != ')'))
			return 0;
		i++;
	}
	if (i < len && !is_space(s[i]))
		return 0;
	while (i < len && is_space(s[i]))
		i++;
	return i;
}

/* "[ ]" at `i`: the bytes it takes, or 0. */
static size_t box_at(struct md_bullet *b, const char *s, size_t i, size_t len)
{
	static const char tick[] = "[\xe2\x9c", open[] = " xX-~/>?!*o";

	if (len - i >= 3 && s[i] == '[' && s[i + 2] == ']' && s[i + 1] &&
	    strchr(open, s[i + 1]) && (len - i == 3 || is_space(s[i + 3]))) {
		b->mark = s[i + 1];
		b->box = lower(b->mark) == 'x' ? MD_DONE : MD_OPEN;
		return 3;
	}
	/* Check marks: U+2713, U+2714, U+2705. */
	if (len - i >= 5 && memcmp(s + i, tick, 3) == 0 && s[i + 4] == ']' &&
	    memchr("\x93\x94\x85", s[i + 3], 3)) {
		b->mark = 'x';
		b->box = MD_DONE;
		return 5;
	}
	return 0;
}

bool md_bullet(struct md_bullet *b, const char *line, size_t len)
{
	size_t i = skip_indent(line, len, &b->indent);

	b->box = MD_NO_BOX;
	b->mark = '\0';
	i = skip_marker(line, i, len);
	if (!i)
		return false;
	i += box_at(b, line, i, len);
	b->rest = rest_of(line, i, len);
	return true;
}

/* --- fields -------------------------------------------------------------- */

static bool is_mark(char c)
{
	return c == '*' || c == '_' || c == '`';
}

static bool is_key_char(char c)
{
	return is_alpha(c) || is_digit(c) || (c && strchr(" _-/&#()'", c)) ||
	       (unsigned char)c >= 0x80;
}

bool md_field(struct md_field *f, const char *line, size_t len)
{
	size_t i = skip_indent(line, len, &f->indent), from, to, behind;

	behind = skip_marker(line, i, len);
	if (behind)
		i = behind;
	while (i < len && is_mark(line[i]))
		i++;
	if (i == len || !is_alpha(line[i]))
		return false;
	for (from = i; i < len && i - from <= KEY_MAX && is_key_char(line[i]); i++)
		;
	to = i;
	while (i < len && is_mark(line[i]))
		i++;
	if (i == len || line[i] != ':')
		return false;
	i++;
	behind = i;
	while (i < len && is_mark(line[i]))
		i++;
	/* "Key: **bold**": marks behind a blank are the value's. */
	if (i < len && !is_space(line[i])) {
		if (i == behind)
			return false;
		i = behind;
	}
	while (to > from && (is_space(line[to - 1]) || is_mark(line[to - 1])))
		to--;
	f->key = (struct md_slice){ line + from, to - from };
	f->value = rest_of(line, i, len);
	return f->key.len <= KEY_MAX;
}

static char key_char(char c)
{
	return c == '_' || c == '-' || c == '\t' ? ' ' : lower(c);
}

bool md_key(char out[MD_KEY_SIZE], struct md_slice key)
{
	const char *paren = memchr(key.text, '(', key.len);

	if (paren && paren > key.text)
		key.len = (size_t)(paren - key.text);
	key = md_trim(key);
	if (!key.len || key.len >= MD_KEY_SIZE)
		return false;
	for (size_t i = 0; i < key.len; i++)
		out[i] = key_char(key.text[i]);
	out[key.len] = '\0';
	return true;
}

bool md_key_is(struct md_slice key, const char *names)
{
	char k[MD_KEY_SIZE];
	size_t n;

	if (!md_key(k, key))
		return false;
	for (n = strlen(k); ; names++) {
		if (*names == *k && strncmp(names, k, n) == 0 &&
		    (!names[n] || names[n] == '|'))
			return true;
		names = strchr(names, '|');
		if (!names)
			return false;
	}
}

/* --- marks ---------------------------------------------------------------- */

struct md_slice md_unwrap(struct md_slice s)
{
	static const char open[] = "*_`~[", close[] = "*_`~]";

	for (s = md_trim(s); s.len >= 2; s = md_trim(s)) {
		const char *p = s.text[0] ? strchr(open, s.text[0]) : NULL;

		if (!p || s.text[s.len - 1] != close[p - open])
			break;
		s.text++;
		s.len -= 2;
	}
	return s;
}
