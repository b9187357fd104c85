/*
 * The strict reading of JSON. cJSON alone accepts text behind the value,
 * control characters, "01", 1e999 and bytes that are no UTF-8.
 */
#include "base/jsonscan.h"

#include <math.h>

#include "base/text.h"

/* cJSON reads numbers through a buffer of 64. */
#define NUMBER_MAX 60

static int bad(struct json_scan *s, const char *fault)
{
	s->fault = fault;
	return -1;
}

static int peek(const struct json_scan *s)
{
	return s->pos < s->len ? (unsigned char)s->text[s->pos] : -1;
}

static void skip_space(struct json_scan *s)
{
	int c;

	while ((c = peek(s)) == ' ' || c == '\t' || c == '\n' || c == '\r')
		s->pos++;
}

/* The value of the four digits of the "\u" escape at `pos`; -1: none there. */
static int unicode_escape(const struct json_scan *s, size_t pos)
{
	int value = 0, i;

	if (pos + 6 > s->len || s->text[pos] != '\\' || s->text[pos + 1] != 'u')
		return -1;
	for (i = 2; i < 6; i++) {
		char c = s->text[pos + (size_t)i];

		if (c >= '0' && c <= '9')
			value = value * 16 + (c - '0');
		else if (c >= 'a' && c <= 'f')
			value = value * 16 + (c - 'a' + 10);
		else if (c >= 'A' && c <= 'F')
			value = value * 16 + (c - 'A' + 10);
		else
			return -1;
	}
	return value;
}

static int scan_unicode_escape(struct json_scan *s)
{
	int c = unicode_escape(s, s->pos), low;

	if (c < 0)
		return bad(s, "bad \\u escape");
	if (c >= 0xd800 && c <= 0xdbff) {
		low = unicode_escape(s, s->pos + 6);
		if (low >= 0xdc00 && low <= 0xdfff) {
			s->pos += 12;
			return 0;
		}
	}
	if (c == 0 || (c >= 0xd800 && c <= 0xdfff)) {
		if (!s->lenient)
			return bad(s, c ? "half of a surrogate pair" :
				   "NUL character in a string");
		memcpy(s->text + s->pos + 2, "fffd", 4);
	}
	s->pos += 6;
	return 0;
}

static int scan_string(struct json_scan *s)
{
	uint32_t cp;
	size_t n;
	int c;

	for (s->pos++; (c = peek(s)) != '"'; ) {
		if (c < 0)
			return bad(s, "string does not end");
		if (c < 0x20)
			return bad(s, "control character in a string");
		if (c == '\\') {
			c = s->pos + 1 < s->len ? s->text[s->pos + 1] : 0;
			if (c == 'u') {
				if (scan_unicode_escape(s) < 0)
					return -1;
				continue;
			}
			if (!c || !strchr("\"\\/bfnrt", c))
				return bad(s, "bad escape");
			s->pos += 2;
		} else if (c < 0x80) {
			s->pos++;
		} else {
			n = utf8_next(&cp, s->text + s->pos, s->len - s->pos);
			if (cp == UTF8_INVALID)
				return bad(s, "invalid UTF-8");
			s->pos += n;
		}
	}
	s->pos++;
	return 0;
}

static bool skip_digits(struct json_scan *s)
{
	size_t start = s->pos;
	int c;

	while ((c = peek(s)) >= '0' && c <= '9')
		s->pos++;
	return s->pos > start;
}

static int scan_number(struct json_scan *s)
{
	size_t start = s->pos;
	char copy[NUMBER_MAX + 1];
	int c;

	if (peek(s) == '-')
		s->pos++;
	if (peek(s) == '0')
		s->pos++;
	else if (!skip_digits(s))
		return bad(s, "expected a value");
	if (peek(s) == '.') {
		s->pos++;
		if (!skip_digits(s))
			return bad(s, "expected a digit");
	}
	if ((c = peek(s)) == 'e' || c == 'E') {
		s->pos++;
		if ((c = peek(s)) == '+' || c == '-')
			s->pos++;
		if (!skip_digits(s))
			return bad(s, "expected a digit");
	}
	if (s->pos - start > NUMBER_MAX) {
		s->pos = start;
		return bad(s, "number of more than 60 characters");
	}
	memcpy(copy, s->text + start, s->pos - start);
	copy[s->pos - start] = '\0';
	if (!isfinite(strtod(copy, NULL))) {
		s->pos = start;
		return bad(s, "number out of range");
	}
	return 0;
}

static int scan_scalar(struct json_scan *s)
{
	static const char *const words[] = { "true", "false", "null" };
	size_t i, n;

	if (peek(s) == '"')
		return scan_string(s);
	for (i = 0; i < ARRAY_SIZE(words); i++) {
		n = strlen(words[i]);
		if (s->len - s->pos >= n &&
		    !memcmp(s->text + s->pos, words[i], n)) {
			s->pos += n;
			return 0;
		}
	}
	return scan_number(s);
}

/* A member's name and colon. */
static int scan_key(struct json_scan *s)
{
	skip_space(s);
	if (peek(s) != '"')
		return bad(s, "expected a key in quotes");
	if (scan_string(s) < 0)
		return -1;
	skip_space(s);
	if (peek(s) != ':')
		return bad(s, "expected ':'");
	s->pos++;
	return 0;
}

int json_scan(struct json_scan *s)
{
	char closer[JSON_DEPTH];
	size_t depth = 0;
	int c;

	for (;;) {
		/* A value begins here. */
		skip_space(s);
		c = peek(s);
		if (c == '{' || c == '[') {
			if (depth == JSON_DEPTH)
				return bad(s, "nested more than 128 deep");
			closer[depth++] = c == '{' ? '}' : ']';
			s->pos++;
			skip_space(s);
			if (peek(s) != closer[depth - 1]) {
				if (c == '{' && scan_key(s) < 0)
					return -1;
				continue;
			}
		} else if (scan_scalar(s) < 0) {
			return -1;
		}
		/* Behind a value, or before the closer of an empty one. */
		for (;;) {
			skip_space(s);
			c = peek(s);
			if (!depth) {
				if (c < 0)
					return 0;
				return bad(s, "text behind the value");
			}
			if (c == closer[depth - 1]) {
				depth--;
				s->pos++;
				continue;
			}
			if (c != ',')
				return bad(s, closer[depth - 1] == '}' ?
					   "expected ',' or '}'" :
					   "expected ',' or ']'");
			s->pos++;
			if (closer[depth - 1] == '}' && scan_key(s) < 0)
				return -1;
			break;
		}
	}
}
