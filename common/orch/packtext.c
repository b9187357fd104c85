/*
 * The text of a pack, written and read back.
 */
#include "orch/packtext.h"

#include "base/error.h"
#include "base/outline.h"
#include "base/patch.h"
#include "base/strbuf.h"
#include "base/text.h"
#include "git/diff.h"
#include "git/object.h"
#include "orch/texts.h"

#define MAX_HEADING 80
#define MAX_RENAMES 8	/* vanished documents that a new one is compared with */

static const char *const tags[] = {
	[ENTRY_DOCUMENT] = "document",
	[ENTRY_DIFF] = "diff",
	[ENTRY_REMOVED] = "removed",
	[ENTRY_CHANGE] = "change",
	[ENTRY_SECTION] = "section",
	[ENTRY_OUTLINE] = "outline",
};

/* --- writing -------------------------------------------------------------- */

static void add_attribute(struct strbuf *out, const char *name, const char *path)
{
	size_t start;

	strbuf_addf(out, " %s=", name);
	start = out->len;
	text_add_quoted_path(out, path, strlen(path));
	if (out->buf[start] != '"') {
		strbuf_insert(out, start, "\"", 1);
		strbuf_addch(out, '"');
	}
}

static void add_body(struct strbuf *out, enum entry_kind kind, const char *bytes,
		     size_t len)
{
	strbuf_addf(out, " bytes=\"%zu\">\n", len);
	strbuf_add(out, bytes, len);
	if (len && bytes[len - 1] != '\n')
		strbuf_addch(out, '\n');
	strbuf_addf(out, "</%s>\n", tags[kind]);
}

static void add_entry(struct strbuf *out, enum entry_kind kind, const char *path,
		      const char *from, const char *bytes, size_t len)
{
	strbuf_addf(out, "<%s", tags[kind]);
	add_attribute(out, "path", path);
	if (from)
		add_attribute(out, "from", from);
	if (kind == ENTRY_REMOVED)
		strbuf_addstr(out, ">\n");
	else
		add_body(out, kind, bytes, len);
}

int packtext_whole(struct strbuf *out, struct texts *t, const struct docver *d)
{
	const char *buf;
	size_t len;
	int rc = texts_get(t, &d->oid, &buf, &len);

	if (rc == 0)
		add_entry(out, ENTRY_DOCUMENT, d->path, NULL, buf, len);
	return rc;
}

static void add_title(struct strbuf *out, const struct outline_heading *h)
{
	size_t len = h->title_len < MAX_HEADING ? h->title_len : MAX_HEADING;

	/* Not in the middle of a character. */
	while (len && len < h->title_len && ((unsigned char)h->title[len] & 0xc0) == 0x80)
		len--;
	strbuf_addchars(out, '#', h->level);
	strbuf_addch(out, ' ');
	text_add_safe(out, h->title, len, true);
}

static void add_heading(struct strbuf *out, size_t line, void *data)
{
	const struct outline *o = data;
	const struct outline_heading *h = outline_heading_at(o, (unsigned)line);

	if (h)
		add_title(out, h);
}

int packtext_hunks(struct strbuf *out, const char *old, size_t old_len,
		   const char *now, size_t now_len, unsigned context)
{
	struct outline outline = OUTLINE_INIT;
	int rc;

	outline_parse(&outline, now, now_len);
	rc = diff_hunks(out, old, old_len, now, now_len, context, add_heading, &outline);
	outline_release(&outline);
	return rc;
}

static int add_hunks(struct strbuf *out, struct texts *t, const struct oid *old,
		     const struct oid *now, unsigned context, size_t *now_len)
{
	const char *a, *b;
	size_t na;
	int rc;

	if ((rc = texts_get(t, old, &a, &na)) < 0 ||
	    (rc = texts_get(t, now, &b, now_len)) < 0)
		return rc;
	return packtext_hunks(out, a, na, b, *now_len, context);
}

