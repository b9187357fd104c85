/* Remotes: real bare repositories, hooks that refuse, and ones that are silent. */
#include "unit.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "base/strvec.h"
#include "git/object.h"
#include "git/refs.h"
#include "git/remote.h"
#include "git/repo.h"

#define TURN "refs/orch/loop/turn"
#define MAIN "refs/heads/main"

/* A script of the test's own: composed here, of nothing foreign. */
static void sh(const char *fmt, ...) PRINTF_LIKE(1, 2);
static void sh(const char *fmt, ...)
{
	struct strbuf sb = STRBUF_INIT;
	va_list ap;

	strbuf_addstr(&sb, "set -e; exec >>log 2>&1; ");
	va_start(ap, fmt);
	strbuf_vaddf(&sb, fmt, ap);
	va_end(ap);
	if (system(sb.buf) != 0)
		fail_msg("%s", sb.buf);
	strbuf_release(&sb);
}

static struct repo *repo;
static struct remote origin;

/* r.git, and w with one commit that r.git has not; main is checked out. */
static int setup(void **state UNUSED)
{
	sh("rm -rf r.git w other; git init -q --bare -b main r.git; git init -q -b main w; "
	   "cd w; echo 1 >file; git add .; git commit -qm one; "
	   "git remote add origin ../r.git");
	if (repo_open(&repo, "w", 0) < 0)
		return -1;
	origin = (struct remote){ repo, "origin", 10, -1 };
	return 0;
}

static int teardown(void **state UNUSED)
{
	repo_free(repo);
	repo = NULL;
	return 0;
}

static void write_script(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path, 0755), 0);
}

/* A new commit on top of `parent` (may be NULL), in no branch. */
static struct oid commit(const struct oid *parent, const char *message)
{
	struct oid head, out;
	struct commit_info info = COMMIT_INFO_INIT;

	assert_int_equal(repo_head(repo, &head, NULL), 0);
	assert_int_equal(commit_read(repo, &head, &info), 0);
	assert_int_equal(commit_write(repo, &info.tree, parent, parent ? 1 : 0, message,
				      1000000000, &out), 0);
	commit_info_release(&info);
	return out;
}

static struct oid head(void)
{
	struct oid oid;

	assert_int_equal(repo_head(repo, &oid, NULL), 0);
	return oid;
}

static struct oid there(const char *name)
{
	struct remote_ref ref = { name, OID_ZERO };

	if (remote_ls(&origin, &ref, 1) < 0)
		fail_msg("%s", error_message());
	return ref.oid;
}

static void said(const char *part)
{
	if (!strstr(error_message(), part))
		fail_msg("'%s' is not in '%s'", part, error_message());
}

static void is_oid(struct oid a, struct oid b)
{
	assert_string_equal(oid_hex(&a), oid_hex(&b));
}

static const struct oid zero = OID_ZERO;

static int push1(const char *ref, struct oid oid, const struct oid *expected,
		 struct remote_push *out)
{
	memset(out, 0, sizeof(*out));
	out->oid = oid;
	out->ref = ref;
	out->expected = expected;
	return remote_push(&origin, out, 1, 0);
}

/* ---- names ---- */

static void test_names(void **state UNUSED)
{
	static const char *const good[] = {
		"origin", "a=b", "../r.git", "https://example.org/x", "host:x.git", "."
	};
	static const char *const bad[] = {
		"", "-x", "--upload-pack=touch pwned", "nowhere", "a\nb", "-o:/x"
	};
	struct strvec names = STRVEC_INIT;
	struct remote r = origin;
	size_t i;

	sh("cd w; git remote add a=b ../r.git; git config remote.nourl.prune true");
	assert_int_equal(remote_names(repo, &names), 0);
	assert_int_equal(names.nr, 2);
	assert_string_equal(names.v[0], "a=b");
	for (i = 0; i < ARRAY_SIZE(good); i++) {
		r.name = good[i];
		assert_int_equal(remote_check(&r), 0);
	}
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		struct remote_ref ref = { MAIN, OID_ZERO };

		r.name = bad[i];
		assert_int_equal(remote_check(&r), ORCH_ENOTFOUND);
		said("a=b, origin");
		assert_int_equal(remote_ls(&r, &ref, 1), ORCH_ENOTFOUND);
	}
	/* A name that could end a `-c` too early. */
	r.name = "a=b";
	{
		struct remote_push p = { head(), MAIN, NULL, 0, NULL };

		sh("cd w; git config remote.a=b.mirror true");
		assert_int_equal(remote_push(&r, &p, 1, 0), 0);
	}
	strvec_release(&names);
}

