/* What texts for agents say by their words alone. */
#include "unit.h"

#include "orch/promptfiles.h"
#include "orch/promptscan.h"

static void names(const char *text, const char *dir, const char *expected)
{
	struct strvec paths = STRVEC_INIT;
	char *got;

	promptscan_paths(&paths, text, strlen(text), dir);
	got = strvec_join(&paths, " | ");
	assert_string_equal(got, expected);
	free(got);
	strvec_release(&paths);
}

static void test_paths(void **state)
{
	(void)state;
	names("", "", "");
	names("Read docs/a.md. Then `b.txt`, [c](specs/c.rst#x) and d.yaml:12!", "",
	      "docs/a.md | b.txt | specs/c.rst | d.yaml");
	names("docs/a.md docs/a.md", "", "docs/a.md");
	names("@docs/a.md (docs/b.md)", "", "docs/a.md | docs/b.md");
	names("`docs/with space.md`", "", "docs/with space.md | space.md");
	names("`docs/[x].md`", "", "docs/[x].md");
	names("src/main.c run.sh README", "", "");
	names("/etc/x.md ../x.md a/../b.md .git/x.md .GIT/x.md", "", "");
	names("https://example.org/x.md", "", "");
	names("plans/<ID>/x.md reports/{stamp}/y.md docs/*.md", "", "");
	names("../docs/a.md ./b.md", "prompts/", "docs/a.md | prompts/b.md | b.md");
	names("docs/größe.md", "", "docs/größe.md");
	names(".md x.md..", "", "x.md");
	names("`unclosed docs/a.md", "", "docs/a.md");
}

static void test_paths_are_bounded(void **state)
{
	struct strvec paths = STRVEC_INIT;
	size_t len = 0, size = 40000;
	char *text = xmalloc(size);

	(void)state;
	for (unsigned i = 0; len + 20 < size; i++)
		len += (size_t)snprintf(text + len, size - len, "f%u.md ", i);
	promptscan_paths(&paths, text, len, "");
	assert_int_equal(paths.nr, PROMPTSCAN_PATHS);
	strvec_release(&paths);
	/* Without any end in sight, and full of back quotes. */
	memset(text, '`', size);
	promptscan_paths(&paths, text, size, "");
	memset(text, 'a', size);
	promptscan_paths(&paths, text, size, "");
	assert_int_equal(paths.nr, 0);
	free(text);
}

static void collect(int line, const char *what, void *data)
{
	strvec_pushf(data, "%d %s", line, what);
}

static void hints(const char *text, const char *expected)
{
	struct strvec lines = STRVEC_INIT;
	char *got;

	promptscan_network(text, strlen(text), collect, &lines);
	got = strvec_join(&lines, ", ");
	assert_string_equal(got, expected);
	free(got);
	strvec_release(&lines);
}

static void test_network(void **state)
{
	(void)state;
	hints("", "");
	hints("a\nrun `git pull --rebase`\n", "2 pulls");
	hints("git pull && git push", "1 pulls, 1 pushes");
	hints("GIT -C . PUSH", "1 pushes");
	hints("Do not git push. Never run git pull.", "");
	hints("now git push", "1 pushes");
	hints("push the button, digit pushes, gitpush", "");
	hints("git pushes nothing", "");
}

/* Rings, from names alone; "" ends the list. */
static void ring(const char *const *files, const char *given, const char *expected)
{
	struct prompt_files f = PROMPT_FILES_INIT;
	struct strvec want = STRVEC_INIT, got = STRVEC_INIT;
	char *text;

	for (; *files; files++) {
		char *path = xstrfmt("prompts/%s", *files);

		prompt_files_add(&f, path);
		free(path);
	}
	if (given)
		strvec_split(&want, given);
	prompt_files_assign(&f, given ? &want : NULL, &got);
	text = strvec_join(&got, " ");
	assert_string_equal(text, expected);
	free(text);
	prompt_files_release(&f);
	strvec_release(&want);
	strvec_release(&got);
}
#define RING(given, expected, ...) \
	ring((const char *const[]){ __VA_ARGS__, NULL }, given, expected)

static void test_ring(void **state)
{
	(void)state;
	RING(NULL, "galph ralph", "supervisor.md", "main.md");
	RING(NULL, "galph ralph", "main.md", "debug.md", "doc.md");
	RING(NULL, "galph ralph reviewer", "supervisor_core.md", "reviewer_core.md", "x.md");
	RING(NULL, "planner coder", "coder.md", "planner.md");
	RING(NULL, "planner coder", "coder.md", "planner.md", "other.md");
	RING(NULL, "alice bob", "alice.md", "bob.md");
	RING(NULL, "galph ralph", "alice.md", "bob.md", "carol.md");
	RING(NULL, "galph ralph", "one.md");
	RING(NULL, "galph ralph", "Bad Name.md", "Other.md");
	RING("x y", "x y", "supervisor.md");
	RING("galph ralph galph", "galph ralph galph", "supervisor.md");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_paths_are_bounded),
		cmocka_unit_test(test_network),
		cmocka_unit_test(test_ring),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
