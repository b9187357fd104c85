#ifndef GIT_REMOTE_INTERNAL_H
#define GIT_REMOTE_INTERNAL_H
/* Only for remote*.c: one conversation with a remote. */
#include "git/gitwatch.h"
#include "git/remote.h"

enum { REMOTE_STALL = 60 };	/* seconds, unless the caller says otherwise */

/*
 * Run `git <settings> <args> -- <remote> <refs>` under watch. 0 when it came
 * to its end, whatever its exit code. `patience` multiplies the stall limit.
 */
int remote_run(struct gitwatch *w, const struct remote *r,
	       const char *const *args, const struct strvec *refs, int patience);
/* The remote's name for a message: printable, without a password. */
char *remote_label(const struct remote *r);
/* ORCH_EBUSY "cannot <what> '<remote>': <what git said>" */
int remote_unreachable(const struct remote *r, const struct gitwatch *w,
		       const char *what);
/* A full name, or ORCH_EINVALID: nothing else may stand in a refspec. */
int remote_check_ref(const char *name);
#endif
