#ifndef BASE_LIVE_H
#define BASE_LIVE_H
/*
 * What a long-running command shows while it works: lines that scroll by and,
 * on a terminal, one status line below them that is drawn over. Everything
 * is made safe for the terminal first; without one the status is not shown.
 *
 *   live_open(&l, 2);
 *   live_text(&l, bytes, len);      // output of others, as it comes
 *   live_status(&l, "> 34/ralph  %s", elapsed);
 *   live_close(&l);
 */
#include "base/compat.h"
#include "base/strbuf.h"

struct live {
	int fd;
	bool is_terminal;	/* a status line can be shown */
	bool color;
	struct strbuf partial;	/* text without its newline yet */
	struct strbuf status;	/* what stands on the terminal; empty: nothing */
};

void live_open(struct live *l, int fd);
/* Text in pieces of any size; whole lines are shown, the rest is kept. */
void live_text(struct live *l, const void *data, size_t len);
/* End the line that live_text() has begun, if any. */
void live_flush(struct live *l);
/* One line of our own. */
void live_line(struct live *l, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Replace the status line; cut at the terminal's width. */
void live_status(struct live *l, const char *fmt, ...) PRINTF_LIKE(2, 3);
void live_clear(struct live *l);	/* take the status line away */
void live_close(struct live *l);
#endif
