/*
 * Exceptions: trailers of commits, and the environment.
 */
#include <strings.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "base/text.h"
#include "orch/check.h"
#include "orch/checkinput.h"
#include "orch/orch.h"

#define REASON_MAX 200

/* The last paragraph that has more than white space in it, as git sees trailers. */
static const char *last_paragraph(const char *message)
{
	const char *start = message, *line = message;
	bool blank = true;

	while (*line) {
		const char *eol = line + strcspn(line, "\n");
		bool empty = strspn(line, " \t\r") >= (size_t)(eol - line);

		if (!empty && blank)
			start = line;
		blank = empty;
		line = *eol ? eol + 1 : eol;
	}
	return start;
}

/* "Orch-Allow: <rule> <reason>"; *reason gets the reason, yours. */
static bool line_allows(const char *line, size_t len, const char *rule, char **reason)
{
	static const char key[] = "orch-allow:";
	struct strbuf text = STRBUF_INIT, safe = STRBUF_INIT;
	size_t n = strlen(rule);
	bool yes = false;

	if (len < strlen(key) || strncasecmp(line, key, strlen(key)) != 0)
		return false;
	strbuf_add(&text, line + strlen(key), len - strlen(key));
	strbuf_trim(&text);
	if (text.len > n && !memcmp(text.buf, rule, n) &&
	    (text.buf[n] == ' ' || text.buf[n] == '\t')) {
		strbuf_remove(&text, 0, n);
		strbuf_trim(&text);
		if (text.len > REASON_MAX)
			strbuf_setlen(&text, REASON_MAX);
		text_add_safe(&safe, text.buf, text.len, true);
		yes = safe.len > 0;
		if (yes)
			*reason = strbuf_detach(&safe, NULL);
	}
	strbuf_release(&text);
	strbuf_release(&safe);
	return yes;
}

static bool message_allows(const char *message, const char *rule, char **reason)
{
	for (const char *line = last_paragraph(message); *line;) {
		size_t len = strcspn(line, "\n");

		if (line_allows(line, len, rule, reason))
			return true;
		line += len + (line[len] != '\0');
	}
	return false;
}

int check_find_trailer(struct check_input *in, const char *rule, bool *found,
		       struct oid *commit, char **reason)
{
	int rc = check_input_commits(in);

	*found = false;
	for (size_t i = 0; rc == 0 && !*found && i < in->commits.nr; i++) {
		struct commit_info c = COMMIT_INFO_INIT;

		rc = commit_read(in->o->repo, &in->commits.v[i], &c);
		if (rc == 0 && message_allows(c.message, rule, reason)) {
			*found = true;
			*commit = c.oid;
		}
		commit_info_release(&c);
	}
	return rc;
}
