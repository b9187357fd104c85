/*
 * Exceptions: the trailers "Orch-Allow: <rule> <reason>" of what is judged.
 */
#include "orch/checkallow.h"

#include <strings.h>

#include "base/strbuf.h"
#include "base/text.h"
#include "git/object.h"

#define RULE_MAX 32
#define REASON_MAX 200
#define ALLOWS_MAX 10000

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

/* A trailer without a reason is none. */
static void add_line(struct check_allows *out, const struct oid *commit, const char *line,
		     size_t len)
{
	static const char key[] = "orch-allow:";
	struct strbuf text = STRBUF_INIT, safe = STRBUF_INIT;
	struct check_allow *a;
	size_t n;

	if (out->nr >= ALLOWS_MAX || len < strlen(key) ||
	    strncasecmp(line, key, strlen(key)) != 0)
		return;
	strbuf_add(&text, line + strlen(key), len - strlen(key));
	strbuf_trim(&text);
	n = strcspn(text.buf, " \t");
	if (n < text.len && n <= RULE_MAX) {
		size_t reason = n + strspn(text.buf + n, " \t"), left = text.len - reason;

		text_add_safe(&safe, text.buf + reason, left < REASON_MAX ? left : REASON_MAX,
			      true);
	}
	if (safe.len) {
		ALLOC_GROW(out->v, out->nr + 1, out->alloc);
		a = &out->v[out->nr++];
		a->rule = xstrndup(text.buf, n);
		a->reason = strbuf_detach(&safe, NULL);
		a->commit = *commit;
	}
	strbuf_release(&text);
	strbuf_release(&safe);
}

void check_allows_add(struct check_allows *out, const struct oid *commit,
		      const char *message)
{
	for (const char *line = last_paragraph(message); *line;) {
		size_t len = strcspn(line, "\n");

		add_line(out, commit, line, len);
		line += len + (line[len] != '\0');
	}
}

int check_allows_read(struct check_allows *out, struct repo *repo,
		      const struct commit_oids *commits)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < commits->nr; i++) {
		struct commit_info c = COMMIT_INFO_INIT;

		rc = commit_read(repo, &commits->v[i], &c);
		if (rc == 0)
			check_allows_add(out, &commits->v[i], c.message);
		commit_info_release(&c);
	}
	return rc;
}

const struct check_allow *check_allows_find(const struct check_allows *a, const char *rule)
{
	for (size_t i = 0; i < a->nr; i++)
		if (str_eq(a->v[i].rule, rule))
			return &a->v[i];
	return NULL;
}

void check_allows_release(struct check_allows *a)
{
	for (size_t i = 0; i < a->nr; i++) {
		free(a->v[i].rule);
		free(a->v[i].reason);
	}
	free(a->v);
	*a = (struct check_allows)CHECK_ALLOWS_INIT;
}
