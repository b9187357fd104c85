#ifndef ORCH_PLAN_INTERNAL_H
#define ORCH_PLAN_INTERNAL_H
/*
 * How a plan comes about: plan_scan.c goes over the lines and fills a builder,
 * with plan_fields.c, plan_paths.c and plan_deps.c for what stands in a line; plan_merge.c makes one item of all that was said about an id.
 * Then phase files may be scanned, each for its item.
 */
#include "base/markdown.h"
#include "base/outline.h"
#include "orch/plan.h"

/* A string in a list that grows while the text is read. */
struct plan_link {
	struct plan_link *next;
	const char *text;
	unsigned line;
	bool weak;	/* from prose: counts only if it is like a known id */
	bool maybe;	/* counts only if it is a known id */
};
struct plan_links {
	struct plan_link *first, *last;
	uint32_t nr;
};

/* What an item is before all of its lines are known; beside plan.v[i]. */
struct plan_draft {
	struct plan_links depends, files;
	enum plan_state state;	/* of the heading above, if it names one */
};

struct plan_builder {
	struct plan *p;
	const struct plan_patterns *patterns;	/* never NULL */
	struct plan_draft *drafts;
	size_t drafts_alloc;
	struct strbuf plain;
	const char *recent[8];		/* values that were seen last */
	size_t next_recent;
	struct arena scratch;		/* what is gone when the plan is finished */
	const char *plan_status;	/* "## Status" of the whole text */
};

void plan_builder_init(struct plan_builder *b, struct plan *p,
		       const struct plan_patterns *patterns);
void plan_scan(struct plan_builder *b, const char *text, size_t len,
	       const char *path);
/* One entry for each item, sorted. Indices of items change. */
void plan_builder_merge(struct plan_builder *b);
/* After that: a text that belongs to one item as a whole. */
void plan_scan_phase(struct plan_builder *b, const char *text, size_t len,
		     const char *path, uint32_t item);
/* Dependencies, attempts, the focus. The builder is used up. */
void plan_builder_finish(struct plan_builder *b);
/* The item of an id, or of what it is a part of; PLAN_NO_ITEM. After merging. */
uint32_t plan_index_of(const struct plan *p, const char *id, bool or_whole);

/* --- plan_fields.c ------------------------------------------------------- */

const char *plan_plain(struct plan_builder *b, const char *text, size_t len);
const struct regex *plan_item_pattern(const struct plan_builder *b);
/* The state that a status text means, and the name of a state (NULL for
 * PLAN_UNKNOWN). */
enum plan_state plan_state_of(const struct plan_builder *b, struct md_slice text);
const char *plan_state_name(enum plan_state s);
int plan_rank_of(const struct plan_builder *b, const char *priority);
void plan_set_status(struct plan_builder *b, struct plan_item *i,
		     struct md_slice text);
void plan_set_priority(struct plan_builder *b, struct plan_item *i,
		       struct md_slice text);
/* Take a "Key: value" that says something about item `index`; a value that was
 * given before stays. Says what kind of field it was. */
enum plan_field_kind {
	PLAN_FIELD_OTHER,
	PLAN_FIELD_PLAIN,
	PLAN_FIELD_DEPENDS,
	PLAN_FIELD_ATTEMPTS
};
enum plan_field_kind plan_take_field(struct plan_builder *b, uint32_t index,
				     const struct md_field *f, unsigned line);
void plan_attempt_result(struct plan_builder *b, struct plan_attempt *a,
			 struct md_slice text);

/* --- plan_paths.c -------------------------------------------------------- */

/* Add the paths that a line names to the item's files. */
void plan_find_paths(struct plan_builder *b, uint32_t index, const char *line,
		     size_t len);

/* --- plan_deps.c --------------------------------------------------------- */

void plan_link_add(struct plan_builder *b, struct plan_links *l,
		   const char *text, unsigned line);
/* Every id in the value of a "Depends on:" field. */
void plan_depends_value(struct plan_builder *b, uint32_t index,
			struct md_slice value, unsigned line);
/* "... depends on A, B" in prose. */
void plan_depends_prose(struct plan_builder *b, uint32_t index, const char *line,
			size_t len, unsigned number);
/* Links into arrays; after merging. */
void plan_depends_resolve(struct plan_builder *b);

/* --- plan_lint.c --------------------------------------------------------- */

void plan_problem_add(struct plan *p, enum plan_problem_kind kind, unsigned file,
		      unsigned line, const char *fmt, ...) PRINTF_LIKE(5, 6);
#endif
