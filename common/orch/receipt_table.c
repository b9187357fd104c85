/* The turns as people see them: one row each, in `log` and on the status page. */
#include "base/json.h"
#include "base/output.h"
#include "base/strbuf.h"
#include "base/text.h"
#include "orch/receipt.h"

#define REASON_MAX 60

static enum output_color color_of(enum turn_status status)
{
	switch (status) {
	case TURN_OK:
		return OUTPUT_GREEN;
	case TURN_FAILED:
	case TURN_LOST:
		return OUTPUT_RED;
	case TURN_INTERRUPTED:
		return OUTPUT_YELLOW;
	default:
		return OUTPUT_PLAIN;
	}
}

static void add_rules(struct strbuf *out, const struct json *findings, const char *level)
{
	size_t start = out->len;

	for (const struct json *f = json_first(findings); f; f = json_next(f)) {
		const char *rule = json_get_string(f, "rule");
		const char *is = json_get_string(f, "level");
		char *word = xstrfmt(" %.40s", rule ? rule : "?");

		if (is && str_eq(is, level) &&
		    (out->len == start || !strstr(out->buf + start, word))) {
			if (out->len == start)
				strbuf_addf(out, "%s%s", start ? "  " : "", level);
			strbuf_addstr(out, word);
		}
		free(word);
	}
}

void receipt_describe_checks(struct strbuf *out, const struct receipt *r)
{
	struct strbuf text = STRBUF_INIT;

	add_rules(&text, json_get(r->checks, "findings"), "error");
	add_rules(&text, json_get(r->checks, "findings"), "warn");
	strbuf_addbuf(out, &text);
	strbuf_release(&text);
}

/* The last column: how many commits, and what went wrong. */
static void last_cell(struct output *o, const struct receipt *r)
{
	const char *why = r->reason ? r->reason : r->usage.error;
	size_t len = why ? strcspn(why, "\r\n") : 0;
	struct strbuf checks = STRBUF_INIT;

	receipt_describe_checks(&checks, r);
	if (r->status == TURN_OK && checks.len) {
		output_cell(o, "%zu  %s", r->nr_commits, checks.buf);
		strbuf_release(&checks);
		return;
	}
	strbuf_release(&checks);
	if (!len || r->status == TURN_OK || str_eq(why, turn_status_name(r->status))) {
		output_cell(o, "%zu", r->nr_commits);
		return;
	}
	if (len > REASON_MAX) {		/* cut between characters */
		for (len = REASON_MAX; len && ((unsigned char)why[len] & 0xc0) == 0x80;)
			len--;
		output_cell(o, "%zu  %.*s...", r->nr_commits, (int)len, why);
		return;
	}
	output_cell(o, "%zu  %.*s", r->nr_commits, (int)len, why);
}

void receipt_table(struct output *o, const struct receipt *v, size_t nr)
{
	static const char *const heads[] = {
		"turn", "result", "time", "new", "cached", "out", "cost", "commits"
	};
	size_t i;

	output_table_begin(o, "llrrrrrl");
	for (i = 0; i < ARRAY_SIZE(heads); i++)
		output_cell_color(o, OUTPUT_DIM, "%s", heads[i]);
	output_row_end(o);
	for (i = 0; i < nr; i++) {
		const struct receipt *r = &v[i];
		const struct usage *u = &r->usage;

		output_cell(o, "%s", r->id);
		output_cell_color(o, color_of(r->status), "%s",
				  turn_status_name(r->status));
		output_cell(o, "%s", duration_human_ms(r->ended_ms - r->started_ms));
		output_cell(o, "%s", u->has_tokens ?
			    count_human(u->uncached + u->cache_write) : "-");
		output_cell(o, "%s", u->has_tokens ? count_human(u->cache_read) : "-");
		output_cell(o, "%s", u->has_tokens ? count_human(u->output) : "-");
		if (u->has_cost)
			output_cell(o, "$%.2f", u->cost_usd);
		else
			output_cell(o, "-");
		last_cell(o, r);
		output_row_end(o);
	}
	output_table_end(o);
}
