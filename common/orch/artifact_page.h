#ifndef ORCH_ARTIFACT_PAGE_H
#define ORCH_ARTIFACT_PAGE_H
/* Artifacts, and what cleanup took away, as people and programs see them. */
#include "base/compat.h"
struct artifact;
struct json;
struct output;
struct trash_item;

/* {path,initiative,phase,stamp,...}: see git-orch-artifact(1). */
void artifact_to_json(struct json *object, const struct artifact *a);
/* Paths that JSON cannot say have their bytes beside, as "<key>_base64". */
void artifact_path_to_json(struct json *object, const char *key, const char *path);

/* The table of `list`: begin, a row each, end. */
void artifact_table_begin(struct output *out);
void artifact_table_row(struct output *out, const struct artifact *a);
void artifact_table_end(struct output *out);
/* The page of `show`. */
void artifact_page(struct output *out, const struct artifact *a);
/*
 * A row of "rrl", or "lrrl" with an `id`; `work_tree` stands before the path of
 * what came from another one.
 */
void trash_item_row(struct output *out, const struct trash_item *item, const char *id,
		    const char *work_tree);
void trash_item_to_json(struct json *object, const struct trash_item *item);
/* An entry of the export: {timestamp,type,files,size_kb,iteration}. */
void artifact_export(struct json *object, const struct artifact *a);
#endif
