/*
 * UTF-8, and text that is safe for a terminal.
 */
#include "base/text.h"

#include <ctype.h>

#include "base/strbuf.h"
#include "base/width.def"

size_t utf8_next(uint32_t *cp, const void *data, size_t len)
{
	const unsigned char *s = data;
	uint32_t c;
	size_t n, i;

	*cp = UTF8_INVALID;
	if (!len)
		return 0;
	c = s[0];
	if (c < 0x80) {
		*cp = c;
		return 1;
	}
	if (c >= 0xc2 && c <= 0xdf) {
		n = 2;
		c &= 0x1f;
	} else if (c >= 0xe0 && c <= 0xef) {
		n = 3;
		c &= 0x0f;
	} else if (c >= 0xf0 && c <= 0xf4) {
		n = 4;
		c &= 0x07;
	} else {
		return 1;
	}
	/*
	 * An invalid sequence ends before the first byte that cannot belong
	 * to it, so that the character behind it is not swallowed.
	 */
	for (i = 1; i < n; i++) {
		if (i >= len || (s[i] & 0xc0) != 0x80)
			return i;
		if (i == 1 && ((s[0] == 0xe0 && s[1] < 0xa0) ||
			       (s[0] == 0xed && s[1] > 0x9f) ||
			       (s[0] == 0xf0 && s[1] < 0x90) ||
			       (s[0] == 0xf4 && s[1] > 0x8f)))
			return 1;
		c = c << 6 | (s[i] & 0x3f);
	}
	*cp = c;
	return n;
}

bool utf8_valid(const void *data, size_t len)
{
	const char *s = data;
	uint32_t cp;
	size_t i = 0;

	while (i < len) {
		if (!(s[i] & 0x80)) {
			i++;
			continue;
		}
		i += utf8_next(&cp, s + i, len - i);
		if (cp == UTF8_INVALID)
			return false;
	}
	return true;
}

void utf8_add_clean(struct strbuf *out, const void *data, size_t len)
{
	const char *s = data;
	size_t i = 0, start = 0, n;
	uint32_t cp;

	while (i < len) {
		n = utf8_next(&cp, s + i, len - i);
		if (cp == UTF8_INVALID) {
			strbuf_add(out, s + start, i - start);
			strbuf_addstr(out, UTF8_REPLACEMENT);
			start = i + n;
		}
		i += n;
	}
	strbuf_add(out, s + start, len - start);
}

static bool in_ranges(uint32_t cp, const struct range *ranges, size_t count)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (cp > ranges[mid].last)
			low = mid + 1;
		else if (cp < ranges[mid].first)
			high = mid;
		else
			return true;
	}
	return false;
}

size_t utf8_width(const char *s, size_t len)
{
	size_t i = 0, width = 0;
	uint32_t cp;

	while (i < len) {
		i += utf8_next(&cp, s + i, len - i);
		if (cp == UTF8_INVALID)
			width++;	/* U+FFFD */
		else if (cp < 0x20 || (cp >= 0x7f && cp < 0xa0) || cp == 0xad)
			continue;
		else if (cp < 0x300)
			width++;
		else if (in_ranges(cp, zero_width, ARRAY_SIZE(zero_width)))
			continue;
		else if (in_ranges(cp, double_width, ARRAY_SIZE(double_width)))
			width += 2;
		else
			width++;
	}
	return width;
}

/* Where terminal strings (OSC, DCS, ...) end, remembered over one text. */
struct escapes {
	const char *s;
	size_t len;
	size_t none_before;	/* no terminator between here and that place */
};

/* The end of a string sequence whose body begins at `i`; `i` if it has none. */
static size_t skip_string(struct escapes *e, size_t i)
{
	size_t k;

	if (i < e->none_before)
		return i;
	for (k = i; k < e->len && e->s[k] != '\n'; k++) {
		if (e->s[k] == '\a')
			return k + 1;
		if (e->s[k] == 0x1b && k + 1 < e->len && e->s[k + 1] == '\\')
			return k + 2;
		if (e->s[k] == '\xc2' && k + 1 < e->len && e->s[k + 1] == '\x9c')
			return k + 2;
	}
	/*
	 * Nothing ends it on this line. A terminal would go on to swallow the
	 * text; we drop only the introducer, so that nothing can hide there.
	 */
	e->none_before = k;
	return i;
}

static size_t skip_csi(const struct escapes *e, size_t i)
{
	while (i < e->len && e->s[i] >= 0x20 && e->s[i] <= 0x3f)
		i++;
	if (i < e->len && e->s[i] >= 0x40 && e->s[i] <= 0x7e)
		i++;
	return i;
}

/* `i` is behind an ESC: the place behind the whole sequence. */
static size_t skip_escape(struct escapes *e, size_t i)
{
	if (i == e->len)
		return i;
	switch (e->s[i]) {
	case '[':
		return skip_csi(e, i + 1);
	case ']': case 'P': case 'X': case '^': case '_':
		return skip_string(e, i + 1);
	}
	while (i < e->len && e->s[i] >= 0x20 && e->s[i] <= 0x2f)
		i++;
	if (i < e->len && e->s[i] >= 0x30 && e->s[i] <= 0x7e)
		i++;
	return i;
}

