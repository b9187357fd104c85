/*
 * A delta as people see it.
 */
#include "base/output.h"
#include "base/strbuf.h"
#include "base/text.h"
#include "orch/delta_internal.h"
#include "orch/delta_parse.h"

#define LABEL "%-8s"		/* the first column, in all tables */
#define TITLE_MAX 60		/* columns; the place stands behind it */
#define VALUE_MAX 40		/* of what a field was, and is */
#define SAID_MAX 100

static void headline(struct output *out, const struct delta *d)
{
	size_t files = d->files.nr + d->uncommitted.nr;
	struct strbuf line = STRBUF_INIT;
	char *title = delta_title(d);

	strbuf_addf(&line, "%s:", title);
	if (d->parts & DELTA_COMMITS)
		strbuf_addf(&line, " %s%zu commit%s,", d->commits.truncated ? "at least " : "",
			    d->commits.nr, delta_plural(d->commits.nr));
	if (d->parts & (DELTA_FILES | DELTA_UNCOMMITTED))
		strbuf_addf(&line, " %zu file%s,", files, delta_plural(files));
	if (d->uncommitted.nr)
		strbuf_addf(&line, " %zu of them uncommitted,", d->uncommitted.nr);
	if ((d->parts & DELTA_FILES) && !(d->parts & DELTA_UNCOMMITTED) && !d->between)
		strbuf_addstr(&line, " uncommitted ones left out,");
	strbuf_setlen(&line, line.len - 1);
	output_line(out, "%s", line.buf);
	strbuf_release(&line);
	free(title);
}

static void show_commits(struct output *out, const struct commit_list *l)
{
	output_table_begin(out, "llsl");
	for (size_t i = 0; i < l->nr; i++) {
		output_cell(out, LABEL, i ? "" : "commits");
		output_cell_color(out, OUTPUT_YELLOW, "%s", oid_short(&l->v[i].oid));
		output_cell(out, "%s", l->v[i].subject);
		output_cell(out, "%s", l->v[i].author ? l->v[i].author : "");
		output_row_end(out);
	}
	output_table_end(out);
}

static void show_files(struct output *out, const struct change_list *l,
		       bool uncommitted, bool counted, bool *first)
{
	for (size_t i = 0; i < l->nr; i++) {
		const struct change *c = &l->v[i];
		struct strbuf path = STRBUF_INIT;
		char *lines = delta_lines(c);

		if (c->old_path) {
			text_add_quoted_path(&path, c->old_path,
					     strlen(c->old_path));
			strbuf_addstr(&path, " -> ");
		}
		text_add_quoted_path(&path, c->path, strlen(c->path));
		if (uncommitted)
			strbuf_addstr(&path, "  (uncommitted)");
		output_cell(out, LABEL, *first ? "files" : "");
		output_cell(out, "%c", delta_status(c));
		if (counted)
			output_cell(out, "%s", lines);
		output_cell(out, "%s", path.buf);
		output_row_end(out);
		*first = false;
		strbuf_release(&path);
		free(lines);
	}
}

/* "id title (detail)", or for an attempt "id detail". */
static void add_item(struct strbuf *out, const struct delta_plan_change *c, size_t max)
{
	struct strbuf detail = STRBUF_INIT;

	delta_plan_detail(&detail, c, VALUE_MAX);
	if (c->what == PLAN_ATTEMPT) {
		strbuf_addstr(out, c->attempt->id);
	} else {
		strbuf_addstr(out, c->item->id);
		/* Of a change only what changed is news. */
		if (*c->item->title && c->what != PLAN_CHANGED) {
			strbuf_addch(out, ' ');
			delta_add_short(out, c->item->title, max);
		}
	}
	if (detail.len && c->what == PLAN_NEW) {
		strbuf_addstr(out, " (");
		delta_add_short(out, detail.buf, max);
		strbuf_addch(out, ')');
	} else if (detail.len) {
		strbuf_addch(out, ' ');
		delta_add_short(out, detail.buf, 2 * max);
	}
	strbuf_release(&detail);
}

static const char *marked(bool uncommitted)
{
	return uncommitted ? "  (uncommitted)" : "";
}

