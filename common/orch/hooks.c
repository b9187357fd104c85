/*
 * All our hooks of a repository. Another tool's hooks directory is never
 * written to: it would be overwritten when that tool installs itself again.
 */
#include "orch/hooks.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/spawn.h"
#include "base/strbuf.h"
#include "git/gitconfig.h"
#include "git/gitproc.h"
#include "git/repo.h"
#include "orch/hooks_internal.h"

#define MAX_SCRIPT (1024 * 1024)

const char *hook_standing_name(enum hook_standing s)
{
	static const char *const names[] = {
		"absent", "installed", "by-config", "by-other", "refused"
	};

	return names[s];
}

void hooks_release(struct hooks *h)
{
	for (size_t i = 0; i < h->nr; i++) {
		free(h->v[i].program);
		free(h->v[i].by);
		free(h->v[i].why);
		free(h->v[i].where);
		free(h->v[i].add);
	}
	free(h->v);
	hook_place_release(&h->place);
	*h = (struct hooks)HOOKS_INIT;
}

/* --- what others say -------------------------------------------------------- */

/* A script of the repository, to be searched, never run. */
static bool read_below(struct strbuf *out, const char *top, const char *rel)
{
	struct stat st;
	int fd;
	bool ok;

	strbuf_reset(out);
	if (!top || file_open_beneath(&fd, &st, top, rel, false) < 0) {
		error_clear();
		return false;
	}
	ok = S_ISREG(st.st_mode) && strbuf_read_fd(out, fd, MAX_SCRIPT) >= 0;
	close(fd);
	error_clear();
	return ok;
}

static char *guarded(const struct hook_type *type, const char *args)
{
	return xstrfmt("! command -v git-orch >/dev/null || git orch hook %s%s", type->name,
		       args);
}

void hook_refuse(struct hook_report *r, char *why, char *where)
{
	r->standing = HOOK_REFUSED;
	free(r->why);
	free(r->where);
	free(r->add);
	r->why = why;
	r->where = where;
	r->add = where ? guarded(r->type, " \"$@\"") : NULL;
}

static const char *const lefthook_files[] = {
	"lefthook.yml", ".lefthook.yml", "lefthook.yaml", ".lefthook.yaml",
	".config/lefthook.yml", ".config/lefthook.yaml", "lefthook.toml", ".lefthook.toml",
	"lefthook.json", ".lefthook.json", "lefthook-local.yml", ".lefthook-local.yml",
	"lefthook-local.yaml", ".lefthook-local.yaml",
};

/* "pre-push:" at the start of a line, "[pre-push" or "\"pre-push\":": it is lefthook's. */
static bool lefthook_has(const struct strbuf *text, const char *name)
{
	char *yaml = xstrfmt("\n%s:", name), *toml = xstrfmt("\n[%s", name);
	char *quoted = xstrfmt("\"%s\"", name);
	bool has = memmem(text->buf, text->len, yaml, strlen(yaml)) ||
		   memmem(text->buf, text->len, toml, strlen(toml)) ||
		   memmem(text->buf, text->len, quoted, strlen(quoted)) ||
		   !strncmp(text->buf, yaml + 1, strlen(yaml + 1));

	free(yaml);
	free(toml);
	free(quoted);
	return has;
}

/*
 * lefthook writes its own file for each hook of its configuration and moves
 * ours out of the way, to where nobody runs it: its configuration is the place.
 */
