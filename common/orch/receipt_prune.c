/*
 * Logs and prompts are kept for the last turns only. Mostly there is nothing
 * to do, and that costs one look at a directory and at a tree.
 */
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/strvec.h"
#include "git/object.h"
#include "git/refs.h"
#include "orch/orch.h"
#include "orch/receipt.h"

#define CAS_TRIES 20

/* What stays: names without ".log", sorted. */
struct keep {
	struct strvec names;
	int64_t since_ms;	/* when the oldest kept turn began */
};

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool is_kept(const struct keep *k, const char *name)
{
	return k->names.nr && bsearch(&name, k->names.v, k->names.nr,
				      sizeof(*k->names.v), by_text);
}

/* The last receipts, and the turn that is being played. */
static int find_kept(struct keep *k, struct orch *o, size_t max)
{
	struct receipt_list list = RECEIPT_LIST_INIT;
	struct turn turn;
	size_t i;
	int rc;

	turn_init(&turn);
	rc = receipt_list(&list, o, max);
	if (rc < 0)
		goto out;
	for (i = 0; i < list.nr; i++)
		strvec_take(&k->names, receipt_file_name(list.v[i].id));
	k->since_ms = list.nr ? list.v[0].started_ms : 0;
	if (turn_read(&turn, o) == 0 && turn.holder.actor) {
		char *id = turn_id(&turn);

		strvec_take(&k->names, receipt_file_name(id));
		free(id);
	}
	strvec_sort(&k->names);
out:
	turn_release_memory(&turn);
	receipt_list_release(&list);
	return rc;
}

static char *logs_dir(const struct orch *o)
{
	char *loop = orch_encode_name(o->loop);
	char *path = xstrfmt("%s/logs/%s", o->dir, loop);

	free(loop);
	return path;
}

static size_t count_logs(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *e;
	size_t n = 0;

	if (!dir)
		return 0;
	while ((e = readdir(dir)))
		n += str_ends(e->d_name, ".log");
	closedir(dir);
	return n;
}

/*
 * A log without a receipt (its writing failed, or it comes only now) stays
 * as long as it is younger than the oldest turn that stays.
 */
static void drop_logs(const char *path, const struct keep *k)
{
	DIR *dir = opendir(path);
	struct dirent *e;

	if (!dir)
		return;
	while ((e = readdir(dir))) {
		char *name;
		struct stat st;

		if (!str_ends(e->d_name, ".log"))
			continue;
		name = xstrndup(e->d_name, strlen(e->d_name) - 4);
		if (!is_kept(k, name) &&
		    fstatat(dirfd(dir), e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    (int64_t)st.st_mtime * 1000 < k->since_ms)
			unlinkat(dirfd(dir), e->d_name, 0);
		free(name);
	}
	closedir(dir);
}

struct prompts {
	const struct keep *keep;	/* NULL: only count */
	struct strvec gone;
	size_t nr;
};

static int look_at_prompt(const char *path, const struct oid *oid UNUSED,
			  unsigned mode UNUSED, void *data)
{
	struct prompts *p = data;

	p->nr++;
	if (p->keep && !is_kept(p->keep, path))
		strvec_push(&p->gone, path);
	return 0;
}

static int count_prompts(struct orch *o, const char *ref, size_t *nr)
{
	struct prompts p = { NULL, STRVEC_INIT, 0 };
	struct oid tree;
	int rc = ref_read(o->repo, ref, &tree);

	if (rc == 0)
		rc = tree_walk(o->repo, &tree, look_at_prompt, &p);
	*nr = p.nr;
	return rc == ORCH_ENOTFOUND ? 0 : rc;
}

static int drop_prompts_once(struct orch *o, const char *ref,
			     const struct keep *k)
{
	struct prompts p = { k, STRVEC_INIT, 0 };
	struct tree_entry *entries = NULL;
	struct oid old, tree;
	size_t i;
	int rc;

	rc = ref_read(o->repo, ref, &old);
	if (rc == 0)
		rc = tree_walk(o->repo, &old, look_at_prompt, &p);
	if (rc < 0 || !p.gone.nr)
		goto out;
	if (p.gone.nr == p.nr) {	/* git has no use for an empty tree here */
		rc = ref_delete(o->repo, ref, &old);
		goto out;
	}
	entries = xcalloc(p.gone.nr, sizeof(*entries));
	for (i = 0; i < p.gone.nr; i++)
		entries[i].path = p.gone.v[i];
	rc = tree_write(o->repo, &old, entries, p.gone.nr, &tree);
	if (rc == 0)
		rc = ref_update(o->repo, ref, &tree, &old);
out:
	free(entries);
	strvec_release(&p.gone);
	return rc == ORCH_ENOTFOUND ? 0 : rc;
}

int receipt_prune(struct orch *o)
{
	int64_t limit = config_get_int(o->config, "orch.keepTurns");
	size_t max = limit < 1 ? 1 : limit > 1000000 ? 1000000 : (size_t)limit;
	size_t slack = max / 8;		/* not again after each turn */
	struct keep keep = { STRVEC_INIT, 0 };
	char *ref = orch_ref(o, "prompts"), *logs = logs_dir(o);
	size_t nr_logs = count_logs(logs), nr_prompts = 0;
	int rc, tries;

	rc = count_prompts(o, ref, &nr_prompts);
	if (rc < 0 || (nr_logs <= max + slack && nr_prompts <= max + slack))
		goto out;
	rc = find_kept(&keep, o, max);
	if (rc < 0)
		goto out;
	drop_logs(logs, &keep);
	for (tries = 0; tries < CAS_TRIES; tries++) {
		rc = drop_prompts_once(o, ref, &keep);
		if (rc != ORCH_EMODIFIED)
			break;
	}
out:
	strvec_release(&keep.names);
	free(logs);
	free(ref);
	return rc;
}
