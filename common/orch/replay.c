/*
 * Playing a history: one actor's turns, priced.
 */
#include "orch/replay.h"

#include "base/error.h"
#include "git/object.h"
#include "orch/orch.h"
#include "orch/packtext.h"
#include "orch/price.h"
#include "orch/replay_history.h"
#include "orch/texts.h"

#define KEEP_BYTES (24u << 20)	/* document bytes kept from turn to turn */

/* A document as it lies in a prompt that is sent whole; for the two layouts
 * that git-orch is compared with. */
struct sent {
	char *path;
	struct oid oid;
	uint64_t size;
	size_t changes, place;
};
struct order {
	struct sent *v;		/* as they were sent last turn */
	size_t nr;
};

struct player {
	struct replay *r;
	struct replay_actor *actor;
	struct texts texts;
	struct layout layout;
	struct layout_policy policy;
	struct docset last;	/* documents of the turn before */
	struct docset shown;	/* opts.verify: as the stable part has them */
	struct order fixed, stable;
	bool first;
};

/* --- whole documents behind each other ----------------------------------------- */

static int by_changes(const void *a, const void *b)
{
	const struct sent *x = a, *y = b;

	if (x->changes != y->changes)
		return x->changes < y->changes ? -1 : 1;
	return x->place < y->place ? -1 : x->place > y->place;
}

static void order_release(struct order *o)
{
	for (size_t i = 0; i < o->nr; i++)
		free(o->v[i].path);
	free(o->v);
	memset(o, 0, sizeof(*o));
}

static const struct sent *order_find(const struct order *o, const char *path)
{
	for (size_t i = 0; i < o->nr; i++)
		if (str_eq(o->v[i].path, path))
			return &o->v[i];
	return NULL;
}

/* How many bytes of two versions are the same from the first one on. */
static int common_prefix(struct texts *t, const struct oid *a, const struct oid *b,
			 uint64_t *out)
{
	const char *x, *y;
	size_t nx, ny, n = 0;
	int rc;

	if ((rc = texts_get(t, a, &x, &nx)) < 0 || (rc = texts_get(t, b, &y, &ny)) < 0)
		return rc;
	while (n < nx && n < ny && x[n] == y[n])
		n++;
	*out = n;
	return 0;
}

/*
 * The price of sending all documents one behind the other: what equals the
 * turn before from the first byte on is read from the cache, the rest is
 * written. With `sorted`, those that changed least so far come first.
 */
static int send_whole(struct player *p, struct order *o, const struct docset *now,
		      bool sorted, double *price)
{
	struct order next = { xcalloc(now->nr + 1, sizeof(*next.v)), now->nr };
	bool same = true;
	int rc = 0;

	for (size_t i = 0; i < now->nr; i++) {
		const struct docver *d = &now->v[i];
		const struct sent *before = order_find(o, d->path);

		next.v[i] = (struct sent){
			.path = xstrdup(d->path), .oid = d->oid, .size = d->size,
			.place = i, .changes = before ? before->changes : 0,
		};
	}
	/* In the order that was known before this turn's changes. */
	if (sorted)
		qsort(next.v, next.nr, sizeof(*next.v), by_changes);
	for (size_t i = 0; i < next.nr; i++) {
		struct sent *s = &next.v[i];
		const struct sent *before = order_find(o, s->path);
		uint64_t cached = 0;

		same = same && i < o->nr && str_eq(o->v[i].path, s->path);
		if (same && oid_eq(&o->v[i].oid, &s->oid))
			cached = s->size;
		else if (same && (rc = common_prefix(&p->texts, &o->v[i].oid, &s->oid,
						     &cached)) < 0)
			break;
		same = same && cached == s->size;
		*price += p->policy.read * (double)cached +
			  p->policy.write * (double)(s->size - cached);
		s->changes += !before || !oid_eq(&before->oid, &s->oid);
	}
	order_release(o);
	*o = next;
	return rc;
}

/* --- checking -------------------------------------------------------------------- */

static int compare_shown(struct docset *shown, struct docset *now,
			 const struct oid *commit, const char *what)
{
	for (size_t i = 0; i < now->nr; i++) {
		const struct docver *d = docset_find(shown, now->v[i].path);

		if (!d || !oid_eq(&d->oid, &now->v[i].oid))
			return error_set(ORCH_ENO, "%s: the %s pack does not give '%s'",
					 oid_short(commit), what, now->v[i].path);
	}
	for (size_t i = 0; i < shown->nr; i++)
		if (!docset_find(now, shown->v[i].path))
			return error_set(ORCH_ENO, "%s: the %s pack has '%s', which is "
					 "gone", oid_short(commit), what,
					 shown->v[i].path);
	return 0;
}

