/*
 * Writing the configuration that init proposes.
 */
#include "orch/setup.h"
#include "base/error.h"
#include "base/file.h"
#include "base/strbuf.h"
#include "git/gitconfig.h"
#include "git/object.h"
#include "git/repo.h"
#include "orch/config.h"
#include "orch/discover.h"

#define MARK "# git-orch init "
#define IMPORTED "# With the settings of orchestration.yaml.\n"
#define SUM_LEN 16
#define MAX_FILE (1024 * 1024)

struct pair {
	char *key, *value;
	bool is_default;	/* a comment is enough */
	bool is_list;
};
struct pairs {
	struct pair *v;
	size_t nr, alloc;
};

void setup_result_release(struct setup_result *r)
{
	strvec_release(&r->differs);
}

static void pairs_release(struct pairs *p)
{
	for (size_t i = 0; i < p->nr; i++) {
		free(p->v[i].key);
		free(p->v[i].value);
	}
	free(p->v);
}

static void add(struct pairs *p, char *key, const char *value, bool is_list,
		const char *fallback)
{
	if (!value) {
		free(key);
		return;
	}
	ALLOC_GROW(p->v, p->nr + 1, p->alloc);
	p->v[p->nr++] = (struct pair) {
		.key = key, .value = xstrdup(value), .is_list = is_list,
		.is_default = fallback && str_eq(value, fallback),
	};
}

/* orch.doc is a pattern: a name that looks like one is escaped. */
static void add_doc(struct pairs *p, char *key, const char *path)
{
	struct strbuf sb = STRBUF_INIT;

	for (; *path; path++) {
		if (strchr("*?[\\", *path))
			strbuf_addch(&sb, '\\');
		strbuf_addch(&sb, *path);
	}
	add(p, key, sb.buf, true, NULL);
	strbuf_release(&sb);
}

static const char *default_of(const char *name)
{
	size_t nr;
	const struct config_key *k = config_keys(&nr);

	for (size_t i = 0; i < nr; i++)
		if (!k[i].per_actor && str_eq(k[i].name, name))
			return k[i].fallback;
	return NULL;
}

static void pairs_from(struct pairs *p, const struct discovery *d)
{
	char *ring = strvec_join(&d->ring, " ");

	add(p, xstrdup("orch.workflow"), ring, false, NULL);
	free(ring);
	add(p, xstrdup("orch.plan"), d->plan, false, default_of("plan"));
	add(p, xstrdup("orch.findings"), d->findings, false, default_of("findings"));
	add(p, xstrdup("orch.input"), d->input, false, default_of("input"));
	for (size_t i = 0; i < d->nr_docs; i++)
		if (!d->docs[i].actor)
			add_doc(p, xstrdup("orch.doc"), d->docs[i].path);
	for (size_t i = 0; i < d->nr_actors; i++) {
		const struct discovered_actor *a = &d->actors[i];

		for (size_t k = 0; k < a->core.nr; k++)
			add(p, xstrfmt("orchactor.%s.core", a->name), a->core.v[k],
			    true, NULL);
		add(p, xstrfmt("orchactor.%s.context", a->name), a->context, false,
		    NULL);
		for (size_t k = 0; k < d->nr_docs; k++)
			if (d->docs[k].actor && str_eq(d->docs[k].actor, a->name))
				add_doc(p, xstrfmt("orchactor.%s.doc", a->name),
					d->docs[k].path);
	}
}

/* --- .orchconfig ----------------------------------------------------------- */

static void add_value(struct strbuf *sb, const char *v)
{
	size_t len = strlen(v);
	bool quote = !len || v[0] == ' ' || v[len - 1] == ' ';

	for (const char *s = v; *s && !quote; s++)
		quote = strchr("\"\\;#", *s) || (unsigned char)*s < 0x20;
	if (quote)
		strbuf_addch(sb, '"');
	for (; *v; v++)
		switch (*v) {
		case '"':
		case '\\':
			strbuf_addf(sb, "\\%c", *v);
			break;
		case '\n':
			strbuf_addstr(sb, "\\n");
			break;
		case '\t':
			strbuf_addstr(sb, "\\t");
			break;
		default:
			strbuf_addch(sb, *v);
		}
	if (quote)
		strbuf_addch(sb, '"');
}

