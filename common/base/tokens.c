/*
 * Three steps: cut the text into pieces, weigh each piece, price the histogram.
 *
 * o200k splits a text by a regular expression before it looks for tokens, so a
 * token never crosses a piece, and what a piece costs depends on nothing around
 * it. How many tokens a word has is how unusual it is; without the vocabulary
 * that is guessed from its pairs and triples of letters: each is hashed into one
 * table of learned weights, and their sum is near the number of tokens (about 1
 * for "the", 9 for a word of base64). What the sum really means is then learned
 * once more, for each script: that is the price of a cell. Both tables are in
 * tokens.def and are made by tests/tokens/calibrate.mjs. Integers only, so that
 * each machine and compiler says the same.
 */
#include "base/tokens.h"

/* Kinds of characters; the order of the letters is that of the histogram's groups. */
enum kind {
	LATIN, CAPITALS, ACCENTED, CYRILLIC, ALPHABET, CJK, OTHER_LETTER,
	PUNCTUATION, SYMBOL,	/* within ASCII, beyond it */
	DIGIT, OTHER_DIGIT, BLANK, NEWLINE,
};

enum {
	BUCKETS = 14,		/* of each group; the last one is counted in tokens */
	CELL_DIGITS = (SYMBOL + 1) * BUCKETS,
	CELL_OTHER_DIGITS,
	CELL_NEWLINES,		/* one, two, more */
	CELL_BLANK_LINES = CELL_NEWLINES + 3,	/* with blanks: one newline, more */
	CELL_SPACES = CELL_BLANK_LINES + 2,	/* up to 16, more, each further 64 */
	CELL_TABS = CELL_SPACES + 3,
	CELL_BLANKS,
	CELL_REPEATS,		/* ----- and aaaaa: 6 of letters, 6 of punctuation */
	CELL_END = CELL_REPEATS + 12
};
_Static_assert(CELL_END == TOKENS_CELLS, "tokens.h knows the number of cells");

#define WEIGHT_BITS 14
#define WEIGHT_ZERO 80		/* the character that stands for 0 in tokens.def */
#define SCORE_ONE 12		/* weights are in twelfths of a token */
#define PRICE_ONE 256

static const char weights[1 << (WEIGHT_BITS - 6)][64] = {
#define TOKENS_WEIGHTS(row) row,
#include "base/tokens.def"
};
static const uint16_t prices[TOKENS_CELLS] = {
#define TOKENS_PRICE(price) price,
#include "base/tokens.def"
};

/* Everything beyond ASCII that is not a lower-case or caseless letter. */
static const struct range {
	uint32_t first, last;
	uint8_t kind;
} ranges[] = {
#define TOKENS_RANGE(first, last, kind) { first, last, kind },
#include "base/tokens_ranges.def"
};

/* ASCII: the kind, and the case. */
enum { UPPER = 0x40, LOWER = 0x80, KIND = 0x3f };
#define U (LATIN | UPPER)
#define L (LATIN | LOWER)
#define P PUNCTUATION
#define B BLANK
#define N NEWLINE
#define D DIGIT
static const uint8_t ascii[128] = {
	P, P, P, P, P, P, P, P, P, B, N, B, B, N, P, P,
	P, P, P, P, P, P, P, P, P, P, P, P, P, P, P, P,
	B, P, P, P, P, P, P, P, P, P, P, P, P, P, P, P,
	D, D, D, D, D, D, D, D, D, D, P, P, P, P, P, P,
	P, U, U, U, U, U, U, U, U, U, U, U, U, U, U, U,
	U, U, U, U, U, U, U, U, U, U, U, P, P, P, P, P,
	P, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L,
	L, L, L, L, L, L, L, L, L, L, L, P, P, P, P, P,
};
#undef U
#undef L
#undef P
#undef B
#undef N
#undef D

struct character {
	uint32_t code;
	uint8_t kind;
	uint8_t cases;	/* UPPER, LOWER; both: a letter without case */
	uint8_t len;
};

static inline bool is_letter(const struct character *c)
{
	return c->kind <= OTHER_LETTER;
}

static inline bool is_blank(const struct character *c)
{
	return c->kind == BLANK || c->kind == NEWLINE;
}

