#ifndef ORCH_ARTIFACT_H
#define ORCH_ARTIFACT_H
/*
 * What agents left as evidence: the directories below orch.artifactRoot, those
 * with a stamp in their name and, where the pattern has a {phase}, those
 * without whose files lie loose.
 *
 *   struct artifacts *ix;
 *   struct artifact a = ARTIFACT_INIT;
 *   rc = artifacts_open(&ix, &orch, ARTIFACT_HISTORY);
 *   for (i = 0; i < artifacts_count(ix); i++)
 *           if (artifacts_get(&a, ix, i, ARTIFACT_SIZES) == 0) ...
 *   artifact_release(&a);
 *   artifacts_free(ix);
 *
 * Opening reads the index (artifacts.jsonl in the work tree's own git
 * directory), looks at the time of each directory it knows, reads those again
 * that changed or are as young as the index, and stores what it learnt. An index
 * that is missing, broken, or of other patterns is made anew; one that cannot be
 * stored is a warning. So what is returned is what is there now.
 */
#include "base/arena.h"
#include "base/compat.h"
#include "git/oid.h"
struct orch;
struct artifacts;
struct strbuf;

struct artifact_file {
	const char *name;	/* below the artifact's path */
	int64_t size;		/* of a symlink: its own */
};
struct artifact {
	const char *path;	/* from the top of the work tree */
	const char *initiative, *phase;	/* NULL: its pattern has none */
	const char *stamp;	/* NULL: files without one */
	const char *type;	/* see artifact_types.def */
	int64_t time_ms;	/* what the stamp says; 0 without one */
	bool tracked;		/* HEAD has something of it */
	struct oid commit;	/* that added it; zero: not tracked, not found */
	int64_t iteration;	/* 0: not known */
	struct artifact_file *files;
	size_t nr_files;
	int64_t size;		/* of all files */
	struct arena memory;
};
#define ARTIFACT_INIT { .memory = ARENA_INIT }
void artifact_release(struct artifact *a);	/* safe on _INIT, and twice */

enum artifacts_flags {
	ARTIFACT_FULL = 1 << 0,		/* read every directory again */
	ARTIFACT_HISTORY = 1 << 1,	/* tracked, commit and iteration, too */
	ARTIFACT_WAIT = 1 << 2,	/* keep other writers away until _free();
				 * not being able to store it is an error */
	ARTIFACT_IN_HOOK = 1 << 3	/* little work, no waiting: else ORCH_EBUSY */
};
/* ORCH_EINVALID for a pattern that is none. Needs a work tree. */
int artifacts_open(struct artifacts **out, struct orch *o, unsigned flags);
void artifacts_free(struct artifacts *ix);
/* How the last opening went. */
struct artifacts_report {
	size_t kept, read, gone;	/* artifacts */
	bool stored, truncated;
};
struct artifacts_report artifacts_report(const struct artifacts *ix);

/* Sorted by path. */
size_t artifacts_count(const struct artifacts *ix);
const char *artifacts_path(const struct artifacts *ix, size_t i);
/* Whether the line of artifact `i` holds `word` (letters, digits, "._-" only)
 * somewhere: a quick no. */
bool artifacts_may_hold(const struct artifacts *ix, size_t i, const char *word);
enum artifact_get {
	ARTIFACT_SIZES = 1 << 0	/* as they are now; files that are gone are left out */
};
int artifacts_get(struct artifact *out, struct artifacts *ix, size_t i, unsigned how);
/* Only the names of its files, each in *name: for who looks at all of them. */
typedef int artifacts_name(struct strbuf *name, void *data);
int artifacts_each_name(struct artifacts *ix, size_t i, artifacts_name *each, void *data);
/* The top of the work tree, opened. */
int artifacts_top(const struct artifacts *ix);

/* During a rebase: what changes now is looked at when it is over. */
int artifacts_mark_dirty(struct orch *o);
#endif
