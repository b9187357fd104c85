/*
 * From directories to lines. A directory whose mark (its ctime and inode number)
 * is what the index says, and whose ctime is older than the index, holds the
 * names that the index says: only the others are read. What is below is looked
 * at in any case, since a directory does not change when something deeper does.
 */
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>

#include "base/dirwalk.h"
#include "base/error.h"
#include "base/text.h"
#include "orch/artifact_internal.h"

#define DIR_FLAGS (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)
#define MAX_DEPTH 64	/* of directories within an artifact */
/*
 * The clock of a file system ticks in steps: a change may carry a time that was
 * over already. Some count only in seconds.
 */
#define TICK_NS INT64_C(20000000)
#define COARSE_TICK_NS INT64_C(2000000000)

struct scan {
	struct artifacts *ix;
	struct strbuf path;	/* of the area at hand */
	struct strbuf inside;	/* of the directory in the artifact at hand, ends in / */
	size_t base;		/* where names below the artifact begin in `inside` */
	struct strbuf dirs, files;	/* of the artifact at hand, as in its line */
	size_t best;		/* type rule */
	size_t read_again;
	bool stopped;
	bool failed;		/* something in the area at hand could not be read */
};

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* Whether what was read at `ix->scanned` may lack a change of the same tick. */
static bool is_racy(const struct artifacts *ix, int64_t time)
{
	int64_t tick = time % 1000000000 ? TICK_NS : COARSE_TICK_NS;

	return time > ix->scanned - tick;
}

/*
 * What tells a directory from others and from itself before a change. The ctime
 * alone would not do: what one checkout made has one time, and a directory above
 * may be renamed to where another one was.
 */
static int64_t mark_of(const struct stat *st)
{
	uint64_t h = (uint64_t)st->st_ino * UINT64_C(0x9e3779b97f4a7c15);

	h = (h ^ h >> 32) + (uint64_t)stat_ctime_ns(st);
	return (int64_t)(h & INT64_MAX) | 1;	/* never AREA_ABSENT, UNREAD or the like */
}

static bool is_same(const struct artifacts *ix, int64_t known, const struct stat *st)
{
	return known == mark_of(st) && !is_racy(ix, stat_ctime_ns(st));
}

/* --- one artifact -------------------------------------------------------- */

static void cannot_read(struct scan *s, const char *path)
{
	struct strbuf shown = STRBUF_INIT;
	int saved = errno;

	if (saved == ENOENT)
		return;		/* gone meanwhile: the directory above has changed */
	s->failed = true;
	text_add_quoted_path(&shown, path, strlen(path));
	warn_once("cannot look into %s: %s", shown.buf, strerror(saved));
	strbuf_release(&shown);
}

static void add_mark(struct strbuf *out, const char *name, size_t len, int64_t mark)
{
	strbuf_addstr(out, out->len ? ",[" : "[");
	line_add_string(out, name, len);
	strbuf_addch(out, ',');
	line_add_int(out, mark);
	strbuf_addch(out, ']');
}

static void add_file(struct scan *s, int fd, const char *name)
{
	size_t at = s->inside.len, len = strlen(name);
	struct stat st;

	if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return;
	strbuf_addstr(&s->files, s->files.len ? ",[" : "[");
	strbuf_add(&s->inside, name, len);
	line_add_string(&s->files, s->inside.buf + s->base, s->inside.len - s->base);
	strbuf_setlen(&s->inside, at);
	strbuf_addch(&s->files, ',');
	line_add_int(&s->files, S_ISREG(st.st_mode) || S_ISLNK(st.st_mode) ?
		     (int64_t)st.st_size : 0);
	strbuf_addch(&s->files, ']');
	s->best = artifact_types_match(s->ix->types, name, len, s->best);
}

/* Whether there is work left for `n` more names. */
static bool may_read(struct scan *s, size_t n)
{
	if (s->ix->left < n) {
		s->ix->left = 0;
		s->stopped = true;
	} else {
		s->ix->left -= n;
	}
	return !s->stopped;
}

/* The directory s->inside below its artifact. */
static const char *name_inside(const struct scan *s)
{
	return s->inside.buf + s->base;
}

static size_t name_inside_len(const struct scan *s)
{
	return s->inside.len > s->base ? s->inside.len - s->base - 1 : 0;
}

