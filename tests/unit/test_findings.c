/*
 * Findings: tables in any order, sections, and what changed between two texts;
 * and the ids that plans and findings share.
 */
#include "unit.h"

#include "base/strbuf.h"
#include "orch/findings.h"
#include "orch/ledgerid.h"

static void expect(const char *text, const char *wanted)
{
	struct findings f = FINDINGS_INIT;
	struct strbuf out = STRBUF_INIT;

	findings_parse(&f, text, strlen(text));
	for (size_t i = 0; i < f.nr; i++) {
		const struct finding *x = &f.v[i];

		assert_true(x->begin < x->end && x->end <= strlen(text));
		strbuf_addf(&out, "%s,%s,%s,%s,%u-%u\n", x->id, x->title,
			    x->keywords, x->status, x->line_start, x->line_end);
	}
	if (!str_eq(out.buf, wanted))
		fail_msg("of '%s' came '%s', not '%s'", text, out.buf, wanted);
	findings_release(&f);
	strbuf_release(&out);
}

static void test_tables(void **state)
{
	(void)state;
	expect("# Findings\n\nNothing yet.\n", "");
	expect("# F\n\n"
	       "| Finding ID | Date | Keywords | Synopsis | Evidence Pointer | Status |\n"
	       "|---|---|---|---|---|---|\n"
	       "| F-001 | 2026-01-12 | awk, `locale` | `length` **counts** | x.md | Active |\n"
	       "| [CONFIG-001](#c) | | a | b\\|c |\n\n"
	       "| F-9 | not | a | row |\n",
	       "F-001,length counts,awk, locale,Active,5-5\n"
	       "CONFIG-001,b|c,a,,6-6\n");
	expect("|Status|Synopsis|**ID**|\n|-|:-:|-|\n|open|s|`A-1`|\n||x||\n",
	       "A-1,s,,open,3-3\n");
	expect("|Metric|Value|\n|-|-|\n|a|b|\n", "");
	/* A pipe that tears the row in two. */
	expect("|ID|Synopsis|Status|\n|-|-|-|\n|A-1|`a|b` c|open|\n",
	       "A-1,a|b c,,open,3-3\n");
}

static void test_sections(void **state)
{
	(void)state;
	expect("# Findings\n\n## F-001: Locale\n- Keywords: awk\n- Status: open\n\n"
	       "### Evidence\nx\n\n## [F-002] Other\n**Status:** closed\n",
	       "F-001,Locale,awk,open,3-9\nF-002,Other,,closed,10-11\n");
	expect("# Findings\nStatus: draft\n## How to\ntext\n## Bytes\nKeywords: a, b\n",
	       "Bytes,Bytes,a, b,,5-6\n");
	expect("F-1: Title\n----------\nSynopsis: says it\n",
	       "F-1,says it,,,1-3\n");
}


static void report(enum findings_change what, const struct finding *before,
		   const struct finding *now, void *data)
{
	struct strbuf *out = data;

	strbuf_addf(out, "%c%s%u ", "+!-"[what], (now ? now : before)->id,
		    (now ? now : before)->copy);
}

static void test_compare(void **state)
{
	static const char head[] = "|ID|Synopsis|\n|-|-|\n";
	struct findings a = FINDINGS_INIT, b = FINDINGS_INIT;
	struct strbuf text = STRBUF_INIT, out = STRBUF_INIT;

	(void)state;
	strbuf_addf(&text, "%s|A|1|\n|B|1|\n|D|1|\n|D|2|\n", head);
	findings_parse(&a, text.buf, text.len);
	strbuf_reset(&text);
	strbuf_addf(&text, "%s|D|1|\n|D|3|\n|D|4|\n|C|1|\n|A|1|\n", head);
	findings_parse(&b, text.buf, text.len);
	findings_compare(&a, &b, report, &out);
	assert_string_equal(out.buf, "-B0 +C0 !D1 +D2 ");
	assert_int_equal(findings_find(&b, "C")->line_start, 6);
	assert_null(findings_find(&b, "B"));
	assert_null(findings_find(&b, ""));
	findings_release(&a);
	strbuf_reset(&out);
	findings_compare(&a, &a, report, &out);
	assert_null(findings_find(&a, "C"));
	assert_int_equal(out.len, 0);
	findings_release(&b);
	strbuf_release(&text);
	strbuf_release(&out);
}

/* --- ids ----------------------------------------------------------------- */

