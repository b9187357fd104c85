/*
 * Stamps in every form, patterns of roots, and lines of the index.
 */
#include "unit.h"

#include "base/error.h"
#include "base/strbuf.h"
#include "base/text.h"
#include "orch/artifact.h"
#include "orch/artifact_line.h"
#include "orch/artifact_roots.h"

/* --- stamps -------------------------------------------------------------- */

static void test_stamps(void **state)
{
	static const struct {
		const char *name;
		size_t len;
		int64_t seconds;
	} t[] = {
		{ "2026-01-22T024002Z", 18, 1769049602 },
		{ "20251015T190350Z", 16, 1760555030 },
		{ "2025-10-17T184624Z-retry", 18, 1760726784 },
		{ "2026-01-22T02:40:02Z", 20, 1769049602 },
		{ "2026-01-22T02-40-02", 19, 1769049602 },
		{ "2026-01-22T02:40Z", 17, 1769049600 },
		{ "2026-01-22_0240", 15, 1769049600 },
		{ "20260122_024002", 15, 1769049602 },
		{ "2026-01-22T024002.123Z", 22, 1769049602 },
		{ "2026-01-22T034002+0100", 22, 1769049602 },
		{ "2026-01-22T024002-05:30", 23, 1769069402 },
		{ "2026-01-22", 10, 1769040000 },
		{ "20260122", 8, 1769040000 },
		{ "2026-01-22-phase-b", 10, 1769040000 },
		{ "2026-01-22-12-notes", 10, 1769040000 },
		{ "2026-01-22_run7", 10, 1769040000 },
		{ "2024-02-29", 10, 1709164800 },
		{ "2026-13-01", 0, 0 }, { "2026-00-10", 0, 0 }, { "2026-01-32", 0, 0 },
		{ "2026-0122", 0, 0 }, { "202601222", 0, 0 }, { "2026-01-22x", 0, 0 },
		{ "20260122T25", 0, 0 }, { "1769904000", 0, 0 }, { "3026-01-01", 0, 0 },
		{ "phase_2026-01-22", 0, 0 }, { "", 0, 0 }, { "2026", 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		int64_t ms = 0;

		if (stamp_parse(t[i].name, strlen(t[i].name), &ms) != t[i].len ||
		    ms / 1000 != t[i].seconds)
			fail_msg("'%s': %zu, %" PRId64, t[i].name,
				 stamp_parse(t[i].name, strlen(t[i].name), NULL), ms / 1000);
	}
	assert_true(stamp_is_date("20260122", 8));
	assert_true(stamp_is_date("2026-01-22", 10));
	assert_false(stamp_is_date("2026-01-22T02:40Z", 17));
}

/* --- roots --------------------------------------------------------------- */

/* What the patterns say of a path: "-", "below", or initiative|phase|stamp. */
static const char *place_of(const struct artifact_roots *r, const char *path)
{
	static char text[300];
	struct root_place place, next;
	struct root_state s;
	size_t at = 0, len;
	int rc = 0;

	roots_start(r, &place);
	for (;;) {
		char *upto;

		len = strcspn(path + at, "/");
		upto = xstrndup(path, at + len);
		rc = roots_enter(r, &next, &s, &place, upto, at);
		free(upto);
		if (rc != 0 || !path[at + len])
			break;
		place = next;
		at += len + 1;
	}
	if (rc <= 0)
		return rc < 0 ? "-" : "below";
	snprintf(text, sizeof(text), "%.*s|%.*s|%.*s", s.initiative.len,
		 path + s.initiative.at, s.phase.len, path + s.phase.at, s.stamp.len,
		 path + s.stamp.at);
	return text;
}

static void test_roots(void **state)
{
	static const char *const patterns[] = {
		"plans/active/{initiative}/reports/{stamp}",
		"reports/{initiative}/{phase}/{stamp}/",
		"w*k/out-{initiative}-x/run.{stamp}", "flat/{phase}"
	};
	static const struct {
		const char *path, *place;
	} t[] = {
		{ "plans/active/A-1/reports/2026-01-22T024002Z", "A-1||2026-01-22T024002Z" },
		{ "plans/active/A-1/reports/2026-01-22_x", "A-1||2026-01-22" },
		{ "plans/active/A-1/reports/phase", "-" },
		{ "plans/active/A-1/reports", "below" },
		{ "plans/active/2026-01-22", "-" }, { "plans/active/.git", "-" },
		{ "plans/archive", "-" }, { "Plans", "-" },
		{ "reports/B/p/2026-01-22", "B|p|2026-01-22" },
		{ "reports/B/p/q/r/2026-01-22", "B|p/q/r|2026-01-22" },
		{ "reports/B/2026-01-22", "-" },
		{ "reports/B/a/b/c/d/e/f/g/h/2026-01-22", "B|a/b/c/d/e/f/g/h|2026-01-22" },
		{ "reports/B/a/b/c/d/e/f/g/h/i/2026-01-22", "-" },
		{ "work/out-I-x/run.2026-01-22.old", "I||2026-01-22" },
		{ "work/out--x", "-" }, { "work/out-I", "-" },
		{ "flat/p", "|p|" },
	};
	struct artifact_roots r = ARTIFACT_ROOTS_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(patterns); i++)
		assert_int_equal(artifact_roots_add(&r, patterns[i]), 0);
	for (size_t i = 0; i < ARRAY_SIZE(t); i++)
		assert_string_equal(place_of(&r, t[i].path), t[i].place);
	artifact_roots_release(&r);
}

