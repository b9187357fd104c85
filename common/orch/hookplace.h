#ifndef ORCH_HOOKPLACE_H
#define ORCH_HOOKPLACE_H
/*
 * Where git looks for the hooks of this work tree, and whether that is a place
 * for us to write to: the repository's own hooks directory, or one that its own
 * core.hooksPath names outside every work tree. Never one that other
 * repositories share by global configuration, that a checkout can change, or
 * that is a symbolic link.
 */
#include "base/compat.h"
#include "git/gitconfig.h"
struct repo;

struct hook_place {
	char *dir;		/* absolute, as git says; it need not exist */
	bool is_default;	/* the repository's own hooks directory */
	char *value, *origin;	/* of core.hooksPath; NULL: unset */
	enum config_level level;
	int line;
	bool husky;		/* made by husky: its scripts are one level up */
	bool per_tree;		/* a relative path: each work tree has its own */
	bool nowhere;		/* no directory: git runs no hooks, whoever's they are */
	char *refusal;		/* why nothing of ours is written there; NULL: it is */
};
#define HOOK_PLACE_INIT { .dir = NULL }

int hook_place_find(struct hook_place *out, struct repo *repo);
/* "core.hooksPath = ../hooks (local, .git/config:7)", or "the default": appended. */
struct strbuf;
void hook_place_describe(struct strbuf *out, const struct hook_place *p);
void hook_place_release(struct hook_place *p);
/* The mode of a file that git runs, by umask and core.sharedRepository. */
int hook_mode(mode_t *mode, struct repo *repo);
#endif
