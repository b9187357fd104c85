/*
 * What fits a budget. In this order: what changed since the actor's last turn,
 * the sections that the focus needs, whole documents by stability, outlines.
 * Documents that are given whole need none of the others.
 */
#include "orch/pack_internal.h"

#include "base/error.h"
#include "base/outline.h"
#include "base/text.h"
#include "base/tokens.h"
#include "orch/layoutstore.h"
#include "orch/packtext.h"

#define HEADROOM 8		/* an eighth of a new key frame is left to later changes */
#define LINE_TOKENS 40		/* of a line of the list of what is left out, about */
#define MAX_LISTED 200

/* --- what else is said of documents that are not whole --------------------------- */

struct extra {
	struct strbuf changes, sections, outlines, list;
	int64_t tokens;
};
#define EXTRA_INIT { STRBUF_INIT, STRBUF_INIT, STRBUF_INIT, STRBUF_INIT, 0 }

static void extra_release(struct extra *e)
{
	strbuf_release(&e->changes);
	strbuf_release(&e->sections);
	strbuf_release(&e->outlines);
	strbuf_release(&e->list);
	e->tokens = 0;
}

/* One text that may be taken or left. */
struct piece {
	struct strbuf text;
	int64_t tokens;
	size_t doc;		/* index in p->now */
	bool taken;
	bool rewritten;		/* a change that is as long as the whole document */
};

struct fitting {
	struct pack_work *w;
	struct docset members;
	struct focus focus;
	struct piece *changes;	/* of each document of p->now; empty: none */
	struct piece *sections;	/* of each piece of the focus */
};

static bool is_member(struct fitting *f, const struct docver *d)
{
	return docset_find(&f->members, d->path) != NULL;
}

static size_t index_of(const struct pack *p, const struct docver *d)
{
	return (size_t)(d - p->now.v);
}

static int prepare(struct fitting *f)
{
	struct pack *p = f->w->p;
	int rc;

	f->changes = xcalloc(p->now.nr + 1, sizeof(*f->changes));
	for (size_t i = 0; i < p->now.nr; i++) {
		struct piece *c = &f->changes[i];
		struct docver *before = docset_find(&f->w->known, p->now.v[i].path);

		strbuf_init(&c->text);
		c->doc = i;
		if (!before || oid_eq(&before->oid, &p->now.v[i].oid))
			continue;
		rc = packtext_glimpse_change(&c->text, &p->texts, before, &p->now.v[i],
					     f->w->policy.context);
		if (rc < 0)
			return rc;
		c->tokens = tokens_of_text(c->text.buf, c->text.len);
		c->rewritten = c->tokens >= f->w->tokens[i];
		/* The whole document says the same with less. */
		if (c->rewritten) {
			strbuf_reset(&c->text);
			c->tokens = 0;
		}
	}
	if ((rc = focus_find(&f->focus, f->w)) < 0)
		return rc;
	f->sections = xcalloc(f->focus.nr + 1, sizeof(*f->sections));
	for (size_t i = 0; i < f->focus.nr; i++) {
		struct piece *s = &f->sections[i];
		const struct focus_piece *from = &f->focus.v[i];

		strbuf_init(&s->text);
		s->doc = index_of(p, from->doc);
		rc = packtext_glimpse_section(&s->text, &p->texts, from->doc, from->at,
					      from->len, from->first, from->last,
					      from->why);
		if (rc < 0)
			return rc;
		s->tokens = tokens_of_text(s->text.buf, s->text.len);
	}
	return 0;
}

static void fitting_release(struct fitting *f)
{
	for (size_t i = 0; f->changes && i < f->w->p->now.nr; i++)
		strbuf_release(&f->changes[i].text);
	for (size_t i = 0; f->sections && i < f->focus.nr; i++)
		strbuf_release(&f->sections[i].text);
	free(f->changes);
	free(f->sections);
	focus_release(&f->focus);
	docset_release(&f->members);
}

/* --- the list of what is left out --------------------------------------------------- */

