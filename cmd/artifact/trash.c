/*
 * What cleanup took away: restore, trash.
 */
#include "artifact.h"

#include "base/output.h"
#include "base/strvec.h"
#include "base/text.h"
#include "orch/artifact.h"
#include "orch/artifact_page.h"
#include "orch/docget.h"
#include "orch/orch.h"
#include "orch/trash.h"

/* --- restore -------------------------------------------------------------- */

/* An id, the run it belongs to, a stamp, or a path. */
static bool is_meant(const struct trash_item *item, const char *what, const char *path)
{
	size_t n = strlen(what);

	return (str_starts(item->id, what) && (!item->id[n] || item->id[n] == '.')) ||
	       (item->stamp && str_eq(item->stamp, what)) || str_eq(item->path, what) ||
	       (path && str_eq(item->path, path));
}

static int restore_one(struct trash *t, int top, const struct trash_item *item,
		       struct json *restored, struct output *out)
{
	int rc = trash_restore(t, top, item);

	if (rc == 0) {
		trash_item_to_json(json_add_object(restored, NULL), item);
		trash_item_row(out, item, NULL, NULL);
	}
	return rc;
}

/* Nothing could be restored as `what`: why. */
static int nothing_meant(const char *what, const struct trash_item *elsewhere)
{
	if (elsewhere)
		return error_set(ORCH_ENO, "'%.200s' came from another work tree: restore it "
				 "there, %s", what, elsewhere->work_tree);
	return error_set(ORCH_ENO, "nothing in the trash is '%.200s'", what);
}

static int restore_what(struct trash *t, int top, struct trash_list *list, struct orch *o,
			const char *what, struct json *restored, struct output *out)
{
	const struct trash_item *elsewhere = NULL;
	struct strvec done = STRVEC_INIT;
	size_t older = 0;
	char *path = NULL;
	int rc = 0;

	if (docget_path(&path, o, what) < 0)
		error_clear();
	/* The youngest first: of two with one path it is the one to have. */
	for (size_t i = list->nr; rc == 0 && i > 0; i--) {
		struct trash_item *item = &list->v[i - 1];

		if (!item->id || !is_meant(item, what, path))
			continue;
		if (trash_is_elsewhere(t, item)) {
			elsewhere = item;
		} else if (strvec_has(&done, item->path)) {
			older++;
		} else if ((rc = restore_one(t, top, item, restored, out)) == 0) {
			strvec_push(&done, item->path);
			trash_item_release(item);
		}
	}
	if (rc == 0 && older)
		note("%zu older of the same path stay%s in the trash", older,
		     older == 1 ? "s" : "");
	if (rc == 0 && !done.nr)
		rc = nothing_meant(what, elsewhere);
	strvec_release(&done);
	free(path);
	return rc;
}

static int run_restore(int argc, const char **argv)
{
	struct trash_list list = TRASH_LIST_INIT;
	struct trash trash = TRASH_INIT;
	struct artifacts *ix = NULL;
	struct orch o = ORCH_INIT;
	struct json *restored;
	struct output out;
	int rc, written;

	if (!argc)
		return usage_error("what is to be restored? See 'git orch artifact trash'");
	if ((rc = artifact_begin(&o, &ix, 0)) < 0 || (rc = trash_open(&trash, &o, true)) < 0 ||
	    (rc = trash_list(&list, &trash)) < 0)
		goto out;
	output_open(&out);
	restored = json_add_array(output_json(&out), "restored");
	output_table_begin(&out, "rrl");
	for (int i = 0; rc == 0 && i < argc; i++)
		rc = restore_what(&trash, artifacts_top(ix), &list, &o, argv[i], restored, &out);
	output_table_end(&out);
	written = output_close(&out);
	rc = rc < 0 ? rc : written;
out:
	trash_list_release(&list);
	trash_close(&trash);
	artifacts_free(ix);
	orch_release(&o);
	return rc;
}

