/*
 * Who holds the turn, and is it still there? A process is its pid and its
 * start time, seen from one boot and one pid namespace: nothing else says the
 * same of it tomorrow. Whatever cannot be found out counts as alive, because
 * a turn that waits too long can be broken by hand, and one that is given
 * away twice cannot be mended.
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include "orch/turn.h"
#include "base/error.h"
#include "base/strbuf.h"
#include "base/text.h"
#include "orch/orch.h"
#include "orch/turn_internal.h"

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif

struct process_info {
	char name[32];
	char state;
	pid_t parent;
	int64_t threads;
	uint64_t start;
};

/* What one read gives, which for these files is all of it. */
static ssize_t read_small(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = -1;

	buf[0] = '\0';
	if (fd < 0)
		return -1;
	do
		n = read(fd, buf, size - 1);
	while (n < 0 && errno == EINTR);
	close(fd);
	buf[n > 0 ? n : 0] = '\0';
	return n;
}

const struct turn_here *turn_here(void)
{
	static struct turn_here here;
	static bool known;
	ssize_t n;

	if (known)
		return &here;
	read_small("/proc/sys/kernel/random/boot_id", here.boot_id,
		   sizeof(here.boot_id));
	here.boot_id[strcspn(here.boot_id, "\n")] = '\0';
	n = readlink("/proc/self/ns/pid", here.pid_ns, sizeof(here.pid_ns) - 1);
	here.pid_ns[n > 0 ? n : 0] = '\0';
	if (gethostname(here.host, sizeof(here.host) - 1) < 0)
		here.host[0] = '\0';
	known = true;
	return &here;
}

int process_fd(pid_t pid)
{
	return (int)syscall(SYS_pidfd_open, pid, 0);
}

/* /proc/PID/stat: "pid (name) state ppid ...". The name may hold anything,
 * so the fields are counted from the last parenthesis. */
static int process_look(struct process_info *out, pid_t pid)
{
	char path[64], buf[1024], *open_paren, *p;
	size_t len;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	if (read_small(path, buf, sizeof(buf)) <= 0)
		return ORCH_ENOTFOUND;
	open_paren = strchr(buf, '(');
	p = strrchr(buf, ')');
	if (!open_paren || !p || p[1] != ' ' || !p[2])
		return ORCH_ENOTFOUND;
	len = (size_t)(p - open_paren - 1);
	if (len >= sizeof(out->name))
		len = sizeof(out->name) - 1;
	memcpy(out->name, open_paren + 1, len);
	out->name[len] = '\0';
	out->state = p[2];
	p += 3;
	for (int field = 4; field <= 22; field++) {
		char *end;
		long long n = strtoll(p, &end, 10);

		if (end == p)
			return ORCH_ENOTFOUND;
		if (field == 4)
			out->parent = (pid_t)n;
		else if (field == 20)
			out->threads = n;
		else if (field == 22)
			out->start = (uint64_t)n;
		p = end;
	}
	return 0;
}

int process_identify(struct process_id *out, pid_t pid)
{
	struct process_info info;

	if (pid <= 0 || process_look(&info, pid) < 0)
		return error_set(ORCH_ENOTFOUND, "no process %d", (int)pid);
	out->pid = pid;
	out->start = info.start;
	return 0;
}

bool process_gone(const struct process_id *id)
{
	struct process_info info;
	struct pollfd p = { .events = POLLIN };

	if (kill((pid_t)id->pid, 0) < 0 && errno == ESRCH)
		return true;
	if (process_look(&info, (pid_t)id->pid) == 0) {
		if (info.start != id->start)
			return true;
		/* A zombie whose other threads live on is not dead. */
		if (strchr("ZXx", info.state) && info.threads <= 1)
			return true;
	}
	/* /proc may be closed to us (hidepid); a pidfd is not. It also
	 * keeps us in step with turn_watch_wait(), which sleeps on one. */
	p.fd = process_fd((pid_t)id->pid);
	if (p.fd >= 0) {
		bool ended = poll(&p, 1, 0) > 0 && (p.revents & POLLIN);

		close(p.fd);
		if (ended)
			return true;
	}
	return false;
}

static bool is_local(const struct turn_holder *h)
{
	const struct turn_here *here = turn_here();

	return here->boot_id[0] && here->pid_ns[0] && h->boot_id && h->pid_ns &&
	       str_eq(h->boot_id, here->boot_id) && str_eq(h->pid_ns, here->pid_ns);
}

bool turn_holder_is_local(const struct turn *t)
{
	return is_local(&t->holder);
}

