/*
 * Opening what almost every command needs: repository, configuration, loop.
 */
#include "orch/orch.h"

#include <stdarg.h>

#include "base/error.h"
#include "base/output.h"
#include "base/strbuf.h"
#include "base/text.h"
#include "git/object.h"
#include "orch/turn.h"

#define LOOP_NAME_MAX 200
#define FILE_NAME_MAX 200	/* of 255, as names get suffixes */

const char *orch_loop_option;

/*
 * A loop's name becomes part of reference names, so git's rules for those
 * hold; names of branches pass.
 */
static int check_loop_name(const char *name)
{
	size_t len = strlen(name);
	const char *why = NULL;

	if (!len || len > LOOP_NAME_MAX)
		why = "it must have 1 to 200 bytes";
	else if (name[0] == '/' || name[len - 1] == '/' || strstr(name, "//"))
		why = "a slash stands between two names";
	else if (name[0] == '.' || strstr(name, "/.") || strstr(name, "..") ||
		 name[len - 1] == '.')
		why = "no part may begin or end with a dot";
	else if (name[0] == '-')
		why = "it may not begin with a dash";
	else if (strstr(name, "@{") || strpbrk(name, " ~^:?*[\\"))
		why = "none of space ~ ^ : ? * [ \\ may stand in it";
	else if (str_ends(name, ".lock") || strstr(name, ".lock/"))
		why = "no part may end with .lock";
	for (size_t i = 0; !why && i < len; i++)
		if ((unsigned char)name[i] < 0x20 || name[i] == 0x7f)
			why = "it holds a control character";
	if (why)
		return error_set(ORCH_EINVALID, "'%.200s' cannot be a loop's name: %s",
				 name, why);
	return 0;
}

/* Whoever named it on the command line has to name it again. */
static void note_loop_arg(struct orch *o, const char *otherwise)
{
	struct strbuf arg = STRBUF_INIT;

	if (otherwise && str_eq(otherwise, o->loop))
		return;
	strbuf_addstr(&arg, " --loop ");
	text_add_shell_word(&arg, o->loop, strlen(o->loop));
	o->loop_arg = strbuf_detach(&arg, NULL);
}

static int find_loop(struct orch *o, unsigned flags)
{
	const char *name = orch_loop_option;
	const char *otherwise = config_get(o->config, "orch.loop");
	char *branch = NULL;
	int rc = 0;

	if (!otherwise || !*otherwise) {
		if ((rc = repo_head(o->repo, NULL, &branch)) < 0 && !name)
			goto out;
		if (rc < 0)	/* not asked for it */
			error_clear();
		rc = 0;
		otherwise = branch;
	}
	if (!name)
		name = otherwise;
	if (!name) {
		if (!(flags & ORCH_LOOP_OPTIONAL))
			rc = error_set(ORCH_ERROR, "HEAD is detached: name the loop "
				       "with --loop NAME, or run 'git config "
				       "orch.loop NAME'");
		goto out;
	}
	if ((rc = check_loop_name(name)) < 0)
		goto out;
	o->loop = xstrdup(name);
	note_loop_arg(o, otherwise);
out:
	free(branch);
	return rc;
}

/* Reading color.* costs a look at all of git's files: only where it shows. */
static void set_color(struct repo *repo)
{
	static const char *const keys[] = { "color.orch", "color.ui", NULL };
	struct config_entries e = CONFIG_ENTRIES_INIT;
	const char *value = NULL;
	bool own = false;

	if (!isatty(1) && !getenv("GIT_PAGER_IN_USE"))
		return;
	if (gitconfig_read(&e, repo, keys) < 0) {
		error_clear();
		goto out;
	}
	for (size_t i = 0; i < e.nr; i++) {
		bool is_own = str_eq(e.v[i].key, "color.orch");

		if ((is_own || !own) && (is_own || str_eq(e.v[i].key, "color.ui")))
			value = e.v[i].value ? e.v[i].value : "true";
		own = own || is_own;
	}
	if (value)
		output_set_color_config(value);
out:
	config_entries_release(&e);
}

