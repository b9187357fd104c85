/*
 * git's configuration: which files there are, in which order, with their
 * includes, and what `git -c` and GIT_CONFIG_COUNT add.
 *
 * The files are read with our own parser instead of libgit2's: that one hides
 * where a value came from (no file, no line), does not see half of these
 * sources, and would have read everything a second time.
 */
#include "git/gitconfig.h"

#include <fcntl.h>
#include <pwd.h>
#include "base/glob.h"
#include "base/strbuf.h"
#include "git/gitproc.h"
#include "git/internal.h"
#include "git/repo.h"

#define MAX_CONFIG ((size_t)16 << 20)
#define MAX_INCLUDES 10

struct reader {
	struct config_entries *out;
	struct repo *repo;
	const char *const *prefixes;
	bool inside_hasconfig;	/* looking for remotes: no such condition again */
	bool worktree_config;	/* extensions.worktreeConfig was seen as true */
};

static int read_file_at(struct reader *r, const char *path,
			enum config_level level, unsigned depth);
static int read_all(struct reader *r);

/* "~/x" and "~user/x"; NULL if there is no such home. */
static char *expand_home(const char *path)
{
	const char *home = NULL;
	struct passwd *pw;
	size_t len;
	char *user;

	if (*path != '~')
		return xstrdup(path);
	len = strcspn(path, "/");
	if (len == 1)
		home = getenv("HOME");
	else {
		user = xstrndup(path + 1, len - 1);
		if ((pw = getpwnam(user)) != NULL)
			home = pw->pw_dir;
		free(user);
	}
	return home ? xstrfmt("%s%s", home, path + len) : NULL;
}

/* "dir/of/" of a file, or NULL for the command line. */
static char *directory_of(const struct config_entry *e)
{
	const char *slash;
	char *real, *dir;

	if (e->level == CONFIG_COMMAND || !(real = realpath(e->origin, NULL)))
		return NULL;
	slash = strrchr(real, '/');
	dir = xstrndup(real, (size_t)(slash - real) + 1);
	free(real);
	return dir;
}

static void add_escaped(struct strbuf *sb, const char *s)
{
	for (; *s; s++) {
		if (strchr("*?[\\", *s))
			strbuf_addch(sb, '\\');
		strbuf_addch(sb, *s);
	}
}

static void make_lower(char *s)
{
	for (; *s; s++)
		if (*s >= 'A' && *s <= 'Z')
			*s = (char)(*s - 'A' + 'a');
}

static bool gitdir_matches(struct reader *r, const struct config_entry *e,
			   const char *pattern, bool icase)
{
	struct strbuf sb = STRBUF_INIT;
	char *dir = NULL, *home = NULL, *text = NULL;
	bool yes = false;

	if (!r->repo)
		return false;
	if (str_starts(pattern, "./")) {
		if (!(dir = directory_of(e)))
			goto out;
		add_escaped(&sb, dir);
		pattern += 2;
	} else if (*pattern == '~') {
		if (!(home = expand_home("~")))
			goto out;
		if (pattern[1] == '/') {
			add_escaped(&sb, home);
			pattern++;
		}
	} else if (*pattern != '/')
		strbuf_addstr(&sb, "/**/");	/* the text is absolute */
	strbuf_addstr(&sb, pattern);
	if (sb.len && sb.buf[sb.len - 1] == '/')
		strbuf_addstr(&sb, "**");
	text = xstrdup(r->repo->git_dir);
	if (icase) {
		make_lower(text);
		make_lower(sb.buf);
	}
	yes = glob_match(sb.buf, text);
out:
	strbuf_release(&sb);
	free(dir);
	free(home);
	free(text);
	return yes;
}

static bool branch_matches(struct reader *r, const char *pattern)
{
	struct strbuf sb = STRBUF_INIT;
	char *branch = NULL;
	bool yes = false;

	if (!r->repo || repo_head(r->repo, NULL, &branch) < 0 || !branch)
		return false;
	strbuf_addstr(&sb, pattern);
	if (sb.len && sb.buf[sb.len - 1] == '/')
		strbuf_addstr(&sb, "**");
	yes = glob_match(sb.buf, branch);
	strbuf_release(&sb);
	free(branch);
	return yes;
}

/* hasconfig:remote.*.url: any remote anywhere with such an address. */
static int remote_matches(struct reader *r, const char *pattern, bool *yes)
{
	static const char *const remotes[] = { "remote.", NULL };
	struct config_entries e = CONFIG_ENTRIES_INIT;
	struct reader all = { &e, r->repo, remotes, true, false };
	int rc = read_all(&all);
	size_t i;

	for (i = 0; rc == 0 && i < e.nr; i++)
		if (str_ends(e.v[i].key, ".url") && e.v[i].value &&
		    glob_match(pattern, e.v[i].value))
			*yes = true;
	config_entries_release(&e);
	return rc;
}

