#ifndef ORCH_IMPORT_H
#define ORCH_IMPORT_H
/*
 * What the loop of an older tool left behind: its orchestration.yaml, its
 * sync/state.json in the work tree, its commit subjects. All of it is only
 * read. What is not understood is named and the rest is used; the git-orch-init
 * page says what is read.
 *
 *   struct import im = IMPORT_INIT;
 *   import_settings(&im, repo);        // orchestration.yaml
 *   import_position(&im, repo, &ring); // where the loop stands
 *   import_release(&im);
 */
#include "base/compat.h"
#include "base/strvec.h"
#include "orch/turn_import.h"
#include "orch/usage.h"
struct repo;
struct json;
struct strbuf;

#define IMPORT_STATE_FILE "sync/state.json"
#define IMPORT_STATE_MAX ((size_t)1 << 20)	/* bytes */
#define IMPORT_ITERATION_MAX 1000000000
#define IMPORT_TIME_MAX ((int64_t)1 << 50)	/* ms; what a turn's state holds */

struct import_actor {
	char *name;
	struct strvec core;	/* prompt files that exist, by path */
	char *command;		/* for the user to type; NULL */
	enum agent_kind agent;	/* AGENT_OTHER: not said */
};
struct import_commit {
	char *actor, *hex;	/* as the old tool wrote it */
};

struct import {
	/* import_settings() */
	char *settings;		/* the file; NULL: there is none */
	struct strvec ring;	/* empty: not said */
	struct import_actor *actors;
	size_t nr_actors, alloc_actors;
	char *plan, *findings, *input, *state_file;	/* NULL: not said */

	/* import_position() */
	char *source;		/* "sync/state.json"; NULL: no position found */
	char *status;		/* the old tool's word; NULL */
	struct turn_position at;
	const char *next;	/* of the ring */
	struct import_commit *commits;
	size_t nr_commits, alloc_commits;
	int64_t updated_ms;	/* 0: not said */

	struct strvec problems;	/* what was not understood or cannot be kept */
};
#define IMPORT_INIT { .at = TURN_POSITION_INIT }

/* 0 also when there is no such file. ORCH_EINVALID: one that is no YAML. */
int import_settings(struct import *im, struct repo *repo);
/*
 * Where the loop stands, from the state file or, without one, from history. 0
 * also when neither says anything: `source` is NULL then. ORCH_EINVALID: a
 * state file that is no JSON object, or says nothing at all.
 */
int import_position(struct import *im, struct repo *repo, const struct strvec *ring);
/* The same for a mention: the state file alone, and without its commits. */
int import_look(struct import *im, struct repo *repo, const struct strvec *ring);
/* "sync/state.json: iteration 20, galph next" */
void import_describe(struct strbuf *out, const struct import *im);
void import_release(struct import *im);
/* The iteration that a commit's subject names, in either of their forms; 0: none. */
int64_t import_subject_iteration(const char *subject);

/* ---- among the files of import ---- */

/* The actor that the old tools call by a role or by a prompt: yours to free. */
char *import_actor_name(const char *role);
/* Its place in the ring, ring->nr if it has none. */
size_t import_place(const struct strvec *ring, const char *role);
void import_problem(struct import *im, const char *fmt, ...) PRINTF_LIKE(2, 3);
void import_add_commit(struct import *im, const char *actor, const char *hex);
/*
 * A status word into im->at.status. False: none that we know. *actor (may be
 * NULL) is what stands behind running- and waiting-, borrowed; else NULL.
 */
bool import_status(struct import *im, const char *word, const char **actor);
/* A commit's time in ms, 0 for one that cannot be. */
int64_t import_time_ms(int64_t seconds);
/* A word as sh reads it back. */
void import_quote(struct strbuf *out, const char *word);
/* Read a file of the work tree. ORCH_ENOTFOUND without one. */
int import_read_file(struct strbuf *out, struct repo *repo, const char *path,
		     size_t max);
/* import_state.c, import_history.c: fill at.iteration, at.step, commits. */
int import_state(struct import *im, const struct json *state,
		 const struct strvec *ring);
int import_history(struct import *im, struct repo *repo, const struct strvec *ring);
#endif
