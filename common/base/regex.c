/*
 * Patterns from users and repositories: PCRE2 with limits.
 */
#include "base/regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/error.h"

#define PATTERN_MAX 65536
/* About a tenth of a second of work, and 20 MiB. */
#define MATCH_LIMIT 1000000
#define DEPTH_LIMIT 10000
#define HEAP_LIMIT_KIB 20480
/* A hostile pattern on each line of a hostile text would still take hours. */
#define PATIENCE 16

struct data {
	pcre2_match_data *match;
	pcre2_match_context *context;
	unsigned gave_up;	/* so many times */
};

static int out_of_memory(void)
{
	return error_set(ORCH_ERROR, "out of memory for a pattern");
}

int regex_compile(struct regex *re, const char *pattern, unsigned flags)
{
	/* \C could match half a character. */
	uint32_t options = PCRE2_NEVER_BACKSLASH_C;
	pcre2_compile_context *context;
	struct data *data;
	PCRE2_UCHAR why[256];
	PCRE2_SIZE where;
	int code;

	regex_release(re);
	if (strlen(pattern) > PATTERN_MAX)
		return error_set(ORCH_EINVALID, "pattern of more than 64 KiB");
	if (flags & REGEX_ICASE)
		options |= PCRE2_CASELESS;
	if (flags & REGEX_MULTILINE)
		options |= PCRE2_MULTILINE;
	if (flags & REGEX_ANCHORED)
		options |= PCRE2_ANCHORED;
	if (flags & REGEX_UTF)
		options |= PCRE2_UTF | PCRE2_MATCH_INVALID_UTF;
	else	/* "(*UTF)" would trust that the subject is valid */
		options |= PCRE2_NEVER_UTF;
	context = pcre2_compile_context_create(NULL);
	if (!context)
		return out_of_memory();
	pcre2_set_parens_nest_limit(context, 100);
	re->code = pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED,
				 options, &code, &where, context);
	pcre2_compile_context_free(context);
	if (!re->code) {
		if (pcre2_get_error_message(code, why, sizeof(why)) < 0)
			why[0] = '\0';
		return error_set(ORCH_EINVALID, "bad pattern '%.200s': %s at "
				 "character %zu", pattern, (const char *)why,
				 where + 1);
	}
	re->data = data = xcalloc(1, sizeof(*data));
	data->match = pcre2_match_data_create(REGEX_GROUPS, NULL);
	data->context = pcre2_match_context_create(NULL);
	if (!data->match || !data->context) {
		regex_release(re);
		return out_of_memory();
	}
	pcre2_set_match_limit(data->context, MATCH_LIMIT);
	pcre2_set_depth_limit(data->context, DEPTH_LIMIT);
	pcre2_set_heap_limit(data->context, HEAP_LIMIT_KIB);
	return 0;
}

int regex_find(const struct regex *re, const char *text, size_t len,
	       size_t from, struct regex_match *m)
{
	struct data *data = re->data;
	const PCRE2_SIZE *ends;
	PCRE2_UCHAR why[256];
	size_t i;
	int n;

	if (!re->code)
		BUG("regex_find: no pattern");
	if (from > len)
		return 0;
	if (data->gave_up >= PATIENCE)
		return error_set(ORCH_EINVALID, "pattern gave up too often");
	n = pcre2_match(re->code, (PCRE2_SPTR)text, len, from, 0, data->match,
			data->context);
	if (n == PCRE2_ERROR_NOMATCH)
		return 0;
	if (n < 0) {
		data->gave_up++;
		if (pcre2_get_error_message(n, why, sizeof(why)) < 0)
			why[0] = '\0';
		return error_set(ORCH_EINVALID, "pattern gave up: %s",
				 (const char *)why);
	}
	if (!m)
		return 1;
	/* 0: it has more groups than we keep, and all of ours are filled. */
	m->count = n ? (size_t)n : REGEX_GROUPS;
	ends = pcre2_get_ovector_pointer(data->match);
	for (i = 0; i < REGEX_GROUPS; i++) {
		bool set = i < m->count && ends[2 * i] != PCRE2_UNSET;

		m->begin[i] = set ? ends[2 * i] : SIZE_MAX;
		m->end[i] = set ? ends[2 * i + 1] : SIZE_MAX;
	}
	/* \K in a look-ahead can put the begin behind the end. */
	if (m->begin[0] > m->end[0])
		m->begin[0] = m->end[0];
	return 1;
}

void regex_release(struct regex *re)
{
	struct data *data = re->data;

	if (data) {
		pcre2_match_data_free(data->match);
		pcre2_match_context_free(data->context);
		free(data);
	}
	pcre2_code_free(re->code);
	re->code = re->data = NULL;
}
