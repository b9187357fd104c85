/*
 * An agent's stdout, cut into lines and those into JSON events. Agents also
 * print warnings, colours and nonsense: whatever is no event is shown as it
 * is. Memory is bounded by the longest line that is still looked at.
 */
#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "orch/usage_parse.h"

#define LINE_MAX_BYTES (16u * 1024 * 1024)
#define TOOL_MAX 160
#define WHAT_MAX 4096
#define TEXT_MAX 1000
#define ERROR_MAX 200
#define VALUES_MAX 100000
#define FIGURE_MAX (((int64_t)1 << 53) - 1)

struct usage_parser *usage_parser_new(enum agent_kind kind, usage_show *show,
				      void *data)
{
	struct usage_parser *p = xcalloc(1, sizeof(*p));

	p->kind = kind;
	p->show = show;
	p->data = data;
	strbuf_init(&p->line);
	strbuf_init(&p->doc);
	strbuf_init(&p->scratch);
	return p;
}

static void show_bytes(struct usage_parser *p, const char *bytes, size_t len)
{
	if (len && p->show)
		p->show(bytes, len, false, p->data);
}

void usage_say(struct usage_parser *p, const char *text)
{
	size_t len = text ? strlen(text) : 0;

	if (!len)
		return;
	strbuf_reset(&p->scratch);
	strbuf_add(&p->scratch, text, len);
	if (text[len - 1] != '\n')
		strbuf_addch(&p->scratch, '\n');
	show_bytes(p, p->scratch.buf, p->scratch.len);
	p->said_text = true;
}

/* Shorten to `max` bytes and no half character. */
static void cut(struct strbuf *sb, size_t start, size_t max)
{
	size_t end = start + max;

	if (sb->len <= end)
		return;
	while (end > start && ((unsigned char)sb->buf[end] & 0xc0) == 0x80)
		end--;
	strbuf_setlen(sb, end);
	strbuf_addstr(sb, "...");
}

void usage_tool(struct usage_parser *p, const char *name, const char *what)
{
	struct strbuf *line = &p->scratch;
	size_t n;

	strbuf_reset(line);
	text_add_safe(line, name, strnlen(name, TOOL_MAX), true);
	if (what) {
		what += strspn(what, " \t\r\n");
		if (*what)
			strbuf_addch(line, ' ');
		/* The cut comes after the cleaning, which may shorten. */
		n = strcspn(what, "\r\n");
		text_add_safe(line, what, n < WHAT_MAX ? n : WHAT_MAX, true);
	}
	cut(line, 0, TOOL_MAX);
	strbuf_rtrim(line);
	if (line->len && p->show)
		p->show(line->buf, line->len, true, p->data);
}

void usage_set_text(char **slot, const char *text)
{
	struct strbuf sb = STRBUF_INIT;

	if (!text || !*text)
		return;
	strbuf_add(&sb, text, strnlen(text, TEXT_MAX + 1));
	if (sb.len > TEXT_MAX)
		cut(&sb, 0, TEXT_MAX);
	free(*slot);
	*slot = strbuf_detach(&sb, NULL);
}

/* "API Error: 529 {"type":"error","error":{"message":"Overloaded"}}" is told
 * by its innermost message. */
static char *inner_message(const char *text)
{
	const char *brace = strchr(text, '{'), *message;
	struct json *value;
	char *found = NULL;

	if (!brace || json_parse_lenient(&value, brace, strlen(brace), "error") < 0) {
		error_clear();
		return NULL;
	}
	message = json_string(json_path(value, "error.message"));
	if (!message)
		message = json_get_string(value, "message");
	if (!message)
		message = json_get_string(value, "detail");
	if (message && *message)
		found = xstrdup(message);
	json_free(value);
	return found;
}

