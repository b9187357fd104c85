/*
 * What the focus needs of documents that do not fit whole, the most important
 * first: the input; of the plan the focus item's section, the sections that
 * changed since the actor's last turn and the item's latest attempts; findings
 * that share its words; documents that it names.
 */
#include "orch/pack_internal.h"

#include <strings.h>

#include "base/error.h"
#include "base/outline.h"
#include "base/strvec.h"
#include "git/diff.h"
#include "git/object.h"
#include "orch/findings.h"
#include "orch/plan.h"
#include "orch/words.h"

#define LATEST 4	/* attempts of the focus item */
#define TASK_LISTS 2
#define MAX_PIECES 64
#define MAX_FINDINGS 8
#define PIECE_SHARE 4	/* a piece takes at most that part of the budget */
#define BYTES_PER_TOKEN 3

struct range {
	size_t first, last;	/* lines */
};
struct find {
	struct focus *out;
	struct pack_work *w;
	struct plan plan;
	const struct plan_item *item;	/* NULL: nobody named one */
	/* Of the document at work: */
	const struct docver *doc;
	const char *text;
	size_t len;
	struct outline outline;
	struct range *added;	/* lines of it that are new to the actor */
	size_t nr_added, alloc_added;
};

/* --- pieces --------------------------------------------------------------------- */

static bool is_covered(const struct find *f, size_t at, size_t end)
{
	for (size_t i = 0; i < f->out->nr; i++) {
		const struct focus_piece *p = &f->out->v[i];

		if (p->doc == f->doc && p->at <= at && end <= p->at + p->len)
			return true;
	}
	return false;
}

static unsigned count_lines(const char *s, size_t len)
{
	unsigned n = 0;

	for (const char *p = s; (p = memchr(p, '\n', len - (size_t)(p - s))); p++)
		n++;
	return n;
}

static void add_bytes(struct find *f, size_t at, size_t end, const char *why)
{
	struct focus_piece *p;

	if (at >= end || f->out->nr >= MAX_PIECES || is_covered(f, at, end))
		return;
	ALLOC_GROW(f->out->v, f->out->nr + 1, f->out->alloc);
	p = &f->out->v[f->out->nr++];
	p->doc = f->doc;
	p->at = at;
	p->len = end - at;
	p->first = count_lines(f->text, at) + 1;
	p->last = p->first + count_lines(f->text + at, end - at) -
		  (f->text[end - 1] == '\n');
	p->why = xstrdup(why);
	p->in_change = false;
	for (size_t i = 0; i < f->nr_added && !p->in_change; i++)
		p->in_change = f->added[i].first <= p->first &&
			       p->last <= f->added[i].last;
}

/* The begin of the line that `at` is in, and the end of it. */
static size_t line_begin(const struct find *f, size_t at)
{
	while (at > 0 && f->text[at - 1] != '\n')
		at--;
	return at;
}

static size_t line_end(const struct find *f, size_t at)
{
	const char *eol = at < f->len ? memchr(f->text + at, '\n', f->len - at) : NULL;

	return eol ? (size_t)(eol + 1 - f->text) : f->len;
}

/*
 * A range of whole lines; one that is too long for its share of the budget is
 * shown from its begin (what it is about) and at its end (where it is now).
 */
static void add_range(struct find *f, size_t at, size_t end, const char *why)
{
	size_t most = (size_t)f->w->req->budget * BYTES_PER_TOKEN / PIECE_SHARE;
	size_t head, tail;

	if (end > f->len)
		end = f->len;
	if (at >= end)
		return;
	if (end - at <= most) {
		add_bytes(f, at, end, why);
		return;
	}
	head = line_end(f, at + most / 4);
	tail = line_begin(f, end - most * 3 / 4);
	if (head > tail)
		return;		/* one line of that size: its document's command */
	if (head - at <= most)
		add_bytes(f, at, head, why);
	if (tail < end && end - tail <= most)
		add_bytes(f, tail, end, why);
}

static int open_document(struct find *f, const char *path)
{
	struct docver *d = path && *path ? docset_find(&f->w->p->now, path) : NULL;
	int rc;

	outline_release(&f->outline);
	f->doc = NULL;
	f->nr_added = 0;
	if (!d)
		return 0;
	if ((rc = texts_get(&f->w->p->texts, &d->oid, &f->text, &f->len)) < 0)
		return rc;
	f->doc = d;
	outline_parse(&f->outline, f->text, f->len);
	return 1;
}

