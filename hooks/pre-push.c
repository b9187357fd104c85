/*
 * pre-push - the compliance gate
 *
 * Called by git with the name of the remote and its URL, and a line on standard
 * input for each reference. Every line is judged (orch/checkpush.h); what is found
 * goes to stderr, one line each, and errors refuse the push. So does what cannot be
 * judged. A push that only deletes is let through before the repository is opened.
 */
#include "base/command.h"
#include "base/error.h"
#include "base/strbuf.h"
#include "base/strvec.h"
#include "git/repo.h"
#include "orch/check.h"
#include "orch/checkpush.h"
#include "orch/hook.h"

#define HEAP ((size_t)12 << 20)	/* trees of 50 commits, as libgit2 keeps them */
#define INPUT_MAX ((size_t)16 << 20)	/* 3,000 references are 346 kB */

static const char *const usage[] = {
	"pre-push <remote> <url>",
	NULL
};

static int read_input(struct push *push)
{
	struct strbuf text = STRBUF_INIT;
	int rc = 0;

	if (strbuf_read_fd(&text, 0, INPUT_MAX) < 0)
		rc = error_sys("cannot read what git says about the push");
	else
		rc = push_parse(push, text.buf, text.len);
	strbuf_release(&text);
	return rc;
}

/* Who drives git may show the last line only: it has the names of the rules. */
static void say_refusal(const struct check_report *r)
{
	struct strvec rules = STRVEC_INIT;
	bool closed = true;
	char *names;

	for (size_t i = 0; i < r->nr; i++)
		if (r->v[i].level == CHECK_ERROR) {
			if (!strvec_has(&rules, r->v[i].rule))
				strvec_push(&rules, r->v[i].rule);
			closed = closed && r->v[i].closed;
		}
	names = strvec_join(&rules, ", ");
	hook_say("refused by %.500s: %zu error%s%s", names, r->errors, r->errors == 1 ? "" : "s",
		 closed ? "" : "; an exception is a commit trailer 'Orch-Allow: <rule> <reason>' "
			       "or GIT_ORCH_SKIP=<rule>");
	free(names);
	strvec_release(&rules);
}

/* ORCH_ENO refuses the push; everything is said by then. */
static int say(const struct check_report *r)
{
	struct strbuf line = STRBUF_INIT;

	for (size_t i = 0; i < r->nr; i++) {
		strbuf_reset(&line);
		check_finding_line(&line, &r->v[i]);
		hook_say("%s", line.buf);
	}
	for (size_t i = 0; i < r->nr_exceptions; i++) {
		strbuf_reset(&line);
		check_exception_line(&line, &r->exceptions[i]);
		hook_say("%s", line.buf);
	}
	strbuf_release(&line);
	if (!r->errors)
		return 0;
	say_refusal(r);
	return ORCH_ENO;
}

static int judge(const struct push *push, struct repo *repo, const char *remote)
{
	struct check_report report = CHECK_REPORT_INIT;
	int rc;

	heap_expect(HEAP);
	rc = push_judge(&report, push, repo, remote, getenv("GIT_ORCH_ACTOR"), NULL);
	if (rc == 0) {
		rc = say(&report);
		if (report.nr_exceptions && push_record(repo, &report, remote) < 0)
			hook_say("the exceptions are not recorded: %s", error_message());
	}
	check_report_release(&report);
	return rc;
}

/* What cannot be judged may be a fault of ours, or of what the remote has: there is a
 * way around it. */
static int say_unjudged(int rc)
{
	char *why = xstrdup(error_message());

	error_set(rc, "refused, because it cannot be judged: %s (GIT_ORCH_SKIP=pre-push does "
		  "without)", why);
	free(why);
	return rc;
}

static int run(int argc, const char **argv)
{
	struct push push = PUSH_INIT;
	struct repo *repo = NULL;
	int rc;

	if (!hook_begin("pre-push"))
		return hook_end(0);
	rc = read_input(&push);
	if (rc == 0 && push.nr && (rc = repo_open(&repo, NULL, REPO_IN_HOOK)) == 0 &&
	    (rc = hook_enabled(repo)) > 0)
		rc = judge(&push, repo, argc > 0 ? argv[0] : NULL);
	push_release(&push);
	repo_free(repo);
	return hook_end(rc < 0 && rc != ORCH_ENO ? say_unjudged(rc) : rc);
}

const struct command orch_command = {
	.name = "pre-push", .summary = "Judge what is pushed", .usage = usage, .run = run,
};
