/*
 * Publishing a transition. The order is what makes it safe to be killed
 * anywhere: the intent is durable before the push, the remote decides, and
 * only then does the local state change. Whoever comes next reads the remote
 * first, so a push that succeeded is never forgotten, and one that did not has
 * left the local state as it was.
 */
#include <time.h>
#include <unistd.h>
#include "orch/turn_remote.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/strbuf.h"
#include "base/text.h"
#include "git/object.h"
#include "git/refs.h"
#include "orch/orch.h"
#include "orch/receipt.h"

/* ---- the commit ---- */

static int write_json(struct repo *repo, struct json *json, struct oid *out)
{
	struct strbuf text = STRBUF_INIT;
	int rc;

	json_print(&text, json);
	strbuf_addch(&text, '\n');
	rc = blob_write(repo, text.buf, text.len, out);
	strbuf_release(&text);
	json_free(json);
	return rc;
}

/* A repair may have to take the place of anything. All else stands on what was
 * read: if that cannot be read again, the chain must not begin anew. */
static bool has_parent(struct repo *repo, const struct oid *oid, const char *event)
{
	struct commit_info info = COMMIT_INFO_INIT;
	bool is;

	if (oid_is_zero(oid) || !str_eq(event, "repair"))
		return !oid_is_zero(oid);
	is = commit_read(repo, oid, &info) == 0;
	error_clear();
	commit_info_release(&info);
	return is;
}

static int write_commit(struct turn_net *n, const struct turn *t, const char *event,
			const struct receipt *receipt, const struct oid *parent,
			struct oid *out)
{
	struct repo *repo = n->o->repo;
	struct tree_entry entries[2] = {
		{ .path = "turn.json", .mode = 0100644 },
		{ .path = "receipt.json", .mode = 0100644 },
	};
	struct oid tree;
	char *message = NULL, *id = turn_id(t);
	int rc;

	rc = write_json(repo, turn_state_json(t, true), &entries[0].oid);
	if (rc == 0 && receipt) {
		struct json *json = json_new_object();

		receipt_to_json(json, receipt);
		/* A branch that was refused is told after its receipt. */
		if (receipt->status == TURN_OK && t->status != TURN_OK) {
			json_set(json, "status",
				 json_new_string(turn_status_name(t->status)));
			json_set(json, "reason", json_new_string(t->reason));
		}
		rc = write_json(repo, json, &entries[1].oid);
	}
	if (rc < 0 || (rc = tree_write(repo, NULL, entries, receipt ? 2 : 1, &tree)) < 0)
		goto out;
	message = xstrfmt("%s %s\n\ngeneration %" PRId64 ", %s\n", event,
			  receipt ? receipt->id : id, t->generation,
			  turn_status_name(t->status));
	rc = commit_write(repo, &tree, parent, has_parent(repo, parent, event), message,
			  time(NULL), out);
out:
	free(message);
	free(id);
	return rc;
}

/* ---- the intent ---- */

static int write_intent(struct turn_net *n, const struct turn *t, const char *event,
			const struct oid *commit)
{
	struct json *out = json_new_object();
	struct process_id self = { 0, 0 };
	struct strbuf text = STRBUF_INIT;
	int rc;

	if (process_identify(&self, getpid()) < 0)
		error_clear();
	json_add_int(out, "version", 1);
	json_add_string(out, "event", event);
	json_add_string(out, "nonce", t->nonce);
	json_add_string(out, "claim", t->holder.claim);
	json_add_string(out, "commit", oid_hex(commit));
	json_add_string(out, "remote", n->remote.name);
	json_add_int(out, "pid", self.pid);
	json_add_int(out, "start", (int64_t)self.start);
	json_add_string(out, "boot_id", turn_here()->boot_id);
	json_add_string(out, "pid_ns", turn_here()->pid_ns);
	json_print(&text, out);
	strbuf_addch(&text, '\n');
	rc = file_replace(turn_file(n->o, "intent.json"), text.buf, text.len, 0666);
	strbuf_release(&text);
	json_free(out);
	return rc;
}

static void drop_intent(struct turn_net *n)
{
	unlink(turn_file(n->o, "intent.json"));
}

/*
 * A claim by lease alone whose process died before it could say its generation
 * is nobody's: without this it would stand until the lease is over. Any other
 * publication that arrived needs no more than to be adopted.
 */
int turn_resolve_intent(struct turn_net *n)
{
	struct strbuf text = STRBUF_INIT;
	struct lock lock = LOCK_INIT;
	struct json *in = NULL;
	const char *claim, *event;
	struct turn t;
	int rc;

	turn_init(&t);
	rc = file_read(&text, turn_file(n->o, "intent.json"), 65536, FILE_NOFOLLOW);
	if (rc == ORCH_ENOTFOUND) {
		error_clear();
		rc = 0;
		goto out;
	}
	if (rc == 0)
		rc = json_parse(&in, text.buf, text.len, "intent.json");
	claim = json_get_string(in, "claim");
	event = json_get_string(in, "event");
	if (rc == 0 && claim && event &&
	    (str_eq(event, "acquire") || str_eq(event, "takeover"))) {
		if ((rc = turn_lock(&lock, n->o)) < 0 || (rc = turn_adopt(&t, n)) < 0)
			goto out;
		if (t.holder.claim && str_eq(t.holder.claim, claim) && !t.holder.process.pid) {
			free(t.sync.void_claim);
			t.sync.void_claim = xstrdup(claim);
			rc = turn_store(n->o, &t, "void", TURN_KEEP_NONCE);
		}
	}
	if (rc < 0 && rc != ORCH_EINVALID)
		goto out;
	error_clear();
	rc = 0;
	drop_intent(n);
out:
	lock_release(&lock);
	turn_release_memory(&t);
	json_free(in);
	strbuf_release(&text);
	return rc;
}

