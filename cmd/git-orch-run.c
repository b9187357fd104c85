/*
 * git-orch-run - play the loop: turn after turn, agent after agent
 *
 * The loop is orch/run.h, what people see of it orch/run_show.h; this file
 * reads the options and blocks the signals.
 */
#include <signal.h>
#include <sys/signalfd.h>
#include <time.h>

#include "base/command.h"
#include "base/error.h"
#include "base/strbuf.h"
#include "base/text.h"
#include "orch/orch.h"
#include "orch/run.h"
#include "orch/run_show.h"

#define UNSET INT64_MIN

static int64_t iterations = UNSET, timeout = -1, turn_limit = -1, retries = UNSET;
static const char *until, *actor;
static bool dry_run;

static const char *const usage[] = {
	"git orch run [-n <iterations>] [--until <time>] [--actor <actor>] "
	"[--timeout <wait>] [--turn-limit <time>] [--retries <n>] "
	"[--sync-via-git[=<remote>]] [--dry-run]",
	NULL
};
static const struct opt opts[] = {
	OPT_INT('n', "iterations", &iterations, "n",
		"stop after so many; 0: when stopped (default 1)"),
	OPT_STRING(0, "until", &until, "time",
		   "begin no turn after HH:MM, or after a duration"),
	OPT_STRING(0, "actor", &actor, "actor", "play only this one's turns"),
	OPT_DURATION(0, "timeout", &timeout, "wait",
		     "give up when the turn does not come (default: never)"),
	OPT_DURATION(0, "turn-limit", &turn_limit, "time",
		     "stop an agent after that long (default 2h)"),
	OPT_INT(0, "retries", &retries, "n", "start a failed agent again (default 2)"),
	OPT_SYNC,
	OPT_FLAG(0, "dry-run", &dry_run, "say what would be played, and stop"),
	OPT_LOOP,
	OPT_END
};

/* "07:30" is the next time the clock shows that; anything else a duration. */
static int parse_until(int64_t *out_ms, const char *s)
{
	int64_t now = time_now_ms(), length;
	time_t t = (time_t)(now / 1000);
	unsigned hour, minute;
	struct tm tm;
	char rest;

	if (sscanf(s, "%2u:%2u%c", &hour, &minute, &rest) == 2) {
		if (hour > 23 || minute > 59)
			return usage_error("'%s' is no time of day", s);
		localtime_r(&t, &tm);
		tm.tm_hour = (int)hour;
		tm.tm_min = (int)minute;
		tm.tm_sec = 0;
		tm.tm_isdst = -1;
		t = mktime(&tm);
		if ((int64_t)t * 1000 <= now) {
			tm.tm_mday++;
			tm.tm_isdst = -1;
			t = mktime(&tm);
		}
		*out_ms = (int64_t)t * 1000;
		return 0;
	}
	if (duration_parse(&length, s) < 0)
		return usage_error("--until needs HH:MM or a duration, not '%s'", s);
	*out_ms = now + length * 1000;
	return 0;
}

static int read_options(struct run_options *out, struct orch *o)
{
	int rc;

	memset(out, 0, sizeof(*out));
	if ((iterations < 0 && iterations != UNSET) || (retries < 0 && retries != UNSET))
		return usage_error("a count cannot be negative");
	if (until && (rc = parse_until(&out->until_ms, until)) < 0)
		return rc;
	out->iterations = iterations >= 0 ? iterations : until ? 0 : 1;
	out->timeout = timeout;
	out->turn_limit = turn_limit >= 0 ? turn_limit :
			  config_get_int(o->config, "orch.turnLimit");
	out->retries = retries >= 0 ? retries : config_get_int(o->config, "orch.retries");
	if (!actor)
		return 0;
	out->actor = actor;	/* ours, not the workflow's, which is read again */
	return orch_actor(o, actor, &actor);
}

/* SIGINT, SIGTERM and SIGHUP become readable; a broken pipe is an error. */
static int open_signals(void)
{
	sigset_t set;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC);
}

/* As somebody would type it who wants the same again. */
static char *describe_command(void)
{
	struct strbuf out = STRBUF_INIT;

	strbuf_addstr(&out, "git orch run");
	if (iterations != UNSET)
		strbuf_addf(&out, " -n %" PRId64, iterations);
	if (until)
		strbuf_addf(&out, " --until %s", until);
	if (actor)
		strbuf_addf(&out, " --actor %s", actor);
	return strbuf_detach(&out, NULL);
}

static int play(struct orch *o, struct run_options *options)
{
	char *command = describe_command();
	struct run_result result;
	struct run_show show;
	int fd, rc, show_rc;

	if ((fd = open_signals()) < 0) {
		free(command);
		return error_sys("signalfd");
	}
	options->command = command;
	run_show_open(&show, o, options);
	rc = run_loop(&result, o, options, run_show_events(&show), fd);
	show_rc = run_show_close(&show, &result);
	run_result_release(&result);
	close(fd);
	free(command);
	return rc ? rc : show_rc;
}

static int run(int argc, const char **argv)
{
	struct orch o = ORCH_INIT;
	struct run_options options;
	int rc;

	if (argc)
		return usage_error("unexpected argument '%s'", argv[0]);
	if ((rc = orch_open(&o, ORCH_NEED_WORK_TREE)) < 0 ||
	    (rc = read_options(&options, &o)) < 0)
		goto out;
	rc = dry_run ? run_show_plan(&o, &options) : play(&o, &options);
out:
	orch_release(&o);
	return rc;
}

const struct command orch_command = {
	.name = "run", .summary = "play the loop: each actor in turn, agent after agent",
	.usage = usage, .opts = opts, .run = run, .flags = COMMAND_JSON,
};
