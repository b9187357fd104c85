/*
 * Over the lines of a plan, once. A heading, a table row or a list line starts
 * an item; the lines that follow say something about the innermost item whose
 * section is open.
 */
#include "orch/plan_internal.h"

#include <strings.h>

#include "orch/ledgerid.h"

#define NO_COLUMN ((size_t)TABLE_COLUMNS)

/* What a heading says about the lines below it. */
enum area {
	AREA_NONE,
	AREA_ATTEMPTS,	/* "Attempts History": dated lines are attempts */
	AREA_ATTEMPT,	/* ... one of them: its lines are its own affair */
	AREA_FOCUS,
	AREA_STATUS,
	AREA_FIELD	/* "### Dependencies": a field whose value is below */
};
struct open_section {
	uint32_t item;		/* inherited from above if it starts none */
	enum area area;
	bool starts;		/* the item begins here */
};

struct scan {
	struct plan_builder *b;
	struct plan *p;
	const struct regex *pattern;
	uint16_t file;
	struct open_section level[7];	/* 0: above every heading */
	unsigned depth;			/* of the last heading */
	bool phase;			/* a text that belongs to level[0].item */
	/* The table at work; NO_COLUMN where it has no such column. */
	size_t id, title, status, priority, owner, depends, component;
	bool is_checklist;
	/* A list at work below a field, until its indent is reached again. */
	enum plan_field_kind list;
	unsigned list_indent;
	struct md_slice field_key;	/* AREA_FIELD: the heading */
	/* The "- [ ] ID" item that list lines further in belong to. */
	uint32_t box;
	unsigned box_indent;
};

static struct md_slice slice(const char *s, size_t len)
{
	return (struct md_slice){ s, len };
}

static uint32_t current(const struct scan *s)
{
	return s->level[s->depth].item;
}

static enum area area_of(const struct scan *s)
{
	return s->level[s->depth].area;
}

/* What was tried is history: no fields, steps or dependencies of the item. */
static bool in_history(const struct scan *s)
{
	return area_of(s) == AREA_ATTEMPTS || area_of(s) == AREA_ATTEMPT;
}

/* --- items --------------------------------------------------------------- */

/* Returns its index, or PLAN_NO_ITEM when there are too many. */
static uint32_t add_item(struct scan *s, enum plan_kind kind, struct md_slice id,
			 struct md_slice title, const struct md_line *l)
{
	struct plan *p = s->p;
	struct plan_item *i;

	if (p->nr >= PLAN_ITEMS) {
		p->truncated = true;
		return PLAN_NO_ITEM;
	}
	ALLOC_GROW(p->v, p->nr + 1, p->alloc);
	ALLOC_GROW(s->b->drafts, p->nr + 1, s->b->drafts_alloc);
	i = &p->v[p->nr];
	memset(i, 0, sizeof(*i));
	memset(&s->b->drafts[p->nr], 0, sizeof(s->b->drafts[0]));
	i->id = arena_strn(&p->memory, id.text, id.len);
	i->title = plan_plain(s->b, title.text, title.len);
	i->rank = PLAN_NO_PRIORITY;
	i->kind = (uint8_t)kind;
	i->file = s->file;
	i->begin = l->begin;
	i->end = l->next;
	i->line_start = i->line_end = l->number;
	return (uint32_t)p->nr++;
}

/* Close what the headings of `level` and below had opened. */
static void close_sections(struct scan *s, unsigned level, size_t at,
			   unsigned last)
{
	for (; s->depth >= level && s->depth; s->depth--) {
		struct open_section *x = &s->level[s->depth];

		/* A line that turned out to be a heading may have been an item. */
		if (!x->starts || x->item == PLAN_NO_ITEM ||
		    s->p->v[x->item].begin >= at)
			continue;
		s->p->v[x->item].end = at;
		s->p->v[x->item].line_end = last;
	}
}

/* --- attempts ------------------------------------------------------------ */

/* The last "(...)" of a line, or its text behind "Result:". */
static struct md_slice result_in(struct md_slice s)
{
	static const char *const words[] = { "Result:", "result:", "Outcome:",
					     "Status:" };
	const char *open, *close = s.len && s.text[s.len - 1] == ')' ?
				   s.text + s.len - 1 : NULL;

