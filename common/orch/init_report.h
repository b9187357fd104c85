#ifndef ORCH_INIT_REPORT_H
#define ORCH_INIT_REPORT_H
/*
 * What init did, as text and JSON: workflow, actors, documents, what was left
 * out and why, what was written, what to type next.
 */
struct init;
struct output;

/* After a successful init_run(). */
void init_report(struct output *o, const struct init *in);
#endif
