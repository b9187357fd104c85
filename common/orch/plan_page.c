#include "orch/plan_page.h"

#include <strings.h>

#include "base/output.h"
#include "base/strbuf.h"
#include "base/text.h"
#include "orch/plan.h"

/* The columns of a line. A plan may have 120,000 of them, so they are not kept
 * as a table: the widths are taken first, then line after line is written. */
enum column { ID, STATUS, PRIORITY, STEPS, TITLE, WHERE, COLUMNS };
static const size_t most[COLUMNS] = { 64, 14, 10, 9, 64, 200 };
#define TITLE_LEAST 12	/* of a title, on the narrowest terminal */
#define NEEDS 3		/* unfinished dependencies that are named */

/* --- a line -------------------------------------------------------------- */

static void add_needs(struct strbuf *out, const struct plan *p,
		      const struct plan_item *i)
{
	size_t named = 0, more = 0;

	if (plan_is_finished(i))
		return;
	for (uint32_t k = 0; k < i->depends_nr; k++) {
		const struct plan_item *on = plan_find(p, i->depends_on[k]);

		if (on && plan_is_finished(on))
			continue;
		if (named == NEEDS) {
			more++;
			continue;
		}
		strbuf_addf(out, "%s%s%s", named++ ? ", " : " (needs ",
			    i->depends_on[k], on ? "" : "?");
	}
	if (more)
		strbuf_addf(out, " and %zu more", more);
	if (named)
		strbuf_addch(out, ')');
}

struct page {
	struct output *out;
	const struct plan *p;
	size_t width[COLUMNS];
	size_t title;		/* what there is room for */
	bool lines_only;	/* of places in the plan itself */
	struct strbuf cell, needs, line;
};

/* The title, and what it needs behind it, which is worth more than its end. */
static void make_title(struct page *page, const struct plan_item *i)
{
	size_t room = most[TITLE], needs;

	strbuf_reset(&page->needs);
	add_needs(&page->needs, page->p, i);
	needs = utf8_width(page->needs.buf, page->needs.len);
	if (page->title && page->title < room + needs)
		room = page->title > needs + TITLE_LEAST ? page->title - needs : TITLE_LEAST;
	strbuf_addstr(&page->cell, i->title);
	text_shorten(&page->cell, room);
	strbuf_addbuf(&page->cell, &page->needs);
	if (page->title)
		text_shorten(&page->cell, page->title);
}

/* The text of a column in page->cell; its width is the answer. */
static size_t make_cell(struct page *page, const struct plan_item *i,
			enum column c)
{
	struct strbuf *cell = &page->cell;

	strbuf_reset(cell);
	switch (c) {
	case ID:
		strbuf_addstr(cell, i->id);
		break;
	case STATUS:
		strbuf_addstr(cell, i->status ? i->status : "-");
		break;
	case PRIORITY:
		strbuf_addstr(cell, i->priority ? i->priority : "-");
		break;
	case STEPS:
		if (i->total)
			strbuf_addf(cell, "%u/%u", i->done, i->total);
		break;
	case TITLE:
		make_title(page, i);
		return utf8_width(cell->buf, cell->len);
	case WHERE:
		strbuf_addf(cell, "%s:%u", page->lines_only && !i->file ? "" :
			    plan_path(page->p, i->file), i->line_start);
		break;
	case COLUMNS:
		break;
	}
	text_shorten(cell, most[c]);
	return utf8_width(cell->buf, cell->len);
}

static void show_line(struct page *page, const struct plan_item *i)
{
	enum output_color color = i->focus ? OUTPUT_BOLD :
				  plan_is_finished(i) ? OUTPUT_DIM : OUTPUT_PLAIN;

	strbuf_reset(&page->line);
	for (enum column c = ID; c < COLUMNS; c++) {
		size_t width = page->width[c] ? make_cell(page, i, c) : 0;

		if (!page->width[c])
			continue;
		strbuf_addbuf(&page->line, &page->cell);
		if (c != WHERE)
			strbuf_addchars(&page->line, ' ', page->width[c] + 2 - width);
	}
	output_line_color(page->out, color, "%s", page->line.buf);
	output_flush(page->out);
}

static const char *const heads[COLUMNS] = {
	"id", "status", "priority", "steps", "title", "where"
};