/* The checksum leaves out CR before LF: a checkout may have added them. */
static void sum_of(char out[SUM_LEN + 1], const char *text, size_t len)
{
	struct strbuf sb = STRBUF_INIT;
	struct oid oid;

	for (size_t i = 0; i < len; i++)
		if (text[i] != '\r' || i + 1 == len || text[i + 1] != '\n')
			strbuf_addch(&sb, text[i]);
	blob_hash(sb.buf, sb.len, &oid);
	memcpy(out, oid_hex(&oid), SUM_LEN);
	out[SUM_LEN] = '\0';
	strbuf_release(&sb);
}

bool setup_is_pristine(const char *text, size_t len)
{
	size_t n = strlen(MARK);
	const char *nl = memchr(text, '\n', len);
	char sum[SUM_LEN + 1];

	if (!nl || len < n + SUM_LEN || memcmp(text, MARK, n))
		return false;
	sum_of(sum, nl + 1, len - (size_t)(nl + 1 - text));
	return memcmp(text + n, sum, SUM_LEN) == 0;
}

bool setup_is_imported(const char *text, size_t len)
{
	return setup_is_pristine(text, len) &&
	       memmem(text, len, "\n" IMPORTED, strlen("\n" IMPORTED));
}

static void render(struct strbuf *out, const struct pairs *p, bool imported)
{
	struct strbuf body = STRBUF_INIT;
	char *section = NULL;
	char sum[SUM_LEN + 1];

	strbuf_addstr(&body,
		      "# How git-orch plays the loop of this repository; tracked, shared by the team.\n"
		      "# Commands that run agents do not belong here: git config has them.\n");
	if (imported)
		strbuf_addstr(&body, IMPORTED);
	for (size_t i = 0; i < p->nr; i++) {
		const char *dot = strrchr(p->v[i].key, '.');
		size_t n = (size_t)(dot - p->v[i].key);

		if (!section || strlen(section) != n ||
		    memcmp(section, p->v[i].key, n)) {
			const char *sub;

			free(section);
			section = xstrndup(p->v[i].key, n);
			sub = strchr(section, '.');
			if (sub)
				strbuf_addf(&body, "[%.*s \"%s\"]\n",
					    (int)(sub - section), section, sub + 1);
			else
				strbuf_addf(&body, "[%s]\n", section);
		}
		strbuf_addf(&body, "\t%s%s = ", p->v[i].is_default ? "# " : "", dot + 1);
		add_value(&body, p->v[i].value);
		strbuf_addstr(&body, p->v[i].is_default ? "   (the default)\n" : "\n");
	}
	free(section);
	sum_of(sum, body.buf, body.len);
	strbuf_addf(out, MARK "%s: change what you like, init then leaves this file alone\n",
		    sum);
	strbuf_addbuf(out, &body);
	strbuf_release(&body);
}

/* --- comparing -------------------------------------------------------------- */

/* What `there` (of one level) lacks or says otherwise. */
static void compare(struct strvec *differs, const struct pairs *p,
		    const struct config_entries *there)
{
	for (size_t i = 0; i < p->nr; i++) {
		const struct pair *want = &p->v[i];
		const char *other = NULL;
		bool same = false;

		for (size_t k = 0; k < there->nr; k++) {
			const char *value = there->v[k].value ? there->v[k].value : "";

			if (!str_eq(there->v[k].key, want->key))
				continue;
			/* The last one counts for a single value. */
			same = str_eq(value, want->value) || (want->is_list && same);
			other = value;
		}
		if (same || (want->is_default && !other))
			continue;
		if (other && !want->is_list)
			strvec_pushf(differs, "%s is %s, found %s", want->key, other,
				     want->value);
		else
			strvec_pushf(differs, "%s = %s is not set", want->key,
				     want->value);
	}
}

