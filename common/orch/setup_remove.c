/*
 * Taking everything away again. Nothing here needs a readable configuration:
 * whoever removes git-orch may do so because it is broken.
 */
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "orch/setup.h"
#include "base/error.h"
#include "base/file.h"
#include "base/lock.h"
#include "base/strbuf.h"
#include "git/gitconfig.h"
#include "git/refs.h"
#include "git/repo.h"
#include "orch/hooks.h"
#include "orch/orch.h"
#include "orch/turn.h"

void setup_removal_release(struct setup_removal *r)
{
	strvec_release(&r->removed);
	strvec_release(&r->kept);
}

/* Names in a directory without the dots, sorted; none if it is missing. */
static int list_dir(struct strvec *out, const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct dirent *e;
	DIR *dir;

	if (fd < 0)
		return errno == ENOENT ? 0 : error_sys("cannot read '%s'", path);
	dir = fdopendir(fd);
	if (!dir) {
		close(fd);
		return error_sys("cannot read '%s'", path);
	}
	while ((e = readdir(dir)))
		if (!str_eq(e->d_name, ".") && !str_eq(e->d_name, ".."))
			strvec_push(out, e->d_name);
	closedir(dir);
	strvec_sort(out);
	return 0;
}

/* A runner, or a transition, has one of the loop's locks. */
static int refuse_while_locked(const char *loop, const char *loop_dir)
{
	struct strvec names = STRVEC_INIT;
	int rc = list_dir(&names, loop_dir);

	for (size_t i = 0; rc == 0 && i < names.nr; i++) {
		struct lock lock = LOCK_INIT;
		char *path;

		if (!str_ends(names.v[i], ".lock"))
			continue;
		path = xstrfmt("%s/%s", loop_dir, names.v[i]);
		rc = lock_try(&lock, path);
		lock_release(&lock);
		free(path);
		if (rc == ORCH_EBUSY)
			error_set(rc, "loop %s: a runner is at work (%s); end it first",
				  loop, names.v[i]);
	}
	strvec_release(&names);
	return rc;
}

static int held(const struct turn *t, const char *loop)
{
	struct strbuf holder = STRBUF_INIT;

	turn_describe(&holder, t);
	error_set(ORCH_EBUSY, "loop %s: %s; end the turn first", loop, holder.buf);
	strbuf_release(&holder);
	return ORCH_EBUSY;
}

/* A turn whose holder lives must end first. A state that cannot be read holds
 * nobody back. */
static int refuse_while_held(struct repo *repo, const char *orch_dir)
{
	char *loops = xstrfmt("%s/loops", orch_dir);
	struct strvec names = STRVEC_INIT;
	int rc = list_dir(&names, loops);

	for (size_t i = 0; rc == 0 && i < names.nr; i++) {
		struct orch o = ORCH_INIT;
		struct turn t;

		o.repo = repo;
		o.loop = xstrdup(names.v[i]);
		o.dir = xstrdup(orch_dir);
		o.loop_dir = xstrfmt("%s/%s", loops, names.v[i]);
		strvec_split(&o.workflow, "galph ralph");
		turn_init(&t);
		if (turn_read(&t, &o) < 0)
			error_clear();
		else if (t.holder.actor && turn_holder_alive(&t))
			rc = held(&t, o.loop);
		if (rc == 0)
			rc = refuse_while_locked(o.loop, o.loop_dir);
		turn_release_memory(&t);
		strvec_release(&o.workflow);
		free(o.loop);
		free(o.dir);
		free(o.loop_dir);
	}
	strvec_release(&names);
	free(loops);
	return rc;
}

static int remove_config(struct setup_removal *out, struct repo *repo, bool dry)
{
	static const char *const prefixes[] = { "orch", NULL };
	struct config_entries e = CONFIG_ENTRIES_INIT;
	struct strvec sections = STRVEC_INIT;
	int rc = gitconfig_read(&e, repo, prefixes);

	for (size_t i = 0; rc == 0 && i < e.nr; i++) {
		const char *key = e.v[i].key, *dot = strrchr(key, '.');
		char *section;

		if (e.v[i].level != CONFIG_LOCAL || !dot ||
		    (!str_starts(key, "orch.") && !str_starts(key, "orchactor.") &&
		     !str_starts(key, "orchcheck.")))
			continue;
		section = xstrndup(key, (size_t)(dot - key));
		if (strvec_has(&sections, section))
			free(section);
		else
			strvec_take(&sections, section);
	}
	for (size_t i = 0; rc == 0 && i < sections.nr; i++) {
		strvec_pushf(&out->removed, "git config section %s", sections.v[i]);
		if (!dry)
			rc = gitconfig_remove_section(repo, sections.v[i]);
	}
	strvec_release(&sections);
	config_entries_release(&e);
	return rc;
}