/* UTF-8; a byte that is none of it stands for itself, as a symbol. */
static uint32_t decode(const unsigned char *p, const unsigned char *end, uint8_t *len)
{
	unsigned int n = *p >= 0xf0 ? 4 : *p >= 0xe0 ? 3 : 2, i;
	uint32_t code = *p & (0x7fU >> n);

	if (*p < 0xc2 || *p > 0xf4 || (size_t)(end - p) < n)
		goto invalid;
	for (i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			goto invalid;
		code = code << 6 | (p[i] & 0x3f);
	}
	*len = (uint8_t)n;
	return code;
invalid:
	*len = 1;
	return 0xdc00 | *p;
}

/* Case matters where a new capital begins a new piece; rules in place of tables. */
static bool is_upper(uint32_t c)
{
	if (c < 0x100)
		return c >= 0xc0 && c <= 0xde;
	if (c < 0x180)
		return (c >= 0x139 && c <= 0x148) || c >= 0x179 ? c & 1 : !(c & 1);
	if (c >= 0x1e00 && c < 0x1f00)
		return !(c & 1);
	if (c >= 0x460 && c < 0x530)
		return (c >= 0x4c1 && c <= 0x4ce) ? c & 1 : !(c & 1);
	return (c >= 0x386 && c <= 0x3ab && c != 0x390) || (c >= 0x400 && c <= 0x42f) ||
	       (c >= 0x531 && c <= 0x556);
}

static void look_beyond_ascii(struct character *c, const unsigned char *p,
			      const unsigned char *end)
{
	size_t lo = 0, hi = ARRAY_SIZE(ranges);

	c->code = decode(p, end, &c->len);
	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (c->code > ranges[mid].last)
			lo = mid + 1;
		else
			hi = mid;
	}
	c->kind = lo < ARRAY_SIZE(ranges) && c->code >= ranges[lo].first ?
		  ranges[lo].kind : OTHER_LETTER;
	if (c->kind == ACCENTED || c->kind == CYRILLIC)
		c->cases = is_upper(c->code) ? UPPER : LOWER;
	else
		c->cases = is_letter(c) ? UPPER | LOWER : 0;
}

static inline void look(struct character *c, const unsigned char *p,
			const unsigned char *end)
{
	if (*p >= 0x80) {
		look_beyond_ascii(c, p, end);
		return;
	}
	c->code = *p;
	c->len = 1;
	c->kind = ascii[*p] & KIND;
	c->cases = ascii[*p] & (UPPER | LOWER);
}

/*
 * The score of a piece: what its pairs and triples of characters weigh. A
 * character repeated more than twice is not weighed but counted, since a rule of
 * 70 dashes is one token.
 */
struct score {
	uint32_t last, before;	/* the characters before this one */
	uint32_t salt;		/* words in capitals have weights of their own */
	int64_t sum;		/* twelfths of a token */
	uint64_t run, repeats;
};

#ifndef TOKENS_FEATURE		/* the calibration wants to see them */
#define TOKENS_FEATURE(s, index) \
	((s)->sum += ((const signed char *)weights)[index] - WEIGHT_ZERO)
#endif

static inline void score_pair(struct score *s, uint32_t before, uint32_t last, uint32_t code)
{
	uint32_t hash = before * 0x9e3779b1U ^ last * 0x85ebca6bU ^ code * 0xc2b2ae35U;

	TOKENS_FEATURE(s, hash >> (32 - WEIGHT_BITS));
}

static inline void score_add(struct score *s, uint32_t code)
{
	/* a capital weighs as its small letter does, in a word of small letters */
	if (code < 0x80)
		code = ascii[code] & (UPPER | LOWER) ? code & 31 : code + 64;
	code += s->salt;
	if (code == s->last && code == s->before) {
		if (s->run++) {
			s->repeats++;
			return;
		}
	} else {
		s->run = 0;
	}
	score_pair(s, 0, s->last, code);
	score_pair(s, s->before, s->last, code);
	s->before = s->last;
	s->last = code;
}

static unsigned int log2_of(uint64_t n)
{
	unsigned int r = 0;

	while (n >>= 1)
		r++;
	return r;
}

/*
 * The piece is over: into which cell does it go? A token has one byte at least:
 * that bounds what the table says of a piece unlike all that it was made from.
 */