	for (size_t k = 0; k < ARRAY_SIZE(words); k++) {
		size_t n = strlen(words[k]);
		const char *at = memmem(s.text, s.len, words[k], n);

		if (at)
			return md_trim(slice(at + n, (size_t)(s.text + s.len - at) - n));
	}
	open = close ? memrchr(s.text, '(', s.len) : NULL;
	if (open)
		return md_trim(slice(open + 1, (size_t)(close - open) - 1));
	return slice("", 0);
}

static void add_attempt(struct scan *s, uint32_t item, struct md_slice id,
			struct md_slice name, struct md_slice rest, unsigned line)
{
	struct plan *p = s->p;
	struct plan_attempt *a;
	struct md_slice result;

	if (p->attempts_nr >= PLAN_ITEMS || s->phase)
		return;
	if (rest.len > 2000)
		rest.len = 2000;
	ALLOC_GROW(p->attempts, p->attempts_nr + 1, p->attempts_alloc);
	a = &p->attempts[p->attempts_nr++];
	memset(a, 0, sizeof(*a));
	a->item = item;
	a->id = item != PLAN_NO_ITEM && !id.len ? p->v[item].id :
		arena_strn(&p->memory, id.text, id.len);
	a->file = s->file;
	a->line = line;
	a->name = arena_strn(&p->memory, name.text, name.len);
	a->result = "";
	result = result_in(rest);
	if (result.len && !ledger_stamp(result.text, result.len))
		plan_attempt_result(s->b, a, result);
	rest = ledger_skip_separator(rest);
	a->title = plan_plain(s->b, rest.text, rest.len < 200 ? rest.len : 200);
}

static void skip_bytes(struct md_slice *s, size_t n)
{
	s->text += n;
	s->len -= n;
}

/* "Attempt #12", "**Attempt 12**": *name gets the number. */
static bool attempt_number(struct md_slice *name, struct md_slice *rest,
			   struct md_slice s)
{
	size_t i;

	while (s.len && (s.text[0] == '*' || s.text[0] == '_' || s.text[0] == ' '))
		skip_bytes(&s, 1);
	if (s.len < 8 || strncasecmp(s.text, "attempt", 7) != 0)
		return false;
	skip_bytes(&s, 7);
	while (s.len && (s.text[0] == ' ' || s.text[0] == '#'))
		skip_bytes(&s, 1);
	for (i = 0; i < s.len && i < 9 && s.text[i] >= '0' && s.text[i] <= '9'; i++)
		;
	if (!i)
		return false;
	*name = slice(s.text, i);
	skip_bytes(&s, i);
	while (s.len && (s.text[0] == '*' || s.text[0] == '_'))
		skip_bytes(&s, 1);
	*rest = s;
	return true;
}

/* "[2026-01-29] ...", "2026-01-29: ...": the stamp, and what follows. */
static bool dated(struct md_slice *stamp, struct md_slice *rest, struct md_slice s)
{
	bool bracket;
	size_t n;

	while (s.len && s.text[0] == '*')
		skip_bytes(&s, 1);
	bracket = s.len && s.text[0] == '[';
	if (bracket)
		skip_bytes(&s, 1);
	n = ledger_stamp(s.text, s.len);
	if (!n)
		return false;
	*stamp = slice(s.text, n);
	skip_bytes(&s, n);
	if (bracket) {
		const char *end = memchr(s.text, ']', s.len < 40 ? s.len : 40);

		if (end)
			skip_bytes(&s, (size_t)(end - s.text) + 1);
	}
	while (s.len && s.text[0] == '*')
		skip_bytes(&s, 1);
	*rest = s;
	return true;
}

/* A list line of an attempts history. False if it is none. */
static bool attempt_line(struct scan *s, uint32_t item, struct md_slice line,
			 unsigned number)
{
	struct md_slice stamp = slice("", 0), name, rest = line;
	bool has_date = dated(&stamp, &rest, line);

	if (!attempt_number(&name, &rest, ledger_skip_separator(rest))) {
		if (!has_date || (s->list != PLAN_FIELD_ATTEMPTS &&
				  area_of(s) != AREA_ATTEMPTS))
			return false;
		name = stamp;
	}
	add_attempt(s, item, slice("", 0), name, rest, number);
	return true;
}

