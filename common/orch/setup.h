#ifndef ORCH_SETUP_H
#define ORCH_SETUP_H
/*
 * Writing down what discovery found, and taking it away again. Whatever a
 * person has edited is left alone: .orchconfig carries a checksum of what we
 * wrote, and a key in git config that has a value keeps it.
 */
#include "base/compat.h"
#include "base/strvec.h"
#include "orch/usage.h"
struct discovery;
struct repo;

#define SETUP_TRACKED_FILE ".orchconfig"

enum setup_flags {
	SETUP_DRY_RUN = 1 << 0,	/* only say what would be done */
	SETUP_PURGE = 1 << 1	/* removal: receipts and logs, too */
};
enum setup_state {
	SETUP_SAME,	/* it says exactly this already: untouched */
	SETUP_WRITTEN,
	SETUP_RENEWED,	/* was as we wrote it, and has been replaced */
	SETUP_KEPT	/* edited by somebody: untouched, see differs */
};
struct setup_result {
	enum setup_state state;
	struct strvec differs;	/* "orch.plan is a.md, found b.md" */
};
#define SETUP_RESULT_INIT { SETUP_SAME, STRVEC_INIT }
void setup_result_release(struct setup_result *r);

/* To .orchconfig at the top of the work tree, or to the repository's config. */
int setup_write_tracked(struct setup_result *out, struct repo *repo,
			const struct discovery *d, unsigned flags);
int setup_write_local(struct setup_result *out, struct repo *repo,
		      const struct discovery *d, unsigned flags);

/*
 * Write which agent plays an actor, and the command that fits it (without any
 * permission), to the repository's config. A command of the same agent that
 * somebody has changed (a permission flag) is kept.
 */
int setup_agent(struct setup_result *out, struct repo *repo, const char *actor,
		enum agent_kind kind, unsigned flags);
/* The same command with what lets the agent edit files and commit, which is for
 * the user to give. Yours to free; NULL for AGENT_OTHER. */
char *setup_agent_permission(const struct repo *repo, enum agent_kind kind);
/* What resumes a session of an agent that such a command starts, with the same
 * permissions. Yours to free; NULL: a command of another shape. */
char *setup_agent_resume(enum agent_kind kind, const char *command);

struct setup_removal {
	struct strvec removed, kept;	/* one line each */
};
#define SETUP_REMOVAL_INIT { STRVEC_INIT, STRVEC_INIT }
/*
 * Undo everything: hooks (those that were there before get their places back),
 * config sections, an unedited .orchconfig, refs/orch/, the
 * state. Receipts and logs stay unless SETUP_PURGE. ORCH_EBUSY while a living
 * process holds a turn. Works with a broken configuration and in bare
 * repositories.
 */
int setup_remove(struct setup_removal *out, struct repo *repo, unsigned flags);
void setup_removal_release(struct setup_removal *r);

/* Whether the bytes of an .orchconfig are as we wrote them, not edited or
 * foreign. */
bool setup_is_pristine(const char *text, size_t len);
/* Whether such bytes came of an import, which init then repeats. */
bool setup_is_imported(const char *text, size_t len);
#endif
