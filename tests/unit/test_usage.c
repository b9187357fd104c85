/* What agents print: figures, errors and the lines that people see. */
#include "unit.h"

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "orch/usage.h"

#define FIXTURES "tests/fixtures/agents/"

struct run {
	struct usage usage;
	struct strbuf shown;	/* tool lines as "> Edit x\n" */
};

static void collect(const char *text, size_t len, bool tool, void *data)
{
	struct strbuf *shown = data;

	if (tool)
		strbuf_addstr(shown, "> ");
	strbuf_add(shown, text, len);
	if (tool)
		strbuf_addch(shown, '\n');
}

static void play(struct run *r, enum agent_kind kind, const char *bytes,
		 size_t len, size_t step)
{
	struct usage_parser *p;
	size_t at;

	strbuf_init(&r->shown);
	p = usage_parser_new(kind, collect, &r->shown);
	for (at = 0; at < len; at += step)
		usage_parser_feed(p, bytes + at, len - at < step ? len - at : step);
	usage_parser_finish(p, &r->usage);
	usage_parser_free(p);
}

static void play_text(struct run *r, enum agent_kind kind, const char *text)
{
	play(r, kind, text, strlen(text), 1000);
}

static void play_file(struct run *r, enum agent_kind kind, const char *name,
		      size_t step)
{
	struct strbuf bytes = STRBUF_INIT;
	char *path = xstrfmt(FIXTURES "%s", name);

	assert_int_equal(file_read(&bytes, path, 1 << 20, 0), 0);
	play(r, kind, bytes.buf, bytes.len, step);
	strbuf_release(&bytes);
	free(path);
}

static void end(struct run *r)
{
	usage_release(&r->usage);
	strbuf_release(&r->shown);
}

static void expect(const struct run *r, int64_t uncached, int64_t cache_write,
		   int64_t cache_read, int64_t output)
{
	assert_true(r->usage.has_tokens);
	assert_int_equal(r->usage.uncached, uncached);
	assert_int_equal(r->usage.cache_write, cache_write);
	assert_int_equal(r->usage.cache_read, cache_read);
	assert_int_equal(r->usage.output, output);
}

static void test_kinds(void **state UNUSED)
{
	enum agent_kind kind;

	assert_int_equal(agent_kind_parse(&kind, "codex"), 0);
	assert_int_equal(kind, AGENT_CODEX);
	assert_string_equal(agent_kind_name(AGENT_CLAUDE), "claude");
	assert_int_equal(agent_kind_parse(&kind, "Claude"), ORCH_EINVALID);
	assert_non_null(strstr(error_message(), "Claude"));
}

static void test_claude_stream(void **state UNUSED)
{
	static const size_t steps[] = { 1, 7, 100000 };
	struct run r;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(steps); i++) {
		play_file(&r, AGENT_CLAUDE, "claude-stream.jsonl", steps[i]);
		expect(&r, 2100, 12800, 402700, 12400);
		assert_true(r.usage.has_cost);
		assert_float_equal(r.usage.cost_usd, 0.8312, 1e-9);
		assert_string_equal(r.usage.model, "claude-test-4[1m]");
		assert_string_equal(r.usage.session,
				    "5d0c7a52-0000-4000-8000-00000000c1a0");
		assert_true(r.usage.compacted);
		assert_false(r.usage.is_error);
		assert_false(r.usage.partial);
		assert_null(r.usage.error);
		assert_string_equal(r.shown.buf,
				    "Warning: something the agent prints\n"
				    "I read the plan first.\n"
				    "> Read docs/fix_plan.md\n"
				    "> Edit src/config_bridge.py\n"
				    "> Bash pytest -q\n"
				    "B2 is done.\n");
		end(&r);
	}
}

static void test_claude_cut(void **state UNUSED)
{
	struct run r;

	play_file(&r, AGENT_CLAUDE, "claude-cut.jsonl", 64);
	expect(&r, 10, 10000, 109000, 360);	/* msg_01 once, in its last form */
	assert_true(r.usage.partial);
	assert_false(r.usage.has_cost);
	assert_non_null(strstr(r.shown.buf, "\"input_tok\n"));
	end(&r);
}

static void test_claude_object(void **state UNUSED)
{
	static const char *const names[] = { "claude.json", "claude-pretty.json" };
	struct run r;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		play_file(&r, AGENT_CLAUDE, names[i], 50);
		expect(&r, 2100, 12800, 402700, 12400);
		assert_string_equal(r.usage.model, "claude-test-4[1m]");
		assert_string_equal(r.shown.buf, i ? "I read the plan first.\n" :
				    "B2 is done.\n");
		end(&r);
	}
}

