#ifndef BASE_MIDDLE_H
#define BASE_MIDDLE_H
/*
 * What lies between the lines that two texts begin with and those that they end
 * with. Comparing texts takes some 150 bytes for each line of both, and minutes
 * where millions of short ones differ; a hostile document is all line breaks. So
 * beyond TEXT_LINES_MAX only the middles are compared, and where those are too
 * long as well, all of the one counts as replaced by all of the other.
 *
 *   if (text_lines(a, na) + text_lines(b, nb) > TEXT_LINES_MAX)
 *           text_middle_find(&m, a, na, b, nb, 3);
 */
#include "base/compat.h"

#define TEXT_LINES_MAX ((size_t)1 << 17)

struct text_middle {
	size_t from;		/* both have the same bytes, whole lines, up to here */
	size_t end_a, end_b;	/* and from here on */
	/* With `context` of the common lines on either side: */
	size_t shown, shown_a, shown_b;	/* begin in both, end in each */
	size_t lines;		/* in front of `shown` */
	bool too_long;		/* those, too, are more than TEXT_LINES_MAX */
};
/* The texts must not be the same. */
void text_middle_find(struct text_middle *out, const char *a, size_t na, const char *b,
		      size_t nb, unsigned context);
/* Lines, a last one without a line break included. */
size_t text_lines(const char *s, size_t len);
#endif
