/*
 * What `claude -p` prints: events of stream-json, or the one object with
 * which that stream and `--output-format json` end.
 */
#include "base/json.h"
#include "orch/usage_parse.h"

/* Of a tool's input, the most telling first. */
static const char *const telling[] = {
	"file_path", "notebook_path", "command", "pattern", "path", "url",
	"query", "skill", "description", "prompt"
};

static void show_tool(struct usage_parser *p, const struct json *block)
{
	const struct json *input = json_get(block, "input");
	const char *name = json_get_string(block, "name"), *what = NULL;
	size_t i, n = p->cwd ? strlen(p->cwd) : 0;

	for (i = 0; i < ARRAY_SIZE(telling) && !(what && *what); i++)
		what = json_get_string(input, telling[i]);
	/* claude names files from the root; below the work tree is enough. */
	if (what && n && !strncmp(what, p->cwd, n) && what[n] == '/' && what[n + 1])
		what += n + 1;
	usage_tool(p, name && *name ? name : "tool", what);
}

static bool read_figures(struct usage_message *m, const struct json *usage)
{
	bool any = false;

	any |= usage_figure(usage, "input_tokens", &m->uncached);
	any |= usage_figure(usage, "cache_creation_input_tokens", &m->cache_write);
	any |= usage_figure(usage, "cache_read_input_tokens", &m->cache_read);
	any |= usage_figure(usage, "output_tokens", &m->output);
	return any;
}

/* A message of this run is over: its figures count. */
static void settle(struct usage_parser *p, struct usage_message *m)
{
	struct usage_message *sum = &p->messages;

	if (!m->id)
		return;
	sum->uncached = usage_sum(sum->uncached, m->uncached);
	sum->cache_write = usage_sum(sum->cache_write, m->cache_write);
	sum->cache_read = usage_sum(sum->cache_read, m->cache_read);
	sum->output = usage_sum(sum->output, m->output);
	p->has_messages = true;
	free(m->id);
	m->id = NULL;
}

/* Each line of a message repeats its usage: the last one counts. */
static void note_message(struct usage_parser *p, const struct json *message)
{
	const char *id = json_get_string(message, "id");
	struct usage_message m = { NULL, 0, 0, 0, 0 };
	size_t i;

	if (!read_figures(&m, json_get(message, "usage")))
		return;
	m.id = xstrndup(id ? id : "", id ? strnlen(id, 128) : 0);
	for (i = 0; *m.id && i < USAGE_RECENT; i++) {
		if (p->recent[i].id && str_eq(p->recent[i].id, m.id)) {
			free(p->recent[i].id);
			p->recent[i] = m;
			return;
		}
	}
	settle(p, &p->recent[p->next_recent]);
	p->recent[p->next_recent] = m;
	p->next_recent = (p->next_recent + 1) % USAGE_RECENT;
}

static void take_assistant(struct usage_parser *p, const struct json *event)
{
	const struct json *message = json_get(event, "message"), *b;
	const char *model = json_get_string(message, "model");
	bool inner = json_is_string(json_get(event, "parent_tool_use_id"));

	/* What claude makes up itself (API errors) has the model "<synthetic>". */
	if (model && *model != '<' && !p->usage.model && !inner)
		usage_set_text(&p->usage.model, model);
	note_message(p, message);
	for (b = json_first(json_get(message, "content")); b; b = json_next(b)) {
		const char *type = json_get_string(b, "type");

		if (type && str_eq(type, "text") && !inner)
			usage_say(p, json_get_string(b, "text"));
		else if (type && str_eq(type, "tool_use"))
			show_tool(p, b);
	}
}

