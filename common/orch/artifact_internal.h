#ifndef ORCH_ARTIFACT_INTERNAL_H
#define ORCH_ARTIFACT_INTERNAL_H
/*
 * Between the files of the artifact index: artifact_index.c keeps and stores
 * it, artifact_scan.c compares it with the directories, artifact_history.c
 * says what HEAD has of it. Only those need this.
 */
#include "base/arena.h"
#include "base/lock.h"
#include "base/strbuf.h"
#include "git/oid.h"
#include "orch/artifact.h"
#include "orch/artifact_line.h"
#include "orch/artifact_roots.h"
#include "orch/artifact_types.h"

/* A line; its bytes belong to artifacts.text or artifacts.memory. */
struct slot {
	const char *line;
	size_t len;
	struct line_parts parts;
	struct line_state is;	/* now; parts.is is what the line says */
	bool fresh;		/* not in the index before */
};
struct slots {
	struct slot **v;	/* sorted by path, once scanned; in artifacts.memory */
	size_t nr, alloc;
};
/* A directory in which artifacts are looked for. */
#define UNREAD 0		/* no mark is like it: it is read again */
#define AREA_ABSENT 0		/* there is none */
#define AREA_PASSED (-1)	/* only names we know are meant below: not listed */
struct area {
	const char *path;
	size_t len;
	int64_t mark;		/* see artifact_line.h, or one of the above */
};
struct areas {
	struct area *v;
	size_t nr, alloc;
};

/* What a scan may cost at most. */
#define SCAN_NAMES ((size_t)600000)
#define SCAN_NAMES_IN_HOOK ((size_t)20000)
#define INDEX_MAX ((size_t)48 << 20)

struct artifacts {
	struct orch *orch;
	int top;		/* the work tree */
	struct artifact_roots roots;
	struct artifact_types *types;
	struct oid config;	/* of roots and types */
	struct strbuf text;	/* the file as it was read */
	struct arena memory;
	struct areas old_areas, areas;
	struct slots old, slots;
	struct oid head;	/* `tracked` holds for this commit */
	struct oid history;	/* commits and iterations are known up to this */
	int64_t scanned;	/* ns: directories are as they were then */
	size_t left;		/* names that may still be read */
	unsigned flags;
	bool changed;		/* to be stored */
	struct lock lock;
	struct artifacts_report report;
};

/*
 * Fill areas and slots from the directories, with old_areas and old for what
 * has not changed since `scanned`. ORCH_EBUSY when it would cost too much in a
 * hook.
 */
int artifacts_scan(struct artifacts *ix);
/* Bring slots[].is up to date with HEAD, as far as ix->flags want it. */
int artifacts_history(struct artifacts *ix);
/* Both must be sorted. Its place, or SIZE_MAX if `path` is not in. */
size_t slots_find(const struct slots *s, const char *path);
/* The first place whose path is not less. */
size_t slots_from(const struct slots *s, const char *path);
size_t areas_from(const struct areas *a, const char *path);
#endif
