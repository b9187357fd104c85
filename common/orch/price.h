#ifndef ORCH_PRICE_H
#define ORCH_PRICE_H
/*
 * What an actor's tokens cost, and so how its packs are laid out: see
 * orch/layout.h. orchactor.<name>.priceRead and priceWrite, else orch.priceRead and
 * orch.priceWrite where they are set, else what the actor's agent is known for.
 */
#include "orch/layout.h"
struct orch;

/* A key frame lives this long at most. */
#define PRICE_FRAME_DAYS 7

/* The wall clock is read. */
void price_policy(struct layout_policy *out, struct orch *o, const char *actor);
#endif
