/*
 * The checks behind `git orch doctor`.
 */
#include <stdarg.h>
#include <sys/stat.h>

#include "orch/checkup.h"
#include "base/error.h"
#include "base/file.h"
#include "base/spawn.h"
#include "base/strbuf.h"
#include "base/text.h"
#include "git/repo.h"
#include "orch/agent.h"
#include "orch/document.h"
#include "orch/orch.h"
#include "orch/promptscan.h"
#include "orch/receipt.h"
#include "orch/setup.h"
#include "orch/turn.h"

#define MAX_CORE (16u << 20)
#define MAX_HINTS 20

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

static void add(struct checkup *c, enum checkup_level level, const char *name,
		const char *fmt, ...) PRINTF_LIKE(4, 5);
static void add(struct checkup *c, enum checkup_level level, const char *name,
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

/* The stored error as a failed check. */
static void add_error(struct checkup *c, const char *name)
{
	add(c, CHECKUP_FAIL, name, "%s", error_message());
	error_clear();
}

/* Where the modules' warnings go: lines of the check that is running. */
static struct checkup *sink_to;
static const char *sink_name;

static void take_warning(bool is_warning, const char *text)
{
	if (is_warning && sink_to)
		add(sink_to, CHECKUP_WARN, sink_name, "%s", text);
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
		add(c, CHECKUP_FAIL, "git", "git cannot be run");
	} else {
		strbuf_trim(&out);
		if (sscanf(out.buf, "git version %u.%u", &major, &minor) == 2 &&
		    (major < 2 || (major == 2 && minor < 30)))
			add(c, CHECKUP_WARN, "git", "%s: 2.30 or newer is tested", out.buf);
		else
			add(c, CHECKUP_OK, "git", "%s; git-orch %s", out.buf, ORCH_VERSION);
	}
	strbuf_release(&out);
	spawn_release(&s);
}

static void check_repository(struct checkup *c, struct repo *repo)
{
	const char *op = repo_operation(repo);

	add(c, CHECKUP_OK, "repository", "%s%s%s",
	    repo_work_tree(repo) ? repo_work_tree(repo) : repo_git_dir(repo),
	    !repo_work_tree(repo) ? ", bare" :
	    repo_is_linked_worktree(repo) ? ", a linked work tree" : "",
	    repo_is_shallow(repo) ? ", shallow" : "");
	if (op)
		add(c, CHECKUP_WARN, "repository", "a %s is in progress", op);
}

static void check_config(struct checkup *c, struct orch *o)
{
	size_t nr;
	const struct config_ignored *ignored = config_ignored(o->config, &nr);

	if (!config_is_set_up(o->config)) {
		add(c, CHECKUP_WARN, "config", "no loop is set up here: git orch init");
	} else {
		enum config_level level = config_level_of(o->config, "orch.workflow");
		char *ring = strvec_join(&o->workflow, " ");

		add(c, CHECKUP_OK, "config", "workflow %s (%s)", ring,
		    level == CONFIG_TRACKED ? SETUP_TRACKED_FILE : config_level_name(level));
		free(ring);
	}
	for (size_t i = 0; i < nr; i++)
		add(c, CHECKUP_WARN, "config", "%s:%d: %s is ignored: %s",
		    ignored[i].origin, ignored[i].line, ignored[i].key,
		    ignored[i].reason);
}

/* Whether the directory of the state, or where it would be made, takes files. */
static void check_directory(struct checkup *c, struct orch *o)
{
	struct stat st;

	if (lstat(o->dir, &st) < 0 && errno == ENOENT) {
		if (access(repo_common_dir(o->repo), W_OK | X_OK) < 0)
			add(c, CHECKUP_FAIL, "directory", "%s cannot be written",
			    repo_common_dir(o->repo));
		else
			add(c, CHECKUP_OK, "directory", "%s, made when needed", o->dir);
	} else if (stat(o->dir, &st) < 0 || !S_ISDIR(st.st_mode)) {
		add(c, CHECKUP_FAIL, "directory", "%s is no directory", o->dir);
	} else if (access(o->dir, W_OK | X_OK) < 0) {
		add(c, CHECKUP_FAIL, "directory", "%s cannot be written", o->dir);
	} else {
		add(c, CHECKUP_OK, "directory", "%s", o->dir);
	}
}

