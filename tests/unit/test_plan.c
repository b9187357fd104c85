/*
 * Plans: what statuses, priorities and headings mean, what differs between two
 * versions, and texts made to be slow.
 */
#include "unit.h"

#include "base/json.h"
#include "base/strbuf.h"
#include "orch/plan.h"

static void parse(struct plan *p, const char *text)
{
	plan_parse(p, text, strlen(text), "plan.md", NULL);
}

/* --- what words mean ----------------------------------------------------- */

static void test_status(void **state)
{
	static const char *const t[][2] = {
		{ "done", "done" }, { "Complete", "done" }, { "completed (x)", "done" },
		{ "\xe2\x9c\x85 anything", "done" }, { "[x]", "done" },
		{ "CLOSED", "done" }, { "**resolved**", "done" }, { "`done`", "done" },
		{ "in_progress (notes)", "in_progress" }, { "In Progress", "in_progress" },
		{ "active", "in_progress" }, { "\xf0\x9f\x9a\xa7 building", "in_progress" },
		{ "blocked: by x", "blocked" }, { "on hold", "blocked" },
		{ "planned", "planned" }, { "pending", "planned" }, { "Open", "planned" },
		{ "to-do", "planned" }, { "[ ]", "planned" }, { "not done", "planned" },
		{ "cancelled", "cancelled" }, { "won't fix", "cancelled" },
		{ "[x] blocked", "blocked" },
		{ "doneish", "doneish" }, { "Shrug", "Shrug" }, { "3/7", "3/7" },
	};
	struct strbuf text = STRBUF_INIT;
	struct plan p = PLAN_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		strbuf_reset(&text);
		strbuf_addf(&text, "## [X-1] T\n- Status: %s\n", t[i][0]);
		parse(&p, text.buf);
		assert_int_equal(p.nr, 1);
		if (!str_eq(p.v[0].status, t[i][1]))
			fail_msg("'%s' is '%s'", t[i][0], p.v[0].status);
	}
	parse(&p, "## [X-1] T\n- Status:\n");
	assert_null(p.v[0].status);
	plan_release(&p);
	strbuf_release(&text);
}

static void test_priority(void **state)
{
	static const struct {
		const char *text;
		int rank;
	} t[] = {
		{ "Critical", 0 }, { "P0", 0 }, { "High (why)", 10 }, { "p1", 10 },
		{ "1", 10 }, { "medium", 20 }, { "2 - soon", 20 }, { "Low", 30 },
		{ "P3", 30 }, { "\xf0\x9f\x94\xb4 high", 10 }, { "12", 120 },
		{ "soon", PLAN_NO_PRIORITY }, { "highly", PLAN_NO_PRIORITY },
		{ "100", PLAN_NO_PRIORITY },
	};
	struct strbuf text = STRBUF_INIT;
	struct plan p = PLAN_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		strbuf_reset(&text);
		strbuf_addf(&text, "## [X-1] T\n- Priority: %s\n", t[i].text);
		parse(&p, text.buf);
		if (p.v[0].rank != t[i].rank)
			fail_msg("'%s' has rank %d", t[i].text, p.v[0].rank);
	}
	plan_release(&p);
	strbuf_release(&text);
}

