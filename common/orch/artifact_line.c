/*
 * One line of the artifact index.
 */
#include "orch/artifact_line.h"

#include "base/file.h"
#include "base/text.h"
#include "orch/artifact.h"

/* --- writing ------------------------------------------------------------- */

static bool is_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

void line_add_string(struct strbuf *out, const char *s, size_t len)
{
	const char *end = s + len;

	strbuf_addch(out, '"');
	while (s < end) {
		const char *from = s;
		uint32_t cp;
		size_t n;

		while (s < end && is_plain((unsigned char)*s))
			s++;
		strbuf_add(out, from, (size_t)(s - from));
		if (s == end)
			break;
		if ((unsigned char)*s < 0x80) {
			if (*s == '"' || *s == '\\')
				strbuf_addf(out, "\\%c", *s);
			else
				strbuf_addf(out, "\\u%04x", (unsigned char)*s);
			s++;
			continue;
		}
		n = utf8_next(&cp, s, (size_t)(end - s));
		if (cp != UTF8_INVALID)
			strbuf_add(out, s, n);
		for (; cp == UTF8_INVALID && n; n--)
			strbuf_addf(out, "\\udc%02x", (unsigned char)*s++);
		s += n;
	}
	strbuf_addch(out, '"');
}

void line_add_optional(struct strbuf *out, const char *s, size_t len)
{
	if (len)
		line_add_string(out, s, len);
	else
		strbuf_addstr(out, "null");
}

void line_add_int(struct strbuf *out, int64_t n)
{
	char digits[24], *p = digits + sizeof(digits);
	uint64_t u = n < 0 ? -(uint64_t)n : (uint64_t)n;

	do
		*--p = (char)('0' + u % 10);
	while ((u /= 10) != 0);
	if (n < 0)
		*--p = '-';
	strbuf_add(out, p, (size_t)(digits + sizeof(digits) - p));
}

void line_add_state(struct strbuf *out, const struct line_state *s)
{
	strbuf_addf(out, "\"tracked\":%s,\"looked\":%s,\"commit\":",
		    s->tracked ? "true" : "false", s->looked ? "true" : "false");
	if (oid_is_zero(&s->commit))
		strbuf_addstr(out, "null");
	else
		strbuf_addf(out, "\"%s\"", oid_hex(&s->commit));
	strbuf_addf(out, ",\"iteration\":%" PRId64, s->iteration);
}

/* --- reading ------------------------------------------------------------- */

bool line_word(struct line_cursor *c, const char *word)
{
	size_t len = strlen(word);

	if ((size_t)(c->end - c->p) < len || memcmp(c->p, word, len) != 0)
		return false;
	c->p += len;
	return true;
}

bool line_int(struct line_cursor *c, int64_t *n)
{
	bool negative = c->p < c->end && *c->p == '-';
	const char *from;
	uint64_t u = 0;

	c->p += negative;
	for (from = c->p; c->p < c->end && *c->p >= '0' && *c->p <= '9'; c->p++)
		u = u * 10 + (uint64_t)(*c->p - '0');
	*n = negative ? -(int64_t)u : (int64_t)u;
	return c->p > from && c->p - from <= 18 + 1 && u <= INT64_MAX;
}

bool line_bool(struct line_cursor *c, bool *b)
{
	*b = line_word(c, "true");
	return *b || line_word(c, "false");
}

/* The quote that ends the string whose first byte is next; NULL if none does. */
static const char *find_end(const struct line_cursor *c)
{
	const char *p = memchr(c->p, '"', (size_t)(c->end - c->p));

	if (!p || p == c->p || p[-1] != '\\')
		return p;
	for (p = c->p; p < c->end && *p != '"'; p++)
		p += *p == '\\';
	return p < c->end ? p : NULL;
}

bool line_skip_string(struct line_cursor *c)
{
	const char *close;

	if (line_word(c, "null"))
		return true;
	if (!line_word(c, "\"") || !(close = find_end(c)))
		return false;
	c->p = close + 1;
	return true;
}