static bool same_boot(const struct turn_holder *h)
{
	return turn_here()->boot_id[0] && h->boot_id &&
	       str_eq(h->boot_id, turn_here()->boot_id);
}

static const struct turn_holder *holder_or_keeper(const struct turn *t)
{
	return t->holder.actor ? &t->holder : &t->keeper;
}

/* By the boot clock where it is the holder's too, else by how long we have
 * seen it unchanged: what time of day it is anywhere must not end a turn. */
int64_t turn_lease_left_ms(const struct turn *t)
{
	int64_t left;

	if (!t->lease_ms)
		return -1;
	if (t->seen_until_ms)
		left = t->seen_until_ms - time_boot_ms();
	else if (same_boot(holder_or_keeper(t)) && t->lease_boot_ms)
		left = t->lease_boot_ms - time_boot_ms();
	else
		left = t->lease_seconds * 1000;	/* just seen */
	return left > 0 ? left : 0;
}

static bool lease_over(const struct turn *t)
{
	return turn_lease_left_ms(t) == 0;
}

static bool is_there(const struct turn *t, const struct turn_holder *h)
{
	if (!h->process.pid)
		return !lease_over(t);
	/* What another clone has published of a turn that roams there is
	 * not who has it now. */
	if (is_local(h) && (t->recorded_here || !t->roams))
		return !process_gone(&h->process) ||
		       (h->child.pid && !process_gone(&h->child));
	/* This machine has been started again since, so nothing of then
	 * lives; but only what we recorded ourselves was on this machine. */
	if (h->boot_id[0] && turn_here()->boot_id[0] && !same_boot(h) &&
	    t->recorded_here)
		return false;
	/* Another machine, or a container beside us: we cannot look. */
	return !lease_over(t);
}

bool turn_holder_alive(const struct turn *t)
{
	const struct turn_holder *h = &t->holder;

	if (!h->actor)
		return false;
	if (h->claim && t->sync.void_claim && str_eq(h->claim, t->sync.void_claim))
		return false;
	return is_there(t, h);
}

bool turn_kept_elsewhere(const struct turn *t)
{
	return !t->holder.actor && t->keeper.clone && !t->recorded_here &&
	       is_there(t, &t->keeper);
}

static void describe_process(struct strbuf *out, const struct process_id *id)
{
	struct process_info info;

	if (process_look(&info, (pid_t)id->pid) == 0 && info.start == id->start) {
		text_add_safe(out, info.name, strlen(info.name), true);
		strbuf_addch(out, ' ');
	}
	strbuf_addf(out, "pid %" PRId64, id->pid);
}

void turn_describe_holder(struct strbuf *out, const struct turn *t)
{
	const struct turn_holder *h = &t->holder;
	bool local = turn_holder_is_local(t);

	if (!h->actor)
		return;
	if (!h->process.pid) {
		strbuf_addstr(out, "by lease alone");
	} else if (!local) {
		strbuf_addf(out, "pid %" PRId64, h->process.pid);
	} else if (h->child.pid) {
		describe_process(out, &h->child);
		strbuf_addstr(out, " under ");
		describe_process(out, &h->process);
	} else {
		describe_process(out, &h->process);
	}
	strbuf_addstr(out, ", host ");
	text_add_safe(out, h->host, strlen(h->host), true);
	if (h->process.pid)
		strbuf_addstr(out, !turn_holder_alive(t) ? ", gone" : local ?
			      ", alive" : ", not visible from here");
	else
		strbuf_addstr(out, turn_holder_alive(t) ? "" : ", run out");
}

/* ---- ancestors ---- */

/* Calls `each` for pid and then its ancestors until it returns true. */
static bool any_ancestor(pid_t pid, bool (*each)(pid_t, const struct process_info *,
						 void *), void *data)
{
	struct process_info info;

	for (int depth = 0; pid > 0 && depth < 4096; depth++) {
		if (process_look(&info, pid) < 0)
			return false;
		if (each(pid, &info, data))
			return true;
		pid = info.parent;
	}
	return false;
}

static bool is_holder(pid_t pid, const struct process_info *info, void *data)
{
	const struct turn_holder *h = data;

	return (pid == h->process.pid && info->start == h->process.start) ||
	       (pid == h->child.pid && info->start == h->child.start);
}

bool turn_holder_is_ancestor(const struct turn *t)
{
	struct turn_holder h = t->holder;

	return h.actor && h.process.pid && turn_holder_is_local(t) &&
	       any_ancestor(getpid(), is_holder, &h);
}