int packtext_change(struct strbuf *out, struct texts *t, const struct docver *old,
		    const struct docver *now, unsigned context)
{
	struct strbuf hunks = STRBUF_INIT;
	bool renamed = old && now && !str_eq(old->path, now->path);
	size_t now_len = 0;
	int rc = 0;

	if (!old && !now)
		return 0;
	if (!old)
		return packtext_whole(out, t, now);
	if (!now) {
		add_entry(out, ENTRY_REMOVED, old->path, NULL, NULL, 0);
		return 0;
	}
	if (!oid_eq(&old->oid, &now->oid))
		rc = add_hunks(&hunks, t, &old->oid, &now->oid, context, &now_len);
	else if (!renamed)
		return 0;
	if (rc == 0 && hunks.len >= now_len && !oid_eq(&old->oid, &now->oid)) {
		/* Whole, but not as if the old one were still there. */
		if (renamed)
			add_entry(out, ENTRY_REMOVED, old->path, NULL, NULL, 0);
		rc = packtext_whole(out, t, now);
	} else if (rc == 0) {
		add_entry(out, ENTRY_DIFF, now->path, renamed ? old->path : NULL,
			  hunks.buf, hunks.len);
	}
	strbuf_release(&hunks);
	return rc;
}

/* --- glimpses --------------------------------------------------------------- */

int packtext_glimpse_change(struct strbuf *out, struct texts *t,
			    const struct docver *old, const struct docver *now,
			    unsigned context)
{
	struct strbuf hunks = STRBUF_INIT;
	size_t len;
	int rc = add_hunks(&hunks, t, &old->oid, &now->oid, context, &len);

	if (rc == 0)
		add_entry(out, ENTRY_CHANGE, now->path, NULL, hunks.buf, hunks.len);
	strbuf_release(&hunks);
	return rc;
}

int packtext_glimpse_section(struct strbuf *out, struct texts *t,
			     const struct docver *d, size_t at, size_t len,
			     unsigned first, unsigned last, const char *of)
{
	const char *buf;
	size_t size;
	int rc;

	if ((rc = texts_get(t, &d->oid, &buf, &size)) < 0)
		return rc;
	if (at > size || len > size - at)
		return error_set(ORCH_ERROR, "'%s' has no bytes %zu to %zu", d->path, at,
				 at + len);
	strbuf_addf(out, "<%s", tags[ENTRY_SECTION]);
	add_attribute(out, "path", d->path);
	strbuf_addf(out, " lines=\"%u-%u\"", first, last);
	add_attribute(out, "of", of);
	add_body(out, ENTRY_SECTION, buf + at, len);
	return 0;
}

int packtext_glimpse_outline(struct strbuf *out, struct texts *t,
			     const struct docver *d, unsigned level)
{
	struct outline outline = OUTLINE_INIT;
	struct strbuf lines = STRBUF_INIT;
	const char *buf;
	size_t len;
	int rc;

	if ((rc = texts_get(t, &d->oid, &buf, &len)) < 0)
		return rc;
	outline_parse(&outline, buf, len);
	for (size_t i = 0; i < outline.nr; i++) {
		const struct outline_heading *h = &outline.v[i];

		if (h->level > level)
			continue;
		strbuf_addf(&lines, "%u-%u ", h->line, h->last);
		add_title(&lines, h);
		strbuf_addch(&lines, '\n');
	}
	if (lines.len)
		add_entry(out, ENTRY_OUTLINE, d->path, NULL, lines.buf, lines.len);
	outline_release(&outline);
	strbuf_release(&lines);
	return 0;
}

/* --- several documents --------------------------------------------------- */

int packtext_renamed(size_t *best, struct texts *t, const struct docver *const *gone,
		     size_t nr, const struct docver *now, unsigned context)
{
	size_t least = (size_t)now->size / 2 + 1;
	int rc = 0;

	*best = nr;
	for (size_t i = 0; i < nr; i++)
		if (oid_eq(&gone[i]->oid, &now->oid)) {
			*best = i;
			return 0;
		}
	for (size_t i = 0; i < nr && nr <= MAX_RENAMES && rc == 0; i++) {
		struct strbuf hunks = STRBUF_INIT;
		uint64_t size;
		size_t len;

		/* Hunks hold at least what one of the two has more than the other:
		 * a thousand small documents are not compared with a large one. */
		if ((rc = texts_size(t, &gone[i]->oid, &size)) < 0)
			break;
		if ((size > now->size ? size - now->size : now->size - size) >= least)
			continue;
		rc = add_hunks(&hunks, t, &gone[i]->oid, &now->oid, context, &len);
		if (rc == 0 && hunks.len < least) {
			least = hunks.len;
			*best = i;
		}
		strbuf_release(&hunks);
	}
	return rc;
}

