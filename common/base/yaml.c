/*
 * YAML by libyaml's events. Its own document loader would follow aliases for
 * us, without a limit; here each copy is paid for before it is made.
 */
#include <yaml.h>

#include "base/yaml.h"
#include "base/error.h"
#include "base/json.h"
#include "base/strbuf.h"
#include "base/text.h"

#define ANCHORS_MAX 256
#define KEYS_MAX 1000	/* of one mapping: each is compared with those before it */

struct anchor {
	char *name;
	const struct json *value;	/* complete, and part of the tree */
};
struct reader {
	yaml_parser_t yaml;
	const char *what;
	size_t cost;
	struct anchor anchors[ANCHORS_MAX];
	size_t nr_anchors;
};

static int bad(const struct reader *r, const yaml_mark_t *at, const char *why)
{
	return error_set(ORCH_EINVALID, "%s:%zu: %s", r->what, at->line + 1, why);
}

/* libyaml's own complaint. */
static int broken(const struct reader *r)
{
	const yaml_parser_t *y = &r->yaml;
	const char *why = y->problem ? y->problem : "not YAML";

	if (y->error == YAML_READER_ERROR)
		return error_set(ORCH_EINVALID, "%s: %s at byte %zu", r->what, why,
				 y->problem_offset);
	return bad(r, &y->problem_mark, why);
}

static int next_event(struct reader *r, yaml_event_t *e)
{
	return yaml_parser_parse(&r->yaml, e) ? 0 : broken(r);
}

static int pay(struct reader *r, const yaml_mark_t *at, size_t cost)
{
	if (cost > YAML_COST - r->cost)
		return bad(r, at, "more than this reader takes");
	r->cost += cost;
	return 0;
}

/* What a copy of `v` costs, and how many levels it has. */
static size_t weigh(const struct json *v, unsigned *depth)
{
	const char *s = json_string(v);
	size_t cost = 1 + (s ? strlen(s) : 0);
	unsigned deepest = 0;

	for (const struct json *c = json_first(v); c; c = json_next(c)) {
		unsigned below;

		cost += weigh(c, &below) + (json_key(c) ? strlen(json_key(c)) : 0);
		if (below > deepest)
			deepest = below;
	}
	*depth = deepest + 1;
	return cost;
}

static void add_scalar(struct json *parent, const char *key, const char *s, bool plain)
{
	long long n;
	char *end;

	errno = 0;
	n = strtoll(s, &end, 10);
	if (plain && (!*s || str_eq(s, "~") || str_eq(s, "null")))
		json_add_null(parent, key);
	else if (plain && (str_eq(s, "true") || str_eq(s, "false")))
		json_add_bool(parent, key, *s == 't');
	else if (plain && (*s == '-' || (*s >= '0' && *s <= '9')) && end != s &&
		 !*end && !errno)
		json_add_int(parent, key, n);
	else
		json_add_string(parent, key, s);
}

static const struct json *last_of(const struct json *parent)
{
	const struct json *last = NULL;

	for (const struct json *c = json_first(parent); c; c = json_next(c))
		last = c;
	return last;
}

static int copy_alias(struct reader *r, const yaml_event_t *e, unsigned depth,
		      struct json **out)
{
	const char *name = (const char *)e->data.alias.anchor;
	size_t i = r->nr_anchors;
	unsigned levels;
	int rc;

	/* The newest of a name is the one that counts. */
	while (i > 0 && !str_eq(r->anchors[i - 1].name, name))
		i--;
	if (!i)
		return bad(r, &e->start_mark, "an alias of nothing before it");
	rc = pay(r, &e->start_mark, weigh(r->anchors[i - 1].value, &levels));
	if (rc == 0 && depth + levels > YAML_DEPTH)
		rc = bad(r, &e->start_mark, "nested too deep");
	if (rc == 0)
		*out = json_copy(r->anchors[i - 1].value);
	return rc;
}

static int keep_anchor(struct reader *r, const yaml_mark_t *at, const char *name,
		       const struct json *value)
{
	if (r->nr_anchors == ANCHORS_MAX)
		return bad(r, at, "too many anchors");
	r->anchors[r->nr_anchors].name = xstrdup(name);
	r->anchors[r->nr_anchors++].value = value;
	return 0;
}

static int read_node(struct reader *r, const yaml_event_t *e, unsigned depth,
		     struct json *parent, const char *key);

