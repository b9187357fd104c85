#ifndef ORCH_FINDINGS_H
#define ORCH_FINDINGS_H
/*
 * What was learnt: the document orch.findings, one entry a finding. Entries are
 * rows of tables whose header has a column for ids ("Finding ID", "ID") beside
 * keywords, a synopsis or a status, in any order; or sections whose heading
 * begins with an id, or that have such field lines ("Keywords: ...").
 *
 * findings_parse() works on memory alone, so that a version of the document out
 * of any commit can be read. Strings belong to the struct; offsets are into the
 * text that was given.
 */
#include "base/arena.h"
#include "base/compat.h"
struct json;
struct orch;

struct finding {
	const char *id;		/* never empty; a section without one: its title */
	const char *title;	/* synopsis, "" if there is none */
	const char *keywords;	/* as written, "" */
	const char *status;	/* as written, "" */
	size_t begin, end;	/* bytes in the text */
	unsigned line_start, line_end;
	unsigned copy;		/* 0 for the first of this id, 1 for the second... */
	uint64_t hash;		/* of the bytes: equal texts have equal ones */
};
struct findings {
	struct finding *v;	/* in the order of the text */
	size_t nr, alloc;
	size_t *by_id;		/* indices sorted by id and copy */
	struct arena memory;
};
#define FINDINGS_INIT { NULL, 0, 0, NULL, ARENA_INIT }

/* Entries beyond this many are not read. */
#define FINDINGS_MAX ((size_t)1 << 17)

void findings_parse(struct findings *f, const char *text, size_t len);
/*
 * The document in the work tree. No file: an empty list, 0. *text (may be NULL)
 * gets the bytes, yours to free.
 */
struct strbuf;
int findings_load(struct findings *f, struct orch *o, struct strbuf *text);
void findings_release(struct findings *f);	/* safe on _INIT, and twice */

/* The first of this id, or NULL. */
const struct finding *findings_find(const struct findings *f, const char *id);

enum findings_change {
	FINDING_NEW,
	FINDING_CHANGED,
	FINDING_GONE
};
typedef void findings_report(enum findings_change what,
			     const struct finding *before /* NULL: new */,
			     const struct finding *now /* NULL: gone */,
			     void *data);
/* Report each difference, sorted by id. */
void findings_compare(const struct findings *before, const struct findings *now,
		      findings_report *report, void *data);

/* {id, title, keywords, status, line_start, line_end} into an object. */
void finding_to_json(struct json *object, const struct finding *f);
#endif
