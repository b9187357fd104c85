/*
 * Who plays an actor: the lock, and the two lines in its file.
 *
 * The first line is the command, the second "<pid> <start time> <since>". They
 * are there to be read by others: trying the lock instead would be in the way
 * of a runner that begins at that moment.
 */
#include "orch/runner.h"

#include "base/error.h"
#include "base/file.h"
#include "base/strbuf.h"
#include "base/strvec.h"
#include "base/text.h"
#include "orch/orch.h"
#include "orch/turn_internal.h"

static char *lock_path(const struct orch *o, const char *actor)
{
	return xstrfmt("%s/runner-%s.lock", o->loop_dir, actor);
}

void runner_read(struct runner *out, const struct orch *o, const char *actor)
{
	char *path = lock_path(o, actor), *second;
	struct strbuf text = STRBUF_INIT;
	char iso[TIME_ISO_SIZE];

	memset(out, 0, sizeof(*out));
	if (file_read(&text, path, 4096, 0) < 0)
		error_clear();
	second = text.len ? strchr(text.buf, '\n') : NULL;
	if (!second)
		goto out;
	*second++ = '\0';
	if (sscanf(second, "%" SCNd64 " %" SCNu64 " %31s", &out->process.pid,
		   &out->process.start, iso) != 3 || out->process.pid <= 0 ||
	    out->process.pid > INT32_MAX || process_gone(&out->process))
		goto out;
	if (time_parse_iso(&out->since_ms, iso) < 0)
		error_clear();
	out->command = xstrdup(text.buf);
out:
	strbuf_release(&text);
	free(path);
}

void runner_describe(struct strbuf *out, const struct runner *r)
{
	char clock[TIME_ISO_SIZE];

	strbuf_addf(out, "%s, pid %" PRId64 ", since %s", r->command, r->process.pid,
		    time_clock(clock, r->since_ms));
}

void runner_describe_wait(struct strbuf *out, const struct orch *o,
			  const struct turn *t)
{
	struct runner r = RUNNER_INIT;

	if (t->holder.actor || t->paused || turn_kept_elsewhere(t)) {
		turn_describe(out, t);
		/* One process may hold as one actor and wait as another, but
		 * then nobody else will end the wait. */
		if (turn_holder_is_ancestor(t))
			strbuf_addstr(out, ", and this very wait runs under it: "
				      "somebody else must give it back");
		return;
	}
	runner_read(&r, o, t->expected);
	if (r.command)
		strbuf_addf(out, "%s's turn: pid %" PRId64 " will play it (%s)",
			    t->expected, r.process.pid, r.command);
	else if (t->sync.remote)
		strbuf_addf(out, "%s's turn, which nobody of this clone plays",
			    t->expected);
	else
		strbuf_addf(out, "%s's turn, which nobody plays: git orch run --actor %s%s",
			    t->expected, t->expected, orch_loop_arg(o));
	runner_release(&r);
}

void runner_release(struct runner *r)
{
	free(r->command);
	memset(r, 0, sizeof(*r));
}

void runner_unlock(struct runner_locks *l)
{
	for (size_t i = 0; i < l->nr; i++) {
		/* Nobody is a runner any more: best effort, the pid says so too. */
		if (l->v[i].fd >= 0 && ftruncate(l->v[i].fd, 0) < 0)
			errno = 0;
		lock_release(&l->v[i]);
	}
	free(l->v);
	l->v = NULL;
	l->nr = 0;
}

static int write_who(int fd, const char *command)
{
	struct process_id self;
	char iso[TIME_ISO_SIZE];

	if (process_identify(&self, getpid()) < 0 || ftruncate(fd, 0) < 0 ||
	    dprintf(fd, "%s\n%" PRId64 " %" PRIu64 " %s\n", command, self.pid, self.start,
		    time_iso(iso, time_now_ms())) < 0)
		return ORCH_ERROR;
	return 0;
}

static int lock_actor(struct lock *lock, const struct orch *o, const char *actor,
		      const char *command)
{
	char *path = lock_path(o, actor);
	struct runner other = RUNNER_INIT;
	struct strbuf who = STRBUF_INIT;
	int rc = lock_try(lock, path);

	if (rc == ORCH_EBUSY) {
		runner_read(&other, o, actor);
		if (other.command)
			runner_describe(&who, &other);
		else
			strbuf_addstr(&who, "another process");
		rc = error_set(ORCH_EBUSY, "actor '%s' of loop '%s' has a runner already: %s",
			       actor, o->loop, who.buf);
	} else if (!rc && write_who(lock->fd, command) < 0) {
		warn("cannot write to '%s'", path);	/* the lock counts, not the text */
	}
	runner_release(&other);
	strbuf_release(&who);
	free(path);
	return rc;
}

int runner_lock(struct runner_locks *l, const struct orch *o, const char *only,
		const char *command)
{
	struct strvec names = STRVEC_INIT;
	int rc;

	if (only) {
		strvec_push(&names, only);
	} else {
		for (size_t i = 0; i < o->workflow.nr; i++)
			if (!strvec_has(&names, o->workflow.v[i]))
				strvec_push(&names, o->workflow.v[i]);
		strvec_sort(&names);
	}
	l->v = xcalloc(names.nr, sizeof(*l->v));
	for (size_t i = 0; i < names.nr; i++)
		l->v[i].fd = -1;
	l->nr = names.nr;
	rc = dir_make(o->loop_dir);
	for (size_t i = 0; !rc && i < names.nr; i++)
		rc = lock_actor(&l->v[i], o, names.v[i], command);
	if (rc < 0)
		runner_unlock(l);
	strvec_release(&names);
	return rc;
}
