/* Agents that behave and agents that do not. */
#include "unit.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/error.h"
#include "base/file.h"
#include "base/strbuf.h"
#include "orch/agent.h"

#define MEGABYTE (1u << 20)

static char *source;	/* where the test was started: its fixtures are below */
static struct strbuf shown = STRBUF_INIT, said = STRBUF_INIT;

static void on_show(const char *text, size_t len, bool tool, void *data UNUSED)
{
	if (tool)
		strbuf_addstr(&shown, "> ");
	strbuf_add(&shown, text, len);
	if (tool)
		strbuf_addch(&shown, '\n');
}

static void on_talk(bool is_warning, const char *text)
{
	strbuf_addf(&said, "%s%s\n", is_warning ? "W " : "N ", text);
}

static struct agent_request request(const char *command)
{
	struct agent_request req = { 0 };

	strbuf_reset(&shown);
	strbuf_reset(&said);
	req.command = command;
	req.dir = unit_dir;
	req.interrupt_fd = -1;
	req.show = on_show;
	return req;
}

static void play(struct agent_request *req, struct agent_result *out)
{
	struct agent *a;

	assert_int_equal(agent_start(&a, req), 0);
	assert_true(agent_pid(a) > 0);
	assert_int_equal(agent_run(a, out), 0);
	agent_free(a);
}

static char *in_top(const char *name)
{
	return xstrfmt("%s/%s", unit_dir, name);
}