static bool ask_lefthook(struct hook_report *r, struct repo *repo)
{
	const char *name = r->type->name, *config = NULL;
	struct strbuf text = STRBUF_INIT;
	bool theirs = r->file.state == HOOKFILE_FOREIGN &&
		      r->file.owner == HOOK_OWNER_LEFTHOOK;

	for (size_t i = 0; i < ARRAY_SIZE(lefthook_files); i++) {
		if (!read_below(&text, repo_work_tree(repo), lefthook_files[i]))
			continue;
		if (!config)
			config = lefthook_files[i];
		if (r->file.state == HOOKFILE_NONE || r->file.state == HOOKFILE_FOREIGN)
			theirs |= lefthook_has(&text, name);
		if (!theirs || !hookfile_calls(text.buf, text.len, name))
			continue;
		if (r->type->has_input && !memmem(text.buf, text.len, "use_stdin", 9)) {
			hook_refuse(r, xstrfmt("%s runs it without its input: add "
					       "use_stdin: true", lefthook_files[i]), NULL);
		} else if (r->file.state == HOOKFILE_NONE) {
			hook_refuse(r, xstrfmt("%s has it, but lefthook is not installed "
					       "here: lefthook install", lefthook_files[i]), NULL);
		} else {
			r->standing = HOOK_BY_OTHER;
			r->by = xstrdup(lefthook_files[i]);
			goto out;
		}
		goto out;
	}
	if (theirs) {
		char *run = guarded(r->type, " {0}");

		hook_refuse(r, xstrdup("it is lefthook's"),
			    xstrfmt("%s, below %s: commands:", config ? config :
				    "lefthook.yml", name));
		free(r->add);
		r->add = xstrfmt("git-orch: { %srun: \"%s\" }",
				 r->type->has_input ? "use_stdin: true, " : "", run);
		free(run);
	}
out:
	strbuf_release(&text);
	return theirs;
}

/* husky's own files only start the script of the same name one level up. */
static void ask_husky(struct hook_report *r, const struct hooks *h)
{
	size_t len = strlen(h->place.dir);
	bool new = len > 2 && str_eq(h->place.dir + len - 2, "/_");
	char *up = xstrndup(h->place.dir, new ? len - 2 : len);
	struct strbuf text = STRBUF_INIT;
	char *path = xstrfmt("%s/%s", up, r->type->name);
	char *shown = xstrfmt(".husky/%s", r->type->name);

	if (file_read(&text, path, MAX_SCRIPT, 0) < 0)
		error_clear();
	if (!hookfile_calls(text.buf, text.len, r->type->name)) {
		hook_refuse(r, xstrdup(h->place.refusal), shown);
		shown = NULL;
	} else if (new && !r->file.executable) {
		hook_refuse(r, xstrfmt("%s has it, but husky is not installed here: npx husky",
				       shown), NULL);
	} else {
		r->standing = HOOK_BY_OTHER;
		r->by = shown;
		shown = NULL;
	}
	strbuf_release(&text);
	free(shown);
	free(path);
	free(up);
}

/* --- how each one stands ------------------------------------------------------ */

/* A hook of somebody's that has the line already. */
static bool judge_caller(struct hook_report *r, const char *path)
{
	if (!r->file.calls_us)
		return false;
	if (r->file.executable) {
		r->standing = HOOK_BY_OTHER;
		r->by = xstrdup(path);
		return true;
	}
	hook_refuse(r, xstrfmt("%s runs it, but git ignores a hook that is not executable: "
			       "chmod +x it", path), NULL);
	return true;
}

static void judge_file(struct hook_report *r, const struct hooks *h)
{
	char *path = xstrfmt("%s/%s", h->place.dir, r->type->name);

	switch (r->file.state) {
	case HOOKFILE_OURS:
	case HOOKFILE_STALE:
	case HOOKFILE_EDITED_BY:
		r->standing = HOOK_INSTALLED;
		break;
	case HOOKFILE_NONE:
		break;
	case HOOKFILE_ODD:
		hook_refuse(r, xstrfmt("%s is no file: git hangs at it", path), NULL);
		break;
	case HOOKFILE_FOREIGN:
		if (judge_caller(r, path))
			break;
		if (r->file.has_kept) {
			hook_refuse(r, xstrfmt("%s" HOOKFILE_KEPT " exists already, from an "
					       "earlier installation: remove it, or move it back",
					       path), xstrdup(path));
		} else if (r->file.needs_name) {
			hook_refuse(r, xstrfmt("the hook that is there acts by the name it is "
					       "called by, which keeping it would change"),
				    xstrdup(path));
		}
	}
	free(path);
}

