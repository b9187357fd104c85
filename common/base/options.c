/*
 * The options of a command: parsing, help, completion, self-check.
 */
#include "base/options.h"

#include <ctype.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "base/text.h"

static bool is_flag(const struct opt *o)
{
	return o->kind == OPT_KIND_FLAG || o->kind == OPT_KIND_COUNT;
}

static const struct opt *find_letter(const struct options_parser *p, char letter)
{
	for (size_t t = 0; t < ARRAY_SIZE(p->tables) && p->tables[t]; t++)
		for (const struct opt *o = p->tables[t]; o->kind; o++)
			if (o->letter == letter)
				return o;
	return NULL;
}

/*
 * The option that `name` (of `len` bytes) means: itself, or the only one that
 * it begins. `no` says that it was found behind "no-".
 */
static int find_name(const struct options_parser *p, const char *name, size_t len,
		     const struct opt **out, bool *no)
{
	const struct opt *found = NULL;
	bool ambiguous = false;

	*no = false;
	for (size_t t = 0; t < ARRAY_SIZE(p->tables) && p->tables[t]; t++) {
		for (const struct opt *o = p->tables[t]; o->kind; o++) {
			if (!o->name || strncmp(o->name, name, len))
				continue;
			if (!o->name[len]) {
				*out = o;
				return 0;
			}
			ambiguous = found != NULL;
			found = o;
		}
	}
	if (!found && len > 3 && !strncmp(name, "no-", 3)) {
		const struct opt *o = NULL;
		int rc = find_name(p, name + 3, len - 3, &o, no);

		if (rc < 0)
			return rc;
		if (!o || !is_flag(o))
			return error_set(ORCH_EUSAGE, "option '--%.*s' cannot be negated",
					 (int)len - 3, name + 3);
		*out = o;
		*no = true;
		return 0;
	}
	if (ambiguous)
		return error_set(ORCH_EUSAGE, "ambiguous option '--%.*s'", (int)len, name);
	if (!found)
		return error_set(ORCH_EUSAGE, "unknown option '--%.*s'", (int)len, name);
	*out = found;
	return 0;
}

static int set_value(const struct opt *o, const char *shown, const char *value)
{
	char *end;

	switch (o->kind) {
	case OPT_KIND_STRING:
	case OPT_KIND_OPTARG:
		*(const char **)o->value = value;
		return 0;
	case OPT_KIND_LIST:
		strvec_push(o->value, value);
		return 0;
	case OPT_KIND_INT: {
		long long n;

		errno = 0;
		n = strtoll(value, &end, 10);
		if (errno || end == value || *end || isspace((unsigned char)*value))
			return error_set(ORCH_EUSAGE,
					 "option '%s' needs a whole number, not '%s'",
					 shown, value);
		*(int64_t *)o->value = n;
		return 0;
	}
	case OPT_KIND_DURATION:
		if (duration_parse(o->value, value) < 0)
			return error_set(ORCH_EUSAGE,
					 "option '%s' needs a duration such as "
					 "90, 15m or 2h, not '%s'", shown, value);
		return 0;
	default:
		BUG("value for option kind %d", o->kind);
	}
}

static void set_flag(const struct opt *o, bool no)
{
	if (o->kind == OPT_KIND_FLAG)
		*(bool *)o->value = !no;
	else
		*(int *)o->value = no ? 0 : *(int *)o->value + 1;
}

static int parse_long(const struct options_parser *p, int argc, const char **argv,
		      int *i)
{
	const char *name = argv[*i] + 2, *eq = strchr(name, '=');
	size_t len = eq ? (size_t)(eq - name) : strlen(name);
	const struct opt *o = NULL;
	char *shown;
	bool no;
	int rc;

	if ((rc = find_name(p, name, len, &o, &no)) < 0 || !o)
		return rc;
	if (is_flag(o)) {
		if (eq)
			return error_set(ORCH_EUSAGE, "option '--%s' takes no value",
					 o->name);
		set_flag(o, no);
		return 0;
	}
	if (!eq && o->kind != OPT_KIND_OPTARG && *i + 1 >= argc)
		return error_set(ORCH_EUSAGE, "option '--%s' needs a value", o->name);
	shown = xstrfmt("--%s", o->name);
	if (eq)
		rc = set_value(o, shown, eq + 1);
	else if (o->kind == OPT_KIND_OPTARG)
		rc = set_value(o, shown, "");
	else
		rc = set_value(o, shown, argv[++*i]);
	free(shown);
	return rc;
}

