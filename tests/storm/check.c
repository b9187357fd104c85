/*
 * The checker: what the log of a storm proves.
 *
 *   never two at once   A critical section has ended, or its process was
 *                       killed, before the next one begins; and none found
 *                       another one's lock on the witness, which a process
 *                       keeps to its very end.
 *   generations         They grow from one critical section to the next, and
 *                       those that no section had are explained by runs that
 *                       were killed before they could begin.
 *   no turn lost        The ring moves by one place or stays. It stays after a
 *                       turn that did not end; it has moved after one whose
 *                       run came back with 0. A run that nobody killed does.
 *   it ends             Each run came back, each process of a critical section
 *                       was seen dead, nothing is left over, the state at the
 *                       end is valid and the one that the last turn left.
 */
#include <stdarg.h>

#include "base/json.h"
#include "storm.h"

struct run {
	struct event start, begin, end;	/* kind 0: there was none */
	int64_t killed;			/* when first; 0: never */
	bool stopped;			/* told to end, without a turn */
	bool dead;			/* seen so */
	int64_t code;			/* -1: did not come back */
};

struct record {
	const struct check *c;
	struct run *runs;		/* by number; [0] is unused */
	size_t nr_runs, alloc_runs;
	struct event *begins;		/* in the order of the log */
	size_t nr_begins, alloc_begins;
	struct event final;
	bool left_seen;
	int64_t left;
	int faults;
};

static void PRINTF_LIKE(2, 3) fault(struct record *r, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	if (r->faults++ < 20) {
		fputs("check: ", stderr);
		vfprintf(stderr, fmt, args);
		fputc('\n', stderr);
	}
	va_end(args);
}

static struct run *run_of(struct record *r, long number)
{
	size_t want = (size_t)number + 1;

	if (number < 1 || number > 100000000)
		return NULL;
	if (r->nr_runs < want) {
		ALLOC_GROW(r->runs, want, r->alloc_runs);
		for (; r->nr_runs < want; r->nr_runs++)
			r->runs[r->nr_runs] = (struct run){ .code = -1 };
	}
	return &r->runs[number];
}

static void take_begin(struct record *r, struct run *run, const struct event *e)
{
	if (run->begin.kind)
		fault(r, "run %ld begins twice", e->run);
	run->begin = *e;
	ALLOC_GROW(r->begins, r->nr_begins + 1, r->alloc_begins);
	r->begins[r->nr_begins++] = *e;
	if (!str_eq(e->word, "0"))
		fault(r, "two at once: run %ld begins (generation %" PRId64
		      ") while process %s is inside", e->run, e->generation, e->word);
	if (e->actor < 0 || e->actor >= r->c->actors)
		fault(r, "run %ld: no actor %d", e->run, e->actor);
}

static void take(struct record *r, const struct event *e)
{
	struct run *run = run_of(r, e->run);

	if (e->kind == 'F') {
		r->final = *e;
		return;
	}
	if (e->kind == 'Z') {
		r->left_seen = true;
		r->left = e->generation;
		return;
	}
	if (e->kind == 'X')
		return;
	if (!run) {
		fault(r, "event %c of no run", e->kind);
		return;
	}
	switch (e->kind) {
	case 'S':
		run->start = *e;
		break;
	case 'B':
		take_begin(r, run, e);
		break;
	case 'E':
		if (!run->begin.kind || run->end.kind)
			fault(r, "run %ld ends what it has not begun", e->run);
		run->end = *e;
		break;
	case 'K':
		if (str_eq(e->word, "term"))
			run->stopped = true;
		if (!run->killed)
			run->killed = e->time;
		break;
	case 'D':
		run->dead = true;
		break;
	case 'R':
		run->code = e->generation;
		break;
	default:
		fault(r, "an event that is none: %c", e->kind);
	}
}

