#ifndef ORCH_USAGE_H
#define ORCH_USAGE_H
/*
 * What an agent's output says about itself: tokens, cost, model, session.
 * Known are `claude -p --output-format json|stream-json` and
 * `codex exec --json`; anything else passes through as text.
 * Figures are normalised: claude's input excludes cached tokens, codex's
 * includes them, and `uncached` here never does.
 */
#include "base/compat.h"
#include "base/strbuf.h"
struct json;

enum agent_kind { AGENT_OTHER, AGENT_CLAUDE, AGENT_CODEX };
/* ORCH_EINVALID for a name that is not in our table. */
int agent_kind_parse(enum agent_kind *out, const char *name);
const char *agent_kind_name(enum agent_kind kind);

struct usage {
	bool has_tokens, has_cost;
	int64_t uncached, cache_write, cache_read, output;
	double cost_usd;
	char *model, *session;
	char *error;		/* what the agent itself reported as its failure */
	bool is_error;
	bool compacted;		/* the stream had a compact_boundary */
	bool partial;		/* the stream was cut: this run's messages added
				 * up, not the session's total */
	bool own_figures;	/* they are known to be this run's, not a total */
};
#define USAGE_INIT { .has_tokens = false }
void usage_release(struct usage *u);
void usage_copy(struct usage *out, const struct usage *u);	/* *out is overwritten */
/*
 * A resumed session reports totals since it began: take away what an earlier
 * report of the same session said, unless a figure would become negative or no
 * output would be left (then it was no total). receipt_set_usage() is what turns use.
 */
void usage_subtract(struct usage *u, const struct usage *earlier);
/* Add tokens and cost of another, as far as it has them. */
void usage_add(struct usage *u, const struct usage *other);

/* Adds session, model, tokens, cost_usd, and where set error, compacted,
 * partial to the object `out`. Reading takes nothing on trust. */
void usage_to_json(struct json *out, const struct usage *u);
void usage_from_json(struct usage *out, const struct json *in);
/* The four figures of tokens alone, as members of an object. */
void usage_tokens_to_json(struct json *out, const struct usage *u);
void usage_tokens_from_json(struct usage *u, const struct json *in);

/* One figure of another program's report: false, and *out untouched, for what
 * no honest one says (negative, a fraction, 1e300, a string). */
bool usage_figure(const struct json *object, const char *key, int64_t *out);
bool usage_cost(const struct json *object, const char *key, double *out);

/* A parser that is fed the agent's stdout as it comes. */
struct usage_parser;
/*
 * Text for people, as the agent wrote it (not yet safe for a terminal): what
 * it says, whole lines where a format is known, as it comes otherwise. With
 * `tool`, one line without newline that names a tool use: "Edit src/x.c".
 */
typedef void usage_show(const char *text, size_t len, bool tool, void *data);
struct usage_parser *usage_parser_new(enum agent_kind kind, usage_show *show,
				      void *data);
void usage_parser_feed(struct usage_parser *p, const char *bytes, size_t len);
/* No more is coming. The figures are moved to *out. */
void usage_parser_finish(struct usage_parser *p, struct usage *out);
void usage_parser_free(struct usage_parser *p);
#endif
