/*
 * JSON: the promises of the header, one test for each trap of cJSON.
 */
#include "unit.h"

#include <math.h>

#include "base/error.h"
#include "base/json.h"
#include "base/strbuf.h"

static struct json *good(const char *text)
{
	struct json *value;

	if (json_parse(&value, text, strlen(text), "t") < 0)
		fail_msg("%s: %s", text, error_message());
	return value;
}

static void refused_bytes(const char *text, size_t len, const char *why)
{
	struct json *value = (struct json *)&value;

	if (json_parse(&value, text, len, "t") != ORCH_EINVALID)
		fail_msg("accepted: %s", text);
	assert_null(value);
	if (!strstr(error_message(), why) || !str_starts(error_message(), "t:"))
		fail_msg("%s: got '%s', not '%s'", text, error_message(), why);
}

static void refused(const char *text, const char *why)
{
	refused_bytes(text, strlen(text), why);
}

static void printed(const struct json *value, const char *expected)
{
	struct strbuf out = STRBUF_INIT;

	json_print(&out, value);
	assert_string_equal(out.buf, expected);
	strbuf_release(&out);
}

static void round_trip(const char *text, const char *expected)
{
	struct json *value = good(text);

	printed(value, expected);
	json_free(value);
}

static void test_reading(void **state)
{
	struct json *v = good("\xef\xbb\xbf {\"a\": {\"b\": [1, true, null, \"x\"]}, "
			      "\"n\": -7, \"r\": 0.5, \"z\": null, \"t\": true}\n");
	const struct json *list = json_path(v, "a.b"), *c;
	int64_t n = 99;
	double x;

	(void)state;
	assert_true(json_is_array(list));
	assert_int_equal(json_count(list), 4);
	c = json_first(list);
	assert_true(json_is_number(c));
	assert_true(json_is_true(c = json_next(c)));
	assert_true(json_is_null(c = json_next(c)));
	assert_string_equal(json_string(c = json_next(c)), "x");
	assert_null(json_next(c));
	assert_null(json_path(v, "a.x.y"));
	assert_null(json_path(v, "a."));
	assert_null(json_path(v, "n.a"));
	assert_null(json_get(list, "a"));
	assert_null(json_get(NULL, "a"));
	assert_null(json_first(NULL));
	assert_int_equal(json_count(NULL), 0);
	assert_false(json_is_null(NULL));
	assert_null(json_get_string(v, "n"));
	assert_int_equal(json_get_int(v, "n", &n), 0);
	assert_int_equal(n, -7);
	assert_int_equal(json_get_int(v, "r", &n), ORCH_EINVALID);
	assert_int_equal(json_get_int(v, "t", &n), ORCH_EINVALID);
	assert_int_equal(json_get_int(v, "z", &n), ORCH_ENOTFOUND);
	assert_int_equal(json_get_int(v, "no", &n), ORCH_ENOTFOUND);
	assert_int_equal(n, -7);
	assert_int_equal(json_get_real(v, "r", &x), 0);
	assert_true(x > 0.49 && x < 0.51);
	assert_true(json_get_bool(v, "t", false));
	assert_true(json_get_bool(v, "n", true));	/* no boolean */
	assert_string_equal(json_key(json_first(v)), "a");
	json_free(v);
	json_free(NULL);
}

static void test_case_matters(void **state)
{
	struct json *v = good("{\"Key\":1,\"key\":2}");
	int64_t n;

	(void)state;
	assert_int_equal(json_get_int(v, "key", &n), 0);
	assert_int_equal(n, 2);
	assert_null(json_get(v, "KEY"));
	json_set(v, "key", json_new_string("x"));
	printed(v, "{\"Key\":1,\"key\":\"x\"}");
	json_free(v);
}

static void test_duplicates(void **state)
{
	static const char text[] =
		"[{\"a\":{\"b\":1,\"c\":2,\"b\":3,\"b\":4},\"a\":5,\"d\":6}]";
	struct json *v;

	(void)state;
	refused(text, "duplicate key 'a'");
	refused("{\"x\":{\"b\":1,\"\\u0062\":2}}", "duplicate key 'b'");
	assert_int_equal(json_parse_lenient(&v, text, strlen(text), "t"), 0);
	printed(v, "[{\"a\":{\"b\":1,\"c\":2},\"d\":6}]");
	json_free(v);
}

