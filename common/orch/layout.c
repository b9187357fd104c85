/*
 * The layout of a pack, turn by turn. The reasons are in layout.h.
 */
#include "orch/layout.h"

#include "base/error.h"
#include "orch/packtext.h"
#include "orch/texts.h"

#define HORIZON 4	/* turns in which what is sealed must pay */
#define GAIN_PRIOR 500
#define CHANGES_PRIOR 300
#define TAG_BYTES 48	/* about what a document's tag lines take */

/* --- words ------------------------------------------------------------------ */

void layout_words(struct layout_words *out, const char *as_of, size_t nr)
{
	strbuf_addf(&out->frame, "The %zu document%s below %s complete as of %s: %s need "
		    "not be read again. What has changed since follows behind. To "
		    "see one as it is now: git orch context get PATH\n", nr,
		    nr == 1 ? "" : "s", nr == 1 ? "is" : "are", as_of,
		    nr == 1 ? "it" : "they");
	strbuf_addf(&out->sealed, "Changed as of %s:\n", as_of);
	strbuf_addf(&out->open, "Changed as of %s; with that the documents above are "
		    "complete and need not be read again:\n", as_of);
	strbuf_addf(&out->same, "As of %s they are complete as they stand above and "
		    "need not be read again.\n", as_of);
}

void layout_words_release(struct layout_words *w)
{
	strbuf_release(&w->frame);
	strbuf_release(&w->sealed);
	strbuf_release(&w->open);
	strbuf_release(&w->same);
}

/* --- what is known of a document ----------------------------------------- */

static int compare_docs(const void *a, const void *b)
{
	return strcmp(((const struct layout_doc *)a)->path,
		      ((const struct layout_doc *)b)->path);
}

const struct layout_doc *layout_find(const struct layout *l, const char *path)
{
	struct layout_doc key = { .path = (char *)(uintptr_t)path };

	return l->nr ? bsearch(&key, l->docs, l->nr, sizeof(*l->docs), compare_docs)
		     : NULL;
}

int64_t layout_stable_bytes(const struct layout *l)
{
	int64_t sum = 0;

	for (size_t i = 0; i < l->nr_parts; i++)
		sum += l->parts[i].bytes;
	return sum;
}

void layout_base(struct docset *out, const struct layout *l)
{
	for (size_t i = 0; i < l->nr; i++)
		if (!oid_is_zero(&l->docs[i].base))
			docset_add(out, l->docs[i].path, &l->docs[i].base, 0);
}

struct rank {
	int changes;
	size_t at;
};

static int compare_ranks(const void *a, const void *b)
{
	const struct rank *x = a, *y = b;

	if (x->changes != y->changes)
		return x->changes < y->changes ? -1 : 1;
	return x->at < y->at ? -1 : x->at > y->at;
}

void layout_sort(const struct layout *l, struct docset *docs)
{
	struct rank *rank = xcalloc(docs->nr + 1, sizeof(*rank));
	struct docver *sorted = xcalloc(docs->nr + 1, sizeof(*sorted));

	for (size_t i = 0; i < docs->nr; i++) {
		const struct layout_doc *d = layout_find(l, docs->v[i].path);

		rank[i].changes = d ? d->changes : CHANGES_PRIOR;
		rank[i].at = i;
	}
	qsort(rank, docs->nr, sizeof(*rank), compare_ranks);
	for (size_t i = 0; i < docs->nr; i++)
		sorted[i] = docs->v[rank[i].at];
	if (docs->nr)
		memcpy(docs->v, sorted, docs->nr * sizeof(*sorted));
	free(docs->by_path);
	docs->by_path = NULL;
	free(sorted);
	free(rank);
}

/* --- one turn --------------------------------------------------------------- */

/* A document in this turn: as it is now, or gone (then `now` is NULL). */
struct item {
	const struct docver *now;
	const struct layout_doc *known;	/* NULL: never heard of */
	bool renamed;			/* `known` had another path */
	struct strbuf change;		/* from the base to now */
	int64_t since_last;		/* bytes of the change since the last turn */
	struct layout_doc next;
	bool seal;
};
struct step {
	struct layout *l;
	struct layout_turn *out;
	struct docset *now;
	const struct layout_policy *policy;
	struct texts *t;
	struct item *items;
	size_t nr;
	struct docset base;	/* the documents as the stable part has them */
	const struct docver **gone;	/* those of it that are no documents now */
	size_t nr_gone;
	int64_t full;		/* bytes of all documents, whole */
	double ideal, keep;
};

