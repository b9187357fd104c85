/*
 * Artifacts, as people and programs see them.
 */
#include "orch/artifact_page.h"

#include "base/output.h"
#include "base/text.h"
#include "orch/artifact.h"
#include "orch/trash.h"

void artifact_path_to_json(struct json *object, const char *key, const char *path)
{
	size_t len = strlen(path);
	char *name;

	json_add_bytes(object, key, path, len);
	if (utf8_valid(path, len))
		return;
	name = xstrfmt("%s_base64", key);
	json_add_base64(object, name, path, len);
	free(name);
}

static void add_text(struct json *object, const char *key, const char *s)
{
	if (s)
		json_add_bytes(object, key, s, strlen(s));
	else
		json_add_null(object, key);
}

void artifact_to_json(struct json *object, const struct artifact *a)
{
	struct json *files;
	char iso[TIME_ISO_SIZE];

	artifact_path_to_json(object, "path", a->path);
	add_text(object, "initiative", a->initiative);
	add_text(object, "phase", a->phase);
	add_text(object, "stamp", a->stamp);
	json_add_string(object, "time", a->stamp ? time_iso(iso, a->time_ms) : NULL);
	add_text(object, "type", a->type);
	if (a->iteration)
		json_add_int(object, "iteration", a->iteration);
	else
		json_add_null(object, "iteration");
	json_add_string(object, "commit", oid_is_zero(&a->commit) ? NULL : oid_hex(&a->commit));
	json_add_bool(object, "tracked", a->tracked);
	json_add_int(object, "size", a->size);
	files = json_add_array(object, "files");
	for (size_t i = 0; i < a->nr_files; i++) {
		struct json *f = json_add_object(files, NULL);

		artifact_path_to_json(f, "path", a->files[i].name);
		json_add_int(f, "size", a->files[i].size);
	}
}

/* --- list ---------------------------------------------------------------- */

void artifact_table_begin(struct output *out)
{
	static const char *const heads[] = {
		"type", "iteration", "files", "size", "tracked", "path"
	};

	output_table_begin(out, "lrrrll");
	for (size_t i = 0; i < ARRAY_SIZE(heads); i++)
		output_cell_color(out, OUTPUT_DIM, "%s", heads[i]);
	output_row_end(out);
}

void artifact_table_row(struct output *out, const struct artifact *a)
{
	struct strbuf path = STRBUF_INIT;

	text_add_quoted_path(&path, a->path, strlen(a->path));
	output_cell(out, "%s", a->type);
	if (a->iteration)
		output_cell(out, "%" PRId64, a->iteration);
	else
		output_cell(out, "-");
	output_cell(out, "%zu", a->nr_files);
	output_cell(out, "%s", count_human(a->size));
	output_cell(out, "%s", a->tracked ? "yes" : "no");
	output_cell(out, "%s", path.buf);
	output_row_end(out);
	strbuf_release(&path);
}

void artifact_table_end(struct output *out)
{
	output_table_end(out);
}

/* --- show ---------------------------------------------------------------- */

void artifact_page(struct output *out, const struct artifact *a)
{
	struct strbuf path = STRBUF_INIT;

	text_add_quoted_path(&path, a->path, strlen(a->path));
	output_field(out, "path", "%s", path.buf);
	if (a->initiative)
		output_field(out, "initiative", "%s", a->initiative);
	if (a->phase)
		output_field(out, "phase", "%s", a->phase);
	if (a->stamp) {
		char iso[TIME_ISO_SIZE];

		output_field(out, "stamp", "%s (%s)", a->stamp, time_iso(iso, a->time_ms));
	}
	output_field(out, "type", "%s", a->type);
	if (a->iteration)
		output_field(out, "iteration", "%" PRId64, a->iteration);
	if (!oid_is_zero(&a->commit))
		output_field(out, "commit", "%s", oid_short(&a->commit));
	output_field(out, "tracked", "%s", a->tracked ? "yes" : "no");
	output_field(out, "files", "%zu, %s", a->nr_files, count_human(a->size));
	output_table_begin(out, "rl");
	for (size_t i = 0; i < a->nr_files; i++) {
		strbuf_reset(&path);
		text_add_quoted_path(&path, a->files[i].name, strlen(a->files[i].name));
		output_cell(out, "%s", count_human(a->files[i].size));
		output_cell(out, "%s", path.buf);
		output_row_end(out);
	}
	output_table_end(out);
	strbuf_release(&path);
}

/* --- the trash ----------------------------------------------------------- */

void trash_item_row(struct output *out, const struct trash_item *item, const char *id,
		    const char *work_tree)
{
	struct strbuf path = STRBUF_INIT, shown = STRBUF_INIT;

	strbuf_addf(&path, "%s%s%s", work_tree ? work_tree : "", work_tree ? "/" : "",
		    item->path);
	text_add_quoted_path(&shown, path.buf, path.len);
	if (id)
		output_cell(out, "%s", id);
	output_cell(out, "%" PRId64 " file%s", item->files, item->files == 1 ? "" : "s");
	output_cell(out, "%s", count_human(item->size));
	output_cell(out, "%s", shown.buf);
	output_row_end(out);
	strbuf_release(&path);
	strbuf_release(&shown);
}

void trash_item_to_json(struct json *object, const struct trash_item *item)
{
	char iso[TIME_ISO_SIZE];

	json_add_string(object, "id", item->id);
	artifact_path_to_json(object, "path", item->path);
	if (item->work_tree)
		artifact_path_to_json(object, "work_tree", item->work_tree);
	json_add_string(object, "stamp", item->stamp);
	json_add_int(object, "files", item->files);
	json_add_int(object, "size", item->size);
	if (item->moved_ms)
		json_add_string(object, "moved", time_iso(iso, item->moved_ms));
}

/* --- export -------------------------------------------------------------- */

void artifact_export(struct json *object, const struct artifact *a)
{
	struct json *files;

	add_text(object, "timestamp", a->stamp);
	add_text(object, "type", a->type);
	files = json_add_array(object, "files");
	for (size_t i = 0; i < a->nr_files; i++)
		json_add_bytes(files, NULL, a->files[i].name, strlen(a->files[i].name));
	json_add_int(object, "size_kb", a->size / 1024);
	if (a->iteration)
		json_add_int(object, "iteration", a->iteration);
	else
		json_add_null(object, "iteration");
}
