/*
 * Judging a push.
 */
#include "orch/checkpush.h"

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/strbuf.h"
#include "base/text.h"
#include "git/object.h"
#include "git/refs.h"
#include "git/repo.h"
#include "orch/checkinput.h"
#include "orch/config.h"
#include "orch/orch.h"

#define KNOWN_MAX 5000	/* references of the remote that bound a push */
#define REPEATS 2000	/* lines that are looked back */
#define FEW_LINES 8
#define LOG_NAME "checks.jsonl"
#define LOG_LINES 1000
#define LOG_BYTES ((size_t)1 << 20)

/* --- what the remote has ------------------------------------------------------------- */

struct known {
	struct repo *repo;
	struct oid *v;
	size_t nr, alloc;
};

static int by_oid(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct oid));
}

static void add_known(struct known *k, const struct oid *oid)
{
	struct oid commit;

	/* Not here, or no commit: no help. */
	if (k->nr >= KNOWN_MAX || oid_is_zero(oid) ||
	    !object_exists(k->repo, oid) || commit_peel(k->repo, oid, &commit) < 0) {
		error_clear();
		return;
	}
	ALLOC_GROW(k->v, k->nr + 1, k->alloc);
	k->v[k->nr++] = commit;
}

static int on_ref(const char *name UNUSED, const struct oid *oid, void *data)
{
	add_known(data, oid);
	return 0;
}

/* What git just learnt from the remote, and what it has told before. */
static int find_known(struct known *k, const struct push *p, const char *remote)
{
	size_t nr = 0;
	int rc = 0;

	for (size_t i = 0; i < p->nr; i++)
		add_known(k, &p->v[i].old);
	/* A URL has no references here. */
	if (remote && *remote && !strpbrk(remote, ":\\ ~^?*[") && *remote != '/' &&
	    *remote != '.') {
		char *prefix = xstrfmt("refs/remotes/%s/", remote);

		rc = ref_list(k->repo, prefix, on_ref, k);
		free(prefix);
	}
	if (k->nr)
		qsort(k->v, k->nr, sizeof(*k->v), by_oid);
	for (size_t i = 0; i < k->nr; i++)
		if (!nr || !oid_eq(&k->v[nr - 1], &k->v[i]))
			k->v[nr++] = k->v[i];
	k->nr = nr;
	return rc;
}

/* --- the lines ------------------------------------------------------------------------ */

struct line {
	const struct push_line *said;
	struct oid tip, base;	/* commits; both are the same: it changes nothing */
	struct oid rules;	/* the commit whose .orchconfig counts; zero: none does */
	struct oid file;	/* that file */
	bool is_done;
};
struct judging {
	struct check_report *out;
	struct orch o;		/* of the gate that is open; its config is ours */
	struct check_rules rules;
	const char *actor, *focus;
	struct known known;
	struct check_brought brought;
	struct oid *tips;	/* of the lines */
	struct line *v;
	size_t nr;
};

/* The same commits under several names are judged once. */
static bool is_repeated(const struct push *p, size_t i)
{
	for (size_t k = i > REPEATS ? i - REPEATS : 0; k < i; k++)
		if (oid_eq(&p->v[k].tip, &p->v[i].tip) && oid_eq(&p->v[k].old, &p->v[i].old))
			return true;
	return false;
}

static int find_lines(struct judging *j, const struct push *p)
{
	j->v = xcalloc(p->nr + 1, sizeof(*j->v));
	j->tips = xcalloc(p->nr + 1, sizeof(*j->tips));
	for (size_t i = 0; i < p->nr; i++) {
		struct line *l = &j->v[j->nr];
		int rc;

		if (is_repeated(p, i))
			continue;
		l->said = &p->v[i];
		rc = commit_peel(j->o.repo, &l->said->tip, &l->tip);
		if (rc == 0)
			j->tips[j->nr++] = l->tip;
		else if (rc != ORCH_EINVALID)
			return error_prefix(rc, "%s", l->said->remote);
		/* A tag of a file or a directory changes nothing. */
		error_clear();
	}
	j->brought.repo = j->o.repo;
	j->brought.known = j->known.v;
	j->brought.nr_known = j->known.nr;
	j->brought.tips = j->tips;
	j->brought.nr_tips = j->nr;
	return 0;
}

