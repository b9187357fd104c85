/*
 * The turn's state as JSON. State is input (agents write into it, old and new
 * versions of us meet, remotes are strangers): whatever is read passes
 * turn_from_json(), which refuses what could not have been written by
 * turn_state_json().
 */
#include "orch/turn.h"
#include "base/error.h"
#include "base/json.h"
#include "base/strbuf.h"
#include "base/text.h"
#include "orch/config.h"
#include "orch/turn_internal.h"

/* ---- reading ---- */

static int bad(const char *key, const char *what)
{
	return error_set(ORCH_EINVALID, "'%s' %s", key, what);
}

static int get_number(const struct json *in, const char *key, int64_t min,
		      bool optional, int64_t *out)
{
	int rc = json_get_int(in, key, out);

	if (rc == ORCH_ENOTFOUND && optional) {
		*out = min;
		return 0;
	}
	if (rc < 0)
		return bad(key, rc == ORCH_ENOTFOUND ? "is missing"
						     : "is no whole number");
	if (*out < min || *out > TURN_NUMBER_MAX)
		return bad(key, "is out of range");
	return 0;
}

static int get_actor(const struct json *in, const char *key, char **out)
{
	const char *s = json_get_string(in, key);

	if (!s)
		return bad(key, "is missing or no string");
	if (!actor_name_valid(s))
		return bad(key, "is no actor's name");
	*out = xstrdup(s);
	return 0;
}

static int get_text(const struct json *in, const char *key, char **out)
{
	const char *s = json_get_string(in, key);

	if (!s || strlen(s) > 255)
		return bad(key, "is missing, no string, or too long");
	*out = xstrdup(s);
	return 0;
}

/* The same, but it may be missing or null: NULL then. */
static int get_option(const struct json *in, const char *key, size_t max, char **out)
{
	const struct json *v = json_get(in, key);

	*out = NULL;
	if (!v || json_is_null(v))
		return 0;
	if (!json_is_string(v) || strlen(json_string(v)) > max)
		return bad(key, "is no string, or too long");
	*out = xstrdup(json_string(v));
	return 0;
}

/* A nonce or a clone's name: hex digits. May be missing. */
static int get_hex(const struct json *in, const char *key, char **out)
{
	int rc = get_option(in, key, TURN_NONCE, out);

	if (rc == 0 && *out && (strlen(*out) != TURN_NONCE ||
				strspn(*out, "0123456789abcdef") != TURN_NONCE))
		return bad(key, "is not 32 hex digits");
	return rc;
}

/* An object name or null. */
static int get_oid(const struct json *in, const char *key, struct oid *out)
{
	const struct json *v = json_get(in, key);

	*out = (struct oid)OID_ZERO;
	if (!v || json_is_null(v))
		return 0;
	if (!json_is_string(v) || oid_parse(out, json_string(v)) < 0)
		return bad(key, "is no object name");
	return 0;
}

static int get_ring(const struct json *in, struct turn *t)
{
	const struct json *ring = json_get(in, "workflow");

	if (!json_is_array(ring) || !json_count(ring))
		return bad("workflow", "is no list of actors");
	for (const struct json *c = json_first(ring); c; c = json_next(c)) {
		const char *name = json_string(c);

		if (!name || !actor_name_valid(name))
			return bad("workflow", "holds what is no actor's name");
		strvec_push(&t->workflow, name);
	}
	return 0;
}

/* Process and place, which holders and keepers have in common. */
static int get_place(const struct json *in, struct turn_holder *h)
{
	int64_t start = 0;
	int rc;

	if ((rc = get_number(in, "pid", 0, false, &h->process.pid)) < 0 ||
	    (rc = get_number(in, "start", 0, false, &start)) < 0 ||
	    (rc = get_text(in, "boot_id", &h->boot_id)) < 0 ||
	    (rc = get_text(in, "pid_ns", &h->pid_ns)) < 0 ||
	    (rc = get_text(in, "host", &h->host)) < 0 ||
	    (rc = get_hex(in, "clone", &h->clone)) < 0)
		return rc;
	if (h->process.pid > INT32_MAX)
		return bad("pid", "is impossible");
	h->process.start = (uint64_t)start;
	return 0;
}

