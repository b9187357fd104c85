/* What changed between two trees, and the lines of it. */
#include "git/diff.h"

#include "base/strbuf.h"
#include "base/middle.h"
#include "base/text.h"
#include "git/internal.h"
#include "git/object.h"
#include "git/tree_read.h"

#define MAX_DEPTH 512
#define MODE_TYPE 0170000u
#define BINARY_BYTES 8000	/* of a file, in which git looks for a NUL */

struct walk {
	struct repo *repo;
	git_odb *odb;
	struct change_list *out;
	struct strbuf path;
};

static void add_change(struct walk *w, char status, const struct tree_reader *a,
		       const struct tree_reader *b)
{
	struct change *c;

	ALLOC_GROW(w->out->v, w->out->nr + 1, w->out->alloc);
	c = &w->out->v[w->out->nr++];
	memset(c, 0, sizeof(*c));
	c->path = xstrndup(w->path.buf, w->path.len);
	c->status = status;
	if (a) {
		c->old_oid = a->id;
		c->old_mode = a->mode;
	}
	if (b) {
		c->new_oid = b->id;
		c->new_mode = b->mode;
	}
}

static bool is_tree(const struct tree_reader *r)
{
	return r && r->mode == GIT_FILEMODE_TREE;
}

static int walk_trees(struct walk *w, const struct oid *a, const struct oid *b,
		      unsigned depth);

/* One entry that differs; either side may be missing, not both. */
static int walk_entry(struct walk *w, const char *name, const struct tree_reader *a,
		      const struct tree_reader *b, unsigned depth)
{
	size_t len = w->path.len;
	int rc = 0;

	strbuf_addstr(&w->path, name);
	if (is_tree(a) || is_tree(b)) {
		/* A tree never meets a file here: they sort differently. */
		strbuf_addch(&w->path, '/');
		rc = walk_trees(w, is_tree(a) ? &a->id : NULL,
				is_tree(b) ? &b->id : NULL, depth + 1);
	} else if (!a || !b) {
		add_change(w, a ? 'D' : 'A', a, b);
	} else {
		bool kind = (a->mode & MODE_TYPE) == (b->mode & MODE_TYPE);

		add_change(w, kind ? 'M' : 'T', a, b);
	}
	strbuf_setlen(&w->path, len);
	return rc;
}

/* The order in trees: a directory sorts as if its name ended in a slash. */
static int compare(const struct tree_reader *a, const struct tree_reader *b)
{
	const char *x = a->name, *y = b->name;
	unsigned char cx, cy;

	while (*x && *x == *y)
		x++, y++;
	cx = (unsigned char)*x;
	cy = (unsigned char)*y;
	if (!cx && is_tree(a))
		cx = '/';
	if (!cy && is_tree(b))
		cy = '/';
	return (cx > cy) - (cx < cy);
}

static int open_side(struct tree_reader *r, struct walk *w, const struct oid *oid)
{
	int rc = oid ? tree_reader_open(r, w->repo, w->odb, oid) : 0;

	return rc < 0 || !oid ? rc : tree_reader_next(r);
}

static int walk_trees(struct walk *w, const struct oid *a, const struct oid *b,
		      unsigned depth)
{
	struct tree_reader x = { 0 }, y = { 0 };
	int rc, order;

	if (depth > MAX_DEPTH)
		return error_set(ORCH_EINVALID, "directories nested more than %d deep "
				 "at '%.80s...'", MAX_DEPTH, w->path.buf);
	if ((rc = open_side(&x, w, a)) >= 0)
		rc = open_side(&y, w, b);
	while (rc >= 0 && (x.name || y.name)) {
		order = !x.name ? 1 : !y.name ? -1 : compare(&x, &y);
		if (order || x.mode != y.mode || !oid_eq(&x.id, &y.id))
			rc = walk_entry(w, order <= 0 ? x.name : y.name,
					order <= 0 ? &x : NULL,
					order >= 0 ? &y : NULL, depth);
		if (rc >= 0 && order <= 0)
			rc = tree_reader_next(&x);
		if (rc >= 0 && order >= 0)
			rc = tree_reader_next(&y);
	}
	tree_reader_close(&x);
	tree_reader_close(&y);
	return rc < 0 ? rc : 0;
}

void change_release(struct change *c)
{
	free(c->path);
	free(c->old_path);
}

