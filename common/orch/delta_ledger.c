/*
 * Plan and findings: as they were, as they are, and which of the difference is
 * not committed. Nothing is parsed where the texts are the same.
 */
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/strvec.h"
#include "git/repo.h"
#include "orch/delta_internal.h"
#include "orch/discover.h"
#include "orch/ledger.h"
#include "orch/orch.h"

/* --- where a document was ------------------------------------------------- */

static const char *renamed_from(const struct change_list *l, const char *path)
{
	for (size_t i = 0; i < l->nr; i++)
		if (l->v[i].status == 'R' && str_eq(l->v[i].path, path))
			return l->v[i].old_path;
	return path;
}

static bool blob_of(struct oid *out, struct orch *o, const struct oid *commit,
		    const char *path)
{
	return !oid_is_zero(commit) && tree_lookup(o->repo, commit, path, out, NULL) == 0;
}

static bool is_in(struct orch *o, const struct oid *commit, const char *path)
{
	struct oid blob;
	bool yes = blob_of(&blob, o, commit, path);

	error_clear();
	return yes;
}

/* How the commits call what is `path` now. Where nobody has looked for renames
 * yet, that is done only if the name is new. */
struct names {
	const char *head, *since;
	struct change_list found;
};
static void find_names(struct names *n, const struct delta *d, struct orch *o,
		       const char *path)
{
	const struct change_list *files = &d->files;

	n->found = (struct change_list)CHANGE_LIST_INIT;
	n->head = renamed_from(&d->uncommitted, path);
	if (!(d->parts & DELTA_FILES) && !oid_is_zero(&d->since) &&
	    is_in(o, &d->head, n->head) && !is_in(o, &d->since, n->head) &&
	    diff_trees(o->repo, &d->since, &d->head, DIFF_RENAMES, &n->found) == 0)
		files = &n->found;
	error_clear();
	n->since = renamed_from(files, n->head);
}

/* The work tree, or the end of the range: NULL is the work tree. */
static const struct oid *end_of(const struct delta *d, struct orch *o)
{
	return d->between || !repo_work_tree(o->repo) ? &d->head : NULL;
}

/*
 * Whether both are there with the same bytes; `b` may be NULL, the work tree.
 * By name and size where that will do: reading a blob costs a hash of it, too.
 */
static bool same_text(struct orch *o, const struct oid *a, const char *path_a,
		      const struct oid *b, const char *path_b)
{
	struct strbuf text = STRBUF_INIT;
	struct oid x, y;
	uint64_t size;
	bool same = blob_of(&x, o, a, path_a);

	if (same && b) {
		same = blob_of(&y, o, b, path_b) && oid_eq(&x, &y);
	} else if (same) {
		same = ledger_read_at(&text, o, NULL, path_b) == 0 &&
		       blob_size(o->repo, &x, &size) == 0 && size == text.len;
		if (same) {
			blob_hash(text.buf, text.len, &y);
			same = oid_eq(&x, &y);
		}
	}
	error_clear();
	strbuf_release(&text);
	return same;
}

/* --- plan ---------------------------------------------------------------- */

/* The directory of all items' own files, yours to free; NULL: there is none. */
static char *phases_directory(struct orch *o)
{
	const char *pattern = config_get(o->config, "orch.planPhases");
	const char *id = pattern ? strstr(pattern, "{id}") : NULL;
	char *dir;

	if (!id)
		return NULL;
	dir = xstrndup(pattern, (size_t)(id - pattern));
	while (*dir && str_ends(dir, "/"))
		dir[strlen(dir) - 1] = '\0';
	return dir;
}

static bool same_entry(struct orch *o, const struct oid *a, const struct oid *b,
		       const char *path)
{
	struct oid x = OID_ZERO, y = OID_ZERO;

	blob_of(&x, o, a, path);
	blob_of(&y, o, b, path);
	error_clear();
	return oid_eq(&x, &y);
}

/* Whether items' own files may differ between `since` and `end`. */
static bool phases_changed(const struct delta *d, struct orch *o,
			   const struct oid *since, const struct oid *end)
{
	char *dir = phases_directory(o);
	size_t n = dir ? strlen(dir) : 0;
	bool changed = false;

	if (!dir)
		return false;
	if (!oid_eq(since, &d->head))
		changed = !same_entry(o, since, &d->head, dir);
	if (!changed && !end && !(d->parts & DELTA_UNCOMMITTED))
		changed = true;	/* nobody has looked */
	for (size_t i = 0; !changed && !end && i < d->uncommitted.nr; i++) {
		const struct change *c = &d->uncommitted.v[i];

		changed = (strncmp(c->path, dir, n) == 0 && (!n || c->path[n] == '/')) ||
			  (c->old_path && strncmp(c->old_path, dir, n) == 0);
	}
	free(dir);
	return changed;
}

