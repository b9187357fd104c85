#ifndef UNIT_H
#define UNIT_H
/*
 * What every unit test includes first: cmocka with the headers that it wants
 * in front of it; and for tests that need files, a directory of their own:
 *
 *   return cmocka_run_group_tests(tests, unit_enter, unit_leave);
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compat.h"
#include "base/file.h"

#include <cmocka.h>

static char unit_dir[] = "/tmp/orch-unit.XXXXXX";

/* Make the directory and stand in it; git sees no configuration but ours. */
static inline int unit_enter(void **state UNUSED)
{
	static const char *const unset[] = {
		"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_ORCH_LOOP",
		"GIT_ORCH_ACTOR", "GIT_ORCH_GENERATION", "XDG_CONFIG_HOME",
	};

	if (!mkdtemp(unit_dir) || chdir(unit_dir))
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(unset); i++)
		unsetenv(unset[i]);
	setenv("HOME", unit_dir, 1);
	setenv("GIT_CONFIG_NOSYSTEM", "1", 1);
	setenv("GIT_CEILING_DIRECTORIES", "/tmp", 1);
	setenv("GIT_AUTHOR_NAME", "A", 1);
	setenv("GIT_AUTHOR_EMAIL", "a@example.org", 1);
	setenv("GIT_COMMITTER_NAME", "C", 1);
	setenv("GIT_COMMITTER_EMAIL", "c@example.org", 1);
	return 0;
}

static inline int unit_leave(void **state UNUSED)
{
	return chdir("/") || dir_remove_all(unit_dir);
}
#endif
