/*
 * The repositories that the storm plays in, and what their state says.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
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

/* The hook of the remote: which states it has really had. */
static void write_hook(const char *bare, const char *updates)
{
	char *path = xstrfmt("%s/hooks/reference-transaction", bare);
	FILE *f = fopen(path, "w");

	if (!f) {
		perror(path);
		exit(128);
	}
	fprintf(f, "#!/bin/sh\n[ \"$1\" = committed ] && cat >>'%s'\nexit 0\n", updates);
	fclose(f);
	chmod(path, 0755);
	free(path);
}

static void enter(const char *dir)
{
	if (chdir(dir) == 0)
		return;
	perror(dir);
	exit(128);
}

void make_repositories(const struct storm *s, const char *bare, const char *updates)
{
	struct strbuf ring = STRBUF_INIT;

	for (int i = 0; i < s->actors; i++)
		strbuf_addf(&ring, "%sa%d", i ? " " : "", i);
	for (int i = 0; i < s->machines; i++) {
		if (i == 0) {
			MUST("git", "init", "-q", "-b", "main", s->clone[0]);
			enter(s->clone[0]);
			MUST("git", "commit", "-q", "--allow-empty", "-m", "storm");
		} else {
			MUST("git", "clone", "-q", bare, s->clone[i]);
			enter(s->clone[i]);
		}
		MUST("git", "config", "orch.workflow", ring.buf);
		if (s->machines == 1)
			break;
		if (i == 0) {
			MUST("git", "clone", "-q", "--bare", s->clone[0], bare);
			write_hook(bare, updates);
			MUST("git", "remote", "add", "origin", bare);
			MUST("git", "push", "-q", "-u", "origin", "main");
		}
		MUST("git", "config", "orch.remote", "origin");
	}
	enter(s->clone[0]);
	strbuf_release(&ring);
}

bool state_event(struct event *e, const struct json *in)
{
	const char *status = json_get_string(in, "status");
	const char *expected = json_get_string(in, "expected_actor");

	if (json_get_int(in, "generation", &e->generation) < 0 ||
	    json_get_int(in, "iteration", &e->iteration) < 0 || !status || !expected)
		return false;
	snprintf(e->word, sizeof(e->word), "%s", status);
	return sscanf(expected, "a%d", &e->actor) == 1;
}

bool read_state(struct event *e)
{
	const char *argv[] = { "git-orch-turn", "status", "--json", NULL };
	struct json *in = NULL;
	char *text = NULL;
	bool ok;

	*e = (struct event){ .kind = 'F', .time = storm_now(), .actor = -1 };
	ok = run_program(&text, argv) == 0 &&
	     json_parse(&in, text, strlen(text), "status") == 0 && state_event(e, in);
	json_free(in);
	free(text);
	return ok;
}
