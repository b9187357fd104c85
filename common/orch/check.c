/*
 * Applying rules, and what came of it.
 */
#include "orch/check.h"

#include <stdarg.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "base/text.h"
#include "orch/checkallow.h"
#include "orch/checkinput.h"
#include "orch/hook.h"

/* Enough to work on: of one rule in one change, and of all where nothing is refused. */
#define FINDINGS_MAX 50
#define REPORT_MAX 2000
#define MESSAGE_MAX 500

/* --- findings ------------------------------------------------------------------- */

static struct check_finding *add_finding(struct check_work *w, enum check_level level,
					 const char *message)
{
	struct check_report *r = w->report;
	struct check_finding *f;
	struct strbuf text = STRBUF_INIT;

	ALLOC_GROW(r->v, r->nr + 1, r->alloc);
	f = &r->v[r->nr++];
	memset(f, 0, sizeof(*f));
	text_add_safe(&text, message, strnlen(message, MESSAGE_MAX), true);
	f->rule = xstrdup(w->rule->name);
	f->level = level;
	f->stage = w->in->stage;
	f->closed = !w->rule->allow;
	f->message = strbuf_detach(&text, NULL);
	return f;
}

/* The same path in several references, or in a commit and changed again since. */
static bool is_known(const struct check_work *w, const char *path, unsigned line,
		     const struct oid *commit, const char *message)
{
	const struct check_report *r = w->report;

	for (size_t i = 0; i < r->nr; i++) {
		const struct check_finding *f = &r->v[i];

		if (str_eq(f->rule, w->rule->name) && f->line == line &&
		    str_eq(f->path ? f->path : "", path ? path : "") &&
		    (!commit || oid_eq(&f->commit, commit)) &&
		    str_eq(f->message, message))
			return true;
	}
	return false;
}

void check_found(struct check_work *w, const char *path, unsigned line,
		 const struct oid *commit, const char *fmt, ...)
{
	const struct check_rule *rule = w->rule;
	struct check_report *r = w->report;
	struct strbuf text = STRBUF_INIT, safe = STRBUF_INIT;
	struct check_finding *f;
	va_list ap;

	if (w->found >= FINDINGS_MAX || (r->nr >= REPORT_MAX && rule->level < CHECK_ERROR)) {
		w->more++;
		return;
	}
	if (rule->message && *rule->message) {
		strbuf_addstr(&text, rule->message);
	} else {
		va_start(ap, fmt);
		strbuf_vaddf(&text, fmt, ap);
		va_end(ap);
	}
	text_add_safe(&safe, text.buf, text.len < MESSAGE_MAX ? text.len : MESSAGE_MAX, true);
	if (!is_known(w, path, line, commit, safe.buf)) {
		w->found++;
		f = add_finding(w, rule->level, safe.buf);
		f->path = xstrdup(path);
		f->line = line;
		if (commit)
			f->commit = *commit;
	}
	strbuf_release(&text);
	strbuf_release(&safe);
}

static void drop_last(struct check_report *r, size_t nr)
{
	for (; nr; nr--) {
		struct check_finding *f = &r->v[--r->nr];

		free(f->rule);
		free(f->message);
		free(f->path);
	}
}

void check_report_release(struct check_report *r)
{
	drop_last(r, r->nr);
	free(r->v);
	for (size_t i = 0; i < r->nr_exceptions; i++) {
		free(r->exceptions[i].rule);
		free(r->exceptions[i].reason);
	}
	free(r->exceptions);
	*r = (struct check_report)CHECK_REPORT_INIT;
}

/* --- one rule ------------------------------------------------------------------- */

/* Several references may have the same one. */
static struct check_exception *add_exception(struct check_report *r, const char *rule,
					     const struct oid *commit)
{
	struct check_exception *e;

	for (size_t i = 0; i < r->nr_exceptions; i++) {
		e = &r->exceptions[i];
		if (str_eq(e->rule, rule) && oid_eq(&e->commit, commit))
			return e;
	}
	ALLOC_GROW(r->exceptions, r->nr_exceptions + 1, r->alloc_exceptions);
	e = &r->exceptions[r->nr_exceptions++];
	memset(e, 0, sizeof(*e));
	e->rule = xstrdup(rule);
	e->reason = xstrdup("");
	e->commit = *commit;
	return e;
}

/* Whether nothing but commits matters: not where they lead. */
static bool is_of_commits(const struct check_rule *rule)
{
	return rule->kind == CHECK_FORBIDDEN_PATH || rule->kind == CHECK_MAX_SIZE ||
	       (rule->kind == CHECK_MESSAGE && rule->pattern &&
		!strstr(rule->pattern, "{focus}"));
}

