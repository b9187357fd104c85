#ifndef BASE_PATCH_H
#define BASE_PATCH_H
/*
 * Applying the hunks of a unified diff to a text, strictly: every line number
 * must be right and every context and removed line must be there byte for
 * byte. Lines end at LF; a text's last line may lack it ("\ No newline...").
 */
#include "base/compat.h"
struct strbuf;

/*
 * Append to `out` what `text` becomes. ORCH_EINVALID: the patch does not fit;
 * the message has the line of the patch. `out` is then as it was.
 */
int patch_apply(struct strbuf *out, const char *text, size_t len,
		const char *patch, size_t patch_len);
#endif
