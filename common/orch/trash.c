/*
 * The trash. An item is a directory <id> with "manifest.json", written first,
 * and "tree", what was moved; while a copy is being made it is called "part".
 * The manifest is JSON in one fixed form, with names as in artifact_line.h.
 */
#include "orch/trash.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>

#include "base/dirwalk.h"
#include "base/error.h"
#include "base/file.h"
#include "base/strbuf.h"
#include "base/text.h"
#include "base/treemove.h"
#include "orch/artifact_line.h"
#include "orch/orch.h"

#define MANIFEST "manifest.json"
#define MANIFEST_MAX ((size_t)64 << 10)
#define DIR_FLAGS (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

/* --- opening ------------------------------------------------------------- */

/* As new_item() makes them: 20260122T024002Z.1 */
static bool is_id(const char *name)
{
	static const char form[] = "dddddddd" "T" "dddddd" "Z.";
	size_t i;

	for (i = 0; form[i]; i++)
		if (form[i] == 'd' ? !isdigit((unsigned char)name[i]) : name[i] != form[i])
			return false;
	return name[i] && strspn(name + i, "0123456789") == strlen(name + i);
}

/* Whether it is whole, rather than on the way here or away. */
static bool has_tree(const struct trash *t, const char *id)
{
	int item = openat(t->dir, id, DIR_FLAGS);
	struct stat st;
	bool has = item >= 0 && (fstatat(item, "tree", &st, AT_SYMLINK_NOFOLLOW) == 0 ||
				 errno != ENOENT);

	if (item >= 0)
		close(item);
	return has;
}

/* What an interrupted move left: nothing of it is the only copy. */
static void sweep(struct trash *t)
{
	struct dir_names names = DIR_NAMES_INIT;

	if (dir_names_read(&names, t->dir) < 0)
		return;
	for (size_t i = 0; i < names.nr; i++) {
		const char *id = dir_name_text(&names, i);

		if (names.v[i].type == DT_DIR && is_id(id) && !has_tree(t, id))
			tree_remove(t->dir, id);
	}
	dir_names_release(&names);
}

static char *run_name(void)
{
	time_t now = (time_t)(time_now_ms() / 1000);
	char text[32];
	struct tm tm;

	strftime(text, sizeof(text), "%Y%m%dT%H%M%SZ", gmtime_r(&now, &tm));
	return xstrdup(text);
}

int trash_open(struct trash *t, struct orch *o, bool writes)
{
	char *lock = xstrfmt("%s/trash.lock", o->dir);
	int rc = 0;

	t->path = xstrfmt("%s/trash", o->dir);
	t->work_tree = xstrdup(repo_work_tree(o->repo));
	t->common_dir = xstrdup(repo_common_dir(o->repo));
	t->run = run_name();
	if (writes && (rc = dir_make(o->dir)) == 0 &&
	    (rc = lock_take(&t->lock, lock)) == 0 && mkdir(t->path, 0777) < 0 &&
	    errno != EEXIST)
		rc = error_sys("cannot make directory '%s'", t->path);
	if (rc == 0 && (t->dir = open(t->path, DIR_FLAGS)) < 0 && (writes || errno != ENOENT))
		rc = error_sys("cannot open '%s'", t->path);
	free(lock);
	if (rc < 0)
		trash_close(t);
	else if (writes)
		sweep(t);
	return rc;
}

void trash_close(struct trash *t)
{
	if (t->dir >= 0)
		close(t->dir);
	lock_release(&t->lock);
	free(t->path);
	free(t->work_tree);
	free(t->common_dir);
	free(t->asked);
	free(t->run);
	*t = (struct trash)TRASH_INIT;
}

void trash_item_release(struct trash_item *i)
{
	free(i->id);
	free(i->path);
	free(i->work_tree);
	free(i->stamp);
	free(i->initiative);
	memset(i, 0, sizeof(*i));
}

/* --- manifests ----------------------------------------------------------- */

static void add_text(struct strbuf *out, const char *key, const char *s)
{
	strbuf_addf(out, ",\"%s\":", key);
	line_add_optional(out, s, s ? strlen(s) : 0);
}

static void add_number(struct strbuf *out, const char *key, int64_t n)
{
	strbuf_addf(out, ",\"%s\":%" PRId64, key, n);
}

