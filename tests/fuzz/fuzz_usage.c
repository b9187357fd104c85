/*
 * A byte for the kind of agent, one for the size of the pieces, then what it
 * prints: pieces or whole, the same is shown and counted, figures stay
 * figures, and a tool use is one clean line.
 */
#include "base/json.h"
#include "base/strbuf.h"
#include "orch/usage.h"

#include "fuzz.h"

static void collect(const char *text, size_t len, bool tool, void *data)
{
	struct strbuf *shown = data;
	size_t i;

	for (i = 0; tool && i < len; i++)
		if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
			BUG("control byte %d in a tool line", text[i]);
	if (!len)
		BUG("an empty text is shown");
	strbuf_add(shown, text, len);
	if (tool)
		strbuf_addch(shown, '\n');
}

static void play(struct usage *out, struct strbuf *shown, enum agent_kind kind,
		 const char *bytes, size_t len, size_t step)
{
	struct usage_parser *p = usage_parser_new(kind, collect, shown);
	size_t at;

	for (at = 0; at < len; at += step)
		usage_parser_feed(p, bytes + at, len - at < step ? len - at : step);
	usage_parser_finish(p, out);
	usage_parser_free(p);
}

static void print(struct strbuf *out, const struct usage *u)
{
	struct json *object = json_new_object();

	usage_to_json(object, u);
	json_print(out, object);
	json_free(object);
}

static void check_figures(const struct usage *u)
{
	const int64_t max = (int64_t)1 << 53;

	if (u->uncached < 0 || u->cache_write < 0 || u->cache_read < 0 ||
	    u->output < 0 || u->uncached >= max || u->cache_write >= max ||
	    u->cache_read >= max || u->output >= max)
		BUG("an impossible number of tokens");
	if (!(u->cost_usd >= 0) || u->cost_usd > 1e9)
		BUG("an impossible cost");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct strbuf shown = STRBUF_INIT, shown2 = STRBUF_INIT;
	struct strbuf said = STRBUF_INIT, said2 = STRBUF_INIT;
	struct usage whole, pieces;
	const char *bytes;
	enum agent_kind kind;

	if (size < 2)
		return 0;
	kind = (enum agent_kind)(data[0] % 3);
	bytes = (const char *)data + 2;
	size -= 2;
	play(&whole, &shown, kind, bytes, size, size + 1);
	play(&pieces, &shown2, kind, bytes, size, data[1] % 64 + 1u);
	check_figures(&whole);
	print(&said, &whole);
	print(&said2, &pieces);
	if (!str_eq(said.buf, said2.buf))
		BUG("whole '%s', in pieces '%s'", said.buf, said2.buf);
	if (shown.len != shown2.len || memcmp(shown.buf, shown2.buf, shown.len))
		BUG("shown whole '%s', in pieces '%s'", shown.buf, shown2.buf);
	usage_release(&whole);
	usage_release(&pieces);
	strbuf_release(&shown);
	strbuf_release(&shown2);
	strbuf_release(&said);
	strbuf_release(&said2);
	return 0;
}
