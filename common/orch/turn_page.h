#ifndef ORCH_TURN_PAGE_H
#define ORCH_TURN_PAGE_H
/*
 * Where the turn stands, as text and JSON: whose it is, who holds it and
 * whether that process lives, the lease, and whether this work tree has the
 * commit that the turn begins from.
 */
struct orch;
struct output;
struct turn;

void turn_page(struct output *out, struct orch *o, const struct turn *t);
#endif