static void test_claude_error(void **state UNUSED)
{
	struct run r;

	play_file(&r, AGENT_CLAUDE, "claude-error.json", 4096);
	assert_true(r.usage.is_error);
	assert_string_equal(r.usage.error, "API 529: Overloaded");
	end(&r);

	play_text(&r, AGENT_CLAUDE, "{\"type\":\"result\",\"subtype\":"
		  "\"error_max_turns\",\"is_error\":false}\n");
	assert_true(r.usage.is_error);
	assert_string_equal(r.usage.error, "error_max_turns");
	assert_false(r.usage.has_tokens);
	end(&r);
}

static void test_codex(void **state UNUSED)
{
	struct run r;

	play_file(&r, AGENT_CODEX, "codex.jsonl", 33);
	expect(&r, 10000, 800, 151300, 8800);
	assert_false(r.usage.has_cost);
	assert_null(r.usage.model);
	assert_string_equal(r.usage.session, "01900000-0000-7000-8000-00000000c0de");
	assert_false(r.usage.is_error);
	assert_string_equal(r.shown.buf,
			    "Model metadata for `gpt-test` not found.\n"
			    "> Bash pytest -q\n"
			    "> Edit docs/fix_plan.md and 1 more\n"
			    "> mcp docs.find\n"
			    "> WebSearch dtype promotion\n"
			    "The plan is ready.\n");
	end(&r);

	play_file(&r, AGENT_CODEX, "codex-failed.jsonl", 33);
	assert_true(r.usage.is_error);
	assert_string_equal(r.usage.error, "unexpected status 401 Unauthorized");
	assert_false(r.usage.has_tokens);
	end(&r);

	/* A hiccup that was got over is no failure; the last total counts. */
	play_text(&r, AGENT_CODEX,
		  "{\"type\":\"turn.completed\",\"usage\":{\"input_tokens\":5}}\n"
		  "{\"type\":\"error\",\"message\":\"Reconnecting... 1/5\"}\n"
		  "{\"type\":\"turn.completed\",\"usage\":{\"input_tokens\":9,"
		  "\"cached_input_tokens\":4,\"output_tokens\":1}}\n");
	expect(&r, 5, 0, 4, 1);
	assert_false(r.usage.is_error);
	assert_null(r.usage.error);
	end(&r);
}

static void test_other(void **state UNUSED)
{
	struct run r;

	play_file(&r, AGENT_OTHER, "codex.jsonl", 10);
	assert_false(r.usage.has_tokens);
	assert_non_null(strstr(r.shown.buf, "secret thoughts"));
	end(&r);
}

/* Lines that are no events come out as they went in. */
static void test_not_events(void **state UNUSED)
{
	static const char *const texts[] = {
		"plain\n\n  indented \r\nno newline at the end",
		"{ not json }\n{\n  hello\n}\n",
		"{\n  \"a\": 1,\n",
		"[\n\n[1,2]\n\"x\"\n",
		"{\"no\":\"type\"}\n[]\n[1]\n{}\n",
		"{\"type\":5}\n",
		"\xff\xfe{\x80\n{\"a\":\"\xff\"}\n",
		"{\"type\":\"result\"} trailing\n",
		"{\n",
		"[{\"type\":\"x\"},{\"type\":\"x\"]\n",
		"[{\"type\":\"x\"},]\n",
		"[{\"type\":\"x\"}\n",
		"[{]\n[{\"type\":\"x\"}]]\n[,]\n",
		"[[{\"type\":\"x\"}]]\n"
	};
	struct run r;
	size_t i;

	for (i = 0; i < 2 * ARRAY_SIZE(texts); i++) {
		const char *text = texts[i / 2];

		play(&r, i % 2 ? AGENT_CLAUDE : AGENT_CODEX, text, strlen(text), 3);
		assert_string_equal(r.shown.buf, text);
		assert_false(r.usage.has_tokens);
		end(&r);
	}
}

static void test_hostile_figures(void **state UNUSED)
{
	static const char *const bad[] = {
		"-5", "1.5", "1e300", "-1e300", "\"7\"", "null", "true", "[1]",
		"99999999999999999999", "{}"
	};
	struct run r;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		char *text = xstrfmt("{\"type\":\"result\",\"total_cost_usd\":%s,"
				     "\"usage\":{\"input_tokens\":%s,"
				     "\"output_tokens\":3}}\n",
				     i == 1 ? "-1.5" : bad[i], bad[i]);

		play_text(&r, AGENT_CLAUDE, text);
		expect(&r, 0, 0, 0, 3);
		assert_false(r.usage.has_cost);
		end(&r);
		free(text);
	}
	/* The sum of many honest figures stays a figure. */
	play_text(&r, AGENT_CLAUDE,
		  "{\"type\":\"assistant\",\"message\":{\"id\":\"a\",\"usage\":"
		  "{\"input_tokens\":9007199254740991}}}\n"
		  "{\"type\":\"assistant\",\"message\":{\"id\":\"b\",\"usage\":"
		  "{\"input_tokens\":9007199254740991}}}\n");
	expect(&r, ((int64_t)1 << 53) - 1, 0, 0, 0);
	end(&r);
}