int setup_write_tracked(struct setup_result *out, struct repo *repo,
			const struct discovery *d, unsigned flags)
{
	char *path = xstrfmt("%s/%s", repo_work_tree(repo), SETUP_TRACKED_FILE);
	struct config_entries there = CONFIG_ENTRIES_INIT;
	struct strbuf old = STRBUF_INIT, text = STRBUF_INIT;
	struct pairs p = { NULL, 0, 0 };
	int rc;

	pairs_from(&p, d);
	render(&text, &p, d->imported);
	rc = file_read(&old, path, MAX_FILE, FILE_NOFOLLOW);
	if (rc == ORCH_ENOTFOUND) {
		error_clear();
		out->state = SETUP_WRITTEN;
	} else if (rc < 0) {
		goto out;
	} else if (old.len == text.len && memcmp(old.buf, text.buf, old.len) == 0) {
		out->state = SETUP_SAME;
	} else if (setup_is_pristine(old.buf, old.len)) {
		out->state = SETUP_RENEWED;
	} else {
		rc = gitconfig_parse(&there, old.buf, old.len, CONFIG_TRACKED,
				     SETUP_TRACKED_FILE);
		if (rc < 0)
			goto out;
		compare(&out->differs, &p, &there);
		out->state = out->differs.nr ? SETUP_KEPT : SETUP_SAME;
	}
	rc = 0;
	if ((out->state == SETUP_WRITTEN || out->state == SETUP_RENEWED) &&
	    !(flags & SETUP_DRY_RUN))
		rc = file_replace(path, text.buf, text.len, 0644);
out:
	config_entries_release(&there);
	pairs_release(&p);
	strbuf_release(&old);
	strbuf_release(&text);
	free(path);
	return rc;
}

/* --- git config -------------------------------------------------------------- */

/* What the repository's own config says of ours. */
static int read_local(struct config_entries *out, struct repo *repo)
{
	static const char *const prefixes[] = { "orch", NULL };
	struct config_entries all = CONFIG_ENTRIES_INIT;
	int rc = gitconfig_read(&all, repo, prefixes);

	for (size_t i = 0; rc == 0 && i < all.nr; i++)
		if (all.v[i].level == CONFIG_LOCAL) {
			ALLOC_GROW(out->v, out->nr + 1, out->alloc);
			out->v[out->nr++] = all.v[i];
			all.v[i].key = all.v[i].value = all.v[i].origin = NULL;
		}
	config_entries_release(&all);
	return rc;
}

static const char *find_value(const struct config_entries *e, const char *key)
{
	const char *found = NULL;

	for (size_t i = 0; i < e->nr; i++)
		if (str_eq(e->v[i].key, key))
			found = e->v[i].value ? e->v[i].value : "";
	return found;
}

int setup_write_local(struct setup_result *out, struct repo *repo,
		      const struct discovery *d, unsigned flags)
{
	struct config_entries there = CONFIG_ENTRIES_INIT;
	struct pairs p = { NULL, 0, 0 };
	bool wrote = false;
	int rc;

	pairs_from(&p, d);
	if ((rc = read_local(&there, repo)) < 0)
		goto out;
	for (size_t i = 0; i < p.nr; i++) {
		/* A key that was there before keeps all that it has. */
		if (p.v[i].is_default || find_value(&there, p.v[i].key))
			continue;
		wrote = true;
		if (!(flags & SETUP_DRY_RUN) &&
		    (rc = gitconfig_set(repo, p.v[i].key, p.v[i].value,
					p.v[i].is_list)) < 0)
			goto out;
	}
	for (size_t i = 0; i < p.nr; i++) {
		struct pairs one = { &p.v[i], 1, 0 };

		if (find_value(&there, p.v[i].key))
			compare(&out->differs, &one, &there);
	}
	out->state = wrote ? SETUP_WRITTEN : out->differs.nr ? SETUP_KEPT : SETUP_SAME;
out:
	config_entries_release(&there);
	pairs_release(&p);
	return rc;
}

