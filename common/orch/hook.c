/*
 * What the programs behind git hooks have in common.
 */
#include "orch/hook.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/time.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "base/text.h"
#include "git/gitconfig.h"
#include "git/repo.h"
#include "orch/config_value.h"
#include "orch/program.h"

#define GATE_LIMIT 60
#define FOLLOW_LIMIT 10
#define PREFIX "git-orch: "

static const struct hook_type types[] = {
	{ "post-commit", false, false },
	{ "post-checkout", false, false },
	{ "pre-push", true, true },
};
static const struct hook_type *current;	/* since hook_begin() */
static int64_t limit;			/* seconds */
/* What the clock's end says: a handler cannot compose it. */
static char timeout_text[160];

const struct hook_type *hook_types(size_t *nr)
{
	*nr = ARRAY_SIZE(types);
	return types;
}

const struct hook_type *hook_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (str_eq(types[i].name, name))
			return &types[i];
	return NULL;
}

bool hook_is_key(const char *key)
{
	const char *name = str_starts(key, "orch.") ? key + strlen("orch.") : "";
	const char *dot = strrchr(name, '.');

	for (size_t i = 0; dot && str_eq(dot, ".enabled") && i < ARRAY_SIZE(types); i++)
		if (strlen(types[i].name) == (size_t)(dot - name) &&
		    !memcmp(types[i].name, name, (size_t)(dot - name)))
			return true;
	return false;
}

char *hook_program(const char *name)
{
	char *rel = xstrfmt("libexec/git-orch/hooks/%s", name);
	char *path = program_beside(rel);

	free(rel);
	return path;
}

/* --- talking ------------------------------------------------------------- */

static void say_line(const char *kind, const char *text)
{
	struct strbuf line = STRBUF_INIT;
	ssize_t unused;

	strbuf_addf(&line, PREFIX "%s: %s", current ? current->name : "hook", kind);
	text_add_safe(&line, text, strlen(text), true);
	strbuf_addch(&line, '\n');
	unused = write(2, line.buf, line.len);
	(void)unused;
	strbuf_release(&line);
}

void hook_say(const char *fmt, ...)
{
	struct strbuf text = STRBUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	strbuf_vaddf(&text, fmt, ap);
	va_end(ap);
	say_line("", text.buf);
	strbuf_release(&text);
}

/* Notes are progress, and a hook that is content is silent. Warnings about what does
 * not count (of a configuration) are for who asks a gate to judge by it. */
static void talk(bool is_warning, const char *text)
{
	if (is_warning && current->gate)
		say_line("warning: ", text);
}

/* --- the clock ------------------------------------------------------------- */

/* Children that write were started to die with us; locks end with their
 * descriptors, and files are replaced whole. */
static void on_alarm(int sig)
{
	ssize_t unused = write(2, timeout_text, strlen(timeout_text));

	(void)sig;
	(void)unused;
	_exit(current->gate ? 1 : 0);
}

static void start_clock(int64_t seconds)
{
	struct sigaction action = { .sa_handler = on_alarm };
	struct itimerval timer = { .it_value = { .tv_sec = (time_t)seconds } };
	sigset_t set;

	limit = seconds;
	snprintf(timeout_text, sizeof(timeout_text),
		 current->gate ?
		 PREFIX "%s: not done after %s (orch.hookTimeout): refused\n" :
		 PREFIX "%s: not done after %s: left for the next reader\n",
		 current->name, duration_human(seconds));
	sigaction(SIGALRM, &action, NULL);
	sigemptyset(&set);
	sigaddset(&set, SIGALRM);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	setitimer(ITIMER_REAL, &timer, NULL);
}

/* --- skipping -------------------------------------------------------------- */

static bool is_off(const char *value)
{
	bool on;

	return value && *value && config_parse_bool(&on, value) == 0 && !on;
}

