/* What an actor has seen of its documents, as people and programs see it. */
#include "orch/view_page.h"

#include "base/json.h"
#include "base/output.h"
#include "base/text.h"
#include "orch/view.h"

static void add_document(struct json *out, const struct view_document *d)
{
	json_add_bytes(out, "path", d->path, strlen(d->path));
	json_add_string(out, "state", document_state_name(d->state));
	json_add_int(out, "bytes", (int64_t)d->size);
	json_add_int(out, "tokens", d->tokens);
}

static void show_last(struct output *out, const struct view_seen *seen,
		      const char *actor)
{
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
	output_line(out, "%s last saw %s%s (%s, %s ago)", actor,
		    seen->turn ? "" : "pack ", seen->turn ? seen->turn : seen->id,
		    oid_is_zero(&seen->commit) ? "no commit"
					       : oid_short(&seen->commit),
		    duration_human(time_seconds_since(seen->packed_ms)));
}

static enum output_color state_color(enum document_state s)
{
	return s == DOCUMENT_UNCHANGED ? OUTPUT_DIM : OUTPUT_PLAIN;
}

static void show_documents(struct output *out, const struct view_status *s)
{
	struct json *list = json_add_array(output_json(out), "documents");

	output_table_begin(out, "llr");
	if (s->nr) {
		output_cell(out, "document");
		output_cell(out, "state");
		output_cell(out, "tokens");
		output_row_end(out);
	}
	for (size_t i = 0; i < s->nr; i++) {
		const struct view_document *d = &s->v[i];
		struct strbuf path = STRBUF_INIT;

		add_document(json_add_object(list, NULL), d);
		text_add_quoted_path(&path, d->path, strlen(d->path));
		output_cell(out, "%s", path.buf);
		output_cell_color(out, state_color(d->state), "%s",
				  document_state_name(d->state));
		output_cell(out, "%s", d->state == DOCUMENT_REMOVED
				       ? "-" : count_human(d->tokens));
		output_row_end(out);
		strbuf_release(&path);
	}
	output_table_end(out);
}

static void show_sums(struct output *out, const struct view_status *s,
		      const struct view_seen *seen, const char *actor)
{
	uint64_t bytes = 0, unchanged = 0;
	int64_t tokens = 0;
	struct json *j = output_json(out);

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
	json_add_int(j, "pending", (int64_t)seen->pending);
	if (s->total)
		output_line(out, "unchanged %zu of %zu files, %" PRIu64
			    "%% of bytes; %s tokens in all", s->unchanged, s->total,
			    bytes ? unchanged * 100 / bytes : 0,
			    count_human(tokens));
	else
		output_line(out, "no documents; see orch.plan, orch.doc and "
			    "orchactor.%s.doc", actor);
	if (seen->pending)
		output_line(out, "%zu pack%s not acknowledged", seen->pending,
			    seen->pending == 1 ? "" : "s");
}

void view_page(struct output *out, const struct view_status *s,
	       const struct view_seen *seen, const char *actor)
{
	json_add_string(output_json(out), "actor", actor);
	show_last(out, seen, actor);
	show_documents(out, s);
	show_sums(out, s, seen, actor);
}
