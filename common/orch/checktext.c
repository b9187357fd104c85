/*
 * The rules that read documents: what was added to one, what one mentions.
 */
#include "orch/checktext.h"

#include <ctype.h>
#include <strings.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "base/strvec.h"
#include "orch/check.h"
#include "orch/checkinput.h"
#include "orch/discover.h"
#include "orch/findings.h"
#include "orch/orch.h"
#include "orch/plan.h"
#include "orch/words.h"

#define LINES_MAX ((size_t)1 << 20)

/* --- which document ------------------------------------------------------------------ */

static bool exists(struct check_input *in, const char *path)
{
	struct strbuf text = STRBUF_INIT;
	int rc = check_input_text(in, path, &text);

	strbuf_release(&text);
	error_clear();
	return rc == 0;
}

static char *or_none(const char *path)
{
	return xstrdup(path ? path : "");
}

char *check_path(struct check_work *w, const char *fallback)
{
	const struct config *c = w->in->o->config;
	const char *path = w->rule->path && *w->rule->path ? w->rule->path : fallback;
	const char *plan;

	if (str_eq(path, "{findings}"))
		return or_none(config_get(c, "orch.findings"));
	if (str_eq(path, "{input}"))
		return or_none(config_get(c, "orch.input"));
	if (!str_eq(path, "{plan}"))
		return xstrdup(path);
	plan = config_get(c, "orch.plan");
	if (!plan)
		return or_none(plan);
	/* Nobody has said where it is: as plan_load() finds it. */
	if (config_level_of(c, "orch.plan") == CONFIG_DEFAULT && !exists(w->in, plan))
		for (const char *const *name = discovery_plan_names; *name; name++)
			if (exists(w->in, *name))
				return xstrdup(*name);
	return xstrdup(plan);
}

int check_pattern(struct check_work *w, struct regex *out, unsigned flags)
{
	static const char focus[] = "{focus}";
	const char *s = w->rule->pattern, *at;
	struct strbuf text = STRBUF_INIT;
	int rc = 0;

	if (strstr(s, focus) && ((rc = check_input_focus(w->in)) < 0 || !w->in->focus.id))
		return rc;
	for (; (at = strstr(s, focus)); s = at + strlen(focus)) {
		strbuf_add(&text, s, (size_t)(at - s));
		for (const char *p = w->in->focus.id; *p; p++) {
			if (!isalnum((unsigned char)*p) && (unsigned char)*p < 0x80)
				strbuf_addch(&text, '\\');
			strbuf_addch(&text, *p);
		}
	}
	strbuf_addstr(&text, s);
	rc = regex_compile(out, text.buf, flags);
	strbuf_release(&text);
	return rc < 0 ? rc : 1;
}

/* --- added lines ---------------------------------------------------------------------- */

static uint64_t hash(const char *s, size_t len)
{
	uint64_t h = UINT64_C(14695981039346656037);

	for (size_t i = 0; i < len; i++)
		h = (h ^ (unsigned char)s[i]) * UINT64_C(1099511628211);
	return h;
}