/* 1: it is there; 0: it is not, and the plan is empty. */
static int load_plan(struct plan *p, struct orch *o, const char *path,
		     const struct oid *commit)
{
	int rc = plan_load_at(p, o, path, commit);

	if (rc == ORCH_ENOTFOUND) {
		error_clear();
		plan_release(p);
		plan_parse(p, "", 0, path ? path : "", NULL);
		return 0;
	}
	return rc < 0 ? rc : 1;
}

/* Of the work tree any kind of file counts: what it is will be seen. */
static bool is_there(struct orch *o, const struct oid *commit, const char *path)
{
	int fd;

	if (commit)
		return is_in(o, commit, path);
	if (file_open_beneath(&fd, NULL, repo_work_tree(o->repo), path, false) < 0) {
		error_clear();
		return false;
	}
	close(fd);
	return true;
}

/* Where the plan is: as configured, else what is found at either end. */
static char *plan_name(const struct delta *d, struct orch *o)
{
	const char *wanted = config_get(o->config, "orch.plan");
	const struct oid *ends[] = { end_of(d, o), &d->since };
	const char *found = NULL;

	if (config_level_of(o->config, "orch.plan") != CONFIG_DEFAULT)
		return xstrdup(wanted);
	for (size_t i = 0; i < ARRAY_SIZE(ends) && !found; i++) {
		if (is_there(o, ends[i], wanted))
			found = wanted;
		for (const char *const *name = discovery_plan_names; *name && !found; name++)
			if (is_there(o, ends[i], *name))
				found = *name;
	}
	return xstrdup(found ? found : wanted);
}

/* What a difference is called, so that the same one is found again. */
static char *plan_key(const struct plan_report *r)
{
	const struct plan_item *i = r->now ? r->now : r->before;

	if (r->what == PLAN_ATTEMPT)
		return xstrfmt("a\n%s\n%s\n%s", r->attempt->id, r->attempt->name,
			       r->attempt->title);
	return xstrfmt("%d\n%s\n%u\n%s", (int)r->what, i->id, (unsigned)i->copy,
		       r->field ? r->field : "");
}

struct collected {
	struct delta_plan *plan;
	const struct strvec *marks;	/* sorted; NULL: see `all` */
	bool all;			/* nothing of it is committed */
};

static int compare_marks(const void *a, const void *b)
{
	return strcmp(a, *(const char *const *)b);
}

static bool is_marked(const struct collected *c, char *key)
{
	bool yes = c->all;

	if (!yes && c->marks && c->marks->nr)
		yes = bsearch(key, c->marks->v, c->marks->nr, sizeof(*c->marks->v),
			      compare_marks) != NULL;
	free(key);
	return yes;
}

static void mark_plan(const struct plan_report *r, void *data)
{
	strvec_take(data, plan_key(r));
}

static void keep_plan(const struct plan_report *r, void *data)
{
	struct collected *c = data;
	struct delta_plan *p = c->plan;
	struct delta_plan_change *x;

	ALLOC_GROW(p->v, p->nr + 1, p->alloc);
	x = &p->v[p->nr++];
	memset(x, 0, sizeof(*x));
	x->what = r->what;
	x->item = r->now ? r->now : r->before;
	x->attempt = r->attempt;
	if (r->what == PLAN_CHANGED) {
		x->field = r->field;
		x->from = arena_strn(&p->memory, r->from, strlen(r->from));
		x->to = arena_strn(&p->memory, r->to, strlen(r->to));
	}
	x->uncommitted = is_marked(c, plan_key(r));
}

/* What differs from HEAD. */
static int mark_uncommitted(struct strvec *marks, struct delta *d, struct orch *o,
			    const char *name)
{
	struct plan head = PLAN_INIT;
	int rc = load_plan(&head, o, name, &d->head);

	if (rc >= 0) {
		plan_compare(&head, &d->plan.now, mark_plan, marks);
		strvec_sort(marks);
		rc = 0;
	}
	plan_release(&head);
	return rc;
}

static int compare_plans(struct delta *d, struct orch *o, const char *path,
			 const struct names *n)
{
	const struct oid *end = end_of(d, o);
	struct strvec marks = STRVEC_INIT;
	struct collected c = { &d->plan, &marks, false };
	int was, is, rc = 0;

	if ((was = load_plan(&d->plan.before, o, n->since, &d->since)) < 0)
		return was;
	if ((is = load_plan(&d->plan.now, o, path, end)) < 0)
		return is;
	d->plan.path = is ? xstrdup(path) : NULL;
	d->plan.old_path = was ? xstrdup(n->since) : NULL;
	if (!end && oid_eq(&d->since, &d->head))
		c.all = true;
	else if (!end && (!same_text(o, &d->head, n->head, NULL, path) ||
			  phases_changed(d, o, &d->head, NULL)))
		rc = mark_uncommitted(&marks, d, o, n->head);
	if (rc == 0)
		plan_compare(&d->plan.before, &d->plan.now, keep_plan, &c);
	strvec_release(&marks);
	return rc;
}

