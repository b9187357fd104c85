/*
 * What an actor's tokens cost.
 */
#include "orch/price.h"

#include "base/error.h"
#include "base/text.h"
#include "orch/orch.h"
#include "orch/usage.h"

/*
 * claude takes the stable part as one block with one breakpoint: a longer block is
 * another block, so nothing can be appended to what is cached. codex starts
 * each thread with a cache of its own and writes it for nothing.
 */
static const struct {
	double write;
	bool appendable;
} agents[] = {
	[AGENT_OTHER] = { -1, true },
	[AGENT_CLAUDE] = { 1.25, false },
	[AGENT_CODEX] = { 1, true },
};

static double price_of(struct orch *o, const char *actor, const char *name,
		       const char *common, double agents_own)
{
	double own = config_actor_price(o->config, actor, name);

	if (own >= 0)
		return own;
	if (agents_own >= 0 && config_level_of(o->config, common) == CONFIG_DEFAULT)
		return agents_own;
	return config_get_price(o->config, common);
}

void price_policy(struct layout_policy *out, struct orch *o, const char *actor)
{
	const char *name = config_actor(o->config, actor, "agent");
	enum agent_kind kind = AGENT_OTHER;

	if (name && agent_kind_parse(&kind, name) < 0)
		error_clear();	/* config_load() has said so */
	memset(out, 0, sizeof(*out));
	out->read = price_of(o, actor, "priceRead", "orch.priceRead", -1);
	out->write = price_of(o, actor, "priceWrite", "orch.priceWrite",
			      agents[kind].write);
	out->appendable = agents[kind].appendable;
	out->every = config_get_int(o->config, "orch.keyframeEvery");
	out->context = (unsigned)config_get_int(o->config, "orch.diffContext");
	if (out->context > 1000)
		out->context = 1000;
	out->now_ms = time_now_ms();
	out->max_age_ms = PRICE_FRAME_DAYS * INT64_C(86400000);
}
