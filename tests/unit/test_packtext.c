/*
 * Packs written and read back: whatever happens to documents, the text that an
 * agent gets leads to exactly what they are.
 */
#include "unit.h"

#include "base/error.h"
#include "base/patch.h"
#include "base/strbuf.h"
#include "git/diff.h"
#include "git/object.h"
#include "git/repo.h"
#include "orch/layout.h"
#include "orch/packtext.h"
#include "orch/texts.h"

static void fails_with(int rc, const char *part)
{
	assert_int_equal(rc, ORCH_EINVALID);
	if (!strstr(error_message(), part))
		fail_msg("'%s' is not in '%s'", part, error_message());
	error_clear();
}

/* --- patches ---------------------------------------------------------------- */

static void patch_gives(const char *text, const char *patch, const char *expected)
{
	struct strbuf out = STRBUF_INIT;

	strbuf_addstr(&out, "before ");
	if (patch_apply(&out, text, strlen(text), patch, strlen(patch)) < 0)
		fail_msg("%s", error_message());
	assert_memory_equal(out.buf, "before ", 7);
	assert_string_equal(out.buf + 7, expected);
	strbuf_release(&out);
}

static void patch_fails(const char *text, const char *patch, const char *part)
{
	struct strbuf out = STRBUF_INIT;

	fails_with(patch_apply(&out, text, strlen(text), patch, strlen(patch)), part);
	assert_int_equal(out.len, 0);
	strbuf_release(&out);
}

static void test_patch(void **state UNUSED)
{
	patch_gives("a\nb\nc\n", "", "a\nb\nc\n");
	patch_gives("a\nb\nc\n", "@@ -2 +2 @@ # x\n-b\n+B\n", "a\nB\nc\n");
	patch_gives("a\nb\nc\n", "@@ -1,0 +2 @@\n+x\n@@ -3 +3,0 @@\n-c\n", "a\nx\nb\n");
	patch_gives("", "@@ -0,0 +1,2 @@\n+a\n+b\n\\ No newline at end of file\n", "a\nb");
	patch_gives("a", "@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a\n", "a\n");
	patch_gives("a\r\nb\r\n", "@@ -2 +2 @@\n-b\r\n+c\n", "a\r\nc\n");
	patch_gives("-x\n+y\n", "@@ -1 +1 @@\n--x\n++x\n", "+x\n+y\n");
}

static void test_patch_that_does_not_fit(void **state UNUSED)
{
	patch_fails("a\n", "@@ -1 +1 @@\n-b\n+c\n", "line 2 of the diff is not what");
	patch_fails("a\n", "@@ -1 +1 @@\n-a\n", "line 2 of the diff is the last");
	patch_fails("a\n", "@@ -1 +1 @@\n-a\n+b", "line 3 of the diff is cut");
	patch_fails("a\n", "@@ -1 +1 @@\n-a\n-a\n+b\n", "line 3 of the diff is not what");
	patch_fails("a\n", "@@ -1 +1 @@\n-a\n+b\n+c\n", "line 4 of the diff begins no hunk");
	patch_fails("a\n", "@@ -5 +5 @@\n-a\n+b\n", "begins behind the end");
	patch_fails("a\nb\n", "@@ -2 +2 @@\n-b\n+c\n@@ -1 +1 @@\n-a\n+b\n", "goes back");
	patch_fails("a\n", "@@ -0 +1 @@\n-a\n+b\n", "goes back");
	patch_fails("a\n", "@@ -x +1 @@\n", "begins no hunk");
	patch_fails("a\n", "@@ -1,99999999999999999999999 +1 @@\n", "begins no hunk");
	patch_fails("a", "@@ -1 +1 @@\n-a\n+b\n", "is not what the text has");
	patch_fails("a\n", "nonsense\n", "line 1 of the diff begins no hunk");
}

/* --- documents of a repository ------------------------------------------------- */

static struct repo *repo;
static struct texts texts;

static int enter(void **state)
{
	if (unit_enter(state) || system("git init -q -b main .") != 0 ||
	    repo_open(&repo, NULL, 0) < 0)
		return -1;
	texts = (struct texts)TEXTS_INIT(repo);
	return 0;
}

static int leave(void **state)
{
	texts_release(&texts);
	repo_free(repo);
	return unit_leave(state);
}