/* One of the kinds of a list at a time, so that what is alike stands together. */
static void show_plan(struct output *out, const struct delta *d)
{
	bool first = true;

	output_table_begin(out, "llsl");
	for (int what = PLAN_NEW; what <= PLAN_GONE; what++)
		for (size_t i = 0; i < d->plan.nr; i++) {
			const struct delta_plan_change *c = &d->plan.v[i];
			struct strbuf item = STRBUF_INIT, place = STRBUF_INIT;

			if ((int)c->what != what)
				continue;
			add_item(&item, c, TITLE_MAX);
			delta_plan_place(&place, d, c);
			output_cell(out, LABEL, first ? "plan" : "");
			output_cell_color(out, what == PLAN_COMPLETED ? OUTPUT_GREEN :
					  OUTPUT_PLAIN, "%s", delta_plan_name(c));
			output_cell(out, "%s", item.buf);
			output_cell_color(out, OUTPUT_DIM, "%s%s", place.buf,
					  marked(c->uncommitted));
			output_row_end(out);
			first = false;
			strbuf_release(&item);
			strbuf_release(&place);
		}
	output_table_end(out);
	first = true;
	output_table_begin(out, "lsl");
	for (size_t i = 0; i < d->plan.nr; i++) {
		const struct delta_plan_change *c = &d->plan.v[i];
		struct strbuf item = STRBUF_INIT, place = STRBUF_INIT;

		if (c->what != PLAN_ATTEMPT)
			continue;
		add_item(&item, c, TITLE_MAX);
		delta_plan_place(&place, d, c);
		output_cell(out, LABEL, first ? "attempts" : "");
		output_cell(out, "%s", item.buf);
		output_cell_color(out, OUTPUT_DIM, "%s%s", place.buf, marked(c->uncommitted));
		output_row_end(out);
		first = false;
		strbuf_release(&item);
		strbuf_release(&place);
	}
	output_table_end(out);
}

static void show_findings(struct output *out, const struct delta *d)
{
	output_table_begin(out, "llsl");
	for (size_t i = 0; i < d->findings.nr; i++) {
		const struct delta_finding_change *c = &d->findings.v[i];
		struct strbuf title = STRBUF_INIT, place = STRBUF_INIT;

		delta_add_short(&title, c->finding->id, TITLE_MAX);
		if (!str_eq(c->finding->id, c->finding->title)) {
			strbuf_addch(&title, ' ');
			delta_add_short(&title, c->finding->title, TITLE_MAX);
		}
		delta_finding_place(&place, d, c);
		output_cell(out, LABEL, i ? "" : "findings");
		output_cell(out, "%s", delta_finding_name(c));
		output_cell(out, "%s", title.buf);
		output_cell_color(out, OUTPUT_DIM, "%s%s", place.buf, marked(c->uncommitted));
		output_row_end(out);
		strbuf_release(&title);
		strbuf_release(&place);
	}
	output_table_end(out);
}

static void show_said(struct output *out, const struct delta *d)
{
	output_table_begin(out, "lsl");
	for (size_t i = 0; i < d->nr_said; i++) {
		const struct delta_said *s = &d->said[i];
		struct strbuf text = STRBUF_INIT, source = STRBUF_INIT;

		delta_add_short(&text, s->text, SAID_MAX);
		text_add_quoted_path(&source, s->source, strlen(s->source));
		output_cell(out, LABEL, s->actor);
		output_cell(out, "\"%s\"", text.buf);
		output_cell_color(out, OUTPUT_DIM, "%s:%u", source.buf, s->line);
		output_row_end(out);
		strbuf_release(&text);
		strbuf_release(&source);
	}
	output_table_end(out);
}

static void show_patch(struct output *out, const struct delta *d, const struct delta_patch *p)
{
	struct strbuf text = STRBUF_INIT, safe = STRBUF_INIT;

	delta_patch_text(&text, d, p);
	if (text.len) {
		text_add_safe(&safe, text.buf, text.len, false);
		output_raw(out, "\n", 1);
		output_raw(out, safe.buf, safe.len);
	}
	strbuf_release(&text);
	strbuf_release(&safe);
}

void delta_page(struct output *out, const struct delta *d, const struct delta_patch *patch)
{
	bool counted = d->uncommitted.nr || ((d->parts & DELTA_LINES) && !d->full);
	bool first = true;

	if (d->first) {
		output_line(out, "%s has not finished a turn here: nothing to "
			    "compare with", d->actor ? d->actor : "nobody");
	} else {
		headline(out, d);
		show_commits(out, &d->commits);
		show_plan(out, d);
		show_findings(out, d);
		output_table_begin(out, "llll");
		show_files(out, &d->files, false, counted, &first);
		show_files(out, &d->uncommitted, true, counted, &first);
		output_table_end(out);
	}
	show_said(out, d);
	if (patch)
		show_patch(out, d, patch);
}