static int hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* \uXXXX as we write it: a control character, or a byte that is no UTF-8. */
static bool read_unicode(const char **p, const char *end, char *out)
{
	unsigned n = 0;

	if (end - *p < 4)
		return false;
	for (int i = 0; i < 4; i++) {
		int d = hex_digit((*p)[i]);

		if (d < 0)
			return false;
		n = n * 16 + (unsigned)d;
	}
	*p += 4;
	*out = (char)(n & 0xff);
	return n && (n < 0x80 || (n >= 0xdc80 && n <= 0xdcff));
}

bool line_string(struct line_cursor *c, struct arena *memory, const char **s, size_t *len)
{
	const char *p, *close;
	char *out, *to;

	*s = NULL;
	*len = 0;
	if (line_word(c, "null"))
		return true;
	if (!line_word(c, "\"") || !(close = find_end(c)))
		return false;
	p = c->p;
	c->p = close + 1;
	to = out = arena_strn(memory, p, (size_t)(close - p));
	*s = out;
	*len = (size_t)(close - p);
	if (!memchr(p, '\\', *len))
		return true;
	while (p < close) {
		if (*p != '\\') {
			*to++ = *p++;
		} else if (p[1] == 'u') {
			p += 2;
			if (!read_unicode(&p, close, to++))
				return false;
		} else {
			*to++ = p[1];
			p += 2;
		}
	}
	*to = '\0';
	*len = (size_t)(to - out);
	return true;
}

bool line_oid(struct line_cursor *c, struct oid *oid)
{
	char hex[OID_HEX + 1];

	memset(oid, 0, sizeof(*oid));
	if (line_word(c, "null"))
		return true;
	if (c->end - c->p < OID_HEX + 2 || !line_word(c, "\""))
		return false;
	memcpy(hex, c->p, OID_HEX);
	hex[OID_HEX] = '\0';
	for (int i = 0; i < OID_HEX; i++)
		if (hex_digit(hex[i]) < 0)
			return false;
	c->p += OID_HEX;
	return oid_parse(oid, hex) == 0 && line_word(c, "\"");
}

/* The same into a buffer, most often in one piece. */
static bool add_string(struct line_cursor *c, struct strbuf *out)
{
	const char *close, *p;

	if (!line_word(c, "\"") || !(close = find_end(c)))
		return false;
	p = c->p;
	c->p = close + 1;
	while (p < close) {
		const char *slash = memchr(p, '\\', (size_t)(close - p));
		char byte;

		strbuf_add(out, p, (size_t)((slash ? slash : close) - p));
		if (!slash)
			break;
		p = slash + 2;
		if (slash[1] != 'u')
			byte = slash[1];
		else if (!read_unicode(&p, close, &byte))
			return false;
		strbuf_addch(out, byte);
	}
	return true;
}

int line_next_name(struct line_cursor *c, struct strbuf *out)
{
	int64_t size;

	if (!line_word(c, "[") && !line_word(c, ","))
		return line_word(c, "]}") && c->p == c->end ? 0 : -1;
	if (line_word(c, "]}"))		/* an empty list */
		return c->p == c->end ? 0 : -1;
	return line_word(c, "[") && add_string(c, out) && line_word(c, ",") &&
	       line_int(c, &size) && line_word(c, "]") ? 1 : -1;
}

static bool read_state(struct line_cursor *c, struct line_state *s)
{
	return line_word(c, "\"tracked\":") && line_bool(c, &s->tracked) &&
	       line_word(c, ",\"looked\":") && line_bool(c, &s->looked) &&
	       line_word(c, ",\"commit\":") && line_oid(c, &s->commit) &&
	       line_word(c, ",\"iteration\":") && line_int(c, &s->iteration);
}

static bool skip_dirs(struct line_cursor *c)
{
	int64_t time;

	do
		if (!line_word(c, "[") || !line_skip_string(c) || !line_word(c, ",") ||
		    !line_int(c, &time) || !line_word(c, "]"))
			return false;
	while (line_word(c, ","));
	return line_word(c, "]");
}

