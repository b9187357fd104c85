/*
 * Replays a corpus: each file of the directories or files given, or of
 * tests/fuzz/corpus/<target>, is one test and one line of TAP. A finding of
 * the fuzzer becomes a regression test by being copied there.
 */
#include "base/error.h"
#include "base/file.h"
#include "base/strbuf.h"
#include "base/strvec.h"

#include <dirent.h>

#include "fuzz.h"

static void collect(struct strvec *files, const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *e;

	if (!dir) {
		strvec_push(files, path);
		return;
	}
	while ((e = readdir(dir)))
		if (e->d_name[0] != '.')
			strvec_pushf(files, "%s/%s", path, e->d_name);
	closedir(dir);
}

int main(int argc, char **argv)
{
	const char *slash = strrchr(argv[0], '/');
	struct strvec files = STRVEC_INIT;
	struct strbuf data = STRBUF_INIT;
	char *corpus;
	size_t i;
	int a, bad = 0;

	corpus = xstrfmt("tests/fuzz/corpus/%s", slash ? slash + 1 : argv[0]);
	if (argc < 2)
		collect(&files, corpus);
	for (a = 1; a < argc; a++)
		collect(&files, argv[a]);
	strvec_sort(&files);
	printf("1..%zu\n", files.nr);
	for (i = 0; i < files.nr; i++) {
		uint8_t *exact;
		bool ok;

		strbuf_reset(&data);
		ok = file_read(&data, files.v[i], (size_t)64 << 20, 0) == 0;
		if (ok) {
			/* Of exact size: a sanitizer sees one byte too many. */
			exact = xmalloc(data.len);
			memcpy(exact, data.buf, data.len);
			LLVMFuzzerTestOneInput(exact, data.len);
			free(exact);
		} else {
			fprintf(stderr, "%s\n", error_message());
		}
		printf("%sok %zu - %s\n", ok ? "" : "not ", i + 1, files.v[i]);
		fflush(stdout);
		bad |= !ok;
	}
	free(corpus);
	strbuf_release(&data);
	strvec_release(&files);
	return bad;
}
