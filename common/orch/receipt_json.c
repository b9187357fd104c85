/*
 * A receipt as one line of JSON, and back. Agents can write the file that it
 * comes from, so reading believes nothing: what is of the wrong type or
 * impossible makes the line broken, what is merely missing is empty.
 */
#include <math.h>

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "orch/receipt.h"

#define LIST_MAX 1000
#define SECONDS_MAX 3e8

static void add_oid(struct json *out, const char *key, const struct oid *oid)
{
	json_add_string(out, key, oid_is_zero(oid) ? NULL : oid_hex(oid));
}

static void add_totals(struct json *out, const struct usage *u)
{
	struct json *t;

	if (!u->has_tokens && !u->has_cost) {
		json_add_null(out, "reported");
		return;
	}
	t = json_add_object(out, "reported");
	if (u->has_tokens)
		usage_tokens_to_json(t, u);
	if (u->has_cost)
		json_add_real(t, "cost_usd", u->cost_usd);
}

void receipt_to_json(struct json *out, const struct receipt *r)
{
	char iso[TIME_ISO_SIZE];
	struct json *list;
	size_t i;

	json_add_string(out, "id", r->id);
	json_add_string(out, "actor", r->actor);
	json_add_string(out, "loop", r->loop);
	json_add_int(out, "iteration", r->iteration);
	json_add_int(out, "step", r->step);
	json_add_int(out, "attempt", r->attempt);
	json_add_int(out, "ordinal", r->ordinal);
	json_add_int(out, "generation", r->generation);
	json_add_string(out, "status", turn_status_name(r->status));
	json_add_string(out, "reason", r->reason);
	json_add_string(out, "started_at", time_iso(iso, r->started_ms));
	json_add_string(out, "ended_at", time_iso(iso, r->ended_ms));
	json_add_real(out, "seconds", (double)(r->ended_ms - r->started_ms) / 1000);
	json_add_int(out, "waited_ms", r->waited_ms);
	json_add_string(out, "host", r->host);
	if (r->has_agent) {
		struct json *agent = json_add_object(out, "agent");

		json_add_string(agent, "kind", agent_kind_name(r->agent));
		json_add_int(agent, "exit_code", r->exit_code);
	} else {
		json_add_null(out, "agent");
	}
	usage_to_json(out, &r->usage);
	add_totals(out, &r->total);
	add_oid(out, "head_before", &r->head_before);
	add_oid(out, "head_after", &r->head_after);
	list = json_add_array(out, "commits");
	for (i = 0; i < r->nr_commits; i++)
		json_add_string(list, NULL, oid_hex(&r->commits[i]));
	json_add_int(out, "files_changed", r->files_changed);
	json_add_int(out, "uncommitted", r->uncommitted);
	list = json_add_array(out, "files");
	for (i = 0; i < r->nr_files; i++)
		json_add_string(list, NULL, r->files[i]);
	if (r->prompt)
		json_add(out, "prompt", json_copy(r->prompt));
	else
		json_add_null(out, "prompt");
	if (r->checks)	/* most have found nothing */
		json_add(out, "checks", json_copy(r->checks));
	json_add_string(out, "pack", r->pack);
	json_add_string(out, "log", r->log);
}

static bool get_count(const struct json *in, const char *key, int64_t *out)
{
	int rc = json_get_int(in, key, out);

	if (rc == ORCH_ENOTFOUND) {
		*out = 0;
		return true;
	}
	return rc == 0 && *out >= 0;
}

static bool get_time(const struct json *in, const char *key, int64_t *out)
{
	const char *s = json_get_string(in, key);

	return s && time_parse_iso(out, s) == 0;
}

static bool get_oid(const struct json *in, const char *key, struct oid *out)
{
	const struct json *value = json_get(in, key);

	if (!value || json_is_null(value))
		return true;
	return json_is_string(value) && oid_parse(out, json_string(value)) == 0;
}

static bool get_status(const struct json *in, enum turn_status *out)
{
	const char *s = json_get_string(in, "status");
	int i;

	for (i = TURN_IDLE; s && i <= TURN_LOST; i++) {
		if (str_eq(s, turn_status_name((enum turn_status)i))) {
			*out = (enum turn_status)i;
			return true;
		}
	}
	return false;
}

