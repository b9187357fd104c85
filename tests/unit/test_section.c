/* base/section: parts of a text by their names. */
#include "unit.h"

#include "base/error.h"
#include "base/section.h"

static const char doc[] =
	"# Plan\n"				/* 1 */
	"intro\n"
	"## [A-1] First\n"			/* 3 */
	"text\n"
	"### Attempts\n"
	"more\n"
	"## A-10: tenth\n"			/* 7 */
	"- **B-2**: item\n"			/* 8 */
	"  its second line\n"
	"- next\n"
	"| ID | what |\n"			/* 11 */
	"|---|---|\n"
	"| `C-3` | row |\n"			/* 13 */
	"## Attempts of B-2";			/* 14, no newline */

static void check(const char *name, unsigned first, unsigned last)
{
	struct section s = SECTION_INIT;

	assert_int_equal(section_find(&s, doc, sizeof(doc) - 1, name, "doc"), 0);
	assert_int_equal(s.first, first);
	assert_int_equal(s.last, last);
	assert_true(s.begin < s.end && s.end < sizeof(doc));
	section_release(&s);
	section_release(&s);
}

static void test_names(void **state)
{
	(void)state;
	check("Plan", 1, 14);
	check("A-1", 3, 6);
	check("a-10", 7, 13);
	check("B-2", 8, 9);
	check("C-3", 13, 13);
	check("### Attempts", 5, 6);
	check("[a-1", 3, 6);
	check("tenth", 7, 13);
	check(":9", 7, 13);
	check(":14", 14, 14);
}

static void refuse(const char *name, const char *says)
{
	struct section s = SECTION_INIT;

	assert_int_equal(section_find(&s, doc, sizeof(doc) - 1, name, "doc"), ORCH_ENO);
	assert_non_null(strstr(error_message(), says));
	assert_null(s.title);
	error_clear();
}

static void test_refused(void **state)
{
	(void)state;
	refuse("A", "names 3 sections of doc: line 5 '### Attempts', line 7");
	refuse("A-2", "no section 'A-2' in doc");
	refuse("Atempts", "near it: line 5 '### Attempts', line 14");
	refuse("# ", "names no section");
	refuse(":0", "no line 0");
	refuse(":15", "no line 15");
	refuse(":99999999999999999999", "is no line");
}

/* Any bytes: what is found lies in the text. */
static void test_any_bytes(void **state)
{
	static const char *const names[] = { "A-1", "x", "#", ":3", "a b", "**A-1**", "1" };
	static const char bits[] = "#-*|[]`~ \n\n\nA-1x. \t\r\0";
	unsigned seed = 4711;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		size_t len = (seed = seed * 1103515245 + 12345) >> 16 & 127;
		char *text = xcalloc(len ? len : 1, 1);	/* no NUL behind it */
		struct section s = SECTION_INIT;

		for (size_t i = 0; i < len; i++) {
			seed = seed * 1103515245 + 12345;
			text[i] = bits[(seed >> 16) % (sizeof(bits) - 1)];
		}
		if (section_find(&s, text, len, names[round % (int)ARRAY_SIZE(names)],
				 "doc") == 0) {
			assert_true(s.begin < s.end && s.end <= len);
			assert_true(s.first && s.first <= s.last);
		}
		section_release(&s);
		free(text);
		error_clear();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_any_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
