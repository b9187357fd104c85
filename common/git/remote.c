/*
 * A conversation with a remote: which ones there are, under which settings git
 * speaks to them, and the two ways of listening. Pushing is remote_push.c.
 */
#include "git/remote.h"

#include <git2.h>
#include <poll.h>
#include <sys/stat.h>
#include <time.h>
#include "base/error.h"
#include "base/strvec.h"
#include "base/text.h"
#include "git/gitconfig.h"
#include "git/internal.h"
#include "git/refs.h"
#include "git/remote_internal.h"

struct remote_counts remote_counts;

/* ---- what is configured ---- */

struct remote_config {
	struct strvec names;	/* those with a URL, sorted */
	bool own_ssh;		/* the user has chosen how to run ssh */
};
#define REMOTE_CONFIG_INIT { STRVEC_INIT, false }

static int config_load(struct remote_config *c, struct repo *repo)
{
	static const char *const prefixes[] = { "remote.", "core.sshcommand", NULL };
	struct config_entries e = CONFIG_ENTRIES_INIT;
	const char *ssh = getenv("GIT_SSH_COMMAND");
	size_t i;
	int rc;

	c->own_ssh = ssh || getenv("GIT_SSH");
	rc = gitconfig_read(&e, repo, prefixes);
	for (i = 0; rc == 0 && i < e.nr; i++) {
		const char *key = e.v[i].key, *value = e.v[i].value, *name, *end;

		if (str_eq(key, "core.sshcommand") && value && *value)
			c->own_ssh = true;
		if (!str_starts(key, "remote."))
			continue;
		name = key + strlen("remote.");
		end = strrchr(name, '.');
		if (end && end > name && str_eq(end, ".url") && value && *value) {
			char *s = xstrndup(name, (size_t)(end - name));

			if (strvec_has(&c->names, s))
				free(s);
			else
				strvec_take(&c->names, s);
		}
	}
	strvec_sort(&c->names);
	config_entries_release(&e);
	return rc;
}

static void config_release(struct remote_config *c)
{
	strvec_release(&c->names);
}

int remote_names(struct repo *repo, struct strvec *out)
{
	struct remote_config c = REMOTE_CONFIG_INIT;
	int rc = config_load(&c, repo);

	if (rc == 0 && c.names.nr)
		strvec_pushv(out, (const char *const *)c.names.v);
	config_release(&c);
	return rc;
}

/* A URL, host:path, helper::address, or a path; or what lies around here. */
static bool is_address(const struct remote *r)
{
	const char *dir = r->repo->work_tree ? r->repo->work_tree : r->repo->git_dir;
	char *path;
	bool found;

	if (strpbrk(r->name, ":/"))
		return true;
	path = xstrfmt("%s/%s", dir, r->name);
	found = access(path, F_OK) == 0;
	free(path);
	return found;
}

static int check_name(const struct remote *r, const struct remote_config *c)
{
	const unsigned char *s = (const unsigned char *)r->name;
	char *label, *list;
	int rc;

	while (*s >= ' ' && *s != 0x7f)
		s++;
	if (*r->name && *r->name != '-' && !*s &&
	    (strvec_has(&c->names, r->name) || is_address(r)))
		return 0;
	label = remote_label(r);
	list = c->names.nr ? strvec_join(&c->names, ", ") : NULL;
	if (list) {
		char *clean = said_clean(list, strlen(list));

		rc = error_set(ORCH_ENOTFOUND, "no remote '%s'; there is: %s", label,
			       clean);
		free(clean);
	} else {
		rc = error_set(ORCH_ENOTFOUND, "no remote '%s'; none is configured "
			       "(git remote add)", label);
	}
	free(list);
	free(label);
	return rc;
}

int remote_check(const struct remote *r)
{
	struct remote_config c = REMOTE_CONFIG_INIT;
	int rc = config_load(&c, r->repo);

	if (rc == 0)
		rc = check_name(r, &c);
	config_release(&c);
	return rc;
}

char *remote_label(const struct remote *r)
{
	const char *host = strstr(r->name, "://"), *at;
	struct strbuf sb = STRBUF_INIT;
	char *clean;

	strbuf_addstr(&sb, r->name);
	if (host) {
		host += strlen("://");
		at = memrchr(host, '@', strcspn(host, "/"));
		if (at)
			strbuf_remove(&sb, (size_t)(host - r->name),
				      (size_t)(at + 1 - host));
	}
	clean = said_clean(sb.buf, sb.len);
	strbuf_release(&sb);
	return clean;
}

int remote_check_ref(const char *name)
{
	int valid = 0;

	if (str_starts(name, "refs/") &&
	    git_reference_name_is_valid(&valid, name) == 0 && valid)
		return 0;
	return error_set(ORCH_EINVALID, "'%s' is no full name of a reference", name);
}

/* ---- one conversation ---- */

