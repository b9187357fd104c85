/*
 * artifacts.jsonl: read, compared with what is there, stored. Its first line is
 * about the whole,
 *
 *   {"version":1,"sum":N,"config":"hex","head":"hex","history":"hex",
 *    "time":NS,"truncated":false,"watch":[["plans",-1],["plans/active",MARK],...]}
 *
 * and each further one about an artifact (artifact_line.h). Whatever does not
 * look like that is no index, and a new one is made: all of it can be computed.
 */
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/dirwalk.h"
#include "base/error.h"
#include "base/file.h"
#include "git/object.h"
#include "orch/artifact_internal.h"
#include "orch/orch.h"

#define VERSION 1

static char *index_path(const struct orch *o, const char *name)
{
	return xstrfmt("%s/orch/%s", repo_git_dir(o->repo), name);
}

/* --- finding ------------------------------------------------------------- */

size_t slots_from(const struct slots *s, const char *path)
{
	size_t low = 0, high = s->nr;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (strcmp(s->v[mid]->parts.path, path) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

size_t slots_find(const struct slots *s, const char *path)
{
	size_t i = slots_from(s, path);

	return i < s->nr && str_eq(s->v[i]->parts.path, path) ? i : SIZE_MAX;
}

size_t areas_from(const struct areas *a, const char *path)
{
	size_t low = 0, high = a->nr;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (strcmp(a->v[mid].path, path) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* --- reading ------------------------------------------------------------- */

static bool read_watch(struct artifacts *ix, struct line_cursor *c)
{
	struct areas *a = &ix->old_areas;

	while (!line_word(c, "]")) {
		struct area *area;

		if (a->nr && !line_word(c, ","))
			return false;
		ALLOC_GROW(a->v, a->nr + 1, a->alloc);
		area = &a->v[a->nr];
		if (!line_word(c, "[") ||
		    !line_string(c, &ix->memory, &area->path, &area->len) ||
		    !area->path || (area->len && !path_is_safe(area->path)) ||
		    !line_word(c, ",") || !line_int(c, &area->mark) || !line_word(c, "]"))
			return false;
		a->nr++;
	}
	return true;
}

/* Of all that stands behind the first line: a crash may leave anything. */
static int64_t checksum(const char *p, size_t len)
{
	uint64_t h = len, word;

	for (; len >= sizeof(word); p += sizeof(word), len -= sizeof(word)) {
		memcpy(&word, p, sizeof(word));
		h = (h ^ word) * UINT64_C(0x9e3779b97f4a7c15);
		h ^= h >> 29;
	}
	for (; len; p++, len--)
		h = (h ^ (unsigned char)*p) * UINT64_C(0x100000001b3);
	return (int64_t)(h >> 12);	/* a number that every JSON reader keeps */
}

static bool read_header(struct artifacts *ix, const char *line, size_t len)
{
	struct line_cursor c = { line, line + len };
	const char *rest = line + len + 1;
	struct oid config;
	int64_t version, sum;

	return line_word(&c, "{\"version\":") && line_int(&c, &version) &&
	       version == VERSION && line_word(&c, ",\"sum\":") && line_int(&c, &sum) &&
	       sum == checksum(rest, (size_t)(ix->text.buf + ix->text.len - rest)) &&
	       line_word(&c, ",\"config\":") &&
	       line_oid(&c, &config) && oid_eq(&config, &ix->config) &&
	       line_word(&c, ",\"head\":") && line_oid(&c, &ix->head) &&
	       line_word(&c, ",\"history\":") && line_oid(&c, &ix->history) &&
	       line_word(&c, ",\"time\":") && line_int(&c, &ix->scanned) &&
	       line_word(&c, ",\"truncated\":") && line_bool(&c, &ix->report.truncated) &&
	       line_word(&c, ",\"watch\":[") && read_watch(ix, &c) && line_word(&c, "}") &&
	       c.p == c.end;
}

static bool read_lines(struct artifacts *ix)
{
	const char *p = ix->text.buf, *end = p + ix->text.len;
	bool first = true;

	while (p < end) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		struct slot *slot;

		if (!nl)
			return false;	/* cut short */
		if (first && !read_header(ix, p, (size_t)(nl - p)))
			return false;
		if (!first) {
			ALLOC_GROW(ix->old.v, ix->old.nr + 1, ix->old.alloc);
			slot = ix->old.v[ix->old.nr] =
				arena_alloc(&ix->memory, sizeof(*slot));
			*slot = (struct slot) { .line = p, .len = (size_t)(nl - p) };
			if (!line_parse(&slot->parts, slot->line, slot->len, &ix->memory) ||
			    (ix->old.nr && strcmp(ix->old.v[ix->old.nr - 1]->parts.path,
					       slot->parts.path) >= 0))
				return false;
			slot->is = slot->parts.is;
			ix->old.nr++;
		}
		first = false;
		p = nl + 1;
	}
	return !first;
}

static void forget(struct artifacts *ix)
{
	ix->old.nr = ix->old_areas.nr = 0;
	ix->scanned = 0;
	memset(&ix->head, 0, sizeof(ix->head));
	memset(&ix->history, 0, sizeof(ix->history));
	ix->report.truncated = false;
	ix->changed = true;
}

/* Megabytes come in a few large pages, or else at once, rather than by a thousand
 * faults. A kernel that does not know how is no worse off. */
static void make_room(struct strbuf *text, const char *path)
{
	const uintptr_t page = 4096;
	struct stat st;
	uintptr_t at;

	if (stat(path, &st) < 0 || st.st_size < (1 << 20) || (uintmax_t)st.st_size > INDEX_MAX)
		return;
	strbuf_grow(text, (size_t)st.st_size + 65536);
	at = ((uintptr_t)text->buf + page - 1) / page * page;
	madvise((void *)at, (size_t)st.st_size, MADV_HUGEPAGE);
#ifdef MADV_POPULATE_WRITE
	madvise((void *)at, (size_t)st.st_size / page * page, MADV_POPULATE_WRITE);
#endif
}

static void read_index(struct artifacts *ix)
{
	char *path = index_path(ix->orch, "artifacts.jsonl");
	char *dirty = index_path(ix->orch, "artifacts.dirty");

	make_room(&ix->text, path);
	/* What a scan that was cut short left out has no mark that would change. */
	if (ix->flags & ARTIFACT_FULL || access(dirty, F_OK) == 0 ||
	    file_read(&ix->text, path, INDEX_MAX, FILE_NOFOLLOW) < 0 || !read_lines(ix) ||
	    ix->report.truncated) {
		error_clear();
		forget(ix);
	}
	free(path);
	free(dirty);
}

/* --- storing ------------------------------------------------------------- */

static const char *hex_or_null(const struct oid *oid)
{
	return oid_is_zero(oid) ? NULL : oid_hex(oid);
}

static void add_oid(struct strbuf *out, const char *name, const struct oid *oid)
{
	const char *hex = hex_or_null(oid);

	strbuf_addf(out, ",\"%s\":", name);
	line_add_optional(out, hex, hex ? OID_HEX : 0);
}

static void add_header(struct strbuf *out, const struct artifacts *ix, int64_t sum)
{
	strbuf_addf(out, "{\"version\":%d,\"sum\":%" PRId64, VERSION, sum);
	add_oid(out, "config", &ix->config);
	add_oid(out, "head", &ix->head);
	add_oid(out, "history", &ix->history);
	strbuf_addf(out, ",\"time\":%" PRId64 ",\"truncated\":%s,\"watch\":[", ix->scanned,
		    ix->report.truncated ? "true" : "false");
	for (size_t i = 0; i < ix->areas.nr; i++) {
		strbuf_addstr(out, i ? ",[" : "[");
		line_add_string(out, ix->areas.v[i].path, ix->areas.v[i].len);
		strbuf_addch(out, ',');
		line_add_int(out, ix->areas.v[i].mark);
		strbuf_addch(out, ']');
	}
	strbuf_addstr(out, "]}\n");
}

static bool same_state(const struct line_state *a, const struct line_state *b)
{
	return a->tracked == b->tracked && a->looked == b->looked &&
	       a->iteration == b->iteration && oid_eq(&a->commit, &b->commit);
}

static void add_slot(struct strbuf *out, const struct slot *s)
{
	if (same_state(&s->is, &s->parts.is)) {
		strbuf_add(out, s->line, s->len);
	} else {
		strbuf_add(out, s->line, s->parts.state);
		line_add_state(out, &s->is);
		strbuf_addch(out, ',');
		strbuf_add(out, s->line + s->parts.files, s->len - s->parts.files);
	}
	strbuf_addch(out, '\n');
}

static int store(struct artifacts *ix)
{
	char *path = index_path(ix->orch, "artifacts.jsonl");
	char *dirty = index_path(ix->orch, "artifacts.dirty");
	struct strbuf out = STRBUF_INIT, header = STRBUF_INIT;
	size_t size = 4096 + ix->areas.nr * 64;
	int rc;

	for (size_t i = 0; i < ix->slots.nr; i++)
		size += ix->slots.v[i]->len + 96;
	strbuf_grow(&out, size);
	for (size_t i = 0; i < ix->slots.nr; i++)
		add_slot(&out, ix->slots.v[i]);
	add_header(&header, ix, checksum(out.buf, out.len));
	strbuf_insert(&out, 0, header.buf, header.len);
	/* Without fsync: after a crash it is whole, old or no index at all. */
	rc = file_replace_cache(path, out.buf, out.len, 0666);
	/* A rebase that goes on has more to come. */
	if (rc == 0 && !repo_operation(ix->orch->repo))
		unlink(dirty);
	strbuf_release(&out);
	strbuf_release(&header);
	free(path);
	free(dirty);
	return rc;
}

/* Who only reads can do without: the next one has the same work again. */
static int store_if_possible(struct artifacts *ix)
{
	bool must = ix->flags & ARTIFACT_WAIT;
	char *lock = NULL, *dir;
	int rc = 0;

	if (ix->lock.fd < 0) {
		dir = xstrfmt("%s/orch", repo_git_dir(ix->orch->repo));
		lock = index_path(ix->orch, "artifacts.lock");
		if ((rc = dir_make(dir)) == 0)
			rc = lock_try(&ix->lock, lock);
		free(dir);
		free(lock);
	}
	if (rc == 0)
		rc = store(ix);
	ix->report.stored = rc == 0;
	if (rc < 0 && rc != ORCH_EBUSY && !must && !(ix->flags & ARTIFACT_IN_HOOK))
		warn_once("the artifact index cannot be stored: %s", error_message());
	if (!must)
		lock_release(&ix->lock);
	if (must || ix->flags & ARTIFACT_IN_HOOK)
		return rc;
	error_clear();
	return 0;
}

/* --- opening ------------------------------------------------------------- */

static int load_config(struct artifacts *ix)
{
	struct strvec patterns = STRVEC_INIT;
	struct strbuf text = STRBUF_INIT;
	int rc;

	if ((rc = artifact_roots_load(&ix->roots, ix->orch->config)) < 0 ||
	    (rc = artifact_types_load(&ix->types, ix->orch->config)) < 0)
		return rc;
	config_get_list(ix->orch->config, "orch.artifactRoot", &patterns);
	for (size_t i = 0; i < patterns.nr; i++)
		strbuf_addf(&text, "%s\n", patterns.v[i]);
	artifact_types_text(ix->types, &text);
	blob_hash(text.buf, text.len, &ix->config);
	strvec_release(&patterns);
	strbuf_release(&text);
	return 0;
}

static int take_lock(struct artifacts *ix)
{
	char *dir = xstrfmt("%s/orch", repo_git_dir(ix->orch->repo));
	char *path = index_path(ix->orch, "artifacts.lock");
	int rc = dir_make(dir);

	if (rc == 0)
		rc = ix->flags & ARTIFACT_IN_HOOK ? lock_try(&ix->lock, path) :
						    lock_take(&ix->lock, path);
	free(dir);
	free(path);
	return rc;
}

static int open_top(struct artifacts *ix)
{
	const char *top = repo_work_tree(ix->orch->repo);

	if (!top)
		return error_set(ORCH_ERROR, "%s is bare: this needs a work tree",
				 repo_git_dir(ix->orch->repo));
	ix->top = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return ix->top < 0 ? error_sys("cannot open '%s'", top) : 0;
}

int artifacts_open(struct artifacts **out, struct orch *o, unsigned flags)
{
	struct artifacts *ix = xcalloc(1, sizeof(*ix));
	int rc;

	*out = NULL;
	ix->orch = o;
	ix->top = ix->lock.fd = -1;
	ix->flags = flags;
	ix->left = flags & ARTIFACT_IN_HOOK ? SCAN_NAMES_IN_HOOK : SCAN_NAMES;
	strbuf_init(&ix->text);
	if ((rc = open_top(ix)) < 0 || (rc = load_config(ix)) < 0)
		goto fail;
	if (flags & (ARTIFACT_WAIT | ARTIFACT_IN_HOOK) && (rc = take_lock(ix)) < 0)
		goto fail;
	read_index(ix);
	if ((rc = artifacts_scan(ix)) < 0 || (rc = artifacts_history(ix)) < 0 ||
	    (ix->changed && (rc = store_if_possible(ix)) < 0))
		goto fail;
	*out = ix;
	return 0;
fail:
	artifacts_free(ix);
	return rc;
}

void artifacts_free(struct artifacts *ix)
{
	if (!ix)
		return;
	lock_release(&ix->lock);
	if (ix->top >= 0)
		close(ix->top);
	artifact_roots_release(&ix->roots);
	artifact_types_free(ix->types);
	strbuf_release(&ix->text);
	arena_release(&ix->memory);
	free(ix->old_areas.v);
	free(ix->areas.v);
	free(ix->old.v);
	free(ix->slots.v);
	free(ix);
}

int artifacts_mark_dirty(struct orch *o)
{
	char *dir = xstrfmt("%s/orch", repo_git_dir(o->repo));
	char *path = index_path(o, "artifacts.dirty");
	int rc = dir_make(dir), fd;

	if (rc == 0) {
		fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK |
			  O_NOCTTY, 0666);
		if (fd < 0)
			rc = error_sys("cannot create '%s'", path);
		else
			close(fd);
	}
	free(dir);
	free(path);
	return rc;
}

/* --- looking ------------------------------------------------------------- */

struct artifacts_report artifacts_report(const struct artifacts *ix)
{
	return ix->report;
}

size_t artifacts_count(const struct artifacts *ix)
{
	return ix->slots.nr;
}

const char *artifacts_path(const struct artifacts *ix, size_t i)
{
	return ix->slots.v[i]->parts.path;
}

int artifacts_top(const struct artifacts *ix)
{
	return ix->top;
}

bool artifacts_may_hold(const struct artifacts *ix, size_t i, const char *word)
{
	const struct slot *s = ix->slots.v[i];

	return memmem(s->line, s->len, word, strlen(word)) != NULL;
}

/* Sizes change without the directory changing. */
static void read_sizes(struct artifact *a, struct artifacts *ix)
{
	int dir = dir_open_beneath(ix->top, a->path);
	size_t kept = 0;

	a->size = 0;
	for (size_t i = 0; i < a->nr_files; i++) {
		struct artifact_file f = a->files[i];
		struct stat st;

		if (dir < 0 || fstatat(dir, f.name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
		    S_ISDIR(st.st_mode))
			continue;
		f.size = S_ISREG(st.st_mode) || S_ISLNK(st.st_mode) ? (int64_t)st.st_size : 0;
		a->size += f.size;
		a->files[kept++] = f;
	}
	a->nr_files = kept;
	if (dir >= 0)
		close(dir);
}

static int broken(const struct artifacts *ix)
{
	char *path = index_path(ix->orch, "artifacts.jsonl");

	error_set(ORCH_EINVALID, "%s is broken: run 'git orch artifact rebuild --full'",
		  path);
	free(path);
	return ORCH_EINVALID;
}

int artifacts_each_name(struct artifacts *ix, size_t i, artifacts_name *each, void *data)
{
	const struct slot *s = ix->slots.v[i];
	struct line_cursor c = { s->line + s->parts.files + strlen("\"files\":"),
				 s->line + s->len };
	struct strbuf name = STRBUF_INIT;
	int more, rc = 0;

	while (rc == 0 && (more = line_next_name(&c, &name)) != 0) {
		rc = more < 0 ? broken(ix) : each(&name, data);
		strbuf_reset(&name);
	}
	strbuf_release(&name);
	return rc;
}

int artifacts_get(struct artifact *out, struct artifacts *ix, size_t i, unsigned how)
{
	const struct slot *s = ix->slots.v[i];

	if (!line_read(out, s->line, s->len))
		return broken(ix);
	out->tracked = s->is.tracked;
	out->commit = s->is.commit;
	out->iteration = s->is.iteration;
	if (how & ARTIFACT_SIZES)
		read_sizes(out, ix);
	return 0;
}