static void test_ids(void **state)
{
	static const struct {
		const char *text;
		size_t len;
	} t[] = {
		{ "TORCH-004", 9 }, { "TORCH-004: x", 9 }, { "A1", 2 },
		{ "DEBUG-SIM-001.F1 x", 16 }, { "X-1.", 3 }, { "T003,", 4 },
		{ "#12", 3 }, { "#", 0 }, { "#x", 0 }, { "bd-a1b2", 7 },
		{ "FIX-CONFIG", 10 }, { "fix-config", 0 }, { "Phase", 0 },
		{ "C1/C2 x", 2 }, { "X-1/reports/a.log", 0 }, { "src/a1.c", 0 },
		{ "X-1::y", 0 }, { "X-1=2", 0 }, { "2026-01-02", 0 }, { "", 0 },
		{ "A", 0 }, { "X-1)", 3 }, { "X-1-", 3 }, { "a.b", 0 },
	};
	char big[200];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(t); i++)
		if (ledger_id(t[i].text, 0, strlen(t[i].text), NULL) != t[i].len)
			fail_msg("'%s' has an id of %zu", t[i].text,
				 ledger_id(t[i].text, 0, strlen(t[i].text), NULL));
	assert_int_equal(ledger_id("xA-1", 1, 4, NULL), 0);
	assert_int_equal(ledger_id("/A-1", 1, 4, NULL), 3);
	assert_int_equal(ledger_id("../A-1", 3, 6, NULL), 0);
	memset(big, 'A', sizeof(big));
	big[1] = '1';
	assert_int_equal(ledger_id(big, 0, sizeof(big), NULL), 0);
}

static void test_stamps(void **state)
{
	static const struct {
		const char *text;
		size_t len;
	} t[] = {
		{ "2026-01-22", 10 }, { "2026-01-22T02:40Z x", 17 },
		{ "20260122T024002Z", 16 }, { "2026-01-23T153500Z", 18 },
		{ "2026-01-22: x", 10 }, { "2026-1-2", 0 }, { "", 0 }, { "20260122", 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(t); i++)
		if (ledger_stamp(t[i].text, strlen(t[i].text)) != t[i].len)
			fail_msg("'%s'", t[i].text);
}

static void test_split(void **state)
{
	static const char *const t[][3] = {
		{ "[X-1] Title", "X-1", "Title" }, { "[X-1](#x) Title", "X-1", "Title" },
		{ "X-1 \xe2\x80\x94 Title", "X-1", "Title" },
		{ "X-1\xe2\x80\x94Title", "X-1", "Title" },
		{ "T003: Title", "T003", "Title" }, { "X-1 Title", "X-1", "Title" },
		{ "X-1 - Title", "X-1", "Title" }, { "X-1", "X-1", "" },
		{ "**X-1** Title", "X-1", "Title" }, { "`X-1`: Title", "X-1", "Title" },
		{ "**X-1: Title**", "X-1", "Title**" },
		{ "[`X-1`] Title", "X-1", "Title" }, { "#12 Title", "#12", "Title" },
		{ "[setup] Title", "setup", "Title" }, { "1. [X-1] T", NULL, NULL },
		{ "[x] Title", NULL, NULL }, { "[2026-01-29] Title", NULL, NULL },
		{ "[P1] Title", NULL, NULL }, { "[DONE] Title", NULL, NULL },
		{ "[a b] Title", NULL, NULL }, { "Python3 Title", NULL, NULL },
		{ "Attempts History", NULL, NULL }, { "", NULL, NULL },
		{ "**", NULL, NULL }, { "[", NULL, NULL },
	};
	struct md_slice id, title;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		bool is = ledger_split(&id, &title, (struct md_slice){
			t[i][0], strlen(t[i][0]) }, NULL);

		if (is != !!t[i][1])
			fail_msg("'%s' has %s id", t[i][0], is ? "an" : "no");
		if (is && (id.len != strlen(t[i][1]) || memcmp(id.text, t[i][1], id.len) ||
			   title.len != strlen(t[i][2]) ||
			   memcmp(title.text, t[i][2], title.len)))
			fail_msg("'%s': '%.*s' '%.*s'", t[i][0], (int)id.len, id.text,
				 (int)title.len, title.text);
	}
}

static void test_any_bytes(void **state)
{
	static const char text[] = "## [A\0-1] x\0y\nStatus:\0\n|\0|ID|Status\n"
				   "|-|-|-|\n\0|\0|\0|\0\n# \0";
	struct findings f = FINDINGS_INIT;

	(void)state;
	for (size_t n = 0; n < sizeof(text); n++)
		findings_parse(&f, text, n);
	findings_release(&f);
	findings_release(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tables),
		cmocka_unit_test(test_sections),
		cmocka_unit_test(test_compare),
		cmocka_unit_test(test_ids),
		cmocka_unit_test(test_stamps),
		cmocka_unit_test(test_split),
		cmocka_unit_test(test_any_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
