#ifndef ORCH_ARTIFACT_TYPES_H
#define ORCH_ARTIFACT_TYPES_H
/*
 * What kind of artifact a directory is, by the names of the files in it: rules
 * of artifact_types.def, and before them those of orch.artifactType. 100,000
 * names are looked at in a scan, so words are found by their first two bytes.
 *
 *   artifact_types_load(&t, config);
 *   best = ARTIFACT_NO_TYPE;
 *   best = artifact_types_match(t, name, len, best);   for each file
 *   artifact_types_name(t, best);
 */
#include "base/compat.h"
struct config;
struct artifact_types;

#define ARTIFACT_NO_TYPE SIZE_MAX	/* its name is "other" */

/* ORCH_EINVALID names a rule that is none. */
int artifact_types_load(struct artifact_types **out, const struct config *c);
void artifact_types_free(struct artifact_types *t);
/* The rule that decides when there is a file `name` (without directories)
 * besides those that made it `best`. */
size_t artifact_types_match(const struct artifact_types *t, const char *name,
			    size_t len, size_t best);
const char *artifact_types_name(const struct artifact_types *t, size_t rule);
/* All rules as one text, to notice when they change. */
struct strbuf;
void artifact_types_text(const struct artifact_types *t, struct strbuf *out);
#endif
