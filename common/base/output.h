#ifndef BASE_OUTPUT_H
#define BASE_OUTPUT_H
/*
 * The one way in which commands put data on stdout. A command describes its
 * answer once as JSON fields and once as text; the writer keeps the one that
 * was asked for. Text has its terminal escapes removed, lines of a table are
 * aligned, and colour is used by git's rules.
 *
 *   struct output o;
 *   output_open(&o);                          // format from `common.json`
 *   json_add_string(output_json(&o), "loop", loop);   // the --json object
 *   output_line(&o, "loop %s", loop);                 // the text
 *   return output_close(&o);                          // writes, checks
 *
 * In JSON mode text calls do nothing; in text mode the JSON object is built
 * and thrown away, so that both ways run the same code.
 */
#include "base/compat.h"
#include "base/json.h"
#include "base/strbuf.h"

enum output_color {
	OUTPUT_PLAIN,
	OUTPUT_BOLD,
	OUTPUT_DIM,
	OUTPUT_GREEN,	/* done, alive */
	OUTPUT_YELLOW,	/* a warning, an object name */
	OUTPUT_RED	/* failed */
};

struct output {
	bool is_json;
	bool color;
	struct json *json;	/* {"version":1} to begin with */
	struct strbuf text;
	struct output_table *table;
	struct json *item;	/* of output_json_item(), not yet written */
	bool streams;
};

void output_open(struct output *o);
/* The object that --json prints. Borrowed. */
struct json *output_json(struct output *o);
bool output_is_json(const struct output *o);

/* One line of text; a newline is added, escapes are removed. */
void output_line(struct output *o, const char *fmt, ...) PRINTF_LIKE(2, 3);
void output_line_color(struct output *o, enum output_color color,
		       const char *fmt, ...) PRINTF_LIKE(3, 4);
/* "label      value": the label column is 11 wide, as on the status pages. */
void output_field(struct output *o, const char *label, const char *fmt, ...)
	PRINTF_LIKE(3, 4);
/* Raw bytes (a prompt, a log, a diff): untouched in text mode. */
void output_raw(struct output *o, const void *data, size_t len);
/* The same of a large text that is not needed any more: it is empty afterwards. */
void output_take(struct output *o, struct strbuf *text);

/* Columns of the terminal behind `fd`; 0: it is none, or does not say. */
size_t output_columns(int fd);

/*
 * A table. `columns` has a letter for each column: l left, r right; s left and
 * shortened, w (the last one) left and wrapped at blanks where a row would be
 * wider than the terminal. Into anything else nothing is cut. Cells are
 * given by output_cell() in order and ended by output_row_end(); the widths
 * are known, and the table written, at output_table_end(). The last column
 * of a row is never padded. Two spaces stand between columns.
 */
void output_table_begin(struct output *o, const char *columns);
void output_cell(struct output *o, const char *fmt, ...) PRINTF_LIKE(2, 3);
void output_cell_color(struct output *o, enum output_color color,
		       const char *fmt, ...) PRINTF_LIKE(3, 4);
void output_row_end(struct output *o);
void output_table_end(struct output *o);

/*
 * Long lists, which should not stand in memory as a whole. In JSON mode each
 * call gives the next object of the list `key`, to be filled in before the next
 * call; the list is the last member of the answer, so everything else is said
 * before (and an empty list is a plain json_add_array()). In text mode output_flush() after a line writes what has piled up.
 * Neither can be taken back by output_discard().
 */
struct json *output_json_item(struct output *o, const char *key);
void output_flush(struct output *o);

/* Write everything to stdout. 0 or ORCH_ERROR. Releases `o` either way. */
int output_close(struct output *o);
/* Throw the output away (an error came in between). */
void output_discard(struct output *o);

/*
 * Whether colour is wanted on `fd`: --color is not ours, so color.orch, else
 * color.ui as set by output_set_color_config(); NO_COLOR; TERM=dumb; a
 * terminal or GIT_PAGER_IN_USE.
 */
void output_set_color_config(const char *value);	/* "auto", "always", ... */
bool output_wants_color(int fd);
const char *output_color_code(enum output_color color);	/* "" for plain */
#endif