static int get_holder(const struct json *in, struct turn *t)
{
	struct turn_holder *h = &t->holder;
	int64_t child_start = 0;
	int rc;

	if (!json_is_object(in))
		return bad("holder", "is no object");
	if ((rc = get_actor(in, "actor", &h->actor)) < 0 ||
	    (rc = get_place(in, h)) < 0 ||
	    (rc = get_number(in, "child_pid", 0, true, &h->child.pid)) < 0 ||
	    (rc = get_number(in, "child_start", 0, true, &child_start)) < 0 ||
	    (rc = get_number(in, "since_ms", 0, false, &h->since_ms)) < 0 ||
	    (rc = get_oid(in, "head", &h->head)) < 0 ||
	    (rc = get_number(in, "attempt", 1, false, &h->attempt)) < 0 ||
	    (rc = get_number(in, "ordinal", 1, false, &h->ordinal)) < 0 ||
	    (rc = get_number(in, "waited_ms", 0, true, &h->waited_ms)) < 0 ||
	    (rc = get_hex(in, "claim", &h->claim)) < 0)
		return error_prefix(rc, "holder");
	if (h->child.pid > INT32_MAX)
		return bad("holder", "has an impossible pid");
	h->child.start = (uint64_t)child_start;
	return 0;
}

static int get_last(const struct json *in, struct turn *t)
{
	const struct json *list = json_get(in, "last");
	int rc;

	if (!json_is_object(list))
		return bad("last", "is no object");
	t->last = xcalloc(json_count(list) + 1, sizeof(*t->last));
	for (const struct json *c = json_first(list); c; c = json_next(c)) {
		struct turn_last *l = &t->last[t->nr_last];

		if (!actor_name_valid(json_key(c)))
			return bad("last", "names what is no actor");
		if ((rc = get_oid(c, "commit", &l->commit)) < 0 ||
		    (rc = get_number(c, "iteration", 1, false, &l->iteration)) < 0 ||
		    (rc = get_number(c, "ended_ms", 0, false, &l->ended_ms)) < 0)
			return error_prefix(rc, "last");
		l->actor = xstrdup(json_key(c));
		t->nr_last++;
	}
	return 0;
}

static int get_count(const struct json *in, struct turn *t)
{
	const struct json *list = json_get(in, "count");
	int rc;

	if (!json_is_object(list))
		return bad("count", "is no object");
	t->count = xcalloc(json_count(list) + 1, sizeof(*t->count));
	for (const struct json *c = json_first(list); c; c = json_next(c)) {
		struct turn_count *n = &t->count[t->nr_count];

		if (!actor_name_valid(json_key(c)))
			return bad("count", "names what is no actor");
		if ((rc = get_number(list, json_key(c), 0, false, &n->turns)) < 0)
			return error_prefix(rc, "count");
		n->actor = xstrdup(json_key(c));
		t->nr_count++;
	}
	return 0;
}

static int get_values(const struct json *in, struct turn *t)
{
	const struct json *list = json_get(in, "values");
	int rc;

	if (!list)
		return 0;
	if (!json_is_object(list))
		return bad("values", "is no object");
	for (const struct json *c = json_first(list); c; c = json_next(c)) {
		if (!json_is_string(c))
			return bad("values", "holds what is no string");
		if ((rc = turn_set_value(t, json_key(c), json_string(c))) < 0)
			return rc;
	}
	return 0;
}

static int get_paused(const struct json *in, struct turn *t)
{
	const struct json *p = json_get(in, "paused");
	int rc;

	if (!p || json_is_null(p))
		return 0;
	if (!json_is_object(p))
		return bad("paused", "is no object");
	if ((rc = get_option(p, "reason", TURN_VALUE_MAX, &t->paused)) < 0 ||
	    (rc = get_option(p, "host", 255, &t->paused_host)) < 0 ||
	    (rc = get_number(p, "since_ms", 0, true, &t->paused_ms)) < 0)
		return error_prefix(rc, "paused");
	if (!t->paused)
		t->paused = xstrdup("");
	return 0;
}

static int get_kept(const struct json *in, struct turn *t)
{
	const struct json *k = json_get(in, "kept");
	int rc;

	if (!k || json_is_null(k))
		return 0;
	if (!json_is_object(k))
		return bad("kept", "is no object");
	if ((rc = get_place(k, &t->keeper)) < 0)
		return error_prefix(rc, "kept");
	return t->keeper.clone ? 0 : bad("kept", "names no clone");
}

