/*
 * Repair: a state file that is broken is rebuilt from the log, and one that
 * the remote publishes from what is here. Whatever was broken stays.
 */
#include <sys/stat.h>
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
#include "orch/config.h"
#include "orch/orch.h"

#define REPAIR_DEPTH 1000	/* how many published states to look through */

static bool take_state(const struct json *entry, void *data)
{
	return turn_from_json(data, json_get(entry, "state")) == 0;
}

/* The generation that a broken state names, 0 if it does not, or one that
 * nobody can have counted to. */
static int64_t generation_in(const struct strbuf *text)
{
	struct json *in = NULL;
	int64_t n = 0;

	if (json_parse(&in, text->buf, text->len, "state") < 0 ||
	    json_get_int(in, "generation", &n) < 0 || n < 0 || n > TURN_COUNT_MAX)
		n = 0;
	error_clear();
	json_free(in);
	return n;
}

static int64_t salvage_generation(struct orch *o)
{
	struct strbuf text = STRBUF_INIT;
	int64_t n = 0;

	if (file_read(&text, turn_file(o, "turn.json"), TURN_STATE_MAX,
		      FILE_NOFOLLOW) == 0)
		n = generation_in(&text);
	strbuf_release(&text);
	return n;
}

static int64_t salvage_published(struct orch *o, const struct oid *commit)
{
	struct strbuf text = STRBUF_INIT;
	struct oid blob;
	int64_t n = 0;

	if (tree_lookup(o->repo, commit, "turn.json", &blob, NULL) == 0 &&
	    blob_read(o->repo, &blob, TURN_STATE_MAX, &text) == 0)
		n = generation_in(&text);
	error_clear();
	strbuf_release(&text);
	return n;
}

static char *keep_aside(struct orch *o)
{
	time_t now = time(NULL);
	struct stat st;
	struct tm tm;
	char stamp[32], *path;

	gmtime_r(&now, &tm);
	strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%SZ", &tm);
	path = xstrfmt("%s/turn.json.broken-%s", o->loop_dir, stamp);
	for (int n = 2; lstat(path, &st) == 0; n++) {
		free(path);
		path = xstrfmt("%s/turn.json.broken-%s.%d", o->loop_dir, stamp, n);
	}
	return path;
}

/*
 * The state to go on with: as logged, else as published, else a new loop. A
 * log that cannot be read now is no reason to begin at 1 again.
 */
static int rebuild(struct turn *t, struct orch *o)
{
	char *ref = orch_ref(o, "turn");
	struct oid published;
	int rc = turn_log_back(o, take_state, t);

	if (rc == 0 && ref_read(o->repo, ref, &published) == 0 &&
	    turn_read_published(t, o, &published) == 0) {
		t->sync.remote = xstrdup(config_get(o->config, "orch.remote"));
		t->sync.base = published;
		rc = 1;
	}
	if (rc == 0)
		turn_start(t, &o->workflow);
	if (rc >= 0)
		error_clear();
	free(ref);
	return rc < 0 ? rc : 0;
}

/* Nobody who thinks that it holds the turn may come back with its number. */
static void new_number(struct turn *t, int64_t salvaged)
{
	if (turn_holder_alive(t))
		return;
	if (t->holder.actor) {
		turn_clear_holder(t);
		t->status = TURN_LOST;
	}
	if (t->sync.floor > t->generation)
		t->generation = t->sync.floor;
	if (salvaged > t->generation)
		t->generation = salvaged;
	t->generation++;
	if (t->sync.remote)
		t->sync.ahead = true;
}

/* ORCH_ENO: the file is valid. */
static int repair_file(struct turn *t, struct orch *o, char **kept)
{
	struct lock lock = LOCK_INIT;
	char *aside = NULL;
	int64_t salvaged;
	struct stat st;
	int rc;

	if ((rc = turn_lock(&lock, o)) < 0)
		goto out;
	rc = turn_load(t, o);
	if (rc == 0)
		rc = error_set(ORCH_ENO, "%s is valid: there is nothing to repair",
			       turn_path(o));
	if (rc != ORCH_EINVALID)
		goto out;
	salvaged = salvage_generation(o);
	if ((rc = rebuild(t, o)) < 0)
		goto out;
	turn_observe(t, o);
	new_number(t, salvaged);
	if (lstat(turn_path(o), &st) == 0) {
		aside = keep_aside(o);
		/* A copy stays under the new name; turn.json itself is never
		 * missing, so a crash here leaves it broken, not gone. */
		if (link(turn_path(o), aside) < 0 &&
		    rename(turn_path(o), aside) < 0) {
			rc = error_sys("cannot keep %s", aside);
			goto out;
		}
	}
	if ((rc = turn_store(o, t, "repair", 0)) < 0)
		goto out;
	*kept = aside;
	aside = NULL;
out:
	free(aside);
	lock_release(&lock);
	return rc;
}

