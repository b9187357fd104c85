#ifndef ORCH_CHECK_H
#define ORCH_CHECK_H
/*
 * Compliance: rules (orch/checkrule.h) applied to a turn, a range or a push
 * (orch/checkinput.h), and what came of it.
 *
 *   check_rules_load(&rules, o->config);
 *   rc = check_judge(&report, &in, &rules);
 *   ... report.errors, check_report_*()
 *   check_report_release(&report);
 *
 * Exceptions: a commit trailer "Orch-Allow: <rule> <reason>" among the commits that
 * are judged, and GIT_ORCH_SKIP=<rule>,... in the environment; both are reported.
 */
#include "base/compat.h"
#include "git/oid.h"
#include "orch/checkrule.h"
struct check_input;
struct json;
struct output;
struct strbuf;

struct check_finding {
	char *rule, *message;
	enum check_level level;
	enum check_stage stage;
	char *path;		/* NULL */
	unsigned line;		/* 0 */
	struct oid commit;	/* zero */
	bool closed;		/* there is no exception to the rule */
};
struct check_exception {
	char *rule, *reason;	/* reason: "" for one by the environment */
	bool skipped;		/* GIT_ORCH_SKIP: the rule was not applied */
	size_t findings;	/* that the trailer allowed */
	struct oid commit;	/* that has the trailer */
};
struct check_report {
	struct check_finding *v;
	size_t nr, alloc;
	struct check_exception *exceptions;
	size_t nr_exceptions, alloc_exceptions;
	size_t rules;			/* that were applied */
	size_t errors, warnings, infos;	/* of v */
	size_t allowed;			/* findings that do not count */
	size_t skipped;			/* rules */
};
#define CHECK_REPORT_INIT { NULL, 0, 0, NULL, 0, 0, 0, 0, 0, 0, 0, 0 }

/*
 * Apply all rules of in->stage and add to *out. 0, whatever was found; an error is
 * about the repository. A rule that cannot be judged (a bad pattern, one that hits
 * its limits, a document that is too large) is a finding: an error before a push, a
 * warning elsewhere.
 */
int check_judge(struct check_report *out, struct check_input *in,
		const struct check_rules *rules);
void check_report_release(struct check_report *r);

/* --- reports: checkreport.c ------------------------------------------------------ */

/* "error focus-in-plan: docs/fix_plan.md: the focus is not in the plan (commit 1234567)":
 * one line without an end, safe for a terminal. */
void check_finding_line(struct strbuf *out, const struct check_finding *f);
void check_exception_line(struct strbuf *out, const struct check_exception *e);
/* The public form: findings (at most `max`; 0: all), errors, warnings, allowed,
 * exceptions. */
void check_report_to_json(struct json *out, const struct check_report *r, size_t max);
/* The lines of a page, and a last one that counts. */
void check_report_page(struct output *out, const struct check_report *r,
		       enum check_stage stage);
/* A SARIF 2.1.0 log. */
void check_report_to_sarif(struct json *out, const struct check_report *r,
			   const struct check_rules *rules);

/* --- for the files of the checks only -------------------------------------------- */

struct check_work {
	struct check_report *report;
	struct check_input *in;
	const struct check_rule *rule;
	size_t found;		/* by this rule */
	size_t more;		/* that are only counted */
};
/*
 * A finding of the rule; `fmt` is what is wrong where the rule has no message of its
 * own. path, line and commit may be NULL, 0 and NULL.
 */
void check_found(struct check_work *w, const char *path, unsigned line,
		 const struct oid *commit, const char *fmt, ...) PRINTF_LIKE(5, 6);
/* checkkinds.c: apply the rule. ORCH_EINVALID: it cannot be judged, as the message
 * says. */
int check_apply(struct check_work *w);
#endif
