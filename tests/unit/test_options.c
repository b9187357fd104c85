/*
 * Option parsing: every spelling, every fault, and the order of arguments.
 */
#include "unit.h"

#include "base/error.h"
#include "base/options.h"
#include "base/strbuf.h"

static bool flag;
static int count;
static const char *text, *maybe;
static int64_t number, seconds;
static struct strvec list = STRVEC_INIT;

static const struct opt table[] = {
	OPT_FLAG('f', "flag", &flag, "a flag"),
	OPT_COUNT('v', "verbose", &count, "more"),
	OPT_STRING('t', "text", &text, "text", "a text"),
	OPT_OPTARG('m', "maybe", &maybe, "value", "an optional value"),
	OPT_INT('n', "number", &number, "n", "a number"),
	OPT_DURATION(0, "time", &seconds, "time", "a duration"),
	OPT_LIST('l', "list", &list, "item", "many"),
	{ OPT_KIND_FLAG, 0, "secret", &flag, NULL, "hidden", OPT_HIDDEN },
	OPT_END
};

static int reset(void **state)
{
	(void)state;
	flag = false;
	count = 0;
	text = maybe = NULL;
	number = seconds = -1;
	strvec_release(&list);
	error_clear();
	return 0;
}

static int parse(int stop_after, const char *args, const char **argv, int *left)
{
	static struct strvec words = STRVEC_INIT;
	struct options_parser p = { { table, NULL, NULL }, stop_after };
	int argc = 1;

	strvec_release(&words);
	strvec_split(&words, args);
	argv[0] = "program";
	for (size_t i = 0; i < words.nr; i++)
		argv[argc++] = words.v[i];
	argv[argc] = NULL;
	return options_parse(&p, argc, argv, left);
}

static void test_spellings(void **state)
{
	const char *argv[32];
	int left;

	(void)state;
	assert_int_equal(parse(0, "a --flag -vv --text=x b -n 12 --time 1h30m -l 1 -l2 --maybe c",
			       argv, &left), 0);
	assert_int_equal(left, 3);
	assert_string_equal(argv[0], "a");
	assert_string_equal(argv[1], "b");
	assert_string_equal(argv[2], "c");
	assert_null(argv[3]);
	assert_true(flag);
	assert_int_equal(count, 2);
	assert_string_equal(text, "x");
	assert_string_equal(maybe, "");
	assert_int_equal(number, 12);
	assert_int_equal(seconds, 5400);
	assert_int_equal(list.nr, 2);
	assert_string_equal(list.v[1], "2");
}

static void test_prefix_and_negation(void **state)
{
	const char *argv[32];
	int left;

	(void)state;
	assert_int_equal(parse(0, "--fl --tex a --maybe=z --no-flag", argv, &left), 0);
	assert_false(flag);
	assert_string_equal(text, "a");
	assert_string_equal(maybe, "z");
	assert_int_equal(parse(0, "--t a", argv, &left), ORCH_EUSAGE);	/* text, time */
	assert_non_null(strstr(error_message(), "ambiguous"));
	assert_int_equal(parse(0, "--no-text", argv, &left), ORCH_EUSAGE);
}

static void test_faults(void **state)
{
	static const char *const bad[] = {
		"--unknown", "-x", "--flag=1", "--text", "-t", "-n 1x", "-n 99999999999999999999",
		"--time soon", "--number=", "--no-such", "-fx",
	};
	const char *argv[32];
	int left;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		error_clear();
		assert_int_equal(parse(0, bad[i], argv, &left), ORCH_EUSAGE);
		assert_string_not_equal(error_message(), "");
	}
}

static void test_end_of_options(void **state)
{
	const char *argv[32];
	int left;

	(void)state;
	assert_int_equal(parse(0, "a -- --flag -x", argv, &left), 0);
	assert_int_equal(left, 3);
	assert_string_equal(argv[1], "--flag");
	assert_false(flag);
	/* with ACTOR CMD: the first word after the actor ends the options */
	assert_int_equal(parse(1, "galph --flag make -n 3 --text x", argv, &left), 0);
	assert_int_equal(left, 6);
	assert_string_equal(argv[1], "make");
	assert_string_equal(argv[2], "-n");
	assert_true(flag);
	assert_int_equal(number, -1);
	assert_int_equal(parse(1, "galph -- --flag", argv, &left), 0);
	assert_int_equal(left, 2);
	assert_string_equal(argv[1], "--flag");
	assert_int_equal(parse(0, "- a", argv, &left), 0);
	assert_string_equal(argv[0], "-");
}

static void test_help_and_completion(void **state)
{
	struct options_parser p = { { table, NULL, NULL }, 0 };
	struct strbuf out = STRBUF_INIT;

	(void)state;
	options_check(&p);
	options_help(&out, table);
	assert_non_null(strstr(out.buf, "-t, --text <text>"));
	assert_non_null(strstr(out.buf, "--maybe[=<value>]"));
	assert_null(strstr(out.buf, "secret"));
	strbuf_reset(&out);
	options_complete(&out, table);
	assert_non_null(strstr(out.buf, "--text=\n"));
	assert_non_null(strstr(out.buf, "--flag\n"));
	assert_null(strstr(out.buf, "secret"));
	strbuf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_spellings, reset),
		cmocka_unit_test_setup(test_prefix_and_negation, reset),
		cmocka_unit_test_setup(test_faults, reset),
		cmocka_unit_test_setup(test_end_of_options, reset),
		cmocka_unit_test_setup_teardown(test_help_and_completion, reset, reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
