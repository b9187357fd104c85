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

#define LINE_MAX_BYTES 8192
#define KNOWN_MAX 5000	/* references of the remote that bound a push */
#define REPEATS 2000	/* lines that are looked back */
#define LOG_NAME "checks.jsonl"
#define LOG_LINES 1000
#define LOG_BYTES ((size_t)1 << 20)

/* --- what git says ------------------------------------------------------------------ */

/* "0000...": of any length, for hashes to come. */
static bool is_zero(const char *s, size_t len)
{
	return len && strspn(s, "0") >= len;
}

/* 0, or ORCH_EINVALID. *zero says whether it was all zeros. */
static int parse_oid(struct oid *out, bool *zero, const char *s, size_t len)
{
	char hex[OID_HEX + 1];

	*zero = is_zero(s, len);
	memset(out, 0, sizeof(*out));
	if (*zero)
		return len == OID_HEX || len == 64 ? 0 : ORCH_EINVALID;
	if (len != OID_HEX)
		return ORCH_EINVALID;
	memcpy(hex, s, len);
	hex[len] = '\0';
	return oid_parse(out, hex);
}

/* The last field of s[0..*len), which then ends before it; NULL without one. */
static const char *take_field(const char *s, size_t *len, size_t *field_len)
{
	const char *blank = memrchr(s, ' ', *len);

	if (!blank || blank == s)
		return NULL;
	*field_len = *len - (size_t)(blank + 1 - s);
	*len = (size_t)(blank - s);
	return *field_len ? blank + 1 : NULL;
}

/* Three fields from the right: what was typed on the left may have blanks. */
static int parse_line(struct push *out, const char *s, size_t len)
{
	size_t old_len, name_len, tip_len;
	const char *old = take_field(s, &len, &old_len);
	const char *name = old ? take_field(s, &len, &name_len) : NULL;
	const char *tip = name ? take_field(s, &len, &tip_len) : NULL;
	struct push_line line = { 0 };
	bool deletes, is_new;

	if (!tip || !len || parse_oid(&line.tip, &deletes, tip, tip_len) < 0 ||
	    parse_oid(&line.old, &is_new, old, old_len) < 0 ||
	    name_len < 5 || memcmp(name, "refs/", 5) != 0)
		return ORCH_EINVALID;
	if (deletes || (name_len > 10 && !memcmp(name, "refs/orch/", 10)))
		return 0;
	line.local = xstrndup(s, len);
	line.remote = xstrndup(name, name_len);
	ALLOC_GROW(out->v, out->nr + 1, out->alloc);
	out->v[out->nr++] = line;
	return 0;
}

int push_parse(struct push *out, const char *text, size_t len)
{
	for (size_t at = 0; at < len;) {
		const char *eol = memchr(text + at, '\n', len - at);
		size_t n = eol ? (size_t)(eol - text) - at : len - at;

		out->lines++;
		if (!eol || n > LINE_MAX_BYTES || memchr(text + at, '\0', n) ||
		    parse_line(out, text + at, n) < 0)
			return error_set(ORCH_EINVALID, "line %zu of what git says about the "
					 "push is %s", out->lines,
					 eol ? "malformed" : "cut off");
		at += n + 1;
	}
	return 0;
}

void push_release(struct push *p)
{
	for (size_t i = 0; i < p->nr; i++) {
		free(p->v[i].local);
		free(p->v[i].remote);
	}
	free(p->v);
	*p = (struct push)PUSH_INIT;
}

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

/* --- one reference -------------------------------------------------------------------- */

/* The rules, by the .orchconfig that they were read with. */
struct gate {
	struct orch o;		/* its config is ours */
	struct check_rules rules;
	struct oid from;
	bool is_open;
};

static void gate_close(struct gate *g)
{
	check_rules_release(&g->rules);
	config_free(g->o.config);
	strvec_release(&g->o.workflow);
	g->o.config = NULL;
	g->is_open = false;
}

static int gate_open(struct gate *g, const struct oid *from)
{
	int rc;

	if (g->is_open && oid_eq(&g->from, from))
		return 0;
	gate_close(g);
	if ((rc = config_load_at(&g->o.config, g->o.repo, from)) < 0)
		return rc;
	config_get_list(g->o.config, "orch.workflow", &g->o.workflow);
	check_rules_load(&g->rules, g->o.config);
	g->from = *from;
	g->is_open = true;
	return 0;
}

/*
 * Where the net change begins, and whose .orchconfig counts. An update by force
 * begins where both sides parted, but its rules are those that the remote has now.
 */
static int find_base(struct oid *base, struct oid *rules, struct repo *repo,
		     const struct push_line *line, const struct oid *tip,
		     const struct known *k)
{
	struct oid old;
	int rc;

	if (!oid_is_zero(&line->old) && object_exists(repo, &line->old) &&
	    commit_peel(repo, &line->old, &old) == 0) {
		*rules = old;
		if ((rc = commit_base(repo, &old, 1, tip, base)) < 0 ||
		    !oid_is_zero(base))
			return rc;
		/* Another history altogether. */
		return commit_base(repo, k->v, k->nr, tip, base);
	}
	error_clear();
	rc = commit_base(repo, k->v, k->nr, tip, base);
	*rules = *base;
	return rc;
}

static int judge_line(struct check_report *out, struct gate *g, const struct push_line *line,
		      const struct known *k, const char *actor, const char *focus)
{
	struct check_input in = CHECK_INPUT_INIT;
	struct oid rules = OID_ZERO;
	int rc = commit_peel(g->o.repo, &line->tip, &in.tip);

	/* A tag of a file or a directory: no change of anything. */
	if (rc == ORCH_EINVALID) {
		error_clear();
		return 0;
	}
	if (rc < 0 ||
	    (rc = find_base(&in.base, &rules, g->o.repo, line, &in.tip, k)) < 0 ||
	    oid_eq(&in.base, &in.tip))
		goto out;
	if ((rc = gate_open(g, &rules)) < 0) {
		error_prefix(rc, "the rules that the remote has, in %s, cannot be read",
			     oid_short(&rules));
		goto out;
	}
	in.o = &g->o;
	in.stage = CHECK_PRE_PUSH;
	in.actor = actor;
	in.focus_id = focus;
	in.known = k->v;
	in.nr_known = k->nr;
	rc = check_judge(out, &in, &g->rules);
out:
	check_input_release(&in);
	return rc < 0 ? error_prefix(rc, "%s", line->remote) : 0;
}

/* The same commits under several names are judged once. */
static bool is_repeated(const struct push *p, size_t i)
{
	for (size_t k = i > REPEATS ? i - REPEATS : 0; k < i; k++)
		if (oid_eq(&p->v[k].tip, &p->v[i].tip) && oid_eq(&p->v[k].old, &p->v[i].old))
			return true;
	return false;
}

int push_judge(struct check_report *out, const struct push *p, struct repo *repo,
	       const char *remote, const char *actor, const char *focus)
{
	struct gate g = { .o = { .repo = repo }, .rules = CHECK_RULES_INIT };
	struct known k = { repo, NULL, 0, 0 };
	int rc = find_known(&k, p, remote);

	for (size_t i = 0; rc == 0 && i < p->nr; i++)
		if (!is_repeated(p, i))
			rc = judge_line(out, &g, &p->v[i], &k, actor, focus);
	gate_close(&g);
	free(k.v);
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