static void test_headings(void **state)
{
	static const struct {
		const char *heading, *id, *title, *status;	/* id NULL: no item */
	} t[] = {
		{ "## [X-1] Title", "X-1", "Title", NULL },
		{ "## X-1 \xe2\x80\x94 Title", "X-1", "Title", NULL },
		{ "### T003: `Title` **bold**", "T003", "Title bold", NULL },
		{ "## \xe2\x9c\x85 [X-1] Title", "X-1", "Title", "done" },
		{ "## [x] X-1: Title", "X-1", "Title", "done" },
		{ "## ~~[X-1] Title~~", "X-1", "Title", "done" },
		{ "## [X-1] Title (done)", "X-1", "Title", "done" },
		{ "## [X-1] Title [BLOCKED]", "X-1", "Title", "blocked" },
		{ "## [X-1] Title \xe2\x80\x94 DONE", "X-1", "Title", "done" },
		{ "## [X-1] Title \xe2\x9c\x85", "X-1", "Title", "done" },
		{ "## [X-1] What is done", "X-1", "What is done", NULL },
		{ "## [X-1] Of open (open source)", "X-1", "Of open (open source)", NULL },
		{ "## Task X-1: Title", "X-1", "Title", NULL },
		{ "## [setup] Title", "setup", "Title", NULL },
		{ "# [X-1] Title", "X-1", "Title", NULL },
		{ "# FIX-PLAN", NULL, NULL, NULL }, { "## Notes", NULL, NULL, NULL },
		{ "## 2026-01-29 notes", NULL, NULL, NULL },
		{ "## [2026-01-29] notes", NULL, NULL, NULL },
		{ "## [DONE] things", NULL, NULL, NULL },
	};
	struct plan p = PLAN_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		parse(&p, t[i].heading);
		if (p.nr != (t[i].id != NULL))
			fail_msg("'%s' is %zu items", t[i].heading, p.nr);
		if (p.nr && (!str_eq(p.v[0].id, t[i].id) ||
			     !str_eq(p.v[0].title, t[i].title)))
			fail_msg("'%s' is '%s' '%s'", t[i].heading, p.v[0].id,
				 p.v[0].title);
		if (p.nr && (t[i].status ? !p.v[0].status ||
			     !str_eq(p.v[0].status, t[i].status) : !!p.v[0].status))
			fail_msg("'%s' has status '%s'", t[i].heading,
				 p.v[0].status ? p.v[0].status : "-");
	}
	plan_release(&p);
}

static void test_files(void **state)
{
	static const char text[] =
		"## [X-1] T\n"
		"In `src/a.c`, (src/b.py), tests/test_c.py::TestC::test_d, ./x/d.sh,\n"
		"`setup.py` and setup.cfg; not `np.array`, https://a.b/c.html, 1.2/3.4,\n"
		"/etc/passwd.txt, ../up.c, ~/home.c, reports/x/y.log, plans/active/X-1/z.md,\n"
		"and/or, src/a.c again, e.g. `a.b.c`, src/dir/.\n";
	struct plan p = PLAN_INIT;
	struct strbuf out = STRBUF_INIT;

	(void)state;
	parse(&p, text);
	for (uint32_t k = 0; k < p.v[0].files_nr; k++)
		strbuf_addf(&out, "%s ", p.v[0].files[k]);
	assert_string_equal(out.buf, "src/a.c src/b.py tests/test_c.py x/d.sh setup.py ");
	assert_null(p.v[0].component);
	parse(&p, "## [X-1] T\nsrc/a.c and src/b/c.h\n");
	assert_string_equal(p.v[0].component, "src");
	plan_release(&p);
	strbuf_release(&out);
}

static void test_nesting(void **state)
{
	static const char text[] =
		"## [X-1] Outer\n- Status: open\n"
		"### A1: a step\n- [x] one\n"
		"### [X-2] Inner\n- Status: done\n- [ ] two\n"
		"## Notes\n- Status: closed\n- [ ] Y-1: a task\n";
	struct plan p = PLAN_INIT;

	(void)state;
	parse(&p, text);
	assert_int_equal(p.nr, 3);
	assert_string_equal(p.v[0].status, "planned");
	assert_int_equal(p.v[0].line_end, 7);
	assert_int_equal(p.v[0].total, 1);
	assert_string_equal(p.v[1].id, "X-2");
	assert_string_equal(p.v[1].status, "done");
	assert_int_equal(p.v[1].total, 1);
	assert_string_equal(p.v[2].id, "Y-1");
	assert_int_equal(text[p.v[1].end - 1], '\n');
	assert_memory_equal(text + p.v[1].end, "## Notes", 8);
	plan_release(&p);
}

static void test_headings_of_states(void **state)
{
	static const char text[] =
		"## In Progress\n### X-1: a\n### X-2: b\n- Status: blocked\n"
		"## \xe2\x9c\x85 Completed Items\n### Group\n#### X-3: c\n"
		"| ID | Priority |\n|-|-|\n"
		"## Backlog\n| ID | Priority |\n|-|-|\n| X-4 | high |\n## Notes\n### X-5: e\n";
	struct plan p = PLAN_INIT;

	(void)state;
	parse(&p, text);
	assert_int_equal(p.nr, 5);
	assert_int_equal(p.v[0].state, PLAN_ACTIVE);
	assert_int_equal(p.v[1].state, PLAN_BLOCKED);
	assert_int_equal(p.v[2].state, PLAN_DONE);
	assert_int_equal(p.v[3].state, PLAN_PLANNED);
	assert_null(p.v[4].status);
	plan_release(&p);
}

