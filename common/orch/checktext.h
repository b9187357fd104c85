#ifndef ORCH_CHECKTEXT_H
#define ORCH_CHECKTEXT_H
/* The rules that read documents; for the files of the checks only. */
#include "base/compat.h"
#include "base/regex.h"
struct check_work;
struct strbuf;

/* The path that the rule looks into, without {plan} and its like; `fallback` where
 * the rule gives none; "" if it is a document that the configuration has emptied.
 * Yours to free. */
char *check_path(struct check_work *w, const char *fallback);
/* The rule's pattern, {focus} being the focus item's id. 1; 0: it needs a focus, and
 * there is none; ORCH_EINVALID. */
int check_pattern(struct check_work *w, struct regex *out, unsigned flags);
/* 0: the rule is content, 1: it is broken, or an error. */
int check_added_line(struct check_work *w, const struct strbuf *before,
		     const struct strbuf *now);
int check_added_attempt(struct check_work *w, const char *path,
			const struct strbuf *before, const struct strbuf *now);
int check_mentions(struct check_work *w);
#endif
