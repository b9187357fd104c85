/*
 * Tables of a plan: indexes of items outside of sections, checklists inside.
 */
#include "orch/plan_scan.h"

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

void scan_table_head(struct scan *s, const struct md_table *t)
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

void scan_table_row(struct scan *s, const struct md_table *t,
		    const struct md_line *l)
{
	struct md_slice first = cell(t, s->id), id, title = slice("", 0), rest;
	struct plan_item *i;
	uint32_t item;

	if (s->is_checklist) {
		enum plan_state state = plan_state_of(s->b, cell(t, s->status));

		scan_count_step(s, current(s), state == PLAN_DONE);
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
	item = scan_add_item(s, PLAN_ROW, id, title, l);
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