/*
 * Read the directory behind `fd`, which is s->inside; with `deep` all below it,
 * too. Its mark is taken before its names are.
 */
static int read_dir(struct scan *s, int fd, bool deep, int depth)
{
	struct dir_names names = DIR_NAMES_INIT;
	size_t at = s->inside.len;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || dir_names_read(&names, fd) < 0) {
		cannot_read(s, s->inside.buf);
		dir_names_release(&names);
		add_mark(&s->dirs, name_inside(s), name_inside_len(s), UNREAD);
		return -1;
	}
	add_mark(&s->dirs, name_inside(s), name_inside_len(s), mark_of(&st));
	for (size_t i = 0; i < names.nr && may_read(s, 1); i++) {
		const char *name = dir_name_text(&names, i);
		int child;

		if (names.v[i].type != DT_DIR) {
			add_file(s, fd, name);
			continue;
		}
		if (!deep || depth == MAX_DEPTH || at + strlen(name) > ARTIFACT_PATH_MAX ||
		    !strcasecmp(name, ".git"))
			continue;
		child = openat(fd, name, DIR_FLAGS);
		strbuf_addf(&s->inside, "%s/", name);
		read_dir(s, child, deep, depth + 1);
		if (child >= 0)
			close(child);
		strbuf_setlen(&s->inside, at);
	}
	dir_names_release(&names);
	return 0;
}

static const char *part(const char *path, struct root_part_at p)
{
	return path + p.at;
}

static void add_slot(struct artifacts *ix, struct slot *slot)
{
	ALLOC_GROW(ix->slots.v, ix->slots.nr + 1, ix->slots.alloc);
	ix->slots.v[ix->slots.nr++] = slot;
}

static void keep(struct artifacts *ix, struct slot *known)
{
	add_slot(ix, known);
	ix->report.kept++;
}

static void add_line(struct artifacts *ix, const struct strbuf *line, bool fresh)
{
	struct slot *slot = arena_alloc(&ix->memory, sizeof(*slot));

	*slot = (struct slot) { .len = line->len, .fresh = fresh };
	slot->line = arena_strn(&ix->memory, line->buf, line->len);
	if (!line_parse(&slot->parts, slot->line, slot->len, &ix->memory))
		BUG("an artifact's line that cannot be read: %s", slot->line);
	slot->is = slot->parts.is;
	add_slot(ix, slot);
}

static void add_members(struct scan *s, struct strbuf *line, const char *path,
			const struct root_state *state)
{
	const char *stamp = part(path, state->stamp);
	const char *type = artifact_types_name(s->ix->types, s->best);
	int64_t time = 0;

	if (state->stamp.len)
		stamp_parse(stamp, state->stamp.len, &time);
	strbuf_addstr(line, "{\"path\":");
	line_add_string(line, path, strlen(path));
	strbuf_addstr(line, ",\"dirs\":[");
	strbuf_addbuf(line, &s->dirs);
	strbuf_addstr(line, "],\"initiative\":");
	line_add_optional(line, part(path, state->initiative), state->initiative.len);
	strbuf_addstr(line, ",\"phase\":");
	line_add_optional(line, part(path, state->phase), state->phase.len);
	strbuf_addstr(line, ",\"stamp\":");
	line_add_optional(line, stamp, state->stamp.len);
	strbuf_addstr(line, ",\"time\":");
	line_add_int(line, time);
	strbuf_addstr(line, ",\"type\":");
	line_add_string(line, type, strlen(type));
	strbuf_addch(line, ',');
}

/* Read the artifact `path` behind `fd` and make its line. */
static void read_artifact(struct scan *s, int fd, const char *path, bool deep,
			  const struct root_state *state)
{
	size_t i = slots_find(&s->ix->old, path);
	struct line_state is = { .looked = false };
	struct strbuf line = STRBUF_INIT;

	strbuf_reset(&s->inside);
	strbuf_addf(&s->inside, "%s/", path);
	s->base = s->inside.len;
	s->best = ARTIFACT_NO_TYPE;
	strbuf_reset(&s->dirs);
	strbuf_reset(&s->files);
	if (read_dir(s, fd, deep, 0) < 0 || (!deep && !s->files.len))
		return;
	/* What history said about the directory still holds. */
	if (i != SIZE_MAX) {
		is = s->ix->old.v[i]->is;
		s->read_again++;
	}
	add_members(s, &line, path, state);
	line_add_state(&line, &is);
	strbuf_addstr(&line, ",\"files\":[");
	strbuf_addbuf(&line, &s->files);
	strbuf_addstr(&line, "]}");
	add_line(s->ix, &line, i == SIZE_MAX);
	s->ix->report.read++;
	strbuf_release(&line);
}

