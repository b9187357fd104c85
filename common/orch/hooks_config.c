/*
 * Hooks in git config (git 2.54): they run beside whatever is in the hooks
 * directory, so no other tool's file is in the way. An older git ignores them
 * without a word.
 */
#include "base/error.h"
#include "base/strbuf.h"
#include "git/gitconfig.h"
#include "git/gitproc.h"
#include "git/repo.h"
#include "orch/hooks_internal.h"

/*
 * What git gives to a shell: the hook's arguments come behind it, if it has any. By
 * its absolute path first: programs with windows often have a PATH of their own.
 */
static char *command_of(const struct hook_report *r)
{
	const char *name = r->type->name;
	struct strbuf text = STRBUF_INIT;

	strbuf_addstr(&text, "own=");
	hookfile_quote(&text, r->program);
	strbuf_addf(&text, "; f() { [ ! -x \"$own\" ] || exec \"$own\" -- \"$@\"; "
		    "! command -v git-orch >/dev/null || exec git-orch hook %s \"$@\"; ", name);
	if (r->type->gate)
		strbuf_addf(&text, "case ${GIT_ORCH-} in 0 | false | no | off) echo \"git-orch: "
			    "%s: skipped (GIT_ORCH=$GIT_ORCH)\" >&2; exit 0 ;; esac; echo "
			    "'git-orch: %s: refused, because git-orch is not installed any more: "
			    "install it again, or: git config --remove-section " HOOKS_SECTION
			    "%s' >&2; exit 1; ", name, name, name);
	strbuf_addstr(&text, "}; f");
	return strbuf_detach(&text, NULL);
}

static int has_section(bool *has, struct repo *repo, const char *section)
{
	char *prefix = xstrfmt("%s.", section);
	const char *const prefixes[] = { prefix, NULL };
	struct config_entries e = CONFIG_ENTRIES_INIT;
	int rc = gitconfig_read(&e, repo, prefixes);

	*has = false;
	for (size_t i = 0; rc == 0 && i < e.nr; i++)
		*has |= e.v[i].level == CONFIG_LOCAL;
	config_entries_release(&e);
	free(prefix);
	return rc;
}

int hooks_remove_config(struct strvec *removed, struct repo *repo, bool dry_run)
{
	size_t nr;
	const struct hook_type *types = hook_types(&nr);
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < nr; i++) {
		char *section = xstrfmt(HOOKS_SECTION "%s", types[i].name);
		bool has;

		rc = has_section(&has, repo, section);
		if (rc == 0 && has && removed)
			strvec_pushf(removed, "git config section %s", section);
		if (rc == 0 && has && !dry_run)
			rc = gitconfig_remove_section(repo, section);
		free(section);
	}
	return rc;
}

static int install_one(struct hook_report *r, struct repo *repo)
{
	char *event = xstrfmt(HOOKS_SECTION "%s.event", r->type->name);
	char *command = xstrfmt(HOOKS_SECTION "%s.command", r->type->name);
	char *text = command_of(r);
	int rc;

	if ((rc = gitconfig_set(repo, command, text, false)) == 0)
		rc = gitconfig_set(repo, event, r->type->name, false);
	free(event);
	free(command);
	free(text);
	return rc;
}

/* Whether git itself says that it will run it. */
static bool is_listed(const struct hook_report *r, struct repo *repo)
{
	const char *const args[] = { "hook", "list", r->type->name, NULL };
	char *name = xstrfmt("git-orch-%s", r->type->name);
	struct strbuf out = STRBUF_INIT;
	bool listed = gitproc_capture(repo, &out, args) == 0 &&
		      memmem(out.buf, out.len, name, strlen(name));

	error_clear();
	strbuf_release(&out);
	free(name);
	return listed;
}

int hooks_check_config(const struct hooks *h)
{
	return h->config_known ? 0 :
	       error_set(ORCH_EUNSUPPORTED, "git %s ignores hooks in its configuration without a "
			 "word: 2.54 is the first that runs them", h->git_version);
}

/* Never a file and config: each would run. */
static int move_to_config(struct hook_report *r, const struct hooks *h, struct repo *repo,
			  bool dry_run)
{
	char *removed = NULL, *kept = NULL;
	int rc = 0;

	if (!h->place.refusal)
		rc = hookfile_remove(h->place.dir, r->type, dry_run, &removed, &kept);
	free(removed);
	free(kept);
	return rc == 0 && !dry_run ? install_one(r, repo) : rc;
}

int hooks_install_config(struct hooks *h, struct repo *repo, bool dry_run)
{
	int rc = hooks_check_config(h);

	if (rc < 0)
		return rc;
	if (!dry_run)
		hooks_record(repo, h->place.dir, false);
	for (size_t i = 0; i < h->nr; i++) {
		struct hook_report *r = &h->v[i];

		if (r->standing == HOOK_BY_OTHER)
			continue;
		r->changed = r->standing != HOOK_BY_CONFIG;
		if (move_to_config(r, h, repo, dry_run) < 0) {
			r->changed = false;
			hook_refuse(r, xstrdup(error_message()), NULL);
			error_clear();
			continue;
		}
		hookfile_look(&r->file, h->place.dir, r->type, r->program);
		if (dry_run || is_listed(r, repo))
			r->standing = HOOK_BY_CONFIG;
		else
			hook_refuse(r, xstrfmt("git hook list %s does not name it", r->type->name),
				    NULL);
	}
	return 0;
}
