/* What an actor has seen of its documents, as people and programs see it. */
#include "orch/view_page.h"

#include "base/json.h"
#include "base/output.h"
#include "base/text.h"
#include "orch/forecast.h"
#include "orch/pack_page.h"

#define MAX_NAMES 3		/* headings of a document, documents of others */
#define MAX_NAME 40		/* bytes of a heading */
#define MAX_OMITTED 10

/* As much of a text as a table has room for, not cut in a character. */
static void add_short(struct strbuf *out, const char *s)
{
	size_t len = strlen(s);

	if (len <= MAX_NAME) {
		strbuf_addstr(out, s);
		return;
	}
	for (len = MAX_NAME; len && ((unsigned char)s[len] & 0xc0) == 0x80;)
		len--;
	strbuf_add(out, s, len);
	strbuf_addstr(out, "...");
}

static void add_path(struct strbuf *out, const char *path)
{
	text_add_quoted_path(out, path, strlen(path));
}

static void document_to_json(struct json *out, const struct view_document *d,
			     const struct forecast_change *c)
{
	struct json *list;

	json_add_bytes(out, "path", d->path, strlen(d->path));
	json_add_string(out, "state", document_state_name(d->state));
	json_add_int(out, "bytes", (int64_t)d->size);
	json_add_int(out, "tokens", d->tokens);
	json_add_int(out, "to_send", c->tokens);
	if (c->from)
		json_add_bytes(out, "from", c->from, strlen(c->from));
	if (d->state != DOCUMENT_CHANGED && !c->from)
		return;
	json_add_bool(out, "whole", c->whole);
	if (c->whole)
		return;
	json_add_int(out, "added", c->added);
	json_add_int(out, "removed", c->removed);
	json_add_int(out, "hunks", (int64_t)c->hunks);
	list = json_add_array(out, "headings");
	for (size_t i = 0; i < c->headings.nr; i++)
		json_add_bytes(list, NULL, c->headings.v[i], strlen(c->headings.v[i]));
}

static void show_session(struct strbuf *line, struct json *last, const struct forecast *f)
{
	const struct view_seen *seen = &f->seen;
	struct json *j;

	json_add_string(last, "session", seen->session);
	if (!seen->session)
		return;
	j = json_add_object(last, "turn_of_session");
	json_add_int(j, "turn", seen->session_turns);
	json_add_int(j, "of", f->session_turns);
	if (!f->resumes)
		return;
	strbuf_addf(line, "; session %.8s, turn %" PRId64, seen->session,
		    seen->session_turns);
	if (f->session_turns > 0)
		strbuf_addf(line, " of %" PRId64, f->session_turns);
}

static void show_last(struct output *out, const struct forecast *f, const char *actor)
{
	const struct view_seen *seen = &f->seen;
	struct strbuf line = STRBUF_INIT;
	struct json *last;

	if (!seen->id) {
		json_add_null(output_json(out), "last");
		output_line(out, "%s has not seen any document yet", actor);
		return;
	}
	last = json_add_object(output_json(out), "last");
	json_add_string(last, "pack", seen->id);
	json_add_string(last, "turn", seen->turn);
	json_add_string(last, "commit", oid_is_zero(&seen->commit)
					? NULL : oid_hex(&seen->commit));
	json_add_int(last, "cache_left", f->cache_left);
	show_session(&line, last, f);
	if (f->cache_left)
		strbuf_addf(&line, ", cache warm for %s", duration_human(f->cache_left));
	output_line(out, "%s last saw %s%s (%s, %s ago)%s", actor,
		    seen->turn ? "" : "pack ", seen->turn ? seen->turn : seen->id,
		    oid_is_zero(&seen->commit) ? "no commit"
					       : oid_short(&seen->commit),
		    duration_human(time_seconds_since(seen->packed_ms)), line.buf);
	strbuf_release(&line);
}

static enum output_color state_color(enum document_state s)
{
	return s == DOCUMENT_UNCHANGED ? OUTPUT_DIM : OUTPUT_PLAIN;
}