static void judge(struct hook_report *r, const struct hooks *h, struct repo *repo)
{
	hookfile_look(&r->file, h->place.dir, r->type, r->program);
	if (r->config && h->config_known) {
		r->standing = HOOK_BY_CONFIG;
	} else if (h->place.husky) {
		ask_husky(r, h);
	} else if (h->place.refusal) {
		char *path = xstrfmt("%s/%s", h->place.dir, r->type->name);

		if (!judge_caller(r, path))
			hook_refuse(r, xstrdup(h->place.refusal),
				    h->place.nowhere ? NULL : xstrdup(path));
		free(path);
	} else if (!ask_lefthook(r, repo)) {
		judge_file(r, h);
	}
}

/* Which of ours git config names, by our section or by the command. */
static int look_at_config(struct hooks *h, struct repo *repo)
{
	static const char *const prefixes[] = { "hook.", NULL };
	struct config_entries e = CONFIG_ENTRIES_INIT;
	int rc = gitconfig_read(&e, repo, prefixes);

	for (size_t i = 0; rc == 0 && i < e.nr; i++)
		for (size_t k = 0; k < h->nr; k++) {
			char *key = xstrfmt(HOOKS_SECTION "%s.command", h->v[k].type->name);

			if (str_ends(e.v[i].key, ".command") && e.v[i].value &&
			    (str_eq(e.v[i].key, key) ||
			     hookfile_calls(e.v[i].value, strlen(e.v[i].value),
					    h->v[k].type->name)))
				h->v[k].config = true;
			free(key);
		}
	config_entries_release(&e);
	return rc;
}

static int look_at_git(struct hooks *h)
{
	struct spawn s = SPAWN_INIT;
	struct strbuf out = STRBUF_INIT;
	unsigned major = 0, minor = 0;
	int status = 0, rc;

	strvec_push(&s.argv, "git");
	strvec_push(&s.argv, "--version");
	rc = spawn_capture(&s, &out, 4096, NULL, 0, &status);
	if (rc == 0 && sscanf(out.buf, "git version %u.%u", &major, &minor) == 2) {
		snprintf(h->git_version, sizeof(h->git_version), "%u.%u", major, minor);
		h->config_known = major > 2 || (major == 2 && minor >= 54);
	}
	strbuf_release(&out);
	spawn_release(&s);
	return rc;
}

int hooks_look(struct hooks *h, struct repo *repo)
{
	size_t nr;
	const struct hook_type *types = hook_types(&nr);
	int rc;

	h->v = xcalloc(nr, sizeof(*h->v));
	for (size_t i = 0; i < nr; i++) {
		char *program = hook_program(types[i].name);

		if (!program)
			continue;
		h->v[h->nr].type = &types[i];
		h->v[h->nr++].program = program;
	}
	h->wanted = hooks_recorded(repo);
	if ((rc = look_at_git(h)) < 0 || (rc = hook_place_find(&h->place, repo)) < 0 ||
	    (rc = look_at_config(h, repo)) < 0)
		return rc;
	for (size_t i = 0; i < h->nr; i++)
		judge(&h->v[i], h, repo);
	return 0;
}

/* --- installing ------------------------------------------------------------------ */

/* Its end state, as git will find it. */
static void verify(struct hook_report *r, const struct hooks *h)
{
	hookfile_look(&r->file, h->place.dir, r->type, r->program);
	if (r->file.state == HOOKFILE_OURS && r->file.executable)
		r->standing = HOOK_INSTALLED;
	else
		hook_refuse(r, xstrfmt("%s/%s was written and cannot be executed there",
				       h->place.dir, r->type->name),
			    xstrfmt("%s/%s", h->place.dir, r->type->name));
}

