/*
 * Mustache. The template is cut once into a list of parts, in which a section
 * knows where it ends; rendering walks that list, so that a section over a
 * long list is not parsed again for each element.
 */
#include "base/template.h"

#include "base/error.h"
#include "base/json.h"
#include "base/strbuf.h"

#define NESTING_MAX 64
#define DELIMITER_MAX 16
#define OUTPUT_MAX ((size_t)64 << 20)
/* Sections over sections multiply without writing a byte. */
#define STEPS_MAX ((size_t)4 << 20)

enum part_kind { PART_TEXT, PART_VARIABLE, PART_SECTION, PART_INVERTED };

struct part {
	enum part_kind kind;
	const char *s;		/* the text, or the name */
	size_t len;
	size_t line;
	size_t end;		/* of a section: the first part behind it */
};

struct parser {
	const char *name;
	const char *text;
	size_t len, pos, line;
	char open[DELIMITER_MAX + 1];	/* the delimiters of now */
	char close[DELIMITER_MAX + 1];
	struct part *parts;
	size_t count, alloc;
	size_t sections[NESTING_MAX];	/* not closed yet: their parts */
	size_t depth;
};

/* A tag as it stands in the text. */
struct tag {
	char sigil;		/* one of # ^ / ! = > & {, or 0 */
	const char *s;		/* what is in it, trimmed */
	size_t len;
	size_t begin, end;	/* the tag with its delimiters */
};

struct renderer {
	struct strbuf *out;
	const char *name;
	const struct part *parts;
	const struct json *stack[NESTING_MAX + 1];
	size_t depth;
	size_t start, steps;
};

/* Names in messages: enough to find them, never a page. */
static int shown(size_t len)
{
	return len > 80 ? 80 : (int)len;
}

