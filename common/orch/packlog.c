/*
 * What acknowledged packs have cost and saved.
 */
#include "orch/packlog.h"

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/lock.h"
#include "base/strbuf.h"
#include "base/text.h"
#include "git/object.h"
#include "orch/orch.h"
#include "orch/pack.h"

#define LOG_LINES 1000			/* kept when the log is cut */
#define LOG_CUT ((size_t)1 << 20)	/* cut when it is larger than this */
#define LOG_MAX ((size_t)64 << 20)	/* refused beyond this */
#define MAX_PACK_JSON (4u << 20)

/* Every number of a line: its name, and where it is kept. */
static const struct number {
	const char *name;
	size_t at;
} numbers[] = {
	{ "documents", offsetof(struct packlog_entry, documents) },
	{ "unchanged", offsetof(struct packlog_entry, unchanged) },
	{ "full_bytes", offsetof(struct packlog_entry, bytes) },
	{ "unchanged_bytes", offsetof(struct packlog_entry, unchanged_bytes) },
	{ "full_tokens", offsetof(struct packlog_entry, full_tokens) },
	{ "pack_bytes", offsetof(struct packlog_entry, pack_bytes) },
	{ "pack_tokens", offsetof(struct packlog_entry, pack_tokens) },
	{ "price", offsetof(struct packlog_entry, price) },
	{ "omitted", offsetof(struct packlog_entry, omitted) },
};

static int64_t *number_of(struct packlog_entry *e, const struct number *n)
{
	return (int64_t *)(void *)((char *)e + n->at);
}

/* --- writing --------------------------------------------------------------- */

void packlog_figures(struct json *out, const struct pack *p)
{
	struct packlog_entry e = {
		.documents = (int64_t)p->status.total,
		.unchanged = (int64_t)p->status.unchanged,
		.bytes = p->full_bytes,
		.pack_bytes = (int64_t)p->text.len,
		.pack_tokens = p->tokens,
		.price = (int64_t)p->price,
		.omitted = (int64_t)p->nr_omitted,
	};

	for (size_t i = 0; i < p->status.nr; i++) {
		const struct view_document *d = &p->status.v[i];

		if (d->state == DOCUMENT_UNCHANGED)
			e.unchanged_bytes += (int64_t)d->size;
		if (d->state != DOCUMENT_REMOVED && d->tokens > 0)
			e.full_tokens += d->tokens;
	}
	/* The price is that of whole documents and their changes; what is said of the
	 * others is new each time. */
	for (size_t i = 0; i < p->nr_parts; i++)
		if (p->parts[i].kind >= PACK_CHANGES)
			e.price += (int64_t)p->parts[i].len;
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		json_add_int(out, numbers[i].name, *number_of(&e, &numbers[i]));
}

static int append(struct orch *o, const struct json *pack)
{
	struct json *entry = json_new_object();
	struct strbuf line = STRBUF_INIT;
	struct lock lock = LOCK_INIT;
	char iso[TIME_ISO_SIZE];
	char *path = xstrfmt("%s/context-log.jsonl", o->loop_dir);
	char *lock_path = xstrfmt("%s/context-log.lock", o->loop_dir);
	int64_t n;
	int rc;

	json_add_int(entry, "version", 1);
	json_add_string(entry, "at", time_iso(iso, time_now_ms()));
	json_add_string(entry, "actor", json_get_string(pack, "actor"));
	json_add_string(entry, "turn", json_get_string(pack, "turn"));
	json_add_string(entry, "pack", json_get_string(pack, "id"));
	json_add_bool(entry, "resumed", json_get_bool(pack, "resumed", false));
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		if (json_get_int(pack, numbers[i].name, &n) == 0)
			json_add_int(entry, numbers[i].name, n);
	json_print(&line, entry);
	strbuf_addch(&line, '\n');
	/* Two actors may be acknowledged at once: none of them while the log is cut. */
	if ((rc = lock_take(&lock, lock_path)) == 0 &&
	    (rc = file_append(path, line.buf, line.len, 0666)) == 0)
		rc = file_cut_log(path, LOG_LINES, LOG_CUT, LOG_CUT / 2);
	lock_release(&lock);
	json_free(entry);
	strbuf_release(&line);
	free(lock_path);
	free(path);
	return rc;
}

