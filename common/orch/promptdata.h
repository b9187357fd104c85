#ifndef ORCH_PROMPTDATA_H
#define ORCH_PROMPTDATA_H
/* The variables that a context template can use: git-orch-prompt(1) lists them. */
#include "base/compat.h"
struct json;
struct orch;
struct prompt_request;

/*
 * Every variable that always exists, empty while nothing is known, and what
 * the request adds. What takes time to find out is empty, too, unless `template`
 * has its name in it. *out is the caller's.
 */
int prompt_data(struct json **out, struct orch *o, const struct prompt_request *req,
		const char *template);
/* What serves where no template is configured. */
extern const char prompt_builtin_template[];
#endif
