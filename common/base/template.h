#ifndef BASE_TEMPLATE_H
#define BASE_TEMPLATE_H
/*
 * Mustache (https://mustache.github.io/mustache.5.html and its spec/):
 * variables, sections, inverted sections, comments, dotted names, set
 * delimiters, standalone lines. Two choices of ours: the target is plain text,
 * so {{x}} is not HTML-escaped ({{{x}}} and {{&x}} mean the same); and a name
 * that the data does not have is an error that names template, line and
 * variable, unless it is "a.b" and `a` has a member of the empty name, which
 * then stands for it. Partials are refused by name.
 *
 * false, null, "" and the empty list are false in sections; 0 and {} are true.
 * A list as {{x}} is a line for each of its members, which have to be objects with
 * a text as the member of the empty name; any other list or object is an error.
 */
#include "base/compat.h"
struct json;
struct strbuf;

/* ORCH_EINVALID: "<name>:<line>: ...". Sections nest at most 64 deep; the
 * result is at most 64 MiB. */
int template_render(struct strbuf *out, const char *text, size_t len,
		    const char *name, const struct json *data);
#endif