/* ---- the push ---- */

/* Is our commit what the remote has? 1 yes, 0 no; else the network's error.
 * `moved`: nor is it what we expected. */
static int arrived(struct turn_net *n, const struct oid *ours, const struct oid *expected,
		   bool *moved)
{
	struct remote_ref there = { n->ref, OID_ZERO };
	int rc = remote_ls(&n->remote, &there, 1);

	*moved = false;
	if (rc < 0)
		return rc;
	if (oid_eq(&there.oid, ours))
		return 1;
	*moved = !oid_eq(&there.oid, expected);
	return 0;
}

static void set_refusal(struct turn_net *n, const struct remote_push *branch)
{
	free(n->refusal);
	n->refusal = xstrfmt("%s refused %s: %s", n->remote.name, branch->ref,
			     branch->reason ? branch->reason : "no reason given");
}

/*
 * Push until the outcome is known. 1: it is there. 0: the turn has moved.
 * ORCH_ENO: the branch was refused.
 */
static int push(struct turn_net *n, const struct oid *commit, const struct oid *expected,
		const struct oid *head, const char *branch)
{
	bool hooks = head && str_starts(branch, "refs/heads/");
	struct remote_push refs[2] = { { .result = PUSH_NOT_TRIED } };
	size_t nr = 0, turn;
	bool moved;
	int rc;

	for (unsigned attempt = 0;; attempt++) {
		nr = 0;
		/* First, for a remote that takes them one by one: a turn must
		 * not promise a commit that is not there. */
		if (head)
			refs[nr++] = (struct remote_push){ .oid = *head, .ref = branch };
		turn = nr++;
		refs[turn] = (struct remote_push){ .oid = *commit, .ref = n->ref,
						   .expected = expected };
		rc = remote_push(&n->remote, refs, nr, hooks ? REMOTE_RUN_HOOKS : 0);
		if (rc != ORCH_EBUSY)
			break;
		remote_push_release(refs, nr);
		/* Broken off: it may have arrived all the same. */
		while ((rc = arrived(n, commit, expected, &moved)) == ORCH_EBUSY)
			if ((rc = turn_net_pause(n, attempt++)) < 0)
				return rc;
		if (rc)
			return rc;
		if (moved)
			return 0;
		if ((rc = turn_net_pause(n, attempt)) < 0)
			return rc;
	}
	if (rc == 0) {
		rc = 1;
	} else if (rc == ORCH_ENO && refs[turn].result == PUSH_MOVED) {
		rc = 0;
	} else if (rc == ORCH_ENO && head && (refs[0].result == PUSH_MOVED ||
						refs[0].result == PUSH_REFUSED)) {
		set_refusal(n, &refs[0]);
	} else if (rc == ORCH_ENO) {
		n->turn_refused = true;
		rc = error_set(ORCH_ERROR, "%s refuses %s: %s", n->remote.name, n->ref,
			       refs[turn].reason ? refs[turn].reason : "no reason given");
	}
	remote_push_release(refs, nr);
	return rc;
}

/* The local copy of the ref. When this does not work the next fetch does it. */
static void set_here(struct turn_net *n, const struct oid *to)
{
	struct oid now = OID_ZERO;

	if (ref_read(n->o->repo, n->ref, &now) < 0)
		error_clear();
	if (!oid_eq(&now, to) && ref_update(n->o->repo, n->ref, to, &now) < 0) {
		error_clear();
		n->fetched = false;
	}
}

static void set_published(struct turn *t, struct turn_net *n, const struct oid *commit,
			  int64_t boot_ms)
{
	struct turn_sync *s = &t->sync;

	free(s->remote);
	free(s->error);
	free(s->boot_id);
	free(s->void_claim);
	s->remote = xstrdup(n->remote.name);
	s->base = *commit;
	s->ahead = s->owed = false;
	s->error = s->void_claim = NULL;
	s->tried = (struct oid)OID_ZERO;
	s->boot_id = xstrdup(turn_here()->boot_id);
	s->boot_ms = boot_ms;
}

void turn_set_owed(struct turn *t, const char *remote, const char *why)
{
	struct turn_sync *s = &t->sync;
	char *name = xstrdup(remote);

	free(s->remote);
	free(s->error);
	s->remote = name;
	s->error = xstrfmt("%.1000s", why);
	s->ahead = s->owed = true;
}

