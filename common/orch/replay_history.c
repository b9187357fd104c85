/*
 * Where turns begin in a history, and the documents of a commit.
 */
#include "orch/replay_history.h"

#include "base/error.h"
#include "base/file.h"
#include "base/glob.h"
#include "base/regex.h"
#include "base/strbuf.h"
#include "git/object.h"
#include "orch/discover.h"
#include "orch/document.h"
#include "orch/orch.h"

#define MAX_COMMITS 1000000
#define DEPTH_MESSAGE 8192	/* of a subject that is matched */

/*
 * The subjects that known loops write, each with the actor whose turn begins
 * there. A loop that writes several of them would count each turn twice, so
 * the first family that occurs is taken.
 */
static const struct family {
	struct {
		const char *actor, *pattern;
	} subject[2];
} families[] = {
	/* What a turn's own commit says; the other one is next. */
	{ { { "galph", "^RALPH AUTO" }, { "ralph", "^SUPERVISOR AUTO" } } },
	{ { { "galph", "^\\[SYNC i=\\d+\\] actor=galph status=running" },
	    { "ralph", "^\\[SYNC i=\\d+\\] actor=ralph status=running" } } },
	{ { { "galph", "^\\[SYNC i=\\d+\\] .*next=galph" },
	    { "ralph", "^\\[SYNC i=\\d+\\] .*next=ralph" } } },
	/* A step is a place in the ring of two. */
	{ { { "galph", "^\\[SYNC i=\\d+\\] step=\\d*[02468] status=running" },
	    { "ralph", "^\\[SYNC i=\\d+\\] step=\\d*[13579] status=running" } } },
};

/* --- commits ------------------------------------------------------------------- */

struct chain {
	struct commit_info *v;	/* newest first */
	size_t nr, alloc;
};

static void chain_release(struct chain *c)
{
	for (size_t i = 0; i < c->nr; i++)
		commit_info_release(&c->v[i]);
	free(c->v);
}

/* First parents from `tip` to the root, a shallow border, or `end`. */
static int walk(struct chain *c, struct repo *repo, const struct oid *tip,
		const struct oid *end)
{
	struct oid at = *tip;
	int rc = 0;

	while (rc == 0 && !oid_eq(&at, end) && c->nr < MAX_COMMITS) {
		struct commit_info info = COMMIT_INFO_INIT;

		rc = commit_read(repo, &at, &info);
		if (rc == ORCH_ENOTFOUND && c->nr) {	/* the border */
			error_clear();
			return 0;
		}
		if (rc < 0)
			return rc;
		free(info.message);
		info.message = NULL;
		ALLOC_GROW(c->v, c->nr + 1, c->alloc);
		c->v[c->nr++] = info;
		if (!info.nr_parents)
			break;
		at = info.parents[0];
	}
	return rc;
}

/*
 * The commits of a range along first parents. Where its begin is not among
 * them, those are left out that can be reached from it.
 */
static int read_range(struct chain *c, struct repo *repo, const char *range)
{
	const char *dots = range ? strstr(range, "..") : NULL;
	char *from = dots ? xstrndup(range, (size_t)(dots - range)) : NULL;
	const char *to = dots ? dots + 2 : range;
	struct oid tip, end = OID_ZERO;
	bool passed;
	int rc;

	if (dots && *to == '.') {
		rc = error_set(ORCH_EUSAGE, "'%s': a range has two dots", range);
		goto out;
	}
	if (!range && (rc = repo_head(repo, &end, NULL)) == 0 && oid_is_zero(&end)) {
		rc = error_set(ORCH_ENO, "no commit yet: there is no history to replay");
		goto out;
	}
	end = (struct oid)OID_ZERO;
	if ((rc = repo_resolve(repo, &tip, to && *to ? to : "HEAD")) < 0 ||
	    (from && (rc = repo_resolve(repo, &end, *from ? from : "HEAD")) < 0) ||
	    (rc = walk(c, repo, &tip, &end)) < 0)
		goto out;
	if (!from || !c->nr || (c->v[c->nr - 1].nr_parents &&
				oid_eq(&c->v[c->nr - 1].parents[0], &end)))
		goto out;
	for (size_t i = 0; i < c->nr; i++) {
		if ((rc = commit_is_ancestor(repo, &c->v[i].oid, &end, &passed)) < 0)
			goto out;
		if (!passed)
			continue;
		while (c->nr > i)
			commit_info_release(&c->v[--c->nr]);
	}
out:
	free(from);
	return rc;
}

/* --- turns ---------------------------------------------------------------------- */

static struct replay_actor *get_actor(struct replay *r, const char *name)
{
	for (size_t i = 0; i < r->nr; i++)
		if (str_eq(r->actors[i].name, name))
			return &r->actors[i];
	ALLOC_GROW(r->actors, r->nr + 1, r->alloc);
	memset(&r->actors[r->nr], 0, sizeof(*r->actors));
	r->actors[r->nr].name = xstrdup(name);
	return &r->actors[r->nr++];
}

