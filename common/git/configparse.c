/*
 * git-config syntax from memory, as git 2.39 reads it. Nothing here opens a
 * file or follows an include, so it is fit for text that nobody trusts.
 */
#include "base/strbuf.h"
#include "git/internal.h"
#include "git/gitconfig.h"

struct parser {
	const char *p, *end;
	int line;	/* of the character that was read last */
	bool newline;	/* that was the end of a line */
	bool eof;
};

/* The next character; CR LF is one newline, and so is the end. */
static int next(struct parser *ps)
{
	int c;

	if (ps->newline)
		ps->line++;
	ps->newline = false;
	if (ps->p == ps->end) {
		ps->eof = true;
		return '\n';
	}
	c = (unsigned char)*ps->p++;
	if (c == '\r' && ps->p < ps->end && *ps->p == '\n')
		c = (unsigned char)*ps->p++;
	ps->newline = c == '\n';
	return c;
}

static bool is_space(int c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_alpha(int c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_key_char(int c)
{
	return is_alpha(c) || (c >= '0' && c <= '9') || c == '-';
}

static int lower(int c)
{
	return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

/* What follows "[": "a.b]" or "a "b"]", with the dot behind it appended. */
static const char *parse_section(struct parser *ps, struct strbuf *key)
{
	int c;

	while ((c = next(ps)) != ']' && !is_space(c)) {
		if (!is_key_char(c) && c != '.')
			return "a section name has letters, digits, '-' and '.'";
		strbuf_addch(key, lower(c));
	}
	if (c == ']' && !key->len)
		return "the section has no name";
	if (c != ']') {
		while (is_space(c) && c != '\n')
			c = next(ps);
		if (c == '\n')
			return "the section header has no ']'";
		if (c != '"')
			return "a subsection stands in double quotes";
		strbuf_addch(key, '.');
		while ((c = next(ps)) != '"') {
			if (c == '\\')
				c = next(ps);
			if (c == '\n')
				return "the subsection has no closing quote";
			strbuf_addch(key, c);
		}
		if (next(ps) != ']')
			return "the section header has no ']'";
	}
	strbuf_addch(key, '.');
	return NULL;
}

static const char *parse_value(struct parser *ps, struct strbuf *value)
{
	bool quoted = false, comment = false;
	size_t spaces = 0;
	int c;

	while ((c = next(ps)) != '\n') {
		if (comment)
			continue;
		if (!quoted && is_space(c)) {
			if (value->len)
				spaces++;
			continue;
		}
		if (!quoted && (c == '#' || c == ';')) {
			comment = true;
			continue;
		}
		strbuf_addchars(value, ' ', spaces);
		spaces = 0;
		if (c == '"') {
			quoted = !quoted;
			continue;
		}
		if (c == '\\') {
			switch (c = next(ps)) {
			case '\n':
				continue;
			case 'n':
				c = '\n';
				break;
			case 't':
				c = '\t';
				break;
			case 'b':
				c = '\b';
				break;
			case '\\':
			case '"':
				break;
			default:
				return "unknown escape in a value (\\n \\t \\b \\\\ \\\" "
				       "are known)";
			}
		}
		strbuf_addch(value, c);
	}
	return quoted ? "the value has no closing quote" : NULL;
}

/* What follows the first letter of a key. */
static const char *parse_entry(struct parser *ps, struct strbuf *key,
			       struct strbuf *value, bool *has_value)
{
	int c;

	*has_value = false;
	strbuf_reset(value);
	while (is_key_char(c = next(ps)))
		strbuf_addch(key, lower(c));
	while (c == ' ' || c == '\t')
		c = next(ps);
	if (c == '\n')
		return NULL;
	if (c != '=')
		return "a key has letters, digits and '-', and '=' before its value";
	*has_value = true;
	return parse_value(ps, value);
}

static void add_entry(struct config_entries *out, const struct strbuf *key,
		      const struct strbuf *value, enum config_level level,
		      const char *origin, int line)
{
	struct config_entry *e;

	ALLOC_GROW(out->v, out->nr + 1, out->alloc);
	e = &out->v[out->nr++];
	e->key = xstrndup(key->buf, key->len);
	e->value = value ? xstrndup(value->buf, value->len) : NULL;
	e->level = level;
	e->origin = xstrdup(origin);
	e->line = line;
}

int gitconfig_parse(struct config_entries *out, const char *text, size_t len,
		    enum config_level level, const char *origin)
{
	struct parser ps = { text, text + len, 1, false, false };
	struct strbuf key = STRBUF_INIT, value = STRBUF_INIT;
	const char *fault = NULL, *nul;
	size_t section = 0;
	int c, line, rc = 0;

	if (len && (nul = memchr(text, '\0', len)) != NULL) {
		for (line = 1; text < nul; text++)
			line += *text == '\n';
		return error_set(ORCH_EINVALID, "%s:%d: a NUL byte", origin, line);
	}
	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		ps.p += 3;
	while (!fault && ((c = next(&ps)) != '\n' || !ps.eof)) {
		bool has_value;

		if (is_space(c))
			continue;
		if (c == '#' || c == ';') {
			while (next(&ps) != '\n')
				;
		} else if (c == '[') {
			strbuf_reset(&key);
			fault = parse_section(&ps, &key);
			section = key.len;
		} else if (is_alpha(c)) {
			line = ps.line;
			strbuf_setlen(&key, section);
			strbuf_addch(&key, lower(c));
			fault = parse_entry(&ps, &key, &value, &has_value);
			if (!fault)
				add_entry(out, &key, has_value ? &value : NULL, level,
					  origin, line);
		} else
			fault = "neither a section, a key nor a comment";
	}
	if (fault)
		rc = error_set(ORCH_EINVALID, "%s:%d: %s", origin, ps.line, fault);
	strbuf_release(&key);
	strbuf_release(&value);
	return rc;
}

void config_entries_release(struct config_entries *e)
{
	size_t i;

	for (i = 0; i < e->nr; i++) {
		free(e->v[i].key);
		free(e->v[i].value);
		free(e->v[i].origin);
	}
	free(e->v);
	e->v = NULL;
	e->nr = e->alloc = 0;
}

const char *config_level_name(enum config_level level)
{
	static const char *const names[] = {
		"default", "tracked", "system", "global", "local", "worktree",
		"command", "environment", "argument"
	};

	return (size_t)level < ARRAY_SIZE(names) ? names[level] : "unknown";
}