/* ---- pushing ---- */

static void test_push(void **state UNUSED)
{
	struct oid first = commit(NULL, "first"), second = commit(&first, "second");
	struct oid other = commit(NULL, "other");
	struct remote_push p[2] = {
		{ head(), MAIN, NULL, 0, NULL }, { first, TURN, &zero, 0, NULL },
	};

	assert_int_equal(remote_push(&origin, p, 2, 0), 0);
	assert_int_equal(p[0].result, PUSH_DONE);
	assert_int_equal(p[1].result, PUSH_DONE);
	is_oid(there(MAIN), head());
	is_oid(there(TURN), first);
	is_oid(there("refs/heads/other"), zero);
	/* Again: it is there. The same commit, though something else was expected
	 * there: git calls it up to date and does not look. */
	assert_int_equal(remote_push(&origin, p, 2, 0), 0);
	assert_int_equal(p[1].result, PUSH_DONE);
	/* Another one with the same expectation loses, and takes the branch along. */
	p[0].oid = commit(&p[0].oid, "on main");
	p[1].oid = other;
	assert_int_equal(remote_push(&origin, p, 2, 0), ORCH_ENO);
	said(TURN);
	assert_int_equal(p[0].result, PUSH_NOT_TRIED);
	assert_null(p[0].reason);
	assert_int_equal(p[1].result, PUSH_MOVED);
	assert_string_equal(p[1].reason, "stale info");
	remote_push_release(p, 2);
	is_oid(there(TURN), first);
	/* Forward, backward and sideways without an expectation. */
	assert_int_equal(push1(TURN, second, NULL, p), 0);
	assert_int_equal(push1(TURN, first, NULL, p), ORCH_ENO);
	assert_int_equal(p->result, PUSH_MOVED);
	remote_push_release(p, 1);
	assert_int_equal(push1(TURN, other, &first, p), ORCH_ENO);
	assert_int_equal(p->result, PUSH_MOVED);
	remote_push_release(p, 1);
	assert_int_equal(push1(TURN, other, &second, p), 0);
	is_oid(there(TURN), other);
	/* Not ours to push, and not a name. */
	memset(&first, 7, sizeof(first));
	assert_int_equal(push1(TURN, first, NULL, p), ORCH_ERROR);
	assert_int_equal(push1("main", second, NULL, p), ORCH_EINVALID);
	assert_int_equal(push1("refs/heads/a:refs/heads/b", second, NULL, p),
			 ORCH_EINVALID);
}

