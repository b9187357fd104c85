/*
 * What single lines say about an item: status, priority, owner, files.
 */
#include "orch/plan_internal.h"

#include "orch/ledgerid.h"

#define VALUE_MAX 400	/* bytes of a field that are kept */
#define TITLE_MAX 400

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '_';
}

static struct md_slice slice(const char *s, size_t len)
{
	return (struct md_slice){ s, len };
}

const struct regex *plan_item_pattern(const struct plan_builder *b)
{
	return b->patterns->item.code ? &b->patterns->item : NULL;
}

/* Cut at a limit, but not within a UTF-8 sequence. */
static size_t cut(const char *text, size_t len, size_t max)
{
	if (len <= max)
		return len;
	while (max && ((unsigned char)text[max] & 0xc0) == 0x80)
		max--;
	return max;
}

const char *plan_plain(struct plan_builder *b, const char *text, size_t len)
{
	strbuf_reset(&b->plain);
	md_plain(&b->plain, text, cut(text, len, TITLE_MAX));
	return arena_strn(&b->p->memory, b->plain.buf, b->plain.len);
}

/* --- status -------------------------------------------------------------- */

/* What a status text may begin with, as whole words. */
static const struct {
	enum plan_state state;
	const char *word;
} states[] = {
	{ PLAN_PLANNED, "not started" }, { PLAN_PLANNED, "not done" },
	{ PLAN_PLANNED, "not yet" }, { PLAN_PLANNED, "incomplete" },
	{ PLAN_PLANNED, "planned" }, { PLAN_PLANNED, "pending" },
	{ PLAN_PLANNED, "open" }, { PLAN_PLANNED, "todo" }, { PLAN_PLANNED, "to do" },
	{ PLAN_PLANNED, "new" }, { PLAN_PLANNED, "proposed" },
	{ PLAN_PLANNED, "ready" }, { PLAN_PLANNED, "backlog" },
	{ PLAN_PLANNED, "queued" }, { PLAN_PLANNED, "draft" },
	{ PLAN_PLANNED, "reopened" }, { PLAN_PLANNED, "unstarted" },
	{ PLAN_ACTIVE, "in progress" }, { PLAN_ACTIVE, "inprogress" },
	{ PLAN_ACTIVE, "in review" }, { PLAN_ACTIVE, "partially" },
	{ PLAN_ACTIVE, "partial" }, { PLAN_ACTIVE, "active" },
	{ PLAN_ACTIVE, "started" }, { PLAN_ACTIVE, "wip" }, { PLAN_ACTIVE, "ongoing" },
	{ PLAN_ACTIVE, "doing" }, { PLAN_ACTIVE, "working" },
	{ PLAN_ACTIVE, "review" }, { PLAN_ACTIVE, "testing" },
	{ PLAN_ACTIVE, "current" },
	{ PLAN_BLOCKED, "blocked" }, { PLAN_BLOCKED, "on hold" },
	{ PLAN_BLOCKED, "onhold" }, { PLAN_BLOCKED, "waiting" },
	{ PLAN_BLOCKED, "paused" }, { PLAN_BLOCKED, "deferred" },
	{ PLAN_BLOCKED, "stalled" }, { PLAN_BLOCKED, "parked" },
	{ PLAN_CANCELLED, "cancelled" }, { PLAN_CANCELLED, "canceled" },
	{ PLAN_CANCELLED, "wontfix" }, { PLAN_CANCELLED, "won't fix" },
	{ PLAN_CANCELLED, "wont fix" }, { PLAN_CANCELLED, "dropped" },
	{ PLAN_CANCELLED, "superseded" }, { PLAN_CANCELLED, "obsolete" },
	{ PLAN_CANCELLED, "abandoned" }, { PLAN_CANCELLED, "rejected" },
	{ PLAN_CANCELLED, "duplicate" },
	{ PLAN_DONE, "done" }, { PLAN_DONE, "completed" }, { PLAN_DONE, "complete" },
	{ PLAN_DONE, "closed" }, { PLAN_DONE, "resolved" }, { PLAN_DONE, "finished" },
	{ PLAN_DONE, "shipped" }, { PLAN_DONE, "merged" }, { PLAN_DONE, "fixed" },
	{ PLAN_DONE, "success" }, { PLAN_DONE, "verified" }, { PLAN_DONE, "archived" },
	{ PLAN_DONE, "implemented" }, { PLAN_DONE, "passed" },
};
static const struct {
	enum plan_state state;
	const char *text;
} symbols[] = {
	{ PLAN_DONE, "\xe2\x9c\x85" }, { PLAN_DONE, "\xe2\x9c\x94" },
	{ PLAN_DONE, "\xe2\x9c\x93" }, { PLAN_DONE, "\xe2\x98\x91" },
	{ PLAN_DONE, "[x]" }, { PLAN_DONE, "[X]" }, { PLAN_PLANNED, "[ ]" },
	{ PLAN_ACTIVE, "[~]" }, { PLAN_ACTIVE, "[-]" }, { PLAN_ACTIVE, "[/]" },
	{ PLAN_ACTIVE, "[P]" }, { PLAN_BLOCKED, "[!]" },
	{ PLAN_PLANNED, "\xe2\x98\x90" }, { PLAN_PLANNED, "\xe2\xac\x9c" },
	{ PLAN_ACTIVE, "\xf0\x9f\x9a\xa7" }, { PLAN_ACTIVE, "\xf0\x9f\x94\x84" },
	{ PLAN_ACTIVE, "\xe2\x8f\xb3" }, { PLAN_BLOCKED, "\xe2\x9b\x94" },
	{ PLAN_BLOCKED, "\xf0\x9f\x9a\xab" }, { PLAN_CANCELLED, "\xe2\x9d\x8c" },
};