/* The section that a line lies in, without its sub-sections. */
static void add_section_of(struct find *f, size_t line, const char *why)
{
	const struct outline_heading *h = outline_heading_at(&f->outline, (unsigned)line);

	if (h)
		add_range(f, h->begin, h->own_end, why);
}

/* --- the plan ---------------------------------------------------------------------- */

/* Which lines are new since the actor's last turn, and into *touched the lines at
 * which something changed. */
static int compare_with_known(struct find *f, struct range **touched, size_t *nr)
{
	struct docver *before = docset_find(&f->w->known, f->doc->path);
	struct strbuf hunks = STRBUF_INIT;
	size_t len, alloc = 0;
	const char *old;
	int rc;

	if (!before || oid_eq(&before->oid, &f->doc->oid))
		return 0;
	if ((rc = texts_get(&f->w->p->texts, &before->oid, &old, &len)) == 0)
		rc = diff_hunks(&hunks, old, len, f->text, f->len, 0, NULL, NULL);
	for (const char *p = hunks.buf; rc == 0 && p < hunks.buf + hunks.len;) {
		const char *eol = memchr(p, '\n', (size_t)(hunks.buf + hunks.len - p));
		const char *plus = str_starts(p, "@@ ") ? strchr(p, '+') : NULL;

		if (plus) {
			char *rest;
			size_t start = strtoul(plus + 1, &rest, 10);
			size_t n = *rest == ',' ? strtoul(rest + 1, NULL, 10) : 1;

			ALLOC_GROW(*touched, *nr + 1, alloc);
			(*touched)[*nr].first = start;
			(*touched)[(*nr)++].last = start + (n ? n - 1 : 0);
			if (n) {
				ALLOC_GROW(f->added, f->nr_added + 1, f->alloc_added);
				f->added[f->nr_added++] = (*touched)[*nr - 1];
			}
		}
		p = eol ? eol + 1 : hunks.buf + hunks.len;
	}
	strbuf_release(&hunks);
	return rc;
}

/* The sections that changed since the actor's last turn, the last ones first. */
static void add_touched(struct find *f, const struct range *touched, size_t nr)
{
	static const char why[] = "changed since your last turn";

	for (size_t k = nr; k-- > 0;) {
		for (size_t i = f->outline.nr; i-- > 0;) {
			const struct outline_heading *h = &f->outline.v[i];

			if (h->line >= touched[k].first && h->line <= touched[k].last)
				add_range(f, h->begin, h->own_end, why);
		}
		add_section_of(f, touched[k].first, why);
	}
}

/* The length of an id without its last part: "X-1" of "X-1.A2". */
static size_t base_len(const char *id)
{
	const char *dot = strrchr(id, '.');

	return dot && dot > id ? (size_t)(dot - id) : strlen(id);
}

/* The latest attempts of the item, by where they stand: the last ones, for
 * ledgers grow at their end. */
static void add_attempts(struct find *f, const char *path)
{
	const struct plan *p = &f->plan;
	unsigned found = 0;

	for (size_t i = p->attempts_nr; i-- > 0 && found < LATEST;) {
		const struct plan_attempt *a = &p->attempts[i];

		if (!str_eq(plan_path(p, a->file), path) ||
		    (f->item && (!a->id || strncmp(a->id, f->item->id,
						   base_len(f->item->id)) != 0)))
			continue;
		add_section_of(f, a->line, a->id && *a->id ? a->id : "attempt");
		found++;
	}
}

/* The last sections whose headings name the item. */
static void add_mentions(struct find *f)
{
	size_t n = base_len(f->item->id);
	unsigned found = 0;

	for (size_t i = f->outline.nr; i-- > 0 && found < LATEST;) {
		const struct outline_heading *h = &f->outline.v[i];

		if (!memmem(h->title, h->title_len, f->item->id, n))
			continue;
		add_range(f, h->begin, h->own_end, f->item->id);
		found++;
	}
}

