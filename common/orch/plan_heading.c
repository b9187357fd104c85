/*
 * What a heading starts: an item, an attempt, or an area such as the current
 * focus.
 */
#include "orch/plan_scan.h"

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
		scan_skip(&h, 4);
	} else if (h.len && (unsigned char)h.text[0] >= 0xe0) {
		const char *end = memchr(h.text, ' ', h.len < 12 ? h.len : 12);

		if (end) {
			*status = slice(h.text, (size_t)(end - h.text));
			scan_skip(&h, status->len + 1);
		}
	}
	h = md_trim(h);
	for (size_t k = 0; k < ARRAY_SIZE(kinds) && h.len && h.text[0] != '['; k++) {
		size_t n = strlen(kinds[k]);

		if (h.len > n && strncasecmp(h.text, kinds[k], n) == 0)
			scan_skip(&h, n);
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

/* "## Done", "## Backlog": the state of items below that have none. */
static enum plan_state state_named(struct md_slice h)
{
	static const struct {
		enum plan_state state;
		const char *names;
	} t[] = {
		{ PLAN_DONE, "done|completed|complete|completed items|completed tasks|"
			     "done items|finished|closed|archive|archived" },
		{ PLAN_ACTIVE, "in progress|active|active items|active tasks|doing|wip" },
		{ PLAN_BLOCKED, "blocked|on hold|waiting|deferred" },
		{ PLAN_PLANNED, "backlog|todo|to do|todos|planned|pending|open|"
				"open items|next|next up|up next" },
	};

	h = md_unwrap(h);
	if (h.len >= MD_KEY_SIZE)
		return PLAN_UNKNOWN;
	while (h.len && (h.text[h.len - 1] == ':' || (unsigned char)h.text[0] >= 0x80 ||
			 h.text[0] == ' ')) {
		if (h.text[h.len - 1] == ':')
			h.len--;
		else
			scan_skip(&h, 1);
	}
	for (size_t k = 0; k < ARRAY_SIZE(t); k++)
		if (md_key_is(h, t[k].names))
			return t[k].state;
	return PLAN_UNKNOWN;
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

void scan_open_heading(struct scan *s, const struct md_line *l, unsigned level,
		       struct md_slice h)
{
	struct open_section *x;
	struct md_slice id, title, status;
	enum plan_state above;
	enum area area;
	uint32_t item;

	/* What the heading says counts where it stands: above its own level. */
	scan_close_sections(s, level, l->begin, l->number - 1);
	item = current(s);
	above = s->level[s->depth].state;
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
	if (scan_attempt_heading(s, l, h)) {
		*x = (struct open_section){ .item = item, .area = AREA_ATTEMPT };
	} else if (split_heading(s, h, &id, &title, &status) &&
		   starts_item(s, h, id, level)) {
		item = scan_add_item(s, PLAN_SECTION, id, title, l);
		if (item != PLAN_NO_ITEM && status.len)
			plan_set_status(s->b, &s->p->v[item], status);
		if (item != PLAN_NO_ITEM)
			status_at_end(s, item, title);
		*x = (struct open_section){ .item = item, .starts = true };
	} else {
		*x = (struct open_section){ .item = item, .area = area,
					    .state = state_named(h) };
		if (x->state == PLAN_UNKNOWN && item == PLAN_NO_ITEM)
			x->state = above;
		if (s->phase && level == 1 && item != PLAN_NO_ITEM)
			phase_title(s, item, h);
	}
	s->depth = level;
}
