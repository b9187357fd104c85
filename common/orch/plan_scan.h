#ifndef ORCH_PLAN_SCAN_H
#define ORCH_PLAN_SCAN_H
/*
 * The state of a scan over the lines of a plan, for the files that know one kind
 * of line each: plan_heading.c, plan_table.c, plan_lines.c, plan_attempts.c.
 * plan_scan.c drives them.
 */
#include <strings.h>

#include "orch/ledgerid.h"
#include "orch/plan_internal.h"

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
	enum plan_state state;	/* "## Done": of items below that say nothing */
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

static inline struct md_slice slice(const char *s, size_t len)
{
	return (struct md_slice){ s, len };
}

static inline uint32_t current(const struct scan *s)
{
	return s->level[s->depth].item;
}

static inline enum area area_of(const struct scan *s)
{
	return s->level[s->depth].area;
}

/* What was tried is history: no fields, steps or dependencies of the item. */
static inline bool in_history(const struct scan *s)
{
	return area_of(s) == AREA_ATTEMPTS || area_of(s) == AREA_ATTEMPT;
}

static inline void scan_skip(struct md_slice *s, size_t n)
{
	s->text += n;
	s->len -= n;
}

/* A new item on line `l`: its index, or PLAN_NO_ITEM when there are too many. */
uint32_t scan_add_item(struct scan *s, enum plan_kind kind, struct md_slice id,
		       struct md_slice title, const struct md_line *l);
/* End what the headings of `level` and below had begun. */
void scan_close_sections(struct scan *s, unsigned level, size_t at, unsigned last);
/* One more step of an item's checklist. */
void scan_count_step(struct scan *s, uint32_t item, bool done);

void scan_open_heading(struct scan *s, const struct md_line *l, unsigned level,
		       struct md_slice h);

void scan_table_head(struct scan *s, const struct md_table *t);
void scan_table_row(struct scan *s, const struct md_table *t,
		    const struct md_line *l);

/* A line that is neither heading nor table. */
void scan_text_line(struct scan *s, const struct md_line *l);

/* "* [2026-01-29] Attempt #3 ...", and the same as a heading: false if it is
 * none. Then a line below such a heading. */
bool scan_attempt_line(struct scan *s, uint32_t item, struct md_slice line,
		       unsigned number);
bool scan_attempt_heading(struct scan *s, const struct md_line *l,
			  struct md_slice h);
void scan_attempt_field(struct scan *s, const struct md_line *l);
#endif
