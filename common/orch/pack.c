/*
 * What is in a pack. See pack.h; what fits a budget is pack_budget.c.
 */
#include "orch/pack.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "base/tokens.h"
#include "git/object.h"
#include "orch/layoutstore.h"
#include "orch/orch.h"
#include "orch/pack_internal.h"
#include "orch/packtext.h"
#include "orch/price.h"
#include "orch/viewstore.h"

#define MAX_PACK (256u << 20)
#define KEEP_BYTES (24u << 20)

const char *pack_part_name(enum pack_part_kind kind)
{
	static const char *const names[] = {
		[PACK_KEY_FRAME] = "key frame", [PACK_SEALED] = "sealed",
		[PACK_OPEN] = "open", [PACK_CHANGES] = "changes",
		[PACK_SECTIONS] = "sections", [PACK_OUTLINES] = "outlines",
		[PACK_OMITTED] = "omitted",
	};

	return names[kind];
}

/* What was appended to the text since it had `at` bytes is a part. */
static void add_part_from(struct pack *p, enum pack_part_kind kind, size_t at,
			  int64_t tokens)
{
	size_t len = p->text.len - at;
	struct pack_part *part;

	if (!len)
		return;
	ALLOC_GROW(p->parts, p->nr_parts + 1, p->alloc_parts);
	part = &p->parts[p->nr_parts++];
	part->kind = kind;
	part->at = at;
	part->len = len;
	part->tokens = tokens < 0 ? tokens_of_text(p->text.buf + at, len) : tokens;
	p->tokens += part->tokens;
}

void pack_add_part(struct pack *p, enum pack_part_kind kind, const char *text,
		   size_t len, int64_t tokens)
{
	size_t at = p->text.len;

	strbuf_add(&p->text, text, len);
	add_part_from(p, kind, at, tokens);
}

/* --- the documents ----------------------------------------------------------- */

/*
 * A preview stores nothing, so a document that git does not have yet is read
 * from the work tree; should it have changed since it was compared, what was
 * read is what counts.
 */
static int read_from_disk(struct pack_work *w, struct view_document *d)
{
	int64_t max = config_get_int(w->o->config, "orch.maxDocument");
	struct strbuf text = STRBUF_INIT;
	struct stat st;
	int fd = -1, rc;

	rc = file_open_beneath(&fd, &st, repo_work_tree(w->o->repo), d->path, false);
	if (rc < 0)
		return rc;
	if (!S_ISREG(st.st_mode))
		rc = error_set(ORCH_ERROR, "'%s' was replaced while it was read",
			       d->path);
	else if (strbuf_read_fd(&text, fd, (size_t)max) < 0)
		rc = error_sys("cannot read '%s'", d->path);
	close(fd);
	if (rc == 0) {
		if (text.len != d->size)
			d->tokens = -1;
		d->size = text.len;
		blob_hash(text.buf, text.len, &d->oid);
		texts_put(&w->p->texts, &d->oid, text.buf, text.len);
	}
	strbuf_release(&text);
	return rc;
}

static int take_documents(struct pack_work *w)
{
	struct pack *p = w->p;
	uint64_t total = 0;
	int rc;

	for (size_t i = 0; i < p->status.nr; i++) {
		struct view_document *d = &p->status.v[i];

		if (d->state == DOCUMENT_REMOVED)
			continue;
		if (w->req->flags & PACK_PREVIEW && !object_exists(w->o->repo, &d->oid) &&
		    (rc = read_from_disk(w, d)) < 0)
			return rc;
		docset_add(&p->now, d->path, &d->oid, d->size);
		total += d->size;
	}
	if (total > MAX_PACK)
		return error_set(ORCH_EINVALID, "the documents are %" PRIu64
				 " MiB together, more than %u MiB; narrow orch.doc",
				 total >> 20, MAX_PACK >> 20);
	p->full_bytes = (int64_t)total;
	return 0;
}

