#include "orch/delta_parse.h"

#include "base/markdown.h"
#include "base/outline.h"
#include "base/text.h"

/* --- git diff --numstat -z ----------------------------------------------- */

static int64_t count_field(const char *s)
{
	char *end;
	long long n;

	if (*s == '-')
		return -1;	/* binary */
	n = strtoll(s, &end, 10);
	return end == s || n < 0 ? -1 : n;
}

/*
 * One record is "added TAB removed TAB path NUL"; a rename has an empty path
 * and then two more names.
 */
void delta_parse_numstat(const struct strbuf *text, delta_count *each, void *data)
{
	const char *p = text->buf, *end = text->buf + text->len;

	while (p < end) {
		const char *added = p, *removed = strchr(p, '\t'), *path;

		if (!removed || !(path = strchr(++removed, '\t')))
			return;
		p = ++path;
		p += strlen(p) + 1;
		if (!*path && p < end) {	/* old name, new name */
			p += strlen(p) + 1;
			if (p >= end)
				return;
			path = p;
			p += strlen(p) + 1;
		}
		if (*path)
			each(path, count_field(added), count_field(removed), data);
	}
}

/* --- what agents say ----------------------------------------------------- */

/* The paragraph at work. Of a long one the beginning is kept. */
struct words {
	struct strbuf text;
	unsigned line;		/* of text */
	unsigned now;		/* line of the log that is being read */
	bool ended;		/* what comes next begins a paragraph */
	bool mid_line;		/* the last piece did not end in a newline */
};

static bool is_blank(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!strchr(" \t\r\v\f", s[i]) || !s[i])
			return false;
	return true;
}

static void take_text(const char *text, size_t len, bool tool, void *data)
{
	struct words *w = data;

	w->ended |= tool;
	while (!tool && len) {
		const char *nl = memchr(text, '\n', len);
		size_t n = nl ? (size_t)(nl - text) : len, room;

		if (!w->mid_line && is_blank(text, n)) {
			w->ended = true;
		} else {
			if (w->ended) {
				strbuf_reset(&w->text);
				w->line = w->now;
				w->ended = false;
			} else if (!w->mid_line) {
				strbuf_addch(&w->text, '\n');
			}
			/* A little more than is shown, so that the cut is seen. */
			room = w->text.len < 2 * DELTA_SAID_MAX ?
			       2 * DELTA_SAID_MAX - w->text.len : 0;
			strbuf_add(&w->text, text, n < room ? n : room);
			w->mid_line = !nl;
		}
		text += nl ? n + 1 : n;
		len -= nl ? n + 1 : n;
	}
	if (tool)
		w->mid_line = false;
}

/* Safe, trimmed, and not longer than DELTA_SAID_MAX. */
static bool add_said(struct strbuf *out, const char *text, size_t len)
{
	struct strbuf safe = STRBUF_INIT;
	size_t max = DELTA_SAID_MAX;

	text_add_safe(&safe, text, len, false);
	strbuf_trim(&safe);
	if (safe.len > max) {
		while (max && ((unsigned char)safe.buf[max] & 0xc0) == 0x80)
			max--;
		strbuf_setlen(&safe, max);
		strbuf_rtrim(&safe);
		strbuf_addstr(&safe, "...");
	}
	strbuf_addbuf(out, &safe);
	max = safe.len;
	strbuf_release(&safe);
	return max > 0;
}

bool delta_last_words(struct strbuf *out, unsigned *line, enum agent_kind kind,
		      const char *log, size_t len)
{
	struct words w = { .text = STRBUF_INIT, .ended = true };
	struct usage_parser *p = usage_parser_new(kind, take_text, &w);
	struct usage usage;
	bool any;

	while (len) {
		const char *nl = memchr(log, '\n', len);
		size_t n = nl ? (size_t)(nl - log) + 1 : len;

		w.now++;
		usage_parser_feed(p, log, n);
		log += n;
		len -= n;
	}
	usage_parser_finish(p, &usage);
	usage_parser_free(p);
	usage_release(&usage);
	any = add_said(out, w.text.buf, w.text.len);
	*line = w.line;
	strbuf_release(&w.text);
	return any;
}

/* --- the input document -------------------------------------------------- */

#define INPUT_LINES 400
#define INPUT_TAKEN 8		/* lines that may follow a field */

/* What stands below a line that has no value of its own: up to a blank line
 * behind some text, the next field or heading. */
static void take_below(struct strbuf *out, struct md_scan scan, bool fields_end)
{
	struct md_line l;
	struct md_field f;
	size_t taken = 0;

	while (taken < INPUT_TAKEN && md_scan_next(&scan, &l)) {
		if (l.kind == LINE_HEADING || l.kind == LINE_UNDERLINE ||
		    (l.kind == LINE_BLANK && taken))
			break;
		if (l.kind == LINE_BLANK || l.kind == LINE_FENCE)
			continue;
		if (fields_end && md_field(&f, l.text, l.len) && !f.indent &&
		    *l.text != '-' && *l.text != '*')
			break;
		if (taken++)
			strbuf_addch(out, '\n');
		strbuf_add(out, l.text, l.len);
	}
}

