/* What git says about a push: every shape of a line, and what is none. */
#include "unit.h"

#include "base/error.h"
#include "orch/checkpush.h"

#define ONE "1111111111111111111111111111111111111111"
#define TWO "2222222222222222222222222222222222222222"
#define ZERO "0000000000000000000000000000000000000000"
#define ZERO64 ZERO "000000000000000000000000"

static int parse(struct push *p, const char *text)
{
	push_release(p);
	return push_parse(p, text, strlen(text));
}

static void shapes(void **state UNUSED)
{
	struct push p = PUSH_INIT;
	struct oid one, two;

	oid_parse(&one, ONE);
	oid_parse(&two, TWO);
	assert_int_equal(parse(&p, ""), 0);
	assert_int_equal(p.nr, 0);
	assert_int_equal(parse(&p, "refs/heads/x " ONE " refs/heads/x " ZERO "\n"), 0);
	assert_int_equal(p.nr, 1);
	assert_string_equal(p.v[0].local, "refs/heads/x");
	assert_string_equal(p.v[0].remote, "refs/heads/x");
	assert_true(oid_eq(&p.v[0].tip, &one));
	assert_true(oid_is_zero(&p.v[0].old));
	assert_int_equal(parse(&p, "HEAD@{1 day ago} " ONE " refs/tags/a b " TWO "\n"),
			 ORCH_EINVALID);
	assert_int_equal(parse(&p, "HEAD@{1 day ago} " ONE " refs/tags/t " TWO "\n"), 0);
	assert_string_equal(p.v[0].local, "HEAD@{1 day ago}");
	assert_true(oid_eq(&p.v[0].old, &two));
	assert_int_equal(parse(&p, "(delete) " ZERO " refs/heads/x " ONE "\n"
				   "master~1 " TWO " refs/heads/y " ZERO64 "\n"
				   "refs/orch/m " ONE " refs/orch/m/turn " ZERO "\n"), 0);
	assert_int_equal(p.nr, 1);
	assert_int_equal(p.lines, 3);
	assert_string_equal(p.v[0].remote, "refs/heads/y");
	push_release(&p);
}

static void malformed(void **state UNUSED)
{
	static const char *const texts[] = {
		"\n", " \n", "x\n", "refs/heads/x " ONE " refs/heads/x\n",
		"refs/heads/x " ONE " refs/heads/x " ONE,
		" " ONE " refs/heads/x " ZERO "\n",
		"x  " ONE "  refs/heads/x " ZERO "\n",
		"x " ONE "0 refs/heads/x " ZERO "\n",
		"x 111111111111111111111111111111111111111z refs/heads/x " ZERO "\n",
		"x " ONE " heads/x " ZERO "\n",
		"x " ONE " refs/heads/x 0\n",
		"x 000 refs/heads/x " ZERO "\n",
		"x " ONE " refs/heads/x " ZERO " \n",
		"x " ONE " refs/heads/x " ZERO "\r\n",
	};
	struct push p = PUSH_INIT;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		assert_int_equal(parse(&p, texts[i]), ORCH_EINVALID);
		assert_non_null(strstr(error_message(), "line 1 "));
	}
	assert_int_equal(push_parse(&p, "a\0b\n", 4), ORCH_EINVALID);
	push_release(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shapes),
		cmocka_unit_test(malformed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
