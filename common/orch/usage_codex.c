/* What `codex exec --json` prints: one event a line. */
#include "base/json.h"
#include "orch/usage_parse.h"

/* An item is announced, updated and completed under one id: one line for it. */
static bool shown_before(struct usage_parser *p, const struct json *item)
{
	const char *id = json_get_string(item, "id");
	size_t i;

	if (!id || !*id)
		return false;
	for (i = 0; i < USAGE_RECENT; i++)
		if (p->items[i] && str_eq(p->items[i], id))
			return true;
	free(p->items[p->next_item]);
	p->items[p->next_item] = xstrndup(id, strnlen(id, 128));
	p->next_item = (p->next_item + 1) % USAGE_RECENT;
	return false;
}

/* "/bin/bash -lc 'pytest -q'" is how codex says "pytest -q". */
static void show_command(struct usage_parser *p, const char *command)
{
	const char *mark = command ? strstr(command, "sh -lc ") : NULL;
	const char *first = command ? strchr(command, ' ') : NULL;
	struct strbuf text = STRBUF_INIT;
	size_t n;

	if (mark && first && first == mark + 2)
		command = mark + 7;
	strbuf_addstr(&text, command ? command : "");
	n = text.len;
	if (n >= 2 && (*text.buf == '\'' || *text.buf == '"') &&
	    text.buf[n - 1] == *text.buf) {
		strbuf_setlen(&text, n - 1);
		strbuf_remove(&text, 0, 1);
	}
	usage_tool(p, "Bash", text.buf);
	strbuf_release(&text);
}

static void show_change(struct usage_parser *p, const struct json *item)
{
	const struct json *changes = json_get(item, "changes"), *c = json_first(changes);
	const char *kind = json_get_string(c, "kind"), *path = json_get_string(c, "path");
	size_t nr = json_count(changes);
	const char *verb = kind && str_eq(kind, "add") ? "Write" :
			   kind && str_eq(kind, "delete") ? "Delete" : "Edit";
	struct strbuf what = STRBUF_INIT;

	strbuf_addstr(&what, path ? path : "");
	if (path && nr > 1)
		strbuf_addf(&what, " and %zu more", nr - 1);
	usage_tool(p, verb, what.buf);
	strbuf_release(&what);
}

static void show_mcp(struct usage_parser *p, const struct json *item)
{
	const char *server = json_get_string(item, "server");
	const char *tool = json_get_string(item, "tool");
	struct strbuf name = STRBUF_INIT;

	strbuf_addf(&name, "%s%s%s", server ? server : "", server && tool ? "." : "",
		    tool ? tool : "");
	usage_tool(p, "mcp", name.buf);
	strbuf_release(&name);
}

static void take_item(struct usage_parser *p, const struct json *item, bool done)
{
	const char *type = json_get_string(item, "type");

	if (!type)
		type = json_get_string(item, "item_type");
	if (!type)
		return;
	if (str_eq(type, "agent_message") || str_eq(type, "assistant_message")) {
		if (done)
			usage_say(p, json_get_string(item, "text"));
	} else if (str_eq(type, "error")) {
		if (done)
			usage_say(p, json_get_string(item, "message"));
	} else if (str_eq(type, "command_execution")) {
		if (!shown_before(p, item))
			show_command(p, json_get_string(item, "command"));
	} else if (str_eq(type, "file_change")) {
		if (!shown_before(p, item))
			show_change(p, item);
	} else if (str_eq(type, "mcp_tool_call")) {
		if (!shown_before(p, item))
			show_mcp(p, item);
	} else if (str_eq(type, "web_search")) {
		const char *query = json_get_string(item, "query");

		/* The query may be known only at the end. */
		if (((query && *query) || done) && !shown_before(p, item))
			usage_tool(p, "WebSearch", query);
	}
}

/* Their input contains what was read from and written to the cache. */
static void take_usage(struct usage *u, const struct json *usage)
{
	int64_t input = 0, cached = 0, written = 0, output = 0;
	bool any = false;

	any |= usage_figure(usage, "input_tokens", &input);
	any |= usage_figure(usage, "cached_input_tokens", &cached);
	any |= usage_figure(usage, "cache_write_input_tokens", &written);
	any |= usage_figure(usage, "output_tokens", &output);
	if (!any)
		return;
	u->has_tokens = true;
	u->uncached = input > usage_sum(cached, written) ? input - cached - written : 0;
	u->cache_write = written;
	u->cache_read = cached;
	u->output = output;	/* its reasoning is part of it */
}

static void take_failure(struct usage_parser *p, const char *message)
{
	usage_set_error(&p->usage, 0, message && *message ? message : "failed");
	p->failed_last = true;
}

bool usage_codex_event(struct usage_parser *p, const struct json *event)
{
	const char *type = json_get_string(event, "type");
	const char *model = json_get_string(event, "model");

	if (!type)
		return false;
	usage_set_text(&p->usage.model, model);
	if (str_eq(type, "thread.started")) {
		usage_set_text(&p->usage.session, json_get_string(event, "thread_id"));
	} else if (str_eq(type, "turn.completed")) {
		take_usage(&p->usage, json_get(event, "usage"));
		free(p->usage.error);
		p->usage.error = NULL;
		p->failed_last = false;
	} else if (str_eq(type, "turn.failed")) {
		take_failure(p, json_string(json_path(event, "error.message")));
	} else if (str_eq(type, "error")) {
		take_failure(p, json_get_string(event, "message"));
	} else if (str_eq(type, "item.started") || str_eq(type, "item.updated")) {
		take_item(p, json_get(event, "item"), false);
	} else if (str_eq(type, "item.completed")) {
		take_item(p, json_get(event, "item"), true);
	}
	return true;
}

void usage_codex_finish(struct usage_parser *p)
{
	p->usage.is_error = p->failed_last;
}
