/*
 * The estimate of tokens, against counts of the real o200k tokenizer that are
 * stored in tests/tokens: from the text for samples, from the histogram for real
 * documents whose texts are not ours to ship. `make tokens-reference` makes both
 * files anew, with the tokenizer and all the texts.
 */
#include "unit.h"

#include "base/strbuf.h"
#include "base/tokens.h"

#define FOLDER "tests/tokens/"

static int64_t count(const char *text)
{
	return tokens_of_text(text, strlen(text));
}

static void test_small(void **state)
{
	char c;

	(void)state;
	assert_int_equal(tokens_of_text(NULL, 0), 0);
	assert_int_equal(tokens_of_text("", 0), 0);
	for (int i = 0; i < 256; i++) {
		c = (char)i;
		assert_in_range(tokens_of_text(&c, 1), 1, 4);
	}
	assert_int_equal(count("the"), 1);
	assert_int_equal(count("123"), 1);
	assert_int_equal(count("1234"), 2);
	assert_in_range(count("The quick brown fox jumps over the lazy dog."), 9, 11);
	assert_in_range(tokens_of_text("\0\0\0", 3), 1, 3);
	assert_true(count("iVBORw0KGgoAAAANSUhEUg") > count("international relations"));
}

/* One character a million times, in a block of just that size. */
static void test_monotone(void **state)
{
	static const char *const wide[] = { "\xe4\xb8\xad", "\xd0\xb6", "\xf0\x9f\x98\x80",
					    "\xff\xfe", "\xc3", "aB", "- ", " \n" };
	const size_t size = 1 << 20;
	char *text = xmalloc(size);
	int64_t n;
	size_t i, k;

	(void)state;
	for (i = 0; i < 256; i++) {
		memset(text, (int)i, size);
		n = tokens_of_text(text, size);
		assert_true(n >= 1 && n <= (int64_t)size * 4);
	}
	for (k = 0; k < ARRAY_SIZE(wide); k++) {
		for (i = 0; i < size; i++)
			text[i] = wide[k][i % strlen(wide[k])];
		n = tokens_of_text(text, size);
		assert_true(n >= 1 && n <= (int64_t)size * 4);
	}
	free(text);
}

/* Bytes that mean nothing; each length in a block of its own, for the sanitizer. */
static void test_noise(void **state)
{
	uint32_t dice = 1;

	(void)state;
	for (size_t size = 1; size < 600; size++) {
		unsigned char *text = xmalloc(size);

		for (size_t i = 0; i < size; i++) {
			dice = dice * 1664525 + 1013904223;
			text[i] = (unsigned char)(dice >> 24);
			if (size % 3 == 0)	/* more of what begins a sequence */
				text[i] |= 0xc0;
		}
		assert_in_range(tokens_of_text(text, size), 1, 4 * size);
		free(text);
	}
}

/* The estimate is the price of the histogram, and histograms add up. */
static void test_halves(void **state)
{
	static const char first[] = "int main(void)\n{\n\treturn 42;\n}\n";
	static const char second[] = "Gr\xc3\xb6\xc3\x9f" "er als 17 \xe2\x86\x92 nein!\n";
	struct tokens_histogram one = { { 0 } }, both = { { 0 } };
	char *text = xstrfmt("%s%s", first, second);

	(void)state;
	assert_int_equal(tokens_of_histogram(&one), 0);
	tokens_count(&one, text, strlen(text));
	assert_int_equal(tokens_of_histogram(&one), count(text));
	tokens_count(&both, first, strlen(first));
	tokens_count(&both, second, strlen(second));
	assert_memory_equal(&one, &both, sizeof(one));
	free(text);
}

struct tally {
	double *errors;		/* in percent */
	size_t n, alloc;
};

