/*
 * The checks behind `git orch doctor`, and those of the place: git, the
 * repository, the configuration. What the turn needs is in checkup_turn.c,
 * what actors need in checkup_actors.c.
 */
#include <stdarg.h>
#include <sys/stat.h>

#include "orch/checkup_internal.h"
#include "base/error.h"
#include "base/spawn.h"
#include "base/strbuf.h"
#include "git/repo.h"
#include "orch/checkrule.h"
#include "orch/orch.h"
#include "orch/setup.h"

const char *checkup_level_name(enum checkup_level level)
{
	static const char *const names[] = { "ok", "warn", "fail" };

	return names[level];
}

void checkup_release(struct checkup *c)
{
	for (size_t i = 0; i < c->nr; i++)
		free(c->v[i].detail);
	free(c->v);
	*c = (struct checkup)CHECKUP_INIT;
}

void checkup_add(struct checkup *c, enum checkup_level level, const char *name,
		 const char *fmt, ...)
{
	struct strbuf sb = STRBUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	strbuf_vaddf(&sb, fmt, ap);
	va_end(ap);
	ALLOC_GROW(c->v, c->nr + 1, c->alloc);
	c->v[c->nr].level = level;
	c->v[c->nr].name = name;
	c->v[c->nr++].detail = strbuf_detach(&sb, NULL);
	c->failed += level == CHECKUP_FAIL;
}

void checkup_add_error(struct checkup *c, const char *name)
{
	checkup_add(c, CHECKUP_FAIL, name, "%s", error_message());
	error_clear();
}

/* Where the modules' warnings go: lines of the check that is running. */
static struct checkup *sink_to;
static const char *sink_name;

void checkup_begin(const char *name)
{
	sink_name = name;
}

static void take_warning(bool is_warning, const char *text)
{
	if (is_warning && sink_to)
		checkup_add(sink_to, CHECKUP_WARN, sink_name, "%s", text);
}

static void check_git(struct checkup *c)
{
	struct spawn s = SPAWN_INIT;
	struct strbuf out = STRBUF_INIT;
	int status = 0;
	unsigned major = 0, minor = 0;

	strvec_push(&s.argv, "git");
	strvec_push(&s.argv, "--version");
	if (spawn_capture(&s, &out, 4096, NULL, 0, &status) < 0) {
		error_clear();
		checkup_add(c, CHECKUP_FAIL, "git", "git cannot be run");
	} else {
		strbuf_trim(&out);
		if (sscanf(out.buf, "git version %u.%u", &major, &minor) == 2 &&
		    (major < 2 || (major == 2 && minor < 30)))
			checkup_add(c, CHECKUP_WARN, "git", "%s: 2.30 or newer is tested", out.buf);
		else
			checkup_add(c, CHECKUP_OK, "git", "%s; git-orch %s", out.buf, ORCH_VERSION);
	}
	strbuf_release(&out);
	spawn_release(&s);
}

static void check_repository(struct checkup *c, struct repo *repo)
{
	const char *op = repo_operation(repo);

	checkup_add(c, CHECKUP_OK, "repository", "%s%s%s",
		    repo_work_tree(repo) ? repo_work_tree(repo) : repo_git_dir(repo),
		    !repo_work_tree(repo) ? ", bare" :
		    repo_is_linked_worktree(repo) ? ", a linked work tree" : "",
		    repo_is_shallow(repo) ? ", shallow" : "");
	if (op)
		checkup_add(c, CHECKUP_WARN, "repository", "a %s is in progress", op);
}

static void check_config(struct checkup *c, struct orch *o)
{
	size_t nr;
	const struct config_ignored *ignored = config_ignored(o->config, &nr);

	if (!config_is_set_up(o->config)) {
		checkup_add(c, CHECKUP_WARN, "config", "no loop is set up here: git orch init");
	} else {
		enum config_level level = config_level_of(o->config, "orch.workflow");
		char *ring = strvec_join(&o->workflow, " ");

		checkup_add(c, CHECKUP_OK, "config", "workflow %s (%s)", ring,
			    level == CONFIG_TRACKED ? SETUP_TRACKED_FILE : config_level_name(level));
		free(ring);
	}
	for (size_t i = 0; i < nr; i++)
		checkup_add(c, CHECKUP_WARN, "config", "%s:%d: %s is ignored: %s",
			    ignored[i].origin, ignored[i].line, ignored[i].key,
			    ignored[i].reason);
}

/* Rules that make no sense, and what .orchconfig cannot make of one. */
static void check_rules(struct checkup *c, struct orch *o)
{
	struct check_rules rules = CHECK_RULES_INIT;

	check_rules_read(&rules, o->config);
	for (size_t i = 0; i < rules.nr; i++) {
		const struct check_rule *r = &rules.v[i];

		if (r->fault)
			checkup_add(c, CHECKUP_WARN, "rules", "%s cannot be judged: %s", r->name,
				    r->fault);
		for (size_t k = 0; k < r->notes.nr; k++)
			checkup_add(c, CHECKUP_WARN, "rules", "%s: %s", r->name, r->notes.v[k]);
	}
	check_rules_release(&rules);
}

/* Whether the directory of the state, or where it would be made, takes files. */
static void check_directory(struct checkup *c, struct orch *o)
{
	struct stat st;

	if (lstat(o->dir, &st) < 0 && errno == ENOENT) {
		if (access(repo_common_dir(o->repo), W_OK | X_OK) < 0)
			checkup_add(c, CHECKUP_FAIL, "directory", "%s cannot be written",
				    repo_common_dir(o->repo));
		else
			checkup_add(c, CHECKUP_OK, "directory", "%s, made when needed", o->dir);
	} else if (stat(o->dir, &st) < 0 || !S_ISDIR(st.st_mode)) {
		checkup_add(c, CHECKUP_FAIL, "directory", "%s is no directory", o->dir);
	} else if (access(o->dir, W_OK | X_OK) < 0) {
		checkup_add(c, CHECKUP_FAIL, "directory", "%s cannot be written", o->dir);
	} else {
		checkup_add(c, CHECKUP_OK, "directory", "%s", o->dir);
	}
}

int checkup_run(struct checkup *c, unsigned flags)
{
	struct orch o = ORCH_INIT;
	struct repo *repo = NULL;
	int rc;

	error_set_sink(take_warning);
	check_git(c);
	rc = repo_open(&repo, NULL, 0);
	if (rc == ORCH_ENOTFOUND)
		goto out;
	if (rc < 0) {
		checkup_add_error(c, "repository");
		rc = 0;
		goto out;
	}
	check_repository(c, repo);
	sink_to = c;
	checkup_hooks(c, repo, flags & CHECKUP_LIVE);
	/* What loading would warn about is in config_ignored(). */
	sink_to = NULL;
	rc = orch_open(&o, ORCH_LOOP_OPTIONAL);
	sink_to = c;
	if (rc < 0) {
		checkup_add_error(c, "config");
		rc = 0;
		goto out;
	}
	check_config(c, &o);
	check_rules(c, &o);
	check_directory(c, &o);
	checkup_turn(c, &o);
	checkup_remote(c, &o);
	checkup_actors(c, &o);
out:
	sink_to = NULL;
	repo_free(repo);
	orch_release(&o);
	return rc;
}