int packtext_delta(struct strbuf *out, struct texts *t, struct docset *old,
		   struct docset *now, unsigned context)
{
	const struct docver **gone = xcalloc(old->nr + 1, sizeof(const struct docver *));
	size_t nr = 0, best;
	int rc = 0;

	for (size_t i = 0; i < old->nr; i++)
		if (!docset_find(now, old->v[i].path))
			gone[nr++] = &old->v[i];
	for (size_t i = 0; i < now->nr && rc == 0; i++) {
		const struct docver *from = docset_find(old, now->v[i].path);

		if (!from && nr) {
			rc = packtext_renamed(&best, t, gone, nr, &now->v[i], context);
			if (rc == 0 && best < nr) {
				from = gone[best];
				gone[best] = gone[--nr];
			}
		}
		if (rc == 0)
			rc = packtext_change(out, t, from, &now->v[i], context);
	}
	for (size_t i = 0; i < nr && rc == 0; i++)
		rc = packtext_change(out, t, gone[i], NULL, context);
	free(gone);
	return rc;
}

/* --- reading --------------------------------------------------------------- */

/* ' name="value"' at *p; the value is *out's, NULL for another name. */
static bool take_attribute(const char **p, const char *end, const char *name,
			   char **out)
{
	struct strbuf value = STRBUF_INIT;
	size_t n = strlen(name), passed;

	*out = NULL;
	if ((size_t)(end - *p) < n + 4 || **p != ' ' ||
	    memcmp(*p + 1, name, n) != 0 || (*p)[n + 1] != '=' || (*p)[n + 2] != '"')
		return true;
	*p += n + 3;
	passed = text_add_unquoted(&value, *p, (size_t)(end - *p));
	if (!passed || strlen(value.buf) != value.len) {
		strbuf_release(&value);
		return false;
	}
	*p += passed + 1;
	*out = strbuf_detach(&value, NULL);
	return true;
}

static bool parse_size(const char *s, size_t *out)
{
	*out = 0;
	if (!s || !*s)
		return false;
	for (; *s >= '0' && *s <= '9' && *out < SIZE_MAX / 10 - 10; s++)
		*out = *out * 10 + (size_t)(*s - '0');
	return !*s;
}

/* The tag line [p, end) after its name. */
static bool parse_tag(struct pack_entry *e, const char *p, const char *end)
{
	char *bytes = NULL, *lines = NULL, *of = NULL;
	bool fine = take_attribute(&p, end, "path", &e->path) && e->path &&
		    take_attribute(&p, end, "from", &e->from) &&
		    take_attribute(&p, end, "lines", &lines) &&
		    take_attribute(&p, end, "of", &of) &&
		    take_attribute(&p, end, "bytes", &bytes) &&
		    p < end && *p == '>' && p + 1 == end;

	if (fine && e->kind == ENTRY_REMOVED)
		fine = !bytes;
	else if (fine)
		fine = parse_size(bytes, &e->len);
	if (e->kind != ENTRY_DIFF)
		fine = fine && !e->from;
	if (e->kind != ENTRY_SECTION)
		fine = fine && !lines && !of;
	free(bytes);
	free(lines);
	free(of);
	return fine;
}

static bool is_tag(const char *line, size_t len, enum entry_kind *kind,
		   const char **rest)
{
	for (size_t i = 0; i < ARRAY_SIZE(tags); i++) {
		size_t n = strlen(tags[i]);

		if (len > n + 2 && line[0] == '<' &&
		    memcmp(line + 1, tags[i], n) == 0 && line[n + 1] == ' ') {
			*kind = (enum entry_kind)i;
			*rest = line + n + 1;
			return true;
		}
	}
	return false;
}

