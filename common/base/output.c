/*
 * The one way in which commands put data on stdout.
 */
#include "base/output.h"

#include <stdarg.h>
#include <sys/ioctl.h>

#include "base/command.h"
#include "base/error.h"
#include "base/text.h"

/* Defined here, not beside main(): a test program with a main() of its own
 * can then use the writer without pulling in the other one. */
struct common_options common;

#define MAX_COLUMNS 16
#define LABEL_WIDTH 11

struct cell {
	char *text;
	enum output_color color;
};
struct output_table {
	char columns[MAX_COLUMNS + 1];
	struct cell *cells;	/* a cell without text ends a row */
	size_t nr, alloc;
};

static char *color_config;

void output_set_color_config(const char *value)
{
	free(color_config);
	color_config = xstrdup(value);
}

bool output_wants_color(int fd)
{
	const char *value = color_config, *term = getenv("TERM");
	const char *env = getenv("NO_COLOR"), *pager = getenv("GIT_PAGER_IN_USE");

	if (value && (str_eq(value, "always")))
		return true;
	if (value && (str_eq(value, "never") || str_eq(value, "false") ||
		      str_eq(value, "no") || str_eq(value, "off") || str_eq(value, "0")))
		return false;
	if (env && *env)
		return false;
	if (term && str_eq(term, "dumb"))
		return false;
	return isatty(fd) || (pager && str_eq(pager, "true"));
}

size_t output_columns(int fd)
{
	struct winsize ws;

	if (!isatty(fd) || ioctl(fd, TIOCGWINSZ, &ws) < 0 || ws.ws_col < 20)
		return 0;
	return ws.ws_col;
}

const char *output_color_code(enum output_color color)
{
	static const char *const codes[] = {
		[OUTPUT_PLAIN] = "",
		[OUTPUT_BOLD] = "\033[1m",
		[OUTPUT_DIM] = "\033[2m",
		[OUTPUT_GREEN] = "\033[32m",
		[OUTPUT_YELLOW] = "\033[33m",
		[OUTPUT_RED] = "\033[31m",
	};

	return codes[color];
}

void output_open(struct output *o)
{
	memset(o, 0, sizeof(*o));
	strbuf_init(&o->text);
	o->is_json = common.json;
	o->color = !o->is_json && output_wants_color(1);
	o->json = json_new_object();
	json_add_int(o->json, "version", 1);
}

struct json *output_json(struct output *o)
{
	return o->json;
}

bool output_is_json(const struct output *o)
{
	return o->is_json;
}

static void add_colored(struct output *o, enum output_color color, const char *s,
			size_t len)
{
	bool paint = o->color && color != OUTPUT_PLAIN && len;

	if (paint)
		strbuf_addstr(&o->text, output_color_code(color));
	text_add_safe(&o->text, s, len, true);
	if (paint)
		strbuf_addstr(&o->text, "\033[m");
}

static void add_line(struct output *o, enum output_color color, const char *label,
		     const char *fmt, va_list ap)
{
	struct strbuf line = STRBUF_INIT;

	if (o->is_json)
		return;
	if (label)
		strbuf_addf(&line, "%-*s", LABEL_WIDTH, label);
	strbuf_vaddf(&line, fmt, ap);
	add_colored(o, color, line.buf, line.len);
	strbuf_addch(&o->text, '\n');
	strbuf_release(&line);
}

void output_line(struct output *o, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add_line(o, OUTPUT_PLAIN, NULL, fmt, ap);
	va_end(ap);
}

void output_line_color(struct output *o, enum output_color color, const char *fmt,
		       ...)
{
	va_list ap;

	va_start(ap, fmt);
	add_line(o, color, NULL, fmt, ap);
	va_end(ap);
}

void output_field(struct output *o, const char *label, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add_line(o, OUTPUT_PLAIN, label, fmt, ap);
	va_end(ap);
}

void output_take(struct output *o, struct strbuf *text)
{
	struct strbuf empty = STRBUF_INIT;

	if (!o->is_json && !o->text.len) {
		strbuf_release(&o->text);
		o->text = *text;
		*text = empty;
		return;
	}
	output_raw(o, text->buf, text->len);
	strbuf_release(text);
}