/* --- differences --------------------------------------------------------- */

static void report(const struct plan_report *r, void *data)
{
	static const char *const names[] = { "new", "completed", "changed", "gone",
					     "attempt" };
	const struct plan_item *i = r->now ? r->now : r->before;
	struct strbuf *out = data;

	strbuf_addf(out, "%s %s", names[r->what], i ? i->id : "-");
	if (r->what == PLAN_CHANGED)
		strbuf_addf(out, " %s '%s' '%s'", r->field, r->from, r->to);
	if (r->what == PLAN_ATTEMPT)
		strbuf_addf(out, " #%s %s", r->attempt->name, r->attempt->result);
	strbuf_addstr(out, "; ");
}

static void expect_changes(const char *before, const char *now, const char *wanted)
{
	struct plan a = PLAN_INIT, b = PLAN_INIT;
	struct strbuf out = STRBUF_INIT;

	parse(&a, before);
	parse(&b, now);
	plan_compare(&a, &b, report, &out);
	if (!str_eq(out.buf, wanted))
		fail_msg("'%s', not '%s'", out.buf, wanted);
	plan_release(&a);
	plan_release(&b);
	strbuf_release(&out);
}

static void test_compare(void **state)
{
	(void)state;
	expect_changes("", "", "");
	expect_changes("## [X-1] A\n", "## [X-1] A\n\nmore text\n", "");
	expect_changes("## [X-1] A\n", "## [X-2] B\n- Status: done\n",
		       "gone X-1; new X-2; completed X-2; ");
	expect_changes("## [X-1] A\n- Status: open\n- [ ] a\n",
		       "## [X-1] B\n- Status: done\n- Priority: high\n- Owner: me\n"
		       "- Depends on: X-2\n- [x] a\n",
		       "changed X-1 title 'A' 'B'; completed X-1; "
		       "changed X-1 priority '' 'high'; changed X-1 owner '' 'me'; "
		       "changed X-1 depends_on '' 'X-2'; "
		       "changed X-1 checklist '0/1' '1/1'; ");
	expect_changes("## [X-1] A\n- Status: planned\n", "## [X-1] A\n- Status: wip\n",
		       "changed X-1 status 'planned' 'in_progress'; ");
	/* The same id twice: the second one is new. */
	expect_changes("## [X-1] A\n", "## [X-1] A\n## [X-1] B\n", "new X-1; ");
}

static void test_attempts(void **state)
{
	(void)state;
	expect_changes("## [X-1] A\n- Attempts History:\n"
		       "  * [2026-01-01] Attempt #1 - Result: failed (x)\n",
		       "## [X-1] A\n- Attempts History:\n"
		       "  * [2026-01-01] Attempt #1 - Result: failed (x)\n"
		       "  * [2026-01-02] Attempt #2 - Result: success (y)\n"
		       "  * [2026-01-03] looked around\n",
		       "attempt X-1 #2 success; attempt X-1 #2026-01-03 ; ");
	/* The same stamp with another text is another attempt. */
	expect_changes("## Attempts\n### 2026-01-01T02:40Z - X-1 (a)\n",
		       "## Attempts\n### 2026-01-01T02:40Z - X-1 (b)\n"
		       "### 2026-01-01T02:40Z - X-1 (a)\n",
		       "attempt - #2026-01-01T02:40Z b; ");
}

/* --- configured ---------------------------------------------------------- */

static void test_patterns(void **state)
{
	static const char text[] = "## a/b Title\n- Status: finito\n";
	struct plan_patterns patterns = PLAN_PATTERNS_INIT;
	struct plan p = PLAN_INIT;

	(void)state;
	assert_int_equal(regex_compile(&patterns.item, "[a-z]/[a-z]", REGEX_ANCHORED), 0);
	assert_int_equal(regex_compile(&patterns.done, "^fin", REGEX_ICASE), 0);
	plan_parse(&p, text, sizeof(text) - 1, "x", &patterns);
	assert_int_equal(p.nr, 1);
	assert_string_equal(p.v[0].id, "a/b");
	assert_string_equal(p.v[0].status, "done");
	plan_release(&p);
	plan_patterns_release(&patterns);
}

