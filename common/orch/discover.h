#ifndef ORCH_DISCOVER_H
#define ORCH_DISCOVER_H
/*
 * What is in this work tree that a loop could use: prompts and whose they
 * are, the plan, findings and input, the documents that the prompts name.
 * Only looks; reads are bounded and stay in the work tree. What `init` then
 * does with it is in orch/setup.h.
 *
 *   discovery_find(&d, &req);          // the actors are known now
 *   d.actors[i].agent = ...;           // the caller knows their agents
 *   discovery_own_files(&d);           // what an agent loads by itself
 *   discovery_release(&d);
 */
#include "base/compat.h"
#include "base/strvec.h"
#include "orch/usage.h"
struct import;
struct repo;

struct discovered_actor {
	char *name;
	struct strvec core;	/* prompt files, in order; may be empty */
	int64_t core_tokens;
	char *context;		/* template; NULL */
	enum agent_kind agent;	/* the caller's to fill in; AGENT_OTHER */
};
struct discovered_document {
	char *path;
	uint64_t size;
	int64_t tokens;
	char *actor;		/* only this one's; NULL: everybody's */
	bool self_loaded;	/* each reader's agent loads it by itself */
};
struct left_out {
	char *path, *reason;
};
struct prompt_hint {
	char *path;		/* of the prompt */
	int line;
	const char *what;	/* "pulls", "pushes" */
};

struct discovery {
	struct discovered_actor *actors;	/* the ring's, each once */
	size_t nr_actors, alloc_actors;
	struct strvec ring;
	bool from_prompts;	/* false: no prompt was found */
	const char *named_by;	/* "the prompts name", "CLAUDE.md names" */
	char *plan, *findings, *input;	/* NULL: none found */
	int64_t plan_tokens, findings_tokens, input_tokens;
	struct discovered_document *docs;
	size_t nr_docs, alloc_docs;
	struct left_out *left;
	size_t nr_left, alloc_left;
	struct prompt_hint *hints;
	size_t nr_hints, alloc_hints;
	bool imported;		/* settings of another tool were heeded */
};
#define DISCOVERY_INIT { .named_by = "the prompts name" }

struct discover_request {
	struct repo *repo;	/* with a work tree */
	const struct strvec *ring;	/* set by the configuration; NULL: find it */
	uint64_t max_document;	/* bytes; larger ones are left out */
	int64_t budget;		/* tokens; documents beyond it are left out */
	const struct import *settings;	/* of another tool: they come before
					 * what names say; NULL */
};
int discovery_find(struct discovery *out, const struct discover_request *req);
/* Mark and list the documents that an actor's agent loads by itself. */
void discovery_own_files(struct discovery *d);
void discovery_release(struct discovery *d);

/* Where plans are looked for, the likeliest first; ended by NULL. */
extern const char *const discovery_plan_names[];
#endif
