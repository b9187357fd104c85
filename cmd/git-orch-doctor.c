/*
 * git-orch-doctor - prove that the installation works here
 *
 * Each check is one line, ok, warn or fail, and asks the module that will do
 * the real work; the checks are in orch/checkup.h.
 */
#include "base/command.h"
#include "base/output.h"
#include "orch/checkup.h"
#include "orch/orch.h"

static bool live;

static const char *const usage[] = {
	"git orch doctor [--live] [--loop <name>] [--json]",
	NULL
};
static const struct opt opts[] = {
	OPT_FLAG(0, "live", &live, "commit, check out and push in a scratch clone"),
	OPT_LOOP,
	OPT_END
};

static void print(struct output *o, const struct checkup *c)
{
	static const enum output_color colors[] = {
		[CHECKUP_OK] = OUTPUT_GREEN,
		[CHECKUP_WARN] = OUTPUT_YELLOW,
		[CHECKUP_FAIL] = OUTPUT_RED,
	};
	struct json *array = json_add_array(output_json(o), "checks");

	output_table_begin(o, "llw");
	for (size_t i = 0; i < c->nr; i++) {
		const struct checkup_line *line = &c->v[i];
		struct json *j = json_add_object(array, NULL);

		json_add_string(j, "name", line->name);
		json_add_string(j, "level", checkup_level_name(line->level));
		json_add_bytes(j, "detail", line->detail, strlen(line->detail));
		output_cell_color(o, colors[line->level], "%s",
				  checkup_level_name(line->level));
		output_cell(o, "%s", line->name);
		output_cell(o, "%s", line->detail);
		output_row_end(o);
	}
	output_table_end(o);
}

static int run(int argc, const char **argv)
{
	struct checkup c = CHECKUP_INIT;
	struct output o;
	int rc;

	if (argc)
		return usage_error("unexpected argument '%s'", argv[0]);
	if ((rc = checkup_run(&c, live ? CHECKUP_LIVE : 0)) < 0)
		goto out;
	output_open(&o);
	print(&o, &c);
	rc = output_close(&o);
	if (rc == 0 && c.failed)
		rc = ORCH_ENO;
out:
	checkup_release(&c);
	return rc;
}

const struct command orch_command = {
	.name = "doctor", .summary = "prove that everything is in order",
	.usage = usage, .opts = opts, .run = run, .flags = COMMAND_JSON,
};
