/*
 * The plain text of a title. Most have no marks, or only emphasis and code,
 * which a loop takes off; links, entities and HTML are left to cmark-gfm. It
 * never sees more than LINK_TEXT bytes and has no extensions, so that nothing
 * can make it slow or large.
 */
#include <cmark-gfm.h>

#include "base/markdown.h"
#include "base/strbuf.h"

#define LINK_TEXT 512

static bool is_space(char c)
{
	return c == ' ' || c == '\t';
}

static bool is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9');
}

/* Whether `*`, `_` or `~` at `i` can open or close something: not between
 * blanks, and an underscore not inside a word. */
static bool is_emphasis(const char *s, size_t i, size_t len)
{
	char before = i ? s[i - 1] : ' ', after = i + 1 < len ? s[i + 1] : ' ';

	if (is_space(before) && is_space(after))
		return false;
	if (s[i] == '_')
		return !(is_alnum(before) && is_alnum(after));
	if (s[i] == '~')
		return before == '~' || after == '~';
	return true;
}

static void add_folded(struct strbuf *out, size_t begin, char c)
{
	if ((unsigned char)c < 0x20 || c == 0x7f)
		c = ' ';
	if (c == ' ' && (out->len == begin || out->buf[out->len - 1] == ' '))
		return;
	strbuf_addch(out, c);
}

/* Whether md_plain() has anything to do here. */
static bool is_plain(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)s[i] < 0x20 || strchr("*_`~\\\x7f", s[i]) ||
		    (s[i] == ' ' && (!i || i + 1 == len || s[i + 1] == ' ')))
			return false;
	return true;
}

/* Emphasis and code by the rules of thumb that fit titles. */
static void add_simple(struct strbuf *out, const char *text, size_t len)
{
	size_t begin = out->len;
	bool code = false;


	for (size_t i = 0; i < len; i++) {
		char c = text[i];

		if (c == '`') {
			code = !code;
			continue;
		}
		if (!code && (c == '*' || c == '_' || c == '~') &&
		    is_emphasis(text, i, len))
			continue;
		if (!code && c == '\\' && i + 1 < len &&
		    strchr("\\`*_{}[]()#+-.!|<>~", text[i + 1]) && text[i + 1])
			c = text[++i];
		add_folded(out, begin, c);
	}
	if (out->len > begin && out->buf[out->len - 1] == ' ')
		strbuf_setlen(out, out->len - 1);
}

/* --- what needs a parser -------------------------------------------------- */

/* Links, autolinks and HTML, entities. */
static bool needs_parser(const char *s, size_t len)
{
	if (len > LINK_TEXT)
		return false;
	return memmem(s, len, "](", 2) || memmem(s, len, "][", 2) ||
	       (memchr(s, '<', len) && memchr(s, '>', len)) ||
	       (memchr(s, '&', len) && memchr(s, ';', len));
}

static void add_node(struct strbuf *out, size_t begin, cmark_node *node)
{
	const char *s;

	switch (cmark_node_get_type(node)) {
	case CMARK_NODE_TEXT:
	case CMARK_NODE_CODE:
	case CMARK_NODE_HTML_INLINE:	/* "vector<int>" is text to us */
		for (s = cmark_node_get_literal(node); s && *s; s++)
			add_folded(out, begin, *s);
		break;
	case CMARK_NODE_SOFTBREAK:
	case CMARK_NODE_LINEBREAK:
		add_folded(out, begin, ' ');
		break;
	default:
		break;
	}
}

/*
 * As a paragraph that begins with a word of ours: a title like "1. x" or "- x"
 * must not become a list.
 */
static void add_parsed(struct strbuf *out, const char *text, size_t len)
{
	cmark_parser *parser = cmark_parser_new(CMARK_OPT_DEFAULT);
	size_t begin = out->len;
	cmark_iter *iter;
	cmark_node *root;
	cmark_event_type event;

	cmark_parser_feed(parser, "x ", 2);
	cmark_parser_feed(parser, text, len);
	root = cmark_parser_finish(parser);
	iter = cmark_iter_new(root);
	while ((event = cmark_iter_next(iter)) != CMARK_EVENT_DONE)
		if (event == CMARK_EVENT_ENTER)
			add_node(out, begin, cmark_iter_get_node(iter));
	strbuf_remove(out, begin, out->len - begin < 2 ? out->len - begin : 2);
	cmark_iter_free(iter);
	cmark_node_free(root);
	cmark_parser_free(parser);
}

void md_plain(struct strbuf *out, const char *text, size_t len)
{
	if (needs_parser(text, len))
		add_parsed(out, text, len);
	else if (is_plain(text, len))
		strbuf_add(out, text, len);
	else
		add_simple(out, text, len);
}
