/*
 * Text: UTF-8, terminal safety, quoting, times, sizes and token estimates.
 */
#include "unit.h"

#include <time.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "base/text.h"
#include "base/tokens.h"

#define BAD "\xef\xbf\xbd"

static void test_utf8(void **state)
{
	static const struct {
		const char *bytes, *clean;
	} t[] = {
		{ "abc\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", NULL },
		{ "\xf4\x8f\xbf\xbf\xee\x80\x80\xed\x9f\xbf", NULL },
		{ "a\xff" "b", "a" BAD "b" }, { "\xc0\xaf", BAD BAD },
		{ "\xe0\x80\x80", BAD BAD BAD }, { "\xed\xa0\x80", BAD BAD BAD },
		{ "\xf4\x90\x80\x80", BAD BAD BAD BAD }, { "\xe2\x82", BAD },
		{ "\xe2\x82x", BAD "x" }, { "\xf0\x9f\x98\xc3\xa9", BAD "\xc3\xa9" },
		{ "\x80x", BAD "x" }, { "\xc3", BAD },
	};
	struct strbuf out = STRBUF_INIT;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(t); i++) {
		const char *clean = t[i].clean ? t[i].clean : t[i].bytes;

		strbuf_reset(&out);
		utf8_add_clean(&out, t[i].bytes, strlen(t[i].bytes));
		assert_string_equal(out.buf, clean);
		assert_int_equal(utf8_valid(t[i].bytes, strlen(t[i].bytes)),
				 !t[i].clean);
	}
	assert_true(utf8_valid("a\0b", 3));
	assert_true(utf8_valid("", 0));
	strbuf_release(&out);
}

static void test_width(void **state)
{
	(void)state;
	assert_int_equal(utf8_width("abc", 3), 3);
	assert_int_equal(utf8_width("\xc3\xa9", 2), 1);
	assert_int_equal(utf8_width("e\xcc\x81", 3), 1);		/* combining */
	assert_int_equal(utf8_width("\xe6\xbc\xa2\xe5\xad\x97", 6), 4);
	assert_int_equal(utf8_width("\xf0\x9f\x98\x80", 4), 2);
	assert_int_equal(utf8_width("\xe2\x80\x8b", 3), 0);	/* zero width space */
	assert_int_equal(utf8_width("\xff", 1), 1);
	assert_int_equal(utf8_width("\t\x7f", 2), 0);
	assert_int_equal(utf8_width("\xe2\x94\x80\xe2\x9c\x93", 6), 2);
}

static void safe(const char *text, bool one_line, const char *expected)
{
	struct strbuf out = STRBUF_INIT;

	text_add_safe(&out, text, strlen(text), one_line);
	assert_string_equal(out.buf, expected);
	strbuf_release(&out);
}

static void test_safe(void **state)
{
	struct strbuf in = STRBUF_INIT, out = STRBUF_INIT;
	int i;

	(void)state;
	safe("a\tb\nc\r\x07\x7f", false, "a\tb\nc");
	safe("a\tb\nc", true, "a b c");
	safe("\x1b[31mred\x1b[0m", false, "red");
	safe("\x1b[?25;1 qx\x1b(Bx\x1b" "cx", false, "xxx");
	safe("\x1b]0;title\ax\x1b]8;;http://a\x1b\\y\x1bPq\x1b\\z", false, "xyz");
	safe("\xc2\x9b" "31mx\xc2\x9d" "0;t\xc2\x9cy\xc2\x85", false, "xy");
	safe("\xff\xc3\xa9", false, BAD "\xc3\xa9");
	safe("x\x1b", false, "x");
	safe("x\x1b[", false, "x");
	safe("x\x1b[31", false, "x");
	/* A string that nothing ends hides nothing. */
	safe("x\x1b]0;title\ny\a", false, "x0;title\ny");
	safe("\x1b\x1b[1mx", false, "x");
	for (i = 0; i < 200000; i++)
		strbuf_addstr(&in, "\x1b]");
	text_add_safe(&out, in.buf, in.len, true);
	assert_int_equal(out.len, 0);
	strbuf_release(&in);
	strbuf_release(&out);
}