/* Below what cannot be read there may be states that were never seen here. */
static void take_newest_readable(struct turn *t, struct orch *o, const struct oid *broken)
{
	struct commit_info info = COMMIT_INFO_INIT;
	struct oid at = *broken;
	struct turn found;
	bool newer = oid_is_zero(&t->sync.base) && !t->generation;

	for (int depth = 0; depth < REPAIR_DEPTH; depth++) {
		if (commit_read(o->repo, &at, &info) < 0 || !info.nr_parents)
			break;
		at = info.parents[0];
		commit_info_release(&info);
		if (oid_eq(&at, &t->sync.base))
			break;
		if (turn_read_published(&found, o, &at) < 0) {
			turn_release_memory(&found);
			continue;
		}
		if (!newer && !oid_is_zero(&t->sync.base) &&
		    commit_is_ancestor(o->repo, &t->sync.base, &at, &newer) < 0)
			newer = false;
		if (newer) {
			found.sync.remote = xstrdup(t->sync.remote);
			found.sync.floor = t->sync.floor > t->generation ?
					   t->sync.floor : t->generation;
			turn_release_memory(t);
			turn_give(t, &found);
			turn_observe(t, o);
		}
		turn_release_memory(&found);
		break;
	}
	error_clear();
	commit_info_release(&info);
}

/*
 * What is published cannot be read: put the newest that can be on top of it, so
 * that nothing is taken away and everybody can go on. ORCH_ENO: it can be read.
 */
static int repair_published(struct turn *t, struct orch *o, const char *remote)
{
	struct turn_net n = TURN_NET_INIT;
	struct oid published = OID_ZERO;
	struct turn there;
	int rc;

	turn_init(&there);
	if ((rc = turn_net_open(&n, o, remote)) < 0 ||
	    (rc = turn_net_lock(&n, TURN_NET_WAIT_MS)) < 0)
		goto out;
	n.deadline = time_boot_ms() + TURN_REACH_SECONDS * 1000;
	do {
		turn_release_memory(t);
		turn_release_memory(&there);
		if ((rc = turn_net_fetch(&n)) < 0 || (rc = turn_load(t, o)) < 0)
			goto out;
		rc = ref_read(o->repo, n.ref, &published);
		if (rc == 0)
			rc = turn_read_published(&there, o, &published);
		if (rc == 0 || (rc == ORCH_ENOTFOUND && oid_is_zero(&published))) {
			rc = error_set(ORCH_ENO, "%s is valid, and so is what %s publishes: "
				       "there is nothing to repair", turn_path(o), remote);
			goto out;
		}
		if (rc != ORCH_EINVALID && rc != ORCH_ENOTFOUND)
			goto out;
		take_newest_readable(t, o, &published);
		new_number(t, salvage_published(o, &published));
		t->sync.base = published;
		rc = turn_publish(t, &n, "repair", NULL, true, 0);
	} while (rc == 0);
	if (rc > 0)
		rc = 0;
	else if (rc == ORCH_ENO && n.refusal)
		rc = error_set(ORCH_EBUSY, "%s", n.refusal);
out:
	turn_net_close(&n);
	turn_release_memory(&there);
	return rc;
}

int turn_repair(struct turn *out, struct orch *o, char **kept)
{
	const char *remote;
	struct turn t;
	int rc;

	*kept = NULL;
	turn_init(&t);
	rc = repair_file(&t, o, kept);
	if (rc == ORCH_ENO && turn_remote_name(&remote, o, NULL) == 0 && remote)
		rc = repair_published(&t, o, remote);
	if (rc == 0)
		turn_give(out, &t);
	turn_release_memory(&t);
	return rc;
}
