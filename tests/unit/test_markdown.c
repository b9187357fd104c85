/*
 * What stands in one line of Markdown: list items, fields, plain text.
 */
#include "unit.h"

#include "base/markdown.h"
#include "base/strbuf.h"
#include "base/text.h"

static void test_bullets(void **state)
{
	static const struct {
		const char *line;
		unsigned indent;
		enum md_box box;
		const char *rest;	/* NULL: no list item */
	} t[] = {
		{ "- a", 0, MD_NO_BOX, "a" }, { "  * a ", 2, MD_NO_BOX, "a" },
		{ "\t+ a", 4, MD_NO_BOX, "a" }, { "12. a", 0, MD_NO_BOX, "a" },
		{ "1) a", 0, MD_NO_BOX, "a" }, { "-", 0, MD_NO_BOX, "" },
		{ "-a", 0, 0, NULL }, { "**a**", 0, 0, NULL }, { "", 0, 0, NULL },
		{ "1.5 x", 0, 0, NULL }, { "a - b", 0, 0, NULL },
		{ "- [ ] a", 0, MD_OPEN, "a" }, { "- [x] a", 0, MD_DONE, "a" },
		{ "- [X]", 0, MD_DONE, "" }, { "- [~] a", 0, MD_OPEN, "a" },
		{ "- [\xe2\x9c\x93] a", 0, MD_DONE, "a" },
		{ "- [2026-01-29] a", 0, MD_NO_BOX, "[2026-01-29] a" },
		{ "- [x](y) a", 0, MD_NO_BOX, "[x](y) a" },
		{ "- [a] b", 0, MD_NO_BOX, "[a] b" }, { "- [", 0, MD_NO_BOX, "[" },
		{ "- [x", 0, MD_NO_BOX, "[x" },
	};
	struct md_bullet b;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		bool is = md_bullet(&b, t[i].line, strlen(t[i].line));

		if (is != !!t[i].rest)
			fail_msg("'%s' is%s a list item", t[i].line, is ? "" : " not");
		if (is && (b.indent != t[i].indent || b.box != t[i].box ||
			   b.rest.len != strlen(t[i].rest) ||
			   memcmp(b.rest.text, t[i].rest, b.rest.len) != 0))
			fail_msg("'%s': %u %d '%.*s'", t[i].line, b.indent, b.box,
				 (int)b.rest.len, b.rest.text);
	}
}

static void test_fields(void **state)
{
	static const struct {
		const char *line, *key, *value;
	} t[] = {
		{ "Status: done", "Status", "done" },
		{ "- Status: done (x)", "Status", "done (x)" },
		{ "- **Status:** done", "Status", "done" },
		{ "  * **Status**: **done**", "Status", "**done**" },
		{ "`status`: done", "status", "done" },
		{ "Owner/Date: a / b", "Owner/Date", "a / b" },
		{ "Do Now (hard validity contract):", "Do Now (hard validity contract)", "" },
		{ "depends_on: [A, B]", "depends_on", "[A, B]" },
		{ "- Attempts History:", "Attempts History", "" },
		{ "a: b: c", "a", "b: c" },
		{ "http://x", NULL, NULL }, { "a::b", NULL, NULL },
		{ "12:30 x", NULL, NULL }, { ": x", NULL, NULL },
		{ "- [ ] T1: x", NULL, NULL }, { "", NULL, NULL },
		{ "no colon", NULL, NULL }, { "x, y: z", NULL, NULL },
		{ "a key that goes on and on for more than fifty bytes: x", NULL, NULL },
	};
	struct md_field f;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		bool is = md_field(&f, t[i].line, strlen(t[i].line));

		if (is != !!t[i].key)
			fail_msg("'%s' is%s a field", t[i].line, is ? "" : " not");
		if (is && (f.key.len != strlen(t[i].key) ||
			   memcmp(f.key.text, t[i].key, f.key.len) != 0 ||
			   f.value.len != strlen(t[i].value) ||
			   memcmp(f.value.text, t[i].value, f.value.len) != 0))
			fail_msg("'%s': '%.*s' = '%.*s'", t[i].line,
				 (int)f.key.len, f.key.text, (int)f.value.len,
				 f.value.text);
	}
}

static bool key_is(const char *key, const char *names)
{
	return md_key_is((struct md_slice){ key, strlen(key) }, names);
}

static void test_keys(void **state)
{
	(void)state;
	assert_true(key_is("Depends_On", "x|depends on"));
	assert_true(key_is("Do Now (hard)", "do now"));
	assert_true(key_is(" depends-on ", "depends on|x"));
	assert_false(key_is("depends", "depends on|x"));
	assert_false(key_is("", "a|b"));
}

static void test_plain(void **state)
{
	static const char *const t[][2] = {
		{ "", "" }, { "a  b\tc ", "a b c" }, { "**a** *b* __c__", "a b c" },
		{ "`a_b` c", "a_b c" }, { "snake_case_x", "snake_case_x" },
		{ "2 * 3", "2 * 3" }, { "~~a~~ ~5", "a ~5" }, { "a\\|b", "a|b" },
		{ "\x1b[31mred", "[31mred" }, { "`**a**`", "**a**" },
		{ "dtype `*`", "dtype *" },
		{ "[a **b**](http://x/y_z) c", "a b c" }, { "1. [a](b)", "1. a" },
		{ "- [a](b) &amp; c", "- a & c" }, { "a<b> &lt; c", "a<b> < c" },
		{ "![i](j) k", "i k" }, { "<https://x.y/z>", "https://x.y/z" },
		{ "# [a](b) #", "# a #" }, { "[a](", "[a](" }, { "&#0;;", UTF8_REPLACEMENT ";" },
		{ "[a](b)\x1b[2J", "a [2J" }, { "Maintainer <2> & co; x", "Maintainer <2> & co; x" },
	};
	struct strbuf out = STRBUF_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		strbuf_reset(&out);
		strbuf_addstr(&out, "> ");
		md_plain(&out, t[i][0], strlen(t[i][0]));
		if (!str_eq(out.buf + 2, t[i][1]))
			fail_msg("'%s' gave '%s'", t[i][0], out.buf + 2);
	}
	strbuf_release(&out);
}

static void test_unwrap(void **state)
{
	struct md_slice s = md_unwrap((struct md_slice){ " **[`x`]** ", 11 });

	(void)state;
	assert_int_equal(s.len, 1);
	assert_int_equal(s.text[0], 'x');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bullets),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_unwrap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
