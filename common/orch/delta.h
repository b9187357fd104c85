#ifndef ORCH_DELTA_H
#define ORCH_DELTA_H
/*
 * What changed for an actor since the end of its last good turn: the commits,
 * the files, and what is not committed (whoever did that).
 */
#include "base/compat.h"
#include "git/diff.h"
#include "git/object.h"
struct json;
struct orch;
struct strbuf;
struct turn;

struct delta {
	char *actor;
	bool first;		/* the actor has not played: nothing to compare */
	struct oid since, head;
	int64_t since_iteration, since_ms;
	struct commit_list commits;	/* newest first */
	struct change_list files;	/* committed changes, by path */
	struct change_list uncommitted;	/* against HEAD; status also ?, U */
};
#define DELTA_INIT { NULL, false, OID_ZERO, OID_ZERO, 0, 0,		\
		     COMMIT_LIST_INIT, CHANGE_LIST_INIT, CHANGE_LIST_INIT }
/* A `since` that no longer exists is a warning, and the delta is a first one. */
int delta_compute(struct delta *out, struct orch *o, const struct turn *t,
		  const char *actor);
void delta_release(struct delta *d);
/* A, M, D or R, for what is told to people and programs: untracked is A. */
char delta_status(const struct change *c);
/* "+41 -38", "+22", "binary": yours to free. */
char *delta_lines(const struct change *c);
void delta_to_json(struct json *out, const struct delta *d);
/* A few lines for a prompt: commits, then "M  +41 -38  input.md" for each
 * file; at most 100 of each, and the command that shows the rest. */
void delta_summary(struct strbuf *out, const struct delta *d);
#endif
