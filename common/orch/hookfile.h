#ifndef ORCH_HOOKFILE_H
#define ORCH_HOOKFILE_H
/*
 * One hook file: what stands there, and our shim put in its place or taken away.
 * Another's hook is kept beside the shim, bytes, mode and all, under the name
 * <hook>.git-orch-kept, and run by it; no backup is ever overwritten. At each
 * moment git finds either the old hook or the shim.
 */
#include "base/compat.h"
#include "base/strbuf.h"
struct hook_type;

#define HOOKFILE_KEPT ".git-orch-kept"
#define HOOKFILE_EDITED ".git-orch-edited"

enum hookfile_state {
	HOOKFILE_NONE,		/* no such file */
	HOOKFILE_OURS,		/* as we would write it now */
	HOOKFILE_STALE,		/* ours, by another version or for another place */
	HOOKFILE_EDITED_BY,	/* ours, and somebody has edited it */
	HOOKFILE_FOREIGN,	/* a file, or a symlink to one or to nothing */
	HOOKFILE_ODD		/* a directory, a fifo, ...: git would hang */
};
enum hookfile_owner {		/* of a foreign one; by its text */
	HOOK_OWNER_UNKNOWN, HOOK_OWNER_LEFTHOOK, HOOK_OWNER_HUSKY,
	HOOK_OWNER_PRE_COMMIT, HOOK_OWNER_PREK, HOOK_OWNER_GIT_LFS
};
const char *hook_owner_name(enum hookfile_owner owner);	/* "another tool" */

struct hookfile {
	enum hookfile_state state;
	enum hookfile_owner owner;
	bool executable;	/* git runs it */
	bool has_kept;		/* <hook>.git-orch-kept exists */
	enum hookfile_owner kept_owner;
	bool calls_us;		/* foreign, and its text has `orch hook <name>` */
	bool needs_name;	/* foreign, and acts by the name it is called by */
};
/* `dir` need not exist. A hook that cannot be read counts as foreign. */
void hookfile_look(struct hookfile *out, const char *dir, const struct hook_type *type,
		   const char *program);
/* A path in quotes for sh. */
void hookfile_quote(struct strbuf *out, const char *path);
/* The shim's text, for the program at this absolute path. */
void hookfile_shim(struct strbuf *out, const struct hook_type *type, const char *program);
/*
 * Put the shim there, mode `mode`, keeping what is foreign. ORCH_EEXISTS when there is a
 * backup already, ORCH_EMODIFIED when the hook changed meanwhile. One that is as it
 * should be is not touched.
 */
int hookfile_install(const char *dir, const struct hook_type *type, const char *program,
		     mode_t mode);
/*
 * Take the shim away and give a kept hook its place back. A shim that somebody
 * has edited is set aside as <hook>.git-orch-edited, a foreign hook is not
 * touched. *removed and *kept are lines for people, yours to free, or NULL.
 */
int hookfile_remove(const char *dir, const struct hook_type *type, bool dry_run,
		    char **removed, char **kept);
/* Whether a text runs one of our hooks: "orch hook <name>", "orch-hook <name>". */
bool hookfile_calls(const char *text, size_t len, const char *name);
#endif
