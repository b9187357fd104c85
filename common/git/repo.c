/*
 * Opening a repository the way git does.
 *
 * libgit2's own reading of the environment (GIT_REPOSITORY_OPEN_FROM_ENV)
 * gives up on GIT_WORK_TREE and GIT_COMMON_DIR and takes another work tree
 * than git when only GIT_DIR is set, so the variables are read here. Its
 * owner check does not know safe.directory=*, so ours asks git, once, and only
 * when the owner is somebody else.
 */
#include "git/repo.h"

#include <git2/sys/repository.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>
#include "base/file.h"
#include "base/spawn.h"
#include "base/strbuf.h"
#include "git/gitproc.h"
#include "git/internal.h"

#define CACHE_BYTES (16 << 20)	/* of objects, in memory */

static int git2_code(int rc)
{
	switch (rc) {
	case GIT_ENOTFOUND:
		return ORCH_ENOTFOUND;
	case GIT_EEXISTS:
		return ORCH_EEXISTS;
	case GIT_EMODIFIED:
		return ORCH_EMODIFIED;
	case GIT_ELOCKED:
		return ORCH_EBUSY;
	case GIT_EINVALIDSPEC:
	case GIT_EAMBIGUOUS:
		return ORCH_EINVALID;
	default:
		return ORCH_ERROR;
	}
}

int git2_error(int rc, const char *fmt, ...)
{
	const git_error *e = git_error_last();
	struct strbuf sb = STRBUF_INIT;
	va_list ap;
	int code = git2_code(rc);

	va_start(ap, fmt);
	strbuf_vaddf(&sb, fmt, ap);
	va_end(ap);
	if (e && e->message && *e->message)
		error_set(code, "%s: %s", sb.buf, e->message);
	else
		error_set(code, "%s", sb.buf);
	strbuf_release(&sb);
	return code;
}

/* Once per process, and not before somebody really opens a repository. */
int git2_start(void)
{
	static const char *extensions[] = {
		"worktreeconfig", "partialclone", "preciousobjects"
	};
	static bool done;

	if (done)
		return 0;
	if (git_libgit2_init() < 0)
		return git2_error(-1, "cannot start libgit2");
	/*
	 * The three change nothing that we read through libgit2. Its owner check
	 * is replaced by ours. Objects are not hashed again when they are read,
	 * as git does not: zlib's sum is checked, fsck is for the rest, and it took
	 * half of the time of a pack.
	 */
	git_libgit2_opts(GIT_OPT_SET_EXTENSIONS, extensions,
			 ARRAY_SIZE(extensions));
	git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 0);
	git_libgit2_opts(GIT_OPT_ENABLE_STRICT_HASH_VERIFICATION, 0);
	/* Of 256 MiB, which a walk through 10,000 commits' trees begins to fill. */
	git_libgit2_opts(GIT_OPT_SET_CACHE_MAX_SIZE, (ssize_t)CACHE_BYTES);
	done = true;
	return 0;
}

