#ifndef ORCH_PACKTEXT_H
#define ORCH_PACKTEXT_H
/*
 * The text of a pack: how documents and their changes are written for an
 * agent, and how that text is read back to prove that nothing is missing.
 *
 *   <document path="docs/index.md" bytes="8">      the whole text
 *   # Index
 *   </document>
 *   <diff path="docs/fix_plan.md" bytes="61">      hunks of a unified diff
 *   @@ -3,2 +3,3 @@ ## Title
 *    ...
 *   </diff>
 *   <diff path="b.md" from="a.md" bytes="0">       renamed (and changed)
 *   </diff>
 *   <removed path="docs/old.md">
 *
 *   <change path="big.md" bytes="61">              of a document that is not here
 *   <section path="big.md" lines="120-180" of="A-1" bytes="900">
 *   <outline path="big.md" bytes="300">            "12-80 ## Heading" lines
 *
 * `bytes` counts what stands between the two tag lines; a line break that is
 * missing at its end is added and not counted. Other lines are for the reader.
 */
#include "base/compat.h"
#include "orch/docset.h"
struct strbuf;
struct texts;

enum entry_kind {
	ENTRY_DOCUMENT,
	ENTRY_DIFF,
	ENTRY_REMOVED,
	/* Glimpses of what is not here whole: nothing is built on them. */
	ENTRY_CHANGE,
	ENTRY_SECTION,
	ENTRY_OUTLINE
};

/* Append the hunks of a unified diff, `context` lines around them and the section's
 * heading behind the second @@; nothing where both are the same. */
int packtext_hunks(struct strbuf *out, const char *old, size_t old_len,
		   const char *now, size_t now_len, unsigned context);
/* Append a document whole. */
int packtext_whole(struct strbuf *out, struct texts *t, const struct docver *d);
/*
 * Append what turns `old` into `now`: hunks with `context` lines around them
 * and the section's heading behind the @@, or the whole text where that is
 * smaller. `old` NULL: new; `now` NULL: removed. Other paths: a rename.
 * Nothing where both are the same.
 */
int packtext_change(struct strbuf *out, struct texts *t, const struct docver *old,
		    const struct docver *now, unsigned context);

/*
 * Append what turns the documents `old` into `now`, one entry for each that
 * differs, in the order of `now` and then those removed. Which new document is
 * a removed one under another name is found out.
 */
int packtext_delta(struct strbuf *out, struct texts *t, struct docset *old,
		   struct docset *now, unsigned context);
/*
 * Which of `gone` (`nr` documents that vanished) is `now` under another name:
 * the one with the same bytes, else the most similar one whose difference is
 * less than half of it. *best is its index, or `nr` for none.
 */
int packtext_renamed(size_t *best, struct texts *t, const struct docver *const *gone,
		     size_t nr, const struct docver *now, unsigned context);

/* The change of a document that is not here whole; hunks in any case. */
int packtext_glimpse_change(struct strbuf *out, struct texts *t,
			    const struct docver *old, const struct docver *now,
			    unsigned context);
/* The bytes [at, at + len) of a document, which are the lines first to last;
 * `of` names what they are about. */
int packtext_glimpse_section(struct strbuf *out, struct texts *t,
			     const struct docver *d, size_t at, size_t len,
			     unsigned first, unsigned last, const char *of);
/* Its headings down to `level` with their line ranges; nothing without any. */
int packtext_glimpse_outline(struct strbuf *out, struct texts *t,
			     const struct docver *d, unsigned level);

struct pack_entry {
	enum entry_kind kind;
	char *path, *from;	/* `from` NULL: no rename */
	const char *bytes;	/* in the text that is read */
	size_t len;
};
/*
 * The next entry of a text: 1 and *out filled in (the caller frees its
 * strings with pack_entry_release()), 0 at the end, ORCH_EINVALID for a tag
 * that is none of ours. *pos begins at 0.
 */
int packtext_next(struct pack_entry *out, const char *text, size_t len,
		  size_t *pos);
void pack_entry_release(struct pack_entry *e);

/*
 * Read the text as its reader would, on top of `docs` (what that reader had
 * before): afterwards `docs` has the documents as the text leaves them, and
 * their bytes are in `t`. ORCH_EINVALID: a diff does not fit.
 */
int packtext_apply(struct docset *docs, struct texts *t, const char *text,
		   size_t len);
#endif