static int by_path(const void *a, const void *b)
{
	const struct change *x = a, *y = b;

	return strcmp(x->path, y->path);
}

static int open_blob(git_blob **out, struct repo *repo, const struct oid *oid,
		     unsigned mode)
{
	uint64_t size;
	git_oid id;
	int rc;

	*out = NULL;
	if (oid_is_zero(oid) || !diff_is_blob(mode))
		return 0;
	/* Fetches it in a partial clone, and says which one is missing. */
	if ((rc = blob_size(repo, oid, &size)) < 0)
		return rc;
	oid_to_git2(&id, object_replaced(repo, oid));
	rc = git_blob_lookup(out, repo->git2, &id);
	return rc < 0 ? git2_error(rc, "cannot read the blob %s", oid_hex(oid)) : 0;
}

/*
 * libgit2 looks for attributes in the index, and loses memory where it cannot
 * read that (split, sparse): there lines are counted without attributes.
 */
static bool can_read_index(struct repo *repo)
{
	git_index *index = NULL;
	bool yes = git_repository_index(&index, repo->git2) == 0;

	git_index_free(index);
	return yes;
}

/* The same of two texts that are too long for that: see base/middle.h. */
static void count_long(struct change *c, const char *a, size_t na, const char *b,
		       size_t nb, struct text_middle *m)
{
	text_middle_find(m, a, na, b, nb, 0);
	c->added = (int64_t)text_lines(b + m->from, m->end_b - m->from);
	c->removed = (int64_t)text_lines(a + m->from, m->end_a - m->from);
}

static int count_lines(struct repo *repo, struct change *c)
{
	git_diff_options opts;
	git_blob *a = NULL, *b = NULL;
	git_patch *patch = NULL;
	size_t added = 0, removed = 0, na, nb;
	const char *x, *y;
	int rc;

	if ((rc = open_blob(&a, repo, &c->old_oid, c->old_mode)) < 0 ||
	    (rc = open_blob(&b, repo, &c->new_oid, c->new_mode)) < 0)
		goto out;
	if (!a && !b)
		goto out;
	x = a ? git_blob_rawcontent(a) : "";
	y = b ? git_blob_rawcontent(b) : "";
	na = a ? (size_t)git_blob_rawsize(a) : 0;
	nb = b ? (size_t)git_blob_rawsize(b) : 0;
	git_diff_options_init(&opts, GIT_DIFF_OPTIONS_VERSION);
	opts.context_lines = 0;
	if (text_lines(x, na) + text_lines(y, nb) > TEXT_LINES_MAX) {
		struct text_middle m;

		if (memchr(x, 0, na < BINARY_BYTES ? na : BINARY_BYTES) ||
		    memchr(y, 0, nb < BINARY_BYTES ? nb : BINARY_BYTES)) {
			c->added = c->removed = -1;
			goto out;
		}
		count_long(c, x, na, y, nb, &m);
		if (m.too_long)
			goto out;
		opts.flags = GIT_DIFF_FORCE_TEXT;
		rc = git_patch_from_buffers(&patch, x + m.shown, m.shown_a - m.shown,
					    c->path, y + m.shown, m.shown_b - m.shown,
					    c->path, &opts);
	} else if (can_read_index(repo)) {
		rc = git_patch_from_blobs(&patch, a, c->path, b, c->path, &opts);
	} else {
		rc = git_patch_from_buffers(&patch, a ? x : NULL, na, c->path,
					    b ? y : NULL, nb, c->path, &opts);
	}
	if (rc == 0)
		rc = git_patch_line_stats(NULL, &added, &removed, patch);
	if (rc < 0) {
		rc = git2_error(rc, "cannot compare '%s'", c->path);
		goto out;
	}
	if (git_patch_get_delta(patch)->flags & GIT_DIFF_FLAG_BINARY)
		c->added = c->removed = -1;
	else {
		c->added = (int64_t)added;
		c->removed = (int64_t)removed;
	}
out:
	git_patch_free(patch);
	git_blob_free(a);
	git_blob_free(b);
	return rc;
}

