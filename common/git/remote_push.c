/*
 * Pushing: what was asked for as options of `git push --porcelain`, and what
 * became of each reference from the lines it prints. Which refusals are races,
 * worth another look, and which are final is told here and nowhere else.
 */
#include "git/remote.h"

#include "base/error.h"
#include "base/strvec.h"
#include "git/gitwatch.h"
#include "git/object.h"
#include "git/remote_internal.h"

/* A pre-push hook runs tests and says nothing: that many times the limit. */
enum { HOOK_PATIENCE = 10 };

/* What a line of the output says of a reference. */
enum line_state { LINE_NONE, LINE_OK, LINE_REJECTED, LINE_LOST };
struct line_result {
	enum line_state state;
	char *why;		/* what stands in parentheses */
	bool by_remote;		/* it was the other side that said no */
};

/* `^{object}`: a reference that is called like the number is not meant. */
static char *source_of(const struct remote_push *p)
{
	if (oid_is_zero(&p->oid))
		return xstrdup("");
	return xstrfmt("%s^{object}", oid_hex(&p->oid));
}

static void add_refs(struct strvec *args, struct strvec *specs,
		     const struct remote_push *v, size_t nr)
{
	size_t i;

	for (i = 0; i < nr; i++) {
		char *source = source_of(&v[i]);

		strvec_pushf(specs, "%s:%s", source, v[i].ref);
		free(source);
		if (v[i].expected)
			strvec_pushf(args, "--force-with-lease=%s:%s", v[i].ref,
				     oid_is_zero(v[i].expected) ? "" :
				     oid_hex(v[i].expected));
	}
}

static bool contains_any(const char *s, const char *const *parts)
{
	for (; s && *parts; parts++)
		if (strcasestr(s, *parts))
			return true;
	return false;
}

/* ---- reading what came of it ---- */

static void read_line(struct line_result *res, const struct said_line *line,
		      const char *summary)
{
	const char *end = line->s + line->len, *open, *close;

	res->state = LINE_OK;
	if (*line->s != '!')
		return;
	res->state = LINE_REJECTED;
	if (end - summary >= 16 && !memcmp(summary, "[remote failure]", 16))
		res->state = LINE_LOST;
	res->by_remote = end - summary >= 7 && !memcmp(summary, "[remote", 7);
	open = memchr(summary, '(', (size_t)(end - summary));
	close = open ? memrchr(open, ')', (size_t)(end - open)) : NULL;
	if (close)
		res->why = said_clean(open + 1, (size_t)(close - open) - 1);
	else
		res->why = said_clean(summary, (size_t)(end - summary));
	/* The same, from a helper for HTTP. */
	if (str_eq(res->why, "expecting report"))
		res->state = LINE_LOST;
}

/*
 * The lines "<flag> TAB <from>:<to> TAB <summary>". A hook's own output comes
 * the same way, so `from` must be ours to the letter. A remote of several push
 * URLs has a block of lines for each: the first one is where we fetch from, the
 * others are copies.
 */
static size_t read_lines(struct line_result *res, const struct gitwatch *w,
			 const struct remote_push *v, size_t nr)
{
	struct said_line line = { NULL, 0, 0 };
	size_t i, seen = 0;

	while (said_next(&line, &w->out)) {
		for (i = 0; i < nr; i++) {
			char *source = source_of(&v[i]);
			char *key = xstrfmt("\t%s:%s\t", source, v[i].ref);
			size_t len = strlen(key);

			free(source);
			if (line.len > 1 + len && strchr(" +-*=!", *line.s) &&
			    !memcmp(line.s + 1, key, len)) {
				if (res[i].state == LINE_NONE) {
					read_line(&res[i], &line, line.s + 1 + len);
					seen++;
				} else if (*line.s == '!') {
					warn_once("a copy of the remote did not "
						  "take %s", v[i].ref);
				}
				free(key);
				break;
			}
			free(key);
		}
	}
	return seen;
}

/*
 * What the other side said beside its verdict: a line about this reference,
 * else the first error, else the last line. NULL if nothing explains it.
 */
static char *remote_said(const struct gitwatch *w, const char *ref)
{
	static const char lead[] = "remote:";
	struct said_line line = { NULL, 0, 0 }, named = line, error = line, last = line;
	char *quoted = xstrfmt("'%s'", ref);

	while (said_next(&line, &w->err)) {
		if (!said_starts(&line, lead) || said_is_noise(&line) ||
		    said_has(&line, "error: hook declined to update"))
			continue;
		last = line;
		if (!error.len && (said_has(&line, "error:") ||
				   said_has(&line, "ERROR") ||
				   said_has(&line, "fatal:")))
			error = line;
		if (!named.len && said_has(&line, quoted))
			named = line;
	}
	free(quoted);
	if (error.len)
		last = error;
	if (named.len)
		last = named;
	if (!last.len)
		return NULL;
	last.s += strlen(lead);
	last.len -= strlen(lead);
	while (last.len && *last.s == ' ')
		last.s++, last.len--;
	if (said_starts(&last, "error: "))
		last.s += 7, last.len -= 7;
	return said_clean(last.s, last.len);
}