/* Read the packs of this turn as their reader would. */
static int verify(struct player *p, const struct layout_turn *turn,
		  const struct strbuf *resumed, struct docset *now,
		  const struct oid *commit)
{
	struct docset docs = DOCSET_INIT;
	int rc;

	if (turn->choice == LAYOUT_RENEWED)
		docset_release(&p->shown);
	if ((rc = packtext_apply(&p->shown, &p->texts, turn->stable_new.buf,
				 turn->stable_new.len)) < 0)
		goto out;
	docset_copy(&docs, &p->shown);
	if ((rc = packtext_apply(&docs, &p->texts, turn->open.buf, turn->open.len)) < 0 ||
	    (rc = compare_shown(&docs, now, commit, "fresh")) < 0)
		goto out;
	docset_release(&docs);
	docset_copy(&docs, &p->last);
	if ((rc = packtext_apply(&docs, &p->texts, resumed->buf, resumed->len)) < 0)
		goto out;
	rc = compare_shown(&docs, now, commit, "resumed");
out:
	docset_release(&docs);
	return rc;
}

/* --- one turn ---------------------------------------------------------------------- */

static void count_hits(struct player *p, const struct docset *now)
{
	struct replay_sums *sums = &p->actor->sums;

	for (size_t i = 0; i < now->nr; i++) {
		const struct docver *before = docset_find(&p->last, now->v[i].path);

		sums->documents++;
		sums->full += (int64_t)now->v[i].size;
		if (before && oid_eq(&before->oid, &now->v[i].oid)) {
			sums->documents_hit++;
			sums->hit += (int64_t)now->v[i].size;
		}
	}
}

static int play_turn(struct player *p, const struct oid *commit)
{
	struct layout_words words = LAYOUT_WORDS_INIT;
	struct replay_sums *sums = &p->actor->sums;
	struct layout_turn turn = LAYOUT_TURN_INIT;
	struct strbuf resumed = STRBUF_INIT;
	struct docset now = DOCSET_INIT;
	double fixed = 0, stable = 0;
	char *as_of = xstrfmt("commit %s", oid_short(commit));
	int rc = replay_documents(&now, p->r, p->actor->name, commit, &p->last);

	layout_words(&words, as_of, now.nr);
	if (rc < 0 ||
	    (rc = layout_step(&p->layout, &turn, &now, &p->policy, &p->texts, &words,
			      NULL)) < 0 ||
	    (rc = packtext_delta(&resumed, &p->texts, &p->last, &now,
				 p->policy.context)) < 0 ||
	    (p->r->opts.verify &&
	     (rc = verify(p, &turn, &resumed, &now, commit)) < 0))
		goto out;
	if ((rc = send_whole(p, &p->fixed, &now, false, &fixed)) < 0 ||
	    (rc = send_whole(p, &p->stable, &now, true, &stable)) < 0)
		goto out;
	sums->turns++;
	if (!p->first) {
		count_hits(p, &now);
		sums->delta += (int64_t)resumed.len;
		sums->resumed += (double)resumed.len;
		sums->fixed_order += fixed;
		sums->stable_order += stable;
		sums->fresh += turn.price;
		sums->frames += turn.choice == LAYOUT_RENEWED;
		sums->sealed += turn.choice == LAYOUT_SEALED;
	}
	p->first = false;
	docset_release(&p->last);
	p->last = now;
	now = (struct docset)DOCSET_INIT;
	texts_trim(&p->texts, KEEP_BYTES);
out:
	free(as_of);
	layout_words_release(&words);
	docset_release(&now);
	strbuf_release(&resumed);
	layout_turn_release(&turn);
	return rc;
}

int replay_play(struct replay *r, size_t i, void (*each)(size_t turn, void *data),
		void *data)
{
	struct replay_actor *actor = &r->actors[i];
	struct player p = {
		.r = r, .actor = actor, .texts = TEXTS_INIT(r->o->repo), .first = true,
	};
	int rc = 0;

	price_policy(&p.policy, r->o, actor->name);
	if (r->opts.read >= 0)
		p.policy.read = r->opts.read;
	if (r->opts.write >= 0)
		p.policy.write = r->opts.write;
	/* Every turn counts as within the life of the cache and of a key frame. */
	p.policy.max_age_ms = 0;
	actor->read = p.policy.read;
	actor->write = p.policy.write;
	memset(&actor->sums, 0, sizeof(actor->sums));
	for (size_t k = 0; k < actor->nr && rc == 0; k++) {
		rc = play_turn(&p, &actor->turns[k]);
		if (rc == 0 && each)
			each(k, data);
	}
	order_release(&p.fixed);
	order_release(&p.stable);
	docset_release(&p.last);
	docset_release(&p.shown);
	layout_release(&p.layout);
	texts_release(&p.texts);
	return rc;
}
