/*
 * alternate FILE RUNS 'COMMAND A' 'COMMAND B' - what two commands cost that read FILE
 *
 * hyperfine gives its commands no standard input. This runs both RUNS times, one after
 * the other so that drift hits both, without a shell (words are cut at blanks), with
 * their output thrown away, and prints medians as hyperfine does:
 * {"results":[{"median":SECONDS},{"median":SECONDS}]}.
 */
#include <fcntl.h>
#include <sys/wait.h>
#include <time.h>

#include "base/command.h"
#include "base/spawn.h"
#include "base/strvec.h"

#define WARM_UP 10
#define RUNS_MAX 10000

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int time_one(double *seconds, const char *file, const char *command, int null)
{
	struct spawn s = SPAWN_INIT;
	int in = open(file, O_RDONLY | O_CLOEXEC), status = 0, rc;
	double begin;

	if (in < 0)
		return error_sys("cannot read '%s'", file);
	strvec_split(&s.argv, command);
	s.in = in;
	s.out = s.err = null;
	begin = now();
	if ((rc = spawn_start(&s)) == 0)
		rc = spawn_wait(&s, &status);
	*seconds = now() - begin;
	spawn_release(&s);
	close(in);
	if (rc == 0 && spawn_exit_code(status))
		rc = error_set(ORCH_ERROR, "'%s' exits with %d", command,
			       spawn_exit_code(status));
	return rc;
}

static int run(int argc, const char **argv)
{
	static double took[2][RUNS_MAX];
	int runs, null, rc = 0;

	if (argc != 4 || (runs = atoi(argv[1])) < 1 || runs > RUNS_MAX)
		return usage_error("alternate FILE RUNS 'COMMAND A' 'COMMAND B'");
	if ((null = open("/dev/null", O_WRONLY | O_CLOEXEC)) < 0)
		return error_sys("/dev/null");
	for (int i = -WARM_UP; i < runs; i++)
		for (int k = 0; rc == 0 && k < 2; k++)
			rc = time_one(&took[k][i < 0 ? 0 : i], argv[0], argv[2 + k], null);
	close(null);
	if (rc < 0)
		return rc;
	for (int k = 0; k < 2; k++)
		qsort(took[k], (size_t)runs, sizeof(took[k][0]), by_size);
	printf("{\"results\":[{\"median\":%.9f},{\"median\":%.9f}]}\n", took[0][runs / 2],
	       took[1][runs / 2]);
	return 0;
}

static const char *const usage[] = { "alternate FILE RUNS COMMAND-A COMMAND-B", NULL };

const struct command orch_command = {
	.name = "alternate", .summary = "What two commands cost that read a file",
	.usage = usage, .run = run,
};
