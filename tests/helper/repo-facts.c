/*
 * What common/git says about a repository, one fact a line, for tests that
 * compare it with git's own answer.
 *
 *	repo-facts [-C <dir>] [--hook] <what> [<argument>...]
 *
 * Exit status: 0, 1 for "no", 128 with the error message on stderr.
 */
#include "base/error.h"
#include "base/strbuf.h"
#include "git/diff.h"
#include "git/gitconfig.h"
#include "git/gitproc.h"
#include "git/object.h"
#include "git/refs.h"
#include "git/repo.h"
#include "git/statcache.h"

static int argc;
static char **argv;

static const char *arg(int i)
{
	return i < argc ? argv[i] : "";
}

static int resolve(struct repo *repo, struct oid *oid, const char *name)
{
	if (str_eq(name, "0")) {
		memset(oid, 0, sizeof(*oid));
		return 0;
	}
	return repo_resolve(repo, oid, name);
}

static int facts(struct repo *repo)
{
	const char *tree = repo_work_tree(repo), *op = repo_operation(repo);
	struct oid head;
	char *branch;
	int rc = repo_head(repo, &head, &branch);

	if (rc < 0)
		return rc;
	printf("git-dir %s\ncommon-dir %s\n", repo_git_dir(repo), repo_common_dir(repo));
	printf("work-tree %s\n", tree ? tree : "-");
	printf("linked %d\nshallow %d\n", repo_is_linked_worktree(repo),
	       repo_is_shallow(repo));
	printf("head %s\n", oid_is_zero(&head) ? "-" : oid_hex(&head));
	printf("branch %s\noperation %s\n", branch ? branch : "-", op ? op : "-");
	free(branch);
	return 0;
}

static int between(struct repo *repo)
{
	struct commit_list list = COMMIT_LIST_INIT;
	struct oid from, to;
	size_t i, max = *arg(3) ? (size_t)atol(arg(3)) : 100000;
	int rc;

	if ((rc = resolve(repo, &from, arg(1))) < 0 ||
	    (rc = resolve(repo, &to, arg(2))) < 0 ||
	    (rc = commits_between(repo, &from, &to, max, &list)) < 0)
		goto out;
	for (i = 0; i < list.nr; i++)
		printf("%s %s\n", oid_hex(&list.v[i].oid), list.v[i].subject);
	if (list.truncated)
		puts("truncated");
out:
	commit_list_release(&list);
	return rc;
}

static int ancestor(struct repo *repo)
{
	struct oid a, c;
	bool yes;
	int rc;

	if ((rc = resolve(repo, &a, arg(1))) < 0 ||
	    (rc = resolve(repo, &c, arg(2))) < 0 ||
	    (rc = commit_is_ancestor(repo, &a, &c, &yes)) < 0)
		return rc;
	return !yes;
}

static int diff(struct repo *repo)
{
	struct change_list list = CHANGE_LIST_INIT;
	struct oid a, b;
	unsigned flags = 0;
	size_t i;
	int rc;

	if (strchr(arg(1), 'M'))
		flags |= DIFF_RENAMES;
	if (strchr(arg(1), 'n'))
		flags |= DIFF_LINES;
	if ((rc = resolve(repo, &a, arg(2))) < 0 || (rc = resolve(repo, &b, arg(3))) < 0 ||
	    (rc = diff_trees(repo, &a, &b, flags, &list)) < 0)
		goto out;
	for (i = 0; i < list.nr; i++) {
		const struct change *c = &list.v[i];

		if (flags & DIFF_LINES)
			printf("%jd\t%jd\t", (intmax_t)c->added, (intmax_t)c->removed);
		else
			printf("%c\t", c->status);
		printf("%s%s%s\n", c->old_path ? c->old_path : "",
		       c->old_path ? "\t" : "", c->path);
	}
out:
	change_list_release(&list);
	return rc;
}

static void print_entries(const struct config_entries *e, bool origin)
{
	size_t i;

	for (i = 0; i < e->nr; i++) {
		if (origin)
			printf("%s\t", config_level_name(e->v[i].level));
		printf("%s", e->v[i].key);
		if (e->v[i].value)
			printf("\n%s", e->v[i].value);
		putchar('\0');
	}
}

static int config(struct repo *repo)
{
	const char *const prefixes[] = { arg(1), NULL };
	struct config_entries e = CONFIG_ENTRIES_INIT;
	int rc = gitconfig_read(&e, repo, prefixes);

	if (rc == 0)
		print_entries(&e, str_eq(arg(0), "config-levels"));
	config_entries_release(&e);
	return rc;
}

