#ifndef ORCH_DOCGET_H
#define ORCH_DOCGET_H
/*
 * One document, or a section of it, or what changed in it for an actor: read from
 * the work tree as it is now. Nothing is recorded, in the view or elsewhere.
 *
 *   docget_read(&d, o, &req);
 *   ... d.text ...
 *   docget_release(&d);
 */
#include "base/compat.h"
#include "base/section.h"
#include "base/strbuf.h"
#include "orch/view.h"
struct orch;

struct docget_request {
	const char *path;	/* as people give it: below the top of the work tree,
				 * or from where they stand, or absolute */
	const char *section;	/* NULL: all of it; see base/section.h */
	bool diff;		/* what changed since the actor's last acknowledged pack */
	const char *actor;	/* with `diff` */
};
struct docget {
	char *path;		/* below the top of the work tree */
	struct strbuf text;
	unsigned first, last;	/* lines of the document that it is, or is about; 1 and
				 * 0 where there are none */
	struct section section;	/* its title is NULL without one */
	/* With `diff`: */
	enum document_state state;	/* of all of the document; NEW: text is whole */
	struct view_seen since;
};
#define DOCGET_INIT { .text = STRBUF_INIT }

/*
 * Any regular file may be read that git tracks or does not ignore, and any
 * document of an actor: never under .git, nor out of the work tree.
 * ORCH_ENO: there is no such file, or no such section, or several.
 * With `diff` the text is a unified diff, of the section if there is one; nothing
 * if nothing changed; the whole text if the actor has never met the document.
 */
int docget_read(struct docget *out, struct orch *o, const struct docget_request *req);
/* The path below the top of the work tree that people mean by `path`, whether there
 * is such a file or not: yours to free. */
int docget_path(char **out, struct orch *o, const char *path);
void docget_release(struct docget *d);
#endif
