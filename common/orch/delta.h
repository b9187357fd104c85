#ifndef ORCH_DELTA_H
#define ORCH_DELTA_H
/*
 * What changed for an actor since the end of its last good turn, or since some
 * commit: commits, files, what is not committed (whoever did that), what that
 * means for plan and findings, and what the other actors said.
 *
 *   struct delta d = DELTA_INIT;
 *   struct delta_request req = { .actor = "ralph", .parts = DELTA_ALL };
 *   rc = delta_compute(&d, &orch, &turn, &req);
 *   ... delta_to_json(), delta_page(), delta_markdown()
 *   delta_release(&d);
 */
#include "base/arena.h"
#include "base/compat.h"
#include "git/diff.h"
#include "git/object.h"
#include "orch/findings.h"
#include "orch/plan.h"
struct json;
struct orch;
struct output;
struct strbuf;
struct turn;

/* Nothing is computed that is not asked for. */
enum delta_parts {
	DELTA_FILES = 1 << 0,		/* of commits */
	DELTA_LINES = 1 << 1,		/* the lines of files, too */
	DELTA_UNCOMMITTED = 1 << 2,	/* files, too; asks git status */
	DELTA_COMMITS = 1 << 3,
	DELTA_PLAN = 1 << 4,		/* and attempts */
	DELTA_FINDINGS = 1 << 5,
	DELTA_SUMMARY = 1 << 6,		/* of the others */
	DELTA_ALL = (1 << 7) - 1
};
/* "files,plan": the parts that are named; "files" alone is without lines and
 * without what is not committed. ORCH_EUSAGE names the one that is none. */
int delta_parts_parse(unsigned *parts, const char *list);

enum delta_flags {
	DELTA_FULL = 1 << 0,	/* as if the actor had seen nothing */
	DELTA_NO_CACHE = 1 << 1	/* ask git status again */
};
struct delta_request {
	const char *actor;	/* NULL: nobody's in particular */
	/* "REV", "A..B", "iteration:N", "17/ralph"; NULL: the actor's last good turn */
	const char *since;
	unsigned parts, flags;
};

struct delta_plan_change {
	enum plan_change what;
	const struct plan_item *item;	/* as it is now; PLAN_GONE: as it was;
					 * NULL: an attempt at no item */
	const struct plan_attempt *attempt;
	const char *field, *from, *to;	/* PLAN_CHANGED */
	bool uncommitted;
};
struct delta_plan {
	char *path, *old_path;		/* NULL: there is none now; was none then */
	struct plan before, now;	/* empty if nothing changed */
	struct delta_plan_change *v;	/* as plan_compare() says */
	size_t nr, alloc;
	struct arena memory;
};
struct delta_finding_change {
	enum findings_change what;
	const struct finding *finding;	/* now; FINDING_GONE: as it was */
	bool uncommitted;
};
struct delta_findings {
	char *path, *old_path;
	struct findings before, now;
	struct delta_finding_change *v;
	size_t nr, alloc;
};
struct delta_said {	/* what another actor said last */
	char *actor;
	char *turn;	/* "17/ralph", NULL if that is not known here */
	char *text;	/* safe for a terminal; may have several lines */
	char *source;	/* the path of its log, or of orch.input */
	unsigned line;
};

struct delta {
	char *actor;		/* NULL: nobody's in particular */
	unsigned parts;		/* that were computed */
	bool first;		/* the actor has not played: nothing to compare */
	bool full;		/* everything counts as new */
	bool between;		/* of two commits: the work tree does not count */
	char *asked;		/* the `since` that was given, NULL */
	char *since_turn;	/* "33/ralph", NULL: no turn, or not known which */
	struct oid since, head;	/* zero: empty. `head` is the end of a range */
	int64_t since_iteration;	/* 0: not known */
	int64_t since_ms;
	struct commit_list commits;	/* newest first */
	struct change_list files;	/* committed changes, by path */
	struct change_list uncommitted;	/* against HEAD; status also ?, U */
	struct delta_plan plan;
	struct delta_findings findings;
	struct delta_said *said;	/* newest first, one for each actor */
	size_t nr_said;
};
#define DELTA_INIT { .commits = COMMIT_LIST_INIT, .files = CHANGE_LIST_INIT,	\
		     .uncommitted = CHANGE_LIST_INIT,				\
		     .plan = { .before = PLAN_INIT, .now = PLAN_INIT,		\
			       .memory = ARENA_INIT },				\
		     .findings = { .before = FINDINGS_INIT, .now = FINDINGS_INIT } }
/* The lines of a change that nobody has counted; -1 is no text. */
#define DELTA_NOT_COUNTED (-2)

/* A `since` that no longer exists is a warning, and the delta is a first one;
 * one that was asked for is ORCH_ENOTFOUND. `t` may be NULL with a revision. */
int delta_compute(struct delta *out, struct orch *o, const struct turn *t,
		  const struct delta_request *req);
void delta_release(struct delta *d);

/* A, M, D or R, for what is told to people and programs: untracked is A. */
char delta_status(const struct change *c);
/* "+41 -38", "+22", "binary", "" if not counted: yours to free. */
char *delta_lines(const struct change *c);
/* "ralph, since 33/ralph (18a65ba, 14m ago)": yours to free. */
char *delta_title(const struct delta *d);
/* What a change of the plan says beside the item's id and title: "high, needs
 * TORCH-007", "status planned -> done" (values of at most `max` columns each),
 * "#3 success"; and its name. */
void delta_plan_detail(struct strbuf *out, const struct delta_plan_change *c, size_t max);
const char *delta_plan_name(const struct delta_plan_change *c);
const char *delta_finding_name(const struct delta_finding_change *c);
/* "docs/plan.md:12"; of what is gone "18a65ba:docs/plan.md:12". */
void delta_plan_place(struct strbuf *out, const struct delta *d,
		      const struct delta_plan_change *c);
void delta_finding_place(struct strbuf *out, const struct delta *d,
			 const struct delta_finding_change *c);

/*
 * The diff of the files, committed or not, made by git: at most 32 KB of each
 * and 256 KB in all. What is left out is named with the command that shows it.
 * delta_parse.h has what comes out.
 */
struct delta_patch;
int delta_patch_make(struct delta_patch *out, const struct delta *d, struct orch *o);
/* "git diff 18a65ba -- 'input.md'"; without a path the whole. Yours to free. */
char *delta_patch_command(const struct delta *d, const char *path);

/* `patch` may be NULL in all of these. */
void delta_to_json(struct json *out, const struct delta *d,
		   const struct delta_patch *patch);
void delta_page(struct output *out, const struct delta *d,
		const struct delta_patch *patch);
/* For a prompt: sections with lists. */
void delta_markdown(struct strbuf *out, const struct delta *d,
		    const struct delta_patch *patch);
/* A few lines for a prompt: commits, then "M  +41 -38  input.md" for each
 * file; at most 100 of each, and the command that shows the rest. */
void delta_summary(struct strbuf *out, const struct delta *d);
#endif
