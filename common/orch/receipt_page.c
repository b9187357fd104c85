/* One turn as people see it, whole: the page of `git orch show`. */
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/output.h"
#include "base/text.h"
#include "base/tokens.h"
#include "git/object.h"
#include "orch/delta_parse.h"
#include "orch/orch.h"
#include "orch/receipt.h"

#define FILES_SHOWN 12
#define COMMITS_SHOWN 12
#define WORDS_SHOWN 12		/* lines */

static void show_head(struct output *out, const struct receipt *r)
{
	char from[TIME_ISO_SIZE], to[TIME_ISO_SIZE];
	struct strbuf s = STRBUF_INIT;

	strbuf_addf(&s, "%s %s %s-%s (%s)", r->id, turn_status_name(r->status),
		    time_clock(from, r->started_ms), time_clock(to, r->ended_ms),
		    duration_human_ms(r->ended_ms - r->started_ms));
	if (r->host)
		strbuf_addf(&s, " on %s", r->host);
	if (r->has_agent) {
		strbuf_addf(&s, ", %s", agent_kind_name(r->agent));
		if (r->usage.session)
			strbuf_addf(&s, " %.8s", r->usage.session);
		if (r->usage.model)
			strbuf_addf(&s, " (%s)", r->usage.model);
		strbuf_addf(&s, " exit %d", r->exit_code);
	}
	strbuf_addf(&s, ", generation %" PRId64, r->generation);
	if (r->attempt > 1)
		strbuf_addf(&s, ", attempt %" PRId64, r->attempt);
	if (r->waited_ms >= 1000)
		strbuf_addf(&s, ", waited %s", duration_human_ms(r->waited_ms));
	output_line(out, "%s", s.buf);
	if (r->reason)
		output_line(out, "reason %s", r->reason);
	if (r->usage.error && (!r->reason || !strstr(r->reason, r->usage.error)))
		output_line(out, "agent says: %s", r->usage.error);
	strbuf_release(&s);
}

/* Why it did not end well, in the agent's own words: the end of what it said. */
static void show_words(struct output *out, struct orch *o, const struct receipt *r)
{
	struct strbuf text = STRBUF_INIT;
	unsigned line, shown = 0;

	if (r->status != TURN_OK && r->has_agent &&
	    delta_said_in_log(&text, &line, o, r) &&
	    !(r->reason && strstr(r->reason, text.buf))) {
		const char *from = text.buf + text.len;

		while (from > text.buf && shown < WORDS_SHOWN)
			if (*--from == '\n')
				shown++;
		output_line(out, "the last that it said:");
		while (*from) {
			size_t len = strcspn(from, "\n");

			if (len)
				output_line(out, "  %.*s", (int)len, from);
			from += len + (from[len] == '\n');
		}
	}
	strbuf_release(&text);
}

/* Receipts of older versions have no counts for the parts. */
static int64_t part_tokens(const struct json *part)
{
	return json_get(part, "tokens")
	       ? json_get_count(part, "tokens")
	       : tokens_of_size((uint64_t)json_get_count(part, "bytes"));
}

static void show_prompt_parts(struct output *out, const struct json *prompt)
{
	const struct json *parts = json_get(prompt, "parts"), *p;
	const char *why = json_get_string(prompt, "key_frame_because");
	int64_t fixed = 0;

	for (p = json_first(parts); p; p = json_next(p))
		if (json_get_bool(p, "static", false))
			fixed += part_tokens(p);
	if (json_get_bool(prompt, "resumed", false))
		output_line(out, "prompt %s tok, the session was resumed",
			    count_human(json_get_count(prompt, "tokens")));
	else
		output_line(out, "prompt %s tok, %s of them static%s%s",
			    count_human(json_get_count(prompt, "tokens")), count_human(fixed),
			    why ? "; new key frame: " : "", why ? why : "");
	output_table_begin(out, "lrl");
	for (p = json_first(parts); p; p = json_next(p)) {
		const char *kind = json_get_string(p, "kind");
		const char *name = json_get_string(p, "name");

		if (!kind)
			kind = "?";
		output_cell(out, "  %s%s%s", kind, name && !str_eq(name, kind) ?
			    " " : "", name && !str_eq(name, kind) ? name : "");
		output_cell(out, "%s", count_human(part_tokens(p)));
		output_cell(out, "%s", json_get_bool(p, "static", false) ?
			    "static" : "");
		output_row_end(out);
	}
	output_table_end(out);
}

/* What the layout of the prompt promised, and what the provider did. */
static void show_promise(struct output *out, const struct receipt *r)
{
	int64_t promised;

	if (!r->usage.has_tokens ||
	    json_get_int(r->prompt, "promised", &promised) < 0 || promised <= 0)
		return;
	if (r->usage.cache_read * 2 >= promised)
		output_line(out, "cache promised %s, read %s", count_human(promised),
			    count_human(r->usage.cache_read));
	else
		output_line_color(out, OUTPUT_YELLOW, "cache promised %s, read %s: the "
				  "prefix was not found in the provider's cache",
				  count_human(promised),
				  count_human(r->usage.cache_read));
}

