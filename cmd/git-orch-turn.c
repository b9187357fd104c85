/*
 * git-orch-turn - show whose turn it is, take it, give it back
 *
 * The rules of the turn are in orch/turn.h; this file only asks and prints.
 */
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include "base/command.h"
#include "base/output.h"
#include "base/text.h"
#include "git/object.h"
#include "orch/orch.h"
#include "orch/turn.h"

static int64_t timeout = -1, lease, generation;
static const char *pid_arg, *next, *status_arg;

static int no_arguments(int argc, const char **argv)
{
	if (argc)
		return usage_error("unexpected argument '%s'", argv[0]);
	return 0;
}

static void say_waiting(const struct turn *t, void *data UNUSED)
{
	struct strbuf text = STRBUF_INIT;

	turn_describe(&text, t);
	note("waiting: %s", text.buf);
	strbuf_release(&text);
}

static int make_request(struct turn_request *req, struct orch *o,
			const char *actor)
{
	int rc;

	*req = (struct turn_request)TURN_REQUEST_INIT;
	req->timeout = timeout;
	req->lease = lease;
	req->waiting = say_waiting;
	if ((rc = orch_actor(o, actor, &req->actor)) < 0)
		return rc;
	return turn_env_generation(&req->generation, o);
}

/* ---- status ---- */

static const char *const status_usage[] = {
	"git orch turn status [--loop <name>] [--json]",
	NULL
};
static const struct opt status_opts[] = {
	OPT_LOOP,
	OPT_END
};

static void show_turn(struct output *out, const struct turn *t, bool held)
{
	int64_t for_s = (time_now_ms() - t->holder.since_ms) / 1000;

	if (held && t->holder.attempt > 1)
		output_field(out, "turn", "%s, running %s, attempt %" PRId64,
			     t->expected, duration_human(for_s > 0 ? for_s : 0),
			     t->holder.attempt);
	else if (held)
		output_field(out, "turn", "%s, running %s", t->expected,
			     duration_human(for_s > 0 ? for_s : 0));
	else if (t->holder.actor)
		output_field(out, "turn", "%s, lost: its holder is gone, the next "
			     "acquire takes it over", t->expected);
	else if (t->status == TURN_IDLE)
		output_field(out, "turn", "%s, nobody has played yet", t->expected);
	else
		output_field(out, "turn", "%s, nobody holds it; the last turn: %s",
			     t->expected, turn_status_name(t->status));
}

static void show_head(struct output *out, struct orch *o, const struct turn *t)
{
	struct oid head;
	bool has = false;

	if (oid_is_zero(&t->head))
		return;
	if (repo_head(o->repo, &head, NULL) == 0 &&
	    (oid_eq(&head, &t->head) ||
	     (!oid_is_zero(&head) &&
	      commit_is_ancestor(o->repo, &t->head, &head, &has) == 0 && has)))
		has = true;
	output_field(out, "head", "%s, this work tree %s", oid_short(&t->head),
		     has ? "has it" : "does not have it");
}

static int status(int argc, const char **argv)
{
	struct strbuf holder = STRBUF_INIT;
	struct orch o = ORCH_INIT;
	struct output out;
	struct turn t;
	char clock[TIME_ISO_SIZE], *ring = NULL;
	bool held;
	int rc;

	turn_init(&t);
	if ((rc = no_arguments(argc, argv)) < 0 ||
	    (rc = orch_open(&o, 0)) < 0 || (rc = turn_read(&t, &o)) < 0)
		goto out;
	output_open(&out);
	turn_to_json(output_json(&out), &t, o.loop);
	if (output_is_json(&out)) {
		rc = output_close(&out);
		goto out;
	}
	held = turn_holder_alive(&t);
	ring = strvec_join(&t.workflow, " ");
	output_field(&out, "loop", "%s (%s), iteration %" PRId64 ", step %" PRId64
		     " of %zu, generation %" PRId64, o.loop, ring, t.iteration,
		     t.step + 1, t.workflow.nr, t.generation);
	show_turn(&out, &t, held);
	if (t.holder.actor) {
		turn_describe_holder(&holder, &t);
		output_field(&out, "holder", "%s", holder.buf);
	}
	if (held && t.lease_ms)
		output_field(&out, "lease", "to %s", time_clock(clock, t.lease_ms));
	show_head(&out, &o, &t);
	rc = output_close(&out);
out:
	free(ring);
	strbuf_release(&holder);
	turn_release_memory(&t);
	orch_release(&o);
	return rc;
}

static const struct command status_command = {
	.name = "status", .summary = "show whose turn it is and who holds it",
	.usage = status_usage, .opts = status_opts, .run = status,
	.flags = COMMAND_JSON,
};

