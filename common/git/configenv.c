/*
 * Configuration that came with the command: GIT_CONFIG_COUNT and its
 * variables, and GIT_CONFIG_PARAMETERS, by which `git -c` reaches its children.
 */
#include "base/strbuf.h"
#include "git/gitconfig.h"
#include "git/internal.h"

/* Bring a key from the command line into the form that files give. */
static char *normal_key(const char *key)
{
	const char *first = strchr(key, '.'), *last = strrchr(key, '.');
	char *out = xstrdup(key), *p;

	if (!first || first == key || !last[1]) {
		free(out);
		return NULL;
	}
	for (p = out; *p; p++) {
		bool subsection = p > out + (first - key) && p < out + (last - key);

		if (!subsection && *p >= 'A' && *p <= 'Z')
			*p = (char)(*p - 'A' + 'a');
		if ((subsection && *p == '\n') ||
		    (!subsection && *p != '.' && *p != '-' &&
		     !(*p >= 'a' && *p <= 'z') && !(*p >= '0' && *p <= '9'))) {
			free(out);
			return NULL;
		}
	}
	return out;
}

static int add_command(struct config_entries *out, const char *key,
		       const char *value)
{
	struct config_entry *e;
	char *name = normal_key(key);

	if (!name)
		return error_set(ORCH_EINVALID, "command line: bad configuration key "
				 "'%s'", key);
	ALLOC_GROW(out->v, out->nr + 1, out->alloc);
	e = &out->v[out->nr++];
	e->key = name;
	e->value = xstrdup(value);
	e->level = CONFIG_COMMAND;
	e->origin = xstrdup("command line");
	e->line = 0;
	return 0;
}

static int read_counted(struct config_entries *out)
{
	const char *text = getenv("GIT_CONFIG_COUNT");
	unsigned long count, i;
	char *end;
	int rc = 0;

	if (!text || !*text)
		return 0;
	errno = 0;
	count = strtoul(text, &end, 10);
	if (errno || *end || *text == '-' || count > 65536)
		return error_set(ORCH_EINVALID, "bad GIT_CONFIG_COUNT '%s'", text);
	for (i = 0; rc == 0 && i < count; i++) {
		char *k = xstrfmt("GIT_CONFIG_KEY_%lu", i);
		char *v = xstrfmt("GIT_CONFIG_VALUE_%lu", i);
		const char *key = getenv(k), *value = getenv(v);

		if (!key || !value)
			rc = error_set(ORCH_EINVALID, "%s is missing", key ? v : k);
		else
			rc = add_command(out, key, value);
		free(k);
		free(v);
	}
	return rc;
}

/* One word in single quotes, with '\'' and '\!' for those two characters. */
static const char *dequote(const char *p, struct strbuf *out)
{
	strbuf_reset(out);
	if (*p++ != '\'')
		return NULL;
	for (;; p++) {
		if (!*p)
			return NULL;
		if (*p != '\'') {
			strbuf_addch(out, *p);
			continue;
		}
		p++;
		if (p[0] != '\\' || (p[1] != '\'' && p[1] != '!') || p[2] != '\'')
			return p;
		strbuf_addch(out, p[1]);
		p += 2;
	}
}

static bool ends_word(const char *p)
{
	return !*p || *p == ' ' || *p == '\t' || *p == '\n' || *p == '\r';
}

/* 'key=value' of git before 2.31, 'key'='value' since, 'key'= for a bare key. */
static int read_parameters(struct config_entries *out)
{
	const char *p = getenv("GIT_CONFIG_PARAMETERS");
	struct strbuf key = STRBUF_INIT, value = STRBUF_INIT;
	int rc = 0;

	while (p && rc == 0) {
		while (*p && ends_word(p))
			p++;
		if (!*p)
			break;
		p = dequote(p, &key);
		if (!p)
			break;
		if (ends_word(p)) {
			char *equals = strchr(key.buf, '=');

			if (equals)
				*equals++ = '\0';
			rc = add_command(out, key.buf, equals);
		} else if (*p == '=' && ends_word(p + 1)) {
			p++;
			rc = add_command(out, key.buf, NULL);
		} else if (*p == '=' && (p = dequote(p + 1, &value)) != NULL &&
			   ends_word(p)) {
			rc = add_command(out, key.buf, value.buf);
		} else
			p = NULL;
	}
	if (rc == 0 && !p && getenv("GIT_CONFIG_PARAMETERS"))
		rc = error_set(ORCH_EINVALID, "GIT_CONFIG_PARAMETERS has a bad format");
	strbuf_release(&key);
	strbuf_release(&value);
	return rc;
}

int gitconfig_from_command(struct config_entries *out)
{
	int rc = read_counted(out);

	return rc < 0 ? rc : read_parameters(out);
}