/* The bytes live in `texts` alone: nothing is written. */
static void put(struct docset *docs, const char *path, const char *text, size_t len)
{
	struct docver *d = docset_find(docs, path);
	struct oid oid;

	blob_hash(text, len, &oid);
	texts_put(&texts, &oid, text, len);
	if (!d)
		d = docset_add(docs, path, &oid, len);
	d->oid = oid;
	d->size = len;
}

static void put_text(struct docset *docs, const char *path, const char *text)
{
	put(docs, path, text, strlen(text));
}

static void same(struct docset *a, struct docset *b, const char *what)
{
	if (a->nr != b->nr)
		fail_msg("%s: %zu documents, not %zu", what, a->nr, b->nr);
	for (size_t i = 0; i < b->nr; i++) {
		struct docver *d = docset_find(a, b->v[i].path);

		if (!d || !oid_eq(&d->oid, &b->v[i].oid))
			fail_msg("%s: '%s' is not the same", what, b->v[i].path);
	}
}

static void delta_is(struct docset *old, struct docset *now, const char *expected)
{
	struct strbuf out = STRBUF_INIT;
	struct docset read = DOCSET_INIT;

	assert_int_equal(packtext_delta(&out, &texts, old, now, 1), 0);
	assert_string_equal(out.buf, expected);
	docset_copy(&read, old);
	assert_int_equal(packtext_apply(&read, &texts, out.buf, out.len), 0);
	same(&read, now, "delta");
	docset_release(&read);
	strbuf_release(&out);
}

static void test_delta(void **state UNUSED)
{
	struct docset old = DOCSET_INIT, now = DOCSET_INIT;

	put_text(&old, "plan.md", "# Plan\n\n## A\none\ntwo\nthree\nfour\nfive\nsix\n"
		 "seven\neight\nnine\nten\n");
	put_text(&now, "plan.md", "# Plan\n\n## A\none\ntwo\nthree\nFOUR\nfive\nsix\n"
		 "seven\neight\nnine\nten\n");
	put_text(&old, "input.md", "x\n");
	put_text(&now, "input.md", "y\n");
	put_text(&old, "same.md", "same\n");
	put_text(&now, "same.md", "same\n");
	put_text(&now, "new \"one\".md", "no newline");
	put_text(&old, "old.md", "quite another text than all others\n");
	delta_is(&old, &now,
		 "<diff path=\"plan.md\" bytes=\"46\">\n@@ -6,3 +6,3 @@ ## A\n three\n"
		 "-four\n+FOUR\n five\n</diff>\n"
		 "<document path=\"input.md\" bytes=\"2\">\ny\n</document>\n"
		 "<document path=\"new \\\"one\\\".md\" bytes=\"10\">\nno newline\n"
		 "</document>\n"
		 "<removed path=\"old.md\">\n");
	docset_release(&old);
	docset_release(&now);
}

static void test_rename(void **state UNUSED)
{
	struct docset old = DOCSET_INIT, now = DOCSET_INIT;

	put_text(&old, "a.md", "# Title\n1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n13\n14\n"
		 "further down\nand further\nand further still, until the end\nit goes\n15\n");
	put_text(&old, "b.md", "nothing but this\n");
	put_text(&now, "c.md", "# Title\n1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n13\n14\n"
		 "further down\nand further\nand further still, until the end\nit goes\n16\n");
	put_text(&now, "d.md", "nothing but this\n");
	delta_is(&old, &now,
		 "<diff path=\"c.md\" from=\"a.md\" bytes=\"43\">\n"
		 "@@ -19,2 +19,2 @@ # Title\n it goes\n"
		 "-15\n+16\n</diff>\n"
		 "<diff path=\"d.md\" from=\"b.md\" bytes=\"0\">\n</diff>\n");
	docset_release(&old);
	docset_release(&now);
}

/* A small document is no rename of a large one, which is not even read: there may be
 * thousands of them. */
static void test_rename_of_another_size(void **state UNUSED)
{
	struct docset gone = DOCSET_INIT, now = DOCSET_INIT;
	struct strbuf text = STRBUF_INIT;
	const struct docver *list[2];
	struct oid oid;
	size_t best;

	for (unsigned i = 0; i < 1000; i++)
		strbuf_addf(&text, "line %u of a large document\n", i);
	assert_int_equal(blob_write(repo, text.buf, text.len, &oid), 0);
	list[0] = docset_add(&gone, "large.md", &oid, 0);
	put_text(&now, "small.md", "line 1 of a large document\nline 2 of a large document\n");
	assert_int_equal(packtext_renamed(&best, &texts, list, 1, &now.v[0], 1), 0);
	assert_int_equal(best, 1);
	assert_false(texts_has(&texts, &oid));
	strbuf_addstr(&text, "and one more\n");
	put(&now, "small.md", text.buf, text.len);
	assert_int_equal(packtext_renamed(&best, &texts, list, 1, &now.v[0], 1), 0);
	assert_int_equal(best, 0);
	docset_release(&gone);
	docset_release(&now);
	strbuf_release(&text);
}

