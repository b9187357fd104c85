/*
 * How a layout lies in a tree.
 */
#include "orch/layoutstore.h"

#include "base/error.h"
#include "base/json.h"
#include "git/object.h"

#define MAX_STATE (16u << 20)
#define MAX_PART (256u << 20)
#define MAX_PARTS 10000

int layout_read_part(struct strbuf *out, const struct layout *l, size_t i,
		     struct repo *repo)
{
	return blob_read_exact(repo, &l->parts[i].blob, MAX_PART, out);
}

/* --- loading ----------------------------------------------------------------- */

static struct layout_doc *get_doc(struct layout *l, const char *path)
{
	size_t low = 0, high = l->nr;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int order = strcmp(path, l->docs[mid].path);

		if (!order)
			return &l->docs[mid];
		if (order < 0)
			high = mid;
		else
			low = mid + 1;
	}
	ALLOC_GROW(l->docs, l->nr + 1, l->alloc);
	memmove(&l->docs[low + 1], &l->docs[low], (l->nr - low) * sizeof(*l->docs));
	memset(&l->docs[low], 0, sizeof(*l->docs));
	l->docs[low].path = xstrdup(path);
	l->nr++;
	return &l->docs[low];
}

struct walk {
	struct layout *l;
	size_t offset;		/* of the oid in a layout_doc */
};

static int add_version(const char *path, const struct oid *oid, unsigned mode,
		       void *data)
{
	struct walk *w = data;

	(void)mode;
	*(struct oid *)((char *)get_doc(w->l, path) + w->offset) = *oid;
	return 0;
}

static int load_versions(struct layout *l, struct repo *repo, const struct oid *tree,
			 const char *name, size_t offset)
{
	struct walk w = { l, offset };
	struct oid sub;
	int rc = tree_lookup(repo, tree, name, &sub, NULL);

	if (rc == ORCH_ENOTFOUND) {	/* none of them */
		error_clear();
		return 0;
	}
	return rc < 0 ? rc : tree_walk(repo, &sub, add_version, &w);
}

static int add_part(const char *path, const struct oid *oid, unsigned mode, void *data)
{
	struct layout *l = data;

	(void)path, (void)mode;
	if (l->nr_parts >= MAX_PARTS)
		return ORCH_EINVALID;
	ALLOC_GROW(l->parts, l->nr_parts + 1, l->alloc_parts);
	memset(&l->parts[l->nr_parts], 0, sizeof(*l->parts));
	l->parts[l->nr_parts++].blob = *oid;
	return 0;
}

static int read_numbers(struct layout *l, const struct json *json)
{
	const struct json *parts = json_get(json, "parts"), *docs, *j;
	const char *commit = json_get_string(json, "commit");
	int64_t n;

	docs = json_get(json, "documents");
	if (json_count(parts) != l->nr_parts || json_count(docs) != l->nr ||
	    json_get_int(json, "made_at", &l->made_ms) < 0 ||
	    json_get_int(json, "turns", &l->turns) < 0 ||
	    json_get_int(json, "overpaid", &l->overpaid) < 0)
		return ORCH_EINVALID;
	if (commit && oid_parse(&l->commit, commit) < 0)
		return ORCH_EINVALID;
	l->turn = xstrdup(json_get_string(json, "turn"));
	l->invalid = json_get_bool(json, "invalid", false);
	j = json_first(parts);
	for (size_t i = 0; i < l->nr_parts; i++, j = json_next(j))
		if (json_get_int(j, "bytes", &l->parts[i].bytes) < 0 ||
		    json_get_int(j, "tokens", &l->parts[i].tokens) < 0 ||
		    l->parts[i].bytes < 0 || l->parts[i].tokens < 0)
			return ORCH_EINVALID;
	/* By their places: a path need not be text that JSON can hold. */
	j = json_first(docs);
	for (size_t i = 0; i < l->nr; i++, j = json_next(j)) {
		struct layout_doc *d = &l->docs[i];

		if (json_get_int(j, "open", &d->open) < 0 ||
		    json_get_int(j, "gain", &n) < 0 || n < -1000 || n > 1000)
			return ORCH_EINVALID;
		d->gain = (int)n;
		if (json_get_int(j, "changes", &n) < 0 || n < 0 || n > 1000)
			return ORCH_EINVALID;
		d->changes = (int)n;
	}
	return 0;
}