static void show_heads(struct page *page)
{
	strbuf_reset(&page->line);
	for (enum column c = ID; c < COLUMNS; c++) {
		if (!page->width[c])
			continue;
		strbuf_addstr(&page->line, heads[c]);
		if (c != WHERE)
			strbuf_addchars(&page->line, ' ', page->width[c] + 2 - strlen(heads[c]));
	}
	output_line_color(page->out, OUTPUT_DIM, "%s", page->line.buf);
}

/* A column that nobody fills is left out. */
static size_t measure(struct page *page, const struct plan_item *const *v, size_t nr,
		      enum column c)
{
	size_t most_used = 0;

	for (size_t k = 0; k < nr; k++) {
		size_t w = make_cell(page, v[k], c);

		if (w > most_used)
			most_used = w;
	}
	return most_used && most_used < strlen(heads[c]) ? strlen(heads[c]) : most_used;
}

/* On a terminal a row fits, as far as the title can give way; first the plan's
 * own path does, which is the same everywhere. */
static void fit(struct page *page, const struct plan_item *const *v, size_t nr)
{
	size_t limit = output_columns(1), others = 0;

	if (!limit)
		return;
	for (int round = 0; round < 2; round++) {
		others = page->width[WHERE] = measure(page, v, nr, WHERE);
		for (enum column c = ID; c < WHERE; c++)
			others += c == TITLE ? 0 : page->width[c] ? page->width[c] + 2 : 0;
		if (others + page->width[TITLE] + 2 <= limit)
			return;
		page->lines_only = true;
	}
	page->title = others + 2 + TITLE_LEAST < limit ? limit - others - 2 : TITLE_LEAST;
	page->width[TITLE] = page->title;
}

static void show_lines(struct output *out, const struct plan *p,
		       const struct plan_item *const *v, size_t nr)
{
	struct page page = { .out = out, .p = p, .cell = STRBUF_INIT,
			     .needs = STRBUF_INIT, .line = STRBUF_INIT };

	if (!nr)
		return;
	for (enum column c = ID; c < WHERE; c++)
		page.width[c] = measure(&page, v, nr, c);
	page.width[WHERE] = 1;	/* the last: nothing is aligned behind it */
	fit(&page, v, nr);
	show_heads(&page);
	for (size_t k = 0; k < nr; k++)
		show_line(&page, v[k]);
	strbuf_release(&page.cell);
	strbuf_release(&page.needs);
	strbuf_release(&page.line);
}

void plan_page(struct output *out, const struct plan *p,
	       const struct plan_item *const *v, size_t nr)
{
	json_add_string(output_json(out), "path", plan_path(p, 0));
	json_add_string(output_json(out), "focus", p->focus);
	json_add_bool(output_json(out), "truncated", p->truncated);
	if (!output_is_json(out))
		show_lines(out, p, v, nr);
	else if (!nr)
		json_add_array(output_json(out), "items");
	else
		for (size_t k = 0; k < nr; k++)
			plan_item_to_json(output_json_item(out, "items"), p, v[k]);
}

/* --- ids that are almost right ------------------------------------------- */

#define SUGGESTIONS 3

/* Letters and numbers alone: "torch-4" is like "TORCH-004". */
static bool alike(const char *a, const char *b)
{
	for (;;) {
		while (*a && strchr("-_.#0", *a))
			a++;
		while (*b && strchr("-_.#0", *b))
			b++;
		if (!*a || !*b)
			return *a == *b;
		if (strncasecmp(a++, b++, 1) != 0)
			return false;
	}
}

static bool is_near(const char *have, const char *wanted, int how)
{
	size_t n = strlen(wanted);

	if (how == 0)
		return alike(have, wanted);
	if (how == 1)
		return n > 1 && (strcasestr(have, wanted) || strcasestr(wanted, have));
	/* One character wrong or missing at the end. */
	return n > 2 && strncasecmp(have, wanted, n - 1) == 0;
}

void plan_suggest(struct strbuf *out, const struct plan *p, const char *id)
{
	size_t named = 0;

	for (int how = 0; how < 3 && !named; how++)
		for (size_t k = 0; k < p->nr && named < SUGGESTIONS; k++) {
			const struct plan_item *i = &p->v[p->by_id[k]];

			if (!i->copy && is_near(i->id, id, how))
				strbuf_addf(out, "%s%s", named++ ? ", " :
					    "; did you mean ", i->id);
		}
	if (named)
		strbuf_addch(out, '?');
}
