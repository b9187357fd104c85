#ifndef BASE_YAML_H
#define BASE_YAML_H
/*
 * YAML, written from JSON values; and small YAML files, read into JSON values. Nothing in them does anything: tags
 * are ignored, merge keys are keys. Refused are what a settings file has no
 * use for and what would cost more than the file is worth: keys that are no
 * scalars or come twice, a second document, NUL, more than YAML_DEPTH levels,
 * more than YAML_COST nodes and bytes after aliases have been followed.
 */
#include "base/compat.h"
struct json;

#define YAML_MAX ((size_t)256 << 10)	/* bytes of a text */
#define YAML_DEPTH 32
#define YAML_COST ((size_t)1 << 20)

/*
 * Parse all of `text`; free *out with json_free(). An empty text is null.
 * Plain whole numbers, true, false, null and ~ become what they say, any other
 * scalar a string. `what` names the source in the message. ORCH_EINVALID.
 */
int yaml_parse(struct json **out, const char *text, size_t len,
	       const char *what);

/*
 * Append a JSON value as a YAML document, in blocks. Strings that a reader could
 * take for something else (a number, a date, a word like no) stand in quotes.
 */
struct strbuf;
int yaml_print(struct strbuf *out, const struct json *value);
#endif
