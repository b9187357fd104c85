#ifndef ORCH_HOOKS_INTERNAL_H
#define ORCH_HOOKS_INTERNAL_H
/*
 * What the files of orch/hooks.h share:
 *   hooks.c         how each hook stands; installing files
 *   hooks_config.c  hooks in git config, for git 2.54 and newer
 *   hooks_remove.c  where init has installed; taking it away
 */
#include "orch/hooks.h"

#define HOOKS_SECTION "hook.git-orch-"

/* All owned by the report afterwards. The line to add to `where` is the guarded one
 * for a shell script; NULL: no line helps. */
void hook_refuse(struct hook_report *r, char *why, char *where);

int hooks_install_config(struct hooks *h, struct repo *repo, bool dry_run);
/* `removed` may be NULL. */
int hooks_remove_config(struct strvec *removed, struct repo *repo, bool dry_run);

/* Whether init has ever meant to install hooks here. */
bool hooks_recorded(struct repo *repo);
/* Remember a directory that ours may be in, or that was `made` for them. Where
 * nothing can be written no hook can be either, and that is said of each. */
void hooks_record(struct repo *repo, const char *dir, bool made);
#endif
