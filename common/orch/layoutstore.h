#ifndef ORCH_LAYOUTSTORE_H
#define ORCH_LAYOUTSTORE_H
/*
 * How a layout lies in a tree, which also keeps its texts and the documents that
 * it compares with from being collected:
 *   parts/0000 ...          the key frame, then what was sealed
 *   base/ last/ before/     documents, see struct layout_doc
 *   state.json              the numbers
 */
#include "orch/layout.h"
struct repo;
struct strbuf;

/* A zero oid and anything that cannot be read give an empty layout: then the
 * next turn makes a new key frame. */
void layout_load(struct layout *out, struct repo *repo, const struct oid *tree);
/* Every part's blob must be set. */
int layout_save(const struct layout *l, struct repo *repo, struct oid *tree);
/* Append the bytes of part `i`. */
int layout_read_part(struct strbuf *out, const struct layout *l, size_t i,
		     struct repo *repo);
#endif