void usage_set_error(struct usage *u, int64_t http_status, const char *text)
{
	struct strbuf sb = STRBUF_INIT;
	char *inner = text ? inner_message(text) : NULL;
	char number[24] = "";

	if (inner && !http_status && str_starts(text, "API Error: "))
		http_status = strtol(text + 11, NULL, 10);
	if (inner)
		text = inner;
	if (!text)
		text = "";
	text += strspn(text, " \t\r\n");
	if (http_status >= 100 && http_status <= 999)
		snprintf(number, sizeof(number), "%d", (int)http_status);
	if (*number && !strstr(text, number))
		strbuf_addf(&sb, "API %s%s", number, *text ? ": " : "");
	text_add_safe(&sb, text, strcspn(text, "\r\n"), true);
	cut(&sb, 0, ERROR_MAX);
	strbuf_rtrim(&sb);
	if (sb.len) {
		free(u->error);
		u->error = strbuf_detach(&sb, NULL);
	}
	strbuf_release(&sb);
	free(inner);
}

int64_t usage_sum(int64_t a, int64_t b)
{
	return a > FIGURE_MAX - b ? FIGURE_MAX : a + b;
}

/* What tools have read is the bulk of claude's stream, and says nothing. */
static bool is_tool_result(const struct usage_parser *p, const char *text,
			   size_t len)
{
	static const char start[] = "{\"type\":\"user\",";

	return p->kind == AGENT_CLAUDE && len >= sizeof(start) - 1 &&
	       !memcmp(text, start, sizeof(start) - 1) && text[len - 1] == '}';
}

/*
 * The length of the value at the beginning of `text`, up to a comma or closing
 * bracket of what is around it; *values counts roughly what is in it.
 */
static size_t value_length(const char *text, size_t len, size_t *values)
{
	bool in_string = false;
	size_t i, depth = 0;

	*values = 1;
	for (i = 0; i < len; i++) {
		char c = text[i];

		if (in_string) {
			if (c == '\\')
				i++;
			else if (c == '"')
				in_string = false;
			continue;
		}
		if (!depth && (c == ',' || c == ']' || c == '}'))
			break;
		if (c == '"')
			in_string = true;
		else if (c == ',')
			++*values;
		else if (c == '{' || c == '[')
			depth++;
		else if (c == '}' || c == ']')
			depth--;
	}
	return i < len ? i : len;
}

/* One event. What would take a hundred times its size to parse is none. */
static bool take_object(struct usage_parser *p, const char *text, size_t len)
{
	struct json *value;
	size_t values;
	bool known = false;

	if (value_length(text, len, &values) != len || values > VALUES_MAX)
		return false;
	if (json_parse_lenient(&value, text, len, "agent's output") < 0) {
		error_clear();
		return false;
	}
	if (json_is_object(value))
		known = p->kind == AGENT_CLAUDE ? usage_claude_event(p, value) :
			usage_codex_event(p, value);
	json_free(value);
	return known;
}

/* All events of a session as one array: each is parsed alone, as a long
 * session is more than should be in memory as values. */
static bool take_array(struct usage_parser *p, const char *text, size_t len)
{
	size_t pos = 1, values;

	for (;;) {
		size_t n;

		while (pos < len && memchr(" \t\r\n", text[pos], 4))
			pos++;
		n = value_length(text + pos, len - pos, &values);
		if (!n || text[pos] != '{' || !take_object(p, text + pos, n))
			return false;
		pos += n;
		if (pos >= len || text[pos++] != ',')
			return pos == len && text[pos - 1] == ']';
	}
}

static bool take_json(struct usage_parser *p, const char *text, size_t len)
{
	struct strbuf clean = STRBUF_INIT;
	bool known;

	while (len && memchr(" \t\r\n", *text, 4)) {
		text++;
		len--;
	}
	while (len && memchr(" \t\r\n", text[len - 1], 4))
		len--;
	if (is_tool_result(p, text, len))
		return true;
	if (!utf8_valid(text, len)) {
		utf8_add_clean(&clean, text, len);
		text = clean.buf;
		len = clean.len;
	}
	known = *text == '[' ? take_array(p, text, len) : take_object(p, text, len);
	strbuf_release(&clean);
	return known;
}

