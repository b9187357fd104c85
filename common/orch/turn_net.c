/*
 * Speaking to the remote that arbitrates the turn: which one it is, who of
 * this clone may speak to it now, and what it has.
 */
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include "orch/turn_remote.h"
#include "base/error.h"
#include "base/file.h"
#include "base/strbuf.h"
#include "base/text.h"
#include "git/refs.h"
#include "orch/orch.h"

#define PAUSE_MAX_MS 10000
#define LOOK_MIN_MS 1000		/* between two looks at the remote */
#define LOOK_MAX_MS 10000
#define STALE_LOCK_MS 2000
#define LOCK_PAUSE_MS 50		/* between two tries of a lock that is held */

const char *orch_remote_option;

/* "--sync-via-git" without a name: origin, or the only one there is. */
static int default_remote(const char **name, struct orch *o)
{
	struct strvec names = STRVEC_INIT;
	static char *found;
	int rc;

	if ((rc = remote_names(o->repo, &names)) < 0)
		goto out;
	if (!names.nr)
		rc = error_set(ORCH_ENOTFOUND, "no remote is configured: git remote add "
			       "origin URL");
	else if (strvec_has(&names, "origin"))
		*name = "origin";
	else if (names.nr > 1)
		rc = error_set(ORCH_EUSAGE, "several remotes, and none is origin: "
			       "--sync-via-git=NAME");
	else
		*name = found = xstrdup(names.v[0]);
	if (!rc)
		orch_remote_option = *name;	/* asked once */
out:
	strvec_release(&names);
	return rc;
}

int turn_remote_name(const char **name, struct orch *o, const struct turn *t)
{
	*name = orch_remote_option;
	if (*name && !**name)
		return default_remote(name, o);
	if (!*name)
		*name = config_get(o->config, "orch.remote");
	if (*name && !**name)
		*name = NULL;
	/* Claimed there, it must be given back there, if there is a there. */
	if (!*name && t && t->holder.actor && t->sync.remote && !t->sync.ahead &&
	    !oid_is_zero(&t->sync.base)) {
		struct remote r = { o->repo, t->sync.remote, 0, -1 };
		int rc = remote_check(&r);

		if (rc == 0)
			*name = t->sync.remote;
		else if (rc != ORCH_ENOTFOUND)
			return rc;
		error_clear();
	}
	return 0;
}

bool turn_is_shared(struct orch *o)
{
	const char *name = NULL;

	if (turn_remote_name(&name, o, NULL) < 0)
		error_clear();	/* whoever needs it will say so */
	return name;
}

void turn_export_remote(struct strvec *env)
{
	if (orch_remote_option && *orch_remote_option)
		strvec_pushf(env, "GIT_ORCH_REMOTE=%s", orch_remote_option);
	else if (orch_remote_option)
		strvec_push(env, "GIT_ORCH_REMOTE=origin");
}

int turn_net_open(struct turn_net *n, struct orch *o, const char *remote)
{
	char *branch = NULL;
	int rc;

	*n = (struct turn_net)TURN_NET_INIT;
	n->o = o;
	n->remote.repo = o->repo;
	n->remote.name = remote;
	n->remote.stall = config_get_int(o->config, "orch.stallLimit");
	n->ref = orch_ref(o, "turn");
	n->branch_here = orch_ref(o, "branch");
	if ((rc = remote_check(&n->remote)) < 0 ||
	    (rc = repo_head(o->repo, NULL, &branch)) < 0)
		return rc;
	n->branch = branch ? xstrfmt("refs/heads/%s", branch) : orch_ref(o, "head");
	free(branch);
	return 0;
}

void turn_net_close(struct turn_net *n)
{
	turn_net_unlock(n);
	free(n->ref);
	free(n->branch);
	free(n->branch_here);
	free(n->refusal);
	*n = (struct turn_net)TURN_NET_INIT;
}

/* ---- one at a time ---- */

/* The file says who has the network and when this clone last used it. */
static void read_user(struct turn_net *n, const char *path)
{
	struct strbuf text = STRBUF_INIT;
	char boot[64] = "";

	n->user = (struct process_id){ 0, 0 };
	n->contact_ms = 0;
	if (file_read(&text, path, 4096, FILE_NOFOLLOW) < 0 ||
	    sscanf(text.buf, "%" SCNd64 " %" SCNu64 " %" SCNd64 " %63s", &n->user.pid,
		   &n->user.start, &n->contact_ms, boot) != 4 ||
	    !str_eq(boot, turn_here()->boot_id) || n->contact_ms > time_boot_ms() ||
	    n->user.pid < 0 || n->user.pid > INT32_MAX) {
		n->user = (struct process_id){ 0, 0 };
		n->contact_ms = 0;
	}
	error_clear();
	strbuf_release(&text);
}

int64_t turn_heard_seconds(struct orch *o, const struct turn *t)
{
	const struct turn_sync *s = &t->sync;
	struct turn_net n = TURN_NET_INIT;
	int64_t at;

	read_user(&n, turn_file(o, "network.lock"));
	at = n.contact_ms;
	/* What we published was heard of there, too. */
	if (s->boot_id && str_eq(s->boot_id, turn_here()->boot_id) && s->boot_ms > at)
		at = s->boot_ms;
	return at > 0 ? (time_boot_ms() - at) / 1000 : -1;
}

