/*
 * git-orch-show - one turn whole: what it was told, what it said, what it did
 */
#include <fcntl.h>

#include "base/command.h"
#include "base/file.h"
#include "base/output.h"
#include "base/text.h"
#include "base/tokens.h"
#include "git/gitproc.h"
#include "git/object.h"
#include "orch/orch.h"
#include "orch/receipt.h"

#define PROMPT_MAX (256u * 1024 * 1024)
#define CHUNK (64u * 1024)
#define FILES_SHOWN 12
#define COMMITS_SHOWN 12
#define EMPTY_TREE "4b825dc642cb6eb9a060e54bf8d69288fbee4904"

static bool want_prompt, want_log, want_diff;

static const char *const usage[] = {
	"git orch show [<id>] [--json]",
	"git orch show [<id>] (--prompt | --log | --diff)",
	NULL
};
static const struct opt opts[] = {
	OPT_FLAG(0, "prompt", &want_prompt, "the prompt, byte for byte"),
	OPT_FLAG(0, "log", &want_log, "what the agent printed"),
	OPT_FLAG(0, "diff", &want_diff, "what its commits changed"),
	OPT_LOOP,
	OPT_END
};

/* --- the page ------------------------------------------------------------ */

static void show_head(struct output *out, const struct receipt *r)
{
	char from[TIME_ISO_SIZE], to[TIME_ISO_SIZE];
	struct strbuf s = STRBUF_INIT;

	strbuf_addf(&s, "%s %s %s-%s (%s)", r->id, turn_status_name(r->status),
		    time_clock(from, r->started_ms), time_clock(to, r->ended_ms),
		    duration_human((r->ended_ms - r->started_ms) / 1000));
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
		strbuf_addf(&s, ", waited %s", duration_human(r->waited_ms / 1000));
	output_line(out, "%s", s.buf);
	if (r->reason)
		output_line(out, "reason %s", r->reason);
	if (r->usage.error && (!r->reason || !strstr(r->reason, r->usage.error)))
		output_line(out, "agent says: %s", r->usage.error);
	strbuf_release(&s);
}

static int64_t bytes_of(const struct json *object, const char *key)
{
	int64_t n;

	return json_get_int(object, key, &n) < 0 || n < 0 ? 0 : n;
}

static void show_prompt_parts(struct output *out, const struct json *prompt)
{
	const struct json *p;

	if (!prompt) {
		output_line(out, "prompt not kept");
		return;
	}
	output_line(out, "prompt %s tok, %s of them static",
		    count_human(bytes_of(prompt, "tokens")),
		    count_human(tokens_of_size((uint64_t)bytes_of(prompt,
								  "static_bytes"))));
	output_table_begin(out, "lrl");
	for (p = json_first(json_get(prompt, "parts")); p; p = json_next(p)) {
		const char *kind = json_get_string(p, "kind");
		const char *name = json_get_string(p, "name");

		if (!kind)
			kind = "?";
		output_cell(out, "  %s%s%s", kind, name && !str_eq(name, kind) ?
			    " " : "", name && !str_eq(name, kind) ? name : "");
		output_cell(out, "%s", count_human(tokens_of_size(
				    (uint64_t)bytes_of(p, "bytes"))));
		output_cell(out, "%s", json_get_bool(p, "static", false) ?
			    "static" : "");
		output_row_end(out);
	}
	output_table_end(out);
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
		output_line(out, "  %s", path.buf);
		strbuf_release(&path);
	}
	if (r->nr_files > FILES_SHOWN)
		output_line(out, "  and %zu more", r->nr_files - FILES_SHOWN);
	error_clear();
}

static int show_page(struct orch *o, const struct receipt *r)
{
	struct output out;

	output_open(&out);
	receipt_to_json(output_json(&out), r);
	show_head(&out, r);
	show_prompt_parts(&out, r->prompt);
	show_usage(&out, &r->usage);
	show_commits(&out, o, r);
	output_line(&out, "full text: --prompt, what the agent said: --log, "
		    "its commits: --diff");
	return output_close(&out);
}

/* --- its parts ----------------------------------------------------------- */

static int show_prompt(struct orch *o, const struct receipt *r)
{
	const char *hex = json_get_string(r->prompt, "blob");
	struct strbuf text = STRBUF_INIT;
	struct output out;
	struct oid blob;
	int rc;

	if (!hex || oid_parse(&blob, hex) < 0)
		return error_set(ORCH_ENO, "%s has no prompt", r->id);
	rc = blob_read(o->repo, &blob, PROMPT_MAX, &text);
	if (rc == ORCH_ENOTFOUND)
		rc = error_set(ORCH_ENO, "the prompt of %s is no longer kept "
			       "(orch.keepTurns)", r->id);
	if (rc == 0) {
		output_open(&out);
		output_raw(&out, text.buf, text.len);
		rc = output_close(&out);
	}
	strbuf_release(&text);
	return rc;
}

