#ifndef ORCH_USAGE_PARSE_H
#define ORCH_USAGE_PARSE_H
/*
 * Between usage_parser.c, which finds the JSON values in a stream, and the
 * files that understand one program's events. Nobody else includes this.
 */
#include "base/compat.h"
#include "base/strbuf.h"
#include "orch/usage.h"
struct json;

/* Messages and items that are remembered; older ones are settled. */
#define USAGE_RECENT 64

struct usage_message {	/* claude: one message may come in several lines */
	char *id;
	int64_t uncached, cache_write, cache_read, output;
};

struct usage_parser {
	enum agent_kind kind;
	usage_show *show;
	void *data;
	struct usage usage;
	struct strbuf line;	/* what has come of the current one */
	bool passing;		/* the rest of a line that was too long */
	struct strbuf doc;	/* a value that is printed over several lines */
	int doc_depth;
	bool in_doc;
	struct strbuf scratch;

	/* claude */
	struct usage_message recent[USAGE_RECENT];
	size_t next_recent;
	struct usage_message messages;	/* the sum of all before */
	bool has_messages;
	char *cwd;
	bool has_result;
	bool said_text;		/* some text of the agent has been shown */
	/* codex */
	char *items[USAGE_RECENT];	/* ids that have been shown */
	size_t next_item;
	bool failed_last;	/* an error with no completed turn after it */
};

/* True if the value is an event of that program (even if it says nothing). */
bool usage_claude_event(struct usage_parser *p, const struct json *event);
void usage_claude_finish(struct usage_parser *p);
bool usage_codex_event(struct usage_parser *p, const struct json *event);
void usage_codex_finish(struct usage_parser *p);

/* Show a text so that it ends in a newline; an empty one not at all. */
void usage_say(struct usage_parser *p, const char *text);
/* Show a tool use: name and the first line of what it works on. */
void usage_tool(struct usage_parser *p, const char *name, const char *what);
/* Replace *slot by a bounded copy; NULL and "" leave it. */
void usage_set_text(char **slot, const char *text);
/* The agent's own words for its failure, as one short line. */
void usage_set_error(struct usage *u, int64_t http_status, const char *text);
/* a + b, staying within what JSON carries. */
int64_t usage_sum(int64_t a, int64_t b);
#endif
