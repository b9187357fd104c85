#ifndef ORCH_ARTIFACT_LINE_H
#define ORCH_ARTIFACT_LINE_H
/*
 * One line of artifacts.jsonl, written and read. It is JSON of one fixed form
 * (members in this order, no white space), so that 10,000 of them are read in
 * a few milliseconds; a line of any other form is broken. A name that is not
 * UTF-8 has each bad byte as a lone surrogate, \udc80 to \udcff.
 *
 *   {"path":"p","dirs":[["",M],["logs",M]],"initiative":"I","phase":null,
 *    "stamp":"S","time":N,"type":"t","tracked":true,"looked":true,
 *    "commit":"hex","iteration":3,"files":[["logs/a.log",12]]}
 *
 * M is a directory's mark, a number made of its inode and its ctime, which unlike
 * its mtime nobody can set back; 0 if it could not be read. "looked" says that
 * commit and iteration were looked for.
 */
#include "base/arena.h"
#include "base/compat.h"
#include "base/strbuf.h"
#include "git/oid.h"
struct artifact;

/* --- writing ------------------------------------------------------------- */

void line_add_string(struct strbuf *out, const char *s, size_t len);
void line_add_optional(struct strbuf *out, const char *s, size_t len);	/* len 0: null */
void line_add_int(struct strbuf *out, int64_t n);

struct line_state {	/* the part of a line that history decides */
	bool tracked, looked;
	struct oid commit;
	int64_t iteration;
};
void line_add_state(struct strbuf *out, const struct line_state *s);

/* --- reading ------------------------------------------------------------- */

struct line_cursor {
	const char *p, *end;
};
bool line_word(struct line_cursor *c, const char *word);	/* exactly this */
bool line_int(struct line_cursor *c, int64_t *n);
bool line_bool(struct line_cursor *c, bool *b);
/* NULL for null; NUL-terminated, in the arena. */
bool line_string(struct line_cursor *c, struct arena *memory, const char **s,
		 size_t *len);
bool line_skip_string(struct line_cursor *c);	/* or null */
bool line_oid(struct line_cursor *c, struct oid *oid);	/* "hex" or null */

struct line_parts {	/* where things stand in a line */
	const char *path;	/* in the arena */
	size_t path_len;
	size_t dirs, state, files;	/* offsets: behind "dirs":[, before
				 * "tracked":, before "files": */
	struct line_state is;
	bool has_stamp;
};
bool line_parse(struct line_parts *out, const char *line, size_t len,
		struct arena *memory);
/*
 * Append the next name to `out`: 1, 0 at the end of the list, -1 where the line
 * is broken. Begin with a cursor behind the line's "files":.
 */
int line_next_name(struct line_cursor *c, struct strbuf *out);
/* Everything but the directories, into `a`, in place of what it was. */
bool line_read(struct artifact *a, const char *line, size_t len);
#endif
