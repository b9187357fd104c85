#ifndef BASE_MARKDOWN_H
#define BASE_MARKDOWN_H
/*
 * What stands in one line of Markdown: list items, "Key: value", and the plain
 * text of a title. The lines themselves come from base/outline.h. Slices point
 * into the line that was given.
 */
#include "base/compat.h"
struct strbuf;

struct md_slice {
	const char *text;
	size_t len;
};

/* --- list items ---------------------------------------------------------- */

enum md_box {
	MD_NO_BOX,
	MD_OPEN,	/* [ ] and anything that is not done: [-] [~] [/] [>] */
	MD_DONE		/* [x] [X] and a check mark */
};
struct md_bullet {
	unsigned indent;	/* columns before the marker; a tab is up to 4 */
	enum md_box box;
	char mark;		/* what stands in the box: ' ', 'x', '~'; or NUL */
	struct md_slice rest;	/* behind marker and box, trimmed */
};
/*
 * "- x", "* [ ] x", "2. x". False if the line is no list item. A box holds one
 * character and has white space or the end behind it, so that neither
 * "[2026-01-29]" nor "[x](y)" is one.
 */
bool md_bullet(struct md_bullet *b, const char *line, size_t len);

/* --- fields -------------------------------------------------------------- */

struct md_field {
	unsigned indent;
	struct md_slice key;	/* without emphasis: "Owner/Date" */
	struct md_slice value;	/* trimmed, may be empty */
};
/*
 * "- Status: done", "**Status:** done", "`status`: done". A key begins with a
 * letter, has at most 48 bytes of letters, digits, blanks and _-/&#()', and the
 * colon has a blank or the end behind it (so "http://x" and "a::b" are none).
 */
bool md_field(struct md_field *f, const char *line, size_t len);
/*
 * Whether the key is one of `names` ("status|state"): case does not count,
 * blanks, '-' and '_' are the same, and so does anything in parentheses at the
 * end: "Do Now (hard):" is "do now".
 */
bool md_key_is(struct md_slice key, const char *names);
/* The key as md_key_is() sees it, for tables of names: "do now". False if it is
 * longer than any key, or empty. */
#define MD_KEY_SIZE 50
bool md_key(char out[MD_KEY_SIZE], struct md_slice key);

/* --- plain text ---------------------------------------------------------- */

/*
 * Append the text of a line of inline Markdown without its marks: emphasis,
 * code, links, escapes. White space is folded, control characters go. What is
 * longer than a few hundred bytes is treated more simply.
 */
void md_plain(struct strbuf *out, const char *text, size_t len);

struct md_slice md_trim(struct md_slice s);
/* Take marks off both ends: "**x**", "`x`", "~~x~~", "[x]". */
struct md_slice md_unwrap(struct md_slice s);
#endif
