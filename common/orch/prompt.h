#ifndef ORCH_PROMPT_H
#define ORCH_PROMPT_H
/*
 * A prompt: static parts first (core files, byte for byte), then the
 * documents, then the part of this turn (a Mustache template, with the
 * variables of orch/promptdata.h). The parts that rarely change stand in front
 * so that the provider's prefix cache holds.
 */
#include "base/compat.h"
#include "base/strbuf.h"
#include "git/oid.h"
#include "orch/view.h"
struct orch;
struct turn;
struct delta;
struct json;

struct prompt_part {
	const char *kind;	/* "notice", "core", "documents", "turn" */
	char *name;		/* the file, or "built-in template" */
	size_t offset, len;	/* in the prompt's text */
	struct oid blob;
	bool is_static;
};
struct prompt {
	struct strbuf text;
	size_t static_len;	/* the first bytes of text that are static */
	struct prompt_part *parts;
	size_t nr, alloc;
	int64_t tokens, budget;
	struct pack pack;
};
#define PROMPT_INIT { STRBUF_INIT, 0, NULL, 0, 0, 0, 0, PACK_INIT }

struct prompt_request {
	const char *actor;
	const struct turn *turn;
	const char *task;		/* {{task}}; NULL: empty */
	const struct json *data;	/* --data and --var: added to the variables, and
					 * stronger than them; may be NULL */
	unsigned pack_flags;		/* enum pack_flags */
	const char *notice;		/* what must be read before all else; NULL */
	bool notice_after_core;		/* the core travels apart: the rest begins with it */
};
/*
 * ORCH_EINVALID: a core file or template that is missing or broken, an
 * unknown variable, or a prompt over the budget (the message has its size
 * and the key).
 */
int prompt_build(struct prompt *out, struct orch *o,
		 const struct prompt_request *req);
void prompt_release(struct prompt *p);
/* The public form: actor, tokens, budget, parts[], text. */
void prompt_to_json(struct json *out, const struct prompt *p,
		    const char *actor);
#endif