static bool get_agent(struct receipt *r, const struct json *in)
{
	const struct json *agent = json_get(in, "agent");
	const char *kind = json_get_string(agent, "kind");
	int64_t code;

	if (!agent || json_is_null(agent))
		return true;
	if (!get_count(agent, "exit_code", &code) || code > 255)
		return false;
	r->has_agent = true;
	r->exit_code = (int)code;
	/* A kind that only a newer git-orch knows is "other" to us. */
	if (!kind || agent_kind_parse(&r->agent, kind) < 0)
		r->agent = AGENT_OTHER;
	return true;
}

static bool get_commits(struct receipt *r, const struct json *in)
{
	const struct json *list = json_get(in, "commits"), *c;

	if (json_count(list) > LIST_MAX)
		return false;
	r->commits = xcalloc(json_count(list) + 1, sizeof(*r->commits));
	for (c = json_first(list); c; c = json_next(c)) {
		if (!json_is_string(c) ||
		    oid_parse(&r->commits[r->nr_commits], json_string(c)) < 0)
			return false;
		r->nr_commits++;
	}
	return true;
}

static bool get_files(struct receipt *r, const struct json *in)
{
	const struct json *list = json_get(in, "files"), *c;

	if (json_count(list) > LIST_MAX)
		return false;
	r->files = xcalloc(json_count(list) + 1, sizeof(*r->files));
	for (c = json_first(list); c; c = json_next(c)) {
		if (!json_is_string(c))
			return false;
		r->files[r->nr_files++] = xstrdup(json_string(c));
	}
	return true;
}

static void get_totals(struct usage *u, const struct json *t)
{
	if (!json_is_object(t))
		return;
	usage_tokens_from_json(u, t);
	u->has_cost = usage_cost(t, "cost_usd", &u->cost_usd);
}

/* Milliseconds are in "seconds" only; the two stamps have whole ones. */
static bool get_times(struct receipt *r, const struct json *in)
{
	double seconds;

	if (!get_time(in, "started_at", &r->started_ms) ||
	    !get_time(in, "ended_at", &r->ended_ms))
		return false;
	if (json_get_real(in, "seconds", &seconds) == 0 && isfinite(seconds) &&
	    seconds >= 0 && seconds <= SECONDS_MAX)
		r->ended_ms = r->started_ms + (int64_t)(seconds * 1000 + 0.5);
	return r->ended_ms >= r->started_ms && get_count(in, "waited_ms", &r->waited_ms);
}

int receipt_from_json(struct receipt *out, const struct json *in)
{
	const struct json *prompt = json_get(in, "prompt");
	int64_t version = 1;

	receipt_init(out);
	if (!json_is_object(in) ||
	    json_get_int(in, "version", &version) == ORCH_EINVALID || version < 1)
		goto broken;
	if (version > 1)
		return error_set(ORCH_EINVALID, "a receipt of version %" PRId64
				 " needs a newer git-orch", version);
	out->id = xstrdup(json_get_string(in, "id"));
	out->actor = xstrdup(json_get_string(in, "actor"));
	out->loop = xstrdup(json_get_string(in, "loop"));
	if (!out->id || !out->actor || !out->loop)
		goto broken;
	if (!get_count(in, "iteration", &out->iteration) ||
	    !get_count(in, "step", &out->step) ||
	    !get_count(in, "attempt", &out->attempt) ||
	    !get_count(in, "ordinal", &out->ordinal) ||
	    !get_count(in, "generation", &out->generation) ||
	    !get_count(in, "files_changed", &out->files_changed) ||
	    !get_count(in, "uncommitted", &out->uncommitted) ||
	    !get_status(in, &out->status) || !get_times(out, in) ||
	    !get_oid(in, "head_before", &out->head_before) ||
	    !get_oid(in, "head_after", &out->head_after) ||
	    !get_agent(out, in) || !get_commits(out, in) || !get_files(out, in))
		goto broken;
	out->reason = xstrdup(json_get_string(in, "reason"));
	out->host = xstrdup(json_get_string(in, "host"));
	out->pack = xstrdup(json_get_string(in, "pack"));
	out->log = xstrdup(json_get_string(in, "log"));
	usage_from_json(&out->usage, in);
	usage_copy(&out->total, &out->usage);
	out->total.has_tokens = out->total.has_cost = false;
	out->total.uncached = out->total.cache_write = 0;
	out->total.cache_read = out->total.output = 0;
	out->total.cost_usd = 0;
	get_totals(&out->total, json_get(in, "reported"));
	if (json_is_object(json_get(in, "checks")))
		out->checks = json_copy(json_get(in, "checks"));
	if (json_is_object(prompt))
		out->prompt = json_copy(prompt);
	return 0;
broken:
	receipt_release(out);
	return error_set(ORCH_EINVALID, "not a receipt");
}