/* "2026-01-22T02:40Z — X-1.A2 (shipped)". False if it is none. */
static bool attempt_heading(struct scan *s, const struct md_line *l,
			    struct md_slice h)
{
	struct md_slice stamp = slice("", 0), name, rest = h, id = slice("", 0), t;
	uint32_t item = current(s);
	bool has_date = dated(&stamp, &rest, h);
	size_t n;

	if (attempt_number(&name, &t, ledger_skip_separator(rest))) {
		rest = t;
	} else if (has_date) {
		name = stamp;
		rest = ledger_skip_separator(rest);
		n = ledger_id(rest.text, 0, rest.len, s->pattern);
		if (n) {
			id = slice(rest.text, n);
		} else if (ledger_split(&id, &t, rest, s->pattern)) {
			n = (size_t)(t.text - rest.text);
		} else if (area_of(s) == AREA_ATTEMPTS && item == PLAN_NO_ITEM) {
			/* "seed S1-S2": the first word is the id. */
			while (n < rest.len && n < LEDGER_ID_MAX && rest.text[n] != ' ')
				n++;
			id = slice(rest.text, n);
		}
		skip_bytes(&rest, n);
	} else {
		return false;
	}
	if (item == PLAN_NO_ITEM && !id.len && area_of(s) != AREA_ATTEMPTS)
		return false;
	add_attempt(s, item, id, name, rest, l->number);
	return true;
}

/* --- headings ------------------------------------------------------------ */

static enum area area_named(const struct scan *s, struct md_slice h)
{
	bool inside = current(s) != PLAN_NO_ITEM;

	if (h.len >= MD_KEY_SIZE || !h.len || h.text[0] == '[')
		return AREA_NONE;
	h = md_unwrap(h);
	while (h.len && h.text[h.len - 1] == ':')
		h.len--;
	if (md_key_is(h, "attempts history|attempts|attempt history|history|"
			 "attempt log"))
		return AREA_ATTEMPTS;
	if (!inside && md_key_is(h, "current focus|focus|active focus|now"))
		return AREA_FOCUS;
	if (!inside && md_key_is(h, "status"))
		return AREA_STATUS;
	if (inside && md_key_is(h, "status|priority|owner|dependencies|depends on|"
				   "prerequisites|blocked by|requires|component"))
		return AREA_FIELD;
	return AREA_NONE;
}

/* "✅ [ID] Title", "[x] ID: Title", "~~ID: Title~~", "Task ID: Title" */
static bool split_heading(struct scan *s, struct md_slice h, struct md_slice *id,
			  struct md_slice *title, struct md_slice *status)
{
	static const char *const kinds[] = { "Task ", "Item ", "Issue ", "Story ",
					     "Bug ", "Feature ", "Ticket " };

	*status = slice("", 0);
	if (h.len > 4 && h.text[0] == '[' && h.text[2] == ']' && h.text[3] == ' ') {
		*status = slice(h.text, 3);
		skip_bytes(&h, 4);
	} else if (h.len && (unsigned char)h.text[0] >= 0xe0) {
		const char *end = memchr(h.text, ' ', h.len < 12 ? h.len : 12);

		if (end) {
			*status = slice(h.text, (size_t)(end - h.text));
			skip_bytes(&h, status->len + 1);
		}
	}
	h = md_trim(h);
	for (size_t k = 0; k < ARRAY_SIZE(kinds) && h.len && h.text[0] != '['; k++) {
		size_t n = strlen(kinds[k]);

		if (h.len > n && strncasecmp(h.text, kinds[k], n) == 0)
			skip_bytes(&h, n);
	}
	if (h.len > 4 && memcmp(h.text, "~~", 2) == 0)
		*status = slice("done", 4);
	return ledger_split(id, title, h, s->pattern);
}

