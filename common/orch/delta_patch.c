/*
 * The diff of what changed, made by git itself: filters, modes, submodules and
 * renames are as everywhere in git. It is read as it comes and never kept whole.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/file.h"
#include "base/spawn.h"
#include "base/text.h"
#include "git/gitproc.h"
#include "orch/delta_internal.h"
#include "orch/delta_parse.h"
#include "orch/orch.h"

static const char *name_of(const struct oid *commit)
{
	return oid_is_zero(commit) ? OID_EMPTY_TREE : oid_hex(commit);
}

/* Whether the end is the work tree. */
static bool to_work_tree(const struct delta *d)
{
	return !d->between && (d->parts & DELTA_UNCOMMITTED);
}

static int read_diff(struct delta_patch *out, const struct delta *d, struct orch *o)
{
	const char *args[] = { "-c", "core.quotePath=false", "diff", "-M", "--no-color",
			       "--no-ext-diff", "--no-textconv", "--submodule=short",
			       "--ignore-submodules=dirty", "--src-prefix=a/",
			       "--dst-prefix=b/", NULL, NULL, NULL, NULL };
	struct spawn s = SPAWN_INIT;
	int ends[2] = { -1, -1 }, status = 0, rc;
	size_t n = 11;
	char *buf;
	ssize_t got;

	args[n++] = name_of(&d->since);
	if (!to_work_tree(d) || !repo_work_tree(o->repo))
		args[n++] = name_of(&d->head);
	args[n] = "--";
	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_sys("cannot make a pipe");
	gitproc_prepare(&s, o->repo, args);
	s.flags |= SPAWN_NO_STDIN;
	s.out = ends[1];
	rc = spawn_start(&s);
	close(ends[1]);
	if (rc < 0)
		goto out;
	buf = xmalloc(65536);
	while (!out->full && ((got = read(ends[0], buf, 65536)) > 0 ||
			      (got < 0 && errno == EINTR)))
		if (got > 0)
			delta_patch_feed(out, buf, (size_t)got);
	free(buf);
	if (out->full)
		kill(s.pid, SIGTERM);
	rc = spawn_wait(&s, &status);
	if (rc == 0 && !out->full && spawn_exit_code(status))
		rc = error_set(ORCH_ERROR, "git diff failed with exit code %d",
			       spawn_exit_code(status));
	if (!out->full)
		delta_patch_end(out);
out:
	close(ends[0]);
	spawn_release(&s);
	return rc;
}

/* A file that git does not know, as git would show it if it were added. */
static void add_untracked(struct delta_patch *out, const struct change *c, struct orch *o)
{
	struct strbuf text = STRBUF_INIT, head = STRBUF_INIT, a = STRBUF_INIT, b = STRBUF_INIT;
	static const char no_newline[] = "\n\\ No newline at end of file\n";
	char *path = xstrfmt("a/%s", c->path);
	struct stat st;
	int fd;

	text_add_quoted_path(&a, path, strlen(path));
	*path = 'b';
	text_add_quoted_path(&b, path, strlen(path));
	free(path);
	if (file_open_beneath(&fd, &st, repo_work_tree(o->repo), c->path, false) < 0) {
		error_clear();
		goto out;
	}
	if (S_ISREG(st.st_mode) && c->added >= 0 && st.st_size <= (off_t)(16u << 20) &&
	    strbuf_read_fd(&text, fd, 16u << 20) < 0)
		strbuf_reset(&text);
	close(fd);
	strbuf_addf(&head, "diff --git %s %s\nnew file mode %s\n", a.buf, b.buf,
		    st.st_mode & 0100 ? "100755" : "100644");
	if (c->added < 0)
		strbuf_addf(&head, "Binary files /dev/null and %s differ\n", b.buf);
	else if (c->added > 0)
		strbuf_addf(&head, "--- /dev/null\n+++ %s\n@@ -0,0 +1,%" PRId64 " @@\n", b.buf,
			    c->added);
	delta_patch_feed(out, head.buf, head.len);
	for (const char *p = text.buf, *end = p + text.len; p < end && c->added > 0;) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		size_t n = nl ? (size_t)(nl - p) + 1 : (size_t)(end - p);

		delta_patch_feed(out, "+", 1);
		delta_patch_feed(out, p, n);
		if (!nl)
			delta_patch_feed(out, no_newline, strlen(no_newline));
		p += n;
	}
out:
	strbuf_release(&text);
	strbuf_release(&head);
	strbuf_release(&a);
	strbuf_release(&b);
}

int delta_patch_make(struct delta_patch *out, const struct delta *d, struct orch *o)
{
	int rc = 0;

	if (d->first)
		return 0;
	if (to_work_tree(d) ? repo_work_tree(o->repo) || !oid_is_zero(&d->head)
			    : !oid_is_zero(&d->head))
		rc = read_diff(out, d, o);
	for (size_t i = 0; rc == 0 && !out->full && i < d->uncommitted.nr; i++)
		if (d->uncommitted.v[i].status == '?')
			add_untracked(out, &d->uncommitted.v[i], o);
	return rc;
}

/* For a shell: as it is, or between single quotes. */
static void add_shell_word(struct strbuf *out, const char *s)
{
	if (*s && !s[strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			    "0123456789_./+,:@%=-")]) {
		strbuf_addstr(out, s);
		return;
	}
	strbuf_addch(out, '\'');
	for (; *s; s++)
		if (*s == '\'')
			strbuf_addstr(out, "'\\''");
		else
			strbuf_addch(out, *s);
	strbuf_addch(out, '\'');
}

char *delta_patch_command(const struct delta *d, const char *path)
{
	struct strbuf s = STRBUF_INIT, name = STRBUF_INIT;

	strbuf_addf(&s, "git diff %s", oid_is_zero(&d->since) ? OID_EMPTY_TREE :
		    oid_short(&d->since));
	if (!to_work_tree(d))
		strbuf_addf(&s, " %s", oid_short(&d->head));
	if (path) {
		/* git's own quotes come off. */
		if (*path == '"')
			text_add_unquoted(&name, path + 1, strlen(path + 1));
		else
			strbuf_addstr(&name, path);
		strbuf_addstr(&s, " -- ");
		add_shell_word(&s, name.buf);
	}
	strbuf_release(&name);
	return strbuf_detach(&s, NULL);
}
