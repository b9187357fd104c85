#ifndef ORCH_CONFIG_H
#define ORCH_CONFIG_H
/*
 * The configuration of a loop: keys.def declares every key, this reads them
 * from all levels (git/gitconfig.h) and answers with the winning value.
 * .orchconfig comes with the repository and is not trusted: PRIVATE keys and
 * unsafe paths found there are ignored, remembered for doctor, and warned about
 * once.
 *
 * config_load() checks every value, so the getters cannot fail; asking for a
 * key that keys.def does not have is a BUG.
 */
#include "base/compat.h"
#include "base/strvec.h"
#include "git/gitconfig.h"
struct repo;
struct config;

/* ORCH_EINVALID names file, line, key and what is wrong. */
int config_load(struct config **out, struct repo *repo);
/* The same with .orchconfig as it is in a commit; zero: without one; NULL: as it is. */
struct oid;
int config_load_at(struct config **out, struct repo *repo, const struct oid *commit);
/* The .orchconfig of a commit; zero: it has none. */
int config_tracked_at(struct repo *repo, const struct oid *commit, struct oid *blob);
void config_free(struct config *c);

/* `key` as in keys.def: "orch.plan". NULL: unset and no default. Borrowed. */
const char *config_get(const struct config *c, const char *key);
int64_t config_get_int(const struct config *c, const char *key); /* INT, SIZE, DURATION */
bool config_get_bool(const struct config *c, const char *key);
double config_get_price(const struct config *c, const char *key);
/* The actor's own; negative when it is unset. */
double config_actor_price(const struct config *c, const char *actor,
			  const char *name);
/* All values of a _LIST or ACTORS key, appended. */
void config_get_list(const struct config *c, const char *key,
		     struct strvec *out);
/* The same below [orchactor "<actor>"]: name is "core", "agent", ... */
const char *config_actor(const struct config *c, const char *actor,
			 const char *name);
int64_t config_actor_int(const struct config *c, const char *actor,
			 const char *name);	/* 0 when unset */
void config_actor_list(const struct config *c, const char *actor,
		       const char *name, struct strvec *out);
/*
 * [orchcheck "<rule>"]: what .orchconfig says, or what git config proper does; NULL
 * where that is nothing. orch/checkrule.h knows what follows from both.
 */
const char *config_check(const struct config *c, const char *rule, const char *name,
			 bool tracked);
/* The names of all such rules, each once, appended until there are `max`: those of
 * git config proper first. */
void config_check_rules(const struct config *c, struct strvec *out, size_t max);
/* Where the winning value comes from: "local", "tracked", "default", ... */
enum config_level config_level_of(const struct config *c, const char *key);
/* Whether anything of [orch] or [orchactor] is set at any level. */
bool config_is_set_up(const struct config *c);

/* What was found and does not count: for doctor. */
struct config_ignored {
	char *key, *origin, *reason;
	int line;
};
const struct config_ignored *config_ignored(const struct config *c,
					    size_t *nr);
/* Each key of keys.def with its help, for the manual and doctor. */
struct config_key {
	const char *section, *name, *type, *fallback, *environment, *help;
	bool tracked, per_actor;
};
const struct config_key *config_keys(size_t *nr);

/* The names of actors: [a-z0-9][a-z0-9_-]{0,31}. */
bool actor_name_valid(const char *name);
#endif