/* Whether all of it is a status: "open", not "open source". */
static bool is_status(struct scan *s, struct md_slice t)
{
	if (!t.len || plan_state_of(s->b, t) == PLAN_UNKNOWN)
		return false;
	return !memchr(t.text, ' ', t.len) ||
	       md_key_is(t, "in progress|not started|on hold|in review");
}

/* "Title (done)", "Title [DONE]", "Title — DONE", "Title ✅": take the status
 * off the end of a heading, if that is one. */
static void status_at_end(struct scan *s, uint32_t item, struct md_slice title)
{
	static const char open[] = "([ ", close[] = ")] ";

	for (size_t k = 0; open[k] && title.len; k++) {
		size_t n = title.len < 24 ? title.len : 24;
		const char *at = memrchr(title.text + title.len - n, open[k], n);
		struct md_slice end, before;

		if (!at || (open[k] != ' ' && title.text[title.len - 1] != close[k]))
			continue;
		before = md_trim(slice(title.text, (size_t)(at - title.text)));
		end = slice(at + 1, title.len - (size_t)(at - title.text) - 1);
		if (open[k] != ' ')
			end.len--;
		/* A word alone must shout: "what is done" is a title. */
		else if (!end.len || ((unsigned char)end.text[0] < 0x80 &&
				      (end.text[0] < 'A' || end.text[end.len - 1] > 'Z')))
			continue;
		if (!is_status(s, end))
			continue;
		plan_set_status(s->b, &s->p->v[item], end);
		while (before.len && strchr("-:", before.text[before.len - 1]) &&
		       before.text[before.len - 1])
			before.len--;
		if (before.len > 3 && memcmp(before.text + before.len - 3, "\xe2\x80", 2) == 0)
			before.len -= 3;
		before = md_trim(before);
		s->p->v[item].title = plan_plain(s->b, before.text, before.len);
		return;
	}
}

static bool starts_item(const struct scan *s, struct md_slice h, struct md_slice id,
			unsigned level)
{
	bool bracketed = id.text > h.text && memchr(h.text, '[',
						    (size_t)(id.text - h.text));
	bool global = memchr(id.text, '-', id.len) || id.text[0] == '#';

	if (s->phase || in_history(s) || (level == 1 && !bracketed))
		return false;
	/* "### A1: ..." below an item is a step of it. */
	return current(s) == PLAN_NO_ITEM || bracketed || global;
}

/* An item that is nothing but an id may have a title in its own file. */
static void phase_title(struct scan *s, uint32_t item, struct md_slice h)
{
	struct md_slice id, title;

	if (*s->p->v[item].title)
		return;
	if (ledger_split(&id, &title, h, s->pattern))
		h = title;
	s->p->v[item].title = plan_plain(s->b, h.text, h.len);
}

static void open_heading(struct scan *s, const struct md_line *l, unsigned level,
			 struct md_slice h)
{
	struct open_section *x;
	struct md_slice id, title, status;
	enum area area;
	uint32_t item;

	/* What the heading says counts where it stands: above its own level. */
	close_sections(s, level, l->begin, l->number - 1);
	item = current(s);
	area = area_named(s, h);
	if (area == AREA_NONE && in_history(s))
		area = area_of(s);
	s->list = PLAN_FIELD_OTHER;
	s->box = PLAN_NO_ITEM;
	s->field_key = h;
	for (; s->depth < level - 1; s->depth++) {
		s->level[s->depth + 1] = s->level[s->depth];
		s->level[s->depth + 1].starts = false;
	}
	x = &s->level[level];
	if (attempt_heading(s, l, h)) {
		*x = (struct open_section){ item, AREA_ATTEMPT, false };
	} else if (split_heading(s, h, &id, &title, &status) &&
		   starts_item(s, h, id, level)) {
		item = add_item(s, PLAN_SECTION, id, title, l);
		if (item != PLAN_NO_ITEM && status.len)
			plan_set_status(s->b, &s->p->v[item], status);
		if (item != PLAN_NO_ITEM)
			status_at_end(s, item, title);
		*x = (struct open_section){ item, AREA_NONE, true };
	} else {
		*x = (struct open_section){ item, area, false };
		if (s->phase && level == 1 && item != PLAN_NO_ITEM)
			phase_title(s, item, h);
	}
	s->depth = level;
}