static int write_manifest(struct trash *t, const struct trash_item *i)
{
	char *path = xstrfmt("%s/%s/" MANIFEST, t->path, i->id);
	struct strbuf text = STRBUF_INIT;
	int rc;

	strbuf_addstr(&text, "{\"version\":1");
	add_text(&text, "path", i->path);
	add_text(&text, "work_tree", i->work_tree);
	add_text(&text, "stamp", i->stamp);
	add_text(&text, "initiative", i->initiative);
	add_number(&text, "moved", i->moved_ms);
	add_number(&text, "files", i->files);
	add_number(&text, "size", i->size);
	add_number(&text, "mode", i->mode);
	add_number(&text, "mtime", i->mtime_ns);
	strbuf_addf(&text, ",\"copied\":%s}\n", i->copied ? "true" : "false");
	rc = file_replace(path, text.buf, text.len, 0666);
	strbuf_release(&text);
	free(path);
	return rc;
}

static bool take_text(struct line_cursor *c, const char *key, struct arena *memory,
		      char **out)
{
	const char *s;
	size_t len;

	if (!line_word(c, ",\"") || !line_word(c, key) || !line_word(c, "\":") ||
	    !line_string(c, memory, &s, &len))
		return false;
	*out = xstrdup(s);
	return true;
}

static bool take_number(struct line_cursor *c, const char *key, int64_t *out)
{
	return line_word(c, ",\"") && line_word(c, key) && line_word(c, "\":") &&
	       line_int(c, out);
}

static bool read_manifest(struct trash_item *out, struct trash *t, const char *id)
{
	char *path = xstrfmt("%s/%s/" MANIFEST, t->path, id);
	struct strbuf text = STRBUF_INIT;
	struct arena memory = ARENA_INIT;
	struct line_cursor c;
	bool fine = file_read(&text, path, MANIFEST_MAX, FILE_NOFOLLOW) == 0;

	c = (struct line_cursor) { text.buf, text.buf + text.len };
	out->id = xstrdup(id);
	fine = fine && line_word(&c, "{\"version\":1") &&
	       take_text(&c, "path", &memory, &out->path) && out->path &&
	       path_is_safe(out->path) &&
	       take_text(&c, "work_tree", &memory, &out->work_tree) &&
	       take_text(&c, "stamp", &memory, &out->stamp) &&
	       take_text(&c, "initiative", &memory, &out->initiative) &&
	       take_number(&c, "moved", &out->moved_ms) &&
	       take_number(&c, "files", &out->files) &&
	       take_number(&c, "size", &out->size) &&
	       take_number(&c, "mode", &out->mode) &&
	       take_number(&c, "mtime", &out->mtime_ns) && line_word(&c, ",\"copied\":") &&
	       line_bool(&c, &out->copied) && line_word(&c, "}\n");
	if (!fine) {
		trash_item_release(out);
		error_clear();
	}
	arena_release(&memory);
	strbuf_release(&text);
	free(path);
	return fine;
}

static int compare_items(const void *a, const void *b)
{
	const struct trash_item *x = a, *y = b;

	if (x->moved_ms != y->moved_ms)
		return x->moved_ms < y->moved_ms ? -1 : 1;
	return strcmp(x->path, y->path);
}

int trash_list(struct trash_list *out, struct trash *t)
{
	struct dir_names names = DIR_NAMES_INIT;

	if (t->dir < 0)
		return 0;
	if (dir_names_read(&names, t->dir) < 0) {
		dir_names_release(&names);
		return error_sys("cannot read '%s'", t->path);
	}
	for (size_t i = 0; i < names.nr; i++) {
		const char *id = dir_name_text(&names, i);

		if (is_id(id) && !has_tree(t, id))
			continue;	/* somebody is at it */
		ALLOC_GROW(out->v, out->nr + 1, out->alloc);
		memset(&out->v[out->nr], 0, sizeof(*out->v));
		if (is_id(id) && read_manifest(&out->v[out->nr], t, id))
			out->nr++;
		else
			out->broken++;
	}
	if (out->nr)
		qsort(out->v, out->nr, sizeof(*out->v), compare_items);
	dir_names_release(&names);
	return 0;
}

void trash_list_release(struct trash_list *l)
{
	for (size_t i = 0; i < l->nr; i++)
		trash_item_release(&l->v[i]);
	free(l->v);
	*l = (struct trash_list)TRASH_LIST_INIT;
}

/* --- moving -------------------------------------------------------------- */

/* A directory for one more item, opened; its name is item->id. */
static int new_item(struct trash *t, struct trash_item *item)
{
	int fd;

	for (unsigned tries = 0; tries < 100000; tries++) {
		free(item->id);
		item->id = xstrfmt("%s.%u", t->run, ++t->count);
		if (mkdirat(t->dir, item->id, 0777) == 0)
			break;
		if (errno != EEXIST)
			return error_sys("cannot make a place in '%s'", t->path);
	}
	fd = openat(t->dir, item->id, DIR_FLAGS);
	return fd < 0 ? error_sys("cannot open '%s/%s'", t->path, item->id) : fd;
}

