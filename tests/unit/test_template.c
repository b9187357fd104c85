/*
 * Mustache: the cases of its specification that we serve, our two choices,
 * and what a hostile template runs into.
 */
#include "unit.h"

#include "base/error.h"
#include "base/json.h"
#include "base/strbuf.h"
#include "base/template.h"

static int render(struct strbuf *out, const char *text, const char *data)
{
	struct json *value;
	int rc;

	if (json_parse(&value, data, strlen(data), "data") < 0)
		fail_msg("%s: %s", data, error_message());
	strbuf_reset(out);
	rc = template_render(out, text, strlen(text), "t", value);
	json_free(value);
	return rc;
}

static void gives(const char *text, const char *data, const char *expected)
{
	struct strbuf out = STRBUF_INIT;

	if (render(&out, text, data) < 0)
		fail_msg("%s: %s", text, error_message());
	if (!str_eq(out.buf, expected))
		fail_msg("%s:\ngot  [%s]\nwant [%s]", text, out.buf, expected);
	strbuf_release(&out);
}

static void fails(const char *text, const char *data, const char *message)
{
	struct strbuf out = STRBUF_INIT;

	assert_int_equal(render(&out, text, data), ORCH_EINVALID);
	assert_int_equal(out.len, 0);
	assert_string_equal(error_message(), message);
	strbuf_release(&out);
}

static void test_interpolation(void **state)
{
	(void)state;
	gives("Hello from {Mustache}!\n", "{}", "Hello from {Mustache}!\n");
	gives("Hello, {{subject}}!\n", "{\"subject\":\"world\"}", "Hello, world!\n");
	gives("{{f}} {{{f}}} {{&f}} {{& f }} {{{ f }}}", "{\"f\":\"& \\\" < >\"}",
	      "& \" < > & \" < > & \" < > & \" < > & \" < >");
	gives("{{i}} {{r}} {{b}}", "{\"i\":85,\"r\":1.21,\"b\":1e3}", "85 1.21 1000");
	gives("({{n}})({{e}})", "{\"n\":null,\"e\":\"\"}", "()()");
	gives("{{t}} {{f}}", "{\"t\":true,\"f\":false}", "true false");
	gives("|{{a.b.c}}|", "{\"a\":{\"b\":{\"c\":\"x\"}}}", "|x|");
	gives("| {{ s }} |", "{\"s\":\"---\"}", "| --- |");
	gives("  {{s}}\n", "{\"s\":\"---\"}", "  ---\n");
	gives("{{.}}", "\"x\"", "x");
	gives("", "{}", "");
	gives("{{{a}}}}", "{\"a\":1}", "1}");
	gives("\xff{{a}}\xfe", "{\"a\":1}", "\xff" "1\xfe");
	/* What a value holds is not looked at again. */
	gives("{{a}}", "{\"a\":\"{{b}}\"}", "{{b}}");
}

static void test_sections(void **state)
{
	(void)state;
	gives("\"{{#b}}yes{{/b}}\"", "{\"b\":true}", "\"yes\"");
	gives("\"{{#b}}yes{{/b}}\"", "{\"b\":false}", "\"\"");
	gives("{{#n}}x{{/n}}{{#e}}x{{/e}}{{#l}}x{{/l}}",
	      "{\"n\":null,\"e\":\"\",\"l\":[]}", "");
	gives("{{#z}}zero{{/z}} {{#o}}object{{/o}}", "{\"z\":0,\"o\":{}}",
	      "zero object");
	gives("{{#c}}Hi {{name}}.{{/c}}", "{\"c\":{\"name\":\"Joe\"}}", "Hi Joe.");
	gives("{{#l}}{{i}}{{/l}}", "{\"l\":[{\"i\":1},{\"i\":2},{\"i\":3}]}", "123");
	gives("{{#l}}({{.}}){{/l}}", "{\"l\":[\"a\",1.5,2]}", "(a)(1.5)(2)");
	gives("{{#l}}({{#.}}{{.}}{{/.}}){{/l}}", "{\"l\":[[1,2],[\"a\"]]}", "(12)(a)");
	gives("{{#a}}{{one}}{{#b}}{{one}}{{two}}{{#c.d}}{{one}}{{.}}{{/c.d}}"
	      "{{/b}}{{/a}}",
	      "{\"a\":{\"one\":1},\"b\":{\"two\":2,\"c\":{\"d\":4}}}", "11214");
	gives("{{#a}}{{b.c}}{{/a}}",
	      "{\"a\":{\"b\":{\"c\":\"in\"}},\"b\":{\"c\":\"out\"}}", "in");
	gives("{{#bool}}A{{/bool}} B {{#bool}}C{{/bool}}", "{\"bool\":true}",
	      "A B C");
	gives("{{#s}}{{.}}{{/s}}", "{\"s\":\"text\"}", "text");
	gives("{{^b}}no{{/b}}{{^l}}none{{/l}}{{^e}}empty{{/e}}{{^n}}null{{/n}}",
	      "{\"b\":false,\"l\":[],\"e\":\"\",\"n\":null}", "nononeemptynull");
	gives("{{^b}}no{{/b}}{{^l}}no{{/l}}{{^o}}no{{/o}}",
	      "{\"b\":true,\"l\":[0],\"o\":{}}", "");
}