int orch_open(struct orch *o, unsigned flags)
{
	static const struct oid nowhere = OID_ZERO;
	char *encoded;
	int rc;

	rc = repo_open(&o->repo, NULL, flags & ORCH_IN_HOOK ? REPO_IN_HOOK : 0);
	if (rc < 0)
		return rc;
	if ((flags & ORCH_NEED_WORK_TREE) && !repo_work_tree(o->repo))
		return error_set(ORCH_ERROR, "%s is bare: this needs a work tree",
				 repo_git_dir(o->repo));
	rc = config_load_at(&o->config, o->repo, flags & ORCH_NO_TRACKED ? &nowhere : NULL);
	if (rc < 0)
		return rc;
	config_get_list(o->config, "orch.workflow", &o->workflow);
	if (!o->workflow.nr)
		return error_set(ORCH_EINVALID, "orch.workflow names no actor");
	if ((rc = find_loop(o, flags)) < 0)
		return rc;
	o->dir = xstrfmt("%s/orch", repo_common_dir(o->repo));
	if (o->loop) {
		encoded = orch_encode_name(o->loop);
		o->loop_dir = xstrfmt("%s/loops/%s", o->dir, encoded);
		free(encoded);
	}
	set_color(o->repo);
	return 0;
}

void orch_use_config(struct orch *o, struct config *config)
{
	config_free(o->config);
	o->config = config;
	strvec_release(&o->workflow);
	config_get_list(config, "orch.workflow", &o->workflow);
}

void orch_release(struct orch *o)
{
	strvec_release(&o->workflow);
	config_free(o->config);
	repo_free(o->repo);
	free(o->loop);
	free(o->dir);
	free(o->loop_dir);
	free(o->loop_arg);
	*o = (struct orch)ORCH_INIT;
}

int orch_actor(struct orch *o, const char *arg, const char **actor)
{
	const char *name = arg ? arg : getenv("GIT_ORCH_ACTOR");
	char *ring = NULL;
	struct turn t;
	int rc = 0;

	turn_init(&t);
	if (!name || !*name) {
		if (!o->loop_dir)
			return error_set(ORCH_EUSAGE, "which actor is meant?");
		if ((rc = turn_read(&t, o)) < 0)
			goto out;
		name = t.expected;
	}
	for (size_t i = 0; i < o->workflow.nr; i++)
		if (str_eq(o->workflow.v[i], name)) {
			*actor = o->workflow.v[i];
			goto out;
		}
	ring = strvec_join(&o->workflow, " ");
	rc = error_set(ORCH_EINVALID, "no actor '%s' in the workflow (%s)", name,
		       ring);
out:
	free(ring);
	turn_release_memory(&t);
	return rc;
}

const char *orch_loop_arg(const struct orch *o)
{
	return o->loop_arg ? o->loop_arg : "";
}

char *orch_ref(const struct orch *o, const char *fmt, ...)
{
	struct strbuf ref = STRBUF_INIT;
	va_list ap;

	strbuf_addf(&ref, "refs/orch/%s/", o->loop);
	va_start(ap, fmt);
	strbuf_vaddf(&ref, fmt, ap);
	va_end(ap);
	return strbuf_detach(&ref, NULL);
}

/* One file name for each name, and never ".", ".." or a hidden file. A long
 * one keeps its beginning and is told apart by its hash. */
char *orch_encode_name(const char *name)
{
	struct strbuf out = STRBUF_INIT;
	struct oid hash;

	for (const char *p = name; *p; p++) {
		bool plain = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
			     (*p >= '0' && *p <= '9') || *p == '_' || *p == '-' ||
			     (*p == '.' && p > name);

		if (plain)
			strbuf_addch(&out, *p);
		else
			strbuf_addf(&out, "%%%02X", (unsigned char)*p);
	}
	if (out.len > FILE_NAME_MAX) {
		blob_hash(name, strlen(name), &hash);
		strbuf_setlen(&out, FILE_NAME_MAX - OID_HEX - 1);
		strbuf_addf(&out, "-%s", oid_hex(&hash));
	}
	return strbuf_detach(&out, NULL);
}