/*
 * Settings that have no option, or that sit in the remote's own section. What
 * is left to the user: where and through what (url, pushurl, insteadOf, proxy,
 * uploadpack, receivepack, promisor), what is accepted (fsckObjects, protocol.*)
 * and how it is stored (unpackLimit).
 */
static void add_settings(struct strvec *argv, struct gitwatch *w,
			 const struct remote *r, const struct remote_config *c)
{
	static const char *const settings[] = {
		"credential.interactive=false", "submodule.recurse=false",
		"fetch.negotiationAlgorithm=default", "fetch.bundleURI=",
		"push.pushOption=", "push.negotiate=false",
		/* Several of us may fetch at the same time. */
		"core.filesRefLockTimeout=1000", "core.packedRefsTimeout=2000",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(settings); i++) {
		strvec_push(argv, "-c");
		strvec_push(argv, settings[i]);
	}
	/* By way of the environment: a name may have a "=" in it. For one that
	 * is not configured these keys would make it a remote of that name. */
	if (!strvec_has(&c->names, r->name))
		return;
	strvec_pushf(argv, "--config-env=remote.%s.mirror=ORCH_NO", r->name);
	strvec_pushf(argv, "--config-env=remote.%s.followRemoteHEAD=ORCH_NEVER",
		     r->name);
	strvec_push(&w->env, "ORCH_NO=false");
	strvec_push(&w->env, "ORCH_NEVER=never");
}

int remote_run(struct gitwatch *w, const struct remote *r,
	       const char *const *args, const struct strvec *refs, int patience)
{
	int64_t stall = r->stall > 0 ? r->stall : REMOTE_STALL;
	struct remote_config c = REMOTE_CONFIG_INIT;
	struct strvec argv = STRVEC_INIT;
	char *label;
	int rc;

	if ((rc = config_load(&c, r->repo)) < 0 || (rc = check_name(r, &c)) < 0)
		goto out;
	if (stall > 86400)
		stall = 86400;
	add_settings(&argv, w, r, &c);
	strvec_pushv(&argv, args);
	strvec_push(&argv, "--");
	strvec_push(&argv, r->name);
	if (refs && refs->nr)
		strvec_pushv(&argv, (const char *const *)refs->v);
	/* ssh's own silence while it connects ends before our patience does. */
	if (!c.own_ssh)
		strvec_pushf(&w->env, "GIT_SSH_COMMAND=ssh -oBatchMode=yes "
			     "-oConnectTimeout=%d",
			     stall < 2 ? 1 : stall > 60 ? 30 : (int)stall / 2);
	w->silence_ms = stall * 1000 * patience;
	w->interrupt_fd = r->interrupt_fd;
	rc = gitwatch_run(w, r->repo, (const char *const *)argv.v);
	if (rc == ORCH_EBUSY) {
		label = remote_label(r);
		rc = error_set(ORCH_EBUSY, "'%s' shows no sign of life for %lld s",
			       label, (long long)(stall * patience));
		free(label);
	}
out:
	strvec_release(&argv);
	config_release(&c);
	return rc;
}

int remote_unreachable(const struct remote *r, const struct gitwatch *w,
		       const char *what)
{
	char *label = remote_label(r), *reason = gitwatch_reason(w);
	int rc = error_set(ORCH_EBUSY, "cannot %s '%s': %s", what, label, reason);

	free(reason);
	free(label);
	return rc;
}

/* ---- listening ---- */

int remote_ls(const struct remote *r, struct remote_ref *refs, size_t nr)
{
	static const char *const args[] = { "ls-remote", "--quiet", "--refs", NULL };
	struct gitwatch w = GITWATCH_INIT;
	struct strvec names = STRVEC_INIT;
	struct said_line line = { NULL, 0, 0 };
	size_t i;
	int rc = 0;

	for (i = 0; rc == 0 && i < nr; i++) {
		memset(&refs[i].oid, 0, sizeof(refs[i].oid));
		rc = remote_check_ref(refs[i].name);
		strvec_push(&names, refs[i].name);
	}
	if (rc < 0 || !nr)
		goto out;
	remote_counts.looks++;
	if ((rc = remote_run(&w, r, args, &names, 1)) < 0)
		goto out;
	if (w.code || w.cut) {
		rc = remote_unreachable(r, &w, "look at");
		goto out;
	}
	/* The patterns also match the ends of other names. */
	while (rc == 0 && said_next(&line, &w.out)) {
		char hex[OID_HEX + 1] = "";

		if (line.len <= OID_HEX || line.s[OID_HEX] != '\t')
			continue;
		memcpy(hex, line.s, OID_HEX);
		for (i = 0; rc == 0 && i < nr; i++)
			if (line.len == OID_HEX + 1 + strlen(refs[i].name) &&
			    !memcmp(line.s + OID_HEX + 1, refs[i].name,
				    line.len - OID_HEX - 1))
				rc = oid_parse(&refs[i].oid, hex);
	}
out:
	strvec_release(&names);
	gitwatch_release(&w);
	return rc;
}