static void test_standalone(void **state)
{
	(void)state;
	gives("| This Is\n{{#b}}\n|\n{{/b}}\n| A Line", "{\"b\":true}",
	      "| This Is\n|\n| A Line");
	gives("| This Is\n  {{#b}}\t\n|\n  {{/b}}\n| A Line", "{\"b\":true}",
	      "| This Is\n|\n| A Line");
	gives("|\r\n{{#b}}\r\n{{/b}}\r\n|", "{\"b\":true}", "|\r\n|");
	gives("  {{#b}}\n#{{/b}}\n/", "{\"b\":true}", "#\n/");
	gives("#{{#b}}\n/\n  {{/b}}", "{\"b\":true}", "#\n/\n");
	gives(" | {{#b}}\t|\t{{/b}} | \n", "{\"b\":true}", " | \t|\t | \n");
	gives(" {{#b}}YES{{/b}}\n {{#b}}GOOD{{/b}}\n", "{\"b\":true}",
	      " YES\n GOOD\n");
	gives("a\n{{^b}}\nx\n{{/b}}\nb\n", "{\"b\":false}", "a\nx\nb\n");
	gives("  {{x}}  \n", "{\"x\":1}", "  1  \n");
	gives("{{#b}}{{/b}}\n", "{\"b\":true}", "\n");
}

static void test_comments(void **state)
{
	(void)state;
	gives("12345{{! Comment }}67890", "{}", "1234567890");
	gives("12345{{!\n  multi\n  line\n}}67890\n", "{}", "1234567890\n");
	gives("Begin.\n{{! Alone }}\nEnd.\n", "{}", "Begin.\nEnd.\n");
	gives("Begin.\r\n  {{! Alone }}\r\nEnd.\r\n", "{}", "Begin.\r\nEnd.\r\n");
	gives("Begin.\n  {{!\nSomething\n  }}\nEnd.\n", "{}", "Begin.\nEnd.\n");
	gives("!\n  {{! at the end }}", "{}", "!\n");
	gives("  12 {{! 34 }}\n", "{}", "  12 \n");
	gives("{{!}}x", "{}", "x");
}

static void test_delimiters(void **state)
{
	(void)state;
	gives("{{=<% %>=}}(<%text%>)", "{\"text\":\"Hey!\"}", "(Hey!)");
	gives("({{=[ ]=}}[text])", "{\"text\":\"It worked!\"}", "(It worked!)");
	gives("{{= | | =}}{{a}}|a||={{ }}=|{{a}}", "{\"a\":1}", "{{a}}11");
	gives("[\n{{#s}}\n  {{d}}\n  |d|\n{{/s}}\n\n{{= | | =}}\n|#s|\n  {{d}}\n"
	      "  |d|\n|/s|\n]\n", "{\"s\":true,\"d\":\"I\"}",
	      "[\n  I\n  |d|\n\n  {{d}}\n  I\n]\n");
	gives("Begin.\n  {{=@ @=}}\nEnd.\n", "{}", "Begin.\nEnd.\n");
	gives("|\r\n{{= @ @ =}}\r\n|", "{}", "|\r\n|");
	gives("{{=<% %>=}}<%{x}%><%&x%>", "{\"x\":\"<\"}", "<<");
	fails("{{=a=}}", "{}", "t:1: bad delimiters 'a'");
	fails("{{=a b c=}}", "{}", "t:1: bad delimiters 'a b c'");
	fails("{{=a= b=}}", "{}", "t:1: bad delimiters 'a= b'");
	fails("{{=aaaaaaaaaaaaaaaaa b=}}", "{}",
	      "t:1: bad delimiters 'aaaaaaaaaaaaaaaaa b'");
}

static void test_lists_as_text(void **state)
{
	(void)state;
	gives("<{{l}}>", "{\"l\":[]}", "<>");
	gives("<{{l}}>", "{\"l\":[{\"\":\"a\",\"x\":1}]}", "<a>");
	gives("<{{a.l}}>", "{\"a\":{\"l\":[{\"\":\"a\"},{\"\":\"b {{x}}\"}]}}", "<a\nb {{x}}>");
}

