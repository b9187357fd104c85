#ifndef BASE_JSON_H
#define BASE_JSON_H
/*
 * JSON values, read and held by cJSON, whose traps end here: look-ups
 * mind the case, duplicate keys, NUL characters, trailing text, invalid UTF-8
 * and deep nesting are refused when reading, integers are exact or an error,
 * and what is printed is always valid UTF-8 (bad bytes become U+FFFD).
 *
 * json_parse() and json_new_*() give a value that is yours: json_free() it.
 * Whatever is added to another value belongs to that value afterwards.
 */
#include "base/compat.h"
struct strbuf;
struct json;	/* a cJSON, opaque outside json.c */

/*
 * Parse all of `text`. `what` names the source in the message. At most
 * 128 levels deep. ORCH_EINVALID with what is wrong.
 */
int json_parse(struct json **out, const char *text, size_t len,
	       const char *what);
/*
 * The same for the output of other programs: a duplicate key keeps its first
 * value, and NUL characters and lone surrogates become U+FFFD instead of an
 * error.
 */
int json_parse_lenient(struct json **out, const char *text, size_t len,
		       const char *what);
void json_free(struct json *value);	/* NULL is fine */
struct json *json_copy(const struct json *value);

/* Reading. NULL objects are allowed and have no members. */
const struct json *json_get(const struct json *object, const char *key);
/* "a.b.c" through nested objects. */
const struct json *json_path(const struct json *object, const char *path);
bool json_is_object(const struct json *value);
bool json_is_array(const struct json *value);
bool json_is_string(const struct json *value);
bool json_is_number(const struct json *value);
bool json_is_bool(const struct json *value);
bool json_is_null(const struct json *value);	/* null itself, not a missing one */
bool json_is_true(const struct json *value);
size_t json_count(const struct json *array_or_object);
/* Children in order: for (c = json_first(v); c; c = json_next(c)) */
const struct json *json_first(const struct json *array_or_object);
const struct json *json_next(const struct json *child);
const char *json_key(const struct json *member);	/* its name in its object */
const char *json_string(const struct json *value);	/* NULL if not a string */
/* Member as string, NULL if missing or of another type. */
const char *json_get_string(const struct json *object, const char *key);
/*
 * Whole numbers within +-2^53. 0; ORCH_ENOTFOUND if missing or null, and
 * ORCH_EINVALID if it is anything else. No message is stored.
 */
int json_get_int(const struct json *object, const char *key, int64_t *out);
/* The same where 0 will do for what is missing, no whole number or negative. */
int64_t json_get_count(const struct json *object, const char *key);
int json_get_real(const struct json *object, const char *key, double *out);
bool json_get_bool(const struct json *object, const char *key, bool fallback);

/* Writing. `key` is NULL when adding to an array. */
struct json *json_new_object(void);
struct json *json_new_array(void);
struct json *json_new_string(const char *s);	/* NULL gives null */
/* A key that is there already is not looked for: json_set() does that. */
struct json *json_add(struct json *parent, const char *key, struct json *child);
struct json *json_add_object(struct json *parent, const char *key);
struct json *json_add_array(struct json *parent, const char *key);
void json_add_string(struct json *parent, const char *key, const char *s);
void json_add_bytes(struct json *parent, const char *key, const void *data,
		    size_t len);
/* The exact bytes of what is not UTF-8 or holds NUL, for beside it. */
void json_add_base64(struct json *parent, const char *key, const void *data,
		     size_t len);
void json_add_int(struct json *parent, const char *key, int64_t n);
void json_add_real(struct json *parent, const char *key, double x);
void json_add_bool(struct json *parent, const char *key, bool b);
void json_add_null(struct json *parent, const char *key);
/* Replace or add a member. */
void json_set(struct json *object, const char *key, struct json *child);

/* One line without spaces, no newline; or indented for people, with one. */
void json_print(struct strbuf *out, const struct json *value);
void json_print_pretty(struct strbuf *out, const struct json *value);
/* A number as it is printed: 3, never 3.0. */
void json_print_number(struct strbuf *out, const struct json *number);
#endif
