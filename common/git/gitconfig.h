#ifndef GIT_GITCONFIG_H
#define GIT_GITCONFIG_H
/*
 * git's configuration as git itself would see it, at no cost of a process:
 * system, global, local and worktree files with their includes,
 * `git -c`, GIT_CONFIG_COUNT, GIT_CONFIG_GLOBAL/SYSTEM/NOSYSTEM and
 * config.worktree. (libgit2 1.5 does not read the half of it.)
 * And the same syntax from bytes that nobody trusts: no include is followed.
 */
#include "base/compat.h"
struct repo;

enum config_level {		/* higher wins */
	CONFIG_DEFAULT,
	CONFIG_TRACKED,		/* .orchconfig: not trusted */
	CONFIG_SYSTEM,
	CONFIG_GLOBAL,
	CONFIG_LOCAL,
	CONFIG_WORKTREE,
	CONFIG_COMMAND,		/* git -c, GIT_CONFIG_COUNT */
	CONFIG_ENVIRONMENT,	/* a key's own variable */
	CONFIG_ARGUMENT		/* the command line */
};

struct config_entry {
	char *key;	/* "orchactor.galph.core": section and name lower case */
	char *value;	/* NULL: the key stood alone, which means true */
	enum config_level level;
	char *origin;	/* a file, or "command line" */
	int line;	/* 0 when unknown */
};
struct config_entries {
	struct config_entry *v;	/* lowest level first, file order within */
	size_t nr, alloc;
};
#define CONFIG_ENTRIES_INIT { NULL, 0, 0 }

/* Append every entry whose key starts with one of `prefixes` (NULL-ended,
 * e.g. "orch", "color."). `repo` NULL: no local levels. */
int gitconfig_read(struct config_entries *out, struct repo *repo,
		   const char *const *prefixes);
/*
 * Parse git-config syntax from memory. `origin` names it in messages;
 * ORCH_EINVALID "<origin>:<line>: ...". All keys are appended.
 */
int gitconfig_parse(struct config_entries *out, const char *text, size_t len,
		    enum config_level level, const char *origin);
void config_entries_release(struct config_entries *e);
const char *config_level_name(enum config_level level);	/* "local" */

/* Change the repository's own config, through git: `value` NULL unsets all;
 * `add` keeps earlier values. */
int gitconfig_set(struct repo *repo, const char *key, const char *value,
		  bool add);
/* Remove a whole section from the local config; missing is fine. */
int gitconfig_remove_section(struct repo *repo, const char *section);
#endif
