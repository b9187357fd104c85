/*
 * Applying the hunks of a unified diff.
 */
#include "base/patch.h"

#include "base/error.h"
#include "base/strbuf.h"

struct cursor {
	const char *p, *end;
	size_t line;	/* lines passed */
};

/* The next line with its LF, if it has one. False at the end. */
static bool next_line(struct cursor *c, const char **line, size_t *len)
{
	const char *eol;

	if (c->p == c->end)
		return false;
	eol = memchr(c->p, '\n', (size_t)(c->end - c->p));
	*line = c->p;
	*len = (size_t)((eol ? eol + 1 : c->end) - c->p);
	c->p += *len;
	c->line++;
	return true;
}

static int misfit(const struct cursor *patch, const char *what)
{
	return error_set(ORCH_EINVALID, "line %zu of the diff %s", patch->line, what);
}

static bool read_number(const char **p, const char *end, size_t *out)
{
	const char *s = *p;
	size_t n = 0;

	for (; s < end && *s >= '0' && *s <= '9'; s++) {
		if (n > SIZE_MAX / 10 - 10)
			return false;
		n = n * 10 + (size_t)(*s - '0');
	}
	if (s == *p)
		return false;
	*p = s;
	*out = n;
	return true;
}

/* "<sign>start[,count]" */
static bool read_range(const char **p, const char *end, char sign, size_t *start,
		       size_t *count)
{
	if (*p == end || **p != sign)
		return false;
	++*p;
	*count = 1;
	if (!read_number(p, end, start))
		return false;
	if (*p < end && **p == ',') {
		++*p;
		return read_number(p, end, count);
	}
	return true;
}

struct hunk {
	size_t old_start, old_count, new_start, new_count;
};

/* "@@ -1,2 +1,3 @@ heading" */
static bool read_header(struct hunk *h, const char *line, size_t len)
{
	const char *p = line + 3, *end = line + len;

	if (len < 4 || memcmp(line, "@@ ", 3) != 0 ||
	    !read_range(&p, end, '-', &h->old_start, &h->old_count) ||
	    p == end || *p++ != ' ' ||
	    !read_range(&p, end, '+', &h->new_start, &h->new_count))
		return false;
	return end - p >= 3 && memcmp(p, " @@", 3) == 0;
}

/* Copy the text up to where the hunk begins. A hunk that removes and shows
 * nothing of the old text names the line behind which it adds. */
static int copy_before(struct strbuf *out, struct cursor *text,
		       const struct hunk *h, const struct cursor *patch)
{
	size_t upto = h->old_count ? h->old_start - 1 : h->old_start;
	const char *line;
	size_t len;

	if ((h->old_count && !h->old_start) || upto < text->line)
		return misfit(patch, "goes back");
	while (text->line < upto) {
		if (!next_line(text, &line, &len))
			return misfit(patch, "begins behind the end");
		strbuf_add(out, line, len);
	}
	return 0;
}

/* Whether the next line of the patch says that this one has no LF; if so it is
 * passed. */
static bool lacks_newline(struct cursor *patch)
{
	const char *line;
	size_t len;

	if (patch->p == patch->end || *patch->p != '\\')
		return false;
	next_line(patch, &line, &len);
	return true;
}

static int apply_hunk(struct strbuf *out, struct cursor *text,
		      struct cursor *patch, struct hunk h)
{
	while (h.old_count || h.new_count) {
		const char *line, *old;
		size_t len, old_len;
		char kind;

		if (!next_line(patch, &line, &len))
			return misfit(patch, "is the last, inside a hunk");
		kind = *line++;
		len--;
		/* Everything but the mark of the line; its LF only if it has one. */
		if (!len || line[len - 1] != '\n')
			return misfit(patch, "is cut");
		if (lacks_newline(patch))
			len--;
		if (kind != ' ' && kind != '-' && kind != '+')
			return misfit(patch, "is none of a hunk");
		if (kind != '+') {
			if (!h.old_count-- || !next_line(text, &old, &old_len) ||
			    old_len != len || memcmp(old, line, len) != 0)
				return misfit(patch, "is not what the text has");
		}
		if (kind != '-') {
			if (!h.new_count--)
				return misfit(patch, "is one too many");
			strbuf_add(out, line, len);
		}
	}
	return 0;
}

int patch_apply(struct strbuf *out, const char *text, size_t len,
		const char *patch, size_t patch_len)
{
	struct cursor t = { text, text + len, 0 };
	struct cursor p = { patch, patch + patch_len, 0 };
	size_t before = out->len;
	const char *line;
	size_t n;
	int rc = 0;

	while (rc == 0 && next_line(&p, &line, &n)) {
		struct hunk h;

		if (!read_header(&h, line, n))
			rc = misfit(&p, "begins no hunk");
		else if ((rc = copy_before(out, &t, &h, &p)) == 0)
			rc = apply_hunk(out, &t, &p, h);
	}
	if (rc < 0)
		strbuf_setlen(out, before);
	else
		strbuf_add(out, t.p, (size_t)(t.end - t.p));
	return rc;
}
