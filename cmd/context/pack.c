/*
 * Documents for an agent, and its word that it has seen them: pack, ack.
 */
#include "context.h"

#include <signal.h>

#include "base/error.h"
#include "base/output.h"
#include "orch/orch.h"
#include "orch/pack.h"
#include "orch/pack_page.h"

static const char *pack_option, *session_option, *format_option;
static int64_t budget_option = -1;
static bool preview_option, full_option, verify_option, explain_option, no_cache_option;

/* --- pack ---------------------------------------------------------------- */

static int check_pack_options(void)
{
	if (budget_option != -1 && budget_option <= 0)
		return usage_error("--budget needs a number of tokens from 1, not %" PRId64,
				   budget_option);
	if (format_option && !str_eq(format_option, "text") &&
	    !str_eq(format_option, "json"))
		return usage_error("--format is text or json, not '%s'", format_option);
	if (format_option)
		common.json = str_eq(format_option, "json");
	return 0;
}

static int verify(struct pack *p, struct orch *o, const char *actor)
{
	size_t checked;
	int rc = pack_verify(p, o, actor, &checked);

	if (rc < 0)
		return rc;
	note("verified: %zu document%s as in the work tree", checked,
	     checked == 1 ? "" : "s");
	for (size_t i = 0; i < p->nr_omitted; i++)
		note("left out: %s", p->omitted[i].path);
	return 0;
}

/*
 * Who acknowledges the latest pack must not mean one that never arrived: on a full
 * disk, or with nobody at the other end of the pipe, it is not pending.
 */
static int deliver(struct output *out, struct pack *p, struct orch *o, const char *actor)
{
	void (*before)(int);
	int rc, saved;
	char *why;

	if (!p->id)
		return output_close(out);
	before = signal(SIGPIPE, SIG_IGN);
	rc = output_close(out);
	saved = errno;
	signal(SIGPIPE, before);
	if (rc == 0)
		return 0;
	why = xstrdup(error_message());
	if (pack_withdraw(o, actor, p->id) < 0)
		warn("pack %s is pending all the same: %s", p->id, error_message());
	if (saved == EPIPE)
		raise(SIGPIPE);
	error_set(rc, "%s", why);
	free(why);
	return rc;
}

static int run_pack(int argc, const char **argv)
{
	struct orch o = ORCH_INIT;
	struct pack p = PACK_INIT;
	struct pack_request req = {
		.session = session_option,
		.budget = budget_option > 0 ? budget_option : 0,
		.flags = (preview_option ? PACK_PREVIEW : 0) |
			 (full_option ? PACK_FULL : 0) |
			 (no_cache_option ? PACK_NO_CACHE : 0) |
			 (verify_option ? PACK_DEFER : 0),
	};
	struct output out;
	char *explained;
	int rc;

	if ((rc = check_pack_options()) < 0 ||
	    (rc = context_begin(&o, &req.actor, argc, argv)) < 0 ||
	    (rc = pack_build(&p, &o, &req)) < 0 ||
	    (verify_option && (rc = verify(&p, &o, req.actor)) < 0) ||
	    (verify_option && !preview_option &&
	     (rc = pack_record(&p, &o, req.actor)) < 0))
		goto out;
	output_open(&out);
	if (output_is_json(&out))
		pack_to_json(output_json(&out), &p, req.actor);
	output_take(&out, &p.text);
	rc = deliver(&out, &p, &o, req.actor);
	if (rc == 0 && explain_option) {
		explained = pack_explain(&p, req.actor);
		fputs(explained, stderr);
		free(explained);
	}
	if (rc == 0 && p.id && !common.json)
		note("pack %s; acknowledge with: git orch context ack --actor %s "
		     "--pack %s", p.id, req.actor, p.id);
out:
	pack_release(&p);
	orch_release(&o);
	return rc;
}

static const struct opt pack_opts[] = {
	OPT_ACTOR,
	OPT_LOOP,
	OPT_STRING('s', "session", &session_option, "id",
		   "for this agent session, which may know the rest"),
	OPT_INT('b', "budget", &budget_option, "tokens",
		"at most so many; names what is left out"),
	OPT_FLAG(0, "full", &full_option, "all documents whole: a new key frame"),
	OPT_FLAG(0, "verify", &verify_option,
		 "read the pack back and compare with the files"),
	OPT_FLAG(0, "explain", &explain_option, "where the tokens go, on stderr"),
	OPT_FLAG(0, "no-cache", &no_cache_option,
		 "read every document, and pack them whole"),
	OPT_STRING(0, "format", &format_option, "format", "text or json"),
	OPT_FLAG(0, "preview", &preview_option,
		 "only look: nothing is recorded"),
	OPT_END
};
static const char *const pack_usage[] = { PACK_USAGE, NULL };
const struct command context_pack_command = {
	.name = "pack", .usage = pack_usage, .opts = pack_opts, .run = run_pack,
	.summary = "print the documents for one turn of an actor",
	.flags = COMMAND_JSON,
};

/* --- ack ----------------------------------------------------------------- */

static int run_ack(int argc, const char **argv)
{
	struct orch o = ORCH_INIT;
	struct view_seen seen = VIEW_SEEN_INIT;
	struct output out;
	const char *actor = NULL;
	int rc;

	if ((rc = context_begin(&o, &actor, argc, argv)) < 0 ||
	    (rc = pack_ack(&o, actor, pack_option, session_option)) < 0 ||
	    (rc = view_seen(&seen, &o, actor)) < 0)
		goto out;
	output_open(&out);
	json_add_string(output_json(&out), "actor", actor);
	json_add_string(output_json(&out), "pack", seen.id);
	output_line(&out, "%s has seen pack %s", actor, seen.id ? seen.id : "-");
	rc = output_close(&out);
out:
	view_seen_release(&seen);
	orch_release(&o);
	return rc;
}

static const struct opt ack_opts[] = {
	OPT_ACTOR,
	OPT_LOOP,
	OPT_STRING('p', "pack", &pack_option, "id",
		   "the pack that was seen (default: the latest)"),
	OPT_END
};
static const char *const ack_usage[] = { ACK_USAGE, NULL };
const struct command context_ack_command = {
	.name = "ack", .usage = ack_usage, .opts = ack_opts, .run = run_ack,
	.summary = "say that an actor has seen a pack", .flags = COMMAND_JSON,
};