/* Programs that start another and wait, or become it: the turn is not theirs. */
static bool is_go_between(const char *name)
{
	static const char *const names[] = {
		"git", "env", "timeout", "nice", "nohup", "sudo", "setsid",
		"stdbuf", "time", NULL
	};

	if (str_starts(name, "git-orch"))
		return true;
	for (size_t i = 0; names[i]; i++)
		if (str_eq(name, names[i]))
			return true;
	return false;
}

/* The first process of a machine or container adopts orphans: being its
 * child only means that our own parent has ended. */
static bool is_init(pid_t pid, const char *name)
{
	static const char *const names[] = {
		"init", "systemd", "tini", "dumb-init", "docker-init", NULL
	};

	if (pid != 1 && !str_eq(name, "systemd"))
		return false;
	for (size_t i = 0; names[i]; i++)
		if (str_eq(name, names[i]))
			return true;
	return false;
}

struct found {
	pid_t pid;
	char name[256];
};

static bool can_hold(pid_t pid, const struct process_info *info, void *data)
{
	struct found *f = data;
	char path[64], exe[4096];
	const char *base = info->name;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
	n = readlink(path, exe, sizeof(exe) - 1);
	if (n > 0) {
		exe[n] = '\0';
		base = strrchr(exe, '/') ? strrchr(exe, '/') + 1 : exe;
	}
	if (is_go_between(info->name) || is_go_between(base))
		return false;
	if (is_init(pid, info->name))
		return true;
	f->pid = pid;
	snprintf(f->name, sizeof(f->name), "%s", info->name);
	return true;
}

static int find_holder(pid_t *pid, char **name)
{
	struct found f = { 0, "" };
	struct strbuf safe = STRBUF_INIT;

	any_ancestor(getppid(), can_hold, &f);
	if (!f.pid)
		return error_set(ORCH_ENOTFOUND, "found no process that could hold "
				 "the turn; use --pid P, or --pid none to hold it "
				 "by lease alone");
	*pid = f.pid;
	text_add_safe(&safe, f.name, strlen(f.name), true);
	*name = strbuf_detach(&safe, NULL);
	return 0;
}

int turn_choose_holder(pid_t *pid, const char *arg)
{
	char *name = NULL, *end;
	long n;
	int rc;

	*pid = 0;
	if (arg && str_eq(arg, "none"))
		return 0;
	if (arg) {
		errno = 0;
		n = strtol(arg, &end, 10);
		if (errno || end == arg || *end || n < 1 || n > INT32_MAX)
			return error_set(ORCH_EUSAGE, "--pid: '%s' is neither a "
					 "process nor none", arg);
		*pid = (pid_t)n;
		return 0;
	}
	if ((rc = find_holder(pid, &name)) < 0)
		return rc;
	note("%s (pid %d) holds the turn while it lives", name, (int)*pid);
	free(name);
	return 0;
}

/* ---- whose generation ---- */

int turn_env_generation(int64_t *out, const struct orch *o)
{
	const char *s = getenv("GIT_ORCH_GENERATION");
	const char *loop = getenv("GIT_ORCH_LOOP");
	char *end;

	*out = 0;
	if (!s || !*s || (loop && o->loop && !str_eq(loop, o->loop)))
		return 0;
	errno = 0;
	*out = strtoll(s, &end, 10);
	if (errno || *end || *out < 1 || *out > TURN_NUMBER_MAX)
		return error_set(ORCH_EINVALID, "GIT_ORCH_GENERATION is no "
				 "generation: '%s'", s);
	return 0;
}

int turn_own_generation(int64_t *out, struct orch *o)
{
	struct strbuf text = STRBUF_INIT;
	struct turn t;
	int rc;

	if ((rc = turn_load(&t, o)) < 0)
		goto out;
	if (turn_holder_is_ancestor(&t)) {
		*out = t.generation;
		goto out;
	}
	turn_describe(&text, &t);
	rc = error_set(ORCH_ENO, "the turn is not ours: %s%s", text.buf,
		       t.holder.actor && !t.holder.process.pid
		       ? "; say which with --generation" : "");
out:
	strbuf_release(&text);
	turn_release_memory(&t);
	return rc;
}

int turn_choose_generation(int64_t *out, struct orch *o, int64_t given)
{
	int rc;

	*out = given;
	if (given != TURN_NOT_GIVEN)
		return given > 0 ? 0 :
		       error_set(ORCH_EUSAGE, "--generation: %" PRId64 " is none", given);
	if ((rc = turn_env_generation(out, o)) < 0 || *out)
		return rc;
	return turn_own_generation(out, o);
}
