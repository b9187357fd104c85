/*
 * Rules: what is built in, what the configuration makes of it, and what of that
 * makes sense.
 */
#include "orch/checkrule.h"

#include <stdarg.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "orch/config.h"
#include "orch/config_value.h"

#define MAX_RULES 200

static const char source_files[] =
	"\\.(c|cc|cpp|cs|cu|cxx|f90|go|h|hh|hpp|java|jl|js|jsx|kt|lua|m|mjs|ml|php|pl|pm|py|"
	"r|rb|rs|scala|sh|swift|ts|tsx|zig)$";
/* Tests, and what is no part of the product: documents, plans, examples. */
static const char no_source[] =
	"(^|/)(tests?|testing|__tests__|testdata|fixtures|spec|examples?|docs?|plans|reports|"
	"tmp|prompts)/|(^|/)(test_|conftest\\.|setup\\.py)|[._-](test|tests|spec)\\.[^/.]+$";
static const char tests[] =
	"(^|/)(tests?|testing|__tests__|testdata|spec)/|(^|/)(test_|conftest\\.)[^/]*$|"
	"[._-](test|tests|spec)\\.[^/.]+$";

const struct check_builtin check_builtin[] = {
	{ "findings-consulted", {
		{ "kind", "mentions" }, { "stage", "pre-turn" }, { "level", "warn" },
		{ "path", "{findings}" } } },
	{ "focus-in-plan", {
		{ "kind", "mentions" }, { "stage", "pre-turn" }, { "level", "error" },
		{ "actor", "@executor" }, { "path", "{plan}" }, { "keywords", "no" } } },
	{ "tests-with-code", {
		{ "kind", "pair" }, { "stage", "post-turn pre-push" }, { "level", "warn" },
		{ "when", source_files }, { "unless", no_source }, { "needs", tests },
		{ "message", "source changed but no test changed" } } },
	{ "plan-attempt", {
		{ "kind", "added-text" }, { "stage", "post-turn" }, { "level", "warn" },
		{ "actor", "@executor" }, { "path", "{plan}" },
		{ "message", "the plan has no new attempt" } } },
	{ "artifact-place", {
		{ "kind", "place" }, { "stage", "post-turn pre-push" }, { "level", "warn" },
		{ "when", "^tmp/.+\\.(csv|html|json|jsonl|log|md|npz|out|pdf|png|svg|tsv|txt|"
			  "xml|ya?ml)$" },
		{ "unless", "supervisorlog|claudelog" },
		{ "message", "an artifact in tmp/: it belongs under the item's reports/" } } },
	{ NULL, { { NULL, NULL } } }
};

/* --- names ------------------------------------------------------------------ */

static const char *const stage_names[] = { "pre-turn", "post-turn", "pre-push" };
static const char *const level_names[] = { "off", "info", "warn", "error" };
static const char *const kind_names[CHECK_KINDS] = {
	"pair", "added-text", "mentions", "forbidden-path", "place", "message", "max-size",
	"plan"
};

const char *check_stage_name(enum check_stage s)
{
	for (size_t i = 0; i < ARRAY_SIZE(stage_names); i++)
		if (s == 1u << i)
			return stage_names[i];
	return "";
}

const char *check_level_name(enum check_level l)
{
	return level_names[l];
}

const char *check_kind_name(enum check_kind k)
{
	return kind_names[k];
}

int check_stage_parse(enum check_stage *out, const char *s)
{
	for (size_t i = 0; i < ARRAY_SIZE(stage_names); i++)
		if (str_eq(s, stage_names[i])) {
			*out = (enum check_stage)(1u << i);
			return 0;
		}
	if (str_eq(s, "pre-iteration"))
		*out = CHECK_PRE_TURN;
	else if (str_eq(s, "post-iteration"))
		*out = CHECK_POST_TURN;
	else
		return ORCH_EINVALID;
	return 0;
}

/* The place in a list of names, or -1. */
static int index_of(const char *const *names, size_t nr, const char *s)
{
	for (size_t i = 0; i < nr; i++)
		if (str_eq(names[i], s))
			return (int)i;
	return -1;
}

/* --- what each kind wants ------------------------------------------------------ */