/*
 * Whether all directories of an artifact are as they were. They are looked at
 * from `above`, the directory it lies in (a way of one name is a quarter of the
 * price of one of five), or from the top if that is -1.
 */
static bool is_unchanged(const struct artifacts *ix, const struct slot *slot, int above)
{
	struct line_cursor c = { slot->line + slot->parts.dirs, slot->line + slot->len };
	struct arena memory = ARENA_INIT;
	char path[2 * ARTIFACT_PATH_MAX];
	const char *from = above < 0 ? NULL : memrchr(slot->parts.path, '/',
						      slot->parts.path_len);
	bool same = false;
	size_t at;

	from = from ? from + 1 : slot->parts.path;
	at = (size_t)(slot->parts.path + slot->parts.path_len - from);
	if (at > ARTIFACT_PATH_MAX)
		return false;
	memcpy(path, from, at);
	do {
		const char *name;
		size_t len = 0;
		int64_t mark;
		struct stat st;

		/* "" in nearly all of them: no memory is needed for that. */
		if (!line_word(&c, "[\"\"")) {
			if (!line_word(&c, "[") || !line_string(&c, &memory, &name, &len) ||
			    len > ARTIFACT_PATH_MAX - 2)
				break;
			path[at] = '/';
			memcpy(path + at + 1, name, len++);
		}
		path[at + len] = '\0';
		same = line_word(&c, ",") && line_int(&c, &mark) && line_word(&c, "]") &&
		       fstatat(above < 0 ? ix->top : above, path, &st,
			       AT_SYMLINK_NOFOLLOW) == 0 &&
		       S_ISDIR(st.st_mode) && is_same(ix, mark, &st);
	} while (same && line_word(&c, ","));
	arena_release(&memory);
	return same && line_word(&c, "]");
}

/*
 * An artifact that the index may know. `above` is the directory it lies in, -1
 * if that is not open.
 */
static void visit_artifact(struct scan *s, const char *path, int above,
			   const struct root_state *state)
{
	size_t i = slots_find(&s->ix->old, path);
	const char *name = strrchr(path, '/');
	int fd;

	if (i != SIZE_MAX && is_unchanged(s->ix, s->ix->old.v[i], above)) {
		keep(s->ix, s->ix->old.v[i]);
		return;
	}
	fd = above < 0 ? dir_open_beneath(s->ix->top, path) :
	     openat(above, name ? name + 1 : path, DIR_FLAGS);
	s->ix->changed = true;
	if (fd < 0) {
		cannot_read(s, path);
		return;
	}
	read_artifact(s, fd, path, true, state);
	close(fd);
}

/* --- where artifacts are looked for -------------------------------------- */

static void add_area(struct artifacts *ix, const char *path, int64_t mark)
{
	size_t len = strlen(path);

	ALLOC_GROW(ix->areas.v, ix->areas.nr + 1, ix->areas.alloc);
	ix->areas.v[ix->areas.nr++] = (struct area) {
		arena_strn(&ix->memory, path, len), len, mark
	};
}

static void visit(struct scan *s, const struct root_place *place, bool known_name);

/* Go into the directory `name` of the one at hand. */
static void visit_below(struct scan *s, const struct root_place *place, int above,
			const char *name, bool known_name)
{
	size_t at = s->path.len;
	struct root_place next;
	struct root_state complete;

	if (at)
		strbuf_addch(&s->path, '/');
	strbuf_addstr(&s->path, name);
	switch (roots_enter(&s->ix->roots, &next, &complete, place, s->path.buf,
			    at + (at > 0))) {
	case 1:
		visit_artifact(s, s->path.buf, above, &complete);
		break;
	case 0:
		visit(s, &next, known_name);
		break;
	default:
		break;
	}
	strbuf_setlen(&s->path, at);
}

