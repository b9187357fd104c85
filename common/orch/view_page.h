#ifndef ORCH_VIEW_PAGE_H
#define ORCH_VIEW_PAGE_H
/* What people and programs see of a view and of a pack (orch/view.h). */
struct json;
struct output;
struct pack;
struct view_seen;
struct view_status;

/* What the actor saw last, each document and its state, the sums; all of it
 * as JSON, too. */
void view_page(struct output *out, const struct view_status *s,
	       const struct view_seen *seen, const char *actor);
/* Every document with its text, and beside it as base64 where JSON cannot say
 * its bytes. */
void pack_to_json(struct json *out, const struct pack *p, const char *actor);
#endif
