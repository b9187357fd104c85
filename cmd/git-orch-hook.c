/*
 * git-orch-hook - run one of our hooks
 *
 * For those who start hooks themselves: lefthook, husky, a script of one's own.
 * The programs are not in PATH, where git would list them as commands.
 */
#include <fcntl.h>

#include "base/command.h"
#include "orch/hook.h"

/* A person at a terminal has no list of refs for us: nobody is asked for one. */
static int no_terminal_input(void)
{
	int fd;

	if (!isatty(0))
		return 0;
	fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (fd < 0 || dup2(fd, 0) < 0)
		return error_sys("cannot open /dev/null");
	close(fd);
	return 0;
}

/* Returns only if that failed. */
static int become(const char *name, int argc, const char **argv)
{
	char *program = hook_program(name), **args;
	int rc;

	if (!program)
		return error_set(ORCH_ENOTFOUND, "the program of %s is not installed", name);
	args = xcalloc((size_t)argc + 3, sizeof(*args));
	args[0] = program;
	args[1] = xstrdup("--");
	for (int i = 0; i < argc; i++)
		args[i + 2] = xstrdup(argv[i]);
	if ((rc = no_terminal_input()) == 0) {
		execv(program, args);
		rc = error_sys("cannot run '%s'", program);
	}
	for (int i = 0; i < argc + 2; i++)
		free(args[i]);
	free(args);
	return rc;
}

static int run_post_commit(int argc, const char **argv)
{
	return become("post-commit", argc, argv);
}

static int run_post_checkout(int argc, const char **argv)
{
	return become("post-checkout", argc, argv);
}

static int run_pre_push(int argc, const char **argv)
{
	return become("pre-push", argc, argv);
}

static const char *const usage[] = {
	"git orch hook <name> [<argument>...]",
	NULL
};
static const char *const post_commit_usage[] = {
	"git orch hook post-commit",
	NULL
};
static const char *const post_checkout_usage[] = {
	"git orch hook post-checkout <old-head> <new-head> <flag>",
	NULL
};
static const char *const pre_push_usage[] = {
	"git orch hook pre-push <remote> <url>",
	NULL
};
static const struct command post_commit = {
	.name = "post-commit", .summary = "refresh the index of artifacts",
	.usage = post_commit_usage, .run = run_post_commit,
	.stop_after = COMMAND_STOP_AT_FIRST,
};
static const struct command post_checkout = {
	.name = "post-checkout", .summary = "drop what a switch of branches makes useless",
	.usage = post_checkout_usage, .run = run_post_checkout,
	.stop_after = COMMAND_STOP_AT_FIRST,
};
static const struct command pre_push = {
	.name = "pre-push", .summary = "check what is pushed, as git lists it on stdin",
	.usage = pre_push_usage, .run = run_pre_push,
	.stop_after = COMMAND_STOP_AT_FIRST,
};
static const struct command *const subs[] = {
	&post_commit, &post_checkout, &pre_push, NULL
};

const struct command orch_command = {
	.name = "hook", .summary = "run one of git's hooks, for other hook managers",
	.usage = usage, .subs = subs,
};
