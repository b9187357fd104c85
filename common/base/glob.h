#ifndef BASE_GLOB_H
#define BASE_GLOB_H
/*
 * Path patterns: `*` and `?` do not cross `/`, `**` does (whole components
 * only, as in gitignore), `[a-z]` and `[!a-z]` are classes, `\x` is x.
 * Matching takes time linear in pattern x path, never exponential.
 */
#include "base/compat.h"

bool glob_is_pattern(const char *s);		/* has one of * ? [ */
bool glob_match(const char *pattern, const char *path);
/* Length of the leading directories of `pattern` without wildcards, including
 * the slash behind them: "specs/a/" + "*.md" gives 8. */
size_t glob_literal_dirs(const char *pattern);
#endif