/*
 * Where a push brings many references, with all tags for example, most are of commits
 * that the remote has or that another of them leads to. A new one of these is judged
 * with the other, as it would be if that had been pushed before; each by itself would
 * take a walk through the history and a look at the whole tree.
 */
static int drop_contained(struct judging *j)
{
	struct check_brought *b = &j->brought;
	struct oid *news, *parents = NULL;
	size_t nr = 0, alloc = 0, nr_news = 0;
	int rc = check_brought_commits(b);

	news = xcalloc(b->commits.nr + 1, sizeof(*news));
	for (size_t i = 0; rc == 0 && i < b->commits.nr; i++) {
		struct commit_info c = COMMIT_INFO_INIT;

		news[nr_news++] = b->commits.v[i];
		rc = commit_read(b->repo, &b->commits.v[i], &c);
		for (size_t k = 0; rc == 0 && k < c.nr_parents; k++) {
			ALLOC_GROW(parents, nr + 1, alloc);
			parents[nr++] = c.parents[k];
		}
		commit_info_release(&c);
	}
	qsort(news, nr_news, sizeof(*news), by_oid);
	if (nr)
		qsort(parents, nr, sizeof(*parents), by_oid);
	for (size_t i = 0; rc == 0 && i < j->nr; i++) {
		struct line *l = &j->v[i];
		bool known = !b->commits.truncated &&
			     !bsearch(&l->tip, news, nr_news, sizeof(*news), by_oid);

		/* Where something was, the change of that counts, whoever has it. */
		if (oid_is_zero(&l->said->old) &&
		    (known || (nr && bsearch(&l->tip, parents, nr, sizeof(*parents), by_oid))))
			l->is_done = true;
	}
	free(parents);
	free(news);
	return rc;
}

/*
 * Where the net change begins, and whose .orchconfig counts. An update by force
 * begins where both sides parted, but its rules are those that the remote has now.
 */
static int find_base(struct line *l, struct repo *repo, const struct known *k)
{
	struct oid old;
	int rc;

	if (!oid_is_zero(&l->said->old) && object_exists(repo, &l->said->old) &&
	    commit_peel(repo, &l->said->old, &old) == 0) {
		l->rules = old;
		if ((rc = commit_base(repo, &old, 1, &l->tip, &l->base)) < 0 ||
		    !oid_is_zero(&l->base))
			return rc;
		/* Another history altogether. */
		return commit_base(repo, k->v, k->nr, &l->tip, &l->base);
	}
	error_clear();
	rc = commit_base(repo, k->v, k->nr, &l->tip, &l->base);
	l->rules = l->base;
	return rc;
}

static int find_bases(struct judging *j)
{
	for (size_t i = 0; i < j->nr; i++) {
		struct line *l = &j->v[i];
		int rc;

		if (l->is_done)
			continue;
		rc = find_base(l, j->o.repo, &j->known);
		l->is_done = oid_eq(&l->base, &l->tip);
		if (rc == 0 && !l->is_done)
			rc = config_tracked_at(j->o.repo, &l->rules, &l->file);
		if (rc < 0)
			return error_prefix(rc, "%s", l->said->remote);
	}
	return 0;
}

/* --- judging -------------------------------------------------------------------------- */

static void close_gate(struct judging *j)
{
	check_rules_release(&j->rules);
	config_free(j->o.config);
	strvec_release(&j->o.workflow);
	j->o.config = NULL;
}

static int open_gate(struct judging *j, const struct line *l)
{
	int rc = config_load_at(&j->o.config, j->o.repo, &l->rules);

	if (rc < 0)
		return error_prefix(rc, "the rules that the remote has, in %s, cannot be read",
				    oid_short(&l->rules));
	config_get_list(j->o.config, "orch.workflow", &j->o.workflow);
	check_rules_load(&j->rules, j->o.config);
	return 0;
}

/* What a part of a line, or of several, is judged by. */
static void fill_input(struct check_input *in, struct judging *j, const struct line *l,
		       enum check_part part)
{
	in->o = &j->o;
	in->stage = CHECK_PRE_PUSH;
	in->part = part;
	in->actor = j->actor;
	in->focus_id = j->focus;
	in->base = l->base;
	in->tip = l->tip;
	in->known = j->known.v;
	in->nr_known = j->known.nr;
	in->brought = j->nr > 1 ? &j->brought : NULL;
}