/* --- tables -------------------------------------------------------------- */

/* "**ID**", "[ID](#anchor)": what a header cell says. */
static struct md_slice head_name(struct md_slice s)
{
	const char *end;

	s = md_unwrap(s);
	end = s.len && s.text[0] == '[' ? memmem(s.text, s.len, "](", 2) : NULL;
	return end ? md_unwrap(slice(s.text + 1, (size_t)(end - s.text) - 1)) : s;
}

static size_t column(const struct md_table *t, const char *names)
{
	for (size_t i = 0; i < t->columns; i++)
		if (md_key_is(head_name(slice(t->head[i].text, t->head[i].len)), names))
			return i;
	return NO_COLUMN;
}

static void read_head(struct scan *s, const struct md_table *t)
{
	bool says_more;

	s->id = column(t, "id|task id|item id|issue id|key|#|ticket|issue|item|"
			  "task|initiative|story|nr|no");
	s->title = column(t, "title|name|description|summary|task description|what|"
			     "task|item|goal|scope");
	if (s->title == s->id)
		s->title = NO_COLUMN;
	s->status = column(t, "status|state|done|current status");
	s->priority = column(t, "priority|prio|p|severity");
	s->owner = column(t, "owner|owner/date|assignee|assigned to|who");
	s->depends = column(t, "depends on|dependencies|depends|deps|blocked by|"
			       "requires|needs|prerequisites");
	s->component = column(t, "component|area|module|package");
	says_more = s->status != NO_COLUMN || s->priority != NO_COLUMN ||
		    s->depends != NO_COLUMN;
	if (!says_more)
		s->id = NO_COLUMN;
	/* In an item's section its table counts steps, if it says which are done. */
	s->is_checklist = current(s) != PLAN_NO_ITEM && s->status != NO_COLUMN &&
			  !in_history(s);
}

static struct md_slice cell(const struct md_table *t, size_t i)
{
	if (i >= t->columns)
		return slice("", 0);
	return slice(t->cells[i].text, t->cells[i].len);
}

static void count_step(struct scan *s, uint32_t item, bool done)
{
	struct plan_item *i = &s->p->v[item];

	i->total++;
	i->done += done;
}

static void read_row(struct scan *s, const struct md_table *t,
		     const struct md_line *l)
{
	struct md_slice first = cell(t, s->id), id, title = slice("", 0), rest;
	struct plan_item *i;
	uint32_t item;

	if (s->is_checklist) {
		enum plan_state state = plan_state_of(s->b, cell(t, s->status));

		count_step(s, current(s), state == PLAN_DONE);
		return;
	}
	if (s->id >= t->columns || current(s) != PLAN_NO_ITEM || in_history(s))
		return;
	if (!ledger_split(&id, &rest, first, s->pattern)) {
		/* The column says that it is an id, whatever it looks like. */
		id = md_unwrap(first);
		rest = slice("", 0);
		if (!id.len || id.len > LEDGER_ID_MAX || memchr(id.text, ' ', id.len) ||
		    id.text[0] == '-' || (unsigned char)id.text[0] >= 0x80)
			return;
	}
	title = s->title < t->columns ? cell(t, s->title) : rest;
	item = add_item(s, PLAN_ROW, id, title, l);
	if (item == PLAN_NO_ITEM)
		return;
	i = &s->p->v[item];
	plan_set_status(s->b, i, cell(t, s->status));
	plan_set_priority(s->b, i, cell(t, s->priority));
	if (s->owner < t->columns && cell(t, s->owner).len)
		i->owner = plan_plain(s->b, cell(t, s->owner).text,
				      cell(t, s->owner).len);
	if (s->component < t->columns && cell(t, s->component).len)
		i->component = plan_plain(s->b, cell(t, s->component).text,
					  cell(t, s->component).len);
	if (s->depends < t->columns)
		plan_depends_value(s->b, item, cell(t, s->depends), l->number);
}