/* A ledger that cannot be read must not hide everything else. */
static int left_out(const char *what)
{
	warn_once("the %s is left out: %s", what, error_message());
	error_clear();
	return 0;
}

int delta_find_plan(struct delta *d, struct orch *o)
{
	char *path = plan_name(d, o);
	struct names n;
	int rc = 0;

	find_names(&n, d, o, path);
	if (same_text(o, &d->since, n.since, end_of(d, o), path) &&
	    !phases_changed(d, o, &d->since, end_of(d, o))) {
		d->plan.path = xstrdup(path);
		d->plan.old_path = xstrdup(n.since);
	} else {
		rc = compare_plans(d, o, path, &n);
	}
	change_list_release(&n.found);
	free(path);
	if (rc == 0)
		return 0;
	delta_plan_release(&d->plan);
	return left_out("plan");
}

void delta_plan_release(struct delta_plan *p)
{
	free(p->path);
	free(p->old_path);
	plan_release(&p->before);
	plan_release(&p->now);
	free(p->v);
	arena_release(&p->memory);
	memset(p, 0, sizeof(*p));
	p->before = (struct plan)PLAN_INIT;
	p->now = (struct plan)PLAN_INIT;
}

/* --- findings ------------------------------------------------------------ */

static int load_findings(struct findings *f, struct orch *o, const char *path,
			 const struct oid *commit)
{
	struct strbuf text = STRBUF_INIT;
	int rc = ledger_read_at(&text, o, commit, path);

	findings_parse(f, text.buf, text.len);
	strbuf_release(&text);
	if (rc == ORCH_ENOTFOUND) {
		error_clear();
		return 0;
	}
	return rc < 0 ? rc : 1;
}

struct collected_findings {
	struct delta_findings *findings;
	struct collected marks;
};

static char *finding_key(enum findings_change what, const struct finding *f)
{
	return xstrfmt("%d\n%s\n%u", (int)what, f->id, f->copy);
}

static void mark_finding(enum findings_change what, const struct finding *before,
			 const struct finding *now, void *data)
{
	strvec_take(data, finding_key(what, now ? now : before));
}

static void keep_finding(enum findings_change what, const struct finding *before,
			 const struct finding *now, void *data)
{
	struct collected_findings *c = data;
	struct delta_findings *f = c->findings;
	struct delta_finding_change *x;

	ALLOC_GROW(f->v, f->nr + 1, f->alloc);
	x = &f->v[f->nr++];
	x->what = what;
	x->finding = now ? now : before;
	x->uncommitted = is_marked(&c->marks, finding_key(what, x->finding));
}

static int compare_documents(struct delta *d, struct orch *o, const char *path,
			     const struct names *n)
{
	const struct oid *end = end_of(d, o);
	struct delta_findings *f = &d->findings;
	struct findings head = FINDINGS_INIT;
	struct strvec marks = STRVEC_INIT;
	struct collected_findings c = { f, { NULL, &marks, false } };
	int was, is, rc = 0;

	if ((was = load_findings(&f->before, o, n->since, &d->since)) < 0)
		return was;
	if ((is = load_findings(&f->now, o, path, end)) < 0)
		return is;
	f->path = is ? xstrdup(path) : NULL;
	f->old_path = was ? xstrdup(n->since) : NULL;
	if (!end && oid_eq(&d->since, &d->head))
		c.marks.all = true;
	else if (!end && !same_text(o, &d->head, n->head, NULL, path) &&
		 (rc = load_findings(&head, o, n->head, &d->head)) >= 0) {
		findings_compare(&head, &f->now, mark_finding, &marks);
		strvec_sort(&marks);
	}
	if (rc >= 0)
		findings_compare(&f->before, &f->now, keep_finding, &c);
	findings_release(&head);
	strvec_release(&marks);
	return rc < 0 ? rc : 0;
}

int delta_find_findings(struct delta *d, struct orch *o)
{
	const char *path = config_get(o->config, "orch.findings");
	struct names n;
	int rc = 0;

	if (!path || !*path)
		return 0;
	find_names(&n, d, o, path);
	if (same_text(o, &d->since, n.since, end_of(d, o), path)) {
		d->findings.path = xstrdup(path);
		d->findings.old_path = xstrdup(n.since);
	} else {
		rc = compare_documents(d, o, path, &n);
	}
	change_list_release(&n.found);
	if (rc == 0)
		return 0;
	delta_findings_release(&d->findings);
	return left_out("document of findings");
}

void delta_findings_release(struct delta_findings *f)
{
	free(f->path);
	free(f->old_path);
	findings_release(&f->before);
	findings_release(&f->now);
	free(f->v);
	memset(f, 0, sizeof(*f));
}
