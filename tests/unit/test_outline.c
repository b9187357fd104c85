/*
 * Outlines: which lines are headings, where sections end, how rows are cut;
 * and texts made to be slow.
 */
#include "unit.h"

#include "base/outline.h"
#include "base/strbuf.h"

/* "level:line-own_last-last:title" of each heading, one a line. */
static void print_outline(struct strbuf *out, const char *text, size_t len)
{
	struct outline o = OUTLINE_INIT;

	outline_parse(&o, text, len);
	for (size_t i = 0; i < o.nr; i++) {
		const struct outline_heading *h = &o.v[i];

		assert_true(h->begin < h->body && h->body <= h->own_end);
		assert_true(h->own_end <= h->end && h->end <= len);
		assert_true(h->title >= text + h->begin || !h->title_len);
		strbuf_addf(out, "%u:%u-%u-%u:%.*s\n", h->level, h->line,
			    h->own_last, h->last, (int)h->title_len, h->title);
	}
	if (o.open_line)
		strbuf_addf(out, "open %u\n", o.open_line);
	outline_release(&o);
	outline_release(&o);
}

static void expect(const char *text, const char *wanted)
{
	struct strbuf out = STRBUF_INIT;

	print_outline(&out, text, strlen(text));
	if (!str_eq(out.buf, wanted))
		fail_msg("of '%s' came '%s', not '%s'", text, out.buf, wanted);
	strbuf_release(&out);
}

static void test_headings(void **state)
{
	(void)state;
	expect("", "");
	expect("text\n", "");
	expect("# A", "1:1-1-1:A\n");
	expect("# A\r\n", "1:1-1-1:A\n");
	expect("   ###### A ##  \n", "6:1-1-1:A\n");
	expect("    # A\n#B\n####### C\n", "");
	expect("#\n# #\n## C##\n", "1:1-1-1:\n1:2-2-3:\n2:3-3-3:C##\n");
	expect("# [X-1] A `b` #3\n", "1:1-1-1:[X-1] A `b` #3\n");
	expect("A\n=\n\nB\n---\n\nC\nD\n---\n", "1:1-3-9:A\n2:4-9-9:B\n");
	expect("- A\n---\n> B\n---\n| C |\n---\n\n---\n===\n", "");
	expect("# A\nB\n--\nC\n", "1:1-1-4:A\n2:2-4-4:B\n");
}

static void test_sections(void **state)
{
	(void)state;
	expect("x\n# A\na\n## B\nb\n### C\n## D\n# E\n",
	       "1:2-3-7:A\n2:4-5-6:B\n3:6-6-6:C\n2:7-7-7:D\n1:8-8-8:E\n");
	expect("### A\n# B\n", "3:1-1-1:A\n1:2-2-2:B\n");
}

static void test_what_is_no_heading(void **state)
{
	(void)state;
	expect("```sh\n# x\n```\n# A\n", "1:4-4-4:A\n");
	expect("````\n```\n# x\n`````\n# A\n", "1:5-5-5:A\n");
	expect("~~~\n```\n# x\n~~~\n# A\n", "1:5-5-5:A\n");
	expect("- ```\n  # x\n  ```\n# A\n", "1:4-4-4:A\n");
	expect("1. a\n   ```\n# x\n   ```\n# A\n", "1:5-5-5:A\n");
	expect("```x``` y\n# A\n", "1:2-2-2:A\n");
	expect("# A\n```\n# B\n", "1:1-3-3:A\nopen 2\n");
	expect("<!-- a -->\n# A\n<!-- b\n# B\n--> c\n# C\n",
	       "1:2-5-5:A\n1:6-6-6:C\n");
	expect("---\ntitle: x\n# y\n---\n# A\n", "1:5-5-5:A\n");
	expect("---\ntitle: x\n\n# A\n", "1:4-4-4:A\n");
}

static void test_any_bytes(void **state)
{
	static const char bytes[] = "# a\0b\n\0\n\xff\n# \xe2\x82\n#";
	struct outline o = OUTLINE_INIT;

	(void)state;
	outline_parse(&o, bytes, sizeof(bytes) - 1);
	assert_int_equal(o.nr, 3);
	assert_int_equal(o.v[0].title_len, 3);
	assert_int_equal(o.lines, 5);
	outline_release(&o);
}

static void test_heading_at(void **state)
{
	static const char text[] = "x\n# A\n\n## B\ny\n# C\n";
	struct outline o = OUTLINE_INIT;

	(void)state;
	outline_parse(&o, text, sizeof(text) - 1);
	assert_null(outline_heading_at(&o, 0));
	assert_null(outline_heading_at(&o, 1));
	assert_ptr_equal(outline_heading_at(&o, 2), &o.v[0]);
	assert_ptr_equal(outline_heading_at(&o, 3), &o.v[0]);
	assert_ptr_equal(outline_heading_at(&o, 5), &o.v[1]);
	assert_ptr_equal(outline_heading_at(&o, 999), &o.v[2]);
	assert_null(outline_parent(&o, 0));
	assert_ptr_equal(outline_parent(&o, 1), &o.v[0]);
	outline_release(&o);
}

