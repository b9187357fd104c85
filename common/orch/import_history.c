/*
 * Where a loop stands by the subjects of its commits, for clones in which the
 * state file is gone:
 *
 *   [SYNC i=510] actor=galph status=running
 *   [SYNC i=510] actor=galph → next=ralph status=ok galph_commit=40115778
 *   [SYNC i=6] step=5 status=running
 *   RALPH AUTO (prompt=main.md) (iter=00034): ...
 */
#include <ctype.h>

#include "orch/import.h"
#include "base/error.h"
#include "base/strbuf.h"
#include "git/object.h"
#include "git/repo.h"

#define COMMITS_MAX 5000

struct subject {
	int64_t iteration;	/* from 1; 0: none of these subjects */
	int64_t step;		/* -1: not said */
	struct strvec words;	/* holds the text of the rest */
	const char *actor, *next, *status;	/* NULL: not said */
};

static bool parse_number(const char *s, int64_t min, int64_t *out, const char **end)
{
	char *e;

	if (!isdigit((unsigned char)*s))
		return false;
	errno = 0;
	*out = strtoll(s, &e, 10);
	*end = e;
	return !errno && *out >= min && *out <= IMPORT_ITERATION_MAX;
}

/* "[SYNC i=N] key=value..." */
static bool parse_sync(struct subject *out, const char *text)
{
	const char *end;

	*out = (struct subject) { .step = -1 };
	if (!str_starts(text, "[SYNC i=") ||
	    !parse_number(text + 8, 1, &out->iteration, &end) || *end != ']') {
		out->iteration = 0;
		return false;
	}
	strvec_split(&out->words, end + 1);
	for (size_t i = 0; i < out->words.nr; i++) {
		const char *w = out->words.v[i];

		if (str_starts(w, "actor="))
			out->actor = w + 6;
		else if (str_starts(w, "next="))
			out->next = w + 5;
		else if (str_starts(w, "status="))
			out->status = w + 7;
		else if (str_starts(w, "step=") &&
			 (!parse_number(w + 5, 0, &out->step, &end) || *end))
			out->step = -1;
	}
	return true;
}

