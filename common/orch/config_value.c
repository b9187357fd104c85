/*
 * What the values of configuration keys look like.
 */
#include "orch/config_value.h"

#include <ctype.h>
#include <strings.h>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "orch/usage.h"

#define MAX_WORKFLOW 64

bool actor_name_valid(const char *name)
{
	size_t len = strlen(name);

	if (!len || len > 32 ||
	    (!islower((unsigned char)*name) && !isdigit((unsigned char)*name)))
		return false;
	return strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-") == len;
}

int config_parse_number(int64_t *out, const char *s, bool with_unit)
{
	long long n;
	char *end;

	errno = 0;
	n = strtoll(s, &end, 10);
	if (errno || end == s || n < 0 || isspace((unsigned char)*s))
		return ORCH_EINVALID;
	if (with_unit && *end && !end[1]) {
		const char *units = "kmg", *u = strchr(units, tolower((unsigned char)*end));

		for (long i = u ? u - units : -1; i >= 0; i--)
			if (__builtin_mul_overflow(n, 1024, &n))
				return ORCH_EINVALID;
		end += u != NULL;
	}
	if (*end || n > (INT64_C(1) << 53))
		return ORCH_EINVALID;
	*out = n;
	return 0;
}

int config_parse_price(double *out, const char *s)
{
	double whole = 0, unit = 1;
	const char *p = s;

	/* By hand: strtod() minds the locale, and takes nan and 0x1p9. */
	for (; isdigit((unsigned char)*p) && whole < 1e6; p++)
		whole = whole * 10 + (*p - '0');
	if (*p == '.')
		for (p++; isdigit((unsigned char)*p); p++)
			whole += (unit /= 10) * (*p - '0');
	if (*p || !isdigit((unsigned char)p[p > s ? -1 : 0]) || whole > 1000)
		return ORCH_EINVALID;
	*out = whole;
	return 0;
}

int config_parse_bool(bool *out, const char *s)
{
	static const char *const yes[] = { "true", "yes", "on", "1" };
	static const char *const no[] = { "false", "no", "off", "0", "" };

	for (size_t i = 0; i < ARRAY_SIZE(yes); i++)
		if (!strcasecmp(s, yes[i])) {
			*out = true;
			return 0;
		}
	for (size_t i = 0; i < ARRAY_SIZE(no); i++)
		if (!strcasecmp(s, no[i])) {
			*out = false;
			return 0;
		}
	return ORCH_EINVALID;
}

static const char *check_actors(const char *value)
{
	struct strvec names = STRVEC_INIT;
	const char *fault = NULL;

	strvec_split(&names, value);
	if (!names.nr)
		fault = "names no actor";
	else if (names.nr > MAX_WORKFLOW)
		fault = "has more than 64 places";
	for (size_t i = 0; !fault && i < names.nr; i++)
		if (!actor_name_valid(names.v[i]))
			fault = "has a name that is not [a-z0-9][a-z0-9_-]{0,31}";
	strvec_release(&names);
	return fault;
}

const char *config_check_value(const struct key *key, const char *value)
{
	enum agent_kind kind;
	double price;
	int64_t n;
	bool b;

	if (!value)
		return key->type == KEY_BOOL ? NULL : "has no value";
	switch (key->type) {
	case KEY_PATH:
	case KEY_PATH_LIST:
	case KEY_PATTERN:
	case KEY_PATTERN_LIST:
		if (*value && !path_is_safe(value))
			return "is not a path inside the work tree";
		return NULL;
	case KEY_ACTORS:
		return check_actors(value);
	case KEY_INT:
		return config_parse_number(&n, value, false) < 0 ? "is not a number" : NULL;
	case KEY_SIZE:
		return config_parse_number(&n, value, true) < 0 ? "is not a size" : NULL;
	case KEY_BOOL:
		return config_parse_bool(&b, value) < 0 ? "is not a boolean" : NULL;
	case KEY_DURATION:
		return duration_parse(&n, value) < 0 ?
		       "is not a duration such as 90, 15m or 2h" : NULL;
	case KEY_AGENT:
		return agent_kind_parse(&kind, value) < 0 ?
		       "is not claude, codex or other" : NULL;
	case KEY_PRICE:
		return config_parse_price(&price, value) < 0 ?
		       "is not a price such as 0.1 or 1.25" : NULL;
	case KEY_STRING:
	case KEY_COMMAND:
		break;
	}
	return NULL;
}