/* How many tokens each has, and a word about those that are no text. */
static int count_tokens(struct pack_work *w)
{
	struct pack *p = w->p;
	size_t n = 0;

	w->tokens = xcalloc(p->now.nr + 1, sizeof(*w->tokens));
	for (size_t i = 0; i < p->status.nr; i++) {
		struct view_document *d = &p->status.v[i];
		const char *buf;
		size_t len;
		int rc;

		if (d->state == DOCUMENT_REMOVED)
			continue;
		if (d->tokens < 0) {
			if ((rc = texts_get(&p->texts, &d->oid, &buf, &len)) < 0)
				return rc;
			d->tokens = tokens_of_text(buf, len);
			if (!utf8_valid(buf, len) || memchr(buf, 0, len))
				warn_once("document '%s' is not UTF-8 text; its bytes "
					  "are passed on as they are", d->path);
			texts_trim(&p->texts, KEEP_BYTES);
		}
		w->tokens[n++] = d->tokens;
	}
	return 0;
}

/* Which commit the pack stands for, and whether it has more than that. */
static int find_commit(struct pack *p, struct orch *o)
{
	struct commit_info head = COMMIT_INFO_INIT;
	int rc;

	if ((rc = repo_head(o->repo, &p->commit, NULL)) < 0)
		return rc;
	if (oid_is_zero(&p->commit)) {
		p->uncommitted = p->now.nr > 0;
		return 0;
	}
	if ((rc = commit_read(o->repo, &p->commit, &head)) < 0)
		return rc;
	for (size_t i = 0; i < p->status.nr && !p->uncommitted; i++) {
		const struct view_document *d = &p->status.v[i];
		struct oid oid;
		bool there = tree_lookup(o->repo, &head.tree, d->path, &oid,
					 NULL) == 0;

		p->uncommitted = d->state == DOCUMENT_REMOVED
				 ? there : !there || !oid_eq(&oid, &d->oid);
	}
	error_clear();
	commit_info_release(&head);
	return 0;
}

static char *as_of(const struct pack *p)
{
	if (oid_is_zero(&p->commit))
		return xstrdup("now (nothing is committed yet)");
	return xstrfmt("commit %s%s", oid_short(&p->commit),
		       p->uncommitted ? " with what is uncommitted on top" : "");
}

/* --- composing ----------------------------------------------------------------- */

static void start_over(struct pack *p)
{
	strbuf_reset(&p->text);
	strbuf_reset(&p->stable_new);
	p->nr_parts = 0;
	p->stable_len = 0;
	p->tokens = 0;
	docset_release(&p->whole);
	layout_release(&p->layout);
}

static int compose_resumed(struct pack_work *w, struct docset *members)
{
	struct pack *p = w->p;
	struct docset before = DOCSET_INIT, absent = DOCSET_INIT;
	struct strbuf text = STRBUF_INIT;
	size_t heading;
	int rc;

	strbuf_addf(&text, "Changed since your last turn; with that the documents are "
		    "complete as of %s and need not be read again:\n", w->as_of);
	heading = text.len;
	/* What is no member stays as the session has it. */
	for (size_t i = 0; i < w->seen.nr; i++) {
		const struct docver *d = &w->seen.v[i];
		bool left_out = docset_find(&p->now, d->path) &&
				!docset_find(members, d->path);

		docset_add(left_out ? &absent : &before, d->path, &d->oid, d->size);
	}
	rc = packtext_delta(&text, &p->texts, &before, members, w->policy.context);
	if (rc < 0)
		goto out;
	p->price = (double)(text.len - heading);
	if (text.len == heading) {
		strbuf_reset(&text);
		strbuf_addf(&text, "Nothing has changed in the documents since your last "
			    "turn: they are complete as of %s.\n", w->as_of);
	}
	if (p->now.nr || w->seen.nr)
		pack_add_part(p, PACK_OPEN, text.buf, text.len, -1);
	docset_copy(&p->whole, members);
	docset_copy(&p->whole, &absent);
out:
	docset_release(&before);
	docset_release(&absent);
	strbuf_release(&text);
	return rc;
}

/* What the provider's cache holds of this actor: which parts, in which order. */
static void hash_stable(struct oid *out, const struct layout *l, size_t nr)
{
	struct strbuf list = STRBUF_INIT;

	for (size_t i = 0; i < nr; i++)
		strbuf_addstr(&list, oid_hex(&l->parts[i].blob));
	memset(out, 0, sizeof(*out));
	if (list.len)
		blob_hash(list.buf, list.len, out);
	strbuf_release(&list);
}

