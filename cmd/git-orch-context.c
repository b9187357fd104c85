/*
 * git-orch-context - the documents of an actor: what it has seen of them
 */
#include "base/command.h"
#include "base/output.h"
#include "orch/orch.h"
#include "orch/view.h"
#include "orch/view_page.h"

static const char *actor_option, *pack_option;
static bool preview_option;

static const char *const usage[] = {
	"git orch context pack [--actor <actor>] [--preview] [--json]",
	"git orch context status [--actor <actor>] [--json]",
	"git orch context ack [--actor <actor>] [--pack <id>] [--json]",
	NULL
};
#define OPT_ACTOR OPT_STRING('a', "actor", &actor_option, "actor", \
			     "whose (default: $GIT_ORCH_ACTOR, or who is next)")

/* How each of them begins; *actor is borrowed from `o`. */
static int begin(struct orch *o, const char **actor, int argc, const char **argv)
{
	int rc;

	if (argc)
		return usage_error("unexpected argument '%s'", argv[0]);
	if ((rc = orch_open(o, ORCH_NEED_WORK_TREE)) < 0)
		return rc;
	return orch_actor(o, actor_option, actor);
}

/* --- pack ---------------------------------------------------------------- */

static int run_pack(int argc, const char **argv)
{
	struct orch o = ORCH_INIT;
	struct pack p = PACK_INIT;
	struct output out;
	const char *actor = NULL;
	int rc;

	if ((rc = begin(&o, &actor, argc, argv)) < 0 ||
	    (rc = view_pack(&p, &o, actor,
			    preview_option ? PACK_PREVIEW : 0)) < 0)
		goto out;
	output_open(&out);
	if (output_is_json(&out))
		pack_to_json(output_json(&out), &p, actor);
	output_raw(&out, p.text.buf, p.text.len);
	rc = output_close(&out);
	if (rc == 0 && p.id && !common.json)
		note("pack %s; acknowledge with: git orch context ack --actor %s "
		     "--pack %s", p.id, actor, p.id);
out:
	pack_release(&p);
	orch_release(&o);
	return rc;
}

static const struct opt pack_opts[] = {
	OPT_ACTOR,
	OPT_LOOP,
	OPT_FLAG(0, "preview", &preview_option,
		 "only look: nothing is recorded"),
	OPT_END
};
static const char *const pack_usage[] = {
	"git orch context pack [--actor <actor>] [--preview] [--json]", NULL
};
static const struct command pack_command = {
	.name = "pack", .usage = pack_usage, .opts = pack_opts, .run = run_pack,
	.summary = "print the documents for one turn of an actor",
	.flags = COMMAND_JSON,
};

/* --- status -------------------------------------------------------------- */

static int run_status(int argc, const char **argv)
{
	struct orch o = ORCH_INIT;
	struct view_status s = VIEW_STATUS_INIT;
	struct view_seen seen = VIEW_SEEN_INIT;
	struct output out;
	const char *actor = NULL;
	int rc;

	if ((rc = begin(&o, &actor, argc, argv)) < 0 ||
	    (rc = view_compare(&s, &o, actor, false)) < 0 ||
	    (rc = view_seen(&seen, &o, actor)) < 0)
		goto out;
	output_open(&out);
	view_page(&out, &s, &seen, actor);
	rc = output_close(&out);
out:
	view_seen_release(&seen);
	view_status_release(&s);
	orch_release(&o);
	return rc;
}

static const struct opt status_opts[] = { OPT_ACTOR, OPT_LOOP, OPT_END };
static const char *const status_usage[] = {
	"git orch context status [--actor <actor>] [--json]", NULL
};
static const struct command status_command = {
	.name = "status", .usage = status_usage, .opts = status_opts,
	.run = run_status, .flags = COMMAND_JSON,
	.summary = "show which documents an actor has not seen as they are now",
};

/* --- ack ----------------------------------------------------------------- */

static int run_ack(int argc, const char **argv)
{
	struct orch o = ORCH_INIT;
	struct view_seen seen = VIEW_SEEN_INIT;
	struct output out;
	const char *actor = NULL;
	int rc;

	if ((rc = begin(&o, &actor, argc, argv)) < 0 ||
	    (rc = view_ack(&o, actor, pack_option)) < 0 ||
	    (rc = view_seen(&seen, &o, actor)) < 0)
		goto out;
	output_open(&out);
	json_add_string(output_json(&out), "actor", actor);
	json_add_string(output_json(&out), "pack", seen.id);
	output_line(&out, "%s has seen pack %s", actor, seen.id ? seen.id : "-");
	rc = output_close(&out);
out:
	view_seen_release(&seen);
	orch_release(&o);
	return rc;
}

static const struct opt ack_opts[] = {
	OPT_ACTOR,
	OPT_LOOP,
	OPT_STRING('p', "pack", &pack_option, "id",
		   "the pack that was seen (default: the latest)"),
	OPT_END
};
static const char *const ack_usage[] = {
	"git orch context ack [--actor <actor>] [--pack <id>] [--json]", NULL
};
static const struct command ack_command = {
	.name = "ack", .usage = ack_usage, .opts = ack_opts, .run = run_ack,
	.summary = "say that an actor has seen a pack", .flags = COMMAND_JSON,
};

static const struct command *const subs[] = {
	&pack_command, &status_command, &ack_command, NULL
};
const struct command orch_command = {
	.name = "context", .usage = usage, .subs = subs,
	.summary = "the documents of an actor, and what it has seen of them",
};
