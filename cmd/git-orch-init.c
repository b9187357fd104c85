/*
 * git-orch-init - set up a loop in this repository, or remove it
 *
 * The work is in orch/init.h and orch/setup.h, the words in orch/init_report.h.
 */
#include "base/command.h"
#include "base/output.h"
#include "git/repo.h"
#include "orch/init.h"
#include "orch/init_report.h"
#include "orch/orch.h"
#include "orch/setup.h"

static bool dry_run, local, import, remove_it, purge, no_hooks, hooks_only, hook_config;
static struct strvec agents;

static const char *const usage[] = {
	"git orch init [--dry-run] [--local] [--agent <actor>=<agent>]... "
	"[--no-hooks | --config] [--json]",
	"git orch init --import [--dry-run] [--local] [--agent <actor>=<agent>]... "
	"[--loop <name>] [--no-hooks | --config] [--json]",
	"git orch init --hooks-only [--config] [--dry-run] [--json]",
	"git orch init --remove [--purge] [--dry-run] [--json]",
	NULL
};
static const struct opt opts[] = {
	OPT_FLAG('n', "dry-run", &dry_run, "only say what would be done"),
	OPT_FLAG(0, "local", &local, "write to git config instead of .orchconfig"),
	OPT_LIST(0, "agent", &agents, "actor=agent",
		 "let claude or codex play <actor>; may be repeated"),
	OPT_FLAG(0, "import", &import, "begin where the loop of another tool stands"),
	OPT_LOOP,
	OPT_FLAG(0, "no-hooks", &no_hooks, "leave git's hooks alone"),
	OPT_FLAG(0, "hooks-only", &hooks_only, "install the hooks and nothing else"),
	OPT_FLAG(0, "config", &hook_config, "hooks into git config (git 2.54 and newer)"),
	OPT_FLAG(0, "remove", &remove_it, "undo what init and the loop have written"),
	OPT_FLAG(0, "purge", &purge, "with --remove: receipts and logs, too"),
	OPT_END
};

static void print_list(struct output *o, const char *key, const char *label,
		       const struct strvec *lines)
{
	struct json *array = json_add_array(output_json(o), key);

	for (size_t i = 0; i < lines->nr; i++) {
		json_add_string(array, NULL, lines->v[i]);
		output_field(o, i ? "" : label, "%s", lines->v[i]);
	}
}

static int run_remove(struct repo *repo)
{
	struct setup_removal r = SETUP_REMOVAL_INIT;
	struct output o;
	int rc = setup_remove(&r, repo, (dry_run ? SETUP_DRY_RUN : 0u) |
					(purge ? SETUP_PURGE : 0u));

	if (rc == 0) {
		output_open(&o);
		json_add_bool(output_json(&o), "dry_run", dry_run);
		print_list(&o, "removed", dry_run ? "to remove" : "removed", &r.removed);
		if (!r.removed.nr)
			output_line(&o, "nothing to remove");
		print_list(&o, "kept", "kept", &r.kept);
		rc = output_close(&o);
	}
	setup_removal_release(&r);
	return rc;
}

static int run_init(struct repo *repo)
{
	const struct init_request req = {
		.dry_run = dry_run, .local = local, .import = import,
		.no_hooks = no_hooks, .hooks_only = hooks_only, .hook_config = hook_config,
		.agents = &agents,
	};
	struct init in = INIT_INIT;
	struct output o;
	int rc = init_run(&in, repo, &req);

	if (rc == 0) {
		output_open(&o);
		init_report(&o, &in);
		rc = output_close(&o);
	}
	init_release(&in);
	return rc;
}

static int run(int argc, const char **argv)
{
	struct repo *repo = NULL;
	int rc;

	if (argc)
		rc = usage_error("unexpected argument '%s'", argv[0]);
	else if (purge && !remove_it)
		rc = usage_error("--purge goes with --remove");
	else if (orch_loop_option && !import)
		rc = usage_error("--loop goes with --import");
	else if (no_hooks && (hooks_only || hook_config))
		rc = usage_error("--no-hooks excludes --%s", hooks_only ? "hooks-only" :
				 "config");
	else if (hooks_only && (local || import || agents.nr))
		rc = usage_error("--hooks-only goes with --config and --dry-run only");
	else if (remove_it && (local || import || agents.nr || no_hooks || hooks_only ||
			       hook_config))
		rc = usage_error("--remove goes with --purge and --dry-run only");
	else if ((rc = repo_open(&repo, NULL, 0)) == 0)
		rc = remove_it ? run_remove(repo) : run_init(repo);
	repo_free(repo);
	strvec_release(&agents);
	return rc;
}

const struct command orch_command = {
	.name = "init", .summary = "set up a loop in this repository, or remove it",
	.usage = usage, .opts = opts, .run = run, .flags = COMMAND_JSON,
};