bool line_parse(struct line_parts *out, const char *line, size_t len,
		struct arena *memory)
{
	struct line_cursor c = { line, line + len };
	int64_t time;

	if (!line_word(&c, "{\"path\":") ||
	    !line_string(&c, memory, &out->path, &out->path_len) || !out->path ||
	    !path_is_safe(out->path) || !line_word(&c, ",\"dirs\":["))
		return false;
	out->dirs = (size_t)(c.p - line);
	if (!skip_dirs(&c) || !line_word(&c, ",\"initiative\":") || !line_skip_string(&c) ||
	    !line_word(&c, ",\"phase\":") || !line_skip_string(&c) ||
	    !line_word(&c, ",\"stamp\":"))
		return false;
	out->has_stamp = c.p < c.end && *c.p == '"';
	if (!line_skip_string(&c) || !line_word(&c, ",\"time\":") || !line_int(&c, &time) ||
	    !line_word(&c, ",\"type\":") || !line_skip_string(&c) || !line_word(&c, ","))
		return false;
	out->state = (size_t)(c.p - line);
	if (!read_state(&c, &out->is) || !line_word(&c, ","))
		return false;
	out->files = (size_t)(c.p - line);
	return len > 2 && line[len - 1] == '}' && line[len - 2] == ']';
}

static bool read_files(struct artifact *a, struct line_cursor *c)
{
	size_t alloc = 0, len, nr = 0;
	struct artifact_file *v = NULL;
	bool fine = true;

	while (fine && !line_word(c, "]")) {
		if (nr && !line_word(c, ",")) {
			fine = false;
			break;
		}
		ALLOC_GROW(v, nr + 1, alloc);
		fine = line_word(c, "[") &&
		       line_string(c, &a->memory, &v[nr].name, &len) && v[nr].name &&
		       path_is_safe(v[nr].name) &&
		       line_word(c, ",") && line_int(c, &v[nr].size) && line_word(c, "]");
		nr += fine;
	}
	a->files = arena_alloc(&a->memory, (nr + 1) * sizeof(*v));
	if (nr)
		memcpy(a->files, v, nr * sizeof(*v));
	a->nr_files = nr;
	for (size_t i = 0; i < nr; i++)
		a->size += v[i].size;
	free(v);
	return fine && line_word(c, "}") && c->p == c->end;
}

bool line_read(struct artifact *a, const char *line, size_t len)
{
	struct line_cursor c = { line, line + len };
	struct arena memory = a->memory;
	struct line_state s;
	size_t n;

	arena_reset(&memory);
	*a = (struct artifact)ARTIFACT_INIT;
	a->memory = memory;
	if (!line_word(&c, "{\"path\":") || !line_string(&c, &a->memory, &a->path, &n) ||
	    !a->path || !path_is_safe(a->path) || !line_word(&c, ",\"dirs\":[") || !skip_dirs(&c) ||
	    !line_word(&c, ",\"initiative\":") ||
	    !line_string(&c, &a->memory, &a->initiative, &n) ||
	    !line_word(&c, ",\"phase\":") || !line_string(&c, &a->memory, &a->phase, &n) ||
	    !line_word(&c, ",\"stamp\":") || !line_string(&c, &a->memory, &a->stamp, &n) ||
	    !line_word(&c, ",\"time\":") || !line_int(&c, &a->time_ms) ||
	    !line_word(&c, ",\"type\":") || !line_string(&c, &a->memory, &a->type, &n) ||
	    !a->type || !line_word(&c, ",") || !read_state(&c, &s) ||
	    !line_word(&c, ",\"files\":["))
		return false;
	a->tracked = s.tracked;
	a->commit = s.commit;
	a->iteration = s.iteration;
	return read_files(a, &c);
}

void artifact_release(struct artifact *a)
{
	static const struct artifact empty = ARTIFACT_INIT;

	arena_release(&a->memory);
	*a = empty;
}
