/*
 * git-orch-prompt - put an actor's prompt together
 *
 * Building a prompt here is looking at it: nothing counts as seen by the
 * actor, and there is no pack to acknowledge. `git orch run` does both.
 */
#include "base/command.h"
#include "base/file.h"
#include "base/json.h"
#include "base/output.h"
#include "base/text.h"
#include "orch/orch.h"
#include "orch/prompt.h"
#include "orch/turn.h"

#define MAX_DATA (4u << 20)

static const char *task_option, *data_option, *static_option, *dynamic_option;
static struct strvec var_option = STRVEC_INIT;

static const char *const usage[] = {
	"git orch prompt build [<actor>] [--task <text>] [--var <name>=<value>] "
	"[--data <file>] [--static <file>] [--dynamic <file>] [--json]",
	NULL
};

/* --- variables from the command line --------------------------------------- */

/* NAME=VALUE, where dots in NAME lead into objects, as in a template. */
static int add_var(struct json *data, const char *var)
{
	const char *eq = strchr(var, '=');
	struct json *at = data, *value;
	char *name, *dot, *p;
	int rc = 0;

	if (!eq || eq == var)
		return usage_error("--var takes <name>=<value>, not '%s'", var);
	p = name = xstrndup(var, (size_t)(eq - var));
	while ((dot = strchr(p, '.'))) {
		*dot = '\0';
		if (!json_is_object(json_get(at, p)))
			json_set(at, p, json_new_object());
		/* What json_get() gives here is part of our own tree. */
		at = (struct json *)(uintptr_t)json_get(at, p);
		p = dot + 1;
	}
	if (!*p || !utf8_valid(eq + 1, strlen(eq + 1)))
		rc = usage_error("--var: '%s' is no name and UTF-8 text", var);
	else {
		value = json_new_string(eq + 1);
		json_set(at, p, value);
	}
	free(name);
	return rc;
}

static int read_data(struct json **out)
{
	struct strbuf text = STRBUF_INIT;
	int rc = 0;

	if (!data_option) {
		*out = json_new_object();
		goto out;
	}
	if (str_eq(data_option, "-")) {
		if (strbuf_read_fd(&text, 0, MAX_DATA) < 0)
			rc = error_sys("cannot read the data on stdin");
	} else {
		rc = file_read(&text, data_option, MAX_DATA, 0);
	}
	if (rc < 0 || (rc = json_parse(out, text.buf, text.len, data_option)) < 0)
		goto out;
	if (!json_is_object(*out))
		rc = error_set(ORCH_EINVALID, "%s: not a JSON object",
			       data_option);
out:
	strbuf_release(&text);
	return rc;
}

/* --- build --------------------------------------------------------------- */

static int write_parts(const struct prompt *p)
{
	int rc = 0;

	if (static_option)
		rc = file_replace_cache(static_option, p->text.buf,
					p->static_len, 0600);
	if (rc == 0 && dynamic_option)
		rc = file_replace_cache(dynamic_option,
					p->text.buf + p->static_len,
					p->text.len - p->static_len, 0600);
	return rc;
}

static int show(const struct prompt *p, const char *actor)
{
	struct output out;
	int rc;

	if ((rc = write_parts(p)) < 0)
		return rc;
	output_open(&out);
	if (output_is_json(&out))
		prompt_to_json(output_json(&out), p, actor);
	if (!static_option && !dynamic_option)
		output_raw(&out, p->text.buf, p->text.len);
	if ((rc = output_close(&out)) < 0)
		return rc;
	if (common.verbose)
		note("%s of %s tokens, %s static", count_human(p->tokens),
		     count_human(p->budget),
		     count_human((int64_t)(p->static_len + 3) / 4));
	return 0;
}

static int run_build(int argc, const char **argv)
{
	struct orch o = ORCH_INIT;
	struct prompt p = PROMPT_INIT;
	struct json *data = NULL;
	struct turn t;
	const char *actor;
	int rc;

	turn_init(&t);
	if (argc > 1)
		return usage_error("unexpected argument '%s'", argv[1]);
	if ((rc = read_data(&data)) < 0)
		goto out;
	for (size_t i = 0; i < var_option.nr; i++)
		if ((rc = add_var(data, var_option.v[i])) < 0)
			goto out;
	if ((rc = orch_open(&o, ORCH_NEED_WORK_TREE)) < 0 ||
	    (rc = orch_actor(&o, argc ? argv[0] : NULL, &actor)) < 0 ||
	    (rc = turn_read(&t, &o)) < 0)
		goto out;
	rc = prompt_build(&p, &o, &(struct prompt_request){
		.actor = actor, .turn = &t, .task = task_option, .data = data,
		.pack_flags = PACK_PREVIEW,
	});
	if (rc == 0)
		rc = show(&p, actor);
out:
	prompt_release(&p);
	turn_release_memory(&t);
	json_free(data);
	orch_release(&o);
	strvec_release(&var_option);
	return rc;
}

static const struct opt build_opts[] = {
	OPT_STRING('t', "task", &task_option, "text", "what {{task}} stands for"),
	OPT_LIST(0, "var", &var_option, "name=value",
		 "a variable of the context template"),
	OPT_STRING(0, "data", &data_option, "file",
		   "variables from a JSON object; - is stdin"),
	OPT_STRING(0, "static", &static_option, "file",
		   "write the part that stays the same to <file>"),
	OPT_STRING(0, "dynamic", &dynamic_option, "file",
		   "write the rest to <file>"),
	OPT_LOOP,
	OPT_END
};
static const struct command build_command = {
	.name = "build", .usage = usage, .opts = build_opts, .run = run_build,
	.summary = "print the prompt that an actor would get now",
	.flags = COMMAND_JSON,
};

static const struct command *const subs[] = { &build_command, NULL };
const struct command orch_command = {
	.name = "prompt", .usage = usage, .subs = subs,
	.summary = "the prompts of the actors",
};