static int64_t whole_bytes(const struct docver *d)
{
	return (int64_t)d->size + (int64_t)strlen(d->path) + TAG_BYTES;
}

/* Bytes of the change between two versions of a document, 0 for none. */
static int change_bytes(struct step *s, const char *path, const struct oid *from,
			const struct docver *now, int64_t *bytes)
{
	struct docver old = { (char *)(uintptr_t)path, *from, 0 };
	struct strbuf text = STRBUF_INIT;
	int rc = packtext_change(&text, s->t, oid_is_zero(from) ? NULL : &old, now,
				 s->policy->context);

	*bytes = (int64_t)text.len;
	strbuf_release(&text);
	return rc;
}

/* A document that is new to the stable part may be one that vanished. */
static int find_renamed(struct step *s, struct item *item)
{
	size_t best;
	int rc = packtext_renamed(&best, s->t, s->gone, s->nr_gone, item->now,
				  s->policy->context);

	if (rc < 0 || best == s->nr_gone)
		return rc;
	item->known = layout_find(s->l, s->gone[best]->path);
	item->renamed = true;
	s->gone[best] = s->gone[--s->nr_gone];
	return 0;
}

/* What a byte that was sealed or could have been last turn saves this turn. */
static int learn(struct step *s, struct item *item)
{
	const struct layout_doc *k = item->known;
	const struct oid *from = oid_is_zero(&k->before) ? &k->base : &k->before;
	int64_t again;
	double gain;
	int rc;

	if (k->open <= 0)
		return 0;
	if (oid_is_zero(&k->before))
		again = (int64_t)item->change.len;
	else if ((rc = change_bytes(s, k->path, from, item->now, &again)) < 0)
		return rc;
	gain = ((double)again - (double)item->since_last) / (double)k->open -
	       s->policy->read;
	if (gain < -1)
		gain = -1;
	if (gain > 1)
		gain = 1;
	item->next.gain = (int)((2.0 * k->gain + 1000 * gain) / 3);
	return 0;
}

/* The change of one document, and what the last turns say about it. */
static int look_at(struct step *s, struct item *item)
{
	const struct layout_doc *k = item->known;
	bool in_base = k && !oid_is_zero(&k->base);
	struct docver base = { k ? k->path : NULL, k ? k->base : (struct oid)OID_ZERO, 0 };
	int rc;

	rc = packtext_change(&item->change, s->t, in_base ? &base : NULL, item->now,
			     s->policy->context);
	if (rc < 0 || !item->now)
		return rc;
	if (!k) {
		item->since_last = (int64_t)item->change.len;
		return 0;
	}
	if (oid_eq(&k->last, &item->now->oid))
		item->since_last = 0;
	else if (oid_eq(&k->last, &k->base))
		item->since_last = (int64_t)item->change.len;
	else if ((rc = change_bytes(s, k->path, &k->last, item->now,
				    &item->since_last)) < 0)
		return rc;
	return learn(s, item);
}

static struct item *add_item(struct step *s, const char *path,
			     const struct docver *now, const struct layout_doc *known)
{
	struct item *item = &s->items[s->nr++];

	strbuf_init(&item->change);
	item->now = now;
	item->known = known;
	item->next.path = xstrdup(path);
	item->next.gain = GAIN_PRIOR;
	item->next.changes = CHANGES_PRIOR;
	return item;
}

/* What the next layout knows of a document before anything is compared. */
static void take_over(struct item *item)
{
	const struct layout_doc *k = item->known;
	bool changed;

	if (!k)
		return;
	changed = !item->now || !oid_eq(&k->last, &item->now->oid);
	item->next.gain = k->gain;
	item->next.changes = k->changes + ((changed ? 1000 : 0) - k->changes) / 8;
	item->next.base = k->base;
}

