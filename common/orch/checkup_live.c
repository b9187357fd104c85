/*
 * Whether a real commit, checkout and push reach our hooks: in a scratch clone
 * that looks for hooks where this repository does, with a bare clone as its
 * remote. Whatever hooks other tools have there run as well; the repository
 * itself is only read.
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/error.h"
#include "base/file.h"
#include "base/spawn.h"
#include "base/strbuf.h"
#include "base/text.h"
#include "git/gitconfig.h"
#include "git/repo.h"
#include "orch/checkup_internal.h"
#include "orch/hooks.h"

#define STEP_LIMIT_MS 120000
#define MAX_SAID 4096

struct scratch {
	char *dir, *tree, *remote, *witness, *said;
};

static void scratch_release(struct scratch *s)
{
	if (s->dir && dir_remove_all(s->dir) < 0)
		error_clear();
	free(s->dir);
	free(s->tree);
	free(s->remote);
	free(s->witness);
	free(s->said);
}

static int touch(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0)
		return error_sys("cannot make '%s'", path);
	close(fd);
	return 0;
}

static int scratch_make(struct scratch *s)
{
	const char *tmp = getenv("TMPDIR");
	int rc;

	s->dir = xstrfmt("%s/git-orch-doctor.XXXXXX", tmp && *tmp == '/' ? tmp : "/tmp");
	if (!mkdtemp(s->dir)) {
		rc = error_sys("cannot make a directory below '%s'", tmp && *tmp ? tmp : "/tmp");
		free(s->dir);
		s->dir = NULL;
		return rc;
	}
	s->tree = xstrfmt("%s/tree", s->dir);
	s->remote = xstrfmt("%s/remote.git", s->dir);
	s->witness = xstrfmt("%s/witness", s->dir);
	s->said = xstrfmt("%s/said", s->dir);
	return touch(s->witness);
}

/* What a repository's own git hands down, and a foreign one must not see. */
static const char *const local_env[] = {
	"GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_INDEX_FILE", "GIT_PREFIX",
	"GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_NAMESPACE",
	"GIT_GRAFT_FILE", "GIT_SHALLOW_FILE", "GIT_REPLACE_REF_BASE", "GIT_CONFIG",
	"GIT_NO_REPLACE_OBJECTS", "GIT_IMPLICIT_WORK_TREE", "GIT_INTERNAL_SUPER_PREFIX",
};

/* Wait, but not for ever: a hook that hangs is an answer, too. */
static int wait_limited(struct spawn *s, int *status)
{
	int fd = (int)syscall(SYS_pidfd_open, s->pid, 0);
	struct pollfd p = { .fd = fd, .events = POLLIN };
	bool late = false;

	if (fd >= 0) {
		int64_t end = time_awake_ms() + STEP_LIMIT_MS, left;

		do {
			left = end - time_awake_ms();
			late = left <= 0;
		} while (!late && poll(&p, 1, (int)left) <= 0);
		close(fd);
	}
	if (late)
		kill(-s->pid, SIGKILL);
	if (spawn_wait(s, status) < 0)
		return ORCH_ERROR;
	return late ? error_set(ORCH_ERROR, "not done after %s",
				duration_human(STEP_LIMIT_MS / 1000)) : 0;
}

/* The last line that git or a hook said. */
static char *last_words(const struct scratch *s)
{
	struct strbuf text = STRBUF_INIT;
	const char *nl;
	char *line;

	if (file_read(&text, s->said, 1024 * 1024, FILE_NOFOLLOW) < 0)
		error_clear();
	strbuf_trim(&text);
	nl = text.len ? memrchr(text.buf, '\n', text.len) : NULL;
	line = xstrndup(nl ? nl + 1 : text.buf, MAX_SAID);
	strbuf_release(&text);
	return line;
}

