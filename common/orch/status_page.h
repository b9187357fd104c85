#ifndef ORCH_STATUS_PAGE_H
#define ORCH_STATUS_PAGE_H
/*
 * `git orch` alone: the loop, whose turn it is, who holds it, the last
 * receipts, what to type next. Before `init`: what was found here, and
 * ORCH_ENO without a message.
 */
int status_page(void);
#endif
