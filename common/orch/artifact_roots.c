/*
 * The patterns of orch.artifactRoot. A directory's place is the set of all
 * places in all patterns that its path may stand for, so that a walk from the
 * top of the work tree meets each directory once.
 */
#include "orch/artifact_roots.h"

#include "base/error.h"
#include "base/file.h"
#include "base/glob.h"
#include "orch/config.h"

#define MAX_ROOTS 32
#define MAX_PARTS 32
#define MAX_PHASES 8	/* names deep */

enum part_kind {
	PART_NAME, PART_GLOB, PART_INITIATIVE, PART_PHASE, PART_STAMP
};
struct part {
	enum part_kind kind;
	char *text;	/* the name or pattern; what stands before {...} */
	char *after;	/* behind it */
};
struct artifact_root {
	struct part v[MAX_PARTS];
	size_t nr;
};

static const struct {
	const char *text;
	enum part_kind kind;
} placeholders[] = {
	{ "{initiative}", PART_INITIATIVE },
	{ "{phase}", PART_PHASE },
	{ "{stamp}", PART_STAMP },
};

/* NULL, or what is wrong. */
static const char *parse_part(struct part *out, const char *text)
{
	out->kind = glob_is_pattern(text) ? PART_GLOB : PART_NAME;
	for (size_t i = 0; i < ARRAY_SIZE(placeholders); i++) {
		const char *at = strstr(text, placeholders[i].text), *after;

		if (!at)
			continue;
		after = at + strlen(placeholders[i].text);
		out->kind = placeholders[i].kind;
		out->text = xstrndup(text, (size_t)(at - text));
		out->after = xstrdup(after);
		if (strpbrk(out->text, "{}*?[") || strpbrk(after, "{}*?["))
			return "has more than one thing to fill in between two slashes";
		return NULL;
	}
	out->text = xstrdup(text);
	return strpbrk(text, "{}") ?
		"has a {...} that is not {initiative}, {phase} or {stamp}" : NULL;
}

static const char *parse_root(struct artifact_root *out, const char *pattern)
{
	bool used[PART_STAMP + 1] = { false };
	const char *fault = NULL;

	if (!path_is_safe(pattern))
		return "is not a path inside the work tree";
	for (const char *p = pattern; !fault; p++) {
		size_t len = strcspn(p, "/");
		char *text = xstrndup(p, len);
		struct part *part;

		if (out->nr == MAX_PARTS) {
			free(text);
			return "has more than 32 parts";
		}
		part = &out->v[out->nr++];
		fault = parse_part(part, text);
		free(text);
		if (!fault && part->kind >= PART_INITIATIVE && used[part->kind])
			fault = "has the same {...} twice";
		used[part->kind] = true;
		p += len;
		if (!*p)
			break;
	}
	if (!fault && !used[PART_INITIATIVE] && !used[PART_PHASE] && !used[PART_STAMP])
		fault = "has none of {initiative}, {phase} and {stamp}";
	return fault;
}

int artifact_roots_add(struct artifact_roots *out, const char *pattern)
{
	char *copy = xstrdup(pattern);
	const char *fault = NULL;
	size_t len = strlen(copy);

	while (len > 1 && copy[len - 1] == '/')
		copy[--len] = '\0';
	out->v = xreallocarray(out->v, out->nr + 1, sizeof(*out->v));
	out->v[out->nr] = (struct artifact_root) { .nr = 0 };
	fault = parse_root(&out->v[out->nr++], copy);
	free(copy);
	return fault ? error_set(ORCH_EINVALID, "orch.artifactRoot: '%.200s' %s", pattern,
				 fault) : 0;
}

int artifact_roots_load(struct artifact_roots *out, const struct config *c)
{
	struct strvec patterns = STRVEC_INIT;
	int rc = 0;

	config_get_list(c, "orch.artifactRoot", &patterns);
	if (patterns.nr > MAX_ROOTS)
		rc = error_set(ORCH_EINVALID, "orch.artifactRoot: more than %d patterns",
			       MAX_ROOTS);
	for (size_t i = 0; rc == 0 && i < patterns.nr; i++)
		rc = artifact_roots_add(out, patterns.v[i]);
	strvec_release(&patterns);
	return rc;
}

