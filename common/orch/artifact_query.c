/*
 * Questions to the artifact index.
 */
#include "orch/artifact_query.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/dirwalk.h"
#include "base/error.h"
#include "base/file.h"
#include "base/glob.h"
#include "base/regex.h"
#include "base/strbuf.h"
#include "base/text.h"
#include "orch/artifact.h"
#include "orch/docget.h"

#define BINARY_LOOK 8000	/* bytes, as git does */
#define NAMED 5			/* artifacts in a message */

/* --- a quick no ---------------------------------------------------------- */

#define WORD_BYTES "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"

/* The longest run in a text or path pattern that must stand in a line as it is;
 * "" if there is none. Paths are cut at their slashes there. */
static char *longest_word(const char *pattern)
{
	const char *best = pattern;
	size_t best_len = 0, len;

	for (const char *p = pattern; *p; p += len ? len : 1) {
		len = strspn(p, WORD_BYTES);
		if (len > best_len) {
			best = p;
			best_len = len;
		}
	}
	return xstrndup(best, best_len);
}

static bool may_say(const struct artifacts *ix, size_t i, const char *value)
{
	char *word = longest_word(value);
	bool may = artifacts_may_hold(ix, i, word);

	free(word);
	return may;
}

bool artifact_may_be_meant(const struct artifacts *ix, size_t i,
			   const struct artifact_filter *f)
{
	return (!f->initiative || may_say(ix, i, f->initiative)) &&
	       (!f->type || may_say(ix, i, f->type));
}

bool artifact_is_meant(const struct artifact *a, const struct artifact_filter *f)
{
	if (f->initiative && (!a->initiative || !str_eq(a->initiative, f->initiative)))
		return false;
	return (!f->type || str_eq(a->type, f->type)) &&
	       (!f->iteration || a->iteration == f->iteration);
}

/* --- searching ----------------------------------------------------------- */

struct search {
	const struct artifact_search *what;
	struct artifact_search_report *report;
	artifact_found *each;
	void *data;
	struct regex regex;
	char *word;
	bool glob, glob_path;	/* a path pattern; one with a slash */
	const char *artifact;	/* the one at hand */
	struct strbuf path;	/* of the file at hand */
	size_t base;		/* where its name begins, below the artifact */
	int dir;		/* the artifact's, opened */
	struct strbuf text;
};

/* 1, 0, or ORCH_EINVALID. */
static int path_matches(const struct search *s, size_t name)
{
	if (s->what->regex)
		return regex_find(&s->regex, s->path.buf, s->path.len, 0, NULL);
	if (s->glob)
		return glob_match(s->what->pattern, s->path.buf + (s->glob_path ? 0 : name));
	return strstr(s->path.buf, s->what->pattern) != NULL;
}

static void found(struct search *s, size_t at, bool is_text)
{
	struct artifact_hit hit = { .path = s->path.buf, .artifact = s->artifact };
	const char *text = s->text.buf, *end = text + s->text.len;

	if (is_text) {
		const char *from = at ? memrchr(text, '\n', at) : NULL, *nl;

		hit.text = from ? from + 1 : text;
		nl = memchr(text + at, '\n', (size_t)(end - text) - at);
		hit.len = (size_t)((nl ? nl : end) - hit.text);
		hit.line = 1;
		for (const char *p = text; (p = memchr(p, '\n', (size_t)(text + at - p)));
		     p++)
			hit.line++;
	}
	s->report->found++;
	s->each(&hit, s->data);
}

/* The file into s->text: 1, or 0 if it is not to be searched. */
static int read_text(struct search *s, const char *name)
{
	bool safe = path_is_safe(name);
	struct stat st;
	int fd = s->dir < 0 || !safe ? -1 : file_open_nofollow(s->dir, name), rc = 0;

	strbuf_reset(&s->text);
	if (fd < 0) {
		/* What is no regular file has no content. */
		s->report->unreadable += errno != EINVAL && errno != ELOOP &&
					 errno != ENXIO && errno != ENOENT;
		return 0;
	}
	if (fstat(fd, &st) == 0 && (uintmax_t)st.st_size > ARTIFACT_TEXT_MAX)
		s->report->too_large++;
	else if (strbuf_read_fd(&s->text, fd, ARTIFACT_TEXT_MAX) < 0)
		*(errno == EFBIG ? &s->report->too_large : &s->report->unreadable) += 1;
	else
		rc = 1;
	close(fd);
	return rc && !memchr(s->text.buf, 0, s->text.len < BINARY_LOOK ? s->text.len :
					     BINARY_LOOK);
}

static int search_text(struct search *s)
{
	size_t at;

	if (s->what->regex) {
		struct regex_match m;
		int rc = regex_find(&s->regex, s->text.buf, s->text.len, 0, &m);

		if (rc < 0)
			return error_prefix(rc, "%s", s->path.buf);
		if (rc == 0)
			return 0;
		at = m.begin[0];
	} else {
		const char *hit = memmem(s->text.buf, s->text.len, s->what->pattern,
					 strlen(s->what->pattern));

		if (!hit)
			return 0;
		at = (size_t)(hit - s->text.buf);
	}
	found(s, at, true);
	return 0;
}