/* --- lists and text ------------------------------------------------------ */

/* Tags in front of a title: "[P]" runs beside others, "[US1]" names a story,
 * "[P1]" and "(high)" are priorities. */
static struct md_slice take_tags(struct scan *s, uint32_t item, struct md_slice t)
{
	while (t.len > 2 && t.text[0] == '[') {
		const char *end = memchr(t.text, ']', t.len < 16 ? t.len : 16);
		struct md_slice tag;
		char word[16];

		if (!end || end + 1 == t.text + t.len || end[1] != ' ')
			break;
		tag = slice(t.text + 1, (size_t)(end - t.text) - 1);
		memcpy(word, tag.text, tag.len);
		word[tag.len] = '\0';
		if (plan_rank_of(s->b, word) != PLAN_NO_PRIORITY)
			plan_set_priority(s->b, &s->p->v[item], tag);
		t = ledger_skip_separator(slice(end + 1, (size_t)(t.text + t.len - end) - 1));
	}
	return t;
}

/* "Title — what came of it", in a list of what is done. */
static struct md_slice without_result(struct md_slice t)
{
	const char *dash = memmem(t.text, t.len, " \xe2\x80\x94 ", 5);

	if (!dash)
		dash = memmem(t.text, t.len, " \xe2\x80\x93 ", 5);
	return dash ? slice(t.text, (size_t)(dash - t.text)) : t;
}

/* "T003 Title": in a list of tasks an id needs nothing behind it, if it is
 * capitals and then digits, two at least or one letter ("MD5 sums" is a title). */
static bool task_number(struct md_slice *id, struct md_slice *title,
			struct md_slice t)
{
	size_t letters = 0, n = 0;

	while (n < t.len && n < 8 && t.text[n] >= 'A' && t.text[n] <= 'Z')
		n++;
	letters = n;
	while (n < t.len && n < 16 && t.text[n] >= '0' && t.text[n] <= '9')
		n++;
	if (!letters || n - letters < (letters > 1 ? 2 : 1) || n == t.len ||
	    t.text[n] != ' ')
		return false;
	*id = slice(t.text, n);
	*title = md_trim(slice(t.text + n, t.len - n));
	return true;
}

static void box_item(struct scan *s, const struct md_bullet *x,
		     const struct md_line *l)
{
	struct md_slice id, title;
	uint32_t item;

	if (!ledger_split(&id, &title, x->rest, s->pattern) &&
	    !task_number(&id, &title, x->rest)) {
		s->p->loose++;
		return;
	}
	item = add_item(s, PLAN_BOX, id, slice("", 0), l);
	if (item == PLAN_NO_ITEM)
		return;
	title = take_tags(s, item, title);
	if (x->box == MD_DONE)
		title = without_result(title);
	s->p->v[item].title = plan_plain(s->b, title.text, title.len);
	plan_set_status(s->b, &s->p->v[item],
			x->box == MD_DONE ? slice("[x]", 3) :
			x->mark == '~' || x->mark == '-' || x->mark == '/' ?
			slice("[~]", 3) : slice("[ ]", 3));
	plan_find_paths(s->b, item, l->text, l->len);
	plan_depends_prose(s->b, item, l->text, l->len, l->number);
	s->box = item;
	s->box_indent = x->indent;
}

static bool further_in(struct scan *s, const struct md_line *l, unsigned indent)
{
	if (s->box == PLAN_NO_ITEM || indent <= s->box_indent)
		return false;
	s->p->v[s->box].end = l->next;
	s->p->v[s->box].line_end = l->number;
	return true;
}

/* "Result: failed" below the heading of an attempt. */
static void attempt_field(struct scan *s, const struct md_line *l)
{
	struct plan_attempt *a;
	struct md_field f;

	if (area_of(s) != AREA_ATTEMPT || !s->p->attempts_nr)
		return;
	a = &s->p->attempts[s->p->attempts_nr - 1];
	if (!*a->result && a->file == s->file && md_field(&f, l->text, l->len) &&
	    md_key_is(f.key, "result|outcome|status") && f.value.len)
		plan_attempt_result(s->b, a, f.value);
}

