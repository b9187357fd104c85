/*
 * orchestration.yaml: the ring, whose prompt is which file, where the ledgers
 * are, and which programs played. Commands are only remembered, for the user
 * to type: what a work tree holds must not start a program.
 */
#include <sys/stat.h>

#include "orch/import.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/strbuf.h"
#include "base/yaml.h"
#include "git/repo.h"
#include "orch/config.h"
#include "orch/promptfiles.h"

#define FILE_NAME "orchestration.yaml"
#define RING_MAX 100

struct reader {
	struct import *im;
	struct repo *repo;
	const char *prompts_dir;
	bool ring_done;		/* the ring is said; more actors only add to them */
};

/* Keys of the tool that a loop of ours has no use for. */
static const char *const ignored[] = {
	"version", "doc_whitelist", "tracked_output_globs", "logs_dir", "tmp_dir",
	"spec_bootstrap", "prompts_dir", "reviewer_prompt",
};

static struct import_actor *find_actor(struct import *im, const char *role)
{
	char *name = import_actor_name(role);
	struct import_actor *a = NULL;

	for (size_t i = 0; i < im->nr_actors; i++)
		if (str_eq(im->actors[i].name, name))
			a = &im->actors[i];
	if (!a && im->nr_actors == RING_MAX) {
		import_problem(im, FILE_NAME ": more than %d actors", RING_MAX);
	} else if (!a && !actor_name_valid(name)) {
		import_problem(im, FILE_NAME ": '%.60s' is no actor's name", name);
	} else if (!a) {
		ALLOC_GROW(im->actors, im->nr_actors + 1, im->alloc_actors);
		a = &im->actors[im->nr_actors++];
		*a = (struct import_actor) { .name = xstrdup(name), .agent = AGENT_OTHER };
	}
	free(name);
	return a;
}

/* A regular file below the work tree. */
static bool is_file(struct reader *r, const char *path)
{
	struct stat st;
	int fd;

	if (file_open_beneath(&fd, &st, repo_work_tree(r->repo), path, true) < 0) {
		error_clear();
		return false;
	}
	close(fd);
	return S_ISREG(st.st_mode);
}

/* The file that `value` names, below prompts_dir or as it is; yours, or NULL. */
static char *find_prompt(struct reader *r, const char *value)
{
	const char *const dirs[] = { r->prompts_dir, "." };

	if (*value == '/')
		return NULL;
	while (str_starts(value, "./"))
		value += 2;
	for (size_t d = 0; d < ARRAY_SIZE(dirs); d++)
		for (int f = 0; f < 2; f++) {
			struct strbuf path = STRBUF_INIT;

			if (!str_eq(dirs[d], "."))
				strbuf_addf(&path, "%s/", dirs[d]);
			strbuf_addf(&path, "%s%s", value, f ? ".md" : "");
			if (is_file(r, path.buf))
				return strbuf_detach(&path, NULL);
			strbuf_release(&path);
		}
	return NULL;
}

static void add_prompt(struct reader *r, struct import_actor *a, const char *key,
		       const struct json *v)
{
	const char *name = json_string(v);
	char *path;

	if (json_is_array(v)) {
		for (const struct json *c = json_first(v); c; c = json_next(c))
			if (!json_is_array(c))
				add_prompt(r, a, key, c);
		return;
	}
	path = name && *name ? find_prompt(r, name) : NULL;
	if (!path)
		import_problem(r->im, FILE_NAME ": %.60s: no file '%.100s'", key,
			       name ? name : "");
	else if (!strvec_has(&a->core, path))
		strvec_push(&a->core, path);
	free(path);
}

/* A command as a string, or as its words. */
static void add_command(struct reader *r, struct import_actor *a, const char *key,
			const struct json *v)
{
	struct strbuf text = STRBUF_INIT;

	if (json_string(v))
		strbuf_addstr(&text, json_string(v));
	for (const struct json *c = json_is_array(v) ? json_first(v) : NULL; c;
	     c = json_next(c)) {
		if (text.len)
			strbuf_addch(&text, ' ');
		import_quote(&text, json_string(c) ? json_string(c) : "");
	}
	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.buf[i] < 0x20 || text.buf[i] == 0x7f)
			strbuf_reset(&text);
	if (!text.len) {
		import_problem(r->im, FILE_NAME ": %.60s: no command on one line", key);
	} else {
		free(a->command);
		a->command = strbuf_detach(&text, NULL);
	}
	strbuf_release(&text);
}

static void set_agent(struct reader *r, struct import_actor *a, const char *key,
		      const struct json *v)
{
	const char *name = json_string(v);

	if (name && str_eq(name, "auto"))
		return;
	if (!name || agent_kind_parse(&a->agent, name) < 0) {
		error_clear();
		import_problem(r->im, FILE_NAME ": %.60s: '%.60s' is neither claude nor "
			       "codex", key, name ? name : "");
	}
}

