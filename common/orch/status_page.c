/*
 * The page that somebody sees who types only `git orch`.
 */
#include "orch/status_page.h"
#include "base/error.h"
#include "base/output.h"
#include "base/text.h"
#include "git/object.h"
#include "git/repo.h"
#include "orch/discover.h"
#include "orch/document.h"
#include "orch/next_step.h"
#include "orch/orch.h"
#include "orch/receipt.h"
#include "orch/runner.h"
#include "orch/turn.h"
#include "orch/turn_page.h"

#define SHOWN_TURNS 5

struct page {
	struct orch o;
	struct turn turn;
	struct receipt_list receipts;
	struct output out;
	struct oid head;	/* of this work tree */
	int64_t shown_runner;	/* pid */
	struct strbuf as_of;	/* how old is what is known of other machines */
};

/* --- before init -------------------------------------------------------------- */

static void add_found(struct strbuf *sb, const char *path)
{
	if (path)
		strbuf_addf(sb, "%s%s", sb->len ? ", " : "", path);
}

static int page_before_init(struct page *p)
{
	struct discovery d = DISCOVERY_INIT;
	struct discover_request req = {
		.repo = p->o.repo,
		.max_document = (uint64_t)config_get_int(p->o.config, "orch.maxDocument"),
		.budget = config_get_int(p->o.config, "orch.budget"),
	};
	struct strbuf found = STRBUF_INIT;
	bool bare = !repo_work_tree(p->o.repo);
	struct json *array;
	int rc = 0;

	if (!bare && (rc = discovery_find(&d, &req)) < 0)
		goto out;
	add_found(&found, d.plan);
	add_found(&found, d.findings);
	add_found(&found, d.input);
	for (size_t i = 0; i < d.nr_actors; i++)
		for (size_t k = 0; k < d.actors[i].core.nr; k++)
			add_found(&found, d.actors[i].core.v[k]);
	array = json_add_array(output_json(&p->out), "found");
	if (d.plan)
		json_add_string(array, NULL, d.plan);
	for (size_t i = 0; i < d.nr_actors; i++)
		for (size_t k = 0; k < d.actors[i].core.nr; k++)
			json_add_string(array, NULL, d.actors[i].core.v[k]);
	output_line(&p->out, "no loop %s%s. Found: %s", p->o.loop ? "on branch " : "here",
		    p->o.loop ? p->o.loop : "",
		    found.len ? found.buf : "no plan and no prompts");
	if (bare) {
		output_line(&p->out, "  this repository is bare: set the loop up "
			    "in a work tree");
	} else {
		output_line(&p->out, "  git orch init --dry-run   what would be set up "
			    "(nothing runs, nothing is committed)");
		output_line(&p->out, "  git orch init             set it up");
	}
out:
	strbuf_release(&found);
	discovery_release(&d);
	return rc;
}

/* --- the loop ------------------------------------------------------------------ */

static void print_loop(struct page *p)
{
	const struct turn *t = &p->turn;
	const struct turn_holder *h = &t->holder;
	struct strbuf state = STRBUF_INIT;
	bool alive = h->actor && turn_holder_alive(t);

	if (alive)
		strbuf_addf(&state, "running %s",
			    duration_human(time_seconds_since(h->since_ms)));
	else if (h->actor)
		strbuf_addf(&state, "its holder is gone");
	else if (turn_kept_elsewhere(t))
		strbuf_addf(&state, "kept for %s", t->keeper.host);
	else if (t->status == TURN_IDLE)
		strbuf_addf(&state, "not begun");
	else if (t->status == TURN_OK)
		strbuf_addf(&state, "nobody holds it");
	else
		strbuf_addf(&state, "the last one %s",
			    t->status == TURN_FAILED ? "failed" :
			    t->status == TURN_LOST ? "was lost" : "was interrupted");
	output_line(&p->out, "loop %s, iteration %" PRId64 ": %s's turn, %s", p->o.loop,
		    t->iteration, t->expected, state.buf);
	if (h->actor && h->process.pid)
		output_line_color(&p->out, alive ? OUTPUT_PLAIN : OUTPUT_RED,
				  "  holder  %s pid %" PRId64 "%s%s, %sattempt %" PRId64,
				  h->actor, h->process.pid, h->host ? " on " : "",
				  h->host ? h->host : "",
				  alive ? "" : "gone: the next claim replaces it; ",
				  h->attempt);
	else if (h->actor)
		output_line(&p->out, "  holder  %s, by lease alone", h->actor);
	strbuf_release(&state);
}