/*
 * A refusal of the other side that only says that somebody was faster. Told
 * apart from a disk that is full or a name that cannot be by its own words.
 */
static bool is_race(const char *why, const char *said)
{
	static const char *const race[] = {
		"failed to update ref", "cannot lock ref", "incorrect old value",
		"reference already exists", "reference does not exist",
		"failed to lock", "lock failure", "lock error", "stale info",
		"fetch first", "atomic transaction failed", NULL
	};
	static const char *const lasting[] = {
		"cannot create", "Permission denied", "No space left", "quota",
		"Read-only file system", "unable to write", "Not a directory",
		"Is a directory", "refname conflict", "Input/output error", NULL
	};

	return contains_any(why, race) && !contains_any(said, lasting) &&
		!contains_any(why, lasting);
}

static bool is_bystander(const char *why)
{
	static const char *const parts[] = {
		"atomic push fail", "atomic transaction failed", NULL
	};

	return contains_any(why, parts);
}

static void give_verdict(struct remote_push *p, enum push_result result,
			 const char *why, char *said)
{
	p->result = result;
	free(p->reason);
	if (said && !strstr(said, why)) {
		char *both = xstrfmt("%s: %s", why, said);

		p->reason = said_clean(both, strlen(both));
		free(both);
	} else {
		p->reason = xstrdup(said ? said : why);
	}
	free(said);
}

static void judge(struct remote_push *p, const struct line_result *res,
		  const struct gitwatch *w)
{
	char *said = res->by_remote ? remote_said(w, p->ref) : NULL;
	/* What git itself finds before it sends: where the reference is, or that
	 * a shallow clone lacks what the other side would need. */
	bool ours = !res->by_remote && !strstr(res->why, "shallow");

	if (ours || is_race(res->why, said))
		give_verdict(p, PUSH_MOVED, res->why, said);
	else
		give_verdict(p, PUSH_REFUSED, res->why, said);
}

/*
 * A transaction of the other side failed as a whole, and each line says just
 * that. The one that its error names is to blame, else the first.
 */
static void find_culprit(struct remote_push *v, const struct line_result *res,
			 size_t nr, const struct gitwatch *w)
{
	struct said_line line = { NULL, 0, 0 };
	size_t i, culprit = nr;

	while (culprit == nr && said_next(&line, &w->err))
		for (i = 0; i < nr && culprit == nr; i++) {
			char *quoted = xstrfmt("'%s'", v[i].ref);

			if (res[i].state == LINE_REJECTED && said_has(&line, quoted))
				culprit = i;
			free(quoted);
		}
	for (i = 0; i < nr && culprit == nr; i++)
		if (res[i].state == LINE_REJECTED)
			culprit = i;
	if (culprit < nr)
		judge(&v[culprit], &res[culprit], w);
}

static bool any_blamed(const struct remote_push *v, size_t nr)
{
	size_t i;

	for (i = 0; i < nr; i++)
		if (v[i].result == PUSH_MOVED || v[i].result == PUSH_REFUSED)
			return true;
	return false;
}

/* ---- one push ---- */

/*
 * git ended with 1 and without a word about any reference: its pre-push hook
 * said no, unless it had begun to send. The hook's last word is the reason.
 */
static bool hook_refused(struct remote_push *p, const struct gitwatch *w)
{
	static const char *const sending[] = {
		"Enumerating objects:", "Writing objects:", "error: RPC failed",
		"send-pack: unexpected disconnect", "error: src refspec",
		"fatal: the remote end hung up unexpectedly", NULL
	};
	struct said_line line = { NULL, 0, 0 }, last = line;
	const char *const *s;
	char *said;

	if (w->code != 1)
		return false;
	while (said_next(&line, &w->err)) {
		for (s = sending; *s; s++)
			if (said_starts(&line, *s))
				return false;
		if (!said_is_noise(&line) &&
		    !said_starts(&line, "error: failed to push some refs to"))
			last = line;
	}
	line.next = 0;
	while (!last.len && said_next(&line, &w->out))
		if (line.next >= w->out.len && !said_is_noise(&line))
			last = line;
	said = last.len ? said_clean(last.s, last.len) : NULL;
	give_verdict(p, PUSH_REFUSED, "the pre-push hook refused", said);
	return true;
}

/*
 * We may listen but not push there, and were told so before anything was sent:
 * trying again does not help. (Who cannot log in at all may do so later.)
 */
static bool lacks_rights(struct remote_push *p, const struct gitwatch *w)
{
	static const char *const parts[] = {
		"requested URL returned error: 403", " denied to ",
		"not allowed to push", "Write access to repository not granted",
		"service not enabled", NULL
	};
	struct said_line line = { NULL, 0, 0 };
	const char *const *s;

	while (said_next(&line, &w->err))
		for (s = parts; *s; s++)
			if (said_has(&line, *s) && !said_starts(&line, "error: RPC")) {
				give_verdict(p, PUSH_REFUSED, "no right to push",
					     said_clean(line.s, line.len));
				return true;
			}
	return false;
}

