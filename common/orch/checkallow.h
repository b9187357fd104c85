#ifndef ORCH_CHECKALLOW_H
#define ORCH_CHECKALLOW_H
/*
 * The trailers "Orch-Allow: <rule> <reason>" of commits: exceptions that whoever
 * broke a rule has written down.
 *
 *   struct check_allows a = CHECK_ALLOWS_INIT;
 *   rc = check_allows_read(&a, repo, &commits);
 *   const struct check_allow *x = check_allows_find(&a, "tests-with-code");
 *   check_allows_release(&a);
 */
#include "base/compat.h"
#include "git/oid.h"
struct commit_oids;
struct repo;

struct check_allow {
	char *rule, *reason;	/* owned; the reason is safe for a terminal */
	struct oid commit;
};
struct check_allows {
	struct check_allow *v;
	size_t nr, alloc;
};
#define CHECK_ALLOWS_INIT { NULL, 0, 0 }

/* Append those of a commit's message, in the order of its lines. */
void check_allows_add(struct check_allows *out, const struct oid *commit,
		      const char *message);
/* Append those of the commits, in their order. Below 0: a commit cannot be read. */
int check_allows_read(struct check_allows *out, struct repo *repo,
		      const struct commit_oids *commits);
/* The first one for the rule, which lives as long as *a; NULL if there is none. */
const struct check_allow *check_allows_find(const struct check_allows *a, const char *rule);
void check_allows_release(struct check_allows *a);
#endif
