/*
 * Finding what a loop could use. Prompt files are recognised by name
 * (orch/promptfiles.c decides whose they are), documents by being named in them.
 */
#include <sys/stat.h>

#include "orch/discover.h"
#include "base/error.h"
#include "base/file.h"
#include "base/strbuf.h"
#include "base/text.h"
#include "base/tokens.h"
#include "git/repo.h"
#include "orch/import.h"
#include "orch/promptfiles.h"
#include "orch/promptscan.h"

void discovery_release(struct discovery *d)
{
	for (size_t i = 0; i < d->nr_actors; i++) {
		free(d->actors[i].name);
		strvec_release(&d->actors[i].core);
		free(d->actors[i].context);
	}
	for (size_t i = 0; i < d->nr_docs; i++) {
		free(d->docs[i].path);
		free(d->docs[i].actor);
	}
	for (size_t i = 0; i < d->nr_left; i++) {
		free(d->left[i].path);
		free(d->left[i].reason);
	}
	for (size_t i = 0; i < d->nr_hints; i++)
		free(d->hints[i].path);
	free(d->actors);
	free(d->docs);
	free(d->left);
	free(d->hints);
	strvec_release(&d->ring);
	free(d->plan);
	free(d->findings);
	free(d->input);
	*d = (struct discovery)DISCOVERY_INIT;
}

static void leave_out(struct discovery *d, const char *path, const char *reason)
{
	for (size_t i = 0; i < d->nr_left; i++)
		if (str_eq(d->left[i].path, path))
			return;
	ALLOC_GROW(d->left, d->nr_left + 1, d->alloc_left);
	d->left[d->nr_left].path = xstrdup(path);
	d->left[d->nr_left++].reason = xstrdup(reason);
}

/* 1 and its size: a regular file below the work tree. 0: there is none. -1:
 * something that cannot be used, with why in *reason. */
static int look_at(struct repo *repo, const char *path, uint64_t *size,
		   const char **reason)
{
	struct stat st;
	int fd, rc = file_open_beneath(&fd, &st, repo_work_tree(repo), path, true);

	if (rc == ORCH_ENOTFOUND) {
		error_clear();
		return 0;
	}
	if (rc < 0) {
		error_clear();
		*reason = "cannot be opened inside the work tree";
		return -1;
	}
	close(fd);
	if (!S_ISREG(st.st_mode)) {
		*reason = S_ISDIR(st.st_mode) ? "a directory" : "not a regular file";
		return -1;
	}
	*size = (uint64_t)st.st_size;
	return 1;
}

/* The text of a small file. False: missing, too large, or not text. */
static bool read_text(struct repo *repo, const char *path, size_t max,
		      struct strbuf *out, const char **reason)
{
	struct stat st;
	bool ok = false;
	int fd;

	strbuf_reset(out);
	if (file_open_beneath(&fd, &st, repo_work_tree(repo), path, false) < 0) {
		error_clear();
		*reason = "cannot be opened inside the work tree";
		return false;
	}
	if (!S_ISREG(st.st_mode))
		*reason = "not a regular file";
	else if (st.st_size > (off_t)max)
		*reason = "too large for a prompt";
	else if (strbuf_read_fd(out, fd, max) < 0)
		*reason = "cannot be read";
	else if (memchr(out->buf, '\0', out->len < 8192 ? out->len : 8192))
		*reason = "binary";
	else
		ok = true;
	close(fd);
	return ok;
}

/* By its text; a file that cannot be read now will be left out later. */
static int64_t count_tokens(const struct discover_request *req, const char *path,
			    uint64_t size)
{
	struct strbuf text = STRBUF_INIT;
	const char *reason;
	int64_t n;

	if (read_text(req->repo, path, req->max_document, &text, &reason))
		n = tokens_of_text(text.buf, text.len);
	else
		n = tokens_of_size(size);
	error_clear();
	strbuf_release(&text);
	return n;
}

static void find_ledger(struct discovery *d, const struct discover_request *req,
			const char *const *names, char **out, int64_t *tokens)
{
	const char *reason;
	uint64_t size;

	for (; *names; names++) {
		switch (look_at(req->repo, *names, &size, &reason)) {
		case 1:
			*out = xstrdup(*names);
			*tokens = count_tokens(req, *names, size);
			return;
		case -1:
			leave_out(d, *names, reason);
		}
	}
}