bool hook_skips(const char *name)
{
	const char *s = getenv("GIT_ORCH_SKIP");
	size_t len = strlen(name);

	for (; s && *s; s += *s == ',') {
		size_t n = strcspn(s, ","), from = strspn(s, " ");
		size_t to = n;

		while (to > from && s[to - 1] == ' ')
			to--;
		if (from < to && to - from == len && !memcmp(s + from, name, len))
			return true;
		s += n;
	}
	return false;
}

/* How many bytes git, or whoever called us, has for us to read. */
static int waiting_input(void)
{
	struct pollfd p = { .fd = 0, .events = POLLIN };
	struct stat st;
	int n = 0;

	if (isatty(0) || fstat(0, &st) < 0)
		return 0;
	if (S_ISREG(st.st_mode))
		return (int)st.st_size;
	if (poll(&p, 1, 5000) <= 0 || ioctl(0, FIONREAD, &n) < 0)
		return 0;
	return n;
}

static void witness(void)
{
	const char *path = getenv(HOOK_WITNESS);
	int fd = path && *path ?
		 open(path, O_WRONLY | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC) : -1;
	struct stat st;

	if (fd < 0)
		return;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		dprintf(fd, "%s %d\n", current->name,
			current->has_input ? waiting_input() : 0);
	close(fd);
}

bool hook_begin(const char *name)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	int null;

	current = hook_find(name);
	if (!current)
		BUG("no hook '%s'", name);
	sigaction(SIGPIPE, &ignore, NULL);
	error_set_sink(talk);
	null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (null >= 0) {
		dup2(null, 1);
		if (null != 1)
			close(null);
	}
	start_clock(current->gate ? GATE_LIMIT : FOLLOW_LIMIT);
	witness();
	if (is_off(getenv("GIT_ORCH")))
		hook_say("skipped (GIT_ORCH=%s)", getenv("GIT_ORCH"));
	else if (hook_skips(name))
		hook_say("skipped (GIT_ORCH_SKIP)");
	else
		return true;
	return false;
}

static int bad_value(const struct config_entry *e)
{
	return error_set(ORCH_EINVALID, "%s:%d: bad value '%.200s' of %s", e->origin,
			 e->line, e->value ? e->value : "", e->key);
}

int hook_enabled(struct repo *repo)
{
	static const char *const prefixes[] = { "orch.", NULL };
	struct config_entries e = CONFIG_ENTRIES_INIT;
	char *key = xstrfmt("orch.%s.enabled", current->name);
	const struct config_entry *enabled = NULL, *timeout = NULL;
	int64_t seconds = limit;
	bool on = true;
	int rc = gitconfig_read(&e, repo, prefixes);

	for (size_t i = 0; rc == 0 && i < e.nr; i++) {
		if (str_eq(e.v[i].key, key))
			enabled = &e.v[i];
		else if (current->gate && str_eq(e.v[i].key, "orch.hooktimeout"))
			timeout = &e.v[i];
	}
	if (rc < 0)
		goto out;
	/* A key that stands alone means true. */
	if (enabled && enabled->value && config_parse_bool(&on, enabled->value) < 0)
		rc = bad_value(enabled);
	else if (timeout && (!timeout->value ||
			     duration_parse(&seconds, timeout->value) < 0 || !seconds))
		rc = bad_value(timeout);
	else if (!on)
		hook_say("skipped (%s is false)", key);
	else
		rc = 1;
	if (rc > 0 && current->gate)
		start_clock(seconds);
out:
	config_entries_release(&e);
	free(key);
	return rc;
}

int hook_end(int rc)
{
	struct itimerval never = { .it_value = { 0 } };
	bool useful = current->gate || (rc != ORCH_ENOTFOUND && rc != ORCH_EUNSUPPORTED &&
					rc != ORCH_EBUSY);

	setitimer(ITIMER_REAL, &never, NULL);
	if (rc < 0 && rc != ORCH_ENO && useful && *error_message())
		say_line("", error_message());
	error_clear();
	return rc < 0 && current->gate ? 1 : 0;
}