static int remove_tracked(struct setup_removal *out, struct repo *repo, bool dry)
{
	struct strbuf text = STRBUF_INIT;
	char *path;
	int rc;

	if (!repo_work_tree(repo))
		return 0;
	path = xstrfmt("%s/%s", repo_work_tree(repo), SETUP_TRACKED_FILE);
	rc = file_read(&text, path, 1024 * 1024, FILE_NOFOLLOW);
	if (rc == ORCH_ENOTFOUND) {
		rc = 0;
	} else if (rc < 0) {	/* a link, a directory, too large: not ours */
		strvec_pushf(&out->kept, "%s: not written by init", SETUP_TRACKED_FILE);
		rc = 0;
	} else if (!setup_is_pristine(text.buf, text.len)) {
		strvec_pushf(&out->kept, "%s: edited, or not written by init",
			     SETUP_TRACKED_FILE);
	} else {
		strvec_push(&out->removed, SETUP_TRACKED_FILE);
		if (!dry && unlink(path) < 0)
			rc = error_sys("cannot remove '%s'", path);
	}
	if (rc == 0)
		error_clear();
	strbuf_release(&text);
	free(path);
	return rc;
}

struct ref_to_remove {
	struct strvec names;
	struct oid *oids;
	size_t alloc;
};

static int add_ref(const char *name, const struct oid *oid, void *data)
{
	struct ref_to_remove *r = data;

	ALLOC_GROW(r->oids, r->names.nr + 1, r->alloc);
	r->oids[r->names.nr] = *oid;
	strvec_push(&r->names, name);
	return 0;
}

static int remove_refs(struct setup_removal *out, struct repo *repo, bool dry)
{
	struct ref_to_remove r = { STRVEC_INIT, NULL, 0 };
	int rc = ref_list(repo, "refs/orch/", add_ref, &r);

	for (size_t i = 0; rc == 0 && i < r.names.nr; i++) {
		strvec_push(&out->removed, r.names.v[i]);
		if (!dry)
			rc = ref_delete(repo, r.names.v[i], &r.oids[i]);
	}
	strvec_release(&r.names);
	free(r.oids);
	return rc;
}

static int remove_path(const char *path)
{
	struct stat st;

	if (lstat(path, &st) < 0)
		return errno == ENOENT ? 0 : error_sys("cannot remove '%s'", path);
	if (S_ISDIR(st.st_mode))
		return dir_remove_all(path);
	return unlink(path) == 0 || errno == ENOENT ? 0 :
	       error_sys("cannot remove '%s'", path);
}

/* The state. What turns left behind is worth keeping: it cannot be redone. */
static int remove_state(struct setup_removal *out, const char *dir, const char *shown,
			unsigned flags)
{
	static const char *const keep[] = { "receipts.jsonl", "logs", "trash" };
	struct strvec names = STRVEC_INIT;
	bool dry = flags & SETUP_DRY_RUN, kept_any = false;
	int rc = list_dir(&names, dir);

	for (size_t i = 0; rc == 0 && i < names.nr; i++) {
		char *path = xstrfmt("%s/%s", dir, names.v[i]);
		bool keep_it = false;

		for (size_t k = 0; k < ARRAY_SIZE(keep); k++)
			keep_it |= !(flags & SETUP_PURGE) && str_eq(names.v[i], keep[k]);
		if (keep_it) {
			strvec_pushf(&out->kept, "%s/%s: --purge removes it", shown,
				     names.v[i]);
			kept_any = true;
		} else {
			strvec_pushf(&out->removed, "%s/%s", shown, names.v[i]);
			if (!dry)
				rc = remove_path(path);
		}
		free(path);
	}
	if (rc == 0 && !kept_any && !dry && rmdir(dir) < 0 && errno != ENOENT)
		rc = error_sys("cannot remove '%s'", dir);
	strvec_release(&names);
	return rc;
}

/* Linked work trees keep caches in git directories of their own. */
static int remove_worktree_state(struct setup_removal *out, const char *common,
				 unsigned flags)
{
	char *root = xstrfmt("%s/worktrees", common);
	struct strvec names = STRVEC_INIT;
	int rc = list_dir(&names, root);

	for (size_t i = 0; rc == 0 && i < names.nr; i++) {
		char *dir = xstrfmt("%s/%s/orch", root, names.v[i]);
		char *shown = xstrfmt("worktrees/%s/orch", names.v[i]);

		rc = remove_state(out, dir, shown, flags | SETUP_PURGE);
		free(dir);
		free(shown);
	}
	strvec_release(&names);
	free(root);
	return rc;
}

int setup_remove(struct setup_removal *out, struct repo *repo, unsigned flags)
{
	char *dir = xstrfmt("%s/orch", repo_common_dir(repo));
	bool dry = flags & SETUP_DRY_RUN;
	int rc;

	if ((rc = refuse_while_held(repo, dir)) == 0 &&
	    (rc = hooks_remove(&out->removed, &out->kept, repo, dry)) == 0 &&
	    (rc = remove_config(out, repo, dry)) == 0 &&
	    (rc = remove_tracked(out, repo, dry)) == 0 &&
	    (rc = remove_refs(out, repo, dry)) == 0 &&
	    (rc = remove_state(out, dir, "orch", flags)) == 0)
		rc = remove_worktree_state(out, repo_common_dir(repo), flags);
	free(dir);
	return rc;
}