/* In the place of *t, the state as this clone has changed it meanwhile. */
static void keep_what_is_here(struct turn *t, struct turn *now)
{
	struct turn published = *t;
	bool owed = now->sync.owed;
	char *error = now->sync.error;

	now->sync.error = NULL;
	*t = *now;
	turn_init(now);
	turn_clear_sync(t);
	t->sync = published.sync;
	t->sync.ahead = true;
	t->sync.owed = owed;
	t->sync.error = error;
	published.sync = (struct turn_sync){ 0 };
	free(t->paused);
	free(t->paused_host);
	t->paused = published.paused;
	t->paused_host = published.paused_host;
	t->paused_ms = published.paused_ms;
	published.paused = published.paused_host = NULL;
	turn_release_memory(&published);
}

void turn_take_owed_pause(struct turn *t, struct turn *now)
{
	struct turn old = *t;

	if (!now->sync.owed || (t->paused_ms == now->paused_ms && !t->paused == !now->paused))
		return;
	t->paused = now->paused;
	t->paused_host = now->paused_host;
	t->paused_ms = now->paused_ms;
	now->paused = old.paused;
	now->paused_host = old.paused_host;
	t->sync.ahead = t->sync.owed = true;
	if (!t->sync.error) {
		t->sync.error = now->sync.error;
		now->sync.error = NULL;
	}
}

/* A child, or another attempt, under the very claim. */
static void take_holder(struct turn *t, struct turn *now)
{
	struct turn old = *t;

	t->holder = now->holder;
	t->attempts = now->attempts;
	t->count = now->count;
	t->nr_count = now->nr_count;
	now->holder = old.holder;
	now->count = old.count;
	now->nr_count = old.nr_count;
}

/*
 * The push may have been on its way while the state was changed here: a child
 * recorded, a lease renewed, or, where that need not be published, the turn
 * handed on. What was published is the truth for all else.
 */
static int store(struct turn *t, struct turn_net *n, const char *event, unsigned flags)
{
	struct lock lock = LOCK_INIT;
	struct turn now;
	int rc;

	turn_init(&now);
	if ((rc = turn_lock(&lock, n->o)) < 0)
		goto out;
	if (turn_load(&now, n->o) < 0)
		error_clear();
	else if ((flags & TURN_SAME_TURN) && !turn_same(&now, t))
		keep_what_is_here(t, &now);
	else if (now.holder.claim && t->holder.claim &&
		 str_eq(now.holder.claim, t->holder.claim))
		take_holder(t, &now);
	if (!(flags & TURN_SAME_TURN))
		turn_take_owed_pause(t, &now);
	rc = turn_store(n->o, t, event, flags | TURN_KEEP_NONCE);
out:
	lock_release(&lock);
	turn_release_memory(&now);
	return rc;
}

/* It was broken off, and by the time we could look again others had built on
 * it: it did happen. What they made of it is adopted. */
static int arrived_and_moved_on(struct turn_net *n, const struct oid *commit)
{
	struct lock lock = LOCK_INIT;
	struct oid tip = OID_ZERO;
	bool yes = false;
	struct turn now;
	int rc;

	if (ref_read(n->o->repo, n->ref, &tip) < 0 ||
	    commit_is_ancestor(n->o->repo, commit, &tip, &yes) < 0)
		error_clear();
	if (!yes)
		return 0;
	turn_init(&now);
	if ((rc = turn_lock(&lock, n->o)) == 0)
		rc = turn_adopt(&now, n);
	lock_release(&lock);
	turn_release_memory(&now);
	return rc < 0 ? rc : 1;
}

bool turn_head_is_there(const struct turn *t, struct turn_net *n)
{
	struct oid tip;
	bool yes = false;

	if (ref_read(n->o->repo, n->branch_here, &tip) < 0 ||
	    commit_is_ancestor(n->o->repo, &t->head, &tip, &yes) < 0)
		error_clear();
	return yes;
}

int turn_publish(struct turn *t, struct turn_net *n, const char *event,
		 const struct receipt *receipt, bool branch, unsigned store_flags)
{
	struct oid commit, expected = t->sync.base;
	int64_t began = time_boot_ms();
	int rc;

	turn_stamp(t);
	if ((rc = write_commit(n, t, event, receipt, &expected, &commit)) < 0 ||
	    (rc = write_intent(n, t, event, &commit)) < 0)
		return rc;
	rc = push(n, &commit, &expected,
		  branch && !oid_is_zero(&t->head) ? &t->head : NULL,
		  t->head_ref ? t->head_ref : n->branch);
	if (rc == 0) {
		if ((rc = turn_net_fetch(n)) == 0)
			rc = arrived_and_moved_on(n, &commit);
		if (rc >= 0)
			drop_intent(n);
		return rc;
	}
	if (rc == ORCH_EBUSY || rc == ORCH_EINTERRUPTED) {
		t->sync.tried = commit;
		return rc;
	}
	if (rc == 1) {
		set_here(n, &commit);
		set_published(t, n, &commit, began);
		if ((rc = store(t, n, event, store_flags)) < 0)
			return rc;
		turn_observe(t, n->o);
		rc = 1;
	}
	drop_intent(n);
	return rc;
}
