/*
 * Globs: what a star crosses, classes, and patterns made to be slow.
 */
#include "unit.h"

#include "base/glob.h"
#include "base/strbuf.h"

static void test_match(void **state)
{
	static const struct {
		const char *pattern, *path;
		bool matches;
	} t[] = {
		{ "a", "a", true }, { "a", "b", false }, { "a", "ab", false },
		{ "", "", true }, { "", "a", false }, { "*", "", true },
		{ "*", "abc", true }, { "*", "a/b", false }, { "*/*", "a/b", true },
		{ "specs/*.md", "specs/a.md", true },
		{ "specs/*.md", "specs/.md", true },
		{ "specs/*.md", "specs/b/a.md", false },
		{ "a*b*c", "a--b--c", true }, { "a*b*c", "a--c--b", false },
		{ "*.md", ".md", true }, { "***", "ab", true },
		{ "?", "a", true }, { "?", "/", false }, { "?", "", false },
		{ "?", "\xc3\xa9", true }, { "??", "\xc3\xa9", false },
		{ "?", "\xff", true }, { "??", "\xff\xfe", true },
		{ "**", "a", true }, { "**", "a/b/c", true },
		{ "**/a", "a", true }, { "**/a", "x/a", true },
		{ "**/a", "x/y/a", true }, { "**/a", "xa", false },
		{ "**/a", "a/x", false }, { "**/*.c", "x/y.c", true },
		{ "a/**", "a/b", true }, { "a/**", "a/b/c", true },
		{ "a/**", "a", false }, { "a/**", "ab/c", false },
		{ "a/**/b", "a/b", true }, { "a/**/b", "a/x/b", true },
		{ "a/**/b", "a/x/y/b", true }, { "a/**/b", "axb", false },
		{ "a/**/b", "a/xb", false }, { "a/**/**/b", "a/b", true },
		{ "a**b", "axxb", true }, { "a**b", "ax/b", false },
		{ "a/x**", "a/xy/z", false }, { "**a/b", "xa/b", true },
		{ "[a-c]", "b", true }, { "[a-c]", "d", false },
		{ "[!a-c]", "d", true }, { "[!a-c]", "b", false },
		{ "[^a]", "b", true }, { "[!a]", "/", false }, { "[/]", "/", false },
		{ "[]]", "]", true }, { "[!]]", "x", true }, { "[a-]", "-", true },
		{ "[\\]]x", "]x", true }, { "[\\!]", "!", true },
		{ "[c-a]", "b", false }, { "[\xc3\xa0-\xc3\xaf]", "\xc3\xa9", true },
		{ "[a", "[a", true }, { "[", "[", true }, { "a[]", "a[]", true },
		{ "\\*", "*", true }, { "\\*", "x", false }, { "a\\", "a\\", true },
		{ "\\[a]", "[a]", true }, { "\\a", "a", true },
		{ "A", "a", false },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(t); i++)
		if (glob_match(t[i].pattern, t[i].path) != t[i].matches)
			fail_msg("'%s' on '%s'", t[i].pattern, t[i].path);
}

static void test_parts(void **state)
{
	(void)state;
	assert_true(glob_is_pattern("a*"));
	assert_true(glob_is_pattern("?"));
	assert_true(glob_is_pattern("a[b]"));
	assert_false(glob_is_pattern("a/b.c"));
	assert_false(glob_is_pattern(""));
	assert_int_equal(glob_literal_dirs("specs/a/*.md"), 8);
	assert_int_equal(glob_literal_dirs("specs/a?/b"), 6);
	assert_int_equal(glob_literal_dirs("*.md"), 0);
	assert_int_equal(glob_literal_dirs("docs/x.md"), 5);
	assert_int_equal(glob_literal_dirs("a/b\\*/c"), 2);
	assert_int_equal(glob_literal_dirs(""), 0);
}

/* Backtracking would outlive us here. */
static void test_hostile(void **state)
{
	struct strbuf pattern = STRBUF_INIT, path = STRBUF_INIT;
	int i;

	(void)state;
	for (i = 0; i < 300; i++)
		strbuf_addstr(&pattern, i % 3 ? "*a" : "**/");
	strbuf_addstr(&pattern, "b");
	for (i = 0; i < 2000; i++)
		strbuf_addstr(&path, i % 50 ? "a" : "/");
	assert_false(glob_match(pattern.buf, path.buf));
	strbuf_addchars(&pattern, '*', 5000);
	assert_false(glob_match(pattern.buf, path.buf));
	strbuf_release(&pattern);
	strbuf_release(&path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_match),
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_hostile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
