/*
 * Dependencies: which ids a field or a sentence names, which of them count,
 * and what can be worked on because of that.
 */
#include "orch/plan_internal.h"

#include <strings.h>

#include "orch/ledgerid.h"

#define LIST_MAX 300	/* bytes behind "depends on" that are looked at */

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '_';
}

static bool is_alpha(char c)
{
	return is_word(c) && (c < '0' || c > '9') && c != '_';
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

void plan_link_add(struct plan_builder *b, struct plan_links *l,
		   const char *text, unsigned line)
{
	struct plan_link *x = arena_alloc(&b->scratch, sizeof(*x));

	x->next = NULL;
	x->text = text;
	x->line = line;
	x->weak = x->maybe = false;
	if (l->last)
		l->last->next = x;
	else
		l->first = x;
	l->last = x;
	l->nr++;
}

static bool has_link(const struct plan_links *l, const char *text, size_t len)
{
	for (const struct plan_link *x = l->first; x; x = x->next)
		if (strlen(x->text) == len && memcmp(x->text, text, len) == 0)
			return true;
	return false;
}

static void add_depend(struct plan_builder *b, uint32_t index, const char *text,
		       size_t len, unsigned line, bool weak, bool maybe)
{
	struct plan_links *l = &b->drafts[index].depends;

	if (l->nr >= PLAN_ITEM_DEPENDS || has_link(l, text, len))
		return;
	plan_link_add(b, l, arena_strn(&b->scratch, text, len), line);
	l->last->weak = weak;
	l->last->maybe = maybe;
}

/* --- fields -------------------------------------------------------------- */

/* A word that looks like no id may be one all the same: "seed", "12". */
static size_t plain_word(const char *s, size_t at, size_t len)
{
	size_t i = at;

	while (i < len && (is_word(s[i]) || (s[i] == '-' || s[i] == '.')))
		i++;
	while (i > at && !is_word(s[i - 1]))
		i--;
	return i - at;
}

void plan_depends_value(struct plan_builder *b, uint32_t index,
			struct md_slice v, unsigned line)
{
	const struct regex *pattern = plan_item_pattern(b);
	size_t i = 0, n;

	if (v.len > 64 * PLAN_ITEM_DEPENDS)
		v.len = 64 * PLAN_ITEM_DEPENDS;
	while (i < v.len) {
		n = ledger_stamp(v.text + i, v.len - i);
		if (n) {
			i += n;
			continue;
		}
		n = ledger_id(v.text, i, v.len, pattern);
		if (n) {
			add_depend(b, index, v.text + i, n, line, false, false);
			i += n;
			continue;
		}
		n = is_word(v.text[i]) ? plain_word(v.text, i, v.len) : 0;
		if (n && n <= LEDGER_ID_MAX)
			add_depend(b, index, v.text + i, n, line, true, true);
		i += n ? n : 1;
	}
}

/* --- prose --------------------------------------------------------------- */

static const char *const phrases[] = {
	"depends on ", "depend on ", "dependent on ", "depends upon ",
	"blocked by ", "blocked on ", "requires ", "needs ", "waits for ",
	"waiting for ", "waiting on ", "prerequisite: ", "prerequisites: ",
};

/* The length of a phrase at the start, in any case and emphasis; or 0. */
static size_t phrase_at(const char *s, size_t len)
{
	if (!strchr("dbrnwpDBRNWP", s[0]))
		return 0;
	for (size_t k = 0; k < ARRAY_SIZE(phrases); k++) {
		size_t n = strlen(phrases[k]), i, j = 0;

		for (i = 0; i < n && j < len; j++) {
			if (s[j] == '*' || s[j] == '`' ||
			    (s[j] == ':' && phrases[k][i] == ' '))
				continue;
			if (lower(s[j]) != phrases[k][i])
				break;
			i++;
		}
		if (i == n)
			return j;
	}
	return 0;
}

/* "does not depend on", "no longer blocked by" */
static bool negated(const char *line, size_t at)
{
	static const char *const words[] = { "not ", "no longer ", "n't ", "never " };

	for (size_t k = 0; k < ARRAY_SIZE(words); k++) {
		size_t n = strlen(words[k]);

		if (at >= n && strncasecmp(line + at - n, words[k], n) == 0)
			return true;
	}
	return false;
}

/* What may stand between two ids of one list. */
static bool joins(const char *s, size_t len)
{
	static const char *const words[] = { "and", "or", "plus", "the", "both" };

	for (size_t k = 0; k < ARRAY_SIZE(words); k++)
		if (strlen(words[k]) == len && strncasecmp(s, words[k], len) == 0)
			return true;
	return false;
}

static size_t skip_parentheses(const char *line, size_t at, size_t end)
{
	const char *close = memchr(line + at, ')', end - at);

	return close ? (size_t)(close - line) + 1 : end;
}

/*
 * Ids behind a phrase: a few words, then a list. "needs X-1, X-2 (b) and X-3"
 * names three; what comes further on in the sentence is only mentioned.
 * Returns where the list ends.
 */
static size_t take_list(struct plan_builder *b, uint32_t index, const char *line,
			size_t at, size_t len, unsigned number)
{
	const struct regex *pattern = plan_item_pattern(b);
	size_t end = len - at < LIST_MAX ? len : at + LIST_MAX, n;
	int words = 0, ids = 0;

	while (at < end) {
		if (line[at] == '.' && (at + 1 == len || line[at + 1] == ' '))
			break;
		n = ledger_id(line, at, len, pattern);
		if (n) {
			add_depend(b, index, line + at, n, number, true, false);
			ids++;
		} else if (line[at] == '(' && ids) {
			at = skip_parentheses(line, at, end);
			continue;
		} else if (is_word(line[at])) {
			n = plain_word(line, at, len);
			if (ids ? !joins(line + at, n) : ++words > 4)
				break;
		}
		at += n ? n : 1;
	}
	return at;
}

void plan_depends_prose(struct plan_builder *b, uint32_t index, const char *line,
			size_t len, unsigned number)
{
	const struct regex *own = &b->patterns->depends;
	struct regex_match m;
	size_t i = 0, n;

	if (len > PLAN_LINE_MAX)
		len = PLAN_LINE_MAX;
	if (own->code) {
		while (i < len && regex_find(own, line, len, i, &m) == 1) {
			i = take_list(b, index, line, m.end[0], len, number);
			i = i > m.end[0] ? i : m.end[0] + 1;
		}
		return;
	}
	while (i < len) {
		n = phrase_at(line + i, len - i);
		if (n && !negated(line, i)) {
			i = take_list(b, index, line, i + n, len, number);
			continue;
		}
		while (i < len && is_alpha(line[i]))
			i++;
		while (i < len && !is_alpha(line[i]))
			i++;
	}
}

/* --- what counts --------------------------------------------------------- */

/* "TORCH-099" is like TORCH-004: the same up to the first digit. */
static bool like_a_known_id(const struct plan *p, const char *id)
{
	size_t n = strcspn(id, "0123456789"), from = 0, to = p->nr;

	if (!n || !id[n])
		return false;
	while (from < to) {
		size_t mid = from + (to - from) / 2;

		if (strncmp(p->v[p->by_id[mid]].id, id, n) < 0)
			from = mid + 1;
		else
			to = mid;
	}
	if (from == p->nr || strncmp(p->v[p->by_id[from]].id, id, n) != 0)
		return false;
	id = p->v[p->by_id[from]].id;
	return id[n] >= '0' && id[n] <= '9';
}

static uint32_t find_depend(const struct plan *p, const char *id)
{
	uint32_t at = plan_index_of(p, id, true);
	char *other;

	/* "#12" may be the item "12", and the other way round. */
	if (at == PLAN_NO_ITEM) {
		other = id[0] == '#' ? xstrdup(id + 1) : xstrfmt("#%s", id);
		at = plan_index_of(p, other, false);
		free(other);
	}
	return at;
}

static bool in_list(const char *const *v, uint32_t nr, const char *id)
{
	while (nr--)
		if (str_eq(v[nr], id))
			return true;
	return false;
}

static void resolve_one(struct plan_builder *b, size_t index)
{
	struct plan *p = b->p;
	struct plan_item *item = &p->v[index];
	const struct plan_links *l = &b->drafts[index].depends;
	const struct plan_link *x;
	const char **unknown;
	uint32_t nr = 0;

	item->depends_nr = 0;
	if (!l->nr)
		return;
	item->depends_on = arena_alloc(&p->memory, l->nr * sizeof(char *));
	unknown = xcalloc(l->nr, sizeof(*unknown));
	for (x = l->first; x; x = x->next) {
		uint32_t at = find_depend(p, x->text);
		const char *id = at == PLAN_NO_ITEM ? x->text : p->v[at].id;

		if (at != PLAN_NO_ITEM) {
			if (!str_eq(id, item->id) &&
			    !in_list(item->depends_on, item->depends_nr, id))
				item->depends_on[item->depends_nr++] = id;
		} else if (!x->maybe && (!x->weak || like_a_known_id(p, id))) {
			unknown[nr++] = arena_strn(&p->memory, id, strlen(id));
			plan_problem_add(p, PLAN_UNKNOWN_ID, item->file, x->line,
					 "%s depends on %s, which is not in the plan",
					 item->id, id);
		}
	}
	for (uint32_t i = 0; i < nr; i++)
		item->depends_on[item->depends_nr++] = unknown[i];
	free(unknown);
}

void plan_depends_resolve(struct plan_builder *b)
{
	for (size_t i = 0; i < b->p->nr; i++) {
		const struct plan_links *l = &b->drafts[i].files;
		struct plan_item *item = &b->p->v[i];

		resolve_one(b, i);
		if (!l->nr)
			continue;
		item->files = arena_alloc(&b->p->memory, l->nr * sizeof(char *));
		for (const struct plan_link *x = l->first; x; x = x->next)
			item->files[item->files_nr++] = x->text;
	}
}

/* --- what can be worked on ----------------------------------------------- */

bool plan_is_finished(const struct plan_item *i)
{
	return i->state == PLAN_DONE || i->state == PLAN_CANCELLED;
}

static bool is_ready(const struct plan *p, const struct plan_item *i)
{
	if (i->copy || plan_is_finished(i) || i->state == PLAN_BLOCKED)
		return false;
	for (uint32_t k = 0; k < i->depends_nr; k++) {
		const struct plan_item *on = plan_find(p, i->depends_on[k]);

		if (on && !plan_is_finished(on))
			return false;
	}
	return true;
}

static int compare_ready(const void *a, const void *b)
{
	const struct plan_item *x = *(const struct plan_item *const *)a;
	const struct plan_item *y = *(const struct plan_item *const *)b;
	bool active_x = x->state == PLAN_ACTIVE, active_y = y->state == PLAN_ACTIVE;

	if (x->rank != y->rank)
		return x->rank < y->rank ? -1 : 1;
	if (x->focus != y->focus)
		return x->focus ? -1 : 1;
	if (active_x != active_y)
		return active_x ? -1 : 1;
	return x < y ? -1 : x > y;
}

void plan_ready(const struct plan *p, const struct plan_item ***list, size_t *nr)
{
	*list = xcalloc(p->nr + 1, sizeof(**list));
	*nr = 0;
	for (size_t i = 0; i < p->nr; i++)
		if (is_ready(p, &p->v[i]))
			(*list)[(*nr)++] = &p->v[i];
	qsort(*list, *nr, sizeof(**list), compare_ready);
}
