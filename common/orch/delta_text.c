/*
 * How a change is put into words; the summary of commits and files for prompts.
 */
#include "base/strbuf.h"
#include "base/text.h"
#include "orch/delta_internal.h"
#include "orch/delta_parse.h"

#define MAX_SHOWN 100
#define MAX_NEEDS 4

const char *delta_plural(size_t n)
{
	return n == 1 ? "" : "s";
}

void delta_add_short(struct strbuf *out, const char *s, size_t max)
{
	struct strbuf safe = STRBUF_INIT;

	text_add_safe(&safe, s, strlen(s), true);
	text_shorten(&safe, max);
	strbuf_addbuf(out, &safe);
	strbuf_release(&safe);
}

char delta_status(const struct change *c)
{
	switch (c->status) {
	case '?':
		return 'A';
	case 'T':
	case 'U':
		return 'M';
	default:
		return c->status;
	}
}

char *delta_lines(const struct change *c)
{
	if (c->added == DELTA_NOT_COUNTED)
		return xstrdup("");
	if (c->added < 0 || c->removed < 0)
		return xstrdup("binary");
	if (!c->removed)
		return xstrfmt("+%" PRId64, c->added);
	if (!c->added)
		return xstrfmt("-%" PRId64, c->removed);
	return xstrfmt("+%" PRId64 " -%" PRId64, c->added, c->removed);
}

char *delta_title(const struct delta *d)
{
	struct strbuf s = STRBUF_INIT;

	if (d->actor)
		strbuf_addf(&s, "%s, ", d->actor);
	if (d->full) {
		strbuf_addstr(&s, "everything");
		return strbuf_detach(&s, NULL);
	}
	if (d->between) {
		strbuf_addf(&s, "between %s and %s", oid_short(&d->since),
			    oid_short(&d->head));
		return strbuf_detach(&s, NULL);
	}
	strbuf_addstr(&s, "since ");
	if (d->since_turn)
		strbuf_addstr(&s, d->since_turn);
	else if (d->since_iteration)
		strbuf_addf(&s, "iteration %" PRId64, d->since_iteration);
	else
		strbuf_addstr(&s, d->asked ? d->asked : "the beginning");
	strbuf_addf(&s, " (%s", oid_is_zero(&d->since) ? "no commit" :
		    oid_short(&d->since));
	if (d->since_ms)
		strbuf_addf(&s, ", %s ago", duration_human(time_seconds_since(d->since_ms)));
	strbuf_addch(&s, ')');
	return strbuf_detach(&s, NULL);
}

/* --- plan and findings --------------------------------------------------- */

const char *delta_plan_name(const struct delta_plan_change *c)
{
	switch (c->what) {
	case PLAN_NEW:
		return "new";
	case PLAN_COMPLETED:
		return "completed";
	case PLAN_CHANGED:
		return "changed";
	case PLAN_GONE:
		return "gone";
	case PLAN_ATTEMPT:
		break;
	}
	return "attempt";
}

const char *delta_finding_name(const struct delta_finding_change *c)
{
	return c->what == FINDING_NEW ? "new" : c->what == FINDING_GONE ? "gone" : "changed";
}

static void add_needs(struct strbuf *out, const struct plan_item *i)
{
	for (uint32_t k = 0; k < i->depends_nr; k++) {
		if (k == MAX_NEEDS) {
			strbuf_addf(out, " and %u more", i->depends_nr - k);
			break;
		}
		strbuf_addf(out, "%s%s", k ? ", " : out->len ? ", needs " : "needs ",
			    i->depends_on[k]);
	}
}

void delta_plan_detail(struct strbuf *out, const struct delta_plan_change *c, size_t max)
{
	const struct plan_attempt *a = c->attempt;
	struct strbuf s = STRBUF_INIT;

	switch (c->what) {
	case PLAN_NEW:
		if (c->item->priority)
			strbuf_addstr(&s, c->item->priority);
		add_needs(&s, c->item);
		break;
	case PLAN_CHANGED:
		strbuf_addf(&s, "%s ", c->field);
		delta_add_short(&s, *c->from ? c->from : "none", max);
		strbuf_addstr(&s, " -> ");
		delta_add_short(&s, *c->to ? c->to : "none", max);
		break;
	case PLAN_ATTEMPT:
		if (*a->name)
			strbuf_addf(&s, "%s%s", a->name[strspn(a->name, "0123456789")] ? "" :
				    "#", a->name);
		if (*a->result)
			strbuf_addf(&s, "%s%s", s.len ? " " : "", a->result);
		break;
	case PLAN_COMPLETED:
	case PLAN_GONE:
		break;
	}
	strbuf_addbuf(out, &s);
	strbuf_release(&s);
}