/* What a line in the section of `item` says about it. */
static void item_line(struct scan *s, uint32_t item, const struct md_line *l,
		      const struct md_bullet *x, bool bullet)
{
	unsigned indent = 0;
	struct md_field f;
	bool field;

	if (bullet && x->box != MD_NO_BOX && !in_history(s))
		count_step(s, item, x->box == MD_DONE);
	if (bullet && x->box == MD_NO_BOX && area_of(s) != AREA_ATTEMPT &&
	    attempt_line(s, item, x->rest, l->number))
		return;
	field = (!bullet || x->box == MD_NO_BOX) && md_field(&f, l->text, l->len);
	if (bullet)
		indent = x->indent;
	else if (field)
		indent = f.indent;
	if (field && (s->list == PLAN_FIELD_OTHER || indent <= s->list_indent) &&
	    !in_history(s) && indent < 4) {
		enum plan_field_kind kind = plan_take_field(s->b, item, &f, l->number);

		s->list = kind == PLAN_FIELD_ATTEMPTS ||
			  (kind == PLAN_FIELD_DEPENDS && !f.value.len) ?
			  kind : PLAN_FIELD_OTHER;
		s->list_indent = f.indent;
		if (kind != PLAN_FIELD_OTHER)
			return;
	}
	if (s->list == PLAN_FIELD_DEPENDS && bullet && indent >= s->list_indent) {
		plan_depends_value(s->b, item, x->rest, l->number);
		return;
	}
	if (s->list == PLAN_FIELD_DEPENDS && bullet)
		s->list = PLAN_FIELD_OTHER;
	if (s->list != PLAN_FIELD_ATTEMPTS && !in_history(s)) {
		plan_find_paths(s->b, item, l->text, l->len);
		plan_depends_prose(s->b, item, l->text, l->len, l->number);
	}
}

static void focus_line(struct scan *s, const struct md_line *l)
{
	struct md_slice id, title, t = md_trim(slice(l->text, l->len));
	struct open_section *x = &s->level[s->depth];
	bool bold = t.len > 4 && memcmp(t.text, "**", 2) == 0;
	struct md_bullet bullet;
	size_t n;

	if (md_bullet(&bullet, l->text, l->len))
		t = bullet.rest;
	if (!ledger_split(&id, &title, t, s->pattern)) {
		/* "**seed — Title**": any word, since it stands here. */
		const char *dash = bold ? memmem(t.text, t.len, " \xe2\x80\x94", 4) : NULL;

		n = dash ? (size_t)(dash - t.text) - 2 : 0;
		if (!n || n > LEDGER_ID_MAX || memchr(t.text + 2, ' ', n))
			return;
		id = slice(t.text + 2, n);
		title = ledger_skip_separator(slice(dash, (size_t)(t.text + t.len - dash)));
	}
	x->item = add_item(s, PLAN_FOCUS, id, title, l);
	if (x->item == PLAN_NO_ITEM)
		return;
	x->starts = true;
	x->area = AREA_NONE;
	if (!s->p->focus)
		s->p->focus = s->p->v[x->item].id;
}

/* "Current Focus: ID" above every item. */
static bool names_focus(struct scan *s, const struct md_line *l)
{
	struct md_slice id, title;
	struct md_field f;

	if (!md_field(&f, l->text, l->len) ||
	    !md_key_is(f.key, "current focus|focus|active focus") ||
	    !ledger_split(&id, &title, f.value, s->pattern))
		return false;
	s->p->focus = arena_strn(&s->p->memory, id.text, id.len);
	return true;
}

/* Text below "### Status", "### Dependencies". */
static void field_text(struct scan *s, uint32_t item, const struct md_line *l)
{
	struct md_bullet x;
	struct md_field f = { .key = s->field_key,
			      .value = md_trim(slice(l->text, l->len)) };

	if (md_bullet(&x, l->text, l->len))
		f.value = x.rest;
	f.key = md_unwrap(f.key);
	plan_take_field(s->b, item, &f, l->number);
}

