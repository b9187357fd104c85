#ifndef ORCH_VIEW_PAGE_H
#define ORCH_VIEW_PAGE_H
/* What people and programs see of a view (orch/view.h). */
struct json;
struct output;
struct view_seen;
struct view_status;

/* What the actor saw last, each document and its state, the sums; all of it
 * as JSON, too. */
void view_page(struct output *out, const struct view_status *s,
	       const struct view_seen *seen, const char *actor);
#endif
