/* References by compare-and-swap; a held lock file is waited for. */
#include "git/refs.h"

#include <sys/stat.h>
#include <time.h>
#include "base/file.h"
#include "base/strbuf.h"
#include "base/strvec.h"
#include "git/internal.h"

#define STALE_LOCK 10	/* seconds */

/*
 * How long to sleep before the next try, in ms; -1: about a second is over.
 * The jitter keeps several writers from meeting again and again.
 */
static int back_off(unsigned attempt)
{
	static uint32_t seed;
	struct timespec pause = { 0, 0 };
	unsigned limit = attempt < 5 ? 2u << attempt : 50;

	if (attempt >= 36)
		return -1;
	if (!seed) {
		struct timespec now;

		clock_gettime(CLOCK_MONOTONIC, &now);
		seed = ((uint32_t)now.tv_nsec ^ (uint32_t)getpid() * 2654435761u) | 1;
	}
	seed ^= seed << 13;
	seed ^= seed >> 17;
	seed ^= seed << 5;
	pause.tv_nsec = (long)(seed % (limit * 1000u) + 500u) * 1000L;
	nanosleep(&pause, NULL);
	return 0;
}

static int lock_error(const char *name)
{
	return error_set(ORCH_EBUSY, "cannot lock '%s': another process has held "
			 "its lock file for a second", name);
}

/*
 * Whether the lock file was left by a process that was killed: references of our
 * own are held for a moment, and whoever else may lock them (git pack-refs) is
 * quick as well. It is removed then.
 */
static bool drop_stale_lock(struct repo *repo, const char *name)
{
	char *path = xstrfmt("%s/%s.lock", repo->common_dir, name);
	struct stat st;
	bool gone = str_starts(name, "refs/orch/") && lstat(path, &st) == 0 &&
		    time(NULL) - st.st_mtime > STALE_LOCK && unlink(path) == 0;

	free(path);
	return gone;
}

bool ref_is_broken(struct repo *repo, const char *name)
{
	char *path = xstrfmt("%s/%s", repo->common_dir, name);
	struct strbuf text = STRBUF_INIT;
	struct oid oid;
	bool broken = false;

	if (file_read(&text, path, 4096, FILE_NOFOLLOW) == 0) {
		strbuf_rtrim(&text);
		broken = !str_starts(text.buf, "ref:") && oid_parse(&oid, text.buf) < 0;
	}
	error_clear();
	strbuf_release(&text);
	free(path);
	return broken;
}

int ref_discard_broken(struct repo *repo, const char *name)
{
	char *path = xstrfmt("%s/%s", repo->common_dir, name);
	int rc = 0;

	if (ref_is_broken(repo, name) && unlink(path) < 0 && errno != ENOENT)
		rc = error_sys("cannot remove '%s'", path);
	free(path);
	return rc;
}

static int moved(const char *name)
{
	return error_set(ORCH_EMODIFIED, "'%s' has moved", name);
}

static bool ref_exists(struct repo *repo, const char *name)
{
	git_oid id;

	return git_reference_name_to_id(&id, repo->git2, name) == 0;
}

int ref_read(struct repo *repo, const char *name, struct oid *out)
{
	git_oid id;
	int rc = git_reference_name_to_id(&id, repo->git2, name);

	if (rc == GIT_ENOTFOUND)
		return error_set(ORCH_ENOTFOUND, "no reference '%s'", name);
	if (rc < 0)
		return git2_error(rc, "cannot read '%s'", name);
	oid_from_git2(out, &id);
	return 0;
}

int ref_update(struct repo *repo, const char *name, const struct oid *new_oid,
	       const struct oid *old_oid)
{
	git_reference *ref = NULL;
	git_odb *odb = NULL;
	git_oid to, from;
	unsigned attempt = 0;
	int rc;

	oid_to_git2(&to, new_oid);
	oid_to_git2(&from, old_oid);
	rc = git_repository_odb(&odb, repo->git2);
	if (rc < 0)
		return git2_error(rc, "cannot open the object database");
	/* First, so that a "not found" below can only be about the reference. */
	rc = git_odb_exists(odb, &to);
	git_odb_free(odb);
	if (!rc)
		return error_set(ORCH_ENOTFOUND, "cannot set '%s': no object %s",
				 name, oid_hex(new_oid));
	while ((rc = git_reference_create_matching(&ref, repo->git2, name, &to, 1,
						   &from, NULL)) == GIT_ELOCKED)
		if (back_off(attempt++) < 0 && !drop_stale_lock(repo, name))
			return lock_error(name);
	git_reference_free(ref);
	if (rc == GIT_EMODIFIED || rc == GIT_ENOTFOUND)
		return moved(name);
	if (rc == GIT_EEXISTS && ref_exists(repo, name))
		return moved(name);
	return rc < 0 ? git2_error(rc, "cannot set '%s'", name) : 0;
}

int ref_delete(struct repo *repo, const char *name, const struct oid *old_oid)
{
	git_reference *ref = NULL;
	struct oid now;
	unsigned attempt = 0;
	int rc;

	do {
		rc = git_reference_lookup(&ref, repo->git2, name);
		if (rc == GIT_ENOTFOUND)
			return oid_is_zero(old_oid) ? 0 : moved(name);
		if (rc < 0)
			return git2_error(rc, "cannot read '%s'", name);
		if (git_reference_type(ref) != GIT_REFERENCE_DIRECT) {
			git_reference_free(ref);
			return error_set(ORCH_EINVALID, "'%s' is a symbolic "
					 "reference", name);
		}
		oid_from_git2(&now, git_reference_target(ref));
		if (!oid_eq(&now, old_oid)) {
			git_reference_free(ref);
			return moved(name);
		}
		/* Compares once more under the lock. */
		rc = git_reference_delete(ref);
		git_reference_free(ref);
	} while (rc == GIT_ELOCKED && back_off(attempt++) == 0);
	if (rc == GIT_ELOCKED)
		return lock_error(name);
	if (rc == GIT_EMODIFIED || rc == GIT_ENOTFOUND)
		return moved(name);
	return rc < 0 ? git2_error(rc, "cannot delete '%s'", name) : 0;
}

int ref_list(struct repo *repo, const char *prefix, ref_each *each, void *data)
{
	git_reference_iterator *it = NULL;
	struct strvec names = STRVEC_INIT;
	char *glob = xstrfmt("%s*", prefix);
	const char *name;
	size_t i;
	int rc;

	rc = git_reference_iterator_glob_new(&it, repo->git2, glob);
	while (rc == 0 && (rc = git_reference_next_name(&name, it)) == 0)
		if (str_starts(name, prefix))
			strvec_push(&names, name);
	if (rc != GIT_ITEROVER) {
		rc = git2_error(rc, "cannot list '%s'", prefix);
		goto out;
	}
	rc = 0;
	strvec_sort(&names);
	for (i = 0; rc >= 0 && i < names.nr; i++) {
		struct oid oid;

		if (i && str_eq(names.v[i], names.v[i - 1]))
			continue;
		rc = ref_read(repo, names.v[i], &oid);
		if (rc == ORCH_ENOTFOUND)
			rc = 0;		/* deleted since */
		else if (rc == 0)
			rc = each(names.v[i], &oid, data);
	}
	if (rc > 0)
		rc = 0;
out:
	git_reference_iterator_free(it);
	strvec_release(&names);
	free(glob);
	return rc;
}
