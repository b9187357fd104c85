#ifndef ORCH_LEDGER_H
#define ORCH_LEDGER_H
/* Reading plan and findings from the work tree. */
#include "base/compat.h"
struct orch;
struct strbuf;

/*
 * The regular file `path` below the work tree's top, appended. ORCH_ENOTFOUND
 * if there is none, ORCH_EINVALID if it is no file, unsafe, or larger than
 * orch.maxDocument; *out is unchanged then.
 */
int ledger_read(struct strbuf *out, struct orch *o, const char *path);
#endif
