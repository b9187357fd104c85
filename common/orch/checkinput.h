#ifndef ORCH_CHECKINPUT_H
#define ORCH_CHECKINPUT_H
/*
 * What rules are applied to: a turn, a range of commits, a push. Nothing is looked
 * up before a rule asks for it, and then once.
 *
 *   struct check_input in = { .o = &orch, .stage = CHECK_POST_TURN };
 *   in.base = ...; in.tip = ...;            // the net change; zero: nothing
 *   in.work_tree = true; in.since_ms = ...; // and what is not committed
 *   check_judge(&report, &in, &rules);      // orch/check.h
 *   check_input_release(&in);
 */
#include "base/compat.h"
#include "base/strbuf.h"
#include "git/diff.h"
#include "git/object.h"
#include "git/oid.h"
#include "orch/checkallow.h"
#include "orch/checkrule.h"
#include "orch/plan.h"
struct orch;
struct repo;

/* Commits that rules look into one by one; a range of more is not judged whole. */
#define CHECK_COMMITS_MAX 10000
/* Commits of a push that exceptions are looked for in. */
#define CHECK_BROUGHT_MAX 100000

struct check_change {
	const char *path;
	char status;		/* A M D T, U */
	bool uncommitted;	/* then the rest is empty */
	struct oid blob;
	unsigned mode;
};
struct check_focus {
	char *id;	/* NULL: nobody named an item */
	char *text;	/* as written: "X-1 - Title"; "" */
};

/* What rules are about: many references share their commits. */
enum check_part {
	CHECK_ALL_PARTS,
	CHECK_THE_COMMITS,	/* rules that look at commits, one by one, and nothing else */
	CHECK_THE_CHANGE	/* the others */
};

/* What a push of several references brings, found out once for all of them. */
struct check_brought {
	struct repo *repo;
	const struct oid *known;	/* commits that the remote has */
	size_t nr_known;
	const struct oid *tips;
	size_t nr_tips;

	bool has_commits, has_allows;
	int commits_rc, allows_rc;
	struct commit_oids commits;	/* at most CHECK_BROUGHT_MAX */
	struct check_allows allows;
};

struct check_input {
	struct orch *o;
	enum check_stage stage;
	enum check_part part;
	const char *actor;	/* whose turn; NULL: not known */
	const char *focus_id;	/* --focus; NULL: what the documents say */
	struct oid base, tip;
	const struct oid *tips;	/* of the commits; NULL: tip alone */
	size_t nr_tips;
	bool work_tree;		/* what is not committed counts, ... */
	int64_t since_ms;	/* ...if it changed after that */
	const struct oid *known;	/* commits that are not judged, beside base */
	size_t nr_known;
	struct check_brought *brought;	/* whose exceptions count, too; NULL */

	/* Found out on demand: */
	bool has_changes, has_commits, has_allows, has_focus, has_plan;
	int plan_rc, commits_rc, allows_rc;
	struct change_list committed;
	struct strbuf dirty;	/* paths, each with a NUL behind it */
	struct check_change *changes;
	size_t nr_changes, alloc_changes;
	struct commit_oids commits;	/* newest first */
	struct check_allows allows;
	struct check_focus focus;
	struct plan plan;
};
#define CHECK_INPUT_INIT { .o = NULL, .committed = CHANGE_LIST_INIT, .dirty = STRBUF_INIT, \
			   .commits = COMMIT_OIDS_INIT, \
			   .allows = CHECK_ALLOWS_INIT, .plan = PLAN_INIT }
void check_input_release(struct check_input *in);

/* Fill in in->changes: the net change, then what is not committed. */
int check_input_changes(struct check_input *in);
/* Fill in in->commits. More than CHECK_COMMITS_MAX: in->commits.truncated. */
int check_input_commits(struct check_input *in);
/* The newest exception to the rule, in these commits, else in the rest of the push;
 * *out is NULL if there is none, and lives as long as *in. */
int check_input_allow(struct check_input *in, const char *rule,
		      const struct check_allow **out);
/* Fill in b->commits. */
int check_brought_commits(struct check_brought *b);
void check_brought_release(struct check_brought *b);
/* Fill in in->focus. A document that cannot be read names none. */
int check_input_focus(struct check_input *in);
/* Fill in in->plan as it is at the end. ORCH_ENOTFOUND: there is none. */
int check_input_plan(struct check_input *in);
/* Append the document as it was before, or as it is. ORCH_ENOTFOUND. */
int check_input_before(struct check_input *in, const char *path, struct strbuf *out);
int check_input_text(struct check_input *in, const char *path, struct strbuf *out);
/* Bytes of a change's file; 0 of what is none. */
int check_change_size(struct check_input *in, const struct check_change *c, uint64_t *size);
/*
 * What one commit changed, each entry of in->changes' kind; of a merge what differs
 * from all its parents. A negative result of `each` ends it.
 */
typedef int check_each_change(const struct check_change *c, void *data);
int check_commit_changes(struct check_input *in, const struct commit_info *commit,
			 check_each_change *each, void *data);
/* Who executes: orch.executor if the workflow names it, else its last actor. */
const char *check_executor(const struct orch *o);
#endif