static bool read_log(struct record *r, const char *path)
{
	char line[512];
	struct event e;
	FILE *f = fopen(path, "r");
	long n = 0;

	if (!f) {
		fault(r, "cannot read %s", path);
		return false;
	}
	while (fgets(line, sizeof(line), f)) {
		n++;
		if (event_parse(&e, line))
			take(r, &e);
		else
			fault(r, "line %ld of the log is none", n);
	}
	fclose(f);
	return true;
}

/* Each run by itself: it came back, and with 0 unless somebody saw to it. */
static void check_runs(struct record *r)
{
	for (size_t i = 1; i < r->nr_runs; i++) {
		const struct run *run = &r->runs[i];

		if (!run->start.kind) {
			fault(r, "run %zu was never started", i);
			continue;
		}
		if (run->code < 0)
			fault(r, "run %zu did not come back", i);
		else if (run->code && !run->killed)
			fault(r, "run %zu of a%d came back with %" PRId64
			      ", and nobody had killed it", i, run->start.actor,
			      run->code);
		if (run->code == 0 && !run->end.kind)
			fault(r, "run %zu came back with 0 and has no end", i);
		if (run->begin.kind && !run->end.kind && !run->killed)
			fault(r, "run %zu began and did not end, and nobody had "
			      "killed it", i);
		if (run->begin.kind && !run->dead)
			fault(r, "the process of run %zu was not seen dead", i);
	}
}

/* The steps of the ring from one turn to the next, by iteration if known. */
static int64_t steps(const struct record *r, const struct event *from,
		     const struct event *to)
{
	int64_t n = r->c->actors;

	if (from->iteration && to->iteration)
		return (to->iteration - from->iteration) * n + to->actor - from->actor;
	return (to->actor - from->actor + n) % n;
}

/* `next` is the turn after `b`, or the state at the end. */
static void check_step(struct record *r, const struct event *b,
		       const struct event *next)
{
	const struct run *run = &r->runs[b->run];
	int64_t moved = steps(r, b, next);

	if (moved == 0 && run->code == 0 && !run->stopped)
		fault(r, "turn lost: run %ld of a%d ended well (generation %" PRId64
		      "), and the ring did not move", b->run, b->actor, b->generation);
	else if (moved == 1 && !run->end.kind)
		fault(r, "actor skipped: run %ld of a%d did not end (generation %"
		      PRId64 "), and the ring moved on", b->run, b->actor,
		      b->generation);
	else if (moved != 0 && moved != 1)
		fault(r, "actor skipped: after a%d (generation %" PRId64 ") came a%d",
		      b->actor, b->generation, next->actor);
}

static void check_pair(struct record *r, const struct event *b,
		       const struct event *next)
{
	const struct run *run = &r->runs[b->run];
	int64_t over = run->end.kind ? run->end.time : run->killed;

	if (over > next->time)
		fault(r, "two at once: run %ld (generation %" PRId64 ") was not over "
		      "when run %ld began (generation %" PRId64 ")", b->run,
		      b->generation, next->run, next->generation);
	if (next->generation == b->generation)
		fault(r, "generation %" PRId64 " is used by run %ld and run %ld",
		      b->generation, b->run, next->run);
	else if (next->generation < b->generation)
		fault(r, "generation %" PRId64 " of run %ld comes after %" PRId64
		      " of run %ld", next->generation, next->run, b->generation,
		      b->run);
	check_step(r, b, next);
}

/* Generations without a critical section: somebody died on the way to it. */
static void check_gaps(struct record *r)
{
	int64_t last = r->final.kind ? r->final.generation : 0, unused, victims = 0;

	for (size_t i = 1; i < r->nr_runs; i++)
		if (r->runs[i].killed && !r->runs[i].begin.kind)
			victims++;
	unused = last - (int64_t)r->nr_begins;
	if (unused > victims)
		fault(r, "%" PRId64 " generations had no critical section, and only %"
		      PRId64 " runs were killed before theirs", unused, victims);
}