/* --- hostile ------------------------------------------------------------- */

static void test_any_bytes(void **state)
{
	static const char text[] = "## [A-1] \0x\n- Status: \0\n|ID|Status|\n|-|-|\n"
				   "|\0|\0|\n- [ ] A-2: \0 depends on \0\n## \xff\n";
	struct plan p = PLAN_INIT;

	(void)state;
	for (size_t n = 0; n < sizeof(text); n++)
		plan_parse(&p, text, n, "x", NULL);
	plan_release(&p);
	plan_release(&p);
}

/* Whatever is quadratic takes hours here. */
static void test_slow_texts(void **state)
{
	static const char *const repeat[] = {
		"# [A-1] x\n", "- [ ] A-1: x\n", "## [A-1] depends on A-1\n",
		"depends on ", "A-1 ", "a/b.c ", "`a.c`", ".", "(", "[", "[x](",
		"|A-1", "Status: x | ", "## Attempts\n", "  - [ ] x\n",
		"**A-1 - x**\n", "- Depends on:\n", "* [2026-01-01] Attempt #1\n",
		"A-1.", "#1", "Result:", "## Status\n", "x/", "A-1, and ",
	};
	static const char *const before[] = {
		"", "## [X-1] T\n", "## [X-1] T\nneeds ", "## Current Focus\n",
		"|ID|Status|Depends on|\n|-|-|-|\n", "- Depends on: ",
	};
	struct strbuf text = STRBUF_INIT;
	struct plan p = PLAN_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(repeat); i++)
		for (size_t k = 0; k < ARRAY_SIZE(before); k++) {
			strbuf_reset(&text);
			strbuf_addstr(&text, before[k]);
			while (text.len < (size_t)1 << 20)
				strbuf_addstr(&text, repeat[i]);
			plan_parse(&p, text.buf, text.len, "x", NULL);
			plan_lint(&p);
		}
	plan_release(&p);
	strbuf_release(&text);
}

#define MANY 100000

static void test_circle_of_many(void **state)
{
	struct strbuf text = STRBUF_INIT;
	struct plan p = PLAN_INIT;
	const struct plan_item **ready;
	size_t nr;

	(void)state;
	for (int i = 0; i < MANY; i++)
		strbuf_addf(&text, "## [X-%d] T\n- Depends on: X-%d, X-%d\n", i,
			    (i + 1) % MANY, (i + 7919) % MANY);
	parse(&p, text.buf);
	assert_int_equal(p.nr, MANY);
	assert_int_equal(p.v[0].depends_nr, 2);
	plan_ready(&p, &ready, &nr);
	assert_int_equal(nr, 0);
	free(ready);
	plan_lint(&p);
	assert_true(p.problems_nr > 0);
	assert_int_equal(p.problems[0].kind, PLAN_CIRCLE);
	plan_release(&p);
	strbuf_release(&text);
}

static void test_json(void **state)
{
	struct plan p = PLAN_INIT;
	struct strbuf out = STRBUF_INIT;
	struct json *j = json_new_object();

	(void)state;
	parse(&p, "## [X-1] T\n- Depends on: X-2\n");
	plan_item_to_json(j, &p, &p.v[0]);
	json_print(&out, j);
	assert_string_equal(out.buf,
		"{\"id\":\"X-1\",\"title\":\"T\",\"status\":null,\"status_text\":null,"
		"\"priority\":null,\"owner\":null,\"depends_on\":[\"X-2\"],\"files\":[],"
		"\"component\":null,\"path\":\"plan.md\",\"line_start\":1,\"line_end\":2,"
		"\"checklist\":{\"done\":0,\"total\":0},\"attempts\":0,\"focus\":false}");
	json_free(j);
	plan_release(&p);
	strbuf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_status),
		cmocka_unit_test(test_priority),
		cmocka_unit_test(test_headings),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_nesting),
		cmocka_unit_test(test_headings_of_states),
		cmocka_unit_test(test_compare),
		cmocka_unit_test(test_attempts),
		cmocka_unit_test(test_patterns),
		cmocka_unit_test(test_any_bytes),
		cmocka_unit_test(test_slow_texts),
		cmocka_unit_test(test_circle_of_many),
		cmocka_unit_test(test_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
