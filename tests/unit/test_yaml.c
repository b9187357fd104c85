/*
 * YAML: what a settings file means, and what is refused.
 */
#include "unit.h"

#include "base/error.h"
#include "base/json.h"
#include "base/strbuf.h"
#include "base/yaml.h"

static void reads(const char *text, const char *json)
{
	struct strbuf out = STRBUF_INIT;
	struct json *value;

	if (yaml_parse(&value, text, strlen(text), "t") < 0)
		fail_msg("%s: %s", text, error_message());
	json_print(&out, value);
	assert_string_equal(out.buf, json);
	json_free(value);
	strbuf_release(&out);
}

static void refused_bytes(const char *text, size_t len, const char *why)
{
	struct json *value = (struct json *)&value;

	if (yaml_parse(&value, text, len, "t") != ORCH_EINVALID)
		fail_msg("accepted: %s", text);
	assert_null(value);
	if (!strstr(error_message(), why) || !str_starts(error_message(), "t:"))
		fail_msg("%s: got '%s', not '%s'", text, error_message(), why);
}

static void refused(const char *text, const char *why)
{
	refused_bytes(text, strlen(text), why);
}

static void test_values(void **state UNUSED)
{
	reads("", "null");
	reads("# nothing\n", "null");
	reads("a: 1\nb: -2\nc: '3'\nd: 1.5\ne: 007x\n",
	      "{\"a\":1,\"b\":-2,\"c\":\"3\",\"d\":\"1.5\",\"e\":\"007x\"}");
	reads("[true, false, ~, null, \"\", yes, \"true\"]",
	      "[true,false,null,null,\"\",\"yes\",\"true\"]");
	reads("a:\n  - b: c\n    d: [e, {f: g}]\n  - |\n    x\n    y\n",
	      "{\"a\":[{\"b\":\"c\",\"d\":[\"e\",{\"f\":\"g\"}]},\"x\\ny\\n\"]}");
	reads("99999999999999999999", "\"99999999999999999999\"");
	reads("!!python/object/apply:os.system [x]", "[\"x\"]");
	reads("---\na: b\n...\n", "{\"a\":\"b\"}");
}

static void test_aliases(void **state UNUSED)
{
	reads("a: &x {k: v}\nb: *x\nc: &x 2\nd: *x\n",
	      "{\"a\":{\"k\":\"v\"},\"b\":{\"k\":\"v\"},\"c\":2,\"d\":2}");
	reads("- &a 1\n- &b [*a]\n- *b\n", "[1,[1],[1]]");
	refused("a: *x\n", "alias");
	refused("a: &a [*a]\n", "alias");
}

static void test_limits(void **state UNUSED)
{
	struct strbuf sb = STRBUF_INIT;

	strbuf_addstr(&sb, "l0: &l0 [x, x, x, x, x, x, x, x, x, x]\n");
	for (int i = 1; i < 10; i++) {
		strbuf_addf(&sb, "l%d: &l%d [", i, i);
		for (int k = 0; k < 10; k++)
			strbuf_addf(&sb, "*l%d, ", i - 1);
		strbuf_addstr(&sb, "]\n");
	}
	refused(sb.buf, "more than this reader takes");

	strbuf_reset(&sb);
	strbuf_addchars(&sb, '[', 100000);
	refused(sb.buf, "too deep");

	/* deep by aliases only */
	strbuf_reset(&sb);
	strbuf_addstr(&sb, "- &a0 [x]\n");
	for (int i = 1; i < 40; i++)
		strbuf_addf(&sb, "- &a%d [*a%d]\n", i, i - 1);
	refused(sb.buf, "too deep");

	strbuf_reset(&sb);
	for (int i = 0; i < 2000; i++)
		strbuf_addf(&sb, "k%d: 1\n", i);
	refused(sb.buf, "too many keys");

	strbuf_reset(&sb);
	for (int i = 0; i < 300; i++)
		strbuf_addf(&sb, "- &n%d 1\n", i);
	refused(sb.buf, "too many anchors");

	strbuf_reset(&sb);
	strbuf_addchars(&sb, 'x', YAML_MAX + 1);
	refused(sb.buf, "larger than");
	strbuf_release(&sb);
}

static void test_refused(void **state UNUSED)
{
	refused("a: 1\na: 2\n", "t:2: a key twice");
	refused("? [a]\n: b\n", "no scalar");
	refused("a: 1\n---\nb: 2\n", "second document");
	refused("a: \"\\0\"\n", "NUL");
	refused("\"a\\0b\": 1\n", "NUL");
	refused_bytes("a: \0b\n", 6, "control characters");
	refused("a: \xff\n", "at byte");
	refused("a: [1\n", "t:2:");
	refused("a: 'x\n", "t:");
	refused("\tx: 1\n", "t:1:");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_aliases),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
