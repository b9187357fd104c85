/*
 * Receipts, from the beginning of a turn to its end. How they look as JSON
 * is in receipt_json.c, where they are kept in receipt_store.c.
 */
#include "orch/receipt.h"
#include "orch/session.h"

#include <sys/stat.h>

#include "base/error.h"
#include "base/json.h"
#include "base/strbuf.h"
#include "base/text.h"
#include "git/diff.h"
#include "git/gitproc.h"
#include "git/object.h"
#include "git/refs.h"
#include "orch/orch.h"
#include "orch/prompt.h"

#define COMMITS_MAX 1000
#define FILES_MAX 1000
#define CAS_TRIES 20

void receipt_init(struct receipt *r)
{
	memset(r, 0, sizeof(*r));
}

static void clear_results(struct receipt *r)
{
	size_t i;

	free(r->commits);
	for (i = 0; i < r->nr_files; i++)
		free(r->files[i]);
	free(r->files);
	r->commits = NULL;
	r->files = NULL;
	r->nr_commits = r->nr_files = 0;
	r->files_changed = r->uncommitted = 0;
}

void receipt_release(struct receipt *r)
{
	clear_results(r);
	free(r->id);
	free(r->actor);
	free(r->loop);
	free(r->host);
	free(r->reason);
	free(r->pack);
	free(r->log);
	usage_release(&r->usage);
	usage_release(&r->total);
	json_free(r->prompt);
	json_free(r->checks);
	receipt_init(r);
}

static char *own_host(void)
{
	char name[256];

	if (gethostname(name, sizeof(name)) < 0)
		return NULL;
	name[sizeof(name) - 1] = '\0';
	return xstrdup(name);
}

