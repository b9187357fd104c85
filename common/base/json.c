/*
 * JSON values. cJSON parses and holds the tree; jsonscan.c has checked the
 * text before, and printing is ours, because cJSON prints bad UTF-8 as it is
 * and whole numbers above 2^50 inexactly.
 */
#include "base/json.h"

#include <cjson/cJSON.h>
#include <locale.h>
#include <math.h>

#include "base/error.h"
#include "base/jsonscan.h"
#include "base/strbuf.h"
#include "base/text.h"

/* Beyond it doubles skip whole numbers; 2^53 itself may have been 2^53 + 1. */
#define EXACT_LIMIT 9007199254740992.0

static cJSON *mine(struct json *value)
{
	return (cJSON *)value;
}

static const cJSON *look(const struct json *value)
{
	return (const cJSON *)value;
}

static struct json *wrap(cJSON *node)
{
	if (!node)
		BUG("cJSON returned NULL");
	return (struct json *)node;
}

static int kind(const struct json *value)
{
	return value ? look(value)->type & 0xff : cJSON_Invalid;
}

/* cJSON's allocation must die instead of failing, as all of ours does. */
static void use_our_malloc(void)
{
	static bool done;
	cJSON_Hooks hooks = { xmalloc, free };

	if (!done)
		cJSON_InitHooks(&hooks);
	done = true;
}

struct member {
	const char *key;
	size_t index;
	cJSON *node;
};

static int compare_members(const void *a, const void *b)
{
	const struct member *x = a, *y = b;
	int order = strcmp(x->key, y->key);

	if (order)
		return order;
	return x->index < y->index ? -1 : x->index > y->index;
}

/*
 * Find the members of `object` whose key an earlier one has. By sorting: a
 * hostile object may have a million members.
 */
static int check_keys(cJSON *object, bool lenient, const char *what)
{
	struct member *members = NULL;
	size_t count = 0, alloc = 0, i;
	cJSON *c;
	int rc = 0;

	for (c = object->child; c; c = c->next) {
		ALLOC_GROW(members, count + 1, alloc);
		members[count].key = c->string;
		members[count].index = count;
		members[count++].node = c;
	}
	if (count > 1)
		qsort(members, count, sizeof(*members), compare_members);
	for (i = 1; i < count && !rc; i++) {
		if (!str_eq(members[i - 1].key, members[i].key))
			continue;
		if (!lenient) {
			rc = error_set(ORCH_EINVALID, "%s: duplicate key '%s'",
				       what, members[i].key);
		} else {
			cJSON_Delete(cJSON_DetachItemViaPointer(object,
							members[i].node));
			members[i] = members[i - 1];	/* its key is gone */
		}
	}
	free(members);
	return rc;
}

static int check_tree(cJSON *node, bool lenient, const char *what)
{
	cJSON *c;
	int rc;

	if (cJSON_IsObject(node) && (rc = check_keys(node, lenient, what)) < 0)
		return rc;
	for (c = node->child; c; c = c->next)
		if (c->child && (rc = check_tree(c, lenient, what)) < 0)
			return rc;
	return 0;
}

static int parse_fault(const struct json_scan *s, const char *what)
{
	size_t line = 1, column = 1, i;

	for (i = 0; i < s->pos; i++) {
		if (s->text[i] == '\n') {
			line++;
			column = 1;
		} else {
			column++;
		}
	}
	return error_set(ORCH_EINVALID, "%s:%zu:%zu: not valid JSON: %s", what,
			 line, column, s->fault);
}