/* Whatever the user has set, what was asked for happens, and nothing else. */
static void test_settings(void **state UNUSED)
{
	struct oid first = commit(NULL, "first");
	struct remote_push p[2] = {
		{ head(), MAIN, NULL, 0, NULL }, { first, TURN, &zero, 0, NULL },
	};
	struct remote_fetch f = { MAIN, "refs/orch/seen", OID_ZERO };
	struct oid oid;

	sh("cd w; git tag -am tag v1; git branch more; "
	   "git config push.followTags true; git config push.gpgSign true; "
	   "git config push.pushOption x; git config push.default nothing; "
	   "git config push.recurseSubmodules on-demand; "
	   "git config push.useForceIfIncludes true; git config push.negotiate true; "
	   "git config submodule.recurse true; git config remote.origin.mirror true; "
	   "git config --add remote.origin.push refs/heads/more; "
	   "git config fetch.prune true; git config fetch.pruneTags true; "
	   "git config fetch.parallel 0; git config fetch.writeCommitGraph true; "
	   "git config remote.origin.tagOpt --tags; git config remote.origin.prune true; "
	   "git config fetch.recurseSubmodules true; git config core.sshCommand false; "
	   "git config --replace-all remote.origin.fetch '+refs/*:refs/*'; "
	   "printf '#!/bin/sh\\nexit 1\\n' >.git/hooks/pre-push; "
	   "chmod +x .git/hooks/pre-push; cd ..; git clone -q r.git other; "
	   "cd other; git commit -q --allow-empty -m x; git tag theirs; "
	   "git push -q origin HEAD:refs/heads/theirs theirs");
	if (remote_push(&origin, p, 2, 0) < 0)
		fail_msg("%s", error_message());
	is_oid(there(MAIN), head());
	is_oid(there("refs/tags/v1"), zero);
	is_oid(there("refs/heads/more"), zero);
	if (remote_fetch(&origin, &f, 1) < 0)
		fail_msg("%s", error_message());
	is_oid(f.oid, head());
	assert_int_equal(ref_read(repo, "refs/tags/theirs", &oid), ORCH_ENOTFOUND);
	assert_int_equal(ref_read(repo, "refs/tags/v1", &oid), 0);
	assert_int_equal(ref_read(repo, "refs/heads/theirs", &oid), ORCH_ENOTFOUND);
	assert_int_equal(ref_read(repo, "refs/heads/more", &oid), 0);
	assert_int_not_equal(access("w/.git/FETCH_HEAD", F_OK), 0);
	assert_int_not_equal(access("w/.git/objects/info/commit-graphs", F_OK), 0);
}

static void test_refused(void **state UNUSED)
{
	struct oid first = commit(NULL, "first"), next;
	struct remote_push p[2] = {
		{ head(), MAIN, NULL, 0, NULL }, { first, TURN, &zero, 0, NULL },
	};

	/* One reference of two, by name, with an escape sequence. */
	write_script("r.git/hooks/update", "#!/bin/sh\ncase $1 in refs/heads/*)\n"
		     "printf '=====\\nmain is \\033[31mclosed\\n======\\n'; exit 1;; esac\n");
	assert_int_equal(remote_push(&origin, p, 2, 0), ORCH_ENO);
	assert_int_equal(p[0].result, PUSH_REFUSED);
	assert_string_equal(p[0].reason, "hook declined: main is closed");
	assert_int_equal(p[1].result, PUSH_NOT_TRIED);
	remote_push_release(p, 2);
	is_oid(there(TURN), zero);
	sh("rm r.git/hooks/update");
	/* All of them, with more words than anybody wants. */
	write_script("r.git/hooks/pre-receive", "#!/bin/sh\n"
		     "i=0; while [ $i -lt 999 ]; do printf xyz; i=$((i+1)); done; exit 1\n");
	assert_int_equal(remote_push(&origin, p, 2, 0), ORCH_ENO);
	assert_int_equal(p[0].result, PUSH_REFUSED);
	assert_int_equal(p[1].result, PUSH_REFUSED);
	assert_true(strlen(p[0].reason) < 300);
	remote_push_release(p, 2);
	sh("rm r.git/hooks/pre-receive");
	/* A rule. */
	assert_int_equal(push1(TURN, first, &zero, p), 0);
	assert_int_equal(push1("refs/heads/x", first, &zero, p), 0);
	sh("git -C r.git config receive.denyNonFastForwards true");
	next = commit(NULL, "unrelated");
	assert_int_equal(push1("refs/heads/x", next, &first, p), ORCH_ENO);
	assert_int_equal(p->result, PUSH_REFUSED);
	assert_non_null(strstr(p->reason, "non-fast-forward"));
	remote_push_release(p, 1);
	/* A name that cannot be is no race; a lock that is held is one. */
	assert_int_equal(push1("refs/orch/loop/turn/x", next, &zero, p), ORCH_ENO);
	assert_int_equal(p->result, PUSH_REFUSED);
	assert_non_null(strstr(p->reason, "cannot create"));
	remote_push_release(p, 1);
	sh("touch r.git/refs/orch/loop/turn.lock");
	p[0] = (struct remote_push){ head(), MAIN, NULL, 0, NULL };
	p[1] = (struct remote_push){ commit(&first, "2"), TURN, &first, 0, NULL };
	assert_int_equal(remote_push(&origin, p, 2, 0), ORCH_ENO);
	assert_int_equal(p[0].result, PUSH_NOT_TRIED);
	assert_int_equal(p[1].result, PUSH_MOVED);
	assert_non_null(strstr(p[1].reason, "cannot lock ref"));
	remote_push_release(p, 2);
}

