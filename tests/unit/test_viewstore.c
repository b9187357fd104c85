/*
 * Ids of packs: what counts as one of ours.
 */
#include "unit.h"

#include "orch/viewstore.h"

static void ids_of_packs(void **state)
{
	(void)state;
	assert_int_equal(view_pack_seq("1-abcdef"), 1);
	assert_int_equal(view_pack_seq("120-0"), 120);
	assert_int_equal(view_pack_seq("2147483646-00"), 2147483646);
	assert_int_equal(view_pack_seq("2147483647-00"), 0);
	assert_int_equal(view_pack_seq("99999999999999999999-00"), 0);
	assert_int_equal(view_pack_seq(""), 0);
	assert_int_equal(view_pack_seq("-1-ab"), 0);
	assert_int_equal(view_pack_seq("1"), 0);
	assert_int_equal(view_pack_seq("1-"), 0);
	assert_int_equal(view_pack_seq("-ab"), 0);
	assert_int_equal(view_pack_seq("0-ab"), 0);
	assert_int_equal(view_pack_seq("1-xyz"), 0);
	assert_int_equal(view_pack_seq("1-ab/cd"), 0);
	assert_int_equal(view_pack_seq("1-0123456789abcdef0"), 0);
}

static void pending_is_sorted(void **state)
{
	struct view_store s = VIEW_STORE_INIT;
	struct oid oid = OID_ZERO;

	(void)state;
	view_store_add(&s, "3-a", 3, &oid);
	view_store_add(&s, "10-b", 10, &oid);
	view_store_add(&s, "1-c", 1, &oid);
	view_store_add(&s, "3-d", 3, &oid);
	assert_int_equal(s.nr, 4);
	assert_string_equal(s.pending[0].id, "1-c");
	assert_string_equal(s.pending[1].id, "3-a");
	assert_string_equal(s.pending[2].id, "3-d");
	assert_string_equal(s.pending[3].id, "10-b");
	view_store_drop(&s, 1);
	assert_int_equal(s.nr, 3);
	assert_string_equal(s.pending[1].id, "3-d");
	view_store_release(&s);
	view_store_release(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ids_of_packs),
		cmocka_unit_test(pending_is_sorted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
