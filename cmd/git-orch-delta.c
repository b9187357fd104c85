/*
 * git-orch-delta - what changed for an actor since its last turn
 */
#include "base/command.h"
#include "base/error.h"
#include "base/output.h"
#include "base/strbuf.h"
#include "orch/delta.h"
#include "orch/delta_parse.h"
#include "orch/orch.h"
#include "orch/turn.h"

static const char *actor_option, *since_option, *only_option;
static bool patch_option, markdown_option, full_option, no_cache_option;

static const char *const usage[] = {
	"git orch delta [--actor <actor>] [--since <rev>|iteration:<n>] [--only <parts>] "
	"[--patch] [--full] [--no-cache] [--loop <name>] [--json|--markdown|-z]",
	NULL
};
static const struct opt opts[] = {
	OPT_STRING('a', "actor", &actor_option, "actor",
		   "for whom (default: $GIT_ORCH_ACTOR, or who is next)"),
	OPT_STRING('s', "since", &since_option, "rev",
		   "since then, <a>..<b>, or iteration:<n>"),
	OPT_STRING('\0', "only", &only_option, "parts",
		   "files, lines, uncommitted, commits, plan, ..."),
	OPT_FLAG('p', "patch", &patch_option, "add the diff of the files"),
	OPT_FLAG('\0', "full", &full_option, "everything, as if nothing had been seen"),
	OPT_FLAG('\0', "no-cache", &no_cache_option, "ask git status again"),
	OPT_FLAG('\0', "markdown", &markdown_option, "as Markdown, for a prompt"),
	OPT_LOOP,
	OPT_END
};

/* As `git diff --name-status -z` has it: status, path; of a rename two paths. */
static void add_files(struct strbuf *out, const struct change_list *l)
{
	for (size_t i = 0; i < l->nr; i++) {
		const struct change *c = &l->v[i];

		strbuf_addch(out, delta_status(c));
		strbuf_addch(out, '\0');
		if (delta_status(c) == 'R' && c->old_path)
			strbuf_add(out, c->old_path, strlen(c->old_path) + 1);
		strbuf_add(out, c->path, strlen(c->path) + 1);
	}
}

static int show(const struct delta *d, const struct delta_patch *patch)
{
	struct strbuf text = STRBUF_INIT;
	struct output out;

	output_open(&out);
	if (output_is_json(&out)) {
		delta_to_json(output_json(&out), d, patch);
	} else if (common.nul) {
		add_files(&text, &d->files);
		add_files(&text, &d->uncommitted);
		output_take(&out, &text);
	} else if (markdown_option) {
		delta_markdown(&text, d, patch);
		output_raw(&out, text.buf, text.len);
	} else {
		delta_page(&out, d, patch);
	}
	strbuf_release(&text);
	return output_close(&out);
}

static int check(int argc, const char **argv, struct delta_request *req)
{
	const unsigned files = DELTA_FILES | DELTA_UNCOMMITTED;
	int rc;

	if (argc)
		return usage_error("unexpected argument '%s'", argv[0]);
	if (markdown_option && common.json)
		return usage_error("--json and --markdown exclude each other");
	if (full_option && since_option)
		return usage_error("--full and --since exclude each other");
	req->parts = DELTA_ALL;
	req->since = since_option;
	req->flags = (full_option ? DELTA_FULL : 0) | (no_cache_option ? DELTA_NO_CACHE : 0);
	if (only_option && (rc = delta_parts_parse(&req->parts, only_option)) < 0)
		return rc;
	if (!common.nul)
		return 0;
	if (common.json || markdown_option || patch_option)
		return usage_error("-z and %s exclude each other", common.json ? "--json" :
				   markdown_option ? "--markdown" : "--patch");
	if (only_option && (req->parts & ~(files | DELTA_LINES)))
		return usage_error("-z lists files: it goes with --only files,uncommitted");
	req->parts &= files;
	return 0;
}

/* With a revision there need be no loop: a detached HEAD, a stranger's clone. */
static int find_actor(struct delta_request *req, struct orch *o, struct turn *t)
{
	bool any = since_option || full_option;
	int rc;

	if (any && !actor_option && !o->loop)
		return 0;
	if ((rc = orch_actor(o, actor_option, &req->actor)) < 0 || !o->loop)
		return rc;
	return turn_read(t, o);
}

static int run(int argc, const char **argv)
{
	struct orch o = ORCH_INIT;
	struct delta d = DELTA_INIT;
	struct delta_request req = { .actor = NULL };
	struct delta_patch patch = DELTA_PATCH_INIT;
	struct turn t;
	int rc;

	turn_init(&t);
	if ((rc = check(argc, argv, &req)) < 0 ||
	    (rc = orch_open(&o, since_option || full_option ? ORCH_LOOP_OPTIONAL : 0)) < 0 ||
	    (rc = find_actor(&req, &o, &t)) < 0 ||
	    (rc = delta_compute(&d, &o, o.loop ? &t : NULL, &req)) < 0)
		goto out;
	if (patch_option && (rc = delta_patch_make(&patch, &d, &o)) < 0)
		goto out;
	rc = show(&d, patch_option ? &patch : NULL);
out:
	delta_patch_release(&patch);
	delta_release(&d);
	turn_release_memory(&t);
	orch_release(&o);
	return rc;
}

const struct command orch_command = {
	.name = "delta", .usage = usage, .opts = opts, .run = run,
	.summary = "what changed for an actor since its last turn",
	.flags = COMMAND_JSON | COMMAND_NUL,
};
