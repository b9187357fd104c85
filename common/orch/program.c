/* The programs that are commands of git orch: found, listed, guessed. */
#include "orch/program.h"

#include <dirent.h>
#include <limits.h>

#include "base/strbuf.h"
#include "base/strvec.h"

/* The directory of this program; "" when the kernel does not say. */
static const char *own_dir(void)
{
	static char path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);
	char *slash;

	path[n > 0 ? n : 0] = '\0';
	slash = strrchr(path, '/');
	if (slash)
		*slash = '\0';
	return path;
}

char *program_find(const char *name)
{
	const char *dir = own_dir(), *path = getenv("PATH");
	char *file;

	if (strchr(name, '/'))
		return NULL;
	file = xstrfmt("%s/git-orch-%s", dir, name);
	if (*dir && access(file, X_OK) == 0)
		return file;
	free(file);
	for (const char *s = path; s && *s; s += *s == ':') {
		size_t n = strcspn(s, ":");

		file = xstrfmt("%.*s/git-orch-%s", (int)n, s, name);
		if (n && access(file, X_OK) == 0)
			return file;
		free(file);
		s += n;
	}
	return NULL;
}

char *program_beside(const char *rel)
{
	static const char *const places[] = { "/bin", "/libexec/git-orch/hooks" };
	const char *dir = own_dir();

	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		char *file;

		if (!str_ends(dir, places[i]))
			continue;
		file = xstrfmt("%.*s/%s", (int)(strlen(dir) - strlen(places[i])), dir, rel);
		if (access(file, X_OK) == 0)
			return file;
		free(file);
	}
	return NULL;
}

void program_list(struct strvec *out)
{
	DIR *dir = opendir(own_dir());
	struct dirent *e;

	while (dir && (e = readdir(dir)))
		if (str_starts(e->d_name, "git-orch-") && !strchr(e->d_name, '.'))
			strvec_push(out, e->d_name + strlen("git-orch-"));
	if (dir)
		closedir(dir);
	strvec_sort(out);
}

/* Letters to add, drop or change (swapping two counts as one) to make a of b. */
static size_t distance(const char *a, const char *b)
{
	enum { MAX = 32 };
	size_t n = strlen(a), m = strlen(b);
	size_t row[3][MAX + 1];

	if (n > MAX || m > MAX)
		return MAX;
	for (size_t j = 0; j <= m; j++)
		row[0][j] = j;
	for (size_t i = 1; i <= n; i++) {
		size_t *now = row[i % 3], *last = row[(i + 2) % 3];
		const size_t *before = row[(i + 1) % 3];

		now[0] = i;
		for (size_t j = 1; j <= m; j++) {
			size_t best = last[j - 1] + (a[i - 1] != b[j - 1]);

			if (last[j] + 1 < best)
				best = last[j] + 1;
			if (now[j - 1] + 1 < best)
				best = now[j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1] && before[j - 2] + 1 < best)
				best = before[j - 2] + 1;
			now[j] = best;
		}
	}
	return row[n % 3][m];
}

char *program_near(const char *name)
{
	struct strvec found = STRVEC_INIT;
	struct strbuf near = STRBUF_INIT;
	size_t len = strlen(name);

	program_list(&found);
	for (size_t i = 0; i < found.nr; i++)
		if (distance(name, found.v[i]) <= (len > 3 ? 2 : 1) ||
		    (len > 1 && str_starts(found.v[i], name)))
			strbuf_addf(&near, "%s%s", near.len ? ", " : "", found.v[i]);
	strvec_release(&found);
	if (near.len)
		return strbuf_detach(&near, NULL);
	strbuf_release(&near);
	return NULL;
}