/* What an actor finds when its turn begins. */
struct subject {
	char *actor;
	struct regex re;
};

static int add_turn(struct replay *r, const struct subject *s,
		    const struct commit_info *commit)
{
	size_t len = strlen(commit->subject);
	struct replay_actor *a;
	int rc = regex_find(&s->re, commit->subject,
			    len < DEPTH_MESSAGE ? len : DEPTH_MESSAGE, 0, NULL);

	if (rc <= 0)
		return rc;
	a = get_actor(r, s->actor);
	/* Another of its expressions has found it. */
	if (a->nr && oid_eq(&a->turns[a->nr - 1], &commit->oid))
		return 0;
	ALLOC_GROW(a->turns, a->nr + 1, a->alloc);
	a->turns[a->nr++] = commit->oid;
	return 1;
}

/* Actors in the order of `v`, without those that nothing was found for. */
static void drop_idle(struct replay *r)
{
	size_t n = 0;

	for (size_t i = 0; i < r->nr; i++)
		if (r->actors[i].nr)
			r->actors[n++] = r->actors[i];
		else
			free(r->actors[i].name);
	r->nr = n;
}

/* Oldest first; how many. */
static int add_turns(struct replay *r, const struct chain *c, const struct subject *v,
		     size_t nr)
{
	int rc, found = 0;

	for (size_t k = 0; k < nr; k++)
		get_actor(r, v[k].actor);
	for (size_t i = c->nr; i-- > 0;)
		for (size_t k = 0; k < nr; k++) {
			if ((rc = add_turn(r, &v[k], &c->v[i])) < 0)
				return rc;
			found += rc;
		}
	drop_idle(r);
	return found;
}

static void subjects_release(struct subject *v, size_t nr)
{
	for (size_t i = 0; i < nr; i++) {
		free(v[i].actor);
		regex_release(&v[i].re);
	}
	free(v);
}

static int add_family(struct replay *r, const struct chain *c, const struct family *f)
{
	size_t nr = ARRAY_SIZE(f->subject);
	struct subject *v = xcalloc(nr, sizeof(*v));
	int rc = 0;

	for (size_t i = 0; i < nr && rc == 0; i++) {
		v[i].actor = xstrdup(f->subject[i].actor);
		rc = regex_compile(&v[i].re, f->subject[i].pattern, REGEX_UTF);
	}
	if (rc == 0)
		rc = add_turns(r, c, v, nr);
	subjects_release(v, nr);
	return rc;
}

static int add_known(struct replay *r, const struct chain *c)
{
	for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
		int rc = add_family(r, c, &families[i]);

		if (rc)
			return rc < 0 ? rc : 0;
	}
	return error_set(ORCH_ENO, "no commit of %zu looks like the begin of a turn: name "
			 "them with --actor-subject ACTOR=REGEX", c->nr);
}

static int add_named(struct replay *r, const struct chain *c,
		     const struct strvec *subjects)
{
	struct subject *v = xcalloc(subjects->nr, sizeof(*v));
	int rc = 0;

	for (size_t i = 0; i < subjects->nr && rc == 0; i++) {
		const char *equals = strchr(subjects->v[i], '=');

		if (equals)
			v[i].actor = xstrndup(subjects->v[i],
					      (size_t)(equals - subjects->v[i]));
		if (!equals || !actor_name_valid(v[i].actor))
			rc = error_set(ORCH_EUSAGE, "'%s' is not ACTOR=REGEX",
				       subjects->v[i]);
		else
			rc = regex_compile(&v[i].re, equals + 1, REGEX_UTF);
	}
	if (rc == 0 && (rc = add_turns(r, c, v, subjects->nr)) == 0)
		rc = error_set(ORCH_ENO, "no subject of %zu commits matches", c->nr);
	subjects_release(v, subjects->nr);
	return rc < 0 ? rc : 0;
}

/* --- documents ------------------------------------------------------------------- */

/* Documents that the configuration names, or the prompts of the work tree. */
static int find_documents(struct replay *r)
{
	static const char *const single[] = { "orch.plan", "orch.findings",
					      "orch.input" };
	static const char *const usual[] = { "CLAUDE.md", "AGENTS.md", "docs/index.md",
					     "galph_memory.md" };
	struct discovery d = DISCOVERY_INIT;
	struct discover_request req = {
		.repo = r->o->repo, .budget = INT64_MAX,
		.max_document = (uint64_t)config_get_int(r->o->config,
							 "orch.maxDocument"),
	};
	size_t before;

	for (size_t i = 0; i < ARRAY_SIZE(single); i++) {
		const char *path = config_get(r->o->config, single[i]);

		if (path && *path)
			strvec_push(&r->docs, path);
	}
	before = r->docs.nr;
	config_get_list(r->o->config, "orch.doc", &r->docs);
	if (r->docs.nr > before || config_is_set_up(r->o->config))
		return 0;
	/* Nothing is set up: what would be. */
	for (size_t i = 0; i < ARRAY_SIZE(usual); i++)
		strvec_push(&r->docs, usual[i]);
	if (!repo_work_tree(r->o->repo))
		return 0;
	if (discovery_find(&d, &req) == 0)
		for (size_t i = 0; i < d.nr_docs; i++)
			if (!strvec_has(&r->docs, d.docs[i].path))
				strvec_push(&r->docs, d.docs[i].path);
	error_clear();
	discovery_release(&d);
	return 0;
}

