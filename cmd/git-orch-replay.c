/*
 * git-orch-replay - what delivering documents would have cost in a history
 */
#include "base/command.h"
#include "base/live.h"
#include "base/output.h"
#include "base/text.h"
#include "orch/config_value.h"
#include "orch/orch.h"
#include "orch/replay.h"

static struct strvec subjects = STRVEC_INIT, docs = STRVEC_INIT;
static const char *price_read, *price_write;
static bool verify_option;

static const char *const usage[] = {
	"git orch replay [--actor-subject <actor=regex>]... [--doc <pattern>]... "
	"[--price-read <price>] [--price-write <price>] [--verify] [--json] "
	"[<rev>|<rev>..<rev>]",
	NULL
};
static const struct opt opts[] = {
	OPT_LIST(0, "actor-subject", &subjects, "actor=regex",
		 "how a turn of the actor begins"),
	OPT_LIST(0, "doc", &docs, "pattern",
		 "a document (default: as configured)"),
	OPT_STRING(0, "price-read", &price_read, "price",
		   "of a cached byte (default: orch.priceRead)"),
	OPT_STRING(0, "price-write", &price_write, "price",
		   "of a byte to cache (default: orch.priceWrite)"),
	OPT_FLAG(0, "verify", &verify_option,
		 "read every pack back and compare"),
	OPT_END
};

/* --- progress -------------------------------------------------------------- */

struct progress {
	struct live live;
	const struct replay_actor *actor;
	size_t done, total;
	int64_t shown_ms;
};

static void on_turn(size_t turn, void *data)
{
	struct progress *p = data;
	int64_t now = time_awake_ms();

	p->done++;
	if (!p->live.is_terminal || now - p->shown_ms < 100)
		return;
	p->shown_ms = now;
	live_status(&p->live, "%s: turn %zu of %zu  (%zu%%)", p->actor->name, turn + 1,
		    p->actor->nr, p->done * 100 / p->total);
}

static int play(struct replay *r)
{
	struct progress p = { .total = 0 };
	int rc = 0;

	for (size_t i = 0; i < r->nr; i++)
		p.total += r->actors[i].nr;
	live_open(&p.live, 2);
	for (size_t i = 0; i < r->nr && rc == 0; i++) {
		p.actor = &r->actors[i];
		rc = replay_play(r, i, on_turn, &p);
	}
	live_close(&p.live);
	return rc;
}

/* --- what came of it --------------------------------------------------------- */

static double ratio(double part, double whole)
{
	return whole > 0 ? part / whole : 0;
}

static void add_price(struct json *out, const char *key, double price,
		      const struct replay_sums *s)
{
	json_add_real(out, key, ratio(price, (double)s->full));
}

static void add_actor(struct json *actors, const struct replay_actor *a)
{
	const struct replay_sums *s = &a->sums;
	struct json *j = json_add_object(actors, NULL), *price;

	json_add_string(j, "actor", a->name);
	json_add_int(j, "turns", (int64_t)s->turns);
	json_add_real(j, "file_hit_rate", ratio((double)s->documents_hit,
						(double)s->documents));
	json_add_real(j, "byte_hit_rate", ratio((double)s->hit, (double)s->full));
	json_add_int(j, "full_bytes", s->full);
	json_add_int(j, "delta_bytes", s->delta);
	price = json_add_object(j, "price");
	json_add_real(price, "full", s->full ? 1 : 0);
	add_price(price, "fixed_order", s->fixed_order, s);
	add_price(price, "stable_order", s->stable_order, s);
	add_price(price, "fresh", s->fresh, s);
	add_price(price, "resumed", s->resumed, s);
	json_add_int(j, "key_frames", (int64_t)s->frames);
	json_add_int(j, "sealed", (int64_t)s->sealed);
	json_add_real(j, "price_read", a->read);
	json_add_real(j, "price_write", a->write);
}

/* All actors together. */
static struct replay_sums sum_up(const struct replay *r)
{
	struct replay_sums all = { .turns = 0 };

	for (size_t i = 0; i < r->nr; i++) {
		const struct replay_sums *s = &r->actors[i].sums;

		all.full += s->full;
		all.fixed_order += s->fixed_order;
		all.stable_order += s->stable_order;
		all.fresh += s->fresh;
		all.resumed += s->resumed;
	}
	return all;
}

static double saved(double price, double of)
{
	return of > 0 ? 100 * (1 - price / of) : 0;
}

/* Against no cache at all, and against what a cache gives anybody. */
static void show_saved(struct output *out, const struct replay *r)
{
	struct replay_sums s = sum_up(r);
	double best = s.fixed_order < s.stable_order ? s.fixed_order : s.stable_order;

	output_line(out, "git-orch would have saved %.0f%% with fresh sessions, %.0f%% with "
		    "resumed ones;", saved(s.fresh, (double)s.full),
		    saved(s.resumed, (double)s.full));
	output_line(out, "against the better of the cached prefixes %.0f%% and %.0f%%.",
		    saved(s.fresh, best), saved(s.resumed, best));
}

