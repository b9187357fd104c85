/*
 * What packs have cost and saved: stats.
 */
#include "context.h"

#include "base/output.h"
#include "base/text.h"
#include "orch/orch.h"
#include "orch/packlog.h"

static int64_t count = -1;

struct row {
	const char *name;
	struct packlog_sums sums;
};

static double share(int64_t part, int64_t whole)
{
	return whole ? (double)part / (double)whole : 0;
}

static double price_of(const struct packlog_sums *s)
{
	return s->bytes ? s->price / (double)s->bytes : 0;
}

static void cell_count(struct output *out, int64_t n)
{
	output_cell(out, "%s%s", n < 0 ? "-" : "", count_human(n < 0 ? -n : n));
}

/* --- JSON -------------------------------------------------------------------- */

static void sums_to_json(struct json *out, const struct packlog_sums *s)
{
	json_add_int(out, "turns", s->turns);
	json_add_int(out, "resumed", s->resumed);
	json_add_int(out, "documents", s->documents);
	json_add_int(out, "hits", s->unchanged);
	json_add_real(out, "file_hit_rate", share(s->unchanged, s->documents));
	json_add_int(out, "bytes", s->bytes);
	json_add_int(out, "hit_bytes", s->unchanged_bytes);
	json_add_real(out, "byte_hit_rate", share(s->unchanged_bytes, s->bytes));
	json_add_int(out, "omitted", s->omitted);
	json_add_int(out, "whole_tokens", s->full_tokens);
	json_add_int(out, "sent_tokens", s->pack_tokens);
	json_add_int(out, "saved_tokens", s->full_tokens - s->pack_tokens);
	json_add_real(out, "price", price_of(s));
	json_add_int(out, "saved_by_price", (int64_t)s->saved);
}

static void turn_to_json(struct json *out, const struct packlog_entry *e)
{
	struct packlog_sums s = { .turns = 0 };
	char iso[TIME_ISO_SIZE];

	packlog_add(&s, e);
	json_add_string(out, "at", time_iso(iso, e->at_ms));
	json_add_string(out, "actor", e->actor);
	json_add_string(out, "turn", e->turn);
	json_add_string(out, "pack", e->pack);
	json_add_bool(out, "resumed", e->resumed);
	json_add_int(out, "documents", e->documents);
	json_add_int(out, "hits", e->unchanged);
	json_add_int(out, "bytes", e->bytes);
	json_add_int(out, "hit_bytes", e->unchanged_bytes);
	json_add_int(out, "omitted", e->omitted);
	json_add_int(out, "whole_tokens", e->full_tokens);
	json_add_int(out, "sent_tokens", e->pack_tokens);
	json_add_int(out, "saved_tokens", e->full_tokens - e->pack_tokens);
	json_add_real(out, "price", price_of(&s));
	json_add_int(out, "saved_by_price", (int64_t)s.saved);
}

/* --- text -------------------------------------------------------------------- */

static void heads(struct output *out, const char *const *names)
{
	for (; *names; names++)
		output_cell_color(out, OUTPUT_DIM, "%s", *names);
	output_row_end(out);
}

static void figures(struct output *out, const struct packlog_sums *s)
{
	output_cell(out, "%.0f%%", 100 * share(s->unchanged, s->documents));
	output_cell(out, "%.0f%%", 100 * share(s->unchanged_bytes, s->bytes));
	cell_count(out, s->full_tokens);
	cell_count(out, s->pack_tokens);
	output_cell(out, "%.2f", price_of(s));
	cell_count(out, (int64_t)s->saved);
	output_row_end(out);
}

static void show_turns(struct output *out, const struct packlog *log)
{
	static const char *const names[] = { "turn", "session", "files", "bytes", "whole",
					     "sent", "price", "saved", NULL };

	output_table_begin(out, "llrrrrrr");
	heads(out, names);
	for (size_t i = 0; i < log->nr; i++) {
		const struct packlog_entry *e = &log->v[i];
		struct packlog_sums s = { .turns = 0 };

		packlog_add(&s, e);
		if (e->turn)
			output_cell(out, "%s", e->turn);
		else
			output_cell(out, "%s, pack %s", e->actor, e->pack);
		output_cell(out, "%s", e->resumed ? "resumed" : "fresh");
		figures(out, &s);
	}
	output_table_end(out);
}