/* --- tables -------------------------------------------------------------- */

static void expect_row(const char *line, unsigned flags, const char *wanted)
{
	struct table_cell cells[4];
	struct strbuf out = STRBUF_INIT;
	size_t nr = table_row(cells, 4, line, strlen(line), flags);

	for (size_t i = 0; i < nr && i < 4; i++)
		strbuf_addf(&out, "%s%.*s", i ? "," : "", (int)cells[i].len,
			    cells[i].text);
	strbuf_addf(&out, "/%zu", nr);
	if (!str_eq(out.buf, wanted))
		fail_msg("of '%s' came '%s', not '%s'", line, out.buf, wanted);
	strbuf_release(&out);
}

static void test_rows(void **state)
{
	(void)state;
	expect_row("| a | b |", 0, "a,b/2");
	expect_row("a|b", 0, "a,b/2");
	expect_row("  |a||", 0, "a,/2");
	expect_row("", 0, "/1");
	expect_row("|", 0, "/1");
	expect_row("| a \\| b | c |", 0, "a \\| b,c/2");
	expect_row("| a \\|", 0, "a \\|/1");
	expect_row("| `a|b` | c |", 0, "`a,b`,c/3");
	expect_row("| `a|b` | c |", TABLE_CODE_SPANS, "`a|b`,c/2");
	expect_row("| ``a`|b`` | c |", TABLE_CODE_SPANS, "``a`|b``,c/2");
	expect_row("| `a | b |", TABLE_CODE_SPANS, "`a,b/2");
	expect_row("| \\`a | b` |", TABLE_CODE_SPANS, "\\`a,b`/2");
	expect_row("|1|2|3|4|5|6|", 0, "1,2,3,4/6");
	expect_row("a\\", 0, "a\\/1");
}

static void test_delimiters(void **state)
{
	struct strbuf wide = STRBUF_INIT;

	(void)state;
	assert_int_equal(table_delimiter("|---|:-:|", 9), 2);
	assert_int_equal(table_delimiter("- | -:", 6), 2);
	assert_int_equal(table_delimiter("|-|", 3), 1);
	assert_int_equal(table_delimiter("---", 3), 0);
	assert_int_equal(table_delimiter("", 0), 0);
	assert_int_equal(table_delimiter("|", 1), 0);
	assert_int_equal(table_delimiter("| a |", 5), 0);
	assert_int_equal(table_delimiter("|-||", 4), 0);
	for (int i = 0; i < TABLE_COLUMNS; i++)
		strbuf_addstr(&wide, "|-");
	assert_int_equal(table_delimiter(wide.buf, wide.len), TABLE_COLUMNS);
	strbuf_addstr(&wide, "|-");
	assert_int_equal(table_delimiter(wide.buf, wide.len), 0);
	strbuf_release(&wide);
}

static void test_fit(void **state)
{
	struct table_cell c[3];

	(void)state;
	assert_true(table_row_fit(c, 3, "| a |", 5));
	assert_int_equal(c[1].len + c[2].len, 0);
	assert_false(table_row_fit(c, 2, "| `a|b` | c |", 13));
	assert_int_equal(c[0].len, 5);
	assert_false(table_row_fit(c, 2, "| a | b | c |", 13));
	assert_int_equal(c[1].text[0], 'b');
}

/* --- size ---------------------------------------------------------------- */

/* Whatever is quadratic takes hours here. */
#define BIG ((size_t)10 << 20)

static void test_big_texts(void **state)
{
	static const char *const repeat[] = {
		"x", "# ", "#\n", "`", "```\n", "- ", "|", "<!--", "<!--\n",
		"\n", "\r", " ", "-", "a\n-\n", "```a\n", "###### a\n# b\n",
	};
	struct strbuf text = STRBUF_INIT;
	struct outline o = OUTLINE_INIT;
	size_t nr = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(repeat); i++) {
		struct table_cell cells[2];

		strbuf_reset(&text);
		while (text.len < BIG)
			strbuf_addstr(&text, repeat[i]);
		outline_parse(&o, text.buf, text.len);
		assert_true(o.nr <= OUTLINE_HEADINGS);
		nr += table_row_fit(cells, 2, text.buf, text.len);
		nr += table_delimiter(text.buf, text.len);
	}
	assert_true(nr > 0);
	/* Runs of every length, none of which closes another. */
	strbuf_reset(&text);
	for (int n = 1; text.len < BIG; n = n % 3000 + 1) {
		strbuf_addchars(&text, '`', (size_t)n);
		strbuf_addch(&text, '|');
	}
	outline_parse(&o, text.buf, text.len);
	assert_true(table_row(NULL, 0, text.buf, text.len, TABLE_CODE_SPANS) > 1);
	outline_release(&o);
	strbuf_release(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_headings),
		cmocka_unit_test(test_sections),
		cmocka_unit_test(test_what_is_no_heading),
		cmocka_unit_test(test_any_bytes),
		cmocka_unit_test(test_heading_at),
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_delimiters),
		cmocka_unit_test(test_fit),
		cmocka_unit_test(test_big_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