/* Each actor's first turn has to be given everything in any case. */
static bool show_nothing(struct output *out, const struct replay *r)
{
	struct strbuf turns = STRBUF_INIT;
	bool second = false, found = false;

	for (size_t i = 0; i < r->nr; i++) {
		const struct replay_sums *s = &r->actors[i].sums;

		second |= s->turns > 1;
		found |= s->full > 0;
		strbuf_addf(&turns, "%s%s %zu", i ? ", " : "", r->actors[i].name, s->turns);
	}
	if (!second)
		output_line(out, "nothing to compare: no actor has taken a second turn (%s)",
			    turns.buf);
	else if (!found)
		output_line(out, "nothing to compare: no document in these turns; name some "
			    "with --doc (%s)", turns.buf);
	strbuf_release(&turns);
	return !second || !found;
}

static void show_prices(struct output *out, const struct replay *r)
{
	static const char *const rows[] = {
		"all documents, uncached",
		"in a fixed order, prefix cached",
		"ordered by stability, prefix cached",
		"git-orch, a fresh session each turn",
		"git-orch, a resumed session",
	};
	char columns[66] = "lrrr";

	memset(columns + 1, 'r', r->nr < 64 ? r->nr : 64);
	columns[1 + (r->nr < 64 ? r->nr : 64)] = '\0';
	output_table_begin(out, columns);
	output_cell(out, "price of the documents of a turn");
	for (size_t i = 0; i < r->nr && i < 64; i++)
		output_cell(out, "%s", r->actors[i].name);
	output_row_end(out);
	for (size_t k = 0; k < ARRAY_SIZE(rows); k++) {
		output_cell(out, "%s", rows[k]);
		for (size_t i = 0; i < r->nr && i < 64; i++) {
			const struct replay_sums *s = &r->actors[i].sums;
			const double price[ARRAY_SIZE(rows)] = {
				(double)s->full, s->fixed_order, s->stable_order,
				s->fresh, s->resumed,
			};

			if (!s->full)
				output_cell(out, "-");
			else
				output_cell_color(out, k >= 3 ? OUTPUT_GREEN : OUTPUT_PLAIN,
						  "%.3f", price[k] / (double)s->full);
		}
		output_row_end(out);
	}
	output_table_end(out);
}

static void show_actors(struct output *out, const struct replay *r)
{
	output_table_begin(out, "lrrrrrrr");
	output_cell(out, "actor");
	output_cell(out, "turns");
	output_cell(out, "documents a turn");
	output_cell(out, "of them new");
	output_cell(out, "unchanged files");
	output_cell(out, "bytes");
	output_cell(out, "key frames");
	output_row_end(out);
	for (size_t i = 0; i < r->nr; i++) {
		const struct replay_sums *s = &r->actors[i].sums;
		int64_t n = s->turns > 1 ? (int64_t)s->turns - 1 : 1;

		output_cell(out, "%s", r->actors[i].name);
		output_cell(out, "%zu", s->turns);
		output_cell(out, "%s bytes", count_human(s->full / n));
		output_cell(out, "%s bytes", count_human(s->delta / n));
		output_cell(out, "%.0f%%", 100 * ratio((double)s->documents_hit,
						       (double)s->documents));
		output_cell(out, "%.0f%%", 100 * ratio((double)s->hit, (double)s->full));
		output_cell(out, "%zu", s->frames);
		output_row_end(out);
	}
	output_table_end(out);
}

static int show(const struct replay *r)
{
	struct output out;
	struct json *actors;

	output_open(&out);
	actors = json_add_array(output_json(&out), "actors");
	for (size_t i = 0; i < r->nr; i++)
		add_actor(actors, &r->actors[i]);
	if (show_nothing(&out, r))
		return output_close(&out);
	show_actors(&out, r);
	output_line(&out, "%s", "");
	show_prices(&out, r);
	output_line(&out, "%s", "");
	show_saved(&out, r);
	output_line(&out, "%s", "");
	for (size_t i = 0; i < r->nr; i++)
		output_line(&out, "%s: a byte read from the cache %g, written to it %g, "
			    "else 1", r->actors[i].name, r->actors[i].read,
			    r->actors[i].write);
	output_line(&out, "Prices are relative to sending all bytes uncached. Each actor's "
		    "first turn is left out,");
	output_line(&out, "and every turn counts as within the cache's life.");
	return output_close(&out);
}

static int parse_price(const char *option, const char *s, double *out)
{
	*out = -1;
	if (s && config_parse_price(out, s) < 0)
		return usage_error("%s needs a price such as 1.25, not '%s'", option, s);
	return 0;
}

static int run(int argc, const char **argv)
{
	struct replay_options o = {
		.range = argc ? argv[0] : NULL, .subjects = &subjects, .docs = &docs,
		.verify = verify_option,
	};
	struct replay r = REPLAY_INIT;
	struct orch orch = ORCH_INIT;
	int rc;

	if (argc > 1)
		return usage_error("unexpected argument '%s'", argv[1]);
	if ((rc = parse_price("--price-read", price_read, &o.read)) < 0 ||
	    (rc = parse_price("--price-write", price_write, &o.write)) < 0)
		return rc;
	if ((rc = orch_open(&orch, ORCH_LOOP_OPTIONAL)) < 0 ||
	    (rc = replay_find(&r, &orch, &o)) < 0 || (rc = play(&r)) < 0)
		goto out;
	rc = show(&r);
out:
	replay_release(&r);
	orch_release(&orch);
	return rc;
}

const struct command orch_command = {
	.name = "replay", .usage = usage, .opts = opts, .run = run,
	.summary = "what delivering documents would have cost in a history",
	.flags = COMMAND_JSON,
};
