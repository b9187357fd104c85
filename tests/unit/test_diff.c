/* Unified diffs of two texts, as they stand in a prompt. */
#include "unit.h"

#include "base/error.h"
#include "base/middle.h"
#include "base/patch.h"
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

/* --- texts of very many lines --------------------------------------------------- */

#define LONG 70000	/* two of them are over the limit */

static void add_number(struct strbuf *out, size_t line, void *data)
{
	strbuf_addf(out, "%s%zu", (const char *)data, line);
}

/* The hunks turn a into b; what they are, if that is said. */
static void long_diff(const struct strbuf *a, const struct strbuf *b, unsigned context,
		      const char *expected)
{
	struct strbuf hunks = STRBUF_INIT, out = STRBUF_INIT;
	char lead[] = "line ";

	assert_true(text_lines(a->buf, a->len) + text_lines(b->buf, b->len) >
		    TEXT_LINES_MAX);
	assert_int_equal(diff_hunks(&hunks, a->buf, a->len, b->buf, b->len, context,
				    add_number, lead), 0);
	if (patch_apply(&out, a->buf, a->len, hunks.buf, hunks.len) < 0)
		fail_msg("%s", error_message());
	assert_int_equal(out.len, b->len);
	assert_memory_equal(out.buf, b->buf, b->len);
	if (expected)
		assert_string_equal(hunks.buf, expected);
	strbuf_release(&hunks);
	strbuf_release(&out);
}

static void numbers(struct strbuf *out, unsigned step)
{
	strbuf_reset(out);
	for (unsigned i = 1; i <= LONG; i++)
		strbuf_addf(out, "%u\n", i * step);
}

static void test_long(void **state UNUSED)
{
	struct strbuf a = STRBUF_INIT, b = STRBUF_INIT;

	numbers(&a, 1);
	numbers(&b, 1);
	strbuf_addstr(&b, "new");
	long_diff(&a, &b, 1, "@@ -70000 +70000,2 @@ line 70000\n 70000\n+new\n"
		  "\\ No newline at end of file\n");
	long_diff(&b, &a, 0, "@@ -70001 +70000,0 @@ line 70000\n-new\n"
		  "\\ No newline at end of file\n");
	numbers(&b, 1);
	strbuf_setlen(&b, b.len - 1);
	long_diff(&a, &b, 0, "@@ -70000 +70000 @@ line 70000\n-70000\n+70000\n"
		  "\\ No newline at end of file\n");
	long_diff(&b, &a, 3, NULL);
	/* In front, and in the middle: two hunks as in any text. */
	numbers(&b, 1);
	strbuf_insert(&b, 0, "x\n", 2);
	long_diff(&a, &b, 1, "@@ -1 +1,2 @@ line 1\n+x\n 1\n");
	numbers(&b, 1);
	*(char *)memmem(b.buf, b.len, "\n500\n", 5) = ' ';
	*(char *)memmem(b.buf, b.len, "\n600\n", 5) = ' ';
	long_diff(&a, &b, 0, "@@ -499,2 +499 @@ line 499\n-499\n-500\n+499 500\n"
		  "@@ -599,2 +598 @@ line 598\n-599\n-600\n+599 600\n");
	/* Nothing that they share but the one line: all is replaced. */
	numbers(&a, 1);
	numbers(&b, 2);
	strbuf_insert(&a, 0, "begin\n", 6);
	strbuf_insert(&b, 0, "begin\n", 6);
	for (unsigned context = 0; context < 3; context++)
		long_diff(&a, &b, context, NULL);
	strbuf_addstr(&a, "end");
	strbuf_addstr(&b, "end");
	for (unsigned context = 0; context < 3; context++)
		long_diff(&a, &b, context, NULL);
	strbuf_addstr(&b, "s");
	long_diff(&a, &b, 1, NULL);
	/* All of it is new, or gone. */
	strbuf_addchars(&a, '\n', 2 * LONG);
	strbuf_reset(&b);
	long_diff(&a, &b, 1, NULL);
	long_diff(&b, &a, 1, NULL);
	/* One text that the other begins, or ends, with. */
	numbers(&a, 1);
	strbuf_reset(&b);
	strbuf_addbuf(&b, &a);
	strbuf_addbuf(&b, &a);
	for (unsigned context = 0; context < 3; context++) {
		long_diff(&a, &b, context, NULL);
		long_diff(&b, &a, context, NULL);
	}
	strbuf_release(&a);
	strbuf_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_diff),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