static void test_errors(void **state)
{
	(void)state;
	fails("a\n\n{{x}}", "{}", "t:3: no variable 'x'");
	fails("\r\n{{#a}}\r\n{{x.y}}\r\n{{/a}}", "{\"a\":[1],\"x\":{}}",
	      "t:3: no variable 'x.y'");
	fails("{{#x}}{{/x}}", "{}", "t:1: no variable 'x'");
	fails("{{^x}}{{/x}}", "{}", "t:1: no variable 'x'");
	fails("{{! a\nb }}\n{{x}}", "[]", "t:3: no variable 'x'");
	fails("{{l}}", "{\"l\":[1]}", "t:1: a list is no text: 'l'");
	fails("{{l}}", "{\"l\":[{\"\":\"a\"},{\"x\":1}]}", "t:1: a list is no text: 'l'");
	fails("{{l}}", "{\"l\":[{\"\":1}]}", "t:1: a list is no text: 'l'");
	fails("{{o}}", "{\"o\":{}}", "t:1: an object is no text: 'o'");
	fails("{{a", "{}", "t:1: tag is not closed: '{{a'");
	fails("{{{a}}", "{\"a\":1}", "t:1: tag is not closed: '{{{a}}'");
	fails("{{", "{}", "t:1: tag is not closed: '{{'");
	fails("\n{{#a}}\n", "{\"a\":1}", "t:2: section 'a' is not closed");
	fails("{{/a}}", "{}", "t:1: no section is open, but this closes 'a'");
	fails("{{#a}}\n{{/b}}", "{}",
	      "t:2: 'b' is closed, but 'a' is open since line 1");
	fails("{{}}", "{}", "t:1: tag without a name");
	fails("{{#}}{{/}}", "{}", "t:1: tag without a name");
	fails("\n{{> part}}", "{}", "t:2: partials are not supported: 'part'");
	fails("{{<a}}", "{}", "t:1: inheritance is not supported: 'a'");
}

static void test_limits(void **state)
{
	struct strbuf t = STRBUF_INIT, data = STRBUF_INIT, out = STRBUF_INIT;
	int i;

	(void)state;
	for (i = 0; i < 64; i++)
		strbuf_addstr(&t, "{{#a}}");
	strbuf_addstr(&t, "x");
	for (i = 0; i < 64; i++)
		strbuf_addstr(&t, "{{/a}}");
	gives(t.buf, "{\"a\":true}", "x");
	/* 2^64 times nothing */
	assert_int_equal(render(&out, t.buf, "{\"a\":[1,1]}"), ORCH_EINVALID);
	assert_non_null(strstr(error_message(), "too many"));
	strbuf_insert(&t, 0, "{{#a}}", 6);
	strbuf_addstr(&t, "{{/a}}");
	fails(t.buf, "{\"a\":true}", "t:1: more than 64 sections deep: 'a'");

	strbuf_addstr(&data, "{\"s\":\"");
	strbuf_addchars(&data, 's', 1 << 20);
	strbuf_addstr(&data, "\",\"l\":[0");
	for (i = 1; i < 64; i++)
		strbuf_addstr(&data, ",0");
	strbuf_addstr(&data, "]}");
	assert_int_equal(render(&out, "{{#l}}{{s}}{{/l}}", data.buf), 0);
	assert_int_equal(out.len, 64 << 20);
	fails("{{#l}}{{s}}{{/l}}!", data.buf,
	      "t:1: the result is larger than 64 MiB");
	strbuf_release(&t);
	strbuf_release(&data);
	strbuf_release(&out);
}

static void test_appends(void **state)
{
	struct strbuf out = STRBUF_INIT;
	struct json *data = json_new_object();

	(void)state;
	strbuf_addstr(&out, "before ");
	assert_int_equal(template_render(&out, "x\0y", 3, "t", data), 0);
	assert_int_equal(out.len, 10);
	assert_memory_equal(out.buf, "before x\0y", 10);
	assert_int_equal(template_render(&out, "z{{q}}", 6, "t", data),
			 ORCH_EINVALID);
	assert_int_equal(out.len, 10);
	json_free(data);
	strbuf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_interpolation),
		cmocka_unit_test(test_sections),
		cmocka_unit_test(test_standalone),
		cmocka_unit_test(test_comments),
		cmocka_unit_test(test_delimiters),
		cmocka_unit_test(test_lists_as_text),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_appends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
