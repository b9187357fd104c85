#ifndef FUZZ_H
#define FUZZ_H
/*
 * A fuzz target: called with any bytes, it must neither crash nor trip a BUG.
 * `make fuzz` lets libFuzzer choose them; driver.c replays the corpus.
 */
#include "base/compat.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
#endif