void packlog_append(struct orch *o, const struct oid *pack_json)
{
	struct strbuf text = STRBUF_INIT;
	struct json *pack = NULL;
	int64_t n;

	/* A pack of an older version has no figures. */
	if (blob_read(o->repo, pack_json, MAX_PACK_JSON, &text) == 0 &&
	    json_parse(&pack, text.buf, text.len, "pack.json") == 0 &&
	    json_get_int(pack, "full_tokens", &n) == 0 && append(o, pack) < 0)
		warn("not in the statistics: %s", error_message());
	error_clear();
	json_free(pack);
	strbuf_release(&text);
}

/* --- reading ------------------------------------------------------------------ */

static void entry_release(struct packlog_entry *e)
{
	free(e->actor);
	free(e->pack);
	free(e->turn);
}

static bool parse_entry(struct packlog_entry *e, const struct json *line)
{
	const char *actor = json_get_string(line, "actor");
	const char *pack = json_get_string(line, "pack");
	const char *at = json_get_string(line, "at");
	int64_t version;

	if (json_get_int(line, "version", &version) < 0 || version != 1 || !actor ||
	    !actor_name_valid(actor) || !pack || !at || time_parse_iso(&e->at_ms, at) < 0)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		if (json_get_int(line, numbers[i].name, number_of(e, &numbers[i])) < 0 ||
		    *number_of(e, &numbers[i]) < 0)
			return false;
	if (e->unchanged > e->documents || e->unchanged_bytes > e->bytes)
		return false;
	e->resumed = json_get_bool(line, "resumed", false);
	e->actor = xstrdup(actor);
	e->pack = xstrdup(pack);
	e->turn = xstrdup(json_get_string(line, "turn"));
	return true;
}

static void add_line(struct packlog *out, const char *text, size_t len, const char *actor)
{
	struct packlog_entry e = { .actor = NULL };
	struct json *line = NULL;

	if (json_parse(&line, text, len, "log") < 0 || !parse_entry(&e, line)) {
		out->broken++;
		error_clear();
	} else if (actor && !str_eq(e.actor, actor)) {
		entry_release(&e);
	} else {
		ALLOC_GROW(out->v, out->nr + 1, out->alloc);
		out->v[out->nr++] = e;
	}
	json_free(line);
}

int packlog_read(struct packlog *out, struct orch *o, const char *actor, size_t max)
{
	char *path = xstrfmt("%s/context-log.jsonl", o->loop_dir);
	struct strbuf text = STRBUF_INIT;
	size_t extra;
	int rc = file_read(&text, path, LOG_MAX, FILE_NOFOLLOW);

	if (rc == ORCH_ENOTFOUND) {
		error_clear();
		rc = 0;
	}
	for (size_t i = 0; rc == 0 && i < text.len;) {
		const char *nl = memchr(text.buf + i, '\n', text.len - i);
		size_t n = nl ? (size_t)(nl - text.buf) - i : text.len - i;

		if (n)
			add_line(out, text.buf + i, n, actor);
		i += n + (nl != NULL);
	}
	extra = max && out->nr > max ? out->nr - max : 0;
	for (size_t i = 0; i < extra; i++)
		entry_release(&out->v[i]);
	if (extra)
		memmove(out->v, out->v + extra, max * sizeof(*out->v));
	out->nr -= extra;
	strbuf_release(&text);
	free(path);
	return rc;
}

void packlog_release(struct packlog *l)
{
	static const struct packlog empty = PACKLOG_INIT;

	for (size_t i = 0; i < l->nr; i++)
		entry_release(&l->v[i]);
	free(l->v);
	*l = empty;
}

void packlog_add(struct packlog_sums *s, const struct packlog_entry *e)
{
	s->turns++;
	s->resumed += e->resumed;
	s->documents += e->documents;
	s->unchanged += e->unchanged;
	s->bytes += e->bytes;
	s->unchanged_bytes += e->unchanged_bytes;
	s->omitted += e->omitted;
	s->full_tokens += e->full_tokens;
	s->pack_tokens += e->pack_tokens;
	s->price += (double)e->price;
	/* What a turn's bytes cost on average, its tokens do. */
	if (e->bytes)
		s->saved += (double)e->full_tokens *
			    (1 - (double)e->price / (double)e->bytes);
}