static void add_place(struct strbuf *out, const struct delta *d, bool gone,
		      const char *path, unsigned line)
{
	if (gone && !oid_is_zero(&d->since))
		strbuf_addf(out, "%s:", oid_short(&d->since));
	text_add_quoted_path(out, path, strlen(path));
	strbuf_addf(out, ":%u", line);
}

void delta_plan_place(struct strbuf *out, const struct delta *d,
		      const struct delta_plan_change *c)
{
	bool gone = c->what == PLAN_GONE;
	const struct plan *p = gone ? &d->plan.before : &d->plan.now;

	if (c->attempt)
		add_place(out, d, false, plan_path(p, c->attempt->file), c->attempt->line);
	else
		add_place(out, d, gone, plan_path(p, c->item->file), c->item->line_start);
}

void delta_finding_place(struct strbuf *out, const struct delta *d,
			 const struct delta_finding_change *c)
{
	bool gone = c->what == FINDING_GONE;
	const char *path = gone ? d->findings.old_path : d->findings.path;

	add_place(out, d, gone, path ? path : "", c->finding->line_start);
}

/* --- patches ------------------------------------------------------------- */

void delta_patch_text(struct strbuf *out, const struct delta *d,
		      const struct delta_patch *p)
{
	for (size_t i = 0; i < p->nr; i++) {
		const struct delta_patch_file *f = &p->v[i];
		char *command = delta_patch_command(d, f->path);

		strbuf_add(out, p->text.buf + f->at, f->len);
		if (f->left)
			strbuf_addf(out, "... %zu more line%s: %s\n", f->left, delta_plural(f->left),
				    command);
		free(command);
	}
	if (p->full) {
		char *command = delta_patch_command(d, NULL);

		strbuf_addf(out, "... and more files: %s\n", command);
		free(command);
	}
}

/* --- for prompts --------------------------------------------------------- */

static void summarize_files(struct strbuf *out, const struct change_list *l,
			    const char *mark)
{
	for (size_t i = 0; i < l->nr && i < MAX_SHOWN; i++) {
		const struct change *c = &l->v[i];
		char *lines = delta_lines(c);

		strbuf_addf(out, "%c  %-9s  ", delta_status(c), lines);
		if (c->old_path)
			strbuf_addf(out, "%s -> ", c->old_path);
		strbuf_addf(out, "%s%s\n", c->path, mark);
		free(lines);
	}
}

void delta_summary(struct strbuf *out, const struct delta *d)
{
	if (d->first) {
		strbuf_addf(out, "This is the first turn of %s: there is nothing "
			    "to compare with.\n", d->actor);
		return;
	}
	if (!d->commits.nr && !d->files.nr && !d->uncommitted.nr)
		strbuf_addstr(out, "Nothing has changed.\n");
	for (size_t i = 0; i < d->commits.nr && i < MAX_SHOWN; i++)
		strbuf_addf(out, "%s %s\n", oid_short(&d->commits.v[i].oid),
			    d->commits.v[i].subject);
	if (d->commits.nr > MAX_SHOWN)
		strbuf_addf(out, "... and %s%zu older: git log %s..%s\n",
			    d->commits.truncated ? "more than " : "",
			    d->commits.nr - MAX_SHOWN, oid_short(&d->since),
			    oid_short(&d->head));
	summarize_files(out, &d->files, "");
	if (d->files.nr > MAX_SHOWN)
		strbuf_addf(out, "... and %zu more files: git diff --stat %s..%s\n",
			    d->files.nr - MAX_SHOWN, oid_short(&d->since),
			    oid_short(&d->head));
	summarize_files(out, &d->uncommitted, "  (uncommitted)");
	if (d->uncommitted.nr > MAX_SHOWN)
		strbuf_addf(out, "... and %zu more uncommitted: git status\n",
			    d->uncommitted.nr - MAX_SHOWN);
}
