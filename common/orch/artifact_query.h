#ifndef ORCH_ARTIFACT_QUERY_H
#define ORCH_ARTIFACT_QUERY_H
/*
 * Questions to the artifact index: which artifacts, which of their files. Lines
 * are looked through as bytes; only those that may be meant are read.
 */
#include "base/compat.h"
struct artifact;
struct artifacts;
struct orch;

struct artifact_filter {
	const char *initiative, *type;	/* NULL: any */
	int64_t iteration;		/* 0: any */
};
/* A quick no, from the bytes of its line. */
bool artifact_may_be_meant(const struct artifacts *ix, size_t i,
			   const struct artifact_filter *f);
bool artifact_is_meant(const struct artifact *a, const struct artifact_filter *f);

struct artifact_search {
	const char *pattern;
	bool regex;	/* PCRE2; else a path pattern if it has * ? or [ (without a
			 * slash it is about the last part of a path), else text */
	bool content;	/* of text files of at most ARTIFACT_TEXT_MAX bytes, where
			 * nothing but `regex` makes a pattern */
};
#define ARTIFACT_TEXT_MAX ((size_t)8 << 20)

struct artifact_hit {
	const char *path;	/* of the file, from the top of the work tree */
	const char *artifact;	/* its path */
	unsigned line;		/* with `content`: the first one; else 0 */
	const char *text;	/* that line, not ended by NUL */
	size_t len;
};
typedef void artifact_found(const struct artifact_hit *hit, void *data);
struct artifact_search_report {
	size_t found, too_large, unreadable;
};
/* ORCH_EINVALID: a bad pattern, or one that takes too long. */
int artifacts_search(struct artifacts *ix, const struct artifact_search *s,
		     struct artifact_search_report *report, artifact_found *each,
		     void *data);

/*
 * The artifact that people mean by a stamp, its beginning, the name or path of
 * the directory, or the path of something in it. ORCH_ENO: there is none, or
 * there are several, which the message names.
 */
int artifacts_pick(size_t *i, struct artifacts *ix, struct orch *o, const char *what);
#endif
