/* Object names as bytes and as hex digits. */
#include "git/oid.h"
#include "base/error.h"

bool oid_is_zero(const struct oid *oid)
{
	static const struct oid zero = OID_ZERO;

	return oid_eq(oid, &zero);
}

bool oid_eq(const struct oid *a, const struct oid *b)
{
	return memcmp(a->raw, b->raw, OID_RAW) == 0;
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

int oid_parse(struct oid *out, const char *hex)
{
	struct oid oid;
	size_t i;

	/* A NUL is no digit, so a short string never gets read behind its end. */
	for (i = 0; i < OID_RAW; i++) {
		int hi = digit(hex[2 * i]), lo = hi < 0 ? -1 : digit(hex[2 * i + 1]);

		if (lo < 0)
			return error_set(ORCH_EINVALID, "not an object name: '%.60s'",
					 hex);
		oid.raw[i] = (unsigned char)(hi << 4 | lo);
	}
	if (hex[OID_HEX])
		return error_set(ORCH_EINVALID, "not an object name: '%.60s'", hex);
	*out = oid;
	return 0;
}

const char *oid_hex(const struct oid *oid)
{
	static char bufs[8][OID_HEX + 1];
	static unsigned next;
	static const char digits[] = "0123456789abcdef";
	char *buf = bufs[next++ % ARRAY_SIZE(bufs)];
	size_t i;

	for (i = 0; i < OID_RAW; i++) {
		buf[2 * i] = digits[oid->raw[i] >> 4];
		buf[2 * i + 1] = digits[oid->raw[i] & 15];
	}
	buf[OID_HEX] = '\0';
	return buf;
}

const char *oid_short(const struct oid *oid)
{
	/* Cut in the buffer that oid_hex() just handed out: it is ours until
	 * seven more have been asked for. */
	char *hex = (char *)(uintptr_t)oid_hex(oid);

	hex[7] = '\0';
	return hex;
}