/* "RALPH AUTO (prompt=main.md) (iter=00034): ...": the end of a turn. */
static bool parse_auto(struct subject *out, const char *text)
{
	const char *sep = strstr(text, " AUTO "), *iter, *end;
	char *name;

	*out = (struct subject) { .step = -1 };
	if (!sep || sep == text || memchr(text, ' ', (size_t)(sep - text)) ||
	    !(iter = strstr(sep, "(iter=")) ||
	    !parse_number(iter + 6, 1, &out->iteration, &end) || *end != ')') {
		out->iteration = 0;
		return false;
	}
	name = xstrndup(text, (size_t)(sep - text));
	for (char *c = name; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	strvec_take(&out->words, name);
	out->actor = name;
	out->status = "ok";
	return true;
}

int64_t import_subject_iteration(const char *subject)
{
	struct subject s;

	if (!parse_sync(&s, subject))
		parse_auto(&s, subject);
	strvec_release(&s.words);
	return s.iteration;
}

static void take_commits(struct import *im, const struct subject *s)
{
	for (size_t i = 0; i < s->words.nr; i++) {
		const char *w = s->words.v[i], *eq = strchr(w, '=');
		char *actor;

		if (!eq || eq - w < 8 || strncmp(eq - 7, "_commit", 7))
			continue;
		actor = xstrndup(w, (size_t)(eq - w) - 7);
		import_add_commit(im, actor, eq + 1);
		free(actor);
	}
}

/*
 * Tools differ in whether the end of the last actor's turn, or of a step, has
 * the old number or the next one. The beginning of that turn tells.
 */
static bool has_old_number(const struct commit_list *log, size_t from,
			   const struct subject *end, const struct strvec *ring)
{
	bool old = false, found = false;

	for (size_t i = from; i < log->nr && !found; i++) {
		struct subject s;

		if (parse_sync(&s, log->v[i].subject) && s.status &&
		    str_eq(s.status, "running")) {
			found = end->actor && s.actor ?
				import_place(ring, s.actor) == import_place(ring, end->actor) :
				s.step >= 0;
			old = found && (s.step >= 0 && end->step >= 0 ?
					s.step == end->step :
					s.iteration == end->iteration);
		}
		strvec_release(&s.words);
	}
	return old;
}

/* The position that a subject gives. False: none. */
static bool take_position(struct import *im, const struct subject *s,
			  const struct commit_list *log, size_t at,
			  const struct strvec *ring)
{
	size_t place = s->actor ? import_place(ring, s->actor) : ring->nr;
	size_t next = s->next ? import_place(ring, s->next) : ring->nr;
	bool done;

	if (s->step >= 0 && place == ring->nr)
		place = (size_t)s->step % ring->nr;
	if (place == ring->nr && next == ring->nr)
		return false;
	if (s->status && !import_status(im, s->status, NULL))
		import_problem(im, "%s: status '%.60s' is none that we know",
			       oid_short(&log->v[at].oid), s->status);
	if (s->next && next == ring->nr)
		import_problem(im, "%s: no actor '%.60s' in the workflow",
			       oid_short(&log->v[at].oid), s->next);
	im->at.iteration = s->iteration;
	/* Whom it names as next is next, unless the turn went wrong. */
	done = next < ring->nr ? im->at.status != TURN_FAILED &&
				 im->at.status != TURN_LOST :
				 im->at.status == TURN_OK && s->status;
	if (s->step >= 0 && !s->actor) {
		if (done && has_old_number(log, at + 1, s, ring)) {
			place = (place + 1) % ring->nr;
			im->at.iteration++;
		}
		im->at.step = place;
		return true;
	}
	if (!done && place < ring->nr) {
		im->at.step = place;
		return true;
	}
	im->at.step = next < ring->nr ? next : (place + 1) % ring->nr;
	if (place < ring->nr && im->at.step <= place &&
	    has_old_number(log, at + 1, s, ring))
		im->at.iteration++;
	return true;
}

static bool find_sync(struct import *im, const struct commit_list *log,
		      const struct strvec *ring)
{
	bool found = false;

	for (size_t i = 0; i < log->nr; i++) {
		struct subject s;

		if (parse_sync(&s, log->v[i].subject)) {
			if (!found && take_position(im, &s, log, i, ring)) {
				found = true;
				im->updated_ms = import_time_ms(log->v[i].time);
				im->source = xstrfmt("commit %s",
						     oid_short(&log->v[i].oid));
			} else if (!found) {
				import_problem(im, "%s: '%.80s' says not whose turn it is",
					       oid_short(&log->v[i].oid),
					       log->v[i].subject);
			}
			take_commits(im, &s);
		}
		strvec_release(&s.words);
	}
	return found;
}

static void find_auto(struct import *im, const struct commit_list *log,
		      const struct strvec *ring)
{
	for (size_t i = 0; i < log->nr; i++) {
		struct subject s;
		size_t place;

		if (parse_auto(&s, log->v[i].subject) &&
		    (place = import_place(ring, s.actor)) < ring->nr) {
			if (!im->source) {
				im->at.step = (place + 1) % ring->nr;
				im->at.iteration = s.iteration + (im->at.step <= place);
				im->at.status = TURN_OK;
				im->updated_ms = import_time_ms(log->v[i].time);
				im->source = xstrfmt("commit %s",
						     oid_short(&log->v[i].oid));
			}
			import_add_commit(im, s.actor, oid_hex(&log->v[i].oid));
		}
		strvec_release(&s.words);
	}
}

int import_history(struct import *im, struct repo *repo, const struct strvec *ring)
{
	struct commit_list log = COMMIT_LIST_INIT;
	struct oid head, none = OID_ZERO;
	int rc;

	if ((rc = repo_head(repo, &head, NULL)) < 0 || oid_is_zero(&head))
		return rc;
	if ((rc = commits_between(repo, &none, &head, COMMITS_MAX, &log)) < 0)
		goto out;
	if (!find_sync(im, &log, ring))
		find_auto(im, &log, ring);
out:
	commit_list_release(&log);
	return rc;
}
