/*
 * git-orch-turn: what players do with a turn: acquire, release, renew, with.
 */
#include "turn.h"

#include <sys/wait.h>

#include "base/output.h"
#include "base/spawn.h"
#include "orch/orch.h"
#include "orch/runner.h"
#include "orch/turn.h"

static int64_t timeout = -1, lease = -1, generation = TURN_NOT_GIVEN;
static const char *pid_arg, *next, *status_arg;
static struct strvec values;

static void say_waiting(const struct turn *t, void *data)
{
	static struct strbuf said = STRBUF_INIT;
	struct strbuf text = STRBUF_INIT;

	runner_describe_wait(&text, data, t);
	if (!str_eq(text.buf, said.buf))
		note("waiting: %s", text.buf);
	strbuf_reset(&said);
	strbuf_addbuf(&said, &text);
	strbuf_release(&text);
}

static int make_request(struct turn_request *req, struct orch *o,
			const char *actor)
{
	int rc;

	*req = (struct turn_request)TURN_REQUEST_INIT;
	if (lease == 0)
		return usage_error("--lease: no turn can be held for no time");
	req->timeout = timeout;
	if (lease > 0)
		req->lease = lease;
	req->waiting = say_waiting;
	req->data = o;
	if ((rc = orch_actor(o, actor, &req->actor)) < 0)
		return rc;
	return turn_env_generation(&req->generation, o);
}

/* ---- acquire ---- */

static const char *const acquire_usage[] = { ACQUIRE_USAGE, NULL };
static const struct opt acquire_opts[] = {
	OPT_DURATION(0, "timeout", &timeout, "time", "give up waiting after <time>"),
	OPT_STRING(0, "pid", &pid_arg, "pid",
		   "the process that holds the turn, or none"),
	OPT_DURATION(0, "lease", &lease, "time", "hold it for <time> unless renewed"),
	OPT_SYNC,
	OPT_LOOP,
	OPT_END
};

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
	    (rc = turn_choose_holder(&req.pid, pid_arg)) < 0 ||
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

const struct command turn_acquire_command = {
	.name = "acquire", .summary = "take the turn, waiting for it if needed",
	.usage = acquire_usage, .opts = acquire_opts, .run = acquire,
};

/* ---- release and renew ---- */

static const char *const release_usage[] = { RELEASE_USAGE, NULL };
static const struct opt release_opts[] = {
	OPT_STRING(0, "next", &next, "actor", "hand the turn to <actor>"),
	OPT_STRING(0, "status", &status_arg, "status",
		   "how the turn ended: ok or failed"),
	OPT_LIST(0, "set", &values, "key>=<value", "hand <value> on to who plays next"),
	OPT_INT(0, "generation", &generation, "n", "the turn that is meant"),
	OPT_DURATION(0, "timeout", &timeout, "time", "how long to try to reach the remote"),
	OPT_SYNC,
	OPT_LOOP,
	OPT_END
};

static int release(int argc, const char **argv)
{
	struct turn_end end = {
		.status = TURN_OK, .values = &values,
		.timeout = timeout < 0 ? 0 : timeout ? timeout : -1,
	};
	struct orch o = ORCH_INIT;
	struct turn t;
	int rc;

	turn_init(&t);
	if ((rc = turn_no_arguments(argc, argv)) < 0)
		return rc;
	if (status_arg && str_eq(status_arg, "failed"))
		end.status = TURN_FAILED;
	else if (status_arg && !str_eq(status_arg, "ok"))
		return usage_error("--status is ok or failed, not '%s'", status_arg);
	for (size_t i = 0; i < values.nr; i++)
		if (values.v[i][0] == '=' || !strchr(values.v[i], '='))
			return usage_error("--set: '%.80s' is not KEY=VALUE", values.v[i]);
	if ((rc = orch_open(&o, 0)) < 0 ||
	    (next && (rc = orch_actor(&o, next, &end.next)) < 0) ||
	    (rc = turn_choose_generation(&end.generation, &o, generation)) < 0 ||
	    (rc = turn_finish(&t, &o, &end)) < 0)
		goto out;
	note("it is %s's turn (iteration %" PRId64 ")", t.expected, t.iteration);
out:
	turn_release_memory(&t);
	orch_release(&o);
	return rc;
}

const struct command turn_release_command = {
	.name = "release", .summary = "give the turn back",
	.usage = release_usage, .opts = release_opts, .run = release,
};

static const char *const renew_usage[] = { RENEW_USAGE, NULL };
static const struct opt renew_opts[] = {
	OPT_INT(0, "generation", &generation, "n", "the turn that is meant"),
	OPT_SYNC,
	OPT_LOOP,
	OPT_END
};

static int renew(int argc, const char **argv)
{
	struct orch o = ORCH_INIT;
	int64_t which;
	int rc;

	if ((rc = turn_no_arguments(argc, argv)) < 0 || (rc = orch_open(&o, 0)) < 0 ||
	    (rc = turn_choose_generation(&which, &o, generation)) < 0)
		goto out;
	if ((rc = turn_renew(&o, which)) == 0)
		rc = turn_renew_published(&o, which);
out:
	orch_release(&o);
	return rc;
}

const struct command turn_renew_command = {
	.name = "renew", .summary = "begin the turn's lease anew",
	.usage = renew_usage, .opts = renew_opts, .run = renew,
};

/* ---- with ---- */

static const char *const with_usage[] = { WITH_USAGE, NULL };
static const struct opt with_opts[] = {
	OPT_DURATION(0, "timeout", &timeout, "time", "give up waiting after <time>"),
	OPT_DURATION(0, "lease", &lease, "time", "length of the lease"),
	OPT_SYNC,
	OPT_LOOP,
	OPT_END
};

static int with(int argc, const char **argv)
{
	struct turn_request req;
	struct orch o = ORCH_INIT;
	int rc, ended, killed_by = 0;

	if (argc < 1)
		return usage_error("which actor?");
	if (argc < 2)
		return usage_error("no command to run as %s", argv[0]);
	if ((rc = orch_open(&o, 0)) < 0 || (rc = make_request(&req, &o, argv[0])) < 0)
		goto out;
	rc = turn_with(&ended, &o, &req, argv + 1);
	if (rc == ORCH_ENOTFOUND || rc == ORCH_EUNSUPPORTED) {
		rc = COMMAND_FAILS_WITH(rc == ORCH_ENOTFOUND ? 127 : 126);
		goto out;
	}
	if (rc < 0 && rc != ORCH_ENO && rc != ORCH_EBUSY)
		goto out;
	/* A turn that was lost, or whose commits were refused, is the answer
	 * only if the command had none. */
	if (WIFSIGNALED(ended)) {
		killed_by = WTERMSIG(ended);
	} else if (WEXITSTATUS(ended)) {
		if (rc < 0)
			warn("%s", error_message());
		rc = WEXITSTATUS(ended);
	}
out:
	orch_release(&o);
	if (killed_by)	/* so that our caller sees what it would have without us */
		spawn_die_of(killed_by);
	return rc;
}

const struct command turn_with_command = {
	.name = "with", .summary = "run a command under the turn",
	.usage = with_usage, .opts = with_opts, .run = with, .stop_after = 1,
};

