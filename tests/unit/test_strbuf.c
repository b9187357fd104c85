/*
 * Strings and vectors: what they hold after each kind of change.
 */
#include "unit.h"

#include "base/error.h"
#include "base/strbuf.h"
#include "base/strvec.h"

static void test_strbuf(void **state)
{
	struct strbuf sb = STRBUF_INIT;
	size_t len;
	char *s;

	(void)state;
	assert_string_equal(sb.buf, "");
	strbuf_reset(&sb);
	strbuf_trim(&sb);
	strbuf_addf(&sb, "%s-%d", "a", 7);
	strbuf_addch(&sb, '\0');
	strbuf_addchars(&sb, 'x', 300);
	assert_int_equal(sb.len, 304);
	assert_memory_equal(sb.buf, "a-7\0x", 5);
	strbuf_remove(&sb, 3, 300);
	strbuf_insert(&sb, 0, "  ", 2);
	assert_string_equal(sb.buf, "  a-7x");
	strbuf_addstr(&sb, " \t\n");
	strbuf_trim(&sb);
	assert_string_equal(sb.buf, "a-7x");
	s = strbuf_detach(&sb, &len);
	assert_int_equal(len, 4);
	assert_string_equal(s, "a-7x");
	assert_string_equal(sb.buf, "");
	free(s);
	s = strbuf_detach(&sb, NULL);	/* of an empty one: still the caller's */
	assert_string_equal(s, "");
	free(s);
	strbuf_addf(&sb, "%0500d", 1);
	assert_int_equal(sb.len, 500);
	strbuf_release(&sb);
	strbuf_release(&sb);
}

static void test_strvec(void **state)
{
	struct strvec sv = STRVEC_INIT;
	char *s;

	(void)state;
	strvec_split(&sv, "  galph\tralph \n reviewer ");
	assert_int_equal(sv.nr, 3);
	assert_true(strvec_has(&sv, "ralph"));
	assert_false(strvec_has(&sv, "ralp"));
	strvec_pushf(&sv, "%s%d", "a", 1);
	strvec_sort(&sv);
	s = strvec_join(&sv, ",");
	assert_string_equal(s, "a1,galph,ralph,reviewer");
	free(s);
	strvec_pop(&sv);
	assert_null(sv.v[3]);
	strvec_release(&sv);
	strvec_pop(&sv);
	strvec_release(&sv);
}

static char *warned;
static void sink(bool is_warning, const char *text)
{
	free(warned);
	warned = is_warning ? xstrdup(text) : NULL;
}

static void test_error(void **state)
{
	(void)state;
	assert_int_equal(error_set(ORCH_ENO, "no %s", "way"), ORCH_ENO);
	/* the old message may be an argument of the new one */
	assert_int_equal(error_set(ORCH_EBUSY, "%s!", error_message()), ORCH_EBUSY);
	assert_string_equal(error_message(), "no way!");
	errno = ENOENT;
	assert_int_equal(error_sys("cannot open '%s'", "x"), ORCH_ERROR);
	assert_string_equal(error_message(), "cannot open 'x': No such file or directory");
	assert_int_equal(errno, ENOENT);
	error_prefix(ORCH_ERROR, "init");
	assert_string_equal(error_message(),
			    "init: cannot open 'x': No such file or directory");
	warn("dropped without a sink");
	error_set_sink(sink);
	errno = EIO;
	warn("%d left", 3);
	assert_string_equal(warned, "3 left");
	assert_int_equal(errno, EIO);
	error_set_sink(NULL);
	free(warned);
	error_clear();
	assert_string_equal(error_message(), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_strbuf),
		cmocka_unit_test(test_strvec),
		cmocka_unit_test(test_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