static void write_user(struct turn_net *n, bool contact)
{
	struct process_id self = { 0, 0 };

	if (contact)
		n->contact_ms = time_boot_ms();
	if (process_identify(&self, getpid()) < 0)
		error_clear();
	if (ftruncate(n->lock.fd, 0) == 0 && lseek(n->lock.fd, 0, SEEK_SET) == 0)
		dprintf(n->lock.fd, "%" PRId64 " %" PRIu64 " %" PRId64 " %s\n", self.pid,
			self.start, n->contact_ms,
			*turn_here()->boot_id ? turn_here()->boot_id : "-");
}

/*
 * The lock file of a reference that somebody was killed over would fail each
 * fetch from now on. Only who has the network writes these references, but the
 * git of a dead one may still be at its end: a lock goes when it has been there
 * for a while.
 */
static void drop_stale_lock(struct turn_net *n, const char *ref)
{
	char *path = xstrfmt("%s/%s.lock", repo_common_dir(n->o->repo), ref);
	struct pollfd p = { .fd = n->remote.interrupt_fd, .events = POLLIN };
	struct stat first = { 0 }, now;

	for (int waited = 0; lstat(path, &now) == 0; waited += STALE_LOCK_MS / 20) {
		if (waited && now.st_ino != first.st_ino)
			waited = 0;
		first = now;
		if (waited >= STALE_LOCK_MS) {
			unlink(path);
			break;
		}
		if (poll(&p, 1, STALE_LOCK_MS / 20) > 0)
			break;
	}
	free(path);
}

/* Its user may be stopped, or wait for a hook: not for ever. */
static int wait_for_lock(struct turn_net *n, int64_t wait_ms)
{
	struct pollfd p = { .fd = n->remote.interrupt_fd, .events = POLLIN };
	int64_t end = time_boot_ms() + wait_ms;
	int rc, pause = 1;

	while ((rc = lock_try(&n->lock, turn_file(n->o, "network.lock"))) == ORCH_EBUSY &&
	       time_boot_ms() < end) {
		if (poll(&p, 1, pause) > 0)
			return error_set(ORCH_EINTERRUPTED, "interrupted");
		if (pause < LOCK_PAUSE_MS)
			pause *= 2;
	}
	return rc;
}

int turn_net_lock(struct turn_net *n, int64_t wait_ms)
{
	int rc;

	if (n->lock.fd >= 0)
		return 0;
	if ((rc = dir_make(n->o->loop_dir)) < 0)
		return rc;
	rc = wait_for_lock(n, wait_ms);
	if (rc < 0 && rc != ORCH_EBUSY)
		return rc;
	read_user(n, turn_file(n->o, "network.lock"));
	if (rc == ORCH_EBUSY)
		error_set(rc, "another process of this clone (pid %" PRId64 ") is speaking "
			  "to %s", n->user.pid, n->remote.name);
	if (rc == 0) {
		write_user(n, false);
		drop_stale_lock(n, n->ref);
		drop_stale_lock(n, n->branch_here);
	}
	return rc;
}

void turn_net_unlock(struct turn_net *n)
{
	lock_release(&n->lock);
}

/* ---- looking and fetching ---- */

static void known(struct turn_net *n, struct oid *out)
{
	*out = (struct oid)OID_ZERO;
	if (ref_read(n->o->repo, n->ref, out) < 0)
		error_clear();
}

int turn_net_look(struct turn_net *n, bool *changed)
{
	struct remote_ref there = { n->ref, OID_ZERO };
	struct oid here;
	int rc;

	if ((rc = remote_ls(&n->remote, &there, 1)) < 0)
		return rc;
	write_user(n, true);
	known(n, &here);
	*changed = !oid_eq(&here, &there.oid);
	return 0;
}

void turn_rhythm_next(struct turn_rhythm *r, bool changed)
{
	if (changed || !r->interval_ms)
		r->interval_ms = LOOK_MIN_MS;
	else if (r->interval_ms * 3 / 2 < LOOK_MAX_MS)
		r->interval_ms = r->interval_ms * 3 / 2;
	else
		r->interval_ms = LOOK_MAX_MS;
	r->look_ms = time_boot_ms() + r->interval_ms;
}

int turn_net_fetch(struct turn_net *n)
{
	struct remote_fetch refs[] = {
		{ n->ref, n->ref, OID_ZERO },
		{ n->branch, n->branch_here, OID_ZERO },
	};
	int rc = remote_fetch(&n->remote, refs, ARRAY_SIZE(refs));

	n->fetched = rc == 0;
	if (rc == 0)
		write_user(n, true);
	return rc;
}

int turn_net_pause(const struct turn_net *n, unsigned attempt)
{
	struct pollfd p = { .fd = n->remote.interrupt_fd, .events = POLLIN };
	int64_t ms = attempt < 4 ? 1000 << attempt : PAUSE_MAX_MS, left;

	if (n->deadline >= 0) {
		left = n->deadline - time_boot_ms();
		if (left <= 0)
			return ORCH_EBUSY;
		if (left < ms)
			ms = left;
	}
	if (poll(&p, 1, (int)ms) > 0)
		return error_set(ORCH_EINTERRUPTED, "interrupted");
	return 0;
}