/* The bytes as they are; a terminal gets them without escapes, by line. */
static int copy_log(int fd)
{
	struct strbuf raw = STRBUF_INIT, safe = STRBUF_INIT;
	bool terminal = isatty(1);
	char *block = xmalloc(CHUNK);
	int rc = 0;
	ssize_t n;

	while ((n = read(fd, block, CHUNK)) != 0) {
		const char *nl;
		size_t len;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			rc = error_sys("cannot read the log");
			break;
		}
		if (!terminal) {
			fwrite(block, 1, (size_t)n, stdout);
			continue;
		}
		strbuf_add(&raw, block, (size_t)n);
		nl = memrchr(raw.buf, '\n', raw.len);
		len = nl ? (size_t)(nl - raw.buf) + 1 : raw.len < 16 * CHUNK ? 0 : raw.len;
		strbuf_reset(&safe);
		text_add_safe(&safe, raw.buf, len, false);
		fwrite(safe.buf, 1, safe.len, stdout);
		strbuf_remove(&raw, 0, len);
	}
	strbuf_reset(&safe);
	text_add_safe(&safe, raw.buf, raw.len, false);
	fwrite(safe.buf, 1, safe.len, stdout);
	strbuf_release(&raw);
	strbuf_release(&safe);
	free(block);
	return rc;
}

static int show_log(struct orch *o, const struct receipt *r)
{
	int fd, rc;

	if (!r->log)
		return error_set(ORCH_ENO, "%s has no log", r->id);
	rc = file_open_beneath(&fd, NULL, o->dir, r->log, false);
	if (rc == ORCH_ENOTFOUND)
		return error_set(ORCH_ENO, "the log of %s is no longer kept "
				 "(orch.keepTurns)", r->id);
	if (rc < 0)
		return rc;
	rc = copy_log(fd);
	close(fd);
	return rc;
}

/* By git itself: its pager, colours, drivers and settings. */
static int show_diff(struct orch *o, const struct receipt *r)
{
	char *from = oid_is_zero(&r->head_before) ? xstrdup(EMPTY_TREE) :
		     xstrdup(oid_hex(&r->head_before));
	char *to = xstrdup(oid_hex(&r->head_after));
	const char *const args[] = { "diff", from, to, "--", NULL };
	struct spawn s = SPAWN_INIT;
	int rc = 0, status, code;

	if (oid_eq(&r->head_before, &r->head_after)) {
		note("%s made no commit", r->id);
		goto out;
	}
	gitproc_prepare(&s, o->repo, args);
	if ((rc = spawn_start(&s)) < 0 || (rc = spawn_wait(&s, &status)) < 0)
		goto out;
	code = spawn_exit_code(status);
	if (code && code != 141)	/* 141: the pager was left early */
		rc = error_set(ORCH_ERROR, "git diff failed (exit %d)", code);
out:
	spawn_release(&s);
	free(from);
	free(to);
	return rc;
}

static int find(struct receipt *r, struct orch *o, const char *id)
{
	struct receipt_list list = RECEIPT_LIST_INIT;
	int rc;

	if (id)
		return receipt_find(r, o, id);
	rc = receipt_list(&list, o, 1);
	if (rc == 0 && !list.nr)
		rc = error_set(ORCH_ENO, "no turns yet on loop %s", o->loop);
	if (rc == 0) {
		*r = list.v[0];
		receipt_init(&list.v[0]);
	}
	receipt_list_release(&list);
	return rc;
}

static int run(int argc, const char **argv)
{
	struct orch o = ORCH_INIT;
	struct receipt r;
	int rc;

	receipt_init(&r);
	if (argc > 1)
		return usage_error("unexpected argument '%s'", argv[1]);
	if (want_prompt + want_log + want_diff + common.json > 1)
		return usage_error("only one of --prompt, --log, --diff and --json");
	if ((rc = orch_open(&o, 0)) < 0 ||
	    (rc = find(&r, &o, argc ? argv[0] : NULL)) < 0)
		goto out;
	rc = want_prompt ? show_prompt(&o, &r) : want_log ? show_log(&o, &r) :
	     want_diff ? show_diff(&o, &r) : show_page(&o, &r);
out:
	receipt_release(&r);
	orch_release(&o);
	return rc;
}

const struct command orch_command = {
	.name = "show", .usage = usage, .opts = opts, .run = run,
	.summary = "one turn whole: its prompt, its output, its commits",
	.flags = COMMAND_JSON,
};
