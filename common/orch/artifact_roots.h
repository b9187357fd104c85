#ifndef ORCH_ARTIFACT_ROOTS_H
#define ORCH_ARTIFACT_ROOTS_H
/*
 * Where artifacts lie: the patterns of orch.artifactRoot, matched against
 * directories from the top of the work tree downwards, one name at a time. A
 * pattern's parts are names, path patterns, or one of {initiative}, {phase}
 * and {stamp} with text around it:
 *
 *   {stamp}        one name that begins with a date
 *   {initiative}   one name that does not, nor with a dot
 *   {phase}        one to eight of those
 *
 *   roots_start(&place);                        // the top of the work tree
 *   if (roots_enter(r, &next, &place, path, at)) ...  // a name further down
 */
#include "base/compat.h"
#include "base/strvec.h"
struct config;

/* --- stamps -------------------------------------------------------------- */

/*
 * 2026-01-22T024002Z, 20251015T190350Z, 2026-01-22T02:40Z, 2026-01-22_0240,
 * 2026-01-22 and the like at the beginning of a name, followed by nothing or by
 * one of "-_. +" and more. Its length, 0 if there is none; *ms is when that was
 * (UTC unless it says otherwise). `ms` may be NULL.
 */
size_t stamp_parse(const char *name, size_t len, int64_t *ms);
/* Whether a stamp has no time of day. */
bool stamp_is_date(const char *stamp, size_t len);

/* --- patterns ------------------------------------------------------------ */

struct artifact_root;
struct artifact_roots {
	struct artifact_root *v;
	size_t nr;
};
#define ARTIFACT_ROOTS_INIT { NULL, 0 }
#define ARTIFACT_PATH_MAX 4000	/* longer paths are not looked into */

/* ORCH_EINVALID names the pattern and what is wrong with it. */
int artifact_roots_load(struct artifact_roots *out, const struct config *c);
int artifact_roots_add(struct artifact_roots *out, const char *pattern);
void artifact_roots_release(struct artifact_roots *r);

/* What of a path a pattern has taken; `len` 0: nothing yet. */
struct root_part_at {
	uint16_t at, len;
};
struct root_state {
	uint16_t root, next;	/* the part that is to come */
	uint16_t phases;	/* names that {phase} has taken */
	struct root_part_at initiative, phase, stamp;
};
#define ROOT_STATES 64
struct root_place {
	struct root_state v[ROOT_STATES];
	size_t nr;
};
void roots_start(const struct artifact_roots *r, struct root_place *top);
/*
 * Go into the directory whose name is path[at..]. 1: it is an artifact's, and
 * *complete says which parts its path has; 0: there may be some below, *out
 * says how to go on; -1: no.
 */
int roots_enter(const struct artifact_roots *r, struct root_place *out,
		struct root_state *complete, const struct root_place *from,
		const char *path, size_t at);
/* Whether any name can be meant here (so the directory must be listed), rather
 * than only those that roots_names() gives. */
bool roots_any_name(const struct artifact_roots *r, const struct root_place *p);
void roots_names(const struct artifact_roots *r, const struct root_place *p,
		 struct strvec *names);
/* Whether files that lie here directly are artifacts without a stamp; *state
 * then has their initiative and phase. */
bool roots_takes_files(const struct artifact_roots *r, const struct root_place *p,
		       struct root_state *state);
#endif