static void text_line(struct scan *s, const struct md_line *l)
{
	uint32_t item = current(s);
	struct md_bullet x;
	bool bullet = md_bullet(&x, l->text, l->len);

	if (area_of(s) == AREA_ATTEMPT)
		attempt_field(s, l);
	if (area_of(s) == AREA_FIELD) {
		field_text(s, item, l);
	} else if (item != PLAN_NO_ITEM) {
		item_line(s, item, l, &x, bullet);
	} else if (area_of(s) == AREA_FOCUS) {
		focus_line(s, l);
	} else if (area_of(s) == AREA_STATUS && !s->b->plan_status) {
		s->b->plan_status = arena_strn(&s->p->memory, l->text,
					       l->len < 200 ? l->len : 200);
	} else if (further_in(s, l, x.indent)) {
		item_line(s, s->box, l, &x, bullet);
	} else if (!s->p->focus && names_focus(s, l)) {
		s->box = PLAN_NO_ITEM;
	} else if (bullet && x.box != MD_NO_BOX && !in_history(s)) {
		box_item(s, &x, l);
	} else {
		s->box = PLAN_NO_ITEM;
	}
}

/* --- the whole ----------------------------------------------------------- */

static void scan_line(struct scan *s, struct md_table *t, const struct md_line *l,
		      const struct md_line *before)
{
	if (l->len > PLAN_LINE_MAX)
		plan_problem_add(s->p, PLAN_LONG_LINE, s->file, l->number,
				 "a line of %zu bytes", l->len);
	if (l->kind == LINE_HEADING)
		open_heading(s, l, l->level, slice(l->title, l->title_len));
	else if (l->kind == LINE_UNDERLINE)
		open_heading(s, before, l->level,
			     md_trim(slice(before->text, before->len)));
	switch (md_table_feed(t, l)) {
	case TABLE_HEAD:
		read_head(s, t);
		if (t->torn)
			plan_problem_add(s->p, PLAN_TORN, s->file, l->number,
					 "the header of this table has other columns "
					 "than the line below it");
		break;
	case TABLE_ROW:
		if (t->torn)
			plan_problem_add(s->p, PLAN_TORN, s->file, l->number,
					 "a row with more cells than its table has "
					 "columns: a pipe needs a backslash");
		read_row(s, t, l);
		break;
	case TABLE_NONE:
		if (l->kind == LINE_TEXT)
			text_line(s, l);
		else if (l->kind == LINE_BLANK && s->list == PLAN_FIELD_DEPENDS)
			s->list = PLAN_FIELD_OTHER;
		break;
	}
}

static void scan_text(struct scan *s, const char *text, size_t len,
		      const char *path)
{
	struct md_table *table = xmalloc(sizeof(*table));
	struct plan *p = s->p;
	struct md_line l, before;
	struct md_scan scan;

	ALLOC_GROW(p->files, p->files_nr + 1, p->files_alloc);
	s->file = (uint16_t)p->files_nr;
	p->files[p->files_nr++] = arena_strn(&p->memory, path, strlen(path));
	s->box = PLAN_NO_ITEM;
	memset(&before, 0, sizeof(before));
	md_table_init(table);
	for (md_scan_init(&scan, text, len); md_scan_next(&scan, &l); before = l)
		scan_line(s, table, &l, &before);
	close_sections(s, 1, len, scan.number);
	if (scan.open_line)
		plan_problem_add(p, PLAN_OPEN, s->file, scan.open_line,
				 "a fence or comment that is never closed");
	free(table);
}

void plan_scan(struct plan_builder *b, const char *text, size_t len,
	       const char *path)
{
	struct scan s = { .b = b, .p = b->p, .pattern = plan_item_pattern(b) };

	s.level[0].item = PLAN_NO_ITEM;
	scan_text(&s, text, len, path);
}

void plan_scan_phase(struct plan_builder *b, const char *text, size_t len,
		     const char *path, uint32_t item)
{
	struct scan s = { .b = b, .p = b->p, .pattern = plan_item_pattern(b) };

	if (b->p->files_nr >= UINT16_MAX)
		return;
	s.level[0].item = item;
	s.phase = true;
	scan_text(&s, text, len, path);
}