static int load(struct layout *out, struct repo *repo, const struct oid *tree)
{
	struct strbuf text = STRBUF_INIT;
	struct json *json = NULL;
	struct oid oid;
	int rc;

	if ((rc = tree_lookup(repo, tree, "state.json", &oid, NULL)) < 0 ||
	    (rc = blob_read(repo, &oid, MAX_STATE, &text)) < 0 ||
	    (rc = json_parse(&json, text.buf, text.len, "state.json")) < 0 ||
	    (rc = load_versions(out, repo, tree, "base",
				offsetof(struct layout_doc, base))) < 0 ||
	    (rc = load_versions(out, repo, tree, "last",
				offsetof(struct layout_doc, last))) < 0 ||
	    (rc = load_versions(out, repo, tree, "before",
				offsetof(struct layout_doc, before))) < 0 ||
	    (rc = tree_lookup(repo, tree, "parts", &oid, NULL)) < 0 ||
	    (rc = tree_walk(repo, &oid, add_part, out)) < 0)
		goto out;
	rc = read_numbers(out, json);
out:
	json_free(json);
	strbuf_release(&text);
	return rc;
}

void layout_load(struct layout *out, struct repo *repo, const struct oid *tree)
{
	if (oid_is_zero(tree))
		return;
	if (load(out, repo, tree) < 0) {
		error_clear();
		layout_release(out);
	}
}

/* --- saving ---------------------------------------------------------------------- */

static void print_numbers(struct strbuf *out, const struct layout *l)
{
	struct json *json = json_new_object(), *list, *j;

	json_add_int(json, "version", 1);
	json_add_string(json, "commit",
			oid_is_zero(&l->commit) ? NULL : oid_hex(&l->commit));
	json_add_string(json, "turn", l->turn);
	json_add_int(json, "made_at", l->made_ms);
	json_add_int(json, "turns", l->turns);
	json_add_int(json, "overpaid", l->overpaid);
	json_add_bool(json, "invalid", l->invalid);
	list = json_add_array(json, "parts");
	for (size_t i = 0; i < l->nr_parts; i++) {
		j = json_add_object(list, NULL);
		json_add_int(j, "bytes", l->parts[i].bytes);
		json_add_int(j, "tokens", l->parts[i].tokens);
	}
	list = json_add_array(json, "documents");
	for (size_t i = 0; i < l->nr; i++) {
		j = json_add_object(list, NULL);
		json_add_int(j, "open", l->docs[i].open);
		json_add_int(j, "gain", l->docs[i].gain);
		json_add_int(j, "changes", l->docs[i].changes);
	}
	json_print(out, json);
	json_free(json);
}

static int save_versions(const struct layout *l, struct repo *repo, size_t offset,
			 struct oid *tree)
{
	struct docset set = DOCSET_INIT;
	int rc;

	for (size_t i = 0; i < l->nr; i++) {
		const struct oid *oid = (const struct oid *)((const char *)&l->docs[i] +
							     offset);

		if (!oid_is_zero(oid))
			docset_add(&set, l->docs[i].path, oid, 0);
	}
	rc = docset_to_tree(&set, repo, tree);
	docset_release(&set);
	return rc;
}

int layout_save(const struct layout *l, struct repo *repo, struct oid *tree)
{
	static const struct {
		const char *name;
		size_t offset;
	} versions[] = {
		{ "base", offsetof(struct layout_doc, base) },
		{ "last", offsetof(struct layout_doc, last) },
		{ "before", offsetof(struct layout_doc, before) },
	};
	struct tree_entry *e = xcalloc(l->nr_parts + 4, sizeof(*e));
	struct strbuf text = STRBUF_INIT;
	size_t n = 0;
	int rc;

	for (; n < l->nr_parts; n++) {
		e[n].path = xstrfmt("parts/%04zu", n);
		e[n].mode = 0100644;
		e[n].oid = l->parts[n].blob;
	}
	print_numbers(&text, l);
	e[n].path = "state.json";
	e[n].mode = 0100644;
	if ((rc = blob_write(repo, text.buf, text.len, &e[n++].oid)) < 0)
		goto out;
	for (size_t i = 0; i < ARRAY_SIZE(versions); i++) {
		rc = save_versions(l, repo, versions[i].offset, &e[n].oid);
		if (rc < 0)
			goto out;
		if (oid_is_zero(&e[n].oid))
			continue;
		e[n].path = versions[i].name;
		e[n++].mode = 0040000;
	}
	rc = tree_write(repo, NULL, e, n, tree);
out:
	for (size_t i = 0; i < l->nr_parts; i++)
		free((char *)(uintptr_t)e[i].path);
	free(e);
	strbuf_release(&text);
	return rc;
}