static void test_pre_push(void **state UNUSED)
{
	struct oid first = commit(NULL, "first");
	struct remote_push p[2] = {
		{ head(), MAIN, NULL, 0, NULL }, { first, TURN, &zero, 0, NULL },
	};

	write_script("w/.git/hooks/pre-push",
		     "#!/bin/sh\necho talk\necho 'lint: 3 errors' >&2\nexit 3\n");
	assert_int_equal(remote_push(&origin, p, 2, REMOTE_RUN_HOOKS), ORCH_ENO);
	assert_int_equal(p[0].result, PUSH_REFUSED);
	assert_non_null(strstr(p[0].reason, "lint: 3 errors"));
	assert_int_equal(p[1].result, PUSH_NOT_TRIED);
	remote_push_release(p, 2);
	write_script("w/.git/hooks/pre-push", "#!/bin/sh\necho only this\nexit 1\n");
	assert_int_equal(remote_push(&origin, p, 2, REMOTE_RUN_HOOKS), ORCH_ENO);
	assert_non_null(strstr(p[0].reason, "only this"));
	remote_push_release(p, 2);
	/* One that agrees and talks like git does. */
	write_script("w/.git/hooks/pre-push", "#!/bin/sh\n"
		     "printf '!\\tx:refs/heads/main\\t[rejected] (no)\\n'\n");
	assert_int_equal(remote_push(&origin, p, 2, REMOTE_RUN_HOOKS), 0);
	is_oid(there(MAIN), head());
}

static void test_without_atomic(void **state UNUSED)
{
	struct oid first = commit(NULL, "first"), other = commit(NULL, "other");
	struct remote_push p[3] = {
		{ head(), MAIN, NULL, 0, NULL }, { first, TURN, &zero, 0, NULL },
		{ first, "refs/orch/third", &zero, 0, NULL },
	};

	sh("git -C r.git config receive.advertiseAtomic false");
	assert_int_equal(remote_push(&origin, p, 2, 0), 0);
	assert_int_equal(p[1].result, PUSH_DONE);
	p[0].oid = commit(&p[0].oid, "on main");
	p[1].oid = other;
	assert_int_equal(remote_push(&origin, p, 3, 0), ORCH_ENO);
	assert_int_equal(p[0].result, PUSH_DONE);
	assert_int_equal(p[1].result, PUSH_MOVED);
	assert_int_equal(p[2].result, PUSH_NOT_TRIED);
	is_oid(there(MAIN), p[0].oid);
	remote_push_release(p, 3);
}

