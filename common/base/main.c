/*
 * The main() of every command: options, run, one error line, exit code.
 */
#include <fcntl.h>
#include <sys/stat.h>

#include "base/command.h"
#include "base/strbuf.h"
#include "base/text.h"

static const char *dir_option;
static bool help_option, complete_option, check_option;
static struct strbuf full_name = STRBUF_INIT;	/* "git orch turn acquire" */

static const struct opt basic_opts[] = {
	OPT_FLAG('h', "help", &help_option, "show this help"),
	OPT_STRING('C', NULL, &dir_option, "dir", "run as if started in <dir>"),
	OPT_FLAG('q', "quiet", &common.quiet, "only errors and warnings on stderr"),
	OPT_FLAG('v', "verbose", &common.verbose, "say more on stderr"),
	{ OPT_KIND_FLAG, 0, "completion-helper", &complete_option, NULL,
	  "words for the shells", OPT_HIDDEN },
	{ OPT_KIND_FLAG, 0, "self-check", &check_option, NULL,
	  "check the option tables", OPT_HIDDEN },
	OPT_END
};
/* One table for each set of abilities, so that -h shows only what works. */
static const struct opt json_opts[] = {
	OPT_FLAG(0, "json", &common.json, "print one JSON object"),
	OPT_END
};
static const struct opt nul_opts[] = {
	OPT_FLAG('z', NULL, &common.nul, "end records with NUL, quote nothing"),
	OPT_END
};
static struct opt merged[ARRAY_SIZE(basic_opts) + 4];

static const struct opt *common_table(const struct command *c)
{
	size_t n = 0;

	if (c->flags & COMMAND_JSON)
		merged[n++] = json_opts[0];
	if (c->flags & COMMAND_NUL)
		merged[n++] = nul_opts[0];
	for (size_t i = 0; i < ARRAY_SIZE(basic_opts); i++)
		merged[n++] = basic_opts[i];
	return merged;
}

static int exit_code_of(int rc)
{
	if (rc >= 0)
		return rc;
	if (rc <= COMMAND_FAILS_WITH(0))
		return COMMAND_FAILS_WITH(0) - rc;
	switch (rc) {
	case ORCH_EUSAGE:
		return EXIT_MISUSE;
	case ORCH_ENO:
		return EXIT_NO;
	case ORCH_EBUSY:
		return EXIT_NOT_NOW;
	case ORCH_EINTERRUPTED:
		return EXIT_INTERRUPTED;
	default:
		return EXIT_FAILED;
	}
}

/* The only place that talks on stderr. One write, so lines never mix. */
static void print_line(const char *kind, const char *text)
{
	struct strbuf line = STRBUF_INIT;
	ssize_t unused;

	strbuf_addf(&line, "%s: %s", full_name.buf, kind);
	text_add_safe(&line, text, strlen(text), true);
	strbuf_addch(&line, '\n');
	unused = write(2, line.buf, line.len);
	(void)unused;
	strbuf_release(&line);
}

static void print_talk(bool is_warning, const char *text)
{
	if (is_warning)
		print_line("warning: ", text);
	else if (!common.quiet)
		print_line("", text);
}

#define HELP_WIDTH 80

/* "usage: git orch run [-n <iterations>]", continued below its first option. */
static void add_usage(struct strbuf *out, const char *lead, const char *usage)
{
	size_t indent = 0, column, len;

	for (const char *s = usage; *s && !strchr("[<(-", *s); s += strcspn(s, " "), s += *s == ' ')
		indent = (size_t)(s - usage);
	indent = strlen(lead) + strcspn(usage + indent, " ") + indent + 1;
	strbuf_addstr(out, lead);
	column = strlen(lead);
	for (const char *s = usage; *s; s += len) {
		int depth = 0;

		/* A piece ends at a space outside of brackets. */
		for (len = 0; s[len] && (s[len] != ' ' || depth); len++)
			depth += strchr("[(", s[len]) ? 1 : strchr("])", s[len]) ? -1 : 0;
		if (column + len + 1 > HELP_WIDTH && s > usage) {
			strbuf_addch(out, '\n');
			strbuf_addchars(out, ' ', indent);
			column = indent;
		} else if (s > usage) {
			strbuf_addch(out, ' ');
			column++;
		}
		strbuf_add(out, s, len);
		column += len;
		len += s[len] == ' ';
	}
	strbuf_addch(out, '\n');
}

static void print_help(const struct command *c)
{
	struct strbuf out = STRBUF_INIT;
	const char *lead = "usage: ";

	for (const char *const *u = c->usage; *u; u++, lead = "   or: ")
		add_usage(&out, lead, *u);
	strbuf_addf(&out, "\n%s\n", c->summary);
	if (c->subs) {
		strbuf_addch(&out, '\n');
		for (const struct command *const *s = c->subs; *s; s++)
			strbuf_addf(&out, "    %-12s%s\n", (*s)->name, (*s)->summary);
	}
	if (c->more_help)
		c->more_help(&out);
	strbuf_addch(&out, '\n');
	options_help(&out, c->opts);
	options_help(&out, common_table(c));
	fwrite(out.buf, 1, out.len, stdout);
	strbuf_release(&out);
}

