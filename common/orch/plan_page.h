#ifndef ORCH_PLAN_PAGE_H
#define ORCH_PLAN_PAGE_H
/* How plan items look: a line for each, or an array of the JSON answer. */
#include "base/compat.h"
struct output;
struct plan;
struct plan_item;

/* path, focus and `items` of the answer, and the lines of the text. */
void plan_page(struct output *out, const struct plan *p,
	       const struct plan_item *const *v, size_t nr);
/* Add "; did you mean A, B?" for an id that is not in the plan. */
struct strbuf;
void plan_suggest(struct strbuf *out, const struct plan *p, const char *id);
#endif
