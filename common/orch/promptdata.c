/*
 * The variables that a context template can use, and the built-in template.
 */
#include "orch/promptdata.h"

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "orch/delta.h"
#include "orch/orch.h"
#include "orch/prompt.h"
#include "orch/turn.h"

#define MAX_FOCUS 500
#define MAX_INPUT (16u << 20)

const char prompt_builtin_template[] =
"# Your turn\n"
"\n"
"You are {{actor}}, in iteration {{iteration_number}} of the loop {{loop}}.\n"
"{{#task}}\n"
"\n"
"## Task\n"
"\n"
"{{task}}\n"
"{{/task}}\n"
"{{#previous_focus_issue}}\n"
"\n"
"Focus so far: {{previous_focus_issue}}\n"
"{{/previous_focus_issue}}\n"
"\n"
"## What changed since your last turn\n"
"\n"
"{{git_diff_summary}}\n";

/*
 * The value of the first line "Focus: ..." of the input document, also as a
 * list item or in bold; "" without one.
 */
static char *find_focus(const char *text, size_t len)
{
	const char *end = text + len;

	for (const char *line = text; line < end;) {
		const char *eol = memchr(line, '\n', (size_t)(end - line));
		const char *p = line, *stop = eol ? eol : end;

		while (p < stop && strchr(" -*#", *p) && *p)
			p++;
		if ((size_t)(stop - p) > 6 && memcmp(p, "Focus:", 6) == 0) {
			p += 6;
			while (p < stop && (*p == ' ' || *p == '*' || *p == '\t'))
				p++;
			while (stop > p && strchr(" \t\r*", stop[-1]) && stop[-1])
				stop--;
			if ((size_t)(stop - p) > MAX_FOCUS)
				stop = p + MAX_FOCUS;
			return xstrndup(p, (size_t)(stop - p));
		}
		line = eol ? eol + 1 : end;
	}
	return xstrdup("");
}

static void add_focus(struct json *out, struct orch *o)
{
	const char *input = config_get(o->config, "orch.input");
	struct strbuf text = STRBUF_INIT;
	char *focus;
	int fd;

	/* Whoever packs the documents reports what is wrong with one. */
	if (input && *input && file_open_beneath(&fd, NULL, repo_work_tree(o->repo),
						 input, false) == 0) {
		if (strbuf_read_fd(&text, fd, MAX_INPUT) < 0)
			strbuf_reset(&text);
		close(fd);
	}
	error_clear();
	focus = find_focus(text.buf, text.len);
	json_add_bytes(out, "previous_focus_issue", focus, strlen(focus));
	free(focus);
	strbuf_release(&text);
}

static void add_changed(struct json *files, const struct change_list *l,
			bool uncommitted)
{
	for (size_t i = 0; i < l->nr; i++) {
		const struct change *c = &l->v[i];
		const char status[] = { delta_status(c), '\0' };
		struct json *f = json_add_object(files, NULL);

		json_add_bytes(f, "path", c->path, strlen(c->path));
		json_add_string(f, "status", status);
		json_add_int(f, "added", c->added < 0 ? 0 : c->added);
		json_add_int(f, "removed", c->removed < 0 ? 0 : c->removed);
		json_add_bool(f, "uncommitted", uncommitted);
	}
}

static int add_delta(struct json *out, struct orch *o,
		     const struct prompt_request *req)
{
	static const char *const later[] = { "new_plan_items", "completed_tasks",
					     "new_findings" };
	struct delta d = DELTA_INIT;
	struct strbuf summary = STRBUF_INIT;
	struct json *json, *files;
	int rc;

	if ((rc = delta_compute(&d, o, req->turn, req->actor)) < 0)
		goto out;
	delta_summary(&summary, &d);
	strbuf_rtrim(&summary);
	json_add_bytes(out, "git_diff_summary", summary.buf, summary.len);
	json = json_add_object(out, "delta");
	files = json_add_array(json, "changed_files");
	add_changed(files, &d.files, false);
	add_changed(files, &d.uncommitted, true);
	for (size_t i = 0; i < ARRAY_SIZE(later); i++)
		json_add_array(json, later[i]);
out:
	strbuf_release(&summary);
	delta_release(&d);
	return rc;
}

/* What `turn release --set` handed on. Which keys there are is up to the
 * agents: one that nobody has set is empty. */
static void add_values(struct json *out, const struct turn *t)
{
	struct json *values = json_add_object(out, "values");

	json_add_string(values, "", "");
	for (size_t i = 0; i < t->nr_value; i++)
		json_add_bytes(values, t->value[i].key, t->value[i].value,
			       strlen(t->value[i].value));
}

/* Objects are merged, anything else is replaced. */
static void merge(struct json *into, const struct json *from)
{
	for (const struct json *m = json_first(from); m; m = json_next(m)) {
		const char *key = json_key(m);
		const struct json *old = json_get(into, key);

		if (json_is_object(old) && json_is_object(m)) {
			struct json *both = json_copy(old);

			merge(both, m);
			json_set(into, key, both);
		} else {
			json_set(into, key, json_copy(m));
		}
	}
}

int prompt_data(struct json **out, struct orch *o, const struct prompt_request *req)
{
	struct json *json = json_new_object();
	struct oid head;
	int rc;

	if ((rc = repo_head(o->repo, &head, NULL)) < 0)
		goto failed;

	json_add_int(json, "iteration_number", req->turn->iteration);
	json_add_string(json, "actor", req->actor);
	json_add_string(json, "loop", o->loop ? o->loop : "");
	json_add_string(json, "head", oid_is_zero(&head) ? "" : oid_hex(&head));
	json_add_string(json, "task", req->task ? req->task : "");
	json_add_string(json, "route", "");
	json_add_string(json, "dependency_checklist", "");
	json_add_array(json, "check_findings");
	for (size_t i = 0; i < o->workflow.nr; i++) {
		char *key = xstrfmt("%s_summary", o->workflow.v[i]);

		if (!json_get(json, key))
			json_add_string(json, key, "");
		free(key);
	}
	add_values(json, req->turn);
	add_focus(json, o);
	if ((rc = add_delta(json, o, req)) < 0)
		goto failed;
	if (req->data)
		merge(json, req->data);
	*out = json;
	return 0;
failed:
	json_free(json);
	return rc;
}
