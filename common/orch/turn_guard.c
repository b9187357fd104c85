/*
 * Noticing that the turn is lost while somebody works under it: the same
 * watch that waiters sleep on tells of every new state, so that nothing wakes
 * up while nothing changes.
 */
#include "orch/turn_guard.h"

#include "base/error.h"
#include "base/strbuf.h"
#include "base/text.h"
#include "git/gitproc.h"
#include "orch/orch.h"
#include "orch/receipt.h"

#define LOOK_MS 5000		/* where nothing tells us of changes */
#define COMMITS_SHOWN 20
#define RECEIPTS_SEEN 50	/* that a successor may have left meanwhile */

/* ---- watching ---- */

static void set_due(struct turn_guard *g)
{
	g->due_ms = g->watch.poll || g->shared_fs ? time_boot_ms() + LOOK_MS : -1;
}

void turn_guard_arm(struct turn_guard *g, struct orch *o, const struct turn *t)
{
	g->generation = t->generation;
	g->shared_fs = t->shared_fs;
	turn_watch_arm(&g->watch, o);
	set_due(g);
}

int turn_guard_fd(const struct turn_guard *g)
{
	return g->generation && !g->watch.poll ? g->watch.inotify : -1;
}

int64_t turn_guard_due(const struct turn_guard *g)
{
	return g->generation ? g->due_ms : -1;
}

static int not_current(const struct turn_guard *g, const struct turn *t)
{
	struct strbuf text = STRBUF_INIT;
	int rc;

	turn_describe(&text, t);
	rc = error_set(ORCH_ENO, "generation %" PRId64 " is not current, %" PRId64
		       " is: %s", g->generation, t->generation, text.buf);
	strbuf_release(&text);
	return rc;
}

int turn_guard_look(struct turn_guard *g, struct orch *o)
{
	struct turn t;
	int rc = 0;

	if (!g->generation)
		return 0;
	/* Waiters open the lock and the log grows: that is not the state. */
	if (g->watch.inotify >= 0 && !turn_watch_drain(&g->watch) &&
	    (g->due_ms < 0 || time_boot_ms() < g->due_ms))
		return 0;
	if (g->watch.wd < 0)	/* the directory was moved or taken away */
		turn_watch_arm(&g->watch, o);
	set_due(g);
	if (turn_load(&t, o) < 0) {
		error_clear();	/* broken: whoever repairs it will tell us */
	} else if (t.generation == g->generation) {
		/* Whoever takes a turn away raises the generation. */
		if (!t.holder.actor)
			rc = error_set(ORCH_ENOTFOUND, "generation %" PRId64
				       " has been given back", g->generation);
	} else {
		rc = not_current(g, &t);
		if (turn_was_released(o, g->generation))
			rc = ORCH_ENOTFOUND;
	}
	turn_release_memory(&t);
	return rc;
}

void turn_guard_close(struct turn_guard *g)
{
	turn_watch_close(&g->watch);
	g->generation = 0;
	g->due_ms = -1;
}

/* ---- what is at stake ---- */

/* A successor, or who broke the turn, may have left its receipt already. */
static bool has_receipt(struct orch *o, const struct receipt *r)
{
	struct receipt_list list = RECEIPT_LIST_INIT;
	bool found = false;

	if (receipt_list(&list, o, RECEIPTS_SEEN) < 0)
		error_clear();
	for (size_t i = 0; i < list.nr && !found; i++)
		found = list.v[i].generation == r->generation &&
			str_eq(list.v[i].id, r->id);
	receipt_list_release(&list);
	return found;
}

/* One line each: "8ba57f9 its subject". */
static int list_commits(struct strbuf *out, struct orch *o, const struct oid *before,
			const struct oid *after, const char *branch)
{
	char *max = xstrfmt("--max-count=%d", COMMITS_SHOWN + 1);
	char *exclude = xstrfmt("--exclude=%s", branch ? branch : "/");
	char *to = xstrdup(oid_hex(after)), *from = xstrdup(oid_hex(before));
	const char *args[] = {
		"rev-list", "--no-commit-header", "--format=%h %s", max, to, "--not",
		exclude, "--branches", "--remotes", oid_is_zero(before) ? NULL : from,
		NULL
	};
	int rc = gitproc_capture(o->repo, out, args);

	free(max);
	free(exclude);
	free(to);
	free(from);
	return rc;
}

static void warn_each(const struct strbuf *list)
{
	size_t n = 0;

	for (const char *line = list->buf, *end; *line; line = *end ? end + 1 : end) {
		struct strbuf safe = STRBUF_INIT;

		end = strchrnul(line, '\n');
		text_add_safe(&safe, line, (size_t)(end - line), true);
		if (++n <= COMMITS_SHOWN)
			warn("made under the lost turn, on no remote or other branch: %s",
			     safe.buf);
		strbuf_release(&safe);
	}
	if (n > COMMITS_SHOWN)
		warn("and more: git log");
}

void turn_warn_commits(struct orch *o, const struct oid *before)
{
	struct strbuf list = STRBUF_INIT;
	char *message = xstrdup(error_message());
	struct oid after;
	char *branch = NULL;

	if (repo_head(o->repo, &after, &branch) == 0 && !oid_is_zero(&after) &&
	    !oid_eq(before, &after)) {
		if (list_commits(&list, o, before, &after, branch) < 0)
			warn("which commits are on no remote is not known: %s",
			     error_message());
		else if (list.len)
			warn_each(&list);
	}
	error_set(ORCH_ENO, "%s", message);
	free(message);
	free(branch);
	strbuf_release(&list);
}

void turn_record_lost(struct orch *o, const struct turn *held)
{
	char *message = xstrdup(error_message());
	struct receipt r;

	receipt_init(&r);
	if (receipt_begin(&r, o, held) == 0 && !has_receipt(o, &r)) {
		r.reason = xstrdup(message);
		if (receipt_end(&r, o, TURN_LOST) < 0 || receipt_write(o, &r) < 0)
			warn("no receipt of the lost turn: %s", error_message());
	}
	error_set(ORCH_ENO, "%s", message);
	turn_warn_commits(o, &held->holder.head);
	free(message);
	receipt_release(&r);
}
