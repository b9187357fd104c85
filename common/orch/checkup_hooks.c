/*
 * Checks of the hooks: where git looks for them, whose they are, and whether
 * ours are reached. With --live that is tried (checkup_live.c).
 */
#include <dirent.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "git/gitconfig.h"
#include "git/gitproc.h"
#include "git/repo.h"
#include "orch/checkup_internal.h"
#include "orch/hooks.h"

static void check_place(struct checkup *c, const struct hooks *h)
{
	struct strbuf what = STRBUF_INIT;

	hook_place_describe(&what, &h->place);
	checkup_add(c, CHECKUP_OK, "hooks", "%s: %s", h->place.dir, what.buf);
	strbuf_release(&what);
}

/* A relative core.hooksPath is one directory for each work tree: those that
 * were never given one run nothing. */
static void check_work_trees(struct checkup *c, const struct hooks *h, struct repo *repo)
{
	static const char *const args[] = { "worktree", "list", "--porcelain", NULL };
	struct strbuf out = STRBUF_INIT;
	size_t without = 0, all = 0;

	if (!h->place.per_tree || gitproc_capture(repo, &out, args) < 0) {
		error_clear();
		strbuf_release(&out);
		return;
	}
	for (char *line = out.buf, *next; line && *line; line = next) {
		struct stat st;

		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		if (str_starts(line, "worktree ")) {
			char *dir = xstrfmt("%s/%s", line + 9, h->place.value);

			all++;
			without += stat(dir, &st) < 0 || !S_ISDIR(st.st_mode);
			free(dir);
		}
	}
	if (without)
		checkup_add(c, CHECKUP_WARN, "hooks", "core.hooksPath is relative, and %zu of %zu "
			    "work trees have no such directory: they run no hooks", without, all);
	strbuf_release(&out);
}

/* Asked of git for each name, not put together from the directory. */
static bool git_finds(const struct hook_report *r, const struct hooks *h, struct repo *repo)
{
	char *name = xstrfmt("hooks/%s", r->type->name), *want;
	const char *const args[] = { "rev-parse", "--git-path", name, NULL };
	const char *top = repo_work_tree(repo) ? repo_work_tree(repo) : repo_git_dir(repo);
	struct strbuf out = STRBUF_INIT;
	bool found = false;

	want = xstrfmt("%s/%s", h->place.dir, r->type->name);
	if (gitproc_capture(repo, &out, args) == 0 && out.len) {
		strbuf_setlen(&out, out.len - 1);
		if (out.buf[0] != '/') {
			strbuf_insert(&out, 0, "/", 1);
			strbuf_insert(&out, 0, top, strlen(top));
		}
		found = str_eq(out.buf, want) && access(want, X_OK) == 0;
	}
	error_clear();
	strbuf_release(&out);
	free(name);
	free(want);
	return found;
}

static void check_installed(struct checkup *c, const struct hook_report *r,
			    const struct hooks *h, struct repo *repo)
{
	const char *name = r->type->name;
	char *more = hook_describe(r);

	if (r->config)
		checkup_add(c, CHECKUP_FAIL, "hook", "%s is a file and in git config as well, "
			    "which git %s ignores and 2.54 runs besides: git orch init "
			    "--hooks-only", name, h->git_version);
	else if (!git_finds(r, h, repo))
		checkup_add(c, CHECKUP_FAIL, "hook", "%s: git does not run %s/%s: git orch init "
			    "--hooks-only", name, h->place.dir, name);
	else if (r->file.state == HOOKFILE_STALE)
		checkup_add(c, CHECKUP_WARN, "hook", "%s was installed by another git-orch: "
			    "git orch init --hooks-only", name);
	else
		checkup_add(c, r->file.state == HOOKFILE_EDITED_BY ? CHECKUP_WARN : CHECKUP_OK,
			    "hook", "%s is git-orch's%s%s", name, more ? ", " : "",
			    more ? more : "");
	free(more);
}

static void check_hook(struct checkup *c, const struct hook_report *r,
		       const struct hooks *h, struct repo *repo)
{
	const char *name = r->type->name;
	bool file = r->file.state == HOOKFILE_OURS || r->file.state == HOOKFILE_STALE ||
		    r->file.state == HOOKFILE_EDITED_BY;

	if (r->config && !h->config_known && r->standing != HOOK_INSTALLED)
		checkup_add(c, CHECKUP_FAIL, "hook", "%s is in git config, which git %s ignores: "
			    "git orch init --hooks-only", name, h->git_version);
	switch (r->standing) {
	case HOOK_INSTALLED:
		check_installed(c, r, h, repo);
		break;
	case HOOK_BY_CONFIG:
		if (file || r->file.calls_us)
			checkup_add(c, CHECKUP_FAIL, "hook", "%s is in git config and a file as "
				    "well (%s/%s): both would run", name, h->place.dir, name);
		else
			checkup_add(c, CHECKUP_OK, "hook", "%s is in git config", name);
		break;
	case HOOK_BY_OTHER:
		checkup_add(c, CHECKUP_OK, "hook", "%s is run by %s", name, r->by);
		break;
	case HOOK_ABSENT:
		if (h->wanted)
			checkup_add(c, CHECKUP_FAIL, "hook", "%s is not installed any more: "
				    "git orch init --hooks-only", name);
		break;
	case HOOK_REFUSED:
		if (h->wanted)
			checkup_add(c, CHECKUP_FAIL, "hook", "%s: %s%s%s%s%s", name, r->why,
				    r->where && r->add ? "; add to " : "",
				    r->where && r->add ? r->where : "",
				    r->where && r->add ? " " : "",
				    r->where && r->add ? r->add : "");
		break;
	}
}

/* What somebody has switched off is no fault, and easily forgotten. */
static void check_switches(struct checkup *c, struct repo *repo)
{
	static const char *const prefixes[] = { "orch.", NULL };
	struct config_entries e = CONFIG_ENTRIES_INIT;
	const char *off = getenv("GIT_ORCH");

	if (off && *off)
		checkup_add(c, CHECKUP_WARN, "hook", "GIT_ORCH=%s is set: 0 skips every hook", off);
	if (gitconfig_read(&e, repo, prefixes) < 0)
		error_clear();	/* the check of the configuration says so */
	for (size_t i = 0; i < e.nr; i++)
		if (hook_is_key(e.v[i].key))
			checkup_add(c, CHECKUP_WARN, "hook", "%s = %s (%s)", e.v[i].key,
				    e.v[i].value ? e.v[i].value : "true",
				    config_level_name(e.v[i].level));
	config_entries_release(&e);
}

void checkup_hooks(struct checkup *c, struct repo *repo, bool live)
{
	struct hooks h = HOOKS_INIT;
	bool any = false;

	checkup_begin("hooks");
	if (hooks_look(&h, repo) < 0) {
		checkup_add_error(c, "hooks");
		hooks_release(&h);
		return;
	}
	check_place(c, &h);
	check_work_trees(c, &h, repo);
	for (size_t i = 0; i < h.nr; i++) {
		check_hook(c, &h.v[i], &h, repo);
		any |= h.v[i].standing != HOOK_ABSENT && h.v[i].standing != HOOK_REFUSED;
	}
	if (!h.wanted && !any)
		checkup_add(c, CHECKUP_WARN, "hook", "none is installed: git orch init --hooks-only");
	check_switches(c, repo);
	if (live)
		checkup_live(c, &h, repo);
	hooks_release(&h);
}
