/*
 * The configuration of a loop: what keys.def declares, from all levels.
 */
#include "orch/config.h"

#include <ctype.h>
#include <strings.h>

#include "base/error.h"
#include "base/file.h"
#include "base/strbuf.h"
#include "base/text.h"
#include "git/object.h"
#include "git/repo.h"
#include "orch/config_value.h"
#include "orch/hook.h"

#define ORCHCONFIG ".orchconfig"
#define ORCHCONFIG_MAX (1024 * 1024)
#define MAX_WARNINGS 8	/* about keys that are ignored; the file is not ours */

#define TRACKED true
#define PRIVATE false
#define KEY(section, name, type, fallback, trust, env, help)                 \
	{ { #section, #name, #type, fallback, env, help, trust, false }, KEY_##type },
#define ACTOR_KEY(name, type, fallback, trust, help)                         \
	{ { "orchactor", #name, #type, fallback, NULL, help, trust, true }, KEY_##type },
/* What their values mean is orch/checkrule.h's business, so that a rule that
 * somebody got wrong does not stop everything else. */
#define CHECK_KEY(name, help)                                                \
	{ { "orchcheck", #name, "STRING", NULL, NULL, help, TRACKED, true }, KEY_STRING },
static const struct key keys[] = {
#include "orch/keys.def"
};
#undef KEY
#undef ACTOR_KEY
#undef CHECK_KEY

struct setting {
	const struct key *key;
	char *actor;		/* of an ACTOR_KEY; the rule of a CHECK_KEY */
	char *value;		/* NULL: the key stood alone */
	enum config_level level;
	char *origin;
	int line;
};
struct config {
	struct setting *v;	/* lowest level first */
	size_t nr, alloc;
	struct config_ignored *ignored;
	size_t nr_ignored, alloc_ignored;
	bool set_up;
};

static bool is_list(enum key_type type)
{
	return type == KEY_PATH_LIST || type == KEY_PATTERN_LIST;
}

/* --- which key an entry is --------------------------------------------- */

static const struct key *find_key(const char *section, const char *name,
				  bool per_actor)
{
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (keys[i].public.per_actor == per_actor &&
		    !strcasecmp(keys[i].public.section, section) &&
		    !strcasecmp(keys[i].public.name, name))
			return &keys[i];
	return NULL;
}

/* "orchactor.galph.core" to its key; *actor is the middle part, yours. */
static const struct key *key_of_entry(const char *entry, char **actor)
{
	const char *first = strchr(entry, '.'), *last = strrchr(entry, '.');
	const struct key *key;
	char *section;

	*actor = NULL;
	if (!first)
		return NULL;
	section = xmemdup(entry, (size_t)(first - entry));
	key = find_key(section, last + 1, first != last);
	free(section);
	if (key && key->public.per_actor)
		*actor = xmemdup(first + 1, (size_t)(last - first - 1));
	return key;
}

static const struct key *must_find(const char *key)
{
	const char *dot = strchr(key, '.');
	char *section = xmemdup(key, (size_t)(dot - key));
	const struct key *k = find_key(section, dot + 1, false);

	free(section);
	if (!k)
		BUG("no key '%s' in keys.def", key);
	return k;
}

static const struct key *must_find_actor(const char *name)
{
	const struct key *k = find_key("orchactor", name, true);

	if (!k)
		BUG("no key 'orchactor.*.%s' in keys.def", name);
	return k;
}

/* --- loading --------------------------------------------------------------- */

static void ignore(struct config *c, const struct config_entry *e,
		   const char *reason)
{
	struct config_ignored *i;

	ALLOC_GROW(c->ignored, c->nr_ignored + 1, c->alloc_ignored);
	i = &c->ignored[c->nr_ignored++];
	i->key = xstrdup(e->key);
	i->origin = xstrdup(e->origin);
	i->reason = xstrdup(reason);
	i->line = e->line;
}

static void ignore_with_warning(struct config *c, const struct config_entry *e,
				const char *reason)
{
	static struct strvec said = STRVEC_INIT;
	static bool said_more;
	char *line = xstrfmt("%s:%d: %s is ignored: %s", e->origin, e->line, e->key,
			     reason);

	ignore(c, e, reason);
	if (strvec_has(&said, line)) {
		;	/* a loop reads its configuration before each turn */
	} else if (said.nr < MAX_WARNINGS) {
		warn("%s", line);
		strvec_push(&said, line);
	} else if (!said_more) {
		warn("%s: more keys are ignored: 'git orch doctor' lists them",
		     e->origin);
		said_more = true;
	}
	free(line);
}

static bool is_ours(const char *key)
{
	return str_starts(key, "orch.") || str_starts(key, "orchactor.") ||
	       str_starts(key, "orchcheck.");
}

static void take_entry(struct config *c, const struct config_entry *e)
{
	bool tracked = e->level == CONFIG_TRACKED;
	const struct key *key;
	struct setting *s;
	char *actor;

	if (tracked && (str_starts(e->key, "include.") || str_starts(e->key, "includeif."))) {
		ignore_with_warning(c, e, "a tracked file may not include others");
		return;
	}
	if (!is_ours(e->key)) {
		if (tracked && !str_starts(e->key, "orch"))
			ignore(c, e, "no key of git-orch");
		return;
	}
	if (hook_is_key(e->key)) {
		if (tracked)
			ignore_with_warning(c, e, "only git config may set it, not a tracked file");
		return;
	}
	key = key_of_entry(e->key, &actor);
	if (!key) {
		ignore(c, e, "unknown key");
	} else if (actor && !actor_name_valid(actor)) {
		ignore(c, e, str_starts(key->public.section, "orchcheck") ?
			     "not a rule's name" : "not an actor's name");
	} else if (tracked && !key->public.tracked) {
		ignore_with_warning(c, e, "only git config may set it, not a tracked file");
	} else if (tracked && e->value && (key->type == KEY_PATH ||
		   key->type == KEY_PATH_LIST || key->type == KEY_PATTERN ||
		   key->type == KEY_PATTERN_LIST) && config_check_value(key, e->value)) {
		ignore_with_warning(c, e, "not a path inside the work tree");
	} else {
		ALLOC_GROW(c->v, c->nr + 1, c->alloc);
		s = &c->v[c->nr++];
		s->key = key;
		s->actor = actor;
		s->value = xstrdup(e->value);
		s->level = e->level;
		s->origin = xstrdup(e->origin);
		s->line = e->line;
		/* Rules of CI and of the pre-push hook need no loop. */
		c->set_up = c->set_up || (e->level != CONFIG_ENVIRONMENT &&
					  !str_starts(e->key, "orchcheck."));
		return;
	}
	free(actor);
}

static int find_tracked(struct repo *repo, const struct oid *commit, struct oid *blob,
			unsigned *mode)
{
	struct commit_info info = COMMIT_INFO_INIT;
	int rc;

	*blob = (struct oid)OID_ZERO;
	if (oid_is_zero(commit))
		return 0;
	if ((rc = commit_read(repo, commit, &info)) < 0)
		return rc;
	rc = tree_lookup(repo, &info.tree, ORCHCONFIG, blob, mode);
	/* A tree that is missing is no tree without the file. */
	if (rc == ORCH_ENOTFOUND && object_exists(repo, &info.tree)) {
		error_clear();
		rc = 0;
	}
	commit_info_release(&info);
	return rc;
}

int config_tracked_at(struct repo *repo, const struct oid *commit, struct oid *blob)
{
	unsigned mode;

	return find_tracked(repo, commit, blob, &mode);
}

/* The tracked file of a commit. */
static int read_tracked_at(struct strbuf *out, struct repo *repo, const struct oid *commit)
{
	struct oid blob;
	unsigned mode;
	int rc = find_tracked(repo, commit, &blob, &mode);

	if (rc < 0 || oid_is_zero(&blob))
		return rc;
	if (mode != 0100644 && mode != 0100755)
		return error_set(ORCH_EINVALID, "%s of %s is not a regular file", ORCHCONFIG,
				 oid_short(commit));
	return blob_read(repo, &blob, ORCHCONFIG_MAX, out);
}

/* The tracked file: from the work tree, in a bare repository from HEAD. */
static int read_tracked(struct strbuf *out, struct repo *repo)
{
	const char *top = repo_work_tree(repo);
	struct oid head;
	int rc;

	if (top) {
		char *path = xstrfmt("%s/%s", top, ORCHCONFIG);

		rc = file_read(out, path, ORCHCONFIG_MAX, FILE_NOFOLLOW);
		free(path);
		return rc == ORCH_ENOTFOUND ? 0 : rc;
	}
	rc = repo_head(repo, &head, NULL);
	return rc < 0 ? rc : read_tracked_at(out, repo, &head);
}

static void add_environment(struct config_entries *out)
{
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		const char *name = keys[i].public.environment;
		const char *value = name ? getenv(name) : NULL;
		struct config_entry *e;

		if (!value || !*value)
			continue;
		ALLOC_GROW(out->v, out->nr + 1, out->alloc);
		e = &out->v[out->nr++];
		e->key = xstrfmt("%s.%s", keys[i].public.section, keys[i].public.name);
		e->value = xstrdup(value);
		e->level = CONFIG_ENVIRONMENT;
		e->origin = xstrfmt("environment variable %s", name);
		e->line = 0;
	}
}

static bool same_target(const struct setting *a, const struct setting *b)
{
	if (a->key != b->key || (a->actor == NULL) != (b->actor == NULL))
		return false;
	return !a->actor || str_eq(a->actor, b->actor);
}

/* Whether a later setting makes this one irrelevant. */
static bool is_overridden(const struct config *c, size_t i)
{
	for (size_t j = i + 1; j < c->nr; j++)
		if (same_target(&c->v[i], &c->v[j]) &&
		    (!is_list(c->v[i].key->type) || c->v[j].level > c->v[i].level))
			return true;
	return false;
}

static int check_settings(const struct config *c)
{
	for (size_t i = 0; i < c->nr; i++) {
		const struct setting *s = &c->v[i];
		const char *fault = config_check_value(s->key, s->value);
		char *where;

		if (!fault || is_overridden(c, i))
			continue;
		where = s->line ? xstrfmt("%s:%d", s->origin, s->line) :
				  xstrdup(s->origin);
		error_set(ORCH_EINVALID, "%s: %s.%s%s%s '%.200s' %s", where,
			  s->key->public.section, s->actor ? s->actor : "",
			  s->actor ? "." : "", s->key->public.name,
			  s->value ? s->value : "", fault);
		free(where);
		return ORCH_EINVALID;
	}
	return 0;
}

int config_load(struct config **out, struct repo *repo)
{
	return config_load_at(out, repo, NULL);
}

int config_load_at(struct config **out, struct repo *repo, const struct oid *commit)
{
	static const char *const prefixes[] = { "orch", NULL };
	struct config_entries tracked = CONFIG_ENTRIES_INIT;
	struct config_entries entries = CONFIG_ENTRIES_INIT;
	struct config *c = xcalloc(1, sizeof(*c));
	struct strbuf text = STRBUF_INIT;
	int rc;

	*out = NULL;
	if ((rc = commit ? read_tracked_at(&text, repo, commit) :
			   read_tracked(&text, repo)) < 0 ||
	    (rc = gitconfig_parse(&tracked, text.buf, text.len, CONFIG_TRACKED,
				  ORCHCONFIG)) < 0 ||
	    (rc = gitconfig_read(&entries, repo, prefixes)) < 0)
		goto out;
	add_environment(&entries);
	for (size_t i = 0; i < tracked.nr; i++)
		take_entry(c, &tracked.v[i]);
	for (size_t i = 0; i < entries.nr; i++)
		take_entry(c, &entries.v[i]);
	if ((rc = check_settings(c)) < 0)
		goto out;
	*out = c;
	c = NULL;
out:
	config_free(c);
	config_entries_release(&tracked);
	config_entries_release(&entries);
	strbuf_release(&text);
	return rc;
}

void config_free(struct config *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->nr; i++) {
		free(c->v[i].actor);
		free(c->v[i].value);
		free(c->v[i].origin);
	}
	for (size_t i = 0; i < c->nr_ignored; i++) {
		free(c->ignored[i].key);
		free(c->ignored[i].origin);
		free(c->ignored[i].reason);
	}
	free(c->v);
	free(c->ignored);
	free(c);
}

/* --- answering --------------------------------------------------------------- */

static const struct setting *winner(const struct config *c, const struct key *key,
				    const char *actor)
{
	const struct setting target = { .key = key, .actor = (char *)(uintptr_t)actor };

	for (size_t i = c->nr; i > 0; i--)
		if (same_target(&c->v[i - 1], &target))
			return &c->v[i - 1];
	return NULL;
}

static const char *get(const struct config *c, const struct key *key,
		       const char *actor)
{
	const struct setting *s = winner(c, key, actor);

	if (!s)
		return key->public.fallback;
	if (!s->value)
		return "true";
	return *s->value ? s->value : NULL;
}

static int64_t get_int(const struct config *c, const struct key *key,
		       const char *actor)
{
	const char *value = get(c, key, actor);
	int64_t n = 0;

	if (!value)
		return 0;
	if (key->type == KEY_DURATION)
		duration_parse(&n, value);
	else
		config_parse_number(&n, value, key->type == KEY_SIZE);
	return n;
}

static void get_list(const struct config *c, const struct key *key,
		     const char *actor, struct strvec *out)
{
	const struct setting *top = winner(c, key, actor);
	size_t start = out->nr;

	if (key->type == KEY_ACTORS) {
		const char *value = get(c, key, actor);

		if (value)
			strvec_split(out, value);
		return;
	}
	if (!top && key->public.fallback)
		strvec_split(out, key->public.fallback);
	for (size_t i = 0; top && i < c->nr; i++) {
		if (!same_target(&c->v[i], top) || c->v[i].level != top->level)
			continue;
		if (c->v[i].value && *c->v[i].value) {
			strvec_push(out, c->v[i].value);
			continue;
		}
		while (out->nr > start)	/* an empty value clears */
			strvec_pop(out);
	}
}

const char *config_get(const struct config *c, const char *key)
{
	return get(c, must_find(key), NULL);
}

int64_t config_get_int(const struct config *c, const char *key)
{
	return get_int(c, must_find(key), NULL);
}

double config_get_price(const struct config *c, const char *key)
{
	const char *value = config_get(c, key);
	double price = 0;

	if (value)
		config_parse_price(&price, value);
	return price;
}

double config_actor_price(const struct config *c, const char *actor, const char *name)
{
	const char *value = config_actor(c, actor, name);
	double price = -1;

	if (value)
		config_parse_price(&price, value);
	return price;
}

bool config_get_bool(const struct config *c, const char *key)
{
	const char *value = get(c, must_find(key), NULL);
	bool b = false;

	if (value)
		config_parse_bool(&b, value);
	return b;
}

void config_get_list(const struct config *c, const char *key, struct strvec *out)
{
	get_list(c, must_find(key), NULL, out);
}

const char *config_actor(const struct config *c, const char *actor, const char *name)
{
	return get(c, must_find_actor(name), actor);
}

int64_t config_actor_int(const struct config *c, const char *actor, const char *name)
{
	return get_int(c, must_find_actor(name), actor);
}

void config_actor_list(const struct config *c, const char *actor, const char *name,
		       struct strvec *out)
{
	get_list(c, must_find_actor(name), actor, out);
}

static bool is_check(const struct key *key)
{
	return str_eq(key->public.section, "orchcheck");
}

/* Asked some hundred times for a push: names are as keys.def has them, which is last. */
static const struct key *must_find_check(const char *name)
{
	for (size_t i = ARRAY_SIZE(keys); i > 0; i--)
		if (is_check(&keys[i - 1]) && str_eq(keys[i - 1].public.name, name))
			return &keys[i - 1];
	BUG("no key 'orchcheck.*.%s' in keys.def", name);
}

const char *config_check(const struct config *c, const char *rule, const char *name,
			 bool tracked)
{
	const struct key *key = must_find_check(name);

	for (size_t i = c->nr; i > 0; i--) {
		const struct setting *s = &c->v[i - 1];

		if (s->key == key && str_eq(s->actor, rule) &&
		    (s->level == CONFIG_TRACKED) == tracked)
			return s->value ? s->value : "true";
	}
	return NULL;
}

static void add_rules(const struct config *c, struct strvec *out, size_t max, bool tracked)
{
	for (size_t i = 0; i < c->nr && out->nr < max; i++)
		if ((c->v[i].level == CONFIG_TRACKED) == tracked && c->v[i].actor &&
		    is_check(c->v[i].key) &&
		    !strvec_has(out, c->v[i].actor))
			strvec_push(out, c->v[i].actor);
}

void config_check_rules(const struct config *c, struct strvec *out, size_t max)
{
	add_rules(c, out, max, false);
	add_rules(c, out, max, true);
}

enum config_level config_level_of(const struct config *c, const char *key)
{
	const struct setting *s = winner(c, must_find(key), NULL);

	return s ? s->level : CONFIG_DEFAULT;
}

bool config_is_set_up(const struct config *c)
{
	return c->set_up;
}

const struct config_ignored *config_ignored(const struct config *c, size_t *nr)
{
	*nr = c->nr_ignored;
	return c->ignored;
}

const struct config_key *config_keys(size_t *nr)
{
	static struct config_key list[ARRAY_SIZE(keys)];

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		list[i] = keys[i].public;
	*nr = ARRAY_SIZE(keys);
	return list;
}