static void quoted(const char *path, const char *expected)
{
	struct strbuf out = STRBUF_INIT;

	strbuf_addstr(&out, "M ");
	text_add_quoted_path(&out, path, strlen(path));
	assert_string_equal(out.buf + 2, expected);
	strbuf_release(&out);
}

static void shell_word(const char *s, const char *want)
{
	struct strbuf out = STRBUF_INIT;

	text_add_shell_word(&out, s, strlen(s));
	assert_string_equal(out.buf, want);
	strbuf_release(&out);
}

static void test_shell_word(void **state)
{
	(void)state;
	shell_word("docs/fix_plan.md", "docs/fix_plan.md");
	shell_word("\xc3\xa9.md", "\xc3\xa9.md");
	shell_word("", "''");
	shell_word("a b$(c).md", "'a b$(c).md'");
	shell_word("it's \"it\"", "'it'\\''s \"it\"'");
	shell_word("~", "'~'");
	shell_word("a\nit's\\\x1b\xff", "$'a\\nit\\'s\\\\\\033\\377'");
	shell_word("\xc2\x9b", "$'\\302\\233'");
}

static void test_quoted_path(void **state)
{
	(void)state;
	quoted("a b/c'd.md", "a b/c'd.md");
	quoted("caf\xc3\xa9", "caf\xc3\xa9");
	quoted("a\"b", "\"a\\\"b\"");
	quoted("a\\b", "\"a\\\\b\"");
	quoted("\a\b\t\n\v\f\r\x1b\x7f", "\"\\a\\b\\t\\n\\v\\f\\r\\033\\177\"");
	quoted("\xc3\xa9\xff", "\"\xc3\xa9\\377\"");
	quoted("\xc2\x9b", "\"\\302\\233\"");
	quoted("", "");
}

static void test_durations(void **state)
{
	static const struct {
		const char *text;
		int64_t seconds;
	} good[] = {
		{ "0", 0 }, { "90", 90 }, { "90s", 90 }, { "15m", 900 },
		{ "2h", 7200 }, { "3d", 259200 }, { "30days", 2592000 },
		{ "1day", 86400 }, { "1h30m", 5400 }, { "2weeks", 1209600 },
		{ "1d2h3m4s", 93784 }, { "5min", 300 }, { "10hours", 36000 },
		{ "3650d", 315360000 },
	}, shown[] = {
		{ "0s", 0 }, { "40s", 40 }, { "1m", 60 }, { "8m02s", 482 },
		{ "6m13s", 373 }, { "3h05m", 11100 }, { "3h", 10800 },
		{ "3h", 10859 }, { "2d4h", 187200 }, { "2d", 172800 },
		{ "10d", 867600 },
		{ "-1m", -60 },
	};
	static const char *const bad[] = {
		"", "x", "s", "-1", "1.5h", " 1", "1 ", "1h30", "30m1h", "1m1m",
		"1y", "1M", "mins", "5ms", "5ss", "11years", "4000d",
		"99999999999", "9999999999w", "1d3653d", "0x10", "+1"
	};
	int64_t n;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(good); i++) {
		if (duration_parse(&n, good[i].text) < 0)
			fail_msg("%s", error_message());
		assert_int_equal(n, good[i].seconds);
	}
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		if (duration_parse(&n, bad[i]) != ORCH_EINVALID)
			fail_msg("accepted: '%s'", bad[i]);
	duration_parse(&n, "soon");
	assert_string_equal(error_message(), "bad duration 'soon'");
	for (i = 0; i < ARRAY_SIZE(shown); i++)
		assert_string_equal(duration_human(shown[i].seconds), shown[i].text);
	assert_string_equal(duration_human_ms(1777), "2s");
	assert_string_equal(duration_human_ms(1499), "1s");
	assert_string_equal(duration_human_ms(1500), "2s");
	assert_string_equal(duration_human_ms(59600), "1m");
	assert_string_equal(duration_human_ms(-400), "0s");
}