enum {
	WHEN = 1 << 0, UNLESS = 1 << 1, NEEDS = 1 << 2, PATH = 1 << 3, PATTERN = 1 << 4,
	KEYWORDS = 1 << 5, SIZE = 1 << 6
};
static const struct {
	const char *key;
	unsigned bit;
} parameters[] = {
	{ "when", WHEN }, { "unless", UNLESS }, { "needs", NEEDS }, { "path", PATH },
	{ "pattern", PATTERN }, { "keywords", KEYWORDS }, { "size", SIZE },
};
static const struct {
	unsigned must, may, stages;
} wants[CHECK_KINDS] = {
	[CHECK_PAIR] = { WHEN | NEEDS, UNLESS, CHECK_POST_TURN | CHECK_PRE_PUSH },
	[CHECK_ADDED_TEXT] = { 0, WHEN | UNLESS | PATH | PATTERN,
			       CHECK_POST_TURN | CHECK_PRE_PUSH },
	[CHECK_MENTIONS] = { 0, PATH | KEYWORDS, CHECK_PRE_TURN },
	[CHECK_FORBIDDEN_PATH] = { WHEN, UNLESS, CHECK_POST_TURN | CHECK_PRE_PUSH },
	[CHECK_PLACE] = { WHEN, UNLESS, CHECK_POST_TURN | CHECK_PRE_PUSH },
	[CHECK_MESSAGE] = { PATTERN, 0, CHECK_POST_TURN | CHECK_PRE_PUSH },
	[CHECK_MAX_SIZE] = { SIZE, WHEN | UNLESS, CHECK_POST_TURN | CHECK_PRE_PUSH },
	[CHECK_PLAN] = { 0, 0, CHECK_POST_TURN | CHECK_PRE_PUSH },
};

/* --- one rule ------------------------------------------------------------------ */

struct source {
	const struct config *config;
	const struct check_builtin *builtin;	/* NULL: the rule is not built in */
	bool locked;	/* .orchconfig can only raise it */
	struct check_rule *rule;
};

static const char *builtin_value(const struct source *s, const char *key)
{
	const struct check_key_value *v = s->builtin ? s->builtin->values : NULL;

	for (; v && v < s->builtin->values + ARRAY_SIZE(s->builtin->values) && v->key; v++)
		if (str_eq(v->key, key))
			return v->value;
	return NULL;
}

static const char *proper_value(const struct source *s, const char *key)
{
	return config_check(s->config, s->rule->name, key, false);
}

static const char *tracked_value(const struct source *s, const char *key)
{
	return config_check(s->config, s->rule->name, key, true);
}

static void set_fault(struct check_rule *r, const char *fmt, ...) PRINTF_LIKE(2, 3);
static void set_fault(struct check_rule *r, const char *fmt, ...)
{
	struct strbuf text = STRBUF_INIT;
	va_list ap;

	if (r->fault)
		return;
	va_start(ap, fmt);
	strbuf_vaddf(&text, fmt, ap);
	va_end(ap);
	r->fault = strbuf_detach(&text, NULL);
}

static void add_refusal(const struct source *s, const char *key)
{
	strvec_pushf(&s->rule->notes, ".orchconfig cannot set orchcheck.%s.%s: only git "
		     "config can", s->rule->name, key);
}

/* The value that counts, of a key that says what the rule is about. */
static const char *value_of(const struct source *s, const char *key)
{
	const char *proper = proper_value(s, key), *tracked = tracked_value(s, key);

	if (proper)
		return proper;
	if (tracked && (s->locked || (s->builtin && (str_eq(key, "kind") ||
						     str_eq(key, "actor"))))) {
		add_refusal(s, key);
		tracked = NULL;
	}
	return tracked ? tracked : builtin_value(s, key);
}

static enum check_level level_of(struct check_rule *r, const char *value)
{
	int at = value ? index_of(level_names, ARRAY_SIZE(level_names), value) : CHECK_WARN;

	if (at < 0)
		set_fault(r, "level '%.40s' is not off, info, warn or error", value);
	return at < 0 ? CHECK_WARN : (enum check_level)at;
}

static void load_level(const struct source *s)
{
	const char *proper = proper_value(s, "level"), *tracked = tracked_value(s, "level");
	const char *own = builtin_value(s, "level");
	struct check_rule *r = s->rule;

	r->level = level_of(r, proper ? proper : s->builtin || s->locked ? own :
			    tracked ? tracked : own);
	if (!proper && tracked && (s->builtin || s->locked)) {
		enum check_level raised = level_of(r, tracked);

		if (raised > r->level)
			r->level = raised;
		else if (raised < r->level)
			add_refusal(s, "level");
	}
}

