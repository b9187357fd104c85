#ifndef ORCH_HOOK_H
#define ORCH_HOOK_H
/*
 * What the programs behind git hooks (hooks/<name>.c) have in common: how they
 * are skipped, how long they may take, how they speak and how they end.
 *
 *   static int run(int argc, const char **argv)
 *   {
 *           int rc;
 *
 *           if (!hook_begin("pre-push"))         // skipped: said on stderr
 *                   return hook_end(0);
 *           ... what needs no repository: return hook_end(0) if that is all ...
 *           if ((rc = repo_open(&repo, NULL, REPO_IN_HOOK)) == 0 &&
 *               (rc = hook_enabled(repo)) > 0)
 *                   rc = ... the work; ORCH_ENO: a violation, already said by hook_say ...
 *           repo_free(repo);
 *           return hook_end(rc);
 *   }
 *
 * A *gate* (pre-push) decides: hook_end() gives 0 for 0 and positive results,
 * 1 for every error, so that what could not be judged is refused. The others
 * follow what git has done already: they end with 0 whatever happened.
 *
 * Skipped by GIT_ORCH=0 (all of them), GIT_ORCH_SKIP=name,name (which may also
 * name rules of checks: hook_skips()), and orch.<hook>.enabled=false in git
 * config proper or `git -c`. Each skip is one line on stderr.
 */
#include "base/compat.h"
struct repo;

struct hook_type {
	const char *name;	/* as git calls it */
	bool gate;		/* its exit status decides what git does */
	bool has_input;		/* git writes to its standard input */
};
/* Every hook that we have a program for, in the order in which they are shown. */
const struct hook_type *hook_types(size_t *nr);
const struct hook_type *hook_find(const char *name);	/* NULL: none of ours */

/*
 * First in run(). From here on stdout is /dev/null (git shares its own with
 * pre-push), a broken pipe is an error and no death, warnings of
 * a gate are lines "git-orch: <hook>: ...", and a clock runs: 10 s, a gate 60 s. When it has
 * run out the process says so and ends, a gate with 1, the others with 0; what
 * it was writing has to survive that, as file_replace() does.
 * False: the environment says to skip it, and the line was printed.
 */
bool hook_begin(const char *name);
/*
 * What git config says, asked as late as possible because it takes reading:
 * orch.<hook>.enabled, and orch.hookTimeout for a gate (the clock starts anew).
 * 1: go on; 0: switched off, the line was printed; or an error.
 */
int hook_enabled(struct repo *repo);
/* Whether `name` is in GIT_ORCH_SKIP: of a hook, or of a rule. */
bool hook_skips(const char *name);
/* One line on stderr, "git-orch: <hook>: ...", made safe for a terminal. */
void hook_say(const char *fmt, ...) PRINTF_LIKE(1, 2);
/*
 * The exit status for `rc`. The stored message of an error other than ORCH_ENO
 * is printed: of a gate always, of the others only where somebody can do
 * something about it (not where there is no repository or it is served by git
 * alone). Stops the clock.
 */
int hook_end(int rc);

/*
 * "orch.<hook>.enabled" of one of ours: config.c has it not for unknown, but
 * leaves it to hook_enabled().
 */
bool hook_is_key(const char *key);
/* The program's path below libexec, yours to free; NULL: not installed.
 * `name` must be one of hook_types(). */
char *hook_program(const char *name);

/*
 * For `git orch doctor --live`: hook_begin() appends "<name> <bytes of input>"
 * to the file that this variable names, if that exists.
 */
#define HOOK_WITNESS "GIT_ORCH_HOOK_WITNESS"
#endif