void pack_add_command(struct strbuf *out, const char *path, bool diff)
{
	strbuf_addstr(out, "git orch context get ");
	if (*path == '-')
		strbuf_addstr(out, diff ? "--diff -- " : "-- ");
	text_add_shell_word(out, path, strlen(path));
	if (diff && *path != '-')
		strbuf_addstr(out, " --diff");
}

static void list_omitted(struct fitting *f, struct extra *e)
{
	struct pack *p = f->w->p;
	size_t nr = 0;

	for (size_t i = 0; i < p->now.nr; i++) {
		const struct docver *d = &p->now.v[i];
		struct strbuf path = STRBUF_INIT;
		bool change_too;

		if (is_member(f, d))
			continue;
		change_too = f->changes[i].text.len && !f->changes[i].taken;
		if (!nr++)
			strbuf_addf(&e->list, "Left out by the budget of %s tokens; the "
				    "command reads it:\n", count_human(f->w->req->budget));
		if (nr > MAX_LISTED)
			continue;
		text_add_quoted_path(&path, d->path, strlen(d->path));
		strbuf_addf(&e->list, "  %s  %" PRIu64 " bytes, %s tokens: ", path.buf,
			    d->size, count_human(f->w->tokens[i]));
		pack_add_command(&e->list, d->path, false);
		strbuf_addch(&e->list, '\n');
		if (change_too) {
			strbuf_addf(&e->list, "    what changed in it, %s tokens: ",
				    count_human(f->changes[i].tokens));
			pack_add_command(&e->list, d->path, true);
			strbuf_addch(&e->list, '\n');
		}
		strbuf_release(&path);
	}
	if (nr > MAX_LISTED)
		strbuf_addf(&e->list, "  and %zu more: git orch context status\n",
			    nr - MAX_LISTED);
}

static void record_omitted(struct fitting *f)
{
	struct pack *p = f->w->p;

	for (size_t i = 0; i < p->now.nr; i++) {
		struct pack_omission *o;

		if (is_member(f, &p->now.v[i]))
			continue;
		ALLOC_GROW(p->omitted, p->nr_omitted + 1, p->alloc_omitted);
		o = &p->omitted[p->nr_omitted++];
		o->path = xstrdup(p->now.v[i].path);
		o->bytes = p->now.v[i].size;
		o->tokens = f->w->tokens[i];
		o->change_too = f->changes[i].text.len && !f->changes[i].taken;
	}
}

/* --- taking what fits ---------------------------------------------------------------- */

static void take(struct piece *piece, struct strbuf *into, int64_t *left, bool wanted)
{
	piece->taken = wanted && piece->text.len && piece->tokens <= *left;
	if (!piece->taken)
		return;
	strbuf_addbuf(into, &piece->text);
	*left -= piece->tokens;
}

/* Not of a document that is here whole, nor what its change has shown. */
static bool wants_section(struct fitting *f, size_t i)
{
	const struct focus_piece *p = &f->focus.v[i];

	return !is_member(f, p->doc) &&
	       !(p->in_change && f->changes[index_of(f->w->p, p->doc)].taken);
}

/* Whether all changes and sections found room: they come before any document. */
static bool took_all(struct fitting *f)
{
	struct pack *p = f->w->p;

	for (size_t i = 0; i < p->now.nr; i++)
		if (!is_member(f, &p->now.v[i]) && f->changes[i].text.len &&
		    !f->changes[i].taken)
			return false;
	for (size_t i = 0; i < f->focus.nr; i++)
		if (wants_section(f, i) && !f->sections[i].taken)
			return false;
	return true;
}

/*
 * Everything beside the members, in at most `room` tokens. ORCH_EINVALID if not
 * even the list of what is left out fits.
 */