/* The scalar of a key, as an owned string. */
static int read_key(struct reader *r, const yaml_event_t *e,
		    const struct json *mapping, size_t nr, char **out)
{
	const char *s;

	if (e->type != YAML_SCALAR_EVENT)
		return bad(r, &e->start_mark, "a key that is no scalar");
	s = (const char *)e->data.scalar.value;
	if (strlen(s) != e->data.scalar.length)
		return bad(r, &e->start_mark, "a NUL character");
	if (nr == KEYS_MAX)
		return bad(r, &e->start_mark, "too many keys");
	if (json_get(mapping, s))
		return bad(r, &e->start_mark, "a key twice");
	*out = xstrdup(s);
	return pay(r, &e->start_mark, strlen(s));
}

static int read_children(struct reader *r, unsigned depth, struct json *into,
			 bool mapping)
{
	yaml_event_type_t end = mapping ? YAML_MAPPING_END_EVENT :
				YAML_SEQUENCE_END_EVENT;
	int rc;

	for (size_t nr = 0;; nr++) {
		yaml_event_t e;
		char *key = NULL;
		bool done;

		if ((rc = next_event(r, &e)) < 0)
			return rc;
		done = e.type == end;
		if (!done && mapping) {
			rc = read_key(r, &e, into, nr, &key);
			yaml_event_delete(&e);
			if (rc == 0)
				rc = next_event(r, &e);
			if (rc < 0) {
				free(key);
				return rc;
			}
		}
		if (!done)
			rc = read_node(r, &e, depth + 1, into, key);
		yaml_event_delete(&e);
		free(key);
		if (done || rc < 0)
			return rc;
	}
}

/* The value that begins with `e`, added to `parent`. */
static int read_node(struct reader *r, const yaml_event_t *e, unsigned depth,
		     struct json *parent, const char *key)
{
	const yaml_mark_t *at = &e->start_mark;
	const char *anchor = NULL;
	struct json *value = NULL;
	int rc = pay(r, at, 1);

	if (rc == 0 && depth > YAML_DEPTH)
		rc = bad(r, at, "nested too deep");
	if (rc < 0)
		return rc;
	switch (e->type) {
	case YAML_ALIAS_EVENT:
		if ((rc = copy_alias(r, e, depth, &value)) == 0)
			json_add(parent, key, value);
		return rc;
	case YAML_SCALAR_EVENT:
		anchor = (const char *)e->data.scalar.anchor;
		if (memchr(e->data.scalar.value, '\0', e->data.scalar.length))
			return bad(r, at, "a NUL character");
		if ((rc = pay(r, at, e->data.scalar.length)) < 0)
			return rc;
		add_scalar(parent, key, (const char *)e->data.scalar.value,
			   e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
			   e->data.scalar.plain_implicit);
		break;
	case YAML_SEQUENCE_START_EVENT:
		anchor = (const char *)e->data.sequence_start.anchor;
		value = json_add_array(parent, key);
		rc = read_children(r, depth, value, false);
		break;
	case YAML_MAPPING_START_EVENT:
		anchor = (const char *)e->data.mapping_start.anchor;
		value = json_add_object(parent, key);
		rc = read_children(r, depth, value, true);
		break;
	default:
		return bad(r, at, "not YAML");
	}
	/* Only now: nothing can hold itself. */
	if (rc == 0 && anchor)
		rc = keep_anchor(r, at, anchor, value ? value : last_of(parent));
	return rc;
}

/* Stream and document begin, one value, both end. */
static int read_stream(struct reader *r, struct json *top)
{
	bool seen = false;

	for (;;) {
		yaml_event_t e;
		bool done = false;
		int rc;

		if ((rc = next_event(r, &e)) < 0)
			return rc;
		switch (e.type) {
		case YAML_STREAM_END_EVENT:
			done = true;
			break;
		case YAML_STREAM_START_EVENT:
		case YAML_DOCUMENT_END_EVENT:
			break;
		case YAML_DOCUMENT_START_EVENT:
			if (seen)
				rc = bad(r, &e.start_mark, "a second document");
			seen = true;
			break;
		default:
			rc = read_node(r, &e, 1, top, NULL);
		}
		yaml_event_delete(&e);
		if (rc < 0 || done)
			return rc;
	}
}

