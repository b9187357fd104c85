#ifndef CMD_CONTEXT_H
#define CMD_CONTEXT_H
/*
 * The parts of git-orch-context: pack.c has what hands documents to an agent, view.c
 * what an actor has seen, invalidate.c what it has forgotten, get.c one document, stats.c what all of it has saved.
 */
#include "base/command.h"
struct orch;

#define PACK_USAGE \
	"git orch context pack [--actor <actor>] [--session <id>] [--budget <tokens>] " \
	"[--full] [--no-cache] [--verify] [--explain] [--preview] " \
	"[--format text|json] [--json]"
#define STATUS_USAGE \
	"git orch context status [--actor <actor>] [--json]"
#define GET_USAGE \
	"git orch context get [--section <name>] [--diff] [--actor <actor>] [--json] <path>"
#define INVALIDATE_USAGE \
	"git orch context invalidate [--all | --actor <actor>] [--older-than <time>] " \
	"[--json] [<path>...]"
#define ACK_USAGE \
	"git orch context ack [--actor <actor>] [--pack <id>] [--json]"
#define STATS_USAGE \
	"git orch context stats [-n <turns>] [--actor <actor>] [--json]"

extern const struct command context_pack_command, context_ack_command,
	context_status_command, context_get_command,
	context_invalidate_command, context_stats_command;

extern const char *context_actor_option;
#define OPT_ACTOR OPT_STRING('a', "actor", &context_actor_option, "actor", \
			     "whose (default: $GIT_ORCH_ACTOR, or who is next)")

/* How most of them begin; *actor is borrowed from `o`. Arguments are misuse. */
int context_begin(struct orch *o, const char **actor, int argc, const char **argv);
#endif
