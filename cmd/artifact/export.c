/*
 * Writing the index down for others: export.
 */
#include "artifact.h"

#include "base/output.h"
#include "base/text.h"
#include "base/yaml.h"
#include "orch/artifact.h"
#include "orch/artifact_page.h"
#include "orch/orch.h"

#define NO_INITIATIVE "-"	/* where a pattern names none */

static bool yaml_option;

struct entry {
	char *initiative;
	size_t i;		/* in the index */
};

static int by_initiative(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int order = strcmp(x->initiative, y->initiative);

	return order ? order : (x->i > y->i) - (x->i < y->i);
}

/* The initiatives of all artifacts as JSON can say them, in order: artifacts are
 * sorted by path, so that one has several runs of them in several roots. */
static int list_entries(struct entry *v, struct artifacts *ix)
{
	struct artifact a = ARTIFACT_INIT;
	size_t nr = artifacts_count(ix);
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < nr; i++) {
		struct strbuf clean = STRBUF_INIT;
		const char *s = NO_INITIATIVE;

		rc = artifacts_get(&a, ix, i, 0);
		if (rc == 0 && a.initiative)
			s = a.initiative;
		utf8_add_clean(&clean, s, strlen(s));
		v[i] = (struct entry) { strbuf_detach(&clean, NULL), i };
	}
	if (rc == 0 && nr)
		qsort(v, nr, sizeof(*v), by_initiative);
	artifact_release(&a);
	return rc;
}

/* {"initiative": [{timestamp, ...}, ...], ...} */
static int collect(struct json *out, struct artifacts *ix)
{
	size_t nr = artifacts_count(ix);
	struct entry *v = xcalloc(nr + 1, sizeof(*v));
	struct artifact a = ARTIFACT_INIT;
	struct json *list = NULL;
	int rc = list_entries(v, ix);

	for (size_t i = 0; rc == 0 && i < nr; i++) {
		if (!i || !str_eq(v[i - 1].initiative, v[i].initiative))
			list = json_add_array(out, v[i].initiative);
		if ((rc = artifacts_get(&a, ix, v[i].i, ARTIFACT_SIZES)) == 0)
			artifact_export(json_add_object(list, NULL), &a);
	}
	for (size_t i = 0; i < nr; i++)
		free(v[i].initiative);
	free(v);
	artifact_release(&a);
	return rc;
}

static int run_export(int argc, const char **argv)
{
	struct strbuf yaml = STRBUF_INIT;
	struct artifacts *ix = NULL;
	struct orch o = ORCH_INIT;
	struct json *all;
	struct output out;
	int rc;

	if (argc)
		return usage_error("unexpected argument '%s'", argv[0]);
	if (yaml_option == common.json)
		return usage_error(yaml_option ? "--yaml and --json exclude each other" :
						 "--yaml or --json is needed");
	if ((rc = artifact_begin(&o, &ix, ARTIFACT_HISTORY)) < 0)
		goto out;
	output_open(&out);
	all = json_add_object(output_json(&out), "artifacts");
	if ((rc = collect(all, ix)) < 0 ||
	    (yaml_option && (rc = yaml_print(&yaml, all)) < 0)) {
		output_discard(&out);
		goto out;
	}
	output_take(&out, &yaml);
	rc = output_close(&out);
out:
	strbuf_release(&yaml);
	artifacts_free(ix);
	orch_release(&o);
	return rc;
}

static const struct opt export_opts[] = {
	OPT_FLAG(0, "yaml", &yaml_option, "as YAML"),
	OPT_END
};
static const char *const export_usage[] = { EXPORT_USAGE, NULL };
const struct command artifact_export_command = {
	.name = "export", .usage = export_usage, .opts = export_opts, .run = run_export,
	.summary = "print the whole index, by initiative", .flags = COMMAND_JSON,
};
