#ifndef ORCH_DELTA_H
#define ORCH_DELTA_H
/* What changed for an actor since the end of its last good turn. */
#include "base/compat.h"
#include "git/diff.h"
#include "git/gitproc.h"
#include "git/object.h"
struct orch;
struct turn;
struct json;

struct delta {
	char *actor;
	bool first;		/* the actor has not played: nothing to compare */
	struct oid since, head;
	int64_t since_iteration, since_ms;
	struct commit_list commits;	/* newest first */
	struct change_list files;	/* committed changes, by path */
	struct status_list uncommitted;
};
#define DELTA_INIT { NULL, false, OID_ZERO, OID_ZERO, 0, 0,		\
		     COMMIT_LIST_INIT, CHANGE_LIST_INIT, STATUS_LIST_INIT }
int delta_compute(struct delta *out, struct orch *o, const struct turn *t,
		  const char *actor);
void delta_release(struct delta *d);
void delta_to_json(struct json *out, const struct delta *d);
/* A few lines for a prompt: "M  +41 -38  input.md". */
struct strbuf;
void delta_summary(struct strbuf *out, const struct delta *d);
#endif