static inline void score_end(struct score *s, struct tokens_histogram *h,
			     unsigned int group, size_t bytes)
{
	/* by quarters of a token; finer where most words are */
	static const uint8_t bucket_of[32] = {
		1, 1, 2, 3, 4, 5, 6, 7, 8, 8, 9, 9, 10, 10, 10, 10,
		11, 11, 11, 11, 11, 11, 11, 11, 12, 12, 12, 12, 12, 12, 12, 12,
	};
	uint64_t *cell = h->cell + group * BUCKETS;

	score_pair(s, s->before, s->last, 7777);	/* how it ends */
	if (s->sum > (int64_t)bytes * SCORE_ONE)
		s->sum = (int64_t)bytes * SCORE_ONE;
	if (s->sum < 0)
		cell[0]++;
	else if (s->sum < 8 * SCORE_ONE)
		cell[bucket_of[s->sum / 3]]++;
	else
		cell[BUCKETS - 1] += (uint64_t)s->sum / SCORE_ONE;
	if (s->repeats) {
		cell = h->cell + CELL_REPEATS + (group >= PUNCTUATION) * 6;
		if (s->repeats < 63)
			cell[log2_of(s->repeats + 1) - 1]++;
		else
			cell[5] += (s->repeats + 1) / 64;
	}
}

static bool is_one_of(unsigned char c, const char *set)
{
	return c && strchr(set, c);
}

/* 's 't 'm 'd 're 've 'll belong to the word before them. */
static size_t contraction(const unsigned char *p, const unsigned char *end)
{
	size_t left = (size_t)(end - p);

	if (left < 2 || *p != '\'')
		return 0;
	if (is_one_of(p[1], "sStTmMdD"))
		return 2;
	if (left > 2 && ((is_one_of(p[1], "rRvV") && is_one_of(p[2], "eE")) ||
			 (is_one_of(p[1], "lL") && is_one_of(p[2], "lL"))))
		return 3;
	return 0;
}

/*
 * A word: capitals, then small letters; `first` is its first letter, at `p`;
 * `prefix` the one character before it that sticks to it, NULL if none.
 */
static const unsigned char *count_word(struct tokens_histogram *h,
				       const unsigned char *p, const unsigned char *end,
				       const struct character *prefix,
				       struct character first)
{
	const unsigned char *start = p - (prefix ? prefix->len : 0), *stop = p;
	struct character c = first;
	struct score s = { .sum = SCORE_ONE / 2 };
	unsigned int group = LATIN;
	uint64_t uppers = 0, lowers = 0;
	uint32_t shape;

	do {
		if (lowers && c.cases == UPPER)
			break;
		lowers += c.cases != UPPER;
		uppers += c.cases == UPPER;
		if (c.kind > group)
			group = c.kind;
		stop += c.len;
		for (; stop < end && *stop >= 'a' && *stop <= 'z'; stop++)
			lowers++;	/* nothing but speed */
		if (stop < end)
			look(&c, stop, end);
	} while (stop < end && is_letter(&c));
	stop += contraction(stop, end);

	shape = !uppers ? 0 : uppers == 1 ? 1 : lowers ? 3 : 2;
	if (shape >= 2) {
		s.salt = 0x40000;
		if (group == LATIN)
			group = CAPITALS;
	}
	s.last = (!prefix ? 600 : prefix->code == ' ' ? 601 : 700 + (prefix->code & 127)) +
		 shape * 1000;
	s.before = 5000 + (shape >= 2);
	while (p < stop) {
		uint32_t code = *p;
		uint8_t len = 1;

		if (code >= 0x80)
			code = decode(p, end, &len);
		score_add(&s, code);
		p += len;
	}
	score_end(&s, h, group, (size_t)(stop - start));
	return stop;
}

/* A run of punctuation, the space before it, and newlines or slashes after it. */
static const unsigned char *count_punctuation(struct tokens_histogram *h,
					      const unsigned char *p,
					      const unsigned char *end, bool space)
{
	struct score s = { .last = 800, .before = 900, .salt = 0x80000,
			   .sum = SCORE_ONE * 3 / 4 };
	const unsigned char *start = p - space;
	unsigned int group = PUNCTUATION;
	struct character c;

	if (space)
		score_add(&s, ' ');
	for (; p < end; p += c.len) {
		look(&c, p, end);
		if (c.kind != PUNCTUATION && c.kind != SYMBOL)
			break;
		if (c.kind == SYMBOL)
			group = SYMBOL;
		score_add(&s, c.code);
	}
	for (; p < end && (*p == '\n' || *p == '\r' || *p == '/'); p++)
		score_add(&s, *p);
	score_end(&s, h, group, (size_t)(p - start));
	return p;
}

