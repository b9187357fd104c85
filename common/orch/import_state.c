/*
 * sync/state.json in the forms that are about: newer files count steps, of
 * which the ring gives the actor; older ones name the expected actor.
 */
#include "orch/import.h"
#include "base/error.h"
#include "base/json.h"
#include "base/strbuf.h"
#include "base/text.h"


/* Keys that say nothing that a turn could take over. */
static const char *const known[] = {
	"iteration", "step_index", "expected_actor", "expected_step", "status",
	"last_update", "lease_expires_at", "last_prompt", "last_prompt_actor",
	"workflow_name", "exit", "exit_reason",
};

static bool is_known(const char *key)
{
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (str_eq(known[i], key))
			return true;
	return false;
}

/* Old readers took "20" for 20. */
static bool get_number(struct import *im, const struct json *state, const char *key,
		       int64_t min, int64_t *out)
{
	const struct json *v = json_get(state, key);
	const char *s = json_string(v);
	char *end;

	if (!v || json_is_null(v))
		return false;
	if (s && *s) {
		errno = 0;
		*out = strtoll(s, &end, 10);
		if (!*end && !errno && *out >= min && *out <= IMPORT_ITERATION_MAX)
			return true;
	} else if (json_get_int(state, key, out) == 0 && *out >= min &&
		   *out <= IMPORT_ITERATION_MAX) {
		return true;
	}
	import_problem(im, "%s: no number from %" PRId64 " on", key, min);
	return false;
}

/* The text of a key; anything else but null is named. */
static const char *get_text(struct import *im, const struct json *state, const char *key)
{
	const struct json *v = json_get(state, key);

	if (v && !json_is_null(v) && !json_is_string(v))
		import_problem(im, "%s: no text", key);
	return json_string(v) && *json_string(v) ? json_string(v) : NULL;
}

/* Its place if `name` plays in the ring. */
static bool place_of(struct import *im, const struct strvec *ring, const char *key,
		     const char *name, size_t *place)
{
	if (!name)
		return false;
	*place = import_place(ring, name);
	if (*place < ring->nr)
		return true;
	import_problem(im, "%s: no actor '%.60s' in the workflow", key, name);
	return false;
}

static bool find_step(struct import *im, const struct json *state,
		      const struct strvec *ring, int64_t step, const char *in_status)
{
	const char *expected = get_text(im, state, "expected_actor");
	const char *prompt = get_text(im, state, "expected_step");
	const char *last = get_text(im, state, "last_prompt_actor");
	size_t by_step = step < 0 ? ring->nr : (size_t)step % ring->nr;
	size_t *out = &im->at.step;

	if (place_of(im, ring, "expected_actor", expected, out)) {
		if (by_step < ring->nr && str_eq(ring->v[by_step], ring->v[*out]))
			*out = by_step;
		else if (by_step < ring->nr)
			import_problem(im, "step_index: %" PRId64 " would be %s's turn, "
				       "expected_actor is %s", step, ring->v[by_step],
				       expected);
		if (in_status && import_place(ring, in_status) != *out &&
		    import_place(ring, in_status) < ring->nr)
			import_problem(im, "status: %s, but expected_actor is %s",
				       im->status, expected);
		return true;
	}
	if (by_step < ring->nr) {
		*out = by_step;
		return true;
	}
	if (place_of(im, ring, "status", in_status, out))
		return true;
	/* Written when a step began, so it is this one until that ended well. */
	if (prompt && im->at.status != TURN_OK && import_place(ring, prompt) < ring->nr) {
		*out = import_place(ring, prompt);
		return true;
	}
	if (place_of(im, ring, "last_prompt_actor", last, out)) {
		if (im->at.status == TURN_OK)
			*out = (*out + 1) % ring->nr;
		return true;
	}
	*out = 0;
	return false;
}

static void find_iteration(struct import *im, bool has_iteration, int64_t iteration,
			   int64_t step, size_t ring)
{
	im->at.iteration = has_iteration ? iteration : step >= 0 ? step + 1 : 1;
	/* The tool counts steps in both; some loops counted rounds. */
	if (has_iteration && step >= 0 && iteration != step + 1 &&
	    iteration != step / (int64_t)ring + 1)
		import_problem(im, "iteration: %" PRId64 " does not go with step_index %"
			       PRId64, iteration, step);
}

/* One that still runs would not know of us. */
static void warn_of_runner(struct import *im, const struct json *state)
{
	const char *lease = get_text(im, state, "lease_expires_at");
	int64_t until;

	if (!lease)
		return;
	if (time_parse_iso(&until, lease) < 0) {
		error_clear();
		import_problem(im, "lease_expires_at: '%.40s' is no time", lease);
	} else if (im->at.status == TURN_LOST && until > time_now_ms()) {
		import_problem(im, "the old loop may still be running (its lease ends at "
			       "%.40s): stop it first", lease);
	}
}

static void name_the_rest(struct import *im, const struct json *state)
{
	const char *workflow = get_text(im, state, "workflow_name");
	const char *reason = get_text(im, state, "exit_reason");

	if (workflow && str_eq(workflow, "review_cadence"))
		import_problem(im, "workflow_name: reviews every so many rounds are not "
			       "played");
	else if (workflow && !str_eq(workflow, "standard"))
		import_problem(im, "workflow_name: '%.60s' is none that we know", workflow);
	if (json_get(state, "exit") && json_is_true(json_get(state, "exit")))
		import_problem(im, "exit: the old loop was told to stop%s%.100s",
			       reason ? ": " : "", reason ? reason : "");
	for (const struct json *c = json_first(state); c; c = json_next(c)) {
		const char *key = json_key(c);

		if (str_ends(key, "_commit") && strlen(key) > 7) {
			char *actor = xstrndup(key, strlen(key) - 7);

			if (json_string(c) && *json_string(c))
				import_add_commit(im, actor, json_string(c));
			else if (!json_is_null(c) && !json_string(c))
				import_problem(im, "%.60s: no commit", key);
			free(actor);
		} else if (!is_known(key)) {
			import_problem(im, "%.60s: not known", key);
		}
	}
}

int import_state(struct import *im, const struct json *state, const struct strvec *ring)
{
	const char *status = get_text(im, state, "status");
	const char *updated = get_text(im, state, "last_update");
	const char *in_status = NULL;
	int64_t iteration = 0, step = -1;
	bool has_iteration, has_step;

	has_iteration = get_number(im, state, "iteration", 1, &iteration);
	if (!get_number(im, state, "step_index", 0, &step))
		step = -1;
	if (status && !import_status(im, status, &in_status))
		import_problem(im, "status: '%.60s' is none that we know", status);
	has_step = find_step(im, state, ring, step, in_status);
	if (!has_iteration && !has_step)
		return error_set(ORCH_EINVALID, "says neither an iteration nor whose "
				 "turn it is");
	if (!has_step)
		import_problem(im, "whose turn it is: not said, %s begins", ring->v[0]);
	find_iteration(im, has_iteration, iteration, step, ring->nr);
	if (!has_iteration && step < 0)
		import_problem(im, "iteration: not said, taken as 1");
	if (updated && (time_parse_iso(&im->updated_ms, updated) < 0 ||
			im->updated_ms < 0 || im->updated_ms > IMPORT_TIME_MAX)) {
		error_clear();
		im->updated_ms = 0;
		import_problem(im, "last_update: '%.40s' is no time", updated);
	}
	warn_of_runner(im, state);
	name_the_rest(im, state);
	return 0;
}
