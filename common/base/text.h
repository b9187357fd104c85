#ifndef BASE_TEXT_H
#define BASE_TEXT_H
/* Text for people and machines: UTF-8, terminal safety, times, sizes. */
#include "base/compat.h"
struct strbuf;

/*
 * Decode one character: the bytes it takes (0 only at the end), *cp
 * UTF8_INVALID for bytes that are none.
 */
#define UTF8_INVALID UINT32_MAX
#define UTF8_REPLACEMENT "\xef\xbf\xbd"
size_t utf8_next(uint32_t *cp, const void *data, size_t len);
bool utf8_valid(const void *data, size_t len);
/* Append with each invalid sequence replaced by U+FFFD. */
void utf8_add_clean(struct strbuf *out, const void *data, size_t len);
/* Columns that `s` takes on a terminal (wide and combining ones minded). */
size_t utf8_width(const char *s, size_t len);
/*
 * Append safe for a terminal: escape sequences removed, other control bytes
 * (C0 except tab and newline, DEL, C1) dropped, invalid UTF-8 as U+FFFD.
 * With `one_line`, tabs and newlines become spaces.
 */
void text_add_safe(struct strbuf *out, const void *data, size_t len,
		   bool one_line);
/* git's C-style quoting of a path, quotes only where needed (as git does it
 * with core.quotePath=false, but bytes that are not UTF-8 are quoted). */
void text_add_quoted_path(struct strbuf *out, const char *path, size_t len);
/*
 * The way back, of what stands between two quotes: appended without its escapes.
 * The bytes passed up to the closing quote, or 0 if that is missing or an
 * escape is none.
 */
size_t text_add_unquoted(struct strbuf *out, const char *s, size_t len);

/* Shorten to so many columns (at least 4), "..." at the end. */
void text_shorten(struct strbuf *sb, size_t columns);

/* One word of a shell's command line: quoted only where needed, as $'...' where
 * there are control bytes or what is not UTF-8. */
void text_add_shell_word(struct strbuf *out, const char *s, size_t len);

/* "90", "90s", "15m", "2h", "3d", "30days", "1h30m" to seconds; 0 or
 * ORCH_EINVALID ("bad duration 'x'"). At most ten years. */
int duration_parse(int64_t *seconds, const char *s);

/* Wall clock in milliseconds since 1970; CLOCK_BOOTTIME in milliseconds. */
int64_t time_now_ms(void);
/* Whole seconds since then; 0 when the clock was set back. */
int64_t time_seconds_since(int64_t ms);
int64_t time_boot_ms(void);
/* The same without the time that the machine was suspended: for what can only
 * happen while it is awake. */
int64_t time_awake_ms(void);
/* 2026-01-22T02:40:02Z; parsing accepts fractions and +hh:mm too. */
#define TIME_ISO_SIZE 32
const char *time_iso(char buf[TIME_ISO_SIZE], int64_t ms);
int time_parse_iso(int64_t *ms, const char *s);
/* Local time of day, "20:52". */
const char *time_clock(char buf[TIME_ISO_SIZE], int64_t ms);

/* For printf arguments, in a rotating static buffer (8 of them).
 * 612, 1.7k, 98.3k, 1.1M: as tokens are shown. */
const char *count_human(int64_t n);
/* 40s, 6m13s, 3h05m, 2d4h; 1m, 3h, 2d where the rest is zero. */
const char *duration_human(int64_t seconds);
/* The same of what was measured, to the nearest second. */
const char *duration_human_ms(int64_t ms);
#endif