static void check_turn(struct checkup *c, struct orch *o)
{
	const struct turn_holder *h;
	struct turn t;

	turn_init(&t);
	h = &t.holder;
	if (!o->loop) {
		add(c, CHECKUP_WARN, "state",
		    "HEAD is detached: name the loop with --loop or orch.loop");
	} else if (turn_read(&t, o) < 0) {
		add_error(c, "state");
	} else {
		add(c, CHECKUP_OK, "state", "loop %s, iteration %" PRId64
		    ", generation %" PRId64 ", %s expected", o->loop, t.iteration,
		    t.generation, t.expected);
		if (!h->actor)
			add(c, CHECKUP_OK, "holder", "nobody holds the turn");
		else if (!h->process.pid)
			add(c, CHECKUP_OK, "holder", "%s by lease alone, from %s",
			    h->actor, h->host ? h->host : "?");
		else if (turn_holder_alive(&t))
			add(c, CHECKUP_OK, "holder", "%s pid %" PRId64 " on %s, alive",
			    h->actor, h->process.pid, h->host ? h->host : "?");
		else
			add(c, CHECKUP_WARN, "holder", "%s pid %" PRId64
			    " is gone: the next claim replaces it", h->actor,
			    h->process.pid);
	}
	turn_release_memory(&t);
}

static void check_receipts(struct checkup *c, struct orch *o)
{
	struct receipt_list l = RECEIPT_LIST_INIT;

	if (!o->loop)
		return;
	if (receipt_list(&l, o, 200) < 0)
		add_error(c, "receipts");
	else if (l.broken)
		add(c, CHECKUP_WARN, "receipts", "%zu lines of "
		    "%s/receipts.jsonl cannot be read", l.broken, o->dir);
	else
		add(c, CHECKUP_OK, "receipts", "%zu%s", l.nr,
		    l.nr == 200 ? " and more" : "");
	receipt_list_release(&l);
}

/* --- what an actor needs ------------------------------------------------------ */

/* NULL if the path is a regular file below the work tree, of at most `max`. */
static const char *file_fault(struct orch *o, const char *path, int64_t max)
{
	struct stat st;
	int fd, rc;

	rc = file_open_beneath(&fd, &st, repo_work_tree(o->repo), path, false);
	if (rc < 0) {
		error_clear();
		return rc == ORCH_ENOTFOUND ? "is missing" :
		       "cannot be opened inside the work tree";
	}
	close(fd);
	if (!S_ISREG(st.st_mode))
		return "is no regular file";
	return st.st_size > max ? "is too large" : NULL;
}

static void check_documents(struct checkup *c, struct orch *o, const char *actor)
{
	int64_t max = config_get_int(o->config, "orch.maxDocument");
	struct strvec paths = STRVEC_INIT;
	size_t good = 0;

	if (documents_resolve(&paths, o, actor) < 0)
		add_error(c, "documents");
	for (size_t i = 0; i < paths.nr; i++) {
		const char *fault = file_fault(o, paths.v[i], max);

		if (fault)
			add(c, CHECKUP_FAIL, "documents", "%s %s", paths.v[i], fault);
		else
			good++;
	}
	add(c, CHECKUP_OK, "documents", "%s reads %zu", actor, good);
	strvec_release(&paths);
}

struct hints {
	struct checkup *c;
	const char *path;
	size_t nr;
};

static void add_hint(int line, const char *what, void *data)
{
	struct hints *h = data;

	if (h->nr++ < MAX_HINTS)
		add(h->c, CHECKUP_WARN, "prompt", "%s:%d %s: the hand-off needs no such thing",
		    h->path, line, what);
}

static void check_prompt_text(struct checkup *c, struct orch *o, const char *path)
{
	struct strbuf text = STRBUF_INIT;
	struct hints h = { c, path, 0 };
	struct stat st;
	int fd;

	if (file_open_beneath(&fd, &st, repo_work_tree(o->repo), path, false) < 0) {
		error_clear();
		return;
	}
	if (st.st_size <= 1 << 20 && strbuf_read_fd(&text, fd, 1 << 20) == 0)
		promptscan_network(text.buf, text.len, add_hint, &h);
	close(fd);
	strbuf_release(&text);
}

