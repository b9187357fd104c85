/*
 * The turn's state as a value: making, changing and releasing it. How it is
 * written is in turn_json.c, what may happen to it in turn.c.
 */
#include <sys/random.h>
#include "orch/turn.h"
#include "base/error.h"
#include "base/strbuf.h"
#include "base/text.h"
#include "orch/config.h"
#include "orch/turn_internal.h"

static const char *const status_names[] = {
	[TURN_IDLE] = "idle",
	[TURN_RUNNING] = "running",
	[TURN_OK] = "ok",
	[TURN_FAILED] = "failed",
	[TURN_INTERRUPTED] = "interrupted",
	[TURN_LOST] = "lost",
};

const char *turn_status_name(enum turn_status s)
{
	if ((size_t)s >= ARRAY_SIZE(status_names))
		BUG("turn status %d", (int)s);
	return status_names[s];
}

bool turn_status_parse(enum turn_status *out, const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(status_names); i++)
		if (str_eq(name, status_names[i])) {
			*out = (enum turn_status)i;
			return true;
		}
	return false;
}

void turn_init(struct turn *t)
{
	*t = (struct turn){ .iteration = 1 };
}

static void release_holder(struct turn_holder *h)
{
	free(h->actor);
	free(h->boot_id);
	free(h->pid_ns);
	free(h->host);
	free(h->clone);
	free(h->claim);
	*h = (struct turn_holder){ 0 };
}

void turn_clear_keeper(struct turn *t)
{
	release_holder(&t->keeper);
}

void turn_clear_holder(struct turn *t)
{
	release_holder(&t->holder);
	t->lease_ms = t->lease_boot_ms = t->lease_seconds = 0;
}

void turn_clear_sync(struct turn *t)
{
	free(t->sync.remote);
	free(t->sync.error);
	free(t->sync.boot_id);
	free(t->sync.void_claim);
	t->sync = (struct turn_sync){ 0 };
}

void turn_release_memory(struct turn *t)
{
	turn_clear_holder(t);
	turn_clear_sync(t);
	strvec_release(&t->workflow);
	free(t->expected);
	free(t->head_ref);
	free(t->head_from);
	free(t->reason);
	free(t->nonce);
	free(t->paused);
	free(t->paused_host);
	turn_clear_keeper(t);
	for (size_t i = 0; i < t->nr_value; i++) {
		free(t->value[i].key);
		free(t->value[i].value);
	}
	free(t->value);
	for (size_t i = 0; i < t->nr_last; i++)
		free(t->last[i].actor);
	free(t->last);
	for (size_t i = 0; i < t->nr_count; i++)
		free(t->count[i].actor);
	free(t->count);
	turn_init(t);
}

static void copy_ring(struct turn *t, const struct strvec *ring)
{
	strvec_release(&t->workflow);
	for (size_t i = 0; i < ring->nr; i++)
		strvec_push(&t->workflow, ring->v[i]);
}

void turn_start(struct turn *t, const struct strvec *ring)
{
	if (!ring->nr)
		BUG("an empty ring");
	turn_release_memory(t);
	copy_ring(t, ring);
	t->expected = xstrdup(ring->v[0]);
}

/* The expected actor stays if the new ring names it, at the place nearest to
 * where it stood; else the ring starts at its first, in the same iteration. */
void turn_adopt_ring(struct turn *t, const struct strvec *ring)
{
	int64_t best = -1, best_distance = 0;
	bool same = ring->nr == t->workflow.nr;

	for (size_t i = 0; same && i < ring->nr; i++)
		same = str_eq(ring->v[i], t->workflow.v[i]);
	if (same || !ring->nr)
		return;
	for (size_t i = 0; i < ring->nr; i++) {
		int64_t distance = llabs((int64_t)i - t->step);

		if (!str_eq(ring->v[i], t->expected))
			continue;
		if (best < 0 || distance < best_distance) {
			best = (int64_t)i;
			best_distance = distance;
		}
	}
	copy_ring(t, ring);
	if (best < 0) {
		best = 0;
		t->attempts = 0;
		free(t->expected);
		t->expected = xstrdup(ring->v[0]);
	}
	t->step = best;
}

/* ---- nonce and values ---- */

void turn_stamp(struct turn *t)
{
	unsigned char raw[TURN_NONCE / 2];
	char *p;

	/* 16 bytes are never cut short; without them no transition is safe. */
	if (getrandom(raw, sizeof(raw), 0) != (ssize_t)sizeof(raw))
		BUG("the kernel gives no random numbers");
	free(t->nonce);
	p = t->nonce = xcalloc(TURN_NONCE + 1, 1);
	for (size_t i = 0; i < sizeof(raw); i++, p += 2)
		snprintf(p, 3, "%02x", raw[i]);
}

static bool value_key_valid(const char *key)
{
	size_t len = strspn(key, "abcdefghijklmnopqrstuvwxyz"
			    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-");

	return len && len <= TURN_KEY_MAX && !key[len];
}

int turn_set_value(struct turn *t, const char *key, const char *value)
{
	size_t at;

	if (!value_key_valid(key))
		return error_set(ORCH_EINVALID, "'%.80s' is no key: letters, digits and "
				 "_.- only, at most %d", key, TURN_KEY_MAX);
	if (strlen(value) > TURN_VALUE_MAX)
		return error_set(ORCH_EINVALID, "the value of '%s' is longer than %d "
				 "bytes", key, TURN_VALUE_MAX);
	for (at = 0; at < t->nr_value && !str_eq(t->value[at].key, key); at++)
		;
	if (at < t->nr_value) {
		free(t->value[at].value);
		t->value[at].value = xstrdup(value);
		if (!*value) {
			free(t->value[at].key);
			free(t->value[at].value);
			t->value[at] = t->value[--t->nr_value];
		}
		return 0;
	}
	if (!*value)
		return 0;
	if (at >= TURN_VALUES)
		return error_set(ORCH_EINVALID, "more than %d values", TURN_VALUES);
	t->value = xreallocarray(t->value, at + 1, sizeof(*t->value));
	t->value[at] = (struct turn_value){ xstrdup(key), xstrdup(value) };
	t->nr_value++;
	return 0;
}
