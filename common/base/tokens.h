#ifndef BASE_TOKENS_H
#define BASE_TOKENS_H
/*
 * How many tokens a model will count for a text: an estimate, calibrated against
 * the public o200k vocabulary without having it. What an agent really used is in
 * orch/usage.h.
 *
 * The text is cut into pieces as o200k's own splitter does (a word with the blank
 * before it, three digits, a run of punctuation, an indentation); each piece is
 * put into a cell of a histogram, by script, case and how usual its letter
 * sequences are; a cell has a price. tests/tokens/ holds the proof: half of the
 * documents are within 2 %, 95 of 100 within 8 %.
 */
#include "base/compat.h"

/* When the bytes are at hand. 0 only for no bytes; any bytes are fine. */
int64_t tokens_of_text(const void *text, size_t len);

/* When only a size is known: bytes / 4, rounded up; English and code. */
int64_t tokens_of_size(uint64_t bytes);

/*
 * The two halves of tokens_of_text(), for the tests and the calibration: start
 * from a histogram that is all zero; counts add up.
 */
#define TOKENS_CELLS 150
struct tokens_histogram {
	uint64_t cell[TOKENS_CELLS];
};
void tokens_count(struct tokens_histogram *h, const void *text, size_t len);
int64_t tokens_of_histogram(const struct tokens_histogram *h);
#endif