static void print_completion(const struct command *c)
{
	struct strbuf out = STRBUF_INIT;

	for (const struct command *const *s = c->subs; s && *s; s++)
		strbuf_addf(&out, "%s\n", (*s)->name);
	options_complete(&out, c->opts);
	options_complete(&out, common_table(c));
	fwrite(out.buf, 1, out.len, stdout);
	strbuf_release(&out);
}

static struct options_parser parser_of(const struct command *c)
{
	struct options_parser p = { { NULL, NULL, NULL }, c->stop_after };
	size_t n = 0;

	if (c->opts)
		p.tables[n++] = c->opts;
	p.tables[n] = common_table(c);
	return p;
}

static void self_check(const struct command *c)
{
	struct options_parser p = parser_of(c);

	options_check(&p);
	for (const struct command *const *s = c->subs; s && *s; s++)
		self_check(*s);
}

static const struct command *find_sub(const struct command *c, const char *name)
{
	for (const struct command *const *s = c->subs; s && *s; s++)
		if (str_eq((*s)->name, name))
			return *s;
	return NULL;
}

/*
 * `git orch turn -v acquire x`: options in front of the subcommand are the
 * common ones only, so the first plain word decides.
 */
static const struct command *choose(const struct command *c, int *argc,
				    const char **argv)
{
	for (int i = 1; c->subs && i < *argc; i++) {
		const struct command *sub;

		if (str_eq(argv[i], "-C")) {
			i++;
			continue;
		}
		if (argv[i][0] == '-')
			continue;
		sub = find_sub(c, argv[i]);
		if (!sub)
			break;
		strbuf_addf(&full_name, " %s", sub->name);
		memmove(&argv[i], &argv[i + 1],
			sizeof(*argv) * (size_t)(*argc - i));
		--*argc;
		return sub;
	}
	return c;
}

static const char *names_of_subs(const struct command *c)
{
	static struct strbuf out = STRBUF_INIT;

	strbuf_reset(&out);
	for (const struct command *const *s = c->subs; s && *s; s++)
		strbuf_addf(&out, "%s%s", out.len ? ", " : "", (*s)->name);
	return out.buf;
}

static int run(const struct command *c, int argc, const char **argv)
{
	struct options_parser p;
	int rc, left = 0;

	c = choose(c, &argc, argv);
	p = parser_of(c);
	if ((rc = options_parse(&p, argc, argv, &left)) < 0)
		return rc;
	if (check_option) {
		self_check(&orch_command);
		return 0;
	}
	if (help_option) {
		print_help(c);
		return 0;
	}
	if (complete_option) {
		print_completion(c);
		return 0;
	}
	if (!c->run && left)
		return usage_error("unknown subcommand '%s'; there are: %s", argv[0],
				   names_of_subs(c));
	if (!c->run)
		return usage_error("a subcommand is needed: %s", names_of_subs(c));
	if (dir_option && chdir(dir_option) < 0)
		return error_sys("cannot change to '%s'", dir_option);
	return c->run(left, argv);
}

/* Descriptors 0-2 must exist, or the next file opened would become one. */
static void fill_standard_descriptors(void)
{
	struct stat st;

	for (int fd = 0; fd < 3; fd++)
		if (fstat(fd, &st) < 0 && errno == EBADF &&
		    open("/dev/null", fd ? O_WRONLY : O_RDONLY) != fd)
			_exit(EXIT_FAILED);
}

int main(int argc, char **argv)
{
	const char **args = xcalloc((size_t)argc + 1, sizeof(*args));
	int rc;

	fill_standard_descriptors();
	for (int i = 0; i < argc; i++)
		args[i] = argv[i];
	strbuf_addstr(&full_name, "git orch");
	if (!str_eq(orch_command.name, "orch"))
		strbuf_addf(&full_name, " %s", orch_command.name);
	error_set_sink(print_talk);

	rc = run(&orch_command, argc, args);
	if (rc < 0 && *error_message())
		print_line("", error_message());
	if (rc == ORCH_EUSAGE) {
		char *hint = xstrfmt("see '%s -h'", full_name.buf);

		print_line("", hint);
		free(hint);
	}
	rc = exit_code_of(rc);
	if ((fflush(stdout) || ferror(stdout)) && rc != EXIT_FAILED) {
		error_sys("cannot write to stdout");
		print_line("", error_message());
		rc = EXIT_FAILED;
	}
	free(args);
	error_clear();
	strbuf_release(&full_name);
	return rc;
}
