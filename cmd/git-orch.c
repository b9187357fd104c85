/*
 * git-orch - the status page, and the way to every other command
 *
 * `git orch X` starts git-orch-X, found beside this program or else in PATH.
 */
#include <dirent.h>
#include <limits.h>

#include "base/command.h"
#include "base/output.h"
#include "base/strbuf.h"
#include "orch/orch.h"
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
	{ "context", "the documents that an actor reads each turn" },
	{ "prompt", "build the prompt of a turn" },
	{ "doctor", "prove that everything is in order" },
};

/* The directory of this program; "" when the kernel does not say. */
static const char *own_dir(void)
{
	static char path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);
	char *slash;

	path[n > 0 ? n : 0] = '\0';
	slash = strrchr(path, '/');
	if (slash)
		*slash = '\0';
	return path;
}

/* The path to execute for a command, yours to free; NULL: there is none. */
static char *find_program(const char *name)
{
	const char *dir = own_dir(), *path = getenv("PATH");
	char *file = xstrfmt("%s/git-orch-%s", dir, name);

	if (*dir && access(file, X_OK) == 0)
		return file;
	free(file);
	for (const char *s = path; s && *s; s += *s == ':') {
		size_t n = strcspn(s, ":");

		file = xstrfmt("%.*s/git-orch-%s", (int)n, s, name);
		if (n && access(file, X_OK) == 0)
			return file;
		free(file);
		s += n;
	}
	return NULL;
}

/* Every git-orch-<name> beside this program. */
static void list_programs(struct strvec *out)
{
	DIR *dir = opendir(own_dir());
	struct dirent *e;

	while (dir && (e = readdir(dir)))
		if (str_starts(e->d_name, "git-orch-") && !strchr(e->d_name, '.'))
			strvec_push(out, e->d_name + strlen("git-orch-"));
	if (dir)
		closedir(dir);
	strvec_sort(out);
}

static void list_commands(struct strbuf *out)
{
	struct strvec found = STRVEC_INIT;

	list_programs(&found);
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

/* Letters to add, drop or change (swapping two counts as one) to make a of b. */
static size_t distance(const char *a, const char *b)
{
	enum { MAX = 32 };
	size_t n = strlen(a), m = strlen(b);
	size_t row[3][MAX + 1];

	if (n > MAX || m > MAX)
		return MAX;
	for (size_t j = 0; j <= m; j++)
		row[0][j] = j;
	for (size_t i = 1; i <= n; i++) {
		size_t *now = row[i % 3], *last = row[(i + 2) % 3];
		const size_t *before = row[(i + 1) % 3];

		now[0] = i;
		for (size_t j = 1; j <= m; j++) {
			size_t best = last[j - 1] + (a[i - 1] != b[j - 1]);

			if (last[j] + 1 < best)
				best = last[j] + 1;
			if (now[j - 1] + 1 < best)
				best = now[j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1] && before[j - 2] + 1 < best)
				best = before[j - 2] + 1;
			now[j] = best;
		}
	}
	return row[n % 3][m];
}

/* Exit 1, as git does for a command that it does not know. */
static int unknown(const char *name)
{
	struct strvec found = STRVEC_INIT;
	struct strbuf near = STRBUF_INIT;
	size_t len = strlen(name);
	int rc;

	list_programs(&found);
	for (size_t i = 0; i < found.nr; i++)
		if (distance(name, found.v[i]) <= (len > 3 ? 2 : 1) ||
		    (len > 1 && str_starts(found.v[i], name)))
			strbuf_addf(&near, "%s%s", near.len ? ", " : "", found.v[i]);
	if (near.len)
		rc = error_set(ORCH_ENO, "'%.100s' is not a git-orch command; near it: %s",
			       name, near.buf);
	else
		rc = error_set(ORCH_ENO, "'%.100s' is not a git-orch command; 'git orch -h' lists them",
			       name);
	strvec_release(&found);
	strbuf_release(&near);
	return rc;
}

static int dispatch(int argc, const char **argv)
{
	struct strvec args = STRVEC_INIT;
	char *program = strchr(argv[0], '/') ? NULL : find_program(argv[0]);
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
	program = strchr(command, '/') ? NULL : find_program(command);
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
