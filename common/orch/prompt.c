/*
 * A prompt, put together from its parts. Nothing here changes a byte of a
 * core file; a newline is put behind a part that does not end in one, so that
 * the next part begins on a line of its own.
 */
#include "orch/prompt.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/template.h"
#include "base/text.h"
#include "base/tokens.h"
#include "git/object.h"
#include "orch/orch.h"
#include "orch/promptdata.h"

#define MAX_NAMED 3	/* parts in the message about the budget */

static int64_t budget_of(const struct orch *o, const char *actor)
{
	int64_t own = config_actor_int(o->config, actor, "budget");

	return own > 0 ? own : config_get_int(o->config, "orch.budget");
}

static const char *budget_key(const struct orch *o, const char *actor)
{
	static char key[64];

	if (config_actor_int(o->config, actor, "budget") <= 0)
		return "orch.budget";
	snprintf(key, sizeof(key), "orchactor.%s.budget", actor);
	return key;
}

/* --- parts --------------------------------------------------------------- */

static void add_part(struct prompt *p, const char *kind, const char *name,
		     const void *data, size_t len, bool is_static)
{
	struct prompt_part *part;

	if (p->text.len && p->text.buf[p->text.len - 1] != '\n')
		strbuf_addch(&p->text, '\n');
	ALLOC_GROW(p->parts, p->nr + 1, p->alloc);
	part = &p->parts[p->nr++];
	part->kind = kind;
	part->name = xstrdup(name);
	part->offset = p->text.len;
	part->len = len;
	part->is_static = is_static;
	blob_hash(data, len, &part->blob);
	strbuf_add(&p->text, data, len);
}

/* A file that a key of the actor names: all of its bytes. */
static int read_named(struct strbuf *out, struct orch *o, const char *actor,
		      const char *key, const char *path)
{
	int64_t max = config_get_int(o->config, "orch.maxDocument");
	struct stat st;
	int fd = -1, rc;

	rc = file_open_beneath(&fd, &st, repo_work_tree(o->repo), path, false);
	if (rc == ORCH_ENOTFOUND)
		return error_set(ORCH_EINVALID, "orchactor.%s.%s: there is no "
				 "file '%s'", actor, key, path);
	if (rc < 0)
		return error_prefix(rc, "orchactor.%s.%s", actor, key);
	if (!S_ISREG(st.st_mode))
		rc = error_set(ORCH_EINVALID, "orchactor.%s.%s: '%s' is %s", actor,
			       key, path, S_ISDIR(st.st_mode)
			       ? "a directory" : "no regular file");
	else if (st.st_size > max)
		rc = error_set(ORCH_EINVALID, "orchactor.%s.%s: '%s' is larger "
			       "than orch.maxDocument", actor, key, path);
	else if (strbuf_read_fd(out, fd, (size_t)max) < 0)
		rc = error_sys("cannot read '%s'", path);
	close(fd);
	return rc;
}

static void add_notice(struct prompt *p, const struct prompt_request *req, bool after)
{
	if (req->notice && req->notice_after_core == after)
		add_part(p, "notice", "notice", req->notice, strlen(req->notice), false);
}

static int add_core(struct prompt *p, struct orch *o, const char *actor, bool preview)
{
	bool first = !p->text.len;	/* else nothing here is a stable prefix */
	struct strvec files = STRVEC_INIT;
	struct strbuf text = STRBUF_INIT;
	int rc = 0;

	config_actor_list(o->config, actor, "core", &files);
	if (!files.nr && preview)	/* a loop says it once, when it checks */
		note("%s has no orchactor.%s.core: its prompt begins with the "
		     "documents", actor, actor);
	for (size_t i = 0; i < files.nr; i++) {
		strbuf_reset(&text);
		if ((rc = read_named(&text, o, actor, "core", files.v[i])) < 0)
			goto out;
		add_part(p, "core", files.v[i], text.buf, text.len, first);
	}
	if (p->text.len && p->text.buf[p->text.len - 1] != '\n')
		strbuf_addch(&p->text, '\n');
	p->static_len = first ? p->text.len : 0;
out:
	strbuf_release(&text);
	strvec_release(&files);
	return rc;
}