/* The tree of a commit, a tag or itself; none for a zero name. */
static int root_tree(struct repo *repo, const struct oid *oid, struct oid *out,
		     const struct oid **side)
{
	git_tree *tree;
	int rc;

	*side = NULL;
	if (oid_is_zero(oid))
		return 0;
	if ((rc = tree_open(&tree, repo, oid)) < 0)
		return rc;
	oid_from_git2(out, git_tree_id(tree));
	*side = out;
	git_tree_free(tree);
	return 0;
}

int diff_trees(struct repo *repo, const struct oid *a, const struct oid *b,
	       unsigned flags, struct change_list *out)
{
	struct change_list found = CHANGE_LIST_INIT;
	struct walk w = { repo, NULL, &found, STRBUF_INIT };
	const struct oid *x, *y;
	struct oid id_a, id_b;
	size_t i;
	int rc;

	if ((rc = root_tree(repo, a, &id_a, &x)) < 0 ||
	    (rc = root_tree(repo, b, &id_b, &y)) < 0)
		goto out;
	if ((x && y && oid_eq(x, y)) || (!x && !y))
		goto out;
	if ((rc = git_repository_odb(&w.odb, repo->git2)) < 0) {
		rc = git2_error(rc, "cannot open the objects");
		goto out;
	}
	if ((rc = walk_trees(&w, x, y, 0)) < 0)
		goto out;
	if (found.nr)
		qsort(found.v, found.nr, sizeof(*found.v), by_path);
	if ((flags & DIFF_RENAMES) && (rc = diff_find_renames(repo, &found)) < 0)
		goto out;
	for (i = 0; (flags & DIFF_LINES) && i < found.nr; i++)
		if ((rc = count_lines(repo, &found.v[i])) < 0)
			goto out;
	for (i = 0; i < found.nr; i++) {
		ALLOC_GROW(out->v, out->nr + 1, out->alloc);
		out->v[out->nr++] = found.v[i];
	}
	found.nr = 0;
out:
	git_odb_free(w.odb);
	change_list_release(&found);
	strbuf_release(&w.path);
	return rc;
}

void change_list_release(struct change_list *l)
{
	size_t i;

	for (i = 0; i < l->nr; i++)
		change_release(&l->v[i]);
	free(l->v);
	l->v = NULL;
	l->nr = l->alloc = 0;
}

/* --- texts -------------------------------------------------------------- */

static void add_line(struct strbuf *out, const git_diff_line *line)
{
	switch (line->origin) {
	case GIT_DIFF_LINE_CONTEXT:
	case GIT_DIFF_LINE_ADDITION:
	case GIT_DIFF_LINE_DELETION:
		strbuf_addch(out, line->origin);
		break;
	case GIT_DIFF_LINE_CONTEXT_EOFNL:
	case GIT_DIFF_LINE_ADD_EOFNL:
	case GIT_DIFF_LINE_DEL_EOFNL:
		break;
	default:
		return;
	}
	strbuf_add(out, line->content, line->content_len);
}

static void add_range(struct strbuf *out, char sign, size_t start, size_t count)
{
	strbuf_addf(out, "%c%zu", sign, start);
	if (count != 1)
		strbuf_addf(out, ",%zu", count);
}

/* Where hunks go, and how they are headed. */
struct hunks {
	struct strbuf *out;
	unsigned context;
	size_t before;		/* lines in front of what is compared */
	diff_heading *heading;
	void *data;
};

static void add_header(struct hunks *to, size_t old_start, size_t old_lines,
		       size_t new_start, size_t new_lines)
{
	strbuf_addstr(to->out, "@@ ");
	add_range(to->out, '-', to->before + old_start, old_lines);
	strbuf_addch(to->out, ' ');
	add_range(to->out, '+', to->before + new_start, new_lines);
	strbuf_addstr(to->out, " @@");
	if (to->heading) {
		strbuf_addch(to->out, ' ');
		to->heading(to->out, to->before + new_start, to->data);
		strbuf_rtrim(to->out);
	}
	strbuf_addch(to->out, '\n');
}

static int add_hunk(struct hunks *to, git_patch *patch, size_t i)
{
	const git_diff_hunk *h;
	const git_diff_line *line;
	size_t nr;
	int rc;

	if ((rc = git_patch_get_hunk(&h, &nr, patch, i)) < 0)
		return rc;
	add_header(to, (size_t)h->old_start, (size_t)h->old_lines, (size_t)h->new_start,
		   (size_t)h->new_lines);
	for (size_t k = 0; k < nr; k++) {
		if ((rc = git_patch_get_line_in_hunk(&line, patch, i, k)) < 0)
			return rc;
		add_line(to->out, line);
	}
	return 0;
}