static void test_many_messages(void **state UNUSED)
{
	struct strbuf text = STRBUF_INIT;
	struct run r;
	int i;

	for (i = 0; i < 3000; i++)
		strbuf_addf(&text, "{\"type\":\"assistant\",\"message\":{\"id\":"
			    "\"m%d\",\"usage\":{\"input_tokens\":2,"
			    "\"output_tokens\":1}}}\n", i / 2);
	play(&r, AGENT_CLAUDE, text.buf, text.len, 4096);
	expect(&r, 3000, 0, 0, 1500);
	strbuf_release(&text);
	end(&r);
}

/* A tool line is one line, without escapes, and short. */
static void test_tool_line(void **state UNUSED)
{
	struct strbuf text = STRBUF_INIT;
	struct run r;

	play_text(&r, AGENT_CLAUDE,
		  "{\"type\":\"assistant\",\"message\":{\"content\":[{\"type\":"
		  "\"tool_use\",\"name\":\"Ba\\u001b[31msh\",\"input\":{\"command\":"
		  "\"\\n  ls\\u0007 -l\\nrm -r x\"}},{\"type\":\"tool_use\"}]}}\n");
	assert_string_equal(r.shown.buf, "> Bash ls -l\n> tool\n");
	end(&r);

	strbuf_addstr(&text, "{\"type\":\"assistant\",\"message\":{\"content\":"
		      "[{\"type\":\"tool_use\",\"name\":\"X\",\"input\":{\"path\":\"");
	strbuf_addchars(&text, 'y', 100000);
	strbuf_addstr(&text, "\"}}]}}\n");
	play(&r, AGENT_CLAUDE, text.buf, text.len, 65536);
	assert_in_range(r.shown.len, 100, 200);
	strbuf_release(&text);
	end(&r);
}

/* What would fill the memory when parsed is shown instead. */
static void test_many_values(void **state UNUSED)
{
	struct strbuf text = STRBUF_INIT;
	struct run r;
	int i;

	strbuf_addstr(&text, "{\"type\":\"result\",\"x\":[0");
	for (i = 0; i < 1000000; i++)
		strbuf_addstr(&text, ",0");
	strbuf_addstr(&text, "],\"usage\":{\"output_tokens\":1}}\n");
	play(&r, AGENT_CLAUDE, text.buf, text.len, 65536);
	assert_false(r.usage.has_tokens);
	assert_int_equal(r.shown.len, text.len);
	end(&r);

	/* A long session as one array is long, but not one value. */
	strbuf_reset(&text);
	for (i = 0; i < 100000; i++)
		strbuf_addf(&text, "%c{\"type\":\"x\", \"y\" : 1 } ", i ? ',' : '[');
	strbuf_addstr(&text, ", {\"type\":\"result\",\"usage\":"
		      "{\"output_tokens\":1}} ]\n");
	play(&r, AGENT_CLAUDE, text.buf, text.len, 65536);
	expect(&r, 0, 0, 0, 1);
	assert_string_equal(r.shown.buf, "");
	end(&r);
	strbuf_release(&text);
}

static void count(const char *text UNUSED, size_t len, bool tool UNUSED, void *data)
{
	*(size_t *)data += len;
}

/* A line that never ends is passed through in bounded memory; what follows
 * the newline is read again. */
static void test_endless_line(void **state UNUSED)
{
	static char block[1 << 20];
	static const char tail[] =
		"\n{\"type\":\"result\",\"usage\":{\"output_tokens\":4}}\n";
	struct usage_parser *p;
	struct usage u;
	size_t seen = 0;
	int i;

	memset(block, '{', sizeof(block));
	p = usage_parser_new(AGENT_CLAUDE, count, &seen);
	for (i = 0; i < 40; i++)
		usage_parser_feed(p, block, sizeof(block));
	assert_int_equal(seen, 40u << 20);
	usage_parser_feed(p, tail, strlen(tail));
	usage_parser_finish(p, &u);
	usage_parser_free(p);
	assert_int_equal(u.output, 4);
	usage_release(&u);
}