/* ---- acquire ---- */

static const char *const acquire_usage[] = {
	"git orch turn acquire [--timeout <time>] [--pid <pid>|none] "
	"[--lease <time>] [--loop <name>] [<actor>]",
	NULL
};
static const struct opt acquire_opts[] = {
	OPT_DURATION(0, "timeout", &timeout, "time", "give up waiting after <time>"),
	OPT_STRING(0, "pid", &pid_arg, "pid",
		   "the process that holds the turn, or none"),
	OPT_DURATION(0, "lease", &lease, "time", "hold it for <time> unless renewed"),
	OPT_LOOP,
	OPT_END
};

/* Whose turn it will be: --pid, else who called us. */
static int choose_holder(struct turn_request *req)
{
	char *name = NULL, *end;
	long n;
	int rc;

	if (pid_arg && str_eq(pid_arg, "none")) {
		req->pid = 0;
		return 0;
	}
	if (pid_arg) {
		errno = 0;
		n = strtol(pid_arg, &end, 10);
		if (errno || end == pid_arg || *end || n < 1 || n > INT32_MAX)
			return usage_error("--pid: '%s' is neither a process nor "
					   "none", pid_arg);
		req->pid = (pid_t)n;
		return 0;
	}
	if ((rc = turn_find_holder(&req->pid, &name)) < 0)
		return rc;
	note("%s (pid %d) holds the turn while it lives", name, (int)req->pid);
	free(name);
	return 0;
}

static int acquire(int argc, const char **argv)
{
	struct turn_request req;
	struct orch o = ORCH_INIT;
	struct output out;
	struct turn t;
	int rc;

	turn_init(&t);
	if (argc > 1)
		return usage_error("unexpected argument '%s'", argv[1]);
	if ((rc = orch_open(&o, 0)) < 0 ||
	    (rc = make_request(&req, &o, argc ? argv[0] : NULL)) < 0 ||
	    (rc = choose_holder(&req)) < 0 ||
	    (rc = turn_acquire(&t, &o, &req)) < 0)
		goto out;
	output_open(&out);
	output_line(&out, "%" PRId64, t.generation);
	rc = output_close(&out);
out:
	turn_release_memory(&t);
	orch_release(&o);
	return rc;
}

static const struct command acquire_command = {
	.name = "acquire", .summary = "take the turn, waiting for it if needed",
	.usage = acquire_usage, .opts = acquire_opts, .run = acquire,
};

/* ---- release and renew ---- */

static const char *const release_usage[] = {
	"git orch turn release [--next <actor>] [--status ok|failed] "
	"[--generation <n>] [--loop <name>]",
	NULL
};
static const struct opt release_opts[] = {
	OPT_STRING(0, "next", &next, "actor", "hand the turn to <actor>"),
	OPT_STRING(0, "status", &status_arg, "status",
		   "how the turn ended: ok or failed"),
	OPT_INT(0, "generation", &generation, "n", "the turn that is meant"),
	OPT_LOOP,
	OPT_END
};

/* --generation, else GIT_ORCH_GENERATION, else the turn we descend from. */
static int find_generation(int64_t *out, struct orch *o)
{
	int rc;

	*out = generation;
	if (generation)
		return generation > 0 ? 0 : usage_error("--generation: %" PRId64
							" is none", generation);
	if ((rc = turn_env_generation(out, o)) < 0 || *out)
		return rc;
	return turn_own_generation(out, o);
}

static int release(int argc, const char **argv)
{
	struct turn_end end = { .status = TURN_OK };
	struct orch o = ORCH_INIT;
	struct turn t;
	int rc;

	turn_init(&t);
	if ((rc = no_arguments(argc, argv)) < 0)
		return rc;
	if (status_arg && str_eq(status_arg, "failed"))
		end.status = TURN_FAILED;
	else if (status_arg && !str_eq(status_arg, "ok"))
		return usage_error("--status is ok or failed, not '%s'", status_arg);
	if ((rc = orch_open(&o, 0)) < 0 ||
	    (next && (rc = orch_actor(&o, next, &end.next)) < 0) ||
	    (rc = find_generation(&end.generation, &o)) < 0 ||
	    (rc = turn_finish(&t, &o, &end)) < 0)
		goto out;
	note("it is %s's turn (iteration %" PRId64 ")", t.expected, t.iteration);
out:
	turn_release_memory(&t);
	orch_release(&o);
	return rc;
}

static const struct command release_command = {
	.name = "release", .summary = "give the turn back",
	.usage = release_usage, .opts = release_opts, .run = release,
};