static int get_sync(const struct json *in, struct turn *t)
{
	const struct json *s = json_get(in, "sync");
	struct turn_sync *sync = &t->sync;
	int rc;

	if (!s || json_is_null(s))
		return 0;
	if (!json_is_object(s))
		return bad("sync", "is no object");
	if ((rc = get_option(s, "remote", TURN_VALUE_MAX, &sync->remote)) < 0 ||
	    (rc = get_oid(s, "base", &sync->base)) < 0 ||
	    (rc = get_option(s, "error", TURN_VALUE_MAX, &sync->error)) < 0 ||
	    (rc = get_option(s, "boot_id", 255, &sync->boot_id)) < 0 ||
	    (rc = get_number(s, "boot_ms", 0, true, &sync->boot_ms)) < 0 ||
	    (rc = get_hex(s, "void_claim", &sync->void_claim)) < 0 ||
	    (rc = get_oid(s, "tried", &sync->tried)) < 0 ||
	    (rc = get_number(s, "floor", 0, true, &sync->floor)) < 0)
		return error_prefix(rc, "sync");
	sync->ahead = json_get_bool(s, "ahead", false);
	sync->owed = json_get_bool(s, "owed", false);
	return 0;
}

static int check_whole(const struct turn *t)
{
	if (t->step >= (int64_t)t->workflow.nr)
		return error_set(ORCH_EINVALID, "step %" PRId64 " is outside the "
				 "ring of %zu", t->step, t->workflow.nr);
	if (!strvec_has(&t->workflow, t->expected))
		return error_set(ORCH_EINVALID, "the expected actor '%s' is not "
				 "in the ring", t->expected);
	if (!str_eq(t->workflow.v[t->step], t->expected))
		return error_set(ORCH_EINVALID, "step %" PRId64 " is %s's, but %s "
				 "is expected", t->step, t->workflow.v[t->step],
				 t->expected);
	if ((t->status == TURN_RUNNING) != (t->holder.actor != NULL))
		return error_set(ORCH_EINVALID, "status is %s %s a holder",
				 turn_status_name(t->status),
				 t->holder.actor ? "with" : "without");
	if (t->holder.actor && !str_eq(t->holder.actor, t->expected))
		return error_set(ORCH_EINVALID, "%s holds %s's turn",
				 t->holder.actor, t->expected);
	if (t->holder.actor && t->keeper.clone)
		return error_set(ORCH_EINVALID, "it is both held and kept");
	if (t->holder.actor && !t->generation)
		return error_set(ORCH_EINVALID, "it is held in generation 0");
	return 0;
}

int turn_from_json(struct turn *out, const struct json *in)
{
	struct turn t;
	const char *status;
	int64_t version;
	int rc;

	turn_init(&t);
	if (!json_is_object(in)) {
		rc = error_set(ORCH_EINVALID, "not an object");
		goto out;
	}
	if ((rc = get_number(in, "version", 1, false, &version)) < 0)
		goto out;
	if (version > TURN_STATE_VERSION) {
		rc = error_set(ORCH_EUNSUPPORTED, "written by a newer git-orch "
			       "(version %" PRId64 ")", version);
		goto out;
	}
	if ((rc = get_number(in, "generation", 0, false, &t.generation)) < 0 ||
	    (rc = get_number(in, "iteration", 1, false, &t.iteration)) < 0 ||
	    (rc = get_number(in, "step", 0, false, &t.step)) < 0 ||
	    (rc = get_number(in, "attempts", 0, false, &t.attempts)) < 0 ||
	    (rc = get_ring(in, &t)) < 0 ||
	    (rc = get_actor(in, "expected_actor", &t.expected)) < 0 ||
	    (rc = get_number(in, "lease_ms", 0, true, &t.lease_ms)) < 0 ||
	    (rc = get_number(in, "lease_boot_ms", 0, true, &t.lease_boot_ms)) < 0 ||
	    (rc = get_number(in, "lease_seconds", 0, true, &t.lease_seconds)) < 0 ||
	    (rc = get_oid(in, "head", &t.head)) < 0 ||
	    (rc = get_option(in, "head_ref", 1024, &t.head_ref)) < 0 ||
	    (rc = get_option(in, "head_from", 255, &t.head_from)) < 0 ||
	    (rc = get_option(in, "reason", TURN_VALUE_MAX, &t.reason)) < 0 ||
	    (rc = get_hex(in, "nonce", &t.nonce)) < 0 ||
	    (rc = get_number(in, "reserved", 0, true, &t.reserved)) < 0 ||
	    (rc = get_last(in, &t)) < 0 || (rc = get_count(in, &t)) < 0 ||
	    (rc = get_values(in, &t)) < 0 || (rc = get_paused(in, &t)) < 0 ||
	    (rc = get_kept(in, &t)) < 0 || (rc = get_sync(in, &t)) < 0)
		goto out;
	t.roams = json_get_bool(in, "roams", false);
	status = json_get_string(in, "status");
	if (!status || !turn_status_parse(&t.status, status)) {
		rc = bad("status", "is none that we know");
		goto out;
	}
	if (!json_get(in, "holder")) {
		rc = bad("holder", "is missing");
		goto out;
	}
	if (!json_is_null(json_get(in, "holder")) &&
	    (rc = get_holder(json_get(in, "holder"), &t)) < 0)
		goto out;
	if ((rc = check_whole(&t)) < 0)
		goto out;
	*out = t;
	return 0;
out:
	turn_release_memory(&t);
	return rc;
}