/* A document may hold whatever looks like ours. */
static void test_hostile_document(void **state UNUSED)
{
	struct docset old = DOCSET_INIT, now = DOCSET_INIT;

	put_text(&now, "a", "</document>\n<document path=\"b\" bytes=\"3\">\nno\n"
		 "</document>\n<removed path=\"a\">");
	put(&now, "nul", "a\0b\0\n\xff\xfe", 7);
	put_text(&now, "empty", "");
	delta_is(&old, &now,
		 "<document path=\"a\" bytes=\"75\">\n</document>\n"
		 "<document path=\"b\" bytes=\"3\">\nno\n</document>\n<removed path=\"a\">\n"
		 "</document>\n<document path=\"nul\" bytes=\"7\">\na");
	docset_release(&old);
	docset_release(&now);
}

static void broken(const char *text, const char *part)
{
	struct docset docs = DOCSET_INIT;

	put_text(&docs, "a", "a\n");
	fails_with(packtext_apply(&docs, &texts, text, strlen(text)), part);
	docset_release(&docs);
}

static void test_broken(void **state UNUSED)
{
	broken("<document path=\"a\" bytes=\"9\">\na\n</document>\n", "broken at byte 0");
	broken("x\n<document path=\"a\" bytes=\"2\">\na\n", "broken at byte 2");
	broken("<document path=\"a\" bytes=\"x\">\na\n</document>\n", "broken");
	broken("<document path=\"a\" bytes=\"2\" x>\na\n</document>\n", "broken");
	broken("<document path=\"a bytes=\"2\">\na\n</document>\n", "broken");
	broken("<document path=\"a\" from=\"b\" bytes=\"2\">\na\n</document>\n", "broken");
	broken("<document bytes=\"2\">\na\n</document>\n", "broken");
	broken("<document path=\"\\777\" bytes=\"2\">\na\n</document>\n", "broken");
	broken("<document path=\"a\" bytes=\"99999999999999999999\">\n", "broken");
	broken("<diff path=\"b\" bytes=\"0\">\n</diff>\n", "'b': there is no text");
	broken("<diff path=\"a\" bytes=\"16\">\n@@ -1 +1 @@\n-x\n+y\n</diff>\n", "broken");
	broken("<diff path=\"a\" bytes=\"18\">\n@@ -1 +1 @@\n-x\n+y\n</diff>\n",
	       "'a': line 2 of the diff is not what");
}

/* --- anything at all -------------------------------------------------------------- */

static uint64_t state_of_dice;

static unsigned dice(unsigned n)
{
	state_of_dice = state_of_dice * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(state_of_dice >> 33) % n;
}

static void random_line(struct strbuf *out)
{
	static const char *const lines[] = {
		"# Title\n", "## [A-1] Task\n", "\n", "- item\n", "\r\n", "a\tb\r\n",
		"@@ -1 +1 @@\n", "-gone\n", "+new\n", "\\ No newline at end of file\n",
		"</document>\n", "<removed path=\"x\">\n", "\xff\xfe\n", "same\n", "same\n",
	};

	if (!dice(40)) {
		strbuf_addch(out, 0);
	} else if (!dice(200)) {
		strbuf_addchars(out, 'x', 20000);
		strbuf_addch(out, '\n');
	} else if (!dice(3)) {
		strbuf_addf(out, "line %u\n", dice(50));
	} else {
		strbuf_addstr(out, lines[dice(ARRAY_SIZE(lines))]);
	}
}

/* The offset of a random line. */
static size_t random_place(const struct strbuf *s)
{
	size_t at = s->len ? dice((unsigned)s->len + 1) : 0;

	while (at > 0 && s->buf[at - 1] != '\n')
		at--;
	return at;
}