/* Behind the bytes: the line break that was added, and the closing tag. */
static bool pass_closing(const struct pack_entry *e, const char *text, size_t len,
			 size_t *pos)
{
	char *closing = xstrfmt("</%s>\n", tags[e->kind]);
	size_t n = strlen(closing);
	bool fine = true;

	if (e->len && e->bytes[e->len - 1] != '\n')
		fine = *pos < len && text[(*pos)++] == '\n';
	fine = fine && len - *pos >= n && memcmp(text + *pos, closing, n) == 0;
	*pos += n;
	free(closing);
	return fine;
}

int packtext_next(struct pack_entry *out, const char *text, size_t len, size_t *pos)
{
	memset(out, 0, sizeof(*out));
	while (*pos < len) {
		const char *line = text + *pos, *rest;
		const char *eol = memchr(line, '\n', len - *pos);
		size_t n = eol ? (size_t)(eol - line) : len - *pos, at = *pos;

		*pos += n + (eol != NULL);
		if (!is_tag(line, n, &out->kind, &rest))
			continue;
		if (!parse_tag(out, rest, line + n) || !eol)
			goto broken;
		if (out->kind == ENTRY_REMOVED)
			return 1;
		if (len - *pos < out->len)
			goto broken;
		out->bytes = text + *pos;
		*pos += out->len;
		if (!pass_closing(out, text, len, pos))
			goto broken;
		return 1;
broken:
		error_set(ORCH_EINVALID, "the pack is broken at byte %zu%s%s%s", at,
			  out->path ? ", at '" : "", out->path ? out->path : "",
			  out->path ? "'" : "");
		pack_entry_release(out);
		return ORCH_EINVALID;
	}
	return 0;
}

void pack_entry_release(struct pack_entry *e)
{
	free(e->path);
	free(e->from);
	e->path = e->from = NULL;
}

static void remove_document(struct docset *docs, const char *path)
{
	struct docver *d = docset_find(docs, path);

	if (d)
		docset_remove(docs, d);
}

/* `path` becomes these bytes. */
static void set_document(struct docset *docs, struct texts *t, const char *path,
			 const char *bytes, size_t len)
{
	struct docver *d = docset_find(docs, path);
	struct oid oid;

	blob_hash(bytes, len, &oid);
	texts_put(t, &oid, bytes, len);
	if (!d)
		d = docset_add(docs, path, &oid, len);
	d->oid = oid;
	d->size = len;
}

static int apply_diff(struct docset *docs, struct texts *t,
		      const struct pack_entry *e)
{
	const char *before = e->from ? e->from : e->path, *buf;
	struct docver *d = docset_find(docs, before);
	struct strbuf text = STRBUF_INIT;
	size_t len;
	int rc;

	if (!d)
		return error_set(ORCH_EINVALID, "'%s': there is no text to apply the "
				 "diff to", e->path);
	if ((rc = texts_get(t, &d->oid, &buf, &len)) == 0 &&
	    (rc = patch_apply(&text, buf, len, e->bytes, e->len)) == 0) {
		if (e->from)
			remove_document(docs, e->from);
		set_document(docs, t, e->path, text.buf, text.len);
	}
	strbuf_release(&text);
	return rc < 0 ? error_prefix(rc, "'%s'", e->path) : 0;
}

int packtext_apply(struct docset *docs, struct texts *t, const char *text,
		   size_t len)
{
	struct pack_entry e;
	size_t pos = 0;
	int rc;

	while ((rc = packtext_next(&e, text, len, &pos)) > 0) {
		if (e.kind == ENTRY_DOCUMENT)
			set_document(docs, t, e.path, e.bytes, e.len);
		else if (e.kind == ENTRY_REMOVED)
			remove_document(docs, e.path);
		else if (e.kind == ENTRY_DIFF)
			rc = apply_diff(docs, t, &e);
		pack_entry_release(&e);
		if (rc < 0)
			break;
	}
	return rc < 0 ? rc : 0;
}
