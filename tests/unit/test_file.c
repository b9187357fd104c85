/*
 * Files: limits, replacement, appending, and never leaving a directory.
 */
#include "unit.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <signal.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/file.h"
#include "base/strbuf.h"

static void put(const char *path, const char *text)
{
	assert_int_equal(file_replace_cache(path, text, strlen(text), 0644), 0);
}

static void holds(const char *path, const char *text)
{
	struct strbuf out = STRBUF_INIT;

	assert_int_equal(file_read(&out, path, 1 << 20, 0), 0);
	assert_string_equal(out.buf, text);
	strbuf_release(&out);
}

/* How many names a directory has. */
static int entries(const char *path)
{
	DIR *dir = opendir(path);
	int n = -2;

	assert_non_null(dir);
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

static void test_read(void **state)
{
	struct strbuf out = STRBUF_INIT;

	(void)state;
	put("f", "12345");
	strbuf_addstr(&out, "+");
	assert_int_equal(file_read(&out, "f", 5, FILE_NOFOLLOW), 0);
	assert_string_equal(out.buf, "+12345");
	assert_int_equal(file_read(&out, "f", 4, 0), ORCH_EINVALID);
	assert_string_equal(error_message(), "'f' is larger than 4 bytes");
	assert_int_equal(file_read(&out, "none", 4, 0), ORCH_ENOTFOUND);
	assert_int_equal(file_read(&out, "f/x", 4, 0), ORCH_ENOTFOUND);
	assert_int_equal(file_read(&out, ".", 4, 0), ORCH_EINVALID);
	assert_int_equal(symlink("f", "link"), 0);
	assert_int_equal(file_read(&out, "link", 5, FILE_NOFOLLOW), ORCH_EINVALID);
	assert_string_equal(error_message(), "'link' is a symlink");
	assert_int_equal(mkfifo("fifo", 0600), 0);
	assert_int_equal(file_read(&out, "fifo", 5, 0), ORCH_EINVALID);
	assert_string_equal(out.buf, "+12345");
	/* The size that stat() tells is not the size that is read. */
	assert_int_equal(file_read(&out, "/proc/self/status", 10, 0), ORCH_EINVALID);
	strbuf_reset(&out);
	assert_int_equal(file_read(&out, "link", 5, 0), 0);
	put("empty", "");
	assert_int_equal(file_read(&out, "empty", 0, 0), 0);
	assert_string_equal(out.buf, "12345");
	strbuf_release(&out);
}

static void test_replace(void **state)
{
	char name[256];
	struct stat st;
	mode_t mask = umask(022);

	(void)state;
	assert_int_equal(dir_make("r"), 0);
	assert_int_equal(file_replace("r/f", "old", 3, 0600), 0);
	assert_int_equal(stat("r/f", &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(file_replace("r/f", "new\0x", 5, 0666), 0);
	assert_int_equal(stat("r/f", &st), 0);
	assert_int_equal(st.st_mode & 0777, 0644);
	assert_int_equal(st.st_size, 5);
	/* A symlink is replaced, and what it points to is not. */
	assert_int_equal(symlink("f", "r/link"), 0);
	assert_int_equal(file_replace("r/link", "x", 1, 0666), 0);
	assert_int_equal(lstat("r/link", &st), 0);
	assert_true(S_ISREG(st.st_mode));
	/* Failures leave nothing behind. */
	assert_int_equal(dir_make("r/dir"), 0);
	assert_int_equal(file_replace("r/dir", "x", 1, 0666), ORCH_ERROR);
	assert_int_equal(file_replace("none/f", "x", 1, 0666), ORCH_ERROR);
	assert_int_equal(entries("r"), 3);
	/* The longest name there can be. */
	memset(name, 'n', 255);
	name[255] = '\0';
	assert_int_equal(file_replace(name, "x", 1, 0666), 0);
	assert_int_equal(unlink(name), 0);
	umask(mask);
}

/* A full disk, played by the limit on a file's size. */
static void test_disk_full(void **state)
{
	struct rlimit old, small = { 4, RLIM_INFINITY };
	int replaced, appended;

	(void)state;
	assert_int_equal(dir_make("full"), 0);
	put("full/f", "old");
	put("full/log", "a\n");
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	small.rlim_max = old.rlim_max;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	replaced = file_replace("full/f", "new text", 8, 0666);
	appended = file_append("full/log", "bcd\n", 4, 0666);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	signal(SIGXFSZ, SIG_DFL);
	assert_int_equal(replaced, ORCH_ERROR);
	assert_int_equal(appended, ORCH_ERROR);
	holds("full/f", "old");
	assert_int_equal(entries("full"), 2);
	/* The half line is ended, so the next one is whole. */
	holds("full/log", "a\nbc");
	assert_int_equal(file_append("full/log", "e\n", 2, 0666), 0);
	holds("full/log", "a\nbc\ne\n");
}

static void test_append(void **state)
{
	struct stat st;

	(void)state;
	assert_int_equal(file_append("log", "one\n", 4, 0600), 0);
	assert_int_equal(file_append("log", "two", 3, 0600), 0);
	assert_int_equal(file_append("log", "three\n", 6, 0600), 0);
	holds("log", "one\ntwo\nthree\n");
	assert_int_equal(stat("log", &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(mkfifo("log.fifo", 0600), 0);
	assert_int_equal(file_append("log.fifo", "x\n", 2, 0600), ORCH_EINVALID);
	assert_int_equal(file_append(".", "x\n", 2, 0600), ORCH_ERROR);
	assert_int_equal(symlink("elsewhere", "log.link"), 0);
	assert_int_equal(file_append("log.link", "x\n", 2, 0600), ORCH_ERROR);
	assert_int_equal(access("elsewhere", F_OK), -1);
}

static void test_dirs(void **state)
{
	struct stat st;

	(void)state;
	assert_int_equal(dir_make("d/e//f/"), 0);
	assert_int_equal(dir_make("d/e/f"), 0);
	assert_int_equal(dir_make("/"), 0);
	assert_int_equal(dir_make_parent("d/g/h"), 0);
	assert_int_equal(stat("d/g", &st), 0);
	assert_int_equal(stat("d/g/h", &st), -1);
	assert_int_equal(dir_make_parent("plain"), 0);
	assert_int_equal(dir_make_parent("/x"), 0);
	put("d/file", "");
	assert_int_equal(dir_make("d/file/x"), ORCH_ERROR);
	assert_int_equal(dir_make("d/file"), ORCH_ERROR);
}

static void test_remove_all(void **state)
{
	int i, fd;

	(void)state;
	assert_int_equal(dir_make("gone/a/b"), 0);
	assert_int_equal(dir_make("kept"), 0);
	put("kept/file", "kept");
	assert_int_equal(symlink("../kept", "gone/link"), 0);
	assert_int_equal(symlink("../../kept/file", "gone/a/link"), 0);
	assert_int_equal(mkfifo("gone/fifo", 0600), 0);
	/* Deeper than a path can be long, and than we open descriptors. */
	fd = open("gone/a/b", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (i = 0; i < 2000; i++) {
		int next;

		assert_int_equal(mkdirat(fd, "deep", 0777), 0);
		next = openat(fd, "deep", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		assert_true(next >= 0);
		close(fd);
		fd = next;
	}
	close(fd);
	assert_int_equal(dir_remove_all("gone"), 0);
	assert_int_equal(access("gone", F_OK), -1);
	holds("kept/file", "kept");
	assert_int_equal(dir_remove_all("gone"), 0);
	assert_int_equal(symlink("kept", "to-kept"), 0);
	assert_int_equal(dir_remove_all("to-kept"), ORCH_ERROR);
	assert_int_equal(dir_remove_all("kept/file"), ORCH_ERROR);
	holds("kept/file", "kept");
}

static void test_path_is_safe(void **state)
{
	static const char *const bad[] = {
		"", "/", "/a", "..", "../a", "a/..", "a/../b", ".", "./a", "a//b",
		"a/", ".git", ".GIT/config", "a/.Git/b", "a/.git", ".git.", ".git ",
		".git . /x", "git~1", "GIT~12/x", ".git::$INDEX_ALLOCATION/x"
	};
	static const char *const good[] = {
		"a", "a/b", ".gitignore", ".github/x", ".git-x", "git", "git~",
		"git~x", "...", "..a", "a..", ".a", "a b/c", "x.git", ".gi"
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		if (path_is_safe(bad[i]))
			fail_msg("safe: '%s'", bad[i]);
	for (i = 0; i < ARRAY_SIZE(good); i++)
		if (!path_is_safe(good[i]))
			fail_msg("not safe: '%s'", good[i]);
}

static int open_below(const char *rel)
{
	struct stat st = { 0 };
	int fd = 77, rc = file_open_beneath(&fd, &st, "root", rel, false);
	char buf[64];
	ssize_t n;

	if (rc < 0) {
		assert_int_equal(fd, -1);
		assert_true(*error_message());
		return rc;
	}
	if (S_ISREG(st.st_mode)) {
		n = read(fd, buf, sizeof(buf));
		assert_int_equal(n, 2);
		assert_memory_equal(buf, "in", 2);
	}
	close(fd);
	return 0;
}

static void test_open_beneath(void **state)
{
	static const struct {
		const char *target, *name;
		int rc;
	} links[] = {
		{ "file", "root/to-file", 0 },
		{ "dir/", "root/to-dir", 0 },
		{ "../file", "root/dir/up", 0 },
		{ "dir/../dir/./up", "root/around", 0 },
		{ ".", "root/self", 0 },
		{ "../outside", "root/out", ORCH_EINVALID },
		{ "../root/file", "root/out-and-in", ORCH_EINVALID },
		{ "../../../../../../etc/passwd", "root/far", ORCH_EINVALID },
		{ "/etc/passwd", "root/absolute", ORCH_EINVALID },
		{ "loop", "root/loop", ORCH_EINVALID },
		{ ".git/config", "root/to-git", ORCH_EINVALID },
		{ "../.GIT", "root/dir/to-git", ORCH_EINVALID },
		{ "nowhere", "root/dangling", ORCH_ENOTFOUND },
		{ "/proc/self/root", "root/magic", ORCH_EINVALID },
	};
	struct stat st;
	size_t i;
	int fd;

	(void)state;
	assert_int_equal(dir_make("root/dir/sub"), 0);
	assert_int_equal(dir_make("root/.git"), 0);
	put("root/file", "in");
	put("root/dir/file", "in");
	put("root/.git/config", "secret");
	put("outside", "secret");
	assert_int_equal(mkfifo("root/fifo", 0600), 0);
	for (i = 0; i < ARRAY_SIZE(links); i++) {
		assert_int_equal(symlink(links[i].target, links[i].name), 0);
		if (open_below(links[i].name + 5) != links[i].rc)
			fail_msg("%s -> %s: %s", links[i].name, links[i].target,
				 error_message());
	}
	assert_int_equal(open_below("file"), 0);
	assert_int_equal(open_below("dir/file"), 0);
	assert_int_equal(open_below("dir"), 0);
	assert_int_equal(open_below("to-dir/file"), 0);
	assert_int_equal(open_below("to-dir/up"), 0);
	assert_int_equal(open_below("self/self/file"), 0);
	assert_int_equal(open_below("self/.git/config"), ORCH_EINVALID);
	assert_int_equal(open_below("out/x"), ORCH_EINVALID);
	assert_int_equal(open_below("../outside"), ORCH_EINVALID);
	assert_int_equal(open_below("none"), ORCH_ENOTFOUND);
	assert_int_equal(open_below("file/x"), ORCH_ENOTFOUND);
	assert_int_equal(open_below("to-file/x"), ORCH_ENOTFOUND);
	assert_int_equal(open_below("fifo"), 0);	/* and did not block */
	assert_int_equal(file_open_beneath(&fd, &st, "root", "to-file", true), 0);
	assert_int_equal(st.st_size, 2);
	assert_int_equal(read(fd, &st, 1), -1);
	close(fd);
	assert_int_equal(file_open_beneath(&fd, NULL, "root", "file", true), 0);
	close(fd);
	assert_int_equal(file_open_beneath(&fd, NULL, "no-root", "file", true),
			 ORCH_ENOTFOUND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_replace),
		cmocka_unit_test(test_disk_full),
		cmocka_unit_test(test_append),
		cmocka_unit_test(test_dirs),
		cmocka_unit_test(test_remove_all),
		cmocka_unit_test(test_path_is_safe),
		cmocka_unit_test(test_open_beneath),
	};

	return cmocka_run_group_tests(tests, unit_enter, unit_leave);
}