/* What the settings name exists: they were read with that in mind. */
static void take_settings(struct discovery *d, const struct discover_request *req)
{
	const struct import *im = req->settings;
	struct {
		const char *path;
		char **out;
		int64_t *tokens;
	} ledgers[] = {
		{ im->plan, &d->plan, &d->plan_tokens },
		{ im->findings, &d->findings, &d->findings_tokens },
		{ im->input, &d->input, &d->input_tokens },
	};
	const char *reason;
	uint64_t size;

	d->imported = true;
	for (size_t i = 0; i < ARRAY_SIZE(ledgers); i++)
		if (ledgers[i].path &&
		    look_at(req->repo, ledgers[i].path, &size, &reason) == 1) {
			free(*ledgers[i].out);
			*ledgers[i].out = xstrdup(ledgers[i].path);
			*ledgers[i].tokens = count_tokens(req, ledgers[i].path, size);
		}
}

const char *const discovery_plan_names[] = {
	"docs/fix_plan.md", "fix_plan.md", "@fix_plan.md", "docs/plan.md",
	"plan.md", "PLAN.md", "IMPLEMENTATION_PLAN.md",
	"docs/implementation_plan.md", NULL
};

static void find_ledgers(struct discovery *d, const struct discover_request *req)
{
	static const char *const findings[] = {
		"docs/findings.md", "findings.md", "docs/FINDINGS.md", NULL
	};
	static const char *const inputs[] = { "input.md", "docs/input.md", NULL };

	find_ledger(d, req, discovery_plan_names, &d->plan, &d->plan_tokens);
	find_ledger(d, req, findings, &d->findings, &d->findings_tokens);
	find_ledger(d, req, inputs, &d->input, &d->input_tokens);
	if (req->settings && req->settings->settings)
		take_settings(d, req);
}

static struct discovered_document *find_doc(struct discovery *d, const char *path)
{
	for (size_t i = 0; i < d->nr_docs; i++)
		if (str_eq(d->docs[i].path, path))
			return &d->docs[i];
	return NULL;
}

static bool is_ledger(const struct discovery *d, const char *path)
{
	return (d->plan && str_eq(path, d->plan)) ||
	       (d->findings && str_eq(path, d->findings)) ||
	       (d->input && str_eq(path, d->input));
}

static bool is_core(const struct discovery *d, const char *path)
{
	for (size_t i = 0; i < d->nr_actors; i++)
		if (strvec_has(&d->actors[i].core, path) ||
		    (d->actors[i].context && str_eq(d->actors[i].context, path)))
			return true;
	return false;
}

