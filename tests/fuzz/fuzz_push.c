/*
 * What a pre-push hook reads, and the trailers of a message. A line that is taken has
 * all its parts; an exception has a rule and a reason of one safe line.
 */
#include "fuzz.h"

#include "base/error.h"
#include "orch/checkallow.h"
#include "orch/checkpush.h"

static void check_lines(const char *text, size_t len)
{
	struct push p = PUSH_INIT;
	size_t lines = 0;
	int rc = push_parse(&p, text, len);

	for (size_t i = 0; i < len; i++)
		lines += text[i] == '\n';
	if (rc == 0 && (p.lines != lines || p.nr > lines || (len && text[len - 1] != '\n')))
		BUG("%zu lines of %zu", p.lines, lines);
	if (rc < 0 && !*error_message())
		BUG("no reason");
	for (size_t i = 0; i < p.nr; i++)
		if (!*p.v[i].local || !str_starts(p.v[i].remote, "refs/") ||
		    str_starts(p.v[i].remote, "refs/orch/") || strchr(p.v[i].remote, ' ') ||
		    oid_is_zero(&p.v[i].tip))
			BUG("line %zu", i);
	push_release(&p);
	error_clear();
}

static void check_message(const char *text)
{
	struct check_allows a = CHECK_ALLOWS_INIT;
	struct oid commit = OID_ZERO;

	check_allows_add(&a, &commit, text);
	for (size_t i = 0; i < a.nr; i++) {
		if (!*a.v[i].rule || strpbrk(a.v[i].rule, " \t\n") || !*a.v[i].reason)
			BUG("exception %zu", i);
		for (const char *p = a.v[i].reason; *p; p++)
			if ((unsigned char)*p < 0x20 || *p == 0x7f)
				BUG("a reason with control characters");
	}
	check_allows_release(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = xstrndup((const char *)data, size);

	check_lines((const char *)data, size);
	check_message(text);
	free(text);
	return 0;
}