static int add_turn(struct prompt *p, struct orch *o,
		    const struct prompt_request *req)
{
	const char *path = config_actor(o->config, req->actor, "context");
	struct strbuf template = STRBUF_INIT, text = STRBUF_INIT;
	const char *name = path && *path ? path : "built-in template";
	struct json *data = NULL;
	int rc;

	if (path && *path)
		rc = read_named(&template, o, req->actor, "context", path);
	else
		rc = 0, strbuf_addstr(&template, prompt_builtin_template);
	if (rc < 0 || (rc = prompt_data(&data, o, p, req)) < 0 ||
	    (rc = template_render(&text, template.buf, template.len, name,
				  data)) < 0)
		goto out;
	add_part(p, "turn", name, text.buf, text.len, false);
out:
	json_free(data);
	strbuf_release(&text);
	strbuf_release(&template);
	return rc;
}

/* --- budget -------------------------------------------------------------- */

struct share {
	const char *name;
	uint64_t bytes;
};

static int compare_shares(const void *a, const void *b)
{
	const struct share *x = a, *y = b;

	return x->bytes < y->bytes ? 1 : x->bytes > y->bytes ? -1 : 0;
}

/* The error of a prompt that is too large: what to cut, and the key. */
static int over_budget(const struct prompt *p, const struct orch *o,
		       const char *actor)
{
	const struct view_status *docs = &p->pack.status;
	struct share *v = xcalloc(p->nr + docs->nr + 1, sizeof(*v));
	struct strbuf text = STRBUF_INIT;
	size_t n = 0;
	int rc;

	for (size_t i = 0; i < p->nr; i++) {
		if (str_eq(p->parts[i].kind, "documents"))
			continue;
		v[n].name = p->parts[i].name;
		v[n++].bytes = p->parts[i].len;
	}
	for (size_t i = 0; i < docs->nr; i++) {
		v[n].name = docs->v[i].path;
		v[n++].bytes = docs->v[i].size;
	}
	qsort(v, n, sizeof(*v), compare_shares);
	for (size_t i = 0; i < n && i < MAX_NAMED; i++)
		strbuf_addf(&text, "%s%s %s", i ? ", " : "", v[i].name,
			    count_human(tokens_of_size(v[i].bytes)));
	rc = error_set(ORCH_EINVALID, "prompt is %s tokens, over %s (%s); the "
		       "largest parts are %s", count_human(p->tokens),
		       budget_key(o, actor), count_human(p->budget), text.buf);
	strbuf_release(&text);
	free(v);
	return rc;
}

/* --- all together -------------------------------------------------------- */

int prompt_build(struct prompt *out, struct orch *o,
		 const struct prompt_request *req)
{
	bool preview = req->pack_flags & PACK_PREVIEW;
	int rc;

	if (!repo_work_tree(o->repo))
		return error_set(ORCH_ERROR, "a bare repository has no prompts");
	/* A prompt that is refused must not leave a pending pack behind. */
	add_notice(out, req, false);
	if ((rc = add_core(out, o, req->actor, req->pack_flags & PACK_PREVIEW)) < 0 ||
	    (rc = view_pack(&out->pack, o, req->actor,
			    req->pack_flags | PACK_DEFER)) < 0)
		return rc;
	add_notice(out, req, true);
	if (out->pack.text.len)
		add_part(out, "documents", "documents", out->pack.text.buf,
			 out->pack.text.len, false);
	if ((rc = add_turn(out, o, req)) < 0)
		return rc;
	out->tokens = tokens_of_size(out->text.len);
	out->budget = budget_of(o, req->actor);
	if (out->tokens > out->budget)
		return over_budget(out, o, req->actor);
	return preview ? 0 : view_record(&out->pack, o, req->actor);
}

void prompt_release(struct prompt *p)
{
	static const struct prompt empty = PROMPT_INIT;

	for (size_t i = 0; i < p->nr; i++)
		free(p->parts[i].name);
	free(p->parts);
	strbuf_release(&p->text);
	pack_release(&p->pack);
	*p = empty;
}

void prompt_to_json(struct json *out, const struct prompt *p, const char *actor)
{
	struct json *parts;

	json_add_string(out, "actor", actor);
	json_add_int(out, "tokens", p->tokens);
	json_add_int(out, "budget", p->budget);
	parts = json_add_array(out, "parts");
	for (size_t i = 0; i < p->nr; i++) {
		const struct prompt_part *part = &p->parts[i];
		struct json *j = json_add_object(parts, NULL);

		json_add_string(j, "kind", part->kind);
		json_add_string(j, "name", part->name);
		json_add_int(j, "bytes", (int64_t)part->len);
		json_add_int(j, "tokens", tokens_of_size(part->len));
		json_add_string(j, "blob", oid_hex(&part->blob));
		json_add_bool(j, "static", part->is_static);
	}
	json_add_bytes(out, "text", p->text.buf, p->text.len);
}
