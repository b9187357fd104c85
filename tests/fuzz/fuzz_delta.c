/*
 * A byte for what it is, one for how it is read, then what git, an agent or an
 * input document may say: a listing, a log, a text, a diff. What comes out is
 * bounded and safe, and does not depend on the pieces in which it came.
 */
#include "base/text.h"
#include "orch/delta_parse.h"

#include "fuzz.h"

static void check_count(const char *path, int64_t added, int64_t removed, void *data)
{
	size_t *left = data;

	if (!*path || added < -1 || removed < -1)
		BUG("'%s' has %" PRId64 " and %" PRId64 " lines", path, added, removed);
	if (strlen(path) > *left)
		BUG("a path that was not there");
}

static void check_said(bool found, const struct strbuf *s, unsigned line,
		       const char *text, size_t len)
{
	unsigned lines = 1;

	for (size_t i = 0; i < len; i++)
		lines += text[i] == '\n';
	if (found != (s->len > 0))
		BUG("found is %d, and there are %zu bytes", found, s->len);
	if (s->len > DELTA_SAID_MAX + 3 || !utf8_valid(s->buf, s->len))
		BUG("%zu bytes, or no UTF-8", s->len);
	if (found && (!line || line > lines))
		BUG("line %u of %u", line, lines);
	for (size_t i = 0; i < s->len; i++)
		if (((unsigned char)s->buf[i] < 0x20 && s->buf[i] != '\n' &&
		     s->buf[i] != '\t') || s->buf[i] == 0x7f)
			BUG("control byte %d", s->buf[i]);
}

static void cut(struct delta_patch *p, const char *text, size_t len, size_t step)
{
	size_t at = 0;

	for (size_t i = 0; i < len; i += step)
		delta_patch_feed(p, text + i, len - i < step ? len - i : step);
	delta_patch_end(p);
	for (size_t i = 0; i < p->nr; i++) {
		if (p->v[i].at != at || p->v[i].len > DELTA_PATCH_FILE)
			BUG("file %zu at %zu with %zu bytes", i, p->v[i].at, p->v[i].len);
		at += p->v[i].len;
	}
	if (at != p->text.len || at > DELTA_PATCH_ALL + DELTA_PATCH_FILE)
		BUG("files end at %zu of %zu", at, p->text.len);
}

static void check_patch(const char *text, size_t len, size_t step)
{
	struct delta_patch whole = DELTA_PATCH_INIT, pieces = DELTA_PATCH_INIT;

	cut(&whole, text, len, len + 1);
	cut(&pieces, text, len, step);
	if (whole.nr != pieces.nr || whole.text.len != pieces.text.len ||
	    memcmp(whole.text.buf, pieces.text.buf, whole.text.len))
		BUG("whole '%s', in pieces '%s'", whole.text.buf, pieces.text.buf);
	for (size_t i = 0; i < whole.nr; i++)
		if (whole.v[i].left != pieces.v[i].left ||
		    (whole.v[i].path ? !pieces.v[i].path ||
				       !str_eq(whole.v[i].path, pieces.v[i].path)
				     : pieces.v[i].path != NULL))
			BUG("file %zu is not the same in pieces", i);
	delta_patch_release(&whole);
	delta_patch_release(&pieces);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct strbuf in = STRBUF_INIT, out = STRBUF_INIT;
	unsigned line = 0;
	size_t left;
	bool found;

	if (size < 2)
		return 0;
	strbuf_add(&in, data + 2, size - 2);
	left = in.len;
	switch (data[0] % 4) {
	case 0:
		delta_parse_numstat(&in, check_count, &left);
		break;
	case 1:
		found = delta_last_words(&out, &line, (enum agent_kind)(data[1] % 3),
					 in.buf, in.len);
		check_said(found, &out, line, in.buf, in.len);
		break;
	case 2:
		found = delta_input_says(&out, &line, in.buf, in.len);
		check_said(found, &out, line, in.buf, in.len);
		break;
	default:
		check_patch(in.buf, in.len, data[1] % 64 + 1u);
	}
	strbuf_release(&in);
	strbuf_release(&out);
	return 0;
}