/* 200,000 members: comparing each with each would take minutes. */
static void test_many_keys(void **state)
{
	struct strbuf text = STRBUF_INIT;
	struct json *v;
	int i;

	(void)state;
	strbuf_addch(&text, '{');
	for (i = 0; i < 200000; i++)
		strbuf_addf(&text, "%s\"k%d\":%d", i ? "," : "", i, i);
	strbuf_addch(&text, '}');
	assert_int_equal(json_parse(&v, text.buf, text.len, "t"), 0);
	assert_int_equal(json_count(v), 200000);
	json_free(v);
	strbuf_setlen(&text, text.len - 1);
	strbuf_addstr(&text, ",\"k77\":0}");
	refused_bytes(text.buf, text.len, "duplicate key 'k77'");
	strbuf_release(&text);
}

static void test_nul(void **state)
{
	static const char raw[] = "\"a\0b\"";
	struct json *v;

	(void)state;
	refused("\"a\\u0000b\"", "t:1:3: not valid JSON: NUL character");
	refused("{\"a\\u0000\":1}", "NUL character");
	refused_bytes(raw, sizeof(raw) - 1, "control character");
	assert_int_equal(json_parse_lenient(&v, raw, sizeof(raw) - 1, "t"), 0);
	assert_string_equal(json_string(v), "a\xef\xbf\xbd" "b");
	json_free(v);
	assert_int_equal(json_parse_lenient(&v, "[\"a\\u0000b\",\"\\ud83dx\"]",
					    22, "t"), 0);
	printed(v, "[\"a\xef\xbf\xbd" "b\",\"\xef\xbf\xbdx\"]");
	json_free(v);
	/* An escaped backslash before "u0000" is no NUL. */
	v = good("\"\\\\u0000\"");
	assert_string_equal(json_string(v), "\\u0000");
	json_free(v);
}

static void test_grammar(void **state)
{
	static const char *const texts[] = {
		"", " ", "{", "[", "[1,]", "{\"a\":1,}", "{\"a\"}", "{\"a\":}",
		"{a:1}", "{'a':1}", "[1 2]", "[,1]", "01", "-", "+1", "1.", ".5",
		"1e", "1e+", "0x10", "NaN", "Infinity", "-Infinity", "nul",
		"True", "\"", "\"\\\"", "\"\\x41\"", "\"\\u12\"", "\"\\u12g4\"",
		"\"a\nb\"", "\"\t\"", "// c\n1", "[1]]", "{\"a\":1]", "\\", "\"\\",
		"\"\\u", "[\"\\ud800\\u\"]", "\v1"
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(texts); i++)
		refused(texts[i], "not valid JSON");
	refused("{\"a\":1} x", "t:1:9: not valid JSON: text behind the value");
	refused_bytes("1\0", 2, "text behind");
	refused("[1,\n 2,\n  x]", "t:3:3:");
	refused("\"\\ud800\"", "surrogate");
	refused("\"\\udc00\\ud800\"", "surrogate");
	round_trip(" [ ] ", "[]");
	round_trip("{ }", "{}");
	round_trip("\"\\ud83d\\ude00\\/\\b\"", "\"\xf0\x9f\x98\x80/\\b\"");
	round_trip("null", "null");
}

static void test_utf8(void **state)
{
	struct json *v;

	(void)state;
	refused("\"\xff\"", "invalid UTF-8");
	refused("\"\xc0\x80\"", "invalid UTF-8");
	refused("\"\xed\xa0\x80\"", "invalid UTF-8");
	refused("{\"\xe2\x82\":1}", "invalid UTF-8");
	v = json_new_object();
	json_add_string(v, "k\xff", "a\xc3" "b\x01\x7f\"\\\n");
	json_add_bytes(v, "b", "x\0\xfez\0", 5);
	json_add_bytes(v, "e", "", 0);
	printed(v, "{\"k\xef\xbf\xbd\":\"a\xef\xbf\xbd" "b\\u0001\\u007f\\\"\\\\\\n\","
		"\"b\":\"x\xef\xbf\xbd\xef\xbf\xbdz\xef\xbf\xbd\",\"e\":\"\"}");
	json_free(v);
}