static void random_edit(struct strbuf *s)
{
	struct strbuf add = STRBUF_INIT;
	size_t at = random_place(s), n;

	switch (dice(8)) {
	case 0:
		strbuf_reset(s);
		break;
	case 1:	/* the last newline goes */
		if (s->len && s->buf[s->len - 1] == '\n')
			strbuf_setlen(s, s->len - 1);
		break;
	case 2:
	case 3:
		n = s->len - at < 60 ? s->len - at : dice(60);
		strbuf_remove(s, at, n);
		break;
	default:
		for (unsigned i = dice(4) + 1; i > 0; i--)
			random_line(&add);
		strbuf_insert(s, at, add.buf, add.len);
	}
	strbuf_release(&add);
}

#define DOCS 4
static void random_change(struct docset *docs, struct strbuf *bytes, char (*names)[16])
{
	for (unsigned i = 0; i < DOCS; i++) {
		struct docver *d = docset_find(docs, names[i]);

		switch (dice(12)) {
		case 0:		/* removed, or back again */
			if (d)
				docset_remove(docs, d);
			else
				put(docs, names[i], bytes[i].buf, bytes[i].len);
			continue;
		case 1:		/* renamed */
			if (d)
				docset_remove(docs, d);
			snprintf(names[i], sizeof(names[i]), "%u/%u", i, dice(1000));
			break;
		case 2:
		case 3:
		case 4:
			break;
		default:
			continue;
		}
		for (unsigned k = dice(3); k > 0; k--)
			random_edit(&bytes[i]);
		put(docs, names[i], bytes[i].buf, bytes[i].len);
	}
}

/* Read a fresh pack on top of the stable part that was read so far. */
static void read_fresh(struct docset *stable, const struct layout_turn *turn,
		       struct docset *now)
{
	struct docset docs = DOCSET_INIT;

	if (turn->choice == LAYOUT_RENEWED)
		docset_release(stable);
	if (packtext_apply(stable, &texts, turn->stable_new.buf,
			   turn->stable_new.len) < 0)
		fail_msg("stable: %s", error_message());
	docset_copy(&docs, stable);
	if (packtext_apply(&docs, &texts, turn->open.buf, turn->open.len) < 0)
		fail_msg("open: %s", error_message());
	same(&docs, now, "fresh");
	docset_release(&docs);
}

static void play(uint64_t seed, unsigned turns)
{
	struct strbuf bytes[DOCS] = { STRBUF_INIT, STRBUF_INIT, STRBUF_INIT, STRBUF_INIT };
	char names[DOCS][16];
	struct docset now = DOCSET_INIT, seen = DOCSET_INIT, stable = DOCSET_INIT;
	struct layout layout = LAYOUT_INIT;
	struct layout_words words = LAYOUT_WORDS_INIT;
	struct layout_policy policy = { .read = 0.1 };

	state_of_dice = seed;
	policy.write = 1 + dice(11) / 10.0;
	policy.appendable = dice(4) > 0;
	policy.context = dice(3);
	policy.every = dice(5) ? 0 : 3;
	layout_words(&words, "commit abc", DOCS);
	for (unsigned i = 0; i < DOCS; i++) {
		snprintf(names[i], sizeof(names[i]), "%u", i);
		for (unsigned k = dice(60); k > 0; k--)
			random_line(&bytes[i]);
		put(&now, names[i], bytes[i].buf, bytes[i].len);
	}
	for (unsigned t = 0; t < turns; t++) {
		struct layout_turn turn = LAYOUT_TURN_INIT;
		struct strbuf resumed = STRBUF_INIT;

		random_change(&now, bytes, names);
		if (layout_step(&layout, &turn, &now, &policy, &texts, &words, NULL) < 0 ||
		    packtext_delta(&resumed, &texts, &seen, &now, policy.context) < 0)
			fail_msg("%s", error_message());
		assert_int_equal(turn.stable_bytes, layout_stable_bytes(&layout));
		if (!policy.appendable)
			assert_true(turn.choice != LAYOUT_SEALED);
		read_fresh(&stable, &turn, &now);
		if (packtext_apply(&seen, &texts, resumed.buf, resumed.len) < 0)
			fail_msg("resumed: %s", error_message());
		same(&seen, &now, "resumed");
		layout_turn_release(&turn);
		strbuf_release(&resumed);
	}
	layout_release(&layout);
	layout_words_release(&words);
	docset_release(&now);
	docset_release(&seen);
	docset_release(&stable);
	for (unsigned i = 0; i < DOCS; i++)
		strbuf_release(&bytes[i]);
	texts_release(&texts);
}

