/*
 * Agent sessions, and what a provider's cache should hold of a prompt.
 */
#include "orch/session.h"

#include <sys/random.h>

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "orch/orch.h"
#include "orch/pack.h"
#include "orch/price.h"
#include "orch/prompt.h"
#include "orch/receipt.h"
#include "orch/view.h"

#define MAX_ID 128
/* Seconds that a provider keeps what was written at this price. */
#define LIFE_SHORT 300
#define LIFE_LONG 3600

/* What is cached at all begins with so many tokens. */
static const int64_t cache_minimum[] = {
	[AGENT_OTHER] = 1024, [AGENT_CLAUDE] = 4096, [AGENT_CODEX] = 1024,
};

static enum agent_kind agent_of(struct orch *o, const char *actor)
{
	const char *name = config_actor(o->config, actor, "agent");
	enum agent_kind kind = AGENT_OTHER;

	if (name && agent_kind_parse(&kind, name) < 0)
		error_clear();
	return kind;
}

/* The id comes from an agent's output and goes into a command's environment. */
static bool is_plain(const char *id)
{
	size_t n = strspn(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			      "0123456789._-");

	return n && !id[n] && n <= MAX_ID && *id != '-';
}

static int64_t turns_allowed(struct orch *o, const char *actor)
{
	int64_t own = config_actor_int(o->config, actor, "sessionTurns");

	return own > 0 ? own : config_get_int(o->config, "orch.sessionTurns");
}

/* The last turn of the actor, if it was a good one of this session. */
static bool last_turn_allows(struct orch *o, const char *actor, const char *session)
{
	struct receipt_list list = RECEIPT_LIST_INIT;
	bool yes = false;

	if (receipt_list_actor(&list, o, actor, 1) == 0 && list.nr) {
		const struct receipt *r = &list.v[list.nr - 1];
		int64_t gap = time_now_ms() - r->ended_ms;

		yes = r->status == TURN_OK && !r->usage.compacted && r->usage.session &&
		      str_eq(r->usage.session, session) && gap >= 0 &&
		      gap <= SESSION_GAP * 1000;
	}
	error_clear();
	receipt_list_release(&list);
	return yes;
}

char *session_to_resume(struct orch *o, const char *actor)
{
	const char *command = config_actor(o->config, actor, "resume");
	struct view_seen seen = VIEW_SEEN_INIT;
	char *id = NULL;

	if (!command || !*command)
		return NULL;
	if (view_seen(&seen, o, actor) == 0 && seen.session && is_plain(seen.session) &&
	    seen.session_turns < turns_allowed(o, actor) &&
	    last_turn_allows(o, actor, seen.session) &&
	    /* Else a new session would begin under the id of the old one. */
	    pack_resumes(o, actor, seen.session))
		id = xstrdup(seen.session);
	error_clear();
	view_seen_release(&seen);
	return id;
}

bool session_new_id(char id[SESSION_ID_SIZE])
{
	unsigned char b[16];

	if (getrandom(b, sizeof(b), 0) != (ssize_t)sizeof(b))
		return false;
	b[6] = (unsigned char)((b[6] & 0x0f) | 0x40);
	b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
	snprintf(id, SESSION_ID_SIZE, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-"
		 "%02x%02x%02x%02x%02x%02x", b[0], b[1], b[2], b[3], b[4], b[5], b[6],
		 b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]);
	return true;
}

/* --- the promise --------------------------------------------------------------- */

/* Tokens of the leading parts that both prompts have. */
static int64_t common_tokens(const struct prompt *p, const struct json *before,
			     enum agent_kind kind)
{
	const struct json *part = json_first(json_get(before, "parts"));
	int64_t tokens = 0, stable = 0;
	bool all_static = true;
	size_t i;

	for (i = 0; i < p->nr && part; i++, part = json_next(part)) {
		const char *blob = json_get_string(part, "blob");

		if (!blob || !str_eq(blob, oid_hex(&p->parts[i].blob)))
			break;
		tokens += p->parts[i].tokens;
	}
	for (size_t k = 0; k < p->nr && p->parts[k].is_static; k++) {
		stable += p->parts[k].tokens;
		all_static = all_static && k < i;
	}
	switch (kind) {
	case AGENT_CLAUDE:	/* one block, one breakpoint: all of it or nothing */
		tokens = all_static && json_get_bool(part, "static", false) == false
			 ? stable : 0;
		break;
	case AGENT_CODEX:	/* each thread has a cache of its own */
		tokens = 0;
		break;
	case AGENT_OTHER:
		break;
	}
	return tokens < cache_minimum[kind] ? 0 : tokens;
}

/* A provider keeps for longer what was written at the higher price. */
static int64_t cache_life(struct orch *o, const char *actor)
{
	struct layout_policy policy;

	price_policy(&policy, o, actor);
	return policy.write >= 2 ? LIFE_LONG : LIFE_SHORT;
}

int64_t session_cache_left(struct orch *o, const char *actor, int64_t packed_ms)
{
	struct receipt_list list = RECEIPT_LIST_INIT;
	int64_t used_ms = packed_ms, life = cache_life(o, actor), gap;

	if (receipt_list_actor(&list, o, actor, 1) == 0 && list.nr &&
	    list.v[list.nr - 1].ended_ms > used_ms)
		used_ms = list.v[list.nr - 1].ended_ms;
	error_clear();
	receipt_list_release(&list);
	gap = (time_now_ms() - used_ms) / 1000;
	return gap < 0 || gap >= life ? 0 : life - gap;
}

int64_t session_promise(struct orch *o, const char *actor, const struct prompt *p)
{
	struct receipt_list list = RECEIPT_LIST_INIT;
	int64_t tokens = 0, life;

	if (p->pack.resumed)
		return -1;
	life = cache_life(o, actor);
	if (receipt_list_actor(&list, o, actor, 1) == 0 && list.nr) {
		const struct receipt *r = &list.v[list.nr - 1];
		int64_t gap = time_now_ms() - r->ended_ms;

		if (r->prompt && gap >= 0 && gap <= life * 1000)
			tokens = common_tokens(p, r->prompt, agent_of(o, actor));
	}
	error_clear();
	receipt_list_release(&list);
	return tokens;
}
