/*
 * Spawning: descriptors, environment, signals, the gate, and failing well.
 */
#include "unit.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

#include "base/error.h"
#include "base/spawn.h"
#include "base/strbuf.h"

static void shell(struct spawn *s, const char *script)
{
	strvec_push(&s->argv, "sh");
	strvec_push(&s->argv, "-c");
	strvec_push(&s->argv, script);
}

/* Run `s` and compare what it printed. */
static void prints(struct spawn *s, const char *expected)
{
	struct strbuf out = STRBUF_INIT;
	int status = -1;

	if (spawn_capture(s, &out, 4096, NULL, 0, &status) < 0)
		fail_msg("%s", error_message());
	assert_int_equal(status, 0);
	assert_string_equal(out.buf, expected);
	strbuf_release(&out);
	spawn_release(s);
}

static void test_status(void **state)
{
	struct spawn s = SPAWN_INIT;
	int status;

	(void)state;
	shell(&s, "exit 7");
	assert_int_equal(spawn_start(&s), 0);
	assert_true(s.pid > 0);
	assert_int_equal(spawn_wait(&s, &status), 0);
	assert_int_equal(s.pid, 0);
	assert_int_equal(spawn_exit_code(status), 7);
	spawn_release(&s);
	shell(&s, "kill -TERM $$");
	assert_int_equal(spawn_start(&s), 0);
	assert_int_equal(spawn_wait(&s, &status), 0);
	assert_int_equal(spawn_exit_code(status), 128 + SIGTERM);
	spawn_release(&s);
	spawn_release(&s);
}

static void test_not_run(void **state)
{
	struct spawn s = SPAWN_INIT;

	(void)state;
	strvec_push(&s.argv, "no-such-program-here");
	assert_int_equal(spawn_start(&s), ORCH_ENOTFOUND);
	assert_string_equal(error_message(), "cannot run 'no-such-program-here': "
			    "No such file or directory");
	assert_int_equal(s.pid, 0);
	spawn_release(&s);
	strvec_push(&s.argv, "/");
	assert_int_equal(spawn_start(&s), ORCH_ERROR);
	spawn_release(&s);
	strvec_push(&s.argv, "true");
	s.dir = "/no/such/dir";
	assert_int_equal(spawn_start(&s), ORCH_ERROR);
	assert_string_equal(error_message(), "cannot change to '/no/such/dir': "
			    "No such file or directory");
	spawn_release(&s);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);	/* no zombie */
}

static void test_surroundings(void **state)
{
	struct spawn s = SPAWN_INIT;

	(void)state;
	setenv("ORCH_TEST_A", "old", 1);
	setenv("ORCH_TEST_B", "old", 1);
	setenv("ORCH_TEST_AB", "kept", 1);
	strvec_push(&s.env, "ORCH_TEST_A=1=2");
	strvec_push(&s.env, "ORCH_TEST_B");
	strvec_push(&s.env, "ORCH_TEST_C=x");
	strvec_push(&s.env, "ORCH_TEST_C=y");
	s.dir = "/";
	shell(&s, "echo $ORCH_TEST_A ${ORCH_TEST_B-unset} $ORCH_TEST_AB "
	      "$ORCH_TEST_C; env | grep -c ORCH_TEST_C; pwd");
	prints(&s, "1=2 unset kept y\n1\n/\n");
	assert_string_equal(getenv("ORCH_TEST_A"), "old");
	s.dir = NULL;
	s.flags = SPAWN_NO_STDIN | SPAWN_NO_STDERR;
	shell(&s, "cat; echo dropped >&2; readlink /proc/self/fd/0");
	prints(&s, "/dev/null\n");
}

