/*
 * One document as it is now: get.
 */
#include "context.h"

#include "base/output.h"
#include "base/tokens.h"
#include "orch/docget.h"
#include "orch/orch.h"
#include "orch/pack_page.h"

static const char *section_option;
static bool diff_option;

static void to_json(struct json *out, const struct docget *d, const char *actor)
{
	json_add_bytes(out, "path", d->path, strlen(d->path));
	if (d->section.title)
		json_add_bytes(out, "section", d->section.title, strlen(d->section.title));
	else
		json_add_null(out, "section");
	json_add_bool(out, "diff", diff_option);
	if (diff_option) {
		json_add_string(out, "actor", actor);
		json_add_string(out, "since", d->since.turn ? d->since.turn : d->since.id);
		json_add_string(out, "state", document_state_name(d->state));
	}
	json_add_int(out, "bytes", (int64_t)d->text.len);
	json_add_int(out, "tokens", tokens_of_text(d->text.buf, d->text.len));
	json_add_int(out, "line_start", d->first);
	json_add_int(out, "line_end", d->last);
	pack_text_to_json(out, &d->text);
}

/* Beside a diff, since an empty one and a whole text look like something else. */
static void say_what(const struct docget *d, const char *actor)
{
	const char *since = d->since.turn ? d->since.turn : d->since.id;

	if (!diff_option)
		return;
	if (d->state == DOCUMENT_NEW)
		note("'%s' is new to %s: this is the whole text", d->path, actor);
	else if (d->state == DOCUMENT_REMOVED)
		note("'%s' was removed since %s", d->path, since ? since : "the last pack");
	else if (!d->text.len)
		note("'%s'%s%s: nothing changed since %s", d->path,
		     d->section.title ? ", " : "",
		     d->section.title ? d->section.title : "",
		     since ? since : "the last pack");
}

static int run_get(int argc, const char **argv)
{
	struct orch o = ORCH_INIT;
	struct docget d = DOCGET_INIT;
	struct docget_request req = { .section = section_option, .diff = diff_option };
	struct output out;
	int rc;

	if (argc != 1)
		return argc ? usage_error("one path at a time, not '%s' too", argv[1])
			    : usage_error("a path is needed");
	if (section_option && !*section_option)
		return usage_error("--section needs a heading or an id");
	req.path = argv[0];
	if ((rc = orch_open(&o, ORCH_NEED_WORK_TREE |
				(diff_option ? 0 : ORCH_LOOP_OPTIONAL))) < 0 ||
	    (diff_option && (rc = orch_actor(&o, context_actor_option, &req.actor)) < 0) ||
	    (rc = docget_read(&d, &o, &req)) < 0)
		goto out;
	output_open(&out);
	if (output_is_json(&out))
		to_json(output_json(&out), &d, req.actor);
	say_what(&d, req.actor);
	output_take(&out, &d.text);
	rc = output_close(&out);
out:
	docget_release(&d);
	orch_release(&o);
	return rc;
}

static const struct opt get_opts[] = {
	OPT_STRING(0, "section", &section_option, "name",
		   "only the section of this heading or id"),
	OPT_FLAG(0, "diff", &diff_option, "what changed since the actor's last pack"),
	OPT_ACTOR,
	OPT_LOOP,
	OPT_END
};
static const char *const get_usage[] = { GET_USAGE, NULL };
const struct command context_get_command = {
	.name = "get", .usage = get_usage, .opts = get_opts, .run = run_get,
	.summary = "print one document as it is now, and record nothing",
	.flags = COMMAND_JSON,
};
