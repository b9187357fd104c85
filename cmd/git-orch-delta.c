/*
 * git-orch-delta - what changed for an actor since its last turn
 */
#include "base/command.h"
#include "base/output.h"
#include "base/text.h"
#include "orch/delta.h"
#include "orch/orch.h"
#include "orch/turn.h"

static const char *actor_option;

static const char *const usage[] = {
	"git orch delta [--actor <actor>] [--json]",
	NULL
};
static const struct opt opts[] = {
	OPT_STRING('a', "actor", &actor_option, "actor",
		   "for whom (default: $GIT_ORCH_ACTOR, or who is next)"),
	OPT_LOOP,
	OPT_END
};

static const char *plural(size_t n)
{
	return n == 1 ? "" : "s";
}

static void show_summary(struct output *out, const struct delta *d)
{
	size_t files = d->files.nr + d->uncommitted.nr;
	struct strbuf line = STRBUF_INIT;

	if (d->first) {
		output_line(out, "%s has not finished a turn here: nothing to "
			    "compare with", d->actor);
		return;
	}
	strbuf_addf(&line, "%s, since iteration %" PRId64 " (%s, %s ago): %s%zu "
		    "commit%s, %zu file%s", d->actor, d->since_iteration,
		    oid_is_zero(&d->since) ? "no commit" : oid_short(&d->since),
		    duration_human(time_seconds_since(d->since_ms)),
		    d->commits.truncated ? "at least " : "",
		    d->commits.nr, plural(d->commits.nr), files, plural(files));
	if (d->uncommitted.nr)
		strbuf_addf(&line, ", %zu of them uncommitted",
			    d->uncommitted.nr);
	output_line(out, "%s", line.buf);
	strbuf_release(&line);
}

static void show_commits(struct output *out, const struct commit_list *l)
{
	output_table_begin(out, "llll");
	for (size_t i = 0; i < l->nr; i++) {
		output_cell(out, "%s", i ? "" : "commits ");
		output_cell_color(out, OUTPUT_YELLOW, "%s", oid_short(&l->v[i].oid));
		output_cell(out, "%s", l->v[i].subject);
		output_cell(out, "%s", l->v[i].author ? l->v[i].author : "");
		output_row_end(out);
	}
	output_table_end(out);
}

static void show_files(struct output *out, const struct change_list *l,
		       bool uncommitted, bool *first)
{
	for (size_t i = 0; i < l->nr; i++) {
		const struct change *c = &l->v[i];
		struct strbuf path = STRBUF_INIT;
		char *lines = delta_lines(c);

		if (c->old_path) {
			text_add_quoted_path(&path, c->old_path,
					     strlen(c->old_path));
			strbuf_addstr(&path, " -> ");
		}
		text_add_quoted_path(&path, c->path, strlen(c->path));
		if (uncommitted)
			strbuf_addstr(&path, "  (uncommitted)");
		output_cell(out, "%s", *first ? "files   " : "");
		output_cell(out, "%c", delta_status(c));
		output_cell(out, "%s", lines);
		output_cell(out, "%s", path.buf);
		output_row_end(out);
		*first = false;
		strbuf_release(&path);
		free(lines);
	}
}

static int show(const struct delta *d)
{
	struct output out;
	bool first = true;

	output_open(&out);
	delta_to_json(output_json(&out), d);
	show_summary(&out, d);
	show_commits(&out, &d->commits);
	output_table_begin(&out, "llll");
	show_files(&out, &d->files, false, &first);
	show_files(&out, &d->uncommitted, true, &first);
	output_table_end(&out);
	return output_close(&out);
}

static int run(int argc, const char **argv)
{
	struct orch o = ORCH_INIT;
	struct delta d = DELTA_INIT;
	struct turn t;
	const char *actor;
	int rc;

	turn_init(&t);
	if (argc)
		return usage_error("unexpected argument '%s'", argv[0]);
	if ((rc = orch_open(&o, 0)) < 0 ||
	    (rc = orch_actor(&o, actor_option, &actor)) < 0 ||
	    (rc = turn_read(&t, &o)) < 0 ||
	    (rc = delta_compute(&d, &o, &t, actor)) < 0)
		goto out;
	rc = show(&d);
out:
	delta_release(&d);
	turn_release_memory(&t);
	orch_release(&o);
	return rc;
}

const struct command orch_command = {
	.name = "delta", .usage = usage, .opts = opts, .run = run,
	.summary = "what changed for an actor since its last turn",
	.flags = COMMAND_JSON,
};
