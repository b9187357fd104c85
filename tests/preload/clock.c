/*
 * LD_PRELOAD: the time of day is CLOCK_SHIFT seconds later than it is, as if
 * somebody had set the clock. The clocks that count since boot are as ever.
 */
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

int clock_gettime(clockid_t clock, struct timespec *out);
int gettimeofday(struct timeval *out, void *zone);
time_t time(time_t *out);

static time_t shift(void)
{
	const char *s = getenv("CLOCK_SHIFT");

	return s ? (time_t)atoll(s) : 0;
}

/* The system call itself: a sanitizer has a clock_gettime of its own. */
int clock_gettime(clockid_t clock, struct timespec *out)
{
	int rc = (int)syscall(SYS_clock_gettime, clock, out);

	if (rc == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
		out->tv_sec += shift();
	return rc;
}

int gettimeofday(struct timeval *out, void *zone)
{
	struct timespec t;

	(void)zone;
	clock_gettime(CLOCK_REALTIME, &t);
	out->tv_sec = t.tv_sec;
	out->tv_usec = t.tv_nsec / 1000;
	return 0;
}

time_t time(time_t *out)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	if (out)
		*out = t.tv_sec;
	return t.tv_sec;
}
