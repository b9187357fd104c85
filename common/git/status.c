/*
 * The work tree against HEAD, told by git: attributes, filters, sparse and
 * split indexes, submodules are all minded, which libgit2 1.5 cannot do.
 */
#include <sys/stat.h>
#include "base/strbuf.h"
#include "git/gitproc.h"
#include "base/text.h"
#include "git/internal.h"
#include "git/object.h"
#include "git/repo.h"

#define RECENT_MS 1000

static int run_status(struct repo *repo, struct strbuf *out)
{
	static const char *const args[] = {
		"status", "--porcelain=v2", "-z", "--untracked-files=all",
		"--ignore-submodules=dirty", "--find-renames", NULL
	};
	int rc;

	if (!repo->work_tree)
		return error_set(ORCH_EINVALID, "a bare repository has no work tree");
	worktree_status_forget(repo);
	if ((rc = gitproc_capture(repo, out, args)) < 0)
		return rc;
	strbuf_reset(&repo->status_text);
	strbuf_addbuf(&repo->status_text, out);
	if (repo_head(repo, &repo->status_head, NULL) == 0)
		repo->status_ms = time_boot_ms();
	else
		error_clear();
	return 0;
}

static int recent_status(struct repo *repo, struct strbuf *out)
{
	struct oid head;

	if (!repo->status_ms || time_boot_ms() - repo->status_ms > RECENT_MS ||
	    repo_head(repo, &head, NULL) < 0 || !oid_eq(&head, &repo->status_head))
		return run_status(repo, out);
	strbuf_addbuf(out, &repo->status_text);
	return 0;
}

void worktree_status_forget(struct repo *repo)
{
	repo->status_ms = 0;
}

/* The text behind `n` fields that end in a space each; NULL if it is short. */
static const char *skip_fields(const char *p, unsigned n)
{
	for (; p && n; n--)
		if ((p = strchr(p, ' ')) != NULL)
			p++;
	return p;
}

/* What X (HEAD to index) and Y (index to work tree) come to together; 0 when
 * they cancel each other out. */
static char combine(char x, char y)
{
	if (x == 'A' && y == 'D')
		return 0;
	if (y == 'D' || (x == 'D' && y == '.'))
		return 'D';
	if (x == 'R' || y == 'R')
		return 'R';
	if (x == 'A' || x == 'C' || y == 'A' || y == 'C')
		return 'A';
	return x == 'T' || y == 'T' ? 'T' : 'M';
}

static int compare_entries(const void *a, const void *b)
{
	const struct status_entry *x = a, *y = b;
	int order = strcmp(x->path, y->path);

	return order ? order : (x->status > y->status) - (x->status < y->status);
}

static void add_entry(struct status_list *out, char status, const char *path,
		      const char *old_path)
{
	struct status_entry *e;

	ALLOC_GROW(out->v, out->nr + 1, out->alloc);
	e = &out->v[out->nr++];
	/* Renamed and then deleted: what is missing is the old file. */
	e->path = xstrdup(old_path && status == 'D' ? old_path : path);
	e->old_path = status == 'R' ? xstrdup(old_path) : NULL;
	e->status = status;
}

/* One record at `pos`; moves it behind. */
static int parse_record(struct status_list *out, const struct strbuf *text,
			size_t *pos)
{
	const char *p = text->buf + *pos, *path, *old = NULL;
	char status;

	*pos += strlen(p) + 1;
	switch (*p) {
	case '#':
	case '!':
		return 0;
	case '?':
		path = skip_fields(p, 1);
		break;
	case '1':
		path = skip_fields(p, 8);
		break;
	case '2':
		path = skip_fields(p, 9);
		if (*pos >= text->len)
			path = NULL;
		old = text->buf + *pos;
		*pos += strlen(old) + 1;
		break;
	case 'u':
		path = skip_fields(p, 10);
		break;
	default:
		path = NULL;
	}
	if (!path)
		return error_set(ORCH_ERROR, "git status said '%.60s', which is not "
				 "understood", p);
	status = *p == '?' ? '?' : *p == 'u' ? 'U' : combine(p[2], p[3]);
	if (status)
		add_entry(out, status, path, old);
	return 0;
}

static int parse_status(struct status_list *out, const struct strbuf *text)
{
	size_t pos = 0;
	int rc = 0;

	while (rc == 0 && pos < text->len)
		rc = parse_record(out, text, &pos);
	if (out->nr)
		qsort(out->v, out->nr, sizeof(*out->v), compare_entries);
	return rc;
}

static int status_with(struct repo *repo, struct status_list *out,
		       int (*get)(struct repo *repo, struct strbuf *out))
{
	struct strbuf text = STRBUF_INIT;
	int rc = get(repo, &text);

	if (rc == 0)
		rc = parse_status(out, &text);
	strbuf_release(&text);
	return rc;
}

int worktree_status(struct repo *repo, struct status_list *out)
{
	return status_with(repo, out, run_status);
}

int worktree_status_recent(struct repo *repo, struct status_list *out)
{
	return status_with(repo, out, recent_status);
}

int worktree_signature(struct repo *repo, struct oid *out)
{
	struct status_list list = STATUS_LIST_INIT;
	struct strbuf text = STRBUF_INIT;
	size_t i;
	int rc = recent_status(repo, &text);

	if (rc == 0)
		rc = parse_status(&list, &text);
	for (i = 0; rc == 0 && i < list.nr; i++) {
		char *path = xstrfmt("%s/%s", repo->work_tree, list.v[i].path);
		struct stat st;

		if (lstat(path, &st) < 0)
			strbuf_addf(&text, "%zu gone\n", i);
		else
			strbuf_addf(&text, "%zu %o %ju %ju %jd.%09ld %jd.%09ld\n", i,
				    (unsigned)st.st_mode, (uintmax_t)st.st_ino,
				    (uintmax_t)st.st_size, (intmax_t)st.st_mtim.tv_sec,
				    st.st_mtim.tv_nsec, (intmax_t)st.st_ctim.tv_sec,
				    st.st_ctim.tv_nsec);
		free(path);
	}
	if (rc == 0)
		blob_hash(text.buf, text.len, out);
	status_list_release(&list);
	strbuf_release(&text);
	return rc;
}

void status_list_release(struct status_list *l)
{
	size_t i;

	for (i = 0; i < l->nr; i++) {
		free(l->v[i].path);
		free(l->v[i].old_path);
	}
	free(l->v);
	l->v = NULL;
	l->nr = l->alloc = 0;
}
