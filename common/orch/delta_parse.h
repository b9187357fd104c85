#ifndef ORCH_DELTA_PARSE_H
#define ORCH_DELTA_PARSE_H
/*
 * What delta reads of what others wrote: git's listings, the logs of agents,
 * the input document, a unified diff that is too long. All of it works on
 * memory alone and takes any bytes.
 */
#include "base/compat.h"
#include "base/strbuf.h"
#include "orch/usage.h"

/*
 * The records of `git diff --numstat -z`: lines are -1 for what is no text;
 * `path` is the new name of a rename. A record that is cut ends it.
 */
typedef void delta_count(const char *path, int64_t added, int64_t removed, void *data);
void delta_parse_numstat(const struct strbuf *text, delta_count *each, void *data);

/* A text is cut behind so many bytes, and "..." says so. */
#define DELTA_SAID_MAX 2000
/*
 * The last paragraph that an agent wrote, safe for a terminal, and its line in
 * the log (from 1; an agent's event counts as the line that it stands in).
 * False if it said nothing.
 */
bool delta_last_words(struct strbuf *out, unsigned *line, enum agent_kind kind,
		      const char *log, size_t len);
/* The same of a turn's log, as its receipt has it. */
struct orch;
struct receipt;
bool delta_said_in_log(struct strbuf *out, unsigned *line, struct orch *o,
		       const struct receipt *r);
/* What the input document says is to be done: "Summary: ...", else "Do Now: ...",
 * as a field with what follows it, or as a heading. */
bool delta_input_says(struct strbuf *out, unsigned *line, const char *text, size_t len);

/* --- patches ------------------------------------------------------------- */

struct delta_patch_file {
	char *path;		/* as git writes it, quoted where needed; NULL */
	bool in_hunk;
	size_t at, len;		/* in the text */
	size_t left;		/* lines that are not in there */
};
struct delta_patch {
	struct strbuf text;
	struct delta_patch_file *v;
	size_t nr, alloc;
	bool full;		/* no more is taken: all of it would be too long */
	struct strbuf line;	/* of the line at work, as far as it is kept */
	bool long_line;
};
#define DELTA_PATCH_INIT { STRBUF_INIT, NULL, 0, 0, false, STRBUF_INIT, false }
#define DELTA_PATCH_FILE ((size_t)32 << 10)	/* bytes of one file */
#define DELTA_PATCH_ALL ((size_t)256 << 10)
/* The output of `git diff`, in pieces; then the end of it. */
void delta_patch_feed(struct delta_patch *p, const char *bytes, size_t len);
void delta_patch_end(struct delta_patch *p);
void delta_patch_release(struct delta_patch *p);
#endif
