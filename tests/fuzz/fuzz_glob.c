/*
 * A pattern, a newline, a path. Without wildcards only the same text matches,
 * and what matches lies below the pattern's literal directories.
 */
#include "base/glob.h"

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = memchr(data, '\n', size);
	char *pattern, *path;
	bool matches;

	if (!end)
		return 0;
	pattern = xstrndup((const char *)data, (size_t)(end - data));
	path = xstrndup((const char *)end + 1, size - (size_t)(end - data) - 1);
	matches = glob_match(pattern, path);
	if (!glob_is_pattern(pattern) && !strchr(pattern, '\\') &&
	    matches != str_eq(pattern, path))
		BUG("a plain pattern is not compared");
	if (matches && strncmp(pattern, path, glob_literal_dirs(pattern)) != 0)
		BUG("a match outside of the literal directories");
	free(pattern);
	free(path);
	return 0;
}
