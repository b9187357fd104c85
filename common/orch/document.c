/*
 * Which files an actor's documents are. Paths that are named whole are taken
 * as they stand; patterns are searched for on disk, from the last directory
 * that they name, so that the price is that of the directories they can match
 * in. Ignored directories are not entered: what git tracks in spite of an
 * ignore rule is asked from git, once, and only if the search met such a rule.
 */
#include "orch/document.h"

#include <dirent.h>
#include <fcntl.h>
#include <search.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/file.h"
#include "base/glob.h"
#include "base/strbuf.h"
#include "git/gitproc.h"
#include "orch/orch.h"
#include "orch/usage.h"

#define MAX_DEPTH 64
#define MAX_DOCUMENTS 10000

struct search {
	struct orch *o;
	struct strvec *paths;
	void *known;		/* tsearch tree: each path once */
	const char *own;	/* what the agent loads by itself; NULL */
	/* Of the pattern at work: */
	const char *pattern;
	struct strvec parts;	/* its components */
	struct strvec found;
	bool met_ignored;
	/* Tracked although ignored; read when first needed. */
	struct strvec exceptions;
	bool have_exceptions;
};

static int compare_strings(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void forget_nothing(void *path)
{
	(void)path;	/* the strings belong to s->paths' own copies */
}

static int add_path(struct search *s, const char *path)
{
	const char *kept;

	if ((s->own && str_eq(path, s->own)) ||
	    tfind(path, &s->known, compare_strings))
		return 0;
	if (s->paths->nr >= MAX_DOCUMENTS)
		return error_set(ORCH_EINVALID,
				 "more than %d documents; narrow orch.doc",
				 MAX_DOCUMENTS);
	kept = strvec_push(s->paths, path);
	if (!tsearch(kept, &s->known, compare_strings))
		return error_set(ORCH_ERROR, "out of memory");
	return 0;
}

/* --- patterns ---------------------------------------------------------- */

/* Whether a directory of this name at component `depth` may hold a match. */
static bool worth_entering(const struct search *s, size_t depth,
			   const char *name)
{
	for (size_t i = 0; i <= depth && i < s->parts.nr; i++)
		if (str_eq(s->parts.v[i], "**"))
			return true;
	return depth + 1 < s->parts.nr && glob_match(s->parts.v[depth], name);
}

static bool is_nested_repository(int dir_fd, const char *name)
{
	char *git = xstrfmt("%s/.git", name);
	struct stat st;
	bool yes = fstatat(dir_fd, git, &st, AT_SYMLINK_NOFOLLOW) == 0;

	free(git);
	return yes;
}

static unsigned char entry_type(int dir_fd, const struct dirent *e)
{
	struct stat st;

	if (e->d_type != DT_UNKNOWN)
		return e->d_type;
	if (fstatat(dir_fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return DT_UNKNOWN;
	return (unsigned char)IFTODT(st.st_mode);
}

static int found_file(struct search *s, const char *path)
{
	bool ignored;
	int rc;

	if (!glob_match(s->pattern, path))
		return 0;
	if ((rc = repo_is_ignored(s->o->repo, path, &ignored)) < 0)
		return rc;
	if (ignored)
		s->met_ignored = true;
	else if (s->found.nr > MAX_DOCUMENTS)
		return error_set(ORCH_EINVALID,
				 "'%s' matches more than %d files", s->pattern,
				 MAX_DOCUMENTS);
	else
		strvec_push(&s->found, path);
	return 0;
}

static int search_dir(struct search *s, int fd, struct strbuf *path,
		      size_t depth);

static int search_entry(struct search *s, int dir_fd, const struct dirent *e,
			struct strbuf *path, size_t depth)
{
	const char *name = e->d_name;
	bool ignored;
	int fd, rc;

	switch (entry_type(dir_fd, e)) {
	case DT_REG:
	case DT_LNK:	/* to a file, perhaps: whoever reads it decides */
		return found_file(s, path->buf);
	case DT_DIR:
		break;
	default:
		return 0;
	}
	if (!worth_entering(s, depth, name) || is_nested_repository(dir_fd, name))
		return 0;
	if ((rc = repo_is_ignored(s->o->repo, path->buf, &ignored)) < 0)
		return rc;
	if (ignored) {
		s->met_ignored = true;
		return 0;
	}
	if (depth >= MAX_DEPTH) {
		warn_once("'%s' is too deep to look for documents in", path->buf);
		return 0;
	}
	fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0) {
		if (errno == EACCES || errno == EPERM)
			warn_once("cannot look for documents in '%s': %s", path->buf,
				  strerror(errno));
		return 0;	/* else it is gone: nothing to find */
	}
	strbuf_addch(path, '/');
	return search_dir(s, fd, path, depth + 1);
}

/* Takes over `fd`. `path` is "" or ends in a slash. */
static int search_dir(struct search *s, int fd, struct strbuf *path,
		      size_t depth)
{
	size_t base = path->len;
	struct dirent *e;
	DIR *dir = fdopendir(fd);
	int rc = 0;

	if (!dir) {
		close(fd);
		return error_sys("cannot read the directory '%s'", path->buf);
	}
	while (!rc && (e = readdir(dir))) {
		if (str_eq(e->d_name, ".") || str_eq(e->d_name, "..") ||
		    strcasecmp(e->d_name, ".git") == 0)
			continue;
		strbuf_addstr(path, e->d_name);
		rc = search_entry(s, fd, e, path, depth);
		strbuf_setlen(path, base);
	}
	closedir(dir);
	return rc;
}

/* What is tracked although an ignore rule names it. */
static int read_exceptions(struct search *s)
{
	static const char *const args[] = { "ls-files", "-z", "-c", "-i",
					    "--exclude-standard",
					    "--full-name", NULL };
	struct strbuf out = STRBUF_INIT;
	int rc = 0;

	if (s->have_exceptions)
		return 0;
	if ((rc = gitproc_capture(s->o->repo, &out, args)) < 0)
		goto out;
	for (size_t i = 0; i < out.len; i += strlen(out.buf + i) + 1)
		strvec_push(&s->exceptions, out.buf + i);
	s->have_exceptions = true;
out:
	strbuf_release(&out);
	return rc;
}

static bool exists(const struct search *s, const char *path)
{
	char *full = xstrfmt("%s/%s", repo_work_tree(s->o->repo), path);
	struct stat st;
	bool yes = lstat(full, &st) == 0;

	free(full);
	return yes;
}

static void split_path(struct strvec *out, const char *path)
{
	for (const char *p = path; *p;) {
		size_t n = strcspn(p, "/");

		strvec_pushn(out, p, n);
		p += n + (p[n] == '/');
	}
}

/*
 * The directories that a pattern names before its first wildcard: whether
 * looking there is allowed. 1 yes, 0 no.
 */
static int may_start_in(struct search *s, const char *prefix)
{
	struct strbuf part = STRBUF_INIT;
	struct strvec parts = STRVEC_INIT;
	bool ignored;
	int rc = 1;

	split_path(&parts, prefix);
	for (size_t i = 0; rc == 1 && i < parts.nr; i++) {
		strbuf_addstr(&part, parts.v[i]);
		strbuf_addstr(&part, "/.git");
		if (exists(s, part.buf))
			rc = 0;
		strbuf_setlen(&part, part.len - strlen(".git"));
	}
	if (rc == 1 && parts.nr) {
		strbuf_setlen(&part, part.len - 1);
		if ((rc = repo_is_ignored(s->o->repo, part.buf, &ignored)) == 0)
			rc = !ignored;
		if (rc == 0)
			s->met_ignored = true;
	}
	strvec_release(&parts);
	strbuf_release(&part);
	return rc;
}

static int search_disk(struct search *s)
{
	struct strbuf path = STRBUF_INIT;
	int fd = -1, rc;

	strbuf_add(&path, s->pattern, glob_literal_dirs(s->pattern));
	if ((rc = may_start_in(s, path.buf)) != 1)
		goto out;
	if (path.len) {
		char *dir = xstrndup(path.buf, path.len - 1);

		rc = file_open_beneath(&fd, NULL, repo_work_tree(s->o->repo),
				       dir, false);
		free(dir);
	} else {
		fd = open(repo_work_tree(s->o->repo),
			  O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		rc = fd < 0 ? error_sys("cannot read the work tree") : 0;
	}
	if (rc == ORCH_ENOTFOUND || rc == ORCH_EINVALID) {
		if (rc == ORCH_EINVALID)
			warn_once("documents '%s': %s", s->pattern, error_message());
		error_clear();
		rc = 0;
		goto out;
	}
	if (rc < 0)
		goto out;
	if (path.len) {
		struct stat st;

		if (fstat(fd, &st) < 0 || !S_ISDIR(st.st_mode)) {
			close(fd);
			goto out;
		}
	}
	/* Component 0 of `parts` is the first one behind the literal ones. */
	rc = search_dir(s, fd, &path, 0);
out:
	strbuf_release(&path);
	return rc;
}

static int add_pattern(struct search *s, const char *pattern)
{
	int rc;

	s->pattern = pattern;
	s->met_ignored = false;
	split_path(&s->parts, pattern + glob_literal_dirs(pattern));
	if ((rc = search_disk(s)) < 0)
		goto out;
	if (s->met_ignored) {
		if ((rc = read_exceptions(s)) < 0)
			goto out;
		for (size_t i = 0; i < s->exceptions.nr; i++)
			if (glob_match(pattern, s->exceptions.v[i]) &&
			    exists(s, s->exceptions.v[i]))
				strvec_push(&s->found, s->exceptions.v[i]);
	}
	strvec_sort(&s->found);
	for (size_t i = 0; i < s->found.nr && rc == 0; i++)
		rc = add_path(s, s->found.v[i]);
out:
	strvec_release(&s->found);
	strvec_release(&s->parts);
	return rc;
}

/* --- all together ------------------------------------------------------- */

static int add_document(struct search *s, const char *name)
{
	if (!name || !*name)
		return 0;
	while (str_starts(name, "./"))
		name += 2;
	/* config.c has refused or dropped such paths; this is the second door. */
	if (!path_is_safe(name)) {
		warn_once("document '%s' is not a path below the work tree", name);
		return 0;
	}
	if (glob_is_pattern(name))
		return add_pattern(s, name);
	return exists(s, name) ? add_path(s, name) : 0;
}

static int add_all(struct search *s, const struct strvec *names)
{
	int rc = 0;

	for (size_t i = 0; i < names->nr && rc == 0; i++)
		rc = add_document(s, names->v[i]);
	return rc;
}

const char *document_of_agent(struct orch *o, const char *actor)
{
	const char *name = config_actor(o->config, actor, "agent");
	enum agent_kind kind = AGENT_OTHER;

	if (name && agent_kind_parse(&kind, name) < 0)
		error_clear();
	return kind == AGENT_CLAUDE ? "CLAUDE.md" :
	       kind == AGENT_CODEX ? "AGENTS.md" : NULL;
}

int documents_resolve(struct strvec *paths, struct orch *o, const char *actor)
{
	static const char *const single[] = { "orch.plan", "orch.findings",
					      "orch.input" };
	struct search s = { .o = o, .paths = paths };
	struct strvec names = STRVEC_INIT;
	int rc = 0;

	if (!repo_work_tree(o->repo))
		return error_set(ORCH_ERROR, "a bare repository has no documents");
	s.own = document_of_agent(o, actor);
	for (size_t i = 0; i < ARRAY_SIZE(single) && rc == 0; i++)
		rc = add_document(&s, config_get(o->config, single[i]));
	config_get_list(o->config, "orch.doc", &names);
	config_actor_list(o->config, actor, "doc", &names);
	if (rc == 0)
		rc = add_all(&s, &names);
	tdestroy(s.known, forget_nothing);
	strvec_release(&s.exceptions);
	strvec_release(&names);
	return rc;
}