/* The model that moved the most tokens; their sum over all models in *sum. */
static const char *main_model(const struct json *models, struct usage_message *sum)
{
	const char *best = NULL;
	int64_t most = -1;
	const struct json *c;

	for (c = json_first(models); c; c = json_next(c)) {
		int64_t v[4] = { 0, 0, 0, 0 }, all = 0;
		size_t i;

		if (!json_is_object(c))
			continue;
		usage_figure(c, "inputTokens", &v[0]);
		usage_figure(c, "cacheCreationInputTokens", &v[1]);
		usage_figure(c, "cacheReadInputTokens", &v[2]);
		usage_figure(c, "outputTokens", &v[3]);
		for (i = 0; i < ARRAY_SIZE(v); i++)
			all = usage_sum(all, v[i]);
		if (all > most) {
			most = all;
			best = json_key(c);
		}
		sum->uncached = usage_sum(sum->uncached, v[0]);
		sum->cache_write = usage_sum(sum->cache_write, v[1]);
		sum->cache_read = usage_sum(sum->cache_read, v[2]);
		sum->output = usage_sum(sum->output, v[3]);
	}
	return best;
}

static void take_error(struct usage_parser *p, const struct json *event)
{
	const char *subtype = json_get_string(event, "subtype");
	const char *text = json_get_string(event, "result");
	int64_t status = 0;

	if (!text || !*text)
		text = json_string(json_first(json_get(event, "errors")));
	if (!text || !*text)
		text = subtype;
	if (json_get_int(event, "api_error_status", &status) < 0)
		status = 0;
	usage_set_error(&p->usage, status, text);
	p->usage.is_error = true;
}

static void take_result(struct usage_parser *p, const struct json *event)
{
	const struct json *models = json_get(event, "modelUsage");
	const char *subtype = json_get_string(event, "subtype"), *model;
	struct usage_message m = { NULL, 0, 0, 0, 0 }, sum = { NULL, 0, 0, 0, 0 };
	struct usage *u = &p->usage;
	bool any;

	usage_set_text(&u->session, json_get_string(event, "session_id"));
	model = main_model(json_is_object(models) ? models : NULL, &sum);
	usage_set_text(&u->model, model);
	any = read_figures(&m, json_get(event, "usage"));
	if (!any && model) {
		m = sum;
		any = true;
	}
	if (any) {
		u->uncached = m.uncached;
		u->cache_write = m.cache_write;
		u->cache_read = m.cache_read;
		u->output = m.output;
		u->has_tokens = true;
		p->has_result = true;
	}
	if (usage_cost(event, "total_cost_usd", &u->cost_usd))
		u->has_cost = true;
	free(u->error);
	u->error = NULL;
	u->is_error = false;
	if (json_get_bool(event, "is_error", false) ||
	    (subtype && str_starts(subtype, "error")))
		take_error(p, event);
	/* In a stream the text has been shown as it came. */
	if (!p->said_text)
		usage_say(p, json_get_string(event, "result"));
}

bool usage_claude_event(struct usage_parser *p, const struct json *event)
{
	const char *type = json_get_string(event, "type");
	const char *subtype = json_get_string(event, "subtype");

	if (!type)
		return false;
	if (str_eq(type, "assistant")) {
		take_assistant(p, event);
	} else if (str_eq(type, "result")) {
		take_result(p, event);
	} else if (str_eq(type, "system") && subtype) {
		if (str_eq(subtype, "compact_boundary"))
			p->usage.compacted = true;
		if (str_eq(subtype, "init")) {
			usage_set_text(&p->usage.session,
				       json_get_string(event, "session_id"));
			usage_set_text(&p->usage.model,
				       json_get_string(event, "model"));
			usage_set_text(&p->cwd, json_get_string(event, "cwd"));
		}
	}
	return true;
}

void usage_claude_finish(struct usage_parser *p)
{
	const struct usage_message *sum = &p->messages;
	struct usage *u = &p->usage;

	for (size_t i = 0; i < USAGE_RECENT; i++)
		settle(p, &p->recent[i]);
	u->partial = !p->has_result && p->has_messages;
	if (u->partial) {
		u->uncached = sum->uncached;
		u->cache_write = sum->cache_write;
		u->cache_read = sum->cache_read;
		u->output = sum->output;
		u->has_tokens = true;
	}
	/* Some versions report a resumed session's total, some only this run.
	 * (What a message says of its output is not yet all of it.) */
	u->own_figures = p->has_result && p->has_messages &&
			 u->uncached == sum->uncached &&
			 u->cache_write == sum->cache_write &&
			 u->cache_read == sum->cache_read;
}
