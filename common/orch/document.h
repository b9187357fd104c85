#ifndef ORCH_DOCUMENT_H
#define ORCH_DOCUMENT_H
/*
 * Which tracked texts an actor reads each turn: plan, findings, input, every
 * orch.doc and the actor's own, each path once (git-orch-config(5)). Patterns match
 * files that are tracked or not ignored. What the actor's agent loads by
 * itself (claude: CLAUDE.md, codex: AGENTS.md) is left out.
 */
#include "base/compat.h"
#include "base/strvec.h"
struct orch;

/* Paths of the documents that exist, plan, findings and input first, the
 * others in configuration order, matches of a pattern sorted. */
int documents_resolve(struct strvec *paths, struct orch *o, const char *actor);
/* The file that the actor's agent loads by itself, or NULL. Static. */
const char *document_of_agent(struct orch *o, const char *actor);
#endif