static void iso(const char *text, int64_t expected)
{
	int64_t ms = -1;

	if (time_parse_iso(&ms, text) < 0)
		fail_msg("%s", error_message());
	assert_true(ms == expected);
}

static void test_times(void **state)
{
	static const char *const bad[] = {
		"", "2026", "2026-01-22", "2026-01-22T02:40:02", "2026-13-01T00:00:00Z",
		"2026-02-29T00:00:00Z", "2026-00-01T00:00:00Z", "2026-01-00T00:00:00Z",
		"2026-01-22T24:00:00Z", "2026-01-22T00:60:00Z", "2026-01-22T00:00:61Z",
		"2026-01-22T00:00:00.Z", "2026-01-22T00:00:00Zx", "26-01-22T00:00:00Z",
		"2026-01-22T00:00:00+1", "2026-01-22T00:00:00+24:00",
		"2026-01-22T00:00:00+01:60", "-026-01-22T00:00:00Z"
	};
	char buf[TIME_ISO_SIZE];
	int64_t ms;
	size_t i;

	(void)state;
	assert_string_equal(time_iso(buf, INT64_C(1769049602999)),
			    "2026-01-22T02:40:02Z");
	assert_string_equal(time_iso(buf, 0), "1970-01-01T00:00:00Z");
	assert_string_equal(time_iso(buf, -1), "1969-12-31T23:59:59Z");
	assert_string_equal(time_iso(buf, INT64_C(-62135596800000)),
			    "0001-01-01T00:00:00Z");
	assert_string_equal(time_iso(buf, INT64_MAX), "?");
	iso("2026-01-22T02:40:02Z", INT64_C(1769049602000));
	iso("2026-01-22T02:40:02.1239Z", INT64_C(1769049602123));
	iso("2026-01-22T02:40:02.5+01:00", INT64_C(1769046002500));
	iso("2026-01-22 02:40:02-0130", INT64_C(1769055002000));
	iso("2024-02-29t23:59:60z", INT64_C(1709251200000));
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		if (time_parse_iso(&ms, bad[i]) != ORCH_EINVALID)
			fail_msg("accepted: '%s'", bad[i]);
	setenv("TZ", "UTC-2", 1);
	tzset();
	assert_string_equal(time_clock(buf, INT64_C(1769049602999)), "04:40");
	assert_true(time_now_ms() > INT64_C(1700000000000));
	ms = time_boot_ms();
	assert_true(ms > 0 && time_boot_ms() >= ms);
}

static void test_counts(void **state)
{
	static const struct {
		int64_t n;
		const char *text;
	} t[] = {
		{ 0, "0" }, { 612, "612" }, { 999, "999" }, { 1000, "1.0k" },
		{ 1700, "1.7k" }, { 98349, "98.3k" }, { 98350, "98.4k" },
		{ 402700, "402.7k" }, { 999949, "999.9k" }, { 999950, "1.0M" },
		{ 1100000, "1.1M" }, { -1700, "-1.7k" },
		{ INT64_MAX, "9.2E" }, { INT64_MIN, "-9.2E" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(t); i++)
		assert_string_equal(count_human(t[i].n), t[i].text);
	assert_int_equal(tokens_of_size(0), 0);
	assert_int_equal(tokens_of_size(1), 1);
	assert_int_equal(tokens_of_size(4), 1);
	assert_int_equal(tokens_of_size(5), 2);
	assert_true(tokens_of_size(UINT64_MAX) == INT64_C(1) << 62);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_utf8),
		cmocka_unit_test(test_width),
		cmocka_unit_test(test_safe),
		cmocka_unit_test(test_quoted_path),
		cmocka_unit_test(test_shell_word),
		cmocka_unit_test(test_durations),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
