/*
 * git-orch-context - the documents of an actor: what it has seen of them
 */
#include "base/command.h"
#include "base/output.h"
#include "base/text.h"
#include "base/tokens.h"
#include "orch/orch.h"
#include "orch/view.h"

static const char *actor_option, *pack_option;
static bool preview_option;

static const char *const usage[] = {
	"git orch context pack [--actor <actor>] [--preview] [--json]",
	"git orch context status [--actor <actor>] [--json]",
	"git orch context ack [--actor <actor>] [--pack <id>] [--json]",
	NULL
};
#define OPT_ACTOR OPT_STRING('a', "actor", &actor_option, "actor", \
			     "whose documents (default: $GIT_ORCH_ACTOR, else whose turn it is)")

static int open_for_actor(struct orch *o, const char **actor)
{
	int rc;

	if ((rc = orch_open(o, ORCH_NEED_WORK_TREE)) < 0)
		return rc;
	return orch_actor(o, actor_option, actor);
}

static void add_document(struct json *out, const struct view_document *d)
{
	json_add_bytes(out, "path", d->path, strlen(d->path));
	json_add_string(out, "state", document_state_name(d->state));
	json_add_int(out, "bytes", (int64_t)d->size);
	json_add_int(out, "tokens", d->tokens);
}

/* --- pack ---------------------------------------------------------------- */

static void add_base64(struct json *out, const char *key,
		       const unsigned char *s, size_t len)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnop"
				     "qrstuvwxyz0123456789+/";
	struct strbuf text = STRBUF_INIT;

	for (size_t i = 0; i < len; i += 3) {
		unsigned n = (unsigned)s[i] << 16;

		n |= i + 1 < len ? (unsigned)s[i + 1] << 8 : 0;
		n |= i + 2 < len ? s[i + 2] : 0;
		strbuf_addch(&text, digits[n >> 18]);
		strbuf_addch(&text, digits[n >> 12 & 63]);
		strbuf_addch(&text, i + 1 < len ? digits[n >> 6 & 63] : '=');
		strbuf_addch(&text, i + 2 < len ? digits[n & 63] : '=');
	}
	json_add_string(out, key, text.buf);
	strbuf_release(&text);
}

static void pack_to_json(struct json *out, const struct pack *p,
			 const char *actor)
{
	struct json *documents;

	json_add_string(out, "actor", actor);
	json_add_string(out, "pack", p->id);
	json_add_string(out, "commit",
			oid_is_zero(&p->commit) ? NULL : oid_hex(&p->commit));
	json_add_bool(out, "uncommitted", p->uncommitted);
	documents = json_add_array(out, "documents");
	for (size_t i = 0; i < p->status.nr; i++) {
		const struct view_document *d = &p->status.v[i];
		const char *bytes = p->text.buf + d->text_at;
		struct json *j = json_add_object(documents, NULL);

		add_document(j, d);
		json_add_bytes(j, "text", bytes, d->size);
		/* JSON has no way to say these bytes: the exact ones beside. */
		if (!utf8_valid(bytes, d->size) || memchr(bytes, 0, d->size))
			add_base64(j, "base64", (const unsigned char *)bytes,
				   d->size);
	}
	json_add_int(out, "bytes", (int64_t)p->text.len);
	json_add_int(out, "tokens", tokens_of_size(p->text.len));
}

static int run_pack(int argc, const char **argv)
{
	struct orch o = ORCH_INIT;
	struct pack p = PACK_INIT;
	struct output out;
	const char *actor;
	int rc;

	if (argc)
		return usage_error("unexpected argument '%s'", argv[0]);
	if ((rc = open_for_actor(&o, &actor)) < 0 ||
	    (rc = view_pack(&p, &o, actor,
			    preview_option ? PACK_PREVIEW : 0)) < 0)
		goto out;
	output_open(&out);
	if (output_is_json(&out))
		pack_to_json(output_json(&out), &p, actor);
	output_raw(&out, p.text.buf, p.text.len);
	rc = output_close(&out);
	if (rc == 0 && p.id && !common.json)
		note("pack %s; acknowledge with: git orch context ack --actor %s "
		     "--pack %s", p.id, actor, p.id);
out:
	pack_release(&p);
	orch_release(&o);
	return rc;
}

