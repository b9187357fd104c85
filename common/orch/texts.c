/*
 * Document bytes at hand.
 */
#include "orch/texts.h"

#include "base/error.h"
#include "base/strbuf.h"
#include "git/object.h"

#define MAX_TEXT (256u << 20)

static struct text *find(const struct texts *t, const struct oid *oid)
{
	for (size_t i = 0; i < t->nr; i++)
		if (oid_eq(&t->v[i].oid, oid))
			return &t->v[i];
	return NULL;
}

bool texts_has(const struct texts *t, const struct oid *oid)
{
	return find(t, oid) != NULL;
}

static struct text *add(struct texts *t, const struct oid *oid, char *buf,
			size_t len)
{
	struct text *text;

	ALLOC_GROW(t->v, t->nr + 1, t->alloc);
	text = &t->v[t->nr++];
	text->oid = *oid;
	text->buf = buf;
	text->len = len;
	text->used = ++t->clock;
	text->pinned = false;
	t->bytes += len;
	return text;
}

void texts_put(struct texts *t, const struct oid *oid, const void *data,
	       size_t len)
{
	struct text *text = find(t, oid);

	if (!text)
		text = add(t, oid, xmemdup(data, len), len);
	text->pinned = true;
}

int texts_get(struct texts *t, const struct oid *oid, const char **buf,
	      size_t *len)
{
	struct text *text = find(t, oid);
	struct strbuf read = STRBUF_INIT;
	size_t n;
	char *bytes;
	int rc;

	if (!text) {
		if ((rc = blob_read_exact(t->repo, oid, MAX_TEXT, &read)) < 0) {
			strbuf_release(&read);
			return rc;
		}
		bytes = strbuf_detach(&read, &n);
		text = add(t, oid, bytes, n);
	}
	text->used = ++t->clock;
	*buf = text->buf;
	*len = text->len;
	return 0;
}

int texts_size(struct texts *t, const struct oid *oid, uint64_t *size)
{
	const struct text *text = find(t, oid);

	if (!text)
		return blob_size(t->repo, oid, size);
	*size = text->len;
	return 0;
}

static void drop(struct texts *t, size_t i)
{
	t->bytes -= t->v[i].len;
	free(t->v[i].buf);
	t->v[i] = t->v[--t->nr];
}

void texts_trim(struct texts *t, size_t bytes)
{
	while (t->bytes > bytes) {
		size_t oldest = t->nr;

		for (size_t i = 0; i < t->nr; i++)
			if (!t->v[i].pinned && (oldest == t->nr ||
						t->v[i].used < t->v[oldest].used))
				oldest = i;
		if (oldest == t->nr)
			break;
		drop(t, oldest);
	}
}

void texts_release(struct texts *t)
{
	while (t->nr)
		drop(t, t->nr - 1);
	free(t->v);
	*t = (struct texts)TEXTS_INIT(t->repo);
}
