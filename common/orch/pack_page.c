/* A pack, as programs see it, and its accounting. */
#include "orch/pack_page.h"

#include "base/json.h"
#include "base/text.h"
#include "git/object.h"
#include "orch/pack.h"

void pack_text_to_json(struct json *out, const struct strbuf *text)
{
	json_add_bytes(out, "text", text->buf, text->len);
	/* JSON has no way to say these bytes: the exact ones beside. */
	if (!utf8_valid(text->buf, text->len) || memchr(text->buf, 0, text->len))
		json_add_base64(out, "base64", text->buf, text->len);
}

void pack_parts_to_json(struct json *out, const struct pack *p)
{
	struct json *list = json_add_array(out, "parts");

	for (size_t i = 0; i < p->nr_parts; i++) {
		const struct pack_part *part = &p->parts[i];
		struct json *j = json_add_object(list, NULL);
		struct oid blob;

		blob_hash(p->text.buf + part->at, part->len, &blob);
		json_add_string(j, "kind", pack_part_name(part->kind));
		json_add_int(j, "bytes", (int64_t)part->len);
		json_add_int(j, "tokens", part->tokens);
		json_add_string(j, "blob", oid_hex(&blob));
		json_add_bool(j, "stable", part->at < p->stable_len);
	}
}

static void add_documents(struct json *out, const struct pack *p)
{
	struct json *list = json_add_array(out, "documents");

	for (size_t i = 0; i < p->status.nr; i++) {
		const struct view_document *d = &p->status.v[i];
		struct json *j = json_add_object(list, NULL);
		bool omitted = false;

		for (size_t k = 0; k < p->nr_omitted; k++)
			omitted |= str_eq(p->omitted[k].path, d->path);
		json_add_bytes(j, "path", d->path, strlen(d->path));
		json_add_string(j, "state", document_state_name(d->state));
		json_add_int(j, "bytes", (int64_t)d->size);
		json_add_int(j, "tokens", d->state == DOCUMENT_REMOVED ? 0 : d->tokens);
		json_add_bool(j, "whole", !omitted && d->state != DOCUMENT_REMOVED);
	}
}

void pack_omitted_to_json(struct json *out, const struct pack *p)
{
	struct json *list = json_add_array(out, "omitted");

	for (size_t i = 0; i < p->nr_omitted; i++) {
		const struct pack_omission *o = &p->omitted[i];
		struct json *j = json_add_object(list, NULL);
		struct strbuf command = STRBUF_INIT;

		json_add_bytes(j, "path", o->path, strlen(o->path));
		json_add_int(j, "bytes", (int64_t)o->bytes);
		json_add_int(j, "tokens", o->tokens);
		json_add_bool(j, "change_omitted", o->change_too);
		pack_add_command(&command, o->path, false);
		json_add_bytes(j, "command", command.buf, command.len);
		strbuf_release(&command);
	}
}

void pack_to_json(struct json *out, const struct pack *p, const char *actor)
{
	json_add_string(out, "actor", actor);
	json_add_string(out, "pack", p->id);
	json_add_string(out, "session", p->session);
	json_add_bool(out, "resumed", p->resumed);
	json_add_string(out, "commit",
			oid_is_zero(&p->commit) ? NULL : oid_hex(&p->commit));
	json_add_bool(out, "uncommitted", p->uncommitted);
	json_add_string(out, "key_frame_because", p->resumed ? NULL : p->why);
	pack_parts_to_json(out, p);
	add_documents(out, p);
	pack_omitted_to_json(out, p);
	json_add_int(out, "stable_bytes", (int64_t)p->stable_len);
	json_add_int(out, "bytes", (int64_t)p->text.len);
	json_add_int(out, "tokens", p->tokens);
	pack_text_to_json(out, &p->text);
}

char *pack_explain(const struct pack *p, const char *actor)
{
	struct strbuf s = STRBUF_INIT;

	strbuf_addf(&s, "%s, %s: %s tokens", actor,
		    p->resumed ? "a resumed session" : "a fresh session",
		    count_human(p->tokens));
	if (p->why && !p->resumed)
		strbuf_addf(&s, "; new key frame: %s", p->why);
	strbuf_addch(&s, '\n');
	for (size_t i = 0; i < p->nr_parts; i++)
		strbuf_addf(&s, "  %-10s %8s%s\n", pack_part_name(p->parts[i].kind),
			    count_human(p->parts[i].tokens),
			    p->parts[i].at < p->stable_len ? "  stable" : "");
	for (size_t i = 0; i < p->status.nr; i++) {
		const struct view_document *d = &p->status.v[i];
		struct strbuf path = STRBUF_INIT;
		const char *how = document_state_name(d->state);

		for (size_t k = 0; k < p->nr_omitted; k++)
			if (str_eq(p->omitted[k].path, d->path))
				how = p->omitted[k].change_too
				      ? "left out, and what changed in it" : "left out";
		text_add_quoted_path(&path, d->path, strlen(d->path));
		strbuf_addf(&s, "  %-10s %8s  %s\n", "document",
			    d->state == DOCUMENT_REMOVED ? "-" : count_human(d->tokens),
			    path.buf);
		strbuf_setlen(&s, s.len - 1);
		strbuf_addf(&s, ": %s\n", how);
		strbuf_release(&path);
	}
	return strbuf_detach(&s, NULL);
}
