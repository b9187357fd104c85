/*
 * The repository that the storm plays in, and what its state says.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

#include "base/json.h"
#include "base/strbuf.h"
#include "storm.h"

int run_program(char **out, const char *const *argv)
{
	struct strbuf text = STRBUF_INIT;
	int ends[2], status;
	char buf[4096];
	ssize_t n;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0 || (pid = fork()) < 0)
		_exit(99);
	if (pid == 0) {
		sigset_t none;

		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		dup2(ends[1], 1);
		execvp(argv[0], (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	close(ends[1]);
	while ((n = read(ends[0], buf, sizeof(buf))) > 0)
		strbuf_add(&text, buf, (size_t)n);
	close(ends[0]);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			_exit(99);
	if (out)
		*out = strbuf_detach(&text, NULL);
	strbuf_release(&text);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static void must(const char *const *argv)
{
	if (run_program(NULL, argv) == 0)
		return;
	fprintf(stderr, "storm: cannot %s %s\n", argv[0], argv[1]);
	exit(128);
}
#define MUST(...) must((const char *const[]){ __VA_ARGS__, NULL })

void make_repository(const char *dir, int actors)
{
	struct strbuf ring = STRBUF_INIT;

	for (int i = 0; i < actors; i++)
		strbuf_addf(&ring, "%sa%d", i ? " " : "", i);
	MUST("git", "init", "-q", "-b", "main", dir);
	if (chdir(dir) < 0) {
		perror(dir);
		exit(128);
	}
	MUST("git", "commit", "-q", "--allow-empty", "-m", "storm");
	MUST("git", "config", "orch.workflow", ring.buf);
	strbuf_release(&ring);
}

bool read_state(struct event *e)
{
	const char *argv[] = { "git-orch-turn", "status", "--json", NULL };
	const char *status, *expected;
	struct json *in = NULL;
	char *text = NULL;
	bool ok = false;

	*e = (struct event){ .kind = 'F', .time = storm_now(), .actor = -1 };
	if (run_program(&text, argv) == 0 &&
	    json_parse(&in, text, strlen(text), "status") == 0 &&
	    json_get_int(in, "generation", &e->generation) == 0 &&
	    json_get_int(in, "iteration", &e->iteration) == 0 &&
	    (status = json_get_string(in, "status")) &&
	    (expected = json_get_string(in, "expected_actor"))) {
		snprintf(e->word, sizeof(e->word), "%s", status);
		ok = sscanf(expected, "a%d", &e->actor) == 1;
	}
	json_free(in);
	free(text);
	return ok;
}
