#ifndef ORCH_NEXT_STEP_H
#define ORCH_NEXT_STEP_H
/*
 * The one command that brings a loop on from where it stands, for the end of
 * `git orch run` and of the status page. It carries the loop's name where a
 * plain one would mean another loop.
 */
struct orch;
struct strbuf;
struct turn;

/* "git orch run --loop x   (why)". `only`: the actor that is played here with
 * --actor; NULL: all of them. The stored error message stands. */
void next_step(struct strbuf *out, struct orch *o, const struct turn *t,
	       const char *only);
#endif
