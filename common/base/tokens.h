#ifndef BASE_TOKENS_H
#define BASE_TOKENS_H
/*
 * How many tokens a model will count for these bytes: an estimate, the usual one
 * for English and code. What an agent really used is in orch/usage.h.
 */
#include "base/compat.h"

int64_t tokens_of_text(const void *text, size_t len);
int64_t tokens_of_size(uint64_t bytes);	/* bytes / 4, rounded up */
#endif