static bool lacks_atomic(const struct gitwatch *w)
{
	struct said_line line = { NULL, 0, 0 };

	while (said_next(&line, &w->err))
		if (said_starts(&line, "fatal:") &&
		    said_has(&line, "does not support --atomic"))
			return true;
	return false;
}

static int evaluate(const struct remote *r, struct remote_push *v, size_t nr,
		    unsigned flags, const struct gitwatch *w)
{
	struct line_result *res = xcalloc(nr, sizeof(*res));
	size_t i, seen = read_lines(res, w, v, nr), done = 0;
	bool lost = seen < nr;
	int rc = 0;

	if (!seen && ((w->code == 128 && lacks_rights(&v[0], w)) ||
		      (flags & REMOTE_RUN_HOOKS && hook_refused(&v[0], w)))) {
		rc = ORCH_ENO;
		goto out;
	}
	for (i = 0; i < nr; i++) {
		if (res[i].state == LINE_OK) {
			v[i].result = PUSH_DONE;
			done++;
		} else if (res[i].state == LINE_REJECTED &&
			   !is_bystander(res[i].why)) {
			judge(&v[i], &res[i], w);
		}
		lost |= res[i].state == LINE_LOST;
	}
	if (lost)
		rc = remote_unreachable(r, w, "push to");
	else if (done < nr) {
		if (!any_blamed(v, nr))
			find_culprit(v, res, nr, w);
		rc = ORCH_ENO;
	}
out:
	for (i = 0; i < nr; i++)
		free(res[i].why);
	free(res);
	return rc;
}

static int push_once(const struct remote *r, struct remote_push *v, size_t nr,
		     unsigned flags, bool *no_atomic)
{
	static const char *const fixed[] = {
		"push", "--porcelain", "--progress", "--no-follow-tags",
		"--no-signed", "--recurse-submodules=no",
		"--no-force-if-includes", NULL
	};
	struct strvec args = STRVEC_INIT, specs = STRVEC_INIT;
	struct gitwatch w = GITWATCH_INIT;
	int rc;

	strvec_pushv(&args, fixed);
	strvec_push(&args, flags & REMOTE_RUN_HOOKS ? "--verify" : "--no-verify");
	if (nr > 1)
		strvec_push(&args, "--atomic");
	add_refs(&args, &specs, v, nr);
	remote_counts.pushes++;
	rc = remote_run(&w, r, (const char *const *)args.v, &specs,
			flags & REMOTE_RUN_HOOKS ? HOOK_PATIENCE : 1);
	*no_atomic = rc == 0 && nr > 1 && w.code && lacks_atomic(&w);
	if (rc == 0 && !*no_atomic)
		rc = evaluate(r, v, nr, flags, &w);
	strvec_release(&args);
	strvec_release(&specs);
	gitwatch_release(&w);
	return rc;
}

static int check_what(const struct remote *r, const struct remote_push *v, size_t nr)
{
	size_t i;
	int rc;

	for (i = 0; i < nr; i++) {
		if ((rc = remote_check_ref(v[i].ref)) < 0)
			return rc;
		if (!oid_is_zero(&v[i].oid) && !object_exists(r->repo, &v[i].oid))
			return error_set(ORCH_ERROR, "cannot push %s: no such object "
					 "in this repository", oid_hex(&v[i].oid));
	}
	return 0;
}

static int refused(const struct remote *r, const struct remote_push *v, size_t nr)
{
	char *label = remote_label(r);
	size_t i;

	for (i = 0; i + 1 < nr && !v[i].reason; )
		i++;
	error_set(ORCH_ENO, "'%s' did not take %s: %s", label, v[i].ref,
		  v[i].reason ? v[i].reason : "no reason given");
	free(label);
	return ORCH_ENO;
}

int remote_push(const struct remote *r, struct remote_push *v, size_t nr,
		unsigned flags)
{
	bool no_atomic = false;
	size_t i;
	int rc;

	for (i = 0; i < nr; i++) {
		v[i].result = PUSH_NOT_TRIED;
		v[i].reason = NULL;
	}
	if (!nr)
		return 0;
	if ((rc = check_what(r, v, nr)) < 0)
		return rc;
	rc = push_once(r, v, nr, flags, &no_atomic);
	/* The hook has judged them all and agreed: it is not asked again. */
	for (i = 0; rc == 0 && no_atomic && i < nr; i++) {
		bool unused;

		rc = push_once(r, &v[i], 1, flags & ~(unsigned)REMOTE_RUN_HOOKS,
			       &unused);
	}
	return rc == ORCH_ENO ? refused(r, v, nr) : rc;
}

void remote_push_release(struct remote_push *v, size_t nr)
{
	size_t i;

	for (i = 0; i < nr; i++) {
		free(v[i].reason);
		v[i].reason = NULL;
	}
}
