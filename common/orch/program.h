#ifndef ORCH_PROGRAM_H
#define ORCH_PROGRAM_H
/*
 * `git orch X` is the program git-orch-X, beside the one that is running or
 * else in PATH.
 */
#include "base/compat.h"
struct strvec;

/* The path to execute, yours to free; NULL: there is none. */
char *program_find(const char *name);
/* "libexec/git-orch/x" below the prefix of this program: a file that can be
 * executed, yours to free; NULL: there is none. Programs are in <prefix>/bin and
 * in <prefix>/libexec/git-orch/hooks. */
char *program_beside(const char *rel);
/* The names of all that are beside this program, appended, then sorted. */
void program_list(struct strvec *out);
/* "run, turn": what somebody may have meant by `name`. Yours to free; NULL: no
 * idea. */
char *program_near(const char *name);
#endif