static void check_prompts(struct checkup *c, struct orch *o, const char *actor)
{
	const char *context = config_actor(o->config, actor, "context");
	struct strvec files = STRVEC_INIT;
	size_t bad = 0;

	config_actor_list(o->config, actor, "core", &files);
	if (!files.nr)
		add(c, CHECKUP_WARN, "prompt", "%s has no core file (orchactor.%s.core)",
		    actor, actor);
	if (context)
		strvec_push(&files, context);
	for (size_t i = 0; i < files.nr; i++) {
		const char *fault = file_fault(o, files.v[i], MAX_CORE);

		if (fault) {
			add(c, CHECKUP_FAIL, "prompt", "%s of %s %s", files.v[i], actor,
			    fault);
			bad++;
		} else {
			check_prompt_text(c, o, files.v[i]);
		}
	}
	if (files.nr && !bad)
		add(c, CHECKUP_OK, "prompt", "%s has %zu file%s", actor, files.nr,
		    files.nr == 1 ? "" : "s");
	strvec_release(&files);
}

/* The first word of a command, if the shell would take it as it stands. */
static char *first_word(const char *command)
{
	for (;;) {
		size_t n, eq;

		command += strspn(command, " \t\n");
		n = strcspn(command, " \t\n;&|()<>");
		eq = strcspn(command, "=");
		if (!n || command[strcspn(command, "\"'`$\\*?[{!#~")] != '\0') {
			size_t odd = strcspn(command, "\"'`$\\*?[{!#~");

			if (!n || odd < n)
				return NULL;
		}
		if (eq >= n)	/* no VAR=value */
			return xstrndup(command, n);
		command += n;
	}
}

static bool is_shell_word(const char *word)
{
	static const char *const words[] = {
		":", ".", "cd", "eval", "exec", "exit", "export", "false", "for",
		"if", "read", "set", "test", "trap", "true", "ulimit", "umask",
		"until", "while", "echo", "printf", "kill", "wait", "case", "command"
	};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (str_eq(word, words[i]))
			return true;
	return false;
}

static void check_agent(struct checkup *c, struct orch *o, const char *actor)
{
	const char *command = config_actor(o->config, actor, "command");
	const char *kind = config_actor(o->config, actor, "agent");
	char *word;

	if (!command || !*command) {
		add(c, CHECKUP_WARN, "agent",
		    "%s has no command: git orch init --agent %s=claude (or codex)",
		    actor, actor);
		return;
	}
	word = first_word(command);
	if (!word || is_shell_word(word))
		add(c, CHECKUP_OK, "agent", "%s: a shell command", actor);
	else if (!agent_can_run(repo_work_tree(o->repo), word))
		add(c, CHECKUP_FAIL, "agent", "%s: '%s' is not found in PATH", actor, word);
	else
		add(c, CHECKUP_OK, "agent", "%s: %s, as %s", actor, word,
		    kind ? kind : "other");
	if (kind && str_eq(kind, "claude") && !strstr(command, "GIT_ORCH_"))
		add(c, CHECKUP_WARN, "agent",
		    "%s: not claude's own command; without $GIT_ORCH_STATIC the whole prompt goes to stdin",
		    actor);
	free(word);
}

static void check_actors(struct checkup *c, struct orch *o)
{
	struct strvec done = STRVEC_INIT;

	if (!repo_work_tree(o->repo)) {
		add(c, CHECKUP_WARN, "documents", "a bare repository has none");
		return;
	}
	for (size_t i = 0; i < o->workflow.nr; i++) {
		const char *actor = o->workflow.v[i];

		if (strvec_has(&done, actor))
			continue;
		strvec_push(&done, actor);
		sink_name = "documents";
		check_documents(c, o, actor);
		sink_name = "prompt";
		check_prompts(c, o, actor);
		sink_name = "agent";
		check_agent(c, o, actor);
	}
	strvec_release(&done);
}

int checkup_run(struct checkup *c)
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
		add_error(c, "repository");
		rc = 0;
		goto out;
	}
	check_repository(c, repo);
	/* What loading would warn about is in config_ignored(). */
	sink_to = NULL;
	rc = orch_open(&o, ORCH_LOOP_OPTIONAL);
	sink_to = c;
	if (rc < 0) {
		add_error(c, "config");
		rc = 0;
		goto out;
	}
	check_config(c, &o);
	check_directory(c, &o);
	sink_name = "state";
	check_turn(c, &o);
	sink_name = "receipts";
	check_receipts(c, &o);
	check_actors(c, &o);
out:
	sink_to = NULL;
	repo_free(repo);
	orch_release(&o);
	return rc;
}
