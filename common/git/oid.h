#ifndef GIT_OID_H
#define GIT_OID_H
/* Object names (SHA-1; repositories of other formats are refused on opening). */
#include "base/compat.h"

#define OID_RAW 20
#define OID_HEX 40
struct oid {
	unsigned char raw[OID_RAW];
};
#define OID_ZERO { { 0 } }

bool oid_is_zero(const struct oid *oid);
bool oid_eq(const struct oid *a, const struct oid *b);
/* Exactly 40 hex digits. 0 or ORCH_EINVALID. */
int oid_parse(struct oid *out, const char *hex);
/* 40 digits in a rotating static buffer (8 of them). */
const char *oid_hex(const struct oid *oid);
const char *oid_short(const struct oid *oid);	/* the first 7 */
#endif
