#ifndef BASE_OUTLINE_H
#define BASE_OUTLINE_H
/*
 * The outline of a Markdown text: its lines, headings and tables, found by a
 * scanner that looks at each byte once and knows nothing of what is inside a
 * line. Any bytes will do (NUL, CRLF, no newline at the end, one line of
 * 10 MB). Everything found points into the caller's text, which must stay.
 *
 * The rules are CommonMark's where a line scanner can follow them: ATX
 * headings, setext headings of one line, code fences (also in list items),
 * HTML comments, and YAML front matter, in which nothing is a heading.
 * A fence or comment that is never closed reaches to the end, as it does on
 * every page that shows the text; `open_line` tells.
 */
#include "base/compat.h"

/* --- lines --------------------------------------------------------------- */

enum line_kind {
	LINE_TEXT,	/* anything else: paragraphs, lists, tables */
	LINE_BLANK,
	LINE_HEADING,	/* # to ######; `level` and `title` are set */
	LINE_UNDERLINE,	/* makes the line before it a heading of `level` */
	LINE_RULE,	/* --- *** ___ */
	LINE_FENCE,	/* ``` or ~~~, opening or closing */
	LINE_CODE,	/* inside a fence */
	LINE_ASIDE	/* front matter, or in a comment */
};

struct md_line {
	const char *text;	/* without "\n" or "\r\n" */
	size_t len;
	size_t begin;		/* offset of its first byte */
	size_t next;		/* offset of the next line */
	unsigned number;	/* from 1 */
	enum line_kind kind;
	unsigned level;		/* headings: 1 to 6 */
	const char *title;	/* headings: trimmed, closing #s taken off */
	size_t title_len;
};

struct md_scan {
	const char *text;
	size_t len, pos;
	unsigned number;
	char fence;		/* '`' or '~' inside a fence */
	size_t fence_len;
	bool in_comment;
	unsigned open_line;	/* where the open fence or comment began, or 0 */
	size_t front_end;	/* lines before this offset are front matter */
	bool paragraph;		/* the last line was the first of a paragraph */
	bool in_paragraph;	/* ... or a later one */
};

void md_scan_init(struct md_scan *s, const char *text, size_t len);
bool md_scan_next(struct md_scan *s, struct md_line *line);	/* false: end */

/* --- headings ------------------------------------------------------------ */

struct outline_heading {
	const char *title;
	size_t title_len;
	size_t begin;		/* offset of the heading */
	size_t body;		/* ... of the first line below it */
	size_t own_end;		/* ... of the next heading, whatever its level */
	size_t end;		/* ... of the next one that is no part of this */
	unsigned level;		/* 1 to 6 */
	unsigned line;		/* the heading's line, from 1 */
	unsigned own_last;	/* last line before own_end, and before end */
	unsigned last;
};

/* Memory is bounded: further headings belong to the section of the last one. */
#define OUTLINE_HEADINGS ((size_t)1 << 18)

struct outline {
	struct outline_heading *v;	/* in the order of the text */
	size_t nr, alloc;
	unsigned lines;		/* in all */
	unsigned open_line;	/* a fence or comment that is never closed, or 0 */
};
#define OUTLINE_INIT { NULL, 0, 0, 0, 0 }

void outline_parse(struct outline *o, const char *text, size_t len);
void outline_release(struct outline *o);	/* safe on _INIT, and twice */
/* The nearest heading at or above a line; NULL above the first. */
const struct outline_heading *outline_heading_at(const struct outline *o,
						 unsigned line);
/* The heading whose section `v[i]` lies in directly; NULL at the top. Walks
 * back over headings: for many look-ups keep a stack instead. */
const struct outline_heading *outline_parent(const struct outline *o, size_t i);

/* --- tables -------------------------------------------------------------- */

#define TABLE_COLUMNS 256	/* more are not a table */

struct table_cell {
	const char *text;	/* trimmed; "\|" is still in there */
	size_t len;
};

enum table_flags {
	TABLE_CODE_SPANS = 1 << 0	/* a pipe between backticks is text */
};
/*
 * Cut a row into at most `max` cells. The answer is how many the row has,
 * which may be more than `max`. GitHub's rule is that a pipe in a code span
 * does cut; people write as if it did not: TABLE_CODE_SPANS reads it their way.
 */
size_t table_row(struct table_cell *cells, size_t max, const char *line,
		 size_t len, unsigned flags);
/* The columns of "|---|:-:|", or 0 when it is no delimiter row (or more than
 * TABLE_COLUMNS). */
size_t table_delimiter(const char *line, size_t len);
/*
 * Cut a row of a table with `columns` columns, for the reader's benefit: as
 * GitHub does, or with code spans kept whole if only that fits. Missing cells
 * are empty, further ones dropped. True if the row fits as GitHub reads it,
 * false if it is torn: a pipe that needs a backslash.
 */
bool table_row_fit(struct table_cell *cells, size_t columns, const char *line,
		   size_t len);

/*
 * Tables as the lines go by. Give each line of a scan to md_table_feed(); the
 * answer is what the line turned out to be. At TABLE_HEAD (the delimiter row)
 * `head` is filled in, and `head_line`; at TABLE_ROW `cells`, as many.
 */
enum table_part {
	TABLE_NONE,
	TABLE_HEAD,
	TABLE_ROW
};
struct md_table {
	size_t columns;		/* 0 outside of a table */
	bool torn;		/* the row (or the delimiter row) does not fit */
	unsigned head_line;
	struct table_cell head[TABLE_COLUMNS], cells[TABLE_COLUMNS];
	const char *before;	/* the line before this one, or NULL */
	size_t before_len;
};
void md_table_init(struct md_table *t);
enum table_part md_table_feed(struct md_table *t, const struct md_line *line);
#endif
