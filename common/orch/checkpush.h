#ifndef ORCH_CHECKPUSH_H
#define ORCH_CHECKPUSH_H
/*
 * Judging a push, as git describes it to a pre-push hook: the name and URL of the
 * remote, and a line for each reference, "<local ref> <oid> <remote ref> <oid>".
 *
 *   rc = push_parse(&push, text, len);       // needs no repository
 *   if (rc == 0 && push.nr) {
 *           ... repo_open() ...
 *           rc = push_judge(&report, &push, repo, remote);
 *   }
 *
 * Each reference is judged by its net change, from where it left what the remote
 * has to its tip; rules that look into commits see those that the remote has not.
 * What counts of .orchconfig is what it was on the remote's side.
 */
#include "base/compat.h"
#include "git/oid.h"
#include "orch/check.h"
struct repo;

struct push_line {
	char *local, *remote;	/* names; `local` is as typed, with blanks */
	struct oid tip, old;	/* old zero: new there */
};
struct push {
	struct push_line *v;	/* deletions and refs/orch/ are left out */
	size_t nr, alloc;
	size_t lines;		/* of the text */
};
#define PUSH_INIT { NULL, 0, 0, 0 }

/* ORCH_EINVALID names the line that is malformed; ORCH_EUNSUPPORTED: its hashes are
 * SHA-256's, and it does more than delete. */
int push_parse(struct push *out, const char *text, size_t len);
void push_release(struct push *p);
/*
 * Judge every line; an exception in any commit counts for all of them. What git would
 * read in place of replaced objects is not pushed, so the repository is read without.
 * `remote` is its name, or a URL. Errors are about the repository: nothing may be
 * pushed then. `actor` and `focus` (as --focus) may be NULL.
 */
int push_judge(struct check_report *out, const struct push *p, struct repo *repo,
	       const char *remote, const char *actor, const char *focus);
/* Write down exceptions, in orch/checks.jsonl. Failing is for the caller to tell. */
int push_record(struct repo *repo, const struct check_report *r, const char *remote);
#endif
