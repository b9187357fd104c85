#ifndef ORCH_VIEW_PAGE_H
#define ORCH_VIEW_PAGE_H
/* What people and programs see of a view and of the next pack (orch/forecast.h). */
struct forecast;
struct output;

/* What the actor saw last, each document with its state and what is to be sent of
 * it, the sums, what packs would be; all of it as JSON, too. */
void view_page(struct output *out, const struct forecast *f, const char *actor);
#endif
