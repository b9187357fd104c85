/*
 * storm - many processes play one loop while a killer goes about
 *
 *	storm run [--actors N] [--procs N] [--turns N] [--kill-percent N]
 *	          [--seed N] [--hold US] [--dir DIR]
 *	storm check [--actors N] [--turns N] LOG
 *	storm critical				(what the players run)
 *
 * The driver keeps `procs` processes per actor going, each of which wants one
 * turn: most as `git-orch-turn with ACTOR -- storm critical`, some as a plain
 * holder that calls acquire and release. In kill-percent of the turns it kills
 * wrapper, child or both: in the critical section, while the turn is given
 * back, or while the next ones reach for it. On several machines (clones of
 * one bare remote) the processes of an actor are spread over them. When
 * `turns` have begun it lets everybody go, waits until no process is left, and
 * has the log checked.
 *
 * Exit status: 0; 1 something did not hold (the data is kept, and the seed is
 * said); 128 the storm itself could not be made.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>

#include "base/file.h"
#include "storm.h"

#define MACHINES 8

static struct storm opt = { .actors = 8, .procs = 4, .machines = 1,
			    .kill_percent = 10, .turns = 2000, .hold_us = 2000 };
static char *directory;		/* where everything is */

static void prepare(void)
{
	static const char *const who[] = {
		"GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME",
		"GIT_COMMITTER_EMAIL"
	};
	static char self[4096];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *path;

	self[n > 0 ? n : 0] = '\0';
	if (!str_ends(self, "/tests/storm/storm"))
		BUG("where am I? %s", self);
	opt.self = self;
	/* $BUILD/tests/storm/storm plays with the programs in $BUILD/bin. */
	path = xstrfmt("%.*s/bin:%s", (int)(strlen(self) - strlen("/tests/storm/storm")),
		       self, getenv("PATH"));
	setenv("PATH", path, 1);
	free(path);
	setenv("GIT_CONFIG_NOSYSTEM", "1", 1);
	setenv("GIT_CONFIG_GLOBAL", "/dev/null", 1);
	for (size_t i = 0; i < ARRAY_SIZE(who); i++)
		setenv(who[i], "storm", 1);
	unsetenv("GIT_ORCH_GENERATION");
	unsetenv("GIT_ORCH_LOOP");
}

/* A file in our directory: its path, which stays. */
static char *in_directory(const char *name)
{
	static char *paths[32];
	static size_t n;

	if (n == ARRAY_SIZE(paths))
		BUG("too many files");
	return paths[n++] = xstrfmt("%s/%s", directory, name);
}

static int open_files(void)
{
	opt.log = open(in_directory("log"), O_WRONLY | O_APPEND | O_CREAT | O_TRUNC,
		       0666);
	opt.witness = in_directory("witness");
	if (opt.log < 0 || pipe(opt.events) < 0) {
		perror("storm");
		return -1;
	}
	/* The players inherit the other end. */
	fcntl(opt.events[0], F_SETFD, FD_CLOEXEC);
	return 0;
}