/* We may read there, but not write; and one who cannot come in at all. */
static void test_no_rights(void **state UNUSED)
{
	struct remote_push p = { head(), MAIN, NULL, 0, NULL };

	sh("git -C w config core.sshCommand \"$PWD/ssh\"; "
	   "git -C w config remote.origin.url ssh://host/x");
	write_script("ssh", "#!/bin/sh\necho 'ERROR: Permission to a/b.git denied to c.' >&2\n"
		     "exit 1\n");
	assert_int_equal(remote_push(&origin, &p, 1, 0), ORCH_ENO);
	assert_int_equal(p.result, PUSH_REFUSED);
	assert_non_null(strstr(p.reason, "Permission to a/b.git denied to c."));
	remote_push_release(&p, 1);
	write_script("ssh", "#!/bin/sh\necho 'c@host: Permission denied (publickey).' >&2\n"
		     "exit 255\n");
	assert_int_equal(remote_push(&origin, &p, 1, REMOTE_RUN_HOOKS), ORCH_EBUSY);
	said("cannot push to 'origin': c@host: Permission denied (publickey).");
	sh("rm ssh");
}

/* Two push URLs: the first is what we fetch from, the second a copy. */
static void test_copies(void **state UNUSED)
{
	struct oid first = commit(NULL, "first");
	struct remote_push p;

	sh("git init -q --bare copy.git; git -C w remote set-url --add --push origin ../r.git; "
	   "git -C w remote set-url --add --push origin ../copy.git; "
	   "git -C w push -q ../copy.git HEAD:" TURN);
	assert_int_equal(push1(TURN, first, &zero, &p), 0);
	assert_int_equal(p.result, PUSH_DONE);
	is_oid(there(TURN), first);
	sh("git -C w push -qf ../r.git HEAD:" TURN "; rm -rf copy.git; "
	   "git init -q --bare copy.git");
	assert_int_equal(push1(TURN, first, &zero, &p), ORCH_ENO);
	assert_int_equal(p.result, PUSH_MOVED);
	remote_push_release(&p, 1);
	sh("rm -rf copy.git");
}

/* Two that expect the same: one of two different commits wins, always. */
static void test_race(void **state UNUSED)
{
	struct oid base = commit(NULL, "base");
	struct remote_push p;
	int round, i;

	assert_int_equal(push1(TURN, base, &zero, &p), 0);
	for (round = 0; round < 3; round++) {
		struct oid next[2] = { commit(&base, "a"), commit(&base, "b") };
		int status, won = 0;
		pid_t pid[2];

		for (i = 0; i < 2; i++)
			if ((pid[i] = fork()) == 0) {
				int rc = push1(TURN, next[i], &base, &p);

				_exit(rc == 0 && p.result == PUSH_DONE ? 0 :
				      rc == ORCH_ENO && p.result == PUSH_MOVED ? 1 : 2);
			}
		for (i = 0; i < 2; i++) {
			assert_int_equal(waitpid(pid[i], &status, 0), pid[i]);
			assert_true(WIFEXITED(status) && WEXITSTATUS(status) < 2);
			if (!WEXITSTATUS(status)) {
				won++;
				is_oid(there(TURN), next[i]);
			}
		}
		assert_int_equal(won, 1);
		base = there(TURN);
	}
}

/* ---- fetching ---- */

static void test_fetch(void **state UNUSED)
{
	struct remote_fetch f[2] = {
		{ MAIN, "refs/orch/seen/main", OID_ZERO },
		{ TURN, "refs/orch/seen/turn", OID_ZERO },
	};
	struct oid first = commit(NULL, "first"), other = commit(NULL, "other"), oid;
	struct remote_push p;

	/* An empty one. */
	assert_int_equal(remote_fetch(&origin, f, 2), 0);
	is_oid(f[0].oid, zero);
	assert_int_equal(push1(TURN, first, &zero, &p), 0);
	/* One of two. */
	assert_int_equal(remote_fetch(&origin, f, 2), 0);
	is_oid(f[0].oid, zero);
	is_oid(f[1].oid, first);
	assert_int_equal(push1(MAIN, head(), NULL, &p), 0);
	assert_int_equal(remote_fetch(&origin, f, 2), 0);
	is_oid(f[0].oid, head());
	assert_int_equal(ref_read(repo, "refs/orch/seen/main", &oid), 0);
	is_oid(oid, head());
	/* Sideways, and gone. */
	assert_int_equal(push1(TURN, other, &first, &p), 0);
	sh("git -C r.git update-ref -d " MAIN);
	assert_int_equal(remote_fetch(&origin, f, 2), 0);
	is_oid(f[0].oid, zero);
	is_oid(f[1].oid, other);
	assert_int_equal(ref_read(repo, "refs/orch/seen/main", &oid), ORCH_ENOTFOUND);
	/* git's own tracking references stay where they are. */
	assert_int_not_equal(access("w/.git/refs/remotes/origin/loop", F_OK), 0);
	assert_int_equal(remote_fetch(&origin, NULL, 0), 0);
}

