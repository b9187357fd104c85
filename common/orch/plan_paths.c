/*
 * The files that an item works on: paths in its section.
 */
#include "orch/plan_internal.h"

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '_';
}

static struct md_slice slice(const char *s, size_t len)
{
	return (struct md_slice){ s, len };
}

static bool is_path_char(char c)
{
	return is_word(c) || c == '.' || c == '-' || c == '/' || c == '+' ||
	       c == '@';
}

/* Names without a slash are files only with an ending that says so. */
static bool known_ending(const char *dot, size_t len)
{
	static const char list[] =
		"|c|h|cc|cpp|cxx|hpp|py|pyi|js|jsx|ts|tsx|go|rs|java|kt|rb|pl|pm|"
		"sh|bash|bats|mk|md|rst|txt|toml|yaml|yml|json|ini|cfg|conf|html|"
		"css|scss|sql|ipynb|lua|swift|m|r|jl|hs|ml|ex|exs|erl|php|cs|";
	char key[12];

	if (len < 2 || len > 9)
		return false;
	key[0] = '|';
	for (size_t i = 1; i < len; i++)
		key[i] = (char)(dot[i] | 0x20);	/* lower case, as far as letters go */
	key[len] = '|';
	key[len + 1] = '\0';
	return strstr(list, key);
}

/* "src/x.c": a last part with an ending of letters and digits. */
static bool is_file(struct md_slice s, bool quoted)
{
	/* Never NULL: gcc, asked for its sanitizer, cannot see that and refuses it. */
	const char *slash = s.text ? memrchr(s.text, '/', s.len) : NULL;
	const char *name = slash ? slash + 1 : s.text;
	const char *dot = name ? memrchr(name, '.', (size_t)(s.text + s.len - name)) : NULL;
	size_t ending;

	if (!dot || s.len > 200 || s.text[0] == '/' || memmem(s.text, s.len, "//", 2) ||
	    memmem(s.text, s.len, "..", 2))
		return false;
	ending = (size_t)(s.text + s.len - dot);
	if (ending < 2 || ending > 9)
		return false;
	for (size_t i = 1; i < ending; i++)
		if (!is_word(dot[i]))
			return false;
	/* "a.b.c" in backticks is rather code. */
	if (!slash)
		return quoted && dot > name && known_ending(dot, ending) &&
		       (ending > 2 || !memchr(name, '.', (size_t)(dot - name)));
	/* "1.2/3.4" is no file. */
	for (size_t i = 1; i < ending; i++)
		if (dot[i] > '9')
			return true;
	return false;
}

/* What agents leave as evidence is not what the item works on. */
static bool is_evidence(struct md_slice s)
{
	return (s.len >= 8 && (memcmp(s.text, "reports/", 8) == 0 ||
			       memmem(s.text, s.len, "/reports/", 9))) ||
	       (s.len >= 13 && memcmp(s.text, "plans/active/", 13) == 0);
}

static void add_file(struct plan_builder *b, uint32_t index, struct md_slice s)
{
	struct plan_links *l = &b->drafts[index].files;

	if (l->nr >= PLAN_ITEM_FILES || is_evidence(s))
		return;
	for (const struct plan_link *x = l->first; x; x = x->next)
		if (strlen(x->text) == s.len && memcmp(x->text, s.text, s.len) == 0)
			return;
	plan_link_add(b, l, arena_strn(&b->p->memory, s.text, s.len), 0);
}

void plan_find_paths(struct plan_builder *b, uint32_t index, const char *line,
		     size_t len)
{
	const struct plan_links *l = &b->drafts[index].files;
	const char *end = line + len, *from, *to, *dot = line;

	/* Every file has a dot in its name, few words have one. */
	while (l->nr < PLAN_ITEM_FILES && dot < end &&
	       (dot = memchr(dot, '.', (size_t)(end - dot)))) {
		for (from = dot; from > line && is_path_char(from[-1]); from--)
			;
		for (to = dot; to < end && is_path_char(*to); to++)
			;
		dot = to;
		/* A URL, a home, a variable. */
		if (from > line && strchr("~$:\\{<*", from[-1]) && from[-1])
			continue;
		while (to > from && !is_word(to[-1]))
			to--;
		if (to - from >= 2 && from[0] == '.' && from[1] == '/')
			from += 2;
		if (to > from && is_file(slice(from, (size_t)(to - from)),
					 from > line && from[-1] == '`'))
			add_file(b, index, slice(from, (size_t)(to - from)));
	}
}