void text_add_safe(struct strbuf *out, const void *data, size_t len,
		   bool one_line)
{
	const char *s = data;
	struct escapes e = { s, len, 0 };
	size_t i = 0, n;
	uint32_t cp;

	while (i < len) {
		n = utf8_next(&cp, s + i, len - i);
		if (cp == UTF8_INVALID) {
			strbuf_addstr(out, UTF8_REPLACEMENT);
			i += n;
		} else if (cp == 0x1b) {
			i = skip_escape(&e, i + 1);
		} else if (cp == 0x9b) {
			i = skip_csi(&e, i + n);
		} else if (cp == 0x90 || cp == 0x98 || (cp >= 0x9d && cp <= 0x9f)) {
			i = skip_string(&e, i + n);
		} else if (cp == '\t' || cp == '\n') {
			strbuf_addch(out, one_line ? ' ' : (int)cp);
			i += n;
		} else {
			if (cp >= 0x20 && (cp < 0x7f || cp >= 0xa0))
				strbuf_add(out, s + i, n);
			i += n;
		}
	}
}

void text_add_quoted_path(struct strbuf *out, const char *path, size_t len)
{
	static const char letters[] = "abtnvfr";	/* 7 to 13 */
	size_t start = out->len, i, k, n;
	bool quoted = false;
	uint32_t cp;

	for (i = 0; i < len; i += n) {
		n = utf8_next(&cp, path + i, len - i);
		if (cp != UTF8_INVALID && cp >= 0x20 && cp != 0x7f &&
		    (cp < 0x80 || cp >= 0xa0) && cp != '"' && cp != '\\') {
			strbuf_add(out, path + i, n);
			continue;
		}
		quoted = true;
		if (cp == '"' || cp == '\\')
			strbuf_addf(out, "\\%c", (char)cp);
		else if (cp >= 7 && cp <= 13)
			strbuf_addf(out, "\\%c", letters[cp - 7]);
		else
			for (k = 0; k < n; k++)
				strbuf_addf(out, "\\%03o",
					    (unsigned)(unsigned char)path[i + k]);
	}
	if (quoted) {
		strbuf_insert(out, start, "\"", 1);
		strbuf_addch(out, '"');
	}
}

void text_add_shell_word(struct strbuf *out, const char *s, size_t len)
{
	struct strbuf quoted = STRBUF_INIT;
	bool plain = len > 0, raw = true;
	uint32_t cp;
	size_t n;

	for (size_t i = 0; i < len; i += n) {
		n = utf8_next(&cp, s + i, len - i);
		raw = raw && cp != UTF8_INVALID && cp >= 0x20 && cp != 0x7f &&
		      (cp < 0x80 || cp >= 0xa0);
		plain = plain && (cp >= 0xa0 || (cp < 0x80 && (isalnum((int)cp) ||
				  (cp && strchr("_./:@%+,-", (int)cp)))));
	}
	if (raw && plain) {
		strbuf_add(out, s, len);
	} else if (raw) {
		strbuf_addch(out, '\'');
		for (size_t i = 0; i < len; i++)
			if (s[i] == '\'')
				strbuf_addstr(out, "'\\''");
			else
				strbuf_addch(out, s[i]);
		strbuf_addch(out, '\'');
	} else {	/* git's escapes are also the shell's */
		text_add_quoted_path(&quoted, s, len);
		strbuf_addstr(out, "$'");
		for (size_t i = 1; i + 1 < quoted.len; i++) {
			if (quoted.buf[i] == '\'')
				strbuf_addch(out, '\\');
			strbuf_addch(out, quoted.buf[i]);
		}
		strbuf_addch(out, '\'');
	}
	strbuf_release(&quoted);
}

static bool is_octal(int c)
{
	return c >= '0' && c <= '7';
}

size_t text_add_unquoted(struct strbuf *out, const char *s, size_t len)
{
	static const char letters[] = "abtnvfr";
	const char *letter;
	size_t i;

	for (i = 0; i < len && s[i] != '"'; i++) {
		if (s[i] != '\\') {
			strbuf_addch(out, s[i]);
		} else if (++i == len) {
			return 0;
		} else if (s[i] == '"' || s[i] == '\\') {
			strbuf_addch(out, s[i]);
		} else if (s[i] && (letter = strchr(letters, s[i]))) {
			strbuf_addch(out, (int)(letter - letters) + 7);
		} else if (len - i >= 3 && s[i] <= '3' && is_octal(s[i]) &&
			   is_octal(s[i + 1]) && is_octal(s[i + 2])) {
			strbuf_addch(out, (s[i] - '0') << 6 | (s[i + 1] - '0') << 3 |
				     (s[i + 2] - '0'));
			i += 2;
		} else {
			return 0;
		}
	}
	return i < len ? i : 0;
}

void text_shorten(struct strbuf *sb, size_t columns)
{
	size_t at = 0, width = 0, n;
	uint32_t cp;

	if (sb->len <= columns || utf8_width(sb->buf, sb->len) <= columns)
		return;
	while ((n = utf8_next(&cp, sb->buf + at, sb->len - at))) {
		width += utf8_width(sb->buf + at, n);
		if (width + 3 > columns)
			break;
		at += n;
	}
	strbuf_setlen(sb, at);
	strbuf_rtrim(sb);
	strbuf_addstr(sb, "...");
}