static void tally(struct tally *t, int64_t estimate, int64_t tokens)
{
	ALLOC_GROW(t->errors, t->n + 1, t->alloc);
	t->errors[t->n++] = (double)llabs(estimate - tokens) * 100 / (double)tokens;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The error below which this share of the documents is; sorts. */
static double share(struct tally *t, unsigned int percent)
{
	qsort(t->errors, t->n, sizeof(*t->errors), compare);
	return t->errors[t->n * percent / 100];
}

static char *read_all(const char *path, size_t *len)
{
	struct strbuf out = STRBUF_INIT;

	assert_int_equal(file_read(&out, path, 16 << 20, 0), 0);
	return strbuf_detach(&out, len);
}

/* `kind lang source path form bytes sha tokens histogram`, tab between. */
static void test_documents(void **state)
{
	static const char *const kinds[] = { "prose", "markdown", "code", "log", "json",
					     "foreign" };
	static const size_t least[] = { 50, 30, 100, 30, 40, 100 };
	char *text = read_all(FOLDER "documents.tsv", NULL), *save, *line, languages[1024] = "";
	struct tally all = { 0 }, each[ARRAY_SIZE(kinds)] = { { 0 } };
	unsigned int n_languages = 0;
	size_t k;

	(void)state;
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		struct tokens_histogram h = { { 0 } };
		char *field[9] = { line }, *p;
		int64_t tokens;

		for (k = 1; k < 9; k++) {
			p = strchr(field[k - 1], '\t');
			assert_non_null(p);
			*p = '\0';
			field[k] = p + 1;
		}
		tokens = strtoll(field[7], NULL, 10);
		assert_true(tokens > 0 && atol(field[5]) >= 1000);
		for (p = field[8]; *p; p += *p == ' ') {
			unsigned long cell = strtoul(p, &p, 10);

			assert_true(cell < TOKENS_CELLS && *p == ':');
			h.cell[cell] += strtoull(p + 1, &p, 10);
		}
		for (k = 0; k < ARRAY_SIZE(kinds) && !str_eq(kinds[k], field[0]); k++)
			;
		assert_true(k < ARRAY_SIZE(kinds));
		tally(&all, tokens_of_histogram(&h), tokens);
		tally(&each[k], tokens_of_histogram(&h), tokens);
		p = xstrfmt(" %s ", field[1]);
		if (!strstr(languages, p)) {
			assert_true(strlen(languages) + strlen(p) < sizeof(languages));
			memcpy(languages + strlen(languages), p, strlen(p) + 1);
			n_languages++;
		}
		free(p);
	}
	for (k = 0; k < ARRAY_SIZE(kinds); k++) {
		assert_true(each[k].n >= least[k]);
		print_message("%-9s %3zu documents, median %.2f %%, 95 of 100 %.2f %%\n", kinds[k],
			      each[k].n, share(&each[k], 50), share(&each[k], 95));
		free(each[k].errors);
	}
	print_message("%-9s %3zu documents, median %.2f %%, 95 of 100 %.2f %%\n", "all", all.n,
		      share(&all, 50), share(&all, 95));
	assert_true(all.n >= 300);
	assert_true(n_languages >= 11);
	assert_true(share(&all, 50) <= 3);
	assert_true(share(&all, 95) <= 10);
	free(all.errors);
	free(text);
}

/* Our own texts, from the first byte to the figure. `name tokens`, tab between. */
static void test_samples(void **state)
{
	char *list = read_all(FOLDER "samples.tsv", NULL), *save, *line;
	struct tally all = { 0 };

	(void)state;
	for (line = strtok_r(list, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char *tab = strchr(line, '\t'), *path, *text;
		size_t len;

		assert_non_null(tab);
		*tab = '\0';
		path = xstrfmt(FOLDER "samples/%s", line);
		text = read_all(path, &len);
		tally(&all, tokens_of_text(text, len), strtoll(tab + 1, NULL, 10));
		free(text);
		free(path);
	}
	assert_true(all.n >= 15);
	print_message("samples: median %.2f %%, worst %.2f %%\n", share(&all, 50),
		      share(&all, 99));
	assert_true(share(&all, 50) <= 3.5);	/* they are small */
	assert_true(share(&all, 99) <= 15);
	free(all.errors);
	free(list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_small),
		cmocka_unit_test(test_monotone),
		cmocka_unit_test(test_noise),
		cmocka_unit_test(test_halves),
		cmocka_unit_test(test_documents),
		cmocka_unit_test(test_samples),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