static const char *agent_command(enum agent_kind kind)
{
	switch (kind) {
	case AGENT_CLAUDE:
		return "claude -p --verbose --output-format stream-json "
		       "--append-system-prompt-file \"$GIT_ORCH_STATIC\"";
	case AGENT_CODEX:
		return "codex exec --json -";
	case AGENT_OTHER:
		break;
	}
	return NULL;
}

/*
 * Tried with the real programs (tests/agents/check.sh): claude's acceptEdits
 * covers no command, and codex keeps the git directory read-only, wherever it
 * is, unless it is named.
 */
static bool has_usual_git_dir(const struct repo *repo)
{
	const char *top = repo_work_tree(repo), *dir = repo_git_dir(repo);
	size_t n = top ? strlen(top) : 0;

	return top && !strncmp(dir, top, n) && str_eq(dir + n, "/.git");
}

char *setup_agent_permission(const struct repo *repo, enum agent_kind kind)
{
	switch (kind) {
	case AGENT_CLAUDE:
		return xstrdup("claude -p --permission-mode acceptEdits "
			       "--allowedTools \"Bash(git add:*)\" \"Bash(git commit:*)\" "
			       "--verbose --output-format stream-json "
			       "--append-system-prompt-file \"$GIT_ORCH_STATIC\"");
	case AGENT_CODEX:
		return xstrfmt("codex exec --json --sandbox workspace-write --add-dir %s -",
			       has_usual_git_dir(repo) ? ".git" :
			       "\"$(git rev-parse --absolute-git-dir)\" --add-dir "
			       "\"$(git rev-parse --path-format=absolute --git-common-dir)\"");
	case AGENT_OTHER:
		break;
	}
	return NULL;
}

char *setup_agent_resume(enum agent_kind kind, const char *command)
{
	static const char claude[] = "claude -p ", codex[] = "codex exec ";
	size_t n = strlen(command);

	if (kind == AGENT_CLAUDE && str_starts(command, claude))
		return xstrfmt("%s--resume \"$GIT_ORCH_SESSION\" %s", claude,
			       command + strlen(claude));
	if (kind == AGENT_CODEX && str_starts(command, codex) && str_ends(command, " -"))
		return xstrfmt("%.*sresume \"$GIT_ORCH_SESSION\" -", (int)(n - 1), command);
	return NULL;
}

int setup_agent(struct setup_result *out, struct repo *repo, const char *actor,
		enum agent_kind kind, unsigned flags)
{
	const char *name = agent_kind_name(kind), *want = agent_command(kind);
	char *agent_key = xstrfmt("orchactor.%s.agent", actor);
	char *command_key = xstrfmt("orchactor.%s.command", actor);
	struct config_entries there = CONFIG_ENTRIES_INIT;
	const char *agent, *command;
	bool dry = flags & SETUP_DRY_RUN;
	int rc;

	if ((rc = read_local(&there, repo)) < 0)
		goto out;
	agent = find_value(&there, agent_key);
	command = find_value(&there, command_key);
	out->state = SETUP_SAME;
	if (!agent || !str_eq(agent, name)) {
		out->state = SETUP_WRITTEN;
		if (!dry && (rc = gitconfig_set(repo, agent_key, name, false)) < 0)
			goto out;
	}
	if (command && str_eq(command, want))
		goto out;
	/* A command for this agent, or one written before any agent was named,
	 * is the user's. One for another agent would not work: asked for. */
	if (command && (!agent || str_eq(agent, name))) {
		strvec_pushf(&out->differs, "%s is %s", command_key, command);
		if (out->state == SETUP_SAME)
			out->state = SETUP_KEPT;
		goto out;
	}
	if (command)
		strvec_pushf(&out->differs, "%s was %s", command_key, command);
	out->state = SETUP_WRITTEN;
	if (!dry)
		rc = gitconfig_set(repo, command_key, want, false);
out:
	config_entries_release(&there);
	free(agent_key);
	free(command_key);
	return rc;
}