static void test_bad_roots(void **state)
{
	static const char *const bad[] = {
		"", "/", "/abs/{stamp}", "a/../{stamp}", "{stamp}/.git/x", "plain/path",
		"a/{what}", "a/{stamp", "{stamp}{phase}", "{stamp}/{stamp}", "*{stamp}",
		"a//{stamp}", "a/{stamp}/[x]}"
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct artifact_roots r = ARTIFACT_ROOTS_INIT;

		if (artifact_roots_add(&r, bad[i]) != ORCH_EINVALID)
			fail_msg("'%s' is taken", bad[i]);
		artifact_roots_release(&r);
	}
}

/* --- lines --------------------------------------------------------------- */

static void test_line(void **state)
{
	static const char name[] = "a\"b\\c\n\x01\xc3\xa9\xff\xed\xa0\x80z";
	struct line_state is = { true, true, OID_ZERO, 33 };
	struct strbuf line = STRBUF_INIT, got = STRBUF_INIT;
	struct artifact a = ARTIFACT_INIT;
	struct arena memory = ARENA_INIT;
	struct line_parts parts;
	struct line_cursor c;

	(void)state;
	strbuf_addstr(&line, "{\"path\":");
	line_add_string(&line, name, strlen(name));
	strbuf_addstr(&line, ",\"dirs\":[[\"\",5],[\"x\",-9223372036854775807]],"
			     "\"initiative\":null,\"phase\":\"p\",\"stamp\":\"S\",\"time\":7,"
			     "\"type\":\"t\",");
	line_add_state(&line, &is);
	strbuf_addstr(&line, ",\"files\":[[");
	line_add_string(&line, name, strlen(name));
	strbuf_addstr(&line, ",12],[\"b\",30]]}");
	assert_true(utf8_valid(line.buf, line.len));
	assert_true(line_parse(&parts, line.buf, line.len, &memory));
	assert_string_equal(parts.path, name);
	assert_true(parts.has_stamp && parts.is.tracked && parts.is.iteration == 33);
	assert_true(line_read(&a, line.buf, line.len));
	assert_string_equal(a.path, name);
	assert_null(a.initiative);
	assert_string_equal(a.phase, "p");
	assert_int_equal(a.nr_files, 2);
	assert_string_equal(a.files[0].name, name);
	assert_int_equal(a.size, 42);
	c = (struct line_cursor) { line.buf + parts.files + strlen("\"files\":"),
				   line.buf + line.len };
	assert_int_equal(line_next_name(&c, &got), 1);
	assert_string_equal(got.buf, name);
	strbuf_reset(&got);
	assert_int_equal(line_next_name(&c, &got), 1);
	assert_string_equal(got.buf, "b");
	assert_int_equal(line_next_name(&c, &got), 0);
	/* Cut anywhere it is broken, and nothing is read behind the cut. */
	for (size_t i = 0; i < line.len; i++) {
		char *cut = xmemdup(line.buf, i);

		assert_false(line_read(&a, cut, i));
		free(cut);
	}
	artifact_release(&a);
	arena_release(&memory);
	strbuf_release(&line);
	strbuf_release(&got);
}

/* Names that lead elsewhere are no names. */
static void test_unsafe_lines(void **state)
{
	static const char *const bad[][2] = {
		{ "../x", "a" }, { "/x", "a" }, { "a/../../b", "a" }, { "x", "../../a" },
		{ "x", "/etc/passwd" }, { "x/.git", "a" }, { "x", "" }, { "", "a" }
	};
	struct artifact a = ARTIFACT_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		char *line = xstrfmt("{\"path\":\"%s\",\"dirs\":[[\"\",5]],\"initiative\":null,"
				     "\"phase\":null,\"stamp\":null,\"time\":0,\"type\":\"t\","
				     "\"tracked\":false,\"looked\":false,\"commit\":null,"
				     "\"iteration\":0,\"files\":[[\"%s\",1]]}", bad[i][0],
				     bad[i][1]);

		assert_false(line_read(&a, line, strlen(line)));
		free(line);
	}
	artifact_release(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stamps), cmocka_unit_test(test_roots),
		cmocka_unit_test(test_bad_roots), cmocka_unit_test(test_line),
		cmocka_unit_test(test_unsafe_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
