/*
 * What the next pack would bring. See forecast.h.
 */
#include "orch/forecast.h"

#include "base/error.h"
#include "base/tokens.h"
#include "orch/document.h"
#include "orch/layoutstore.h"
#include "orch/orch.h"
#include "orch/packtext.h"
#include "orch/price.h"
#include "orch/session.h"
#include "orch/viewstore.h"

#define MAX_HEADINGS 8		/* of one document's hunks that are kept */

/* --- each document --------------------------------------------------------- */

/* "@@ -3 +3 @@ ## Title": the title. */
static void add_heading(struct forecast_change *c, const char *line, size_t len)
{
	const char *at = len > 3 ? memmem(line + 3, len - 3, "@@ ", 3) : NULL;
	struct strbuf title = STRBUF_INIT;

	if (!at || c->headings.nr >= MAX_HEADINGS)
		return;
	at += 3;
	while (at < line + len && *at == '#')
		at++;
	strbuf_add(&title, at, (size_t)(line + len - at));
	strbuf_trim(&title);
	if (title.len && !strvec_has(&c->headings, title.buf))
		strvec_push(&c->headings, title.buf);
	strbuf_release(&title);
}

static void count_lines(struct forecast_change *c, const char *hunks, size_t len)
{
	for (size_t i = 0; i < len;) {
		const char *nl = memchr(hunks + i, '\n', len - i);
		size_t n = nl ? (size_t)(nl - hunks) - i : len - i;

		if (n && hunks[i] == '@') {
			c->hunks++;
			add_heading(c, hunks + i, n);
		}
		c->added += n && hunks[i] == '+';
		c->removed += n && hunks[i] == '-';
		i += n + (nl != NULL);
	}
}

static int measure(struct forecast_change *c, struct texts *t, const struct docver *old,
		   const struct docver *now, unsigned context)
{
	struct strbuf text = STRBUF_INIT;
	struct pack_entry e;
	size_t pos = 0;
	int rc = packtext_change(&text, t, old, now, context);

	c->tokens = tokens_of_text(text.buf, text.len);
	while (rc == 0 && (rc = packtext_next(&e, text.buf, text.len, &pos)) > 0) {
		if (e.kind == ENTRY_DIFF)
			count_lines(c, e.bytes, e.len);
		else if (e.kind == ENTRY_DOCUMENT)
			c->whole = old != NULL;
		pack_entry_release(&e);
		rc = 0;
	}
	strbuf_release(&text);
	return rc;
}

static struct docver version(const struct view_document *d, bool seen)
{
	struct docver v = { d->path, seen ? d->seen_oid : d->oid, seen ? 0 : d->size };

	return v;
}

/* As packtext_delta() does it for all of them together. */
static int measure_all(struct forecast *f, struct texts *t, unsigned context)
{
	size_t nr = 0, best;
	struct docver *versions = xcalloc(f->status.nr + 1, sizeof(*versions));
	const struct docver **gone = xcalloc(f->status.nr + 1, sizeof(const struct docver *));
	int rc = 0;

	for (size_t i = 0; i < f->status.nr; i++)
		if (f->status.v[i].state == DOCUMENT_REMOVED) {
			versions[i] = version(&f->status.v[i], true);
			gone[nr++] = &versions[i];
		}
	for (size_t i = 0; i < f->status.nr && rc == 0; i++) {
		const struct view_document *d = &f->status.v[i];
		struct docver now = version(d, false), old = version(d, true);
		const struct docver *from = d->state == DOCUMENT_CHANGED ? &old : NULL;

		if (d->state == DOCUMENT_UNCHANGED || d->state == DOCUMENT_REMOVED)
			continue;
		if (!from && nr &&
		    (rc = packtext_renamed(&best, t, gone, nr, &now, context)) == 0 &&
		    best < nr) {
			from = gone[best];
			gone[best] = gone[--nr];
			f->changes[i].from = xstrdup(from->path);
		}
		if (rc == 0)
			rc = measure(&f->changes[i], t, from, &now, context);
	}
	for (size_t i = 0; i < nr && rc == 0; i++)
		rc = measure(&f->changes[gone[i] - versions], t, gone[i], NULL, context);
	free(gone);
	free(versions);
	return rc;
}