static int by_hash(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* The hashes of a text's lines, sorted; NULL when there are too many. */
static uint64_t *hash_lines(const struct strbuf *text, size_t *nr)
{
	size_t alloc = 0;
	uint64_t *v = NULL;

	*nr = 0;
	for (size_t at = 0; at < text->len;) {
		const char *eol = memchr(text->buf + at, '\n', text->len - at);
		size_t end = eol ? (size_t)(eol - text->buf) : text->len;

		if (*nr == LINES_MAX) {
			free(v);
			return NULL;
		}
		ALLOC_GROW(v, *nr + 1, alloc);
		v[(*nr)++] = hash(text->buf + at, end - at);
		at = end + 1;
	}
	if (!v)
		v = xcalloc(1, sizeof(*v));
	qsort(v, *nr, sizeof(*v), by_hash);
	return v;
}

int check_added_line(struct check_work *w, const struct strbuf *before,
		     const struct strbuf *now)
{
	struct regex re = REGEX_INIT;
	uint64_t *old = NULL;
	size_t nr;
	int rc = check_pattern(w, &re, REGEX_UTF);

	if (rc <= 0)
		return rc;
	/* Lines that were there before, wherever: in time that does not depend on how
	 * the texts differ. */
	old = hash_lines(before, &nr);
	rc = old ? 0 : error_set(ORCH_EINVALID, "a document of more than %zu lines", LINES_MAX);
	for (size_t at = 0; rc == 0 && at < now->len;) {
		const char *eol = memchr(now->buf + at, '\n', now->len - at);
		size_t end = eol ? (size_t)(eol - now->buf) : now->len;
		uint64_t h = hash(now->buf + at, end - at);

		if (!bsearch(&h, old, nr, sizeof(h), by_hash))
			rc = regex_find(&re, now->buf + at, end - at, 0, NULL);
		at = end + 1;
	}
	free(old);
	regex_release(&re);
	return rc < 0 ? rc : !rc;
}

/* --- attempts -------------------------------------------------------------------------- */

struct attempts {
	const char *focus;	/* NULL: any will do */
	bool found;
};

static void on_report(const struct plan_report *r, void *data)
{
	struct attempts *a = data;
	const char *dot, *id;
	size_t len;

	if (r->what != PLAN_ATTEMPT)
		return;
	id = r->attempt->id;
	if (!a->focus || !id || !*id) {
		a->found = true;
		return;
	}
	/* The item that "X-1.A2" is a part of counts for its parts. */
	dot = strchr(a->focus, '.');
	len = dot && dot > a->focus ? (size_t)(dot - a->focus) : strlen(a->focus);
	if (strncmp(id, a->focus, len) == 0 && !isalnum((unsigned char)id[len]))
		a->found = true;
}

int check_added_attempt(struct check_work *w, const char *path,
			const struct strbuf *before, const struct strbuf *now)
{
	struct plan_patterns patterns = PLAN_PATTERNS_INIT;
	struct plan a = PLAN_INIT, b = PLAN_INIT;
	struct attempts found = { w->in->focus.id, false };
	int rc = plan_patterns_load(&patterns, w->in->o);

	if (rc == 0 && (before->len != now->len || memcmp(before->buf, now->buf, now->len))) {
		plan_parse(&a, before->buf, before->len, path, &patterns);
		plan_parse(&b, now->buf, now->len, path, &patterns);
		plan_compare(&a, &b, on_report, &found);
	}
	plan_release(&a);
	plan_release(&b);
	plan_patterns_release(&patterns);
	return rc < 0 ? rc : !found.found;
}

/* --- mentions --------------------------------------------------------------------------- */

static bool is_word_byte(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-';
}

/* Whatever the case, as a whole word. */
static bool contains(const char *text, size_t len, const char *word)
{
	size_t n = strlen(word);
	char both[3] = { (char)tolower((unsigned char)*word),
			 (char)toupper((unsigned char)*word), '\0' };

	for (size_t at = 0; n && at + n <= len; at++) {
		if (text[at] != both[0] && text[at] != both[1])
			continue;
		if (strncasecmp(text + at, word, n) == 0 &&
		    (!at || !is_word_byte(text[at - 1])) &&
		    (at + n == len || !is_word_byte(text[at + n])))
			return true;
	}
	return false;
}

static bool contains_any(const char *text, size_t len, const struct strvec *words)
{
	for (size_t i = 0; i < words->nr; i++)
		if (contains(text, len, words->v[i]))
			return true;
	return false;
}

/* The words of the focus, as it was written and as the plan has it. */
static void add_keywords(struct check_input *in, struct strvec *words)
{
	const struct plan_item *item = NULL;
	const char *text = in->focus.text;

	if (in->focus.id && check_input_plan(in) == 0)
		item = plan_find_part(&in->plan, in->focus.id);
	error_clear();
	if (in->focus.id && str_starts(text, in->focus.id))
		text += strlen(in->focus.id);
	if (item)
		words_add(words, item->title);
	words_add(words, text);
}

static bool plan_has(struct check_input *in, const char *path)
{
	bool yes = check_input_plan(in) == 0 && str_eq(plan_path(&in->plan, 0), path) &&
		   plan_find_part(&in->plan, in->focus.id);

	error_clear();
	return yes;
}

static void report_missing(struct check_work *w, const char *path, const struct strvec *words)
{
	const char *id = w->in->focus.id ? w->in->focus.id : w->in->focus.text;
	char *list = strvec_join(words, ", ");

	if (words->nr)
		check_found(w, path, 0, NULL, "nothing in it mentions %s or its keywords (%.150s): "
			    "was it consulted?", id, list);
	else
		check_found(w, path, 0, NULL, "nothing in it names the focus, %s", id);
	free(list);
}

int check_mentions(struct check_work *w)
{
	struct check_input *in = w->in;
	char *path = check_path(w, "{findings}");
	const char *findings_path = config_get(in->o->config, "orch.findings");
	struct findings all = FINDINGS_INIT;
	struct strbuf text = STRBUF_INIT;
	struct strvec words = STRVEC_INIT;
	bool found = false;
	int rc = *path ? check_input_text(in, path, &text) : ORCH_ENOTFOUND;

	if (rc == ORCH_ENOTFOUND) {	/* no such ledger is kept here */
		error_clear();
		rc = 0;
		goto out;
	}
	if (rc < 0 || (rc = check_input_focus(in)) < 0)
		goto out;
	if (w->rule->keywords)
		add_keywords(in, &words);
	if (!in->focus.id && !words.nr)
		goto out;
	if (findings_path && str_eq(path, findings_path)) {
		findings_parse(&all, text.buf, text.len);
		found = !all.nr;	/* nothing was learnt yet */
		for (size_t i = 0; !found && i < all.nr; i++)
			found = contains_any(text.buf + all.v[i].begin,
					     all.v[i].end - all.v[i].begin, &words);
	} else {
		found = contains_any(text.buf, text.len, &words);
	}
	if (!found && in->focus.id)
		found = contains(text.buf, text.len, in->focus.id) || plan_has(in, path);
	if (!found)
		report_missing(w, path, &words);
out:
	findings_release(&all);
	strvec_release(&words);
	strbuf_release(&text);
	free(path);
	return rc;
}