/* The name of `path` if it lies directly in `dir` ("" is the top), else NULL. */
static const char *name_in(const char *path, const struct strbuf *dir)
{
	const char *name = dir->len ? path + dir->len + 1 : path;

	if (dir->len && (strncmp(path, dir->buf, dir->len) != 0 || path[dir->len] != '/'))
		return NULL;
	return *name && !strchr(name, '/') ? name : NULL;
}

static bool is_below(const char *path, const struct strbuf *dir)
{
	return !dir->len || (strncmp(path, dir->buf, dir->len) == 0 &&
			     path[dir->len] == '/');
}

static bool is_area(const struct areas *a, const char *path)
{
	size_t i = areas_from(a, path);

	return i < a->nr && str_eq(a->v[i].path, path);
}

/* The directory at hand is as it was: go where the index says. */
static void visit_known(struct scan *s, const struct root_place *place)
{
	struct artifacts *ix = s->ix;
	char *prefix = s->path.len ? xstrfmt("%s/", s->path.buf) : xstrdup("");
	int here = -1;		/* opened once there is an artifact to look at */
	size_t i;

	for (i = areas_from(&ix->old_areas, prefix);
	     i < ix->old_areas.nr && is_below(ix->old_areas.v[i].path, &s->path); i++) {
		const char *name = name_in(ix->old_areas.v[i].path, &s->path);

		if (name)
			visit_below(s, place, -1, name, false);
	}
	for (i = slots_from(&ix->old, prefix);
	     i < ix->old.nr && is_below(ix->old.v[i]->parts.path, &s->path); i++) {
		struct slot *slot = ix->old.v[i];
		const char *name = name_in(slot->parts.path, &s->path);

		/* Loose files belong to an area: it has just been visited. */
		if (!name || is_area(&ix->old_areas, slot->parts.path))
			continue;
		/* To look, not to read: by what way, the marks do not care. */
		if (here < 0)
			here = openat(ix->top, s->path.len ? s->path.buf : ".",
				      O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (!is_unchanged(ix, slot, here)) {
			visit_below(s, place, -1, name, false);
			continue;
		}
		keep(ix, slot);
	}
	if (here >= 0)
		close(here);
	free(prefix);
}

static void visit_listed(struct scan *s, const struct root_place *place, int fd)
{
	struct dir_names names = DIR_NAMES_INIT;

	if (dir_names_read(&names, fd) < 0)
		cannot_read(s, s->path.buf);
	for (size_t i = 0; i < names.nr && may_read(s, 1); i++)
		if (names.v[i].type == DT_DIR &&
		    strcasecmp(dir_name_text(&names, i), ".git") != 0)
			visit_below(s, place, fd, dir_name_text(&names, i), false);
	dir_names_release(&names);
}

static void visit_names(struct scan *s, const struct root_place *place)
{
	struct strvec names = STRVEC_INIT;

	roots_names(&s->ix->roots, place, &names);
	for (size_t i = 0; i < names.nr; i++)
		visit_below(s, place, -1, names.v[i], true);
	strvec_release(&names);
}

/* Nothing to go into. What a pattern names is remembered, since no listing will
 * show that it has come. */
static void absent(struct scan *s, bool known_name)
{
	if (known_name)
		add_area(s->ix, s->path.buf, AREA_ABSENT);
}

static void refuse_link(const struct strbuf *path)
{
	struct strbuf shown = STRBUF_INIT;

	text_add_quoted_path(&shown, path->buf, path->len);
	warn_once("%s is a symlink: artifacts are not looked for behind it", shown.buf);
	strbuf_release(&shown);
}

/* Read the directory s->path anew: what is below, and its own files. */
static void visit_anew(struct scan *s, const struct root_place *place, bool known_name)
{
	int fd = dir_open_beneath(s->ix->top, s->path.buf);
	struct root_state loose;
	struct stat st;

	s->ix->changed = true;
	if (fd < 0 || fstat(fd, &st) < 0) {
		cannot_read(s, s->path.buf);
		absent(s, known_name || s->failed);
	} else {
		add_area(s->ix, s->path.buf, mark_of(&st));
		visit_listed(s, place, fd);
		if (s->path.len && roots_takes_files(&s->ix->roots, place, &loose))
			read_artifact(s, fd, s->path.buf, false, &loose);
	}
	if (fd >= 0)
		close(fd);
}

static void visit_as_is(struct scan *s, const struct root_place *place, bool known_name)
{
	struct artifacts *ix = s->ix;
	size_t i = areas_from(&ix->old_areas, s->path.buf);
	bool known = i < ix->old_areas.nr && str_eq(ix->old_areas.v[i].path, s->path.buf);
	int64_t old = known ? ix->old_areas.v[i].mark : AREA_ABSENT;
	struct stat st;

	if (fstatat(ix->top, s->path.len ? s->path.buf : ".", &st, AT_SYMLINK_NOFOLLOW) < 0)
		st.st_mode = 0;
	if (!S_ISDIR(st.st_mode)) {
		if (S_ISLNK(st.st_mode))
			refuse_link(&s->path);
		if (old != AREA_ABSENT)
			ix->changed = true;
		absent(s, known_name);
	} else if (!roots_any_name(&ix->roots, place)) {
		if (old != AREA_PASSED)
			ix->changed = true;
		add_area(ix, s->path.buf, AREA_PASSED);
		visit_names(s, place);
	} else if (old > 0 && is_same(ix, old, &st)) {
		add_area(ix, s->path.buf, old);
		visit_known(s, place);
		i = slots_find(&ix->old, s->path.buf);
		if (i != SIZE_MAX)
			keep(ix, ix->old.v[i]);
	} else {
		visit_anew(s, place, known_name);
	}
}

/*
 * The directory s->path, where artifacts are looked for. `known_name`: a pattern
 * names it. Where something could not be read its mark is not kept: that it can
 * be read some day would not change it.
 */
static void visit(struct scan *s, const struct root_place *place, bool known_name)
{
	size_t at = s->ix->areas.nr;
	bool above = s->failed;

	s->failed = false;
	visit_as_is(s, place, known_name);
	if (s->failed && at < s->ix->areas.nr && s->ix->areas.v[at].mark > 0)
		s->ix->areas.v[at].mark = UNREAD;
	s->failed = above;
}

/* --- the whole ----------------------------------------------------------- */

static int compare_slots(const void *a, const void *b)
{
	return strcmp((*(struct slot *const *)a)->parts.path,
		      (*(struct slot *const *)b)->parts.path);
}

static int compare_areas(const void *a, const void *b)
{
	return strcmp(((const struct area *)a)->path, ((const struct area *)b)->path);
}

static void sort_all(struct artifacts *ix)
{
	bool sorted = true;

	for (size_t i = 1; sorted && i < ix->slots.nr; i++)
		sorted = strcmp(ix->slots.v[i - 1]->parts.path,
				ix->slots.v[i]->parts.path) < 0;
	if (!sorted)
		qsort(ix->slots.v, ix->slots.nr, sizeof(*ix->slots.v), compare_slots);
	if (ix->areas.nr)
		qsort(ix->areas.v, ix->areas.nr, sizeof(*ix->areas.v), compare_areas);
}

int artifacts_scan(struct artifacts *ix)
{
	struct scan s = { .ix = ix, .path = STRBUF_INIT, .inside = STRBUF_INIT,
			  .dirs = STRBUF_INIT, .files = STRBUF_INIT };
	int64_t now = now_ns();
	struct root_place top;

	roots_start(&ix->roots, &top);
	if (top.nr)
		visit(&s, &top, true);
	sort_all(ix);
	ix->report.gone = ix->old.nr - ix->report.kept - s.read_again;
	if (ix->report.gone)
		ix->changed = true;
	ix->scanned = now;
	ix->report.truncated = s.stopped;
	strbuf_release(&s.path);
	strbuf_release(&s.inside);
	strbuf_release(&s.dirs);
	strbuf_release(&s.files);
	if (s.stopped && ix->flags & ARTIFACT_IN_HOOK)
		return error_set(ORCH_EBUSY, "too many artifacts have changed for a hook");
	if (s.stopped)
		warn_once("more than %zu names below orch.artifactRoot: the rest is left out",
			  SCAN_NAMES);
	return 0;
}