/* What is to be sent of it, in a few words. */
static void add_remark(struct strbuf *out, const struct forecast_change *c)
{
	if (c->from) {
		strbuf_addstr(out, "renamed from ");
		add_path(out, c->from);
		if (c->hunks)
			strbuf_addstr(out, ", ");
	} else if (c->whole) {
		strbuf_addstr(out, "whole, no larger than its diff");
	}
	if (c->hunks)
		strbuf_addf(out, "%zu hunk%s", c->hunks, c->hunks == 1 ? "" : "s");
	for (size_t i = 0; i < c->headings.nr && i < MAX_NAMES; i++) {
		strbuf_addstr(out, i ? ", " : ": ");
		add_short(out, c->headings.v[i]);
	}
	if (c->headings.nr > MAX_NAMES)
		strbuf_addstr(out, ", ...");
}

static void show_document(struct output *out, const struct forecast *f, size_t i)
{
	const struct view_document *d = &f->status.v[i];
	const struct forecast_change *c = &f->changes[i];
	struct strbuf path = STRBUF_INIT, remark = STRBUF_INIT;

	add_path(&path, d->path);
	output_cell(out, "%s", path.buf);
	if (d->state == DOCUMENT_CHANGED && c->hunks)
		output_cell(out, "+%" PRId64 " -%" PRId64, c->added, c->removed);
	else
		output_cell_color(out, state_color(d->state), "%s",
				  document_state_name(d->state));
	output_cell(out, "%s", d->state == DOCUMENT_REMOVED
			       ? "-" : count_human(d->tokens));
	/* To an actor that saw nothing all of it is to be sent. */
	if (f->seen.id) {
		output_cell(out, "%s", count_human(c->tokens));
		add_remark(&remark, c);
		if (remark.len)
			output_cell(out, "%s", remark.buf);
	}
	output_row_end(out);
	strbuf_release(&remark);
	strbuf_release(&path);
}

static void show_documents(struct output *out, const struct forecast *f)
{
	struct json *list = json_add_array(output_json(out), "documents");

	output_table_begin(out, f->seen.id ? "llrrl" : "llr");
	if (f->status.nr) {
		output_cell(out, "document");
		output_cell(out, "state");
		output_cell(out, "tokens");
		if (f->seen.id)
			output_cell(out, "to send");
		output_row_end(out);
	}
	for (size_t i = 0; i < f->status.nr; i++) {
		if (output_is_json(out))
			document_to_json(json_add_object(list, NULL), &f->status.v[i],
					 &f->changes[i]);
		show_document(out, f, i);
	}
	output_table_end(out);
}

/* "; galph_memory.md is galph's only" */
static void add_others(struct strbuf *line, struct json *out, const struct forecast *f)
{
	struct json *list = json_add_array(out, "others_only");

	for (size_t i = 0; i < f->others.nr; i++) {
		struct json *j = json_add_object(list, NULL);

		json_add_bytes(j, "path", f->others.v[i], strlen(f->others.v[i]));
		json_add_string(j, "actor", f->whose.v[i]);
		if (i >= MAX_NAMES)
			continue;
		strbuf_addstr(line, i ? ", " : "; ");
		add_path(line, f->others.v[i]);
		strbuf_addf(line, " is %s's only", f->whose.v[i]);
	}
	if (f->others.nr > MAX_NAMES)
		strbuf_addf(line, " and %zu more", f->others.nr - MAX_NAMES);
}

static void show_sums(struct output *out, const struct forecast *f, const char *actor)
{
	const struct view_status *s = &f->status;
	uint64_t bytes = 0, unchanged = 0;
	int64_t tokens = 0;
	struct json *j = output_json(out);
	struct strbuf others = STRBUF_INIT;

	for (size_t i = 0; i < s->nr; i++) {
		bytes += s->v[i].size;
		if (s->v[i].state != DOCUMENT_REMOVED)
			tokens += s->v[i].tokens;
		if (s->v[i].state == DOCUMENT_UNCHANGED)
			unchanged += s->v[i].size;
	}
	json_add_int(j, "hits", (int64_t)s->unchanged);
	json_add_int(j, "total", (int64_t)s->total);
	json_add_real(j, "hit_rate", s->total ? (double)s->unchanged /
						(double)s->total : 0.0);
	json_add_int(j, "pending", (int64_t)f->seen.pending);
	add_others(&others, j, f);
	if (s->total)
		output_line(out, "unchanged %zu of %zu files, %" PRIu64
			    "%% of bytes; %s tokens in all%s", s->unchanged, s->total,
			    bytes ? unchanged * 100 / bytes : 0,
			    count_human(tokens), others.buf);
	else
		output_line(out, "no documents; see orch.plan, orch.doc and "
			    "orchactor.%s.doc%s", actor, others.buf);
	strbuf_release(&others);
}

