#ifndef ORCH_PROMPTFILES_H
#define ORCH_PROMPTFILES_H
/*
 * The files in prompts/ and whose they are, by their names: <x>_core.md is
 * the stable part, <x>_context.md the template, <x>.md a whole prompt of the
 * actor <x>; supervisor means galph, main means ralph.
 */
#include "base/compat.h"
#include "base/strvec.h"

enum prompt_kind { PROMPT_WHOLE, PROMPT_CORE, PROMPT_CONTEXT };

struct prompt_file {
	char *path;		/* "prompts/main.md" */
	char *role;		/* the actor that its name means; NULL: none */
	enum prompt_kind kind;
	const char *actor;	/* whose it is, after assigning; NULL: nobody's */
	const char *reason;	/* why nobody's */
};
struct prompt_files {
	struct prompt_file *v;	/* by path */
	size_t nr, alloc;
};
#define PROMPT_FILES_INIT { NULL, 0, 0 }

#define MAX_PROMPT (1 << 20)	/* bytes; more is no prompt */

/* List prompts/ of the work tree; without one the list is empty. */
int prompt_files_list(struct prompt_files *out, const char *work_tree);
/* Add one by its name; not looked at. */
void prompt_files_add(struct prompt_files *files, const char *path);
/*
 * Give each file to an actor of the ring. `given` is the configured ring; if
 * NULL the names decide, and "galph ralph" when they say nothing. The ring
 * is appended to *ring, which must live as long as the files are used.
 */
void prompt_files_assign(struct prompt_files *files, const struct strvec *given,
			 struct strvec *ring);
void prompt_files_release(struct prompt_files *files);
#endif