static unsigned stages_of(struct check_rule *r, const char *value)
{
	struct strvec words = STRVEC_INIT;
	enum check_stage stage;
	unsigned stages = 0;

	strvec_split(&words, value);
	for (size_t i = 0; i < words.nr; i++) {
		if (check_stage_parse(&stage, words.v[i]) == 0)
			stages |= stage;
		else
			set_fault(r, "stage '%.40s' is not pre-turn, post-turn or pre-push",
				  words.v[i]);
	}
	if (!words.nr)
		set_fault(r, "stage names none");
	strvec_release(&words);
	return r->fault ? CHECK_ALL_STAGES : stages;
}

static void load_stages(const struct source *s, bool kind_known)
{
	const char *proper = proper_value(s, "stage"), *tracked = tracked_value(s, "stage");
	const char *own = proper ? proper : builtin_value(s, "stage");
	struct check_rule *r = s->rule;

	if (!own && tracked && !s->locked)
		own = tracked;
	r->stages = own ? stages_of(r, own) : kind_known ? wants[r->kind].stages :
		    CHECK_ALL_STAGES;
	if (!proper && tracked && own != tracked)
		r->stages |= stages_of(r, tracked);
}

static void load_actors(const struct source *s)
{
	const char *value = value_of(s, "actor");
	struct check_rule *r = s->rule;

	if (!value)
		return;
	strvec_split(&r->actors, value);
	for (size_t i = 0; i < r->actors.nr; i++)
		if (!actor_name_valid(r->actors.v[i]) && !str_eq(r->actors.v[i], "@executor"))
			set_fault(r, "actor '%.40s' is no actor's name", r->actors.v[i]);
}

static void load_bool(const struct source *s, bool *out, const char *key, const char *value)
{
	if (value && config_parse_bool(out, value) < 0)
		set_fault(s->rule, "%s '%.40s' is not yes or no", key, value);
}

static void load_allow(const struct source *s)
{
	const char *proper = proper_value(s, "allow"), *tracked = tracked_value(s, "allow");
	struct check_rule *r = s->rule;

	r->allow = true;
	/* .orchconfig can close it, not open it. */
	load_bool(s, &r->allow, "allow", proper ? proper : tracked);
}

static void load_regex(const struct source *s, struct regex *re, const char *key)
{
	const char *value = value_of(s, key);

	if (!value || !*value)
		return;
	if (regex_compile(re, value, REGEX_UTF) < 0) {
		set_fault(s->rule, "%s: %s", key, error_message());
		error_clear();
	}
}

static void load_parameters(const struct source *s)
{
	struct check_rule *r = s->rule;
	const char *value;

	load_regex(s, &r->when, "when");
	load_regex(s, &r->unless, "unless");
	load_regex(s, &r->needs, "needs");
	r->path = xstrdup(value_of(s, "path"));
	r->pattern = xstrdup(value_of(s, "pattern"));
	r->message = xstrdup(value_of(s, "message"));
	r->keywords = true;
	load_bool(s, &r->keywords, "keywords", value_of(s, "keywords"));
	r->size = -1;
	value = value_of(s, "size");
	if (value && config_parse_number(&r->size, value, true) < 0)
		set_fault(r, "size '%.40s' is not a number with k, m or g", value);
	load_actors(s);
}

/* Required ones that are missing; others that mean nothing to this kind. */
static void check_parameters(const struct source *s)
{
	struct check_rule *r = s->rule;
	unsigned must = wants[r->kind].must, may = must | wants[r->kind].may;

	for (size_t i = 0; i < ARRAY_SIZE(parameters); i++) {
		const char *key = parameters[i].key;
		const char *proper = proper_value(s, key);
		const char *tracked = s->locked ? NULL : tracked_value(s, key);
		const char *value = proper ? proper : tracked ? tracked :
				    builtin_value(s, key);
		bool given = value && *value;

		if ((must & parameters[i].bit) && !given)
			set_fault(r, "kind %s needs the key %s", kind_names[r->kind], key);
		else if (given && !(may & parameters[i].bit))
			strvec_pushf(&r->notes, "key %s means nothing to kind %s", key,
				     kind_names[r->kind]);
	}
}