/* Whether `e` is an include that holds here. */
static int is_include(struct reader *r, const struct config_entry *e, bool *yes)
{
	static const char has[] = "hasconfig:remote.*.url:";
	char *condition;
	size_t len;
	int rc = 0;

	*yes = str_eq(e->key, "include.path");
	if (*yes || !str_starts(e->key, "includeif.") || !str_ends(e->key, ".path"))
		return 0;
	len = strlen(e->key);
	if (len < strlen("includeif.") + strlen(".path"))
		return 0;
	condition = xstrndup(e->key + strlen("includeif."),
			     len - strlen("includeif.") - strlen(".path"));
	if (str_starts(condition, "gitdir:"))
		*yes = gitdir_matches(r, e, condition + 7, false);
	else if (str_starts(condition, "gitdir/i:"))
		*yes = gitdir_matches(r, e, condition + 9, true);
	else if (str_starts(condition, "onbranch:"))
		*yes = branch_matches(r, condition + 9);
	else if (str_starts(condition, has) && !r->inside_hasconfig)
		rc = remote_matches(r, condition + strlen(has), yes);
	free(condition);
	return rc;
}

static int follow(struct reader *r, const struct config_entry *e, unsigned depth)
{
	char *path, *dir = NULL, *full = NULL;
	int rc;

	if (!e->value)
		return error_set(ORCH_EINVALID, "%s:%d: %s needs a path", e->origin,
				 e->line, e->key);
	if (!(path = expand_home(e->value)))
		return error_set(ORCH_EINVALID, "%s:%d: no such home: '%s'", e->origin,
				 e->line, e->value);
	if (*path != '/') {
		dir = directory_of(e);
		if (!dir) {
			rc = error_set(ORCH_EINVALID, "%s: an include from the command "
				       "line needs an absolute path", e->origin);
			goto out;
		}
		full = xstrfmt("%s%s", dir, path);
	}
	rc = read_file_at(r, full ? full : path, e->level, depth + 1);
out:
	free(full);
	free(dir);
	free(path);
	return rc;
}

static bool is_true(const char *value)
{
	return !value || !strcasecmp(value, "true") || !strcasecmp(value, "yes") ||
	       !strcasecmp(value, "on") || atoi(value) != 0;
}

static bool wanted(const struct reader *r, const char *key)
{
	const char *const *p;

	for (p = r->prefixes; *p; p++)
		if (str_starts(key, *p))
			return true;
	return false;
}

/* Move what is asked for from `from` to the result, includes in their place. */
static int take_entries(struct reader *r, struct config_entries *from,
			unsigned depth)
{
	size_t i;
	int rc = 0;

	for (i = 0; rc == 0 && i < from->nr; i++) {
		struct config_entry *e = &from->v[i];
		bool include;

		if (e->level == CONFIG_LOCAL &&
		    str_eq(e->key, "extensions.worktreeconfig"))
			r->worktree_config = is_true(e->value);
		if ((rc = is_include(r, e, &include)) < 0)
			break;
		if (wanted(r, e->key)) {
			ALLOC_GROW(r->out->v, r->out->nr + 1, r->out->alloc);
			r->out->v[r->out->nr++] = *e;
			if (include)
				e = &r->out->v[r->out->nr - 1];
			from->v[i].key = from->v[i].value = NULL;
			from->v[i].origin = NULL;
		}
		if (include)
			rc = follow(r, e, depth);
	}
	return rc;
}

/* A missing file is fine, and so is a personal one that is not ours to read. */
static int read_file_at(struct reader *r, const char *path,
			enum config_level level, unsigned depth)
{
	struct config_entries e = CONFIG_ENTRIES_INIT;
	struct strbuf sb = STRBUF_INIT;
	int fd, rc = 0;

	if (depth > MAX_INCLUDES)
		return error_set(ORCH_EINVALID, "configuration files include each "
				 "other more than %d deep at '%s'", MAX_INCLUDES, path);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		if (errno == ENOENT || errno == ENOTDIR ||
		    (errno == EACCES && level < CONFIG_LOCAL && !depth))
			return 0;
		return error_sys("cannot open '%s'", path);
	}
	/* Also from /dev/null and pipes: GIT_CONFIG_GLOBAL may be either. */
	if (strbuf_read_fd(&sb, fd, MAX_CONFIG) < 0)
		rc = errno == EISDIR ?
			error_set(ORCH_EINVALID, "'%s' is a directory", path) :
			error_sys("cannot read '%s'", path);
	close(fd);
	if (rc == 0)
		rc = gitconfig_parse(&e, sb.buf, sb.len, level, path);
	if (rc == 0)
		rc = take_entries(r, &e, depth);
	config_entries_release(&e);
	strbuf_release(&sb);
	return rc;
}

