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
		     const void *data, size_t len, bool is_static, int64_t tokens)
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
	part->tokens = tokens < 0 ? tokens_of_text(data, len) : tokens;
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
		add_part(p, "notice", "notice", req->notice, strlen(req->notice),
			 false, -1);
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
		add_part(p, "core", files.v[i], text.buf, text.len, first, -1);
	}
	if (p->text.len && p->text.buf[p->text.len - 1] != '\n')
		strbuf_addch(&p->text, '\n');
	p->static_len = first ? p->text.len : 0;
out:
	strbuf_release(&text);
	strvec_release(&files);
	return rc;
}

/* The part of this turn: its text, and in *name what it was made from. */
static int render_turn(struct strbuf *out, const char **name, struct orch *o,
		       const struct prompt_request *req)
{
	const char *path = config_actor(o->config, req->actor, "context");
	struct strbuf template = STRBUF_INIT;
	struct json *data = NULL;
	int rc = 0;

	*name = path && *path ? path : "built-in template";
	if (path && *path)
		rc = read_named(&template, o, req->actor, "context", path);
	else
		strbuf_addstr(&template, prompt_builtin_template);
	if (rc < 0 || (rc = prompt_data(&data, o, req, template.buf)) < 0)
		goto out;
	rc = template_render(out, template.buf, template.len, *name, data);
out:
	json_free(data);
	strbuf_release(&template);
	return rc;
}

/* The parts of the pack that are stable, or the others. */
static void add_pack(struct prompt *p, bool stable)
{
	const struct pack *pack = &p->pack;

	for (size_t i = 0; i < pack->nr_parts; i++) {
		const struct pack_part *part = &pack->parts[i];

		if ((part->at < pack->stable_len) != stable)
			continue;
		add_part(p, pack_part_name(part->kind), "documents",
			 pack->text.buf + part->at, part->len, stable, part->tokens);
	}
}

/* What a resumed session has got as the documents of its first turn. */
static int add_stable_again(struct prompt *p, struct orch *o, const char *actor)
{
	struct strbuf text = STRBUF_INIT;
	int rc = pack_stable_text(&text, o, actor);

	if (rc == 0 && text.len)
		add_part(p, pack_part_name(PACK_KEY_FRAME), "documents", text.buf,
			 text.len, true, 0);
	strbuf_release(&text);
	return rc;
}

/* --- budget -------------------------------------------------------------- */

struct share {
	const char *name;
	int64_t tokens;
};

static int compare_shares(const void *a, const void *b)
{
	const struct share *x = a, *y = b;

	return x->tokens < y->tokens ? 1 : x->tokens > y->tokens ? -1 : 0;
}

/* The error of a prompt that is too large: what to cut, and the key. */
static int over_budget(const struct prompt *p, const struct orch *o,
		       const char *actor, const char *turn, int64_t turn_tokens)
{
	struct share *v = xcalloc(p->nr + 1, sizeof(*v));
	struct strbuf text = STRBUF_INIT;
	int64_t sum = turn_tokens;
	size_t n = 0;
	int rc;

	for (; n < p->nr; n++) {
		v[n].name = p->parts[n].name;
		v[n].tokens = p->parts[n].tokens;
		sum += v[n].tokens;
	}
	v[n].name = turn;
	v[n++].tokens = turn_tokens;
	qsort(v, n, sizeof(*v), compare_shares);
	for (size_t i = 0; i < n && i < MAX_NAMED; i++)
		strbuf_addf(&text, "%s%s %s", i ? ", " : "", v[i].name,
			    count_human(v[i].tokens));
	rc = error_set(ORCH_EINVALID, "prompt is %s tokens without any document, over %s "
		       "(%s); the largest parts are %s", count_human(sum),
		       budget_key(o, actor), count_human(p->budget), text.buf);
	strbuf_release(&text);
	free(v);
	return rc;
}

/* --- all together -------------------------------------------------------- */

static int64_t sum_tokens(const struct prompt *p)
{
	int64_t sum = 0;

	for (size_t i = 0; i < p->nr; i++)
		if (!p->pack.resumed || !p->parts[i].is_static)
			sum += p->parts[i].tokens;
	return sum;
}

/* The pack, in what the rest of the prompt leaves of the budget. */
static int build_pack(struct prompt *p, struct orch *o, const struct prompt_request *req,
		      const char *turn, const struct strbuf *turn_text)
{
	int64_t turn_tokens = tokens_of_text(turn_text->buf, turn_text->len);
	int64_t notice = req->notice && req->notice_after_core
			 ? tokens_of_text(req->notice, strlen(req->notice)) : 0;
	struct pack_request pack = {
		.actor = req->actor, .session = req->session,
		.flags = req->pack_flags | PACK_DEFER,
		.budget = p->budget - sum_tokens(p) - turn_tokens - notice,
	};
	int rc;

	if (pack.budget <= 0)
		return over_budget(p, o, req->actor, turn, turn_tokens);
	rc = pack_build(&p->pack, o, &pack);
	return rc < 0 ? error_prefix(rc, "%s", budget_key(o, req->actor)) : 0;
}

int prompt_build(struct prompt *out, struct orch *o,
		 const struct prompt_request *req)
{
	bool preview = req->pack_flags & PACK_PREVIEW;
	struct strbuf turn = STRBUF_INIT;
	const char *name;
	int rc;

	if (!repo_work_tree(o->repo))
		return error_set(ORCH_ERROR, "a bare repository has no prompts");
	out->budget = budget_of(o, req->actor);
	/* A prompt that is refused must not leave a pending pack behind. */
	add_notice(out, req, false);
	if ((rc = add_core(out, o, req->actor, preview)) < 0 ||
	    (rc = render_turn(&turn, &name, o, req)) < 0 ||
	    (rc = build_pack(out, o, req, name, &turn)) < 0)
		goto out;
	if (!out->pack.resumed)
		add_pack(out, true);
	else if ((rc = add_stable_again(out, o, req->actor)) < 0)
		goto out;
	if (!out->nr || out->parts[0].is_static)
		out->static_len = out->text.len;
	add_notice(out, req, true);
	add_pack(out, false);
	add_part(out, "turn", name, turn.buf, turn.len, false, -1);
	out->tokens = sum_tokens(out);
	if (!preview)
		rc = pack_record(&out->pack, o, req->actor);
out:
	strbuf_release(&turn);
	return rc;
}

int prompt_check(struct orch *o, const struct prompt_request *req)
{
	struct prompt p = PROMPT_INIT;
	struct strbuf turn = STRBUF_INIT;
	const char *name;
	int64_t tokens;
	int rc;

	p.budget = budget_of(o, req->actor);
	if ((rc = add_core(&p, o, req->actor, false)) < 0 ||
	    (rc = render_turn(&turn, &name, o, req)) < 0)
		goto out;
	tokens = tokens_of_text(turn.buf, turn.len);
	if (sum_tokens(&p) + tokens >= p.budget)
		rc = over_budget(&p, o, req->actor, name, tokens);
out:
	strbuf_release(&turn);
	prompt_release(&p);
	return rc;
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
		json_add_int(j, "tokens", part->tokens);
		json_add_string(j, "blob", oid_hex(&part->blob));
		json_add_bool(j, "static", part->is_static);
	}
	json_add_bytes(out, "text", p->text.buf, p->text.len);
}