/* What keeps it from going on, or others from knowing. */
static void print_trouble(struct page *p)
{
	const struct turn *t = &p->turn;

	if (t->paused)
		output_line_color(&p->out, OUTPUT_RED, "  paused  %s%s%s ago on %s",
				  t->paused,
				  *t->paused ? ", " : "",
				  duration_human(time_seconds_since(t->paused_ms)),
				  t->paused_host ? t->paused_host : "?");
	else if (t->reason && !t->holder.actor && t->status != TURN_OK)
		output_line(&p->out, "  reason  %s", t->reason);
	if (t->sync.remote && !t->sync.owed)
		output_line(&p->out, "  remote  %s%s", t->sync.remote, p->as_of.buf);
	else if (t->sync.owed)
		output_line_color(&p->out, OUTPUT_RED, "  remote  %s does not know yet: %s",
				  t->sync.remote ? t->sync.remote : "it",
				  t->sync.error ? t->sync.error : "not reachable");
}

/* Who plays: a line for each `git orch run`, whichever actors it plays. */
static void print_runners(struct page *p)
{
	struct json *array = json_add_array(output_json(&p->out), "runners");
	const struct strvec *ring = &p->o.workflow;

	for (size_t i = 0; i < ring->nr; i++) {
		struct runner r = RUNNER_INIT;
		struct strbuf text = STRBUF_INIT;
		bool seen = false;

		for (size_t k = 0; k < i; k++)
			seen |= str_eq(ring->v[k], ring->v[i]);
		if (!seen)
			runner_read(&r, &p->o, ring->v[i]);
		if (r.command) {
			struct json *j = json_add_object(array, NULL);
			char iso[TIME_ISO_SIZE];

			json_add_string(j, "actor", ring->v[i]);
			json_add_string(j, "command", r.command);
			json_add_int(j, "pid", r.process.pid);
			json_add_string(j, "since", time_iso(iso, r.since_ms));
			runner_describe(&text, &r);
			if (r.process.pid != p->shown_runner)
				output_line(&p->out, "  runner  %s", text.buf);
			p->shown_runner = r.process.pid;
		}
		runner_release(&r);
		strbuf_release(&text);
	}
}

static void print_head(struct page *p)
{
	const struct turn *t = &p->turn;
	struct oid oid = oid_is_zero(&t->head) ? p->head : t->head;
	struct commit_info c = COMMIT_INFO_INIT;
	const char *who = NULL;

	if (oid_is_zero(&oid)) {
		output_line(&p->out, "  head    no commit yet");
		return;
	}
	if (commit_read(p->o.repo, &oid, &c) < 0) {
		error_clear();
		output_line(&p->out, "  head    %s, which is not in this repository",
			    oid_short(&oid));
		return;
	}
	for (size_t i = 0; i < t->nr_last; i++)
		if (oid_eq(&t->last[i].commit, &oid))
			who = t->last[i].actor;
	output_line(&p->out, "  head    %s %.80s   (%s%s%s ago)", oid_short(&oid),
		    c.subject ? c.subject : "", who ? who : "", who ? ", " : "",
		    duration_human(time_seconds_since(c.time * 1000)));
	if (!oid_eq(&oid, &p->head))
		output_line(&p->out, "          this work tree is at %s%s",
			    oid_is_zero(&p->head) ? "no commit" : oid_short(&p->head),
			    turn_lacks_head(&p->o, t) ? " and does not have it" : "");
	commit_info_release(&c);
}