static int read_global(struct reader *r)
{
	const char *file = getenv("GIT_CONFIG_GLOBAL");
	const char *xdg = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
	char *path = NULL;
	int rc = 0;

	if (file)
		return *file ? read_file_at(r, file, CONFIG_GLOBAL, 0) : 0;
	if (xdg && *xdg)
		path = xstrfmt("%s/git/config", xdg);
	else if (home)
		path = xstrfmt("%s/.config/git/config", home);
	if (path)
		rc = read_file_at(r, path, CONFIG_GLOBAL, 0);
	free(path);
	if (rc == 0 && home) {
		path = xstrfmt("%s/.gitconfig", home);
		rc = read_file_at(r, path, CONFIG_GLOBAL, 0);
		free(path);
	}
	return rc;
}

static int read_all(struct reader *r)
{
	struct config_entries command = CONFIG_ENTRIES_INIT;
	const char *no_system = getenv("GIT_CONFIG_NOSYSTEM");
	const char *system = getenv("GIT_CONFIG_SYSTEM");
	char *path;
	int rc = 0;

	if (!no_system || !*no_system || !is_true(no_system))
		rc = read_file_at(r, system ? system : "/etc/gitconfig",
				  CONFIG_SYSTEM, 0);
	if (rc == 0)
		rc = read_global(r);
	if (rc == 0 && r->repo) {
		path = xstrfmt("%s/config", r->repo->common_dir);
		rc = read_file_at(r, path, CONFIG_LOCAL, 0);
		free(path);
	}
	if (rc == 0 && r->repo && r->worktree_config) {
		path = xstrfmt("%s/config.worktree", r->repo->git_dir);
		rc = read_file_at(r, path, CONFIG_WORKTREE, 0);
		free(path);
	}
	if (rc == 0)
		rc = gitconfig_from_command(&command);
	if (rc == 0)
		rc = take_entries(r, &command, 0);
	config_entries_release(&command);
	return rc;
}

int gitconfig_read(struct config_entries *out, struct repo *repo,
		   const char *const *prefixes)
{
	struct reader r = { out, repo, prefixes, false, false };

	return read_all(&r);
}

/* git config --local with its exit code; what git says goes to stderr. */
static int run_git_config(struct repo *repo, const char *const *args,
			  bool quiet, int *status)
{
	struct strbuf out = STRBUF_INIT;
	struct spawn s = SPAWN_INIT;
	int rc;

	gitproc_prepare(&s, repo, args);
	s.flags |= SPAWN_NO_STDIN | (quiet ? SPAWN_NO_STDERR : 0);
	rc = spawn_capture(&s, &out, 65536, NULL, 0, status);
	spawn_release(&s);
	strbuf_release(&out);
	return rc;
}

int gitconfig_set(struct repo *repo, const char *key, const char *value, bool add)
{
	const char *args[] = { "config", "--local",
			       !value ? "--unset-all" : add ? "--add" : "--replace-all",
			       "--", key, value, NULL };
	int status = 0, rc = run_git_config(repo, args, false, &status);

	if (rc != ORCH_ENO)
		return rc;
	if (!value && spawn_exit_code(status) == 5)
		return 0;	/* there was none */
	return error_set(ORCH_ERROR, "git config cannot change '%s' (exit code %d)",
			 key, spawn_exit_code(status));
}

int gitconfig_remove_section(struct repo *repo, const char *section)
{
	const char *args[] = { "config", "--local", "--remove-section", "--", section,
			       NULL };
	char *prefix = xstrfmt("%s.", section);
	const char *const prefixes[] = { prefix, NULL };
	struct config_entries e = CONFIG_ENTRIES_INIT;
	int status = 0, rc = run_git_config(repo, args, true, &status);
	size_t i;

	if (rc == ORCH_ENO && (rc = gitconfig_read(&e, repo, prefixes)) == 0)
		for (i = 0; rc == 0 && i < e.nr; i++)
			if (e.v[i].level == CONFIG_LOCAL)
				rc = error_set(ORCH_ERROR, "git config cannot remove the "
					       "section '%s'", section);
	config_entries_release(&e);
	free(prefix);
	return rc;
}