static void drop_item(struct trash *t, const struct trash_item *item)
{
	if (item->id)
		tree_remove(t->dir, item->id);
}

static char *shown(const char *path)
{
	struct strbuf out = STRBUF_INIT;

	text_add_quoted_path(&out, path, strlen(path));
	return strbuf_detach(&out, NULL);
}

/* To another file system. */
static int move_by_copy(struct trash *t, struct trash_item *item, int parent,
			const char *name, int to)
{
	bool left = false;
	int rc;

	item->copied = true;
	if ((rc = write_manifest(t, item)) < 0 ||
	    (rc = tree_copy(parent, name, to, "part", item->path)) < 0)
		return rc;
	if (renameat(to, "part", to, "tree") < 0 || fsync(to) < 0)
		return error_sys("cannot keep the copy of '%s'", item->path);
	/* From here on the trash has it: what cannot be removed is there twice. */
	rc = tree_remove_copied(parent, name, to, "tree", item->path, &left);
	if (rc < 0) {
		warn("%s: it is in the trash as well", error_message());
		error_clear();
	} else if (left) {
		warn("what changed in '%s' while it was copied has stayed there",
		     item->path);
	}
	return 0;
}

static int move_to(struct trash *t, struct trash_item *item, int parent, const char *name,
		   const struct stat *st, int to)
{
	int rc = write_manifest(t, item);

	if (rc < 0 || tree_rename(parent, name, to, "tree", st) == 0)
		return rc;
	if (errno == EXDEV)
		return move_by_copy(t, item, parent, name, to);
	if (errno != ESTALE)
		return error_sys("cannot move '%s'", item->path);
	if (faccessat(to, "tree", F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return error_set(ORCH_EBUSY, "'%s' became something else while it was moved: "
				 "that is %s/%s/tree now", item->path, t->path, item->id);
	return error_set(ORCH_EBUSY, "'%s' changed while it was moved: left alone",
			 item->path);
}

/* Whether a repository begins in one of the directories above the last part of
 * `path`, which is below `top`: what it tracks our repository does not know. */
static bool is_in_another_repository(int top, const char *path)
{
	int fd = openat(top, ".", DIR_FLAGS);
	bool found = false;
	const char *slash;
	struct stat st;

	for (; fd >= 0 && !found && (slash = strchr(path, '/')); path = slash + 1) {
		char *part = xstrndup(path, (size_t)(slash - path));
		int next = openat(fd, part, DIR_FLAGS);

		found = next >= 0 && fstatat(next, ".git", &st, AT_SYMLINK_NOFOLLOW) == 0;
		close(fd);
		fd = next;
		free(part);
	}
	if (fd >= 0)
		close(fd);
	return found;
}

int trash_move(struct trash *t, int top, struct trash_item *item)
{
	const char *name;
	int parent = dir_open_parent(top, item->path, &name), dir = -1, to = -1, rc = 0;
	char *path = shown(item->path);
	struct stat st;

	if (parent >= 0)
		dir = openat(parent, name, DIR_FLAGS);
	if (dir < 0 && errno != ENOENT && errno != ENOTDIR && errno != ELOOP) {
		rc = error_sys("cannot open %s", path);
	} else if (dir < 0 || fstat(dir, &st) < 0) {
		rc = error_set(ORCH_EBUSY, "%s is not a directory below the work tree any "
			       "more: left alone", path);
	} else if (tree_has_repository(dir)) {
		rc = error_set(ORCH_EINVALID, "%s holds a repository: left alone", path);
	} else if (is_in_another_repository(top, item->path)) {
		rc = error_set(ORCH_EINVALID, "%s lies in another repository: left alone",
			       path);
	} else if ((to = new_item(t, item)) < 0) {
		rc = to;
	} else {
		free(item->work_tree);
		item->work_tree = xstrdup(t->work_tree);
		item->moved_ms = time_now_ms();
		item->mode = st.st_mode & 07777;
		item->mtime_ns = stat_mtime_ns(&st);
		item->copied = false;
		rc = move_to(t, item, parent, name, &st, to);
		/* What was moved in spite of an error must not go with the item. */
		if (rc < 0 && fstatat(to, "tree", &st, AT_SYMLINK_NOFOLLOW) < 0)
			drop_item(t, item);
	}
	if (to >= 0)
		close(to);
	if (dir >= 0)
		close(dir);
	if (parent >= 0)
		close(parent);
	free(path);
	return rc;
}

/* --- back ---------------------------------------------------------------- */

bool trash_is_elsewhere(struct trash *t, const struct trash_item *item)
{
	struct repo *repo = NULL;

	if (!item->work_tree || str_eq(item->work_tree, t->work_tree))
		return false;
	if (!t->asked || !str_eq(t->asked, item->work_tree)) {
		free(t->asked);
		t->asked = xstrdup(item->work_tree);
		t->is_there = repo_open(&repo, t->asked, 0) == 0 && repo_work_tree(repo) &&
			str_eq(repo_work_tree(repo), t->asked) &&
			str_eq(repo_common_dir(repo), t->common_dir);
		repo_free(repo);
		error_clear();
	}
	return t->is_there;
}

/* The directory above the last component of `path`, made where it is missing. */
static int make_parent(int top, const char *path, const char **name)
{
	int fd = openat(top, ".", DIR_FLAGS);
	const char *slash;

	for (; fd >= 0 && (slash = strchr(path, '/')); path = slash + 1) {
		char *part = xstrndup(path, (size_t)(slash - path));
		int next = -1, saved;

		if (mkdirat(fd, part, 0777) == 0 || errno == EEXIST)
			next = openat(fd, part, DIR_FLAGS);
		saved = errno;
		close(fd);
		errno = saved;
		fd = next;
		free(part);
	}
	*name = path;
	return fd;
}

/* From another file system, under another name until it is whole. */
static int restore_by_copy(int from, int parent, const char *name, const char *path)
{
	char temporary[64];
	int rc;

	snprintf(temporary, sizeof(temporary), ".orch-%ld.restored", (long)getpid());
	if ((rc = tree_copy(from, "tree", parent, temporary, path)) < 0)
		return rc;
	if (tree_rename(parent, temporary, parent, name, NULL) < 0) {
		rc = errno == EEXIST ? error_set(ORCH_EEXISTS, "'%s' is there already", path) :
				       error_sys("cannot restore '%s'", path);
		tree_remove(parent, temporary);
		return rc;
	}
	if (fsync(parent) < 0 && errno != EINVAL)
		return error_sys("cannot sync the directory of '%s'", path);
	return 0;
}

/* Mode and time of the directory itself, which moving may have touched. */
static void set_back(int parent, const char *name, const struct trash_item *item)
{
	int fd = openat(parent, name, DIR_FLAGS);
	struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, { 0 } };

	times[1].tv_sec = (time_t)(item->mtime_ns / 1000000000);
	times[1].tv_nsec = (long)(item->mtime_ns % 1000000000);
	if (fd < 0)
		return;
	if (fchmod(fd, (mode_t)(item->mode & 07777)) < 0 || futimens(fd, times) < 0)
		warn("cannot set mode and time of '%s' as they were", item->path);
	close(fd);
}

static int put_back(struct trash *t, const struct trash_item *item, int from, int parent,
		    const char *name)
{
	struct stat st;
	bool left;
	int rc = 0;

	/* The rest of a copied one whose removal was interrupted. */
	if (item->copied && fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISDIR(st.st_mode) &&
	    (rc = tree_remove_copied(parent, name, from, "tree", item->path, &left)) < 0)
		return rc;
	if (tree_rename(from, "tree", parent, name, NULL) == 0)
		return 0;
	switch (errno) {
	case EXDEV:
		rc = restore_by_copy(from, parent, name, item->path);
		break;
	case EEXIST:
	case ENOTEMPTY:
		rc = error_set(ORCH_EEXISTS, "'%s' is there already: move it away first; in "
			       "the trash it is %s/%s/tree", item->path, t->path, item->id);
		break;
	default:
		rc = error_sys("cannot restore '%s'", item->path);
	}
	return rc;
}

int trash_restore(struct trash *t, int top, const struct trash_item *item)
{
	int from = openat(t->dir, item->id, DIR_FLAGS), parent = -1, rc;
	const char *name = NULL;

	if (from < 0)
		return error_sys("cannot open '%s/%s'", t->path, item->id);
	parent = make_parent(top, item->path, &name);
	if (parent < 0) {
		rc = error_sys("cannot make the directories above '%s'", item->path);
		goto out;
	}
	if ((rc = put_back(t, item, from, parent, name)) < 0)
		goto out;
	set_back(parent, name, item);
	drop_item(t, item);
out:
	if (parent >= 0)
		close(parent);
	close(from);
	return rc;
}

int trash_remove(struct trash *t, const struct trash_item *item)
{
	int fd = openat(t->dir, item->id, DIR_FLAGS), rc = 0;

	/* Half of one must not look whole: without a tree, sweep() goes on. */
	if (fd < 0 || (renameat(fd, "tree", fd, "gone") < 0 && errno != ENOENT) ||
	    tree_remove(t->dir, item->id) < 0)
		rc = error_sys("cannot remove '%s/%s'", t->path, item->id);
	if (fd >= 0)
		close(fd);
	return rc;
}