static bool is_meant(const struct check_rule *rule, const struct check_input *in)
{
	if (!(rule->stages & in->stage) ||
	    (in->part && is_of_commits(rule) != (in->part == CHECK_THE_COMMITS)))
		return false;
	for (size_t i = 0; in->actor && i < rule->actors.nr; i++)
		if (str_eq(rule->actors.v[i], in->actor) ||
		    (str_eq(rule->actors.v[i], "@executor") &&
		     str_eq(check_executor(in->o), in->actor)))
			return true;
	return !rule->actors.nr;
}

/* Said behind a finding, because whoever asked for an exception will wonder. */
static void add_closed(struct check_work *w, const char *what)
{
	struct check_finding *f = &w->report->v[w->report->nr - 1];
	char *text = xstrfmt("%s (%s does not count: orchcheck.%s.allow = no)", f->message,
			     what, w->rule->name);

	free(f->message);
	f->message = text;
}

/* What was found does not count if a commit says so, with a reason. */
static int ask_trailers(struct check_work *w)
{
	const struct check_rule *rule = w->rule;
	struct check_report *r = w->report;
	const struct check_allow *allow;
	int rc;

	if (!w->found || w->in->stage == CHECK_PRE_TURN)
		return 0;
	if ((rc = check_input_allow(w->in, rule->name, &allow)) < 0 || !allow)
		return rc;
	if (rule->allow) {
		struct check_exception *e = add_exception(r, rule->name, &allow->commit);

		free(e->reason);
		e->reason = xstrdup(allow->reason);
		e->findings += w->found;
		r->allowed += w->found;
		drop_last(r, w->found);
		w->found = 0;
	} else {
		char *what = xstrfmt("the Orch-Allow of %s", oid_short(&allow->commit));

		add_closed(w, what);
		free(what);
	}
	return 0;
}

/* What is wrong with the rule, once. */
static void add_about_rule(struct check_work *w, enum check_level level, const char *message)
{
	if (!is_known(w, NULL, 0, NULL, message)) {
		add_finding(w, level, message);
		w->found++;
	}
}

static void add_more(struct check_work *w)
{
	char *text = xstrfmt("%zu more like that", w->more);

	add_about_rule(w, w->rule->level, text);
	free(text);
}

static void add_fault(struct check_work *w, const char *why)
{
	bool gate = w->in->stage == CHECK_PRE_PUSH;
	struct strbuf text = STRBUF_INIT;

	strbuf_addstr(&text, "the rule cannot be judged: ");
	text_add_safe(&text, why, strlen(why), true);
	add_about_rule(w, gate ? CHECK_ERROR : CHECK_WARN, text.buf);
	strbuf_release(&text);
}

static int judge_rule(struct check_report *r, struct check_input *in,
		      const struct check_rule *rule)
{
	struct strbuf fault = STRBUF_INIT;
	struct check_work w = { .report = r, .in = in, .rule = rule };
	bool skips = hook_skips(rule->name);
	int rc = 0;

	if (skips && rule->allow) {
		static const struct oid none = OID_ZERO;
		struct check_exception *e = add_exception(r, rule->name, &none);

		r->skipped += !e->skipped;
		e->skipped = true;
		return 0;
	}
	r->rules++;
	if (rule->fault)
		strbuf_addstr(&fault, rule->fault);
	else
		rc = check_apply(&w);
	if (rc == ORCH_EINVALID) {
		strbuf_addstr(&fault, error_message());
		error_clear();
		rc = 0;
	}
	if (rc == 0 && fault.len) {
		/* What was found before is found all the same. */
		add_fault(&w, fault.buf);
	}
	if (rc == 0 && w.more)
		add_more(&w);
	if (rc == 0 && skips && w.found)
		add_closed(&w, "GIT_ORCH_SKIP");
	if (rc == 0)
		rc = ask_trailers(&w);
	for (size_t i = 0; rc == 0 && i < rule->notes.nr; i++)
		add_about_rule(&w, CHECK_WARN, rule->notes.v[i]);
	strbuf_release(&fault);
	return rc;
}

static void count(struct check_report *r)
{
	r->errors = r->warnings = r->infos = 0;
	for (size_t i = 0; i < r->nr; i++)
		switch (r->v[i].level) {
		case CHECK_ERROR:
			r->errors++;
			break;
		case CHECK_WARN:
			r->warnings++;
			break;
		default:
			r->infos++;
		}
}

int check_judge(struct check_report *out, struct check_input *in,
		const struct check_rules *rules)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < rules->nr; i++)
		if (is_meant(&rules->v[i], in))
			rc = judge_rule(out, in, &rules->v[i]);
	count(out);
	return rc;
}