/* ---- writing ---- */

static void add_oid(struct json *out, const char *key, const struct oid *oid)
{
	json_add_string(out, key, oid_is_zero(oid) ? NULL : oid_hex(oid));
}

static void add_option(struct json *out, const char *key, const char *text)
{
	if (text)
		json_add_string(out, key, text);
}

static void add_ring(struct json *out, const struct turn *t)
{
	struct json *ring = json_add_array(out, "workflow");

	for (size_t i = 0; i < t->workflow.nr; i++)
		json_add_string(ring, NULL, t->workflow.v[i]);
}

static void add_place(struct json *out, const struct turn_holder *h)
{
	json_add_int(out, "pid", h->process.pid);
	json_add_int(out, "start", (int64_t)h->process.start);
	json_add_string(out, "boot_id", h->boot_id);
	json_add_string(out, "pid_ns", h->pid_ns);
	json_add_string(out, "host", h->host);
	add_option(out, "clone", h->clone);
}

static void add_holder(struct json *out, const struct turn_holder *h)
{
	json_add_string(out, "actor", h->actor);
	add_place(out, h);
	if (h->child.pid) {
		json_add_int(out, "child_pid", h->child.pid);
		json_add_int(out, "child_start", (int64_t)h->child.start);
	}
	json_add_int(out, "since_ms", h->since_ms);
	add_oid(out, "head", &h->head);
	json_add_int(out, "attempt", h->attempt);
	json_add_int(out, "ordinal", h->ordinal);
	json_add_int(out, "waited_ms", h->waited_ms);
	add_option(out, "claim", h->claim);
}

static void add_sync(struct json *out, const struct turn *t)
{
	const struct turn_sync *s = &t->sync;

	if (!s->remote && s->floor <= t->generation)
		return;
	out = json_add_object(out, "sync");
	add_option(out, "remote", s->remote);
	add_oid(out, "base", &s->base);
	json_add_bool(out, "ahead", s->ahead);
	json_add_bool(out, "owed", s->owed);
	add_option(out, "error", s->error);
	if (s->boot_ms) {
		add_option(out, "boot_id", s->boot_id);
		json_add_int(out, "boot_ms", s->boot_ms);
	}
	add_option(out, "void_claim", s->void_claim);
	if (!oid_is_zero(&s->tried))
		add_oid(out, "tried", &s->tried);
	if (s->floor > t->generation)
		json_add_int(out, "floor", s->floor);
}

static void add_values(struct json *out, const struct turn *t)
{
	out = json_add_object(out, "values");
	for (size_t i = 0; i < t->nr_value; i++)
		json_add_string(out, t->value[i].key, t->value[i].value);
}

struct json *turn_state_json(const struct turn *t, bool published)
{
	struct json *out = json_new_object(), *list, *one;