static int compare_texts(struct hunks *to, const char *a, size_t na, const char *b,
			 size_t nb)
{
	git_diff_options opts;
	git_patch *patch = NULL;
	int rc = git2_start();

	if (rc < 0)
		return rc;
	git_diff_options_init(&opts, GIT_DIFF_OPTIONS_VERSION);
	opts.context_lines = to->context;
	opts.flags = GIT_DIFF_FORCE_TEXT;
	rc = git_patch_from_buffers(&patch, na ? a : "", na, "a", nb ? b : "", nb, "b",
				    &opts);
	for (size_t i = 0; rc == 0 && i < git_patch_num_hunks(patch); i++)
		rc = add_hunk(to, patch, i);
	git_patch_free(patch);
	return rc < 0 ? git2_error(rc, "cannot compare two texts") : 0;
}

/* --- very long texts ------------------------------------------------------ */

static void add_lines(struct strbuf *out, char mark, const char *s, size_t len)
{
	for (const char *end = s + len, *next; s < end; s = next) {
		const char *nl = memchr(s, '\n', (size_t)(end - s));

		next = nl ? nl + 1 : end;
		strbuf_addch(out, mark);
		strbuf_add(out, s, (size_t)(next - s));
		if (!nl)
			strbuf_addstr(out, "\n\\ No newline at end of file\n");
	}
}

/* As one hunk: everything between is replaced. */
static void add_replaced(struct hunks *to, const struct text_middle *m, const char *a,
			 const char *b)
{
	size_t head = m->from - m->shown, tail = m->shown_a - m->end_a;
	size_t lead = text_lines(a + m->shown, head);
	size_t follow = text_lines(a + m->end_a, tail);
	size_t old = lead + text_lines(a + m->from, m->end_a - m->from) + follow;
	size_t now = lead + text_lines(b + m->from, m->end_b - m->from) + follow;

	add_header(to, old > 0, old, now > 0, now);
	add_lines(to->out, ' ', a + m->shown, head);
	add_lines(to->out, '-', a + m->from, m->end_a - m->from);
	add_lines(to->out, '+', b + m->from, m->end_b - m->from);
	add_lines(to->out, ' ', a + m->end_a, tail);
}

static int compare_long(struct hunks *to, const char *a, size_t na, const char *b,
			size_t nb)
{
	struct text_middle m;

	text_middle_find(&m, a, na, b, nb, to->context);
	to->before = m.lines;
	if (m.too_long) {
		add_replaced(to, &m, a, b);
		return 0;
	}
	return compare_texts(to, a + m.shown, m.shown_a - m.shown, b + m.shown,
			     m.shown_b - m.shown);
}

int diff_hunks(struct strbuf *out, const void *a, size_t na, const void *b,
	       size_t nb, unsigned context, diff_heading *heading, void *data)
{
	struct hunks to = { out, context, 0, heading, data };
	size_t start = out->len;
	int rc;

	if (na == nb && (!na || memcmp(a, b, na) == 0))
		return 0;
	rc = text_lines(a, na) + text_lines(b, nb) > TEXT_LINES_MAX ?
	     compare_long(&to, a, na, b, nb) : compare_texts(&to, a, na, b, nb);
	if (rc < 0)
		strbuf_setlen(out, start);
	return rc;
}

int diff_text(struct strbuf *out, const char *path, const void *a, size_t na,
	      const void *b, size_t nb, unsigned context)
{
	struct strbuf hunks = STRBUF_INIT, name = STRBUF_INIT;
	int rc = diff_hunks(&hunks, a, na, b, nb, context, NULL, NULL);

	if (rc == 0 && hunks.len) {
		strbuf_addf(&name, "a/%s", path);
		strbuf_addstr(out, "--- ");
		text_add_quoted_path(out, name.buf, name.len);
		name.buf[0] = 'b';
		strbuf_addstr(out, "\n+++ ");
		text_add_quoted_path(out, name.buf, name.len);
		strbuf_addch(out, '\n');
		strbuf_addbuf(out, &hunks);
	}
	strbuf_release(&name);
	strbuf_release(&hunks);
	return rc;
}