static int add_extra(struct fitting *f, struct extra *e, int64_t room)
{
	struct pack *p = f->w->p;
	int64_t left, list;

	/* The longest list: no change is taken. */
	for (size_t i = 0; i < p->now.nr; i++)
		f->changes[i].taken = false;
	list_omitted(f, e);
	list = tokens_of_text(e->list.buf, e->list.len);
	strbuf_reset(&e->list);
	if (list > room)
		return ORCH_EINVALID;
	left = room - list;
	for (size_t i = 0; i < p->now.nr; i++)
		take(&f->changes[i], &e->changes, &left, !is_member(f, &p->now.v[i]));
	for (size_t i = 0; i < f->focus.nr; i++)
		take(&f->sections[i], &e->sections, &left, wants_section(f, i));
	list_omitted(f, e);
	e->tokens = tokens_of_text(e->changes.buf, e->changes.len) +
		    tokens_of_text(e->sections.buf, e->sections.len) +
		    tokens_of_text(e->list.buf, e->list.len);
	return 0;
}

/* Outlines of what is not whole, as deep as they fit. */
static int add_outlines(struct fitting *f, struct extra *e, int64_t room)
{
	struct pack *p = f->w->p;
	int rc = 0;

	for (size_t i = 0; i < p->now.nr && rc == 0; i++) {
		struct strbuf text = STRBUF_INIT;
		int64_t tokens = 0;

		if (is_member(f, &p->now.v[i]))
			continue;
		for (unsigned level = 3; level > 0; level--) {
			strbuf_reset(&text);
			rc = packtext_glimpse_outline(&text, &p->texts, &p->now.v[i],
						      level);
			tokens = tokens_of_text(text.buf, text.len);
			if (rc < 0 || tokens <= room)
				break;
			strbuf_reset(&text);
		}
		if (rc == 0 && text.len) {
			strbuf_addbuf(&e->outlines, &text);
			room -= tokens;
		}
		strbuf_release(&text);
	}
	return rc;
}

static void finish(struct fitting *f, struct extra *e)
{
	struct pack *p = f->w->p;

	pack_add_part(p, PACK_CHANGES, e->changes.buf, e->changes.len, -1);
	pack_add_part(p, PACK_SECTIONS, e->sections.buf, e->sections.len, -1);
	pack_add_part(p, PACK_OUTLINES, e->outlines.buf, e->outlines.len, -1);
	pack_add_part(p, PACK_OMITTED, e->list.buf, e->list.len, -1);
	record_omitted(f);
}

/* --- which documents are whole ----------------------------------------------------------- */

/* Compose the members. 1: they fit, with *e beside them; 0: they do not. */
static int would_fit(struct fitting *f, struct extra *e, const char *force)
{
	int64_t budget = f->w->req->budget;
	int rc = pack_compose(f->w, &f->members, force);

	if (rc < 0)
		return rc;
	return f->w->p->tokens <= budget &&
	       add_extra(f, e, budget - f->w->p->tokens) != ORCH_EINVALID;
}

/* 1: the members fit with all that is to be said of the others, and it was put
 * into the pack. 0: they do not. */
static int try(struct fitting *f, const char *force)
{
	struct extra e = EXTRA_INIT;
	int rc = would_fit(f, &e, force);

	if (rc > 0) {
		rc = add_outlines(f, &e, f->w->req->budget - f->w->p->tokens - e.tokens);
		if (rc == 0) {
			finish(f, &e);
			rc = 1;
		}
	}
	extra_release(&e);
	return rc;
}

/* Tokens that all is said with of the documents that are no members. */
static int64_t reserve(struct fitting *f)
{
	struct pack *p = f->w->p;
	int64_t sum = 0;

	for (size_t i = 0; i < p->now.nr; i++)
		if (!is_member(f, &p->now.v[i]))
			sum += f->changes[i].tokens + LINE_TOKENS;
	for (size_t i = 0; i < f->focus.nr; i++)
		if (!is_member(f, f->focus.v[i].doc) && !f->focus.v[i].in_change)
			sum += f->sections[i].tokens;
	return sum;
}

