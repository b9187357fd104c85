#ifndef ORCH_HOOKS_H
#define ORCH_HOOKS_H
/*
 * All our hooks of a repository: how each one stands, installed, removed.
 *
 *   struct hooks h = HOOKS_INIT;
 *   if ((rc = hooks_look(&h, repo)) == 0)        // nothing is changed
 *           rc = hooks_install(&h, repo, flags); // or not
 *   ... h.v[i].standing ...
 *   hooks_release(&h);                           // whatever rc was
 *
 * A hook that must not or cannot be installed is no error: it is REFUSED, with
 * the reason and the line that somebody can add by hand.
 */
#include "base/compat.h"
#include "base/strvec.h"
#include "orch/hook.h"
#include "orch/hookfile.h"
#include "orch/hookplace.h"
struct repo;
struct json;

enum hook_standing {
	HOOK_ABSENT,		/* nothing in the way, and not there yet */
	HOOK_INSTALLED,		/* our shim stands there */
	HOOK_BY_CONFIG,		/* git config has it (git 2.54) */
	HOOK_BY_OTHER,		/* another tool, or somebody's script, runs it */
	HOOK_REFUSED		/* not ours to install: see why, where, add */
};
const char *hook_standing_name(enum hook_standing s);	/* "by-config" */

struct hook_report {
	const struct hook_type *type;
	char *program;		/* absolute; NULL: this hook is not there to install */
	struct hookfile file;	/* what stands in the hooks directory */
	enum hook_standing standing;
	bool config;		/* git config has it, whether git reads that or not */
	bool changed;		/* installed or renewed now, or would be */
	char *by;		/* BY_OTHER: "lefthook.yml", ".husky/pre-push" */
	char *why;		/* REFUSED: one line without a full stop */
	char *where, *add;	/* REFUSED: the line to add, and to what */
};
struct hooks {
	struct hook_place place;
	struct hook_report *v;	/* as many as there are programs for */
	size_t nr;
	bool wanted;		/* init was here and should have installed them */
	bool config_known;	/* git is new enough for hooks in its configuration */
	char git_version[32];	/* "2.39" */
};
#define HOOKS_INIT { HOOK_PLACE_INIT, NULL, 0, false, false, "" }

enum hooks_flags {
	HOOKS_DRY_RUN = 1 << 0,
	HOOKS_CONFIG = 1 << 1	/* into git config instead of files */
};

int hooks_look(struct hooks *h, struct repo *repo);
/*
 * Install what is absent, renew what is stale, and see that it is there.
 * ORCH_EUNSUPPORTED for HOOKS_CONFIG with a git that would not read it.
 */
int hooks_install(struct hooks *h, struct repo *repo, unsigned flags);
int hooks_check_config(const struct hooks *h);	/* the same refusal, beforehand */
void hooks_release(struct hooks *h);

/*
 * Take all of ours away, from wherever init has put it; kept hooks get their
 * places back. Lines are appended. Works without a readable configuration.
 */
int hooks_remove(struct strvec *removed, struct strvec *kept, struct repo *repo,
		 bool dry_run);

/* One object a hook, appended to `array`: name, state, owner, path, ... */
void hooks_json(struct json *array, const struct hooks *h);
/* "it runs after git-lfs's", about an installed one; NULL: nothing to say. Yours. */
char *hook_describe(const struct hook_report *r);
#endif