static int search_file(struct strbuf *name, void *data)
{
	const char *slash = memrchr(name->buf, '/', name->len);
	struct search *s = data;
	int rc;

	strbuf_setlen(&s->path, s->base);
	strbuf_addbuf(&s->path, name);
	if (s->what->content)
		return read_text(s, name->buf) ? search_text(s) : 0;
	rc = path_matches(s, s->base + (slash ? (size_t)(slash + 1 - name->buf) : 0));
	if (rc > 0)
		found(s, 0, false);
	return rc < 0 ? rc : 0;
}

static int search_artifact(struct search *s, struct artifacts *ix, size_t i)
{
	int rc;

	s->artifact = artifacts_path(ix, i);
	s->dir = s->what->content ? dir_open_beneath(artifacts_top(ix), s->artifact) : -1;
	strbuf_reset(&s->path);
	strbuf_addstr(&s->path, s->artifact);
	strbuf_addch(&s->path, '/');
	s->base = s->path.len;
	rc = artifacts_each_name(ix, i, search_file, s);
	if (s->dir >= 0)
		close(s->dir);
	return rc;
}

int artifacts_search(struct artifacts *ix, const struct artifact_search *what,
		     struct artifact_search_report *report, artifact_found *each,
		     void *data)
{
	struct search s = { .what = what, .report = report, .each = each, .data = data,
			    .regex = REGEX_INIT, .path = STRBUF_INIT, .text = STRBUF_INIT };
	int rc = 0;

	memset(report, 0, sizeof(*report));
	s.glob = !what->content && glob_is_pattern(what->pattern);
	s.glob_path = strchr(what->pattern, '/') != NULL;
	/* In a class or behind a backslash nothing stands for itself. */
	s.word = what->regex || what->content || strpbrk(what->pattern, "[\\") ?
		xstrdup("") : longest_word(what->pattern);
	if (what->regex)
		rc = regex_compile(&s.regex, what->pattern, REGEX_MULTILINE | REGEX_UTF);
	for (size_t i = 0; rc == 0 && i < artifacts_count(ix); i++)
		if (artifacts_may_hold(ix, i, s.word))
			rc = search_artifact(&s, ix, i);
	regex_release(&s.regex);
	strbuf_release(&s.path);
	strbuf_release(&s.text);
	free(s.word);
	return rc;
}

/* --- one artifact -------------------------------------------------------- */

enum closeness { NO, BEGINS, EQUAL };

static enum closeness closeness(const struct artifact *a, const char *what)
{
	const char *slash = strrchr(a->path, '/'), *name = slash ? slash + 1 : a->path;

	if ((a->stamp && str_eq(a->stamp, what)) || str_eq(name, what))
		return EQUAL;
	return a->stamp && (str_starts(a->stamp, what) || str_starts(name, what)) ?
		BEGINS : NO;
}

/* Whether `path` is the directory `dir` or lies in it. */
static bool is_in(const char *path, const char *dir)
{
	size_t n = strlen(dir);

	return str_starts(path, dir) && (!path[n] || path[n] == '/');
}

static int by_path(size_t *found, struct artifacts *ix, struct orch *o, const char *what)
{
	char *path = NULL;
	size_t best = 0;
	int rc = 0;

	if (docget_path(&path, o, what) < 0) {
		error_clear();
		return 0;
	}
	/* The innermost one: loose files stand above stamps. */
	for (size_t i = 0; i < artifacts_count(ix); i++) {
		size_t len = strlen(artifacts_path(ix, i));

		if (is_in(path, artifacts_path(ix, i)) && len > best) {
			*found = i;
			best = len;
			rc = 1;
		}
	}
	free(path);
	return rc;
}

int artifacts_pick(size_t *out, struct artifacts *ix, struct orch *o, const char *what)
{
	struct strbuf names = STRBUF_INIT;
	struct artifact a = ARTIFACT_INIT;
	enum closeness best = NO;
	size_t nr = 0;
	int rc = 0;

	if (!*what)
		return error_set(ORCH_ENO, "no artifact has an empty name");
	for (size_t i = 0; rc == 0 && i < artifacts_count(ix); i++) {
		enum closeness c;

		if ((rc = artifacts_get(&a, ix, i, 0)) < 0)
			break;
		c = closeness(&a, what);
		if (c == NO || c < best)
			continue;
		if (c > best) {
			nr = 0;
			strbuf_reset(&names);
		}
		best = c;
		*out = i;
		if (nr++ < NAMED) {
			strbuf_addstr(&names, nr > 1 ? ", " : "");
			text_add_quoted_path(&names, a.path, strlen(a.path));
		}
	}
	if (rc == 0 && !nr && by_path(out, ix, o, what))
		nr = 1;
	if (rc == 0 && !nr)
		rc = error_set(ORCH_ENO, "no artifact '%.200s'", what);
	else if (rc == 0 && nr > 1)
		rc = error_set(ORCH_ENO, "%zu artifacts are '%.200s': %s%s; name one by its "
			       "path", nr, what, names.buf, nr > NAMED ? ", ..." : "");
	strbuf_release(&names);
	artifact_release(&a);
	return rc;
}