static void test_descriptors(void **state)
{
	struct spawn s = SPAWN_INIT;
	struct strbuf out = STRBUF_INIT;
	int ends[2], saved[3], status, rc, i;

	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	/* Stdout and stderr may be one. */
	shell(&s, "echo one; echo two >&2");
	s.out = s.err = ends[1];
	assert_int_equal(spawn_start(&s), 0);
	close(ends[1]);
	assert_int_equal(strbuf_read_fd(&out, ends[0], 100), 0);
	close(ends[0]);
	assert_int_equal(spawn_wait(&s, &status), 0);
	assert_string_equal(out.buf, "one\ntwo\n");
	spawn_release(&s);
	/* Crossed: the child's stderr is our stdout, and the other way. */
	s = (struct spawn)SPAWN_INIT;
	shell(&s, "test \"$(readlink /proc/self/fd/2)\" = /dev/null &&"
	      "test \"$(readlink /proc/$$/fd/1)\" = /dev/zero");
	s.out = 2;
	s.err = 1;
	for (i = 1; i <= 2; i++) {
		saved[i] = dup(i);
		ends[0] = open(i == 1 ? "/dev/null" : "/dev/zero", O_RDWR);
		assert_true(saved[i] > 2 && ends[0] > 2);
		dup2(ends[0], i);
		close(ends[0]);
	}
	rc = spawn_start(&s);
	for (i = 1; i <= 2; i++) {
		dup2(saved[i], i);
		close(saved[i]);
	}
	assert_int_equal(rc, 0);
	assert_int_equal(spawn_wait(&s, &status), 0);
	assert_int_equal(spawn_exit_code(status), 0);
	strbuf_release(&out);
	spawn_release(&s);
}

static void test_signals(void **state)
{
	struct spawn s = SPAWN_INIT;
	sigset_t set, old, now;

	(void)state;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, &old);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGUSR2, SIG_IGN);
	/* Signals 32 and 33 belong to the C library: nobody can reset them. */
	strvec_push(&s.argv, "sh");
	strvec_push(&s.argv, "-c");
	strvec_push(&s.argv, "while read -r k v; do case $k in SigBlk:|SigIgn:) "
		    "echo \"$k $((0x$v & ~0x180000000))\";; esac; done "
		    "</proc/self/status");
	prints(&s, "SigBlk: 0\nSigIgn: 0\n");
	signal(SIGPIPE, SIG_DFL);
	signal(SIGUSR2, SIG_DFL);
	/* Ours are as they were. */
	sigprocmask(SIG_SETMASK, &old, &now);
	assert_int_equal(sigismember(&now, SIGUSR1), 1);
	assert_int_equal(sigismember(&now, SIGHUP), 0);
}

/* Whether `fd` comes to its end (every writer is gone) without any byte. */
static bool silent_end(int fd)
{
	char c;

	return read(fd, &c, 1) == 0;
}

static void test_gate(void **state)
{
	struct spawn s = SPAWN_INIT, other = SPAWN_INIT;
	int ends[2], status;
	struct pollfd p;
	char c;

	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	s.flags = SPAWN_GATED;
	s.out = ends[1];
	shell(&s, "echo x");
	assert_int_equal(spawn_start(&s), 0);
	p = (struct pollfd){ ends[0], POLLIN, 0 };
	assert_int_equal(poll(&p, 1, 50), 0);
	assert_int_equal(spawn_go(&s), 0);
	assert_int_equal(read(ends[0], &c, 1), 1);
	assert_int_equal(c, 'x');
	assert_int_equal(spawn_wait(&s, &status), 0);
	assert_int_equal(status, 0);
	spawn_release(&s);
	close(ends[0]);
	close(ends[1]);

	/* Released before it went: it never runs, though another waits too. */
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	s.flags = other.flags = SPAWN_GATED;
	s.out = ends[1];
	shell(&s, "echo x");
	shell(&other, "exit 3");
	assert_int_equal(spawn_start(&s), 0);
	assert_int_equal(spawn_start(&other), 0);
	spawn_release(&s);
	assert_int_equal(spawn_go(&other), 0);
	assert_int_equal(spawn_wait(&other, &status), 0);
	assert_int_equal(spawn_exit_code(status), 3);
	spawn_release(&other);
	close(ends[1]);
	assert_true(silent_end(ends[0]));
	close(ends[0]);

	/* Killed before it went: an error, no SIGPIPE. */
	s = (struct spawn)SPAWN_INIT;
	s.flags = SPAWN_GATED;
	shell(&s, "true");
	assert_int_equal(spawn_start(&s), 0);
	kill(s.pid, SIGKILL);
	assert_int_equal(spawn_wait(&s, &status), 0);
	assert_int_equal(spawn_go(&s), ORCH_ERROR);
	spawn_release(&s);
	s.flags = SPAWN_GATED;
	strvec_push(&s.argv, "no-such-program-here");
	assert_int_equal(spawn_start(&s), 0);
	assert_int_equal(spawn_go(&s), 0);
	assert_int_equal(spawn_wait(&s, &status), 0);
	assert_int_equal(spawn_exit_code(status), 127);
	spawn_release(&s);
}

