/*
 * git-orch-log - the turns that were taken, one line each
 */
#include "base/command.h"
#include "base/output.h"
#include "orch/orch.h"
#include "orch/receipt.h"

static int64_t count = 20;
static const char *actor;

static const char *const usage[] = {
	"git orch log [-n <turns>] [--actor <actor>] [--json]",
	NULL
};
static const struct opt opts[] = {
	OPT_INT('n', "max-count", &count, "turns",
		"the last so many (default 20; 0: all)"),
	OPT_STRING('a', "actor", &actor, "actor", "only this actor's turns"),
	OPT_LOOP,
	OPT_END
};

static int show(const struct orch *o, const struct receipt_list *list)
{
	struct json *receipts;
	struct output out;
	size_t i;

	output_open(&out);
	json_add_string(output_json(&out), "loop", o->loop);
	receipts = json_add_array(output_json(&out), "receipts");
	for (i = 0; output_is_json(&out) && i < list->nr; i++)
		receipt_to_json(json_add_object(receipts, NULL), &list->v[i]);
	json_add_int(output_json(&out), "broken", (int64_t)list->broken);
	if (list->nr)
		receipt_table(&out, list->v, list->nr);
	else if (actor)
		output_line(&out, "no turns of %s yet on loop %s", actor, o->loop);
	else
		output_line(&out, "no turns yet on loop %s", o->loop);
	return output_close(&out);
}

static int run(int argc, const char **argv)
{
	struct receipt_list list = RECEIPT_LIST_INIT;
	struct orch o = ORCH_INIT;
	const char *known;
	int rc;

	if (argc)
		return usage_error("unexpected argument '%s'", argv[0]);
	if (count < 0)
		return usage_error("-n needs a number from 0, not %" PRId64, count);
	if (actor && !actor_name_valid(actor))
		return usage_error("'%s' cannot be an actor's name", actor);
	if ((rc = orch_open(&o, 0)) < 0 ||
	    (rc = receipt_list_actor(&list, &o, actor, (size_t)count)) < 0)
		goto out;
	/* Who has left the workflow since is listed as long as there is something. */
	if (actor && !list.nr && (rc = orch_actor(&o, actor, &known)) < 0)
		goto out;
	if (list.broken)
		warn("%zu line%s of %s/receipts.jsonl cannot be read", list.broken,
		     list.broken == 1 ? "" : "s", o.dir);
	rc = show(&o, &list);
out:
	receipt_list_release(&list);
	orch_release(&o);
	return rc;
}

const struct command orch_command = {
	.name = "log", .usage = usage, .opts = opts, .run = run,
	.summary = "the turns that were taken, one line each",
	.flags = COMMAND_JSON,
};
