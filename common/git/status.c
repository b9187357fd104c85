/*
 * The work tree against HEAD, as `git status` sees it.
 */
#include <sys/stat.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "git/gitproc.h"
#include "git/object.h"
#include "git/repo.h"

static const char *const status_args[] = {
	"status", "--porcelain=v2", "-z", "--untracked-files=all",
	"--ignore-submodules=dirty", "--no-ahead-behind", NULL
};

static int run_status(struct repo *repo, struct strbuf *out)
{
	if (!repo_work_tree(repo))
		return error_set(ORCH_EINVALID, "a bare repository has no work tree");
	return gitproc_capture(repo, out, status_args);
}

static void add_entry(struct status_list *l, char status, const char *path,
		      const char *old_path)
{
	ALLOC_GROW(l->v, l->nr + 1, l->alloc);
	l->v[l->nr].path = xstrdup(path);
	l->v[l->nr].old_path = xstrdup(old_path);
	l->v[l->nr++].status = status;
}

/* Index and work tree letters as one, against HEAD; 0: no difference left. */
static char combine(char x, char y)
{
	if (x == 'A' && y == 'D')
		return 0;
	if (x == 'D' || y == 'D')
		return 'D';
	if (x == 'A' || x == 'R' || x == 'T')
		return x;
	if (x == 'C' || y == 'A')
		return 'A';
	if (y == 'R')
		return 'R';
	return y == 'T' ? 'T' : 'M';
}

/* The field behind `n` spaces, NULL if there are fewer. */
static const char *skip_fields(const char *s, int n)
{
	for (; n > 0; n--) {
		s = strchr(s, ' ');
		if (!s)
			return NULL;
		s++;
	}
	return s;
}

/*
 * One record; `next` is what stands behind its NUL, for the old name of a
 * rename. Returns the end of what was used, NULL if it makes no sense.
 */
static const char *parse_record(struct status_list *l, const char *s, const char *next,
				const char *end)
{
	const char *path;
	char status;

	switch (s[0]) {
	case '?':
		if (s[1] != ' ')
			return NULL;
		add_entry(l, '?', s + 2, NULL);
		return next;
	case 'u':
		if (!(path = skip_fields(s, 10)))
			return NULL;
		add_entry(l, 'U', path, NULL);
		return next;
	case '1':
		if (strlen(s) < 5 || !(path = skip_fields(s, 8)))
			return NULL;
		if ((status = combine(s[2], s[3])))
			add_entry(l, status, path, NULL);
		return next;
	case '2':
		if (strlen(s) < 5 || !(path = skip_fields(s, 9)) || next >= end)
			return NULL;
		status = combine(s[2], s[3]);
		if (status == 'D')	/* renamed, then deleted: the old one is gone */
			add_entry(l, 'D', next, NULL);
		else
			add_entry(l, status, path, status == 'R' ? next : NULL);
		return next + strlen(next) + 1;
	case '#':
	case '!':
		return next;
	default:
		return NULL;
	}
}

static int parse_status(struct status_list *l, const struct strbuf *text)
{
	const char *s = text->buf, *end = text->buf + text->len;

	while (s < end) {
		const char *next = s + strlen(s) + 1;

		s = parse_record(l, s, next, end);
		if (!s)
			return error_set(ORCH_ERROR, "git status printed what we do not understand");
	}
	return 0;
}

int worktree_status(struct repo *repo, struct status_list *out)
{
	struct strbuf text = STRBUF_INIT;
	int rc;

	if ((rc = run_status(repo, &text)) == 0)
		rc = parse_status(out, &text);
	strbuf_release(&text);
	return rc;
}

void status_list_release(struct status_list *l)
{
	for (size_t i = 0; i < l->nr; i++) {
		free(l->v[i].path);
		free(l->v[i].old_path);
	}
	free(l->v);
	*l = (struct status_list)STATUS_LIST_INIT;
}

int worktree_signature(struct repo *repo, struct oid *out)
{
	struct status_list list = STATUS_LIST_INIT;
	struct strbuf text = STRBUF_INIT;
	int rc;

	if ((rc = run_status(repo, &text)) < 0 || (rc = parse_status(&list, &text)) < 0)
		goto out;
	for (size_t i = 0; i < list.nr; i++) {
		char *path = xstrfmt("%s/%s", repo_work_tree(repo), list.v[i].path);
		struct stat st;

		if (lstat(path, &st) == 0)
			strbuf_addf(&text, "%ju %ju %jd.%ld %jd.%ld\n", (uintmax_t)st.st_ino,
				    (uintmax_t)st.st_size, (intmax_t)st.st_mtim.tv_sec,
				    st.st_mtim.tv_nsec, (intmax_t)st.st_ctim.tv_sec,
				    st.st_ctim.tv_nsec);
		free(path);
	}
	blob_hash(text.buf, text.len, out);
out:
	status_list_release(&list);
	strbuf_release(&text);
	return rc;
}
