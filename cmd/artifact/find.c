/*
 * Searching artifacts: find.
 */
#include "artifact.h"

#include "base/output.h"
#include "base/text.h"
#include "orch/artifact.h"
#include "orch/artifact_page.h"
#include "orch/artifact_query.h"
#include "orch/orch.h"

#define SHOWN_TEXT 500	/* bytes of a line that matches */

static struct artifact_search search;

static void show(const struct artifact_hit *hit, void *data)
{
	struct output *out = data;
	struct strbuf path = STRBUF_INIT;

	if (output_is_json(out)) {
		struct json *j = output_json_item(out, "files");

		artifact_path_to_json(j, "path", hit->path);
		artifact_path_to_json(j, "artifact", hit->artifact);
		if (hit->line) {
			json_add_int(j, "line", hit->line);
			json_add_bytes(j, "text", hit->text,
				       hit->len < SHOWN_TEXT ? hit->len : SHOWN_TEXT);
		}
	} else if (common.nul) {
		output_raw(out, hit->path, strlen(hit->path) + 1);
	} else {
		text_add_quoted_path(&path, hit->path, strlen(hit->path));
		strbuf_addch(&path, '\n');
		output_raw(out, path.buf, path.len);
	}
	output_flush(out);
	strbuf_release(&path);
}

static void say_left_out(const struct artifact_search_report *r)
{
	if (r->too_large)
		note("%zu file%s larger than %zu MiB: not searched", r->too_large,
		     r->too_large == 1 ? " is" : "s are", ARTIFACT_TEXT_MAX >> 20);
	if (r->unreadable)
		warn("%zu file%s cannot be read", r->unreadable,
		     r->unreadable == 1 ? "" : "s");
}

static int run_find(int argc, const char **argv)
{
	struct artifact_search_report report;
	struct artifacts *ix = NULL;
	struct orch o = ORCH_INIT;
	struct output out;
	int rc;

	if (argc != 1)
		return argc ? usage_error("one pattern at a time, not '%s' too", argv[1]) :
			      usage_error("what is to be found?");
	if (!*argv[0])
		return usage_error("the pattern is empty");
	search.pattern = argv[0];
	if ((rc = artifact_begin(&o, &ix, 0)) < 0)
		goto out;
	output_open(&out);
	if ((rc = artifacts_search(ix, &search, &report, show, &out)) < 0) {
		output_discard(&out);
		goto out;
	}
	if (!report.found)
		json_add_array(output_json(&out), "files");
	say_left_out(&report);
	rc = output_close(&out);
	if (rc == 0 && !report.found) {
		error_clear();	/* the answer is no, and there is no more to say */
		rc = ORCH_ENO;
	}
out:
	artifacts_free(ix);
	orch_release(&o);
	return rc;
}

static const struct opt find_opts[] = {
	OPT_FLAG('c', "content", &search.content, "look into text files, not at paths"),
	OPT_FLAG('e', "regex", &search.regex, "the pattern is a regular expression (PCRE2)"),
	OPT_END
};
static const char *const find_usage[] = { FIND_USAGE, NULL };
const struct command artifact_find_command = {
	.name = "find", .usage = find_usage, .opts = find_opts, .run = run_find,
	.summary = "print the files whose path or content matches",
	.flags = COMMAND_JSON | COMMAND_NUL,
};