/* --- the packs --------------------------------------------------------------- */

static int build(struct pack *p, struct orch *o, const char *actor, const char *session,
		 int64_t *budget)
{
	struct pack_request req = { .actor = actor, .session = session,
				    .budget = *budget, .flags = PACK_PREVIEW };
	int rc = pack_build(p, o, &req);

	if (rc != ORCH_EINVALID || !*budget)
		return rc;
	/* Not even the list of what is left out fits: a turn would be refused. */
	warn_once("%s", error_message());
	error_clear();
	pack_release(p);
	req.budget = *budget = 0;
	return pack_build(p, o, &req);
}

static void take_parts(struct forecast *f)
{
	const struct pack *p = &f->fresh;

	for (size_t i = 0; i < p->nr_parts; i++) {
		int64_t n = p->parts[i].tokens;

		switch (p->parts[i].kind) {
		case PACK_KEY_FRAME:
			f->frame += n;
			break;
		case PACK_SEALED:
			f->sealed += n;
			break;
		case PACK_OPEN:
			f->open += n;
			break;
		default:
			f->rest += n;
		}
	}
	f->frame_is_new = p->choice == LAYOUT_RENEWED;
	f->frame_turn = f->frame_is_new ? NULL : xstrdup(p->layout.turn);
}

static int compose(struct forecast *f, struct orch *o, const char *actor,
		   unsigned context)
{
	static const struct view_status none = VIEW_STATUS_INIT;
	struct pack resumed = PACK_INIT;
	int rc;

	if ((rc = build(&f->fresh, o, actor, NULL, &f->budget)) < 0)
		return rc;
	take_parts(f);
	/* What it compared is what counts, should a file have changed since. */
	view_status_release(&f->status);
	f->status = f->fresh.status;
	f->fresh.status = none;
	f->changes = xcalloc(f->status.nr + 1, sizeof(*f->changes));
	if ((rc = measure_all(f, &f->fresh.texts, context)) < 0 ||
	    !f->seen.session || !f->resumes)
		return rc;
	if ((rc = build(&resumed, o, actor, f->seen.session, &f->budget)) == 0 &&
	    resumed.resumed)
		f->resumed = resumed.tokens;
	pack_release(&resumed);
	return rc;
}

/* Nothing is new to a session that saw the last pack: the layout tells the rest. */
static int look_up(struct forecast *f, struct orch *o, const char *actor,
		   const struct layout_policy *policy)
{
	struct view_store store = VIEW_STORE_INIT;
	struct layout l = LAYOUT_INIT;
	struct layout_turn turn = LAYOUT_TURN_INIT;
	struct layout_words words = LAYOUT_WORDS_INIT;
	struct docset now = DOCSET_INIT;
	struct texts t = TEXTS_INIT(o->repo);
	int rc;

	f->changes = xcalloc(f->status.nr + 1, sizeof(*f->changes));
	for (size_t i = 0; i < f->status.nr; i++)
		docset_add(&now, f->status.v[i].path, &f->status.v[i].oid,
			   f->status.v[i].size);
	if ((rc = view_store_load(&store, o, actor)) < 0 || !now.nr)
		goto out;
	layout_load(&l, o->repo, &store.layout);
	if (f->seen.session && f->resumes && !l.invalid)
		f->resumed = 0;
	/* About the words that a pack would have, so about its tokens. */
	layout_words(&words, "commit 1234567", now.nr);
	if ((rc = layout_step(&l, &turn, &now, policy, &t, &words, NULL)) < 0)
		goto out;
	f->frame_is_new = turn.choice == LAYOUT_RENEWED;
	if (turn.stable_new.len)
		l.parts[l.nr_parts - 1].tokens = tokens_of_text(turn.stable_new.buf,
								turn.stable_new.len);
	for (size_t i = 0; i < l.nr_parts; i++)
		*(i ? &f->sealed : &f->frame) += l.parts[i].tokens;
	f->open = tokens_of_text(turn.open.buf, turn.open.len);
	f->frame_turn = f->frame_is_new ? NULL : xstrdup(l.turn);
out:
	texts_release(&t);
	docset_release(&now);
	layout_words_release(&words);
	layout_turn_release(&turn);
	layout_release(&l);
	view_store_release(&store);
	return rc;
}