static void test_depth(void **state)
{
	struct strbuf text = STRBUF_INIT;
	struct json *v;

	(void)state;
	strbuf_addchars(&text, '[', 128);
	strbuf_addchars(&text, ']', 128);
	assert_int_equal(json_parse(&v, text.buf, text.len, "t"), 0);
	json_free(v);
	strbuf_reset(&text);
	strbuf_addchars(&text, '[', 129);
	strbuf_addchars(&text, ']', 129);
	refused_bytes(text.buf, text.len, "nested more than 128 deep");
	strbuf_reset(&text);
	strbuf_addchars(&text, '[', 1000000);
	refused_bytes(text.buf, text.len, "nested more than 128 deep");
	strbuf_release(&text);
}

static void test_numbers(void **state)
{
	struct json *v = good("{\"a\":9007199254740991,\"b\":9007199254740993,"
			      "\"c\":1e3,\"d\":12345678901234567890,"
			      "\"e\":3000000000,\"f\":-9007199254740991}");
	int64_t n;

	(void)state;
	assert_int_equal(json_get_int(v, "a", &n), 0);
	assert_true(n == INT64_C(9007199254740991));
	assert_int_equal(json_get_int(v, "f", &n), 0);
	assert_true(n == -INT64_C(9007199254740991));
	assert_int_equal(json_get_int(v, "b", &n), ORCH_EINVALID);
	assert_int_equal(json_get_int(v, "d", &n), ORCH_EINVALID);
	assert_int_equal(json_get_int(v, "c", &n), 0);
	assert_int_equal(n, 1000);
	assert_int_equal(json_get_int(v, "e", &n), 0);	/* above valueint */
	assert_true(n == INT64_C(3000000000));
	json_free(v);
	refused("1e400", "number out of range");
	refused("[-1e999]", "number out of range");
	refused("0.1234567890123456789012345678901234567890123456789012345678901",
		"60 characters");
	round_trip("[0.1,1e-400,1e22,-0.0,1.5e300,100000000000000000000]",
		   "[0.1,0,1e+22,0,1.5e+300,1e+20]");
	v = json_new_array();
	json_add_int(v, NULL, INT64_MAX);
	json_add_int(v, NULL, INT64_MIN);
	json_add_int(v, NULL, 9007199254740991);
	json_add_int(v, NULL, 0);
	json_add_real(v, NULL, (double)NAN);
	json_add_real(v, NULL, (double)INFINITY);
	json_add_real(v, NULL, 1.0 / 3);
	json_add_real(v, NULL, 3.0);
	printed(v, "[9223372036854775807,-9223372036854775808,9007199254740991,0,"
		"null,null,0.3333333333333333,3]");
	json_free(v);
}

static void test_writing(void **state)
{
	struct json *v = json_new_object(), *copy;
	struct strbuf out = STRBUF_INIT;

	(void)state;
	json_add_int(v, "version", 1);
	json_add_bool(json_add_object(v, "o"), "b", false);
	json_add_null(json_add_array(v, "a"), NULL);
	json_add_array(v, "e");
	json_add_string(v, "s", NULL);
	copy = json_copy(v);
	json_set(v, "o", json_new_string("new"));
	json_set(v, "p", json_new_string("added"));
	printed(v, "{\"version\":1,\"o\":\"new\",\"a\":[null],\"e\":[],\"s\":null,"
		"\"p\":\"added\"}");
	json_free(v);
	json_print_pretty(&out, copy);
	assert_string_equal(out.buf,
			    "{\n  \"version\": 1,\n  \"o\": {\n    \"b\": false\n"
			    "  },\n  \"a\": [\n    null\n  ],\n  \"e\": [],\n"
			    "  \"s\": null\n}\n");
	strbuf_release(&out);
	json_free(copy);
	assert_null(json_copy(NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reading),
		cmocka_unit_test(test_case_matters),
		cmocka_unit_test(test_duplicates),
		cmocka_unit_test(test_many_keys),
		cmocka_unit_test(test_nul),
		cmocka_unit_test(test_grammar),
		cmocka_unit_test(test_utf8),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_writing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
