/*
 * git-orch - the status page, and the way to every other command
 *
 * `git orch X` starts git-orch-X (orch/program.h).
 */
#include "base/command.h"
#include "base/output.h"
#include "base/strbuf.h"
#include "orch/orch.h"
#include "orch/program.h"
#include "orch/status_page.h"

static bool version;

static const char *const usage[] = {
	"git orch [--loop <name>] [--json]",
	"git orch [-C <dir>] <command> [<args>]",
	"git orch help [<command>]",
	"git orch --version",
	NULL
};
static const struct opt opts[] = {
	OPT_FLAG(0, "version", &version, "print the version"),
	OPT_LOOP,
	OPT_END
};

/* In the order in which one meets them. */
static const struct {
	const char *name, *summary;
} commands[] = {
	{ "init", "set up a loop in this repository, or remove it" },
	{ "run", "play turns: agents take them one after the other" },
	{ "turn", "show whose turn it is, take it, give it back" },
	{ "log", "the turns that were played" },
	{ "show", "one turn whole: its prompt, log and commits" },
	{ "delta", "what changed for an actor since its last turn" },
	{ "plan", "the work items of the plan: what is ready, what is wrong" },
	{ "context", "the documents that an actor reads each turn" },
	{ "artifact", "what agents left as evidence: list, find, clean up" },
	{ "check", "apply the rules to a turn, a push or a range of commits" },
	{ "prompt", "build the prompt of a turn" },
	{ "replay", "what it would have saved in this history; needs no init" },
	{ "hook", "run a git hook of ours, for lefthook, husky and scripts" },
	{ "doctor", "prove that everything is in order" },
};

static void list_commands(struct strbuf *out)
{
	struct strvec found = STRVEC_INIT;

	program_list(&found);
	strbuf_addstr(out, "\ncommands\n");
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (strvec_has(&found, commands[i].name))
			strbuf_addf(out, "    %-10s  %s\n", commands[i].name,
				    commands[i].summary);
	for (size_t k = 0; k < found.nr; k++) {
		bool known = false;

		for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
			known |= str_eq(found.v[k], commands[i].name);
		if (!known)
			strbuf_addf(out, "    %s\n", found.v[k]);
	}
	strvec_release(&found);
}

static int unknown(const char *name)
{
	char *near = str_eq(name, "status") ? xstrdup("git orch alone, git orch turn status") :
					      program_near(name);

	if (near)
		usage_error("'%.100s' is not a git-orch command; did you mean %s?",
			    name, near);
	else
		usage_error("'%.100s' is not a git-orch command; 'git orch -h' lists them",
			    name);
	free(near);
	return ORCH_EUSAGE;
}

static int dispatch(int argc, const char **argv)
{
	struct strvec args = STRVEC_INIT;
	char *program = program_find(argv[0]);
	int rc;

	if (!program)
		return unknown(argv[0]);
	strvec_pushf(&args, "git-orch-%s", argv[0]);
	/* Options in front of the command are meant for it. */
	if (common.json)
		strvec_push(&args, "--json");
	if (common.quiet)
		strvec_push(&args, "-q");
	if (common.verbose)
		strvec_push(&args, "-v");
	if (orch_loop_option)
		strvec_pushf(&args, "--loop=%s", orch_loop_option);
	for (int i = 1; i < argc; i++)
		strvec_push(&args, argv[i]);
	execv(program, args.v);
	rc = error_sys("cannot run '%s'", program);
	strvec_release(&args);
	free(program);
	return rc;
}

static int help(const char *command)
{
	struct strbuf text = STRBUF_INIT;
	char *page, *program;

	if (!command) {
		for (const char *const *u = usage; *u; u++)
			strbuf_addf(&text, "%s%s\n", u == usage ? "usage: " : "   or: ", *u);
		list_commands(&text);
		fwrite(text.buf, 1, text.len, stdout);
		strbuf_release(&text);
		return 0;
	}
	program = program_find(command);
	if (!program)
		return unknown(command);
	page = xstrfmt("git-orch-%s", command);
	execlp("man", "man", page, (char *)NULL);
	execl(program, page, "-h", (char *)NULL);	/* no man: the short help */
	free(program);
	free(page);
	return error_sys("cannot show the manual of '%s'", command);
}

static int run(int argc, const char **argv)
{
	if (version) {
		printf("git-orch %s\n", ORCH_VERSION);
		return 0;
	}
	if (!argc)
		return status_page();
	if (str_eq(argv[0], "help"))
		return help(argc > 1 ? argv[1] : NULL);
	return dispatch(argc, argv);
}

const struct command orch_command = {
	.name = "orch", .summary = "the plumbing of agent loops; alone: how the loop stands",
	.usage = usage, .opts = opts, .run = run, .more_help = list_commands,
	.flags = COMMAND_JSON, .stop_after = COMMAND_STOP_AT_FIRST,
};
