#ifndef BASE_SECTION_H
#define BASE_SECTION_H
/*
 * A part of a Markdown text by the name that people give it:
 *   a heading, exactly or in another case; then by its unique beginning, then by
 *   any unique part of it; "## " in front does not matter
 *   an id such as TORCH-004 or F-12: the heading that begins with it, the list
 *   item or paragraph that it stands in front of (bold, in brackets or behind a
 *   check box), the row of a table whose first cell it is, a heading that has it
 *   ":120", the section that line 120 is in
 * A section reaches to the next heading that is no part of it.
 */
#include "base/compat.h"

struct section {
	size_t begin, end;	/* in the text */
	unsigned first, last;	/* its lines, from 1 */
	char *title;		/* of the heading, or the line that it begins with */
};
#define SECTION_INIT { 0, 0, 0, 0, NULL }

/*
 * ORCH_ENO: there is none, or more than one; the message names those that come
 * near, or all that are meant, with their lines. `what` names the text in it.
 */
int section_find(struct section *out, const char *text, size_t len,
		 const char *name, const char *what);
void section_release(struct section *s);
#endif
