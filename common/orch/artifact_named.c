/*
 * The artifacts that somebody still needs: those which orch.input names, the
 * focus item and open items of the plan, the files of such items, and whatever of
 * the plan belongs to no item. A text names an artifact by its stamp or by the
 * last part of its path. A stamp without a time of day is a mere date unless a
 * slash stands beside it.
 */
#include "orch/artifact_cleanup.h"

#include <ctype.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "base/strvec.h"
#include "orch/artifact_roots.h"
#include "orch/ledger.h"
#include "orch/orch.h"
#include "orch/plan.h"

#define NAME_LOOK 255	/* bytes of a name, at most */

struct named {
	struct strvec v;	/* stamps and names, sorted */
};

typedef bool still_open(size_t offset, void *data);

/* What stands between two slashes, as far as it does not look like the sentence
 * around it. */
static bool is_of_name(char c)
{
	return (unsigned char)c > ' ' && c != 0x7f && !strchr("/`'\"()[]{}<>|*;", c);
}

/* Where the stamp that begins at text[i] ends; 0: none does. */
static size_t stamp_at(const char *text, size_t i, size_t len)
{
	const char *s = text + i;
	size_t n = 0;

	if (!isdigit((unsigned char)*s) || (i && isdigit((unsigned char)s[-1])))
		return 0;
	while (i + n < len && n < NAME_LOOK && is_of_name(s[n]))
		n++;
	while (n && strchr(":,.", s[n - 1]))
		n--;
	n = stamp_parse(s, n, NULL);
	return n ? i + n : 0;
}

/* A name, and what is left of it without the dashes, quotes and emphasis that
 * may belong to the sentence. text[i..end) of it is the stamp. */
static void add_name(struct named *n, const char *text, size_t from, size_t i, size_t end,
		     size_t to)
{
	size_t first = i, last = end;

	if (from < i || to > end)
		strvec_pushn(&n->v, text + from, to - from);
	while (first > from && (isalnum((unsigned char)text[first - 1]) ||
				strchr("._+-", text[first - 1])))
		first--;
	while (last < to && (isalnum((unsigned char)text[last]) || strchr("._+-", text[last])))
		last++;
	while (first < i && !isalnum((unsigned char)text[first]))
		first++;
	while (last > end && !isalnum((unsigned char)text[last - 1]))
		last--;
	if ((first < i || last > end) && (first > from || last < to))
		strvec_pushn(&n->v, text + first, last - first);
}

/* All that a text names where `open` says yes; it is asked in the order of the
 * text. */
static void collect(struct named *n, const char *text, size_t len, still_open *open,
		    void *data)
{
	for (size_t i = 0; i + 8 <= len; i++) {
		size_t end = stamp_at(text, i, len), from = i, to = end;

		if (!end)
			continue;
		while (from && i - from < NAME_LOOK && is_of_name(text[from - 1]))
			from--;
		while (to < len && to - end < NAME_LOOK && is_of_name(text[to]))
			to++;
		while (to > end && strchr(":,.!?", text[to - 1]))
			to--;
		if (!open || open(i, data)) {
			if (!stamp_is_date(text + i, end - i) ||
			    (i && text[i - 1] == '/') || (end < len && text[end] == '/'))
				strvec_pushn(&n->v, text + i, end - i);
			add_name(n, text, from, i, end, to);
		}
		i = end - 1;
	}
}

/* --- the plan's own text --------------------------------------------------- */

struct sweep {
	const struct plan_item **v;	/* of this file, by where they begin */
	size_t nr, next;
	size_t covered, open;	/* where the items met so far end at the latest */
};

static bool is_open(const struct plan_item *i)
{
	return i->focus || !plan_is_finished(i);
}

/* Only what lies in finished items, and in no other, is of no interest. */
static bool open_at(size_t offset, void *data)
{
	struct sweep *s = data;

	for (; s->next < s->nr && s->v[s->next]->begin <= offset; s->next++) {
		const struct plan_item *i = s->v[s->next];

		if (i->end > s->covered)
			s->covered = i->end;
		if (is_open(i) && i->end > s->open)
			s->open = i->end;
	}
	return offset < s->open || offset >= s->covered;
}

static int by_begin(const void *a, const void *b)
{
	const struct plan_item *x = *(const struct plan_item *const *)a;
	const struct plan_item *y = *(const struct plan_item *const *)b;

	return (x->begin > y->begin) - (x->begin < y->begin);
}

static void read_plan_text(struct named *n, const struct plan *p)
{
	struct sweep s = { .v = xcalloc(p->nr + 1, sizeof(*s.v)) };

	for (size_t i = 0; i < p->nr; i++)
		if (p->v[i].file == 0)
			s.v[s.nr++] = &p->v[i];
	qsort(s.v, s.nr, sizeof(*s.v), by_begin);
	collect(n, p->text.buf, p->text.len, open_at, &s);
	free(s.v);
}

/* --- its other files ------------------------------------------------------- */

/* A file in the directory of a finished item: some component is its id. */
static bool is_of_finished(const struct plan *p, const char *path)
{
	for (const char *c = path; c; c = strchr(c, '/') ? strchr(c, '/') + 1 : NULL) {
		char *name = xstrndup(c, strcspn(c, "/"));
		const struct plan_item *i = plan_find(p, name);

		free(name);
		if (i)
			return !is_open(i);
	}
	return false;
}

static int read_file(struct named *n, struct orch *o, const char *path)
{
	struct strbuf text = STRBUF_INIT;
	int rc = path ? ledger_read(&text, o, path) : ORCH_ENOTFOUND;

	if (rc == 0)
		collect(n, text.buf, text.len, NULL, NULL);
	strbuf_release(&text);
	if (rc == ORCH_ENOTFOUND) {
		error_clear();
		rc = 0;
	}
	return rc;
}

int named_load(struct named **out, struct orch *o, bool *no_plan)
{
	struct named *n = xcalloc(1, sizeof(*n));
	struct plan p = PLAN_INIT;
	int rc = plan_load(&p, o, NULL);

	*no_plan = rc == ORCH_ENOTFOUND;
	if (*no_plan) {
		error_clear();
		rc = 0;
	} else if (rc == 0) {
		read_plan_text(n, &p);
		for (size_t f = 1; rc == 0 && f < p.files_nr; f++)
			if (!is_of_finished(&p, p.files[f]))
				rc = read_file(n, o, p.files[f]);
	}
	if (rc == 0)
		rc = read_file(n, o, config_get(o->config, "orch.input"));
	strvec_sort(&n->v);
	plan_release(&p);
	*out = rc == 0 ? n : NULL;
	if (rc < 0)
		named_free(n);
	return rc;
}

static int compare(const void *key, const void *element)
{
	return strcmp(key, *(const char *const *)element);
}

static bool has(const struct named *n, const char *name)
{
	return n->v.nr && bsearch(name, n->v.v, n->v.nr, sizeof(*n->v.v), compare);
}

bool named_has(const struct named *n, const char *path, const char *stamp)
{
	const char *slash = strrchr(path, '/');

	return has(n, stamp) || has(n, slash ? slash + 1 : path);
}

void named_free(struct named *n)
{
	if (!n)
		return;
	strvec_release(&n->v);
	free(n);
}
