/*
 * What doctor says of the actors: whether there is what each of them reads,
 * is told and is played by.
 */
#include <sys/stat.h>

#include "orch/checkup_internal.h"
#include "base/error.h"
#include "base/file.h"
#include "base/strbuf.h"
#include "git/repo.h"
#include "orch/agent.h"
#include "orch/document.h"
#include "orch/orch.h"
#include "orch/prompt.h"
#include "orch/promptscan.h"
#include "orch/turn.h"

#define MAX_CORE (16u << 20)
#define MAX_HINTS 20

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
		checkup_add_error(c, "documents");
	for (size_t i = 0; i < paths.nr; i++) {
		const char *fault = file_fault(o, paths.v[i], max);

		if (fault)
			checkup_add(c, CHECKUP_FAIL, "documents", "%s %s", paths.v[i], fault);
		else
			good++;
	}
	checkup_add(c, CHECKUP_OK, "documents", "%s reads %zu", actor, good);
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
		checkup_add(h->c, CHECKUP_WARN, "prompt",
			    "%s:%d %s: the hand-off needs no such thing", h->path, line,
			    what);
}

/* Once for a file that several actors are given. */
static void check_prompt_text(struct checkup *c, struct orch *o, const char *path,
			      struct strvec *seen)
{
	struct strbuf text = STRBUF_INIT;
	struct hints h = { c, path, 0 };
	struct stat st;
	int fd;

	if (strvec_has(seen, path))
		return;
	strvec_push(seen, path);
	if (file_open_beneath(&fd, &st, repo_work_tree(o->repo), path, false) < 0) {
		error_clear();
		return;
	}
	if (S_ISREG(st.st_mode) && st.st_size <= 1 << 20 && strbuf_read_fd(&text, fd, 1 << 20) == 0)
		promptscan_network(text.buf, text.len, add_hint, &h);
	if (h.nr > MAX_HINTS)
		checkup_add(c, CHECKUP_WARN, "prompt", "%s: and %zu more such lines", path,
			    h.nr - MAX_HINTS);
	close(fd);
	strbuf_release(&text);
}

/* What `run` would find out at the begin of the turn: the template, the budget.
 * False: it cannot be built. */
static bool check_build(struct checkup *c, struct orch *o, const char *actor)
{
	struct prompt_request req = { .actor = actor };
	struct turn t;
	bool ok = true;

	turn_init(&t);
	req.turn = &t;
	/* A state that cannot be read has been reported. */
	if (o->loop && turn_read(&t, o) == 0 && prompt_check(o, &req) < 0) {
		checkup_add(c, CHECKUP_FAIL, "prompt", "%s: %s", actor, error_message());
		ok = false;
	}
	error_clear();
	turn_release_memory(&t);
	return ok;
}

static void check_prompts(struct checkup *c, struct orch *o, const char *actor,
			  struct strvec *seen)
{
	const char *own = document_of_agent(o, actor);
	const char *context = config_actor(o->config, actor, "context");
	struct strvec files = STRVEC_INIT;
	size_t bad = 0;

	config_actor_list(o->config, actor, "core", &files);
	if (!files.nr)
		checkup_add(c, CHECKUP_WARN, "prompt", "%s has no core file (orchactor.%s.core)",
			    actor, actor);
	if (context)
		strvec_push(&files, context);
	for (size_t i = 0; i < files.nr; i++) {
		const char *fault = file_fault(o, files.v[i], MAX_CORE);

		if (fault) {
			checkup_add(c, CHECKUP_FAIL, "prompt", "%s of %s %s", files.v[i], actor,
				    fault);
			bad++;
		} else {
			check_prompt_text(c, o, files.v[i], seen);
		}
	}
	/* What the agent loads by itself tells it what to do, too. */
	if (own)
		check_prompt_text(c, o, own, seen);
	if (!bad && !check_build(c, o, actor))
		bad++;
	if (files.nr && !bad)
		checkup_add(c, CHECKUP_OK, "prompt", "%s has %zu file%s", actor, files.nr,
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
		checkup_add(c, CHECKUP_WARN, "agent",
			    "%s has no command: git orch init --agent %s=claude (or codex)",
			    actor, actor);
		return;
	}
	word = first_word(command);
	if (!word || is_shell_word(word))
		checkup_add(c, CHECKUP_OK, "agent", "%s: a shell command", actor);
	else if (!agent_can_run(repo_work_tree(o->repo), word))
		checkup_add(c, CHECKUP_FAIL, "agent", "%s: '%s' is not found in PATH", actor, word);
	else
		checkup_add(c, CHECKUP_OK, "agent", "%s: %s, as %s", actor, word,
			    kind ? kind : "other");
	if (kind && str_eq(kind, "claude") && !strstr(command, "GIT_ORCH_"))
		checkup_add(c, CHECKUP_WARN, "agent",
			    "%s: not claude's own command; without $GIT_ORCH_STATIC the whole prompt goes to stdin",
			    actor);
	free(word);
}

void checkup_actors(struct checkup *c, struct orch *o)
{
	struct strvec done = STRVEC_INIT, seen = STRVEC_INIT;

	if (!repo_work_tree(o->repo)) {
		checkup_add(c, CHECKUP_WARN, "documents", "a bare repository has none");
		return;
	}
	for (size_t i = 0; i < o->workflow.nr; i++) {
		const char *actor = o->workflow.v[i];

		if (strvec_has(&done, actor))
			continue;
		strvec_push(&done, actor);
		checkup_begin("documents");
		check_documents(c, o, actor);
		checkup_begin("prompt");
		check_prompts(c, o, actor, &seen);
		checkup_begin("agent");
		check_agent(c, o, actor);
	}
	strvec_release(&done);
	strvec_release(&seen);
}