static int collect(struct step *s)
{
	int rc;

	s->items = xcalloc(s->now->nr + s->l->nr + 1, sizeof(*s->items));
	s->gone = xcalloc(s->l->nr + 1, sizeof(const struct docver *));
	layout_base(&s->base, s->l);
	for (size_t i = 0; i < s->base.nr; i++)
		if (!docset_find(s->now, s->base.v[i].path))
			s->gone[s->nr_gone++] = &s->base.v[i];
	for (size_t i = 0; i < s->now->nr; i++) {
		const struct docver *d = &s->now->v[i];
		struct item *item = add_item(s, d->path, d, layout_find(s->l, d->path));

		item->next.last = d->oid;
		s->full += whole_bytes(d);
		if ((!item->known || oid_is_zero(&item->known->base)) && s->nr_gone &&
		    (rc = find_renamed(s, item)) < 0)
			return rc;
		take_over(item);
	}
	for (size_t i = 0; i < s->nr_gone; i++)
		take_over(add_item(s, s->gone[i]->path, NULL,
				   layout_find(s->l, s->gone[i]->path)));
	return 0;
}

/* Decide for each document, and what that costs. */
static int weigh(struct step *s)
{
	const struct layout_policy *p = s->policy;
	/* Thousandths: writing it, and carrying it once it is old text. */
	double threshold = 1000 * (p->write - 1 + HORIZON * p->read);
	int rc;

	s->ideal = p->read * (double)s->full;
	s->keep = p->read * (double)layout_stable_bytes(s->l);
	for (size_t i = 0; i < s->nr; i++) {
		struct item *item = &s->items[i];

		if ((rc = look_at(s, item)) < 0)
			return rc;
		s->ideal += (1 - p->read) * (double)item->since_last;
		item->seal = item->change.len && p->appendable &&
			     (!item->now || HORIZON * item->next.gain > threshold);
		s->keep += (item->seal ? p->write : 1) * (double)item->change.len;
		s->out->changed += item->change.len > 0;
	}
	return 0;
}

/* What asks for a new key frame whatever it costs. */
static const char *must_renew(const struct step *s, const char *force)
{
	const struct layout *l = s->l;
	const struct layout_policy *p = s->policy;

	if (!l->nr_parts)
		return "it is the first one";
	if (l->invalid)
		return "it was invalidated";
	if (force)
		return force;
	if (p->every > 0 && l->turns >= p->every)
		return "orch.keyframeEvery turns have passed";
	if (p->max_age_ms > 0 && (p->now_ms - l->made_ms > p->max_age_ms ||
				  p->now_ms < l->made_ms - p->max_age_ms))
		return "it was too old";
	return NULL;
}

static const char *cheaper_to_renew(const struct step *s)
{
	const struct layout_policy *p = s->policy;
	double full = (double)s->full;
	double carry = p->read * ((double)layout_stable_bytes(s->l) - full);

	if (s->keep >= p->write * full)
		return "its changes cost more than a new one";
	if ((double)s->l->overpaid + (carry > 0 ? carry : 0) >
	    (p->write - p->read) * full)
		return "carrying its changes had cost as much as a new one";
	return NULL;
}

/* --- the next layout -------------------------------------------------------- */

static void add_part(struct layout *l, const struct strbuf *text)
{
	struct layout_part *part;

	ALLOC_GROW(l->parts, l->nr_parts + 1, l->alloc_parts);
	part = &l->parts[l->nr_parts++];
	memset(part, 0, sizeof(*part));
	part->bytes = (int64_t)text->len;
}

static int renew(struct step *s, const struct strbuf *opening)
{
	struct docset sorted = DOCSET_INIT;
	int rc = 0;

	s->l->nr_parts = 0;
	strbuf_addbuf(&s->out->stable_new, opening);
	docset_copy(&sorted, s->now);
	layout_sort(s->l, &sorted);
	for (size_t i = 0; i < sorted.nr && rc == 0; i++)
		rc = packtext_whole(&s->out->stable_new, s->t, &sorted.v[i]);
	docset_release(&sorted);
	for (size_t i = 0; i < s->nr; i++) {
		struct layout_doc *d = &s->items[i].next;

		d->base = d->last;
		d->open = 0;
		s->items[i].renamed = false;
	}
	add_part(s->l, &s->out->stable_new);
	s->l->made_ms = s->policy->now_ms;
	s->l->turns = 0;
	s->l->overpaid = 0;
	s->l->invalid = false;
	s->out->price = s->policy->write * (double)s->out->stable_new.len;
	return rc;
}

