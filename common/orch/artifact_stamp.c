/*
 * Dates at the beginning of a directory's name, in every form that was seen.
 */
#include "orch/artifact_roots.h"

#include <ctype.h>
#include <time.h>

#include "base/error.h"

struct cursor {
	const char *p, *end;
};

static bool digits(struct cursor *c, int count, int low, int high, int *out)
{
	int n = 0;

	if (c->end - c->p < count)
		return false;
	for (int i = 0; i < count; i++) {
		if (!isdigit((unsigned char)c->p[i]))
			return false;
		n = n * 10 + (c->p[i] - '0');
	}
	if (n < low || n > high)
		return false;
	c->p += count;
	*out = n;
	return true;
}

static bool one_of(struct cursor *c, const char *set)
{
	if (c->p == c->end || !*c->p || !strchr(set, *c->p))
		return false;
	c->p++;
	return true;
}

/* 2026-01-22 or 20260122 */
static bool date(struct cursor *c, struct tm *tm)
{
	static const int days[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool dashes;

	if (!digits(c, 4, 1970, 2999, &tm->tm_year))
		return false;
	dashes = one_of(c, "-");
	if (!digits(c, 2, 1, 12, &tm->tm_mon) || (dashes && !one_of(c, "-")) ||
	    !digits(c, 2, 1, days[tm->tm_mon - 1], &tm->tm_mday))
		return false;
	tm->tm_year -= 1900;
	tm->tm_mon--;
	return true;
}

/* T0240, T024002, T02:40:02, T02-40-02.123; Z, +01:00 or nothing behind it. */
static bool time_of_day(struct cursor *c, struct tm *tm, int *offset)
{
	const char *separators = ":-_.";
	struct cursor at;
	char sign;
	int hours, minutes = 0;
	bool separated;

	if (!one_of(c, "Tt_- ") || !digits(c, 2, 0, 23, &tm->tm_hour))
		return false;
	separated = one_of(c, separators);
	if (!digits(c, 2, 0, 59, &tm->tm_min))
		return false;
	at = *c;
	if ((!separated || one_of(&at, separators)) &&
	    digits(&at, 2, 0, 60, &tm->tm_sec)) {
		*c = at;
		if (one_of(&at, ".,") && at.p < at.end && isdigit((unsigned char)*at.p)) {
			while (at.p < at.end && isdigit((unsigned char)*at.p))
				at.p++;
			*c = at;
		}
	} else {
		tm->tm_sec = 0;
	}
	if (one_of(c, "Zz"))
		return true;
	at = *c;
	sign = at.p < at.end ? *at.p : 0;
	if (one_of(&at, "+-") && digits(&at, 2, 0, 14, &hours)) {
		if (one_of(&at, ":") ? digits(&at, 2, 0, 59, &minutes) :
				       digits(&at, 2, 0, 59, &minutes)) {
			*offset = (sign == '-' ? -1 : 1) * (hours * 60 + minutes) * 60;
			*c = at;
		}
	}
	return true;
}

static bool ends(const struct cursor *c)
{
	return c->p == c->end || strchr("-_. +", *c->p) != NULL;
}

size_t stamp_parse(const char *name, size_t len, int64_t *ms)
{
	struct cursor c = { name, name + len }, day;
	struct tm tm = { 0 };
	int offset = 0;

	if (!date(&c, &tm))
		return 0;
	day = c;
	if (!time_of_day(&c, &tm, &offset) || !ends(&c)) {
		/* "2026-01-22-12-notes" has a date and a name. */
		c = day;
		tm.tm_hour = tm.tm_min = tm.tm_sec = offset = 0;
		if (!ends(&c))
			return 0;
	}
	if (ms)
		*ms = ((int64_t)timegm(&tm) - offset) * 1000;
	return (size_t)(c.p - name);
}

bool stamp_is_date(const char *stamp, size_t len)
{
	struct cursor c = { stamp, stamp + len };
	struct tm tm = { 0 };

	return date(&c, &tm) && c.p == c.end;
}