static int fault(const struct parser *p, const char *why, const char *s,
		 size_t len)
{
	return error_set(ORCH_EINVALID, "%s:%zu: %s '%.*s'", p->name, p->line,
			 why, shown(len), s);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool is_space(char c)
{
	return is_blank(c) || c == '\n' || c == '\r' || c == '\v' || c == '\f';
}

static struct part *add_part(struct parser *p, enum part_kind kind,
			     const char *s, size_t len)
{
	struct part *part;

	ALLOC_GROW(p->parts, p->count + 1, p->alloc);
	part = &p->parts[p->count++];
	part->kind = kind;
	part->s = s;
	part->len = len;
	part->line = p->line;
	part->end = p->count;
	return part;
}

static void add_text(struct parser *p, size_t begin, size_t end)
{
	if (end > begin)
		add_part(p, PART_TEXT, p->text + begin, end - begin);
}

static bool find(const struct parser *p, size_t from, const char *what,
		 size_t *at)
{
	const char *s = memmem(p->text + from, p->len - from, what,
			       strlen(what));

	if (s)
		*at = (size_t)(s - p->text);
	return s;
}

static void count_lines(struct parser *p, size_t begin, size_t end)
{
	const char *s = p->text + begin, *stop = p->text + end;

	while (s < stop && (s = memchr(s, '\n', (size_t)(stop - s)))) {
		p->line++;
		s++;
	}
}

/* Read the tag that begins at tag->begin. */
static int take_tag(const struct parser *p, struct tag *tag)
{
	size_t body = tag->begin + strlen(p->open), end;
	char close[DELIMITER_MAX + 2];

	tag->sigil = body < p->len ? p->text[body] : '\0';
	if (tag->sigil && strchr("#^/!=>&{<$", tag->sigil))
		body++;
	else
		tag->sigil = '\0';
	/* "{{{x}}}" and "{{=| |=}}" end in one character more. */
	snprintf(close, sizeof(close), "%s%s", tag->sigil == '{' ? "}" :
		 tag->sigil == '=' ? "=" : "", p->close);
	if (!find(p, body, close, &end))
		return fault(p, "tag is not closed:", p->text + tag->begin,
			     p->len - tag->begin);
	tag->end = end + strlen(close);
	while (body < end && is_space(p->text[body]))
		body++;
	while (body < end && is_space(p->text[end - 1]))
		end--;
	tag->s = p->text + body;
	tag->len = end - body;
	return 0;
}

/*
 * Whether the tag stands alone on its line (or lines). Then the line goes
 * with it: *before and *after become the line's begin and the next one's.
 */
static bool is_standalone(const struct parser *p, const struct tag *tag,
			  size_t *before, size_t *after)
{
	size_t begin = tag->begin, end = tag->end;

	if (!tag->sigil || strchr("&{", tag->sigil))
		return false;
	while (begin && is_blank(p->text[begin - 1]))
		begin--;
	if (begin && p->text[begin - 1] != '\n')
		return false;
	while (end < p->len && is_blank(p->text[end]))
		end++;
	if (p->len - end >= 2 && !memcmp(p->text + end, "\r\n", 2))
		end += 2;
	else if (end < p->len && p->text[end] == '\n')
		end++;
	else if (end < p->len)
		return false;
	*before = begin;
	*after = end;
	return true;
}

static int set_delimiters(struct parser *p, const struct tag *tag)
{
	size_t first = 0, gap;

	while (first < tag->len && !is_space(tag->s[first]))
		first++;
	for (gap = first; gap < tag->len && is_space(tag->s[gap]); gap++)
		;
	if (!first || gap == tag->len || first > DELIMITER_MAX ||
	    tag->len - gap > DELIMITER_MAX || memchr(tag->s, '=', tag->len) ||
	    memchr(tag->s, '\0', tag->len) || memchr(tag->s, '\n', tag->len))
		return fault(p, "bad delimiters", tag->s, tag->len);
	for (size_t i = gap; i < tag->len; i++)
		if (is_space(tag->s[i]))
			return fault(p, "bad delimiters", tag->s, tag->len);
	snprintf(p->open, sizeof(p->open), "%.*s", (int)first, tag->s);
	snprintf(p->close, sizeof(p->close), "%.*s", (int)(tag->len - gap),
		 tag->s + gap);
	return 0;
}

static int close_section(struct parser *p, const struct tag *tag)
{
	struct part *section;

	if (!p->depth)
		return fault(p, "no section is open, but this closes",
			     tag->s, tag->len);
	section = &p->parts[p->sections[--p->depth]];
	if (section->len != tag->len || memcmp(section->s, tag->s, tag->len))
		return error_set(ORCH_EINVALID,
				 "%s:%zu: '%.*s' is closed, but '%.*s' is open "
				 "since line %zu", p->name, p->line,
				 shown(tag->len), tag->s, shown(section->len),
				 section->s, section->line);
	section->end = p->count;
	return 0;
}

static int add_tag(struct parser *p, const struct tag *tag)
{
	if (tag->sigil == '!')
		return 0;
	if (!tag->len)
		return error_set(ORCH_EINVALID, "%s:%zu: tag without a name",
				 p->name, p->line);
	switch (tag->sigil) {
	case '=':
		return set_delimiters(p, tag);
	case '>':
		return fault(p, "partials are not supported:", tag->s, tag->len);
	case '<':
	case '$':
		return fault(p, "inheritance is not supported:", tag->s,
			     tag->len);
	case '/':
		return close_section(p, tag);
	case '#':
	case '^':
		if (p->depth == NESTING_MAX)
			return fault(p, "more than 64 sections deep:", tag->s,
				     tag->len);
		p->sections[p->depth++] = p->count;
		add_part(p, tag->sigil == '#' ? PART_SECTION : PART_INVERTED,
			 tag->s, tag->len);
		return 0;
	}
	add_part(p, PART_VARIABLE, tag->s, tag->len);
	return 0;
}

static int parse(struct parser *p)
{
	struct tag tag = { 0 };
	size_t before, after;
	int rc;

	while (find(p, p->pos, p->open, &tag.begin)) {
		count_lines(p, p->pos, tag.begin);
		if ((rc = take_tag(p, &tag)) < 0)
			return rc;
		before = tag.begin;
		after = tag.end;
		is_standalone(p, &tag, &before, &after);
		add_text(p, p->pos, before);
		if ((rc = add_tag(p, &tag)) < 0)
			return rc;
		count_lines(p, tag.begin, after);
		p->pos = after;
	}
	add_text(p, p->pos, p->len);
	if (p->depth) {
		const struct part *open = &p->parts[p->sections[p->depth - 1]];

		return error_set(ORCH_EINVALID,
				 "%s:%zu: section '%.*s' is not closed", p->name,
				 open->line, shown(open->len), open->s);
	}
	return 0;
}

/* ---- rendering ---- */

static int render_fault(const struct renderer *r, const struct part *part,
			const char *why)
{
	return error_set(ORCH_EINVALID, "%s:%zu: %s '%.*s'", r->name, part->line,
			 why, shown(part->len), part->s);
}

/* "b.c" of an object: a path, a name with dots in it, or what stands for all
 * names that it does not have. */
static const struct json *member(const struct json *object, const char *rest)
{
	const struct json *value = json_path(object, rest);

	if (!value)
		value = json_get(object, rest);
	return value ? value : json_get(object, "");
}

/* The value of a name; NULL with an error if the data does not have it. */
static const struct json *look_up(const struct renderer *r,
				  const struct part *part)
{
	const struct json *value = NULL;
	size_t i = r->depth;
	char *name, *rest;

	if (part->len == 1 && *part->s == '.')
		return r->stack[r->depth - 1];
	if (memchr(part->s, '\0', part->len)) {
		render_fault(r, part, "no variable");
		return NULL;
	}
	name = xstrndup(part->s, part->len);
	rest = strchr(name, '.');
	if (rest)
		*rest++ = '\0';
	/* The innermost that has the first name decides, come what may. */
	while (i && !value)
		value = json_get(r->stack[--i], name);
	if (value && rest)
		value = member(value, rest);
	free(name);
	if (!value)
		render_fault(r, part, "no variable");
	return value;
}

static bool is_false(const struct json *value)
{
	const char *s = json_string(value);

	return json_is_null(value) ||
		(json_is_bool(value) && !json_is_true(value)) ||
		(json_is_array(value) && !json_first(value)) || (s && !*s);
}

/* A line for each, if what stands for it is a text. */
static bool render_list(struct renderer *r, const struct json *list)
{
	const struct json *c;

	for (c = json_first(list); c; c = json_next(c))
		if (!json_is_object(c) || !json_get_string(c, ""))
			return false;
	for (c = json_first(list); c; c = json_next(c)) {
		strbuf_addstr(r->out, json_get_string(c, ""));
		if (json_next(c))
			strbuf_addch(r->out, '\n');
	}
	return true;
}

static int render_variable(struct renderer *r, const struct part *part)
{
	const struct json *value = look_up(r, part);

	if (!value)
		return ORCH_EINVALID;
	if (json_is_array(value) && render_list(r, value))
		return 0;
	if (json_is_object(value) || json_is_array(value))
		return render_fault(r, part, json_is_array(value) ?
				    "a list is no text:" :
				    "an object is no text:");
	if (json_is_string(value))
		strbuf_addstr(r->out, json_string(value));
	else if (json_is_bool(value))
		strbuf_addstr(r->out, json_is_true(value) ? "true" : "false");
	else if (!json_is_null(value))
		json_print_number(r->out, value);
	return 0;
}

static int render_parts(struct renderer *r, size_t from, size_t end);

static int render_inside(struct renderer *r, size_t section,
			 const struct json *value)
{
	int rc;

	if (r->steps++ >= STEPS_MAX)
		return render_fault(r, &r->parts[section],
				    "too many repetitions of");
	r->stack[r->depth++] = value;
	rc = render_parts(r, section + 1, r->parts[section].end);
	r->depth--;
	return rc;
}

static int render_section(struct renderer *r, size_t section)
{
	const struct part *part = &r->parts[section];
	const struct json *value = look_up(r, part), *c;
	int rc = 0;

	if (!value)
		return ORCH_EINVALID;
	if (part->kind == PART_INVERTED)
		return is_false(value) ?
			render_parts(r, section + 1, part->end) : 0;
	if (is_false(value))
		return 0;
	if (!json_is_array(value))
		return render_inside(r, section, value);
	for (c = json_first(value); c && !rc; c = json_next(c))
		rc = render_inside(r, section, c);
	return rc;
}

static int render_parts(struct renderer *r, size_t from, size_t end)
{
	size_t i;
	int rc = 0;

	for (i = from; i < end && !rc; i = r->parts[i].end) {
		const struct part *part = &r->parts[i];

		if (r->steps++ >= STEPS_MAX)
			return render_fault(r, part, "too many steps, at");
		switch (part->kind) {
		case PART_TEXT:
			if (part->len <= OUTPUT_MAX)
				strbuf_add(r->out, part->s, part->len);
			break;
		case PART_VARIABLE:
			rc = render_variable(r, part);
			break;
		case PART_SECTION:
		case PART_INVERTED:
			rc = render_section(r, i);
			break;
		}
		if (!rc && (r->out->len - r->start > OUTPUT_MAX ||
			    part->len > OUTPUT_MAX))
			rc = error_set(ORCH_EINVALID,
				       "%s:%zu: the result is larger than 64 MiB",
				       r->name, part->line);
	}
	return rc;
}

int template_render(struct strbuf *out, const char *text, size_t len,
		    const char *name, const struct json *data)
{
	struct parser p = {
		.name = name, .text = text, .len = len, .line = 1,
		.open = "{{", .close = "}}"
	};
	struct renderer r = { .out = out, .name = name, .start = out->len };
	int rc;

	if ((rc = parse(&p)) < 0)
		goto out;
	r.parts = p.parts;
	r.stack[r.depth++] = data;
	rc = render_parts(&r, 0, p.count);
out:
	if (rc < 0)
		strbuf_setlen(out, r.start);
	free(p.parts);
	return rc;
}