static void show_usage(struct output *out, const struct usage *u)
{
	struct strbuf s = STRBUF_INIT;

	if (u->has_tokens)
		strbuf_addf(&s, "new %s, written %s, cached %s, out %s",
			    count_human(u->uncached), count_human(u->cache_write),
			    count_human(u->cache_read), count_human(u->output));
	else
		strbuf_addstr(&s, "not reported");
	if (u->has_cost)
		strbuf_addf(&s, ", $%.2f", u->cost_usd);
	if (u->partial)
		strbuf_addstr(&s, "; its report was cut");
	if (u->compacted)
		strbuf_addstr(&s, "; the session was compacted");
	output_line(out, "usage %s", s.buf);
	strbuf_release(&s);
}

/* A commit that is gone (gc, a shallow clone) is shown without its subject. */
static void show_commits(struct output *out, struct orch *o,
			 const struct receipt *r)
{
	struct commit_info c = COMMIT_INFO_INIT;
	size_t i;

	output_line(out, "made %zu commit%s, %" PRId64 " file%s, %" PRId64
		    " uncommitted", r->nr_commits, r->nr_commits == 1 ? "" : "s",
		    r->files_changed, r->files_changed == 1 ? "" : "s",
		    r->uncommitted);
	if (r->nr_commits > COMMITS_SHOWN)
		output_line(out, "  %zu earlier", r->nr_commits - COMMITS_SHOWN);
	i = r->nr_commits < COMMITS_SHOWN ? r->nr_commits : COMMITS_SHOWN;
	while (i-- > 0) {
		const char *subject = "(no longer here)";

		if (commit_read(o->repo, &r->commits[i], &c) == 0)
			subject = c.subject;
		output_line(out, "  %s %s", oid_short(&r->commits[i]), subject);
		commit_info_release(&c);
	}
	for (i = 0; i < r->nr_files && i < FILES_SHOWN; i++) {
		struct strbuf path = STRBUF_INIT;

		text_add_quoted_path(&path, r->files[i], strlen(r->files[i]));
		output_line(out, "  %s%s", path.buf,
			    (int64_t)i < r->files_changed ? "" : "   (uncommitted)");
		strbuf_release(&path);
	}
	if (r->nr_files > FILES_SHOWN)
		output_line(out, "  and %zu more", r->nr_files - FILES_SHOWN);
	error_clear();
}

static bool has_prompt(struct orch *o, const struct receipt *r)
{
	const char *hex = json_get_string(r->prompt, "blob");
	struct oid blob;
	bool has = hex && oid_parse(&blob, hex) == 0 && object_exists(o->repo, &blob);

	error_clear();
	return has;
}

static bool has_log(struct orch *o, const struct receipt *r)
{
	int fd = -1;

	if (!r->log || file_open_beneath(&fd, NULL, o->dir, r->log, false) < 0) {
		error_clear();
		return false;
	}
	close(fd);
	return true;
}

/* Where the rest is, as far as it is still there. */
static void show_ways(struct output *out, struct orch *o, const struct receipt *r)
{
	struct strbuf s = STRBUF_INIT;

	if (has_prompt(o, r))
		strbuf_addstr(&s, ", full text: --prompt");
	if (has_log(o, r))
		strbuf_addf(&s, ", %s: --log", r->agent == AGENT_OTHER ?
			    "what the agent said" : "the agent's raw output");
	if (r->nr_commits)
		strbuf_addstr(&s, ", its commits: --diff");
	if (s.len)
		output_line(out, "%s", s.buf + 2);
	strbuf_release(&s);
}

/* What the checks found, and what was allowed all the same. */
static void show_checks(struct output *out, const struct json *checks)
{
	const struct json *x;

	for (x = json_first(json_get(checks, "findings")); x; x = json_next(x)) {
		const char *level = json_get_string(x, "level");
		const char *rule = json_get_string(x, "rule");
		const char *path = json_get_string(x, "path");
		const char *message = json_get_string(x, "message");

		output_line(out, "check %s %s: %s%s%s", level ? level : "?", rule ? rule : "?",
			    path ? path : "", path ? ": " : "", message ? message : "");
	}
	for (x = json_first(json_get(checks, "exceptions")); x; x = json_next(x)) {
		const char *by = json_get_string(x, "by"), *rule = json_get_string(x, "rule");
		const char *reason = json_get_string(x, "reason");

		output_line(out, "check excepted %s by %s%s%s", rule ? rule : "?",
			    by ? by : "?", reason ? ": " : "", reason ? reason : "");
	}
}

void receipt_page(struct output *out, struct orch *o, const struct receipt *r)
{
	show_head(out, r);
	show_words(out, o, r);
	if (r->prompt)
		show_prompt_parts(out, r->prompt);
	else
		output_line(out, "%s", r->has_agent ? "prompt not kept" :
			    "no prompt: git-orch started no agent");
	if (r->has_agent || r->usage.has_tokens || r->usage.has_cost)
		show_usage(out, &r->usage);
	show_promise(out, r);
	show_commits(out, o, r);
	show_checks(out, r->checks);
	show_ways(out, o, r);
}
