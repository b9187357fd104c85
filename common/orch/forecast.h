#ifndef ORCH_FORECAST_H
#define ORCH_FORECAST_H
/*
 * What an actor has seen, and what the next pack would bring: each document's
 * change since the last acknowledged pack, and the tokens of a resumed and of a
 * fresh session. Records nothing. Where nothing is to be sent no document is read
 * and no pack composed.
 *
 *   forecast_make(&f, o, actor);
 *   view_page(&out, &f, actor);
 *   forecast_release(&f);
 */
#include "base/compat.h"
#include "base/strvec.h"
#include "orch/pack.h"
#include "orch/view.h"
struct orch;

/* What a session that saw the last pack gets of a document. */
struct forecast_change {
	int64_t tokens;
	int64_t added, removed;	/* lines, of a diff */
	size_t hunks;		/* 0: no diff */
	struct strvec headings;	/* that they are under, each once */
	bool whole;		/* a change that is no smaller than the text */
	char *from;		/* the name before a rename; NULL */
};
struct forecast {
	struct view_status status;
	struct view_seen seen;
	struct forecast_change *changes;	/* of each document of the status */
	int64_t session_turns;	/* the most of one session */
	bool resumes;		/* a session goes on: there is a command for it, or
				 * it is somebody's own, packed outside a turn */
	bool can_resume;	/* the agent is one that we know how to resume */
	int64_t cache_left;	/* seconds that the last pack is still cached */
	int64_t budget;		/* tokens; 0: none */
	int64_t resumed;	/* tokens; -1: there is no session to resume */
	/* Tokens of a fresh session's pack: key frame, sealed, open, and what is said of
	 * documents that are not there whole. */
	int64_t frame, sealed, open, rest;
	char *frame_turn;	/* "31/ralph"; NULL: unknown, or it would be new */
	bool frame_is_new;
	struct pack fresh;	/* its `omitted`; empty where nothing is to be sent */
	struct strvec others;	/* documents of other actors only... */
	struct strvec whose;	/* ...and whose they are */
};
#define FORECAST_INIT { .fresh = PACK_INIT, .resumed = -1 }

int forecast_make(struct forecast *out, struct orch *o, const char *actor);
void forecast_release(struct forecast *f);
#endif