/* git in `dir`. ORCH_ENO: it said no, with its last line as the message. */
static int run_git(const struct scratch *s, const char *dir, const char *const *args)
{
	struct spawn p = SPAWN_INIT;
	int fd = open(s->said, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	int rc, status = 0;

	if (fd < 0)
		return error_sys("cannot write '%s'", s->said);
	strvec_push(&p.argv, "git");
	strvec_push(&p.argv, "-c");
	strvec_push(&p.argv, "commit.gpgSign=false");
	strvec_push(&p.argv, "-c");
	strvec_push(&p.argv, "protocol.file.allow=always");
	strvec_pushv(&p.argv, args);
	for (size_t i = 0; i < ARRAY_SIZE(local_env); i++)
		strvec_push(&p.env, local_env[i]);
	strvec_push(&p.env, "GIT_TERMINAL_PROMPT=0");
	strvec_push(&p.env, "GIT_AUTHOR_NAME=git orch doctor");
	strvec_push(&p.env, "GIT_AUTHOR_EMAIL=doctor@localhost");
	strvec_push(&p.env, "GIT_COMMITTER_NAME=git orch doctor");
	strvec_push(&p.env, "GIT_COMMITTER_EMAIL=doctor@localhost");
	strvec_pushf(&p.env, HOOK_WITNESS "=%s", s->witness);
	p.dir = dir;
	p.out = p.err = fd;
	p.flags = SPAWN_NO_STDIN | SPAWN_OWN_SESSION | SPAWN_DIE_WITH_US;
	if ((rc = spawn_start(&p)) == 0 && (rc = wait_limited(&p, &status)) == 0 && status) {
		char *said = last_words(s);

		rc = error_set(ORCH_ENO, "%s", *said ? said : "git failed");
		free(said);
	}
	close(fd);
	spawn_release(&p);
	return rc;
}
#define GIT(s, dir, ...) run_git(s, dir, (const char *const[]){ __VA_ARGS__, NULL })

/* Hooks in git config, and what rules and switches say, are of the repository. */
static int copy_config(const struct scratch *s, struct repo *repo)
{
	static const char *const prefixes[] = { "orch", "hook.", NULL };
	struct config_entries e = CONFIG_ENTRIES_INIT;
	int rc = gitconfig_read(&e, repo, prefixes);

	for (size_t i = 0; rc == 0 && i < e.nr; i++)
		if (e.v[i].level == CONFIG_LOCAL || e.v[i].level == CONFIG_WORKTREE)
			rc = GIT(s, s->tree, "config", "--add", e.v[i].key,
				 e.v[i].value ? e.v[i].value : "true");
	config_entries_release(&e);
	return rc;
}

static int add_file(const struct scratch *s)
{
	char *path = xstrfmt("%s/git-orch-doctor", s->tree);
	int rc;

	unlink(path);
	if ((rc = touch(path)) == 0)
		rc = GIT(s, s->tree, "add", "-f", "--", "git-orch-doctor");
	free(path);
	return rc;
}

/*
 * A clone with the files of the top only, where lefthook and others have their
 * configuration: history and objects are shared, not copied.
 */
static int prepare(const struct scratch *s, const struct hooks *h, struct repo *repo)
{
	static const char patterns[] = "/*\n!/*/\n/.config/\n/.husky/\n";
	struct oid head;
	char *path;
	int rc;

	if ((rc = repo_head(repo, &head, NULL)) < 0 ||
	    (rc = GIT(s, s->dir, "clone", "-q", "--bare", "--shared", "--template=", "--",
		      repo_common_dir(repo), s->remote)) < 0 ||
	    (rc = GIT(s, s->dir, "clone", "-q", "--shared", "--no-checkout", "--template=", "--",
		      s->remote, s->tree)) < 0)
		return rc;
	path = xstrfmt("%s/.git/info", s->tree);
	rc = dir_make(path);
	free(path);
	path = xstrfmt("%s/.git/info/sparse-checkout", s->tree);
	if (rc == 0)
		rc = file_replace_cache(path, patterns, strlen(patterns), 0600);
	free(path);
	if (rc == 0)
		rc = GIT(s, s->tree, "config", "core.sparseCheckout", "true");
	/* Not the hooks' turn yet. */
	if (rc == 0)
		rc = GIT(s, s->tree, "config", "core.hooksPath", "/dev/null");
	if (rc == 0 && !oid_is_zero(&head))
		rc = GIT(s, s->tree, "checkout", "-q", "-f", "--detach", oid_hex(&head));
	if (rc == 0)
		rc = copy_config(s, repo);
	/* lefthook runs nothing at a push without a changed file. */
	if (rc == 0)
		rc = add_file(s);
	if (rc == 0)
		rc = GIT(s, s->tree, "config", "core.hooksPath", h->place.dir);
	return rc;
}

/* How often a hook came by, and the bytes it had to read. */
static size_t count_witness(const char *text, const char *name, int64_t *bytes)
{
	size_t n = 0, len = strlen(name);

	for (const char *line = text; line && *line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, name, len) == 0 && line[len] == ' ') {
			n++;
			*bytes = strtoll(line + len, NULL, 10);
		}
	}
	return n;
}