/* One key of what is said about an actor. */
static bool read_actor_key(struct reader *r, struct import_actor *a, const char *key,
			   const struct json *v)
{
	if (str_eq(key, "prompt") || str_eq(key, "prompts") || str_eq(key, "prompt_file") ||
	    str_eq(key, "core"))
		add_prompt(r, a, key, v);
	else if (str_eq(key, "command") || str_eq(key, "cmd"))
		add_command(r, a, key, v);
	else if (str_eq(key, "agent"))
		set_agent(r, a, key, v);
	else
		return false;
	return true;
}

static const char *name_in(const struct json *item)
{
	static const char *const keys[] = { "actor", "name", "role", "id", "prompt" };

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (json_get_string(item, keys[i]))
			return json_get_string(item, keys[i]);
	return NULL;
}

/* "galph", "supervisor.md", {actor: galph, prompt: ...}, or the value of a
 * mapping by actor. */
static void read_actor(struct reader *r, const char *name, const struct json *v)
{
	struct import_actor *a;

	if (!name)
		name = json_string(v) ? json_string(v) : name_in(v);
	if (!name || !(a = find_actor(r->im, name))) {
		if (!name)
			import_problem(r->im, FILE_NAME ": an actor without a name");
		return;
	}
	if (!r->ring_done && r->im->ring.nr < RING_MAX)
		strvec_push(&r->im->ring, a->name);
	if (json_string(v)) {
		if (str_ends(json_string(v), ".md"))
			add_prompt(r, a, name, v);
		return;
	}
	for (const struct json *c = json_is_object(v) ? json_first(v) : NULL; c;
	     c = json_next(c)) {
		const char *key = json_key(c);

		if (!read_actor_key(r, a, key, c) && !str_eq(key, "actor") &&
		    !str_eq(key, "name") && !str_eq(key, "role") && !str_eq(key, "id"))
			import_problem(r->im, FILE_NAME ": %.60s: %.60s: not known", name,
				       key);
	}
}

/* A list of actors, or a mapping by actor: the ring, unless it is known. */
static void read_actors(struct reader *r, const struct json *v)
{
	for (const struct json *c = json_first(v); c; c = json_next(c))
		read_actor(r, json_is_object(v) ? json_key(c) : NULL, c);
	r->ring_done = r->im->ring.nr > 0;
}

static void read_workflow_name(struct reader *r, const struct json *workflow)
{
	const char *name = json_string(workflow) ? json_string(workflow) :
			   json_get_string(workflow, "name");
	int64_t n = 0;

	if (name && (str_eq(name, "standard") || str_eq(name, "review_cadence"))) {
		if (!r->ring_done) {
			strvec_push(&r->im->ring, "galph");
			strvec_push(&r->im->ring, "ralph");
			r->ring_done = true;
		}
		if (str_eq(name, "review_cadence") &&
		    json_get_int(workflow, "review_every_n", &n) == 0 && n > 0)
			import_problem(r->im, FILE_NAME ": workflow: a review every %" PRId64
				       " rounds is not played", n);
	} else if (name && !r->ring_done) {
		import_problem(r->im, FILE_NAME ": workflow: '%.60s' is none that we know",
			       name);
	}
}

static const char *const lists[] = { "actors", "ring", "steps", "sequence" };

static bool is_list_key(const char *key)
{
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		if (str_eq(key, lists[i]))
			return true;
	return false;
}

static void read_lists(struct reader *r, const struct json *in)
{
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		const struct json *v = json_get(in, lists[i]);

		if (json_is_array(v) || json_is_object(v))
			read_actors(r, v);
		else if (v && !json_is_null(v))
			import_problem(r->im, FILE_NAME ": %s: no list", lists[i]);
	}
}

static void read_workflow(struct reader *r, const struct json *top)
{
	const struct json *w = json_get(top, "workflow");
	const char *text = json_string(w);

	if (json_is_array(w)) {
		read_actors(r, w);
	} else if (text && strchr(text, ' ')) {
		struct strvec words = STRVEC_INIT;

		strvec_split(&words, text);
		for (size_t i = 0; i < words.nr; i++) {
			struct json *word = json_new_string(words.v[i]);

			read_actor(r, NULL, word);
			json_free(word);
		}
		strvec_release(&words);
		r->ring_done = r->im->ring.nr > 0;
	} else if (json_is_object(w)) {
		read_lists(r, w);
		for (const struct json *c = json_first(w); c; c = json_next(c))
			if (!is_list_key(json_key(c)) && !str_eq(json_key(c), "name") &&
			    !str_eq(json_key(c), "review_every_n"))
				import_problem(r->im, FILE_NAME ": workflow: %.60s: not known",
					       json_key(c));
	} else if (w && !text && !json_is_null(w)) {
		import_problem(r->im, FILE_NAME ": workflow: no list of actors");
	}
	read_lists(r, top);
	if (json_is_object(w) || (text && !strchr(text, ' ')))
		read_workflow_name(r, w);
}

/* agent: {default, roles: {supervisor: claude}, prompts: {main.md: codex}},
 * the more special over the more general. */
