/*
 * git-orch-check - compliance: apply the rules to a turn, a push or a range
 *
 * What the rules are is orch/checkrule.h, what they do orch/check.h; this file finds
 * out what is to be judged.
 */
#include "base/command.h"
#include "base/error.h"
#include "base/json.h"
#include "base/output.h"
#include "base/strbuf.h"
#include "orch/check.h"
#include "orch/checkrange.h"
#include "orch/orch.h"

static const char *range_option, *focus_option, *actor_option, *format_option;
static bool strict_option;

#define OPTIONS "[--range <a>..<b>] [--focus <id>] [--actor <actor>] " \
		"[--format text|json|sarif] [--strict] [--loop <name>] [--json]"
static const char *const usage[] = {
	"git orch check pre-turn|post-turn|pre-push " OPTIONS,
	"git orch check --range <a>..<b> [--focus <id>] [--actor <actor>] "
	"[--format text|json|sarif] [--strict] [--loop <name>] [--json]",
	NULL
};
static const char *const usage_pre_turn[] = { "git orch check pre-turn " OPTIONS, NULL };
static const char *const usage_post_turn[] = { "git orch check post-turn " OPTIONS, NULL };
static const char *const usage_pre_push[] = { "git orch check pre-push " OPTIONS, NULL };
static const struct opt opts[] = {
	OPT_STRING(0, "range", &range_option, "a..b", "judge these commits; for CI"),
	OPT_STRING('f', "focus", &focus_option, "id", "the item that is worked on"),
	OPT_STRING('a', "actor", &actor_option, "actor",
		   "whose turn it is (default: $GIT_ORCH_ACTOR, ...)"),
	OPT_STRING(0, "format", &format_option, "format", "text, json or sarif"),
	OPT_FLAG(0, "strict", &strict_option, "warnings count as errors"),
	OPT_LOOP,
	OPT_END
};

static int print_sarif(const struct check_report *r, const struct check_rules *rules)
{
	struct json *log = json_new_object();
	struct strbuf text = STRBUF_INIT;
	struct output out;

	check_report_to_sarif(log, r, rules);
	json_print_pretty(&text, log);
	common.json = false;
	output_open(&out);
	output_raw(&out, text.buf, text.len);
	json_free(log);
	strbuf_release(&text);
	return output_close(&out);
}

static int print(const struct check_report *r, const struct check_rules *rules,
		 enum check_stage stage)
{
	struct output out;

	if (format_option && str_eq(format_option, "sarif"))
		return print_sarif(r, rules);
	output_open(&out);
	if (output_is_json(&out))
		check_report_to_json(output_json(&out), r, 0);
	else
		check_report_page(&out, r, stage);
	return output_close(&out);
}

static int check_format(void)
{
	if (!format_option)
		return 0;
	if (common.json && !str_eq(format_option, "json"))
		return usage_error("--json and --format=%s exclude each other", format_option);
	if (str_eq(format_option, "json"))
		common.json = true;
	else if (!str_eq(format_option, "text") && !str_eq(format_option, "sarif"))
		return usage_error("--format is text, json or sarif, not '%s'", format_option);
	return 0;
}

static int judge(enum check_stage stage)
{
	struct check_request req = { .stage = stage, .range = range_option,
				     .focus = focus_option, .actor = actor_option };
	struct check_report report = CHECK_REPORT_INIT;
	struct check_rules rules = CHECK_RULES_INIT;
	struct orch o = ORCH_INIT;
	int rc;

	if ((rc = check_format()) < 0)
		return rc;
	/* A range is judged by the .orchconfig of its beginning: that of its end may be
	 * anything. */
	if ((rc = orch_open(&o, ORCH_LOOP_OPTIONAL |
				(range_option ? ORCH_NO_TRACKED : 0))) < 0 ||
	    (rc = check_request(&report, &rules, &o, &req)) < 0 ||
	    (rc = print(&report, &rules, stage)) < 0)
		goto out;
	rc = report.errors || (strict_option && report.warnings) ? EXIT_NO : EXIT_YES;
out:
	check_report_release(&report);
	check_rules_release(&rules);
	orch_release(&o);
	return rc;
}

/* The names that are no subcommands: those that the plan of old used. */
static int run(int argc, const char **argv)
{
	enum check_stage stage = CHECK_PRE_PUSH;

	if (argc > 1)
		return usage_error("unexpected argument '%s'", argv[1]);
	if (!argc && !range_option)
		return usage_error("say when: pre-turn, post-turn or pre-push, or --range");
	if (argc && check_stage_parse(&stage, argv[0]) < 0)
		return usage_error("'%s' is not pre-turn, post-turn or pre-push", argv[0]);
	return judge(stage);
}

static int run_stage(int argc, const char **argv, enum check_stage stage)
{
	return argc ? usage_error("unexpected argument '%s'", argv[0]) : judge(stage);
}
static int run_pre_turn(int argc, const char **argv)
{
	return run_stage(argc, argv, CHECK_PRE_TURN);
}
static int run_post_turn(int argc, const char **argv)
{
	return run_stage(argc, argv, CHECK_POST_TURN);
}
static int run_pre_push(int argc, const char **argv)
{
	return run_stage(argc, argv, CHECK_PRE_PUSH);
}

static const struct command pre_turn = {
	.name = "pre-turn", .summary = "what must hold before a turn begins",
	.usage = usage_pre_turn, .opts = opts, .run = run_pre_turn, .flags = COMMAND_JSON,
};
static const struct command post_turn = {
	.name = "post-turn", .summary = "the turn that is held, else the last one",
	.usage = usage_post_turn, .opts = opts, .run = run_post_turn, .flags = COMMAND_JSON,
};
static const struct command pre_push = {
	.name = "pre-push", .summary = "what a push of this branch would be told",
	.usage = usage_pre_push, .opts = opts, .run = run_pre_push, .flags = COMMAND_JSON,
};
static const struct command *const subs[] = { &pre_turn, &post_turn, &pre_push, NULL };

const struct command orch_command = {
	.name = "check", .summary = "compliance: apply rules to a turn, a push or a range",
	.usage = usage, .opts = opts, .run = run, .subs = subs, .flags = COMMAND_JSON,
};
