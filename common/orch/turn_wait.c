/*
 * Sleeping until the turn may have moved: inotify tells of a new state, a
 * pidfd of the end of the holder. Only where one of these is not to be had, or
 * the file system is one that other hosts write to, do we look now and then.
 */
#include <limits.h>
#include <poll.h>
#include <sys/inotify.h>
#include "orch/turn.h"
#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "orch/orch.h"
#include "orch/turn_internal.h"

#define POLL_MS 500

void turn_watch_arm(struct turn_watch *w, struct orch *o)
{
	if (w->inotify < 0)
		w->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (w->inotify >= 0 && w->wd < 0) {
		/* The directory may have been taken away under us. */
		if (dir_make(o->loop_dir) < 0)
			error_clear();
		w->wd = inotify_add_watch(w->inotify, o->loop_dir,
					  IN_MOVED_TO | IN_CLOSE_WRITE | IN_DELETE |
					  IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR);
	}
	w->poll = w->inotify < 0 || w->wd < 0;
}

/* Whether one of the events concerns the state, or who plays it (and not the
 * lock, log, ...). */
bool turn_watch_drain(struct turn_watch *w)
{
	_Alignas(struct inotify_event) char buf[4096];
	bool concerns = false;
	ssize_t n;

	while ((n = read(w->inotify, buf, sizeof(buf))) > 0) {
		for (char *p = buf; p < buf + n;) {
			struct inotify_event *e = (struct inotify_event *)(void *)p;

			if (e->mask & (IN_IGNORED | IN_DELETE_SELF | IN_MOVE_SELF)) {
				if (e->mask & IN_MOVE_SELF)
					inotify_rm_watch(w->inotify, e->wd);
				if (e->wd == w->wd)
					w->wd = -1;
				concerns = true;
			} else if (e->mask & IN_Q_OVERFLOW) {
				concerns = true;
			} else if (e->len && (str_eq(e->name, "turn.json") ||
					      str_starts(e->name, "runner-"))) {
				concerns = true;
			}
			p += sizeof(*e) + e->len;
		}
	}
	return concerns;
}

/* -1: the process cannot be watched. A pid that has changed hands meanwhile
 * is seen by who looks before sleeping: turn_watch_wait() does. */
static int add_process(struct pollfd *p, nfds_t *n, const struct process_id *id)
{
	int fd = process_fd((pid_t)id->pid);

	if (fd < 0)
		return -1;
	p[(*n)++] = (struct pollfd){ .fd = fd, .events = POLLIN };
	return 0;
}

int turn_watch_wait(struct turn_watch *w, struct orch *o, const struct turn *t,
		    int64_t deadline, int interrupt_fd)
{
	struct pollfd p[6];
	nfds_t n = 0, first_process;
	bool look = w->poll || t->shared_fs, local;
	int64_t lease = -1, left;
	int rc = 0, timeout;

	if (w->look_ms && (deadline < 0 || w->look_ms < deadline))
		deadline = w->look_ms;
	if (w->inotify >= 0 && w->wd < 0) {
		turn_watch_arm(w, o);
		if (w->wd >= 0)
			return 0;	/* armed again: read the state again */
	}
	p[n++] = (struct pollfd){ .fd = interrupt_fd, .events = POLLIN };
	p[n++] = (struct pollfd){ .fd = w->inotify, .events = POLLIN };
	first_process = n;
	local = t->holder.actor && t->holder.process.pid && turn_holder_is_local(t);
	if (local) {
		bool wrapper = !process_gone(&t->holder.process);
		bool child = t->holder.child.pid && !process_gone(&t->holder.child);

		/* What is gone must not be slept on: it would wake us at once
		 * for as long as the other one lives. */
		if ((wrapper && add_process(p, &n, &t->holder.process) < 0) ||
		    (child && add_process(p, &n, &t->holder.child) < 0))
			look = true;
		/* The pidfds are open: who is gone by now was gone before, or
		 * its pidfd says so. */
		if (!turn_holder_alive(t))
			goto out;
	} else if (t->holder.actor || t->keeper.clone) {
		lease = turn_lease_left_ms(t);
		if (lease == 0)
			goto out;
	}
	if (w->also.pid && (process_gone(&w->also) || add_process(p, &n, &w->also) < 0))
		w->also.pid = 0;
	if (w->caller.pid && add_process(p, &n, &w->caller) == 0 &&
	    process_gone(&w->caller))
		goto out;
	for (;;) {
		left = lease;
		if (deadline >= 0) {
			int64_t d = deadline - time_boot_ms();

			if (d <= 0)
				goto out;
			if (left < 0 || d < left)
				left = d;
		}
		if (look && (left < 0 || left > POLL_MS))
			left = POLL_MS;
		timeout = left < 0 ? -1 : left >= INT_MAX ? INT_MAX : (int)left + 1;
		if (poll(p, n, timeout) < 0 && errno != EINTR) {
			rc = error_sys("cannot wait for the turn");
			goto out;
		}
		if (p[0].revents) {
			rc = error_set(ORCH_EINTERRUPTED, "interrupted while waiting "
				       "for the turn");
			goto out;
		}
		for (nfds_t i = first_process; i < n; i++)
			if (p[i].revents)
				goto out;
		if (p[1].revents && turn_watch_drain(w))
			goto out;
		if (look)
			goto out;
		if (lease >= 0 && (lease = turn_lease_left_ms(t)) == 0)
			goto out;
	}
out:
	for (nfds_t i = first_process; i < n; i++)
		close(p[i].fd);
	return rc;
}

void turn_watch_close(struct turn_watch *w)
{
	if (w->inotify >= 0)
		close(w->inotify);
	w->inotify = w->wd = -1;
}
