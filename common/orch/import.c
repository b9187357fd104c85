/*
 * Where an older tool's loop stands: finding the state, and what its commits
 * are in this repository.
 */
#include <ctype.h>
#include <stdarg.h>
#include <sys/stat.h>

#include "orch/import.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/strbuf.h"
#include "base/text.h"
#include "git/object.h"
#include "git/repo.h"

#define PROBLEMS_MAX 50

void import_release(struct import *im)
{
	free(im->settings);
	strvec_release(&im->ring);
	for (size_t i = 0; i < im->nr_actors; i++) {
		free(im->actors[i].name);
		strvec_release(&im->actors[i].core);
		free(im->actors[i].command);
	}
	free(im->actors);
	free(im->plan);
	free(im->findings);
	free(im->input);
	free(im->state_file);
	free(im->source);
	free(im->status);
	turn_position_release(&im->at);
	for (size_t i = 0; i < im->nr_commits; i++) {
		free(im->commits[i].actor);
		free(im->commits[i].hex);
	}
	free(im->commits);
	strvec_release(&im->problems);
	*im = (struct import)IMPORT_INIT;
}

/* supervisor.md and supervisor are galph, main and loop are ralph: by the
 * names that discovery knows them by, too (orch/promptfiles.h). */
char *import_actor_name(const char *role)
{
	const char *base = strrchr(role, '/');
	size_t len;

	base = base ? base + 1 : role;
	len = strlen(base);
	if (str_ends(base, ".md"))
		len -= 3;
	if (len == 10 && !strncasecmp(base, "supervisor", len))
		return xstrdup("galph");
	if (len == 4 && (!strncasecmp(base, "main", len) || !strncasecmp(base, "loop", len)))
		return xstrdup("ralph");
	return xstrndup(base, len);
}

size_t import_place(const struct strvec *ring, const char *role)
{
	char *name = import_actor_name(role);
	size_t i = 0;

	while (i < ring->nr && !str_eq(ring->v[i], role))
		i++;
	if (i == ring->nr)
		for (i = 0; i < ring->nr && !str_eq(ring->v[i], name);)
			i++;
	free(name);
	return i;
}

void import_problem(struct import *im, const char *fmt, ...)
{
	struct strbuf raw = STRBUF_INIT, text = STRBUF_INIT;
	va_list ap;

	if (im->problems.nr == PROBLEMS_MAX)
		return;
	va_start(ap, fmt);
	strbuf_vaddf(&raw, fmt, ap);
	va_end(ap);
	text_add_safe(&text, raw.buf, raw.len, true);
	if (!strvec_has(&im->problems, text.buf))
		strvec_push(&im->problems, text.buf);
	strbuf_release(&raw);
	strbuf_release(&text);
}

/* The first one of an actor counts: history is read from its end. */
void import_add_commit(struct import *im, const char *actor, const char *hex)
{
	for (size_t i = 0; i < im->nr_commits; i++)
		if (str_eq(im->commits[i].actor, actor))
			return;
	ALLOC_GROW(im->commits, im->nr_commits + 1, im->alloc_commits);
	im->commits[im->nr_commits++] = (struct import_commit) {
		.actor = xstrdup(actor), .hex = xstrdup(hex),
	};
}

bool import_status(struct import *im, const char *word, const char **actor)
{
	if (actor)
		*actor = NULL;
	free(im->status);
	im->status = xstrdup(word);
	if (str_eq(word, "idle")) {
		im->at.status = TURN_IDLE;
	} else if (str_eq(word, "running") || str_starts(word, "running-")) {
		/* Its holder is not one of ours: the turn is played again. */
		im->at.status = TURN_LOST;
		if (actor && word[7] && word[8])
			*actor = word + 8;
	} else if (str_starts(word, "waiting-")) {
		im->at.status = TURN_OK;
		if (actor && word[8] && !str_eq(word + 8, "next"))
			*actor = word + 8;
	} else if (str_eq(word, "ok") || str_eq(word, "complete")) {
		im->at.status = TURN_OK;
	} else if (str_eq(word, "fail") || str_eq(word, "failed")) {
		im->at.status = TURN_FAILED;
	} else {
		im->at.status = TURN_IDLE;
		return false;
	}
	return true;
}

int64_t import_time_ms(int64_t seconds)
{
	return seconds > 0 && seconds < IMPORT_TIME_MAX / 1000 ? seconds * 1000 : 0;
}

void import_quote(struct strbuf *out, const char *word)
{
	strbuf_addch(out, '\'');
	for (; *word; word++) {
		if (*word == '\'')
			strbuf_addstr(out, "'\\'");
		strbuf_addch(out, *word);
	}
	strbuf_addch(out, '\'');
}

int import_read_file(struct strbuf *out, struct repo *repo, const char *path,
		     size_t max)
{
	struct stat st;
	int fd, rc;

	if ((rc = file_open_beneath(&fd, &st, repo_work_tree(repo), path, false)) < 0)
		return rc;
	if (!S_ISREG(st.st_mode))
		rc = error_set(ORCH_EINVALID, "%s: not a regular file", path);
	else if (st.st_size > (off_t)max)
		rc = error_set(ORCH_EINVALID, "%s: larger than %zu KiB", path, max >> 10);
	else if (strbuf_read_fd(out, fd, max) < 0)
		rc = error_sys("cannot read %s", path);
	close(fd);
	return rc;
}