struct collect {
	struct docset *out, *before;
	struct repo *repo;
	const char *prefix, *pattern;
	uint64_t max;
};

static void add(struct collect *c, const char *path, const struct oid *oid)
{
	const struct docver *known = docset_find(c->before, path);
	uint64_t size;

	if (docset_find(c->out, path))
		return;
	if (known && oid_eq(&known->oid, oid))
		size = known->size;
	else if (blob_size(c->repo, oid, &size) < 0) {
		error_clear();	/* not in this clone: nobody could have read it */
		return;
	}
	if (size <= c->max)
		docset_add(c->out, path, oid, size);
}

static int add_match(const char *path, const struct oid *oid, unsigned mode,
		     void *data)
{
	struct collect *c = data;
	char *full = xstrfmt("%s%s", c->prefix, path);

	if ((mode & 0170000) == 0100000 && glob_match(c->pattern, full))
		add(c, full, oid);
	free(full);
	return 0;
}

static int add_pattern(struct collect *c, const struct oid *tree, const char *name)
{
	size_t n = glob_literal_dirs(name);
	char *prefix = xstrndup(name, n);
	struct oid oid = *tree;
	unsigned mode = 0040000;
	int rc = 0;

	if (n) {
		prefix[n - 1] = '\0';
		rc = tree_lookup(c->repo, tree, prefix, &oid, &mode);
		prefix[n - 1] = '/';
	}
	if (rc == 0 && (mode & 0170000) == 0040000) {
		c->prefix = prefix;
		c->pattern = name;
		rc = tree_walk(c->repo, &oid, add_match, c);
	}
	free(prefix);
	return rc;
}

static int add_names(struct collect *c, const struct oid *tree,
		     const struct strvec *names, const char *own)
{
	struct oid oid;
	unsigned mode;
	int rc;

	for (size_t i = 0; i < names->nr; i++) {
		const char *name = names->v[i];

		while (str_starts(name, "./"))
			name += 2;
		if ((own && str_eq(name, own)) || !path_is_safe(name))
			continue;
		if (glob_is_pattern(name)) {
			rc = add_pattern(c, tree, name);
		} else {
			rc = tree_lookup(c->repo, tree, name, &oid, &mode);
			if (rc == 0 && (mode & 0170000) == 0100000)
				add(c, name, &oid);
		}
		if (rc == ORCH_ENOTFOUND)
			error_clear();
		else if (rc < 0)
			return rc;
	}
	return 0;
}

int replay_documents(struct docset *out, struct replay *r, const char *actor,
		     const struct oid *commit, struct docset *before)
{
	struct collect c = {
		.out = out, .before = before, .repo = r->o->repo,
		.max = (uint64_t)config_get_int(r->o->config, "orch.maxDocument"),
	};
	struct commit_info info = COMMIT_INFO_INIT;
	struct strvec own = STRVEC_INIT;
	const char *loads = document_of_agent(r->o, actor);
	int rc;

	if ((rc = commit_read(r->o->repo, commit, &info)) < 0 ||
	    (rc = add_names(&c, &info.tree, &r->docs, loads)) < 0)
		goto out;
	if (!r->opts.docs || !r->opts.docs->nr) {
		config_actor_list(r->o->config, actor, "doc", &own);
		rc = add_names(&c, &info.tree, &own, loads);
	}
out:
	strvec_release(&own);
	commit_info_release(&info);
	return rc;
}

/* --- all of it -------------------------------------------------------------------- */

int replay_find(struct replay *r, struct orch *o, const struct replay_options *opts)
{
	struct chain c = { NULL, 0, 0 };
	int rc;

	r->o = o;
	r->opts = *opts;
	if (opts->docs && opts->docs->nr)
		for (size_t i = 0; i < opts->docs->nr; i++)
			strvec_push(&r->docs, opts->docs->v[i]);
	else if ((rc = find_documents(r)) < 0)
		return rc;
	if ((rc = read_range(&c, o->repo, opts->range)) < 0)
		goto out;
	r->commits = c.nr;
	rc = opts->subjects && opts->subjects->nr ? add_named(r, &c, opts->subjects)
						  : add_known(r, &c);
out:
	chain_release(&c);
	return rc;
}

void replay_release(struct replay *r)
{
	for (size_t i = 0; i < r->nr; i++) {
		free(r->actors[i].name);
		free(r->actors[i].turns);
	}
	free(r->actors);
	strvec_release(&r->docs);
	*r = (struct replay)REPLAY_INIT;
}