static void load_rule(struct check_rule *r, const struct config *c, const char *name,
		      const struct check_builtin *builtin)
{
	struct source s = { .config = c, .builtin = builtin, .rule = r };
	bool set = false;
	const char *kind;
	size_t nr;
	int at;
	const struct config_key *keys = config_keys(&nr);

	memset(r, 0, sizeof(*r));
	r->name = xstrdup(name);
	for (size_t i = 0; i < nr; i++)
		if (str_eq(keys[i].section, "orchcheck") && proper_value(&s, keys[i].name))
			set = true;
	/* What is complete without .orchconfig and was made a gate stays as it is. */
	s.locked = (set && (builtin || proper_value(&s, "kind"))) ||
		   (builtin && str_eq(builtin_value(&s, "level"), "error"));
	kind = value_of(&s, "kind");
	at = kind ? index_of(kind_names, CHECK_KINDS, kind) : -1;
	if (!kind)
		set_fault(r, "it has no kind");
	else if (at < 0)
		set_fault(r, "unknown kind '%.40s'", kind);
	else
		r->kind = (enum check_kind)at;
	load_level(&s);
	load_stages(&s, at >= 0);
	load_allow(&s);
	load_parameters(&s);
	if (at >= 0)
		check_parameters(&s);
}

static void release_rule(struct check_rule *r)
{
	free(r->name);
	free(r->path);
	free(r->pattern);
	free(r->message);
	free(r->fault);
	regex_release(&r->when);
	regex_release(&r->unless);
	regex_release(&r->needs);
	strvec_release(&r->actors);
	strvec_release(&r->notes);
}

/* --- all of them ------------------------------------------------------------------ */

static struct check_rule *add_rule(struct check_rules *out, const struct config *c,
				   const char *name, const struct check_builtin *builtin)
{
	struct check_rule *r;

	ALLOC_GROW(out->v, out->nr + 1, out->alloc);
	r = &out->v[out->nr++];
	load_rule(r, c, name, builtin);
	if (r->level == CHECK_OFF && !r->fault) {
		release_rule(r);
		out->nr--;
	}
	return r;
}

static bool is_builtin(const char *name)
{
	for (const struct check_builtin *b = check_builtin; b->name; b++)
		if (str_eq(b->name, name))
			return true;
	return false;
}

/* Keys that keys.def does not have, at the rule that they would be for. */
static void note_unknown_keys(struct check_rules *out, const struct config *c)
{
	size_t nr;
	const struct config_ignored *v = config_ignored(c, &nr);

	for (size_t i = 0; i < nr; i++) {
		const char *first, *last;

		if (!str_starts(v[i].key, "orchcheck."))
			continue;
		first = v[i].key + strlen("orchcheck.");
		last = strrchr(first, '.');
		for (size_t k = 0; k < out->nr; k++) {
			struct check_rule *r = &out->v[k];
			size_t len = strlen(r->name);

			if (last && (size_t)(last - first) == len &&
			    !memcmp(first, r->name, len) && r->notes.nr < 20)
				strvec_pushf(&r->notes, "%s:%d: %s: %s", v[i].origin,
					     v[i].line, v[i].key, v[i].reason);
		}
	}
}

void check_rules_read(struct check_rules *out, const struct config *c)
{
	struct strvec names = STRVEC_INIT;

	for (const struct check_builtin *b = check_builtin; b->name; b++)
		add_rule(out, c, b->name, b);
	config_check_rules(c, &names, MAX_RULES);
	if (names.nr == MAX_RULES)
		warn_once("more than %d rules: the last ones of .orchconfig do not count",
			  MAX_RULES);
	for (size_t i = 0; i < names.nr; i++)
		if (!is_builtin(names.v[i]))
			add_rule(out, c, names.v[i], NULL);
	strvec_release(&names);
}

void check_rules_load(struct check_rules *out, const struct config *c)
{
	check_rules_read(out, c);
	note_unknown_keys(out, c);
}

void check_rules_release(struct check_rules *r)
{
	for (size_t i = 0; i < r->nr; i++)
		release_rule(&r->v[i]);
	free(r->v);
	*r = (struct check_rules)CHECK_RULES_INIT;
}