static void print_receipts(struct page *p)
{
	const struct receipt_list *l = &p->receipts;
	struct json *array = json_add_array(output_json(&p->out), "receipts");

	for (size_t i = 0; i < l->nr; i++)
		receipt_to_json(json_add_object(array, NULL), &l->v[i]);
	if (l->nr)
		receipt_table(&p->out, l->v, l->nr);
	if (l->broken)
		output_line(&p->out, "%zu receipts cannot be read: git orch doctor", l->broken);
}

static void print_next(struct page *p)
{
	const struct receipt_list *l = &p->receipts;
	const struct receipt *shown = l->nr ? &l->v[l->nr - 1] : NULL;
	struct strbuf next = STRBUF_INIT;

	for (size_t i = 0; i < l->nr; i++)
		if (l->v[i].status != TURN_OK)
			shown = &l->v[i];
	next_step(&next, &p->o, &p->turn, NULL);
	json_add_string(output_json(&p->out), "next", next.buf);
	output_line(&p->out, "next: %s", next.buf);
	if (shown)
		output_line(&p->out, "see: git orch%s log, show %s, doctor, -h",
			    orch_loop_arg(&p->o), shown->id);
	else
		output_line(&p->out, "see: git orch%s prompt build %s, doctor, -h",
			    orch_loop_arg(&p->o), p->turn.expected);
	strbuf_release(&next);
}

static int64_t count_documents(struct page *p)
{
	struct strvec paths = STRVEC_INIT;
	int64_t nr;

	if (documents_resolve(&paths, &p->o, p->turn.expected) < 0)
		error_clear();
	nr = (int64_t)paths.nr;
	strvec_release(&paths);
	return nr;
}

static void page_turn(struct page *p, struct json *out)
{
	turn_to_json(out, &p->turn, p->o.loop);
	if (p->turn.sync.remote)
		turn_add_as_of(&p->as_of, out, &p->o, &p->turn);
}

int status_page(void)
{
	struct page p = { .o = ORCH_INIT, .receipts = RECEIPT_LIST_INIT,
			  .as_of = STRBUF_INIT };
	bool set_up, open = false;
	struct json *j;
	int rc;

	turn_init(&p.turn);
	if ((rc = orch_open(&p.o, ORCH_LOOP_OPTIONAL)) < 0)
		goto out;
	set_up = config_is_set_up(p.o.config);
	if (!p.o.loop && set_up) {	/* the message says how to name it */
		orch_release(&p.o);
		rc = orch_open(&p.o, 0);
		goto out;
	}
	if ((rc = repo_head(p.o.repo, &p.head, NULL)) < 0 ||
	    (p.o.loop && ((rc = turn_read(&p.turn, &p.o)) < 0 ||
			  (rc = receipt_list(&p.receipts, &p.o, SHOWN_TURNS)) < 0)))
		goto out;
	output_open(&p.out);
	open = true;
	j = output_json(&p.out);
	json_add_string(j, "loop", p.o.loop);
	json_add_bool(j, "set_up", set_up);
	if (p.o.loop)
		page_turn(&p, json_add_object(j, "turn"));
	else
		json_add_null(j, "turn");
	/* A turn that was played counts, wherever the configuration is now. */
	if (!set_up && !p.turn.generation) {
		json_add_array(j, "receipts");
		json_add_int(j, "documents", 0);
		if ((rc = page_before_init(&p)) < 0)
			goto out;
	} else {
		print_loop(&p);
		print_trouble(&p);
		print_runners(&p);
		print_head(&p);
		print_receipts(&p);
		if (output_is_json(&p.out))	/* patterns walk the tree */
			json_add_int(j, "documents", count_documents(&p));
		print_next(&p);
	}
	open = false;
	rc = output_close(&p.out);
	if (rc == 0 && !set_up && !p.turn.generation)
		rc = ORCH_ENO;
out:
	if (open)
		output_discard(&p.out);
	receipt_list_release(&p.receipts);
	strbuf_release(&p.as_of);
	turn_release_memory(&p.turn);
	orch_release(&p.o);
	return rc;
}