void output_raw(struct output *o, const void *data, size_t len)
{
	if (!o->is_json)
		strbuf_add(&o->text, data, len);
}

void output_table_begin(struct output *o, const char *columns)
{
	if (o->table || strlen(columns) > MAX_COLUMNS)
		BUG("table '%s'", columns);
	o->table = xcalloc(1, sizeof(*o->table));
	memcpy(o->table->columns, columns, strlen(columns));
}

static void add_cell(struct output *o, enum output_color color, const char *fmt,
		     va_list ap)
{
	struct output_table *t = o->table;
	struct strbuf text = STRBUF_INIT, safe = STRBUF_INIT;

	strbuf_vaddf(&text, fmt, ap);
	text_add_safe(&safe, text.buf, text.len, true);
	strbuf_release(&text);
	ALLOC_GROW(t->cells, t->nr + 1, t->alloc);
	t->cells[t->nr].text = strbuf_detach(&safe, NULL);
	t->cells[t->nr++].color = color;
}

void output_cell(struct output *o, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add_cell(o, OUTPUT_PLAIN, fmt, ap);
	va_end(ap);
}

void output_cell_color(struct output *o, enum output_color color, const char *fmt,
		       ...)
{
	va_list ap;

	va_start(ap, fmt);
	add_cell(o, color, fmt, ap);
	va_end(ap);
}

void output_row_end(struct output *o)
{
	struct output_table *t = o->table;

	ALLOC_GROW(t->cells, t->nr + 1, t->alloc);
	t->cells[t->nr].text = NULL;
	t->cells[t->nr++].color = OUTPUT_PLAIN;
}

static size_t cell_width(const struct cell *c)
{
	return utf8_width(c->text, strlen(c->text));
}

/* How much of a text fits into so many columns, up to a blank if there is one. */
static size_t first_line(const char *text, size_t columns)
{
	size_t len = strlen(text), at = 0, blank = 0, width = 0, n;
	uint32_t cp;

	while ((n = utf8_next(&cp, text + at, len - at))) {
		width += utf8_width(text + at, n);
		if (width > columns)
			return blank ? blank : at ? at : n;
		at += n;
		if (text[at] == ' ')
			blank = at;
	}
	return len;
}

static void write_wrapped(struct output *o, const struct cell *c, size_t columns,
			  size_t indent)
{
	const char *text = c->text;

	for (;;) {
		size_t n = first_line(text, columns);

		add_colored(o, c->color, text, n);
		text += n;
		text += strspn(text, " ");
		if (!*text)
			return;
		strbuf_addch(&o->text, '\n');
		strbuf_addchars(&o->text, ' ', indent);
	}
}

static void write_row(struct output *o, const struct cell *row, const size_t *width)
{
	const char *columns = o->table->columns;
	size_t last = 0, indent = 0;

	/* Empty cells at the end would leave white space behind the line. */
	for (size_t i = 0; row[i].text; i++)
		if (*row[i].text)
			last = i;
	for (size_t i = 0; i <= last && row[i].text; i++) {
		struct strbuf text = STRBUF_INIT;
		size_t used, pad;

		if (i)
			strbuf_addstr(&o->text, "  ");
		if (columns[i] == 'w' && cell_width(&row[i]) > width[i]) {
			write_wrapped(o, &row[i], width[i], indent);
			break;		/* the last one */
		}
		strbuf_addstr(&text, row[i].text);
		if (columns[i] == 's')
			text_shorten(&text, width[i]);
		used = utf8_width(text.buf, text.len);
		pad = used < width[i] ? width[i] - used : 0;
		if (columns[i] == 'r')
			strbuf_addchars(&o->text, ' ', pad);
		add_colored(o, row[i].color, text.buf, text.len);
		if (columns[i] != 'r' && i != last)
			strbuf_addchars(&o->text, ' ', pad);
		indent += width[i] + 2;
		strbuf_release(&text);
	}
	strbuf_addch(&o->text, '\n');
}