	json_add_int(out, "version", TURN_STATE_VERSION);
	json_add_int(out, "generation", t->generation);
	json_add_int(out, "iteration", t->iteration);
	json_add_int(out, "step", t->step);
	json_add_int(out, "attempts", t->attempts);
	add_ring(out, t);
	json_add_string(out, "expected_actor", t->expected);
	json_add_string(out, "status", turn_status_name(t->status));
	if (t->holder.actor)
		add_holder(json_add_object(out, "holder"), &t->holder);
	else
		json_add_null(out, "holder");
	json_add_int(out, "lease_ms", t->lease_ms);
	json_add_int(out, "lease_boot_ms", t->lease_boot_ms);
	json_add_int(out, "lease_seconds", t->lease_seconds);
	add_oid(out, "head", &t->head);
	add_option(out, "head_ref", t->head_ref);
	add_option(out, "head_from", t->head_from);
	add_option(out, "reason", t->reason);
	add_option(out, "nonce", t->nonce);
	if (t->paused) {
		one = json_add_object(out, "paused");
		json_add_string(one, "reason", t->paused);
		add_option(one, "host", t->paused_host);
		json_add_int(one, "since_ms", t->paused_ms);
	}
	if (t->keeper.clone)
		add_place(json_add_object(out, "kept"), &t->keeper);
	if (t->reserved)
		json_add_int(out, "reserved", t->reserved);
	if (t->roams)
		json_add_bool(out, "roams", true);
	if (t->nr_value)
		add_values(out, t);
	if (!published)
		add_sync(out, t);
	list = json_add_object(out, "last");
	for (size_t i = 0; i < t->nr_last; i++) {
		one = json_add_object(list, t->last[i].actor);
		add_oid(one, "commit", &t->last[i].commit);
		json_add_int(one, "iteration", t->last[i].iteration);
		json_add_int(one, "ended_ms", t->last[i].ended_ms);
	}
	list = json_add_object(out, "count");
	for (size_t i = 0; i < t->nr_count; i++)
		json_add_int(list, t->count[i].actor, t->count[i].turns);
	return out;
}

void turn_copy(struct turn *out, const struct turn *t)
{
	struct json *state = turn_state_json(t, false);

	if (turn_from_json(out, state) < 0)
		BUG("a state that we cannot read: %s", error_message());
	json_free(state);
	out->shared_fs = t->shared_fs;
	out->recorded_here = t->recorded_here;
	out->seen_until_ms = t->seen_until_ms;
}

/* What others are told. A holder that is gone holds nothing: its turn is
 * lost, although nobody has written that down yet. */
void turn_to_json(struct json *out, const struct turn *t, const char *loop)
{
	bool held = turn_holder_alive(t);
	char iso[TIME_ISO_SIZE];
	struct json *sub;

	json_add_string(out, "loop", loop);
	json_add_int(out, "generation", t->generation);
	json_add_int(out, "iteration", t->iteration);
	json_add_int(out, "step", t->step);
	add_ring(out, t);
	json_add_string(out, "expected_actor", t->expected);
	json_add_string(out, "status", turn_status_name(
		t->status == TURN_RUNNING && !held ? TURN_LOST : t->status));
	if (held) {
		sub = json_add_object(out, "holder");
		json_add_string(sub, "actor", t->holder.actor);
		if (t->holder.process.pid)
			json_add_int(sub, "pid", t->holder.process.pid);
		else
			json_add_null(sub, "pid");
		json_add_string(sub, "host", t->holder.host);
		json_add_string(sub, "since", time_iso(iso, t->holder.since_ms));
	} else {
		json_add_null(out, "holder");
	}
	json_add_string(out, "lease_expires_at",
			held && t->lease_ms ? time_iso(iso, t->lease_ms) : NULL);
	add_oid(out, "head", &t->head);
	sub = json_add_object(out, "commits");
	for (size_t i = 0; i < t->nr_last; i++)
		add_oid(sub, t->last[i].actor, &t->last[i].commit);
	/* The rest only where there is something to say. */
	if (t->reason)
		json_add_string(out, "reason", t->reason);
	if (t->nr_value)
		add_values(out, t);
	if (t->paused) {
		sub = json_add_object(out, "paused");
		json_add_string(sub, "reason", t->paused);
		json_add_string(sub, "host", t->paused_host);
		json_add_string(sub, "since", time_iso(iso, t->paused_ms));
	}
	if (t->sync.remote) {
		sub = json_add_object(out, "remote");
		json_add_string(sub, "name", t->sync.remote);
		add_oid(sub, "commit", &t->sync.base);
		json_add_bool(sub, "ahead", t->sync.ahead);
		json_add_bool(sub, "unpublished", t->sync.owed);
		json_add_string(sub, "error", t->sync.error);
	}
}
