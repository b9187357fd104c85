/*
 * git-orch-turn: what people ask about a turn, and what they do to it from
 * outside: status, break, pause, resume, accept, sync, repair.
 */
#include "turn.h"

#include "base/output.h"
#include "orch/orch.h"
#include "orch/turn.h"
#include "orch/turn_page.h"

static int64_t timeout = -1;
static bool wait_change;
static struct turn_break how;

int turn_no_arguments(int argc, const char **argv)
{
	if (argc)
		return usage_error("unexpected argument '%s'", argv[0]);
	return 0;
}

/* What became of the turn, in one line. */
static void tell(const struct turn *t)
{
	struct strbuf text = STRBUF_INIT;

	turn_describe(&text, t);
	note("%s (iteration %" PRId64 ", generation %" PRId64 ")", text.buf, t->iteration,
	     t->generation);
	strbuf_release(&text);
}

/* Open, change, tell. */
static int run_change(int (*change)(struct turn *, struct orch *, const void *),
		      const void *data)
{
	struct orch o = ORCH_INIT;
	struct turn t;
	int rc;

	turn_init(&t);
	if ((rc = orch_open(&o, 0)) == 0 && (rc = change(&t, &o, data)) == 0)
		tell(&t);
	turn_release_memory(&t);
	orch_release(&o);
	return rc;
}

/* ---- status ---- */

static const char *const status_usage[] = { STATUS_USAGE, NULL };
static const struct opt status_opts[] = {
	OPT_FLAG(0, "wait", &wait_change, "wait until the turn has changed"),
	OPT_DURATION(0, "timeout", &timeout, "time", "give up waiting after <time>"),
	OPT_LOOP,
	OPT_END
};

static int status(int argc, const char **argv)
{
	struct orch o = ORCH_INIT;
	struct output out;
	struct turn t;
	int rc;

	turn_init(&t);
	if (timeout >= 0 && !wait_change)
		return usage_error("--timeout goes with --wait");
	if ((rc = turn_no_arguments(argc, argv)) < 0 ||
	    (rc = orch_open(&o, 0)) < 0 || (rc = turn_read(&t, &o)) < 0 ||
	    (wait_change && (rc = turn_wait_change(&t, &o, timeout, -1)) < 0))
		goto out;
	output_open(&out);
	turn_page(&out, &o, &t);
	rc = output_close(&out);
out:
	turn_release_memory(&t);
	orch_release(&o);
	return rc;
}

const struct command turn_status_command = {
	.name = "status", .summary = "show whose turn it is and who holds it",
	.usage = status_usage, .opts = status_opts, .run = status,
	.flags = COMMAND_JSON,
};

/* ---- break ---- */

static const char *const break_usage[] = { BREAK_USAGE, NULL };
static const struct opt break_opts[] = {
	OPT_FLAG(0, "force", &how.force, "also from a holder that is alive"),
	OPT_STRING(0, "reason", &how.reason, "text", "why, for the receipt"),
	OPT_SYNC,
	OPT_LOOP,
	OPT_END
};

static int do_break(struct turn *t, struct orch *o, const void *data)
{
	return turn_break(t, o, data);
}

static int run_break(int argc, const char **argv)
{
	int rc = turn_no_arguments(argc, argv);

	return rc < 0 ? rc : run_change(do_break, &how);
}

const struct command turn_break_command = {
	.name = "break", .summary = "take the turn from its holder",
	.usage = break_usage, .opts = break_opts, .run = run_break,
};

/* ---- pause, resume, accept, sync ---- */

static const char *const pause_usage[] = { PAUSE_USAGE, NULL };
static const char *const resume_usage[] = { RESUME_USAGE, NULL };
static const char *const accept_usage[] = { ACCEPT_USAGE, NULL };
static const char *const sync_usage[] = { SYNC_USAGE, NULL };
static const struct opt shared_opts[] = {
	OPT_SYNC,
	OPT_LOOP,
	OPT_END
};

static int do_pause(struct turn *t, struct orch *o, const void *data)
{
	return turn_pause(t, o, data);
}

static int run_pause(int argc, const char **argv)
{
	if (argc > 1)
		return usage_error("the reason is one argument, in quotes");
	return run_change(do_pause, argc ? argv[0] : "");
}

static int do_resume(struct turn *t, struct orch *o, const void *data UNUSED)
{
	return turn_resume(t, o);
}

static int run_resume(int argc, const char **argv)
{
	int rc = turn_no_arguments(argc, argv);

	return rc < 0 ? rc : run_change(do_resume, NULL);
}

static int do_accept(struct turn *t, struct orch *o, const void *data UNUSED)
{
	struct oid left = OID_ZERO;
	int rc = turn_accept(t, o, &left);

	if (rc == 0)
		note("%s is left behind: git branch NAME %s keeps it", oid_short(&left),
		     oid_short(&left));
	return rc;
}

static int run_accept(int argc, const char **argv)
{
	int rc = turn_no_arguments(argc, argv);

	return rc < 0 ? rc : run_change(do_accept, NULL);
}

static int do_sync(struct turn *t, struct orch *o, const void *data UNUSED)
{
	return turn_sync(t, o);
}

static int run_sync(int argc, const char **argv)
{
	int rc = turn_no_arguments(argc, argv);

	return rc < 0 ? rc : run_change(do_sync, NULL);
}

const struct command turn_pause_command = {
	.name = "pause", .summary = "let nobody begin a turn, on any machine",
	.usage = pause_usage, .opts = shared_opts, .run = run_pause,
};
const struct command turn_resume_command = {
	.name = "resume", .summary = "end a pause",
	.usage = resume_usage, .opts = shared_opts, .run = run_resume,
};
const struct command turn_accept_command = {
	.name = "accept", .summary = "go on from this work tree's HEAD",
	.usage = accept_usage, .opts = shared_opts, .run = run_accept,
};
const struct command turn_sync_command = {
	.name = "sync", .summary = "fetch the published turn, publish what is owed",
	.usage = sync_usage, .opts = shared_opts, .run = run_sync,
};

/* ---- repair ---- */

static const char *const repair_usage[] = { REPAIR_USAGE, NULL };

static int repair(int argc, const char **argv)
{
	struct orch o = ORCH_INIT;
	struct output out;
	struct turn t;
	char *kept = NULL;
	int rc;

	turn_init(&t);
	if ((rc = turn_no_arguments(argc, argv)) < 0 || (rc = orch_open(&o, 0)) < 0 ||
	    (rc = turn_repair(&t, &o, &kept)) < 0)
		goto out;
	output_open(&out);
	if (kept)
		output_field(&out, "kept", "%s", kept);
	output_field(&out, "turn", "%s, iteration %" PRId64 ", generation %" PRId64,
		     t.expected, t.iteration, t.generation);
	rc = output_close(&out);
out:
	free(kept);
	turn_release_memory(&t);
	orch_release(&o);
	return rc;
}

const struct command turn_repair_command = {
	.name = "repair", .summary = "rebuild a broken state from the log",
	.usage = repair_usage, .opts = shared_opts, .run = repair,
};