int receipt_begin(struct receipt *r, struct orch *o, const struct turn *t)
{
	receipt_init(r);
	if (!t->holder.actor)
		return error_set(ORCH_ERROR, "nobody holds the turn of loop %s",
				 o->loop);
	r->id = turn_id(t);
	r->actor = xstrdup(t->holder.actor);
	r->loop = xstrdup(o->loop);
	r->host = t->holder.host ? xstrdup(t->holder.host) : own_host();
	r->iteration = t->iteration;
	r->step = t->step;
	r->attempt = t->holder.attempt;
	r->ordinal = t->holder.ordinal;
	r->generation = t->generation;
	r->status = TURN_RUNNING;
	r->started_ms = t->holder.since_ms;
	r->ended_ms = r->started_ms;
	r->waited_ms = t->holder.waited_ms;
	r->head_before = r->head_after = t->holder.head;
	return 0;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void add_file(struct receipt *r, const char *path)
{
	r->files = xreallocarray(r->files, r->nr_files + 1, sizeof(*r->files));
	r->files[r->nr_files++] = xstrdup(path);
}

static int add_commits(struct receipt *r, struct orch *o)
{
	struct commit_list list = COMMIT_LIST_INIT;
	struct change_list changes = CHANGE_LIST_INIT;
	size_t i;
	int rc;

	rc = commits_between(o->repo, &r->head_before, &r->head_after,
			     COMMITS_MAX, &list);
	if (rc < 0)
		goto out;
	r->commits = xcalloc(list.nr + 1, sizeof(*r->commits));
	for (i = 0; i < list.nr; i++)
		r->commits[r->nr_commits++] = list.v[i].oid;

	rc = diff_trees(o->repo, &r->head_before, &r->head_after, DIFF_RENAMES,
			&changes);
	if (rc < 0)
		goto out;
	r->files_changed = (int64_t)changes.nr;
	for (i = 0; i < changes.nr && r->nr_files < FILES_MAX; i++)
		add_file(r, changes.v[i].path);
out:
	change_list_release(&changes);
	commit_list_release(&list);
	return rc;
}

/* What lies in the future was changed before somebody set the clock back. */
static bool changed_after(const char *root, const char *path, int64_t ms)
{
	char *full = xstrfmt("%s/%s", root, path);
	struct stat st;
	int64_t changed = 0;

	if (lstat(full, &st) == 0)
		changed = (int64_t)st.st_mtim.tv_sec * 1000 +
			  st.st_mtim.tv_nsec / 1000000;
	free(full);
	return changed > ms && changed <= time_now_ms();
}

/* `git status` lists a file that was committed and changed again: once is
 * enough. The committed paths in front are sorted, as diff_trees() gives them.
 * Files changed after `until` (0: never) are left out. */
static int add_uncommitted(struct receipt *r, struct orch *o, int64_t until)
{
	struct status_list list = STATUS_LIST_INIT;
	size_t committed = r->nr_files, i;
	int rc;

	rc = worktree_status(o->repo, &list);
	if (rc < 0)
		goto out;
	if (committed)
		qsort(r->files, committed, sizeof(*r->files), by_text);
	for (i = 0; i < list.nr; i++) {
		if (until && changed_after(repo_work_tree(o->repo),
					   list.v[i].path, until))
			continue;
		r->uncommitted++;
		if (r->nr_files >= FILES_MAX)
			continue;
		if (!committed || !bsearch(&list.v[i].path, r->files, committed,
					   sizeof(*r->files), by_text))
			add_file(r, list.v[i].path);
	}
out:
	status_list_release(&list);
	return rc;
}

static void end_files(struct receipt *r, struct orch *o, int64_t until)
{
	if (repo_work_tree(o->repo) && add_uncommitted(r, o, until) < 0)
		warn("%s: its uncommitted files are not known: %s", r->id,
		     error_message());
	error_clear();
}

void receipt_end_files(struct receipt *r, struct orch *o)
{
	end_files(r, o, r->ended_ms);
}

int receipt_end(struct receipt *r, struct orch *o, enum turn_status status)
{
	int rc = receipt_end_commits(r, o, status);

	if (rc == 0)
		end_files(r, o, 0);
	return rc;
}

/* A turn is over when it is over: what cannot be found out is left out. */
int receipt_end_commits(struct receipt *r, struct orch *o,
			enum turn_status status)
{
	r->status = status;
	r->ended_ms = time_now_ms();
	if (r->ended_ms < r->started_ms)	/* the clock was set back */
		r->ended_ms = r->started_ms;
	clear_results(r);
	if (repo_head(o->repo, &r->head_after, NULL) < 0) {
		warn("%s: HEAD is not known: %s", r->id, error_message());
		r->head_after = r->head_before;
	}
	if (!oid_is_zero(&r->head_after) &&
	    !oid_eq(&r->head_before, &r->head_after) && add_commits(r, o) < 0)
		warn("%s: its commits are not known: %s", r->id, error_message());
	error_clear();
	return 0;
}

char *receipt_file_name(const char *id)
{
	char *name = xstrdup(id), *p;

	for (p = name; *p; p++)
		if (*p == '/')
			*p = '-';
	return name;
}

/* Several actors' runners may keep prompts at the same time. */
static int keep_blob(struct orch *o, const char *id, const struct oid *blob)
{
	char *ref = orch_ref(o, "prompts"), *name = receipt_file_name(id);
	struct tree_entry entry = { name, *blob, 0100644 };
	struct oid old, tree;
	int rc, tries;

	for (tries = 0; tries < CAS_TRIES; tries++) {
		struct oid zero = OID_ZERO;

		rc = ref_read(o->repo, ref, &old);
		if (rc == ORCH_ENOTFOUND)
			old = zero;
		else if (rc < 0)
			break;
		rc = tree_write(o->repo, oid_is_zero(&old) ? NULL : &old, &entry,
				1, &tree);
		/* What the ref named is gone or no tree: begin anew. */
		if (rc < 0 && !oid_is_zero(&old))
			rc = tree_write(o->repo, NULL, &entry, 1, &tree);
		if (rc < 0)
			break;
		rc = ref_update(o->repo, ref, &tree, &old);
		if (rc != ORCH_EMODIFIED)
			break;
	}
	free(name);
	free(ref);
	return rc;
}

int receipt_keep_prompt(struct receipt *r, struct orch *o,
			const struct prompt *p)
{
	struct json *object, *parts, *part;
	struct oid blob;
	int64_t promise;
	size_t i;
	int rc;

	rc = blob_write(o->repo, p->text.buf, p->text.len, &blob);
	if (rc == 0)
		rc = keep_blob(o, r->id, &blob);
	if (rc < 0)
		return error_prefix(rc, "cannot keep the prompt of %s", r->id);

	object = json_new_object();
	json_add_string(object, "blob", oid_hex(&blob));
	json_add_int(object, "bytes", (int64_t)p->text.len);
	json_add_int(object, "tokens", p->tokens);
	json_add_int(object, "static_bytes", (int64_t)p->static_len);
	json_add_bool(object, "resumed", p->pack.resumed);
	if ((promise = session_promise(o, r->actor, p)) >= 0)
		json_add_int(object, "promised", promise);
	json_add_string(object, "key_frame_because",
			p->pack.resumed ? NULL : p->pack.why);
	parts = json_add_array(object, "parts");
	for (i = 0; i < p->nr; i++) {
		part = json_add_object(parts, NULL);
		json_add_string(part, "kind", p->parts[i].kind);
		json_add_string(part, "name", p->parts[i].name);
		json_add_int(part, "bytes", (int64_t)p->parts[i].len);
		json_add_int(part, "tokens", p->parts[i].tokens);
		json_add_string(part, "blob", oid_is_zero(&p->parts[i].blob) ? NULL :
				oid_hex(&p->parts[i].blob));
		json_add_bool(part, "static", p->parts[i].is_static);
	}
	json_free(r->prompt);
	r->prompt = object;
	free(r->pack);
	r->pack = xstrdup(p->pack.id);
	return 0;
}

void receipt_set_usage(struct receipt *r, struct orch *o, const struct usage *u)
{
	struct receipt before;

	receipt_init(&before);
	usage_release(&r->usage);
	usage_release(&r->total);
	usage_copy(&r->usage, u);
	usage_copy(&r->total, u);
	if (!u->session || (!u->has_tokens && !u->has_cost) ||
	    receipt_find_session(&before, o, u->session) < 0)
		goto out;
	/*
	 * A cut stream has only its own messages, and some report only their own
	 * run: a later total of this session will contain them, so they must be in
	 * what we compare with.
	 */
	if (u->partial || u->own_figures)
		usage_add(&r->total, &before.total);
	else
		usage_subtract(&r->usage, &before.total);
out:
	error_clear();
	receipt_release(&before);
}