static const char *env(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

/* An absolute path without trailing slashes. */
static char *clean_path(const char *path)
{
	size_t len = strlen(path);

	while (len > 1 && path[len - 1] == '/')
		len--;
	return xstrndup(path, len);
}

static char *absolute(const char *path)
{
	char *real = realpath(path, NULL), *cwd, *out;

	if (real) {
		out = xstrdup(real);
		free(real);
		return out;
	}
	if (*path == '/' || !(cwd = getcwd(NULL, 0)))
		return xstrdup(path);
	out = xstrfmt("%s/%s", cwd, path);
	free(cwd);
	return out;
}

/* Say in one line why libgit2 cannot open what git perhaps could. */
static int open_error(int rc)
{
	static const char unknown[] = "unsupported extension name extensions.";
	const git_error *e = git_error_last();
	const char *msg = e && e->message ? e->message : "", *name;

	if ((name = strstr(msg, unknown)) != NULL) {
		name += strlen(unknown);
		if (str_starts(name, "objectformat"))
			return error_set(ORCH_EUNSUPPORTED,
				"the repository uses SHA-256 object names "
				"(extensions.objectformat), which libgit2 %s "
				"cannot read", LIBGIT2_VERSION);
		return error_set(ORCH_EUNSUPPORTED,
			"the repository uses extensions.%s, which libgit2 %s "
			"does not support", name, LIBGIT2_VERSION);
	}
	if (strstr(msg, "unsupported repository version"))
		return error_set(ORCH_EUNSUPPORTED, "%s", msg);
	if (rc == GIT_ENOTFOUND)
		return error_set(ORCH_ENOTFOUND, "not a git repository (or any of "
				 "the parent directories): .git");
	if (e && e->klass == GIT_ERROR_CONFIG)
		return error_set(ORCH_EINVALID, "bad git configuration: %s", msg);
	return git2_error(rc, "cannot open the repository");
}

static bool owned_by_us(const char *path, uid_t also)
{
	struct stat st;

	return !path || lstat(path, &st) < 0 || st.st_uid == geteuid() ||
	       st.st_uid == also;
}

/*
 * git's rule: the work tree, its .git and the git directory belong to us (or
 * to whoever called sudo), or safe.directory allows it. The last is git's to
 * answer: its matching has grown with every version.
 */
static int check_owner(const struct repo *repo)
{
	static const char *const ask[] = { "git", "rev-parse", "--git-dir", NULL };
	const char *sudo = geteuid() == 0 ? env("SUDO_UID") : NULL;
	const char *where = repo->work_tree ? repo->work_tree : repo->git_dir;
	char *dot_git = repo->work_tree ? xstrfmt("%s/.git", repo->work_tree) : NULL;
	uid_t also = sudo ? (uid_t)strtoul(sudo, NULL, 10) : geteuid();
	struct spawn s = SPAWN_INIT;
	struct strbuf out = STRBUF_INIT;
	int status, rc = 0;

	if (owned_by_us(repo->work_tree, also) && owned_by_us(dot_git, also) &&
	    owned_by_us(repo->git_dir, also))
		goto out;
	strvec_pushv(&s.argv, ask);
	strvec_push(&s.env, "GIT_DIR");
	s.dir = where;
	s.flags = SPAWN_NO_STDIN | SPAWN_NO_STDERR;
	rc = spawn_capture(&s, &out, 65536, NULL, 0, &status);
	if (rc == ORCH_ENO)
		rc = error_set(ORCH_ERROR, "'%s' belongs to another user; git config "
			       "--global --add safe.directory '%s' allows it",
			       where, where);
out:
	strbuf_release(&out);
	spawn_release(&s);
	free(dot_git);
	return rc;
}

/* Whether libgit2 has found this work tree (absolute) by itself. */
static bool is_work_tree(const struct repo *repo, const char *path)
{
	const char *found = git_repository_workdir(repo->git2);
	size_t len = strlen(path);

	while (len > 1 && path[len - 1] == '/')
		len--;
	return found && !strncmp(found, path, len) && (!found[len] || str_eq(found + len, "/"));
}

/* GIT_WORK_TREE, or git's rule for a bare GIT_DIR: core.worktree, else here. */
static int choose_work_tree(struct repo *repo, const char *tree)
{
	git_config *config = NULL;
	git_buf value = { 0 };
	int rc, bare = 0;
	char *path;

	if (!tree) {
		if (!repo->explicit_dir)
			return 0;
		if (!git_repository_is_worktree(repo->git2)) {
			rc = git_repository_config_snapshot(&config, repo->git2);
			if (rc < 0)
				return git2_error(rc, "cannot read the configuration");
			rc = git_config_get_string_buf(&value, config,
						       "core.worktree");
			git_buf_dispose(&value);
			git_config_get_bool(&bare, config, "core.bare");
			git_config_free(config);
			if (rc == 0 || bare)
				return 0;
		}
		tree = ".";
	}
	path = absolute(tree);
	rc = 0;
	/* libgit2 1.5 loses memory when it is the one that it has already. */
	if (!is_work_tree(repo, path))
		rc = git_repository_set_workdir(repo->git2, path, 0);
	free(path);
	return rc < 0 ? git2_error(rc, "cannot use the work tree '%s'", tree) : 0;
}

/* The other variables that git hands to its hooks. */
static int use_environment(struct repo *repo)
{
	const char *common = env("GIT_COMMON_DIR"), *objects, *more;
	git_index *index = NULL;
	git_odb *odb = NULL;
	int rc = 0;

	if (common) {
		char *real = absolute(common);
		bool same = str_eq(real, repo->common_dir);

		free(real);
		if (!same)
			return error_set(ORCH_EUNSUPPORTED, "GIT_COMMON_DIR '%s' is "
				"not what '%s' itself names", common, repo->git_dir);
	}
	if (env("GIT_INDEX_FILE")) {
		repo->index_file = absolute(env("GIT_INDEX_FILE"));
		/* Split and sparse ones are git's to read, when asked for. */
		if (git_index_open(&index, repo->index_file) == 0)
			git_repository_set_index(repo->git2, index);
		git_index_free(index);
	}
	objects = env("GIT_OBJECT_DIRECTORY");
	more = env("GIT_ALTERNATE_OBJECT_DIRECTORIES");
	if (!objects && !more)
		return 0;
	rc = git_repository_odb(&odb, repo->git2);
	if (rc == 0 && objects) {
		char *path = absolute(objects);

		rc = git_odb_add_disk_alternate(odb, path);
		free(path);
	}
	while (rc == 0 && more && *more) {
		size_t len = strcspn(more, ":");
		char *part = xstrndup(more, len), *path = absolute(part);

		if (len)
			rc = git_odb_add_disk_alternate(odb, path);
		free(part);
		free(path);
		more += len + (more[len] == ':');
	}
	git_odb_free(odb);
	return rc < 0 ? git2_error(rc, "cannot use the object directories") : 0;
}

static void fill_paths(struct repo *repo)
{
	const char *tree = git_repository_workdir(repo->git2);
	char *path;
	struct stat st;

	repo->git_dir = clean_path(git_repository_path(repo->git2));
	repo->common_dir = clean_path(git_repository_commondir(repo->git2));
	repo->work_tree = tree ? clean_path(tree) : NULL;
	repo->linked = git_repository_is_worktree(repo->git2) == 1;
	path = xstrfmt("%s/shallow", repo->common_dir);
	repo->shallow = stat(path, &st) == 0 && st.st_size > 0;
	free(path);
}

int repo_open(struct repo **out, const char *dir, unsigned flags)
{
	struct repo *repo;
	const char *named = dir ? NULL : env("GIT_DIR");
	const char *across = env("GIT_DISCOVERY_ACROSS_FILESYSTEM");
	unsigned how = 0;
	int rc;

	if ((rc = git2_start()) < 0)
		return rc;
	repo = xcalloc(1, sizeof(*repo));
	repo->partial = -1;
	repo->from_environment = !dir;
	repo->explicit_dir = named != NULL;
	repo->explicit_tree = !dir && env("GIT_WORK_TREE");
	if (named)
		how = GIT_REPOSITORY_OPEN_NO_SEARCH | GIT_REPOSITORY_OPEN_NO_DOTGIT;
	else if (across && !str_eq(across, "0") && !str_eq(across, "false"))
		how = GIT_REPOSITORY_OPEN_CROSS_FS;
	rc = git_repository_open_ext(&repo->git2, named ? named : dir ? dir : ".",
				     how, env("GIT_CEILING_DIRECTORIES"));
	if (rc == GIT_ENOTFOUND && named) {
		rc = error_set(ORCH_ENOTFOUND, "not a git repository: '%s'", named);
		goto out;
	}
	if (rc < 0) {
		rc = open_error(rc);
		goto out;
	}
	if ((rc = choose_work_tree(repo, repo->explicit_tree ?
				   env("GIT_WORK_TREE") : NULL)) < 0)
		goto out;
	fill_paths(repo);
	if (!named && !(flags & REPO_IN_HOOK) && (rc = check_owner(repo)) < 0)
		goto out;
	if (!dir && (rc = use_environment(repo)) < 0)
		goto out;
	*out = repo;
	repo = NULL;
out:
	repo_free(repo);
	return rc;
}

void repo_free(struct repo *repo)
{
	if (!repo)
		return;
	git_repository_free(repo->git2);
	replacements_free(repo->replaced);
	free(repo->git_dir);
	free(repo->common_dir);
	free(repo->work_tree);
	free(repo->index_file);
	strbuf_release(&repo->status_text);
	free(repo);
}

const char *repo_git_dir(const struct repo *repo)
{
	return repo->git_dir;
}

const char *repo_common_dir(const struct repo *repo)
{
	return repo->common_dir;
}

const char *repo_work_tree(const struct repo *repo)
{
	return repo->work_tree;
}

bool repo_is_linked_worktree(const struct repo *repo)
{
	return repo->linked;
}

bool repo_is_shallow(const struct repo *repo)
{
	return repo->shallow;
}

int repo_head(struct repo *repo, struct oid *commit, char **branch)
{
	git_reference *head = NULL;
	git_oid id;
	int rc;

	if (branch)
		*branch = NULL;
	if (commit)
		memset(commit, 0, sizeof(*commit));
	rc = git_reference_lookup(&head, repo->git2, "HEAD");
	if (rc < 0)
		return git2_error(rc, "cannot read HEAD");
	if (commit) {
		rc = git_reference_name_to_id(&id, repo->git2, "HEAD");
		if (rc == 0)
			oid_from_git2(commit, &id);
		else if (rc != GIT_ENOTFOUND) {
			rc = git2_error(rc, "cannot read HEAD");
			goto out;
		}
		rc = 0;
	}
	if (branch && git_reference_type(head) == GIT_REFERENCE_SYMBOLIC) {
		const char *name = git_reference_symbolic_target(head);

		if (str_starts(name, "refs/heads/"))
			*branch = xstrdup(name + strlen("refs/heads/"));
	}
out:
	git_reference_free(head);
	return rc;
}

/* Dates, upstreams and searches that libgit2 does not read as git does. */
static int resolve_by_git(struct repo *repo, struct oid *commit, const char *rev)
{
	char *peeled = xstrfmt("%s^{commit}", rev);
	const char *args[] = { "rev-parse", "--verify", "--quiet",
			       "--end-of-options", peeled, NULL };
	struct strbuf out = STRBUF_INIT;
	struct spawn s = SPAWN_INIT;
	int rc, status;

	gitproc_prepare(&s, repo, args);
	s.flags |= SPAWN_NO_STDIN | SPAWN_NO_STDERR;
	rc = spawn_capture(&s, &out, 4096, NULL, 0, &status);
	spawn_release(&s);
	strbuf_rtrim(&out);
	if (rc == 0)
		rc = oid_parse(commit, out.buf);
	strbuf_release(&out);
	free(peeled);
	return rc;
}

int repo_resolve(struct repo *repo, struct oid *commit, const char *rev)
{
	git_object *object = NULL, *peeled = NULL;
	int rc;

	/* libgit2 would step through replaced commits as if they were not, and
	 * leaks at every message that it searches. */
	if (((strpbrk(rev, "~^") && object_any_replaced(repo)) ||
	     strstr(rev, ":/") || strstr(rev, "{/")) &&
	    resolve_by_git(repo, commit, rev) == 0)
		return 0;
	rc = git_revparse_single(&object, repo->git2, rev);
	if (rc == 0)
		rc = git_object_peel(&peeled, object, GIT_OBJECT_COMMIT);
	if (rc == 0)
		oid_from_git2(commit, git_object_id(peeled));
	git_object_free(peeled);
	git_object_free(object);
	if (rc == 0)
		return 0;
	if (strpbrk(rev, "{:^~@") && resolve_by_git(repo, commit, rev) == 0)
		return 0;
	if (rc == GIT_ENOTFOUND)
		return error_set(ORCH_ENOTFOUND, "unknown revision '%s'", rev);
	if (rc == GIT_EPEEL)
		return error_set(ORCH_EINVALID, "'%s' is not a commit", rev);
	return git2_error(rc, "bad revision '%s'", rev);
}

const char *repo_operation(const struct repo *repo)
{
	switch (git_repository_state(repo->git2)) {
	case GIT_REPOSITORY_STATE_MERGE:
		return "merge";
	case GIT_REPOSITORY_STATE_REVERT:
	case GIT_REPOSITORY_STATE_REVERT_SEQUENCE:
		return "revert";
	case GIT_REPOSITORY_STATE_CHERRYPICK:
	case GIT_REPOSITORY_STATE_CHERRYPICK_SEQUENCE:
		return "cherry-pick";
	case GIT_REPOSITORY_STATE_BISECT:
		return "bisect";
	case GIT_REPOSITORY_STATE_REBASE:
	case GIT_REPOSITORY_STATE_REBASE_INTERACTIVE:
	case GIT_REPOSITORY_STATE_REBASE_MERGE:
	case GIT_REPOSITORY_STATE_APPLY_MAILBOX_OR_REBASE:
		return "rebase";
	case GIT_REPOSITORY_STATE_APPLY_MAILBOX:
		return "am";
	default:
		return NULL;
	}
}

/* For an index with ignore rules in it that libgit2 1.5 cannot read. */
static int ignored_by_git(struct repo *repo, const char *path, bool *ignored)
{
	const char *args[] = { "check-ignore", "--quiet", "--no-index", "--", path,
			       NULL };
	struct strbuf out = STRBUF_INIT;
	struct spawn s = SPAWN_INIT;
	int rc, status = 0;

	gitproc_prepare(&s, repo, args);
	s.flags |= SPAWN_NO_STDIN | SPAWN_NO_STDERR;
	rc = spawn_capture(&s, &out, 4096, NULL, 0, &status);
	spawn_release(&s);
	strbuf_release(&out);
	*ignored = rc == 0;
	if (rc == ORCH_ENO && spawn_exit_code(status) == 1)
		return 0;
	return rc == ORCH_ENO ? error_set(ORCH_ERROR, "git cannot tell whether '%s' is "
					  "ignored", path) : rc;
}

int repo_is_ignored(struct repo *repo, const char *path, bool *ignored)
{
	int rc, yes = 0;

	*ignored = false;
	if (!repo->work_tree)
		return 0;
	rc = git_ignore_path_is_ignored(&yes, repo->git2, path);
	if (rc < 0)
		return ignored_by_git(repo, path, ignored);
	*ignored = yes != 0;
	return 0;
}

/* The index is one that libgit2 1.5 cannot read: split or sparse. */
static int tracked_by_git(struct repo *repo, const char *path, bool *tracked)
{
	const char *args[] = { "--literal-pathspecs", "ls-files", "-z", "--", path,
			       NULL };
	struct strbuf out = STRBUF_INIT;
	size_t pos;
	int rc = gitproc_capture(repo, &out, args);

	for (pos = 0; rc == 0 && pos < out.len; pos += strlen(out.buf + pos) + 1)
		if (str_eq(out.buf + pos, path))
			*tracked = true;
	strbuf_release(&out);
	return rc;
}

int repo_is_tracked(struct repo *repo, const char *path, bool *tracked)
{
	git_index *index = NULL;
	int stage, rc;

	*tracked = false;
	if (!repo->work_tree)
		return 0;
	rc = git_repository_index(&index, repo->git2);
	if (rc == 0)
		rc = git_index_read(index, 0);
	for (stage = 0; rc == 0 && stage < 4 && !*tracked; stage++)
		*tracked = git_index_get_bypath(index, path, stage) != NULL;
	git_index_free(index);
	return rc < 0 ? tracked_by_git(repo, path, tracked) : 0;
}
