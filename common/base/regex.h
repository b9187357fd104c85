#ifndef BASE_REGEX_H
#define BASE_REGEX_H
/*
 * Patterns that users and repositories may write, so all are hostile: PCRE2
 * without callouts, with match, depth and heap limits. A match that
 * hits a limit is an error, never a "no"; one that did so 16 times is not tried
 * any more, and every further call is that error at once.
 */
#include "base/compat.h"

enum regex_flags {
	REGEX_ICASE = 1 << 0,
	REGEX_MULTILINE = 1 << 1,
	REGEX_UTF = 1 << 2,	/* invalid UTF-8 in the subject is matched as bytes */
	REGEX_ANCHORED = 1 << 3	/* only at the place where the search begins */
};
#define REGEX_GROUPS 16

struct regex {
	void *code;	/* NULL: empty */
	void *data;
};
#define REGEX_INIT { NULL, NULL }
struct regex_match {
	size_t begin[REGEX_GROUPS], end[REGEX_GROUPS];	/* SIZE_MAX: unset */
	size_t count;	/* groups that took part, the whole match is 0 */
};

/* ORCH_EINVALID with pattern, position and reason. At most 64 KiB. */
int regex_compile(struct regex *re, const char *pattern, unsigned flags);
/* 1 it matches, 0 it does not, ORCH_EINVALID when a limit was hit. */
int regex_find(const struct regex *re, const char *text, size_t len,
	       size_t from, struct regex_match *m /* may be NULL */);
void regex_release(struct regex *re);
#endif
