/*
 * Regular expressions: groups, flags, and limits that are errors.
 */
#include "unit.h"

#include "base/error.h"
#include "base/regex.h"
#include "base/strbuf.h"

static int find(const char *pattern, unsigned flags, const char *text)
{
	struct regex re = REGEX_INIT;
	int rc = regex_compile(&re, pattern, flags);

	if (!rc)
		rc = regex_find(&re, text, strlen(text), 0, NULL);
	regex_release(&re);
	return rc;
}

static void test_find(void **state)
{
	struct regex re = REGEX_INIT;
	struct regex_match m;

	(void)state;
	assert_int_equal(regex_compile(&re, "(a)|(b+)(x)?", 0), 0);
	assert_int_equal(regex_find(&re, "..bb\0a", 6, 0, &m), 1);
	assert_int_equal(m.begin[0], 2);
	assert_int_equal(m.end[0], 4);
	assert_true(m.begin[1] == SIZE_MAX && m.end[1] == SIZE_MAX);
	assert_int_equal(m.begin[2], 2);
	assert_true(m.begin[3] == SIZE_MAX && m.begin[15] == SIZE_MAX);
	assert_int_equal(m.count, 3);
	assert_int_equal(regex_find(&re, "..bb\0a", 6, 4, &m), 1);
	assert_int_equal(m.begin[1], 5);
	assert_int_equal(regex_find(&re, "..bb\0a", 6, 6, &m), 0);
	assert_int_equal(regex_find(&re, "..bb\0a", 6, 7, &m), 0);
	/* Compiling again drops the old one. */
	assert_int_equal(regex_compile(&re, "()()()()()()()()()()()()()()()()()(z)",
				       0), 0);
	assert_int_equal(regex_find(&re, "z", 1, 0, &m), 1);
	assert_int_equal(m.count, REGEX_GROUPS);
	assert_int_equal(m.end[15], 0);
	regex_release(&re);
	regex_release(&re);
}

static void test_flags(void **state)
{
	(void)state;
	assert_int_equal(find("ABC", 0, "xabc"), 0);
	assert_int_equal(find("ABC", REGEX_ICASE, "xabc"), 1);
	assert_int_equal(find("^b$", 0, "a\nb\nc"), 0);
	assert_int_equal(find("^b$", REGEX_MULTILINE, "a\nb\nc"), 1);
	assert_int_equal(find("^.$", 0, "\xc3\xa9"), 0);
	assert_int_equal(find("^.$", REGEX_UTF, "\xc3\xa9"), 1);
	assert_int_equal(find("\xc3\x89", REGEX_UTF | REGEX_ICASE, "\xc3\xa9"), 1);
	assert_int_equal(find("b", REGEX_UTF, "\xff\xc3(\xed\xa0\x80 b"), 1);
	assert_int_equal(find("b", REGEX_ANCHORED, "ab"), 0);
	assert_int_equal(find("a", REGEX_ANCHORED, "ab"), 1);
}

static void test_bad(void **state)
{
	struct strbuf big = STRBUF_INIT;

	(void)state;
	assert_int_equal(find("a(b", 0, ""), ORCH_EINVALID);
	assert_string_equal(error_message(),
			    "bad pattern 'a(b': missing closing parenthesis at "
			    "character 4");
	assert_int_equal(find("(*UTF)a", 0, "a"), ORCH_EINVALID);
	assert_int_equal(find("\\C", REGEX_UTF, "a"), ORCH_EINVALID);
	assert_int_equal(find("\xff", REGEX_UTF, "a"), ORCH_EINVALID);
	strbuf_addchars(&big, '(', 1000);
	strbuf_addchars(&big, ')', 1000);
	assert_int_equal(find(big.buf, 0, "a"), ORCH_EINVALID);
	strbuf_reset(&big);
	strbuf_addchars(&big, 'a', 65537);
	assert_int_equal(find(big.buf, 0, "a"), ORCH_EINVALID);
	strbuf_release(&big);
}

/* No answer is an error: "no" would let a rule be dodged. */
static void test_limits(void **state)
{
	struct strbuf text = STRBUF_INIT;

	(void)state;
	assert_int_equal(find("^(a+)+$", 0, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab"),
			 ORCH_EINVALID);
	assert_non_null(strstr(error_message(), "limit"));
	assert_int_equal(find("(*LIMIT_MATCH=4000000000)^(a+)+$", 0,
			      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab"),
			 ORCH_EINVALID);
	strbuf_addchars(&text, 'a', 4 << 20);
	assert_int_equal(find("^(?:(a)|b)*$", 0, text.buf), ORCH_EINVALID);
	assert_int_equal(find("b", 0, text.buf), 0);
	strbuf_release(&text);
}

/* One that gave up 16 times is not tried any more. */
static void test_patience(void **state)
{
	static const char text[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab";
	struct regex re = REGEX_INIT;

	(void)state;
	assert_int_equal(regex_compile(&re, "^(a+)+$", 0), 0);
	for (int i = 0; i < 16; i++) {
		assert_int_equal(regex_find(&re, "aa", 2, 0, NULL), 1);
		assert_int_equal(regex_find(&re, text, sizeof(text) - 1, 0, NULL),
				 ORCH_EINVALID);
	}
	assert_int_equal(regex_find(&re, "aa", 2, 0, NULL), ORCH_EINVALID);
	regex_release(&re);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_flags),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_patience),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
