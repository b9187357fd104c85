/*
 * git-orch-show - one turn whole: what it was told, what it said, what it did
 */
#include <fcntl.h>

#include "base/command.h"
#include "base/file.h"
#include "base/output.h"
#include "base/text.h"
#include "git/gitproc.h"
#include "git/object.h"
#include "orch/orch.h"
#include "orch/receipt.h"

#define PROMPT_MAX (256u * 1024 * 1024)
#define CHUNK (64u * 1024)
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

static int show_page(struct orch *o, const struct receipt *r)
{
	struct output out;

	output_open(&out);
	receipt_to_json(output_json(&out), r);
	receipt_page(&out, o, r);
	return output_close(&out);
}

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