static void install_file(struct hook_report *r, const struct hooks *h, mode_t mode, bool dry)
{
	bool absent = r->standing == HOOK_ABSENT;
	bool stale = r->standing == HOOK_INSTALLED &&
		     (r->file.state == HOOKFILE_STALE || !r->file.executable);

	if (!absent && !stale)
		return;
	r->changed = true;
	if (dry) {
		r->standing = HOOK_INSTALLED;
		return;
	}
	if (hookfile_install(h->place.dir, r->type, r->program, mode) == 0) {
		verify(r, h);
		return;
	}
	r->changed = false;
	hook_refuse(r, xstrdup(error_message()), xstrfmt("%s/%s", h->place.dir, r->type->name));
	error_clear();
}

static bool any_to_install(const struct hooks *h)
{
	for (size_t i = 0; i < h->nr; i++)
		if (h->v[i].standing == HOOK_ABSENT)
			return true;
	return false;
}

/* git makes no hooks directory without a template that has one. */
static bool make_directory(const struct hooks *h)
{
	struct stat st;

	if (lstat(h->place.dir, &st) == 0 || !any_to_install(h))
		return false;
	if (dir_make(h->place.dir) < 0) {
		error_clear();	/* said of each hook */
		return false;
	}
	return true;
}

int hooks_install(struct hooks *h, struct repo *repo, unsigned flags)
{
	bool dry = flags & HOOKS_DRY_RUN, made = false;
	mode_t mode;
	int rc;

	if (flags & HOOKS_CONFIG)
		return hooks_install_config(h, repo, dry);
	if ((rc = hook_mode(&mode, repo)) < 0)
		return rc;
	if (!dry && !h->config_known &&
	    (rc = hooks_remove_config(NULL, repo, false)) < 0)
		return rc;
	if (!dry) {
		hooks_record(repo, h->place.dir, false);
		made = make_directory(h);
	}
	for (size_t i = 0; i < h->nr; i++)
		install_file(&h->v[i], h, mode, dry);
	if (made)
		hooks_record(repo, h->place.dir, true);
	return 0;
}

/* --- telling ---------------------------------------------------------------------- */

char *hook_describe(const struct hook_report *r)
{
	const struct hookfile *f = &r->file;
	bool will_keep = f->state == HOOKFILE_FOREIGN && r->standing == HOOK_INSTALLED;

	if (r->standing == HOOK_BY_CONFIG)
		return xstrdup("by git config");
	if (r->standing == HOOK_BY_OTHER)
		return xstrfmt("run by %s", r->by);
	if (r->standing != HOOK_INSTALLED)
		return NULL;
	if (f->state == HOOKFILE_EDITED_BY)
		return xstrdup("edited by somebody, and left alone");
	if (will_keep || f->has_kept)
		return xstrfmt("after the hook of %s, kept as %s" HOOKFILE_KEPT,
			       hook_owner_name(will_keep ? f->owner : f->kept_owner),
			       r->type->name);
	return NULL;
}

static const char *owner_name(const struct hook_report *r)
{
	switch (r->file.state) {
	case HOOKFILE_OURS:
	case HOOKFILE_STALE:
	case HOOKFILE_EDITED_BY:
		return "git-orch";
	case HOOKFILE_NONE:
		return NULL;
	case HOOKFILE_FOREIGN:
	case HOOKFILE_ODD:
		break;
	}
	return hook_owner_name(r->file.owner);
}

void hooks_json(struct json *array, const struct hooks *h)
{
	for (size_t i = 0; i < h->nr; i++) {
		const struct hook_report *r = &h->v[i];
		struct json *j = json_add_object(array, NULL);
		char *path = xstrfmt("%s/%s", h->place.dir, r->type->name);

		json_add_string(j, "name", r->type->name);
		json_add_bool(j, "gate", r->type->gate);
		json_add_string(j, "state", hook_standing_name(r->standing));
		json_add_bool(j, "changed", r->changed);
		json_add_bytes(j, "path", path, strlen(path));
		json_add_string(j, "owner", owner_name(r));
		json_add_string(j, "kept", r->file.has_kept ?
				hook_owner_name(r->file.kept_owner) : NULL);
		json_add_string(j, "by", r->by);
		json_add_string(j, "reason", r->why);
		json_add_string(j, "add_to", r->where);
		json_add_string(j, "add", r->add);
		free(path);
	}
}
