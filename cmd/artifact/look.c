/*
 * Looking at artifacts: list, show, rebuild.
 */
#include "artifact.h"

#include "base/output.h"
#include "base/text.h"
#include "orch/artifact.h"
#include "orch/artifact_page.h"
#include "orch/artifact_query.h"
#include "orch/orch.h"

/* --- list ---------------------------------------------------------------- */

static struct artifact_filter filter;
static int64_t iteration_option = -1;

static void list_one(struct output *out, const struct artifact *a)
{
	if (output_is_json(out)) {
		artifact_to_json(output_json_item(out, "artifacts"), a);
	} else if (common.nul) {
		output_raw(out, a->path, strlen(a->path) + 1);
		output_flush(out);
	} else {
		artifact_table_row(out, a);
	}
}

static void say_sum(size_t nr, size_t files, int64_t size)
{
	if (common.json || common.nul)
		return;
	if (nr)
		note("%zu artifact%s, %zu file%s, %s bytes", nr, nr == 1 ? "" : "s", files,
		     files == 1 ? "" : "s", count_human(size));
	else
		note("no artifacts");
}

static int run_list(int argc, const char **argv)
{
	struct artifact a = ARTIFACT_INIT;
	struct artifacts *ix = NULL;
	struct orch o = ORCH_INIT;
	struct output out;
	size_t nr = 0, files = 0;
	int64_t size = 0;
	bool table;
	int rc;

	if (argc > 1)
		return usage_error("one initiative at a time, not '%s' too", argv[1]);
	if (iteration_option != -1 && iteration_option < 1)
		return usage_error("--iteration is a number from 1");
	filter.iteration = iteration_option == -1 ? 0 : iteration_option;
	filter.initiative = argc ? argv[0] : NULL;
	if ((rc = artifact_begin(&o, &ix, ARTIFACT_HISTORY)) < 0)
		goto out;
	output_open(&out);
	table = !output_is_json(&out) && !common.nul;
	for (size_t i = 0; rc == 0 && i < artifacts_count(ix); i++) {
		if (!artifact_may_be_meant(ix, i, &filter) ||
		    (rc = artifacts_get(&a, ix, i, 0)) < 0 || !artifact_is_meant(&a, &filter) ||
		    (rc = artifacts_get(&a, ix, i, ARTIFACT_SIZES)) < 0)
			continue;
		if (table && !nr)
			artifact_table_begin(&out);
		list_one(&out, &a);
		nr++;
		files += a.nr_files;
		size += a.size;
	}
	if (table && nr)
		artifact_table_end(&out);
	if (!nr)
		json_add_array(output_json(&out), "artifacts");
	if (rc < 0) {
		output_discard(&out);
		goto out;
	}
	say_sum(nr, files, size);
	rc = output_close(&out);
out:
	artifact_release(&a);
	artifacts_free(ix);
	orch_release(&o);
	return rc;
}

static const struct opt list_opts[] = {
	OPT_INT('i', "iteration", &iteration_option, "n", "only of this iteration"),
	OPT_STRING('t', "type", &filter.type, "type", "only of this type"),
	OPT_END
};
static const char *const list_usage[] = { LIST_USAGE, NULL };
const struct command artifact_list_command = {
	.name = "list", .usage = list_usage, .opts = list_opts, .run = run_list,
	.summary = "show the artifacts, or those of an initiative",
	.flags = COMMAND_JSON | COMMAND_NUL,
};

/* --- show ---------------------------------------------------------------- */

static int run_show(int argc, const char **argv)
{
	struct artifact a = ARTIFACT_INIT;
	struct artifacts *ix = NULL;
	struct orch o = ORCH_INIT;
	struct output out;
	size_t i;
	int rc;

	if (argc != 1)
		return argc ? usage_error("one artifact at a time, not '%s' too", argv[1]) :
			      usage_error("which artifact? Name its stamp or path");
	if ((rc = artifact_begin(&o, &ix, ARTIFACT_HISTORY)) < 0 ||
	    (rc = artifacts_pick(&i, ix, &o, argv[0])) < 0 ||
	    (rc = artifacts_get(&a, ix, i, ARTIFACT_SIZES)) < 0)
		goto out;
	output_open(&out);
	artifact_to_json(output_json(&out), &a);
	artifact_page(&out, &a);
	rc = output_close(&out);
out:
	artifact_release(&a);
	artifacts_free(ix);
	orch_release(&o);
	return rc;
}

static const struct opt show_opts[] = { OPT_END };
static const char *const show_usage[] = { SHOW_USAGE, NULL };
const struct command artifact_show_command = {
	.name = "show", .usage = show_usage, .opts = show_opts, .run = run_show,
	.summary = "show one artifact and its files", .flags = COMMAND_JSON,
};

/* --- rebuild ------------------------------------------------------------- */

static bool full_option;

static int run_rebuild(int argc, const char **argv)
{
	struct artifacts_report r;
	struct artifacts *ix = NULL;
	struct orch o = ORCH_INIT;
	struct output out;
	int rc;

	if (argc)
		return usage_error("unexpected argument '%s'", argv[0]);
	if ((rc = artifact_begin(&o, &ix, ARTIFACT_WAIT | ARTIFACT_HISTORY |
				 (full_option ? ARTIFACT_FULL : 0))) < 0)
		goto out;
	r = artifacts_report(ix);
	output_open(&out);
	json_add_int(output_json(&out), "artifacts", (int64_t)artifacts_count(ix));
	json_add_int(output_json(&out), "read", (int64_t)r.read);
	json_add_int(output_json(&out), "kept", (int64_t)r.kept);
	json_add_int(output_json(&out), "gone", (int64_t)r.gone);
	json_add_bool(output_json(&out), "stored", r.stored);
	json_add_bool(output_json(&out), "truncated", r.truncated);
	output_line(&out, "%zu artifacts: %zu read, %zu as before, %zu gone",
		    artifacts_count(ix), r.read, r.kept, r.gone);
	rc = output_close(&out);
out:
	artifacts_free(ix);
	orch_release(&o);
	return rc;
}

static const struct opt rebuild_opts[] = {
	OPT_FLAG(0, "full", &full_option, "read every directory, whatever the index says"),
	OPT_END
};
static const char *const rebuild_usage[] = { REBUILD_USAGE, NULL };
const struct command artifact_rebuild_command = {
	.name = "rebuild", .usage = rebuild_usage, .opts = rebuild_opts,
	.run = run_rebuild, .summary = "bring the index up to date (every reader does)",
	.flags = COMMAND_JSON,
};