static const char *drive_quietly(void)
{
	int keep = fcntl(2, F_DUPFD_CLOEXEC, 3);
	int err = open(in_directory("err"),
		       O_WRONLY | O_APPEND | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	const char *why;

	dup2(err, 2);	/* what the players have to say */
	why = drive(&opt);
	dup2(keep, 2);
	close(keep);
	close(err);
	return why;
}

/* What the players complained of. */
static void show_complaints(void)
{
	FILE *f = fopen(in_directory("err"), "r");
	char line[512];

	while (f && fgets(line, sizeof(line), f))
		if (!strstr(line, "waiting: ") && !strstr(line, "it is a") &&
		    !strstr(line, "interrupted while waiting"))
			fputs(line, stderr);
	if (f)
		fclose(f);
}

static int judge(const char *why)
{
	struct check c = { .actors = opt.actors, .turns = opt.turns };
	struct event e;
	int faults = 0;

	if (why) {
		fprintf(stderr, "storm: %s\n", why);
		run_program(NULL, (const char *const[]){ "git-orch-turn", "status",
							 NULL });
		faults++;
	}
	drive_end();
	if (opt.machines == 1) {
		if (read_state(&e))
			event_write(opt.log, &e);
		c.receipts = in_directory("m0/.git/orch/receipts.jsonl");
		c.turn_log = in_directory("m0/.git/orch/loops/main/turn-log.jsonl");
	} else {
		faults += check_chain(&e, in_directory("origin.git"),
				      in_directory("updates"));
		faults += check_branch(in_directory("origin.git"),
				       opt.kill_percent ? -1 : drive_count());
		event_write(opt.log, &e);
	}
	for (int i = 0; i < opt.machines; i++)
		faults += check_branch(opt.clone[i], -1);
	return faults + storm_check(in_directory("log"), &c);
}

static int run_storm(void)
{
	static const char *clones[MACHINES];
	const char *tmp = getenv("TMPDIR");
	char *made = NULL;
	int64_t began;
	int faults;

	if (!opt.seed)
		opt.seed = (unsigned)(storm_now() ^ getpid());
	if (!opt.dir)
		opt.dir = made = mkdtemp(xstrfmt("%s/storm.XXXXXX",
						 tmp ? tmp : "/tmp"));
	directory = opt.dir ? realpath(opt.dir, NULL) : NULL;
	if (!directory) {
		perror("storm: no directory");
		return 128;
	}
	prepare();
	if (open_files() < 0)
		return 128;
	for (int i = 0; i < opt.machines; i++) {
		char name[] = { 'm', (char)('0' + i), '\0' };

		clones[i] = in_directory(name);
	}
	opt.clone = clones;
	make_repositories(&opt, in_directory("origin.git"), in_directory("updates"));
	printf("storm: %d actors, %d processes each, %d machines, %ld turns, "
	       "%d %% killed, seed %u\n", opt.actors, opt.procs, opt.machines,
	       opt.turns, opt.kill_percent, opt.seed);
	fflush(stdout);
	began = storm_now();
	faults = judge(drive_quietly());
	printf("storm: %.1f s, %.1f ms a turn\n", (double)(storm_now() - began) / 1e6,
	       (double)(storm_now() - began) / 1e3 / (double)opt.turns);
	if (faults) {
		show_complaints();
		fprintf(stderr, "storm: FAILED with SEED=%u; the data is in %s\n",
			opt.seed, directory);
		return 1;
	}
	if (made && chdir("/") == 0)
		dir_remove_all(directory);
	free(made);
	return 0;
}

static int usage(void)
{
	fputs("usage: storm run [--actors N] [--procs N] [--machines N]\n"
	      "                 [--turns N] [--kill-percent N] [--seed N] [--hold US] [--dir DIR]\n"
	      "       storm check [--actors N] [--turns N] LOG\n", stderr);
	return 129;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "actors", required_argument, NULL, 'a' },
		{ "procs", required_argument, NULL, 'p' },
		{ "machines", required_argument, NULL, 'm' },
		{ "turns", required_argument, NULL, 't' },
		{ "kill-percent", required_argument, NULL, 'k' },
		{ "seed", required_argument, NULL, 's' },
		{ "hold", required_argument, NULL, 'h' },
		{ "dir", required_argument, NULL, 'd' },
		{ NULL, 0, NULL, 0 }
	};
	struct player p;
	int c;

	if (argc > 1 && str_eq(argv[1], "critical")) {
		if (!player_import(&p))
			return usage();
		play_critical(&p, strtoll(getenv("GIT_ORCH_GENERATION"), NULL, 10),
			      strtoll(getenv("GIT_ORCH_ITERATION"), NULL, 10));
		return 0;
	}
	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		long n = c == 'd' || c == '?' ? 0 : strtol(optarg, NULL, 10);

		switch (c) {
		case 'a': opt.actors = (int)n; break;
		case 'p': opt.procs = (int)n; break;
		case 'm': opt.machines = (int)n; break;
		case 't': opt.turns = n; break;
		case 'k': opt.kill_percent = (int)n; break;
		case 's': opt.seed = (unsigned)n; break;
		case 'h': opt.hold_us = n; break;
		case 'd': opt.dir = optarg; break;
		default: return usage();
		}
	}
	if (opt.actors < 2 || opt.procs < 1 ||
	    opt.actors * opt.procs > STORM_SLOTS || opt.machines < 1 ||
	    opt.machines > MACHINES)
		return usage();
	if (argc - optind == 2 && str_eq(argv[optind], "check")) {
		struct check check = { .actors = opt.actors, .turns = opt.turns };

		return storm_check(argv[optind + 1], &check) ? 1 : 0;
	}
	if (argc - optind != 1 || !str_eq(argv[optind], "run"))
		return usage();
	return run_storm();
}
