/*
 * A document, a line "%%", and a pack text that is read on top of it: it is
 * refused or gives documents whose bytes are at hand, and the change that a pack
 * would tell of them leads there again. The same text as a patch likewise.
 */
#include "base/error.h"
#include "base/patch.h"
#include "base/strbuf.h"
#include "git/object.h"
#include "orch/docset.h"
#include "orch/packtext.h"
#include "orch/texts.h"

#include "fuzz.h"

static void put(struct docset *docs, struct texts *t, const char *path, const char *bytes,
		size_t len)
{
	struct oid oid;

	blob_hash(bytes, len, &oid);
	texts_put(t, &oid, bytes, len);
	docset_add(docs, path, &oid, len);
}

static void check_documents(struct docset *docs, struct texts *t)
{
	for (size_t i = 0; i < docs->nr; i++) {
		const struct docver *d = &docs->v[i];
		const char *buf;
		struct oid oid;
		size_t len;

		if (docset_find(docs, d->path) != d)
			BUG("'%s' stands there twice", d->path);
		if (!texts_has(t, &d->oid) || texts_get(t, &d->oid, &buf, &len) < 0 ||
		    len != d->size)
			BUG("the bytes of '%s' are not there", d->path);
		blob_hash(buf, len, &oid);
		if (!oid_eq(&oid, &d->oid))
			BUG("'%s' has other bytes", d->path);
	}
}

static void check_equal(struct docset *a, struct docset *b)
{
	for (size_t i = 0; i < a->nr; i++) {
		const struct docver *d = docset_find(b, a->v[i].path);

		if (!d || !oid_eq(&d->oid, &a->v[i].oid))
			BUG("'%s' was not told", a->v[i].path);
	}
	if (a->nr != b->nr)
		BUG("%zu documents instead of %zu", b->nr, a->nr);
}

/* What a pack tells of the way from `old` to `now` leads there. */
static void check_told(struct docset *old, struct docset *now, struct texts *t)
{
	struct strbuf text = STRBUF_INIT;

	if (packtext_delta(&text, t, old, now, 1) < 0 ||
	    packtext_apply(old, t, text.buf, text.len) < 0)
		BUG("%s", error_message());
	check_equal(now, old);
	strbuf_release(&text);
}

static void check_patch(const char *doc, size_t len, const char *patch, size_t patch_len)
{
	struct strbuf out = STRBUF_INIT;

	strbuf_addstr(&out, "x");
	if (patch_apply(&out, doc, len, patch, patch_len) < 0 && out.len != 1)
		BUG("a patch that does not fit left %zu bytes", out.len - 1);
	strbuf_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct docset docs = DOCSET_INIT, old = DOCSET_INIT;
	struct texts t = TEXTS_INIT(NULL);
	const char *doc = size ? (const char *)data : "", *text = doc;
	const char *mark = memmem(doc, size, "%%\n", 3);
	size_t len = mark ? (size_t)(mark - doc) : 0;

	if (mark)
		text = mark + 3;
	size -= (size_t)(text - doc);
	put(&docs, &t, "a.md", doc, len);
	put(&docs, &t, "docs/b.md", "# B\none\ntwo\nthree\n", 18);
	docset_copy(&old, &docs);
	if (packtext_apply(&docs, &t, text, size) == 0) {
		check_documents(&docs, &t);
		check_told(&old, &docs, &t);
	}
	check_patch(doc, len, text, size);
	error_clear();
	docset_release(&docs);
	docset_release(&old);
	texts_release(&t);
	return 0;
}