#define NARROWEST 12	/* a column that gives way keeps so much */

/* On a terminal: let the columns that may give way do so until a row fits. */
static void fit_columns(const char *columns, size_t *width)
{
	size_t limit = output_columns(1), n = strlen(columns), total = 2 * (n - 1);

	for (size_t i = 0; i < n; i++)
		total += width[i];
	while (limit && total > limit) {
		size_t widest = n, by;

		for (size_t i = 0; i < n; i++)
			if (strchr("sw", columns[i]) && width[i] > NARROWEST &&
			    (widest == n || width[i] > width[widest]))
				widest = i;
		if (widest == n)
			return;
		by = total - limit;
		if (by > width[widest] - NARROWEST)
			by = width[widest] - NARROWEST;
		width[widest] -= by;
		total -= by;
	}
}

static void table_free(struct output *o)
{
	if (!o->table)
		return;
	for (size_t i = 0; i < o->table->nr; i++)
		free(o->table->cells[i].text);
	free(o->table->cells);
	free(o->table);
	o->table = NULL;
}

void output_table_end(struct output *o)
{
	struct output_table *t = o->table;
	size_t width[MAX_COLUMNS] = { 0 }, columns = strlen(t->columns), col = 0;

	for (size_t i = 0; i < t->nr; i++) {
		if (!t->cells[i].text) {
			col = 0;
			continue;
		}
		if (col >= columns)
			BUG("more cells than columns in '%s'", t->columns);
		if (cell_width(&t->cells[i]) > width[col])
			width[col] = cell_width(&t->cells[i]);
		col++;
	}
	if (!o->is_json && columns)
		fit_columns(t->columns, width);
	for (size_t i = 0; !o->is_json && i < t->nr; i++)
		if (t->cells[i].text && (!i || !t->cells[i - 1].text))
			write_row(o, &t->cells[i], width);
	table_free(o);
}

/* --- long lists ---------------------------------------------------------- */

#define PILE ((size_t)64 << 10)

/* A failure shows at output_close(), as that of any other write. */
static void write_pile(struct output *o)
{
	if (fwrite(o->text.buf, 1, o->text.len, stdout) == o->text.len)
		strbuf_reset(&o->text);
}

void output_flush(struct output *o)
{
	if (!o->is_json && o->text.len > PILE && !ferror(stdout))
		write_pile(o);
}

static void end_item(struct output *o)
{
	if (o->item)
		json_print(&o->text, o->item);
	json_free(o->item);
	o->item = NULL;
	if (o->text.len > PILE && !ferror(stdout))
		write_pile(o);
}

struct json *output_json_item(struct output *o, const char *key)
{
	if (!o->is_json)
		BUG("items of '%s' without --json", key);
	if (!o->streams) {
		/* {"version":1} and a list that has not ended. */
		o->streams = true;
		strbuf_reset(&o->text);
		json_print(&o->text, o->json);
		strbuf_setlen(&o->text, o->text.len - 1);
		strbuf_addf(&o->text, ",\"%s\":[", key);
	} else {
		end_item(o);
		strbuf_addch(&o->text, ',');
	}
	o->item = json_new_object();
	return o->item;
}

void output_discard(struct output *o)
{
	json_free(o->json);
	json_free(o->item);
	o->json = o->item = NULL;
	strbuf_release(&o->text);
	table_free(o);
}

int output_close(struct output *o)
{
	int rc = 0;

	if (o->streams) {
		end_item(o);
		strbuf_addstr(&o->text, "]}\n");
	} else if (o->is_json) {
		strbuf_reset(&o->text);
		json_print(&o->text, o->json);
		strbuf_addch(&o->text, '\n');
	}
	errno = 0;
	if (ferror(stdout))
		rc = error_set(ORCH_ERROR, "cannot write to stdout");
	else if (fwrite(o->text.buf, 1, o->text.len, stdout) != o->text.len ||
	    fflush(stdout))
		rc = error_sys("cannot write to stdout");
	output_discard(o);
	return rc;
}
