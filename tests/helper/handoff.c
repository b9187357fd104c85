/*
 * How long the turn takes from one process to another, beside what it is
 * measured by. In a repository with the ring "galph ralph", not played yet:
 *
 *	handoff <rounds>
 *
 * A waiter (turn acquire) is asleep; then release is started, and the time is
 * taken when the waiter has returned. Between the rounds: `git rev-parse HEAD`
 * and one file_replace() beside the state. Prints both medians in
 * microseconds: "<hand-off> <yardstick>".
 */
#include <fcntl.h>
#include <sys/wait.h>
#include <time.h>

#include "base/error.h"
#include "base/file.h"
#include "base/spawn.h"
#include "base/strbuf.h"

#define ROUNDS_MAX 1000

static int64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static NORETURN void die(const char *what)
{
	fprintf(stderr, "handoff: %s: %s\n", what, error_message());
	exit(128);
}

static void start(struct spawn *s, int out, int err, const char *const *argv)
{
	*s = (struct spawn)SPAWN_INIT;
	strvec_pushv(&s->argv, argv);
	s->out = out;
	s->err = err;
	s->flags = SPAWN_DIE_WITH_US | SPAWN_NO_STDIN | (err < 0 ? SPAWN_NO_STDERR : 0);
	if (spawn_start(s) < 0)
		die(argv[0]);
}

static void finish(struct spawn *s, const char *what)
{
	int status;

	if (spawn_wait(s, &status) < 0 || spawn_exit_code(status))
		die(what);
	spawn_release(s);
}
#define START(s, out, err, ...) \
	start(s, out, err, (const char *const[]){ __VA_ARGS__, NULL })

/* It has said whom it waits for; give it the time to fall asleep. */
static void wait_for_sleep(int err)
{
	struct timespec t = { 0, 20000000 };
	char byte;

	do
		if (read(err, &byte, 1) != 1)
			die("the waiter does not wait");
	while (byte != '\n');
	nanosleep(&t, NULL);
}

/* The turn is held as `generation`; afterwards it is as the next. */
static int64_t hand_over(int generation, const char *next)
{
	struct spawn waiter, release;
	int out[2], err[2];
	char number[16];
	int64_t begin, end;

	snprintf(number, sizeof(number), "%d", generation);
	if (pipe2(out, O_CLOEXEC) < 0 || pipe2(err, O_CLOEXEC) < 0)
		die("pipe");
	START(&waiter, out[1], err[1], "git-orch-turn", "acquire", "--pid", "none", next);
	close(err[1]);
	wait_for_sleep(err[0]);
	begin = now_us();
	START(&release, out[1], -1, "git-orch-turn", "release", "--generation", number);
	finish(&waiter, "acquire");
	end = now_us();
	finish(&release, "release");
	close(err[0]);
	close(out[0]);
	close(out[1]);
	return end - begin;
}

static int64_t yardstick(void)
{
	struct spawn git;
	char data[1024] = "";
	int64_t begin = now_us();
	int out[2];

	if (pipe2(out, O_CLOEXEC) < 0)
		die("pipe");
	START(&git, out[1], -1, "git", "rev-parse", "HEAD");
	finish(&git, "git rev-parse");
	close(out[0]);
	close(out[1]);
	if (file_replace(".git/yardstick", data, sizeof(data), 0666) < 0)
		die("file_replace");
	return now_us() - begin;
}

static int by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
	static int64_t ours[ROUNDS_MAX], yard[ROUNDS_MAX];
	long rounds = argc == 2 ? strtol(argv[1], NULL, 10) : 0;
	struct spawn first;
	int out[2];

	if (rounds < 1 || rounds > ROUNDS_MAX) {
		fputs("usage: handoff <rounds>\n", stderr);
		return 129;
	}
	if (pipe2(out, O_CLOEXEC) < 0)
		die("pipe");
	START(&first, out[1], -1, "git-orch-turn", "acquire", "--pid", "none", "galph");
	finish(&first, "the first acquire");
	for (int i = 0; i < rounds; i++) {
		ours[i] = hand_over(i + 1, i % 2 ? "galph" : "ralph");
		yard[i] = yardstick();
	}
	qsort(ours, (size_t)rounds, sizeof(*ours), by_value);
	qsort(yard, (size_t)rounds, sizeof(*yard), by_value);
	printf("%" PRId64 " %" PRId64 "\n", ours[rounds / 2], yard[rounds / 2]);
	return 0;
}