static void check_end(struct record *r)
{
	const struct event *b;

	if (!r->left_seen)
		fault(r, "the storm did not end");
	else if (r->left)
		fault(r, "%" PRId64 " processes were left over", r->left);
	if ((long)r->nr_begins < r->c->turns)
		fault(r, "only %zu of %ld turns have begun", r->nr_begins, r->c->turns);
	if (!r->final.kind) {
		fault(r, "the state at the end cannot be read");
		return;
	}
	if (str_eq(r->final.word, "running"))
		fault(r, "at the end somebody holds the turn");
	if (!r->nr_begins)
		return;
	b = &r->begins[r->nr_begins - 1];
	if (r->final.generation < b->generation)
		fault(r, "at the end the generation is %" PRId64 ", after %" PRId64,
		      r->final.generation, b->generation);
	check_step(r, b, &r->final);
}

/* ---- receipts and the log of transitions ---- */

static void each_line(struct record *r, const char *path,
		      void (*each)(struct record *, const struct json *, void *),
		      void *data)
{
	FILE *f = path ? fopen(path, "r") : NULL;
	struct json *in;
	char *line = NULL;
	size_t size = 0;
	ssize_t n;

	while (f && (n = getline(&line, &size, f)) > 0) {
		in = NULL;
		if (json_parse(&in, line, (size_t)n, "line") < 0)
			fault(r, "a line of %s is none", path);
		else
			each(r, in, data);
		json_free(in);
	}
	free(line);
	if (f)
		fclose(f);
}

static void take_transition(struct record *r, const struct json *in, void *data)
{
	int64_t *last = data, generation;

	if (json_get_int(json_get(in, "state"), "generation", &generation) < 0)
		generation = 0;
	if (generation < *last)
		fault(r, "the log of transitions goes back from %" PRId64 " to %" PRId64,
		      *last, generation);
	*last = generation;
}

struct receipts {
	unsigned char *ok;	/* by generation: how many */
	int64_t max;
};

static void take_receipt(struct record *r, const struct json *in, void *data)
{
	struct receipts *seen = data;
	const char *status = json_get_string(in, "status");
	int64_t generation;

	if (json_get_int(in, "generation", &generation) < 0 || !status ||
	    generation < 1 || generation > seen->max) {
		fault(r, "a receipt of no turn");
		return;
	}
	if (str_eq(status, "ok") && ++seen->ok[generation] > 1)
		fault(r, "two receipts say ok for generation %" PRId64, generation);
}

static void check_receipts(struct record *r)
{
	struct receipts seen = { NULL, r->final.generation };

	if (!r->c->receipts || !r->final.kind)
		return;
	seen.ok = xcalloc((size_t)seen.max + 1, 1);
	each_line(r, r->c->receipts, take_receipt, &seen);
	for (size_t i = 0; i < r->nr_begins; i++) {
		const struct event *b = &r->begins[i];
		const struct run *run = &r->runs[b->run];

		if (run->code == 0 && !run->killed && b->generation <= seen.max &&
		    !seen.ok[b->generation])
			fault(r, "run %ld (generation %" PRId64 ") left no receipt",
			      b->run, b->generation);
	}
	free(seen.ok);
}

int storm_check(const char *log, const struct check *c)
{
	struct record r = { .c = c };
	int64_t last = 0;
	size_t killed = 0, unended = 0;

	if (read_log(&r, log)) {
		check_runs(&r);
		for (size_t i = 1; i < r.nr_begins; i++)
			check_pair(&r, &r.begins[i - 1], &r.begins[i]);
		check_end(&r);
		check_gaps(&r);
		each_line(&r, c->turn_log, take_transition, &last);
		check_receipts(&r);
	}
	for (size_t i = 1; i < r.nr_runs; i++) {
		killed += r.runs[i].killed && !r.runs[i].stopped;
		unended += r.runs[i].begin.kind && !r.runs[i].end.kind;
	}
	printf("check: %zu turns, generation %" PRId64 ", %zu runs, %zu killed, "
	       "%zu in their critical section; %d faults\n", r.nr_begins,
	       r.final.generation, r.nr_runs ? r.nr_runs - 1 : 0, killed, unended,
	       r.faults);
	free(r.runs);
	free(r.begins);
	return r.faults;
}