static void test_plain(void **state UNUSED)
{
	struct agent_request req = request("cat; echo \"$GREETING\"; pwd; "
					   "echo err >&2; exit 3");
	struct agent_result res;
	char *log = in_top("logs/main/1-x.log");
	struct strbuf text = STRBUF_INIT;
	struct stat st;

	strvec_push(&req.env, "GREETING=hello");
	req.input = "prompt\n";
	req.input_len = 7;
	req.log_path = log;
	play(&req, &res);
	assert_int_equal(res.exit_code, 3);
	assert_false(res.timed_out || res.interrupted);
	assert_int_equal(res.tick_rc, 0);
	assert_non_null(strstr(shown.buf, "prompt\nhello\n"));
	assert_non_null(strstr(shown.buf, unit_dir));
	assert_non_null(strstr(shown.buf, "err\n"));
	assert_int_equal(file_read(&text, log, 1000, 0), 0);
	assert_int_equal(text.len, shown.len);
	assert_int_equal(stat(log, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_string_equal(said.buf, "");
	strbuf_release(&text);
	strvec_release(&req.env);
	free(log);
}

/* A megabyte of prompt that is not read, or only begun, is no error. */
static void test_input_ignored(void **state UNUSED)
{
	static const char *const commands[] = {
		"true", "exec 0<&-; echo on", "head -c 10 >/dev/null", "wc -c"
	};
	char *prompt = xcalloc(1, MEGABYTE);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		struct agent_request req = request(commands[i]);
		struct agent_result res;

		req.input = prompt;
		req.input_len = MEGABYTE;
		play(&req, &res);
		assert_int_equal(res.exit_code, 0);
	}
	assert_int_equal(strtol(shown.buf, NULL, 10), MEGABYTE);
	free(prompt);
}

/* Much in and much out at once: neither side may wait for the other. */
static void test_much(void **state UNUSED)
{
	struct agent_request req = request("cat; head -c 8388608 /dev/zero; "
					   "head -c 1048576 /dev/zero >&2");
	char *log = in_top("much.log"), *prompt = xcalloc(1, MEGABYTE);
	struct agent_result res;
	struct stat st;

	req.input = prompt;
	req.input_len = MEGABYTE;
	req.log_path = log;
	play(&req, &res);
	assert_int_equal(res.exit_code, 0);
	assert_int_equal(shown.len, 10 * MEGABYTE);
	assert_int_equal(stat(log, &st), 0);
	assert_int_equal(st.st_size, 10 * MEGABYTE);
	free(prompt);
	free(log);
}

static void test_exit_codes(void **state UNUSED)
{
	static const struct {
		const char *command;
		int code;
	} cases[] = {
		{ "/nowhere/agent-that-is-not-there", 127 },
		{ "agent-that-is-not-there --x", 127 },
		{ "/tmp", 126 },
		{ "kill -9 $$", 137 },
		{ "kill -TERM $$", 143 },
		{ "exit 255", 255 },
		{ "", 0 }
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct agent_request req = request(cases[i].command);
		struct agent_result res;

		play(&req, &res);
		assert_int_equal(res.exit_code, cases[i].code);
	}
}

static void test_turn_limit(void **state UNUSED)
{
	struct agent_request req = request("sleep 600; echo never");
	struct agent_result res;

	req.turn_limit = 1;
	play(&req, &res);
	assert_true(res.timed_out);
	assert_false(res.interrupted);
	assert_int_equal(res.exit_code, 143);
	assert_string_equal(shown.buf, "");
}

/* Something deliberately left behind keeps stdout open: we do not wait. */
static void test_left_behind(void **state UNUSED)
{
	struct agent_request req = request("sleep 600 & echo $!");
	struct agent_result res;
	pid_t pid;

	play(&req, &res);
	assert_int_equal(res.exit_code, 0);
	assert_false(res.timed_out);
	pid = (pid_t)strtol(shown.buf, NULL, 10);
	assert_true(pid > 1);
	assert_int_equal(kill(pid, 0), 0);	/* left alone */
	kill(pid, SIGKILL);
	assert_non_null(strstr(said.buf, "N the agent has ended, but"));
}

static int pipe_fds[2];

/* Each line that the agent prints on stdout is one interrupt. */
static void interrupt_on_show(const char *text, size_t len, bool tool, void *data)
{
	size_t i;

	on_show(text, len, tool, data);
	for (i = 0; i < len; i++)
		if (text[i] == '!')
			assert_int_equal(write(pipe_fds[1], "x", 1), 1);
}

static void play_interrupted(const char *command, struct agent_result *out)
{
	struct agent_request req = request(command);

	assert_int_equal(pipe2(pipe_fds, O_CLOEXEC | O_NONBLOCK), 0);
	req.interrupt_fd = pipe_fds[0];
	req.show = interrupt_on_show;
	play(&req, out);
	close(pipe_fds[0]);
	close(pipe_fds[1]);
	assert_true(out->interrupted);
	assert_false(out->timed_out);
}

static void test_interrupt(void **state UNUSED)
{
	struct agent_result res;

	play_interrupted("trap 'echo bye; exit 9' TERM; echo now!; "
			 "while :; do sleep 0.05; done", &res);
	assert_int_equal(res.exit_code, 9);
	assert_non_null(strstr(shown.buf, "bye\n"));

	/* The second time there is no asking. */
	play_interrupted("trap 'echo again!' TERM; echo now!; "
			 "while :; do sleep 0.05; done", &res);
	assert_int_equal(res.exit_code, 137);
	assert_non_null(strstr(shown.buf, "again!\n"));
}

/* The whole group goes, also what does not hold the pipes. */
static void test_stop_takes_group(void **state UNUSED)
{
	struct agent_result res;
	pid_t pid;

	play_interrupted("sleep 600 >/dev/null 2>&1 & echo $!!; wait", &res);
	pid = (pid_t)strtol(shown.buf, NULL, 10);
	assert_true(pid > 1);
	/* Killed; whoever adopts it may need a moment to bury it. */
	for (;;) {
		char *path = xstrfmt("/proc/%d/stat", (int)pid), how = 'X';
		FILE *f = fopen(path, "r");

		free(path);
		if (f && fscanf(f, "%*d (%*[^)]) %c", &how) != 1)
			how = 'X';
		if (f)
			fclose(f);
		if (how == 'X' || how == 'Z')
			break;
		usleep(1000);
	}
}

static int lose_turn(void *data UNUSED)
{
	return ORCH_ENO;
}

static void test_tick_ends(void **state UNUSED)
{
	struct agent_request req = request("sleep 600");
	struct agent_result res;

	req.tick = lose_turn;
	play(&req, &res);
	assert_int_equal(res.tick_rc, ORCH_ENO);
	assert_false(res.interrupted || res.timed_out);
	assert_int_equal(res.exit_code, 143);
}

static void test_bytes(void **state UNUSED)
{
	struct agent_request req = request("printf 'a\\377\\000b\\n'; "
					   "printf '\\303' >&2");
	struct agent_result res;
	char *log = in_top("bytes.log");
	struct strbuf text = STRBUF_INIT;

	req.log_path = log;
	play(&req, &res);
	assert_int_equal(file_read(&text, log, 1000, 0), 0);
	assert_int_equal(text.len, 6);
	assert_non_null(memmem(text.buf, text.len, "a\377\0b\n", 5));
	assert_int_equal(shown.len, 6);
	strbuf_release(&text);
	free(log);
}

static void test_usage(void **state UNUSED)
{
	char *command = xstrfmt("cat >/dev/null; cat '%s/tests/fixtures/agents/"
				"claude-stream.jsonl'; echo warned >&2", source);
	struct agent_request req = request(command);
	struct agent_result res;

	req.kind = AGENT_CLAUDE;
	req.input = "p";
	req.input_len = 1;
	play(&req, &res);
	assert_int_equal(res.exit_code, 0);
	assert_true(res.usage.has_tokens);
	assert_int_equal(res.usage.output, 12400);
	assert_non_null(strstr(shown.buf, "> Bash pytest -q\n"));
	assert_non_null(strstr(shown.buf, "warned\n"));
	usage_release(&res.usage);
	free(command);
}

/* A log that cannot be written is one warning, not a failed turn. */
static void test_no_log(void **state UNUSED)
{
	struct agent_request req = request("echo on");
	struct agent_result res;

	req.log_path = "/dev/full";
	play(&req, &res);
	assert_int_equal(res.exit_code, 0);
	assert_string_equal(shown.buf, "on\n");
	assert_true(str_starts(said.buf, "W the log of this turn ends here"));
	assert_ptr_equal(strchr(said.buf, '\n'), said.buf + said.len - 1);

	req = request("echo on");
	req.log_path = "/proc/nowhere/x.log";
	play(&req, &res);
	assert_int_equal(res.exit_code, 0);
	assert_true(str_starts(said.buf, "W no log of this turn"));
}

/* What we ignore or block for ourselves is not the agent's to inherit. */
static void test_signals_are_clean(void **state UNUSED)
{
	struct agent_request req = request("grep -E 'Sig(Blk|Ign)' /proc/self/status");
	struct agent_result res;
	unsigned long long blocked = 1, ignored = 1;
	sigset_t set, old;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, &old);
	signal(SIGPIPE, SIG_IGN);
	play(&req, &res);
	signal(SIGPIPE, SIG_DFL);
	sigprocmask(SIG_SETMASK, &old, NULL);
	assert_int_equal(sscanf(shown.buf, "SigBlk: %llx SigIgn: %llx", &blocked,
				&ignored), 2);
	assert_int_equal(blocked, 0);
	assert_int_equal(ignored & (1ull << (SIGPIPE - 1)), 0);
}

