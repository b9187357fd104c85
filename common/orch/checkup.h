#ifndef ORCH_CHECKUP_H
#define ORCH_CHECKUP_H
/*
 * Everything that must be in order for a loop to run here, asked of the
 * modules that will do the work. Nothing is changed here; CHECKUP_LIVE makes a
 * scratch clone elsewhere and commits, checks out and pushes in it.
 */
#include "base/compat.h"

enum checkup_level { CHECKUP_OK, CHECKUP_WARN, CHECKUP_FAIL };
const char *checkup_level_name(enum checkup_level level);

struct checkup_line {
	enum checkup_level level;
	const char *name;	/* "config", "state", ... */
	char *detail;		/* one line */
};
struct checkup {
	struct checkup_line *v;
	size_t nr, alloc;
	size_t failed;
};
#define CHECKUP_INIT { NULL, 0, 0, 0 }

/*
 * Run every check that makes sense. What is found is in the lines; an error
 * is only ORCH_ENOTFOUND outside any repository. Warnings of the modules
 * become lines, so the sink for warnings is ours afterwards.
 */
enum checkup_flags { CHECKUP_LIVE = 1 << 0 };
int checkup_run(struct checkup *c, unsigned flags);
void checkup_release(struct checkup *c);
#endif