/*
 * A child of our child must be gone when that dies: it holds the pipe, which
 * ends then. With the gate, it must not run at all.
 */
static void dies_with_parent(unsigned flags)
{
	int ends[2], status;
	pid_t middle;

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	middle = fork();
	if (!middle) {
		struct spawn s = SPAWN_INIT;

		s.flags = flags;
		s.out = ends[1];
		shell(&s, flags & SPAWN_GATED ? "echo x" : "exec sleep 1000");
		if (spawn_start(&s) < 0)
			_exit(1);
		kill(getpid(), SIGKILL);
	}
	close(ends[1]);
	assert_int_equal(waitpid(middle, &status, 0), middle);
	assert_true(WIFSIGNALED(status));
	assert_true(silent_end(ends[0]));
	close(ends[0]);
}

static void test_parent_dies(void **state)
{
	(void)state;
	dies_with_parent(SPAWN_DIE_WITH_US);
	dies_with_parent(SPAWN_DIE_WITH_US | SPAWN_GATED | SPAWN_OWN_GROUP);
	dies_with_parent(SPAWN_GATED);
}

static void test_group(void **state)
{
	struct spawn s = SPAWN_INIT;
	int status;

	(void)state;
	s.flags = SPAWN_OWN_GROUP;
	shell(&s, "exec sleep 1000");
	assert_int_equal(spawn_start(&s), 0);
	assert_int_equal(getpgid(s.pid), s.pid);
	assert_int_equal(kill(-s.pid, SIGTERM), 0);
	assert_int_equal(spawn_wait(&s, &status), 0);
	assert_int_equal(spawn_exit_code(status), 128 + SIGTERM);
	spawn_release(&s);
}

static void test_capture(void **state)
{
	struct strbuf big = STRBUF_INIT, out = STRBUF_INIT;
	struct spawn s = SPAWN_INIT;
	int status;

	(void)state;
	strbuf_addchars(&big, 'x', 3 << 20);
	strbuf_addstr(&out, "+");
	strvec_push(&s.argv, "cat");
	assert_int_equal(spawn_capture(&s, &out, 3 << 20, big.buf, big.len,
				       &status), 0);
	assert_int_equal(out.len, big.len + 1);
	assert_memory_equal(out.buf + 1, big.buf, big.len);
	strbuf_setlen(&out, 1);
	assert_int_equal(spawn_capture(&s, &out, (3 << 20) - 1, big.buf, big.len,
				       &status), ORCH_EINVALID);
	assert_string_equal(out.buf, "+");
	assert_int_equal(spawn_capture(&s, &out, 10, "", 0, NULL), 0);
	spawn_release(&s);
	/* One that does not read its input, and fails. */
	shell(&s, "echo said; exit 3");
	assert_int_equal(spawn_capture(&s, &out, 100, big.buf, big.len, &status),
			 ORCH_ENO);
	assert_int_equal(spawn_exit_code(status), 3);
	assert_string_equal(out.buf, "+said\n");
	assert_string_equal(error_message(), "'sh' ended with 3");
	spawn_release(&s);
	/* One that would never end. */
	strvec_push(&s.argv, "yes");
	assert_int_equal(spawn_capture(&s, &out, 100000, NULL, 0, &status),
			 ORCH_EINVALID);
	assert_int_equal(s.pid, 0);
	spawn_release(&s);
	strvec_push(&s.argv, "no-such-program-here");
	assert_int_equal(spawn_capture(&s, &out, 10, NULL, 0, &status),
			 ORCH_ENOTFOUND);
	spawn_release(&s);
	strbuf_release(&big);
	strbuf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_status),
		cmocka_unit_test(test_not_run),
		cmocka_unit_test(test_surroundings),
		cmocka_unit_test(test_descriptors),
		cmocka_unit_test(test_signals),
		cmocka_unit_test(test_gate),
		cmocka_unit_test(test_parent_dies),
		cmocka_unit_test(test_group),
		cmocka_unit_test(test_capture),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
