/*
 * Durations, points in time and counts, for people and machines (text.h).
 */
#include <time.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "base/text.h"

enum {
	MINUTE = 60,
	HOUR = 60 * MINUTE,
	DAY = 24 * HOUR,
	TEN_YEARS = 3653 * DAY
};

static const struct {
	const char *name;
	int64_t seconds;
} units[] = {
	{ "s", 1 }, { "sec", 1 }, { "second", 1 },
	{ "m", MINUTE }, { "min", MINUTE }, { "minute", MINUTE },
	{ "h", HOUR }, { "hour", HOUR },
	{ "d", DAY }, { "day", DAY },
	{ "w", 7 * DAY }, { "week", 7 * DAY }
};

/* The seconds in the unit of these `len` letters, its plural too; 0: none. */
static int64_t find_unit(const char *s, size_t len)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(units); i++) {
		size_t n = strlen(units[i].name);

		if (!strncmp(units[i].name, s, n) &&
		    (len == n || (n > 1 && len == n + 1 && s[n] == 's')))
			return units[i].seconds;
	}
	return 0;
}

int duration_parse(int64_t *seconds, const char *s)
{
	int64_t total = 0, last = INT64_MAX;
	const char *p = s;

	do {
		size_t digits = strspn(p, "0123456789"), letters;
		int64_t n = 0, unit = 1;
		size_t i;

		if (!digits || digits > 10)
			goto bad;
		for (i = 0; i < digits; i++)
			n = n * 10 + (p[i] - '0');
		p += digits;
		letters = strspn(p, "abcdefghijklmnopqrstuvwxyz");
		if (letters)
			unit = find_unit(p, letters);
		else if (last != INT64_MAX)
			goto bad;	/* "1h30": of what? */
		/* Large units first, so that "5m2m" is seen as the slip it is. */
		if (!unit || unit >= last || n > TEN_YEARS / unit)
			goto bad;
		p += letters;
		total += n * unit;
		last = unit;
	} while (*p);
	if (total > TEN_YEARS)
		goto bad;
	*seconds = total;
	return 0;
bad:
	return error_set(ORCH_EINVALID, "bad duration '%s'", s);
}

static void duration_add(struct strbuf *out, int64_t seconds)
{
	if (seconds < 0) {
		strbuf_addch(out, '-');
		seconds = seconds == INT64_MIN ? INT64_MAX : -seconds;
	}
	if (seconds < MINUTE) {
		strbuf_addf(out, "%" PRId64 "s", seconds);
	} else if (seconds < HOUR) {
		strbuf_addf(out, "%" PRId64 "m", seconds / MINUTE);
		if (seconds % MINUTE)
			strbuf_addf(out, "%02ds", (int)(seconds % MINUTE));
	} else if (seconds < DAY) {
		strbuf_addf(out, "%" PRId64 "h", seconds / HOUR);
		if (seconds % HOUR / MINUTE)
			strbuf_addf(out, "%02dm", (int)(seconds % HOUR / MINUTE));
	} else {
		strbuf_addf(out, "%" PRId64 "d", seconds / DAY);
		if (seconds < 10 * DAY && seconds % DAY / HOUR)
			strbuf_addf(out, "%dh", (int)(seconds % DAY / HOUR));
	}
}

