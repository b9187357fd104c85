#ifndef ORCH_PLAN_H
#define ORCH_PLAN_H
/*
 * The plan: the ledger of work items (orch.plan), read from Markdown that
 * people and agents write. FACTS: index tables, "## [ID] Title" sections with
 * field lines, "## Current Focus" with "**ID — Title**", attempt sections,
 * "- [ ] T003 Title" lists; all may stand in one text, and whatever is not
 * understood is left alone.
 *
 *   struct plan p = PLAN_INIT;
 *   plan_parse(&p, text, len, "docs/fix_plan.md", NULL);   any text, or
 *   rc = plan_load(&p, &orch, NULL);	                     the work tree's
 *   ... p.v[0..p.nr), plan_find(), plan_ready(), plan_lint(), plan_compare()
 *   plan_release(&p);
 *
 * plan_parse() works on memory alone, in time that grows with the text and not
 * faster, whatever is in it. Strings belong to the plan; offsets are into the
 * text of the file that the item names.
 */
#include "base/arena.h"
#include "base/compat.h"
#include "base/regex.h"
#include "base/strbuf.h"
struct json;
struct orch;

/* --- patterns ------------------------------------------------------------ */

/*
 * What replaces the built-in rules (git-orch-config(5), orch.plan...); a regex
 * without code and a NULL list leave them as they are.
 */
struct plan_patterns {
	struct regex item;		/* what an id looks like; REGEX_ANCHORED */
	struct regex done, active, blocked;	/* of a status text */
	struct regex depends;		/* what introduces dependencies in prose */
	char *priority;	/* "critical|p0 high|p1 ...": highest first */
	char *phases;	/* "plans/active/{id}/": where an item's files lie */
};
#define PLAN_PATTERNS_INIT { REGEX_INIT, REGEX_INIT, REGEX_INIT, REGEX_INIT, \
			     REGEX_INIT, NULL, NULL }
/* ORCH_EINVALID names the key. */
int plan_patterns_load(struct plan_patterns *p, struct orch *o);
void plan_patterns_release(struct plan_patterns *p);

/* --- items --------------------------------------------------------------- */

enum plan_state {
	PLAN_UNKNOWN,		/* no status, or one that means nothing to us */
	PLAN_PLANNED,
	PLAN_ACTIVE,		/* in_progress */
	PLAN_BLOCKED,
	PLAN_CANCELLED,		/* finished, but not done */
	PLAN_DONE
};
enum plan_kind {
	PLAN_SECTION,		/* "## [ID] Title" */
	PLAN_FOCUS,		/* "**ID — Title**" below "Current Focus" */
	PLAN_ROW,		/* a row of an index table and nothing more */
	PLAN_BOX		/* "- [ ] ID Title" */
};
#define PLAN_NO_PRIORITY 1000
#define PLAN_NO_ITEM UINT32_MAX

struct plan_item {
	const char *id;
	const char *title;		/* plain text, "" if there is none */
	const char *status;		/* "done", "in_progress", "blocked",
					 * "planned", "cancelled", else as written;
					 * NULL if there is none */
	const char *status_text;	/* as written, NULL */
	const char *priority;		/* as written, NULL */
	const char *owner, *component;	/* NULL */
	const char **depends_on;	/* ids, each once, known ones first */
	const char **files;		/* paths, each once */
	uint32_t depends_nr, files_nr;
	size_t begin, end;		/* bytes in the file */
	unsigned line_start, line_end;
	unsigned done, total;		/* checklist */
	unsigned attempts;
	int rank;			/* of the priority; smaller is first */
	uint32_t copy;			/* 0 for the first of this id */
	uint16_t file;			/* plan.files[file] */
	uint8_t state, kind;		/* enum plan_state, plan_kind */
	bool focus;
};

struct plan_attempt {
	const char *id;		/* as written: may name a part, "X-1.A2" */
	uint32_t item;		/* index, or PLAN_NO_ITEM */
	uint16_t file;
	const char *name;	/* "12", or a stamp; "" */
	const char *result;	/* "success", "failed", ...; as written, or "" */
	const char *title;	/* the rest of the line, plain and shortened */
	unsigned line;
};

enum plan_problem_kind {
	PLAN_DUPLICATE,		/* an id for the second time */
	PLAN_UNKNOWN_ID,	/* depends on what is not there */
	PLAN_CIRCLE,		/* depends on itself, by way of others */
	PLAN_DISAGREES,		/* index and section */
	PLAN_TORN,		/* a row with more cells than its table */
	PLAN_LONG_LINE,		/* over PLAN_LINE_MAX bytes */
	PLAN_OPEN		/* a fence or comment that is never closed */
};
#define PLAN_LINE_MAX 10240
struct plan_problem {
	uint8_t kind;
	uint16_t file;
	unsigned line;
	const char *text;
};

