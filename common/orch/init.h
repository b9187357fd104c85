#ifndef ORCH_INIT_H
#define ORCH_INIT_H
/*
 * Setting a loop up: orch/discover.h looks, orch/setup.h writes, orch/hooks.h
 * installs hooks, this decides what is wanted of each and what to type next. orch/init_report.h tells it.
 *
 *   struct init in = INIT_INIT;
 *   rc = init_run(&in, repo, &req);
 *   init_release(&in);                 // whatever rc was
 */
#include "base/compat.h"
#include "base/strvec.h"
#include "orch/discover.h"
#include "orch/hooks.h"
#include "orch/import.h"
#include "orch/setup.h"
struct config;
struct repo;

struct init_request {
	bool dry_run;			/* only say what would be done */
	bool local;			/* to git config instead of .orchconfig */
	bool no_hooks, hooks_only;	/* one of the two, or neither */
	bool hook_config;		/* hooks into git config (git 2.54) */
	bool import;			/* begin where another tool's loop stands */
	const struct strvec *agents;	/* "<actor>=claude", each actor once */
};
struct init_agent {
	char *actor;
	enum agent_kind kind;
	struct setup_result result;
};
struct init {
	struct init_request req;	/* borrowed until init_release() */
	struct repo *repo;		/* borrowed */
	struct config *config;
	struct discovery found;
	size_t plan_items;	/* as orch/plan.h counts them */
	struct import import;		/* only looked at without `import` */
	char *old_loop;			/* what its state says; NULL: there is none */
	char *remote;			/* one that publishes a turn of this loop; NULL */
	struct turn published;		/* that turn */
	bool joined;			/* orch.remote names it */
	bool behind;			/* its branch comes first: .orchconfig may be in it */
	struct setup_result result;	/* of .orchconfig or git config */
	struct init_agent *agents;	/* as many as req.agents, in its order */
	size_t nr_agents;
	struct hooks hooks;		/* not looked at with no_hooks */
	struct strvec written;		/* what has changed, or would */
	struct strvec next, next_why;	/* commands to type, and what for */
};
#define INIT_INIT { .found = DISCOVERY_INIT, .import = IMPORT_INIT, .hooks = HOOKS_INIT }

/*
 * ORCH_EUNSUPPORTED in a bare repository, unless only hooks are wanted; ORCH_EUSAGE for an agent or actor
 * that does not exist, ORCH_ENO for an import into a loop that has been played
 * or of nothing: that is found before anything is written.
 */
int init_run(struct init *in, struct repo *repo, const struct init_request *req);
void init_release(struct init *in);
#endif