static void test_subtract(void **state UNUSED)
{
	struct usage a = USAGE_INIT, b = USAGE_INIT;

	a.has_tokens = b.has_tokens = a.has_cost = b.has_cost = true;
	a.uncached = 10;
	a.cache_read = 500;
	a.output = 30;
	a.cost_usd = 0.3;
	b.uncached = 4;
	b.cache_read = 200;
	b.output = 20;
	b.cost_usd = 0.1;
	usage_subtract(&a, &b);
	assert_int_equal(a.uncached, 6);
	assert_int_equal(a.cache_read, 300);
	assert_int_equal(a.output, 10);
	assert_true(a.cost_usd == 0.2);
	/* One figure below the earlier one: it was no total. */
	a.output = 19;
	usage_subtract(&a, &b);
	assert_int_equal(a.uncached, 6);
	assert_int_equal(a.output, 19);
	assert_true(a.cost_usd == 0.2);
	/* Nor is one that would leave a run without any output. */
	a.uncached = 10;
	a.cache_read = 500;
	a.output = 20;
	usage_subtract(&a, &b);
	assert_int_equal(a.uncached, 10);
	assert_int_equal(a.output, 20);
}

/* A resumed session's figures: those of its messages, or a total of all runs. */
static void test_own_figures(void **state UNUSED)
{
	static const char usage[] = "\"usage\":{\"input_tokens\":5,\"cache_creation_input_tokens\":7,"
		"\"cache_read_input_tokens\":9,\"output_tokens\":1}";
	static const struct {
		const char *result;
		bool own;
	} cases[] = {
		{ "\"input_tokens\":10,\"cache_creation_input_tokens\":14,"
		  "\"cache_read_input_tokens\":18,\"output_tokens\":99", true },
		{ "\"input_tokens\":20,\"cache_creation_input_tokens\":28,"
		  "\"cache_read_input_tokens\":36,\"output_tokens\":99", false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct usage_parser *p = usage_parser_new(AGENT_CLAUDE, NULL, NULL);
		struct usage u;
		char *text;

		for (int k = 0; k < 2; k++) {
			text = xstrfmt("{\"type\":\"assistant\",\"message\":{\"id\":\"m%d\",%s}}\n", k, usage);
			usage_parser_feed(p, text, strlen(text));
			free(text);
		}
		text = xstrfmt("{\"type\":\"result\",\"session_id\":\"s\",\"usage\":{%s}}\n",
			       cases[i].result);
		usage_parser_feed(p, text, strlen(text));
		free(text);
		usage_parser_finish(p, &u);
		usage_parser_free(p);
		assert_int_equal(u.output, 99);
		assert_false(u.partial);
		assert_int_equal(u.own_figures, cases[i].own);
		usage_release(&u);
	}
}

static void test_json(void **state UNUSED)
{
	struct json *object = json_new_object();
	struct usage u = USAGE_INIT, back;

	u.has_tokens = u.has_cost = u.compacted = u.is_error = true;
	u.uncached = 1;
	u.cache_write = 2;
	u.cache_read = 3;
	u.output = 4;
	u.cost_usd = 0.25;
	u.model = xstrdup("m");
	u.session = xstrdup("s");
	u.error = xstrdup("e");
	usage_to_json(object, &u);
	usage_from_json(&back, object);
	assert_int_equal(back.cache_write, 2);
	assert_int_equal(back.output, 4);
	assert_true(back.cost_usd == 0.25);
	assert_true(back.compacted);
	assert_string_equal(back.session, "s");
	assert_string_equal(back.error, "e");
	json_free(object);
	usage_release(&back);
	usage_release(&u);

	/* Nothing known is null, not zero. */
	object = json_new_object();
	usage_to_json(object, &u);
	assert_true(json_is_null(json_get(object, "tokens")));
	assert_true(json_is_null(json_get(object, "cost_usd")));
	usage_from_json(&back, object);
	assert_false(back.has_tokens);
	json_free(object);
	usage_release(&back);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_claude_stream),
		cmocka_unit_test(test_claude_cut),
		cmocka_unit_test(test_claude_object),
		cmocka_unit_test(test_claude_error),
		cmocka_unit_test(test_codex),
		cmocka_unit_test(test_other),
		cmocka_unit_test(test_not_events),
		cmocka_unit_test(test_hostile_figures),
		cmocka_unit_test(test_many_messages),
		cmocka_unit_test(test_tool_line),
		cmocka_unit_test(test_many_values),
		cmocka_unit_test(test_endless_line),
		cmocka_unit_test(test_subtract),
		cmocka_unit_test(test_own_figures),
		cmocka_unit_test(test_json)
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