static void add_member(struct fitting *f, const char *path, int64_t *used, int64_t room)
{
	struct pack *p = f->w->p;
	const struct docver *d = docset_find(&p->now, path);
	int64_t tokens = f->w->tokens[index_of(p, d)] + LINE_TOKENS;

	if (is_member(f, d))
		return;
	docset_add(&f->members, d->path, &d->oid, d->size);
	if (*used + tokens + reserve(f) <= room)
		*used += tokens;
	else
		docset_remove(&f->members, docset_find(&f->members, path));
}

/*
 * Add documents by stability as long as they and what is said of the others
 * stay below `room` tokens. `used` are those of the members there are.
 */
static void add_members(struct fitting *f, int64_t used, int64_t room)
{
	struct pack *p = f->w->p;
	struct layout l = LAYOUT_INIT;
	struct docset sorted = DOCSET_INIT;

	layout_load(&l, f->w->o->repo, &f->w->layout);
	docset_copy(&sorted, &p->now);
	layout_sort(&l, &sorted);
	/* What was written anew is a change, and changes come first. */
	for (int pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < sorted.nr; i++)
			if (pass || f->changes[index_of(p, docset_find(
					    &p->now, sorted.v[i].path))].rewritten)
				add_member(f, sorted.v[i].path, &used, room);
	docset_release(&sorted);
	layout_release(&l);
}

/* The documents that the session or the stable part has already. */
static void keep_members(struct fitting *f)
{
	struct pack_work *w = f->w;
	struct layout l = LAYOUT_INIT;
	struct docset base = DOCSET_INIT;

	docset_release(&f->members);
	layout_load(&l, w->o->repo, &w->layout);
	layout_base(&base, &l);
	for (size_t i = 0; i < w->p->now.nr; i++) {
		const struct docver *d = &w->p->now.v[i];

		if (docset_find(w->p->resumed ? &w->seen : &base, d->path))
			docset_add(&f->members, d->path, &d->oid, d->size);
	}
	docset_release(&base);
	layout_release(&l);
}

/* The layout there is, and what was left out of it as far as it fits now. */
static int fit_into_layout(struct fitting *f)
{
	struct extra e = EXTRA_INIT;
	int rc;

	keep_members(f);
	if (!f->members.nr)
		return 0;
	if ((rc = pack_compose(f->w, &f->members, NULL)) < 0)
		return rc;
	if (f->w->p->tokens > f->w->req->budget)
		return 0;
	rc = add_extra(f, &e, f->w->req->budget - f->w->p->tokens);
	extra_release(&e);
	if (rc == ORCH_EINVALID || !took_all(f))
		return 0;
	add_members(f, f->w->p->tokens, f->w->req->budget * (HEADROOM - 1) / HEADROOM);
	if ((rc = try(f, NULL)) != 0)
		return rc;
	/* What was added tipped it over. */
	keep_members(f);
	return try(f, NULL);
}

/* --- members that have to go -------------------------------------------------------------- */

/* Members in the order in which they go. */
struct leaving {
	const struct docver *doc;	/* one of p->now */
	int64_t tokens;
};

static void keep_all_but(struct fitting *f, const bool *kept, const struct leaving *v,
			 size_t nr)
{
	struct pack *p = f->w->p;
	bool *keep = xcalloc(p->now.nr + 1, sizeof(*keep));

	for (size_t i = 0; i < p->now.nr; i++)
		keep[i] = kept[i];
	for (size_t i = 0; i < nr; i++)
		keep[index_of(p, v[i].doc)] = false;
	docset_release(&f->members);
	for (size_t i = 0; i < p->now.nr; i++)
		if (keep[i])
			docset_add(&f->members, p->now.v[i].path, &p->now.v[i].oid,
				   p->now.v[i].size);
	free(keep);
}

/*
 * Leave out the first of v[], and as few as will do. By halves, since each try
 * composes everything: a thousand tries of a thousand documents take a minute.
 */
