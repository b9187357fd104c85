/*
 * Whose prompt is it? Names only; nothing is read here.
 */
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "orch/promptfiles.h"
#include "base/error.h"
#include "base/file.h"
#include "orch/config.h"

#define MAX_FILES 500

void prompt_files_release(struct prompt_files *files)
{
	for (size_t i = 0; i < files->nr; i++) {
		free(files->v[i].path);
		free(files->v[i].role);
	}
	free(files->v);
	*files = (struct prompt_files)PROMPT_FILES_INIT;
}

/* NULL if a prompt can be read from there at all. */
static const char *not_a_prompt(const char *work_tree, const char *path)
{
	struct stat st;
	int fd;

	if (file_open_beneath(&fd, &st, work_tree, path, true) < 0) {
		error_clear();
		return "cannot be opened inside the work tree";
	}
	close(fd);
	if (!S_ISREG(st.st_mode))
		return "not a regular file";
	return st.st_size > MAX_PROMPT ? "too large for a prompt" : NULL;
}

void prompt_files_add(struct prompt_files *files, const char *path)
{
	struct prompt_file f = { .kind = PROMPT_WHOLE };
	const char *name = strrchr(path, '/');
	char *stem;

	name = name ? name + 1 : path;
	stem = xstrndup(name, strlen(name) - (str_ends(name, ".md") ? 3 : 0));
	if (str_ends(stem, "_core")) {
		f.kind = PROMPT_CORE;
		stem[strlen(stem) - 5] = '\0';
	} else if (str_ends(stem, "_context")) {
		f.kind = PROMPT_CONTEXT;
		stem[strlen(stem) - 8] = '\0';
	}
	if (str_eq(stem, "supervisor"))
		f.role = xstrdup("galph");
	else if (str_eq(stem, "main"))
		f.role = xstrdup("ralph");
	else if (actor_name_valid(stem))
		f.role = xstrdup(stem);
	free(stem);
	f.path = xstrdup(path);
	ALLOC_GROW(files->v, files->nr + 1, files->alloc);
	files->v[files->nr++] = f;
}

static void add_file(struct prompt_files *files, const char *work_tree,
		     const char *name)
{
	struct prompt_file *f;
	char *path;

	if (name[0] == '.' || !str_ends(name, ".md") || str_eq(name, "README.md") ||
	    files->nr >= MAX_FILES)
		return;
	path = xstrfmt("prompts/%s", name);
	prompt_files_add(files, path);
	free(path);
	f = &files->v[files->nr - 1];
	f->reason = not_a_prompt(work_tree, f->path);
	if (f->reason) {
		free(f->role);
		f->role = NULL;
	}
}

static int by_path(const void *a, const void *b)
{
	const struct prompt_file *x = a, *y = b;

	return strcmp(x->path, y->path);
}

int prompt_files_list(struct prompt_files *out, const char *work_tree)
{
	int fd, at, rc;
	struct dirent *e;
	DIR *dir;

	rc = file_open_beneath(&at, NULL, work_tree, "prompts", true);
	if (rc < 0) {	/* none, or one that leads out of the tree */
		error_clear();
		return 0;
	}
	fd = openat(at, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	close(at);
	if (fd < 0)
		return 0;
	dir = fdopendir(fd);
	if (!dir) {
		close(fd);
		return error_sys("cannot read 'prompts'");
	}
	while ((e = readdir(dir)))
		add_file(out, work_tree, e->d_name);
	closedir(dir);
	if (out->nr)
		qsort(out->v, out->nr, sizeof(*out->v), by_path);
	return 0;
}

static bool has_role(const struct prompt_files *files, const char *role)
{
	for (size_t i = 0; i < files->nr; i++)
		if (files->v[i].role && str_eq(files->v[i].role, role))
			return true;
	return false;
}

/* Who plans goes first, who reviews last. */
static int rank(const char *role)
{
	static const char *const first[] = {
		"galph", "planner", "plan", "architect", "manager", "lead"
	};
	static const char *const second[] = {
		"ralph", "executor", "engineer", "coder", "worker", "developer",
		"implementer", "builder", "build"
	};

	for (size_t i = 0; i < ARRAY_SIZE(first); i++)
		if (str_eq(role, first[i]))
			return 0;
	for (size_t i = 0; i < ARRAY_SIZE(second); i++)
		if (str_eq(role, second[i]))
			return 1;
	return 2;
}

static void push_once(struct strvec *ring, const char *role)
{
	if (!strvec_has(ring, role) && ring->nr < 8)
		strvec_push(ring, role);
}

/*
 * Not every file in prompts/ is an actor's: real ones hold dozens of one-off
 * prompts. A known pair, or files that say "core", or exactly two, do count.
 */
static void find_ring(const struct prompt_files *files, struct strvec *ring)
{
	bool known = has_role(files, "galph") || has_role(files, "ralph");
	size_t roles = 0, planners = 0, workers = 0;
	struct strvec seen = STRVEC_INIT;

	for (size_t i = 0; i < files->nr; i++) {
		const char *role = files->v[i].role;

		if (!role || strvec_has(&seen, role))
			continue;
		strvec_push(&seen, role);
		roles++;
		planners += rank(role) == 0;
		workers += rank(role) == 1;
	}
	if (known) {
		strvec_push(ring, "galph");
		strvec_push(ring, "ralph");
	}
	for (int r = 0; r < 3; r++)
		for (size_t i = 0; i < files->nr; i++) {
			const struct prompt_file *f = &files->v[i];
			bool pair = planners == 1 && workers == 1 && r < 2;

			if (f->role && rank(f->role) == r &&
			    (f->kind == PROMPT_CORE ||
			     (!known && (pair || roles == 2))))
				push_once(ring, f->role);
		}
	if (ring->nr < 2) {	/* one alone is no hand-off */
		strvec_release(ring);
		strvec_push(ring, "galph");
		strvec_push(ring, "ralph");
	}
	strvec_release(&seen);
}

static const char *in_ring(const struct strvec *ring, const char *role)
{
	for (size_t i = 0; role && i < ring->nr; i++)
		if (str_eq(ring->v[i], role))
			return ring->v[i];
	return NULL;
}

void prompt_files_assign(struct prompt_files *files, const struct strvec *given,
			 struct strvec *ring)
{
	if (given && given->nr)
		for (size_t i = 0; i < given->nr; i++)
			strvec_push(ring, given->v[i]);
	else
		find_ring(files, ring);

	for (size_t i = 0; i < files->nr; i++) {
		struct prompt_file *f = &files->v[i];

		f->actor = in_ring(ring, f->role);
		if (!f->reason)
			f->reason = "no actor's prompt, by its name";
	}
	/* One prompt for each actor: <x>_core.md before <x>.md, else the first. */
	for (size_t i = 0; i < files->nr; i++)
		for (size_t k = 0; k < files->nr; k++) {
			struct prompt_file *a = &files->v[i], *b = &files->v[k];

			if (i == k || !a->actor || a->actor != b->actor)
				continue;
			if (b->kind == PROMPT_WHOLE && (a->kind == PROMPT_CORE ||
			     (a->kind == PROMPT_WHOLE && i < k))) {
				b->actor = NULL;
				b->reason = "another prompt of the same actor is used";
			}
		}
}
