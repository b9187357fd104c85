/*
 * What delta reads of what others wrote: the last paragraph of a log, what the
 * input document says, git's listings, a diff that is too long.
 */
#include "unit.h"

#include "base/strbuf.h"
#include "orch/delta.h"
#include "orch/delta_parse.h"

static void words(enum agent_kind kind, const char *log, const char *wanted,
		  unsigned wanted_line)
{
	struct strbuf s = STRBUF_INIT;
	unsigned line = 0;
	bool found = delta_last_words(&s, &line, kind, log, strlen(log));

	assert_int_equal(found, *wanted != '\0');
	if (!str_eq(s.buf, wanted) || (found && line != wanted_line))
		fail_msg("of '%s' came '%s' in line %u", log, s.buf, line);
	strbuf_release(&s);
}

static void test_words(void **state)
{
	(void)state;
	words(AGENT_OTHER, "", "", 0);
	words(AGENT_OTHER, " \n\t\n\n", "", 0);
	words(AGENT_OTHER, "one", "one", 1);
	words(AGENT_OTHER, "a\n\nb\nc\n\n \n", "b\nc", 3);
	words(AGENT_OTHER, "a\r\n\r\nb\r\n", "b", 3);
	words(AGENT_OTHER, "a\n\n\033[1mb\033[m\x07\n", "b", 3);
	words(AGENT_CLAUDE, "starting\n\nno JSON\n", "no JSON", 3);
	words(AGENT_CLAUDE, "{\"type\":\"assistant\",\"message\":{\"content\":[{\"type\":\"text\","
	      "\"text\":\"a\\n\\nb\\nc\"}]}}\n{\"type\":\"result\",\"result\":\"a\"}\n",
	      "b\nc", 1);
	/* A tool use ends a paragraph, and says nothing itself. */
	words(AGENT_CLAUDE, "{\"type\":\"assistant\",\"message\":{\"content\":[{\"type\":\"text\","
	      "\"text\":\"a\"},{\"type\":\"tool_use\",\"name\":\"Edit\"},"
	      "{\"type\":\"text\",\"text\":\"b\"},"
	      "{\"type\":\"tool_use\",\"name\":\"Edit\"}]}}\n", "b", 1);
	words(AGENT_CODEX, "{\"type\":\"item.completed\",\"item\":{\"id\":\"1\","
	      "\"type\":\"agent_message\",\"text\":\"x\\n\\ndone\"}}\n", "done", 1);
}

static void test_long_words(void **state)
{
	struct strbuf log = STRBUF_INIT, s = STRBUF_INIT;
	unsigned line;

	(void)state;
	strbuf_addstr(&log, "first\n\n");
	while (log.len < 100000)
		strbuf_addstr(&log, "\xc3\xa4 long line \xe2\x82\xac\n");
	assert_true(delta_last_words(&s, &line, AGENT_OTHER, log.buf, log.len));
	assert_int_equal(line, 3);
	assert_in_range(s.len, DELTA_SAID_MAX - 20, DELTA_SAID_MAX + 3);
	assert_string_equal(s.buf + s.len - 3, "...");
	assert_null(strstr(s.buf, "\xef\xbf\xbd"));
	strbuf_release(&log);
	strbuf_release(&s);
}

static void input(const char *text, const char *wanted, unsigned wanted_line)
{
	struct strbuf s = STRBUF_INIT;
	unsigned line = 0;
	bool found = delta_input_says(&s, &line, text, strlen(text));

	assert_int_equal(found, *wanted != '\0');
	if (!str_eq(s.buf, wanted) || (found && line != wanted_line))
		fail_msg("of '%s' came '%s' in line %u", text, s.buf, line);
	strbuf_release(&s);
}