struct plan {
	struct plan_item *v;		/* in the order of the text */
	size_t nr, alloc;
	uint32_t *by_id;		/* indices sorted by id and copy */
	struct plan_attempt *attempts;	/* in the order of the text */
	size_t attempts_nr, attempts_alloc;
	struct plan_problem *problems;	/* found while reading; see plan_lint() */
	size_t problems_nr, problems_alloc;
	const char **files;		/* paths: the plan, then phase files */
	size_t files_nr, files_alloc;
	const char *focus;		/* id, NULL */
	unsigned loose;			/* tasks without an id, outside of items */
	bool truncated;			/* more than PLAN_ITEMS items */
	struct strbuf text;		/* plan_load(): the plan's bytes */
	struct arena memory;
};
#define PLAN_INIT { NULL, 0, 0, NULL, NULL, 0, 0, NULL, 0, 0, NULL, 0, 0, \
		    NULL, 0, false, STRBUF_INIT, ARENA_INIT }
/* Bounds for hostile texts. */
#define PLAN_ITEMS ((size_t)1 << 18)
#define PLAN_ITEM_FILES 64
#define PLAN_ITEM_DEPENDS 256
#define PLAN_PROBLEMS 10000

/* Read a text; `patterns` may be NULL. */
void plan_parse(struct plan *p, const char *text, size_t len, const char *path,
		const struct plan_patterns *patterns);
/*
 * Read the plan of the work tree: `path`, or orch.plan if NULL, or, when that is
 * not configured and not there, what discovery finds; then each item's phase
 * files, and the focus that orch.input names. ORCH_ENOTFOUND when there is no
 * plan, and what to do about it.
 */
int plan_load(struct plan *p, struct orch *o, const char *path);
/* The same as of a commit; NULL is the work tree, and in a zero oid is nothing. */
struct oid;
int plan_load_at(struct plan *p, struct orch *o, const char *path,
		 const struct oid *commit);
void plan_release(struct plan *p);	/* safe on _INIT, and twice */

/* The first item of this id (exact), or NULL. */
const struct plan_item *plan_find(const struct plan *p, const char *id);
/* The item that is meant by "X-1.A2" too: exact, else without ".A2". */
const struct plan_item *plan_find_part(const struct plan *p, const char *id);
const char *plan_path(const struct plan *p, unsigned file);
bool plan_is_finished(const struct plan_item *i);	/* done or cancelled */

/* --- questions ----------------------------------------------------------- */

/*
 * What can be worked on: neither finished nor blocked by its own word, nothing
 * unfinished that it depends on (what the plan does not know counts as
 * finished: plans are archived), first of its id. Highest priority first, then
 * the focus, work in progress, and the order of the text. *list is yours.
 */
void plan_ready(const struct plan *p, const struct plan_item ***list, size_t *nr);
/*
 * Everything wrong with the plan, in p->problems, sorted by file and line.
 * Adds what needs the whole plan to what was found while reading; call once.
 */
void plan_lint(struct plan *p);
const char *plan_problem_name(enum plan_problem_kind kind);	/* "duplicate-id" */

enum plan_change {
	PLAN_NEW,
	PLAN_COMPLETED,		/* not done before, done now; also new and done */
	PLAN_CHANGED,		/* `field`, from, to */
	PLAN_GONE,
	PLAN_ATTEMPT		/* a new one */
};
struct plan_report {
	enum plan_change what;
	const struct plan_item *before, *now;	/* NULL: new; gone */
	const char *field, *from, *to;	/* PLAN_CHANGED; "" where nothing was */
	const struct plan_attempt *attempt;
};
typedef void plan_reporter(const struct plan_report *r, void *data);
/*
 * What differs between two versions: items sorted by id, then attempts in the
 * order of the text. Fields: title, status, priority, owner, depends_on,
 * checklist ("3/7"). An item that is completed is not reported as a changed
 * status as well.
 */
void plan_compare(const struct plan *before, const struct plan *now,
		  plan_reporter *report, void *data);

/* --- as JSON ------------------------------------------------------------- */

/* {id,title,status,...}: see git-orch-plan(1). */
void plan_item_to_json(struct json *object, const struct plan *p,
		       const struct plan_item *i);
void plan_attempt_to_json(struct json *object, const struct plan *p,
			  const struct plan_attempt *a);
void plan_problem_to_json(struct json *object, const struct plan *p,
			  const struct plan_problem *x);
#endif