/* --- all together -------------------------------------------------------------- */

/* Documents that other actors read and this one does not. */
static int find_others(struct forecast *f, struct orch *o, const char *actor)
{
	const char *own = document_of_agent(o, actor);
	int rc = 0;

	for (size_t i = 0; i < o->workflow.nr && rc == 0; i++) {
		const char *other = o->workflow.v[i];
		struct strvec names = STRVEC_INIT, paths = STRVEC_INIT;

		config_actor_list(o->config, other, "doc", &names);
		if (names.nr && !str_eq(other, actor))
			rc = documents_resolve(&paths, o, other);
		for (size_t k = 0; k < paths.nr; k++) {
			bool mine = own && str_eq(own, paths.v[k]);

			for (size_t m = 0; m < f->status.nr && !mine; m++)
				mine = str_eq(f->status.v[m].path, paths.v[k]);
			if (mine || strvec_has(&f->others, paths.v[k]))
				continue;
			strvec_push(&f->others, paths.v[k]);
			strvec_push(&f->whose, other);
		}
		strvec_release(&names);
		strvec_release(&paths);
	}
	return rc;
}

static bool something_to_send(const struct forecast *f)
{
	for (size_t i = 0; i < f->status.nr; i++)
		if (f->status.v[i].state != DOCUMENT_UNCHANGED)
			return true;
	return false;
}

int forecast_make(struct forecast *f, struct orch *o, const char *actor)
{
	int64_t own_budget = config_actor_int(o->config, actor, "budget");
	int64_t own_turns = config_actor_int(o->config, actor, "sessionTurns");
	bool set = own_budget > 0 ||
		   config_level_of(o->config, "orch.budget") != CONFIG_DEFAULT;
	const char *resume = config_actor(o->config, actor, "resume");
	const char *agent = config_actor(o->config, actor, "agent");
	struct layout_policy policy;
	int rc;

	price_policy(&policy, o, actor);
	f->budget = own_budget > 0 ? own_budget : config_get_int(o->config, "orch.budget");
	f->session_turns = own_turns > 0 ? own_turns
					 : config_get_int(o->config, "orch.sessionTurns");
	if ((rc = view_compare(&f->status, o, actor, VIEW_TOKENS)) < 0 ||
	    (rc = view_seen(&f->seen, o, actor)) < 0)
		return rc;
	f->resumes = (resume && *resume) || !f->seen.turn;
	f->can_resume = agent && (str_eq(agent, "claude") || str_eq(agent, "codex"));
	if (f->seen.id)
		f->cache_left = session_cache_left(o, actor, f->seen.packed_ms);
	/* All of it was delivered whole already: nothing will be left out, unless
	 * somebody set a budget that it was never packed with. */
	if (something_to_send(f) || set)
		rc = compose(f, o, actor, policy.context);
	else
		rc = look_up(f, o, actor, &policy);
	return rc < 0 ? rc : find_others(f, o, actor);
}

void forecast_release(struct forecast *f)
{
	static const struct forecast empty = FORECAST_INIT;

	for (size_t i = 0; f->changes && i < f->status.nr; i++) {
		strvec_release(&f->changes[i].headings);
		free(f->changes[i].from);
	}
	free(f->changes);
	free(f->frame_turn);
	strvec_release(&f->others);
	strvec_release(&f->whose);
	view_seen_release(&f->seen);
	view_status_release(&f->status);
	pack_release(&f->fresh);
	*f = empty;
}