/*
 * How many of the parts the session that was acknowledged last has got: what
 * a fresh one was shown since then stands behind them. False: they are no more.
 */
static bool find_stable(size_t *nr, struct repo *repo, const struct layout *l,
			const struct oid *stable)
{
	for (size_t n = l->nr_parts + 1; n-- > 0;) {
		struct oid oid;

		hash_stable(&oid, l, n);
		if (!oid_eq(&oid, stable))
			continue;
		for (size_t i = 0; i < n; i++)
			if (!object_exists(repo, &l->parts[i].blob))
				return false;
		*nr = n;
		return true;
	}
	return false;
}

/* The stable part, of which `turn` has made the last piece if it has made any. */
static int add_stable(struct pack_work *w, struct layout_turn *turn)
{
	struct pack *p = w->p;
	struct layout *l = &p->layout;
	int rc = 0;

	for (size_t i = 0; i < l->nr_parts && rc == 0; i++) {
		enum pack_part_kind kind = i ? PACK_SEALED : PACK_KEY_FRAME;
		struct layout_part *part = &l->parts[i];
		size_t at = p->text.len;

		if (turn->stable_new.len && i + 1 == l->nr_parts) {
			strbuf_addbuf(&p->stable_new, &turn->stable_new);
			blob_hash(turn->stable_new.buf, turn->stable_new.len, &part->blob);
			part->tokens = tokens_of_text(turn->stable_new.buf,
						      turn->stable_new.len);
			pack_add_part(p, kind, turn->stable_new.buf,
				      turn->stable_new.len, part->tokens);
		} else {
			rc = layout_read_part(&p->text, l, i, w->o->repo);
			if (rc == 0)
				add_part_from(p, kind, at, part->tokens);
		}
	}
	p->stable_len = p->text.len;
	return rc;
}

static int compose_fresh(struct pack_work *w, struct docset *members,
			 const char *force, const struct oid *layout)
{
	struct pack *p = w->p;
	struct layout_turn turn = LAYOUT_TURN_INIT;
	int rc;

	layout_words_release(&w->words);
	layout_words(&w->words, w->as_of, members->nr);
	layout_load(&p->layout, w->o->repo, layout);
	if ((rc = layout_step(&p->layout, &turn, members, &w->policy, &p->texts,
			      &w->words, force)) < 0)
		goto out;
	p->choice = turn.choice;
	p->why = turn.why;
	p->price = turn.price;
	if (turn.choice == LAYOUT_RENEWED)
		p->layout.commit = p->commit;
	if ((rc = add_stable(w, &turn)) < 0)
		goto out;
	pack_add_part(p, PACK_OPEN, turn.open.buf, turn.open.len, -1);
	docset_copy(&p->whole, members);
	hash_stable(&p->stable, &p->layout, p->layout.nr_parts);
out:
	layout_turn_release(&turn);
	return rc;
}

int pack_compose(struct pack_work *w, struct docset *members, const char *force)
{
	static const struct oid none = OID_ZERO;
	int rc;

	start_over(w->p);
	if (w->p->resumed)
		return compose_resumed(w, members);
	if (!members->nr)
		return 0;
	rc = compose_fresh(w, members, force, &w->layout);
	if (rc == ORCH_ENOTFOUND && !oid_is_zero(&w->layout)) {
		/* gc or a crash took something: what is missing was not seen */
		error_clear();
		start_over(w->p);
		rc = compose_fresh(w, members, force, &none);
	}
	return rc;
}

/* --- all together -------------------------------------------------------------- */

/* Whether the session has seen what was acknowledged last, and its stable part is
 * there still. */
static bool can_resume(struct repo *repo, const struct view_store *store,
		       const struct view_seen *seen, const char *session)
{
	struct layout l = LAYOUT_INIT;
	size_t nr;
	bool yes;

	if (!session || !seen->session || !str_eq(session, seen->session))
		return false;
	layout_load(&l, repo, &store->layout);
	yes = !l.invalid && find_stable(&nr, repo, &l, &seen->stable);
	layout_release(&l);
	return yes;
}