static int leave_out(struct fitting *f, const struct leaving *v, size_t nr,
		     const char *force)
{
	bool *kept = xcalloc(f->w->p->now.nr + 1, sizeof(*kept));
	size_t low = 0, high = nr;	/* low is too few */
	int rc;

	for (size_t i = 0; i < f->w->p->now.nr; i++)
		kept[i] = is_member(f, &f->w->p->now.v[i]);
	while (high - low > 1) {
		size_t mid = low + (high - low) / 2;
		struct extra e = EXTRA_INIT;

		keep_all_but(f, kept, v, mid);
		rc = would_fit(f, &e, force);
		extra_release(&e);
		if (rc < 0)
			goto out;
		if (rc)
			high = mid;
		else
			low = mid;
	}
	keep_all_but(f, kept, v, high);
	rc = try(f, force);
out:
	free(kept);
	return rc;
}

static int compare_leaving(const void *a, const void *b)
{
	const struct leaving *x = a, *y = b;

	if (x->tokens != y->tokens)
		return x->tokens > y->tokens ? -1 : 1;
	return x->doc < y->doc ? -1 : x->doc > y->doc;
}

/* A resumed session: changes that do not fit stay out, the largest first. */
static int drop_changes(struct fitting *f)
{
	struct pack_work *w = f->w;
	struct leaving *v;
	size_t nr = 0;
	int rc;

	keep_members(f);
	if ((rc = try(f, NULL)) != 0)
		return rc;
	v = xcalloc(f->members.nr + 1, sizeof(*v));
	for (size_t i = 0; i < f->members.nr; i++) {
		const struct docver *d = &f->members.v[i];
		const struct docver *before = docset_find(&w->seen, d->path);

		if (before && oid_eq(&before->oid, &d->oid))
			continue;
		v[nr].doc = docset_find(&w->p->now, d->path);
		v[nr].tokens = w->tokens[index_of(w->p, v[nr].doc)];
		nr++;
	}
	if (nr) {
		qsort(v, nr, sizeof(*v), compare_leaving);
		rc = leave_out(f, v, nr, NULL);
	}
	free(v);
	return rc;
}

/* A fresh session's pack: the members that were estimated to fit, the last ones
 * going if the estimates were too low. */
static int new_frame(struct fitting *f)
{
	static const char why[] = "the budget asks for another one";
	struct leaving *v;
	size_t nr;
	int rc;

	docset_release(&f->members);
	add_members(f, LINE_TOKENS, f->w->req->budget * (HEADROOM - 1) / HEADROOM);
	nr = f->members.nr;
	if ((rc = try(f, why)) != 0 || !nr)
		return rc;
	v = xcalloc(nr, sizeof(*v));
	for (size_t i = 0; i < nr; i++)
		v[i].doc = docset_find(&f->w->p->now, f->members.v[nr - 1 - i].path);
	rc = leave_out(f, v, nr, why);
	free(v);
	return rc;
}

static int too_small(struct fitting *f)
{
	struct extra e = EXTRA_INIT;
	int rc;

	docset_release(&f->members);
	list_omitted(f, &e);
	rc = error_set(ORCH_EINVALID, "a budget of %" PRId64 " tokens is too small: the list "
		       "of what it leaves out alone takes %" PRId64, f->w->req->budget,
		       tokens_of_text(e.list.buf, e.list.len));
	extra_release(&e);
	return rc;
}

int pack_fit(struct pack_work *w)
{
	const char *force = w->req->flags & (PACK_FULL | PACK_NO_CACHE)
			    ? "it was asked for" : NULL;
	struct fitting f = { .w = w, .focus = FOCUS_INIT };
	int rc;

	docset_copy(&f.members, &w->p->now);
	if ((rc = pack_compose(w, &f.members, force)) < 0 || w->req->budget <= 0 ||
	    w->p->tokens <= w->req->budget)
		goto out;
	if ((rc = prepare(&f)) < 0)
		goto out;
	if (w->p->resumed)
		rc = drop_changes(&f);
	else if ((rc = force ? 0 : fit_into_layout(&f)) == 0)
		rc = new_frame(&f);
	if (rc == 0)
		rc = too_small(&f);
	else if (rc > 0)
		rc = 0;
out:
	fitting_release(&f);
	return rc;
}
