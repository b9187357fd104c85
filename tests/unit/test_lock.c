/*
 * Locks: one holder at a time, gone with its process, not inherited.
 */
#include "unit.h"

#include <signal.h>
#include <sys/wait.h>

#include "base/error.h"
#include "base/file.h"
#include "base/lock.h"
#include "base/spawn.h"

static void test_exclusive(void **state)
{
	struct lock a = LOCK_INIT, b = LOCK_INIT;

	(void)state;
	lock_release(&a);
	assert_int_equal(lock_take(&a, "l"), 0);
	assert_int_equal(lock_try(&b, "l"), ORCH_EBUSY);
	assert_string_equal(error_message(), "'l' is locked");
	assert_int_equal(b.fd, -1);
	lock_release(&a);
	lock_release(&a);
	assert_int_equal(lock_try(&b, "l"), 0);
	lock_release(&b);
	assert_int_equal(lock_take(&a, "none/l"), ORCH_ERROR);
	assert_int_equal(symlink("l", "link"), 0);
	assert_int_equal(lock_take(&a, "link"), ORCH_ERROR);
}

/* The holder dies by SIGKILL; who waits for the lock gets it. */
static void test_holder_dies(void **state)
{
	struct lock a = LOCK_INIT;
	int ends[2];
	pid_t pid;
	char c;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	pid = fork();
	if (!pid) {
		if (lock_take(&a, "l") < 0 || write(ends[1], "x", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	assert_int_equal(read(ends[0], &c, 1), 1);
	assert_int_equal(lock_try(&a, "l"), ORCH_EBUSY);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(lock_take(&a, "l"), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	lock_release(&a);
	close(ends[0]);
	close(ends[1]);
}

static void test_not_inherited(void **state)
{
	struct lock a = LOCK_INIT, b = LOCK_INIT;
	struct spawn s = SPAWN_INIT;

	(void)state;
	assert_int_equal(lock_take(&a, "l"), 0);
	strvec_push(&s.argv, "sleep");
	strvec_push(&s.argv, "1000");
	assert_int_equal(spawn_start(&s), 0);
	lock_release(&a);
	assert_int_equal(lock_try(&b, "l"), 0);
	lock_release(&b);
	kill(s.pid, SIGKILL);
	assert_int_equal(spawn_wait(&s, NULL), 0);
	spawn_release(&s);
}

/* The file was removed meanwhile: the lock on its inode means nothing. */
static void test_removed(void **state)
{
	struct lock a = LOCK_INIT, b = LOCK_INIT, c = LOCK_INIT;

	(void)state;
	assert_int_equal(lock_take(&a, "l"), 0);
	assert_int_equal(unlink("l"), 0);
	assert_int_equal(lock_take(&b, "l"), 0);
	assert_int_equal(lock_try(&c, "l"), ORCH_EBUSY);
	lock_release(&a);
	lock_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exclusive),
		cmocka_unit_test(test_holder_dies),
		cmocka_unit_test(test_not_inherited),
		cmocka_unit_test(test_removed),
	};

	return cmocka_run_group_tests(tests, unit_enter, unit_leave);
}
