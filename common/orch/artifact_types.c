/*
 * The kind of an artifact, by the names of its files.
 */
#include "orch/artifact_types.h"

#include "base/error.h"
#include "base/glob.h"
#include "base/strbuf.h"
#include "base/strvec.h"
#include "orch/config.h"

#define MAX_PATTERNS 500
#define NAME_MAX_BYTES 255
#define PAIRS 4096	/* places in the table of first two bytes */

enum kind {
	WORD,	/* *text*: anywhere */
	START,	/* text* */
	END,	/* *text */
	GLOB	/* anything else */
};
struct pattern {
	enum kind kind;
	char *text;	/* in small letters, without the stars around it */
	size_t len, rule;
};
struct artifact_types {
	char *names[MAX_PATTERNS];
	size_t nr_names;
	struct pattern v[MAX_PATTERNS];
	size_t nr;
	bool any_glob;
	bool pair[PAIRS];	/* two bytes with which some text begins */
};

static size_t pair_of(const char *s)
{
	return ((size_t)(unsigned char)s[0] * 31 + (unsigned char)s[1]) % PAIRS;
}

static void lower(char *out, const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		out[i] = s[i] >= 'A' && s[i] <= 'Z' ? (char)(s[i] - 'A' + 'a') : s[i];
	out[len] = '\0';
}

static void add_pattern(struct artifact_types *t, const char *text, size_t rule)
{
	struct pattern *p = &t->v[t->nr++];
	size_t len = strlen(text);
	char *low = xmalloc(len + 1);
	bool open_start, open_end;

	lower(low, text, len);
	open_start = len > 2 && low[0] == '*';
	open_end = len > 3 && low[len - 1] == '*' && low[len - 2] != '\\';
	p->rule = rule;
	p->kind = open_start ? (open_end ? WORD : END) : open_end ? START : GLOB;
	p->text = xstrndup(low + open_start, len - open_start - open_end);
	p->len = strlen(p->text);
	if (p->kind == GLOB || p->len < 2 || strpbrk(p->text, "*?[\\")) {
		p->kind = GLOB;
		free(p->text);
		p->text = low;
		t->any_glob = true;
		return;
	}
	t->pair[pair_of(p->text)] = true;
	free(low);
}

/* "type pattern..." */
static int add_rule(struct artifact_types *t, const char *type, const char *patterns)
{
	struct strvec words = STRVEC_INIT;
	int rc = 0;

	strvec_split(&words, patterns);
	if (t->nr + words.nr > MAX_PATTERNS || t->nr_names == MAX_PATTERNS)
		rc = error_set(ORCH_EINVALID, "orch.artifactType: more than %d patterns",
			       MAX_PATTERNS);
	for (size_t i = 0; rc == 0 && i < words.nr; i++)
		add_pattern(t, words.v[i], t->nr_names);
	if (rc == 0)
		t->names[t->nr_names++] = xstrdup(type);
	strvec_release(&words);
	return rc;
}

static int add_configured(struct artifact_types *t, const char *value)
{
	size_t len = strcspn(value, " \t");
	char *type = xstrndup(value, len);
	int rc;

	if (!len || strspn(type, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				 "0123456789_-.") != len ||
	    !value[len + strspn(value + len, " \t")])
		rc = error_set(ORCH_EINVALID, "orch.artifactType: '%.200s' is not a type "
			       "and patterns of file names", value);
	else
		rc = add_rule(t, type, value + len);
	free(type);
	return rc;
}

int artifact_types_load(struct artifact_types **out, const struct config *c)
{
	static const char *const builtin[][2] = {
#define ARTIFACT_TYPE(name, patterns) { #name, patterns },
#include "orch/artifact_types.def"
#undef ARTIFACT_TYPE
	};
	struct artifact_types *t = xcalloc(1, sizeof(*t));
	struct strvec more = STRVEC_INIT;
	int rc = 0;

	config_get_list(c, "orch.artifactType", &more);
	for (size_t i = 0; rc == 0 && i < more.nr; i++)
		rc = add_configured(t, more.v[i]);
	for (size_t i = 0; rc == 0 && i < ARRAY_SIZE(builtin); i++)
		rc = add_rule(t, builtin[i][0], builtin[i][1]);
	strvec_release(&more);
	*out = rc == 0 ? t : NULL;
	if (rc < 0)
		artifact_types_free(t);
	return rc;
}

void artifact_types_free(struct artifact_types *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->nr_names; i++)
		free(t->names[i]);
	for (size_t i = 0; i < t->nr; i++)
		free(t->v[i].text);
	free(t);
}

/* Whether the pattern, known to begin at `at`, matches there. */
static bool fits(const struct pattern *p, const char *name, size_t len, size_t at)
{
	if (p->kind == GLOB || len - at < p->len || memcmp(name + at, p->text, p->len) != 0)
		return false;
	return p->kind == WORD || (p->kind == START ? at == 0 : at + p->len == len);
}

size_t artifact_types_match(const struct artifact_types *t, const char *name,
			    size_t len, size_t best)
{
	char low[NAME_MAX_BYTES + 1];

	if (len > NAME_MAX_BYTES)
		len = NAME_MAX_BYTES;
	lower(low, name, len);
	for (size_t at = 0; at + 1 < len; at++) {
		if (!t->pair[pair_of(low + at)])
			continue;
		for (size_t i = 0; i < t->nr && t->v[i].rule < best; i++)
			if (fits(&t->v[i], low, len, at))
				best = t->v[i].rule;
	}
	for (size_t i = 0; t->any_glob && i < t->nr && t->v[i].rule < best; i++)
		if (t->v[i].kind == GLOB && glob_match(t->v[i].text, low))
			best = t->v[i].rule;
	return best;
}

const char *artifact_types_name(const struct artifact_types *t, size_t rule)
{
	return rule < t->nr_names ? t->names[rule] : "other";
}

void artifact_types_text(const struct artifact_types *t, struct strbuf *out)
{
	for (size_t i = 0; i < t->nr; i++)
		strbuf_addf(out, "%s %d %s\n", t->names[t->v[i].rule], (int)t->v[i].kind,
			    t->v[i].text);
}
