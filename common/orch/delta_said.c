/*
 * What the other actors of the ring said last: the end of their logs, else what
 * the input document says.
 */
#include <fcntl.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "orch/delta_internal.h"
#include "orch/delta_parse.h"
#include "orch/ledger.h"
#include "orch/orch.h"
#include "orch/receipt.h"
#include "orch/turn.h"

#define RECEIPTS 32		/* that are looked at */
#define LOG_MAX ((off_t)1 << 30)
/* Of a log's end; more only if nothing is said in there. */
static const size_t tails[] = { (size_t)256 << 10, (size_t)4 << 20 };

bool delta_said_by_commits(const struct delta *d)
{
	return d->asked && !d->since_turn && !d->since_iteration;
}

/* --- logs ---------------------------------------------------------------- */

/* From `at` on; *lines are those before. False on any trouble. */
static bool read_tail(struct strbuf *out, unsigned *lines, int fd, off_t at)
{
	char *buf = xmalloc(65536);
	off_t pos = 0;
	ssize_t n = 1;

	*lines = 0;
	while (pos < at && n > 0) {
		size_t want = at - pos < 65536 ? (size_t)(at - pos) : 65536;

		n = pread(fd, buf, want, pos);
		for (const char *p = buf; n > 0 && (p = memchr(p, '\n', (size_t)(buf + n - p)));
		     p++)
			++*lines;
		pos += n > 0 ? n : 0;
	}
	free(buf);
	return n > 0 && lseek(fd, at, SEEK_SET) == at &&
	       strbuf_read_fd(out, fd, tails[ARRAY_SIZE(tails) - 1] * 2) == 0;
}

static bool read_log(struct strbuf *out, unsigned *line, enum agent_kind kind,
		     const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct strbuf text = STRBUF_INIT;
	bool found = false;
	struct stat st;

	if (fd < 0)
		return false;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size > LOG_MAX)
		goto out;
	for (size_t i = 0; i < ARRAY_SIZE(tails) && !found; i++) {
		off_t at = st.st_size > (off_t)tails[i] ? st.st_size - (off_t)tails[i] : 0;
		const char *begin;
		unsigned before;

		strbuf_reset(&text);
		if (!read_tail(&text, &before, fd, at))
			break;
		begin = text.buf;
		if (at && (begin = memchr(text.buf, '\n', text.len))) {
			begin++;	/* the line that is cut */
			before++;
		}
		found = begin && delta_last_words(out, line, kind, begin,
						  text.len - (size_t)(begin - text.buf));
		*line += before;
		if (!at)
			break;
	}
out:
	close(fd);
	strbuf_release(&text);
	return found;
}

/* --- who played ---------------------------------------------------------- */

static bool is_listed(const struct delta *d, const char *actor)
{
	for (size_t i = 0; i < d->nr_said; i++)
		if (str_eq(d->said[i].actor, actor))
			return true;
	return false;
}

static struct delta_said *add_said(struct delta *d, const char *actor)
{
	struct delta_said *s;

	d->said = xrealloc(d->said, (d->nr_said + 1) * sizeof(*d->said));
	s = &d->said[d->nr_said++];
	memset(s, 0, sizeof(*s));
	s->actor = xstrdup(actor);
	return s;
}

static bool has_commit(const struct delta *d, const struct receipt *r)
{
	for (size_t i = 0; i < r->nr_commits; i++)
		for (size_t k = 0; k < d->commits.nr; k++)
			if (oid_eq(&r->commits[i], &d->commits.v[k].oid))
				return true;
	return false;
}

static bool is_since(const struct delta *d, const struct receipt *r)
{
	if (r->status != TURN_OK || (d->actor && str_eq(r->actor, d->actor)))
		return false;
	/* Receipts know the second, no more. */
	return delta_said_by_commits(d) ? has_commit(d, r) :
	       r->ended_ms / 1000 >= d->since_ms / 1000;
}

/* How many of the list were written up to the turn that we compare with. */
static size_t older(const struct delta *d, const struct receipt_list *l)
{
	for (size_t i = l->nr; d->since_turn && i--;)
		if (str_eq(l->v[i].id, d->since_turn))
			return i + 1;
	return 0;
}