static void test_input(void **state)
{
	(void)state;
	input("", "", 0);
	input("Focus: A\n", "", 0);
	input("Do Now: x\nSummary: y\n", "y", 2);
	input("Summary:\n\nDo Now: x\n", "x", 3);
	input("**Summary:** y\n", "y", 1);
	input("Focus: A\nDo Now (hard):\n- a\n- b\n\nMore: c\n", "- a\n- b", 2);
	input("# Next\n\n## Do Now\n\nrun it\nnow\n\n## Else\n", "run it\nnow", 3);
	input("Summary:\nFocus: x\nDo Now: z\n", "z", 3);
	input("```\nSummary: code\n```\n", "", 0);
}

static void add_count(const char *path, int64_t added, int64_t removed, void *data)
{
	strbuf_addf(data, "%s %" PRId64 " %" PRId64 ";", path, added, removed);
}

static void test_numstat(void **state)
{
	static const char records[] = "1\t2\ta b\0-\t-\tbin\0" "3\t0\t\0old\0new\nname\0" "4\t5";
	struct strbuf in = STRBUF_INIT, out = STRBUF_INIT;

	(void)state;
	strbuf_add(&in, records, sizeof(records) - 1);
	delta_parse_numstat(&in, add_count, &out);
	assert_string_equal(out.buf, "a b 1 2;bin -1 -1;new\nname 3 0;");
	strbuf_release(&in);
	strbuf_release(&out);
}

static void test_patch(void **state)
{
	struct delta_patch p = DELTA_PATCH_INIT;
	struct strbuf in = STRBUF_INIT;

	(void)state;
	strbuf_addstr(&in, "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1,9999 +1 @@\n"
		      "--- a/no name\n");
	for (int i = 0; i < 9999; i++)
		strbuf_addf(&in, "-%d\n", i);
	strbuf_addstr(&in, "diff --git \"a/q\\n\" \"b/q\\n\"\n--- /dev/null\n"
		      "+++ \"b/q\\n\"\n@@ -0,0 +1 @@\n+");
	strbuf_addchars(&in, 'x', 2 * DELTA_PATCH_FILE);
	strbuf_addstr(&in, "\n+end\ndiff --git a/b c b/b c\n"
		      "Binary files a/b c and b/b c differ\n");
	for (size_t i = 0; i < in.len; i += 1000)
		delta_patch_feed(&p, in.buf + i, in.len - i < 1000 ? in.len - i : 1000);
	delta_patch_end(&p);
	assert_int_equal(p.nr, 3);
	assert_string_equal(p.v[0].path, "x");
	assert_in_range(p.v[0].len, DELTA_PATCH_FILE - 10, DELTA_PATCH_FILE);
	assert_in_range(p.v[0].left, 1000, 9998);
	assert_string_equal(p.v[1].path, "\"q\\n\"");
	assert_int_equal(p.v[1].left, 2);
	assert_string_equal(p.v[2].path, "b c");
	assert_false(p.full);
	for (int i = 0; i < 100; i++)
		delta_patch_feed(&p, in.buf, in.len);
	assert_true(p.full);
	assert_in_range(p.text.len, DELTA_PATCH_ALL, DELTA_PATCH_ALL + DELTA_PATCH_FILE);
	delta_patch_release(&p);
	strbuf_release(&in);
}

static void test_parts(void **state)
{
	unsigned parts = 99;

	(void)state;
	assert_int_equal(delta_parts_parse(&parts, "files"), 0);
	assert_int_equal(parts, DELTA_FILES);
	assert_int_equal(delta_parts_parse(&parts, "plan,lines"), 0);
	assert_int_equal(parts, DELTA_PLAN | DELTA_FILES | DELTA_LINES);
	assert_true(delta_parts_parse(&parts, "") < 0);
	assert_true(delta_parts_parse(&parts, "plan,") < 0);
	assert_true(delta_parts_parse(&parts, ",plan") < 0);
	assert_true(delta_parts_parse(&parts, "fil") < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_long_words),
		cmocka_unit_test(test_input),
		cmocka_unit_test(test_numstat),
		cmocka_unit_test(test_patch),
		cmocka_unit_test(test_parts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