static void add_amount(struct strbuf *line, const char *what, int64_t tokens)
{
	if (tokens)
		strbuf_addf(line, ", %s %s", what, count_human(tokens));
}

static void show_packs(struct output *out, const struct forecast *f, const char *actor)
{
	int64_t fresh = f->frame + f->sealed + f->open + f->rest;
	struct json *j = output_json(out);
	struct strbuf line = STRBUF_INIT;

	if (f->resumed >= 0) {
		json_add_int(json_add_object(j, "resumed"), "tokens", f->resumed);
		strbuf_addf(&line, "resumed now %s; ", f->resumed
			    ? count_human(f->resumed) : "nothing");
	} else {
		json_add_null(j, "resumed");
	}
	j = json_add_object(j, "fresh");
	json_add_int(j, "tokens", fresh);
	json_add_int(j, "key_frame", f->frame);
	json_add_bool(j, "key_frame_is_new", f->frame_is_new);
	json_add_string(j, "key_frame_of", f->frame_turn);
	json_add_int(j, "sealed", f->sealed);
	json_add_int(j, "open", f->open);
	json_add_int(j, "glimpses", f->rest);
	if (f->status.total) {
		strbuf_addf(&line, "fresh %s (%skey frame%s%s %s", count_human(fresh),
			    f->frame_is_new ? "new " : "", f->frame_turn ? " of " : "",
			    f->frame_turn ? f->frame_turn : "", count_human(f->frame));
		add_amount(&line, "sealed", f->sealed);
		add_amount(&line, "open", f->open);
		add_amount(&line, "glimpses", f->rest);
		output_line(out, "%s)", line.buf);
	}
	if (f->seen.session && !f->resumes && f->can_resume)
		output_line(out, "each turn is a fresh session; orchactor.%s.resume would let "
			    "it go on (git orch run --help)", actor);
	strbuf_release(&line);
}

static void show_omitted(struct output *out, const struct forecast *f)
{
	const struct pack *p = &f->fresh;

	json_add_int(output_json(out), "budget", f->budget);
	pack_omitted_to_json(output_json(out), p);
	for (size_t i = 0; i < p->nr_omitted && i < MAX_OMITTED; i++) {
		struct strbuf line = STRBUF_INIT;

		add_path(&line, p->omitted[i].path);
		strbuf_addf(&line, " %s; ", count_human(p->omitted[i].tokens));
		pack_add_command(&line, p->omitted[i].path, false);
		output_line(out, "left out (budget %s): %s", count_human(f->budget),
			    line.buf);
		strbuf_release(&line);
	}
	if (p->nr_omitted > MAX_OMITTED)
		output_line(out, "left out: %zu more; see git orch context pack --preview "
			    "--explain --budget %" PRId64, p->nr_omitted - MAX_OMITTED,
			    f->budget);
}

void view_page(struct output *out, const struct forecast *f, const char *actor)
{
	json_add_string(output_json(out), "actor", actor);
	show_last(out, f, actor);
	show_documents(out, f);
	show_sums(out, f, actor);
	show_packs(out, f, actor);
	show_omitted(out, f);
	/* What is older will not be acknowledged any more. */
	if (f->seen.pending_newer)
		output_line(out, "%zu pack%s not acknowledged; if %s has seen the last: git "
			    "orch context ack --actor %s", f->seen.pending_newer,
			    f->seen.pending_newer == 1 ? "" : "s", actor, actor);
}