static void test_fetch_together(void **state UNUSED)
{
	struct remote_fetch f = { TURN, "refs/orch/seen/turn", OID_ZERO };
	struct oid at = commit(NULL, "first");
	struct remote_push p;
	int i, status;
	pid_t pid[4];

	assert_int_equal(push1(TURN, at, &zero, &p), 0);
	for (i = 0; i < 4; i++)
		if ((pid[i] = fork()) == 0) {
			int n, rc = 0;

			for (n = 0; rc == 0 && n < 2; n++)
				rc = remote_fetch(&origin, &f, 1);
			_exit(rc == 0 && !oid_is_zero(&f.oid) ? 0 : 1);
		}
	for (i = 0; i < 4; i++) {
		struct oid next = commit(&at, "next");

		assert_int_equal(push1(TURN, next, &at, &p), 0);
		at = next;
	}
	for (i = 0; i < 4; i++) {
		assert_int_equal(waitpid(pid[i], &status, 0), pid[i]);
		assert_int_equal(status, 0);
	}
}

/* ---- not there, and silent ---- */

static void test_unreachable(void **state UNUSED)
{
	struct remote_fetch f = { MAIN, "refs/orch/seen", OID_ZERO };
	struct remote_ref ref = { MAIN, OID_ZERO };
	struct remote_push p;
	struct oid oid;

	assert_int_equal(push1(MAIN, head(), NULL, &p), 0);
	assert_int_equal(remote_fetch(&origin, &f, 1), 0);
	sh("rm -rf r.git");
	assert_int_equal(remote_ls(&origin, &ref, 1), ORCH_EBUSY);
	said("'origin': '../r.git' does not appear to be a git repository");
	assert_int_equal(remote_fetch(&origin, &f, 1), ORCH_EBUSY);
	assert_int_equal(ref_read(repo, "refs/orch/seen", &oid), 0);
	p = (struct remote_push){ head(), MAIN, NULL, 0, NULL };
	assert_int_equal(remote_push(&origin, &p, 1, REMOTE_RUN_HOOKS), ORCH_EBUSY);
	assert_int_equal(p.result, PUSH_NOT_TRIED);
	sh("git -C w config remote.origin.url https://user:secret@127.0.0.1:9/x");
	assert_int_equal(remote_ls(&origin, &ref, 1), ORCH_EBUSY);
	assert_null(strstr(error_message(), "secret"));
}

/* A remote behind a pipe that nobody answers on; it says who it is, so that we
 * can see that it was ended. */
static void make_silent(void)
{
	sh("mkfifo never; ulimit -f 1000");
	write_script("ssh", "#!/bin/sh\necho $$ >\"${0%/*}/pid\"\nexec 9<>\"${0%/*}/never\"\n"
		     "read -r line <&9\n");
	sh("git -C w config core.sshCommand \"$PWD/ssh\"; "
	   "git -C w config remote.origin.url ssh://host/x");
}