static void keep(struct step *s, const struct layout_words *words)
{
	double over = s->keep - s->ideal;
	int64_t stable = layout_stable_bytes(s->l);

	for (size_t i = 0; i < s->nr; i++) {
		struct item *item = &s->items[i];
		struct layout_doc *d = &item->next;

		d->open = (int64_t)item->change.len;
		if (!item->seal) {
			if (item->change.len && !s->out->open.len)
				strbuf_addbuf(&s->out->open, &words->open);
			strbuf_addbuf(&s->out->open, &item->change);
			continue;
		}
		item->renamed = false;
		if (!s->out->stable_new.len)
			strbuf_addbuf(&s->out->stable_new, &words->sealed);
		strbuf_addbuf(&s->out->stable_new, &item->change);
		d->before = d->base;
		d->base = d->last;
		/* What was whole has no version before it to compare with. */
		if (oid_is_zero(&d->before))
			d->open = 0;
	}
	if (s->out->stable_new.len)
		add_part(s->l, &s->out->stable_new);
	if (!s->out->open.len)
		strbuf_addbuf(&s->out->open, &words->same);
	if (over > 0)
		s->l->overpaid += (int64_t)over;
	s->out->choice = s->out->stable_new.len ? LAYOUT_SEALED : LAYOUT_OPEN;
	s->out->price = s->policy->read * (double)stable +
			s->policy->write * (double)s->out->stable_new.len;
}

static void free_docs(struct layout_doc *docs, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		free(docs[i].path);
	free(docs);
}

/* The documents of the next turn: what is gone and not in the stable part
 * either is forgotten. */
static void move_on(struct step *s)
{
	struct layout *l = s->l;
	struct layout_doc *docs = xcalloc(2 * s->nr + 1, sizeof(*docs));
	size_t nr = 0;

	for (size_t i = 0; i < s->nr; i++) {
		struct layout_doc *d = &s->items[i].next;

		/* A rename that is only told of: the stable part has the old name. */
		if (s->items[i].renamed) {
			docs[nr] = *s->items[i].known;
			docs[nr].path = xstrdup(docs[nr].path);
			memset(&docs[nr++].last, 0, sizeof(d->last));
			memset(&d->base, 0, sizeof(d->base));
		}
		if (oid_is_zero(&d->base) && oid_is_zero(&d->last))
			continue;
		docs[nr++] = *d;
		d->path = NULL;
	}
	free_docs(l->docs, l->nr);
	qsort(docs, nr, sizeof(*docs), compare_docs);
	l->docs = docs;
	l->nr = l->alloc = nr;
	l->turns++;
}

int layout_step(struct layout *l, struct layout_turn *out, struct docset *now,
		const struct layout_policy *policy, struct texts *t,
		const struct layout_words *words, const char *force)
{
	struct step s = { .l = l, .out = out, .now = now, .policy = policy, .t = t };
	int rc;

	if ((rc = collect(&s)) < 0)
		goto out;
	out->why = must_renew(&s, force);
	if (!out->why && (rc = weigh(&s)) < 0)
		goto out;
	if (out->why || (out->why = cheaper_to_renew(&s))) {
		out->choice = LAYOUT_RENEWED;
		rc = renew(&s, &words->frame);
	} else {
		keep(&s, words);
	}
	if (rc < 0)
		goto out;
	out->price += (double)out->open.len;
	out->stable_bytes = layout_stable_bytes(l);
	move_on(&s);
out:
	for (size_t i = 0; i < s.nr; i++) {
		strbuf_release(&s.items[i].change);
		free(s.items[i].next.path);
	}
	free(s.items);
	free(s.gone);
	docset_release(&s.base);
	return rc;
}

void layout_turn_release(struct layout_turn *t)
{
	strbuf_release(&t->stable_new);
	strbuf_release(&t->open);
	*t = (struct layout_turn)LAYOUT_TURN_INIT;
}

void layout_release(struct layout *l)
{
	free_docs(l->docs, l->nr);
	free(l->parts);
	free(l->turn);
	*l = (struct layout)LAYOUT_INIT;
}