static int parse(struct json **out, const char *text, size_t len,
		 const char *what, bool lenient)
{
	struct strbuf copy = STRBUF_INIT;
	struct json_scan scan = { NULL, 0, lenient, 0, NULL };
	cJSON *root = NULL;
	size_t i;
	int rc;

	*out = NULL;
	use_our_malloc();
	if (len >= 3 && !memcmp(text, "\xef\xbb\xbf", 3)) {
		text += 3;
		len -= 3;
	}
	/* A copy: leniency edits it, and cJSON wants a NUL behind it. */
	strbuf_grow(&copy, len);
	if (lenient && memchr(text, '\0', len)) {
		for (i = 0; i < len; i++) {
			if (text[i])
				strbuf_addch(&copy, text[i]);
			else
				strbuf_addstr(&copy, UTF8_REPLACEMENT);
		}
	} else {
		strbuf_add(&copy, text, len);
	}
	scan.text = copy.buf;
	scan.len = copy.len;
	if (json_scan(&scan) < 0) {
		rc = parse_fault(&scan, what);
		goto out;
	}
	root = cJSON_ParseWithLength(copy.buf, copy.len);
	if (!root) {
		rc = error_set(ORCH_EINVALID, "%s: not valid JSON", what);
		goto out;
	}
	if ((rc = check_tree(root, lenient, what)) < 0)
		goto out;
	*out = wrap(root);
	root = NULL;
out:
	cJSON_Delete(root);
	strbuf_release(&copy);
	return rc;
}

int json_parse(struct json **out, const char *text, size_t len,
	       const char *what)
{
	return parse(out, text, len, what, false);
}

int json_parse_lenient(struct json **out, const char *text, size_t len,
		       const char *what)
{
	return parse(out, text, len, what, true);
}

void json_free(struct json *value)
{
	cJSON_Delete(mine(value));
}

struct json *json_copy(const struct json *value)
{
	use_our_malloc();
	return value ? wrap(cJSON_Duplicate(look(value), true)) : NULL;
}

static const struct json *get(const struct json *object, const char *key,
			      size_t len)
{
	const cJSON *c;

	if (!json_is_object(object))
		return NULL;
	for (c = look(object)->child; c; c = c->next)
		if (!strncmp(c->string, key, len) && !c->string[len])
			return (const struct json *)c;
	return NULL;
}

const struct json *json_get(const struct json *object, const char *key)
{
	return get(object, key, strlen(key));
}

const struct json *json_path(const struct json *object, const char *path)
{
	for (;;) {
		size_t len = strcspn(path, ".");

		object = get(object, path, len);
		if (!object || !path[len])
			return object;
		path += len + 1;
	}
}

bool json_is_object(const struct json *value)
{
	return kind(value) == cJSON_Object;
}

bool json_is_array(const struct json *value)
{
	return kind(value) == cJSON_Array;
}

bool json_is_string(const struct json *value)
{
	return kind(value) == cJSON_String;
}

bool json_is_number(const struct json *value)
{
	return kind(value) == cJSON_Number;
}

bool json_is_bool(const struct json *value)
{
	return kind(value) == cJSON_True || kind(value) == cJSON_False;
}

bool json_is_null(const struct json *value)
{
	return kind(value) == cJSON_NULL;
}

bool json_is_true(const struct json *value)
{
	return kind(value) == cJSON_True;
}

size_t json_count(const struct json *array_or_object)
{
	const struct json *c;
	size_t n = 0;

	for (c = json_first(array_or_object); c; c = json_next(c))
		n++;
	return n;
}

const struct json *json_first(const struct json *array_or_object)
{
	return array_or_object ?
		(const struct json *)look(array_or_object)->child : NULL;
}

const struct json *json_next(const struct json *child)
{
	return (const struct json *)look(child)->next;
}

const char *json_key(const struct json *member)
{
	return look(member)->string;
}

const char *json_string(const struct json *value)
{
	return json_is_string(value) ? look(value)->valuestring : NULL;
}

const char *json_get_string(const struct json *object, const char *key)
{
	return json_string(json_get(object, key));
}

int json_get_int(const struct json *object, const char *key, int64_t *out)
{
	const struct json *value = json_get(object, key);
	double x;

	if (!value || json_is_null(value))
		return ORCH_ENOTFOUND;
	if (!json_is_number(value))
		return ORCH_EINVALID;
	x = look(value)->valuedouble;
	if (!(fabs(x) < EXACT_LIMIT) || floor(x) < x)
		return ORCH_EINVALID;
	*out = (int64_t)x;
	return 0;
}

int64_t json_get_count(const struct json *object, const char *key)
{
	int64_t n;

	return json_get_int(object, key, &n) < 0 || n < 0 ? 0 : n;
}