/* ---- the commits ---- */

/* An abbreviated object name of this repository, and of a commit. */
static bool find_commit(struct repo *repo, const char *hex, struct oid *out)
{
	size_t len = strlen(hex);

	for (size_t i = 0; i < len; i++)
		if (!isxdigit((unsigned char)hex[i]))
			return false;
	/* Less is no name; and a branch may have a name that looks like one. */
	if (len < 4 || len > OID_HEX || repo_resolve(repo, out, hex) < 0) {
		error_clear();
		return false;
	}
	return strncasecmp(oid_hex(out), hex, len) == 0;
}

/* When the actor at `place` played last: before whom is expected now, in this
 * iteration; from there on in the one before. */
static int64_t iteration_of(const struct import *im, size_t place)
{
	if (place < im->at.step || im->at.iteration == 1)
		return im->at.iteration;
	return im->at.iteration - 1;
}

static void add_last(struct import *im, struct repo *repo, const struct strvec *ring,
		     const struct import_commit *c, size_t before)
{
	size_t place = import_place(ring, c->actor);
	struct turn_position *at = &im->at;
	struct commit_info info = COMMIT_INFO_INIT;
	struct oid commit, head = OID_ZERO;
	bool here = false;

	if (place == ring->nr) {
		import_problem(im, "%s_commit: no actor '%s' in the workflow", c->actor,
			       c->actor);
		return;
	}
	for (size_t i = 0; i < at->nr_last; i++)
		if (str_eq(at->last[i].actor, ring->v[place]))
			return;
	if (!find_commit(repo, c->hex, &commit) ||
	    commit_read(repo, &commit, &info) < 0) {
		error_clear();
		import_problem(im, "%s_commit: '%.60s' is no commit here", c->actor, c->hex);
		return;
	}
	ALLOC_GROW(at->last, at->nr_last + 1, at->alloc_last);
	at->last[at->nr_last++] = (struct turn_last) {
		.actor = xstrdup(ring->v[place]),
		.commit = commit,
		.iteration = iteration_of(im, place),
		.ended_ms = place == before && im->updated_ms ? im->updated_ms :
			    import_time_ms(info.time),
	};
	commit_info_release(&info);
	if (place != before)
		return;
	/* What the next actor must have; but a commit that this branch has lost
	 * (a rebase) must not stop the loop. */
	if (repo_head(repo, &head, NULL) == 0 && !oid_is_zero(&head) &&
	    commit_is_ancestor(repo, &commit, &head, &here) == 0 && here)
		at->head = commit;
	else
		import_problem(im, "%s_commit: %s is not in this branch", c->actor,
			       oid_short(&commit));
	error_clear();
}

static void find_commits(struct import *im, struct repo *repo, const struct strvec *ring)
{
	size_t before = (im->at.step + ring->nr - 1) % ring->nr;

	for (size_t i = 0; i < im->nr_commits; i++)
		add_last(im, repo, ring, &im->commits[i], before);
}

/* ---- looking ---- */

int import_look(struct import *im, struct repo *repo, const struct strvec *ring)
{
	const char *path = im->state_file ? im->state_file : IMPORT_STATE_FILE;
	struct strbuf text = STRBUF_INIT;
	struct json *state = NULL;
	int rc;

	rc = import_read_file(&text, repo, path, IMPORT_STATE_MAX);
	if (rc == ORCH_ENOTFOUND) {
		error_clear();
		rc = 0;
		goto out;
	}
	if (rc < 0)
		goto out;
	if (str_starts(text.buf, "\xef\xbb\xbf"))	/* as some editors write it */
		strbuf_remove(&text, 0, 3);
	if ((rc = json_parse_lenient(&state, text.buf, text.len, path)) < 0)
		goto out;
	if (!json_is_object(state)) {
		rc = error_set(ORCH_EINVALID, "%s: no JSON object", path);
		goto out;
	}
	if ((rc = import_state(im, state, ring)) < 0) {
		error_prefix(rc, "%s", path);
		goto out;
	}
	im->source = xstrdup(path);
	im->next = ring->v[im->at.step];
out:
	json_free(state);
	strbuf_release(&text);
	return rc;
}

int import_position(struct import *im, struct repo *repo, const struct strvec *ring)
{
	int rc = import_look(im, repo, ring);

	if (rc == 0 && !im->source)
		rc = import_history(im, repo, ring);
	if (rc < 0 || !im->source)
		return rc;
	im->next = ring->v[im->at.step];
	find_commits(im, repo, ring);
	return 0;
}

void import_describe(struct strbuf *out, const struct import *im)
{
	strbuf_addf(out, "%s: iteration %" PRId64 ", %s next", im->source,
		    im->at.iteration, im->next);
}
