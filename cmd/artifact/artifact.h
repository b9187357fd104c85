#ifndef CMD_ARTIFACT_H
#define CMD_ARTIFACT_H
/*
 * The parts of git-orch-artifact: look.c lists and shows, find.c searches,
 * export.c writes it all down, clean.c moves to the trash, trash.c back.
 */
#include "base/command.h"
struct artifacts;
struct orch;

#define REBUILD_USAGE "git orch artifact rebuild [--full] [--json]"
#define LIST_USAGE \
	"git orch artifact list [--iteration <n>] [--type <type>] [--json] [-z] " \
	"[<initiative>]"
#define FIND_USAGE \
	"git orch artifact find [--content] [--regex] [--json] [-z] <pattern>"
#define SHOW_USAGE "git orch artifact show [--json] <stamp>|<path>"
#define EXPORT_USAGE "git orch artifact export --yaml | --json"
#define CLEANUP_USAGE \
	"git orch artifact cleanup --older-than <time> [--keep-latest <n>] " \
	"[--initiative <id>] [--larger-than <size>] [--tracked] [--dry-run | --yes] [--json]"
#define RESTORE_USAGE "git orch artifact restore [--json] <id>|<stamp>|<path>..."
#define TRASH_USAGE "git orch artifact trash [--json] [list]"
#define EMPTY_USAGE \
	"git orch artifact trash empty --older-than <time> [--dry-run] [--json]"

extern const struct command artifact_rebuild_command, artifact_list_command,
	artifact_find_command, artifact_show_command, artifact_export_command,
	artifact_cleanup_command, artifact_restore_command, artifact_trash_command;

/* How each of them begins: `flags` are artifacts_open()'s. */
int artifact_begin(struct orch *o, struct artifacts **ix, unsigned flags);
#endif