static const char *not_a_document(const struct discover_request *req,
				  const char *path, uint64_t size)
{
	bool yes;

	for (const char *s = path; *s; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			return "control characters in its name";
	if (str_starts(path, "prompts/"))
		return "a prompt";
	if (str_starts(path, "plans/") || str_starts(path, "reports/"))
		return "belongs to one item, not to every turn";
	if (str_starts(path, "sync/"))
		return "state of the old loop";
	if (str_ends(path, "requirements.txt") || str_ends(path, "CMakeLists.txt"))
		return "source";
	if (size > req->max_document)
		return "larger than orch.maxDocument";
	if (!size)
		return "empty";
	if (repo_is_tracked(req->repo, path, &yes) == 0 && yes)
		return NULL;
	error_clear();
	if (repo_is_ignored(req->repo, path, &yes) == 0 && yes)
		return "ignored by git";
	error_clear();
	return NULL;
}

/* `actor` names it (NULL: everybody does). The second actor that names a
 * file makes it common. */
static void add_document(struct discovery *d, const struct discover_request *req,
			 const char *path, const char *actor)
{
	struct discovered_document *doc = find_doc(d, path);
	const char *reason;
	uint64_t size = 0;

	if (doc) {
		if (doc->actor && (!actor || !str_eq(doc->actor, actor))) {
			free(doc->actor);
			doc->actor = NULL;
		}
		return;
	}
	if (is_ledger(d, path) || is_core(d, path))
		return;
	switch (look_at(req->repo, path, &size, &reason)) {
	case 0:
		return;
	case 1:
		reason = not_a_document(req, path, size);
	}
	if (reason) {
		leave_out(d, path, reason);
		return;
	}
	ALLOC_GROW(d->docs, d->nr_docs + 1, d->alloc_docs);
	d->docs[d->nr_docs++] = (struct discovered_document) {
		.path = xstrdup(path), .size = size, .actor = xstrdup(actor),
		.tokens = count_tokens(req, path, size),
	};
}

struct hint_to {
	struct discovery *d;
	const char *path;
};

static void add_hint(int line, const char *what, void *data)
{
	struct hint_to *to = data;
	struct discovery *d = to->d;

	if (d->nr_hints >= 100)
		return;
	ALLOC_GROW(d->hints, d->nr_hints + 1, d->alloc_hints);
	d->hints[d->nr_hints++] = (struct prompt_hint) {
		.path = xstrdup(to->path), .line = line, .what = what,
	};
}

static void read_names(struct discovery *d, const struct discover_request *req,
		       const char *text, size_t len, const char *dir,
		       const char *actor)
{
	struct strvec paths = STRVEC_INIT;

	promptscan_paths(&paths, text, len, dir);
	for (size_t i = 0; i < paths.nr; i++)
		add_document(d, req, paths.v[i], actor);
	strvec_release(&paths);
}

/* One prompt of an actor: its hints and the files that it names. */
static void read_prompt(struct discovery *d, const struct discover_request *req,
			const char *path, const char *actor)
{
	struct strbuf text = STRBUF_INIT;
	struct hint_to to = { d, path };
	const char *reason;

	if (read_text(req->repo, path, MAX_PROMPT, &text, &reason)) {
		promptscan_network(text.buf, text.len, add_hint, &to);
		read_names(d, req, text.buf, text.len, "prompts/", actor);
	}
	strbuf_release(&text);
}

/* The prompts that the settings give to an actor; NULL: none. */
static const struct strvec *given_prompts(const struct discover_request *req,
					  const char *actor)
{
	const struct import *im = req->settings;

	for (size_t i = 0; im && i < im->nr_actors; i++)
		if (im->actors[i].core.nr && str_eq(im->actors[i].name, actor))
			return &im->actors[i].core;
	return NULL;
}

static void add_core(struct discovery *d, const struct discover_request *req,
		     struct discovered_actor *a, const char *path)
{
	struct strbuf text = STRBUF_INIT;
	const char *reason;

	if (read_text(req->repo, path, MAX_PROMPT, &text, &reason)) {
		strvec_push(&a->core, path);
		a->core_tokens += tokens_of_text(text.buf, text.len);
		d->from_prompts = true;
	} else {
		leave_out(d, path, reason);
	}
	strbuf_release(&text);
}

static void add_actor(struct discovery *d, const struct discover_request *req,
		      const char *name, const struct prompt_files *files)
{
	const struct strvec *given = given_prompts(req, name);
	struct discovered_actor *a;
	struct strbuf text = STRBUF_INIT;

	for (size_t i = 0; i < d->nr_actors; i++)
		if (str_eq(d->actors[i].name, name))
			return;
	ALLOC_GROW(d->actors, d->nr_actors + 1, d->alloc_actors);
	a = &d->actors[d->nr_actors++];
	*a = (struct discovered_actor) { .name = xstrdup(name) };
	for (size_t i = 0; given && i < given->nr; i++)
		add_core(d, req, a, given->v[i]);
	for (size_t i = 0; i < files->nr; i++) {
		const struct prompt_file *f = &files->v[i];
		const char *reason;

		if (!f->actor || !str_eq(f->actor, name))
			continue;
		if (f->kind != PROMPT_CONTEXT) {
			if (!given)
				add_core(d, req, a, f->path);
		} else if (!read_text(req->repo, f->path, MAX_PROMPT, &text, &reason)) {
			leave_out(d, f->path, reason);
		} else if (!a->context) {
			a->context = xstrdup(f->path);
		}
	}
	strbuf_release(&text);
}

static void find_actors(struct discovery *d, const struct discover_request *req,
			struct prompt_files *files)
{
	prompt_files_assign(files, req->ring, &d->ring);
	for (size_t i = 0; i < d->ring.nr; i++)
		add_actor(d, req, d->ring.v[i], files);
	for (size_t i = 0; i < files->nr; i++)
		if (!files->v[i].actor && !is_core(d, files->v[i].path))
			leave_out(d, files->v[i].path, files->v[i].reason);
}

/* Without prompts the files that agents load by themselves say what to read. */
static void find_named_by_agent_files(struct discovery *d,
				      const struct discover_request *req)
{
	static const char *const names[] = { "CLAUDE.md", "AGENTS.md" };
	struct strbuf text = STRBUF_INIT;
	const char *reason;

	d->named_by = "found by their names";
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		uint64_t size = 0;

		if (look_at(req->repo, names[i], &size, &reason) != 1)
			continue;
		d->named_by = i ? "that AGENTS.md names" : "that CLAUDE.md names";
		add_document(d, req, names[i], NULL);
		if (read_text(req->repo, names[i], MAX_PROMPT, &text, &reason))
			read_names(d, req, text.buf, text.len, "", NULL);
	}
	add_document(d, req, "docs/index.md", NULL);
	strbuf_release(&text);
}