static int parse_letters(const struct options_parser *p, int argc,
			 const char **argv, int *i)
{
	for (const char *c = argv[*i] + 1; *c; c++) {
		const struct opt *o = find_letter(p, *c);
		char shown[3] = { '-', *c, '\0' };

		if (!o && isprint((unsigned char)*c))
			return error_set(ORCH_EUSAGE, "unknown option '-%c'", *c);
		if (!o)
			return error_set(ORCH_EUSAGE, "unknown option");
		if (is_flag(o)) {
			set_flag(o, false);
			continue;
		}
		if (c[1])
			return set_value(o, shown, c + 1);
		if (o->kind == OPT_KIND_OPTARG)
			return set_value(o, shown, "");
		if (*i + 1 >= argc)
			return error_set(ORCH_EUSAGE, "option '%s' needs a value", shown);
		return set_value(o, shown, argv[++*i]);
	}
	return 0;
}

int options_parse(const struct options_parser *p, int argc, const char **argv,
		  int *left)
{
	int n = 0, rc;

	for (int i = 1; i < argc; i++) {
		const char *arg = argv[i];
		bool ended = p->stop_after && n >= p->stop_after &&
			     (arg[0] != '-' || !arg[1]);

		if (str_eq(arg, "--") || ended) {
			for (i += !ended; i < argc; i++)
				argv[n++] = argv[i];
			break;
		}
		if (arg[0] != '-' || !arg[1]) {
			argv[n++] = arg;
			continue;
		}
		rc = arg[1] == '-' ? parse_long(p, argc, argv, &i) :
				     parse_letters(p, argc, argv, &i);
		if (rc < 0)
			return rc;
	}
	argv[n] = NULL;
	*left = n;
	return 0;
}

void options_help(struct strbuf *out, const struct opt *table)
{
	for (const struct opt *o = table; o && o->kind; o++) {
		size_t start = out->len;

		if (o->flags & OPT_HIDDEN)
			continue;
		strbuf_addstr(out, "    ");
		if (o->letter)
			strbuf_addf(out, "-%c", o->letter);
		if (o->letter && o->name)
			strbuf_addstr(out, ", ");
		if (o->name)
			strbuf_addf(out, "--%s", o->name);
		if (o->kind == OPT_KIND_OPTARG)
			strbuf_addf(out, "[=<%s>]", o->arg);
		else if (!is_flag(o))
			strbuf_addf(out, " <%s>", o->arg);
		if (out->len - start < 28)
			strbuf_addchars(out, ' ', 28 - (out->len - start));
		else
			strbuf_addstr(out, "  ");
		strbuf_addf(out, "%s\n", o->help);
	}
}

void options_complete(struct strbuf *out, const struct opt *table)
{
	for (const struct opt *o = table; o && o->kind; o++) {
		if (!o->name || (o->flags & OPT_HIDDEN))
			continue;
		strbuf_addf(out, "--%s%s\n", o->name,
			    is_flag(o) || o->kind == OPT_KIND_OPTARG ? "" : "=");
	}
}

void options_check(const struct options_parser *p)
{
	bool letters[256] = { false };
	struct strvec names = STRVEC_INIT;

	for (size_t t = 0; t < ARRAY_SIZE(p->tables) && p->tables[t]; t++) {
		for (const struct opt *o = p->tables[t]; o->kind; o++) {
			unsigned char c = (unsigned char)o->letter;

			if (!o->value || !o->help || (!o->letter && !o->name))
				BUG("incomplete option '%s'", o->name ? o->name : "?");
			if (!is_flag(o) && !o->arg)
				BUG("option '%s' has no name for its value", o->name);
			if (c && letters[c])
				BUG("two options -%c", c);
			letters[c] = c != 0;
			if (o->name && strvec_has(&names, o->name))
				BUG("two options --%s", o->name);
			if (o->name)
				strvec_push(&names, o->name);
		}
	}
	strvec_release(&names);
}