static void read_agents(struct reader *r, const struct json *v)
{
	static const char *const parts[] = { "roles", "prompts" };
	const struct json *all = json_string(v) ? v : json_get(v, "default");

	for (size_t i = 0; all && i < r->im->nr_actors; i++)
		set_agent(r, &r->im->actors[i], "agent", all);
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		const struct json *part = json_get(v, parts[i]);

		for (const struct json *c = json_is_object(part) ? json_first(part) : NULL; c;
		     c = json_next(c)) {
			char *name = import_actor_name(json_key(c));

			/* A prompt that none of the ring plays is nobody's. */
			if (import_place(&r->im->ring, name) < r->im->ring.nr) {
				struct import_actor *a = find_actor(r->im, name);

				if (a)
					set_agent(r, a, json_key(c), c);
			}
			free(name);
		}
	}
}

static void set_path(struct reader *r, char **out, const char *key, const struct json *v,
		     bool must_exist)
{
	const char *path = json_string(v);

	while (path && str_starts(path, "./"))
		path += 2;
	if (!path || !path_is_safe(path) || (must_exist && !is_file(r, path))) {
		import_problem(r->im, FILE_NAME ": %s: no file '%.100s'", key,
			       path ? path : "");
		return;
	}
	free(*out);
	*out = xstrdup(path);
}

/* <role>_prompt and <role>_command. */
static bool read_role_key(struct reader *r, const char *key, const struct json *v)
{
	static const char *const ends[] = { "_prompt", "_command", "_cmd" };

	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		size_t len = strlen(key), n = strlen(ends[i]);
		struct import_actor *a;
		char *role;

		if (len <= n || !str_ends(key, ends[i]))
			continue;
		role = xstrndup(key, len - n);
		a = import_place(&r->im->ring, role) < r->im->ring.nr ?
		    find_actor(r->im, role) : NULL;
		free(role);
		if (!a)
			return false;
		if (i == 0)
			add_prompt(r, a, key, v);
		else
			add_command(r, a, key, v);
		return true;
	}
	return false;
}

static void read_key(struct reader *r, const char *key, const struct json *v)
{
	struct import *im = r->im;

	if (json_is_null(v) || str_eq(key, "workflow") || is_list_key(key))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(ignored); i++)
		if (str_eq(key, ignored[i]))
			return;
	if (str_eq(key, "findings_file"))
		set_path(r, &im->findings, key, v, true);
	else if (str_eq(key, "input_file"))
		set_path(r, &im->input, key, v, true);
	else if (str_eq(key, "plan_file") || str_eq(key, "fix_plan_file"))
		set_path(r, &im->plan, key, v, true);
	else if (str_eq(key, "state_file"))
		set_path(r, &im->state_file, key, v, false);
	else if (str_eq(key, "agent"))
		read_agents(r, v);
	else if (str_eq(key, "router")) {
		if (json_get_bool(v, "enabled", false))
			import_problem(im, FILE_NAME ": router: prompts are not chosen by "
				       "a router");
	} else if (!read_role_key(r, key, v))
		import_problem(im, FILE_NAME ": %.60s: not known", key);
}

static void read_settings(struct reader *r, const struct json *top)
{
	const char *dir = json_get_string(top, "prompts_dir");

	r->prompts_dir = "prompts";
	if (dir) {
		while (str_starts(dir, "./"))
			dir += 2;
		if (path_is_safe(dir))
			r->prompts_dir = dir;
		else
			import_problem(r->im, FILE_NAME ": prompts_dir: no directory '%.100s'",
				       dir);
	}
	read_workflow(r, top);
	/* Its own default. */
	if (!r->ring_done && (json_get(top, "supervisor_prompt") || json_get(top, "main_prompt"))) {
		strvec_push(&r->im->ring, "galph");
		strvec_push(&r->im->ring, "ralph");
	}
	for (size_t i = 0; i < r->im->ring.nr; i++)
		find_actor(r->im, r->im->ring.v[i]);
	for (const struct json *c = json_first(top); c; c = json_next(c))
		read_key(r, json_key(c), c);
}

int import_settings(struct import *im, struct repo *repo)
{
	struct reader r = { .im = im, .repo = repo };
	struct strbuf text = STRBUF_INIT;
	struct json *top = NULL;
	int rc;

	rc = import_read_file(&text, repo, FILE_NAME, YAML_MAX);
	if (rc == ORCH_ENOTFOUND) {
		error_clear();
		rc = 0;
		goto out;
	}
	if (rc < 0 || (rc = yaml_parse(&top, text.buf, text.len, FILE_NAME)) < 0)
		goto out;
	if (!json_is_object(top)) {
		rc = error_set(ORCH_EINVALID, FILE_NAME ": no mapping of settings");
		goto out;
	}
	im->settings = xstrdup(FILE_NAME);
	read_settings(&r, top);
out:
	json_free(top);
	strbuf_release(&text);
	return rc;
}