int yaml_parse(struct json **out, const char *text, size_t len,
	       const char *what)
{
	struct reader *r = xcalloc(1, sizeof(*r));
	struct json *top = json_new_array();
	int rc;

	*out = NULL;
	r->what = what;
	if (!yaml_parser_initialize(&r->yaml)) {
		rc = error_set(ORCH_ERROR, "%s: libyaml does not start", what);
		goto out;
	}
	yaml_parser_set_encoding(&r->yaml, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&r->yaml, (const unsigned char *)text, len);
	rc = len > YAML_MAX ?
	     error_set(ORCH_EINVALID, "%s: larger than %zu KiB", what, YAML_MAX >> 10) :
	     read_stream(r, top);
	yaml_parser_delete(&r->yaml);
	if (rc == 0)
		*out = json_first(top) ? json_copy(json_first(top)) :
		       json_new_string(NULL);
out:
	for (size_t i = 0; i < r->nr_anchors; i++)
		free(r->anchors[i].name);
	json_free(top);
	free(r);
	return rc;
}

/* --- writing ------------------------------------------------------------- */

static int append(void *data, unsigned char *buffer, size_t size)
{
	strbuf_add(data, buffer, size);
	return 1;
}

/* Whether a plain scalar is this string to every reader of YAML 1.1 and 1.2. */
static bool is_plain(const char *s)
{
	static const char *const words[] = {
		"y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf"
	};
	size_t len = strlen(s);

	if (!len || !((*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z') || *s == '_') ||
	    strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
		      "_-./") != len)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (!strcasecmp(s, words[i]))
			return false;
	return true;
}

static bool emit_text(yaml_emitter_t *y, const char *s, bool plain)
{
	yaml_event_t e;

	return yaml_scalar_event_initialize(&e, NULL, NULL, (const yaml_char_t *)s,
					    (int)strlen(s), plain, !plain,
					    plain ? YAML_PLAIN_SCALAR_STYLE :
						    YAML_DOUBLE_QUOTED_SCALAR_STYLE) &&
	       yaml_emitter_emit(y, &e);
}

static bool emit_scalar(yaml_emitter_t *y, const struct json *v)
{
	struct strbuf text = STRBUF_INIT;
	bool fine;

	if (json_is_string(v))
		return emit_text(y, json_string(v), is_plain(json_string(v)));
	json_print(&text, v);	/* a number, true, false, null */
	fine = emit_text(y, text.buf, true);
	strbuf_release(&text);
	return fine;
}

/* Only values of ours come here: none is deeper than json.h allows. */
static bool emit_value(yaml_emitter_t *y, const struct json *v)
{
	bool object = json_is_object(v), empty = !json_count(v);
	yaml_event_t e;
	bool fine;

	if (!object && !json_is_array(v))
		return emit_scalar(y, v);
	fine = (object ? yaml_mapping_start_event_initialize(&e, NULL, NULL, 1,
				empty ? YAML_FLOW_MAPPING_STYLE : YAML_BLOCK_MAPPING_STYLE) :
			 yaml_sequence_start_event_initialize(&e, NULL, NULL, 1,
				empty ? YAML_FLOW_SEQUENCE_STYLE : YAML_BLOCK_SEQUENCE_STYLE)) &&
	       yaml_emitter_emit(y, &e);
	for (const struct json *c = json_first(v); fine && c; c = json_next(c))
		fine = (!object || emit_text(y, json_key(c), is_plain(json_key(c)))) &&
		       emit_value(y, c);
	return fine && (object ? yaml_mapping_end_event_initialize(&e) :
				 yaml_sequence_end_event_initialize(&e)) &&
	       yaml_emitter_emit(y, &e);
}

int yaml_print(struct strbuf *out, const struct json *value)
{
	yaml_emitter_t y;
	yaml_event_t e;
	bool fine;

	if (!yaml_emitter_initialize(&y))
		return error_set(ORCH_ERROR, "cannot write YAML");
	yaml_emitter_set_output(&y, append, out);
	yaml_emitter_set_unicode(&y, 1);
	yaml_emitter_set_width(&y, -1);
	fine = yaml_stream_start_event_initialize(&e, YAML_UTF8_ENCODING) &&
	       yaml_emitter_emit(&y, &e) &&
	       yaml_document_start_event_initialize(&e, NULL, NULL, NULL, 1) &&
	       yaml_emitter_emit(&y, &e) && emit_value(&y, value) &&
	       yaml_document_end_event_initialize(&e, 1) && yaml_emitter_emit(&y, &e) &&
	       yaml_stream_end_event_initialize(&e) && yaml_emitter_emit(&y, &e);
	if (!fine)
		error_set(ORCH_ERROR, "cannot write YAML: %s",
			  y.problem ? y.problem : "the emitter failed");
	yaml_emitter_delete(&y);
	return fine ? 0 : ORCH_ERROR;
}
