/*
 * A delta as Markdown, for a prompt. Whatever comes from the repository stays
 * on the line, or in the fence, that it belongs to.
 */
#include "base/strbuf.h"
#include "base/text.h"
#include "orch/delta_internal.h"
#include "orch/delta_parse.h"

#define FILES_MAX 200		/* in all; a prompt is no listing */
#define TITLE_MAX 200

static void add_mark(struct strbuf *out, bool uncommitted)
{
	strbuf_addstr(out, uncommitted ? " (uncommitted)\n" : "\n");
}

static void add_line(struct strbuf *out, const char *s)
{
	text_add_safe(out, s, strlen(s), true);
}

static void add_commits(struct strbuf *out, const struct delta *d)
{
	if (d->commits.nr)
		strbuf_addstr(out, "\n### Commits\n\n");
	for (size_t i = 0; i < d->commits.nr && i < FILES_MAX; i++) {
		const struct commit_info *c = &d->commits.v[i];

		strbuf_addf(out, "- `%s` ", oid_short(&c->oid));
		add_line(out, c->subject);
		if (c->author && *c->author) {
			strbuf_addstr(out, " (");
			add_line(out, c->author);
			strbuf_addch(out, ')');
		}
		strbuf_addch(out, '\n');
	}
	if (d->commits.nr > FILES_MAX)
		strbuf_addf(out, "- and %s%zu older: git log %s..%s\n",
			    d->commits.truncated ? "more than " : "",
			    d->commits.nr - FILES_MAX, oid_is_zero(&d->since) ? "" :
			    oid_short(&d->since), oid_short(&d->head));
}

static void add_plan(struct strbuf *out, const struct delta *d, bool attempts)
{
	bool first = true;

	for (size_t i = 0; i < d->plan.nr; i++) {
		const struct delta_plan_change *c = &d->plan.v[i];
		struct strbuf detail = STRBUF_INIT;

		if ((c->what == PLAN_ATTEMPT) != attempts)
			continue;
		if (first)
			strbuf_addstr(out, attempts ? "\n### Attempts\n\n" : "\n### Plan\n\n");
		first = false;
		delta_plan_detail(&detail, c, TITLE_MAX / 2);
		strbuf_addstr(out, "- ");
		if (!attempts)
			strbuf_addf(out, "%s: ", delta_plan_name(c));
		add_line(out, attempts ? c->attempt->id : c->item->id);
		if (!attempts && *c->item->title) {
			strbuf_addch(out, ' ');
			delta_add_short(out, c->item->title, TITLE_MAX);
		}
		if (detail.len) {
			strbuf_addstr(out, attempts ? " " : " (");
			delta_add_short(out, detail.buf, 2 * TITLE_MAX);
			strbuf_addstr(out, attempts ? "" : ")");
		}
		strbuf_addstr(out, ", ");
		delta_plan_place(out, d, c);
		add_mark(out, c->uncommitted);
		strbuf_release(&detail);
	}
}

static void add_findings(struct strbuf *out, const struct delta *d)
{
	if (d->findings.nr)
		strbuf_addstr(out, "\n### Findings\n\n");
	for (size_t i = 0; i < d->findings.nr; i++) {
		const struct delta_finding_change *c = &d->findings.v[i];

		strbuf_addf(out, "- %s: ", delta_finding_name(c));
		delta_add_short(out, c->finding->id, TITLE_MAX);
		if (!str_eq(c->finding->id, c->finding->title)) {
			strbuf_addch(out, ' ');
			delta_add_short(out, c->finding->title, TITLE_MAX);
		}
		strbuf_addstr(out, ", ");
		delta_finding_place(out, d, c);
		add_mark(out, c->uncommitted);
	}
}

static void add_files(struct strbuf *out, const struct change_list *l, bool uncommitted,
		      size_t *shown)
{
	for (size_t i = 0; i < l->nr && *shown < FILES_MAX; i++, ++*shown) {
		const struct change *c = &l->v[i];
		char *lines = delta_lines(c);

		if (!*shown)
			strbuf_addstr(out, "\n### Files\n\n");
		strbuf_addf(out, "- %c ", delta_status(c));
		if (c->old_path) {
			text_add_quoted_path(out, c->old_path, strlen(c->old_path));
			strbuf_addstr(out, " -> ");
		}
		text_add_quoted_path(out, c->path, strlen(c->path));
		if (*lines)
			strbuf_addf(out, ", %s", lines);
		add_mark(out, uncommitted);
		free(lines);
	}
}

/* As a quotation, so that its headings are not ours. */
static void add_said(struct strbuf *out, const struct delta *d)
{
	for (size_t i = 0; i < d->nr_said; i++) {
		const struct delta_said *s = &d->said[i];

		strbuf_addf(out, "\n### What %s said, ", s->actor);
		text_add_quoted_path(out, s->source, strlen(s->source));
		strbuf_addf(out, ":%u\n\n", s->line);
		for (const char *p = s->text; *p;) {
			size_t n = strcspn(p, "\n");

			strbuf_addstr(out, "> ");
			strbuf_add(out, p, n);
			strbuf_addch(out, '\n');
			p += n + (p[n] == '\n');
		}
	}
}

/* A fence that nothing inside can close. */
static void add_patch(struct strbuf *out, const struct delta *d, const struct delta_patch *p)
{
	struct strbuf text = STRBUF_INIT;
	size_t longest = 2, run = 0;

	delta_patch_text(&text, d, p);
	for (size_t i = 0; i < text.len; i++) {
		run = text.buf[i] == '`' ? run + 1 : 0;
		longest = run > longest ? run : longest;
	}
	if (text.len) {
		strbuf_addstr(out, "\n### Diff\n\n");
		strbuf_addchars(out, '`', longest + 1);
		strbuf_addstr(out, "diff\n");
		text_add_safe(out, text.buf, text.len, false);
		strbuf_addchars(out, '`', longest + 1);
		strbuf_addch(out, '\n');
	}
	strbuf_release(&text);
}

void delta_markdown(struct strbuf *out, const struct delta *d, const struct delta_patch *patch)
{
	size_t shown = 0, files = d->files.nr + d->uncommitted.nr, begin;
	char *title = delta_title(d);

	if (d->first)
		strbuf_addf(out, "## Changes\n\nThis is the first turn of %s: there is nothing "
			    "to compare with.\n", d->actor ? d->actor : "anybody");
	else
		strbuf_addf(out, "## Changes: %s\n", title);
	free(title);
	begin = out->len;
	add_commits(out, d);
	add_plan(out, d, false);
	add_plan(out, d, true);
	add_findings(out, d);
	add_files(out, &d->files, false, &shown);
	add_files(out, &d->uncommitted, true, &shown);
	if (files > shown) {
		char *command = delta_patch_command(d, NULL);

		strbuf_addf(out, "- and %zu more: %s --stat\n", files - shown, command);
		free(command);
	}
	if (out->len == begin && !d->first)
		strbuf_addstr(out, "\nNothing has changed.\n");
	add_said(out, d);
	if (patch)
		add_patch(out, d, patch);
}