bool pack_resumes(struct orch *o, const char *actor, const char *session)
{
	struct view_store store = VIEW_STORE_INIT;
	struct view_seen seen = VIEW_SEEN_INIT;
	bool yes = false;

	if (view_store_load(&store, o, actor) == 0) {
		view_store_seen(&seen, &store, o);
		yes = can_resume(o->repo, &store, &seen, session);
	}
	error_clear();
	view_seen_release(&seen);
	view_store_release(&store);
	return yes;
}

static int decide_session(struct pack_work *w)
{
	struct view_store store = VIEW_STORE_INIT;
	struct view_seen seen = VIEW_SEEN_INIT;
	struct pack *p = w->p;
	int rc;

	if ((rc = view_store_load(&store, w->o, w->req->actor)) < 0)
		goto out;
	view_store_seen(&seen, &store, w->o);
	w->layout = store.layout;
	if (w->req->budget > 0)
		docset_from_tree(&w->known, w->o->repo, &store.known);
	p->session_turns = 1;
	if (w->req->flags & (PACK_FULL | PACK_NO_CACHE) ||
	    !can_resume(w->o->repo, &store, &seen, p->session))
		goto out;
	p->resumed = true;
	p->stable = seen.stable;
	p->session_turns = seen.session_turns + 1;
	w->seen_tree = store.seen;
	docset_from_tree(&w->seen, w->o->repo, &store.seen);
out:
	view_seen_release(&seen);
	view_store_release(&store);
	return rc;
}

int pack_build(struct pack *out, struct orch *o, const struct pack_request *req)
{
	struct pack_work w = { .p = out, .o = o, .req = req,
			       .words = LAYOUT_WORDS_INIT };
	bool preview = req->flags & PACK_PREVIEW;
	int rc;

	out->texts = (struct texts)TEXTS_INIT(o->repo);
	out->session = xstrdup(req->session);
	price_policy(&w.policy, o, req->actor);
	if ((rc = view_compare(&out->status, o, req->actor,
			       (preview ? 0 : VIEW_STORE) |
			       (req->flags & PACK_NO_CACHE ? VIEW_NO_CACHE : 0))) < 0 ||
	    (rc = decide_session(&w)) < 0 || (rc = take_documents(&w)) < 0 ||
	    (rc = count_tokens(&w)) < 0 || (rc = find_commit(out, o)) < 0)
		goto out;
	w.as_of = as_of(out);
	rc = pack_fit(&w);
	if (out->resumed && docset_equal(&out->whole, &w.seen))
		out->whole_tree = w.seen_tree;
	if (rc == 0 && !(req->flags & (PACK_PREVIEW | PACK_DEFER)))
		rc = pack_record(out, o, req->actor);
out:
	texts_trim(&out->texts, 0);
	layout_words_release(&w.words);
	docset_release(&w.seen);
	docset_release(&w.known);
	free(w.as_of);
	free(w.tokens);
	return rc;
}

int pack_stable_text(struct strbuf *out, struct orch *o, const char *actor)
{
	struct view_store store = VIEW_STORE_INIT;
	struct view_seen seen = VIEW_SEEN_INIT;
	struct layout l = LAYOUT_INIT;
	size_t nr = 0;
	int rc;

	if ((rc = view_store_load(&store, o, actor)) < 0)
		goto out;
	view_store_seen(&seen, &store, o);
	layout_load(&l, o->repo, &store.layout);
	if (!find_stable(&nr, o->repo, &l, &seen.stable))
		nr = 0;
	for (size_t i = 0; i < nr && rc == 0; i++)
		rc = layout_read_part(out, &l, i, o->repo);
out:
	layout_release(&l);
	view_seen_release(&seen);
	view_store_release(&store);
	return rc;
}

void pack_release(struct pack *p)
{
	static const struct pack empty = PACK_INIT;

	for (size_t i = 0; i < p->nr_omitted; i++)
		free(p->omitted[i].path);
	free(p->omitted);
	free(p->parts);
	free(p->id);
	free(p->session);
	strbuf_release(&p->text);
	strbuf_release(&p->stable_new);
	view_status_release(&p->status);
	docset_release(&p->now);
	docset_release(&p->whole);
	layout_release(&p->layout);
	texts_release(&p->texts);
	*p = empty;
}
