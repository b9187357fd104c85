/*
 * A line of the artifact index, and a name with a stamp. What is read is safe
 * and complete, and the ways of reading it agree; what is written is read back.
 */
#include "base/file.h"
#include "base/text.h"
#include "orch/artifact.h"
#include "orch/artifact_line.h"
#include "orch/artifact_roots.h"

#include "fuzz.h"

static void check_names(const struct artifact *a, const char *line, size_t len, size_t files)
{
	struct line_cursor c = { line + files + strlen("\"files\":"), line + len };
	struct strbuf name = STRBUF_INIT;

	for (size_t i = 0; i < a->nr_files; i++) {
		if (line_next_name(&c, &name) != 1 || !str_eq(name.buf, a->files[i].name))
			BUG("another name");
		if (!path_is_safe(name.buf))
			BUG("a name that leads elsewhere");
		strbuf_reset(&name);
	}
	if (line_next_name(&c, &name) != 0)
		BUG("more names");
	strbuf_release(&name);
}

static void check_string(const char *s, size_t len)
{
	struct strbuf out = STRBUF_INIT;
	struct arena memory = ARENA_INIT;
	struct line_cursor c;
	const char *back;
	size_t n;

	len = strnlen(s, len);	/* names have no NUL */
	line_add_string(&out, s, len);
	c = (struct line_cursor) { out.buf, out.buf + out.len };
	if (!utf8_valid(out.buf, out.len) || !line_string(&c, &memory, &back, &n) ||
	    c.p != c.end || n != len || memcmp(back, s, len) != 0)
		BUG("a name is not read back");
	arena_release(&memory);
	strbuf_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *copy = xmemdup(data, size);
	struct artifact a = ARTIFACT_INIT;
	struct arena memory = ARENA_INIT;
	struct line_parts parts;
	int64_t ms = 0;

	if (line_read(&a, copy, size)) {
		if (!line_parse(&parts, copy, size, &memory) || !str_eq(parts.path, a.path) ||
		    parts.is.tracked != a.tracked || parts.has_stamp != (a.stamp != NULL))
			BUG("read in two ways");
		check_names(&a, copy, size, parts.files);
	}
	if (stamp_parse(copy, size, &ms) > size)
		BUG("a stamp that is longer than its name");
	check_string(copy, size);
	artifact_release(&a);
	arena_release(&memory);
	free(copy);
	return 0;
}