static char fold(char c)
{
	if (c == '_' || c == '-' || c == '\t')
		return ' ';
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Whether `s` begins with words[0..n), as whole words. */
static bool begins_with(struct md_slice s, const char *words, size_t n)
{
	if (s.len < n || fold(s.text[0]) != words[0])
		return false;
	for (size_t i = 1; i < n; i++)
		if (fold(s.text[i]) != words[i])
			return false;
	return n == s.len || !is_word(s.text[n]);
}

/* ... with one of a list "a|b|c" that ends at `end`. */
static bool begins_with_any(struct md_slice s, const char *list, const char *end)
{
	while (list < end) {
		const char *bar = memchr(list, '|', (size_t)(end - list));
		size_t n = (size_t)((bar ? bar : end) - list);

		if (n && s.len && begins_with(s, list, n))
			return true;
		list += n + 1;
	}
	return false;
}

static enum plan_state state_of_symbol(struct md_slice s)
{
	if (!s.len || is_word(s.text[0]))
		return PLAN_UNKNOWN;
	for (size_t i = 0; i < ARRAY_SIZE(symbols); i++) {
		size_t n = strlen(symbols[i].text);

		if (s.len >= n && memcmp(s.text, symbols[i].text, n) == 0)
			return symbols[i].state;
	}
	return PLAN_UNKNOWN;
}

/* Symbols and marks before the first word. */
static struct md_slice skip_decoration(struct md_slice s)
{
	while (s.len && !is_word(s.text[0])) {
		s.text++;
		s.len--;
	}
	return s;
}

static bool matches(const struct regex *re, struct md_slice s)
{
	/* A pattern that hits its limit does not match. */
	return re->code && regex_find(re, s.text, s.len, 0, NULL) == 1;
}

enum plan_state plan_state_of(const struct plan_builder *b, struct md_slice text)
{
	const struct plan_patterns *own = b->patterns;
	struct md_slice s = md_trim(text), words;
	enum plan_state symbol;

	s.len = cut(s.text, s.len, VALUE_MAX);
	while (s.len && (s.text[0] == '*' || s.text[0] == '_' || s.text[0] == '`')) {
		s.text++;
		s.len--;
	}
	if (matches(&own->done, s))
		return PLAN_DONE;
	if (matches(&own->active, s))
		return PLAN_ACTIVE;
	if (matches(&own->blocked, s))
		return PLAN_BLOCKED;
	symbol = state_of_symbol(s);
	words = s.len >= 3 && s.text[0] == '[' && s.text[2] == ']' ?
		slice(s.text + 3, s.len - 3) : s;
	words = skip_decoration(words);
	for (size_t i = 0; i < ARRAY_SIZE(states); i++)
		if (words.len && begins_with(words, states[i].word,
					     strlen(states[i].word)))
			return states[i].state;
	return symbol;
}

const char *plan_state_name(enum plan_state s)
{
	static const char *const names[] = {
		[PLAN_UNKNOWN] = NULL, [PLAN_PLANNED] = "planned",
		[PLAN_ACTIVE] = "in_progress", [PLAN_BLOCKED] = "blocked",
		[PLAN_CANCELLED] = "cancelled", [PLAN_DONE] = "done",
	};

	return names[s];
}

/* The same few words again and again: a copy of each is enough. */
static const char *intern(struct plan_builder *b, const char *s, size_t len)
{
	const char **slot;

	for (size_t i = 0; i < ARRAY_SIZE(b->recent); i++)
		if (b->recent[i] && strncmp(b->recent[i], s, len) == 0 &&
		    !b->recent[i][len])
			return b->recent[i];
	slot = &b->recent[b->next_recent++ % ARRAY_SIZE(b->recent)];
	*slot = arena_strn(&b->p->memory, s, len);
	return *slot;
}

static const char *value(struct plan_builder *b, struct md_slice s)
{
	strbuf_reset(&b->plain);
	md_plain(&b->plain, s.text, cut(s.text, s.len, VALUE_MAX));
	return b->plain.len ? intern(b, b->plain.buf, b->plain.len) : NULL;
}

void plan_set_status(struct plan_builder *b, struct plan_item *i,
		     struct md_slice text)
{
	const char *written = value(b, text);

	if (i->status_text || !written)
		return;
	i->status_text = written;
	i->state = (uint8_t)plan_state_of(b, text);
	i->status = plan_state_name((enum plan_state)i->state);
	if (!i->status)
		i->status = written;
}

/* --- priority ------------------------------------------------------------ */

static const char priorities[] =
	"critical|urgent|highest|blocker|p0 high|major|important|p1 "
	"medium|med|moderate|normal|p2 low|minor|p3 lowest|trivial|p4";

int plan_rank_of(const struct plan_builder *b, const char *priority)
{
	const char *list = b->patterns->priority ? b->patterns->priority : priorities;
	struct md_slice s = skip_decoration(slice(priority, strlen(priority)));
	int rank = 0, n = 0;
	size_t i;

	for (; *list; rank += 10) {
		const char *end = strchrnul(list, ' ');

		if (begins_with_any(s, list, end))
			return rank;
		list = *end ? end + 1 : end;
	}
	for (i = 0; i < s.len && i < 2 && s.text[i] >= '0' && s.text[i] <= '9'; i++)
		n = n * 10 + (s.text[i] - '0');
	if (i && (i == s.len || !is_word(s.text[i])))
		return n * 10;
	/* P5 and the like */
	if (s.len >= 2 && fold(s.text[0]) == 'p' && s.text[1] >= '0' && s.text[1] <= '9')
		return (s.text[1] - '0') * 10;
	return PLAN_NO_PRIORITY;
}

void plan_set_priority(struct plan_builder *b, struct plan_item *i,
		       struct md_slice text)
{
	if (i->priority)
		return;
	i->priority = value(b, text);
	if (i->priority)
		i->rank = plan_rank_of(b, i->priority);
}

/* --- fields -------------------------------------------------------------- */

/* "ralph / 2025-10-15", "ralph (2025-10-15)": who, not when. */
static struct md_slice without_date(struct md_slice s)
{
	for (size_t i = 0; i < s.len; i++) {
		size_t j = i;

		while (j && strchr(" /,(|", s.text[j - 1]) && s.text[j - 1])
			j--;
		if (j < i && ledger_stamp(s.text + i, s.len - i))
			return md_trim(slice(s.text, j));
	}
	return s;
}

/* "Status: done | Priority: high": where the next field begins, or SIZE_MAX. */
static size_t next_field(struct md_slice s)
{
	static const char *const separators[] = { " | ", " \xc2\xb7 ", "; **", ", **" };
	struct md_field f;

	/* Few values have any of them. */
	if (!memchr(s.text, ':', s.len))
		return SIZE_MAX;
	for (size_t k = 0; k < ARRAY_SIZE(separators); k++) {
		size_t n = strlen(separators[k]);
		const char *at = memmem(s.text, s.len, separators[k], n);

		if (at && separators[k][n - 1] == '*')
			n -= 2;
		if (at && md_field(&f, at + n, (size_t)(s.text + s.len - at) - n))
			return (size_t)(at - s.text);
	}
	return SIZE_MAX;
}

enum meaning {
	MEANS_STATUS, MEANS_PRIORITY, MEANS_OWNER, MEANS_COMPONENT, MEANS_DEPENDS,
	MEANS_ATTEMPTS, MEANS_TITLE
};
/* Sorted. */
static const struct field_name {
	const char *name;
	enum meaning meaning;
} field_names[] = {
	{ "after", MEANS_DEPENDS }, { "agent", MEANS_OWNER },
	{ "area", MEANS_COMPONENT }, { "assigned", MEANS_OWNER },
	{ "assigned to", MEANS_OWNER }, { "assignee", MEANS_OWNER },
	{ "attempt history", MEANS_ATTEMPTS }, { "attempt log", MEANS_ATTEMPTS },
	{ "attempts", MEANS_ATTEMPTS }, { "attempts history", MEANS_ATTEMPTS },
	{ "blocked by", MEANS_DEPENDS }, { "blocked on", MEANS_DEPENDS },
	{ "component", MEANS_COMPONENT }, { "current status", MEANS_STATUS },
	{ "dependencies", MEANS_DEPENDS }, { "dependency", MEANS_DEPENDS },
	{ "depends", MEANS_DEPENDS }, { "depends on", MEANS_DEPENDS },
	{ "deps", MEANS_DEPENDS }, { "history", MEANS_ATTEMPTS },
	{ "module", MEANS_COMPONENT }, { "name", MEANS_TITLE },
	{ "needs", MEANS_DEPENDS }, { "owner", MEANS_OWNER },
	{ "owner/date", MEANS_OWNER }, { "owners", MEANS_OWNER },
	{ "package", MEANS_COMPONENT }, { "prereqs", MEANS_DEPENDS },
	{ "prerequisite", MEANS_DEPENDS }, { "prerequisites", MEANS_DEPENDS },
	{ "prio", MEANS_PRIORITY }, { "priority", MEANS_PRIORITY },
	{ "requires", MEANS_DEPENDS }, { "responsible", MEANS_OWNER },
	{ "severity", MEANS_PRIORITY }, { "state", MEANS_STATUS },
	{ "status", MEANS_STATUS }, { "subsystem", MEANS_COMPONENT },
	{ "title", MEANS_TITLE }, { "waiting for", MEANS_DEPENDS },
	{ "waiting on", MEANS_DEPENDS }, { "waits for", MEANS_DEPENDS },
};

static int compare_names(const void *key, const void *entry)
{
	return strcmp(key, ((const struct field_name *)entry)->name);
}

static enum plan_field_kind take_one(struct plan_builder *b, uint32_t index,
				     struct md_slice key, struct md_slice v,
				     unsigned line)
{
	struct plan_item *i = &b->p->v[index];
	const struct field_name *name = NULL;
	char k[MD_KEY_SIZE];

	if (md_key(k, key))
		name = bsearch(k, field_names, ARRAY_SIZE(field_names),
			       sizeof(*field_names), compare_names);
	if (!name)
		return PLAN_FIELD_OTHER;
	switch (name->meaning) {
	case MEANS_STATUS:
		plan_set_status(b, i, v);
		break;
	case MEANS_PRIORITY:
		plan_set_priority(b, i, v);
		break;
	case MEANS_OWNER:
		if (!i->owner)
			i->owner = value(b, without_date(v));
		break;
	case MEANS_COMPONENT:
		if (!i->component)
			i->component = value(b, v);
		break;
	case MEANS_TITLE:
		if (!*i->title)
			i->title = plan_plain(b, v.text, v.len);
		break;
	case MEANS_DEPENDS:
		plan_depends_value(b, index, v, line);
		return PLAN_FIELD_DEPENDS;
	case MEANS_ATTEMPTS:
		return PLAN_FIELD_ATTEMPTS;
	}
	return PLAN_FIELD_PLAIN;
}

enum plan_field_kind plan_take_field(struct plan_builder *b, uint32_t index,
				     const struct md_field *f, unsigned line)
{
	struct md_field now = *f, next;
	enum plan_field_kind kind, first = PLAN_FIELD_OTHER;

	/* A line of many fields is no reason to go on for ever. */
	for (int n = 0; n < 8; n++) {
		size_t at = now.value.len < 4096 ? next_field(now.value) : SIZE_MAX;
		struct md_slice v = now.value;

		if (at != SIZE_MAX)
			v = md_trim(slice(v.text, at));
		kind = take_one(b, index, now.key, v, line);
		if (!n)
			first = kind;
		if (at == SIZE_MAX || kind == PLAN_FIELD_OTHER)
			break;
		while (at < now.value.len && !is_word(now.value.text[at]))
			at++;
		if (!md_field(&next, now.value.text + at, now.value.len - at))
			break;
		now = next;
	}
	return first;
}

/* --- attempts ------------------------------------------------------------ */

static bool begins_with_list(struct md_slice s, const char *list)
{
	return begins_with_any(s, list, list + strlen(list));
}

void plan_attempt_result(struct plan_builder *b, struct plan_attempt *a,
			 struct md_slice text)
{
	static const char words[] =
		"partial|blocked|passed|complete|completed|done|shipped|planned|"
		"aborted|reverted|noop|skipped";
	struct md_slice s = skip_decoration(text), word = s;
	enum plan_state symbol = state_of_symbol(md_trim(text));
	size_t i;

	for (i = 0; i < s.len && (is_word(s.text[i]) || s.text[i] == '-'); i++)
		;
	word.len = i;
	if (begins_with_list(s, "success|successful|succeeded")) {
		a->result = "success";
	} else if (begins_with_list(s, "failed|failure|fail")) {
		a->result = "failed";
	} else if (begins_with_list(s, words)) {
		a->result = plan_plain(b, word.text, word.len);
	} else if (symbol == PLAN_DONE) {
		a->result = "success";
	} else if (symbol == PLAN_CANCELLED) {
		a->result = "failed";
	} else {
		for (i = 0; i < s.len && i < 60 && s.text[i] != '(' &&
			    s.text[i] != ';' && s.text[i] != '.'; i++)
			;
		s.len = i;
		s = md_trim(s);
		a->result = plan_plain(b, s.text, s.len);
	}
}