static const char *const renew_usage[] = {
	"git orch turn renew [--generation <n>] [--loop <name>]",
	NULL
};
static const struct opt renew_opts[] = {
	OPT_INT(0, "generation", &generation, "n", "the turn that is meant"),
	OPT_LOOP,
	OPT_END
};

static int renew(int argc, const char **argv)
{
	struct orch o = ORCH_INIT;
	int64_t which;
	int rc;

	if ((rc = no_arguments(argc, argv)) < 0 || (rc = orch_open(&o, 0)) < 0 ||
	    (rc = find_generation(&which, &o)) < 0)
		goto out;
	rc = turn_renew(&o, which);
out:
	orch_release(&o);
	return rc;
}

static const struct command renew_command = {
	.name = "renew", .summary = "begin the turn's lease anew",
	.usage = renew_usage, .opts = renew_opts, .run = renew,
};

/* ---- with ---- */

static const char *const with_usage[] = {
	"git orch turn with [--timeout <time>] [--lease <time>] [--loop <name>] "
	"<actor> [--] <command> [<arg>...]",
	NULL
};
static const struct opt with_opts[] = {
	OPT_DURATION(0, "timeout", &timeout, "time", "give up waiting after <time>"),
	OPT_DURATION(0, "lease", &lease, "time", "length of the lease"),
	OPT_LOOP,
	OPT_END
};

/* Die of the signal that the command died of, so that the shell that
 * called us sees what it would have seen without us. */
static void die_of(int number)
{
	struct rlimit none = { 0, 0 };
	sigset_t set;

	setrlimit(RLIMIT_CORE, &none);
	signal(number, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, number);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	raise(number);
}

static int with(int argc, const char **argv)
{
	struct turn_request req;
	struct orch o = ORCH_INIT;
	int rc, ended = 0, killed_by = 0;

	if (argc < 1)
		return usage_error("which actor?");
	if (argc < 2)
		return usage_error("no command to run as %s", argv[0]);
	if ((rc = orch_open(&o, 0)) < 0 || (rc = make_request(&req, &o, argv[0])) < 0)
		goto out;
	rc = turn_with(&ended, &o, &req, argv + 1);
	if (rc == ORCH_ENOTFOUND || rc == ORCH_EUNSUPPORTED) {
		warn("%s", error_message());
		rc = rc == ORCH_ENOTFOUND ? 127 : 126;
		goto out;
	}
	if (rc < 0 && rc != ORCH_ENO)
		goto out;
	/* A turn that was lost is the answer only if the command had none. */
	if (WIFSIGNALED(ended))
		killed_by = WTERMSIG(ended);
	else if (WEXITSTATUS(ended)) {
		if (rc < 0)
			warn("%s", error_message());
		rc = WEXITSTATUS(ended);
	}
out:
	orch_release(&o);
	if (killed_by)
		die_of(killed_by);
	return rc;
}

static const struct command with_command = {
	.name = "with", .summary = "run a command under the turn",
	.usage = with_usage, .opts = with_opts, .run = with, .stop_after = 1,
};

/* ---- repair ---- */

static const char *const repair_usage[] = {
	"git orch turn repair [--loop <name>]",
	NULL
};

static int repair(int argc, const char **argv)
{
	struct orch o = ORCH_INIT;
	struct output out;
	struct turn t;
	char *kept = NULL;
	int rc;

	turn_init(&t);
	if ((rc = no_arguments(argc, argv)) < 0 || (rc = orch_open(&o, 0)) < 0 ||
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

static const struct command repair_command = {
	.name = "repair", .summary = "rebuild a broken state from the log",
	.usage = repair_usage, .opts = status_opts, .run = repair,
};

static const struct command *const subs[] = {
	&status_command, &acquire_command, &release_command, &renew_command,
	&with_command, &repair_command, NULL
};
static const char *const usage[] = {
	"git orch turn status [--loop <name>] [--json]",
	"git orch turn acquire [--timeout <time>] [--pid <pid>|none] "
	"[--lease <time>] [--loop <name>] [<actor>]",
	"git orch turn release [--next <actor>] [--status ok|failed] "
	"[--generation <n>] [--loop <name>]",
	"git orch turn renew [--generation <n>] [--loop <name>]",
	"git orch turn with [--timeout <time>] [--lease <time>] [--loop <name>] "
	"<actor> [--] <command> [<arg>...]",
	"git orch turn repair [--loop <name>]",
	NULL
};

const struct command orch_command = {
	.name = "turn", .summary = "Show whose turn it is, take it, give it back",
	.usage = usage, .subs = subs,
};