int json_get_real(const struct json *object, const char *key, double *out)
{
	const struct json *value = json_get(object, key);

	if (!value || json_is_null(value))
		return ORCH_ENOTFOUND;
	if (!json_is_number(value) || !isfinite(look(value)->valuedouble))
		return ORCH_EINVALID;
	*out = look(value)->valuedouble;
	return 0;
}

bool json_get_bool(const struct json *object, const char *key, bool fallback)
{
	const struct json *value = json_get(object, key);

	return json_is_bool(value) ? json_is_true(value) : fallback;
}

struct json *json_new_object(void)
{
	use_our_malloc();
	return wrap(cJSON_CreateObject());
}

struct json *json_new_array(void)
{
	use_our_malloc();
	return wrap(cJSON_CreateArray());
}

struct json *json_new_string(const char *s)
{
	use_our_malloc();
	return wrap(s ? cJSON_CreateString(s) : cJSON_CreateNull());
}

struct json *json_add(struct json *parent, const char *key, struct json *child)
{
	if (key ? !json_is_object(parent) : !json_is_array(parent))
		BUG("'%s' added to no %s", key ? key : "value",
		    key ? "object" : "array");
	if (key)
		cJSON_AddItemToObject(mine(parent), key, mine(child));
	else
		cJSON_AddItemToArray(mine(parent), mine(child));
	return child;
}

struct json *json_add_object(struct json *parent, const char *key)
{
	return json_add(parent, key, json_new_object());
}

struct json *json_add_array(struct json *parent, const char *key)
{
	return json_add(parent, key, json_new_array());
}

void json_add_string(struct json *parent, const char *key, const char *s)
{
	json_add(parent, key, json_new_string(s));
}

void json_add_bytes(struct json *parent, const char *key, const void *data,
		    size_t len)
{
	struct strbuf clean = STRBUF_INIT;
	const char *s = data;
	size_t n;

	/* NUL would end cJSON's string. */
	for (;; s += n + 1, len -= n + 1) {
		n = strnlen(s, len);
		utf8_add_clean(&clean, s, n);
		if (n == len)
			break;
		strbuf_addstr(&clean, UTF8_REPLACEMENT);
	}
	json_add_string(parent, key, clean.buf);
	strbuf_release(&clean);
}

void json_add_base64(struct json *parent, const char *key, const void *data, size_t len)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnop"
				     "qrstuvwxyz0123456789+/";
	struct strbuf text = STRBUF_INIT;
	const unsigned char *s = data;

	for (size_t i = 0; i < len; i += 3) {
		unsigned n = (unsigned)s[i] << 16;

		n |= i + 1 < len ? (unsigned)s[i + 1] << 8 : 0;
		n |= i + 2 < len ? s[i + 2] : 0;
		strbuf_addch(&text, digits[n >> 18]);
		strbuf_addch(&text, digits[n >> 12 & 63]);
		strbuf_addch(&text, i + 1 < len ? digits[n >> 6 & 63] : '=');
		strbuf_addch(&text, i + 2 < len ? digits[n & 63] : '=');
	}
	json_add_string(parent, key, text.buf);
	strbuf_release(&text);
}

void json_add_int(struct json *parent, const char *key, int64_t n)
{
	char digits[32];

	if (n < (int64_t)EXACT_LIMIT && n > -(int64_t)EXACT_LIMIT) {
		json_add(parent, key, wrap(cJSON_CreateNumber((double)n)));
		return;
	}
	/* No double holds it: kept as text, so that it prints exactly. */
	snprintf(digits, sizeof(digits), "%" PRId64, n);
	json_add(parent, key, wrap(cJSON_CreateRaw(digits)));
}

void json_add_real(struct json *parent, const char *key, double x)
{
	json_add(parent, key, wrap(isfinite(x) ? cJSON_CreateNumber(x) :
				   cJSON_CreateNull()));
}

void json_add_bool(struct json *parent, const char *key, bool b)
{
	json_add(parent, key, wrap(cJSON_CreateBool(b)));
}

void json_add_null(struct json *parent, const char *key)
{
	json_add(parent, key, wrap(cJSON_CreateNull()));
}