/* Rules that look into commits see each commit once, whatever leads to it. */
static int judge_commits(struct judging *j, const size_t *lines, size_t nr)
{
	struct check_input in = CHECK_INPUT_INIT;
	struct oid *tips = xcalloc(nr, sizeof(*tips));
	struct oid *known = xcalloc(nr + j->known.nr, sizeof(*known));
	size_t nr_known = 0;
	int rc;

	for (size_t i = 0; i < nr; i++) {
		tips[i] = j->v[lines[i]].tip;
		if (!oid_is_zero(&j->v[lines[i]].base))
			known[nr_known++] = j->v[lines[i]].base;
	}
	for (size_t i = 0; i < j->known.nr; i++)
		known[nr_known++] = j->known.v[i];
	fill_input(&in, j, &j->v[lines[0]], CHECK_THE_COMMITS);
	in.tips = tips;
	in.nr_tips = nr;
	in.known = known;
	in.nr_known = nr_known;
	rc = check_judge(j->out, &in, &j->rules);
	check_input_release(&in);
	free(known);
	free(tips);
	return rc;
}

/* All lines that the rules of the first one are for. */
static int judge_group(struct judging *j, size_t first)
{
	size_t *lines = xcalloc(j->nr, sizeof(*lines)), nr = 0, at = 0;
	int rc = open_gate(j, &j->v[first]);

	for (size_t i = first; i < j->nr; i++)
		if (!j->v[i].is_done && oid_eq(&j->v[i].file, &j->v[first].file)) {
			lines[nr++] = i;
			j->v[i].is_done = true;
		}
	if (rc == 0 && nr > 1)
		rc = judge_commits(j, lines, nr);
	for (; rc == 0 && at < nr; at++) {
		struct check_input in = CHECK_INPUT_INIT;

		fill_input(&in, j, &j->v[lines[at]], nr > 1 ? CHECK_THE_CHANGE : CHECK_ALL_PARTS);
		rc = check_judge(j->out, &in, &j->rules);
		check_input_release(&in);
	}
	if (rc < 0)
		error_prefix(rc, "%s", j->v[lines[at ? at - 1 : 0]].said->remote);
	close_gate(j);
	free(lines);
	return rc;
}

int push_judge(struct check_report *out, const struct push *p, struct repo *repo,
	       const char *remote, const char *actor, const char *focus)
{
	struct judging j = {
		.out = out, .o = { .repo = repo }, .rules = CHECK_RULES_INIT,
		.known = { repo, NULL, 0, 0 }, .actor = actor, .focus = focus
	};
	int rc;

	repo_ignore_replacements(repo);
	if ((rc = find_known(&j.known, p, remote)) < 0 || (rc = find_lines(&j, p)) < 0)
		goto out;
	if (j.nr > FEW_LINES)
		rc = drop_contained(&j);
	if (rc == 0)
		rc = find_bases(&j);
	for (size_t i = 0; rc == 0 && i < j.nr; i++)
		if (!j.v[i].is_done)
			rc = judge_group(&j, i);
out:
	check_brought_release(&j.brought);
	free(j.known.v);
	free(j.tips);
	free(j.v);
	return rc;
}

/* --- the record ------------------------------------------------------------------------ */

int push_record(struct repo *repo, const struct check_report *r, const char *remote)
{
	char *dir = xstrfmt("%s/orch", repo_common_dir(repo));
	char *path = xstrfmt("%s/%s", dir, LOG_NAME);
	struct json *line = json_new_object();
	struct strbuf text = STRBUF_INIT;
	char iso[TIME_ISO_SIZE];
	int rc;

	json_add_int(line, "version", 1);
	json_add_string(line, "time", time_iso(iso, time_now_ms()));
	json_add_bytes(line, "remote", remote ? remote : "", remote ? strlen(remote) : 0);
	check_report_to_json(line, r, 100);
	json_print(&text, line);
	strbuf_addch(&text, '\n');
	if ((rc = dir_make(dir)) == 0 &&
	    (rc = file_append(path, text.buf, text.len, 0600)) == 0)
		rc = file_cut_log(path, LOG_LINES, 2 * LOG_BYTES, LOG_BYTES);
	json_free(line);
	strbuf_release(&text);
	free(path);
	free(dir);
	return rc;
}