static const struct opt pack_opts[] = {
	OPT_ACTOR,
	OPT_LOOP,
	OPT_FLAG(0, "preview", &preview_option,
		 "only look: nothing is recorded, nothing to acknowledge"),
	OPT_END
};
static const char *const pack_usage[] = {
	"git orch context pack [--actor <actor>] [--preview] [--json]", NULL
};
static const struct command pack_command = {
	.name = "pack", .usage = pack_usage, .opts = pack_opts, .run = run_pack,
	.summary = "print the documents for one turn of an actor",
	.flags = COMMAND_JSON,
};

/* --- status -------------------------------------------------------------- */

static int64_t seconds_since(int64_t ms)
{
	int64_t s = (time_now_ms() - ms) / 1000;

	return s < 0 ? 0 : s;	/* the clock was set back */
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
		    duration_human(seconds_since(seen->packed_ms)));
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
	struct json *j = output_json(out);

	for (size_t i = 0; i < s->nr; i++) {
		bytes += s->v[i].size;
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
			    count_human(tokens_of_size(bytes)));
	else
		output_line(out, "no documents; see orch.plan, orch.doc and "
			    "orchactor.%s.doc", actor);
	if (seen->pending)
		output_line(out, "%zu pack%s not acknowledged", seen->pending,
			    seen->pending == 1 ? "" : "s");
}

static int run_status(int argc, const char **argv)
{
	struct orch o = ORCH_INIT;
	struct view_status s = VIEW_STATUS_INIT;
	struct view_seen seen = VIEW_SEEN_INIT;
	struct output out;
	const char *actor;
	int rc;

	if (argc)
		return usage_error("unexpected argument '%s'", argv[0]);
	if ((rc = open_for_actor(&o, &actor)) < 0 ||
	    (rc = view_compare(&s, &o, actor, false)) < 0 ||
	    (rc = view_seen(&seen, &o, actor)) < 0)
		goto out;
	output_open(&out);
	json_add_string(output_json(&out), "actor", actor);
	show_last(&out, &seen, actor);
	show_documents(&out, &s);
	show_sums(&out, &s, &seen, actor);
	rc = output_close(&out);
out:
	view_seen_release(&seen);
	view_status_release(&s);
	orch_release(&o);
	return rc;
}

static const struct opt status_opts[] = { OPT_ACTOR, OPT_LOOP, OPT_END };
static const char *const status_usage[] = {
	"git orch context status [--actor <actor>] [--json]", NULL
};
static const struct command status_command = {
	.name = "status", .usage = status_usage, .opts = status_opts,
	.run = run_status, .flags = COMMAND_JSON,
	.summary = "show which documents an actor has not seen as they are now",
};

/* --- ack ----------------------------------------------------------------- */

static int run_ack(int argc, const char **argv)
{
	struct orch o = ORCH_INIT;
	struct view_seen seen = VIEW_SEEN_INIT;
	struct output out;
	const char *actor;
	int rc;

	if (argc)
		return usage_error("unexpected argument '%s'", argv[0]);
	if ((rc = open_for_actor(&o, &actor)) < 0 ||
	    (rc = view_ack(&o, actor, pack_option)) < 0 ||
	    (rc = view_seen(&seen, &o, actor)) < 0)
		goto out;
	output_open(&out);
	json_add_string(output_json(&out), "actor", actor);
	json_add_string(output_json(&out), "pack", seen.id);
	output_line(&out, "%s has seen pack %s", actor, seen.id ? seen.id : "-");
	rc = output_close(&out);
out:
	view_seen_release(&seen);
	orch_release(&o);
	return rc;
}

static const struct opt ack_opts[] = {
	OPT_ACTOR,
	OPT_LOOP,
	OPT_STRING('p', "pack", &pack_option, "id",
		   "the pack that was seen (default: the latest)"),
	OPT_END
};
static const char *const ack_usage[] = {
	"git orch context ack [--actor <actor>] [--pack <id>] [--json]", NULL
};
static const struct command ack_command = {
	.name = "ack", .usage = ack_usage, .opts = ack_opts, .run = run_ack,
	.summary = "say that an actor has seen a pack", .flags = COMMAND_JSON,
};

static const struct command *const subs[] = {
	&pack_command, &status_command, &ack_command, NULL
};
const struct command orch_command = {
	.name = "context", .usage = usage, .subs = subs,
	.summary = "the documents of an actor, and what it has seen of them",
};