static void is_ended(void)
{
	struct strbuf sb = STRBUF_INIT;
	pid_t pid;
	int i;

	assert_int_equal(file_read(&sb, "pid", 100, 0), 0);
	pid = (pid_t)atoi(sb.buf);
	assert_true(pid > 1);
	/* Its parent is gone, and init may take a moment to see to it. */
	for (i = 0; kill(pid, 0) == 0 && i < 500; i++) {
		char *path = xstrfmt("/proc/%d/stat", (int)pid);

		strbuf_reset(&sb);
		if (file_read(&sb, path, 4096, 0) < 0 || strstr(sb.buf, ") Z "))
			i = 1000;
		free(path);
		usleep(10000);
	}
	assert_int_not_equal(i, 500);
	strbuf_release(&sb);
	sh("rm -f never pid ssh");
}

static void test_stall(void **state UNUSED)
{
	struct remote_ref ref = { MAIN, OID_ZERO };

	make_silent();
	origin.stall = 1;
	assert_int_equal(remote_ls(&origin, &ref, 1), ORCH_EBUSY);
	said("'origin' shows no sign of life for 1 s");
	is_ended();
}

static void test_interrupt(void **state UNUSED)
{
	struct remote_push p = { head(), MAIN, NULL, 0, NULL };
	int fds[2], status;
	pid_t pid;

	make_silent();
	assert_int_equal(mkfifo("ready", 0600), 0);
	write_script("ssh", "#!/bin/sh\necho $$ >\"${0%/*}/pid\"\n"
		     "exec 9<>\"${0%/*}/never\"\n: >\"${0%/*}/ready\"\nread -r line <&9\n");
	assert_int_equal(pipe(fds), 0);
	origin.stall = 3600;
	origin.interrupt_fd = fds[0];
	if ((pid = fork()) == 0) {
		/* It has come to the silent part. */
		int fd = open("ready", O_RDONLY);

		_exit(fd < 0 || write(fds[1], "x", 1) != 1);
	}
	assert_int_equal(remote_push(&origin, &p, 1, REMOTE_RUN_HOOKS),
			 ORCH_EINTERRUPTED);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	is_ended();
	close(fds[0]);
	close(fds[1]);
	sh("rm ready");
}

/* What stays behind and holds our pipes does not hold us. */
static void test_left_behind(void **state UNUSED)
{
	struct remote_ref ref = { MAIN, OID_ZERO };

	sh("mkfifo never up");
	write_script("helper", "#!/bin/sh\n(setsid sh -c 'echo $$ >pid; exec 9<>never; "
		     "echo >up; read -r x <&9' </dev/null >/dev/null &)\nread -r x <up\n"
		     "exec git-upload-pack \"$@\"\n");
	sh("git -C w config remote.origin.uploadpack \"cd $PWD && exec ./helper\"; "
	   "git -C w config remote.origin.url \"$PWD/r.git\"");
	origin.stall = 3600;
	if (remote_ls(&origin, &ref, 1) < 0)
		fail_msg("%s", error_message());
	sh("kill $(cat pid)");
	sh("rm -f never up pid helper");
}

/* ---- forward ---- */

