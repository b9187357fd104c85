#ifndef ORCH_TURN_PAGE_H
#define ORCH_TURN_PAGE_H
/*
 * Where the turn stands, as text and JSON: whose it is, who holds it and
 * whether that process lives, the lease, and whether this work tree has the
 * commit that the turn begins from.
 */
struct json;
struct orch;
struct output;
struct strbuf;
struct turn;

/*
 * Of a turn with t->sync.remote: how old is what is known of other machines, as
 * ", as of 3m ago" and as the member "remote_as_of".
 */
void turn_add_as_of(struct strbuf *out, struct json *json, struct orch *o,
		    const struct turn *t);
void turn_page(struct output *out, struct orch *o, const struct turn *t);
#endif
