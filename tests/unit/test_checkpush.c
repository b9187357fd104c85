/* What git says about a push: every shape of a line, and what is none. */
#include "unit.h"

#include "base/error.h"
#include "orch/checkallow.h"
#include "orch/checkpush.h"

#define ONE "1111111111111111111111111111111111111111"
#define TWO "2222222222222222222222222222222222222222"
#define ZERO "0000000000000000000000000000000000000000"
#define ZERO64 ZERO "000000000000000000000000"
#define HEX64 ONE "23456789abcdef0123456789"

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

/* A repository that uses SHA-256 is no malformed line, and may delete. */
static void sha256(void **state UNUSED)
{
	struct push p = PUSH_INIT;

	assert_int_equal(parse(&p, "x " HEX64 " refs/heads/x " ZERO64 "\n"), ORCH_EUNSUPPORTED);
	assert_non_null(strstr(error_message(), "SHA-256"));
	assert_int_equal(parse(&p, "x " ONE " refs/heads/x " HEX64 "\n"), ORCH_EUNSUPPORTED);
	assert_int_equal(parse(&p, "(delete) " ZERO64 " refs/heads/x " HEX64 "\n"), 0);
	assert_int_equal(p.nr, 0);
	assert_int_equal(parse(&p, "x " ONE "00000000000000000000000g refs/heads/x " ZERO "\n"),
			 ORCH_EINVALID);
	push_release(&p);
}

/* No rule that is built in refuses a push, and each makes sense. */
static void builtin(void **state UNUSED)
{
	size_t nr = 0;

	for (const struct check_builtin *b = check_builtin; b->name; b++, nr++) {
		const char *level = NULL, *stage = NULL, *kind = NULL;

		for (size_t i = 0; i < ARRAY_SIZE(b->values) && b->values[i].key; i++) {
			const struct check_key_value *v = &b->values[i];

			if (str_eq(v->key, "level"))
				level = v->value;
			else if (str_eq(v->key, "stage"))
				stage = v->value;
			else if (str_eq(v->key, "kind"))
				kind = v->value;
		}
		assert_non_null(level);
		assert_non_null(stage);
		assert_non_null(kind);
		assert_false(strstr(stage, "pre-push") && str_eq(level, "error"));
	}
	assert_int_equal(nr, 5);
}

static void exceptions(void **state UNUSED)
{
	struct check_allows a = CHECK_ALLOWS_INIT;
	struct oid one;

	oid_parse(&one, ONE);
	check_allows_add(&a, &one, "Orch-Allow: a in the subject's paragraph\n\nText.\n");
	check_allows_add(&a, &one, "s\n\nOrch-Allow: b\nOrch-Allow: c \nOrch-Allow: d \33[m\n");
	assert_int_equal(a.nr, 0);
	check_allows_add(&a, &one, "s\n\nOrch-Allow:e one\norch-allow: \te  two\r\n"
				   "Orch-Allow: f " "\33[31mred\n \n\t\n");
	assert_int_equal(a.nr, 3);
	assert_string_equal(check_allows_find(&a, "e")->reason, "one");
	assert_string_equal(a.v[1].reason, "two");
	assert_string_equal(check_allows_find(&a, "f")->reason, "red");
	assert_null(check_allows_find(&a, "ef"));
	assert_true(oid_eq(&a.v[0].commit, &one));
	check_allows_release(&a);
	assert_int_equal(a.nr, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shapes),
		cmocka_unit_test(malformed),
		cmocka_unit_test(sha256),
		cmocka_unit_test(builtin),
		cmocka_unit_test(exceptions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
