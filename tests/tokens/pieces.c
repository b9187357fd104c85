/*
 * What the estimator sees in a text, for the scripts beside this file:
 *
 *	pieces split FILE...	  how each file is cut: count, then lengths (32 bits each)
 *	pieces features <pieces	  for each piece (length, bytes): number of cells, each
 *				  with its count; number of features, features
 *	pieces histogram FILE...  a line for each file: estimate, cell:count ...
 *
 * It is built from the source of the library's module, not from the library: so
 * the features can be taken out.
 */
#include "base/compat.h"

static uint32_t features[1 << 20];
static size_t n_features;

#define TOKENS_FEATURE(s, index) do { \
		if (n_features < ARRAY_SIZE(features)) \
			features[n_features++] = (index); \
		(s)->sum += ((const signed char *)weights)[index] - WEIGHT_ZERO; \
	} while (0)
#include "../../common/base/tokens.c"

static unsigned char *slurp(const char *path, size_t *len)
{
	unsigned char *buf = NULL;
	size_t alloc = 0, n;
	FILE *in = fopen(path, "rb");

	if (!in) {
		perror(path);
		exit(1);
	}
	*len = 0;
	do {
		ALLOC_GROW(buf, *len + 65536, alloc);
		n = fread(buf + *len, 1, 65536, in);
		*len += n;
	} while (n);
	fclose(in);
	return buf;
}

static void put(uint32_t n)
{
	fwrite(&n, sizeof(n), 1, stdout);
}

static void split(const char *path)
{
	struct tokens_histogram h = { { 0 } };
	size_t len, n = 0, alloc = 0;
	unsigned char *text = slurp(path, &len);
	const unsigned char *p = text, *next;
	uint32_t *v = NULL;

	for (; p < text + len; p = next) {
		next = count_piece(&h, p, text + len);
		ALLOC_GROW(v, n + 1, alloc);
		v[n++] = (uint32_t)(next - p);
		n_features = 0;
	}
	put((uint32_t)n);
	fwrite(v, sizeof(*v), n, stdout);
	free(v);
	free(text);
}

static void features_of(const unsigned char *piece, uint32_t len)
{
	struct tokens_histogram h = { { 0 } };
	uint32_t cells = 0;

	n_features = 0;
	tokens_count(&h, piece, len);
	for (uint32_t i = 0; i < TOKENS_CELLS; i++)
		cells += h.cell[i] != 0;
	put(cells);
	for (uint32_t i = 0; i < TOKENS_CELLS; i++) {
		if (!h.cell[i])
			continue;
		put(i);
		put((uint32_t)h.cell[i]);
	}
	put((uint32_t)n_features);
	fwrite(features, sizeof(*features), n_features, stdout);
}

static void histogram(const char *path)
{
	struct tokens_histogram h = { { 0 } };
	size_t len;
	unsigned char *text = slurp(path, &len);

	tokens_count(&h, text, len);
	printf("%" PRId64, tokens_of_histogram(&h));
	for (int i = 0; i < TOKENS_CELLS; i++)
		if (h.cell[i])
			printf(" %d:%" PRIu64, i, h.cell[i]);
	putchar('\n');
	free(text);
}

int main(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "";
	unsigned char *piece;
	uint32_t len;
	int i;

	for (i = 2; i < argc; i++) {
		if (str_eq(mode, "split"))
			split(argv[i]);
		else
			histogram(argv[i]);
	}
	while (str_eq(mode, "features") && fread(&len, sizeof(len), 1, stdin) == 1) {
		piece = xmalloc(len);
		if (fread(piece, 1, len, stdin) != len)
			return 1;
		features_of(piece, len);
		free(piece);
	}
	return fflush(stdout) || ferror(stdout);
}
