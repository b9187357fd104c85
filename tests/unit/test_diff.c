/* Unified diffs of two texts, as they stand in a prompt. */
#include "unit.h"

#include "base/error.h"
#include "base/strbuf.h"
#include "git/diff.h"

static void diff_is(const char *path, const char *a, const char *b, unsigned context,
		    const char *expected)
{
	struct strbuf out = STRBUF_INIT;

	strbuf_addstr(&out, "before\n");
	if (diff_text(&out, path, a, strlen(a), b, strlen(b), context) < 0)
		fail_msg("%s", error_message());
	assert_memory_equal(out.buf, "before\n", 7);
	assert_string_equal(out.buf + 7, expected);
	strbuf_release(&out);
}

static void test_diff(void **state UNUSED)
{
	diff_is("f", "same\n", "same\n", 1, "");
	diff_is("f", "", "", 1, "");
	diff_is("d/f", "1\n2\n3\n4\n5\n", "1\n2\nx\n4\n5\n", 1,
		"--- a/d/f\n+++ b/d/f\n@@ -2,3 +2,3 @@\n 2\n-3\n+x\n 4\n");
	diff_is("f", "1\n2\n3\n", "1\n3\n", 0, "--- a/f\n+++ b/f\n@@ -2 +1,0 @@\n-2\n");
	diff_is("f", "", "new\n", 1, "--- a/f\n+++ b/f\n@@ -0,0 +1 @@\n+new\n");
	diff_is("f", "old\n", "", 1, "--- a/f\n+++ b/f\n@@ -1 +0,0 @@\n-old\n");
	diff_is("f", "a", "a\n", 1, "--- a/f\n+++ b/f\n@@ -1 +1 @@\n-a\n"
		"\\ No newline at end of file\n+a\n");
}

/* A path cannot add lines of its own; NULs are text like any other byte. */
static void test_hostile(void **state UNUSED)
{
	struct strbuf out = STRBUF_INIT;

	diff_is("a\n+++ b", "1\n", "2\n", 1, "--- \"a/a\\n+++ b\"\n+++ \"b/a\\n+++ b\"\n"
		"@@ -1 +1 @@\n-1\n+2\n");
	assert_int_equal(diff_text(&out, "f", "a\0b\n", 4, "a\0c\n", 4, 1), 0);
	assert_int_equal(out.len, strlen("--- a/f\n+++ b/f\n@@ -1 +1 @@\n") + 10);
	assert_non_null(memmem(out.buf, out.len, "-a\0b\n+a\0c\n", 10));
	strbuf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_diff),
		cmocka_unit_test(test_hostile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
