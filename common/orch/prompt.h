#ifndef ORCH_PROMPT_H
#define ORCH_PROMPT_H
/*
 * A prompt: static parts first (core files byte for byte, the documents' key
 * frame and sealed changes), then what is open, then the part of this turn (a
 * Mustache template, with the variables of orch/promptdata.h). The parts that
 * rarely change stand in front so that the provider's prefix cache holds.
 *
 * A resumed session has the static parts already: they stand in the text all
 * the same, for agents that want them again, but do not count.
 */
#include "base/compat.h"
#include "base/strbuf.h"
#include "git/oid.h"
#include "orch/pack.h"
struct orch;
struct turn;
struct delta;
struct json;

struct prompt_part {
	const char *kind;	/* "notice", "core", "turn", pack_part_name() */
	char *name;		/* the file, or "built-in template" */
	size_t offset, len;	/* in the prompt's text */
	int64_t tokens;
	struct oid blob;
	bool is_static;
};
struct prompt {
	struct strbuf text;
	size_t static_len;	/* the first bytes of text that are static */
	struct prompt_part *parts;
	size_t nr, alloc;
	int64_t tokens, budget;	/* without what a resumed session has */
	struct pack pack;
};
#define PROMPT_INIT { .text = STRBUF_INIT, .pack = PACK_INIT }

struct prompt_request {
	const char *actor;
	const struct turn *turn;
	const char *task;		/* {{task}}; NULL: empty */
	const struct json *checks;	/* what was found before this turn, as in a receipt; NULL */
	const struct json *data;	/* --data and --var: added to the variables, and
					 * stronger than them; may be NULL */
	unsigned pack_flags;		/* enum pack_flags */
	const char *session;		/* to be resumed, or begun under that id; NULL */
	const char *notice;		/* what must be read before all else; NULL */
	bool notice_after_core;		/* the core travels apart: the rest begins with it */
};
/*
 * ORCH_EINVALID: a core file or template that is missing or broken, an
 * unknown variable, or a budget that not even the rest beside the documents
 * fits (the message has the sizes and the key).
 */
int prompt_build(struct prompt *out, struct orch *o,
		 const struct prompt_request *req);
/* The same of what is no document, and nothing is kept or written. */
int prompt_check(struct orch *o, const struct prompt_request *req);
void prompt_release(struct prompt *p);
/* The public form: actor, tokens, budget, parts[], text. */
void prompt_to_json(struct json *out, const struct prompt *p,
		    const char *actor);
#endif