static int64_t read_clock(clockid_t clock)
{
	struct timespec t;

	if (clock_gettime(clock, &t) < 0)
		BUG("clock %d: %s", (int)clock, strerror(errno));
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t time_now_ms(void)
{
	return read_clock(CLOCK_REALTIME);
}

int64_t time_seconds_since(int64_t ms)
{
	int64_t s = (time_now_ms() - ms) / 1000;

	return s < 0 ? 0 : s;
}

int64_t time_boot_ms(void)
{
	return read_clock(CLOCK_BOOTTIME);
}

int64_t time_awake_ms(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

/* Whole seconds, rounded down before 1970 too. */
static time_t to_seconds(int64_t ms)
{
	return (time_t)(ms / 1000 - (ms % 1000 < 0));
}

const char *time_iso(char buf[TIME_ISO_SIZE], int64_t ms)
{
	time_t t = to_seconds(ms);
	struct tm tm;

	/* Four digits of year, or what we print could not be read again. */
	if (!gmtime_r(&t, &tm) || tm.tm_year < -1900 || tm.tm_year > 9999 - 1900 ||
	    !strftime(buf, TIME_ISO_SIZE, "%Y-%m-%dT%H:%M:%SZ", &tm))
		snprintf(buf, TIME_ISO_SIZE, "?");
	else if (tm.tm_year < 1000 - 1900)	/* %Y does not pad */
		snprintf(buf, TIME_ISO_SIZE, "%04d-%02d-%02dT%02d:%02d:%02dZ",
			 (tm.tm_year + 1900) % 10000, (tm.tm_mon + 1) % 100,
			 tm.tm_mday % 100, tm.tm_hour % 100, tm.tm_min % 100,
			 tm.tm_sec % 100);
	return buf;
}

const char *time_clock(char buf[TIME_ISO_SIZE], int64_t ms)
{
	time_t t = to_seconds(ms);
	struct tm tm;

	if (!localtime_r(&t, &tm) || !strftime(buf, TIME_ISO_SIZE, "%H:%M", &tm))
		snprintf(buf, TIME_ISO_SIZE, "?");
	return buf;
}

/* Exactly `n` digits at *s, moved behind them; -1 if they are not there. */
static int take_digits(const char **s, int n)
{
	int value = 0;

	while (n--) {
		if (**s < '0' || **s > '9')
			return -1;
		value = value * 10 + (*(*s)++ - '0');
	}
	return value;
}

static bool take_char(const char **s, char c)
{
	return *(*s)++ == c;
}

static int days_in_month(int year, int month)
{
	static const signed char days[] = {
		31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31
	};
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	return month == 2 && leap ? 29 : days[month - 1];
}

int time_parse_iso(int64_t *ms, const char *s)
{
	const char *p = s;
	int year, month, day, hour, minute, second;
	int64_t value, fraction = 0, scale = 100, offset = 0;
	struct tm tm = { 0 };

	/* && stops at the first that fails, so p never passes the NUL. */
	if (!((year = take_digits(&p, 4)) >= 0 && take_char(&p, '-') &&
	      (month = take_digits(&p, 2)) >= 1 && month <= 12 &&
	      take_char(&p, '-') && (day = take_digits(&p, 2)) >= 1 &&
	      day <= days_in_month(year, month) &&
	      (*p == 'T' || *p == 't' || *p == ' ') && p++ &&
	      (hour = take_digits(&p, 2)) >= 0 && hour <= 23 &&
	      take_char(&p, ':') && (minute = take_digits(&p, 2)) >= 0 &&
	      minute <= 59 && take_char(&p, ':') &&
	      (second = take_digits(&p, 2)) >= 0 && second <= 60))
		goto bad;
	if (*p == '.' || *p == ',') {
		if (*++p < '0' || *p > '9')
			goto bad;
		for (; *p >= '0' && *p <= '9'; p++, scale /= 10)
			fraction += scale * (*p - '0');
	}
	if (*p == 'Z' || *p == 'z') {
		p++;
	} else if (*p == '+' || *p == '-') {
		int sign = *p++ == '-' ? -1 : 1, h, m;

		if ((h = take_digits(&p, 2)) < 0 || h > 23)
			goto bad;
		if (*p == ':')
			p++;
		if ((m = take_digits(&p, 2)) < 0 || m > 59)
			goto bad;
		offset = sign * (h * (int64_t)HOUR + m * MINUTE);
	} else {
		goto bad;
	}
	if (*p)
		goto bad;
	tm.tm_year = year - 1900;
	tm.tm_mon = month - 1;
	tm.tm_mday = day;
	tm.tm_hour = hour;
	tm.tm_min = minute;
	tm.tm_sec = second;
	value = (int64_t)timegm(&tm);
	*ms = (value - offset) * 1000 + fraction;
	return 0;
bad:
	return error_set(ORCH_EINVALID, "bad time '%s'", s);
}

static void count_add_human(struct strbuf *out, int64_t n)
{
	static const char letters[] = "kMGTPE";
	uint64_t rest = n < 0 ? 0 - (uint64_t)n : (uint64_t)n, tenths;
	size_t i;

	if (n < 0)
		strbuf_addch(out, '-');
	if (rest < 1000) {
		strbuf_addf(out, "%" PRIu64, rest);
		return;
	}
	/* Tenths of the unit, rounded; 999,950 is 1.0M and not 1000.0k. */
	for (i = 0; rest >= 999950; i++)
		rest = rest / 1000 + (rest % 1000 >= 500);
	tenths = rest / 100 + (rest % 100 >= 50);
	strbuf_addf(out, "%" PRIu64 ".%" PRIu64 "%c", tenths / 10, tenths % 10,
		    letters[i]);
}

/* One of eight buffers in turn, so that one printf can use several. */
static const char *rotate(struct strbuf *text)
{
	static char buffers[8][32];
	static unsigned next;
	char *buf = buffers[next++ % ARRAY_SIZE(buffers)];

	snprintf(buf, sizeof(buffers[0]), "%s", text->buf);
	strbuf_release(text);
	return buf;
}

const char *count_human(int64_t n)
{
	struct strbuf text = STRBUF_INIT;

	count_add_human(&text, n);
	return rotate(&text);
}

const char *duration_human(int64_t seconds)
{
	struct strbuf text = STRBUF_INIT;

	duration_add(&text, seconds);
	return rotate(&text);
}

const char *duration_human_ms(int64_t ms)
{
	return duration_human(ms / 1000 + (ms % 1000 >= 500) - (ms % 1000 < -500));
}
