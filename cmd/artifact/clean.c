/*
 * Moving old artifacts to the trash: cleanup.
 */
#include "artifact.h"

#include "base/output.h"
#include "base/text.h"
#include "orch/artifact.h"
#include "orch/artifact_cleanup.h"
#include "orch/artifact_page.h"
#include "orch/config_value.h"
#include "orch/orch.h"
#include "orch/trash.h"

static const char *plural(size_t n)
{
	return n == 1 ? "" : "s";
}

static struct cleanup_request request = { .older_than = -1, .larger_than = -1 };
static const char *larger_option;
static bool dry_option, yes_option;

static int check_options(int argc, const char **argv)
{
	if (argc)
		return usage_error("unexpected argument '%s'", argv[0]);
	if (request.older_than < 0)
		return usage_error("--older-than is needed");
	if (request.keep_latest < 0)
		return usage_error("--keep-latest cannot be less than 0");
	if (dry_option && yes_option)
		return usage_error("--dry-run and --yes exclude each other");
	if (larger_option && config_parse_number(&request.larger_than, larger_option, true) < 0)
		return usage_error("bad size '%s': a number, with k, m or g", larger_option);
	return 0;
}

static void say_kept(const struct cleanup *c)
{
	struct strbuf text = STRBUF_INIT;

	if (c->latest)
		strbuf_addf(&text, ", %zu of the latest", c->latest);
	if (c->named)
		strbuf_addf(&text, ", %zu that plan or input name", c->named);
	if (c->tracked)
		strbuf_addf(&text, ", %zu tracked (--tracked)", c->tracked);
	if (text.len)
		note("kept in spite of their age: %s", text.buf + 2);
	if (c->no_plan)
		note("there is no plan that could name artifacts in use");
	strbuf_release(&text);
}

static void show_choice(const struct cleanup *c)
{
	struct output out;

	output_open(&out);
	output_table_begin(&out, "rrl");
	for (size_t i = 0; i < c->nr; i++)
		trash_item_row(&out, &c->v[i], NULL, NULL);
	output_table_end(&out);
	if (!output_is_json(&out))
		fwrite(out.text.buf, 1, out.text.len, stdout);
	fflush(stdout);
	output_discard(&out);
}

/* Who was asked took some time: what is in use by now stays. */
static int choose_again(struct cleanup *c, struct orch *o)
{
	struct cleanup now = CLEANUP_INIT;
	struct artifacts *ix = NULL;
	size_t kept = 0;
	int rc = artifacts_open(&ix, o, 0);

	if (rc == 0)
		rc = cleanup_choose(&now, ix, o, &request);
	for (size_t i = 0; rc == 0 && i < c->nr; i++) {
		bool still = false;

		for (size_t k = 0; !still && k < now.nr; k++)
			still = str_eq(c->v[i].path, now.v[k].path);
		if (still)
			c->v[kept++] = c->v[i];
		else
			trash_item_release(&c->v[i]);
	}
	if (rc == 0)
		c->nr = kept;
	cleanup_release(&now);
	artifacts_free(ix);
	return rc;
}

/* 0: go on. */
static int ask(struct cleanup *c, struct orch *o)
{
	char answer[16] = "";

	if (yes_option)
		return 0;
	if (!isatty(0) || !isatty(2))
		return error_set(ORCH_ERROR, "nobody can be asked here: add --yes to move "
				 "%zu artifact%s, or --dry-run", c->nr, plural(c->nr));
	fprintf(stderr, "Move %zu artifact%s, %s bytes, to the trash? [y/N] ", c->nr,
		plural(c->nr), count_human(c->size));
	fflush(stderr);
	if (!fgets(answer, sizeof(answer), stdin) ||
	    (strcasecmp(answer, "y\n") != 0 && strcasecmp(answer, "yes\n") != 0))
		return error_set(ORCH_ENO, "nothing was moved");
	return choose_again(c, o);
}

struct outcome {
	struct json *moved, *failed;
	size_t nr, nr_failed;
	int64_t size;
};

static int move_all(struct outcome *out, struct orch *o, struct artifacts *ix,
		    struct cleanup *c)
{
	struct trash trash = TRASH_INIT;
	int rc = trash_open(&trash, o, true);