static const char *deed_of(const struct hook_type *type)
{
	return str_eq(type->name, "pre-push") ? "push" :
	       str_eq(type->name, "post-checkout") ? "checkout" : "commit";
}

static void tell(struct checkup *c, const struct hooks *h, const char *witness)
{
	for (size_t i = 0; i < h->nr; i++) {
		const struct hook_type *type = h->v[i].type;
		int64_t bytes = 0;
		size_t n = count_witness(witness, type->name, &bytes);

		if (!n)
			checkup_add(c, CHECKUP_FAIL, "live", "a %s does not run git orch's %s",
				    deed_of(type), type->name);
		else if (type->has_input && !bytes)
			checkup_add(c, CHECKUP_FAIL, "live", "a %s runs %s without its input: "
				    "it cannot see what is pushed", deed_of(type), type->name);
		else if (n > 1)
			checkup_add(c, CHECKUP_WARN, "live", "a %s runs %s %zu times", deed_of(type),
				    type->name, n);
		else
			checkup_add(c, CHECKUP_OK, "live", "a %s runs %s", deed_of(type),
				    type->name);
	}
}

static void forget_witness(const struct scratch *s)
{
	if (truncate(s->witness, 0) < 0)
		error_clear();
}

/* One deed after the other: what one hook does must not count for another. */
static void play(struct checkup *c, const struct scratch *s, const struct hooks *h)
{
	static const char *const commit[] = { "commit", "-q", "--no-verify", "-m",
					      "git orch doctor --live", NULL };
	static const char *const checkout[] = { "checkout", "-q", "-b", "git-orch-doctor", NULL };
	static const char *const push[] = { "push", "-q", "origin",
					    "HEAD:refs/heads/git-orch-doctor", NULL };
	static const struct {
		const char *hook;
		const char *const *args;
	} deeds[] = {
		{ "post-commit", commit }, { "post-checkout", checkout }, { "pre-push", push },
	};
	struct strbuf all = STRBUF_INIT, text = STRBUF_INIT;

	for (size_t i = 0; i < ARRAY_SIZE(deeds); i++) {
		forget_witness(s);
		if (run_git(s, s->tree, deeds[i].args) < 0)
			checkup_add(c, CHECKUP_WARN, "live", "git %s: %s", deeds[i].args[0],
				    error_message());
		error_clear();
		strbuf_reset(&text);
		if (file_read(&text, s->witness, 1024 * 1024, FILE_NOFOLLOW) < 0)
			error_clear();
		for (char *line = text.buf, *next; line && *line; line = next) {
			size_t n = strlen(deeds[i].hook);

			next = strchr(line, '\n');
			next = next ? next + 1 : line + strlen(line);
			if (!strncmp(line, deeds[i].hook, n) && line[n] == ' ')
				strbuf_add(&all, line, (size_t)(next - line));
		}
	}
	tell(c, h, all.buf);
	strbuf_release(&all);
	strbuf_release(&text);
}

void checkup_live(struct checkup *c, const struct hooks *h, struct repo *repo)
{
	struct scratch s = { NULL, NULL, NULL, NULL, NULL };

	if (scratch_make(&s) < 0 || prepare(&s, h, repo) < 0)
		checkup_add_error(c, "live");
	else
		play(c, &s, h);
	scratch_release(&s);
}