/* Waiting at the gate, it has done nothing, and freeing it is the end of it. */
static void test_gate(void **state UNUSED)
{
	char *mark = in_top("mark"), *command = xstrfmt("touch '%s'", mark);
	struct agent_request req = request(command);
	struct agent *a;
	pid_t pid;

	assert_int_equal(agent_start(&a, &req), 0);
	pid = agent_pid(a);
	assert_int_equal(kill(pid, 0), 0);
	agent_free(a);
	assert_int_equal(kill(pid, 0), -1);
	assert_int_equal(access(mark, F_OK), -1);
	free(command);
	free(mark);
}

static void expect_path(const char *path, const char *own, const char *want)
{
	char *got;

	if (path)
		setenv("PATH", path, 1);
	else
		unsetenv("PATH");
	if (own)
		setenv("GIT_EXEC_PATH", own, 1);
	else
		unsetenv("GIT_EXEC_PATH");
	got = agent_path();
	assert_string_equal(got, want);
	free(got);
}

static void test_path(void **state UNUSED)
{
	char *old = xstrdup(getenv("PATH"));

	expect_path("/usr/lib/git-core:/a:/b", NULL, "/a:/b");
	expect_path("/usr/lib/git-core/:/usr/lib/git-core:/a", NULL, "/a");
	expect_path("/a:/usr/lib/git-core", NULL, "/a:/usr/lib/git-core");
	expect_path("/opt/g:/a", "/opt/g", "/a");
	expect_path("/opt/gg:/a", "/opt/g", "/opt/gg:/a");
	expect_path("/usr/lib/git-core", NULL, "/usr/local/bin:/usr/bin:/bin");
	expect_path(NULL, NULL, "/usr/local/bin:/usr/bin:/bin");
	expect_path(old, NULL, old);
	free(old);
}

static int setup_group(void **state)
{
	source = getcwd(NULL, 0);
	error_set_sink(on_talk);
	return unit_enter(state);
}

static int teardown_group(void **state)
{
	strbuf_release(&shown);
	strbuf_release(&said);
	free(source);
	return unit_leave(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_input_ignored),
		cmocka_unit_test(test_much),
		cmocka_unit_test(test_exit_codes),
		cmocka_unit_test(test_turn_limit),
		cmocka_unit_test(test_left_behind),
		cmocka_unit_test(test_interrupt),
		cmocka_unit_test(test_stop_takes_group),
		cmocka_unit_test(test_tick_ends),
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_usage),
		cmocka_unit_test(test_no_log),
		cmocka_unit_test(test_signals_are_clean),
		cmocka_unit_test(test_gate),
		cmocka_unit_test(test_path)
	};

	return cmocka_run_group_tests(tests, setup_group, teardown_group);
}
