#ifndef ORCH_LEDGER_H
#define ORCH_LEDGER_H
/* Reading plan and findings, from the work tree or from a commit. */
#include "base/compat.h"
#include "git/oid.h"
struct orch;
struct strbuf;
struct strvec;

/*
 * The regular file `path` below the work tree's top, appended. ORCH_ENOTFOUND
 * if there is none, ORCH_EINVALID if it is no file, unsafe, or larger than
 * orch.maxDocument; *out is unchanged then.
 */
int ledger_read(struct strbuf *out, struct orch *o, const char *path);
/* The same of a commit; NULL is the work tree, and a zero oid has no files. */
int ledger_read_at(struct strbuf *out, struct orch *o, const struct oid *commit,
		   const char *path);
/* The names in a directory, sorted, without hidden ones; none if there is no
 * such directory. */
void ledger_list_at(struct strvec *names, struct orch *o, const struct oid *commit,
		    const char *path);
#endif