static bool is_task_list(const struct find *f, const struct outline_heading *h)
{
	static const char *const names[] = { "todo", "next", "backlog", "open", "tasks" };

	if (memmem(f->text + h->body, h->own_end - h->body, "- [ ]", 5))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (h->title_len >= strlen(names[i]) &&
		    strncasecmp(h->title, names[i], strlen(names[i])) == 0)
			return true;
	return false;
}

/* The last sections in which tasks are ticked off and added. */
static void add_task_lists(struct find *f)
{
	unsigned found = 0;

	for (size_t i = f->outline.nr; i-- > 0 && found < TASK_LISTS;) {
		const struct outline_heading *h = &f->outline.v[i];

		if (!is_task_list(f, h))
			continue;
		add_range(f, h->begin, h->own_end, "tasks");
		found++;
	}
}

static void add_item(struct find *f, const char *path, const struct plan_item *item)
{
	if (item && str_eq(plan_path(&f->plan, item->file), path))
		add_range(f, item->begin, item->end, item->id);
}

static int add_plan(struct find *f)
{
	const char *path = config_get(f->w->o->config, "orch.plan");
	struct range *touched = NULL;
	size_t nr = 0;
	bool same;
	int rc = open_document(f, path);
	struct oid oid;

	if (rc <= 0)
		return rc;
	if ((rc = compare_with_known(f, &touched, &nr)) < 0)
		goto out;
	/* What plan_load() has read may be a later version. */
	blob_hash(f->plan.text.buf, f->plan.text.len, &oid);
	same = oid_eq(&oid, &f->doc->oid);
	if (same) {
		add_item(f, path, f->item);
		if (f->item && base_len(f->item->id) < strlen(f->item->id)) {
			char *id = xstrndup(f->item->id, base_len(f->item->id));

			add_item(f, path, plan_find(&f->plan, id));
			free(id);
		}
	}
	add_touched(f, touched, nr);
	if (same && f->outline.nr)
		add_attempts(f, path);
	if (f->item)
		add_mentions(f);
	add_task_lists(f);
out:
	free(touched);
	return rc;
}

/* --- findings, and documents by name -------------------------------------------------- */

static int add_findings(struct find *f, const struct strvec *words)
{
	const char *path = config_get(f->w->o->config, "orch.findings");
	struct findings all = FINDINGS_INIT;
	unsigned added = 0;
	int rc = open_document(f, path);

	if (rc <= 0 || !words->nr)
		return rc;
	findings_parse(&all, f->text, f->len);
	/* What was learnt last first. */
	for (size_t i = all.nr; i-- > 0 && added < MAX_FINDINGS;) {
		const struct finding *x = &all.v[i];
		char *text = xstrfmt("%s %s", x->keywords, x->title);

		if (words_shared(words, text)) {
			add_range(f, x->begin, x->end, x->id);
			added++;
		}
		free(text);
	}
	findings_release(&all);
	return 0;
}

static int add_named(struct find *f)
{
	int rc;

	for (uint32_t i = 0; f->item && i < f->item->files_nr; i++) {
		if ((rc = open_document(f, f->item->files[i])) < 0)
			return rc;
		if (rc > 0)
			add_range(f, 0, f->len, f->item->id);
	}
	return 0;
}

int focus_find(struct focus *out, struct pack_work *w)
{
	struct find f = { .out = out, .w = w, .plan = PLAN_INIT,
			  .outline = OUTLINE_INIT };
	struct strvec words = STRVEC_INIT;
	int rc;

	if (plan_load(&f.plan, w->o, NULL) < 0)
		error_clear();	/* no plan: the other documents all the same */
	else if (f.plan.focus)
		f.item = plan_find_part(&f.plan, f.plan.focus);
	if ((rc = open_document(&f, config_get(w->o->config, "orch.input"))) < 0)
		goto out;
	if (rc > 0)
		add_range(&f, 0, f.len, "input");
	if (f.item)
		words_add(&words, f.item->title);
	if ((rc = add_plan(&f)) == 0 && (rc = add_findings(&f, &words)) == 0)
		rc = add_named(&f);
out:
	outline_release(&f.outline);
	free(f.added);
	plan_release(&f.plan);
	strvec_release(&words);
	return rc;
}

void focus_release(struct focus *f)
{
	for (size_t i = 0; i < f->nr; i++)
		free(f->v[i].why);
	free(f->v);
	*f = (struct focus)FOCUS_INIT;
}
