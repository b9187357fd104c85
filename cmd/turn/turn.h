#ifndef CMD_TURN_H
#define CMD_TURN_H
/*
 * The parts of git-orch-turn: play.c has what players do with a turn, look.c
 * what people ask about it and do to it from outside.
 */
#include "base/command.h"

#define STATUS_USAGE \
	"git orch turn status [--wait] [--timeout <time>] [--loop <name>] [--json]"
#define ACQUIRE_USAGE \
	"git orch turn acquire [--timeout <time>] [--pid <pid>|none] " \
	"[--lease <time>] [--sync-via-git[=<remote>]] [--loop <name>] [<actor>]"
#define RELEASE_USAGE \
	"git orch turn release [--next <actor>] [--status ok|failed] " \
	"[--set <key>=<value>...] [--generation <n>] [--timeout <time>] " \
	"[--sync-via-git[=<remote>]] [--loop <name>]"
#define RENEW_USAGE \
	"git orch turn renew [--generation <n>] [--sync-via-git[=<remote>]] " \
	"[--loop <name>]"
#define WITH_USAGE \
	"git orch turn with [--timeout <time>] [--lease <time>] " \
	"[--sync-via-git[=<remote>]] [--loop <name>] <actor> [--] <command> [<arg>...]"
#define BREAK_USAGE \
	"git orch turn break [--force] [--reason <text>] " \
	"[--sync-via-git[=<remote>]] [--loop <name>]"
#define PAUSE_USAGE \
	"git orch turn pause [--sync-via-git[=<remote>]] [--loop <name>] [<reason>]"
#define RESUME_USAGE \
	"git orch turn resume [--sync-via-git[=<remote>]] [--loop <name>]"
#define ACCEPT_USAGE \
	"git orch turn accept [--sync-via-git[=<remote>]] [--loop <name>]"
#define SYNC_USAGE \
	"git orch turn sync [--sync-via-git[=<remote>]] [--loop <name>]"
#define REPAIR_USAGE \
	"git orch turn repair [--sync-via-git[=<remote>]] [--loop <name>]"

extern const struct command turn_acquire_command, turn_release_command,
	turn_renew_command, turn_with_command;
extern const struct command turn_status_command, turn_break_command,
	turn_pause_command, turn_resume_command, turn_accept_command,
	turn_sync_command, turn_repair_command;

int turn_no_arguments(int argc, const char **argv);
#endif