/* 10,000 turns of random documents; ORCH_TEST_SEED plays others. */
static void test_any_documents(void **state UNUSED)
{
	const char *seed = getenv("ORCH_TEST_SEED");
	uint64_t base = seed ? strtoull(seed, NULL, 10) : 1;

	for (uint64_t i = 0; i < 500; i++)
		play(base * 1000003 + i, 20);
}

/* --- what the layout chooses ---------------------------------------------------- */

static void test_layout_choices(void **state UNUSED)
{
	struct docset now = DOCSET_INIT;
	struct layout layout = LAYOUT_INIT;
	struct layout_words words = LAYOUT_WORDS_INIT;
	struct layout_policy policy = { .read = 0.1, .write = 1.25, .appendable = true,
					.context = 1 };
	struct strbuf ledger = STRBUF_INIT;
	int64_t stable = 0;
	unsigned sealed = 0;

	layout_words(&words, "commit abc", 3);
	for (unsigned i = 0; i < 2000; i++)
		strbuf_addf(&ledger, "entry %u of the ledger\n", i);
	for (unsigned t = 0; t < 30; t++) {
		struct layout_turn turn = LAYOUT_TURN_INIT;
		char brief[400];

		/* A ledger that grows, a brief that is another one each turn. */
		strbuf_addf(&ledger, "turn %u was good, so good that it takes a line\n", t);
		memset(brief, 'a' + (int)(t % 26), sizeof(brief));
		brief[sizeof(brief) - 1] = '\n';
		put(&now, "ledger", ledger.buf, ledger.len);
		put(&now, "brief", brief, sizeof(brief));
		assert_int_equal(layout_step(&layout, &turn, &now, &policy, &texts, &words,
					     NULL), 0);
		if (t == 0)
			assert_int_equal(turn.choice, LAYOUT_RENEWED);
		else
			assert_int_not_equal(turn.choice, LAYOUT_RENEWED);
		sealed += turn.choice == LAYOUT_SEALED;
		/* Once it is known, the brief is not sealed any more. */
		if (t > 5 && turn.choice == LAYOUT_SEALED)
			assert_null(memmem(turn.stable_new.buf, turn.stable_new.len,
					   "brief", 5));
		assert_true(layout_stable_bytes(&layout) >= stable);
		stable = layout_stable_bytes(&layout);
		layout_turn_release(&turn);
	}
	assert_true(sealed > 20);
	/* The order of the next key frame is that of stability. */
	layout_sort(&layout, &now);
	layout.invalid = true;
	layout_release(&layout);
	layout_words_release(&words);
	docset_release(&now);
	strbuf_release(&ledger);
}

static void test_layout_renews(void **state UNUSED)
{
	struct docset now = DOCSET_INIT;
	struct layout layout = LAYOUT_INIT;
	struct layout_words words = LAYOUT_WORDS_INIT;
	struct layout_policy policy = { .read = 0.1, .write = 1, .appendable = true,
					.context = 1, .every = 3, .now_ms = 1000000 };
	static const char *const why[] = {
		"it is the first one", NULL, NULL, "orch.keyframeEvery turns have passed",
		"it was too old", "it was invalidated", "because",
	};

	layout_words(&words, "commit abc", 1);
	put_text(&now, "a", "a text\n");
	for (unsigned t = 0; t < ARRAY_SIZE(why); t++) {
		struct layout_turn turn = LAYOUT_TURN_INIT;

		if (t == 4) {
			policy.max_age_ms = 1000;
			policy.now_ms += 1001;
		}
		layout.invalid = t == 5;
		assert_int_equal(layout_step(&layout, &turn, &now, &policy, &texts, &words,
					     t == 6 ? "because" : NULL), 0);
		assert_int_equal(turn.choice, why[t] ? LAYOUT_RENEWED : LAYOUT_OPEN);
		if (why[t])
			assert_string_equal(turn.why, why[t]);
		else
			assert_string_equal(turn.open.buf, words.same.buf);
		layout_turn_release(&turn);
	}
	layout_release(&layout);
	layout_words_release(&words);
	docset_release(&now);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_patch),
		cmocka_unit_test(test_patch_that_does_not_fit),
		cmocka_unit_test(test_delta),
		cmocka_unit_test(test_rename),
		cmocka_unit_test(test_rename_of_another_size),
		cmocka_unit_test(test_hostile_document),
		cmocka_unit_test(test_broken),
		cmocka_unit_test(test_any_documents),
		cmocka_unit_test(test_layout_choices),
		cmocka_unit_test(test_layout_renews),
	};

	return cmocka_run_group_tests(tests, enter, leave);
}