	for (size_t i = 0; rc == 0 && i < c->nr; i++) {
		struct json *j;

		if (trash_move(&trash, artifacts_top(ix), &c->v[i]) == 0) {
			trash_item_to_json(json_add_object(out->moved, NULL), &c->v[i]);
			out->nr++;
			out->size += c->v[i].size;
			continue;
		}
		warn("%s", error_message());
		j = json_add_object(out->failed, NULL);
		artifact_path_to_json(j, "path", c->v[i].path);
		json_add_bytes(j, "message", error_message(), strlen(error_message()));
		error_clear();
		out->nr_failed++;
	}
	if (rc == 0 && out->nr)
		note("to have them back: git orch artifact restore %s", trash.run);
	trash_close(&trash);
	return rc;
}

static void kept_to_json(struct json *j, const struct cleanup *c)
{
	struct json *kept = json_add_object(j, "kept");

	json_add_int(kept, "latest", (int64_t)c->latest);
	json_add_int(kept, "named", (int64_t)c->named);
	json_add_int(kept, "tracked", (int64_t)c->tracked);
}

static int run_cleanup(int argc, const char **argv)
{
	struct cleanup c = CLEANUP_INIT;
	struct artifacts *ix = NULL;
	struct outcome done = { NULL, NULL, 0, 0, 0 };
	struct orch o = ORCH_INIT;
	struct output out;
	int rc;

	if ((rc = check_options(argc, argv)) < 0)
		return rc;
	if ((rc = artifact_begin(&o, &ix, 0)) < 0 ||
	    (rc = cleanup_choose(&c, ix, &o, &request)) < 0)
		goto out;
	show_choice(&c);
	say_kept(&c);
	if (!dry_option && c.nr && (rc = ask(&c, &o)) < 0)
		goto out;
	output_open(&out);
	json_add_bool(output_json(&out), "dry_run", dry_option);
	kept_to_json(output_json(&out), &c);
	done.moved = json_add_array(output_json(&out), dry_option ? "artifacts" : "moved");
	done.failed = json_add_array(output_json(&out), "failed");
	for (size_t i = 0; dry_option && i < c.nr; i++)
		trash_item_to_json(json_add_object(done.moved, NULL), &c.v[i]);
	if (dry_option) {
		done.nr = c.nr;
		done.size = c.size;
	} else if (c.nr && (rc = move_all(&done, &o, ix, &c)) < 0) {
		output_discard(&out);
		goto out;
	}
	json_add_int(output_json(&out), "size", done.size);
	output_line(&out, "%s%zu artifact%s, %s bytes%s", dry_option ? "would move " : "moved ",
		    done.nr, plural(done.nr), count_human(done.size),
		    dry_option ? "" : ", to the trash");
	rc = output_close(&out);
	if (rc == 0 && done.nr_failed)
		rc = error_set(ORCH_ERROR, "%zu of %zu artifacts could not be moved",
			       done.nr_failed, c.nr);
out:
	cleanup_release(&c);
	artifacts_free(ix);
	orch_release(&o);
	return rc;
}

static const struct opt cleanup_opts[] = {
	OPT_DURATION(0, "older-than", &request.older_than, "time",
		     "those whose stamp is older (30days)"),
	OPT_INT(0, "keep-latest", &request.keep_latest, "n",
		"but not the latest <n> of each initiative"),
	OPT_STRING(0, "initiative", &request.initiative, "id", "only of this initiative"),
	OPT_STRING(0, "larger-than", &larger_option, "size", "only larger ones (10m)"),
	OPT_FLAG(0, "tracked", &request.tracked, "also those that git has"),
	OPT_FLAG('n', "dry-run", &dry_option, "only say what would be moved"),
	OPT_FLAG('y', "yes", &yes_option, "do not ask"),
	OPT_END
};
static const char *const cleanup_usage[] = { CLEANUP_USAGE, NULL };
const struct command artifact_cleanup_command = {
	.name = "cleanup", .usage = cleanup_usage, .opts = cleanup_opts,
	.run = run_cleanup, .flags = COMMAND_JSON,
	.summary = "move old artifacts to the trash",
};
