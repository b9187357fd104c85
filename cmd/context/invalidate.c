/*
 * What an actor has forgotten: invalidate.
 */
#include "context.h"

#include "base/glob.h"
#include "base/output.h"
#include "base/text.h"
#include "orch/docget.h"
#include "orch/orch.h"
#include "orch/view.h"

static bool all_option;
static int64_t older_option = -1;

static int check(int argc)
{
	if (all_option && context_actor_option)
		return usage_error("--all and --actor exclude each other");
	if (older_option >= 0 && argc)
		return usage_error("--older-than is about all that an actor has seen, not "
				   "about paths");
	return 0;
}

/* Paths as the view has them. */
static int read_paths(struct strvec *out, struct orch *o, int argc, const char **argv)
{
	int rc = 0;

	for (int i = 0; i < argc && rc == 0; i++) {
		char *path;

		if (glob_is_pattern(argv[i]))
			strvec_push(out, argv[i]);
		else if ((rc = docget_path(&path, o, argv[i])) == 0)
			strvec_take(out, path);
	}
	return rc;
}

static int choose_actors(struct strvec *out, struct orch *o)
{
	const char *actor;
	int rc;

	/* Old views are anybody's, unless one is named. */
	if (all_option || (older_option >= 0 && !context_actor_option))
		return view_actors(out, o);
	if ((rc = orch_actor(o, context_actor_option, &actor)) == 0)
		strvec_push(out, actor);
	return rc;
}

static void show(struct output *out, struct json *list, const char *actor,
		 const struct view_dropped *d)
{
	struct json *j = json_add_object(list, NULL), *documents;

	json_add_string(j, "actor", actor);
	documents = json_add_array(j, "documents");
	for (size_t i = 0; i < d->documents.nr; i++)
		json_add_bytes(documents, NULL, d->documents.v[i],
			       strlen(d->documents.v[i]));
	json_add_bool(j, "key_frame", d->key_frame);
	json_add_string(j, "session", d->session);
	output_line(out, "%s: %zu document%s unseen%s%s%s%s", actor, d->documents.nr,
		    d->documents.nr == 1 ? "" : "s",
		    d->key_frame ? ", a new key frame next" : "",
		    d->session ? ", session " : "", d->session ? d->session : "",
		    d->session ? " is over" : "");
	for (size_t i = 0; i < d->documents.nr; i++) {
		struct strbuf path = STRBUF_INIT;

		text_add_quoted_path(&path, d->documents.v[i], strlen(d->documents.v[i]));
		output_line(out, "  %s", path.buf);
		strbuf_release(&path);
	}
}

/* A path that nobody had seen may be a mistake. */
static void warn_unknown(const struct strvec *paths, const struct strvec *dropped)
{
	for (size_t i = 0; i < paths->nr; i++) {
		struct strvec one = STRVEC_INIT;
		bool known = false;

		strvec_push(&one, paths->v[i]);
		for (size_t k = 0; k < dropped->nr && !known; k++)
			known = view_is_named(&one, dropped->v[k]);
		if (!known)
			warn("'%s' had not been seen", paths->v[i]);
		strvec_release(&one);
	}
}

static int nothing(const struct strvec *actors)
{
	char *names = strvec_join(actors, ", ");
	int rc = error_set(ORCH_ENO, "nothing that %s had seen%s was there to invalidate",
			   names, older_option >= 0 ? " so long ago" : "");

	free(names);
	return rc;
}

static int run_invalidate(int argc, const char **argv)
{
	struct orch o = ORCH_INIT;
	struct strvec actors = STRVEC_INIT, paths = STRVEC_INIT, dropped = STRVEC_INIT;
	int64_t before = older_option < 0 ? 0 : time_now_ms() - older_option * 1000;
	struct json *list;
	struct output out;
	bool any = false;
	int rc;

	if ((rc = check(argc)) < 0 || (rc = orch_open(&o, ORCH_NEED_WORK_TREE)) < 0 ||
	    (rc = read_paths(&paths, &o, argc, argv)) < 0 ||
	    (rc = choose_actors(&actors, &o)) < 0)
		goto out;
	output_open(&out);
	list = json_add_array(output_json(&out), "actors");
	for (size_t i = 0; i < actors.nr && rc == 0; i++) {
		struct view_dropped d = VIEW_DROPPED_INIT;

		rc = paths.nr ? view_invalidate_paths(&d, &o, actors.v[i], &paths)
			      : view_invalidate(&d, &o, actors.v[i], before);
		if (rc == 0 && view_dropped_any(&d)) {
			show(&out, list, actors.v[i], &d);
			any = true;
		}
		for (size_t k = 0; k < d.documents.nr; k++)
			strvec_push(&dropped, d.documents.v[k]);
		view_dropped_release(&d);
	}
	if (rc < 0) {
		output_discard(&out);
		goto out;
	}
	if (any)
		warn_unknown(&paths, &dropped);
	rc = output_close(&out);
	if (rc == 0 && !any)
		rc = nothing(&actors);
out:
	strvec_release(&actors);
	strvec_release(&paths);
	strvec_release(&dropped);
	orch_release(&o);
	return rc;
}

static const struct opt invalidate_opts[] = {
	OPT_FLAG(0, "all", &all_option, "of every actor of the loop"),
	OPT_DURATION(0, "older-than", &older_option, "time",
		     "only views or key frames that are older"),
	OPT_ACTOR,
	OPT_LOOP,
	OPT_END
};
static const char *const invalidate_usage[] = { INVALIDATE_USAGE, NULL };
const struct command context_invalidate_command = {
	.name = "invalidate", .usage = invalidate_usage, .opts = invalidate_opts,
	.run = run_invalidate, .flags = COMMAND_JSON,
	.summary = "what an actor has seen counts as unseen, as after a compaction",
};