static const struct opt restore_opts[] = { OPT_END };
static const char *const restore_usage[] = { RESTORE_USAGE, NULL };
const struct command artifact_restore_command = {
	.name = "restore", .usage = restore_usage, .opts = restore_opts,
	.run = run_restore, .flags = COMMAND_JSON,
	.summary = "put back what cleanup took away",
};

/* --- trash ---------------------------------------------------------------- */

static int64_t empty_older = -1;
static bool empty_dry;

static int list_trash(struct output *out, struct trash *t, const struct trash_list *list)
{
	struct json *items = json_add_array(output_json(out), "items");

	json_add_int(output_json(out), "broken", (int64_t)list->broken);
	output_table_begin(out, "lrrl");
	for (size_t i = 0; i < list->nr; i++) {
		const struct trash_item *item = &list->v[i];

		trash_item_to_json(json_add_object(items, NULL), item);
		trash_item_row(out, item, item->id,
			       trash_is_elsewhere(t, item) ? item->work_tree : NULL);
	}
	output_table_end(out);
	if (!list->nr)
		note("the trash is empty");
	return 0;
}

static int empty_trash(struct output *out, struct trash *t, const struct trash_list *list)
{
	int64_t limit = time_now_ms() - empty_older * 1000, size = 0;
	struct json *items = json_add_array(output_json(out), "removed");
	size_t nr = 0;
	int rc = 0;

	json_add_bool(output_json(out), "dry_run", empty_dry);
	for (size_t i = 0; rc == 0 && i < list->nr; i++) {
		const struct trash_item *item = &list->v[i];

		if (item->moved_ms > limit || (!empty_dry && (rc = trash_remove(t, item)) < 0))
			continue;
		trash_item_to_json(json_add_object(items, NULL), item);
		nr++;
		size += item->size;
	}
	output_line(out, "%s %zu artifact%s, %s bytes", empty_dry ? "would remove" : "removed",
		    nr, nr == 1 ? "" : "s", count_human(size));
	return rc;
}

static int run_trash(int argc, const char **argv)
{
	bool empty = argc == 1 && str_eq(argv[0], "empty");
	struct trash_list list = TRASH_LIST_INIT;
	struct trash trash = TRASH_INIT;
	struct orch o = ORCH_INIT;
	struct output out;
	int rc, written;

	if (argc > 1 || (argc && !empty && !str_eq(argv[0], "list")))
		return usage_error("'%s' is neither list nor empty", argv[argc - 1]);
	if (empty && empty_older < 0)
		return usage_error("--older-than is needed: what it removes is gone");
	if (!empty && (empty_older >= 0 || empty_dry))
		return usage_error("--older-than and --dry-run belong to 'trash empty'");
	if ((rc = orch_open(&o, ORCH_LOOP_OPTIONAL | ORCH_NEED_WORK_TREE)) < 0 ||
	    (rc = trash_open(&trash, &o, empty)) < 0 || (rc = trash_list(&list, &trash)) < 0)
		goto out;
	if (list.broken)
		warn("%s has %zu item%s without a manifest that can be read: left alone",
		     trash.path, list.broken, list.broken == 1 ? "" : "s");
	output_open(&out);
	rc = empty ? empty_trash(&out, &trash, &list) : list_trash(&out, &trash, &list);
	written = output_close(&out);
	rc = rc < 0 ? rc : written;
out:
	trash_list_release(&list);
	trash_close(&trash);
	orch_release(&o);
	return rc;
}

static const struct opt trash_opts[] = {
	OPT_DURATION(0, "older-than", &empty_older, "time",
		     "what was moved there before that (30days)"),
	OPT_FLAG('n', "dry-run", &empty_dry, "only say what would be removed"),
	OPT_END
};
static const char *const trash_usage[] = { TRASH_USAGE, EMPTY_USAGE, NULL };
const struct command artifact_trash_command = {
	.name = "trash", .usage = trash_usage, .opts = trash_opts, .run = run_trash,
	.flags = COMMAND_JSON,
	.summary = "list what cleanup took away, or remove it for ever",
};