static bool find_said(struct strbuf *out, unsigned *line, const char *text, size_t len,
		      const char *key)
{
	struct strbuf found = STRBUF_INIT;
	struct md_scan scan;
	struct md_line l;
	struct md_field f;
	bool any = false;

	md_scan_init(&scan, text, len);
	while (!any && md_scan_next(&scan, &l) && l.number <= INPUT_LINES) {
		struct md_slice title = { l.title, l.title_len };

		strbuf_reset(&found);
		if (l.kind == LINE_HEADING && md_key_is(title, key)) {
			take_below(&found, scan, false);
		} else if ((l.kind == LINE_TEXT || l.kind == LINE_ASIDE) &&
			   md_field(&f, l.text, l.len) && md_key_is(f.key, key)) {
			strbuf_add(&found, f.value.text, f.value.len);
			if (!f.value.len)
				take_below(&found, scan, true);
		}
		*line = l.number;
		any = found.len && add_said(out, found.buf, found.len);
	}
	strbuf_release(&found);
	return any;
}

bool delta_input_says(struct strbuf *out, unsigned *line, const char *text, size_t len)
{
	return find_said(out, line, text, len, "summary|turn summary") ||
	       find_said(out, line, text, len, "do now|next step|next action|next actions");
}

/* --- patches ------------------------------------------------------------- */

static void begin_file(struct delta_patch *p)
{
	struct delta_patch_file *f;

	if (p->text.len >= DELTA_PATCH_ALL) {
		p->full = true;
		return;
	}
	ALLOC_GROW(p->v, p->nr + 1, p->alloc);
	f = &p->v[p->nr++];
	memset(f, 0, sizeof(*f));
	f->at = p->text.len;
}

/* "+++ b/path", "rename to path"...: how git calls it, whatever it looks like. */
static void take_name(struct delta_patch_file *f, const char *line)
{
	static const char *const heads[] = { "--- a/", "+++ b/", "--- \"a/", "+++ \"b/",
					     "rename to " };
	static const char git[] = "diff --git a/";
	size_t half;

	/* "diff --git a/X b/X" is all that is said of a binary file. */
	if (str_starts(line, git) && strlen(line) > strlen(git) + 3) {
		const char *x = line + strlen(git), *y;

		half = (strlen(x) - 3) / 2;
		y = x + half;
		if (strlen(x) == 2 * half + 3 && str_starts(y, " b/") &&
		    memcmp(x, y + 3, half) == 0) {
			free(f->path);
			f->path = xstrndup(x, half);
		}
		return;
	}

	for (size_t i = 0; i < ARRAY_SIZE(heads); i++) {
		const char *name = line + strlen(heads[i]);
		size_t n;

		if (!str_starts(line, heads[i]))
			continue;
		n = strlen(name);
		if (n && name[n - 1] == '\t')	/* git's mark of a name with blanks */
			n--;
		free(f->path);
		f->path = xstrfmt("%s%.*s", strchr(heads[i], '"') ? "\"" : "", (int)n,
				  name);
		return;
	}
}

static void take_line(struct delta_patch *p)
{
	struct delta_patch_file *f;

	if (str_starts(p->line.buf, "diff --git ") || !p->nr)
		begin_file(p);
	if (p->full)
		return;
	f = &p->v[p->nr - 1];
	/* In a hunk every line begins with a mark, and "--- a/" is a removed one. */
	f->in_hunk |= str_starts(p->line.buf, "@@ ");
	if (!f->in_hunk)
		take_name(f, p->line.buf);
	if (f->left || p->long_line || f->len + p->line.len + 1 > DELTA_PATCH_FILE) {
		f->left++;
		return;
	}
	strbuf_addbuf(&p->text, &p->line);
	strbuf_addch(&p->text, '\n');
	f->len = p->text.len - f->at;
}

void delta_patch_feed(struct delta_patch *p, const char *bytes, size_t len)
{
	while (len && !p->full) {
		const char *nl = memchr(bytes, '\n', len);
		size_t n = nl ? (size_t)(nl - bytes) : len;

		if (p->line.len + n > DELTA_PATCH_FILE)
			p->long_line = true;
		else if (!p->long_line)
			strbuf_add(&p->line, bytes, n);
		if (nl) {
			take_line(p);
			strbuf_reset(&p->line);
			p->long_line = false;
			n++;
		}
		bytes += n;
		len -= n;
	}
}

void delta_patch_end(struct delta_patch *p)
{
	if (p->line.len || p->long_line)
		delta_patch_feed(p, "\n", 1);
	strbuf_reset(&p->line);
}

void delta_patch_release(struct delta_patch *p)
{
	static const struct delta_patch empty = DELTA_PATCH_INIT;

	for (size_t i = 0; i < p->nr; i++)
		free(p->v[i].path);
	free(p->v);
	strbuf_release(&p->text);
	strbuf_release(&p->line);
	*p = empty;
}