static int parse(void)
{
	struct config_entries e = CONFIG_ENTRIES_INIT;
	struct strbuf text = STRBUF_INIT;
	int rc = strbuf_read_fd(&text, 0, 1 << 20);

	rc = gitconfig_parse(&e, text.buf, text.len, CONFIG_TRACKED, "stdin");
	if (rc == 0)
		print_entries(&e, false);
	config_entries_release(&e);
	strbuf_release(&text);
	return rc;
}

static int status(struct repo *repo)
{
	struct status_list list = STATUS_LIST_INIT;
	int rc = worktree_status(repo, &list);
	size_t i;

	for (i = 0; rc == 0 && i < list.nr; i++)
		printf("%c %s%s%s\n", list.v[i].status,
		       list.v[i].old_path ? list.v[i].old_path : "",
		       list.v[i].old_path ? " -> " : "", list.v[i].path);
	status_list_release(&list);
	return rc;
}

static int cached(struct repo *repo)
{
	struct statcache *c = NULL;
	int i, rc = statcache_open(&c, repo, arg(1));

	for (i = 2; rc == 0 && i < argc; i++) {
		struct oid oid;
		bool hit;

		rc = statcache_lookup(c, argv[i], 1 << 20, true, &oid, NULL, &hit);
		if (rc == 0)
			printf("%s %s %s\n", hit ? "hit" : "read", oid_hex(&oid),
			       argv[i]);
	}
	if (c && rc == 0)
		rc = statcache_save(c);
	statcache_free(c);
	return rc;
}

static int print_ref(const char *name, const struct oid *oid, void *data)
{
	(void)data;
	printf("%s %s\n", oid_hex(oid), name);
	return 0;
}

static int answer(struct repo *repo, const char *what)
{
	struct strbuf sb = STRBUF_INIT;
	struct oid oid, old = OID_ZERO;
	bool yes;
	int rc;

	if (str_eq(what, "facts"))
		return facts(repo);
	if (str_eq(what, "between"))
		return between(repo);
	if (str_eq(what, "ancestor"))
		return ancestor(repo);
	if (str_eq(what, "diff"))
		return diff(repo);
	if (str_eq(what, "config") || str_eq(what, "config-levels"))
		return config(repo);
	if (str_eq(what, "status"))
		return status(repo);
	if (str_eq(what, "statcache"))
		return cached(repo);
	if (str_eq(what, "refs"))
		return ref_list(repo, arg(1), print_ref, NULL);
	if (str_eq(what, "tracked"))
		return (rc = repo_is_tracked(repo, arg(1), &yes)) < 0 ? rc : !yes;
	if (str_eq(what, "ignored"))
		return (rc = repo_is_ignored(repo, arg(1), &yes)) < 0 ? rc : !yes;
	if (str_eq(what, "resolve")) {
		if ((rc = repo_resolve(repo, &oid, arg(1))) == 0)
			puts(oid_hex(&oid));
		return rc;
	}
	if (str_eq(what, "signature")) {
		if ((rc = worktree_signature(repo, &oid)) == 0)
			puts(oid_hex(&oid));
		return rc;
	}
	if (str_eq(what, "blob")) {		/* <rev> <path> */
		if ((rc = resolve(repo, &oid, arg(1))) == 0 &&
		    (rc = tree_lookup(repo, &oid, arg(2), &oid, NULL)) == 0 &&
		    (rc = blob_read(repo, &oid, 1 << 20, &sb)) == 0)
			fwrite(sb.buf, 1, sb.len, stdout);
		strbuf_release(&sb);
		return rc;
	}
	if (str_eq(what, "update-ref")) {	/* <ref> <new> <old> */
		if ((rc = resolve(repo, &oid, arg(2))) < 0 ||
		    (rc = resolve(repo, &old, arg(3))) < 0)
			return rc;
		return oid_is_zero(&oid) ? ref_delete(repo, arg(1), &old) :
					   ref_update(repo, arg(1), &oid, &old);
	}
	return error_set(ORCH_EUSAGE, "no fact '%s'", what);
}

int main(int n, char **v)
{
	struct repo *repo = NULL;
	const char *dir = NULL;
	unsigned flags = 0;
	int i = 1, rc;

	if (i + 1 < n && str_eq(v[i], "-C")) {
		dir = v[i + 1];
		i += 2;
	}
	if (i < n && str_eq(v[i], "--hook")) {
		flags = REPO_IN_HOOK;
		i++;
	}
	argc = n - i;
	argv = v + i;
	if (str_eq(arg(0), "parse"))
		rc = parse();
	else if (str_eq(arg(0), "global-config"))
		rc = config(NULL);
	else if ((rc = repo_open(&repo, dir, flags)) == 0)
		rc = answer(repo, arg(0));
	repo_free(repo);
	if (rc < 0)
		fprintf(stderr, "%s\n", error_message());
	return rc < 0 ? 128 : rc;
}