static void test_forward(void **state UNUSED)
{
	struct oid start = head(), to, side, oid;
	bool moved;

	sh("cd w; echo 2 >file; echo new >new; git add .; git commit -qm two; "
	   "git branch two; git reset -q --hard HEAD~; git branch side $(git commit-tree "
	   "HEAD^{tree} -p HEAD -m side); git config merge.ff false; "
	   "git config branch.main.mergeOptions '-s ours --squash'; "
	   "git config pull.twohead ours; git config merge.autoStash true; "
	   "git config merge.verifySignatures true");
	assert_int_equal(repo_resolve(repo, &to, "two"), 0);
	assert_int_equal(repo_resolve(repo, &side, "side"), 0);
	/* In the way, one after the other. */
	sh("cd w; echo mine >file; echo mine >new");
	assert_int_equal(worktree_fast_forward(repo, &to, &moved), ORCH_EBUSY);
	said("'file' and 1 more");
	sh("cd w; git checkout -q file; echo new >.git/info/exclude");
	assert_int_equal(worktree_fast_forward(repo, &to, &moved), ORCH_EBUSY);
	said("an untracked file is in the way: 'new'");
	assert_false(moved);
	is_oid(head(), start);
	sh("cd w; rm new; touch .git/index.lock");
	assert_int_equal(worktree_fast_forward(repo, &to, &moved), ORCH_EBUSY);
	said("index.lock");
	sh("cd w; rm .git/index.lock; touch .git/MERGE_HEAD");
	assert_int_equal(worktree_fast_forward(repo, &to, &moved), ORCH_EBUSY);
	said("a merge is under way");
	sh("cd w; rm .git/MERGE_HEAD; echo untouched >untracked");
	if (worktree_fast_forward(repo, &to, &moved) < 0)
		fail_msg("%s", error_message());
	assert_true(moved);
	is_oid(head(), to);
	sh("cd w; [ \"$(cat new)\" = new ]; [ \"$(git status --porcelain)\" = '?? untracked' ]");
	/* Contained already; diverged; unknown. */
	assert_int_equal(worktree_fast_forward(repo, &start, &moved), 0);
	assert_false(moved);
	assert_int_equal(worktree_fast_forward(repo, &side, &moved), ORCH_ENO);
	memset(&oid, 7, sizeof(oid));
	assert_int_equal(worktree_fast_forward(repo, &oid, &moved), ORCH_ENOTFOUND);
}

static void test_forward_elsewhere(void **state UNUSED)
{
	struct oid to = commit(NULL, "root");
	char *branch;
	bool moved;

	/* Unborn, then detached, in a linked work tree. */
	to = commit(&to, "next");
	sh("cd w; git worktree add -q ../linked HEAD; cd ../linked; "
	   "git checkout -q --orphan fresh; git rm -rfq .");
	repo_free(repo);
	assert_int_equal(repo_open(&repo, "linked", 0), 0);
	if (worktree_fast_forward(repo, &to, &moved) < 0)
		fail_msg("%s", error_message());
	assert_true(moved);
	is_oid(head(), to);
	sh("cd linked; [ \"$(cat file)\" = 1 ]; git checkout -q --detach");
	to = commit(&to, "more");
	assert_int_equal(worktree_fast_forward(repo, &to, &moved), 0);
	assert_int_equal(repo_head(repo, NULL, &branch), 0);
	assert_null(branch);
	is_oid(head(), to);
	sh("rm -rf linked");
}

/* ---- our own commits ---- */

static void test_commit_write(void **state UNUSED)
{
	struct oid a, b;

	sh("cd w; git config commit.gpgSign true; git config user.name X");
	a = commit(NULL, "m\n");
	b = commit(NULL, "m\n");
	is_oid(a, b);
	sh("cd w; git cat-file commit %s >../text; { echo \"tree $(git rev-parse HEAD^{tree})\"; "
	   "echo 'author git-orch <git-orch@localhost> 1000000000 +0000'; "
	   "echo 'committer git-orch <git-orch@localhost> 1000000000 +0000'; echo; echo m; } "
	   "| cmp - ../text", oid_hex(&a));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_names),
		TEST(test_push),
		TEST(test_settings),
		TEST(test_refused),
		TEST(test_pre_push),
		TEST(test_without_atomic),
		TEST(test_no_rights),
		TEST(test_copies),
		TEST(test_race),
		TEST(test_fetch),
		TEST(test_fetch_together),
		TEST(test_unreachable),
		TEST(test_stall),
		TEST(test_interrupt),
		TEST(test_left_behind),
		TEST(test_forward),
		TEST(test_forward_elsewhere),
		TEST(test_commit_write),
	};

	return cmocka_run_group_tests(tests, unit_enter, unit_leave);
}