/* The path that a user would type: from the top of the work tree, if it is below. */
static char *shown_path(const struct orch *o, const char *path)
{
	const char *top = repo_work_tree(o->repo);
	size_t n = top ? strlen(top) : 0;

	if (n && strncmp(path, top, n) == 0 && path[n] == '/')
		path += n + 1;
	return xstrdup(path);
}

/* Receipts come from other machines, too: a log is a name below our directory. */
static bool is_log(const char *path)
{
	return path && str_starts(path, "logs/") && !strstr(path, "..");
}

bool delta_said_in_log(struct strbuf *out, unsigned *line, struct orch *o,
		       const struct receipt *r)
{
	char *path = is_log(r->log) ? xstrfmt("%s/%s", o->dir, r->log) : NULL;
	bool found = path && read_log(out, line, r->agent, path);

	free(path);
	return found;
}

static bool said_in_log(struct delta *d, struct orch *o, const struct receipt *r)
{
	struct strbuf text = STRBUF_INIT;
	unsigned line = 0;
	bool found = delta_said_in_log(&text, &line, o, r);

	if (found) {
		struct delta_said *s = add_said(d, r->actor);
		char *path = xstrfmt("%s/%s", o->dir, r->log);

		s->turn = xstrdup(r->id);
		s->text = strbuf_detach(&text, NULL);
		s->source = shown_path(o, path);
		s->line = line;
		free(path);
	}
	strbuf_release(&text);
	return found;
}

/* --- the input document -------------------------------------------------- */

static bool input_changed(struct delta *d, struct orch *o, const char *path,
			  const struct strbuf *now)
{
	struct strbuf before = STRBUF_INIT;
	bool same = !d->first && !d->full &&
		    ledger_read_at(&before, o, &d->since, path) == 0 &&
		    before.len == now->len && memcmp(before.buf, now->buf, now->len) == 0;

	error_clear();
	strbuf_release(&before);
	return !same;
}

/* It is one text: whoever of the silent ones played last wrote it, if it has
 * changed since. */
static void said_in_input(struct delta *d, struct orch *o, const char *actor,
			  const char *turn)
{
	const char *path = config_get(o->config, "orch.input");
	const struct oid *end = d->between || !repo_work_tree(o->repo) ? &d->head : NULL;
	struct strbuf text = STRBUF_INIT, said = STRBUF_INIT;
	unsigned line = 0;

	if (path && *path && ledger_read_at(&text, o, end, path) == 0 &&
	    input_changed(d, o, path, &text) &&
	    delta_input_says(&said, &line, text.buf, text.len)) {
		struct delta_said *s = add_said(d, actor);

		s->turn = xstrdup(turn);
		s->text = strbuf_detach(&said, NULL);
		s->source = xstrdup(path);
		s->line = line;
	}
	error_clear();
	strbuf_release(&text);
	strbuf_release(&said);
}

/* --- the whole ----------------------------------------------------------- */

int delta_find_said(struct delta *d, struct orch *o, const struct turn *t)
{
	struct receipt_list list = RECEIPT_LIST_INIT;
	const char *silent = NULL, *silent_turn = NULL;
	int64_t silent_ms = 0;
	size_t first;

	if (!o->loop)
		return 0;
	if (receipt_list(&list, o, RECEIPTS) < 0)
		error_clear();	/* what the others said is no reason to fail */
	first = older(d, &list);
	for (size_t i = list.nr; i-- > first;) {
		const struct receipt *r = &list.v[i];

		if (!is_since(d, r) || is_listed(d, r->actor) || said_in_log(d, o, r))
			continue;
		if (!silent) {
			silent = r->actor;
			silent_turn = r->id;
			silent_ms = r->ended_ms;
		}
	}
	/* Played on another machine, whose receipts are there. */
	for (size_t i = 0; i < t->nr_last && !delta_said_by_commits(d); i++) {
		const struct turn_last *l = &t->last[i];

		if (l->ended_ms > d->since_ms && l->ended_ms > silent_ms &&
		    !(d->actor && str_eq(l->actor, d->actor)) && !is_listed(d, l->actor)) {
			silent = l->actor;
			silent_turn = NULL;
			silent_ms = l->ended_ms;
		}
	}
	if (silent && !is_listed(d, silent))
		said_in_input(d, o, silent, silent_turn);
	receipt_list_release(&list);
	return 0;
}
