/*
 * Lines of text: tasks with a box, fields, and what a sentence says about the
 * item whose section is open.
 */
#include "orch/plan_scan.h"

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
	item = scan_add_item(s, PLAN_BOX, id, slice("", 0), l);
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

/* What a line in the section of `item` says about it. */
static void item_line(struct scan *s, uint32_t item, const struct md_line *l,
		      const struct md_bullet *x, bool bullet)
{
	unsigned indent = 0;
	struct md_field f;
	bool field;

	if (bullet && x->box != MD_NO_BOX && !in_history(s))
		scan_count_step(s, item, x->box == MD_DONE);
	if (bullet && x->box == MD_NO_BOX && area_of(s) != AREA_ATTEMPT &&
	    scan_attempt_line(s, item, x->rest, l->number))
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
	x->item = scan_add_item(s, PLAN_FOCUS, id, title, l);
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

void scan_text_line(struct scan *s, const struct md_line *l)
{
	uint32_t item = current(s);
	struct md_bullet x;
	bool bullet = md_bullet(&x, l->text, l->len);

	if (area_of(s) == AREA_ATTEMPT)
		scan_attempt_field(s, l);
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
