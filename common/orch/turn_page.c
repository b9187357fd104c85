/* The page of `git orch turn status`. */
#include "orch/turn_page.h"

#include "base/error.h"
#include "base/output.h"
#include "base/strbuf.h"
#include "base/text.h"
#include "git/object.h"
#include "orch/orch.h"
#include "orch/turn.h"

static void show_turn(struct output *out, const struct turn *t, bool held)
{
	const char *since = duration_human(time_seconds_since(t->holder.since_ms));

	if (held && t->holder.attempt > 1)
		output_field(out, "turn", "%s, running %s, attempt %" PRId64,
			     t->expected, since, t->holder.attempt);
	else if (held)
		output_field(out, "turn", "%s, running %s", t->expected, since);
	else if (t->holder.actor)
		output_field(out, "turn", "%s, lost: its holder is gone, the next "
			     "acquire takes it over", t->expected);
	else if (turn_kept_elsewhere(t))
		output_field(out, "turn", "%s, kept for %s", t->expected, t->keeper.host);
	else if (t->status == TURN_IDLE)
		output_field(out, "turn", "%s, nobody has played yet", t->expected);
	else
		output_field(out, "turn", "%s, nobody holds it; the last turn: %s",
			     t->expected, turn_status_name(t->status));
}

static void show_head(struct output *out, struct orch *o, const struct turn *t)
{
	if (oid_is_zero(&t->head))
		return;
	if (!repo_work_tree(o->repo))
		output_field(out, "head", "%s", oid_short(&t->head));
	else if (!turn_lacks_head(o, t))
		output_field(out, "head", "%s, this work tree has it", oid_short(&t->head));
	else
		output_field(out, "head", "%s, this work tree does not have it; git "
			     "merge %s", oid_short(&t->head), oid_short(&t->head));
}

static void show_holder(struct output *out, const struct turn *t)
{
	struct strbuf holder = STRBUF_INIT;

	turn_describe_holder(&holder, t);
	output_field(out, "holder", "%s", holder.buf);
	strbuf_release(&holder);
}

static void show_values(struct output *out, const struct turn *t)
{
	for (size_t i = 0; i < t->nr_value; i++)
		output_field(out, i ? "" : "values", "%s=%s", t->value[i].key,
			     t->value[i].value);
}

void turn_add_as_of(struct strbuf *out, struct json *json, struct orch *o,
		    const struct turn *t)
{
	int64_t seconds = turn_heard_seconds(o, t);
	char iso[TIME_ISO_SIZE];

	if (seconds < 0) {
		strbuf_addstr(out, ", not asked since this machine started");
		json_add_null(json, "remote_as_of");
	} else {
		strbuf_addf(out, ", as of %s ago", duration_human(seconds));
		json_add_string(json, "remote_as_of",
				time_iso(iso, time_now_ms() - seconds * 1000));
	}
}

static void show_published(struct output *out, struct orch *o, const struct turn *t,
			   const char *as_of)
{
	const struct turn_sync *s = &t->sync;
	const char *remote;
	struct turn there;

	if (!s->remote) {
		if (turn_remote_name(&remote, o, NULL) < 0)
			error_clear();
		else if (remote)
			output_field(out, "published", "%s has not been asked yet; git orch "
				     "turn sync", remote);
		return;
	}
	if (s->owed) {
		output_field(out, "published", "not yet at %s: %s; git orch turn sync",
			     s->remote, s->error ? s->error : "not reachable");
		return;
	}
	if (turn_read_base(&there, o, t) < 0)
		error_clear();
	else if (there.generation == t->generation && !s->ahead)
		output_field(out, "published", "%s has it%s", s->remote, as_of);
	else if (there.keeper.clone)
		output_field(out, "published", "%s has generation %" PRId64
			     ", the end of iteration %" PRId64 "%s", s->remote,
			     there.generation, there.iteration - 1, as_of);
	else
		output_field(out, "published", "%s has generation %" PRId64 ", iteration %"
			     PRId64 "%s", s->remote, there.generation, there.iteration,
			     as_of);
	turn_release_memory(&there);
}

void turn_page(struct output *out, struct orch *o, const struct turn *t)
{
	struct strbuf as_of = STRBUF_INIT;
	char clock[TIME_ISO_SIZE], *ring;
	bool held;

	turn_to_json(output_json(out), t, o->loop);
	if (t->sync.remote)
		turn_add_as_of(&as_of, output_json(out), o, t);
	if (output_is_json(out))	/* nobody will see what the rest looks up */
		goto out;
	held = turn_holder_alive(t);
	ring = strvec_join(&t->workflow, " ");
	output_field(out, "loop", "%s (%s), iteration %" PRId64 ", step %" PRId64
		     " of %zu, generation %" PRId64, o->loop, ring, t->iteration,
		     t->step + 1, t->workflow.nr, t->generation);
	free(ring);
	show_turn(out, t, held);
	if (t->holder.actor)
		show_holder(out, t);
	if (held && t->lease_ms)
		output_field(out, "lease", "to %s", time_clock(clock, t->lease_ms));
	show_head(out, o, t);
	if (t->paused)
		output_field(out, "paused", "%s%s%s ago on %s", t->paused,
			     *t->paused ? ", " : "",
			     duration_human(time_seconds_since(t->paused_ms)),
			     t->paused_host ? t->paused_host : "?");
	show_values(out, t);
	show_published(out, o, t, as_of.buf);
out:
	strbuf_release(&as_of);
}
