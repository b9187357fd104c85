/*
 * Where git looks for hooks.
 */
#include "orch/hookplace.h"

#include <limits.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "git/gitproc.h"
#include "git/repo.h"
#include "orch/config_value.h"

void hook_place_release(struct hook_place *p)
{
	free(p->dir);
	free(p->value);
	free(p->origin);
	free(p->refusal);
	*p = (struct hook_place)HOOK_PLACE_INIT;
}

/* git's own answer: libgit2 does not read core.hooksPath. */
static int ask_git(char **out, struct repo *repo)
{
	static const char *const args[] = { "rev-parse", "--git-path", "hooks", NULL };
	const char *top = repo_work_tree(repo) ? repo_work_tree(repo) : repo_git_dir(repo);
	struct strbuf sb = STRBUF_INIT;
	int rc = gitproc_capture(repo, &sb, args);

	if (rc == 0) {
		if (sb.len && sb.buf[sb.len - 1] == '\n')
			strbuf_setlen(&sb, sb.len - 1);
		*out = sb.buf[0] == '/' ? xstrdup(sb.buf) : xstrfmt("%s/%s", top, sb.buf);
	}
	strbuf_release(&sb);
	return rc;
}

static int read_value(struct hook_place *out, struct repo *repo)
{
	static const char *const prefixes[] = { "core.hookspath", NULL };
	struct config_entries e = CONFIG_ENTRIES_INIT;
	int rc = gitconfig_read(&e, repo, prefixes);

	for (size_t i = e.nr; rc == 0 && i-- > 0;) {
		if (!str_eq(e.v[i].key, "core.hookspath"))
			continue;
		out->value = xstrdup(e.v[i].value ? e.v[i].value : "");
		out->origin = xstrdup(e.v[i].origin);
		out->level = e.v[i].level;
		out->line = e.v[i].line;
		break;
	}
	config_entries_release(&e);
	return rc;
}

/* The path without links; of one that does not exist yet, its parent's. */
static char *canonical(const char *path)
{
	char *copy = xstrdup(path), *out = NULL;
	size_t len = strlen(copy);

	while (len > 1 && copy[len - 1] == '/')
		copy[--len] = '\0';
	for (;;) {
		char *real = realpath(copy, NULL), *slash;

		if (real) {
			out = xstrfmt("%s%s%s", str_eq(real, "/") ? "" : real,
				      path[strlen(copy)] && path[strlen(copy)] != '/' ? "/" : "",
				      path + strlen(copy));
			free(real);
			break;
		}
		slash = strrchr(copy, '/');
		if (!slash || slash == copy)
			break;
		*slash = '\0';
	}
	free(copy);
	if (!out)
		return xstrdup(path);
	for (len = strlen(out); len > 1 && out[len - 1] == '/'; len--)
		out[len - 1] = '\0';
	return out;
}

static bool is_below(const char *path, const char *dir)
{
	size_t n = strlen(dir);

	return !strncmp(path, dir, n) && (!path[n] || path[n] == '/');
}

static bool in_git_dir(const char *path, struct repo *repo)
{
	char *git_dir = canonical(repo_git_dir(repo));
	char *common = canonical(repo_common_dir(repo));
	bool in = is_below(path, git_dir) || is_below(path, common);

	free(git_dir);
	free(common);
	return in;
}

/* The work tree that a path is in, of whichever repository; NULL: none. */
static char *work_tree_around(const char *path)
{
	char *dir = xstrdup(path), *slash;

	while ((slash = strrchr(dir, '/'))) {
		char *git = xstrfmt("%s/.git", dir);
		int found = access(git, F_OK);

		free(git);
		if (found == 0)
			return dir;
		*slash = '\0';
	}
	free(dir);
	return NULL;
}

static void decide(struct hook_place *p, struct repo *repo)
{
	char *usual = xstrfmt("%s/hooks", repo_common_dir(repo));
	char *real = canonical(p->dir), *real_usual = canonical(usual), *tree = NULL;
	struct strbuf what = STRBUF_INIT;
	struct stat st;
	bool link = lstat(p->dir, &st) == 0 && S_ISLNK(st.st_mode);
	size_t len = strlen(real);

	/* "core.hooksPath = /dev/null" is how people switch hooks off. */
	p->nowhere = (p->value && !*p->value) ||
		     (stat(p->dir, &st) == 0 ? !S_ISDIR(st.st_mode) : errno == ENOTDIR);
	p->is_default = str_eq(real, real_usual);
	p->per_tree = p->value && p->value[0] != '/' && p->value[0] != '~' && !p->is_default;
	p->husky = (len > 9 && str_eq(real + len - 9, "/.husky/_")) ||
		   (len > 7 && str_eq(real + len - 7, "/.husky"));
	hook_place_describe(&what, p);
	if (p->nowhere)
		p->refusal = xstrfmt("git runs no hooks: %s is no directory",
				     p->value ? what.buf : p->dir);
	else if (link)
		p->refusal = xstrfmt("%s is a symbolic link to %s", p->dir, real);
	else if (p->husky)
		p->refusal = xstrfmt("the hooks are husky's: %s", what.buf);
	else if (p->is_default)
		;
	else if (p->level == CONFIG_COMMAND)
		p->refusal = xstrfmt("%s holds for one command", what.buf);
	else if (p->level != CONFIG_LOCAL && p->level != CONFIG_WORKTREE)
		p->refusal = xstrfmt("%s serves other repositories, too", what.buf);
	else if (!in_git_dir(real, repo) && (tree = work_tree_around(real)))
		p->refusal = xstrfmt("%s is inside the work tree %s", what.buf, tree);
	strbuf_release(&what);
	free(tree);
	free(real);
	free(real_usual);
	free(usual);
}

int hook_place_find(struct hook_place *out, struct repo *repo)
{
	int rc;

	if ((rc = read_value(out, repo)) < 0 || (rc = ask_git(&out->dir, repo)) < 0)
		return rc;
	decide(out, repo);
	return 0;
}

void hook_place_describe(struct strbuf *out, const struct hook_place *p)
{
	if (!p->value) {
		strbuf_addstr(out, "the default");
		return;
	}
	strbuf_addf(out, "core.hooksPath = %s (%s, %s", p->value,
		    config_level_name(p->level), p->origin);
	if (p->line)
		strbuf_addf(out, ":%d", p->line);
	strbuf_addch(out, ')');
}

int hook_mode(mode_t *mode, struct repo *repo)
{
	static const char *const prefixes[] = { "core.sharedrepository", NULL };
	struct config_entries e = CONFIG_ENTRIES_INIT;
	const char *value = "false";
	mode_t mask = umask(0);
	bool on = false;
	int rc;

	umask(mask);
	*mode = 0777 & ~mask;
	if ((rc = gitconfig_read(&e, repo, prefixes)) < 0)
		return rc;
	for (size_t i = 0; i < e.nr; i++)
		value = e.v[i].value ? e.v[i].value : "true";
	if (str_eq(value, "group") || str_eq(value, "1")) {
		*mode |= 0770;
	} else if (str_eq(value, "all") || str_eq(value, "world") ||
		   str_eq(value, "everybody") || str_eq(value, "2")) {
		*mode |= 0775;
	} else if (value[0] == '0' && value[1]) {
		/* Who may read it may run it. */
		mode_t file = (mode_t)strtoul(value, NULL, 8) & 0666;

		*mode = file | ((file & 0444) >> 2) | 0700;
	} else if (config_parse_bool(&on, value) == 0 && on) {
		*mode |= 0770;
	}
	config_entries_release(&e);
	return 0;
}
