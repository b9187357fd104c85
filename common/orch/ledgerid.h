#ifndef ORCH_LEDGERID_H
#define ORCH_LEDGERID_H
/*
 * The ids of plan items and findings, as people write them: TORCH-004,
 * DEBUG-SIM-001.F1, T003, bd-a1b2, #12. In brackets almost any word is one.
 */
#include "base/compat.h"
#include "base/markdown.h"
struct regex;

#define LEDGER_ID_MAX 64

/*
 * The length of the id that stands at text[at], or 0: "#" and digits, or words
 * of letters and digits joined by - _ and ., with a digit somewhere or in
 * capitals with a hyphen. What is part of a longer word, a path or a date is
 * none. With `pattern` (not NULL) that decides instead.
 */
size_t ledger_id(const char *text, size_t at, size_t len,
		 const struct regex *pattern);
/*
 * Whether "[word]" can be an id: no box, no date, no status or priority, no
 * tag such as [P]. `word` is what stands between the brackets.
 */
bool ledger_bracket_id(struct md_slice word);
/* 2026-01-22, 2026-01-22T02:40Z, 20260122T024002Z at the start: its length. */
size_t ledger_stamp(const char *text, size_t len);
/*
 * The id that a heading or cell begins with: "[ID] Title", "ID — Title",
 * "ID: Title", "`ID` Title". *title gets what stands behind. False if none.
 */
bool ledger_split(struct md_slice *id, struct md_slice *title,
		  struct md_slice text, const struct regex *pattern);
/* Behind dashes, colons and blanks (and — –). */
struct md_slice ledger_skip_separator(struct md_slice s);
#endif
