/*
 * Reading prompts without understanding them.
 */
#include <ctype.h>
#include "orch/promptscan.h"
#include "base/file.h"

/* What can stand in a bare path. Bytes above 127 belong to UTF-8 names. */
static bool is_path_byte(unsigned char c)
{
	return isalnum(c) || c == '.' || c == '_' || c == '-' || c == '/' ||
	       c >= 0x80;
}

static bool has_text_suffix(const char *s, size_t len)
{
	static const char *const suffix[] = { ".md", ".txt", ".rst", ".yaml", ".yml" };

	for (size_t i = 0; i < ARRAY_SIZE(suffix); i++) {
		size_t n = strlen(suffix[i]);

		if (len > n && memcmp(s + len - n, suffix[i], n) == 0)
			return true;
	}
	return false;
}

static void add_path(struct strvec *out, const char *s, size_t len,
		     const char *dir)
{
	bool here = false;
	char *path;

	while (len && s[len - 1] == '.')	/* the end of a sentence */
		len--;
	if (len > 1000 || !has_text_suffix(s, len) || s[0] == '/' ||
	    out->nr >= PROMPTSCAN_PATHS)
		return;
	if (len > 2 && memcmp(s, "./", 2) == 0) {
		s += 2;
		len -= 2;
		here = true;
	} else if (*dir && len > 3 && memcmp(s, "../", 3) == 0) {
		s += 3;
		len -= 3;
	}
	path = here ? xstrfmt("%s%.*s", dir, (int)len, s) : xstrndup(s, len);
	if (path_is_safe(path) && !strvec_has(out, path))
		strvec_take(out, path);
	else
		free(path);
	/* "./x" in a prompt means the top more often than the prompt's place. */
	if (here && *dir) {
		path = xstrndup(s, len);
		if (path_is_safe(path) && !strvec_has(out, path))
			strvec_take(out, path);
		else
			free(path);
	}
}

void promptscan_paths(struct strvec *out, const char *text, size_t len,
		      const char *dir)
{
	size_t i = 0;

	while (i < len) {
		size_t start = i;

		if (text[i] == '`') {	/* a quoted name may contain anything */
			size_t end = i + 1;

			while (end < len && text[end] != '`' &&
			       (unsigned char)text[end] >= 0x20 && end - i < 300)
				end++;
			if (end < len && text[end] == '`' && text[i + 1] != ' ')
				add_path(out, text + i + 1, end - i - 1, dir);
			i++;
			continue;
		}
		while (i < len && is_path_byte((unsigned char)text[i]))
			i++;
		if (i == start) {
			i++;
			continue;
		}
		/* "<slug>/x.md" and "{id}/x.md" are patterns, not files. */
		if (start && (text[start - 1] == '>' || text[start - 1] == '}' ||
			      text[start - 1] == '*'))
			continue;
		add_path(out, text + start, i - start, dir);
	}
}

/* The word at `s` without regard to case, with no word character around it. */
static const char *find_word(const char *line, size_t len, const char *word)
{
	size_t n = strlen(word);

	for (size_t i = 0; i + n <= len; i++) {
		size_t k = 0;

		while (k < n && tolower((unsigned char)line[i + k]) == word[k])
			k++;
		if (k == n && (!i || !isalnum((unsigned char)line[i - 1])) &&
		    (i + n == len || !isalnum((unsigned char)line[i + n])))
			return line + i;
	}
	return NULL;
}

static bool is_forbidden(const char *line, const char *at)
{
	static const char *const no[] = { "not", "never", "don't", "no", "without", "avoid" };

	for (size_t i = 0; i < ARRAY_SIZE(no); i++)
		if (find_word(line, (size_t)(at - line), no[i]))
			return true;
	return false;
}

static void scan_line(int nr, const char *line, size_t len,
		      promptscan_hint *hint, void *data)
{
	static const char *const verb[] = { "pull", "push" };
	static const char *const what[] = { "pulls", "pushes" };
	const char *git = find_word(line, len, "git"), *at;

	if (!git || is_forbidden(line, git))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(verb); i++) {
		size_t rest = len - (size_t)(git - line);

		/* "git -C x pull" counts, a far away "push" does not; one
		 * word behind "git" must be the verb in all but options. */
		at = find_word(git, rest < 60 ? rest : 60, verb[i]);
		if (at && !is_forbidden(line, at))
			hint(nr, what[i], data);
	}
}

void promptscan_network(const char *text, size_t len, promptscan_hint *hint,
			void *data)
{
	int nr = 0;

	for (size_t i = 0; i < len; nr++) {
		const char *nl = memchr(text + i, '\n', len - i);
		size_t n = nl ? (size_t)(nl - text) - i : len - i;

		/* Lines of tens of KB are data, not instructions. */
		scan_line(nr + 1, text + i, n < 4096 ? n : 4096, hint, data);
		i += n + 1;
	}
}
