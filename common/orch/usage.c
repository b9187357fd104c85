/*
 * Figures of an agent's run: names of the kinds, arithmetic, JSON. Reading
 * them from what agents print is in usage_parser.c.
 */
#include "orch/usage.h"

#include <math.h>

#include "base/error.h"
#include "base/json.h"

#define FIGURE_MAX (((int64_t)1 << 53) - 1)	/* what JSON carries exactly */
#define COST_MAX 1e9

static const char *const kind_names[] = {
	[AGENT_OTHER] = "other",
	[AGENT_CLAUDE] = "claude",
	[AGENT_CODEX] = "codex"
};

int agent_kind_parse(enum agent_kind *out, const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kind_names); i++) {
		if (str_eq(name, kind_names[i])) {
			*out = (enum agent_kind)i;
			return 0;
		}
	}
	return error_set(ORCH_EINVALID,
			 "unknown agent '%s': claude, codex or other", name);
}

const char *agent_kind_name(enum agent_kind kind)
{
	return kind_names[kind];
}

void usage_release(struct usage *u)
{
	free(u->model);
	free(u->session);
	free(u->error);
	*u = (struct usage)USAGE_INIT;
}

void usage_copy(struct usage *out, const struct usage *u)
{
	*out = *u;
	out->model = xstrdup(u->model);
	out->session = xstrdup(u->session);
	out->error = xstrdup(u->error);
}

/* To the nanodollar: 0.3 - 0.1 shall not print as 0.19999999999999998. */
static double nano(double dollars)
{
	return (double)(int64_t)(dollars * 1e9 + 0.5) / 1e9;
}

void usage_subtract(struct usage *u, const struct usage *earlier)
{
	if (u->has_tokens && earlier->has_tokens &&
	    u->uncached >= earlier->uncached &&
	    u->cache_write >= earlier->cache_write &&
	    u->cache_read >= earlier->cache_read &&
	    u->output > earlier->output) {
		u->uncached -= earlier->uncached;
		u->cache_write -= earlier->cache_write;
		u->cache_read -= earlier->cache_read;
		u->output -= earlier->output;
	} else if (u->has_tokens && earlier->has_tokens) {
		return;
	}
	if (u->has_cost && earlier->has_cost && u->cost_usd >= earlier->cost_usd)
		u->cost_usd = nano(u->cost_usd - earlier->cost_usd);
}

static void add_figure(int64_t *sum, int64_t n)
{
	*sum = *sum > FIGURE_MAX - n ? FIGURE_MAX : *sum + n;
}

void usage_add(struct usage *u, const struct usage *other)
{
	if (other->has_tokens) {
		add_figure(&u->uncached, other->uncached);
		add_figure(&u->cache_write, other->cache_write);
		add_figure(&u->cache_read, other->cache_read);
		add_figure(&u->output, other->output);
		u->has_tokens = true;
	}
	if (other->has_cost) {
		u->cost_usd += other->cost_usd;
		u->has_cost = true;
	}
}

void usage_tokens_to_json(struct json *out, const struct usage *u)
{
	json_add_int(out, "uncached", u->uncached);
	json_add_int(out, "cache_write", u->cache_write);
	json_add_int(out, "cache_read", u->cache_read);
	json_add_int(out, "output", u->output);
}

void usage_to_json(struct json *out, const struct usage *u)
{
	json_add_string(out, "session", u->session);
	json_add_string(out, "model", u->model);
	if (u->has_tokens)
		usage_tokens_to_json(json_add_object(out, "tokens"), u);
	else
		json_add_null(out, "tokens");
	if (u->has_cost)
		json_add_real(out, "cost_usd", u->cost_usd);
	else
		json_add_null(out, "cost_usd");
	if (u->is_error || u->error)
		json_add_string(out, "error", u->error ? u->error : "");
	if (u->compacted)
		json_add_bool(out, "compacted", true);
	if (u->partial)
		json_add_bool(out, "partial", true);
}

bool usage_figure(const struct json *object, const char *key, int64_t *out)
{
	int64_t n;

	if (json_get_int(object, key, &n) < 0 || n < 0 || n > FIGURE_MAX)
		return false;
	*out = n;
	return true;
}

bool usage_cost(const struct json *object, const char *key, double *out)
{
	double x;

	if (json_get_real(object, key, &x) < 0 || !isfinite(x) || x < 0 ||
	    x > COST_MAX)
		return false;
	*out = x;
	return true;
}

void usage_tokens_from_json(struct usage *u, const struct json *in)
{
	u->has_tokens |= usage_figure(in, "uncached", &u->uncached);
	u->has_tokens |= usage_figure(in, "cache_write", &u->cache_write);
	u->has_tokens |= usage_figure(in, "cache_read", &u->cache_read);
	u->has_tokens |= usage_figure(in, "output", &u->output);
}

void usage_from_json(struct usage *out, const struct json *in)
{
	const struct json *tokens = json_get(in, "tokens");

	*out = (struct usage)USAGE_INIT;
	out->session = xstrdup(json_get_string(in, "session"));
	out->model = xstrdup(json_get_string(in, "model"));
	out->error = xstrdup(json_get_string(in, "error"));
	out->is_error = out->error != NULL;
	out->compacted = json_get_bool(in, "compacted", false);
	out->partial = json_get_bool(in, "partial", false);
	if (json_is_object(tokens))
		usage_tokens_from_json(out, tokens);
	out->has_cost = usage_cost(in, "cost_usd", &out->cost_usd);
}
