#ifndef ORCH_WORDS_H
#define ORCH_WORDS_H
/*
 * What a text is about, by its words: ids of the plan never stand in findings, but
 * the words of an item's title do.
 */
#include "base/compat.h"
#include "base/strvec.h"

/* Append the words of `s` that say something (of at least five letters, digits
 * and _), in lower case, each once; at most 64 in all. */
void words_add(struct strvec *out, const char *s);
/* How many different words of `text` are among `words`. */
size_t words_shared(const struct strvec *words, const char *text);

/*
 * The value of the first line "Focus: ..." of orch.input, also as a list item or in
 * bold; "" without one. Yours to free.
 */
char *focus_of_input(const char *text, size_t len);
#endif