void artifact_roots_release(struct artifact_roots *r)
{
	for (size_t i = 0; i < r->nr; i++)
		for (size_t k = 0; k < r->v[i].nr; k++) {
			free(r->v[i].v[k].text);
			free(r->v[i].v[k].after);
		}
	free(r->v);
	r->v = NULL;
	r->nr = 0;
}

/* --- walking ------------------------------------------------------------- */

static const struct part *next_part(const struct artifact_roots *r,
				    const struct root_state *s)
{
	return &r->v[s->root].v[s->next];
}

void roots_start(const struct artifact_roots *r, struct root_place *top)
{
	top->nr = 0;
	for (size_t i = 0; i < r->nr && i < ROOT_STATES; i++)
		top->v[top->nr++] = (struct root_state) { .root = (uint16_t)i };
}

/* What is left of a name without the text around {...}; false if it has not
 * that text. */
static bool strip(const struct part *part, const char *name, size_t *at, size_t *len)
{
	size_t before = strlen(part->text), after = strlen(part->after);

	*len = strlen(name);
	if (*len <= before + after || memcmp(name, part->text, before) != 0 ||
	    memcmp(name + *len - after, part->after, after) != 0)
		return false;
	*at = before;
	*len -= before + after;
	return true;
}

static struct root_part_at taken(size_t at, size_t len)
{
	return (struct root_part_at) { (uint16_t)at, (uint16_t)len };
}

/* Take `name`, at `at` in the path, by the next part: false if it does not fit. */
static bool take(const struct part *part, struct root_state *s, const char *name,
		 size_t at)
{
	size_t from, len;

	switch (part->kind) {
	case PART_NAME:
		return str_eq(part->text, name);
	case PART_GLOB:
		return glob_match(part->text, name);
	case PART_STAMP:
		if (!strip(part, name, &from, &len) ||
		    !(len = stamp_parse(name + from, len, NULL)))
			return false;
		s->stamp = taken(at + from, len);
		return true;
	case PART_INITIATIVE:
		if (*name == '.' || !strip(part, name, &from, &len) ||
		    stamp_parse(name + from, len, NULL))
			return false;
		s->initiative = taken(at + from, len);
		return true;
	case PART_PHASE:
		if (*name == '.' || s->phases == MAX_PHASES ||
		    !strip(part, name, &from, &len) || stamp_parse(name + from, len, NULL))
			return false;
		if (s->phases++)
			s->phase.len = (uint16_t)(at + from + len - s->phase.at);
		else
			s->phase = taken(at + from, len);
		return true;
	}
	return false;
}

static void add_state(struct root_place *out, const struct root_state *s)
{
	if (out->nr < ROOT_STATES)
		out->v[out->nr++] = *s;
}

int roots_enter(const struct artifact_roots *r, struct root_place *out,
		struct root_state *complete, const struct root_place *from,
		const char *path, size_t at)
{
	bool done = false;

	out->nr = 0;
	if (strlen(path) > ARTIFACT_PATH_MAX)
		return -1;
	for (size_t i = 0; i < from->nr; i++) {
		struct root_state s = from->v[i];
		const struct part *part = next_part(r, &s);

		if (!take(part, &s, path + at, at))
			continue;
		if (part->kind == PART_PHASE)
			add_state(out, &s);
		s.next++;
		if (s.next < r->v[s.root].nr) {
			add_state(out, &s);
		} else if (!done) {
			*complete = s;
			done = true;
		}
	}
	return done ? 1 : out->nr ? 0 : -1;
}

bool roots_any_name(const struct artifact_roots *r, const struct root_place *p)
{
	for (size_t i = 0; i < p->nr; i++)
		if (next_part(r, &p->v[i])->kind != PART_NAME)
			return true;
	return false;
}

void roots_names(const struct artifact_roots *r, const struct root_place *p,
		 struct strvec *names)
{
	for (size_t i = 0; i < p->nr; i++) {
		const struct part *part = next_part(r, &p->v[i]);

		if (part->kind == PART_NAME && !strvec_has(names, part->text))
			strvec_push(names, part->text);
	}
}

bool roots_takes_files(const struct artifact_roots *r, const struct root_place *p,
		       struct root_state *state)
{
	for (size_t i = 0; i < p->nr; i++)
		if (next_part(r, &p->v[i])->kind == PART_PHASE) {
			*state = p->v[i];
			return true;
		}
	return false;
}
