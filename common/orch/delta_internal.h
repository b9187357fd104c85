#ifndef ORCH_DELTA_INTERNAL_H
#define ORCH_DELTA_INTERNAL_H
/*
 * The parts of delta_compute(), each in a file of its own: delta_since.c finds
 * the commits, delta.c compares them, delta_ledger.c reads plan and findings,
 * delta_said.c what the others said.
 */
#include "orch/delta.h"

#define DELTA_COMMITS_MAX 1000
#define OID_EMPTY_TREE "4b825dc642cb6eb9a060e54bf8d69288fbee4904"

/* Fill in since, head, first, between and what is known of the turn. */
int delta_resolve(struct delta *d, struct orch *o, const struct turn *t,
		  const struct delta_request *req);
/* After commits and files. */
int delta_find_plan(struct delta *d, struct orch *o);
int delta_find_findings(struct delta *d, struct orch *o);
int delta_find_said(struct delta *d, struct orch *o, const struct turn *t);
/* Whether the commits are needed to tell whose turns they were. */
bool delta_said_by_commits(const struct delta *d);

/* "" for one, else "s". */
const char *delta_plural(size_t n);
/* At most `max` columns of one line, safe for a terminal. */
void delta_add_short(struct strbuf *out, const char *s, size_t max);
/* Each file's diff, and behind one that is cut the command for the rest. */
void delta_patch_text(struct strbuf *out, const struct delta *d,
		      const struct delta_patch *p);

void delta_plan_release(struct delta_plan *p);
void delta_findings_release(struct delta_findings *f);
#endif