/* How many brackets a line leaves open; strings do not cross lines. */
static int depth_of(const char *text, size_t len)
{
	bool in_string = false;
	int depth = 0;
	size_t i;

	for (i = 0; i < len; i++) {
		if (in_string) {
			if (text[i] == '\\')
				i++;
			else if (text[i] == '"')
				in_string = false;
		} else if (text[i] == '"') {
			in_string = true;
		} else if (text[i] == '{' || text[i] == '[') {
			depth++;
		} else if (text[i] == '}' || text[i] == ']') {
			depth--;
		}
	}
	return depth;
}

static void end_doc(struct usage_parser *p, bool complete)
{
	if (!complete || !take_json(p, p->doc.buf, p->doc.len))
		show_bytes(p, p->doc.buf, p->doc.len);
	strbuf_reset(&p->doc);
	p->in_doc = false;
}

/*
 * An object printed for people begins with a line of nothing but its bracket,
 * and its next line with a name or a bracket.
 */
static bool begins_doc(const char *text, size_t len)
{
	return len == 1 && (*text == '{' || *text == '[');
}

static bool continues_doc(const char *text, size_t len)
{
	return !len || memchr("\"{}[]", *text, 5);
}

/* `line` has its newline, if one came. */
static void take_line(struct usage_parser *p, const char *line, size_t len)
{
	const char *text = line;
	size_t n = len;

	while (n && memchr(" \t\r\n", text[n - 1], 4))
		n--;
	while (n && (*text == ' ' || *text == '\t')) {
		text++;
		n--;
	}
	if (p->in_doc) {
		bool first = !memchr(p->doc.buf, '\n', p->doc.len - 1);

		if ((first && !continues_doc(text, n)) ||
		    p->doc.len + len > LINE_MAX_BYTES) {
			end_doc(p, false);
		} else {
			strbuf_add(&p->doc, line, len);
			p->doc_depth += depth_of(text, n);
			if (p->doc_depth <= 0)
				end_doc(p, true);
			return;
		}
	}
	if (begins_doc(text, n)) {
		strbuf_reset(&p->doc);
		strbuf_add(&p->doc, line, len);
		p->doc_depth = 1;
		p->in_doc = true;
		return;
	}
	if (!n || (*text != '{' && *text != '[') || !take_json(p, text, n))
		show_bytes(p, line, len);
}

void usage_parser_feed(struct usage_parser *p, const char *bytes, size_t len)
{
	if (p->kind == AGENT_OTHER) {
		show_bytes(p, bytes, len);
		return;
	}
	while (len) {
		const char *nl = memchr(bytes, '\n', len);
		size_t n = nl ? (size_t)(nl - bytes) + 1 : len;

		if (p->passing) {
			show_bytes(p, bytes, n);
		} else if (nl && !p->line.len) {
			take_line(p, bytes, n);
		} else {
			strbuf_add(&p->line, bytes, n);
			if (nl) {
				take_line(p, p->line.buf, p->line.len);
				strbuf_reset(&p->line);
			}
		}
		if (p->line.len > LINE_MAX_BYTES) {
			if (p->in_doc)
				end_doc(p, false);
			show_bytes(p, p->line.buf, p->line.len);
			strbuf_release(&p->line);
			p->passing = true;
		}
		if (nl)
			p->passing = false;
		bytes += n;
		len -= n;
	}
}

void usage_parser_finish(struct usage_parser *p, struct usage *out)
{
	if (p->line.len) {
		take_line(p, p->line.buf, p->line.len);
		strbuf_reset(&p->line);
	}
	if (p->in_doc)
		end_doc(p, false);
	if (p->kind == AGENT_CLAUDE)
		usage_claude_finish(p);
	else if (p->kind == AGENT_CODEX)
		usage_codex_finish(p);
	*out = p->usage;
	p->usage = (struct usage)USAGE_INIT;
}

void usage_parser_free(struct usage_parser *p)
{
	size_t i;

	if (!p)
		return;
	for (i = 0; i < USAGE_RECENT; i++) {
		free(p->recent[i].id);
		free(p->items[i]);
	}
	free(p->cwd);
	strbuf_release(&p->line);
	strbuf_release(&p->doc);
	strbuf_release(&p->scratch);
	usage_release(&p->usage);
	free(p);
}