void json_set(struct json *object, const char *key, struct json *child)
{
	struct json *old = (struct json *)json_get(object, key);

	if (!old) {
		json_add(object, key, child);
		return;
	}
	/* In its old place, under its old key. */
	free(mine(child)->string);
	mine(child)->string = xstrdup(key);
	mine(child)->type &= ~cJSON_StringIsConst;
	cJSON_ReplaceItemViaPointer(mine(object), mine(old), mine(child));
}

static void print_string(struct strbuf *out, const char *s)
{
	static const char letters[] = "btn\0fr";	/* 8 to 13 */
	size_t i, n, len = strlen(s);
	uint32_t cp;

	strbuf_addch(out, '"');
	for (i = 0; i < len; i += n) {
		n = utf8_next(&cp, s + i, len - i);
		if (cp == UTF8_INVALID)
			strbuf_addstr(out, UTF8_REPLACEMENT);
		else if (cp == '"' || cp == '\\')
			strbuf_addf(out, "\\%c", (char)cp);
		else if (cp >= 8 && cp <= 13 && letters[cp - 8])
			strbuf_addf(out, "\\%c", letters[cp - 8]);
		/* DEL and C1 too: they are JSON, but no terminal's friends. */
		else if (cp < 0x20 || (cp >= 0x7f && cp <= 0x9f))
			strbuf_addf(out, "\\u%04x", (unsigned)cp);
		else
			strbuf_add(out, s + i, n);
	}
	strbuf_addch(out, '"');
}

void json_print_number(struct strbuf *out, const struct json *number)
{
	double x = look(number)->valuedouble;
	char digits[32], *point;
	int precision;

	if (kind(number) == cJSON_Raw) {
		strbuf_addstr(out, look(number)->valuestring);
		return;
	}
	if (fabs(x) < EXACT_LIMIT && !(floor(x) < x)) {
		strbuf_addf(out, "%" PRId64, (int64_t)x);
		return;
	}
	if (!isfinite(x)) {
		strbuf_addstr(out, "null");
		return;
	}
	for (precision = 15; precision <= 17; precision++) {
		snprintf(digits, sizeof(digits), "%.*g", precision, x);
		if (!(strtod(digits, NULL) < x) && !(strtod(digits, NULL) > x))
			break;
	}
	point = strstr(digits, localeconv()->decimal_point);
	if (point)
		*point = '.';
	strbuf_addstr(out, digits);
}

/* `indent` < 0: on one line. */
static void print(struct strbuf *out, const struct json *value, int indent)
{
	bool is_object = json_is_object(value);
	int inner = indent < 0 ? indent : indent + 1;
	const struct json *c;

	switch (kind(value)) {
	case cJSON_False:
		strbuf_addstr(out, "false");
		return;
	case cJSON_True:
		strbuf_addstr(out, "true");
		return;
	case cJSON_Number:
	case cJSON_Raw:
		json_print_number(out, value);
		return;
	case cJSON_String:
		print_string(out, look(value)->valuestring);
		return;
	case cJSON_Array:
	case cJSON_Object:
		break;
	default:
		strbuf_addstr(out, "null");
		return;
	}
	strbuf_addch(out, is_object ? '{' : '[');
	for (c = json_first(value); c; c = json_next(c)) {
		if (indent >= 0) {
			strbuf_addch(out, '\n');
			strbuf_addchars(out, ' ', (size_t)inner * 2);
		}
		if (is_object) {
			print_string(out, json_key(c));
			strbuf_addstr(out, indent < 0 ? ":" : ": ");
		}
		print(out, c, inner);
		if (json_next(c))
			strbuf_addch(out, ',');
	}
	if (indent >= 0 && json_first(value)) {
		strbuf_addch(out, '\n');
		strbuf_addchars(out, ' ', (size_t)indent * 2);
	}
	strbuf_addch(out, is_object ? '}' : ']');
}

void json_print(struct strbuf *out, const struct json *value)
{
	print(out, value, -1);
}

void json_print_pretty(struct strbuf *out, const struct json *value)
{
	print(out, value, 0);
	strbuf_addch(out, '\n');
}