static const unsigned char *count_digits(struct tokens_histogram *h,
					 const unsigned char *p, const unsigned char *end)
{
	const unsigned char *start = p;

	while (p < end && *p >= '0' && *p <= '9')
		p++;
	h->cell[CELL_DIGITS] += ((uint64_t)(p - start) + 2) / 3;
	return p;
}

/* Blanks without a newline. */
static void count_indent(struct tokens_histogram *h, uint64_t n, uint64_t spaces,
			 uint64_t tabs)
{
	if (!n)
		return;
	if (spaces == n) {
		h->cell[CELL_SPACES + (n > 16)]++;
		h->cell[CELL_SPACES + 2] += n / 64;
	} else if (tabs == n) {
		h->cell[CELL_TABS] += 1 + n / 16;
	} else {
		h->cell[CELL_BLANKS] += 1 + n / 16;
	}
}

/*
 * All blanks from `p`; the last one is left alone when it may stick to what
 * follows: the caller goes on there.
 */
static const unsigned char *count_blanks(struct tokens_histogram *h,
					 const unsigned char *p, const unsigned char *end)
{
	uint64_t newlines = 0, chars = 0, spaces = 0, tabs = 0, before = 0;
	const unsigned char *last = p;
	struct character c;

	for (; p < end; p += c.len) {
		look(&c, p, end);
		if (!is_blank(&c))
			break;
		last = p;
		if (c.kind == NEWLINE) {
			before += chars;
			newlines += *p == '\n' || p + 1 == end || p[1] != '\n';
			chars = spaces = tabs = 0;
			continue;
		}
		chars++;
		spaces += *p == ' ';
		tabs += *p == '\t';
	}
	if (newlines && before)
		h->cell[CELL_BLANK_LINES + (newlines > 1)] += 1 + before / 64;
	else if (newlines)
		h->cell[CELL_NEWLINES + (newlines > 2 ? 2 : newlines - 1)] +=
			1 + newlines / 16;
	if (p == end || !chars) {
		count_indent(h, chars, spaces, tabs);
		return p;
	}
	count_indent(h, chars - 1, spaces - (*last == ' '), tabs - (*last == '\t'));
	return last;
}

/* Count what begins at `p`; returns where it ends. */
static const unsigned char *count_piece(struct tokens_histogram *h,
					const unsigned char *p, const unsigned char *end)
{
	struct character c, next = { .kind = NEWLINE };	/* the end is like one */

	look(&c, p, end);
	if (is_letter(&c))
		return count_word(h, p, end, NULL, c);
	if (c.kind == DIGIT)
		return count_digits(h, p, end);
	if (c.kind == OTHER_DIGIT) {
		h->cell[CELL_OTHER_DIGITS]++;
		return p + c.len;
	}
	if (p + c.len < end)
		look(&next, p + c.len, end);
	if (c.kind == NEWLINE || (c.kind == BLANK && is_blank(&next)))
		return count_blanks(h, p, end);
	if (is_letter(&next))
		return count_word(h, p + c.len, end, &c, next);
	if (c.kind != BLANK)
		return count_punctuation(h, p, end, false);
	if (c.code == ' ' && (next.kind == PUNCTUATION || next.kind == SYMBOL))
		return count_punctuation(h, p + 1, end, true);
	count_indent(h, 1, c.code == ' ', c.code == '\t');
	return p + c.len;
}

void tokens_count(struct tokens_histogram *h, const void *text, size_t len)
{
	const unsigned char *p = text, *end = len ? p + len : p;

	while (p < end)
		p = count_piece(h, p, end);
}

int64_t tokens_of_histogram(const struct tokens_histogram *h)
{
	uint64_t sum = 0, any = 0;

	for (size_t i = 0; i < TOKENS_CELLS; i++) {
		sum += h->cell[i] * prices[i];
		any |= h->cell[i];
	}
	sum = (sum + PRICE_ONE / 2) / PRICE_ONE;
	return (int64_t)(sum ? sum : any != 0);
}

int64_t tokens_of_text(const void *text, size_t len)
{
	struct tokens_histogram h = { { 0 } };

	tokens_count(&h, text, len);
	return tokens_of_histogram(&h);
}

int64_t tokens_of_size(uint64_t bytes)
{
	return (int64_t)(bytes / 4 + (bytes % 4 != 0));
}