static void show_actors(struct output *out, const struct row *rows, size_t nr)
{
	static const char *const names[] = { "actor", "turns", "files", "bytes", "whole",
					     "sent", "price", "saved", NULL };

	output_table_begin(out, "lrrrrrrr");
	heads(out, names);
	for (size_t i = 0; i < nr; i++) {
		output_cell(out, "%s", rows[i].name);
		output_cell(out, "%" PRId64, rows[i].sums.turns);
		figures(out, &rows[i].sums);
	}
	output_table_end(out);
}

/* A row for each actor, by its first turn here, and the total behind them. */
static struct row *sum_up(const struct packlog *log, size_t *nr)
{
	struct row *rows = NULL;
	size_t alloc = 0, k;

	*nr = 0;
	for (size_t i = 0; i < log->nr; i++) {
		for (k = 0; k < *nr && !str_eq(rows[k].name, log->v[i].actor);)
			k++;
		ALLOC_GROW(rows, *nr + 2, alloc);
		if (k == *nr) {
			rows[k] = (struct row){ .name = log->v[i].actor };
			++*nr;
		}
		packlog_add(&rows[k].sums, &log->v[i]);
	}
	ALLOC_GROW(rows, *nr + 1, alloc);
	rows[*nr] = (struct row){ .name = "total" };
	for (size_t i = 0; i < log->nr; i++)
		packlog_add(&rows[*nr].sums, &log->v[i]);
	return rows;
}

static int show(const struct orch *o, const struct packlog *log)
{
	struct json *turns, *actors;
	struct output out;
	struct row *rows;
	size_t nr;

	rows = sum_up(log, &nr);
	output_open(&out);
	json_add_string(output_json(&out), "loop", o->loop);
	actors = json_add_array(output_json(&out), "actors");
	for (size_t i = 0; i < nr; i++) {
		struct json *j = json_add_object(actors, NULL);

		json_add_string(j, "actor", rows[i].name);
		sums_to_json(j, &rows[i].sums);
	}
	sums_to_json(json_add_object(output_json(&out), "total"), &rows[nr].sums);
	turns = json_add_array(output_json(&out), "turns");
	for (size_t i = 0; output_is_json(&out) && i < log->nr; i++)
		turn_to_json(json_add_object(turns, NULL), &log->v[i]);
	json_add_int(output_json(&out), "broken", (int64_t)log->broken);
	if (!log->nr) {
		output_line(&out, "no pack%s%s was acknowledged yet on loop %s",
			    context_actor_option ? " of " : "",
			    context_actor_option ? context_actor_option : "", o->loop);
	} else {
		if (count >= 0) {
			show_turns(&out, log);
			output_line(&out, "%s", "");
		}
		show_actors(&out, rows, nr + (nr > 1));
		output_line(&out, "whole: all documents, uncached, in every turn; price and "
			    "saved: against that,");
		output_line(&out, "with what the provider's cache should hold at its own "
			    "prices");
	}
	free(rows);
	return output_close(&out);
}

static int run_stats(int argc, const char **argv)
{
	struct orch o = ORCH_INIT;
	struct packlog log = PACKLOG_INIT;
	int rc;

	if (argc)
		return usage_error("unexpected argument '%s'", argv[0]);
	if (count < -1)
		return usage_error("-n needs a number from 0, not %" PRId64, count);
	if (context_actor_option && !actor_name_valid(context_actor_option))
		return usage_error("'%s' cannot be an actor's name", context_actor_option);
	if ((rc = orch_open(&o, 0)) < 0 ||
	    (rc = packlog_read(&log, &o, context_actor_option,
			       count > 0 ? (size_t)count : 0)) < 0)
		goto out;
	if (log.broken)
		warn("%zu line%s of %s/context-log.jsonl cannot be read", log.broken,
		     log.broken == 1 ? "" : "s", o.loop_dir);
	rc = show(&o, &log);
out:
	packlog_release(&log);
	orch_release(&o);
	return rc;
}

static const struct opt stats_opts[] = {
	OPT_INT('n', "max-count", &count, "turns",
		"only the last so many, each on a line (0: all)"),
	OPT_STRING('a', "actor", &context_actor_option, "actor",
		   "only this actor's turns"),
	OPT_LOOP,
	OPT_END
};
static const char *const stats_usage[] = { STATS_USAGE, NULL };
const struct command context_stats_command = {
	.name = "stats", .usage = stats_usage, .opts = stats_opts, .run = run_stats,
	.summary = "what packs have cost and saved, by actor and turn",
	.flags = COMMAND_JSON,
};