static void find_documents(struct discovery *d, const struct discover_request *req)
{
	size_t with_prompts = 0;

	for (size_t i = 0; i < d->nr_actors; i++)
		with_prompts += d->actors[i].core.nr > 0;
	d->named_by = "that the prompts name";
	for (size_t i = 0; i < d->nr_actors; i++) {
		struct discovered_actor *a = &d->actors[i];
		/* With one prompt there is nobody to tell apart from. */
		const char *owner = with_prompts > 1 ? a->name : NULL;

		for (size_t k = 0; k < a->core.nr; k++)
			read_prompt(d, req, a->core.v[k], owner);
		if (a->context)
			read_prompt(d, req, a->context, owner);
	}
	if (!with_prompts)
		find_named_by_agent_files(d, req);
	for (size_t i = 0; i < d->nr_actors; i++) {
		char *memory = xstrfmt("%s_memory.md", d->actors[i].name);

		if (!find_doc(d, memory))
			add_document(d, req, memory, d->actors[i].name);
		free(memory);
	}
}

/* Tokens of an actor's prompt as far as it is known: core and documents. */
static int64_t tokens_of(const struct discovery *d, const struct discovered_actor *a)
{
	int64_t tokens = a->core_tokens + d->plan_tokens + d->findings_tokens +
			 d->input_tokens;

	for (size_t i = 0; i < d->nr_docs; i++)
		if (!d->docs[i].self_loaded &&
		    (!d->docs[i].actor || str_eq(d->docs[i].actor, a->name)))
			tokens += d->docs[i].tokens;
	return tokens;
}

/* The first prompt must not be refused for its size: the largest documents
 * go until there is room for what a turn itself says. */
static void fit_budget(struct discovery *d, int64_t budget)
{
	for (size_t i = 0; i < d->nr_actors; i++) {
		struct discovered_actor *a = &d->actors[i];

		while (tokens_of(d, a) > budget - budget / 10) {
			size_t big = SIZE_MAX;
			char *reason;

			for (size_t k = 0; k < d->nr_docs; k++)
				if ((!d->docs[k].actor ||
				     str_eq(d->docs[k].actor, a->name)) &&
				    (big == SIZE_MAX ||
				     d->docs[k].tokens > d->docs[big].tokens))
					big = k;
			if (big == SIZE_MAX)
				break;
			reason = xstrfmt("%s tok would not fit into orch.budget",
					 count_human(d->docs[big].tokens));
			leave_out(d, d->docs[big].path, reason);
			free(reason);
			free(d->docs[big].path);
			free(d->docs[big].actor);
			memmove(&d->docs[big], &d->docs[big + 1],
				(--d->nr_docs - big) * sizeof(*d->docs));
		}
	}
}

int discovery_find(struct discovery *out, const struct discover_request *req)
{
	struct prompt_files files = PROMPT_FILES_INIT;
	int rc;

	if (!repo_work_tree(req->repo))
		return error_set(ORCH_EUNSUPPORTED,
				 "this repository is bare: run it in a work tree");
	if ((rc = prompt_files_list(&files, repo_work_tree(req->repo))) < 0)
		goto out;
	find_ledgers(out, req);
	find_actors(out, req, &files);
	find_documents(out, req);
	fit_budget(out, req->budget);
out:
	prompt_files_release(&files);
	return rc;
}

void discovery_own_files(struct discovery *d)
{
	for (size_t i = 0; i < d->nr_docs; i++) {
		struct discovered_document *doc = &d->docs[i];
		enum agent_kind kind = str_eq(doc->path, "CLAUDE.md") ? AGENT_CLAUDE :
				       str_eq(doc->path, "AGENTS.md") ? AGENT_CODEX :
				       AGENT_OTHER;
		size_t readers = 0, own = 0;

		if (kind == AGENT_OTHER)
			continue;
		for (size_t k = 0; k < d->nr_actors; k++) {
			if (doc->actor && !str_eq(doc->actor, d->actors[k].name))
				continue;
			readers++;
			own += d->actors[k].agent == kind;
		}
		doc->self_loaded = readers && own == readers;
		if (own)
			leave_out(d, doc->path, kind == AGENT_CLAUDE ?
				  "claude loads it itself" : "codex loads it itself");
	}
}
