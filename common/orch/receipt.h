#ifndef ORCH_RECEIPT_H
#define ORCH_RECEIPT_H
/*
 * The record that each turn leaves, however it was taken: one line of JSON
 * in orch/receipts.jsonl, appended with one write. Its id is
 * "<iteration>/<actor>", from the actor's second turn in an iteration
 * "<iteration>/<actor>.<n>"; "17/ralph.1" finds the first, too.
 * Lines that cannot be read are skipped and counted, never an error.
 */
#include "base/compat.h"
#include "git/oid.h"
#include "orch/turn.h"
#include "orch/usage.h"
struct orch;
struct json;
struct prompt;
struct strbuf;

struct receipt {
	char *id, *actor, *loop, *host;
	int64_t iteration, step, attempt, ordinal, generation;
	enum turn_status status;
	int64_t started_ms, ended_ms, waited_ms;
	char *reason;		/* why it failed; NULL */
	bool has_agent;		/* an agent ran: the next three mean something */
	enum agent_kind agent;
	int exit_code;		/* 128 + n for a signal */
	struct usage usage, total;	/* this turn's; as reported */
	struct oid head_before, head_after;
	struct oid *commits;	/* newest first */
	size_t nr_commits;
	char **files;		/* paths changed by the commits, then uncommitted */
	size_t nr_files;	/* at most 1,000 are kept */
	int64_t files_changed, uncommitted;
	char *pack;		/* id of the pack the prompt carried */
	struct json *checks;	/* {findings[],exceptions[],errors,...}; NULL: nothing found */
	struct json *prompt;	/* {blob,bytes,tokens,static_bytes,parts[]}; NULL */
	char *log;		/* path below the orch directory; NULL */
};
void receipt_init(struct receipt *r);
void receipt_release(struct receipt *r);

/* Begin a receipt from a held turn: id, actor, times, heads. */
int receipt_begin(struct receipt *r, struct orch *o, const struct turn *t);
/* Fill in what happened since: ended, head_after, commits, files. */
int receipt_end(struct receipt *r, struct orch *o, enum turn_status status);
/*
 * The same in two steps, for who hands the turn on in between: what the turn
 * committed, at once; then what it left uncommitted, which takes a git process.
 * Files changed after the first step are somebody else's and are left out.
 */
int receipt_end_commits(struct receipt *r, struct orch *o,
			enum turn_status status);
void receipt_end_files(struct receipt *r, struct orch *o);
/* Keep the prompt's bytes as a blob under refs/orch/<loop>/prompts and
 * describe it in r->prompt. */
int receipt_keep_prompt(struct receipt *r, struct orch *o,
			const struct prompt *p);
/*
 * What the agent reported: r->total keeps it, r->usage is this turn's share
 * (a resumed session reports totals; what its last receipt said is taken
 * away). `u` is copied.
 */
void receipt_set_usage(struct receipt *r, struct orch *o, const struct usage *u);
/* Append. Failing is for the caller to warn about, never to stop a turn. */
int receipt_write(struct orch *o, const struct receipt *r);
/* Drop logs and prompts beyond orch.keepTurns. */
int receipt_prune(struct orch *o);

struct receipt_list {
	struct receipt *v;	/* oldest first */
	size_t nr, alloc;
	size_t broken;		/* lines that could not be read */
};
#define RECEIPT_LIST_INIT { NULL, 0, 0, 0 }
/* The last `max` receipts of this loop (0: all). Reads from the end. */
int receipt_list(struct receipt_list *out, struct orch *o, size_t max);
/* The same of one actor. */
int receipt_list_actor(struct receipt_list *out, struct orch *o,
		       const char *actor, size_t max);
void receipt_list_release(struct receipt_list *l);
/* "17/ralph", "17/ralph.2". ORCH_ENO if there is none, or no such id can be;
 * the message names those that come near. */
int receipt_find(struct receipt *out, struct orch *o, const char *id);
/* The newest that has figures of this session; ORCH_ENO. */
int receipt_find_session(struct receipt *out, struct orch *o,
			 const char *session);
/* "17-ralph.2": the name of a turn's log and prompt. Yours to free. */
char *receipt_file_name(const char *id);
void receipt_to_json(struct json *out, const struct receipt *r);
int receipt_from_json(struct receipt *out, const struct json *in);

/* For people: the table of turns that log and the status page show; the page
 * of one turn, whose JSON is receipt_to_json(). */
struct output;
/* "warn plan-attempt tests-with-code", appended; nothing without any. */
void receipt_describe_checks(struct strbuf *out, const struct receipt *r);
void receipt_table(struct output *o, const struct receipt *v, size_t nr);
void receipt_page(struct output *out, struct orch *o, const struct receipt *r);
#endif