static bool said_any(const struct gitwatch *w, const char *const *parts)
{
	struct said_line line = { NULL, 0, 0 };
	const char *const *p;

	while (said_next(&line, &w->err))
		for (p = parts; *p; p++)
			if (!said_starts(&line, "remote:") && said_has(&line, *p))
				return true;
	return false;
}

static bool lacks_ref(const struct gitwatch *w)
{
	static const char *const parts[] = { "fatal: couldn't find remote ref", NULL };

	return said_any(w, parts);
}

/* Another process has moved or locked the same reference at this moment. */
static bool met_another(const struct gitwatch *w)
{
	static const char *const parts[] = {
		".lock': File exists", "but expected", "unable to update local ref",
		"reference already exists", "incorrect old value", NULL
	};

	return said_any(w, parts);
}

/* One `git fetch` of those that are not known to be gone. */
static int fetch_once(struct gitwatch *w, const struct remote *r,
		      const struct remote_fetch *refs, const bool *gone, size_t nr)
{
	static const char *const args[] = {
		"-c", "core.hooksPath=/dev/null",
		"fetch", "--progress", "--no-tags", "--no-prune", "--no-prune-tags",
		"--recurse-submodules=no", "--no-write-fetch-head", "--refmap=",
		"--no-auto-maintenance", "--no-write-commit-graph",
		"--no-show-forced-updates", "--jobs=1", NULL
	};
	struct strvec specs = STRVEC_INIT;
	size_t i;
	int rc;

	for (i = 0; i < nr; i++)
		if (!gone[i])
			strvec_pushf(&specs, "+%s:%s", refs[i].from, refs[i].to);
	remote_counts.fetches++;
	rc = remote_run(w, r, args, &specs, 1);
	strvec_release(&specs);
	return rc;
}

/* Which of them does it have? *any: at least one. */
static int look(const struct remote *r, const struct remote_fetch *refs, bool *gone,
		size_t nr, bool *any)
{
	struct remote_ref *list = xcalloc(nr, sizeof(*list));
	size_t i;
	int rc;

	for (i = 0; i < nr; i++)
		list[i].name = refs[i].from;
	rc = remote_ls(r, list, nr);
	*any = false;
	for (i = 0; rc == 0 && i < nr; i++) {
		gone[i] = oid_is_zero(&list[i].oid);
		*any |= !gone[i];
	}
	free(list);
	return rc;
}

/* Ours follow: read what came, remove what is gone there. */
static int settle(struct repo *repo, struct remote_fetch *ref, bool gone)
{
	struct oid now;
	int rc, tries = 0;

	if (!gone) {
		rc = ref_read(repo, ref->to, &ref->oid);
		/* Another process has seen it gone since. */
		return rc == ORCH_ENOTFOUND ? 0 : rc;
	}
	do {
		rc = ref_read(repo, ref->to, &now);
		if (rc == ORCH_ENOTFOUND)
			return 0;
		if (rc == 0)
			rc = ref_delete(repo, ref->to, &now);
	} while (rc == ORCH_EMODIFIED && ++tries < 5);
	return rc;
}

/* A moment that differs between processes; less if we are interrupted. */
static void pause_before_retry(const struct remote *r, int attempt)
{
	struct pollfd p = { r->interrupt_fd, POLLIN, 0 };
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	poll(&p, 1, 10 + (int)((now.tv_nsec / 1000 ^ getpid()) % (40 << attempt)));
}

int remote_fetch(const struct remote *r, struct remote_fetch *refs, size_t nr)
{
	bool *gone = xcalloc(nr + 1, sizeof(*gone)), any = nr > 0, done = false;
	struct gitwatch w = GITWATCH_INIT;
	int rc = 0, attempt;
	size_t i;

	for (i = 0; rc == 0 && i < nr; i++) {
		memset(&refs[i].oid, 0, sizeof(refs[i].oid));
		if ((rc = remote_check_ref(refs[i].from)) == 0)
			rc = remote_check_ref(refs[i].to);
	}
	for (attempt = 0; rc == 0 && any && !done; attempt++) {
		if (attempt == 5) {
			rc = remote_unreachable(r, &w, "fetch from");
			break;
		}
		strvec_release(&w.env);
		if ((rc = fetch_once(&w, r, refs, gone, nr)) < 0)
			break;
		if (!w.code)
			done = true;
		else if (lacks_ref(&w))
			rc = look(r, refs, gone, nr, &any);
		else if (met_another(&w))
			pause_before_retry(r, attempt);
		else
			rc = remote_unreachable(r, &w, "fetch from");
	}
	for (i = 0; rc == 0 && i < nr; i++)
		rc = settle(r->repo, &refs[i], gone[i]);
	free(gone);
	gitwatch_release(&w);
	return rc;
}
